"""A second opinion before anybody is blamed: another look, the same night, with the login that was just accepted.

Packets came and no picture was made of them: the decoder itself looks for one in the stream as it comes, for a time of
its own. Nothing at all came over TCP: it is asked for over UDP, once.
"""

import asyncio
import contextlib
from dataclasses import dataclass, replace

from dondoc.probing.picture.decoder import Decoder, Seen
from dondoc.probing.picture.memory import Fits
from dondoc.probing.rtsp.dialogue import ENDLESS, Dialogue, Progress, Verdict
from dondoc.probing.rtsp.key_picture import key_picture, stretches
from dondoc.probing.rtsp.message import NotRtsp
from dondoc.probing.verdicts import Help, Target
from dondoc.probing.verdicts import Verdict as Codes

LONGER = 4  # times the first look's patience: cameras that save send a key picture every 20 seconds, or less often
TRIES = 3  # stretches in which nothing whole was found
UNSEEN = frozenset({Codes.DECODE_FAILED, Codes.NOT_DECODABLE})
NEITHER = "camera có gửi dữ liệu hình nhưng cả hai cách đọc đều chưa dựng được hình"


@dataclass(frozen=True)
class Second:
    """What the second look saw, in place of the first; `help`: why it saw more, None when it did not."""

    seen: Seen
    help: Help | None = None


def is_wanted(seen: Seen, dialogue: Dialogue) -> bool:
    """Whether a first look leaves a doubt: the camera played, and no picture was seen; not of one that floods."""
    if seen.detail == ENDLESS:
        return False
    return seen.verdict in {Codes.NO_FRAME, *UNSEEN} and dialogue.progress in (Progress.PACKETS, Progress.KEY_PICTURE)


async def look(
    first: Seen, before: Dialogue, dialogue: Dialogue, decoder: Decoder, fits: Fits, timeout: float, target: Target
) -> Second:
    """Look again, over a dialogue of its own, which is closed.

    Args:
        timeout: seconds of the first look.

    Raises:
        Problem: this machine is out of descriptors, ports or memory.
    """
    silent = first.verdict == Codes.NO_FRAME and before.progress is Progress.PACKETS
    find = _over_udp if silent else _in_stretches
    second = Second(first if silent else _neither(first))
    try:
        async with asyncio.timeout(timeout if silent else LONGER * timeout):
            second = await find(second, dialogue, decoder, fits, target)
    except (Verdict, TimeoutError, NotRtsp, OSError):
        pass  # nothing more is seen
    finally:
        dialogue.close()
    return second


async def _over_udp(first: Second, dialogue: Dialogue, decoder: Decoder, fits: Fits, target: Target) -> Second:
    await dialogue.open()
    track, base = await dialogue.describe()
    stream = await key_picture(dialogue, track, base, fits, udp=True)
    dialogue.close()
    seen = await decoder.judge(track.codec or "", stream, target.past, thumbnail=target.thumbnail)
    return first if seen.verdict in UNSEEN else _helped(seen, Help.UDP)


async def _in_stretches(first: Second, dialogue: Dialogue, decoder: Decoder, fits: Fits, target: Target) -> Second:
    await dialogue.open()
    track, base = await dialogue.describe()
    codec, tries = track.codec or "", 0
    async with contextlib.aclosing(stretches(dialogue, track, base, fits)) as found:
        async for stream, built in found:
            seen = await decoder.judge(codec, stream, target.past, thumbnail=target.thumbnail, stretch=True)
            if seen.verdict not in UNSEEN:
                ours = built and (await decoder.judge(codec, built)).verdict not in UNSEEN
                damaged = first.seen.verdict == Codes.DECODE_FAILED
                return _helped(seen, (Help.NETWORK if damaged else Help.SLOW) if ours else Help.MISREAD)
            if seen.verdict == Codes.DECODE_FAILED:
                first = Second(seen)
            tries += built is not None
            if tries == TRIES:
                break
    return first


def _helped(seen: Seen, why: Help) -> Second:
    return Second(replace(seen, detail=f"{seen.detail}; {why.label}"), why)


def _neither(first: Seen) -> Seen:
    return first if first.verdict == Codes.DECODE_FAILED else Seen("not_decodable", NEITHER)
