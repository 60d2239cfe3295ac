"""How often a login is shown: by a nonce of its own each time where a camera wants that, and never twice in vain."""

import asyncio
import re
import time
from collections import Counter
from contextlib import suppress
from itertools import takewhile

import pytest

from dondoc import clock
from dondoc.cameras.logins.attempts import accepted
from dondoc.probing import measuring
from dondoc.probing.probe import probe_many
from dondoc.probing.rtsp import key_picture
from dondoc.probing.rtsp.authentication import Login, parse_challenges
from dondoc.probing.verdicts import Finding, Target
from dondoc.probing.wanted import Playback, Wanted
from tests.probing.misbehaving import Visit
from tests.probing.rtsp.test_refusals import LOOPBACK, PASSWORD, SETUP, USER, Cameras, look, plays_no_key_picture

pytestmark = pytest.mark.slow


class OneTime:
    """Takes each nonce once. `refused`: answers to logins that it did not take; `says_so`: that a nonce is stale."""

    def __init__(
        self, password: str = PASSWORD, never: bytes = b"", timeout: int = 60, *, says_so: bool = False
    ) -> None:
        self._more = b", stale=true" if says_so else b""
        self.number, self.refused, self.taken = 0, 0, Counter[bytes]()
        self._password, self._never, self._timeout = password, never, timeout

    async def __call__(self, visit: Visit, method: bytes, login: bool) -> bool | None:
        if method == b"OPTIONS" and not self.taken[b"PLAY"]:
            return None
        if method == b"TEARDOWN":
            return None
        if login and method != self._never and self._is_right(visit.heard[-1], method):
            self.number += 1  # used up
            self.taken[method] += 1
            return await self._grant(visit, method)
        self.refused += login
        self.number += 1
        await visit.reply(
            b"401 No", b'WWW-Authenticate: Digest realm="a", nonce="n%d"%s\r\n' % (self.number, self._more)
        )
        return True

    async def _grant(self, visit: Visit, method: bytes) -> bool | None:
        if method != b"SETUP":
            return None
        await visit.reply(more=SETUP + b"Session: 7;timeout=%d\r\n" % self._timeout)
        return True

    def _is_right(self, request: bytes, method: bytes) -> bool:
        (offered,) = parse_challenges([b'Digest realm="a", nonce="n%d"' % self.number])
        uri = re.search(rb'uri="([^"]*)"', request)
        assert uri
        return Login(USER, self._password, offered).header(method.decode(), uri[1].decode()).encode() in request


def test_a_camera_that_takes_each_nonce_once_and_says_so_shows_its_picture() -> None:
    kind = OneTime(says_so=True)
    found = look(camera := Cameras(kind))
    assert found.showing, (found.verdict, found.detail, found.steps)
    assert kind.taken == {b"DESCRIBE": 1, b"SETUP": 1, b"PLAY": 1}
    assert len(camera.logins(b"DESCRIBE")) == 1
    assert accepted(found) is True


def test_a_camera_that_takes_each_nonce_once_is_shown_a_wrong_password_once() -> None:
    found = look(camera := Cameras(OneTime("another")))
    assert (found.verdict, len(camera.logins()), accepted(found)) == ("auth_failed", 1, False)


@pytest.mark.parametrize("step", [b"DESCRIBE", b"SETUP", b"PLAY"])
@pytest.mark.parametrize("says_so", [False, True])
def test_a_camera_that_refuses_by_a_new_nonce_each_time_refuses_no_more_than_one_login(
    step: bytes, says_so: bool
) -> None:
    """One that calls the nonce stale has not refused the login yet: only its second answer does."""
    found = look(camera := Cameras(kind := OneTime(never=step, says_so=says_so)))
    assert found.verdict == ("auth_failed" if step == b"DESCRIBE" else "forbidden")
    assert (len(camera.logins(step)) == 2) if says_so else (kind.refused == 1)


