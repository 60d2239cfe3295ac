"""What is changed in a picture of H.265 to see where its slice ends: a column of blocks more, in a tile behind it.

Blocks are decoded tile after tile, and those of one refer to no other: the picture stays as it is, and the new column
unwritten, unless the decoder goes on beyond the end of the slice. (A row more, as H.264 gets, would change how the
blocks at the lower edge are cut.) This is done where it is easy, which is what cameras send: one slice, a picture that
begins a sequence (IDR), no tiles or lines of blocks of its own, and a width of whole blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dondoc.probing.picture.bits import Bits, closed, golomb, packed
from dondoc.probing.picture.units import is_slice, kind

_SPS, _PPS, _IDR = 33, 34, (19, 20)
_INTRA = 2  # type of a slice
_HEAD = 40  # bytes, more than the head of such a slice has


class Wider(NamedTuple):
    """The units of a picture, its width in pixels, and by how many it was made wider."""

    units: list[bytes]
    width: int
    columns: int


class _OutOfReach(Exception):
    """It has something of which this knows nothing."""


def wider(units: Sequence[bytes]) -> Wider | None:
    """The same with one column of blocks more; None where that is not easy."""
    slices = [unit for unit in units if is_slice("h265", unit)]
    sets = [{unit for unit in units if kind("h265", unit) == sort} for sort in (_SPS, _PPS)]
    if len(slices) != 1 or [len(one) for one in sets] != [1, 1] or kind("h265", slices[0]) not in _IDR:
        return None
    (sps,), (pps,), piece = *sets, slices[0]
    try:
        picture = _Picture.of(Bits(sps[2:]))
        tiles = _Tiles.of(Bits(pps[2:]))
        changed = {
            sps: sps[:2] + picture.wider(),
            pps: pps[:2] + tiles.put(picture.width // picture.block),
            piece: _told(piece, picture, tiles),
        }
    except (_OutOfReach, IndexError, ValueError):
        return None
    return Wider([changed.get(unit, unit) for unit in units], picture.width, picture.block)


def _unless(wrong: object) -> None:
    if wrong:
        raise _OutOfReach


@dataclass(frozen=True)
class _Picture:
    """Of a sequence parameter set (ITU-T H.265, 7.3.2.2)."""

    bits: str
    at: tuple[int, int]  # where its width stands
    width: int
    block: int
    planes: bool  # each coded by itself
    chroma: bool
    smoothed: bool  # sample adaptive offset

    @classmethod
    def of(cls, bits: Bits) -> "_Picture":
        bits.read(4)
        layers = bits.read(3)
        bits.read(1)
        _profile(bits, layers)
        bits.golomb()
        chroma = bits.golomb()
        planes = chroma == 3 and bool(bits.read(1))
        before = bits.at
        width = bits.golomb()
        at = before, bits.at
        bits.golomb()
        if bits.read(1):  # cut on the left: what is shown begins elsewhere
            _unless(bits.golomb())
            for _ in range(3):
                bits.golomb()
        bits.golomb()
        bits.golomb()
        bits.golomb()
        for _ in range(layers + 1 if bits.read(1) else 1):
            for _ in range(3):
                bits.golomb()
        block = 1 << min(bits.golomb() + 3 + bits.golomb(), 7)
        _unless(block > 64 or width % block or not width)
        for _ in range(4):
            bits.golomb()
        if bits.read(1) and bits.read(1):
            _scaling_lists(bits)
        bits.read(1)
        return cls(bits.bits, at, width, block, planes, bool(chroma) and not planes, bool(bits.read(1)))

    def wider(self) -> bytes:
        before, after = self.at
        return closed(self.bits[:before] + golomb(self.width + self.block) + self.bits[after:])


def _profile(bits: Bits, layers: int) -> None:
    bits.read(96)
    present = [(bits.read(1), bits.read(1)) for _ in range(layers)]
    bits.read(2 * (8 - layers) if layers else 0)
    for profile, level in present:
        bits.read(88 * profile + 8 * level)


def _scaling_lists(bits: Bits) -> None:
    for size in range(4):
        for _ in range(2 if size == 3 else 6):
            if not bits.read(1):
                bits.golomb()
                continue
            for _ in range(min(64, 1 << 4 + 2 * size) + (size > 1)):
                bits.signed()


@dataclass(frozen=True)
class _Tiles:
    """Of a picture parameter set (7.3.2.3), which has none."""

    bits: str
    at: int  # where it says so
    output: int
    extra: int
    offsets: int
    across: int
    override: int
    unsmoothed: int
    extension: int

    @classmethod
    def of(cls, bits: Bits) -> "_Tiles":
        bits.golomb()
        bits.golomb()
        bits.read(1)
        output, extra = bits.read(1), bits.read(3)
        bits.read(2)
        bits.golomb()
        bits.golomb()
        bits.signed()
        bits.read(2)
        if bits.read(1):
            bits.golomb()
        bits.signed()
        bits.signed()
        offsets = bits.read(1)
        bits.read(3)
        at = bits.at
        _unless(bits.read(2))  # tiles, or lines of blocks of their own
        across = bits.read(1)
        override = unsmoothed = 0
        if bits.read(1):
            override, unsmoothed = bits.read(1), bits.read(1)
            if not unsmoothed:
                bits.signed()
                bits.signed()
        if bits.read(1):
            _scaling_lists(bits)
        bits.read(1)
        bits.golomb()
        extension = bits.read(1)
        _unless(bits.read(1))  # extensions of the set
        return cls(bits.bits, at, output, extra, offsets, across, override, unsmoothed, extension)

    def put(self, blocks: int) -> bytes:
        """With two columns of tiles, of which the first is so many blocks wide; no filter reaches across."""
        tiles = "10" + golomb(1) + golomb(0) + "0" + golomb(blocks - 1) + "0"
        return closed(self.bits[: self.at] + tiles + self.bits[self.at + 2 :])


def _told(piece: bytes, picture: _Picture, tiles: _Tiles) -> bytes:
    """A slice whose head (7.3.6.1) says, as it must where there are tiles, that it enters none but its first."""
    bits = Bits(piece[2:_HEAD])
    _unless(b"\0\0" in piece[:_HEAD] or not bits.read(1))
    bits.read(1)
    bits.golomb()
    bits.read(tiles.extra)
    _unless(bits.golomb() != _INTRA)
    bits.read(tiles.output + 2 * picture.planes)
    smoothed = [bits.read(1) for _ in range(1 + picture.chroma)] if picture.smoothed else []
    bits.signed()
    if tiles.offsets:
        bits.signed()
        bits.signed()
    unsmoothed = tiles.unsmoothed
    if tiles.override and bits.read(1):
        unsmoothed = bits.read(1)
        if not unsmoothed:
            bits.signed()
            bits.signed()
    if tiles.across and (any(smoothed) or not unsmoothed):
        bits.read(1)
    at = bits.at
    if tiles.extension:
        bits.read(8 * bits.golomb())
    end = bits.at
    _unless(not bits.read(1) or bits.read(-bits.at % 8))
    head = packed(bits.bits[:at] + golomb(0) + bits.bits[at:end] + "1")
    _unless(b"\0\0" in head)
    return piece[:2] + head + piece[2 + bits.at // 8 :]
