"""What is before a lens, in it, or too much for it: black, covered, burnt out, misty, in a wrong colour. Pure."""

from dondoc.probing.picture.baseline import COLOURS
from dondoc.probing.picture.no_signal import clock_across, filled
from dondoc.probing.picture.rules import Features, Past, Thresholds, colourless, green_or_pink, mean_colour, own_usual

NAMES = frozenset(
    {
        *("black_mean", "black_p99", "overexposed_clip", "glare_clip"),
        *("covered_std", "covered_grey", "covered_drift", "covered_fall"),
        *("covered_edge", "covered_mean", "covered_bright"),
        *("hazy_std", "edge_least", "edge_gone"),
        *("cast_pink", "cast_most", "cast_own"),
    }
)


def black(f: Features, past: Past, t: Thresholds) -> bool:
    """Also under a clock across it."""
    black = f["mean"] < t["black_mean"] and f["p99"] < t["black_p99"]
    return black or (clock_across(f) and filled(f, t) and f.get("fill", 1) == 0)


def overexposed(f: Features, past: Past, t: Thresholds) -> bool:
    return f["clip"] > t["overexposed_clip"]


def covered(f: Features, past: Past, t: Thresholds) -> bool:
    """A lens cap and an unlit street look alike: below some brightness it is a suspicion only. Dense fog may leave as
    little as a cover, but no colour, and is bright; light falls off across a plain wall, but a camera that used to show
    edges looks at none."""
    if f["edge"] >= t["covered_edge"] or f["mean"] <= t["covered_mean"] or (colourless(f, t) and _bright(f, t)):
        return False
    plain = f["std"] * f.get("grain", 1) < t["covered_grey"] if colourless(f, t) else f["std"] < t["covered_std"]
    even = f.get("drift", 0) < min(t["covered_drift"], t["covered_fall"] * f["mean"])
    return plain and (even or _showed_edges(f, past, t))


def _bright(f: Features, t: Thresholds) -> bool:
    return f["mean"] > t["covered_bright"]


def _showed_edges(f: Features, past: Past, t: Thresholds) -> bool:
    own = own_usual(f, past, t)
    return own is not None and own["edge_median"] > t["edge_least"]


def glare(f: Features, past: Past, t: Thresholds) -> bool:
    return f["clip"] > t["glare_clip"]


def hazy(f: Features, past: Past, t: Thresholds) -> bool:
    """Little contrast, or the edges that used to be there are gone."""
    own = own_usual(f, past, t)
    usual = own["edge_median"] if own else 0.0
    gone = usual > t["edge_least"] and f["edge"] < t["edge_gone"] * usual
    return gone or (f["std"] < t["hazy_std"] and f["edge"] < t["covered_edge"])


def cast(f: Features, past: Past, t: Thresholds) -> bool:
    """By day: infrared light is seen as red and blue together, which hardly any scene is, and is as much in what has
    no colour, so the whole is pale; purple lamps and billboards are not. Or all green or pink, as without planes of
    colour, and as some thermal cameras show heat; or unlike its own days."""
    if f["light"] != "day":
        return False
    own = own_usual(f, past, t) or {}
    away = [abs(f[name] - own[f"{name}_median"]) for name in COLOURS if f"{name}_median" in own]
    pink = t["cast_pink"] < min(f["u"], f["v"]) < t["cast_most"] or green_or_pink(mean_colour(f), t)
    return pink or max(away, default=0.0) > t["cast_own"]