def test_a_camera_that_takes_each_nonce_once_and_does_not_say_so_proves_nothing_against_the_account() -> None:
    """It took the login at DESCRIBE: a 401 at SETUP may mean that a right is lacking, or that the nonce is used up."""
    found = look(camera := Cameras(kind := OneTime()))
    assert (found.verdict, accepted(found)) == ("forbidden", True)
    assert "đã nhận tài khoản ở bước trước" in found.detail
    assert "tài khoản không có quyền" not in found.detail
    assert (kind.taken, len(camera.logins())) == ({b"DESCRIBE": 1}, 2)


def test_the_nonce_that_an_answer_to_a_keep_alive_request_names_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that is told twice is not begun anew: its count goes on."""
    monkeypatch.setattr(key_picture, "LEAST_PATIENCE", 0.2)  # five times as many keep-alive requests as are looked at
    asked: list[bytes] = []

    async def answer(visit: Visit, method: bytes, login: bool) -> bool | None:
        played = any(one.startswith(b"PLAY") for one in visit.heard)
        if login and await plays_no_key_picture(visit, method, patience=0):
            return True
        if method == b"OPTIONS" and played:
            asked.append(visit.heard[-1])
            await visit.reply(more=b'Authentication-Info: nextnonce="k%d", qop=auth\r\n' % (len(asked) // 2))
        elif method != b"OPTIONS" and not login:
            await visit.reply(b"401 No", b'WWW-Authenticate: Digest realm="a", nonce="n", qop="auth"\r\n')
        else:
            return None
        return True

    look(Cameras(answer), timeout=2.0)
    used = [re.findall(rb'[, ](?:nonce="|nc=)(\w+)', one) for one in asked[:4]]
    first = int(used[0][1], 16)
    assert used == [[b"n", b"%08x" % first], [b"k0", b"00000001"], [b"k1", b"00000001"], [b"k1", b"00000002"]]


def test_a_camera_that_calls_the_nonce_of_each_keep_alive_request_stale_gets_no_login_after_the_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may count each as a refusal, and lock the account."""
    monkeypatch.setattr(key_picture, "LEAST_PATIENCE", 0.2)
    refused: list[bytes] = []

    async def answer(visit: Visit, method: bytes, login: bool) -> bool | None:
        played = any(one.startswith(b"PLAY") for one in visit.heard)
        if login and await plays_no_key_picture(visit, method, patience=0):
            return True
        if (method == b"OPTIONS" and played) or not login:
            refused.extend([method] * login)
            offered = b'WWW-Authenticate: Digest realm="a", nonce="n%d", stale=true\r\n' % len(visit.heard)
            await visit.reply(b"401 No", offered)
        else:
            return None
        return True

    found = look(camera := Cameras(answer), timeout=2.0)
    assert len(refused) == 2 * camera.visits, (found.steps, refused)
    assert not camera.logins(b"TEARDOWN")


