"""Pictures that are neither H.264 nor H.265, and pictures over UDP: read by ourselves, FFmpeg's packets as referee."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from ipaddress import ip_network
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.demo import clips
from dondoc.demo.fleet import Fleet
from dondoc.probing.picture import decode as picture
from dondoc.probing.picture.baseline import history
from dondoc.probing.probe import probe
from dondoc.probing.rtsp import codecs as frames
from dondoc.probing.rtsp import sdp
from dondoc.probing.rtsp.codecs import CODECS, Frames
from dondoc.probing.rtsp.jpeg import Kept, jpeg
from dondoc.probing.rtsp.readers import Pictures, collector
from dondoc.probing.verdicts import Finding, Target
from tests.processor import at_most

LOOPBACK = [ip_network("127.0.0.0/8")]
# ours → FFmpeg's encoder, its options, those of its packets
ENCODERS = {
    "jpeg": ("mjpeg", {"huffman": "default"}, {}),
    "mpeg4": ("mpeg4", {}, {}),
    "mpeg2": ("mpeg2video", {}, {}),
    "h263": ("h263p", {}, {}),
    "h263-1996": ("h263", {}, {"rtpflags": "rfc2190", "pt": "34"}),
    "vp8": ("libvpx", {}, {}),
    "av1": ("libsvtav1", {"preset": "12"}, {"strict": "experimental"}),
}
REPORTS = range(72, 77)  # payload types that are RTCP's


@pytest.fixture(autouse=True, scope="module")
def _encoded() -> None:
    clips.clip("moving")
    clips.clip("moving", "jpeg")


class Sink:
    """Keeps each packet that FFmpeg writes."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []

    def write(self, data: bytes) -> int:
        if data[1] & 0x7F not in REPORTS:
            self.packets.append(bytes(data))
        return len(data)


