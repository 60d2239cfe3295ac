"""Key pictures out of RTP packets: whole or not at all, and no bytes make it stumble."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.demo import clips, rtp
from dondoc.probing.picture import decode as picture
from dondoc.probing.picture import memory
from dondoc.probing.rtsp import depacketise, rare_payloads
from dondoc.probing.rtsp.depacketise import Depacketiser
from dondoc.probing.rtsp.unpacked import unpacked

START = b"\0\0\0\1"
SPS, PPS = b"\x67\x42\x00\x1e", b"\x68\xce\x38\x80"
IDR = b"\x65\x88" + bytes(range(1, 251))


def fed(packets: Iterable[bytes], codec: str = "h264", sets: tuple[bytes, ...] = (SPS, PPS)) -> list[bytes]:
    collected = Depacketiser(codec, sets)
    return [picture for packet in packets if (picture := collected.feed(packet))]


def packets(unit: tuple[bytes, ...], codec: str = "h264", sequence: int = 1, timestamp: int = 9000) -> list[bytes]:
    return [p[4:] for p in rtp.packets(unit, codec, sequence, timestamp)]


def without_marker(packet: bytes) -> bytes:
    return packet[:1] + bytes((packet[1] & 0x7F,)) + packet[2:]


def header(sequence: int = 1, timestamp: int = 9000, first: int = 0x80, marker: bool = True) -> bytes:
    return bytes((first, 96 | 0x80 * marker)) + sequence.to_bytes(2) + timestamp.to_bytes(4) + bytes(4)


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("start", [0, 3])
def test_a_key_picture_comes_out_whole_wherever_one_joins(codec: str, start: int) -> None:
    units = clips.clip("moving", codec).units
    collected, sequence = Depacketiser(codec), 65_530
    for number in range(start, len(units)):
        for packet in packets(units[number], codec, sequence, 0xFFFF_FF00 + number * 90 & 0xFFFF_FFFF):
            sequence += 1
            if found := collected.feed(packet):
                assert number == (0 if start == 0 else clips.KEY_EVERY)
                assert set(clips.nal_units(found)) == {n.rstrip(b"\0") for n in units[number]}
                return
    pytest.fail("no key picture")


@pytest.mark.parametrize("lost", range(1, 4))
def test_a_picture_that_lost_a_piece_is_passed_over_and_the_next_one_taken(lost: int) -> None:
    unit = (b"\x65\x88" + bytes(range(1, 251)) * 20,)
    sent = packets(unit)
    assert len(sent) == 4
    after = packets(unit, sequence=5, timestamp=18_000)
    assert fed(sent[:lost] + sent[lost + 1 :] + after) == [b"".join(START + n for n in (SPS, PPS, *unit))]


def test_a_lost_whole_slice_is_noticed_too() -> None:
    slices = (IDR, b"\x65\x48" + IDR, b"\x65\x49" + IDR)
    sent = packets(slices)
    assert len(fed(sent)) == 1
    assert fed([sent[0], sent[2]]) == []
    assert fed(sent[1:]) == []  # joined in the middle: its first slice is missing


def test_a_picture_without_marker_ends_where_another_begins() -> None:
    sent = [without_marker(p) for p in packets((IDR,)) + packets((b"\x41\x9a" + IDR,), sequence=2, timestamp=18_000)]
    assert fed(sent[:1]) == []
    assert fed(sent) == [b"".join(START + n for n in (SPS, PPS, IDR))]


def test_a_lost_end_is_no_end() -> None:
    after = packets((b"\x41\x9a" + IDR,), sequence=3, timestamp=18_000)
    assert fed([without_marker(packets((IDR,))[0]), *after]) == []


def test_without_parameter_sets_there_is_no_picture() -> None:
    assert fed(packets((IDR,)), sets=()) == []
    assert len(fed(packets((SPS, PPS, IDR)), sets=())) == 1


def test_every_parameter_set_is_kept_and_a_newer_one_comes_later() -> None:
    other, changed = b"\x68\x5b\x0e", b"\x67\x64\x00\x28"
    (found,) = fed(packets((changed, PPS, other, IDR)))
    assert list(clips.nal_units(found)) == [SPS, changed, PPS, other, IDR]


def test_an_aggregated_h265_picture_is_taken_apart() -> None:
    vps, sps, pps, idr = b"\x40\x01\x0c", b"\x42\x01\x01", b"\x44\x01\xc0", b"\x26\x01\xaf" + bytes(range(1, 99))
    inside = b"".join(len(n).to_bytes(2) + n for n in (vps, sps, pps, idr))
    (found,) = fed([header() + b"\x60\x01" + inside], "h265", ())
    assert list(clips.nal_units(found)) == [vps, sps, pps, idr]


def test_of_units_without_end_none_is_kept_beyond_what_a_picture_has() -> None:
    """Units of two bytes: as many as the bytes of a picture allow would be millions, each an object of ours."""
    tiny, at_once = b"\0\2\x65\x88", rare_payloads.MOST_TOGETHER
    assert fed([header() + b"\x18" + tiny * at_once]) == fed([header() + b"\x18" + tiny * (16 * at_once)])
    many = [header(n, marker=False) + b"\x18" + tiny * at_once for n in range(1, 2 * depacketise.MOST_UNITS // at_once)]
    assert fed([*many, header(len(many) + 1) + b"\x18" + tiny]) == []


@pytest.mark.parametrize("unit", [b"", b"\x67\x01", START[1:] + b"\x67"])
def test_of_units_without_end_in_one_packet_a_piece_is_read(unit: bytes) -> None:
    """A packet over TCP has room for 32,000 of them, each of which costs two bytes to send, and us more to read."""
    packet = b"\x18" + (len(unit).to_bytes(2) + unit) * 16_000
    assert len([*unpacked("h264", packet)]) <= rare_payloads.MOST_TOGETHER


def test_padding_extension_and_contributors_are_not_content() -> None:
    extended = header(first=0x80 | 0x20 | 0x10 | 2) + bytes(8) + b"\xbe\xde\0\1abcd" + IDR + b"\0\0\0\4"
    assert fed([extended]) == fed(packets((IDR,)))


@pytest.mark.parametrize("between", [0, 2])
def test_a_packet_without_content_has_a_number_and_is_no_loss(between: int) -> None:
    """Some send one to keep a way open, or to measure it; one that is missing may have had content."""
    unit = (b"\x65\x88" + bytes(range(1, 251)) * 20,)
    sent = packets(unit)
    empty = header(between + 2, marker=False)
    rest = [p[:2] + (int.from_bytes(p[2:4]) + 1).to_bytes(2) + p[4:] for p in sent[between + 1 :]]
    assert fed([*sent[: between + 1], empty, *rest]) == fed(sent)
    for repeated in (between + 1, 0):  # what has no content has no number of its own, either
        assert fed([*sent[: between + 1], header(repeated, marker=False), *sent[between + 1 :]]) == fed(sent)
    assert fed([*sent[: between + 1], *rest]) == []


def test_what_is_larger_than_any_picture_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "LARGEST", 6000)
    assert fed(packets((b"\x65\x88" + bytes(7000),))) == []
    assert fed(packets((IDR, *[b"\x65\x48" + IDR] * 20))) == []
    assert len(fed(packets((IDR, *[b"\x65\x48" + IDR] * 10)))) == 1


def test_a_parameter_set_that_is_larger_than_any_is_not_kept() -> None:
    large = (b"\x67" + bytes(memory.LARGEST // 1024), IDR)
    assert fed(packets(large), sets=()) == []
    assert len(fed(packets((SPS, PPS, IDR)), sets=())) == 1


@lru_cache
def encoded(options: str, pictures: int = 40) -> tuple[tuple[bytes, ...], ...]:
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 320, 192, "yuv420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"preset": "ultrafast", "x264-params": f"repeat-headers=1:scenecut=0:{options}"}
    noise = np.random.default_rng(3).integers(0, 255, (pictures, 24, 40, 3), np.uint8)
    made = []
    for number in range(pictures):
        large = noise[number].repeat(8, 0).repeat(8, 1)
        frame = av.VideoFrame.from_ndarray(large, format="rgb24").reformat(format="yuv420p")
        frame.pts = number
        made += encoder.encode(frame)
    made += encoder.encode(None)
    return tuple(tuple(clips.nal_units(bytes(p))) for p in made)


def numbered(units: Iterable[tuple[bytes, ...]]) -> Iterator[bytes]:
    sequence = 0
    for number, unit in enumerate(units):
        for packet in packets(unit, "h264", sequence, number * 3600):
            sequence += 1
            yield packet


def test_a_picture_of_several_slices_is_one_picture() -> None:
    units = encoded("slices=4:keyint=10", 3)
    slices = sum(n[0] & 31 == 5 for n in units[0])
    assert slices > 1
    (found,) = fed(numbered(units), sets=())
    assert sum(n[0] & 31 == 5 for n in clips.nal_units(found)) == slices
    assert picture.decode("h264", found) is not None


def test_a_camera_with_an_open_gop_is_joined_at_an_intra_picture() -> None:
    units = encoded("open-gop=1:keyint=10:min-keyint=10:bframes=2")
    later = units[1:]
    assert not any(n[0] & 31 == 5 for unit in later for n in unit)
    found = fed(numbered(later), sets=())
    assert found
    assert picture.decode("h264", found[0]) is not None


def test_gradual_refresh_is_not_taken_for_a_picture() -> None:
    assert fed(numbered(encoded("intra-refresh=1:keyint=10:bframes=0")[1:]), sets=()) == []


contents = st.binary(min_size=2, max_size=5000).filter(lambda rest: b"\0\0\1" not in rest)  # no unit has a start code
nals = contents.map(lambda rest: b"\x65\x88" + rest + b"\x80")
nals_265 = contents.map(lambda rest: b"\x26\x01\x88" + rest + b"\x80")


@given(st.lists(nals, min_size=1, max_size=4), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF_FFFF))
def test_whatever_is_packed_for_h264_is_unpacked(unit: list[bytes], sequence: int, timestamp: int) -> None:
    (found,) = fed(packets((SPS, PPS, *unit), "h264", sequence, timestamp), sets=())
    assert found == b"".join(START + n for n in (SPS, PPS, *unit))


@given(st.lists(nals_265, min_size=1, max_size=4), st.integers(0, 0xFFFF))
def test_whatever_is_packed_for_h265_is_unpacked(unit: list[bytes], sequence: int) -> None:
    sets = (b"\x40\x01\x0c", b"\x42\x01\x01", b"\x44\x01\xc0")
    (found,) = fed(packets((*sets, *unit), "h265", sequence), "h265", ())
    assert found == b"".join(START + n for n in (*sets, *unit))


@given(
    st.lists(
        st.binary(max_size=40)
        | st.binary(min_size=11, max_size=40).map(b"\x80".__add__)
        | st.binary(min_size=1, max_size=20).map(header().__add__),
        max_size=8,
    )
)
def test_any_packet_is_taken_without_a_crash(anything: list[bytes]) -> None:
    for codec in ("h264", "h265"):
        fed(anything, codec)
