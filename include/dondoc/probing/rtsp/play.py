"""Play an address over TCP, for a closer look: after the camera's verdict is known, with a login that it took."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dondoc.probing.rtsp import key_picture, sdp
from dondoc.probing.rtsp.dialogue import Dialogue
from dondoc.probing.rtsp.key_picture import Read
from dondoc.probing.rtsp.message import NotRtsp, Response


class NotGranted(Exception):
    """A request was not granted. `status`: the camera's, or 0 where what it agreed to cannot be read."""

    def __init__(self, status: int = 0) -> None:
        super().__init__(str(status))
        self.status = status


@asynccontextmanager
async def played(dialogue: Dialogue, **headers: str) -> AsyncIterator[tuple[sdp.Video, Read]]:
    """Its video track, and what reads the next RTP packet of it.

    Args:
        headers: of PLAY; default: a Range from the beginning.

    Raises:
        NotGranted, and all that a `Dialogue` raises.
    """
    await dialogue.open()
    url = dialogue.address.url
    described = await _granted(dialogue, "DESCRIBE", url, Accept="application/sdp")
    track = sdp.video(described.body)
    if track is None:
        raise NotGranted
    base = dialogue.own(described.get("content-base") or described.get("content-location") or url)
    setup = await _granted(dialogue, "SETUP", dialogue.own(sdp.join(base, track.control)), Transport=key_picture.TCP)
    channel = key_picture._channel(setup.get("transport"))
    if channel is None:
        raise NotGranted
    dialogue.session = setup.get("session").partition(";")[0]
    whole = dialogue.own(track.session_control) if "://" in track.session_control else base
    try:
        await _granted(dialogue, "PLAY", whole, **(headers or {"Range": "npt=0.000-"}))
        dialogue.playing()
        yield track, key_picture.interleaved(dialogue, channel)
    finally:
        with contextlib.suppress(OSError, NotRtsp, TimeoutError):
            await asyncio.wait_for(dialogue.send("TEARDOWN", whole), 0.2)


async def _granted(dialogue: Dialogue, method: str, url: str, **headers: str) -> Response:
    reply = await dialogue.ask(method, url, **headers)
    if not 200 <= reply.status < 300:
        raise NotGranted(reply.status)
    return reply
