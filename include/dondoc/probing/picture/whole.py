"""Whether a picture came whole. Decoders conceal what is missing: this looks at what they never wrote.

A new decoder's pictures begin as zeros in all three planes, a green that no lens sees; what no slice covers stays so.
Whether a slice ends where it should is seen by giving it room to go on: with arithmetic codes every wrong bit spoils
all that follows, so a decoder that lost its way writes beyond the end, or stops before it.

H.264 gets rows of blocks more than it has, which must stay unwritten, H.265 a column, which must become what it would
alone. Where H.265 cannot be given one (`h265.wider`), it is decoded again with its last bytes changed, which must
change its end and nothing else. Several slices are decoded in two turns of every second one, so that none covers what
another wrote too far. In both, zeros in a row are never data: an encoder breaks them up. JPEG is read by
libjpeg-turbo, which says when it lacks bytes or has too many; what a wrong code leaves behind, `shifted` tells.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from enum import Flag, auto
from typing import Any, TypeAlias

import numpy as np
import simplejpeg

from dondoc.probing.picture import h264, h265
from dondoc.probing.picture.bits import bare, guarded
from dondoc.probing.picture.measure import Planes
from dondoc.probing.picture.units import first_picture, is_slice, joined, split

BLOCK = 16  # pixels: no codec writes smaller ones by themselves
WRAPPED = 2048  # pixels of a JPEG
LARGEST, LEAST = 64, 8  # pixels, the blocks of H.265
PLAIN = 3  # levels of brightness
TOP = 8  # rows of pixels of a new column, which its first bytes make
# Units by which the value at the end of a slice is changed: see `_with_end`.
ABOVE, FURTHER, BELOW = (2, 3), (257, 1025, 4097), -250
TAIL = 16  # bytes, more than the end of a slice takes
ZEROS = re.compile(rb"\0\0[\0\2]")  # in no slice, which may not look like a start code
BEYOND = bytes(range(0x9B, 0xFB, 3))  # what a decoder reads that goes on after the end


class Damaged(Exception):
    """Something came, but not all of a picture."""


class Manner(Flag):
    """How a picture is decoded; with none of these, as it is shown, and nothing is concealed."""

    UNSMOOTHED = auto()  # without the loop filter, which smooths the edges of blocks
    UNCROPPED = auto()  # with the pixels that fill up the last blocks
    STRICT = auto()  # Damaged where the decoder skips a slice of H.265
    EXACT = auto()  # None where a slice is longer than its bytes
    VIEWED = auto()  # as players do, which conceal what is missing: Damaged where they have to


AS_SHOWN = Manner(0)
Decode: TypeAlias = Callable[[bytes, Manner], Planes | None]  # of an Annex-B stream


def check_jpeg(picture: bytes) -> None:
    """Raises Damaged. Some cameras fill up with zeros before the end, which are no damage where all else is there."""
    content, end, _ = picture.rpartition(b"\xff\xd9")
    if not (_has_all(picture) or (content.endswith(b"\0") and _has_all(content.rstrip(b"\0") + end))):
        raise Damaged


def larger(jpeg: bytes) -> Iterator[bytes]:
    """The same with what the head of an RTP packet has no room for (RFC 2435: a size comes in units of 8, up to 255 of
    them), be it of its width, its height, or both."""
    at = jpeg.find(b"\xff\xc0") + 5
    if at < 5 or len(jpeg) < at + 4:
        return
    height, width = (int.from_bytes(jpeg[at + n : at + n + 2]) for n in (0, 2))
    if max(height, width) >= WRAPPED:
        return
    for more in ((0, WRAPPED), (WRAPPED, 0), (WRAPPED, WRAPPED)):
        yield jpeg[:at] + (height + more[0]).to_bytes(2) + (width + more[1]).to_bytes(2) + jpeg[at + 4 :]


def _has_all(jpeg: bytes) -> bool:
    """Whether neither bytes of it are missing nor too many."""
    try:
        simplejpeg.decode_jpeg(jpeg, "GRAY", fastdct=True, strict=True)
    except ValueError:
        return False
    return True


def check_written(picture: Planes) -> None:
    """Raises Damaged. A picture with one plane for both colours has none: what is black in it is not told from that."""
    if picture.u is not picture.v and not _written(picture).all():
        raise Damaged


def assembled(codec: str, stream: bytes, decode: Decode) -> Planes | None:
    """The first picture of an Annex-B stream, H.264 or H.265; None when there is none.

    Raises:
        Damaged: there is some of it.
    """
    given = first_picture(codec, split(stream))
    if any(is_slice(codec, unit) and ZEROS.search(unit) for unit in given):
        raise Damaged
    return _of_h264(given, decode) if codec == "h264" else _of_h265(given, decode)


def _of_h264(given: Sequence[bytes], decode: Decode) -> Planes | None:
    units, rows, coded = _taller(given)
    turns = [joined(h264.with_both_fields(sent, units)) for sent in _turns("h264", units)]
    made = [decode(one, Manner.EXACT) for one in turns]
    if not all(made):  # a slice is cut off, or something beside the picture cannot be read: a player tells which
        decode(joined(given), Manner.VIEWED)
        made = [decode(one, AS_SHOWN) for one in turns]
    pictures = [picture for picture in made if picture]
    return _merged(pictures, rows, coded) if len(pictures) == len(made) else None


def _of_h265(given: Sequence[bytes], decode: Decode) -> Planes | None:
    if more := h265.wider(given):
        if picture := _narrowed(more, decode):
            return picture
        _check_column(more, decode)
    last = next((unit for unit in reversed(given) if is_slice("h265", unit)), None)
    turns, made = _turns("h265", given), []
    manner = Manner.UNSMOOTHED if len(turns) > 1 else AS_SHOWN  # the filter waits for blocks that are left out
    for sent in turns:
        picture = decode(joined(sent), manner)
        if picture is None:
            return None
        below = BELOW if last in sent else 0  # of another slice, what follows is not to be written
        _check_end(sent, below, lambda stream: decode(stream, manner | Manner.UNCROPPED))
        made.append(picture)
    merged = _merged(made)
    return decode(joined(given), AS_SHOWN) if manner else merged


def _turns(codec: str, units: Sequence[bytes]) -> list[list[bytes]]:
    """The units, in turns of every second slice where there are several, with those that depend on it."""
    depend = h265.depending(units) if codec == "h265" else set()
    slices: list[set[int]] = []
    for n, unit in enumerate(units):
        if is_slice(codec, unit):
            slices += [] if n in depend and slices else [set()]
            slices[-1].add(n)
    if len(slices) < 2:
        return [[*units]]
    first = slices[:1] if codec == "h265" else []  # without it its decoder makes no picture
    left_out = (set().union(*slices) - set().union(*turn) for turn in (slices[::2], first + slices[1::2]))
    return [[unit for n, unit in enumerate(units) if n not in out] for out in left_out]


def _narrowed(more: h265.Wider, decode: Decode) -> Planes | None:
    """The picture of its wider one; None where that does not go on as it should, which alone proves no damage."""
    if (made := decode(joined(more.going_on), AS_SHOWN)) is None:
        return None
    tried = (_without_column(made, decode(joined(units), AS_SHOWN)) for units in more.columns)
    return next((picture for picture in tried if picture), None)


def _without_column(made: Planes, column: Planes | None) -> Planes | None:
    """A wider picture without the column, which must be the same as it is alone; None where it is not."""
    if column is None:
        return None
    # What is cut from the edges is cut from the column too: of it, less may be seen than it is wide, and few rows.
    shown, beside = made.y.shape[1] - h265.COLUMN, made.y.shape[1] - column.y.shape[1]
    if shown < 1:
        return None
    tops = [plane[:TOP] for plane in column[:3]]
    if not _alike([one[: len(top)] for one, top in zip(_columns(made, beside)[:3], tops, strict=True)], tops):
        return None
    if _is_plain(tops[0]):
        return None
    narrow = _columns(made, 0, shown)
    check_written(narrow)
    return narrow


def _check_column(more: h265.Wider, decode: Decode) -> None:
    """Raises Damaged when a decoder does not stop before the new column, or is not all the way there."""
    made = decode(joined(more.ending()), Manner.STRICT)
    if made is None:
        return
    written = _written(made)
    if not written[:, : more.width // BLOCK].all() or written[:, more.width // BLOCK :].any():
        raise Damaged


def _columns(picture: Planes, first: int, end: int | None = None) -> Planes:
    """Some columns of pixels, by default to the last one."""
    width = picture.y.shape[1]
    end = width if end is None else end
    y, u, v = (plane[:, first * plane.shape[1] // width : end * plane.shape[1] // width] for plane in picture[:3])
    return Planes(y, u, v, picture.full_range)


def _alike(planes: Sequence[Any], others: Sequence[Any]) -> bool:
    return all(np.array_equal(one, other) for one, other in zip(planes, others, strict=True))


def _taller(units: Sequence[bytes]) -> tuple[list[bytes], int, int]:
    """The units with higher parameter sets, by how many rows of pixels, and how many there were, shown or not."""
    made = {unit: one for unit in units if unit[0] & 31 == 7 and (one := h264.taller(unit))}
    _, rows, coded = [*made.values()][-1] if made else (b"", 0, 0)
    return [made[unit].sps if unit in made else unit for unit in units], rows, coded


def _merged(turns: Sequence[Planes], rows: int = 0, coded: int = 0) -> Planes:
    """One picture of the turns, made in the place of the first one, without the rows that it got more.

    Args:
        coded: rows of pixels without them, shown or not; 0: as many as are shown.
    """
    first, last = turns[0], turns[-1]
    height = first.y.shape[0] - rows
    if height < 1 or first.y.shape != last.y.shape:
        raise Damaged
    once, again = _written(first), _written(last)
    blocks = -(-(coded or height) // BLOCK)
    covered = once | again
    if not covered[:blocks].all() or (rows and covered[blocks:].any()):
        raise Damaged
    if first is not last:
        if (_unlike(first, last, once.shape) & once & again).any():
            raise Damaged
        for one, other in zip(first[:3], last[:3], strict=True):
            np.maximum(one, other, out=one)
    colour = height * first.u.shape[0] // first.y.shape[0]
    return Planes(first.y[:height], first.u[:colour], first.v[:colour], first.full_range)


def _unlike(one: Planes, other: Planes, shape: tuple[int, ...]) -> Any:
    """Which blocks have another middle, which no neighbour's filter reaches: of the shape of `_written`."""
    unlike = np.zeros(shape, np.bool_)
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


