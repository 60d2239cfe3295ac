"""Whether a device shows that it has no picture: cards, logos, test bars, snow of an analogue channel. Pure."""

from collections.abc import Sequence

from dondoc.probing.picture.rules import (
    Features,
    Past,
    Rule,
    Thresholds,
    any_holds,
    colourless,
    exactly_flat,
    full_colour,
    green_or_pink,
    mean_colour,
)
from dondoc.probing.picture.shading import Shading

NAMES = frozenset(
    {
        *("card_mode", "card_whole", "card_colour", "card_bars", "glare_clip", "dark_mean"),
        *("letters_line", "letters_halo", "letters_uneven", "letters_nearly", "letters_shaded"),
        *("letters_fall", "letters_glow", "light_dark"),
        *("letters_faint", "letters_calm", "emblem_filled", "emblem_most"),
        *("channel_side", "channel_full", "channel_filled"),
        *("snow_noise", "snow_half", "snow_quarter", "snow_varies", "snow_drifts"),
        *("grains_half", "grains_quarter", "grains_varies", "grains_drifts"),
        *("grains_noise", "grains_step", "grains_apart", "grains_hue"),
        *("snow_mean", "snow_mode", "snow_hue"),
    }
)
A_CARD = "hình là bảng báo hoặc màn hình chờ của thiết bị, không phải hình camera"


def card(f: Features, past: Past, t: Thresholds) -> bool:
    return any_holds(CARDS, f, past, t)


def _drawn_by_a_device(f: Features, past: Past, t: Thresholds) -> bool:
    return any(holds(f, past, t) for holds in (_coloured_card, lettered, _emblem))


def lettered(f: Features, past: Past, t: Thresholds) -> bool:
    """Letters on a ground that a device filled. Where it shades off it may be a wall, if it has no full colour or is
    not even; thermal cameras see full colours, too. No light falls off evenly by much."""
    evenly = f.get("shading") == Shading.EVENLY and full_colour(f, t) and f["falls_to"] < t["letters_fall"]
    return (not f.get("shading") or evenly) and drawn(f, past, t)


def _emblem(f: Features, past: Past, t: Thresholds) -> bool:
    """Large shapes that were drawn on an even ground. On black it may be a lamp."""
    if not f.get("shapes") or f.get("shading") or f["clip"] > t["glare_clip"]:
        return False
    filled_shapes = all(share > t["emblem_filled"] for *_, share in f["shapes"])
    return filled_shapes and filled(f, t) and f["fill"] >= t["dark_mean"]


def drawn(f: Features, past: Past, t: Thresholds) -> bool:
    """Letters in a line, no light around them, on a ground that is filled: what is lit in the dark has some light, what
    a lens sees some unevenness."""
    return _written_by_a_device(f, past, t) and filled(f, t)


def _written_by_a_device(f: Features, past: Past, t: Thresholds) -> bool:
    """A device's black is all black; and what was written there when the camera was well is its name, as is what stands
    beside a clock across a black picture."""
    if f.get("letters", 0) < t["letters_line"]:
        return False
    uneven_ground = f.get("shading") == Shading.ANYHOW
    # What light an uneven ground has is not known; fog under a camera's name has no colour.
    if colourless(f, t) if uneven_ground else f["halo"] >= t["letters_halo"]:
        return False
    black = f.get("fill", 0) < t["dark_mean"]
    written_by_a_camera = black and (f["fill"] > 0 or clock_across(f))
    in_a_strip = uneven_ground and not across(_middle_of_place(f))
    return not written_by_a_camera and not in_a_strip and not _written_before(f, past)


def filled(f: Features, t: Thresholds) -> bool:
    """Whether a device filled all that is not drawn, and no channel of a camera stands on it."""
    if _shows_something(f, t) or f["faint"] > t["letters_faint"] or f["calm"] < t["letters_calm"]:
        return False
    lit = f["fill"] >= t["light_dark"]
    return f["uneven"] < t["letters_shaded" if f.get("shading") else "letters_nearly" if lit else "letters_uneven"]


def _shows_something(f: Features, t: Thresholds) -> bool:
    """A rectangle as large as a channel, if a device has not filled all of it; or anything large of which it has filled
    next to nothing."""
    return f.get("busy", False) or any(
        (min(wide, high) >= t["channel_side"] and full > t["channel_full"] and share < t["channel_filled"])
        or (wide * high * full > t["emblem_most"] and share < t["emblem_filled"])
        for wide, high, full, share in f.get("shapes", ())
    )


