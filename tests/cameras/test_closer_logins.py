"""A login that a camera takes for its picture and refuses to a closer look is not shown there night after night."""

import asyncio
import time
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from dondoc import clock
from dondoc.cameras.logins import credentials
from dondoc.cameras.measured.told import told
from dondoc.cameras.measured.turn import WEEK, due
from dondoc.cameras.measured.words import line
from dondoc.cameras.nights import night
from dondoc.clock import at
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.demo import clips, rtp
from dondoc.demo.served import Served
from dondoc.store.cameras import Camera, CredentialAttempt
from tests.cameras.nights import AGENCY, SYSTEM, cameras
from tests.conftest import CLERK
from tests.probing.misbehaving import Visit
from tests.probing.rtsp.test_refusals import Cameras

pytestmark = pytest.mark.slow

MONDAY = date(2021, 11, 22)
DIGEST = b'WWW-Authenticate: Digest realm="a", nonce="n"\r\n'


class Grudging(Served, Cameras):
    """Takes a login on each first connection of a look, and refuses it on the next ones."""

    def __init__(self) -> None:
        self.grudges, self.refused, self.shown, self.played = True, 0, 0, 0

        async def answer(visit: Visit, method: bytes, login: bool) -> bool | None:
            if method == b"OPTIONS":
                return None
            if login and not (self.grudges and self.shown):
                self.shown += method == b"TEARDOWN"
                return await self.play(visit) if method == b"PLAY" else None
            self.refused += login
            await visit.reply(b"401 No", DIGEST)
            return True

        Cameras.__init__(self, answer)

    async def play(self, visit: Visit) -> bool:
        """From another key picture each time: one that is always the same is frozen."""
        await visit.reply()
        self.played += 1
        for number in range(3):
            for packet in rtp.played("moving", "h264", self.played * clips.KEY_EVERY + number):
                visit.writer.write(packet)
        return True

    async def start(self) -> list[asyncio.Server]:
        server = await asyncio.start_server(self.visit, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return [server]


def test_a_login_that_is_refused_to_a_closer_look_is_not_shown_there_until_somebody_allows_it(
    app: AppContext, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("DONDOC_PROBE_ALLOW", "127.0.0.0/8")
    app = AppContext(load())
    with Grudging() as camera:
        (one,) = cameras(app, f"{AGENCY},{SYSTEM},C,rtsp://127.0.0.1:{camera.port}/1,ioc,bi-mat-1")
        first = next(day for n in range(WEEK) if due(one, day := MONDAY + timedelta(days=n)))

        def look(day: date) -> str:
            environment.setenv("DONDOC_CLOCK", at(day, 22).isoformat())
            environment.setenv("DONDOC_CLOCK_SINCE", str(time.time()))
            camera.shown = 0
            results = night.check_batch(app, [one], night=day, round="night", now=clock.now())
            night.store(app, results, night=day, round="night", now=clock.now())
            return str(results[0].verdict)

        assert look(first) == "ok"
        assert camera.refused == 1
        with app.sessions.reading() as session:
            assert session.scalars(select(CredentialAttempt.accepted)).one() is None
            (login,) = (m for m in told(app, session, clock.now())[one].measured if m.subject == "login")
            assert "từ chối khi được hỏi thêm" in line(None, login).measured
        for weeks in (1, 2):
            assert look(first + timedelta(days=WEEK * weeks)) == "ok"
        assert camera.refused == 1
        with app.sessions.begin() as session:
            its = session.get_one(Camera, one)
            credentials.retry(session, its, by=CLERK, reason="đã hỏi", secrets=app.secrets, now=clock.now())
        camera.grudges = False
        assert look(first + timedelta(days=WEEK * 3)) == "ok"
        with app.sessions.reading() as session:
            assert "stream" in {m.subject for m in told(app, session, clock.now())[one].measured}
