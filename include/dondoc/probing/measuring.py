"""A closer look at a camera whose picture was good: stream, recorder, clock, device. It never changes a verdict.

All goes over the camera's own address, with the login that it took a moment ago; of one that is refused now nothing
more is asked. Each part has a time of its own, and what cannot be found out is left out.
"""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from dondoc.clock import HERE
from dondoc.probing import onvif
from dondoc.probing.address import Address, parse
from dondoc.probing.allow_list import Ip
from dondoc.probing.picture.decoder import Decoder
from dondoc.probing.picture.memory import Fits
from dondoc.probing.recorder import CONTROL, Answer, beside, conclude, is_of, moment, next_day, span
from dondoc.probing.rtsp import key_picture, sdp, stream_facts
from dondoc.probing.rtsp.depacketise import bounds, recorded_at
from dondoc.probing.rtsp.dialogue import Dialogue, base
from dondoc.probing.rtsp.exchange import Verdict
from dondoc.probing.rtsp.message import NotRtsp
from dondoc.probing.rtsp.readers import Pictures, check_readable
from dondoc.probing.rtsp.senders import is_report
from dondoc.probing.verdicts import Verdict as Codes
from dondoc.probing.wanted import LoginOutcome, Playback, Subject, Wanted

STREAM, ONVIF = 10.0, 4.0  # seconds for the stream, and for each question by ONVIF
AHEAD = timedelta(days=1)  # that a clock may be fast: more than a wrong time zone
AGREE, START = 8.0, 8.0  # for each day of the recorder: until it agrees, and from then on until it plays
LONGEST = 60.0  # seconds for stream and recorder: the rest of a part of a batch waits for its slowest camera
NO_SUCH = (404, 410, 416, 457)  # there is no such recording; 457: Invalid Range (RFC 2326)
HEAD = 1000  # bytes that come also of what has no picture: parameter sets, reports
BROKEN = (Verdict, NotRtsp, OSError, TimeoutError, ValueError)
Again = Callable[[Address], Dialogue]
Measured = dict[str, dict[str, Any]]
Credentials = tuple[str, str]


async def measure(
    wanted: Wanted, again: Again, decoder: Decoder, ip: Ip | None, seen: str | None, login: Credentials | None
) -> Measured:
    """What was found, by subject: JSON-safe, without an address.

    Args:
        again: makes a dialogue about an address of the same device, which is not open yet.
        ip: where the device was found.
        seen: the size of the picture that was seen already, "640x360".
        login: that the camera has just taken; None: it wanted none.

    Raises:
        Shortage: this machine is out of descriptors, ports or memory.
    """
    found: Measured = {}
    if wanted.clock and ip and (clock := await _clock(ip, wanted.clock, wanted.clock_time)):
        found[Subject.CLOCK] = clock
    with contextlib.suppress(_LoginRefused):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST):
                await _over_rtsp(wanted, again, decoder, seen, found)
        if wanted.device and wanted.clock and ip and login:  # last: a login refused here may cost the others
            there = partial(_there, wanted.clock_time, found.get(Subject.CLOCK, {}))
            if device := await _device(ip, wanted.clock, login, there):
                found[Subject.DEVICE] = device
    return found


class _LoginRefused(Exception):
    """The login that was taken a moment ago is not any more: it is not sent again."""


def _unless_refused(error: Exception) -> None:
    if isinstance(error, Verdict) and (error.verdict == Codes.AUTH_FAILED or error.status == 401):
        raise _LoginRefused from None


async def _over_rtsp(wanted: Wanted, again: Again, decoder: Decoder, seen: str | None, found: Measured) -> None:
    if wanted.stream and (stream := await _stream(again(parse(wanted.stream)), decoder)):
        sub = _size(seen) if wanted.is_sub else None
        found[Subject.STREAM] = stream | ({"sub": sub} if sub else {})
    if wanted.playback and wanted.days > 0:
        off = _off(found.get(Subject.CLOCK, {}), wanted.playback)
        if abs(off) < timedelta(days=CONTROL):  # else it has no days that anybody could name
            now = wanted.clock_time()
            asked = _Asked(wanted.playback, again, now + off)
            try:
                await _ask_recorder(asked, wanted.days)
            finally:  # what it had answered when the time was over
                found[Subject.RECORDER] = _told(asked, now)


