"""RTP packets read by FFmpeg itself: a second way for what is neither H.264 nor H.265."""

import asyncio
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.demo import clips, rtp
from dondoc.probing.picture import decode, ffmpeg_packets, whole
from dondoc.probing.picture.decoder import Decoder
from dondoc.probing.picture.input_kind import InputKind
from dondoc.probing.rtsp.stretch import MOST_PACKETS, Packets
from tests.probing.rtsp.test_codecs import ENCODERS, sent


def framed(packets: list[bytes]) -> bytes:
    return b"".join(len(one).to_bytes(2) + one for one in packets)


def jpegs(count: int = 3) -> list[bytes]:
    clips.clip("moving", "jpeg")
    return [packet[4:] for number in range(count) for packet in rtp.played("moving", "jpeg", number)]


@pytest.mark.parametrize("codec", [one for one in ENCODERS if one != "av1"])
def test_ffmpeg_makes_a_picture_of_its_own_packets(codec: str) -> None:
    made, beforehand = sent(codec)
    packets = [packet for one in made for packet in one]
    picture = decode.received(codec, framed(packets))
    if codec == "mpeg4" and beforehand:  # what its decoder is told stands in the description alone
        return
    assert picture is not None
    assert float(picture.y.mean()) == pytest.approx(125, abs=4)


def test_a_damaged_picture_is_seen_in_this_way_too() -> None:
    torn = [packet[:-300] if n % 7 == 3 else packet for n, packet in enumerate(jpegs())]
    for packets in (torn, jpegs()[3:6]):
        with suppress(whole.Damaged):
            assert decode.received("jpeg", framed(packets)) is None


@pytest.mark.slow
def test_a_confined_child_reads_packets_and_opens_no_socket_for_it() -> None:
    async def seen() -> tuple[str, str]:
        async with Decoder(1) as decoder:
            found = await decoder.judge("jpeg", framed(jpegs()), input_kind=InputKind.PACKETS)
            none = await decoder.judge("vp8", framed(jpegs()), input_kind=InputKind.PACKETS)
            return found.verdict, none.verdict

    assert asyncio.run(seen()) == ("ok", "not_decodable")


def test_packets_are_kept_up_to_what_ffmpeg_takes_and_come_out_as_they_came() -> None:
    collected, given_out = Packets(), list[bytes]()
    large = [b"\x80\x1a" + n.to_bytes(2) + bytes(8) + bytes(40_000) for n in range(20)]
    for one in large:
        given_out += filter(None, [collected.feed(one)])
    given_out.append(collected.taken())
    assert max(map(len, given_out)) <= MOST_PACKETS + 2 * len(large)
    assert b"".join(given_out) == framed(large)
    assert collected.taken() == b""


def test_however_much_comes_ffmpeg_comes_back() -> None:
    """It would write a report to the sender, and never notice that there is none to be written to."""
    packets = jpegs(60)
    assert len(framed(packets)) > ffmpeg_packets.MOST * 2
    picture = decode.received("jpeg", framed(packets))
    assert picture
    assert np.asarray(picture.y).shape == (clips.HEIGHT, clips.WIDTH)


@given(st.lists(st.binary(max_size=60), max_size=20), st.sampled_from(sorted(ffmpeg_packets.NAMES)))
def test_no_packets_break_it(packets: list[bytes], codec: str) -> None:
    with suppress(whole.Damaged):
        decode.received(codec, framed([b"\x80\x60" + one for one in packets]))