def test_keep_alive_requests_carry_the_login_over_udp_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their answers are read there as well: after one that is not, none carries it, nor does TEARDOWN."""
    monkeypatch.setattr(key_picture, "LEAST_PATIENCE", 0.2)
    offered = b'WWW-Authenticate: Digest realm="a", nonce="n"\r\n'

    async def answer(visit: Visit, method: bytes, login: bool) -> bool | None:
        if not login:
            await visit.reply(b"401 No", offered)
        elif method == b"SETUP" and b"interleaved" in visit.heard[-1]:
            await visit.reply(b"461 Unsupported Transport")
        elif method == b"SETUP":
            await visit.reply(more=b"Transport: RTP/AVP;unicast;server_port=6000-6001\r\nSession: 7;timeout=0\r\n")
        else:
            return None
        return True

    def keep_alives(timeout: float) -> list[bool]:
        """Whether each keep-alive request of a look carried the login."""
        look(camera := Cameras(answer, pictures=False), timeout=timeout)
        asked = iter(camera.asked)
        any(one.startswith(b"PLAY") for one in asked)
        return [b"\r\nAuthorization: " in one for one in takewhile(lambda one: not one.startswith(b"TEARDOWN"), asked)]

    tried = map(keep_alives, (1.0, 5.0, 25.0))  # a slow machine needs more
    carried = next((found for found in tried if len(found) > 1), [])
    assert carried[:2] == [True, True]


def test_a_login_that_a_second_look_shows_and_is_hung_up_on_is_not_known_to_be_good() -> None:
    async def answer(visit: Visit, method: bytes, login: bool) -> bool | None:
        if method == b"DESCRIBE" and login and camera.visits > 1:
            return False
        if method == b"DESCRIBE" and not login:
            await visit.reply(b"401 No", b'WWW-Authenticate: Digest realm="a", nonce="n"\r\n')
            return True
        return None

    found = look(camera := Cameras(answer, pictures=False), timeout=1.0)
    assert found.verdict == "unconfirmed"
    assert accepted(found) is None
    assert len(camera.logins(b"DESCRIBE")) == 2  # one in each look


class Recorder(Cameras):
    """Shows live pictures to our login, and refuses it recordings, as `how` says. It has several channels."""

    def __init__(self, how: str) -> None:
        self.refused = 0

        async def answer(visit: Visit, method: bytes, login: bool) -> bool | None:
            if method == b"OPTIONS" or (login and b"from=" not in visit.heard[-1].partition(b"\r\n")[0]):
                return None
            self.refused += login
            if login and how == "hangs up":
                return False
            if login and how == "hangs":
                await asyncio.sleep(9)
                return False
            if login and how == "at PLAY" and method != b"PLAY":
                self.refused -= 1
                return None
            await visit.reply(b"401 No", b'WWW-Authenticate: Digest realm="a", nonce="n"\r\n')
            return True

        super().__init__(answer)


@pytest.mark.parametrize(("how", "most"), [("refuses", 1), ("hangs up", 1), ("hangs", 1)])
def test_of_all_channels_of_a_recorder_one_shows_in_vain_a_login_for_recordings(
    how: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it hangs up on it: it took the same login without hanging up, a moment ago."""
    monkeypatch.setattr(measuring, "AGREE", 2.0)
    recorder, channels = Recorder(how), 6
    found = closer_looks(recorder, channels)
    assert [one.verdict for one in found] == ["ok"] * channels
    assert recorder.refused <= most
    shown_in_vain = [one for one in found if accepted(one) is None]
    assert len(shown_in_vain) == (1 if how != "hangs" else 0)


def test_a_login_that_is_refused_when_a_recording_is_to_be_played_is_not_shown_for_the_next() -> None:
    recorder = Recorder("at PLAY")
    found = closer_looks(recorder, 1)
    assert recorder.refused == 1
    assert [accepted(one) for one in found] == [None]


def closer_looks(recorder: Recorder, channels: int) -> list[Finding]:
    async def start() -> tuple[asyncio.Server, int]:
        server = await asyncio.start_server(recorder.visit, "127.0.0.1", 0)
        return server, server.sockets[0].getsockname()[1]

    loop = asyncio.new_event_loop()
    server, port = loop.run_until_complete(start())
    urls = [f"rtsp://127.0.0.1:{port}/{n}" for n in range(channels)]
    now, since = clock.now(), time.monotonic()
    asked = {url: Wanted(now, since, playback=Playback(f"{url}?from={{start}}", "%d"), days=9) for url in urls}
    targets = [Target(url, url, USER, PASSWORD, wanted=asked[url]) for url in urls]
    task = loop.run_in_executor(None, lambda: list(probe_many(targets, stage=2, timeout=20.0, allow=LOOPBACK)))
    try:
        return loop.run_until_complete(task)
    finally:
        server.close()
        with suppress(RuntimeError):
            loop.close()