async def _stream(dialogue: Dialogue, decoder: Decoder) -> dict[str, Any]:
    """`main`: width and height; `codec`, and what `Meter.facts` tells. Empty where nothing came."""
    found = dict[str, Any]()
    with decoder.memory.place() as fits:
        codec, picture = await _played(dialogue, found, fits)
        if picture and (size := _size((await decoder.judge(codec, picture)).features.get("size"))):
            found["main"] = size
    return found


async def _played(dialogue: Dialogue, found: dict[str, Any], fits: Fits) -> tuple[str, bytes]:
    """Its codec and a key picture, as far as they came; what the packets tell is added to what was found."""
    picture = b""
    meter: stream_facts.Meter | None = None
    try:
        async with asyncio.timeout(STREAM), _playing(dialogue) as (track, way):
            found["codec"] = _name(track)
            check_readable(track)
            reader = Pictures(track, fits, reliable=way.reliable)
            async with asyncio.timeout(stream_facts.MOST):
                while not (picture and meter and meter.enough):
                    packet = await way.read()
                    picture = (not picture and reader.feed(packet)) or picture
                    if meter is None or reader.track is not track:  # its packets are not what was described
                        meter, track = _meter(reader.track, reliable=way.reliable), reader.track
                        found["codec"] = _name(track)
                    meter.feed(packet, time.monotonic())
    except BROKEN as error:
        _unless_refused(error)  # what came until then was measured
    finally:
        dialogue.close()
    if meter is None:
        return "", b""
    found |= meter.facts()
    return meter.codec, picture


def _name(track: sdp.Video) -> str:
    return track.codec or track.encoding.lower()


def _meter(track: sdp.Video, *, reliable: bool) -> stream_facts.Meter:
    return stream_facts.Meter(
        track.codec or "", track.payload_type, track.parameter_sets, numbered=track.numbered, reliable=reliable
    )


@contextlib.asynccontextmanager
async def _playing(
    dialogue: Dialogue, headers: Mapping[str, str] = key_picture.LIVE, *, strict: bool = False
) -> AsyncGenerator[tuple[sdp.Video, key_picture.Way]]:
    """The video track of an address, and how its packets come. It is asked as it stands: not followed.

    Args:
        headers, strict: as of `key_picture.playing`.

    Raises:
        as `key_picture.playing`.
    """
    await dialogue.open()
    url = dialogue.address.url
    described = await dialogue.ask("DESCRIBE", url, Accept="application/sdp")
    key_picture.accepted(dialogue, described, "DESCRIBE")
    if (track := sdp.video(described.body)) is None:
        raise Verdict("no_video_track", "luồng không có hình")
    way_of = key_picture.playing(dialogue, track, base(described) or url, headers=headers, strict=strict)
    async with way_of as way:
        yield track, way


def _size(told: object) -> list[int] | None:
    """Width and height of what a child answered, which a picture may have taken over."""
    parts = re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", str(told))
    return [int(part) for part in parts.groups()] if parts else None


def _off(clock: Mapping[str, int], playback: Playback) -> timedelta:
    """How far ahead a device is in the time by which it is asked: of what it wrote under a wrong day, nothing is
    missing."""
    return timedelta(seconds=clock.get("utc" if playback.utc else "local", clock.get("utc", 0)))


