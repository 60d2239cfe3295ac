"""Heads of replies as cameras write them, of which FFmpeg shows the picture: their descriptions are read."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_network

import pytest

from dondoc.probing.picture.decoder import Decoder
from dondoc.probing.probe import probe
from dondoc.probing.rtsp.message import Inbox, NotRtsp, Response
from dondoc.probing.verdicts import Finding, Target
from tests.probing import ffmpeg
from tests.probing.ffmpeg import needs_ffmpeg
from tests.probing.zoo import Odd, odd, serve, url

LOOPBACK = [ip_network("127.0.0.0/8")]

LENGTH = re.compile(rb"(?i)Content-Length: ([0-9]+)\r\n")
Write = Callable[[bytes], bytes]


def lengths(*told: bytes) -> Write:
    """In place of the one length, these: with %d for the right one."""
    return lambda head: LENGTH.sub(lambda m: b"".join(one.replace(b"%d", m[1]) + b"\r\n" for one in told), head)


def lines_end(end: bytes) -> Write:
    return lambda head: head.replace(b"\r\n", end)


HEALTHY: dict[str, Write] = {
    "two equal lengths": lengths(b"Content-Length: %d", b"Content-Length: %d"),
    "two equal lengths, written in two ways": lengths(b"content-length:%d", b"CONTENT-LENGTH:\t%d "),
    "no length before the right one": lengths(b"Content-Length: 0", b"Content-Length: %d"),
    "an empty length before the right one": lengths(b"Content-Length:", b"Content-Length: %d"),
    "a wrong length before the right one": lengths(b"Content-Length: 7", b"Content-Length: %d"),
    "one length in a list": lengths(b"Content-Length: %d, %d"),
    "a length with a word": lengths(b"Content-Length: %d bytes"),
    "a length with a sign": lengths(b"Content-Length: +%d"),
    "a length with zeros before": lengths(b"Content-Length: 000%d"),
    "names in small letters": lambda head: re.sub(rb"\n[A-Za-z-]+:", lambda m: m[0].lower(), head),
    "names in capitals": lambda head: re.sub(rb"\n[A-Za-z-]+:", lambda m: m[0].upper(), head),
    "no reason": lambda head: head.replace(b" OK\r\n", b"\r\n", 1),
    "no reason, and its blank": lambda head: head.replace(b" OK\r\n", b" \r\n", 1),
    "tabs in the first line": lambda head: head.replace(b" ", b"\t", 2),
    "line feeds alone": lines_end(b"\n"),
    "two carriage returns": lines_end(b"\r\r\n"),
    "no blanks behind colons": lambda head: head.replace(b": ", b":"),
    "other numbers of requests": lambda head: head.replace(b"CSeq: ", b"CSeq: 9"),
}
# As RFC 7826 (5.2) allows, of which FFmpeg reads no continued line.
SEEN_HERE_ALONE: dict[str, Write] = {
    "a length on a line of its own": lengths(b"Content-Length:\r\n %d"),
    "a header on two lines": lambda head: head.replace(b"CSeq", b"X: a\r\n\tb\r\nCSeq"),
    "no number within the version": lambda head: head.replace(b"RTSP/1.0", b"RTSP/1", 1),
}
BODY = b"v=0\r\nm=video 0 RTP/AVP 96\r\n"


def writing(write: Write) -> type[Odd]:
    async def say(self: Odd, status: str, headers: dict[str, str], more: str = "", body: str = "") -> bool:
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        head = f"RTSP/1.0 {status}\r\nCSeq: {headers['cseq']}\r\n{more}{length}\r\n"
        self.writer.write(write(head.encode()) + body.encode())
        await self.writer.drain()
        return True

    return odd(_say=say)


@pytest.mark.parametrize("name", [*HEALTHY, *SEEN_HERE_ALONE])
def test_a_head_is_read_however_it_is_written_and_wherever_it_is_cut(name: str) -> None:
    write = (HEALTHY | SEEN_HERE_ALONE)[name]
    head = write(b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: %d\r\n\r\n" % len(BODY))
    inbox, got = Inbox(), []
    for byte in head + BODY:
        inbox.feed(bytes((byte,)))
        got += [one] if (one := inbox.take()) else []
    (reply,) = got
    assert isinstance(reply, Response)
    assert (reply.status, reply.body) == (200, BODY)


@pytest.mark.parametrize("told", [b"-1", b"65537", b"0\r\nContent-Length: 65537", b"x\r\nContent-Length: -7", b"7.5"])
def test_of_several_lengths_none_is_taken_on_trust(told: bytes) -> None:
    inbox = Inbox()
    inbox.feed(b"RTSP/1.0 200 OK\r\nContent-Length: " + told + b"\r\n\r\n")
    with pytest.raises(NotRtsp):
        inbox.take()


@pytest.mark.slow
def test_cameras_that_write_their_heads_in_their_own_ways_show_their_pictures() -> None:
    async def seen(write: Write, decoder: Decoder) -> Finding:
        server = await serve(writing(write), Counter())
        found = await probe(Target("x", url(server)), stage=2, allow=LOOPBACK, timeout=20.0, decoder=decoder)
        server.close()
        return found

    async def all_of_them() -> dict[str, str]:
        async with Decoder(1) as decoder:
            kinds = HEALTHY | SEEN_HERE_ALONE
            found = await asyncio.gather(*(seen(write, decoder) for write in kinds.values()))
        return {name: one.detail for name, one in zip(kinds, found, strict=True) if not one.showing}

    assert asyncio.run(all_of_them()) == {}


@pytest.mark.slow
@needs_ffmpeg
def test_ffmpeg_shows_the_picture_of_each() -> None:
    """The referee."""

    async def shows(write: Write) -> bool:
        server = await serve(writing(write), Counter())
        shown = await ffmpeg.shows(url(server))
        server.close()
        return shown

    async def all_of_them() -> list[str]:
        shown = await asyncio.gather(*map(shows, HEALTHY.values()))
        return [name for name, one in zip(HEALTHY, shown, strict=True) if not one]

    assert asyncio.run(all_of_them()) == []
