"""The units (NAL) of an Annex-B stream, H.264 or H.265, and what their first bytes say."""

import re
from collections.abc import Iterable, Sequence

START = b"\0\0\0\1"
_FILLING = re.compile(rb"(?:\x00|\x03\x00\x00)*+")  # zeros and cabac_zero_words, read backwards


def split(stream: bytes) -> list[bytes]:
    """The units between the start codes, without what may follow them to fill up."""
    return [unit for part in stream.split(b"\0\0\1")[1:] if (unit := _trimmed(part))]


def _trimmed(unit: bytes) -> bytes:
    if not unit.endswith((b"\0", b"\3")):
        return unit
    filling = _FILLING.match(unit[::-1])
    return unit[: len(unit) - filling.end()] if filling else unit


def joined(units: Iterable[bytes]) -> bytes:
    """A stream of them."""
    return b"".join(part for unit in units for part in (START, unit))


def kind(codec: str, unit: bytes) -> int:
    """The type of a unit (ITU-T H.264, table 7-1; H.265, table 7-1)."""
    return unit[0] >> 1 & 63 if codec == "h265" else unit[0] & 31


def is_set(codec: str, unit: bytes) -> bool:
    """Whether it is a parameter set."""
    return kind(codec, unit) in ((32, 33, 34) if codec == "h265" else (7, 8))


def newest(sets: Iterable[bytes]) -> list[bytes]:
    """Each parameter set once, where it came last: it overrules earlier ones of the same number."""
    return [*dict.fromkeys([*sets][::-1])][::-1]


def renews(codec: str, unit: bytes) -> bool:
    """Whether it says that the picture is renewed by and by from here on (SEI, recovery point)."""
    return (
        unit[2:3] == b"\6" if codec == "h265" and kind(codec, unit) == 39 else unit[:2] == b"\6\6" and codec == "h264"
    )


def is_slice(codec: str, unit: bytes) -> bool:
    return kind(codec, unit) < 32 if codec == "h265" else 1 <= kind(codec, unit) <= 5


def begins_picture(codec: str, unit: bytes) -> bool:
    """Whether it is a slice, and the first one of a picture: in both codecs its content begins with a set bit."""
    head = 2 if codec == "h265" else 1
    return is_slice(codec, unit) and len(unit) > head and bool(unit[head] & 0x80)


def needs_no_other(codec: str, unit: bytes) -> bool:
    """Whether a slice refers to no other picture: H.265 IDR, CRA, BLA; H.264 IDR or a slice of type I."""
    if codec == "h265":
        return 16 <= kind(codec, unit) <= 21
    return kind(codec, unit) == 5 or (kind(codec, unit) == 1 and _is_intra(unit))


def is_key(codec: str, units: Sequence[bytes]) -> bool:
    """Whether these begin with a picture that needs no other, as far as the heads of its slices say."""
    slices = [unit for unit in first_picture(codec, units) if is_slice(codec, unit)]
    return bool(slices) and begins_picture(codec, slices[0]) and all(needs_no_other(codec, unit) for unit in slices)


def first_picture(codec: str, units: Sequence[bytes]) -> Sequence[bytes]:
    """The units up to where a second picture begins: the other field, another layer, the same once more, or a later one
    that came with the same time."""
    begun = [n for n, unit in enumerate(units) if begins_picture(codec, unit)]
    return units[: begun[1]] if len(begun) > 1 else units


def _is_intra(unit: bytes) -> bool:
    """Whether the head of an H.264 slice says that it is of type I."""
    bits = int.from_bytes(unit[1:9].ljust(8, b"\0"))
    _, rest = _exp_golomb(bits, 64)
    kind, _ = _exp_golomb(bits, rest)
    return kind in (2, 7)


def _exp_golomb(bits: int, left: int) -> tuple[int, int]:
    """An unsigned number from the `left` low bits, and how many bits remain."""
    zeros = left - (bits & (1 << left) - 1).bit_length()
    left -= 2 * zeros + 1
    return (-1, 0) if left < 0 else ((bits >> left & (2 << zeros) - 1) - 1, left)
