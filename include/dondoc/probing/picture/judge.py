"""From what was measured on a picture, and on the same camera's former pictures, to a verdict. Pure.

The rules stand in a module for each family; here is which verdict each makes, and in what order they are asked.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dondoc.errors import Problem
from dondoc.probing.picture import damage, lens, no_signal, over_time, rules
from dondoc.probing.picture.rules import Features, Rule, Thresholds
from dondoc.probing.picture.suspicions import Suspicion

LIGHT = frozenset({"light_colour", "light_infrared", "light_dark"})
NAMES = LIGHT | rules.NAMES | no_signal.NAMES | damage.NAMES | lens.NAMES | over_time.NAMES
DETAILS = {
    "ok": "có hình",
    "black": "hình chỉ có màu đen",
    "overexposed": "hình cháy sáng trên phần lớn diện tích",
    "covered": "hình một màu, không có chi tiết: có thể ống kính bị che",
    "frozen": "hình trùng với hình các đêm trước: camera hoặc đầu ghi bị treo hình",
    "blurred": "hình mờ hẳn so với chính camera này các đêm trước",
}


def thresholds(file: Path) -> dict[str, float]:
    """The thresholds by name.

    Raises:
        Problem: the file cannot be read, or a name is missing, unknown or without a number.
    """
    import yaml  # the children, which judge, are given the thresholds: every import delays their start

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # as safe, and in an eighth of the time
        read = yaml.load(file.read_text("utf-8"), loader)  # noqa: S506
        values = {name: float(entry["value"]) for name, entry in read.items()}
    except (OSError, UnicodeDecodeError, yaml.YAMLError, AttributeError, TypeError, KeyError, ValueError):
        raise Problem(f"Không đọc được ngưỡng kiểm tra hình trong {file}: mỗi tên phải có value là một số.") from None
    if wrong := sorted(NAMES ^ values.keys()):
        raise Problem(f"Ngưỡng kiểm tra hình trong {file} thiếu hoặc thừa: {', '.join(wrong)}.")
    return values


def light(seen: Features, t: Thresholds) -> str:
    """`day` or `night` (dark, or infrared): checks are compared with checks in the same light only."""
    grey = seen["colour"] < t["light_colour"] and seen["mean"] < t["light_infrared"]
    return "night" if grey or seen["mean"] < t["light_dark"] else "day"


def judge(seen: Features, past: Mapping[str, Any] | None, t: Thresholds) -> tuple[str, Suspicion | None]:
    """Verdict and suspicion (only with the verdict `ok`).

    Only what is sure is a fault. Order matters: a card with letters on it is sharper than a good scene, and what no
    lens has made says nothing of a lens.

    Args:
        seen: what `measure` found, with `light`.
        past: what `history` made of this camera's former checks; None or empty: none are known.
    """
    past = past or {}
    for verdict, holds in FAULTS.items():
        if holds(seen, past, t):
            return verdict, None
    return "ok", next((name for name, holds in DOUBTS.items() if holds(seen, past, t)), None)


def detail(
    verdict: str, suspicion: Suspicion | None, seen: Features, past: Mapping[str, Any] | None, t: Thresholds
) -> str:
    """What a person reads of what `judge` made of the same."""
    kinds = KINDS.get(verdict, {})
    words = next((words for words, holds in kinds.items() if holds(seen, past or {}, t)), None) or DETAILS[verdict]
    return f"{words}; nghi vấn: {suspicion.label}" if suspicion else words


KINDS: dict[str, dict[str, Rule]] = {"decode_failed": damage.BROKEN, "no_signal_card": no_signal.CARDS}
FAULTS: dict[str, Rule] = {
    "decode_failed": damage.broken,
    "no_signal_card": no_signal.card,
    "black": lens.black,
    "overexposed": lens.overexposed,
    "covered": lens.covered,
    "frozen": over_time.frozen,
    "blurred": over_time.blurred,
}
DOUBTS: dict[Suspicion, Rule] = {
    Suspicion.DARK: rules.dark,
    Suspicion.CARD: no_signal.perhaps_card,
    Suspicion.PERHAPS_FROZEN: over_time.perhaps_frozen,
    Suspicion.GLARE: lens.glare,
    Suspicion.HAZY: lens.hazy,
    Suspicion.SOFT: over_time.soft,
    Suspicion.GAP: damage.gap,
    Suspicion.CUT: lambda f, past, t: over_time.cut(f, past, t) or damage.perhaps_smeared(f, past, t),
    Suspicion.MOVED: over_time.moved,
    Suspicion.CAST: lens.cast,
}
