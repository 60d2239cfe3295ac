"""What is changed in a picture of H.264 before it is decoded: its height, and of a field, that half of it is missing.

A picture of an interlaced stream may be a field, every second row of a frame; the other one often refers to it. It is
looked at by itself, but a decoder shows no frame of which half is missing: it gets the same rows as the other half.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dondoc.probing.picture.bits import Bits, bare, closed, golomb, guarded
from dondoc.probing.picture.units import is_slice, kind

# Rows of blocks that a picture gets more: of one, nothing may be left to see where it is cut at its lower edge.
ROWS = 2
_SPS, _PPS = 7, 8
_WITH_CHROMA = {44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244}  # profiles (ITU-T H.264, 7.3.2.1.1)
_HEAD = 40  # bytes, more than the head of a slice has up to where it says that it is of a field


class Taller(NamedTuple):
    """A sequence parameter set (SPS), how many rows of pixels its pictures have more, and had before, shown or not."""

    sps: bytes
    rows: int
    height: int


class Sps(NamedTuple):
    """What is read of one."""

    bits: str
    at: tuple[int, int]  # where its height stands
    height: int
    number: int
    planes: bool  # each coded by itself
    frame_number: int  # bits that it takes
    frames_only: bool


class _NoField(Exception):
    """A slice is of a frame."""


def taller(sps: bytes) -> Taller | None:
    """The same with more rows of blocks; None when it cannot be read."""
    try:
        read = parameters(Bits(sps[1:]))
    except (IndexError, ValueError):
        return None
    before, after = read.at
    changed = read.bits[:before] + golomb(read.height + ROWS) + read.bits[after:]
    unit = 16 if read.frames_only else 32
    return Taller(sps[:1] + closed(changed), ROWS * unit, (read.height + 1) * unit)


def with_both_fields(turn: Sequence[bytes], units: Sequence[bytes]) -> list[bytes]:
    """Some units of a picture; if it is a field, as the upper one, and all slices of the picture as the lower one."""
    try:
        read = [parameters(Bits(unit[1:])) for unit in units if kind("h264", unit) == _SPS]
        sets = {one.number: one for one in read}
        pairs = [_pps(unit) for unit in units if kind("h264", unit) == _PPS]
        of = {number: sets[sps] for number, sps in pairs if sps in sets}
        lower = [_of_field(unit, of, lower=True) for unit in units if is_slice("h264", unit)]
        upper = [_of_field(unit, of, lower=False) if is_slice("h264", unit) else unit for unit in turn]
    except (_NoField, IndexError, ValueError, KeyError):
        return [*turn]
    return upper + lower


def is_field(piece: bytes, sps: Sps) -> bool:
    """Whether a slice is of a field. Raises IndexError, ValueError: it cannot be read."""
    return _field(Bits(piece[1:_HEAD]), {}, sps)


def _field(bits: Bits, of: Mapping[int, Sps], default: Sps | None = None) -> bool:
    """Whether a slice is of a field; its bits are read so far."""
    bits.golomb()  # first_mb_in_slice
    bits.golomb()  # slice_type
    number = bits.golomb()  # pic_parameter_set_id
    sps = default or of[number]
    bits.read(2 * sps.planes + sps.frame_number)  # colour_plane_id, frame_num
    return not sps.frames_only and bool(bits.read(1))  # field_pic_flag


def _of_field(piece: bytes, of: Mapping[int, Sps], *, lower: bool) -> bytes:
    bits = Bits(piece[1:_HEAD])
    if not _field(bits, of):
        raise _NoField
    content, at = bytearray(bare(piece[1:])), bits.at  # bottom_field_flag
    if bits.read(1) != lower:
        content[at // 8] ^= 0x80 >> at % 8
    return piece[:1] + guarded(bytes(content))


def _pps(pps: bytes) -> tuple[int, int]:
    """The numbers of a picture parameter set and of the sequence's that it belongs to."""
    bits = Bits(pps[1:_HEAD])
    return bits.golomb(), bits.golomb()


def parameters(bits: Bits) -> Sps:
    profile = bits.read(24) >> 16
    number, planes = bits.golomb(), False
    if profile in _WITH_CHROMA:
        chroma = bits.golomb()
        planes = bool(bits.read(chroma == 3))
        bits.golomb()
        bits.golomb()
        bits.read(1)
        if bits.read(1):
            for scaling in range(12 if chroma == 3 else 8):
                _scaling_list(bits, 16 if scaling < 6 else 64)
    frame_number = bits.golomb() + 4
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
    bits.golomb()  # width
    before = bits.at
    height = bits.golomb()
    after = bits.at
    return Sps(bits.bits, (before, after), height, number, planes, min(frame_number, 16), bool(bits.read(1)))


def _scaling_list(bits: Bits, size: int) -> None:
    if not bits.read(1):
        return
    last = 8
    for _ in range(size):
        last = (last + bits.signed()) % 256
        if last == 0:
            return
