"""From what was measured on a picture, and on the same camera's former pictures, to a verdict. Pure."""

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dondoc.errors import Problem
from dondoc.probing.picture.baseline import COLOURS, GREY
from dondoc.probing.picture.suspicions import Suspicion

Thresholds = Mapping[str, float]
Features = Mapping[str, Any]
NAMES = frozenset(
    {
        *("black_mean", "black_p99", "dark_mean", "dark_p99"),
        *("card_mode", "card_whole", "card_colour", "card_pale", "card_bars", "card_steps"),
        *("overexposed_clip", "glare_clip"),
        *("covered_std", "covered_grey", "covered_edge", "covered_mean", "hazy_std", "edge_least", "edge_gone"),
        *("light_colour", "light_infrared", "light_dark"),
        *("history_least", "blurred_ratio", "soft_ratio"),
        *("frozen_share", "frozen_perhaps"),
        *("moved_bits", "moved_still"),
        *("odd_share", "blank_share", "below_share", "gap_share", "flat_share", "hue", "hue_gone", "hue_full"),
        *("tail_share", "tail_step", "tail_change", "tail_above", "tail_goes_on", "tail_regular"),
        "twice",
        *("letters_line", "letters_halo", "letters_uneven", "letters_shaded"),
        *("snow_grain", "snow_patches", "snow_std", "snow_mean", "snow_mode", "snow_edge", "snow_hue"),
        *("cast_pink", "cast_most", "cast_own"),
    }
)
DETAILS = {
    "ok": "có hình",
    "black": "hình chỉ có màu đen",
    "no_signal_card": "hình là bảng báo hoặc màn hình chờ của thiết bị, không phải hình camera",
    "decode_failed": "hình hỏng: phẳng tuyệt đối, không ống kính nào cho ra",
    "overexposed": "hình cháy sáng trên phần lớn diện tích",
    "covered": "hình phẳng một màu, không có chi tiết: ống kính bị che",
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
        read = yaml.safe_load(file.read_text("utf-8"))
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


def detail(verdict: str, suspicion: Suspicion | None, seen: Features, t: Thresholds) -> str:
    """What a person reads."""
    kinds = KINDS.get(verdict, {})
    words = next((words for words, holds in kinds.items() if holds(seen, {}, t)), DETAILS[verdict])
    return f"{words}; nghi vấn: {suspicion.label}" if suspicion else words


Rule = Callable[[Features, Mapping[str, Any], Thresholds], bool]


def _black(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    """Also under a clock across it."""
    black = f["mean"] < t["black_mean"] and f["p99"] < t["black_p99"]
    return black or (_clock_across(f) and _filled(f, t) and f.get("fill", 1) == 0)


def _odd(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    """A camera makes its picture out of red, green and blue: a decoder without data makes colours that have none."""
    return f.get("odd", 0) > t["odd_share"]


def _blank(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    """The grey that decoders start from where a picture refers to one that never came: nearly all of it, or all from
    some row on; a mask for privacy of that grey leaves more, and was there in former nights."""
    whole = f.get("blank", 0) > t["blank_share"] or (_grey_below(f, 1) and f["below"] > t["below_share"])
    return whole and not _gaps_before(past, t) and not _lettered(f, past, t)


def _hue_below(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    """The green or pink of a decoder that has no colours, encoded again, from some row on."""
    missing = f.get("below", 0) > t["below_share"] and _green_or_pink(f["below_colour"], t)
    return missing and not _gaps_before(past, t) and not _lettered(f, past, t)


def _flat(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    """A lens, whatever covers it, is never exactly flat; what is black or burnt out is. A colour that says more needs
    less: a clock leaves a trace around it."""
    if f["clip"] > t["glare_clip"] or _dark(f, past, t):
        return False
    if _green_or_pink(_mean(f), t):
        return f.get("flat", 0) > t["card_mode"] and not (_lettered(f, past, t) and _across(f["place"][1]))
    return not _lettered(f, past, t) and _exactly_flat(f, t) and _colourless(f, t)


def _smeared(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    """The last row that came, down to the end: detail along the rows, none down the columns, though there is above.
    Against light that burns out bars of a fence look so; and what was there in former nights is what stands there.
    A picture goes on into its last row; what stands before it begins somewhere, and louvres are at even distances."""
    tail = f.get("tail", 0)
    if tail < t["tail_share"] or f["clip"] > t["glare_clip"] or _dark(f, past, t) or _bars(f, past, t):
        return False
    if any(p.get("tail", 0) > tail / 2 for p in past.get("last", ())):
        return False
    repeated = f.get("tail_step", 0) > t["tail_step"] and f.get("tail_change", 0) < t["tail_change"]
    goes_on = f.get("tail_goes_on", 0) > t["tail_goes_on"] and f.get("tail_regular", 1) < t["tail_regular"]
    return repeated and goes_on and f.get("tail_above", 0) > t["tail_above"]


def _twice(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    """The upper half again below, with the very noise of its sensor."""
    return f.get("twice", 0) > t["twice"] and not _dark(f, past, t)


def _card(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    return _any(CARDS, f, past, t)


def _bars(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    """Even down the columns, and in the order of brightness that test pictures have."""
    return f["bars"] is not None and f["bars"] < t["card_bars"] and (f.get("steps") or 0) >= t["card_steps"]


def _lettered(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    """Letters on a ground that a device filled. Where it shades off it may be a wall, if it has no full colour or is
    not even; thermal cameras see full colours, too."""
    even = not f.get("shaded") or (f["shaded"] == 1 and _full_colour(f, t))
    return even and _drawn(f, past, t)


def _emblem(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    """Large shapes that were drawn on an even ground. On black it may be a lamp."""
    if not f.get("emblems") or f.get("shaded") or f["clip"] > t["glare_clip"]:
        return False
    return _filled(f, t) and f["fill"] >= t["dark_mean"]


def _drawn(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    """Letters in a line, no light around them, on a ground that is filled: what is lit in the dark has some light, what
    a lens sees some unevenness. A device's black is all black; and what was written there when the camera was well is
    its name, as is what stands beside a clock across a black picture."""
    if f.get("letters", 0) < t["letters_line"] or not _filled(f, t):
        return False
    uneven_ground = f.get("shaded") == 2  # what light it has is not known; fog under a camera's name has no colour
    if _colourless(f, t) if uneven_ground else f["halo"] >= t["letters_halo"]:
        return False
    black = f.get("fill", 0) < t["dark_mean"]
    written_by_a_camera = black and (f["fill"] > 0 or _clock_across(f))
    in_a_strip = uneven_ground and not _across(round((f["place"][1] + f["place"][3]) / 2))
    return not written_by_a_camera and not in_a_strip and not _written_before(f, past)


def _filled(f: Features, t: Thresholds) -> bool:
    return f.get("uneven", 1) < t["letters_shaded" if f.get("shaded") else "letters_uneven"]


def _clock_across(f: Features) -> bool:
    return _across(f.get("clock", 0))


def _across(down: int) -> bool:
    """Whether what is written so far down (hundredths) is outside of the strips for name and time."""
    return 12 < down < 88


def _written_before(f: Features, past: Mapping[str, Any]) -> bool:
    """Whether a former good look had letters at the same place."""
    return any(_beside(p["place"], f["place"]) for p in past.get("last", ()) if "place" in p)


def _beside(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether two lines of letters are as good as at the same place, but for what a word has more."""
    return all(abs(one[n] - other[n]) <= 3 for n in (0, 1, 3)) or all(abs(one[n] - other[n]) <= 3 for n in (1, 2, 3))


def _drawn_by_a_device(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    return any(holds(f, past, t) for holds in (_coloured_card, _lettered, _emblem))


def _coloured_card(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    """One full colour, as devices draw it; cloth, a bag or a leaf before the lens is paler."""
    plain = f["mode"] > t["card_whole"] and f["colour"] > t["card_colour"]
    if not plain and (not _exactly_flat(f, t) or _colourless(f, t)):
        return False
    return _full_colour(f, t) and not _green_or_pink(_mean(f), t)


def _full_colour(f: Features, t: Thresholds) -> bool:
    colours = _rgb(_mean(f))
    return min(colours) < t["card_pale"] * max(colours)


def _snow(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    """Of an analogue channel: noise of single points, grey on the whole, strong and alike all over the picture."""
    alike = f.get("grain", 1) < t["snow_grain"] and f.get("patches", 1) < t["snow_patches"]
    grey = max(abs(f["u"]), abs(f["v"])) < t["snow_hue"]
    rough = f["std"] > t["snow_std"] and f["edge"] > t["snow_edge"]
    return alike and grey and rough and f["mean"] > t["snow_mean"] and f["mode"] < t["snow_mode"]


def _broken(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    return _any(BROKEN, f, past, t)


def _overexposed(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    return f["clip"] > t["overexposed_clip"]


def _covered(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    """A lens cap and an unlit street look alike: below some brightness it is a suspicion only. Dense fog may leave as
    little as a cover, but no colour, and more than noise."""
    plain = f["std"] * f.get("grain", 1) < t["covered_grey"] if _colourless(f, t) else f["std"] < t["covered_std"]
    return plain and f["edge"] < t["covered_edge"] and f["mean"] > t["covered_mean"]


def _frozen(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    """Noise of a sensor changes every tile from one moment to the next; a running clock changes only those near it."""
    return not _dark(f, past, t) and _same(f, past, t["frozen_share"])


def _blurred(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    return _less_sharp(f, past, t, t["blurred_ratio"])


def _dark(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    return f["mean"] < t["dark_mean"] and f["p99"] < t["dark_p99"]


def _perhaps_card(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    return f["mode"] > t["card_mode"] or _drawn(f, past, t)


def _glare(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    return f["clip"] > t["glare_clip"]


def _hazy(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    """Little contrast, or the edges that used to be there are gone."""
    own = _own(f, past, t)
    usual = own["edge_median"] if own else 0.0
    gone = usual > t["edge_least"] and f["edge"] < t["edge_gone"] * usual
    return gone or (f["std"] < t["hazy_std"] and f["edge"] < t["covered_edge"])


def _cast(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    """By day: infrared light is seen as red and blue together, which hardly any scene is, and is as much in what has
    no colour, so the whole is pale; purple lamps and billboards are not. Or all green or pink, as without planes of
    colour, and as some thermal cameras show heat; or unlike its own days."""
    if f["light"] != "day":
        return False
    own = _own(f, past, t) or {}
    away = [abs(f[name] - own[f"{name}_median"]) for name in COLOURS if f"{name}_median" in own]
    pink = t["cast_pink"] < min(f["u"], f["v"]) < t["cast_most"] or _green_or_pink(_mean(f), t)
    return pink or max(away, default=0.0) > t["cast_own"]


def _gap(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    """Some of a decoder's own colours, until it was there three times: then it is a mask for privacy."""
    return _gap_of(f, t) and _gaps_before(past, t) < 3


def _cut(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    """Plain below the middle tonight, as it never was; a mask for privacy is there every night."""
    before = [p["tiles"] for p in _former(f, past)]
    upper, lower = _plain_halves(f["tiles"])
    return len(before) >= 3 and lower == 1 > 2 * upper and all(_plain_halves(one)[1] < 0.5 for one in before)


def _perhaps_frozen(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    return _same(f, past, t["frozen_perhaps"])


def _soft(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    return _less_sharp(f, past, t, t["soft_ratio"])


def _moved(f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    """Former checks in the same light agree with one another, this one with none of them."""
    before = [p["hash"] for p in _former(f, past)]
    if len(before) < 3:
        return False
    still = all(_bits(one, before[-1]) <= t["moved_still"] for one in before)
    return still and all(_bits(f["hash"], one) > t["moved_bits"] for one in before)


BROKEN: dict[str, Rule] = {
    "hình hỏng: có màu mà máy quay không thể tạo ra (bộ giải mã thiếu dữ liệu)": _odd,
    "hình hỏng: nền xám của bộ giải mã khi thiếu hình tham chiếu": _blank,
    "hình hỏng: phẳng tuyệt đối một màu, không ống kính nào cho ra": _flat,
    "hình hỏng: phần dưới hình chỉ có một màu xanh lá hoặc hồng của bộ giải mã thiếu dữ liệu": _hue_below,
    "hình hỏng: phần dưới hình bị thiếu, dòng cuối nhận được lặp lại đến hết": _smeared,
    "hình hỏng: nửa dưới lặp lại đúng nửa trên": _twice,
}
CARDS: dict[str, Rule] = {
    DETAILS["no_signal_card"]: _drawn_by_a_device,
    "hình là các sọc màu thử của thiết bị, không phải hình camera": _bars,
    "hình chỉ có nhiễu hạt của kênh analog mất tín hiệu": _snow,
}
KINDS: dict[str, dict[str, Rule]] = {"decode_failed": BROKEN, "no_signal_card": CARDS}
FAULTS: dict[str, Rule] = {
    "decode_failed": _broken,
    "no_signal_card": _card,
    "black": _black,
    "overexposed": _overexposed,
    "covered": _covered,
    "frozen": _frozen,
    "blurred": _blurred,
}
DOUBTS: dict[Suspicion, Rule] = {
    Suspicion.DARK: _dark,
    Suspicion.CARD: _perhaps_card,
    Suspicion.PERHAPS_FROZEN: _perhaps_frozen,
    Suspicion.GLARE: _glare,
    Suspicion.HAZY: _hazy,
    Suspicion.SOFT: _soft,
    Suspicion.GAP: _gap,
    Suspicion.CUT: _cut,
    Suspicion.MOVED: _moved,
    Suspicion.CAST: _cast,
}


def _any(kinds: Mapping[str, Rule], f: Features, past: Mapping[str, Any], t: Thresholds) -> bool:
    return any(holds(f, past, t) for holds in kinds.values())


def _exactly_flat(f: Features, t: Thresholds) -> bool:
    return f.get("flat", 0) > t["flat_share"]


def _colourless(f: Features, t: Thresholds) -> bool:
    return max(abs(f["u"]), abs(f["v"])) < t["hue"]


def _green_or_pink(colour: Sequence[float], t: Thresholds) -> bool:
    """What a decoder shows that has no colours: red and blue are both gone, or both full. No recorder's card is, and
    no leaf or cloth before a lens."""
    _, u, v = colour
    if u * v <= 0 or min(abs(u), abs(v)) < t["hue"]:
        return False
    red, _, blue = _rgb(colour)
    return max(red, blue) < t["hue_gone"] or min(red, blue) > t["hue_full"]


def _grey_below(f: Features, away: int) -> bool:
    """A decoder's grey, at most so many steps away, from some row on: 128 of limited range is 130 of full range."""
    y, u, v = f.get("below_colour", (0, 0, 0))
    return abs(y - GREY) <= away and max(abs(u), abs(v)) <= 1


def _gap_of(f: Features, t: Thresholds) -> bool:
    """Some of it is of a colour of decoders. In full range a mask of even grey is, too."""
    below = f.get("below", 0) > t["gap_share"] and (_grey_below(f, 3) or _green_or_pink(f["below_colour"], t))
    return below or f.get("blank", 0) > t["gap_share"]


def _gaps_before(past: Mapping[str, Any], t: Thresholds) -> int:
    """In how many of the last nights some was."""
    return sum(_gap_of(p, t) for p in past.get("last", ()))


def _mean(f: Features) -> tuple[float, float, float]:
    return f["mean"], f["u"], f["v"]


def _rgb(colour: Sequence[float]) -> tuple[float, float, float]:
    """Red, green and blue of brightness, u and v, by ITU-R BT.601."""
    y, u, v = colour
    return y + 1.402 * v, y - 0.344 * u - 0.714 * v, y + 1.772 * u


def _plain_halves(tiles: str) -> tuple[float, float]:
    """Share of plain tiles in the upper half, and in the lowest quarter."""
    read = b64decode(tiles)
    upper, lower = read[: len(read) // 2], read[len(read) * 3 // 4 :]
    return upper.count(0) / len(upper), lower.count(0) / len(lower)


def _less_sharp(f: Features, past: Mapping[str, Any], t: Thresholds, ratio: float) -> bool:
    """Fog lowers `lap` but not `sharp`, a headlight `sharp` but not `lap`; a lens out of focus lowers both."""
    own = _own(f, past, t)
    if not own or _dark(f, past, t):
        return False
    return any(
        all(f[name] < ratio * own[f"{name}_median"] for name in scale)
        for scale in (("lap", "sharp"), ("coarse_lap", "coarse_sharp"))
    )


def _own(f: Features, past: Mapping[str, Any], t: Thresholds) -> Mapping[str, Any] | None:
    """What is usual for this camera in this light, once it is known well enough."""
    own = past.get(f["light"])
    return own if own and own["n"] >= t["history_least"] else None


def _former(f: Features, past: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Looks in the same light, from before the picture was unlike them."""
    return [p for p in past.get("before", past.get("last", ())) if p["light"] == f["light"]]


def _same(f: Features, past: Mapping[str, Any], share: float) -> bool:
    """Whether the last two good checks showed this very picture."""
    last = past.get("last", ())[-2:]
    return len(last) == 2 and all(p["size"] == f["size"] and _equal(p["tiles"], f["tiles"]) > share for p in last)


def _equal(one: str, other: str) -> float:
    """Share of equal tiles, plain ones apart; 0 when most are plain."""
    pairs = [(a, b) for a, b in zip(b64decode(one), b64decode(other), strict=True) if a or b]
    return sum(a == b for a, b in pairs) / len(pairs) if len(pairs) * 4 > len(b64decode(one)) else 0.0


def _bits(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()