def clock_across(f: Features) -> bool:
    return across(f.get("clock", 0))


def across(down: int) -> bool:
    """Whether what is written so far down (hundredths) is outside of the strips for name and time."""
    return 12 < down < 88


def _written_before(f: Features, past: Past) -> bool:
    """Whether a former good look had letters at the same place."""
    return any(_beside(p["place"], f["place"]) for p in past.get("last", ()) if "place" in p)


def _beside(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether two lines of letters are as good as at the same place, but for what a word has more."""
    return all(abs(one[n] - other[n]) <= 3 for n in (0, 1, 3)) or all(abs(one[n] - other[n]) <= 3 for n in (1, 2, 3))


def _coloured_card(f: Features, past: Past, t: Thresholds) -> bool:
    """One full colour, as devices draw it; cloth, a bag or a leaf before the lens is paler."""
    plain = f["mode"] > t["card_whole"] and f["colour"] > t["card_colour"]
    if not plain and (not exactly_flat(f, t) or colourless(f, t)):
        return False
    return full_colour(f, t) and not green_or_pink(mean_colour(f), t)


def bars(f: Features, past: Past, t: Thresholds) -> bool:
    """In the colours of test pictures, and their order: whatever stands in the world has others, or another."""
    return f.get("bars", 0) >= t["card_bars"]


def _snow(f: Features, past: Past, t: Thresholds) -> bool:
    """Of an analogue channel: noise of single points, grey on the whole, strong and alike all over the picture."""
    return _noise(f, t, "snow")


def _noise(f: Features, t: Thresholds, kind: str) -> bool:
    if f.get("noise", 0) < t["snow_noise"] or not _grey_noise(f, t, t["snow_hue"]):
        return False
    return all(f.get(f"noise_{name}", 0) < t[f"{kind}_{name}"] for name in ("half", "quarter", "varies", "drifts"))


def _grey_noise(f: Features, t: Thresholds, hue: float) -> bool:
    grey = max(abs(f["u"]), abs(f["v"])) < hue
    return grey and f.get("noise_mean", 0) >= t["snow_mean"] and f["mode"] < t["snow_mode"]


def _enlarged(f: Features, t: Thresholds) -> bool:
    """Noise of points of some size, or weak: at one of the scales it loses half of its deviation at a step."""
    if f.get("noise", 0) < t["grains_noise"] or not _grey_noise(f, t, t["grains_hue"]):
        return False
    alike = f.get("noise_varies", 0) < t["grains_varies"] and f.get("noise_drifts", 0) < t["grains_apart"]
    return alike and min(f.get(f"noise_{size}", 0) for size in ("half", "quarter", "eighth")) < t["grains_step"]


def perhaps_card(f: Features, past: Past, t: Thresholds) -> bool:
    """Or words on what is at least smooth, whatever else is drawn there; or snow in coarse grains, as asphalt is."""
    if f["mode"] > t["card_mode"] or _noise(f, t, "grains") or _enlarged(f, t):
        return True
    smooth = f.get("uneven", 1) < t["letters_shaded"] and f["calm"] > t["letters_calm"]
    written = _written_by_a_device(f, past, t) or _written_on_dark_colour(f, past, t)
    return smooth and not _shows_something(f, t) and written


def _written_on_dark_colour(f: Features, past: Past, t: Thresholds) -> bool:
    """A ground that shades off in a colour, without any noise: what a night without light leaves has no colour. How
    light spreads on it is known only where it shades off evenly."""
    coloured = f.get("shading") and not colourless(f, t) and f.get("uneven", 1) < t["letters_uneven"]
    written = f.get("letters", 0) >= t["letters_line"]
    if not coloured or not written or (f["shading"] == Shading.EVENLY and f["halo"] >= t["letters_glow"]):
        return False
    return across(_middle_of_place(f)) and not _written_before(f, past)


def _middle_of_place(f: Features) -> int:
    return round((f["place"][1] + f["place"][3]) / 2)


CARDS: dict[str, Rule] = {
    A_CARD: _drawn_by_a_device,
    "hình là các sọc màu thử của thiết bị, không phải hình camera": bars,
    "hình chỉ có nhiễu hạt của kênh analog mất tín hiệu": _snow,
}
