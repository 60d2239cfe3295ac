"""The usual look at one camera: asked, played, one key picture judged; and what it means where that breaks off."""

import asyncio

from dondoc.probing.picture.decoder import Decoder, Seen
from dondoc.probing.picture.memory import Fits
from dondoc.probing.rtsp.dialogue import HUNG_UP, REFUSED, Dialogue
from dondoc.probing.rtsp.exchange import Progress, Verdict
from dondoc.probing.rtsp.key_picture import key_picture
from dondoc.probing.rtsp.message import NotRtsp
from dondoc.probing.shortage import raise_if_ours
from dondoc.probing.verdicts import Target

SLOW = {
    Progress.RESOLVE: Seen("dns_failure", "máy chủ tên miền không trả lời"),
    Progress.CONNECT: Seen("connect_timeout", "thiết bị không trả lời kết nối"),
    Progress.REFUSED: Seen("connection_refused", REFUSED),
    Progress.TLS: Seen("tls_failure", "thiết bị không trả lời khi thiết lập TLS"),
    Progress.HUNG_UP: Seen("closed_early", HUNG_UP),
}
CLOSED = {Progress.TLS: Seen("tls_failure", "thiết bị ngắt khi thiết lập TLS")}


async def look(dialogue: Dialogue, decoder: Decoder | None, timeout: float, target: Target, fits: Fits) -> Seen:
    """Stage 1, and with a decoder stage 2; the dialogue is closed once a picture is there.

    Args:
        timeout: seconds for all that the network does.
        fits: whether there is room for so much of a picture.

    Raises:
        Shortage: this machine lacks something; says nothing of the camera.
    """
    try:
        async with asyncio.timeout(timeout):
            await dialogue.open()
            track, base = await dialogue.describe()
            if decoder is None:
                return Seen("ok", "camera trả lời và mô tả luồng hình")
            decoder.prepare()
            codec, stream = await key_picture(dialogue, track, base, fits)
    except Verdict as ended:
        return Seen(ended.verdict, ended.detail)
    except TimeoutError:
        return SLOW.get(dialogue.progress) or _ended(dialogue, "rtsp_timeout", _silent(dialogue))
    except NotRtsp as error:
        return _ended(dialogue, "not_rtsp", str(error))
    except OSError as error:
        raise_if_ours(error)
        return CLOSED.get(dialogue.progress) or _ended(dialogue, "closed_early", f"ngắt kết nối sau {dialogue.asked}")
    dialogue.close()
    return await decoder.judge(codec, stream, target.past, thumbnail=target.thumbnail)


def _silent(dialogue: Dialogue) -> str:
    if dialogue.progress in (Progress.PACKETS, Progress.KEY_PICTURE):
        return "chấp nhận PLAY, hết thời gian cho phép"
    return f"nhận kết nối nhưng không trả lời xong {dialogue.asked} trong thời gian cho phép"


def _ended(dialogue: Dialogue, verdict: str, reason: str) -> Seen:
    """What a dialogue that broke off means: before a picture was asked for, or after."""
    if dialogue.progress.label:
        return Seen("no_frame", f"{reason}; {dialogue.progress.label}")
    if verdict == "not_rtsp" or not dialogue.received:
        return Seen(verdict, reason)
    return Seen(verdict, f"{reason}; mới nhận {dialogue.received} byte, chưa đủ một câu trả lời")
