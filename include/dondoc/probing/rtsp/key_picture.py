"""Stage 2 on the same connection: SETUP, PLAY, and the bytes of one key picture, over TCP or, where asked so, UDP."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable

from dondoc.probing.network import Datagrams
from dondoc.probing.picture import memory
from dondoc.probing.picture.memory import Fits
from dondoc.probing.rtsp import codecs, sdp
from dondoc.probing.rtsp.depacketise import Depacketiser
from dondoc.probing.rtsp.dialogue import Dialogue, Progress, Verdict
from dondoc.probing.rtsp.message import NotRtsp, Response

TCP, UDP = "RTP/AVP/TCP;unicast;interleaved=0-1", "RTP/AVP;unicast;client_port={}-{}"
Read = Callable[[], Awaitable[bytes]]


async def key_picture(dialogue: Dialogue, track: sdp.Video, base: str, fits: Fits = memory.fits) -> bytes:
    """One key picture as its decoder wants it: H.264 and H.265 as an Annex-B stream, JPEG as a file.

    Args:
        fits: whether a picture may be so large; see `room`.

    Raises:
        Verdict: there is none to be had.
        TimeoutError, NotRtsp, OSError, asyncio.IncompleteReadError: left to the caller, with `dialogue.progress`.
        Problem: this machine is out of descriptors or ports.
    """
    pictures = _reader(track, fits)
    base = dialogue.own(base)
    control = dialogue.own(sdp.join(base, track.control))
    whole = dialogue.own(track.session_control) if "://" in track.session_control else base
    with contextlib.ExitStack() as opened:
        read = await _set_up(dialogue, control, opened)
        try:
            dialogue.progress = Progress.PLAY
            _accepted(dialogue, await dialogue.ask("PLAY", whole, Range="npt=0.000-"), "PLAY")
            dialogue.playing()
            dialogue.progress = Progress.PACKETS
            return await _collect(dialogue, pictures, read)
        finally:
            # The camera has few places for viewers: say goodbye, but do not wait for an answer.
            with contextlib.suppress(OSError, NotRtsp, TimeoutError):
                await asyncio.wait_for(dialogue.send("TEARDOWN", whole), 0.2)


def _reader(track: sdp.Video, fits: Fits = memory.fits) -> Depacketiser | codecs.Frames:
    if track.encrypted:
        raise Verdict("no_frame", "luồng hình mã hóa (SRTP), chưa đọc được")
    if track.shuffled:
        raise Verdict("no_frame", "luồng hình gửi xáo trộn thứ tự, chưa đọc được")
    if track.codec is None:
        raise Verdict("decode_failed", "kiểu nén hình chưa hỗ trợ")
    if track.codec in ("h264", "h265"):
        return Depacketiser(track.codec, track.parameter_sets, numbered=track.numbered, fits=fits)
    return codecs.Frames(track.codec, track.parameter_sets, fits=fits)


async def _set_up(dialogue: Dialogue, control: str, opened: contextlib.ExitStack) -> Read:
    """Agree on a way, and how to read what comes on it. What a camera says of source and destination is not heeded."""
    dialogue.progress = Progress.SETUP
    reply = await dialogue.ask("SETUP", control, Transport=TCP)
    channel = _channel(reply.get("transport"))
    if reply.status == 461 or (reply.status < 300 and channel is None):
        packets = opened.enter_context(contextlib.closing(await dialogue.datagrams()))
        reply = await dialogue.ask("SETUP", control, Transport=UDP.format(packets.port, packets.port + 1))
        _accepted(dialogue, reply, "SETUP")
        dialogue.session = _session(reply)
        _knock(packets, reply.get("transport"))
        return _unreliable(dialogue, packets)
    _accepted(dialogue, reply, "SETUP")
    dialogue.session = _session(reply)
    return _interleaved(dialogue, channel or 0)


def _session(reply: Response) -> str:
    return reply.get("session").partition(";")[0]


def _channel(transport: str) -> int | None:
    """The channel that pictures come on: the camera has the last word. None: it agreed to UDP, unasked."""
    chosen = re.search(r"interleaved=([0-9]{1,3})(?![0-9])", transport)
    if chosen:
        return int(chosen[1])
    return None if "client_port" in transport else 0


def _knock(packets: Datagrams, transport: str) -> None:
    port = re.search(r"server_port=([0-9]{1,5})(?![0-9])", transport)
    if port:
        packets.knock(int(port[1]))


def _interleaved(dialogue: Dialogue, channel: int) -> Read:
    async def read() -> bytes:
        while True:
            got = dialogue.packets.popleft() if dialogue.packets else await dialogue.read()
            if not isinstance(got, Response) and got[0] == channel:
                return got[1:]

    return read


def _unreliable(dialogue: Dialogue, packets: Datagrams) -> Read:
    async def read() -> bytes:
        got = await packets.read()
        await dialogue.spend(got)
        return got

    return read


async def _collect(dialogue: Dialogue, pictures: Depacketiser | codecs.Frames, read: Read) -> bytes:
    while True:
        if picture := pictures.feed(await read()):
            return picture
        if pictures.seen:
            dialogue.progress = Progress.KEY_PICTURE


def _accepted(dialogue: Dialogue, reply: Response, step: str) -> None:
    if reply.status < 300:
        return
    if refused := dialogue.refusal(reply.status, step):
        raise refused
    raise Verdict("no_frame", f"{step} không được chấp nhận: mã {reply.status}")
