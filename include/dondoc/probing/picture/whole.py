"""Whether a picture came whole. Decoders conceal what is missing: this looks at what they never wrote.

A new decoder's pictures begin as zeros in all three planes, a green that no lens sees; what no slice covers stays so.
Whether a slice ends where it should is seen by giving it room to go on: with arithmetic codes every wrong bit spoils
all that follows, so a decoder that lost its way writes beyond the end, or stops before it.

H.264 gets one row of blocks more than it has, H.265 one column, which must stay unwritten. Where H.265 cannot be given
one (`h265.wider`), it is decoded again with its last bytes changed, which must change its end and nothing else. Several
slices are decoded in two turns of every second one, so that none covers what another wrote too far. In both, zeros in a
row are never data: an encoder breaks them up. JPEG is read by
libjpeg-turbo, which says when it lacks bytes or has too many; what a wrong code leaves behind, `shifted` tells.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import simplejpeg

from dondoc.probing.picture import h264, h265
from dondoc.probing.picture.measure import Planes
from dondoc.probing.picture.units import is_slice, joined, split

BLOCK = 16  # pixels: no codec writes smaller ones by themselves
LARGEST = 64  # pixels, the blocks of H.265
PLAIN = 3  # levels of brightness
CHANGES = (0xFFFF, 0xAAAA, 0x5555, 0x8181, 0xF00F, 0xC3A5, 0x8000)  # of the last bits of a slice, before its stop bit
ZEROS = re.compile(rb"\0\0[\0\2]")  # in no slice, which may not look like a start code
BEYOND = bytes(range(0x9B, 0xFB, 3))  # what a decoder reads that goes on after the end
# Of an Annex-B stream; `plain`: without what smooths the edges of blocks; `strict`: no slice may be left; `cropped`:
# without the pixels that fill up the last blocks.
Decode = Callable[..., Planes | None]


class Damaged(Exception):
    """Something came, but not all of a picture."""


def check_jpeg(picture: bytes) -> None:
    """Raises Damaged."""
    try:
        simplejpeg.decode_jpeg(picture, "GRAY", fastdct=True, strict=True)
    except ValueError:
        raise Damaged from None


def check_written(picture: Planes) -> None:
    """Raises Damaged. A picture with one plane for both colours has none: what is black in it is not told from that."""
    if picture.u is not picture.v and not _written(picture).all():
        raise Damaged


def assembled(codec: str, stream: bytes, decode: Decode) -> Planes | None:
    """The picture of an Annex-B stream, H.264 or H.265; None when there is none.

    Raises:
        Damaged: there is some of it.
    """
    given = split(stream)
    if any(is_slice(codec, unit) and ZEROS.search(unit) for unit in given):
        raise Damaged
    if codec == "h265" and (more := h265.wider(given)) and (wide := _beyond(more, decode)):
        return _narrowed(wide, more)
    units, rows = _taller(given) if codec == "h264" else (given, 0)
    slices = [n for n, unit in enumerate(units) if is_slice(codec, unit)]
    halves = rows == 2 * BLOCK  # a picture of two fields
    first = slices[:1] if codec == "h265" else []  # without it its decoder makes no picture
    turns = [slices] if halves or len(slices) < 2 else [slices[::2], first + slices[1::2]]
    plain = codec == "h265" and len(turns) > 1  # its filter waits for blocks that are left out
    made = []
    for turn in turns:
        left_out = {*slices} - {*turn}
        sent = [(unit, n in turn) for n, unit in enumerate(units) if n not in left_out]
        picture = decode(joined([unit for unit, _ in sent]), plain=plain)
        if picture is None:
            return None
        if codec == "h265":
            _check_end(sent, partial(decode, plain=plain, cropped=False))
        made.append(picture)
    merged = _merged(made, rows)
    return decode(stream) if plain else merged


def _beyond(more: h265.Wider, decode: Decode) -> Planes | None:
    """The wider picture, as a decoder makes it that has something to read beyond the end of the slice."""
    return decode(joined(unit + BEYOND if is_slice("h265", unit) else unit for unit in more.units), strict=True)


def _narrowed(made: Planes, more: h265.Wider) -> Planes:
    """The picture without its new column, in which nothing may be."""
    written, width = _written(made), made.y.shape[1] - more.columns
    if not written[:, : -(-width // BLOCK)].all() or written[:, more.width // BLOCK :].any():
        raise Damaged
    colour = width * made.u.shape[1] // made.y.shape[1]
    return Planes(made.y[:, :width], made.u[:, :colour], made.v[:, :colour], made.full_range)


def _taller(units: Sequence[bytes]) -> tuple[list[bytes], int]:
    """The units with higher parameter sets, and by how many pixels."""
    made = {unit: one for unit in units if unit[0] & 31 == 7 and (one := h264.taller(unit))}
    rows = [*made.values()][-1].rows if made else 0
    return [made[unit].sps if unit in made else unit for unit in units], rows


def _merged(turns: Sequence[Planes], rows: int) -> Planes:
    """One picture of the turns, without the rows that it got more."""
    first, last = turns[0], turns[-1]
    height = first.y.shape[0] - rows
    once, again = _written(first), _written(last)
    blocks = -(-height // max(rows, BLOCK)) * max(rows, BLOCK) // BLOCK
    covered = once | again
    if not covered[:blocks].all() or (rows and covered[blocks:].any()) or (_unlike(first, last) & once & again).any():
        raise Damaged
    colour = height * first.u.shape[0] // first.y.shape[0]
    planes = zip(first[:3], last[:3], (height, colour, colour), strict=True)
    y, u, v = (one[:end] if first is last else np.maximum(one[:end], other[:end]) for one, other, end in planes)
    return Planes(y, u, v, first.full_range)


def _unlike(one: Planes, other: Planes) -> Any:
    """Which blocks have another middle, which no neighbour's filter reaches: of the shape of `_written`."""
    unlike = np.zeros(_written(one).shape, np.bool_)
    for plane, again in zip(one[:3], other[:3], strict=True):
        middle = tuple(slice(size // 2, None, size) for size in _block(one, plane))
        apart = plane[middle] != again[middle]
        unlike[: apart.shape[0], : apart.shape[1]] |= apart
    return unlike


def _block(picture: Planes, plane: Any) -> tuple[int, int]:
    """Height and width of a block in a plane."""
    high, wide = (BLOCK * plane.shape[n] // picture.y.shape[n] for n in (0, 1))
    return high, wide


def _written(picture: Planes) -> Any:
    """Which blocks were written, by one pixel of each: of shape (rows, columns)."""
    corner = tuple(slice(size // 4, None, size) for size in _block(picture, picture.u))
    return (picture.u[corner] | picture.v[corner]) > 0


def _check_end(units: Sequence[tuple[bytes, bool]], decode: Decode) -> None:
    """Raises Damaged when the slices (of which True is said) do not end where their bytes do.

    Args:
        decode: with the pixels at the edges that are not shown: the last bytes may be of nothing else.
    """
    picture = decode(joined([unit for unit, _ in units]))
    if picture is None:
        raise Damaged

    def changed(change: Callable[[bytes], bytes]) -> bool:
        other = decode(joined([change(unit) if one else unit for unit, one in units]))
        if other is None or other.y.shape != picture.y.shape:
            return True
        pairs = zip(picture[:3], other[:3], strict=True)
        return not all(np.array_equal(plane, again) for plane, again in pairs)

    if changed(lambda unit: unit + BEYOND):
        raise Damaged
    if any(changed(partial(_with_end, change=change)) for change in CHANGES) or _is_plain(picture):
        return
    raise Damaged


def _with_end(unit: bytes, change: int) -> bytes:
    """A slice with other bits before the last one, which only ends it, and none that could be a start code."""
    bits = int.from_bytes(unit[-4:])
    stop = (bits & -bits).bit_length() - 1
    end = (bits ^ change << stop + 1).to_bytes(5)[-4:]
    return unit[:-4] + bytes(byte or 0x5A for byte in end) + BEYOND[::-1]


def _is_plain(picture: Planes) -> bool:
    """Whether nothing is to be seen at the end: it may be written in many ways."""
    end = picture.y[-LARGEST:, -LARGEST:]
    return int(end.max()) - int(end.min()) <= PLAIN
