"""A second opinion before anybody is blamed: another look, the same night, with the login that was just accepted.

Packets came and no picture was made of them: a decoder that is not ours looks for one in them, too, for a time of its
own. Nothing at all came over TCP: it is asked for over UDP, and then over TCP once more, for there are relays that send
nothing before their next key picture. Only what two looks agree on is a fault of the camera.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from dondoc.probing.picture.decoder import STOPPED, Decoder, Seen
from dondoc.probing.picture.input_kind import InputKind
from dondoc.probing.picture.memory import Fits
from dondoc.probing.rtsp.dialogue import Dialogue
from dondoc.probing.rtsp.exchange import ENDLESS, Progress, Verdict
from dondoc.probing.rtsp.key_picture import stretches
from dondoc.probing.rtsp.message import NotRtsp
from dondoc.probing.rtsp.readers import Found
from dondoc.probing.verdicts import Help, Target
from dondoc.probing.verdicts import Verdict as Codes

LONGER = 4  # times the first look's patience: cameras that save send a key picture every 20 seconds, or less often
TRIES = 3  # stretches in which nothing whole was found
NO_PICTURE = frozenset({Codes.DECODE_FAILED, Codes.NOT_DECODABLE})
NEITHER = "camera có gửi dữ liệu hình nhưng cả hai cách đọc đều chưa dựng được hình"
LOST = (
    "camera có gửi dữ liệu hình nhưng nhiều gói bị mất trên đường truyền nên chưa dựng được hình: đường truyền kém "
    "thì gọi nhà mạng"
)
ONCE = "mới thấy ở một lần xem, lần xem thứ hai chưa có kết quả nên chưa kết luận"


@dataclass(frozen=True)
class Second:
    """What the second look saw, in place of the first; `help`: why it saw more, None when it did not."""

    seen: Seen
    help: Help | None = None


class _Shown(NamedTuple):
    """A picture that another look shows; `ours`: our own way of reading, too."""

    seen: Seen
    ours: bool


class Outcome(NamedTuple):
    """How another look ended.

    `progress`: how far it came; `found`: a picture, be it damaged, None without any; `lossy`: many packets did not
    come.
    """

    progress: Progress
    found: Second | None = None
    lossy: bool = False

    @property
    def shown(self) -> bool:
        return self.found is not None and self.found.seen.verdict not in NO_PICTURE


def is_wanted(seen: Seen, dialogue: Dialogue) -> bool:
    """Whether a first look leaves a doubt: the camera played, and no picture was seen; not of one that floods."""
    if seen.detail == ENDLESS:
        return False
    return seen.verdict in {Codes.NO_FRAME, *NO_PICTURE} and dialogue.progress in (
        Progress.PACKETS,
        Progress.KEY_PICTURE,
    )


async def look(
    first: Seen,
    before: Dialogue,
    again: Callable[[], Dialogue],
    decoder: Decoder,
    fits: Fits,
    timeout: float,
    target: Target,
) -> Second:
    """Look again, over dialogues of their own, which are closed.

    Args:
        again: makes a dialogue.
        timeout: seconds of the first look.

    Raises:
        Shortage: this machine is out of descriptors, ports or memory.
    """
    silent = is_silent(first, before.progress)
    outcomes = []
    for udp in (True, False) if silent else (False,):
        dialogue = again()
        look_again = _Look(first, decoder, fits, target, udp=udp)
        outcomes.append(await look_again.within(timeout if udp else LONGER * timeout, dialogue))
        fits(0)
        if outcomes[-1].found or outcomes[-1].progress is Progress.KEY_PICTURE or dialogue.authenticator.may_lock:
            break
    return concluded(first, outcomes, silent=silent)


def is_silent(first: Seen, progress: Progress) -> bool:
    """Whether nothing at all came."""
    return first.verdict == Codes.NO_FRAME and progress is Progress.PACKETS


def concluded(first: Seen, outcomes: list[Outcome], *, silent: bool) -> Second:
    """What follows from all looks. A fault that no other look confirms is none."""
    if found := next((one.found for one in outcomes if one.shown), None):
        return found
    damaged = next((one.found for one in outcomes if one.found), None)
    if damaged and first.verdict == Codes.DECODE_FAILED:
        return damaged
    came = {one.progress for one in outcomes}
    if silent and Progress.KEY_PICTURE not in came:
        return Second(first if Progress.PACKETS in came else _unconfirmed(first))
    looked = not came.isdisjoint((Progress.PACKETS, Progress.KEY_PICTURE))
    if first.verdict == Codes.DECODE_FAILED or (first.verdict == Codes.NO_FRAME and not looked):
        return Second(_unconfirmed(first))
    if not looked:
        return Second(first)
    lossy = any(one.lossy for one in outcomes)
    return Second(Seen("unconfirmed", LOST) if lossy else Seen("not_decodable", NEITHER))


def helped(first: Seen, *, ours: bool, udp: bool, lossy: bool) -> Help | None:
    """Why another look shows what the first did not; None: by chance, as our decoder had stopped.

    Args:
        ours: whether our own way of reading shows it, too.
    """
    if udp:
        return Help.UDP
    if first.detail == STOPPED:
        return None
    if lossy or (ours and first.verdict == Codes.DECODE_FAILED):
        return Help.NETWORK
    return Help.SLOW if ours and first.verdict == Codes.NO_FRAME else Help.MISREAD


def _unconfirmed(first: Seen) -> Seen:
    return Seen("unconfirmed", f"{first.detail}; {ONCE}")


class _Look:
    """One more look."""

    def __init__(self, first: Seen, decoder: Decoder, fits: Fits, target: Target, *, udp: bool) -> None:
        self._first, self._decoder, self._fits, self._target, self._udp = first, decoder, fits, target, udp
        self._damaged: Second | None = None

    async def within(self, seconds: float, dialogue: Dialogue) -> Outcome:
        found: _Shown | None = None
        try:
            async with asyncio.timeout(seconds):
                found = await self._over(dialogue)
        except (Verdict, TimeoutError, NotRtsp, OSError):
            pass  # nothing more is seen
        finally:
            dialogue.close()
        second = self._helped(found, lossy=dialogue.lossy) if found else self._damaged
        return Outcome(dialogue.progress, second, dialogue.lossy)

    async def _over(self, dialogue: Dialogue) -> _Shown | None:
        await dialogue.open()
        track, base = await dialogue.describe()
        tries = 0
        async with contextlib.aclosing(stretches(dialogue, track, base, self._fits, udp=self._udp)) as all_of_them:
            async for found in all_of_them:
                if shown := await self._seen(found, blames=not track.shuffled):
                    return shown
                tries += found.built is not None
                if tries == TRIES:
                    return None
        return None

    async def _seen(self, found: Found, *, blames: bool) -> _Shown | None:
        """The picture, read in another way, else in ours."""
        others = [await self._judged(found.codec, stream, input_kind) for input_kind, stream in found.others]
        ours = await self._judged(found.codec, found.built, InputKind.PICTURE) if found.built else None
        if shown := next((one for one in (*others, ours) if one and one.verdict not in NO_PICTURE), None):
            return _Shown(shown, ours=ours is not None and ours.verdict not in NO_PICTURE)
        if blames and others and all(one.verdict == Codes.DECODE_FAILED for one in others):
            self._damaged = Second(others[0])
        return None

    async def _judged(self, codec: str, stream: bytes, input_kind: InputKind) -> Seen:
        target = self._target
        return await self._decoder.judge(codec, stream, target.past, thumbnail=target.thumbnail, input_kind=input_kind)

    def _helped(self, shown: _Shown, *, lossy: bool) -> Second:
        why = helped(self._first, ours=shown.ours, udp=self._udp, lossy=lossy)
        detail = f"{shown.seen.detail}; {why.label}" if why else shown.seen.detail
        return Second(replace(shown.seen, detail=detail), why)
