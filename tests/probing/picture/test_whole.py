"""A damaged picture is not taken for whole, nor a whole one for damaged; `bench/cameras/damage.py` tries more."""

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.demo import clips, rtp
from dondoc.probing.picture import decode, h264, units, whole
from dondoc.probing.picture.bits import Bits, closed, golomb
from dondoc.probing.picture.h265 import COLUMN, _Sps, wider
from dondoc.probing.picture.measure import Planes
from dondoc.probing.picture.shifted import quantisation_step, shifted
from dondoc.probing.rtsp.codecs import Frames
from tests.probing.zoo import fields, parted

TENTH = Fraction(1, 10)
Damage = Callable[[bytes], bytes]
DAMAGES: dict[str, Damage] = {
    "bytes replaced": lambda unit: unit[: len(unit) // 2] + bytes(range(7, 47)) + unit[len(unit) // 2 + 40 :],
    "a piece missing": lambda unit: unit[: len(unit) // 2] + unit[len(unit) // 2 + 300 :],
    "the tail missing": lambda unit: unit[: -len(unit) // 4],
    "a little of the tail missing": lambda unit: unit[:-40],
    "zeros": lambda unit: unit[: len(unit) // 2] + bytes(40) + unit[len(unit) // 2 + 40 :],
    "nothing left": lambda unit: b"",
}


@pytest.mark.parametrize("scene", ["moving", "dark", "covered"])
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_whole_picture_is_taken_and_each_damage_of_each_slice_seen(codec: str, scene: str) -> None:
    unit = clips.clip(scene, codec).units[0]
    assert decode.decode(codec, units.joined(unit)) is not None
    slices = [n for n, nal in enumerate(unit) if units.is_slice(codec, nal) and len(nal) > 400]
    taken = [
        (number, name)
        for number in slices
        for name, damage in DAMAGES.items()
        if decode.decode(codec, units.joined(filter(None, (*unit[:number], damage(unit[number]), *unit[number + 1 :]))))
    ]
    assert taken == []
    assert slices or scene != "moving"


def test_a_jpeg_that_lacks_bytes_is_damaged() -> None:
    collected = Frames("jpeg")
    sent = [packet[4:] for number in range(3) for packet in rtp.played("moving", "jpeg", number)]
    jpeg = next(picture for packet in sent if (picture := collected.feed(packet)))
    assert decode.decode("jpeg", jpeg) is not None
    for cut in (jpeg[:-300] + jpeg[-2:], jpeg[:4000] + jpeg[4700:], jpeg[:4000] + bytes(500) + jpeg[4500:]):
        assert decode.decode("jpeg", cut) is None


def test_a_jpeg_whose_packets_had_no_room_for_its_size_is_taken_in_the_larger_one() -> None:
    large = cv2.imencode(".jpg", cv2.resize(clips.SCENES["moving"](0), (2560, 1440)))[1].tobytes()
    at = large.index(b"\xff\xc0") + 5
    told = large[:at] + (1440).to_bytes(2) + (2560 - 2048).to_bytes(2) + large[at + 4 :]
    made = decode.decode("jpeg", told)
    assert made
    assert made.y.shape == (1440, 2560)
    assert decode.decode("jpeg", told[:-900] + told[-2:]) is None
    largest = large[:at] + b"\xff\xf0\xff\xf0" + large[at + 4 :]
    assert [*whole.larger(largest)] == [*whole.larger(b"\xff\xc0")] == []


@pytest.mark.parametrize("zeros", [1, 3, 15, 300])
def test_zeros_before_the_end_of_a_jpeg_fill_up_and_do_not_stand_for_what_is_missing(zeros: int) -> None:
    jpeg = clips.clip("moving", "jpeg").units[0][0]
    assert decode.decode("jpeg", jpeg[:-2] + bytes(zeros) + jpeg[-2:]) is not None
    assert decode.decode("jpeg", jpeg[: -2 - max(zeros, 9)] + bytes(max(zeros, 9)) + jpeg[-2:]) is None


# Rows and columns of a picture of 360 × 640 that are brighter, and whether a wrong code may have done that.
BRIGHTER: dict[str, tuple[tuple[slice, slice], ...]] = {
    "from a block on": ((slice(288, 304), slice(240, 640)), (slice(304, 360), slice(640))),
    "a bar below": ((slice(320, 360), slice(640)),),
    "a bar above": ((slice(0, 48), slice(640)),),
    "a shore, and a post at its end": ((slice(288, 304), slice(608, 640)), (slice(304, 360), slice(640))),
    "a shore, and a post at its beginning": ((slice(288, 304), slice(32, 640)), (slice(304, 360), slice(640))),
    "a wide sign": ((slice(160, 224), slice(32, 640)),),
    "a wide roof and a wall": ((slice(160, 360), slice(0, 560)),),
    "none": (),
}


@pytest.mark.parametrize("scene", ["moving", "infrared", "covered", "blurred"])
@pytest.mark.parametrize("kind", BRIGHTER)
def test_what_is_brighter_from_one_block_on_is_a_wrong_code(kind: str, scene: str) -> None:
    picture = decode.decode("jpeg", clips.clip(scene, "jpeg").units[0][0])
    assert picture
    y = picture.y.copy()
    for place in BRIGHTER[kind]:
        y[place] = np.minimum(y[place].astype(int) + 20, 255)
    assert shifted(Planes(y, *picture[1:])) is (kind == "from a block on")


@pytest.mark.parametrize("quality", [25, 35, 50])
@pytest.mark.parametrize("scene", ["blurred", "large", "infrared"])
def test_a_slope_of_colours_in_a_coarse_picture_between_bars_is_no_wrong_code(scene: str, quality: int) -> None:
    image = clips.SCENES[scene](0)[:, :, ::-1].copy()
    image[:40] = image[-40:] = 0
    file = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
    assert decode.decode("jpeg", file)


@pytest.mark.parametrize("fill", [b"", b"\xff", b"\xff" * 3])
def test_the_quantisation_step_of_a_jpeg_is_read_behind_bytes_that_fill_up(fill: bytes) -> None:
    file = cv2.imencode(".jpg", np.zeros((48, 48), np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 10])[1].tobytes()
    at = file.index(b"\xff\xdb")
    assert quantisation_step(file[:at] + fill + file[at:]) == 80 / 8


@pytest.mark.parametrize("left", [160, 320, 480])
def test_letters_across_the_step_do_not_hide_a_wrong_code(left: int) -> None:
    y = np.full((360, 640), 60, np.uint8)
    cv2.putText(y, "NO SIGNAL", (180, 300), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 235, 4, cv2.LINE_AA)
    grey = np.full((180, 320), 128, np.uint8)
    assert not shifted(Planes(y, grey, grey, False))
    y[288:304, left:] -= 25
    y[304:] -= 25
    assert shifted(Planes(y, grey, grey, False))


def test_the_quantisation_step_is_read_of_all_tables() -> None:
    image = clips.SCENES["moving"](0)
    coarse, fine = (cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, q])[1].tobytes() for q in (25, 95))
    assert (quantisation_step(coarse), quantisation_step(fine)) == (34 / 8, 2 / 8)  # T.81, K.1: 17 for colours
    assert quantisation_step(b"\xff\xd8\xff\xdb\0\x05") == 0
    wide = b"\xff\xd8\xff\xdb" + (2 + 129).to_bytes(2) + b"\x10" + (400).to_bytes(2) * 64 + b"\xff\xda"
    assert quantisation_step(wide) == 50


def test_what_is_no_parameter_set_is_not_made_taller() -> None:
    assert [h264.taller(sps) for sps in (b"", b"\x67", b"\x67\x00", b"\x67" + bytes(9))] == [None] * 4
    sps = next(nal for nal in clips.clip("moving").units[0] if nal[0] & 31 == 7)
    made = h264.taller(sps)
    assert made
    assert (made.rows, made.sps != sps) == (32, True)


def x264(params: str, size: tuple[int, int], form: str = "yuv420p") -> list[bytes]:
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base, encoder.thread_count = *size, form, TENTH, 1
    encoder.options = {"preset": "ultrafast", "x264-params": f"{params}:keyint=1:repeat-headers=1"}
    frame = av.VideoFrame.from_ndarray(clips.SCENES["moving"](0), format="rgb24").reformat(*size, form)
    return units.split(b"".join(map(bytes, [*encoder.encode(frame), *encoder.encode(None)])))


@pytest.mark.parametrize("slices", [1, 4])
@pytest.mark.parametrize("lost", [1, 2, 3, 6, 12])
def test_codes_without_memory_tell_that_the_last_bytes_of_a_slice_are_missing(slices: int, lost: int) -> None:
    """By CAVLC, as cheap cameras encode: a player takes all of such a slice for lost, and conceals it."""
    given = x264(f"cabac=0:slices={slices}", (640, 360))
    assert decode.decode("h264", units.joined(given))
    for n, unit in enumerate(given):
        if units.is_slice("h264", unit):
            cut = [*given[:n], unit[:-lost], *given[n + 1 :]]
            with pytest.raises(whole.Damaged):
                decode.whole_picture("h264", units.joined(cut))


def test_what_cannot_be_read_beside_a_picture_is_no_damage() -> None:
    given, message = x264("cabac=0:slices=2", (640, 360)), b"\x06\x05\xff\x7f" + bytes(range(9, 30))
    assert decode.decode("h264", units.joined([*given[:2], message, *given[2:]]))


@pytest.mark.parametrize("bottom", [False, True])
@pytest.mark.parametrize("frame", [False, True])
def test_a_field_is_a_picture_and_each_damage_of_it_seen(frame: bool, bottom: bool) -> None:
    first, second = parted(fields(int(bottom))[0])
    behind = second if frame else ()
    made = decode.decode("h264", units.joined((*first, *behind)))
    assert made
    assert made.y.shape == (384, 640)
    assert units.is_key("h264", [nal for nal in (*first, *behind) if not units.is_set("h264", nal)])
    pieces = [n for n, nal in enumerate(first) if units.is_slice("h264", nal)]
    seen = {
        (n, name): decode.decode(
            "h264", units.joined(filter(None, (*first[:n], damage(first[n]), *first[n + 1 :], *behind)))
        )
        for n in pieces
        for name, damage in DAMAGES.items()
    }
    assert len(pieces) == 2
    assert [where for where, picture in seen.items() if picture] == []


def test_a_slice_that_goes_on_beyond_what_is_cut_off_at_the_lower_edge_is_damaged() -> None:
    small, large = x264("", (320, 180)), x264("", (320, 208))  # of 12 rows of blocks, and of 13
    sets = [nal for nal in small if units.is_set("h264", nal)]
    assert decode.decode("h264", units.joined(small)) is not None
    assert decode.decode("h264", units.joined((*sets, *(nal for nal in large if nal[0] & 31 == 5)))) is None


@pytest.mark.parametrize("cut", [0, 14, 16, 32, 100])
def test_rows_that_are_coded_and_not_shown_are_no_damage(cut: int) -> None:
    """Encoders that code heights in 32 cut off 16 rows of 720 alone."""
    stream = x264(f"crop-rect=0,0,0,{cut}", (320, 208))
    made = decode.decode("h264", units.joined(stream))
    assert made
    assert made.y.shape == (208 - cut, 320)
    pieces = [n for n, nal in enumerate(stream) if units.is_slice("h264", nal)]
    torn = [nal[: len(nal) // 3] if n == pieces[0] else nal for n, nal in enumerate(stream)]
    assert decode.decode("h264", units.joined(torn)) is None


@pytest.mark.parametrize("params", ["tff=1", "fake-interlaced=1:slices=4", "bff=1:slices=5:cabac=0"])
@pytest.mark.parametrize("form", ["yuv420p", "yuv422p10le", "yuv444p", "gray"])
def test_an_interlaced_frame_of_any_format_is_whole(params: str, form: str) -> None:
    stream = units.joined(x264(params, (704, 576), form))
    assert decode.decode("h264", stream) is not None
    assert decode.decode("h264", stream[:-300]) is None


@lru_cache
def h265(params: str, size: tuple[int, int] = (640, 360), form: str = "yuv420p") -> bytes:
    return h265_pictures(params, 1, size, form)[0]


@lru_cache
def h265_pictures(params: str, count: int, size: tuple[int, int], form: str = "yuv420p") -> list[bytes]:
    encoder: Any = av.CodecContext.create("libx265", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = *size, form, TENTH
    encoder.options = {"preset": "ultrafast", "x265-params": f"{params}:repeat-headers=1:log-level=none"}
    made = []
    for number in range(count):
        frame = av.VideoFrame.from_ndarray(clips.SCENES["moving"](number), format="rgb24").reformat(*size, form)
        frame.pts = number
        made += encoder.encode(frame)
    return [bytes(packet) for packet in (*made, *encoder.encode(None))]


# Ways of H.265, and whether its end is seen in one decode: without lines of blocks of their own, in whole blocks.
WAYS = {
    "wpp=0": True,
    "wpp=0:ctu=16:sao=0:deblock=1": True,
    "wpp=0:ctu=32:scaling-list=default:cbqpoffs=2": True,
    "wpp=0:no-deblock=1:temporal-layers=1:aud=1": True,
    "wpp=1": False,
}


@pytest.mark.parametrize("params", WAYS)
def test_a_wider_picture_is_the_same_but_for_what_smooths_its_edge(params: str) -> None:
    stream = h265(params)
    wide = wider(units.split(stream))
    assert (wide is not None) is WAYS[params]
    made, plain = decode.decode("h265", stream), decode._first("h265", stream)
    assert made
    assert plain
    edge = 600 - 2 * (COLUMN if wide else 0)
    for one, other in zip(made[:3], plain[:3], strict=True):
        assert one.shape == other.shape
        assert np.array_equal(one[:, : edge * one.shape[1] // 640], other[:, : edge * one.shape[1] // 640])
        assert np.abs(one.astype(int) - other).max() < 16


@given(st.lists(st.sampled_from([b"\0", b"\0\0\3", b"\3", b"\7", b"\0\3"]), max_size=12).map(b"".join))
def test_what_fills_up_behind_a_unit_is_left_out(tail: bytes) -> None:
    kept = b"\x65" + tail
    while kept.endswith((b"\0", b"\0\0\3")):
        kept = kept[:-3] if kept.endswith(b"\3") else kept[:-1]
    assert units.split(b"\0\0\1\x65" + tail + b"\0\0\3" * 40_000) == [kept]


def cut_off(stream: bytes, right: int, bottom: int) -> bytes:
    """The same of H.265, with so many columns and rows that are not shown."""
    given = units.split(stream)
    sps = next(unit for unit in given if units.kind("h265", unit) == 33)
    read = _Sps.of(Bits(sps[2:]))
    end = read.at[1]
    window = "1" + golomb(0) + golomb(right // 2) + golomb(0) + golomb(bottom // 2)
    cut = sps[:2] + closed(read.bits[:end] + window + read.bits[end + 1 :])
    return units.joined(cut if unit == sps else unit for unit in given)


@pytest.mark.parametrize(("right", "bottom"), [(8, 0), (62, 0), (0, 50), (0, 56), (0, 62), (8, 62), (0, 64), (64, 0)])
def test_of_h265_what_is_coded_and_not_shown_is_no_damage(right: int, bottom: int) -> None:
    stream = cut_off(h265("wpp=0", (640, 384)), right, bottom)
    made = decode.decode("h265", stream)
    assert made
    assert (made.y.shape, made.u.shape) == ((384 - bottom, 640 - right), ((384 - bottom) // 2, (640 - right) // 2))
    assert decode.decode("h265", stream[:-100]) is None


def test_of_h265_that_is_not_made_wider_the_end_is_seen_all_the_same() -> None:
    stream = h265("wpp=0", (360, 200))  # no whole blocks wide
    assert wider(units.split(stream)) is None
    assert decode.decode("h265", stream) is not None
    assert decode.decode("h265", stream[:-100]) is None


@pytest.mark.parametrize("params", ["wpp=1:hash=1", "wpp=1:slices=4:hash=1"])
@pytest.mark.parametrize("size", [(640, 360), (352, 288)])
def test_what_is_told_behind_the_last_slice_of_h265_makes_no_damage(params: str, size: tuple[int, int]) -> None:
    """Some encoders add a check sum of the picture."""
    stream = h265(params, size)
    assert units.kind("h265", units.split(stream)[-1]) == 40
    assert decode.decode("h265", stream) is not None


@pytest.mark.parametrize("params", ["wpp=0", "wpp=0:crf=20", "wpp=0:crf=34"])
def test_of_h265_that_is_not_made_wider_a_bit_near_its_end_spoils_it_to_be_seen(params: str) -> None:
    """Nearly each that leaves a picture of another brightness: arithmetic codes come to another end."""
    stream = h265(params, (360, 200))
    plain = decode._first("h265", stream)
    assert plain
    taken = []
    for at in range(1, 41):
        for bit in (0, 3, 7):
            flipped = bytearray(stream)
            flipped[-at] ^= 1 << bit
            made = decode._first("h265", bytes(flipped))
            if made and np.abs(made.y.astype(int) - plain.y).max() > 8:
                taken += [decode.decode("h265", bytes(flipped)) is not None]
    assert len(taken) > 60
    assert sum(taken) <= 1  # 4 to 7 where it is only asked whether any of the last bits matters


@given(st.integers(0, 10_000), st.binary(max_size=40))
def test_whatever_a_camera_sends_is_made_wider_or_left(at: int, bytes_there: bytes) -> None:
    stream = h265("wpp=0")
    given = units.split(stream[: at % 200] + bytes_there + stream[at % 200 + len(bytes_there) :])
    made = wider(given)
    if made:
        assert {len(one) for one in (made.ending(), made.going_on, *made.columns)} == {len(given)}


@pytest.mark.parametrize("params", ["wpp=0", "wpp=0:ctu=16:sao=0", "wpp=1", "wpp=1:slices=4"])
def test_of_h265_a_slice_that_ends_at_the_last_block_and_not_at_its_last_byte_is_damaged(params: str) -> None:
    stream = h265(params)
    assert decode.decode("h265", stream) is not None
    assert decode.decode("h265", stream + bytes(range(7, 47))) is None


def test_the_end_of_h265_is_seen_in_one_decode_be_it_that_the_decoder_reads_on_one_byte_too_far() -> None:
    decoded: list[tuple[int, ...]] = []

    def counted(stream: bytes, manner: whole.Manner) -> Planes | None:
        made = decode._checked("h265", stream, manner)
        decoded.append(made.y.shape if made else ())
        return made

    seen = Counter[tuple[int, int]]()
    for quality in range(14, 35):
        for stream in h265_pictures(f"wpp=0:keyint=1:crf={quality}", 6, (320, 192)):
            decoded.clear()
            assert whole.assembled("h265", stream, counted)
            seen[decoded.count((192, 320 + COLUMN)), decoded.count((COLUMN, COLUMN))] += 1
    assert {*seen} == {(1, 1), (1, 2)}, seen  # of the whole picture, of the column alone


# Ways to say which pictures those after a key picture refer to, which may be shown before it (open GOP).
OPEN = {
    "bframes=2": 8,
    "bframes=3:b-pyramid=1:ref=4": 12,
    "bframes=4:b-adapt=0:no-temporal-mvp=1": 10,
    "bframes=2:multi-pass-opt-rps=1": 12,
    "bframes=2:opt-ref-list-length-pps=1:opt-qp-pps=1": 12,  # with parameter sets of several numbers
}


@pytest.mark.parametrize("params", OPEN)
def test_the_end_of_h265_is_seen_in_a_key_picture_within_a_sequence(params: str) -> None:
    told = f"wpp=0:open-gop=1:keyint=4:min-keyint=4:scenecut=0:{params}"
    pictures = [units.split(one) for one in h265_pictures(told, OPEN[params] * 2, (640, 360))]
    keys = []
    for n, one in enumerate(pictures):
        sets = units.newest(nal for before in pictures[: n + 1] for nal in before if units.is_set("h265", nal))
        rest = [nal for nal in one if not units.is_set("h265", nal)]
        if units.is_key("h265", rest) and rest[-1][0] >> 1 == 21:
            keys.append([*sets, *rest])
    assert len(keys) > 1
    for key in keys:
        assert wider(key)
        assert decode.decode("h265", units.joined(key)) is not None
        assert decode.decode("h265", units.joined((*key[:-1], key[-1][:-20]))) is None


def test_parts_of_a_slice_of_h265_that_depend_on_it_are_decoded_with_it() -> None:
    stream = units.split(h265("wpp=1:slices=4"))
    pps = next(nal for nal in stream if nal[0] >> 1 == 34)
    pieces = [nal for nal in stream if units.is_slice("h265", nal)]
    allowing = pps[:2] + bytes((pps[2] | 0x20,)) + pps[3:]  # dependent_slice_segments_enabled_flag
    depending = [nal[:2] + bytes((nal[2] | 0x10,)) + nal[3:] for nal in pieces]  # dependent_slice_segment_flag
    assert len(pieces) == 4
    parts = [pieces[0], depending[1], nal_alone(pieces[2]), depending[3]]
    assert whole._turns("h265", [allowing, *parts]) == [[allowing, *parts[:2]], [allowing, *parts]]
    assert len(whole._turns("h265", [pps, *pieces])) == 2


def nal_alone(nal: bytes) -> bytes:
    return nal[:2] + bytes((nal[2] & 0xEF,)) + nal[3:]


def test_what_comes_with_a_picture_of_h265_besides_is_left() -> None:
    """Another layer, for two eyes or a finer picture."""
    stream = units.split(h265("wpp=0"))
    layer = [bytes((nal[0], nal[1] | 8)) + nal[2:] for nal in stream]
    assert decode.decode("h265", units.joined((*stream, *layer))) is not None


def test_damage_that_was_there_before_is_seen_again() -> None:
    """FFmpeg's bindings leave out what was said already."""
    stream = clips.clip("moving", "h265").units[0]
    torn = units.joined((*stream[:-1], stream[-1][: len(stream[-1]) // 2]))
    assert [decode.decode("h265", torn) for _ in range(3)] == [None] * 3


def test_a_whole_picture_whose_last_bytes_are_of_pixels_that_are_not_shown_is_whole() -> None:
    stream = h265("wpp=0:bitrate=4000:vbv-maxrate=4000:vbv-bufsize=4000", (362, 202))
    assert wider(units.split(stream)) is None
    assert decode.decode("h265", stream) is not None
    assert decode.decode("h265", stream[:-100]) is None


@pytest.mark.parametrize("form", ["gray", "gray10le"])
def test_of_a_picture_without_planes_of_colour_damage_and_black_are_not_told_apart(form: str) -> None:
    stream = h265("wpp=0", form=form)
    made = decode.whole_picture("h265", stream)
    assert made
    assert {int(plane.min()) for plane in (made.u, made.v)} == {128}
    assert decode.whole_picture("h265", stream[: len(stream) // 2]) is None


def test_black_in_a_jpeg_without_planes_of_colour_was_written() -> None:
    grey = np.random.default_rng(5).integers(60, 190, (240, 320), np.uint8)
    grey[100:] = 0
    jpeg = cv2.imencode(".jpg", grey)[1].tobytes()
    assert decode.decode("jpeg", jpeg) is not None
    assert decode.decode("jpeg", jpeg[:-400] + jpeg[-2:]) is None


def test_a_parameter_set_that_comes_again_overrules_what_came_between() -> None:
    assert units.newest([b"one", b"other", b"one"]) == [b"other", b"one"]