@dataclass
class _Asked:
    """A recorder that is asked for days, and its answers by day. `now`: by its own clock; `sure`: as of `conclude`."""

    playback: Playback
    again: Again
    now: datetime
    answers: dict[int, Answer] = field(default_factory=dict)
    sure: bool = False

    async def of(self, day: int) -> Answer:
        asked = moment(day, self.now)
        url, headers = self.playback.of(*asked)
        return await _answer(self.again(parse(url)), headers, asked)


async def _ask_recorder(asked: _Asked, days: int) -> None:
    """Ask until enough is known, and once more for the days beside those that are missing."""
    while (day := next_day(asked.answers, days)) is not None:
        asked.answers[day] = await asked.of(day)
    again = [await asked.of(day) for day in beside(conclude(asked.answers))]
    asked.sure = all(one == Answer.PLAYED for one in again)


def _told(asked: _Asked, now: datetime) -> dict[str, Any]:
    """`Recording`, and what was asked for: answers by day; `asked`: the day from which these are counted."""
    told = {"answers": {str(day): str(one) for day, one in asked.answers.items()}}
    known = conclude(asked.answers, sure=asked.sure)
    return known.as_json() | told | {"asked": moment(0, now)[0].astimezone(HERE).date().isoformat()}


async def _answer(dialogue: Dialogue, headers: dict[str, str], asked: tuple[datetime, datetime]) -> Answer:
    agreed, size = False, 0
    try:
        async with (
            asyncio.timeout(AGREE) as limit,
            _playing(dialogue, headers or key_picture.LIVE, strict=True) as (_, way),
        ):
            agreed = True
            limit.reschedule(asyncio.get_running_loop().time() + START)
            played = span(way.span)
            while size < HEAD:
                packet = await way.read()
                start, end = bounds(packet)
                size += 0 if is_report(packet) else max(0, end - start)
                if at := recorded_at(packet):  # says more than what was agreed
                    played = at, at
            return Answer.PLAYED if played is None or is_of(played, asked) else Answer.ELSEWHERE
    except BROKEN as error:
        _unless_refused(error)
        if isinstance(error, Verdict) and error.status in NO_SUCH:
            return Answer.ABSENT
        return Answer.SILENT if agreed else Answer.UNCLEAR
    finally:
        dialogue.close()


async def _clock(ip: Ip, port: int, now: Callable[[], datetime]) -> dict[str, Any]:
    """By how much it is off, as `onvif.offsets`; empty where it tells no time."""
    began = now()
    answer = await _asked(ip, port, onvif.Question(onvif.TIME))
    return dict(onvif.offsets(answer, began + (now() - began) / 2)) if answer else {}


def _there(now: Callable[[], datetime], clock: Mapping[str, int]) -> datetime | None:
    """What a device's own clock shows now; None where it does not say, or where a token of then would be good for
    days to come, at whatever other device takes the same login."""
    off = timedelta(seconds=clock.get("utc", 0))
    with contextlib.suppress(OverflowError):
        return now() + off if "utc" in clock and off < AHEAD else None
    return None


async def _device(ip: Ip, port: int, login: Credentials, there: Callable[[], datetime | None]) -> dict[str, Any]:
    """What it is, as `onvif.information`; else `login`, a `LoginOutcome`, where it was shown the login.

    It gets that only if it does not answer without, and once.

    Args:
        there: what its own clock shows.
    """
    first = await _asked(ip, port, onvif.Question(onvif.INFORMATION))
    if first is None:
        return {}
    if found := onvif.information(first):
        return {**found}
    if (question := onvif.logged_in(first, *login, there())) is None:
        return {}
    second = await _asked(ip, port, question)
    if second and (found := onvif.information(second)):
        return {**found}
    return {"login": LoginOutcome.REFUSED if second and onvif.refused(second) else LoginOutcome.UNANSWERED}


async def _asked(ip: Ip, port: int, question: onvif.Question) -> onvif.Answer | None:
    with contextlib.suppress(OSError, TimeoutError, ValueError):
        async with asyncio.timeout(ONVIF):
            return await onvif.ask(ip, port, question)
    return None
