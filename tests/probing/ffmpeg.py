"""FFmpeg as a referee: what another program shows of a camera."""

import asyncio
import shutil
from asyncio.subprocess import DEVNULL, PIPE

import pytest

SHOW = "-v quiet -analyzeduration 500000 -allowed_media_types video -rtsp_transport {} -i {} -frames:v 1 -f rawvideo -"
LONGEST = 40.0  # seconds in which FFmpeg shows a picture: it waits for ever where none comes
needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs the Debian package ffmpeg")


async def shows(url: str, over: str = "tcp") -> bool:
    """Whether it shows a picture."""
    call = SHOW.format(over, url).split()
    program = await asyncio.create_subprocess_exec("ffmpeg", *call, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL)
    try:
        seen, _ = await asyncio.wait_for(program.communicate(), LONGEST)
    except TimeoutError:
        program.kill()
        return False
    return len(seen) > 0
