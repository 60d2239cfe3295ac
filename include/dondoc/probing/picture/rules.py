"""What the rules of a verdict are made of: what they read, and what several of them ask. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Thresholds = Mapping[str, float]  # see include/cameras/pictures.yaml
Features = Mapping[str, Any]  # see `measure`
Past = Mapping[str, Any]  # see `history`
Rule = Callable[[Features, Past, Thresholds], bool]
NAMES = frozenset(
    {
        *("dark_mean", "dark_p99", "flat_share", "flat_lines"),
        *("hue", "hue_gone", "hue_full", "card_pale", "history_least"),
    }
)


def any_holds(kinds: Mapping[str, Rule], f: Features, past: Past, t: Thresholds) -> bool:
    return any(holds(f, past, t) for holds in kinds.values())


def dark(f: Features, past: Past, t: Thresholds) -> bool:
    return f["mean"] < t["dark_mean"] and f["p99"] < t["dark_p99"]


def exactly_flat(f: Features, t: Thresholds) -> bool:
    """All of it, or but for thin lines, as of a clock."""
    but_for_lines = f.get("flat", 0) > t["flat_lines"] and f.get("uneven") == 0
    return f.get("flat", 0) > t["flat_share"] or (but_for_lines and not f.get("shading") and not f.get("shapes"))


def colourless(f: Features, t: Thresholds) -> bool:
    return max(abs(f["u"]), abs(f["v"])) < t["hue"]


def full_colour(f: Features, t: Thresholds) -> bool:
    colours = _rgb(mean_colour(f))
    return min(colours) < t["card_pale"] * max(colours)


def green_or_pink(colour: Sequence[float], t: Thresholds) -> bool:
    """What a decoder shows that has no colours: red and blue are both gone, or both full. No recorder's card is, and
    no leaf or cloth before a lens."""
    _, u, v = colour
    if u * v <= 0 or min(abs(u), abs(v)) < t["hue"]:
        return False
    red, _, blue = _rgb(colour)
    return max(red, blue) < t["hue_gone"] or min(red, blue) > t["hue_full"]


def mean_colour(f: Features) -> tuple[float, float, float]:
    return f["mean"], f["u"], f["v"]


def _rgb(colour: Sequence[float]) -> tuple[float, float, float]:
    """Red, green and blue of brightness, u and v, by ITU-R BT.601."""
    y, u, v = colour
    return y + 1.402 * v, y - 0.344 * u - 0.714 * v, y + 1.772 * u


def own_usual(f: Features, past: Past, t: Thresholds) -> Mapping[str, Any] | None:
    """What is usual for this camera in this light, once it is known well enough."""
    own = past.get(f["light"])
    return own if own and own["n"] >= t["history_least"] else None


def former(f: Features, past: Past) -> list[Mapping[str, Any]]:
    """Looks in the same light, from before the picture was unlike them."""
    return [p for p in past.get("before", past.get("last", ())) if p["light"] == f["light"]]


def less_sharp(f: Features, past: Past, t: Thresholds, ratio: float) -> bool:
    """Fog lowers `lap` but not `sharp`, a headlight `sharp` but not `lap`; a lens out of focus lowers both."""
    own = own_usual(f, past, t)
    if not own or dark(f, past, t):
        return False
    return any(
        all(f[name] < ratio * own[f"{name}_median"] for name in scale)
        for scale in (("lap", "sharp"), ("coarse_lap", "coarse_sharp"))
    )
