"""What packets plainly are is believed, whatever a description calls them; what is not plain is left."""

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.demo import clips
from dondoc.probing.rtsp import sdp
from dondoc.probing.rtsp.jpeg import Pieces
from dondoc.probing.rtsp.readers import Pictures
from dondoc.probing.rtsp.recogniser import MANY, Recogniser, is_numbered
from tests.probing import zoo


def packets(pack: Callable[..., list[bytes]], codec: str, pictures: int = 12) -> list[bytes]:
    sent = list[bytes]()
    for number, unit in enumerate(clips.clip("moving", codec).units[:pictures]):
        sent += pack(unit, len(sent), number * 9000)
    return sent


WAYS: dict[str, tuple[Callable[..., list[bytes]], str]] = {
    "H.264": (zoo.plain, "h264"),
    "H.264, start codes before units": (zoo.with_codes, "h264"),
    "H.264, all in one packet": (zoo.in_one_packet, "h264"),
    "H.264, of mode 2": (zoo.by_mode_two, "h264"),
    "H.264, with sound and reports": (zoo.with_sound, "h264"),
    "H.265": (zoo.h265, "h265"),
    "H.265, aggregated": (zoo.h265_aggregated, "h265"),
    "H.265, wrapped": (zoo.h265_wrapped, "h265"),
    "H.265, numbered": (zoo.h265_numbered, "h265"),
    "JPEG": (zoo.jpeg, "jpeg"),
    "JPEG, tables now and then": (zoo.jpeg_by_quality, "jpeg"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("named", ["H264/90000", "H265/90000", "JPEG/90000", "MP4V-ES/90000", "X-NEW/90000", ""])
def test_what_a_camera_sends_is_recognised_whatever_it_calls_it(way: str, named: str) -> None:
    pack, codec = WAYS[way]
    rtpmap = f"a=rtpmap:96 {named}\r\n" if named else ""
    track = sdp.video(f"v=0\r\nm=video 0 RTP/AVP 96\r\n{rtpmap}".encode())
    assert track
    pictures = Pictures(track, reliable=True)
    made = [pictures.feed(one) for one in packets(pack, codec)]
    assert pictures.track.codec == codec
    assert any(made)


def test_few_signs_or_signs_that_disagree_are_not_believed() -> None:
    few, mixed = Recogniser(), Recogniser()
    sent, other = packets(zoo.plain, "h264"), packets(zoo.h265, "h265")
    assert [few.feed(one) for one in sent[: MANY - 1]] == [None] * (MANY - 1)
    assert {mixed.feed(one) for pair in zip(sent, other, strict=False) for one in pair} == {None}


def test_mpeg4_is_taken_for_nothing_else() -> None:
    """Its pieces begin with any bytes: one in six looks like a unit of H.264."""
    encoder: Any = av.CodecContext.create("mpeg4", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 640, 360, "yuv420p", Fraction(1, 10)
    encoder.bit_rate = 8_000_000
    track = sdp.video(b"v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 MP4V-ES/90000\r\n")
    assert track
    pictures, looks_like = Pictures(track, reliable=True), Counter[str]()
    for number in range(12):
        frame = av.VideoFrame.from_ndarray(clips.SCENES["moving"](number), format="rgb24").reformat(format="yuv420p")
        picture = b"".join(map(bytes, encoder.encode(frame)))
        pieces = [picture[at : at + 200] for at in range(0, len(picture), 200)]
        for piece in pieces:
            pictures.feed(zoo.packet(piece, sum(looks_like.values()), number * 9000, piece is pieces[-1]))
            looks_like[Recogniser()._sign(piece)] += 1
    assert pictures.track.codec == "mpeg4"
    assert looks_like["h264"] > MANY


def test_numbers_of_a_decoding_order_are_seen_by_a_parameter_set() -> None:
    vps = next(nal for nal in clips.clip("moving", "h265").units[0] if nal[0] == 0x40)
    assert is_numbered(vps) is False
    assert is_numbered(vps[:2] + b"\0\7" + vps[2:]) is True
    assert is_numbered(b"\x42" + vps[1:]) is None


@given(st.lists(st.binary(max_size=30), max_size=40))
def test_any_packets_are_something_or_nothing(sent: list[bytes]) -> None:
    recogniser = Recogniser()
    for one in sent:
        recogniser.feed(b"\x80\x60" + one)
        is_numbered(one)


def test_packets_without_content_are_no_end_of_a_jpeg() -> None:
    reader = Pieces()
    sent = [x for one in packets(zoo.jpeg, "jpeg", 3) for x in (one[:12], one)]
    assert sum(1 for one in sent if reader.feed(one)) == 2


@given(st.lists(st.binary(max_size=40), max_size=12))
def test_any_pieces_are_a_jpeg_or_none(sent: list[bytes]) -> None:
    reader = Pieces()
    for one in sent:
        reader.feed(b"\x80\x1a" + bytes(10) + one)
    reader.taken()


def test_senders_and_numbers_without_end_make_nobody_read_a_description_again() -> None:
    described = "a=fmtp:96 sprop-vps=" + ",".join(["QAE="] * 12_000)
    track = sdp.video(f"v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n{described}\r\n".encode())
    assert track
    assert len(track.parameter_sets) == sdp.MOST_SETS
    assert track.parameter_sets is track.parameter_sets
    pictures = Pictures(track)
    vps = b"\x40\x01\x0c\x01\xff\xff\0\0", b"\x40\x01\0\0\x0c\x01\xff\xff"
    tracks = set[int]()
    for number in range(20):
        pictures.feed(b"\x80\x60" + number.to_bytes(2) + bytes(8) + vps[number % 2])
        tracks.add(id(pictures.track))
    assert len(tracks) <= 2