def _check_end(units: Sequence[bytes], below: int, decode: Callable[[bytes], Planes | None]) -> None:
    """Raises Damaged when the slices do not end where their bytes do.

    Args:
        below: by how much the value at the end of the last one may be changed without another picture.
        decode: with the pixels at the edges that are not shown: the last bytes may be of nothing else.
    """
    picture = decode(joined(units))
    if picture is None:
        raise Damaged
    slices = [n for n, unit in enumerate(units) if is_slice("h265", unit)]

    def changed(by: int, going_on: Sequence[int], more: bytes) -> bool:
        """Whether it is another picture, with another value at its end, and more bytes behind some slices."""
        sent = list(units)
        sent[slices[-1]] = _with_end(sent[slices[-1]], by)
        for n in going_on:
            sent[n] += more
        other = decode(joined(sent))
        return other is None or not _alike(other[:3], picture[:3])

    if changed(below, slices, BEYOND):
        raise Damaged
    # Where the others end, what the next one writes tells.
    if any(changed(above, slices[-1:], BEYOND[::-1]) for above in ABOVE) or _is_plain(picture.y[-LARGEST:, -LARGEST:]):
        return
    # What the last bit was for need not be seen where the last block is plain; what soon precedes it is.
    if not (_is_plain(picture.y[-LEAST:, -LEAST:]) and any(changed(by, slices[-1:], BEYOND[::-1]) for by in FURTHER)):
        raise Damaged


def _with_end(piece: bytes, by: int) -> bytes:
    """A slice with another value at its end, in units of its stop bit.

    Where a decoder comes to the end of a slice, at its last block and its last bit, what is left is one of the upmost
    two of at least 256 values (ITU-T H.265, 9.3.4.3.5 and 9.3.5.6). With less, down to the lowest of them, all that was
    decoded before is the same; with two more it is not. For one that lost its way it is any value, or of other bits.
    """
    content = bare(piece[2:])
    bits = int.from_bytes(content[-TAIL:])
    end = max(0, bits + by * (bits & -bits)).to_bytes(TAIL + 1)[1:]
    return piece[:2] + guarded(content[:-TAIL] + end[-len(content) :])


def _is_plain(pixels: Any) -> bool:
    """Whether nothing is to be seen there: it may be written in many ways."""
    return int(pixels.max()) - int(pixels.min()) <= PLAIN