@lru_cache
def sent(codec: str, pictures: int = 3, every: int = 1) -> tuple[list[list[bytes]], bytes]:
    """RTP packets as FFmpeg makes them, by picture, and what the description would tell a decoder beforehand.

    Args:
        every: of so many pictures one is a key picture.
    """
    name, options, more = ENCODERS[codec]
    sink = Sink()
    written: list[list[bytes]] = []
    with av.open(sink, "w", format="rtp", options={"packetsize": "1000", **more}, buffer_size=1000) as container:
        stream: Any = container.add_stream(name, rate=10, options={"g": str(every), **options})
        stream.width, stream.height, stream.codec_context.thread_count = 352, 288, 1
        stream.pix_fmt = "yuvj420p" if codec == "jpeg" else "yuv420p"
        for number in range(pictures):
            grey = np.random.default_rng(number).integers(60, 190, (288, 352, 3), np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24").reformat(format=stream.pix_fmt)
            frame.pts = number
            for encoded in stream.encode(frame):
                container.mux(encoded)
        for encoded in stream.encode(None):
            container.mux(encoded)
        beforehand = bytes(stream.codec_context.extradata or b"")
    for packet in sink.packets:
        if not written or packet[4:8] != written[-1][0][4:8]:
            written.append([])
        written[-1].append(packet)
    return written, beforehand if codec == "mpeg4" else b""


def collected(codec: str, packets: Sequence[bytes], beforehand: bytes = b"") -> list[bytes]:
    reader = Frames(codec, (beforehand,))
    return [found for packet in packets if (found := reader.feed(packet))]


@pytest.mark.parametrize("codec", ENCODERS)
def test_a_picture_that_ffmpeg_sends_comes_out_whole_and_is_decoded(codec: str) -> None:
    pictures, beforehand = sent(codec)
    found = collected(codec, [packet for one in pictures for packet in one], beforehand)
    assert found
    decoded = picture.decode(codec, found[0])
    assert decoded is not None
    assert decoded.y.shape == (288, 352)
    assert float(decoded.y.mean()) == pytest.approx(125, abs=4)


@pytest.mark.parametrize("codec", ENCODERS)
def test_a_camera_that_is_joined_between_two_key_pictures_is_taken_for_what_it_is(codec: str) -> None:
    pictures, beforehand = sent(codec, 12, 8)
    named = next(name for name, ours in sdp.CODECS.items() if ours == codec)
    told = f"a=fmtp:96 config={beforehand.hex()}\r\n"
    track = sdp.video(f"m=video 0 RTP/AVP 96\r\na=rtpmap:96 {named}/90000\r\n{told}".encode())
    assert track
    reader = Pictures(track, reliable=True)
    found = [made for one in pictures[1:] for packet in one if (made := reader.feed(packet))]
    assert reader.track.codec == codec
    assert found


@pytest.mark.parametrize("codec", ENCODERS)
def test_a_picture_larger_than_any_camera_takes_is_not_decoded(codec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures, beforehand = sent(codec)
    found = collected(codec, [packet for one in pictures for packet in one], beforehand)
    monkeypatch.setattr(picture, "MOST_PIXELS", 352 * 288 // 2)
    assert picture.decode(codec, found[0]) is None


@pytest.mark.parametrize("codec", ENCODERS)
def test_a_picture_that_lost_any_packet_or_is_joined_in_its_middle_is_passed_over(codec: str) -> None:
    (first, second, *_), beforehand = sent(codec)
    assert len(first) > 2
    (whole,) = collected(codec, first, beforehand)
    for lost in range(len(first)):
        left = [*first[:lost], *first[lost + 1 :], *second]
        assert whole not in collected(codec, left, beforehand)
        assert lost == 0 or len(collected(codec, left, beforehand)) <= 1
    assert collected(codec, first[1:], beforehand) == []


@pytest.mark.parametrize("codec", ENCODERS)
def test_a_packet_without_content_has_a_number_and_is_no_loss(codec: str) -> None:
    (first, *_), beforehand = sent(codec)
    number = int.from_bytes(first[1][2:4])
    empty = b"\x80\x60" + number.to_bytes(2) + first[0][4:12]
    rest = [p[:2] + (int.from_bytes(p[2:4]) + 1 & 0xFFFF).to_bytes(2) + p[4:] for p in first[1:]]
    assert collected(codec, [first[0], empty, *rest], beforehand) == collected(codec, first, beforehand) != []


@pytest.mark.parametrize("codec", ["mpeg4", "mpeg2", "h263", "h263-1996", "vp8"])
def test_a_picture_that_needs_another_is_no_key_picture(codec: str) -> None:
    name, options, more = ENCODERS[codec]
    sink = Sink()
    with av.open(sink, "w", format="rtp", options={"packetsize": "1000", **more}, buffer_size=1000) as container:
        stream: Any = container.add_stream(name, rate=10, options={"g": "600", **options})
        stream.width, stream.height, stream.pix_fmt = 352, 288, "yuv420p"
        stream.codec_context.thread_count = 1
        still = np.random.default_rng(1).integers(60, 190, (288, 352, 3), np.uint8)
        for number in range(8):
            frame = av.VideoFrame.from_ndarray(still, format="rgb24").reformat(format="yuv420p")
            frame.pts = number
            for encoded in stream.encode(frame):
                container.mux(encoded)
    times = {packet[4:8] for packet in sink.packets}
    assert len(times) > 4
    assert len(collected(codec, sink.packets)) == 1


def test_an_av1_picture_of_units_without_end_is_none() -> None:
    most = frames.MOST_UNITS
    few, many = ([b"\x08" + b"\1\x10" * count] for count in (most, most + 1))
    assert frames.av1(few, b"")
    assert frames.av1(many, b"") is None
    assert frames.av1([few[0], *[b"\0\1\x10"] * 2], b"") is None


def test_an_av1_unit_in_many_pieces_is_put_together_again() -> None:
    pieces = [b"\x58\x10", *[b"\xd0" + bytes((n % 256,)) for n in range(99)], b"\x90\x77"]
    whole = b"\x10" + bytes(range(99)) + b"\x77"
    assert frames.av1(pieces, b"") == b"\x12\0" + bytes((0x12, len(whole) - 1)) + whole[1:]


def test_a_jpeg_by_a_quality_of_the_standard_is_rebuilt() -> None:
    """RFC 2435, appendix A: quality 50 are the tables of annex K, which libjpeg has too."""
    import cv2

    grey = np.random.default_rng(1).integers(60, 190, (64, 64), np.uint8)
    ok, written = cv2.imencode(".jpg", cv2.merge((grey, grey, grey)), [cv2.IMWRITE_JPEG_QUALITY, 50])
    assert ok
    file = written.tobytes()
    scan = file[file.index(b"\xff\xda") + 14 : -2]
    head = b"\0\0\0\0" + bytes((1, 50, 8, 8))
    (found,) = collected("jpeg", [bytes((0x80, 26 | 0x80)) + bytes(10) + head + scan])
    decoded = picture.decode("jpeg", found)
    assert decoded is not None
    assert np.abs(decoded.y.astype(int) - cv2.imdecode(written, cv2.IMREAD_GRAYSCALE)).max() <= 2


def test_tables_of_a_jpeg_that_came_once_are_kept() -> None:
    pictures, _ = sent("jpeg")
    static = [[bytes(p[:17]) + b"\xc8" + p[18:] for p in one] for one in pictures]  # quality 200 instead of 255
    length = int.from_bytes(static[1][0][22:24])
    again = static[1][0][:22] + b"\0\0" + static[1][0][24 + length :]
    found = collected("jpeg", [*static[0], again, *static[1][1:]])
    assert [picture.decode("jpeg", one) is not None for one in found] == [True, True]
    assert collected("jpeg", [again, *static[1][1:]]) == []


@pytest.mark.parametrize("codec", ["jpeg", *CODECS])
@given(packets=st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.binary(max_size=40)), max_size=8))
def test_any_packets_are_a_picture_or_none(codec: str, packets: list[tuple[int, bool, bytes]]) -> None:
    reader = Frames(codec)
    for sequence, (stamp, marker, payload) in enumerate(packets):
        head = bytes((0x80, 96 | 0x80 * marker)) + sequence.to_bytes(2) + stamp.to_bytes(4) + bytes(4)
        reader.feed(head + payload)


@given(
    packets=st.lists(st.tuples(st.booleans(), st.binary(max_size=60), st.binary(max_size=40)), max_size=8),
    replay=st.booleans(),
)
def test_any_head_of_a_jpeg_beside_its_packets_is_a_picture_or_none(
    packets: list[tuple[bool, bytes, bytes]], replay: bool
) -> None:
    reader = Frames("jpeg")
    for sequence, (marker, beside, payload) in enumerate(packets):
        told = b"\xff\xd8" + (len(beside) // 4).to_bytes(2) + beside[: len(beside) // 4 * 4]
        more = b"\xab\xac" + (len(told) // 4 + 3).to_bytes(2) + bytes(12) + told if replay else told
        head = bytes((0x90, 26 | 0x80 * marker)) + sequence.to_bytes(2) + bytes(8)
        reader.feed(head + more + payload)


def test_a_head_without_end_takes_no_time_and_is_no_picture() -> None:
    """Fillings and segments of nothing, which are looked at one by one; a camera may send 8 MB of them."""
    for filling in (b"\xff", b"\xff\xfe\0\0", b"\xff\xdb\0\2", b"\xff\xc4\0\0"):
        reader, beside = Frames("jpeg", reliable=True), filling * (60_000 // len(filling))
        with at_most(3):
            for sequence in range(200):
                head = bytes((0x90, 26)) + sequence.to_bytes(2) + bytes(8)
                reader.feed(head + b"\xff\xd8" + (len(beside) // 4).to_bytes(2) + beside + b"\0\0\0\0\1\xff\0\0")
            assert reader.feed(bytes((0x80, 26 | 0x80)) + bytes(10) + b"\0\0\0\0\1\x32\1\1xyz") is None


@pytest.mark.parametrize("filling", [b"\xff", b"\xff\xc4\0\0", b"\xff\xdb\0\2"])
def test_a_head_of_segments_without_end_with_every_picture_takes_no_time(filling: bytes) -> None:
    reader, beside = Frames("jpeg", reliable=True), filling * (16_000 // len(filling))
    with at_most(3):
        for number in range(1000):
            head = bytes((0x90, 26 | 0x80)) + number.to_bytes(2) + number.to_bytes(4) + bytes(4)
            reader.feed(head + b"\xff\xd8" + (len(beside) // 4).to_bytes(2) + beside + b"\0\0\0\0\1\x32\1\1xyz")


def test_what_a_jpeg_keeps_from_one_picture_to_the_next_is_little() -> None:
    kept, head = Kept(), b"\0\0\0\0\1"
    for kind in range(1, 255):
        jpeg([head + b"\x32\1\1"], bytes((0xFF, kind)) + (10_000).to_bytes(2) + bytes(9_998), kept=kept)
        jpeg([head + bytes((max(128, kind),)) + b"\1\1\0\0\xf0\0" + bytes(0xF000)], b"", kept=kept)
    assert sum(map(len, (*kept.tables.values(), *kept.segments.values()))) < 70_000


def numbered(packet: bytes) -> Iterator[bytes]:
    """A packet of H.265 as a camera sends it that numbers what it sends (RFC 7798, DONL)."""
    head, payload = packet[:12], packet[12:]
    kind = payload[0] >> 1 & 63
    at = 2 if kind != 49 else 3 if payload[2] & 0x80 else None
    yield head + (payload if at is None else payload[:at] + b"\0\x07" + payload[at:])


def test_h265_with_decoding_order_numbers_is_read() -> None:
    from dondoc.demo import rtp

    told = sdp.video(b"v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\na=fmtp:96 sprop-max-don-diff=1\r\n")
    assert told
    reader, plain = (
        collector(told),
        collector(sdp.video(b"v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 H265/90000\n") or told),
    )
    packets = [p[4:] for p in rtp.played("moving", "h265", 0)]
    expected = [got for p in packets if (got := plain.feed(p))]
    found = [got for p in packets for one in numbered(p) if (got := reader.feed(one))]
    assert len(expected) == 1
    assert found == expected


def look(url: str, *login: str, timeout: float = 30.0, past: Any = None) -> Finding:
    return asyncio.run(probe(Target("x", url, *login, past=past), stage=2, allow=LOOPBACK, timeout=timeout))


@pytest.mark.parametrize("behaviour", ["mjpeg", "udp"])
def test_a_picture_comes_another_way_over_one_connection(fleet: Fleet, behaviour: str) -> None:
    before = Counter(fleet.counts)
    found = look(fleet.url(behaviour))
    assert (found.verdict, found.detail) == ("ok", "có hình")
    assert found.features
    assert found.features["mean"] == pytest.approx(133, abs=5)
    end = time.monotonic() + 60
    while fleet.counts["TEARDOWN"] == before["TEARDOWN"] and time.monotonic() < end:
        time.sleep(0.01)  # the fleet reads it in a thread of its own
    assert fleet.counts["TEARDOWN"] == before["TEARDOWN"] + 1
    assert fleet.counts["connections"] == before["connections"] + 1


def test_the_past_is_heeded_there_too(fleet: Fleet) -> None:
    first = look(fleet.url("mjpeg", "past"))
    past = history([dict(first.features or {}) | {"at": "2021-11-22T22:00:00+07:00"}])
    assert look(fleet.url("mjpeg", "past"), past=past).verdict == "ok"
