"""The one thing that is changed in a parameter set of H.264: how high its pictures are."""

from typing import NamedTuple

from dondoc.probing.picture.bits import Bits, closed, golomb

_WITH_CHROMA = {44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244}  # profiles (ITU-T H.264, 7.3.2.1.1)


class Taller(NamedTuple):
    """A sequence parameter set (SPS), and how many rows of pixels its pictures have more than before."""

    sps: bytes
    rows: int


def taller(sps: bytes) -> Taller | None:
    """The same with one row of blocks more; None when it cannot be read."""
    bits = Bits(sps[1:])
    try:
        _up_to_size(bits)
        bits.golomb()  # width
        before = bits.at
        height = bits.golomb()
        after = bits.at
        frames_only = bits.read(1)
    except (IndexError, ValueError):
        return None
    changed = bits.bits[:before] + golomb(height + 1) + bits.bits[after:]
    return Taller(sps[:1] + closed(changed), 16 if frames_only else 32)


def _up_to_size(bits: Bits) -> None:
    profile = bits.read(24) >> 16
    bits.golomb()
    if profile in _WITH_CHROMA:
        chroma = bits.golomb()
        bits.read(chroma == 3)
        bits.golomb()
        bits.golomb()
        bits.read(1)
        if bits.read(1):
            for number in range(12 if chroma == 3 else 8):
                _scaling_list(bits, 16 if number < 6 else 64)
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.read(1)
        bits.golomb()
        bits.golomb()
        for _ in range(min(bits.golomb(), 255)):
            bits.golomb()
    bits.golomb()
    bits.read(1)


def _scaling_list(bits: Bits, size: int) -> None:
    if not bits.read(1):
        return
    last = 8
    for _ in range(size):
        last = (last + bits.signed()) % 256
        if last == 0:
            return
