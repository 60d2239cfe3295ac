"""Whether a decoder without data has made a picture, or some: flat, in colours that no lens sees, repeated. Pure."""

from dondoc.probing.picture.baseline import GREY
from dondoc.probing.picture.no_signal import across, bars, lettered
from dondoc.probing.picture.rules import (
    Features,
    Past,
    Rule,
    Thresholds,
    any_holds,
    dark,
    exactly_flat,
    full_colour,
    green_or_pink,
    mean_colour,
)

NAMES = frozenset(
    {
        *("odd_share", "blank_share", "below_share", "gap_share", "card_mode", "glare_clip", "twice"),
        *("tail_share", "tail_step", "tail_change", "tail_above", "tail_goes_on", "tail_regular"),
        *("cut_share", "cut_step", "cut_change", "cut_above"),
    }
)


def broken(f: Features, past: Past, t: Thresholds) -> bool:
    return any_holds(BROKEN, f, past, t)


def _odd(f: Features, past: Past, t: Thresholds) -> bool:
    """A camera makes its picture out of red, green and blue: a decoder without data makes colours that have none."""
    return f.get("odd", 0) > t["odd_share"] and not bars(f, past, t)


def _blank(f: Features, past: Past, t: Thresholds) -> bool:
    """The grey that decoders start from where a picture refers to one that never came: nearly all of it, or all from
    some row on; a mask for privacy of that grey leaves more, and was there in former nights."""
    whole = f.get("blank", 0) > t["blank_share"] or (_grey_below(f, 1) and f["below"] > t["below_share"])
    return whole and not _gaps_before(past, t) and not lettered(f, past, t)


def _hue_below(f: Features, past: Past, t: Thresholds) -> bool:
    """The green or pink of a decoder that has no colours, encoded again, from some row on."""
    missing = f.get("below", 0) > t["below_share"] and green_or_pink(f["below_colour"], t)
    return missing and not _gaps_before(past, t) and not lettered(f, past, t)


def _flat(f: Features, past: Past, t: Thresholds) -> bool:
    """A lens, whatever covers it, is never exactly flat; what is black or burnt out is, and cards of full colours are.
    A colour that says more needs less: a clock leaves a trace around it."""
    if f["clip"] > t["glare_clip"] or dark(f, past, t) or f.get("fill", t["dark_mean"]) < t["dark_mean"]:
        return False
    if green_or_pink(mean_colour(f), t):
        return f.get("flat", 0) > t["card_mode"] and not (lettered(f, past, t) and across(f["place"][1]))
    return not lettered(f, past, t) and exactly_flat(f, t) and not full_colour(f, t)


def _smeared(f: Features, past: Past, t: Thresholds) -> bool:
    """The last row that came, down to the end. A picture goes on into its last row; what stands before it begins
    somewhere, and louvres are at even distances."""
    return _repeats_a_row(f, past, t, "tail") and _goes_on(f, t) and _uneven_along(f, t)


def perhaps_smeared(f: Features, past: Past, t: Thresholds) -> bool:
    """With less to see, or not so surely: exactly even posts may be all that a lens sees there."""
    return _repeats_a_row(f, past, t, "cut") and (_goes_on(f, t) or _uneven_along(f, t))


def _repeats_a_row(f: Features, past: Past, t: Thresholds, kind: str) -> bool:
    """Detail along the rows, none down the columns, though there is above. Against light that burns out bars of a fence
    look so; and what was there in former nights is what stands there."""
    tail = f.get("tail", 0)
    if tail < t[f"{kind}_share"] or f["clip"] > t["glare_clip"] or dark(f, past, t) or bars(f, past, t):
        return False
    if any(p.get("tail", 0) > tail / 2 for p in past.get("last", ())):
        return False
    repeated = f.get("tail_step", 0) > t[f"{kind}_step"] and f.get("tail_change", 0) < t[f"{kind}_change"]
    return repeated and f.get("tail_above", 0) > t[f"{kind}_above"]


def _goes_on(f: Features, t: Thresholds) -> bool:
    return f.get("tail_goes_on", 0) > t["tail_goes_on"]


def _uneven_along(f: Features, t: Thresholds) -> bool:
    return f.get("tail_regular", 1) < t["tail_regular"]


def _twice(f: Features, past: Past, t: Thresholds) -> bool:
    """The upper half again below, with the very noise of its sensor."""
    return f.get("twice", 0) > t["twice"] and not dark(f, past, t) and not bars(f, past, t)


def gap(f: Features, past: Past, t: Thresholds) -> bool:
    """Some of a decoder's own colours, until it was there three times: then it is a mask for privacy."""
    return _gap_of(f, t) and _gaps_before(past, t) < 3


def _gap_of(f: Features, t: Thresholds) -> bool:
    """Some of it is of a colour of decoders. In full range a mask of even grey is, too."""
    below = f.get("below", 0) > t["gap_share"] and (_grey_below(f, 3) or green_or_pink(f["below_colour"], t))
    return below or f.get("blank", 0) > t["gap_share"]


def _gaps_before(past: Past, t: Thresholds) -> int:
    """In how many of the last nights some was."""
    return sum(_gap_of(p, t) for p in past.get("last", ()))


def _grey_below(f: Features, away: int) -> bool:
    """A decoder's grey, at most so many steps away, from some row on: 128 of limited range is 130 of full range."""
    y, u, v = f.get("below_colour", (0, 0, 0))
    return abs(y - GREY) <= away and max(abs(u), abs(v)) <= 1


BROKEN: dict[str, Rule] = {
    "hình hỏng: có màu mà máy quay không thể tạo ra (bộ giải mã thiếu dữ liệu)": _odd,
    "hình hỏng: nền xám của bộ giải mã khi thiếu hình tham chiếu": _blank,
    "hình hỏng: phẳng tuyệt đối một màu, không ống kính nào cho ra": _flat,
    "hình hỏng: phần dưới hình chỉ có một màu xanh lá hoặc hồng của bộ giải mã thiếu dữ liệu": _hue_below,
    "hình hỏng: phần dưới hình bị thiếu, dòng cuối nhận được lặp lại đến hết": _smeared,
    "hình hỏng: nửa dưới lặp lại đúng nửa trên": _twice,
}
