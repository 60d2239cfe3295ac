"""Recorders that answer in ways of their own, over the wire: what one does not prove is held against nobody."""

import asyncio
import re
import struct
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any, ClassVar

import pytest

from dondoc import clock
from dondoc.demo import rtp
from dondoc.demo.camera import Camera
from dondoc.probing import measuring
from dondoc.probing.probe import probe
from dondoc.probing.recorder import Recording
from dondoc.probing.rtsp.depacketise import ERA
from dondoc.probing.verdicts import Target
from dondoc.probing.wanted import Playback, Wanted

pytestmark = pytest.mark.slow

LOOPBACK = [ip_network("127.0.0.0/8")]
DAY = timedelta(days=1)
FORM = "%Y%m%dT%H%M%SZ"


class Recorder(Camera):
    """Plays what it holds of the time that it is asked for. Its times are what lies behind us."""

    oldest: ClassVar[timedelta] = timedelta(days=11, hours=6)
    newest: ClassVar[timedelta] = timedelta(0)
    only_from: ClassVar[timedelta] = timedelta(0)  # of each day only some minutes, so long before now

    def plays(self, asked: tuple[timedelta, timedelta]) -> timedelta | None:
        """From where it plays; None: nothing."""
        begin, end = asked
        found = min(begin, self.oldest)
        if self.only_from:  # what begins so long before now, on any day
            found = self.only_from + (found - self.only_from) // DAY * DAY
        return found if max(end, self.newest) <= found <= self.oldest and begin >= self.newest else None

    async def refuse(self, headers: dict[str, str]) -> bool:
        return await self._say("404 Not Found", headers)

    def span(self, at: timedelta) -> str:
        return ""

    def head(self, at: timedelta) -> bytes:
        """An extension of the head of each packet."""
        return b""

    async def _play(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
        asked = self._asked(url)
        if asked is None:
            return await super()._play(behaviour, url, headers)
        at = self.plays(asked)
        if at is None:
            return await self.refuse(headers)
        await self._say("200 OK", headers, f"Session: 0D0D1\r\n{self.span(at)}")
        self.playing = asyncio.create_task(self._replay(at))
        return True

    async def _replay(self, at: timedelta) -> None:
        for number in range(20):
            for sent in rtp.played("moving", "h264", number):
                more = self.head(at)
                packet = bytes((sent[4] | 0x10 * bool(more),)) + sent[5:16] + more + sent[16:]
                self.writer.write(struct.pack("!cBH", b"$", 0, len(packet)) + packet)
            await self.writer.drain()
            await asyncio.sleep(0.02)

    def _asked(self, url: str) -> tuple[timedelta, timedelta] | None:
        told = re.search(r"from=(\w+)&to=(\w+)", url)
        if not told:
            return None
        now = clock.now()
        begin, end = (now - datetime.strptime(one, FORM).replace(tzinfo=UTC) for one in told.groups())
        return begin, end


def written(at: timedelta) -> str:
    return (clock.now() - at).astimezone(UTC).strftime(FORM)


class Stopped(Recorder):
    oldest, newest = timedelta(days=60), timedelta(days=8, hours=18)


class Oldest(Recorder):
    """Plays the oldest that it has, where it has nothing of what it is asked for."""

    def plays(self, asked: tuple[timedelta, timedelta]) -> timedelta | None:
        return super().plays(asked) or (self.oldest if asked[0] > self.oldest else None)


class Newest(Stopped):
    """Plays the newest that it has, likewise."""

    def plays(self, asked: tuple[timedelta, timedelta]) -> timedelta | None:
        return super().plays(asked) or (self.newest if asked[0] < self.newest else None)


class Live(Recorder):
    def plays(self, asked: tuple[timedelta, timedelta]) -> timedelta | None:
        return timedelta(0)


class InWords(Recorder):
    def span(self, at: timedelta) -> str:
        return f"Range: clock={written(at)}-\r\n"


class InPackets(Recorder):
    def head(self, at: timedelta) -> bytes:
        seconds = int((clock.now() - at - ERA).total_seconds())
        return b"\xab\xac\0\3" + seconds.to_bytes(4) + bytes(4) + b"\x80\0\0\0"


class OldestInWords(InWords, Oldest): ...


class OldestInPackets(InPackets, Oldest): ...


class NewestInWords(InWords, Newest): ...


class InItsOwnTime(InWords, Oldest):
    """Calls its own time universal."""

    def span(self, at: timedelta) -> str:
        return super().span(at - timedelta(hours=7))


class OfAllThatItHas(Oldest):
    def span(self, at: timedelta) -> str:
        return f"Range: clock={written(self.oldest)}-{written(self.newest)}\r\n"


class Nonsense(Oldest):
    def span(self, at: timedelta) -> str:
        return "Range: clock=99999999T999999Z-\r\n"


class LiveInWords(Live):
    def span(self, at: timedelta) -> str:
        return "Range: npt=now-\r\n"


class WithoutPictures(Recorder):
    """Sends its parameter sets, a report and nothing more where it has nothing."""

    async def refuse(self, headers: dict[str, str]) -> bool:
        await self._say("200 OK", headers, "Session: 0D0D1\r\n")
        first = rtp.played("moving", "h264", 0)[0]
        report = b"$\0\0\x1c\x80\xc8\0\6" + bytes(24)
        self.writer.write(first + report * 90)
        await self.writer.drain()
        return False


class OnAnotherChannel(Recorder):
    """Answers for what it has not with what it shows now, and on a channel that nobody asked for."""

    async def refuse(self, headers: dict[str, str]) -> bool:
        await self._say("200 OK", headers, "Session: 0D0D1\r\n")
        for number in range(20):
            for sent in rtp.played("moving", "h264", number):
                self.writer.write(sent[:1] + b"\2" + sent[2:])
        await self.writer.drain()
        return True


class Tired(Recorder):
    """Plays each of its days once: asked again it says that there is none."""

    played: ClassVar[set[int]]

    def plays(self, asked: tuple[timedelta, timedelta]) -> timedelta | None:
        found, day = super().plays(asked), round(asked[0] / DAY)
        if found is None or day in self.played:
            return None
        self.played.add(day)
        return found


class TiredAndStopped(Tired):
    oldest, newest = timedelta(days=60), timedelta(days=8, hours=18)


class Refusing(Recorder):
    says: ClassVar[str]

    async def refuse(self, headers: dict[str, str]) -> bool:
        return await self._say(self.says, headers)


class Motion(Recorder):
    """Records only what moves, as at half past six in the morning, and finds it within what it is asked for."""

    oldest, only_from = timedelta(days=60), timedelta(hours=9, minutes=30)


class MotionShort(Motion):
    oldest = timedelta(days=20)


class Overwriting(Recorder):
    """Holds thirty days, but for the hours that it overwrites."""

    oldest = timedelta(days=29, hours=18)


class Slow(Recorder):
    async def _replay(self, at: timedelta) -> None:
        await asyncio.sleep(1.6)
        await super()._replay(at)


def refusing(status: str) -> type[Recorder]:
    return type("Refusing", (Refusing,), {"says": status})


UNKNOWN, TWELVE = Recording(), Recording(True, 1, 12, 0)  # of which nobody knows what it holds besides
SHORT, STOPPED = Recording(True, 1, 12, 13), Recording(False, 9, 30, 0)
# Kinds of recorders, and what may be said of one of which the form says that it keeps thirty days.
KINDS: dict[str, tuple[type[Recorder], Recording]] = {
    "has the last twelve days": (Recorder, SHORT),
    "has stopped nine days ago": (Stopped, STOPPED),
    "plays the oldest instead": (Oldest, UNKNOWN),
    "plays the oldest instead, and says so": (OldestInWords, TWELVE),
    "plays the oldest instead, and its packets say so": (OldestInPackets, TWELVE),
    "plays the oldest instead, and says so in its own time": (InItsOwnTime, TWELVE),
    "plays the oldest instead, and tells of all that it has": (OfAllThatItHas, TWELVE),
    "plays the oldest instead, and talks nonsense": (Nonsense, UNKNOWN),
    "plays the newest instead": (Newest, UNKNOWN),
    "plays the newest instead, and says so": (NewestInWords, Recording(None, 9, 30, 0)),
    "plays the live picture": (Live, UNKNOWN),
    "plays the live picture, and says so": (LiveInWords, UNKNOWN),
    "agrees, and sends no picture": (WithoutPictures, TWELVE),
    "says that the range is wrong, at PLAY": (refusing("457 Invalid Range"), SHORT),
    "sends what it has not on another channel": (OnAnotherChannel, TWELVE),
    "forgets the session of what it has not": (refusing("454 Session Not Found"), UNKNOWN),
    "has nothing any more, as soon as it was asked for a lot": (Tired, TWELVE),
    "has nothing of lately, as soon as it was asked for a lot": (TiredAndStopped, Recording(None, 9, 30, 0)),
    "is busy": (refusing("453 Not Enough Bandwidth"), UNKNOWN),
    "has no such service": (refusing("551 Option Not Supported"), UNKNOWN),
    "stumbles": (refusing("500 Internal Server Error"), UNKNOWN),
    "records only what moves": (Motion, Recording(True, 1, 30, 0)),
    "records only what moves, for twenty days": (MotionShort, Recording(True, 1, 20, 21)),
    "is just overwriting the thirtieth day": (Overwriting, Recording(True, 1, 30, 0)),
}


def measured(kind: type[Recorder], days: int = 30) -> dict[str, Any]:
    kind = type("Kind", (kind,), {"played": set()})

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            await kind(reader, writer, Counter()).talk()

    async def run() -> dict[str, Any]:
        server = await asyncio.start_server(visit, "127.0.0.1", 0)
        url = f"rtsp://127.0.0.1:{server.sockets[0].getsockname()[1]}/healthy/1"
        asked = Playback(f"{url}?from={{start}}&to={{end}}", FORM, utc=True)
        wanted = Wanted(clock.now(), time.monotonic(), playback=asked, days=days)
        found = await probe(Target("x", url, wanted=wanted), stage=2, allow=LOOPBACK, timeout=20.0)
        server.close()
        assert found.measured
        return dict(found.measured["recorder"])

    return asyncio.run(run())


@pytest.mark.parametrize("name", KINDS)
def test_of_a_recorder_only_what_it_proves_is_said(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "START", 2.0)
    kind, known = KINDS[name]
    found = measured(kind)
    assert Recording.read(found) == known, found
    if known == UNKNOWN:
        assert Recording.read(found).keeps(30) is None


def test_a_recorder_that_takes_its_time_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It needs longer than it had to agree: the disk of an old day has to wake up."""
    monkeypatch.setattr(measuring, "AGREE", 1.2)
    monkeypatch.setattr(measuring, "START", 6.0)
    found = measured(Slow, days=1)
    assert found["answers"] == {"1": "played", "3650": "absent", "-2": "absent"}
