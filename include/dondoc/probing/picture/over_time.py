"""What a picture is beside the same camera's former ones: hanging, out of focus, turned, cut. Pure."""

from base64 import b64decode

from dondoc.probing.picture.rules import Features, Past, Thresholds, dark, former, less_sharp

NAMES = frozenset({"frozen_share", "frozen_perhaps", "blurred_ratio", "soft_ratio", "moved_bits", "moved_still"})


def frozen(f: Features, past: Past, t: Thresholds) -> bool:
    """Noise of a sensor changes every tile from one moment to the next; a running clock changes only those near it."""
    return not dark(f, past, t) and _same(f, past, t["frozen_share"])


def perhaps_frozen(f: Features, past: Past, t: Thresholds) -> bool:
    return _same(f, past, t["frozen_perhaps"])


def blurred(f: Features, past: Past, t: Thresholds) -> bool:
    return less_sharp(f, past, t, t["blurred_ratio"])


def soft(f: Features, past: Past, t: Thresholds) -> bool:
    return less_sharp(f, past, t, t["soft_ratio"])


def moved(f: Features, past: Past, t: Thresholds) -> bool:
    """Former checks in the same light agree with one another, this one with none of them."""
    before = [p["hash"] for p in former(f, past)]
    if len(before) < 3:
        return False
    still = all(_bits(one, before[-1]) <= t["moved_still"] for one in before)
    return still and all(_bits(f["hash"], one) > t["moved_bits"] for one in before)


def cut(f: Features, past: Past, t: Thresholds) -> bool:
    """Plain below the middle tonight, as it never was; a mask for privacy is there every night."""
    before = [p["tiles"] for p in former(f, past)]
    upper, lower = _plain_halves(f["tiles"])
    return len(before) >= 3 and lower == 1 > 2 * upper and all(_plain_halves(one)[1] < 0.5 for one in before)


def _plain_halves(tiles: str) -> tuple[float, float]:
    """Share of plain tiles in the upper half, and in the lowest quarter."""
    read = b64decode(tiles)
    upper, lower = read[: len(read) // 2], read[len(read) * 3 // 4 :]
    return upper.count(0) / len(upper), lower.count(0) / len(lower)


def _same(f: Features, past: Past, share: float) -> bool:
    """Whether the last two good checks showed this very picture."""
    last = past.get("last", ())[-2:]
    return len(last) == 2 and all(p["size"] == f["size"] and _equal(p["tiles"], f["tiles"]) > share for p in last)


def _equal(one: str, other: str) -> float:
    """Share of equal tiles, plain ones apart; 0 when most are plain."""
    pairs = [(a, b) for a, b in zip(b64decode(one), b64decode(other), strict=True) if a or b]
    return sum(a == b for a, b in pairs) / len(pairs) if len(pairs) * 4 > len(b64decode(one)) else 0.0


def _bits(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()
