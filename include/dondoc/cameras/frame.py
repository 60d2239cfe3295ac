"""Stage 2 on the same connection: SETUP, PLAY, and the bytes of one key picture."""

import asyncio
import contextlib
import re

from dondoc.cameras import sdp
from dondoc.cameras.depacketise import Depacketiser
from dondoc.cameras.message import NotRtsp, Response
from dondoc.cameras.rtsp import Dialogue, Verdict

TRANSPORT = "RTP/AVP/TCP;unicast;interleaved=0-1"
# What we do not take apart but FFmpeg does. Others are said to be unknown without a second connection.
FFMPEG_KNOWS = frozenset({"JPEG", "MP4V-ES", "MPV", "H263", "H263-1998", "H263-2000", "VP8", "AV1"})


class Unspoken(Exception):
    """The camera sends a picture in a way that is not spoken here; `transport` (tcp, udp) is how to ask for it."""

    def __init__(self, transport: str) -> None:
        super().__init__(transport)
        self.transport = transport


async def key_picture(dialogue: Dialogue, track: sdp.Video, base: str) -> bytes:
    """One key picture as an Annex-B stream.

    Raises:
        Verdict: there is none to be had.
        Unspoken: `fallback` may get it, over a connection of its own.
        TimeoutError, NotRtsp, OSError, asyncio.IncompleteReadError: left to the caller, with `dialogue.phase`.
    """
    codec = _spoken(track)
    dialogue.phase = "frame: chưa chấp nhận SETUP"
    reply = await dialogue.ask("SETUP", sdp.join(base, track.control), Transport=TRANSPORT)
    if reply.status == 461:
        raise Unspoken("udp")
    _accepted(reply, "SETUP")
    dialogue.session = reply.get("session").partition(";")[0]
    whole = track.session_control if "://" in track.session_control else base
    try:
        channel = _channel(reply.get("transport"))
        dialogue.phase = "frame: chưa chấp nhận PLAY"
        _accepted(await dialogue.ask("PLAY", whole, Range="npt=0.000-"), "PLAY")
        dialogue.phase = "frame: không có gói hình nào"
        return await _collect(dialogue, Depacketiser(codec, track.parameter_sets), channel)
    finally:
        # The camera has few places for viewers: say goodbye, but do not wait for an answer.
        with contextlib.suppress(OSError, NotRtsp, TimeoutError):
            await asyncio.wait_for(dialogue.send("TEARDOWN", whole), 0.2)


def _spoken(track: sdp.Video) -> str:
    if track.encrypted:
        raise Verdict("no_frame", "luồng hình mã hóa (SRTP), chưa đọc được")
    if track.shuffled or (track.codec is None and track.encoding in FFMPEG_KNOWS):
        raise Unspoken("tcp")
    if track.codec is None:
        raise Verdict("decode_failed", "kiểu nén hình chưa hỗ trợ")
    return track.codec


def _channel(transport: str) -> int:
    """The channel that pictures come on: the camera has the last word."""
    chosen = re.search(r"interleaved=([0-9]{1,3})(?![0-9])", transport)
    if chosen:
        return int(chosen[1])
    if "client_port" in transport:  # it agreed, but to what was not asked for
        raise Unspoken("udp")
    return 0


async def _collect(dialogue: Dialogue, pictures: Depacketiser, channel: int) -> bytes:
    early, dialogue.packets = dialogue.packets, []
    early.reverse()
    while True:
        got = early.pop() if early else await dialogue.read()
        if isinstance(got, Response) or got[0] != channel:
            continue
        if picture := pictures.feed(got[1:]):
            return picture
        if pictures.seen:
            dialogue.phase = "frame: chưa có hình trọn vẹn (khung khóa)"


def _accepted(reply: Response, step: str) -> None:
    if reply.status < 300:
        return
    if reply.status in (453, 503):
        raise Verdict("server_error", f"mã {reply.status} khi {step}: thiết bị đang bận, xem lại sau")
    if reply.status in (401, 403):
        raise Verdict("forbidden", f"mã {reply.status} khi {step}: tài khoản không có quyền xem")
    raise Verdict("no_frame", f"{step} không được chấp nhận: mã {reply.status}")
