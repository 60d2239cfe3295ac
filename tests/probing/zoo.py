"""Cameras that send their pictures each in a way of its own: healthy ones, of which FFmpeg shows one, and others."""

import asyncio
import struct
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache, partial

import av

from dondoc.demo import clips, rtp
from dondoc.demo.camera import Camera
from dondoc.probing.picture import h264
from dondoc.probing.picture.bits import Bits, closed, golomb
from dondoc.probing.verdicts import Help

Unit = tuple[bytes, ...]
Pack = Callable[[Unit, int, int], list[bytes]]  # a picture's units, sequence number and time to RTP packets
JOIN = b"\0\0\0\1".join


def packet(
    payload: bytes, sequence: int, time: int, marker: bool = False, sort: int = 96, source: int = 0x0D0D
) -> bytes:
    head = struct.pack("!BBHII", 0x80, sort | 0x80 * marker, sequence & 0xFFFF, time & 0xFFFF_FFFF, source)
    return head + payload


def plain(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [p[4:] for p in rtp.packets(unit, "h264", sequence, time)]


def in_one_unit(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return plain((JOIN(unit),), sequence, time)


def in_one_packet(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [packet(b"\x78" + b"".join(struct.pack("!H", len(n)) + n for n in unit), sequence, time, marker=True)]


def with_codes(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [packet(b"\0\0\0\1" + nal, sequence + n, time, nal is unit[-1]) for n, nal in enumerate(unit)]


def marked_slices(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [packet(nal, sequence + n, time, marker=nal[0] & 31 in (1, 5)) for n, nal in enumerate(unit)]


def unmarked(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [p[:1] + bytes((p[1] & 0x7F,)) + p[2:] for p in plain(unit, sequence, time)]


def without_end(unit: Unit, sequence: int, time: int) -> list[bytes]:
    sent = plain(unit, sequence, time)
    return [p[:13] + bytes((p[13] & 0xBF,)) + p[14:] if p[12] & 31 == 28 else p for p in sent]


def standing(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [p[:2] + b"\0\7" + p[4:] for p in plain(unit, sequence, time)]


def jumping(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [
        p[:2] + struct.pack("!H", n * 17 + sequence & 0xFFFF) + p[4:] for n, p in enumerate(plain(unit, sequence, time))
    ]


def with_sound(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Sound under one numbering, and reports, all on the channel of the pictures."""
    sent = []
    for p in plain(unit, sequence, time):
        sent += [packet(b"\x65\x88" + bytes(80), 0, time // 7, True, sort=8, source=5), p, b"\x80\xc8\0\6" + bytes(24)]
    return [p[:2] + struct.pack("!H", sequence * 9 + n & 0xFFFF) + p[4:] for n, p in enumerate(sent)]


def after_a_dead_session(unit: Unit, sequence: int, time: int) -> list[bytes]:
    old = [packet(b"\x7c\x85" + bytes(900), n, 5, source=9) for n in range(2)]
    return [x for p in plain(unit, sequence, time) for x in (old[0], p, old[1])]


def undescribed(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [p[:1] + bytes((p[1] & 0x80 | 97,)) + p[2:] for p in plain(unit, sequence, time)]


def junk(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return plain((b"\x67\x00", b"\x65\x80" + bytes(range(7, 250)) * 4), sequence, time)


def torn(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Its recorder lost a slice, and numbers the rest anew."""
    return plain(unit[:-1] if unit[-1][0] & 31 == 5 else unit, sequence, time)


def with_padding(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [bytes((p[0] | 0x20,)) + p[1:] + b"\0\0\0\4" for p in plain(unit, sequence, time)]


def with_extensions(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Extensions of the head (as ONVIF has them), and two contributing sources."""
    more = b"\0\0\0\1\0\0\0\2" + b"\xab\xac\0\3" + bytes(12)
    return [bytes((p[0] | 0x12,)) + p[1:12] + more + p[12:] for p in plain(unit, sequence, time)]


def preceded(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Delimiter and a message to the player in packets of their own, before each picture, with a marker and a time."""
    before = [b"\x09\xf0", b"\x06\x05\x04abcd\x80"]
    sent = [packet(nal, sequence + n, time - 90, marker=True) for n, nal in enumerate(before)]
    return sent + plain(unit, sequence + len(sent), time)


def in_one_piece(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """What fits into a packet as a fragment that is first and last at once."""
    sent = []
    for p in plain(unit, sequence, time):
        nal = p[12:]
        fits = nal[0] & 31 < 24
        sent.append(p[:12] + bytes((nal[0] & 0xE0 | 28, 0xC0 | nal[0] & 31)) + nal[1:] if fits else p)
    return sent


def with_a_rest(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """An aggregate of which a byte is left over."""
    return [p + b"\0" if p[12] & 31 == 24 else p for p in plain(unit, sequence, time)]


def with_lies(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """An aggregate that is wrong about the sizes of what is in it."""
    return [packet(b"\x78" + b"".join(b"\0\3" + nal for nal in unit), sequence, time, marker=True)]


def at_one_time(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return plain(unit, sequence, 0)


def marked_units(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Each parameter set with a marker and a time of its own."""
    sets = [nal for nal in unit if nal[0] & 31 in (7, 8)]
    sent = [packet(nal, sequence + n, time - 2 + n, marker=True) for n, nal in enumerate(sets)]
    return sent + plain(tuple(nal for nal in unit if nal not in sets), sequence + len(sets), time)


def timed_slices(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """A time for each slice."""
    sent: list[bytes] = []
    for n, nal in enumerate(unit):
        sent += plain((nal,), sequence + len(sent), time + n)
    return sent


def with_fillings(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Delimiter, filling, the end of a sequence, zeros behind each unit."""
    padded = tuple(nal + bytes(3) for nal in unit)
    return plain((b"\x09\xf0", *padded, b"\x0c" + b"\xff" * 60 + b"\x80", b"\x0a"), sequence, time)


def with_feedback(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Reports of every kind on the channel of the pictures: RTCP 200 to 207, but for the goodbye."""
    reports = [bytes((0x81, kind)) + b"\0\6" + bytes(24) for kind in range(200, 208) if kind != 203]
    return [x for p in plain(unit, sequence, time) for x in (*reports, p)]


def with_everything(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Fifteen contributing sources, an empty extension, padding of one byte."""
    return [b"\xbf" + p[1:12] + bytes(60) + b"\0\1\0\0" + p[12:] + b"\1" for p in plain(unit, sequence, time)]


def replayed(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """With ONVIF's extension of a replay."""
    more = b"\xab\xac\0\3" + bytes(12)
    return [bytes((p[0] | 0x10,)) + p[1:12] + more + p[12:] for p in plain(unit, sequence, time)]


def by_mode_two(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """As packets of mode 2 are (MTAP16), which the description does not tell."""
    body = b"".join(struct.pack("!HBH", len(nal), n, 0) + nal for n, nal in enumerate(unit))
    return [packet(b"\x7a\0\0" + body, sequence, time, marker=True)]


def in_pieces_of_mode_two(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Units with the number of their order (STAP-B), and pieces of them (FU-B first, then FU-A)."""
    sent = []
    for p in plain(unit, sequence, time):
        if p[12] & 31 == 24:
            p = p[:12] + b"\x79\0\7" + p[13:]
        elif p[12] & 31 == 28 and p[13] & 0x80:
            p = p[:12] + bytes((p[12] | 29,)) + p[13:14] + b"\0\7" + p[14:]
        sent.append(p)
    return sent


def disordered(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """As it may be sent in mode 2, and is not read."""
    return in_pieces_of_mode_two(unit[::-1], sequence, time)


def disordered_slices(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Parameter sets first, but the slices of a picture in another order."""
    slices = tuple(nal for nal in unit if nal[0] & 31 in (1, 5))
    sets = tuple(nal for nal in unit if nal not in slices)
    return in_pieces_of_mode_two((*sets, *slices[::-1]), sequence, time)


def twice(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Each packet once more, behind the next one."""
    sent = plain(unit, sequence, time)
    return [x for before, p in zip([sent[0], *sent], sent, strict=False) for x in (p, before)]


def partly_lost(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Each third packet does not come."""
    return [p for p in plain(unit, sequence, time) if int.from_bytes(p[2:4]) % 3]


def swapped(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Neighbours overtake each other."""
    sent = plain(unit, sequence, time)
    return [x for n in range(0, len(sent), 2) for x in reversed(sent[n : n + 2])]


def with_a_false_flag(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Padding that the head tells of and that is not there."""
    return [bytes((p[0] | 0x20,)) + p[1:] if p[-1] > len(p) - 12 else p for p in plain(unit, sequence, time)]


def h265_wrapped(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """With more words in the head of each packet (RFC 7798, PACI): here three bytes of them."""
    sent = []
    for p in h265(unit, sequence, time):
        told = (p[12] >> 1 & 63) << 9 | 3 << 4 | 0x8
        sent.append(p[:12] + bytes((50 << 1, p[13])) + struct.pack("!H", told) + b"abc" + p[14:])
    return sent


def h265_padded(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Aggregated, with padding, an extension, and a contributor."""
    more = b"\0\0\0\1" + b"\xbe\xde\0\1abcd"
    return [b"\xb1" + p[1:12] + more + p[12:] + b"\0\0\3" for p in h265_aggregated(unit, sequence, time)]


def jpeg_padded(unit: Unit, sequence: int, time: int) -> list[bytes]:
    more = b"\0\0\0\1" + b"\xbe\xde\0\1abcd"
    return [b"\xb1" + p[1:12] + more + p[12:] + b"\0\0\3" for p in jpeg(unit, sequence, time)]


def jpeg_unmarked(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """No marker, and one time for all: a picture begins with its first byte."""
    return [p[:1] + b"\x1a" + p[2:4] + bytes(4) + p[8:] for p in jpeg(unit, sequence, time)]


def jpeg_swapped(unit: Unit, sequence: int, time: int) -> list[bytes]:
    first, *rest = jpeg(unit, sequence, time)
    return [first, *rest[::-1]]


def jpeg_without_size(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [p[:18] + b"\0\0" + p[20:] for p in jpeg_as_it_is(unit, sequence, time)]


def jpeg_marked(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """A marker on each packet."""
    return [p[:1] + b"\x9a" + p[2:] for p in jpeg(unit, sequence, time)]


def jpeg_timed(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """A time for each packet."""
    return [p[:4] + (time + n).to_bytes(4) + p[8:] for n, p in enumerate(jpeg(unit, sequence, time))]


def h265(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [p[4:] for p in rtp.packets(unit, "h265", sequence, time)]


def h265_aggregated(unit: Unit, sequence: int, time: int) -> list[bytes]:
    sets = [nal for nal in unit if len(nal) < 200]
    body = b"\x60\x01" + b"".join(struct.pack("!H", len(nal)) + nal for nal in sets)
    rest = [p[4:] for p in rtp.packets(tuple(n for n in unit if n not in sets), "h265", sequence + 1, time)]
    return [packet(body, sequence, time), *rest] if sets else h265(unit, sequence, time)


def h265_numbered(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """With numbers of the order in which it is to be decoded (RFC 7798, DONL)."""
    sent = []
    for p in h265(unit, sequence, time):
        at = 14 if p[12] >> 1 & 63 != 49 else 15 if p[14] & 0x80 else 0
        sent.append(p[:at] + struct.pack("!H", sequence & 0xFFFF) + p[at:] if at else p)
    return sent


def h265_torn(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return h265(tuple(nal[: len(nal) // 2] if len(nal) > 400 else nal for nal in unit), sequence, time)


def jpeg(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [p[4:] for p in rtp.packets(unit, "jpeg", sequence, time)]


def jpeg_by_quality(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Tables by a number, sent with each eighth picture only."""
    return [_by_number(p, keep=time % 72_000 == 0) for p in jpeg(unit, sequence, time)]


def jpeg_without_tables(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [_by_number(p, keep=False) for p in jpeg(unit, sequence, time)]


def _by_number(p: bytes, keep: bool) -> bytes:
    first = p[13:16] == b"\0\0\0"
    told = p[:17] + b"\xc8" + p[18:]
    return told if keep or not first else told[:22] + b"\0\0" + told[24 + int.from_bytes(told[22:24]) :]


def jpeg_too_wide(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Wider than the head of a packet can say (RFC 2435: 2,040 pixels), so it says nothing."""
    return [p[:18] + b"\0" + p[19:] for p in jpeg(unit, sequence, time)]


def jpeg_of(file: bytes, sequence: int, time: int, kind: int = 1, more: bytes = b"") -> list[bytes]:
    """Any JPEG, in the words of RFC 2435, and in those that ONVIF has for the rest.

    Args:
        more: segments of its head that stand beside the first packet, which has no size and tables of its own then.
    """
    head, scan = _parted(file)
    tables = b"".join(one[5 + 65 * n : 69 + 65 * n] for one in head[0xDB] for n in range(len(one) // 65))
    height, width = (int.from_bytes(head[0xC0][0][at : at + 2]) for at in (5, 7))
    sizes = (0, 0) if more else (-(-width // 8) & 255, -(-height // 8) & 255)
    told = b"" if more else struct.pack("!BBH", 0, 0, len(tables)) + tables
    sent = []
    for at in range(0, len(scan), rtp.MAX):
        body = (
            struct.pack("!IBBBB", at, kind, 0 if more else 255, *sizes)
            + (told if at == 0 else b"")
            + scan[at : at + rtp.MAX]
        )
        p = packet(body, sequence + len(sent), time, at + rtp.MAX >= len(scan), sort=26)
        filled = more + b"\xff" * (-len(more) % 4)
        beside = b"\xff\xd8" + struct.pack("!H", len(filled) // 4) + filled
        sent.append(b"\x90" + p[1:12] + beside + p[12:] if more and at == 0 else p)
    return sent


def _parted(file: bytes) -> tuple[dict[int, list[bytes]], bytes]:
    """The segments of a JPEG's head by their marker, each whole, and its scan to the end of the file."""
    found: dict[int, list[bytes]] = {}
    at = 2
    while True:
        end = at + 2 + int.from_bytes(file[at + 2 : at + 4])
        found.setdefault(file[at + 1], []).append(file[at:end])
        if file[at + 1] == 0xDA:
            return found, file[end:].removesuffix(b"\xff\xd9")
        at = end


@lru_cache
def jpeg_file(width: int, height: int, *how: int) -> bytes:
    """A JPEG of the moving scene in another size. `how`: of its encoder."""
    import cv2

    picture = cv2.resize(clips.SCENES["moving"](0), (width, height))
    return bytes(cv2.imencode(".jpg", picture, [1, 80, *how])[1].tobytes())


def onvif_jpeg(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Its whole head beside the first packet, as of pictures that are wider than 2,040 pixels."""
    head, _ = _parted(unit[0])
    return jpeg_of(
        unit[0], sequence, time, more=b"".join(b"".join(head[m]) for m in (0xDB, 0xC4, 0xC0, 0xDA) if m in head)
    )


def onvif_jpeg_now_and_then(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """The same, with each eighth picture only; tables and size of the others are those of the one before."""
    if time % 72_000 == 0:
        return onvif_jpeg(unit, sequence, time)
    return jpeg_of(unit[0], sequence, time, more=b"\xff\xfe\0\4\1\2")


def onvif_jpeg_replayed(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """The same, behind the extension of a replay."""
    first, *rest = onvif_jpeg(unit, sequence, time)
    words = int.from_bytes(first[14:16])
    return [first[:12] + b"\xab\xac" + struct.pack("!H", words + 4) + bytes(12) + first[12:], *rest]


def onvif_jpeg_apart(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """The same, in packets of their own before the picture, the last of which has a JPEG's head and no scan."""
    head, _ = _parted(unit[0])
    parts = [b"".join(head[0xDB]), b"".join(head.get(0xC4, [])), b"".join(head[0xC0] + head[0xDA])]
    sent = []
    for n, part in enumerate(filter(None, parts)):
        filled = part + b"\xff" * (-len(part) % 4)
        beside = (b"\xff\xff" if n else b"\xff\xd8") + struct.pack("!H", len(filled) // 4) + filled
        sent.append(b"\x90" + packet(b"", sequence + n, time, sort=26)[1:] + beside)
    return sent + jpeg_of(unit[0], sequence + len(sent), time, more=b"\xff\xfe\0\4\1\2")


def jpeg_as_it_is(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return jpeg_of(unit[0], sequence, time)


def jpeg_ended(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """With the end of the file in its last packet."""
    *most, last = jpeg_of(unit[0], sequence, time)
    return [*most, last + b"\xff\xd9"]


def jpeg_of_three_tables(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """As libjpeg's cameras send them: one for each component (mpromonet/v4l2rtspserver, issue 361)."""
    first, *rest = jpeg_of(unit[0], sequence, time)
    return [first[:22] + b"\0\xc0" + first[24:152] + first[88:152] + first[152:], *rest]


def jpeg_of_half_width(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Colours of half the width alone (4:2:2)."""
    return jpeg_of(unit[0], sequence, time, kind=0)


def jpeg_restarting(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """With restart markers, of which the head of each packet tells."""
    return [p[:16] + b"\x41" + p[17:20] + b"\0\x14\xff\xff" + p[20:] for p in jpeg(unit, sequence, time)]


@lru_cache
def restarting() -> tuple[Unit, ...]:
    """A JPEG with a restart marker after each 20 blocks."""
    import cv2

    how = [cv2.IMWRITE_JPEG_QUALITY, 80, cv2.IMWRITE_JPEG_RST_INTERVAL, 20]
    return ((cv2.imencode(".jpg", clips.SCENES["moving"](0), how)[1].tobytes(),),)


def of(codec: str) -> Callable[[], Iterator[Unit]]:
    return lambda: iter(clips.clip("moving", codec).units * 100)


def changed() -> Iterator[Unit]:
    """Joined in the middle of one stream, which then becomes another: of another size, with other parameter sets."""
    large = _encoded("libx264", "x264-params", "keyint=8:bframes=0:repeat-headers=1", 24, (704, 576))
    sets = tuple(nal for nal in clips.clip("moving").units[0] if nal[0] & 31 in (7, 8))
    small = clips.clip("moving").units
    return iter(((*sets, *small[1]), *small[2:5], *large * 100))


@lru_cache
def refreshed(codec: str = "h264") -> tuple[Unit, ...]:
    """Pictures of a stream that renews itself by and by, without key pictures: its first one is left out."""
    name, params = {"h264": ("libx264", "x264-params"), "h265": ("libx265", "x265-params")}[codec]
    return _encoded(name, params, "intra-refresh=1:keyint=8:bframes=0:repeat-headers=1:slices=1", 40)[1:]


@lru_cache
def fields(first: int = 0) -> tuple[Unit, ...]:
    """Frames of two fields each, the upper (0) or lower (1) one first, to which the other refers: pictures of half the
    height, said to be so."""
    told = "fake-interlaced=1:cabac=0:keyint=2:min-keyint=2:bframes=0:ref=1:weightp=0:repeat-headers=1"
    made = _encoded("libx264", "x264-params", told, 16, (clips.WIDTH, 192))
    return tuple(
        (*(of_field(nal, first) for nal in one), *(of_field(nal, 1 - first) for nal in other))
        for one, other in zip(made[::2], made[1::2], strict=True)
    )


def of_field(nal: bytes, bottom: int) -> bytes:
    """A slice as that of a field, of frame 0; a parameter set as that of pictures which are twice as high."""
    bits = Bits(nal[1:])
    if nal[0] & 31 == 7:
        read = h264.parameters(bits)
        before, after = read.at
        return nal[:1] + closed(read.bits[:before] + golomb(2 * read.height + 1) + read.bits[after:])
    if nal[0] & 31 not in (1, 5):
        return nal
    for _ in range(3):  # first_mb_in_slice, slice_type, pic_parameter_set_id
        bits.golomb()
    number = bits.at
    bits.read(4)  # frame_num, of which x264 keeps no more bits
    return nal[:1] + closed(f"{bits.bits[:number]}00001{bottom}{bits.bits[bits.at + 1 :]}")


def parted(frame: Unit) -> tuple[Unit, Unit]:
    """The units of its first field, which needs no other, and of its second."""
    first = tuple(nal for nal in frame if nal[0] & 31 != 1)
    return first, frame[len(first) :]


def announced() -> Iterator[Unit]:
    """As the encoders in cameras do, which say where a renewal begins (SEI, recovery point)."""
    for unit in refreshed("h265"):
        sets = [nal for nal in unit if nal[0] >> 1 in (32, 33, 34)]
        yield (*sets, b"\x4e\x01\x06\x02\x08\x50\x80", *unit[len(sets) :]) if sets else unit


@lru_cache
def _encoded(
    name: str, params: str, told: str, count: int, size: tuple[int, int] = (clips.WIDTH, clips.HEIGHT)
) -> tuple[Unit, ...]:
    encoder = av.CodecContext.create(name, "w")
    encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
    encoder.time_base = Fraction(1, 10)
    quiet = ":wpp=0:log-level=none" if name == "libx265" else ""
    encoder.options = {"preset": "ultrafast", params: told + quiet}
    made = []
    for number in range(count):
        frame = av.VideoFrame.from_ndarray(clips.SCENES["moving"](number), format="rgb24").reformat(*size, "yuv420p")
        frame.pts = number
        made += encoder.encode(frame)
    made += encoder.encode(None)
    return tuple(tuple(clips.nal_units(bytes(p))) for p in made)


def pictures(start: int = 0) -> Iterator[Unit]:
    units = clips.clip("moving").units
    for number in range(start, 100_000):
        yield units[number % len(units)]


def keyless() -> Iterator[Unit]:
    return (unit for unit in pictures() if unit[0][0] & 31 == 1)


def timed_packets(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """A time for each packet."""
    sent = plain(unit, sequence, time)
    return [p[:4] + (time * 40 + number).to_bytes(4) + p[8:] for number, p in enumerate(sent)]


def timed_and_partly_lost(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """A time for each packet, and of the pictures between key pictures each second does not come."""
    sent = timed_packets(unit, sequence, time)
    return [p for p in sent if unit[0][0] & 31 != 1 or int.from_bytes(p[2:4]) % 2]


def of_many_names(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Another source (SSRC) with each packet."""
    return [p[:8] + (sequence + number).to_bytes(4) + p[12:] for number, p in enumerate(plain(unit, sequence, time))]


def of_two_names(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Two sources in turns, for one picture."""
    return [p[:8] + (number % 2).to_bytes(4) + p[12:] for number, p in enumerate(plain(unit, sequence, time))]


class Odd(Camera):
    """Sends its pictures in a way of its own; `seconds` late, `torn` ones first."""

    pack: Pack = staticmethod(plain)
    media = ""  # how it describes its pictures; default: H.264
    channel = 0
    stream: Callable[[], Iterator[Unit]] = staticmethod(pictures)
    visits = 0
    every = 0.02
    between = b""  # what stands between packets over TCP

    async def _describe(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
        if not self.media:
            return await super()._describe(behaviour, url, headers)
        sdp = f"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n{self.media}a=control:trackID=1\r\n"
        return await self._say("200 OK", headers, f"Content-Base: {url}/\r\nContent-Type: application/sdp\r\n", sdp)

    async def _setup(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
        if not self.channel:
            return await super()._setup(behaviour, url, headers)
        told = f"Transport: RTP/AVP/TCP;unicast;interleaved={self.channel}-{self.channel + 1}\r\nSession: 7\r\n"
        return await self._say("200 OK", headers, told)

    async def _stream(self, behaviour: str, visit: int) -> None:
        type(self).visits += 1
        await asyncio.to_thread(clips.clip, "moving")
        sequence = 100
        for number, unit in enumerate(self.stream()):
            sent = self.pack(unit, sequence, number * 9000)
            sequence += len(sent)
            for p in sent:
                if self.datagrams:
                    self.datagrams.send(p)
                else:
                    self.writer.write(struct.pack("!cBH", b"$", self.channel, len(p)) + p + self.between)
            if not self.datagrams:
                await self.writer.drain()
            await asyncio.sleep(self.every)


async def serve(kind: type[Odd], counts: Counter[str]) -> asyncio.Server:
    """A server of cameras of a kind, on a free port."""
    kind.visits = 0

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            await kind(reader, writer, counts).talk()

    return await asyncio.start_server(visit, "127.0.0.1", 0)


def url(server: asyncio.Server) -> str:
    return f"rtsp://127.0.0.1:{server.sockets[0].getsockname()[1]}/healthy/1"


def odd(pack: Pack = plain, stream: Callable[[], Iterator[Unit]] = pictures, **more: object) -> type[Odd]:
    return type("Kind", (Odd,), {"pack": staticmethod(pack), "stream": staticmethod(stream), **more})


class Slow(Odd):
    """Sends a key picture long after PLAY, and ends a session that sends no keep-alive request for four seconds."""

    late, every, alive = 12, 0.5, 0.0  # few pictures: on a busy machine each takes longer than it should

    async def _setup(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
        return await self._say(
            "200 OK", headers, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 7;timeout=4\r\n"
        )

    async def _answer(self, method: str, url: str, headers: dict[str, str]) -> bool:
        self.alive = asyncio.get_running_loop().time()
        return await super()._answer(method, url, headers)

    async def _stream(self, behaviour: str, visit: int) -> None:
        units = clips.clip("moving").units
        type(self).visits += 1
        for number in range(1000):
            if asyncio.get_running_loop().time() - self.alive > 4.5:
                self.writer.close()
                return
            for p in plain(units[0 if number % self.late == self.late - 1 else 1], number * 20, number * 9000):
                self.writer.write(b"$\0" + struct.pack("!H", len(p)) + p)
            await asyncio.sleep(self.every)


class Elsewhere(Odd):
    """Agrees to channels 0 and 1, and sends on another one, with reports on the first."""

    channel, between = 2, b"$\1\0\x08\x80\xc9\0\1abcd"

    async def _setup(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
        return await Camera._setup(self, behaviour, url, headers)


class Relay(Odd):
    """Sends nothing before the next key picture of what it relays: all later than a first look waits."""

    late = 1.5

    async def _setup(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
        if "client_port" in headers["transport"]:
            return await self._say("461 Unsupported Transport", headers)
        return await super()._setup(behaviour, url, headers)

    async def _stream(self, behaviour: str, visit: int) -> None:
        await asyncio.sleep(self.late)
        await super()._stream(behaviour, visit)


class OnlyUdp(Odd):
    """Takes SETUP over TCP, and sends nothing there."""

    async def _setup(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
        return await Camera._setup(self, "udp" if "client_port" in headers["transport"] else behaviour, url, headers)

    async def _stream(self, behaviour: str, visit: int) -> None:
        if self.datagrams:
            await super()._stream(behaviour, visit)


class Datagrams(Odd):
    """Takes UDP alone, and says so in one of many words."""

    status = "461 Unsupported Transport"

    async def _setup(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
        if "client_port" not in headers["transport"]:
            return await self._say(self.status, headers)
        return await Camera._setup(self, "udp", url, headers)


def over_udp(
    pack: Pack = plain, stream: Callable[[], Iterator[Unit]] = pictures, kind: type[Odd] = Datagrams, **more: object
) -> type[Odd]:
    return type("Kind", (kind,), {"pack": staticmethod(pack), "stream": staticmethod(stream), **more})


OPTIMIZE, SAMPLING = 3, 7  # how JPEGs are encoded: cv2.IMWRITE_JPEG_OPTIMIZE, IMWRITE_JPEG_SAMPLING_FACTOR


def files(*how: int) -> Callable[[], Iterator[Unit]]:
    return lambda: iter(((jpeg_file(*how),),) * 400)


def without_sets(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return plain(tuple(nal for nal in unit if nal[0] & 31 not in (7, 8)), sequence, time)


class InDescription(Odd):
    """Sends its parameter sets in the description alone, and no "=" at their ends."""

    pack = staticmethod(without_sets)

    @property
    def media(self) -> str:  # type: ignore[override]
        sets = (nal for nal in clips.clip("moving").units[0] if nal[0] & 31 in (7, 8))
        told = ",".join(b64encode(nal).decode().rstrip("=") for nal in sets)
        return f"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 sprop-parameter-sets={told}\r\n"


H264 = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 sprop-parameter-sets=?,AA;packetization-mode=1\r\n"
MODE_2 = H264.replace("packetization-mode=1", "packetization-mode=2;sprop-interleaving-depth=4")
UNKNOWN, NAMELESS = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 X-NEW/90000\r\n", "m=video 0 RTP/AVP 96\r\n"
METADATA = "m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\na=control:trackID=9\r\n"
H265, NUMBERED = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n", "a=fmtp:96 sprop-max-don-diff=1\r\n"
MPEG4 = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 MP4V-ES/90000\r\na=fmtp:96 profile-level-id=1;config=000001b001\r\n"
JPEG, SIZE = "m=video 0 RTP/AVP 26\r\n", "a=framesize:26 2560-1440\r\n"
# Kinds of healthy cameras, and why they show their picture only at the second look.
HEALTHY: dict[str, tuple[type[Odd], Help | None]] = {
    "parameter sets and picture in one unit": (odd(in_one_unit), None),
    "all in one packet": (odd(in_one_packet), None),
    "start codes before units": (odd(with_codes), None),
    "no marker": (odd(unmarked), None),
    "marker on every slice, joined in the middle": (odd(marked_slices, partial(pictures, 1)), None),
    "marker on every slice": (odd(marked_slices), Help.MISREAD),
    "no end of a fragmented unit": (odd(without_end), None),
    "numbers that stand": (odd(standing), None),
    "numbers that jump": (odd(jumping), None),
    "sound and reports on the channel": (odd(with_sound), None),
    "packets of a dead session": (odd(after_a_dead_session), None),
    "padding": (odd(with_padding), None),
    "extensions and contributors": (odd(with_extensions), None),
    "delimiter and messages in packets of their own": (odd(preceded), None),
    "fragments that are first and last at once": (odd(in_one_piece), None),
    "an aggregate with a rest": (odd(with_a_rest), None),
    "another channel than asked for": (odd(channel=4), None),
    "parameter sets that change": (odd(stream=changed), None),
    "H.265": (odd(h265, of("h265"), media=H265), None),
    "H.265, aggregated": (odd(h265_aggregated, of("h265"), media=H265), None),
    "H.265, gradual refresh": (odd(h265, announced, media=H265, every=0.2), Help.MISREAD),
    "JPEG": (odd(jpeg, of("jpeg"), media=JPEG), None),
    "JPEG, tables now and then": (odd(jpeg_by_quality, of("jpeg"), media=JPEG), None),
    "JPEG, restart markers": (odd(jpeg_restarting, lambda: iter(restarting() * 400), media=JPEG), None),
    "one time for all": (odd(at_one_time), None),
    "one time for all, joined in the middle": (odd(at_one_time, partial(pictures, 1)), Help.MISREAD),
    "parameter sets with markers and times of their own": (odd(marked_units), None),
    "a time for each slice": (odd(timed_slices), Help.MISREAD),
    "a time for each packet": (odd(timed_packets), Help.MISREAD),
    "a source for each packet": (odd(of_many_names), Help.MISREAD),
    "two sources in turns": (odd(of_two_names), Help.MISREAD),
    "delimiters, fillings and ends": (odd(with_fillings), None),
    "reports of every kind on the channel": (odd(with_feedback), None),
    "fifteen contributors, an empty extension": (odd(with_everything), None),
    "extension of a replay": (odd(replayed), None),
    "empty packets between": (odd(between=b"$\0\0\0$\1\0\0"), None),
    "requests of its own between": (odd(between=b"OPTIONS rtsp://x/ RTSP/1.0\r\nCSeq: 1\r\n\r\n"), None),
    'parameter sets in the description alone, without "="': (InDescription, None),
    "JPEG, as its file is": (odd(jpeg_as_it_is, files(640, 360), media=JPEG), None),
    "JPEG, of an odd size": (odd(jpeg_as_it_is, files(1366, 766), media=JPEG), None),
    "JPEG, the end within": (odd(jpeg_ended, files(640, 360), media=JPEG), None),
    "JPEG, three tables": (odd(jpeg_of_three_tables, files(640, 360), media=JPEG), None),
    "JPEG, 4:2:2": (odd(jpeg_of_half_width, files(640, 360, SAMPLING, 0x211111), media=JPEG), None),
    "two fields of a frame": (odd(stream=lambda: iter(fields() * 40)), None),
    "a time for each field": (
        odd(stream=lambda: (half for one in fields() * 40 for half in parted(one))),
        None,
    ),
    "gradual refresh": (odd(stream=lambda: iter(refreshed()), every=0.2), Help.MISREAD),
    "each packet twice": (odd(twice), None),
    "padding that is not there": (odd(with_a_false_flag), None),
    "H.265, padding and extensions": (odd(h265_padded, of("h265"), media=H265), None),
    "JPEG, padding and extensions": (odd(jpeg_padded, of("jpeg"), media=JPEG), None),
    "only UDP": (over_udp(), None),
    "only UDP, packets swapped": (over_udp(swapped), None),
    "only UDP, each packet twice": (over_udp(twice), None),
    "only UDP, marker on every slice": (over_udp(marked_slices), Help.MISREAD),
    "only UDP, a time for each packet": (over_udp(timed_packets), Help.MISREAD),
    "only UDP, a time for each packet, and many are lost": (over_udp(timed_and_partly_lost), Help.NETWORK),
    "silent over TCP, a time for each packet over UDP": (over_udp(timed_packets, kind=OnlyUdp), Help.UDP),
    "silent before the next key picture": (Relay, Help.SLOW),
}


# Kinds of which FFmpeg 5.1 shows nothing, which does not make them sick: it drops what the description does not name,
# looks for the numbers of H.265 in each piece of a unit, not in the first alone (RFC 7798, 4.4.3), and knows nothing of
# the heads that ONVIF has for JPEG (Streaming Specification, 5.1.4). What is no packet it reads on as a line.
SEEN_HERE_ALONE: dict[str, type[Odd]] = {
    "another payload type than described": odd(undescribed),
    "H.265, numbered": odd(h265_numbered, of("h265"), media=H265 + NUMBERED),
    "packets of mode 2 that are not described": odd(by_mode_two),
    "numbers of their order with units and pieces": odd(in_pieces_of_mode_two),
    "H.265, more words in the head of each packet": odd(h265_wrapped, of("h265"), media=H265),
    "H.265, numbered and not described so": odd(h265_numbered, of("h265"), media=H265),
    "H.265, described as numbered and not so": odd(h265, of("h265"), media=H265 + NUMBERED),
    "JPEG, wider than can be said, and the rest alone told": odd(jpeg_as_it_is, files(2560, 1440), media=JPEG),
    "metadata before its pictures": odd(media=METADATA + H264),
    "another video track before its pictures": odd(media=METADATA.replace("application", "video") + H264),
    "on another channel than it said": Elsewhere,
    "called H.264, and is H.265": odd(h265, of("h265"), media=H264),
    "called H.265, and is H.264": odd(media=H265),
    "called JPEG by its number, and is H.264": odd(media=JPEG),
    "called H.264, and is JPEG": odd(jpeg, of("jpeg"), media=H264),
    "called MPEG-4, and is H.264": odd(media=MPEG4),
    "called MPEG-4, and is H.265": odd(h265, of("h265"), media=MPEG4),
    "of a codec that nobody knows by its name": odd(h265, of("h265"), media=UNKNOWN),
    "of a codec without a name": odd(media=NAMELESS),
    "JPEG, no marker and one time for all": odd(jpeg_unmarked, of("jpeg"), media=JPEG),
    "JPEG, a time for each packet": odd(jpeg_timed, of("jpeg"), media=JPEG),
    "JPEG, packets swapped": odd(jpeg_swapped, of("jpeg"), media=JPEG),
    "JPEG, wider than 2,040 pixels, told in the description": odd(jpeg_as_it_is, files(2560, 1440), media=JPEG + SIZE),
    "JPEG, wider than can be said, told in the description": odd(
        jpeg_without_size, files(2560, 1440), media=JPEG + SIZE
    ),
    "JPEG, a marker on each packet": odd(jpeg_marked, of("jpeg"), media=JPEG),
    "UDP alone, said in another word": over_udp(status="500 Internal Server Error"),
    "UDP alone, and TCP is a bad request": over_udp(status="400 Bad Request"),
    "pieces of packets between": odd(between=bytes(range(64, 256))),
    "JPEG, wider than 2,040 pixels": odd(onvif_jpeg, files(2560, 1440), media=JPEG),
    "JPEG, wider than 2,040 pixels, told now and then": odd(onvif_jpeg_now_and_then, files(2560, 1440), media=JPEG),
    "JPEG, wider than 2,040 pixels, of a replay": odd(onvif_jpeg_replayed, files(2560, 1440), media=JPEG),
    "JPEG, wider than 2,040 pixels, told before": odd(onvif_jpeg_apart, files(2560, 1440), media=JPEG),
    "JPEG, with Huffman tables of its own": odd(onvif_jpeg, files(3840, 2160, OPTIMIZE, 1), media=JPEG),
}
# Kinds that show no picture, what is said of them, and what whoever is called for it is to look into; None: nobody is.
SICK: dict[str, tuple[type[Odd], str, str | None]] = {
    "nothing that decodes": (odd(junk), "not_decodable", None),
    "a slice lost before it was sent": (odd(torn), "decode_failed", "đường truyền"),
    "packets without a picture": (
        odd(stream=lambda: (u for u in pictures() if u[0][0] & 31 == 1)),
        "not_decodable",
        None,
    ),
    "nothing over TCP, and nothing that decodes over UDP": (over_udp(junk, kind=OnlyUdp), "not_decodable", None),
    "UDP alone, and nothing that decodes": (over_udp(junk), "not_decodable", None),
    "UDP alone, and a third of it is lost on the way": (over_udp(partly_lost), "unconfirmed", None),
    "nothing over TCP, and damage over UDP": (over_udp(torn, kind=OnlyUdp), "not_decodable", None),
    "nothing at all": (odd(stream=lambda: iter(())), "no_frame", "khởi động lại camera"),
    "an aggregate that lies about its sizes": (odd(with_lies), "not_decodable", None),
    "H.265 of which half is missing": (odd(h265_torn, of("h265"), media=H265), "decode_failed", "đường truyền"),
    "H.265, gradual refresh of which nothing tells": (
        odd(h265, lambda: iter(refreshed("h265")), media=H265),
        "not_decodable",
        None,
    ),
    "packets of mode 2 in another order": (odd(disordered), "not_decodable", None),
    "slices of mode 2 in another order": (odd(disordered_slices, media=MODE_2), "not_decodable", None),
    "slices of mode 2 in another order, not described": (odd(disordered_slices), "not_decodable", None),
    "JPEG wider than can be said": (odd(jpeg_too_wide, of("jpeg"), media=JPEG), "not_decodable", None),
    "JPEG whose tables never come": (odd(jpeg_without_tables, of("jpeg"), media=JPEG), "not_decodable", None),
}
