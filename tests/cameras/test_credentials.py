"""Refused passwords: never again that night, later only on a change or a person's word, and not all over a site."""

import json
import random
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import timedelta

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from dondoc import keys
from dondoc.cameras.logins import attempts, canary, credentials
from dondoc.cameras.logins.attempts import Login
from dondoc.cameras.logins.canary import Told
from dondoc.cameras.nights import batch, night, planner
from dondoc.cli import cli
from dondoc.clock import at
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.demo.camera import PASSWORD, USER
from dondoc.demo.fleet import Fleet
from dondoc.errors import Problem
from dondoc.probing import probe, resolver, spread
from dondoc.probing.rtsp import dialogue
from dondoc.probing.verdicts import Finding, Target, Verdict
from dondoc.store.cameras import Camera, CredentialAttempt, CredentialRelease
from tests.cameras.nights import AGENCY, NIGHT, NOW, SYSTEM, all_outages, cameras, live, on
from tests.conftest import CLERK, NOT_BROUGHT, SECRET, Run, migrate
from tests.probing.misbehaving import Servers

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _loopback_may_be_probed(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DONDOC_PROBE_ALLOW", "127.0.0.0/8")


def looked(app: AppContext, ids: list[int], number: int = 0, round: str = "night") -> dict[int, dict]:
    return {r.camera: r for r in night.check_batch(app, ids, night=on(number), round=round, now=at(on(number), 22))}


def one(app: AppContext, url: str, login: str = "u,sai") -> int:
    return cameras(app, f"{AGENCY},{SYSTEM},Cổng,{url},{login},,,,")[0]


def released(app: AppContext, camera: int, number: int, hour: int) -> None:
    with app.sessions.begin() as session:
        credentials.retry(
            session, session.get_one(Camera, camera), by=CLERK, reason="đơn vị đã mở khóa",
            secrets=app.settings.secret_keys, now=at(on(number), hour),
        )  # fmt: skip


class TestNights:
    def test_a_refusal_lasts_until_a_person_says_otherwise_and_never_ends_the_same_night(self, app: AppContext) -> None:
        with Fleet() as fleet:
            camera = one(app, fleet.url("wrong-password"))
            released(app, camera, 0, 9)  # before it was refused: says nothing
            looked(app, [camera])
            looked(app, [camera], 1)
            assert fleet.counts["logins"] == 1
            released(app, camera, 1, 23)
            looked(app, [camera], 2)
            assert fleet.counts["logins"] == 2
            released(app, camera, 2, 23)  # the same night: no more attempts, whoever asks
            for round in ("second", "all", "declared-1"):
                assert looked(app, [camera], 2, round)[camera].verdict == "auth_failed"
            assert fleet.counts["logins"] == 2
            looked(app, [camera], 3)
            assert fleet.counts["logins"] == 3
            assert "từ đêm 25/11/2021" in looked(app, [camera], 4)[camera].detail

    def test_a_camera_that_keeps_us_out_is_still_seen_to_answer(self, app: AppContext) -> None:
        with Fleet() as fleet:
            camera = one(app, fleet.url("wrong-password"))
            looked(app, [camera])
            later = looked(app, [camera], 1)[camera]
        assert (later.verdict, later.phase) == ("auth_failed", "auth")

    def test_a_changed_credential_is_tried_and_the_old_one_stays_refused(self, app: AppContext) -> None:
        with Fleet() as fleet:
            camera = one(app, fleet.url("digest"), "u,sai")
            looked(app, [camera])
            one(app, fleet.url("digest"), f"{USER},{PASSWORD}")
            assert looked(app, [camera], 1)[camera].verdict == "ok"
            one(app, fleet.url("digest"), "u,sai")
            logins = fleet.counts["logins"]
            assert looked(app, [camera], 2)[camera].verdict == "auth_failed"
            assert fleet.counts["logins"] == logins

    def test_all_channels_of_a_recorder_share_the_refusal_on_later_nights(self, app: AppContext) -> None:
        with Fleet() as fleet:
            rows = [f"{AGENCY},{SYSTEM},Kênh {n},{fleet.url('wrong-password', str(n))},u,sai,,,," for n in range(4)]
            ids = cameras(app, *rows)
            looked(app, ids)
            assert {r.verdict for r in looked(app, ids, 1).values()} == {"auth_failed"}
            assert fleet.counts["logins"] == 1

    def test_another_spelling_of_a_device_is_no_second_chance(self, app: AppContext) -> None:
        with Fleet() as fleet:
            url = fleet.url("wrong-password")
            hosts = ("127.0.0.1", "127.0.0.1.", "127.1", "[::ffff:127.0.0.1]")
            places = (url.replace("127.0.0.1", host) for host in hosts)
            ids = cameras(app, *(f"{AGENCY},{SYSTEM},Cổng {n},{p},u,sai,,,," for n, p in enumerate(places)))
            assert {found.verdict for found in looked(app, ids).values()} == {"auth_failed"}
            assert fleet.counts["logins"] == 1

    def test_rtsps_is_no_second_chance(self) -> None:
        plain = attempts.device("rtsp://10.1.1.1/1")
        assert {attempts.device(f"rtsps://10.1.1.1{port}/2") for port in ("", ":322", ":554")} == {plain}
        assert attempts.device("rtsps://10.1.1.1:8554/") == attempts.device("rtsp://10.1.1.1:8554/") != plain

    @pytest.mark.parametrize("where", ["rtsps://10.1.1.1:322", "rtsp://10.1.1.1:554"])
    def test_a_refusal_noted_when_the_scheme_told_devices_apart_holds(self, app: AppContext, where: str) -> None:
        camera = one(app, "rtsps://10.1.1.1/1")
        mark = attempts.fingerprint(app.settings.secret_keys, "u", "sai")
        with app.sessions.begin() as session:
            session.add(
                CredentialAttempt(
                    camera_id=camera, fingerprint=mark, device=where, night=NIGHT, accepted=False, recorded_at=NOW
                )
            )
        with app.sessions.begin() as session:
            assert attempts.begin(session, {camera: mark}, on(1), at(on(1), 22)) == set()

    def test_a_new_key_forgets_no_refusal(self, app: AppContext, environment: pytest.MonkeyPatch) -> None:
        with Fleet() as fleet:
            camera = one(app, fleet.url("wrong-password"))
            looked(app, [camera])
            environment.setenv("DONDOC_SECRET_KEY", f"khoa-moi-rat-dai-va-that-ngau-nhien,{SECRET}")
            newer = AppContext(load())
            assert looked(newer, [camera], 1)[camera].verdict == "auth_failed"
            assert fleet.counts["logins"] == 1
            newer.sessions.kw["bind"].dispose()

    def test_nor_does_one_that_has_replaced_the_old_key_that_of_a_login_replaced_before(
        self, app: AppContext, environment: pytest.MonkeyPatch, dondoc: Run
    ) -> None:
        def under(secret: str, number: int, round: str, verdict: str) -> int:
            environment.setenv("DONDOC_SECRET_KEY", secret)
            newer = AppContext(load())
            with newer.sessions.begin() as session:
                row = session.get_one(Camera, camera)
                credentials.enter(session, row, "u", "A", by=CLERK, secrets=newer.settings.secret_keys, now=NOW)
            assert looked(newer, [camera], number, round)[camera].verdict == verdict
            newer.sessions.kw["bind"].dispose()
            return fleet.counts["logins"]

        with Fleet() as fleet:
            camera = one(app, fleet.url("wrong-password"), "u,A")
            looked(app, [camera])
            one(app, fleet.url("wrong-password"), "u,B")
            looked(app, [camera], 0, "second")
            assert fleet.counts["logins"] == 2
            environment.setenv("DONDOC_SECRET_KEY", f"khoa-moi-rat-dai-va-that-ngau-nhien,{SECRET}")
            for _ in range(2):
                dondoc("rotate-key")
            new = "khoa-moi-rat-dai-va-that-ngau-nhien"
            assert under(new, 0, "all", "login_withheld") == 2, (
                "nobody knows it again: not sent, nor said to be refused"
            )
            assert under(new, 1, "night", "auth_failed") == 3, "entered by a person: the next night"

    def test_what_a_key_that_is_gone_has_marked_is_held_against_no_other_login_of_the_device(
        self, app: AppContext, environment: pytest.MonkeyPatch, dondoc: Run
    ) -> None:
        with Fleet() as fleet:
            row = f"{AGENCY},{SYSTEM},Kênh 1,{fleet.url('digest', '1')}"
            first = cameras(app, f"{row},u,sai,,,,")[0]
            looked(app, [first])
            right = f"{USER},{PASSWORD}"
            second, third = cameras(
                app, f"{row},{right},,,,",
                f"{AGENCY},{SYSTEM},Kênh 2,{fleet.url('digest', '2')},{right},,,,",
                f"{AGENCY},{SYSTEM},Kênh 3,{fleet.url('digest', '3')},moi,{PASSWORD},,,,",
            )[-2:]  # fmt: skip
            assert looked(app, [second], 0, "second")[second].verdict == "ok"
            environment.setenv("DONDOC_SECRET_KEY", f"khoa-moi-rat-dai-va-that-ngau-nhien,{SECRET}")
            dondoc("rotate-key")
            environment.setenv("DONDOC_SECRET_KEY", "khoa-moi-rat-dai-va-that-ngau-nhien")
            newer = AppContext(load())
            found = looked(newer, [second, third], 0, "all")
            newer.sessions.kw["bind"].dispose()
        assert found[second].verdict == "ok", "taken tonight: known to be right"
        assert (found[third].verdict, "01 mật khẩu khác" in found[third].detail) == ("login_withheld", True)


Names = dict[str, list[str]]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """What a name server answers, which nothing on this machine would."""
    told: Names = {}

    def look_up(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        if host not in told:
            raise OSError
        return [(0, 0, 0, "", (ip, 0)) for ip in told[host]]

    monkeypatch.setattr(resolver.socket, "getaddrinfo", look_up)
    return told


class TestNames:
    """One device, under names and addresses."""

    def declared(self, app: AppContext, url: str, *hosts: str, login: str = "u,sai") -> list[int]:
        places = (url.replace("127.0.0.1", host) for host in hosts)
        rows = (f"{AGENCY},{SYSTEM},Cổng {n},{p},{login.format(n)},,,," for n, p in enumerate(places))
        return cameras(app, *rows)

    @pytest.mark.parametrize("hosts", [("localhost", "127.0.0.1"), ("127.0.0.1", "LOCALHOST")])
    def test_a_name_and_its_address_are_refused_once_together_and_apart(
        self, app: AppContext, hosts: tuple[str, str]
    ) -> None:
        with Fleet() as fleet:
            ids = self.declared(app, fleet.url("wrong-password"), *hosts)
            assert looked(app, ids[:1])[ids[0]].verdict == "auth_failed"
            assert {found.verdict for found in looked(app, ids, 0, "second").values()} == {"auth_failed"}
            assert {found.verdict for found in looked(app, ids, 1).values()} == {"auth_failed"}
            assert fleet.counts["logins"] == 1
        with Fleet() as fleet:
            ids = self.declared(app, fleet.url("wrong-password"), *hosts)
            looked(app, ids, 2)
            assert fleet.counts["logins"] == 1

    def test_different_passwords_count_for_all_the_names_of_a_device(self, app: AppContext, names: Names) -> None:
        names |= {"a.vn": ["127.0.0.1"], "b.vn": ["127.0.0.1"], "c.vn": ["::ffff:127.0.0.1"]}
        hosts = ("a.vn", "127.0.0.1", "b.vn", "c.vn", "127.1")
        with Fleet() as fleet:
            ids = self.declared(app, fleet.url("digest"), *hosts, login="u,sai{}")
            looked(app, ids)
            for camera in ids:
                looked(app, [camera], 0, f"now-{camera}")
            assert fleet.counts["refused logins"] == 2

    def test_of_a_name_with_several_addresses_each_has_refused_it(self, app: AppContext, names: Names) -> None:
        names["a.vn"] = ["127.0.0.1", "127.0.0.2"]
        with Fleet() as fleet:
            ids = self.declared(app, fleet.url("wrong-password"), "a.vn", "127.0.0.2", "127.0.0.1")
            looked(app, ids[:1])
            with app.sessions.begin() as session:
                marks = dict.fromkeys(ids, attempts.fingerprint(app.settings.secret_keys, "u", "sai"))
                assert attempts.begin(session, marks, NIGHT, NOW) == set()
                assert attempts.begin(session, marks, on(1), at(on(1), 22)) == set()

    def test_a_name_that_moves_takes_its_refusals_with_it_and_leaves_them_behind(
        self, app: AppContext, names: Names
    ) -> None:
        names["a.vn"] = ["127.0.0.1"]
        with Fleet() as fleet:
            ids = self.declared(app, fleet.url("wrong-password"), "a.vn", "127.0.0.1")
            looked(app, ids[:1])
            names["a.vn"] = ["127.0.0.9"]
            looked(app, ids, 1)
            assert fleet.counts["logins"] == 1

    def test_what_a_name_server_says_later_is_not_heeded(
        self, app: AppContext, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []

        def look_up(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
            asked.append(host)
            return [(0, 0, 0, "", ("127.0.0.1" if len(asked) == 1 else "127.0.0.9", 0))]

        monkeypatch.setattr(resolver.socket, "getaddrinfo", look_up)
        with Fleet() as fleet:
            ids = self.declared(app, fleet.url("digest"), "a.vn", "A.vn", login=f"{USER},{PASSWORD}")
            assert {found.verdict for found in looked(app, ids).values()} == {"ok"}
        assert asked == ["a.vn"]

    def test_a_name_that_nobody_knows_or_tells_in_time_is_asked_for_once(
        self, app: AppContext, names: Names, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        silence = threading.Event()
        known = resolver.socket.getaddrinfo

        def look_up(host: str, *more: object, **kinds: object) -> object:
            if host == "silent.vn":
                silence.wait(60)
            return known(host, *more, **kinds)

        monkeypatch.setattr(resolver.socket, "getaddrinfo", look_up)
        monkeypatch.setattr(batch, "TIMEOUT", 1.0)
        ids = self.declared(app, "rtsp://127.0.0.1/1", "silent.vn", "unknown.vn")
        details = [found.detail for _, found in sorted(looked(app, ids).items())]
        silence.set()
        assert details == ["máy chủ tên miền không trả lời", "không phân giải được tên máy"]


class Recorder:
    """A device that asks for a login in a way that may change, and refuses none. `sent`: what it was shown."""

    def __init__(self) -> None:
        self.offers, self.sent = "Digest realm=a, nonce=b", list[str]()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"rtsp://127.0.0.1:{self._listening.getsockname()[1]}/1"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                with connection, suppress(OSError):
                    while asked := connection.recv(4096).decode():
                        connection.sendall(self._answer(asked).encode())

    def _answer(self, asked: str) -> str:
        if asked.startswith("OPTIONS"):
            return "RTSP/1.0 200 OK\r\n\r\n"
        if "Authorization: " not in asked:
            return f"RTSP/1.0 401 No\r\nWWW-Authenticate: {self.offers}\r\n\r\n"
        self.sent.append(asked.partition("Authorization: ")[2].partition(" ")[0])
        return "RTSP/1.0 404 Not Found\r\n\r\n"

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


class TestDowngrade:
    """Who sits on the line asks for the password in clear, a night after the device asked for Digest."""

    BASIC = "Basic realm=a"

    @pytest.fixture
    def recorder(self) -> Iterator[Recorder]:
        with Recorder() as made:
            yield made

    def test_it_is_not_sent_and_that_has_a_reason_of_its_own(self, app: AppContext, recorder: Recorder) -> None:
        camera = one(app, recorder.url)
        looked(app, [camera])
        recorder.offers = self.BASIC
        for number in (1, 2):
            found = looked(app, [camera], number)[camera]
            assert (found.verdict, found.detail) == ("login_withheld", dialogue.DOWNGRADED)
        assert recorder.sent == ["Digest"]
        recorder.offers = f"{self.BASIC}, Digest realm=a, nonce=b"
        assert looked(app, [camera], 3)[camera].verdict == "not_found"
        assert recorder.sent == ["Digest"] * 2

    def test_a_device_that_never_asked_for_digest_is_sent_it(self, app: AppContext, recorder: Recorder) -> None:
        recorder.offers = self.BASIC
        camera = one(app, recorder.url)
        for number in range(2):
            looked(app, [camera], number)
        assert recorder.sent == ["Basic"] * 2

    @pytest.mark.parametrize("other", ["localhost", "127.1"])
    def test_another_camera_of_the_device_that_had_no_login_then_is_known_too(
        self, app: AppContext, recorder: Recorder, other: str
    ) -> None:
        first = one(app, recorder.url, ",")
        looked(app, [first])
        recorder.offers = self.BASIC
        second = f"{AGENCY},{SYSTEM},Kênh 2,{recorder.url.replace('127.0.0.1', other)}2,u,p,,,,"
        (camera,) = cameras(app, second)[1:]
        assert looked(app, [camera], 1)[camera].verdict == "login_withheld"
        assert recorder.sent == []

    def test_a_name_that_stands_for_several_devices_says_nothing_of_each(
        self, app: AppContext, recorder: Recorder, names: Names
    ) -> None:
        names["a.vn"] = ["127.0.0.1", "127.0.0.2"]
        looked(app, [one(app, recorder.url.replace("127.0.0.1", "a.vn"))])
        recorder.offers = self.BASIC
        (other,) = cameras(app, f"{AGENCY},{SYSTEM},Cổng 2,{recorder.url},u,p,,,,")[1:]
        looked(app, [other], 1)
        assert recorder.sent == ["Digest", "Basic"]
        looked(app, cameras(app)[:1], 2)
        assert recorder.sent == ["Digest", "Basic"]

    def test_only_a_person_who_says_so_allows_it_and_digest_takes_that_back(
        self, app: AppContext, recorder: Recorder, dondoc: Run
    ) -> None:
        camera = one(app, recorder.url)
        looked(app, [camera])
        recorder.offers = self.BASIC
        looked(app, [camera], 1)
        with app.sessions.begin() as session:
            row = session.get_one(Camera, camera)
            credentials.enter(session, row, "u", "mới", by=CLERK, secrets=app.secrets, now=at(on(1), 23))
        released(app, camera, 1, 23)
        assert looked(app, [camera], 2)[camera].verdict == "login_withheld"
        with app.sessions.begin() as session:
            row = session.get_one(Camera, camera)
            credentials.retry(
                session, row, by=CLERK, reason="đã thay máy", secrets=app.secrets, now=at(on(2), 23), basic=True
            )
        assert looked(app, [camera], 3)[camera].verdict == "not_found"
        assert recorder.sent == ["Digest", "Basic"]
        recorder.offers = "Digest realm=a, nonce=b"
        looked(app, [camera], 4)
        recorder.offers = self.BASIC
        assert looked(app, [camera], 5)[camera].verdict == "login_withheld"
        dondoc("cameras", "retry", "CAM-00001", "--by", "Lê A", "--reason", "đã thay máy", "--basic")
        with app.sessions.reading() as session:
            noted = select(CredentialRelease.basic).where(NOT_BROUGHT).order_by(CredentialRelease.id)
            assert list(session.scalars(noted)) == [False, False, True, True]


class TestRecorders:
    def recorder(self, app: AppContext, fleet: Fleet, logins: list[str], behaviour: str = "digest") -> list[int]:
        rows = [
            f"{AGENCY},{SYSTEM},Kênh {n},{fleet.url(behaviour, str(n))},{login},,,," for n, login in enumerate(logins)
        ]
        return cameras(app, *rows)

    @pytest.mark.parametrize(("setting", "most"), [(1, 1), (2, 2), (9, 3)])
    def test_of_many_wrong_passwords_only_a_few_are_sent_in_a_night(
        self, app: AppContext, environment: pytest.MonkeyPatch, setting: int, most: int
    ) -> None:
        environment.setenv("DONDOC_REFUSALS_PER_SITE", str(setting))
        patient = AppContext(load())
        with Fleet() as fleet:
            ids = self.recorder(patient, fleet, [f"ioc,sai{n}" for n in range(10)])
            found = looked(patient, ids)
            assert fleet.counts["refused logins"] == most
            looked(patient, ids, round="second")
            for camera in ids:  # and one by one, as from a page
                looked(patient, [camera], round="now-1")
            assert fleet.counts["refused logins"] == most
            verdicts = Counter(r.verdict for r in found.values())
            assert verdicts == {"auth_failed": most, "login_withheld": 10 - most}  # never sent: against nobody
            assert f"{most:02} mật khẩu khác" in found[ids[-1]].detail
            looked(patient, ids, 1)
            assert fleet.counts["refused logins"] == 2 * most
        patient.sessions.kw["bind"].dispose()

    def test_one_wrong_account_keeps_no_other_channel_from_the_right_one(self, app: AppContext) -> None:
        with Fleet() as fleet:
            ids = self.recorder(app, fleet, [f"{USER},{PASSWORD}", "ioc,sai", *[f"{USER},{PASSWORD}"] * 6])
            found = looked(app, ids)
            assert Counter(r.verdict for r in found.values()) == {"ok": 7, "auth_failed": 1}

    def test_wrong_passwords_that_others_declare_keep_one_taken_lately_from_no_later_night(
        self, app: AppContext
    ) -> None:
        with Fleet() as fleet:
            honest = one(app, fleet.url("digest"), f"{USER},{PASSWORD}")
            assert looked(app, [honest])[honest].verdict == "ok"
            rows = (f"{AGENCY},{SYSTEM},Kẻ {n},{fleet.url('digest', str(n))},u,sai{n},,,," for n in range(2, 7))
            wrong = cameras(app, *rows)[1:]
            looked(app, wrong, 1, "declared-1")
            assert fleet.counts["refused logins"] == 2
            assert looked(app, [honest], 1)[honest].verdict == "ok"
            looked(app, wrong, 1, "second")
            assert fleet.counts["refused logins"] == 2

    def test_but_not_one_that_was_taken_under_a_name(self, app: AppContext, names: Names) -> None:
        names["a.vn"] = ["127.0.0.1"]
        with Fleet() as fleet:
            named = one(app, fleet.url("digest").replace("127.0.0.1", "a.vn"), f"{USER},{PASSWORD}")
            assert looked(app, [named])[named].verdict == "ok"
            rows = (f"{AGENCY},{SYSTEM},Cổng {n},{fleet.url('digest', str(n))},u,sai{n},,,," for n in range(2, 4))
            looked(app, cameras(app, *rows)[1:], 1)
            assert looked(app, [named], 1)[named].verdict == "login_withheld"

    def test_channels_that_have_a_right_password_each_are_all_seen(
        self, app: AppContext, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown: list[int] = []

        def recorder(targets: list[Target], **_: object) -> Iterator[Finding]:  # the demo's cameras know one login only
            shown.append(len(targets))
            for target in targets:
                yield Finding(
                    target.id, Verdict.OK if target.user else Verdict.AUTH_REQUIRED, "", 1, 2, bool(target.user)
                )

        monkeypatch.setattr(batch, "probe_many", recorder)
        ids = cameras(app, *(f"{AGENCY},{SYSTEM},Kênh {n},rtsp://10.1.1.1/{n},u{n},s{n},,,," for n in range(32)))
        assert Counter(r.verdict for r in looked(app, ids).values()) == {"ok": 32}
        assert max(shown) == 2, "no more at once than it may refuse"

    def test_a_first_channel_that_asks_for_no_password_does_not_let_all_others_send_a_wrong_one(
        self, app: AppContext
    ) -> None:
        with Fleet() as fleet:
            rows = [f"{AGENCY},{SYSTEM},Kênh 0,{fleet.url('missing')},u,sai,,,,"]
            rows += [f"{AGENCY},{SYSTEM},Kênh {n},{fleet.url('digest', str(n))},u,sai,,,," for n in range(1, 8)]
            found = looked(app, cameras(app, *rows))
            assert fleet.counts["refused logins"] == 1
            assert Counter(r.verdict for r in found.values()) == {"not_found": 1, "auth_failed": 7}

    def test_of_what_is_begun_at_once_only_as_many_go_as_may_be_refused(self, app: AppContext) -> None:
        ids = cameras(app, *(f"{AGENCY},{SYSTEM},Kênh {n},rtsp://10.1.1.1/{n},u,s{n},,,," for n in range(8)))
        with app.sessions.begin() as session:
            assert len(attempts.begin(session, {camera: f"f{camera}" for camera in ids}, NIGHT, NOW)) == 2
        with app.sessions.begin() as session:  # of which nothing is known yet
            assert attempts.begin(session, {camera: f"g{camera}" for camera in ids}, NIGHT, NOW) == set()

    def test_of_one_password_begun_at_once_on_a_device_one_goes(self, app: AppContext) -> None:
        ids = cameras(app, *(f"{AGENCY},{SYSTEM},Kênh {n},rtsp://10.1.1.1/{n},u,s,,,," for n in range(8)))
        with app.sessions.begin() as session:
            assert attempts.begin(session, dict.fromkeys(ids, "f"), NIGHT, NOW) == {ids[0]}


class TestUnused:
    """A password that we hold and could not use tells nothing of the camera: not that it is good either."""

    def test_one_that_no_key_decrypts(self, app: AppContext) -> None:
        with Fleet() as fleet:
            camera = one(app, fleet.url("digest"))
            with app.sessions.begin() as session:
                row = session.get_one(Camera, camera)
                row.password = keys.cipher(["khoa-khac"], "password").encrypt(b"p").decode()
            found = looked(app, [camera])[camera]
            assert (found.verdict, found.detail) == ("login_withheld", batch.UNREADABLE)
            assert fleet.counts["logins"] == 0

    def test_with_a_key_of_another_database_no_camera_is_asked(
        self, app: AppContext, environment: pytest.MonkeyPatch
    ) -> None:
        with Fleet() as fleet:
            camera = one(app, fleet.url("digest"))
            environment.setenv("DONDOC_SECRET_KEY", "khoa-khac-rat-dai-va-ngau-nhien-lam")
            other = AppContext(load())
            with pytest.raises(Problem, match="không phải khóa của cơ sở dữ liệu"):
                looked(other, [camera])
            assert fleet.counts["logins"] == 0
            other.sessions.kw["bind"].dispose()

    @pytest.mark.parametrize(("login", "verdict"), [("u,p", "login_withheld"), (",", "auth_required")])
    def test_one_that_the_camera_wants_in_a_way_not_spoken_here(
        self, app: AppContext, login: str, verdict: str
    ) -> None:
        with Servers(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)) as servers:
            camera = one(app, servers.url("login by Negotiate"), login)
            assert looked(app, [camera])[camera].verdict == verdict

    def test_it_neither_ends_an_outage_nor_counts_as_good(self, app: AppContext) -> None:
        camera = one(app, "rtsp://10.1.1.1")
        live(app, camera, ["ok", "black", "black", "login_withheld"])
        assert [outage.closed_at for outage in all_outages(app)] == [None]


class TestSites:
    def test_two_refusals_stop_a_shared_password_at_the_rest_of_a_site(self, app: AppContext) -> None:
        with ExitStack() as stack:
            fleets = [stack.enter_context(Fleet()) for _ in range(5)]
            rows = [f"{AGENCY},{SYSTEM},c{n},{f.url('wrong-password')},u,sai,,Cổng,," for n, f in enumerate(fleets)]
            found = looked(app, cameras(app, *rows))
            assert sum(f.counts["logins"] for f in fleets) == 2
            assert {r.verdict for r in found.values()} == {"auth_failed"}
            assert "02 camera cùng điểm" in found[5].detail
            # What was only withheld is nobody's refusal: the next night two others try.
            assert sum("cùng điểm" in r.detail for r in looked(app, [3, 4, 5], 1).values()) == 1
            assert sum(f.counts["logins"] for f in fleets) == 4

    def test_a_right_password_is_used_everywhere_after_one_camera_has_taken_it(self, app: AppContext) -> None:
        with ExitStack() as stack:
            fleets = [stack.enter_context(Fleet()) for _ in range(4)]
            login = f"{USER},{PASSWORD}"
            rows = [f"{AGENCY},{SYSTEM},c{n},{f.url('digest')},{login},,Cổng,," for n, f in enumerate(fleets)]
            assert {r.verdict for r in looked(app, cameras(app, *rows)).values()} == {"ok"}

    def test_refusals_of_another_process_count_as_well(self, app: AppContext) -> None:
        with ExitStack() as stack:
            fleets = [stack.enter_context(Fleet()) for _ in range(3)]
            rows = [f"{AGENCY},{SYSTEM},c{n},{f.url('wrong-password')},u,sai,,Cổng,," for n, f in enumerate(fleets)]
            ids = cameras(app, *rows)
            for camera in ids:  # three runs, as three tasks would
                looked(app, [camera])
            assert [f.counts["logins"] for f in fleets] == [1, 1, 0]


class TestAtOnce:
    def test_of_two_processes_only_one_tries_a_device(self, empty_database: str) -> None:
        migrate(empty_database)
        made = AppContext(load())
        url = "rtsp://10.1.1.1/"
        ids = cameras(made, *(f"{AGENCY},{SYSTEM},Kênh {n},{url}{n},u,sai,,,," for n in range(8)))

        def begin(camera: int) -> set[int]:
            with made.sessions.begin() as session:
                return attempts.begin(session, {camera: "f"}, NIGHT, NOW)

        with ThreadPoolExecutor(8) as pool:
            assert sum(map(len, pool.map(begin, ids))) == 1
        made.sessions.kw["bind"].dispose()


class TestCanary:
    def logins(self, count: int, site: str = "s", devices: int | None = None) -> list[Login]:
        return [Login(n, (f"d{n % (devices or count)}", "f"), ("a", site, "f")) for n in range(count)]

    def told(self, told: Told, logins: list[Login], verdict: str, sent: bool = True) -> None:
        told.learn(logins, [Finding(str(x.camera), Verdict(verdict), "", 1, 2, sent) for x in logins])

    def test_first_one_for_a_site_then_the_rest_when_it_was_right(self) -> None:
        told, waiting = Told(), self.logins(6)
        first = canary.wave(waiting, told, number=0, limit=2)
        assert [x.camera for x in first] == [0]
        self.told(told, first, "ok")
        assert len(canary.wave(waiting[1:], told, number=1, limit=2)) == 5

    def test_a_refusal_lets_only_so_many_more_try(self) -> None:
        told, waiting = Told(), self.logins(6)
        self.told(told, waiting[:1], "auth_failed")
        assert [x.camera for x in canary.wave(waiting[1:], told, number=1, limit=2)] == [1]
        self.told(told, waiting[1:2], "auth_failed")
        assert len(canary.wave(waiting[2:], told, number=2, limit=2)) == 4  # without a password: barred

    def test_one_channel_for_a_device_whatever_the_site(self) -> None:
        waiting = [Login(n, ("d", "f"), None) for n in range(4)]
        assert [x.camera for x in canary.wave(waiting, Told(), number=0, limit=2)] == [0]

    @pytest.mark.parametrize("verdict", ["connect_timeout", "auth_failed", "ok", "rtsp_timeout"])
    @pytest.mark.parametrize("limit", [1, 2, 3])
    def test_it_always_ends_and_never_asks_more_than_it_may(self, verdict: str, limit: int) -> None:
        told, waiting, waves, sent = Told(), self.logins(40, devices=20), 0, 0
        while waiting:
            going = canary.wave(waiting, told, number=waves, limit=limit)
            assert going
            allowed = [x for x in going if x.account not in told.withheld and told.refused[x.shared] < limit]  # type: ignore[index]
            sent += len(allowed)
            self.told(told, allowed, verdict, sent=verdict != "connect_timeout")
            waiting = [x for x in waiting if x not in going]
            waves += 1
        assert waves <= 8
        if verdict == "auth_failed":
            assert sent == limit


class TestSpread:
    class At:
        def __init__(self, site: str | None) -> None:
            self.site = site

    def test_never_more_of_a_site_in_a_part_and_nothing_lost(self) -> None:
        looks = [self.At(f"s{n % 3}") for n in range(100)] + [self.At(None)] * 7
        for seconds in (0, 10, 90):
            parts = spread.parts(looks, seconds=seconds, per_site=4, rng=random.Random(1))
            assert sum(len(part) for _, part in parts) == 107
            for _, part in parts:
                assert all(n <= 4 for site, n in Counter(x.site for x in part).items() if site)

    def test_the_starts_lie_within_the_time_and_differ(self) -> None:
        looks = [self.At(None) for _ in range(60)]
        parts = spread.parts(looks, seconds=90, per_site=4, rng=random.Random(2))
        starts = [start for start, _ in parts]
        assert len(parts) == 6
        assert starts == sorted(starts)
        assert 0 <= starts[0] <= 7.5
        assert 75 <= starts[-1] <= 90
        assert [s for s, _ in spread.parts(looks, seconds=0, per_site=4, rng=random.Random(2))] == [0.0]

    def test_a_batch_waits_for_the_turn_of_its_parts(self, app: AppContext, fleet: Fleet) -> None:
        rows = [f"{AGENCY},{SYSTEM},c{n},{fleet.url('healthy', str(n))},,,,,," for n in range(4)]
        waits: list[float] = []
        found = batch.look(app, cameras(app, *rows), night=NIGHT, now=NOW, over=60, sleep=waits.append)
        assert {r.verdict for r in found} == {"ok"}
        assert len(waits) in (3, 4)
        assert max(waits) <= 60


class TestPlanner:
    @pytest.mark.parametrize(("fleet", "most"), [(10, 500), (10_000, 667), (100_000, 6667)])
    def test_there_are_few_tasks_however_large_the_fleet(self, fleet: int, most: int) -> None:
        assert planner.size(fleet) == most
        sites = [(n, [("site", n // 7), ("device", n // 3)]) for n in range(fleet)]
        assert len(planner.batches(sites, planner.size(fleet))) <= 37

    def test_what_shares_a_device_or_a_site_lies_together(self) -> None:
        rows = [(1, ["a"]), (2, ["b"]), (3, ["a", "c"]), (4, ["c"]), (5, ["d"])]
        assert planner.batches(rows, 3) == [[1, 3, 4], [2, 5]]

    def test_only_what_is_larger_than_a_batch_is_cut(self) -> None:
        rows = [(n, ["a"]) for n in range(5)]
        assert planner.batches(rows, 2) == [[0, 1], [2, 3], [4]]


class TestCommands:
    def test_a_password_is_read_from_standard_input_and_stored_encrypted(self, app: AppContext) -> None:
        camera = one(app, "rtsp://10.1.1.1", ",")
        arguments = ["cameras", "credentials", "CAM-00001", "--user", "ioc", "--by", "Lê A"]
        result = CliRunner().invoke(cli, arguments, input="mật-khẩu mới\n")
        assert result.exit_code == 0, result.output
        assert "mật-khẩu" not in result.output
        with app.sessions.begin() as session:
            row = session.get_one(Camera, camera)
            assert row.username == "ioc"
            assert "mới" not in (row.password or "")
            assert session.scalars(select(CredentialRelease.by).where(NOT_BROUGHT)).one() == "Lê A"
            again = credentials.refused_since(session, row, secrets=app.settings.secret_keys, tonight=NIGHT)
            assert again is None

    def test_retry_needs_a_reason_and_a_login(self, app: AppContext, dondoc: Run) -> None:
        one(app, "rtsp://10.1.1.1", ",")
        with pytest.raises(Problem, match="chưa có tài khoản"):
            dondoc("cameras", "retry", "CAM-00001", "--by", "A", "--reason", "đã mở khóa")
        one(app, "rtsp://10.1.1.1", "u,sai")
        with pytest.raises(Problem, match="Lý do"):
            dondoc("cameras", "retry", "CAM-00001", "--by", "A", "--reason", " ")
        with pytest.raises(Problem, match="Không có camera"):
            dondoc("cameras", "retry", "CAM-00099", "--by", "A", "--reason", "x")
        dondoc("cameras", "retry", "cam-1", "--by", "A", "--reason", "đã mở khóa")
        with app.sessions.begin() as session:
            assert session.scalars(select(CredentialRelease.reason).where(NOT_BROUGHT)).all() == ["đã mở khóa"]

    def test_confirmed_by_a_person(self, app: AppContext, dondoc: Run) -> None:
        one(app, "rtsp://10.1.1.1", ",")
        dondoc("cameras", "confirm", "CAM-00001", "--by", "Lê A")
        with app.sessions.begin() as session:
            camera = session.get_one(Camera, 1)
        assert (camera.confirmed, camera.confirmed_by) == (True, "Lê A")

    def test_the_list_gives_no_address_of_a_restricted_camera(self, app: AppContext, dondoc: Run) -> None:
        one(app, "rtsp://10.1.1.1", "u,bi-mat-99")
        for restricted in (False, True):
            with app.sessions.begin() as session:
                session.get_one(Camera, 1).restricted = restricted
            output = dondoc("cameras", "list", "--json").stdout
            (row,) = json.loads(output)
            assert (row["number"], row["state"]) == ("CAM-00001", "not_checked")
            assert ("10.1.1.1" in output) is not restricted
            assert "bi-mat-99" not in output

    def test_the_list_hides_a_password_that_a_path_holds(self, app: AppContext, dondoc: Run) -> None:
        one(app, "rtsp://10.1.1.1/user=a&password=bi_mat&channel=1", ",")
        (row,) = json.loads(dondoc("cameras", "list", "--json").stdout)
        assert row["url"] == "rtsp://10.1.1.1:554/user=***&password=***&channel=1"

    def test_a_key_is_changed_without_losing_passwords_or_refusals(
        self, app: AppContext, environment: pytest.MonkeyPatch, dondoc: Run
    ) -> None:
        camera = one(app, "rtsp://10.1.1.1", "u,sai")
        old = attempts.fingerprint([SECRET], "u", "sai")
        with app.sessions.begin() as session:
            attempts.begin(session, {camera: old}, NIGHT, NOW)
            session.scalars(select(CredentialAttempt)).one().accepted = False
            before = session.get_one(Camera, camera).password
        environment.setenv("DONDOC_SECRET_KEY", f"khoa-moi-rat-dai-va-that-ngau-nhien,{SECRET}")
        result = dondoc("cameras", "rotate-key")
        assert "Đã mã hóa lại 1 mật khẩu, 0 không" in result.stderr
        environment.setenv("DONDOC_SECRET_KEY", "khoa-moi-rat-dai-va-that-ngau-nhien")
        newer = AppContext(load())
        with newer.sessions.begin() as session:
            row = session.get_one(Camera, camera)
            assert row.password != before
            secrets = newer.settings.secret_keys
            told = credentials.refused_since(session, row, secrets=secrets, tonight=NIGHT + timedelta(days=1))
        assert "từ đêm 22/11/2021" in (told or "")
        newer.sessions.kw["bind"].dispose()


def test_a_night_knows_whose_login_has_shown_a_picture(
    app: AppContext, fleet: Fleet, environment: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []

    def probed(targets: Sequence[Target], **more: object) -> Iterator[Finding]:
        told.extend(target.worked for target in targets)
        return probe.probe_many(targets, **more)  # type: ignore[arg-type]

    environment.setattr(batch, "probe_many", probed)
    camera = one(app, fleet.url("digest"), f"{USER},{PASSWORD}")
    for number in (0, 1):
        night.store(
            app, [*looked(app, [camera], number).values()], night=on(number), round="night", now=at(on(number), 23)
        )
    assert told == [False, True]
