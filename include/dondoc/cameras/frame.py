"""Stage 2 on the same connection: SETUP, PLAY, and the bytes of one key picture."""

import asyncio
import contextlib

from dondoc.cameras import sdp
from dondoc.cameras.depacketise import Depacketiser
from dondoc.cameras.message import NotRtsp, Response
from dondoc.cameras.rtsp import Dialogue, Verdict

TRANSPORT = "RTP/AVP/TCP;unicast;interleaved=0-1"


async def key_picture(dialogue: Dialogue, track: sdp.Video, base: str) -> bytes:
    """One key picture as an Annex-B stream.

    Raises:
        Verdict: there is none to be had. TimeoutError is left to the caller, who knows the deadline.
    """
    if track.codec is None:
        raise Verdict("decode_failed", "kiểu nén hình chưa hỗ trợ (chỉ đọc H.264, H.265)")
    dialogue.phase = "frame: chưa chấp nhận SETUP"
    reply = await dialogue.request("SETUP", sdp.join(base, track.control), Transport=TRANSPORT)
    _accepted(reply, "SETUP")
    dialogue.session = reply.get("session").partition(";")[0]
    dialogue.phase = "frame: chưa chấp nhận PLAY"
    whole = track.session_control if "://" in track.session_control else base
    _accepted(await dialogue.request("PLAY", whole, Range="npt=0.000-"), "PLAY")
    dialogue.phase = "frame: không có gói hình nào"
    try:
        return await _collect(dialogue, Depacketiser(track.codec, track.parameter_sets))
    finally:
        # The camera has few places for viewers: say goodbye, but do not wait for an answer.
        with contextlib.suppress(OSError, NotRtsp, TimeoutError):
            await asyncio.wait_for(dialogue.send("TEARDOWN", whole), 0.2)


async def _collect(dialogue: Dialogue, pictures: Depacketiser) -> bytes:
    early, dialogue.packets = dialogue.packets, []
    while True:
        got = early.pop(0) if early else await dialogue.read()
        if isinstance(got, Response) or got[0] != 0:  # channel 0 carries the pictures
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
    if reply.status == 403:
        raise Verdict("forbidden", f"mã 403 khi {step}: tài khoản không có quyền xem")
    why = "camera chỉ phát qua UDP" if reply.status == 461 else f"mã {reply.status}"
    raise Verdict("no_frame", f"{step} không được chấp nhận: {why}")
