"""Declared, planned, looked at, stored, settled, written about: on a real database against real RTSP."""

import json
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from dondoc import keys
from dondoc.cameras import letters
from dondoc.cameras.logins import attempts, credentials
from dondoc.cameras.nights import night
from dondoc.cameras.nights.result import Result
from dondoc.cameras.registry import records
from dondoc.cameras.registry.declare import declare
from dondoc.cameras.registry.imports import import_csv
from dondoc.cameras.state import outages, state
from dondoc.clock import at
from dondoc.configuration.context import AppContext
from dondoc.demo.camera import PASSWORD, USER
from dondoc.demo.fleet import Fleet
from dondoc.errors import Problem
from dondoc.facts import contacts
from dondoc.facts.rule import rule
from dondoc.intake import backlog
from dondoc.probing import verdicts
from dondoc.probing.verdicts import Finding
from dondoc.store.cameras import Camera, CameraCheck, CameraDeclaration, CredentialAttempt, Outage
from dondoc.store.intake import Submission, Verdict
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.rulings import RulingKind
from tests.cameras.nights import at_site, result
from tests.conftest import CLERK, SECRET, Run

AGENCY, OTHER, SYSTEM = "so-nnptnt", "ubnd-huyen-duc-tho", "security_traffic"
NIGHT = date(2021, 11, 22)
NOW = at(NIGHT, 22)


@pytest.fixture(autouse=True)
def _loopback_may_be_probed(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DONDOC_PROBE_ALLOW", "127.0.0.0/8")


def csv(app: AppContext, *lines: str) -> dict[str, int]:
    text = "agency,system,name,url,user,password,id\n" + "\n".join(lines)
    with app.sessions.begin() as session:
        return import_csv(
            session, app.registry, text, "cameras.csv", by=CLERK, secrets=app.settings.secret_keys, now=NOW
        )


def a_camera(app: AppContext, url: str, name: str = "Cổng chính", login: str = ",", agency: str = AGENCY) -> int:
    csv(app, f"{agency},{SYSTEM},{name},{url},{login},")
    with app.sessions.begin() as session:
        return session.scalars(select(Camera.id).order_by(Camera.id.desc())).first() or 0


def looked(app: AppContext, ids: list[int], round: str = "night", on: date = NIGHT) -> dict[int, Result]:
    when = at(on, 22) if round != "second" else at(on + timedelta(days=1), 4)
    results = night.check_batch(app, ids, night=on, round=round, now=when)
    night.store(app, results, night=on, round=round, now=when)
    return {r.camera: r for r in results}


def seen(app: AppContext, camera: int, verdict: str, on: date, round: str = "night") -> None:
    """Store a result as if it had been looked at."""
    night.store(app, [result(camera, verdict, at(on, 22))], night=on, round=round, now=at(on, 22))


def all_of(app: AppContext, model: type) -> list:
    with app.sessions.begin() as session:
        return list(session.scalars(select(model).order_by(model.id)))


class TestDeclare:
    def rows(self, app: AppContext, rows: list[dict], when: datetime = NOW) -> list[int]:
        with app.sessions.begin() as session:
            return declare(
                session, agency=AGENCY, system="reservoir", rows=rows, submission_id=None, happened_at=when, now=when
            )

    def test_the_same_name_is_the_same_camera_and_none_is_deleted(self, app: AppContext) -> None:
        first = self.rows(app, [{"name": "Đập Kẻ Gỗ", "host": "10.1.1.1"}, {"name": "Tràn xả lũ", "host": "10.1.1.2"}])
        again = self.rows(app, [{"name": "ĐẬP  kẻ gỗ", "host": "10.1.1.9", "main_path": "/1"}])
        assert again == first[:1]
        cameras = all_of(app, Camera)
        assert [c.url for c in cameras] == ["rtsp://10.1.1.9:554/1", "rtsp://10.1.1.2:554/"]

    def test_two_cameras_of_one_name_stay_two(self, app: AppContext) -> None:
        rows = [{"name": "Cổng", "site": s, "host": f"10.1.1.{n}"} for n, s in enumerate(["A", "B", "B"])]
        assert len(set(self.rows(app, rows))) == 3
        assert self.rows(app, rows) == self.rows(app, rows)

    def test_what_cannot_be_checked_says_why(self, app: AppContext) -> None:
        self.rows(
            app,
            [
                {"name": "a", "status": "not_installed", "host": "10.1.1.1"},
                {"name": "b", "sharing": "vms", "host": "10.1.1.1"},
                {"name": "c", "sharing": "none"},
                {"name": "d", "sharing": "rtsp", "host": "10.1.1.1"},
            ],
        )
        assert [c.exemption for c in all_of(app, Camera)] == ["not_installed", "vms_only", "no_route", None]
        assert night.plan(app, night=NIGHT, round="all", system_window=None) == [[4]]

    def test_a_login_is_not_shown_to_another_device(self, app: AppContext) -> None:
        csv(app, f"{AGENCY},reservoir,Đập,rtsp://10.1.1.1/1,u,mat-khau,")
        self.rows(app, [{"name": "Đập", "host": "10.1.1.1", "main_path": "/2"}])
        assert all_of(app, Camera)[0].password
        self.rows(app, [{"name": "Đập", "host": "10.6.6.6", "main_path": "/2"}])
        assert all_of(app, Camera)[0].password is None


class TestImport:
    def test_passwords_are_stored_encrypted_and_addresses_without_user_info(self, app: AppContext) -> None:
        lines = [
            f"{AGENCY},reservoir,Đập,rtsp://u:mat-khau@10.1.1.1/1,,,k7",
            f"{AGENCY},reservoir,B,rtsp://10.1.1.2,a,b,",
        ]
        assert csv(app, *lines) == {"added": 2, "updated": 0, "unchanged": 0}
        assert csv(app, *lines) == {"added": 0, "updated": 0, "unchanged": 2}
        first = all_of(app, Camera)[0]
        assert (first.url, first.username, first.key) == ("rtsp://10.1.1.1:554/1", "u", "k7")
        assert "mat-khau" not in (first.password or "")

    def test_a_file_that_says_nothing_new_adds_no_declaration(self, app: AppContext) -> None:
        """Each import of the same file added one of each camera, and none was ever needed to know how they stand."""
        lines = [
            f"{AGENCY},reservoir,Đập,rtsp://10.1.1.1/live?token=bi-mat-rat-dai,u,mat-khau,k7",
            f"{AGENCY},reservoir,B,rtsp://10.1.1.2/1,,,",
        ]
        csv(app, *lines)
        assert csv(app, *lines) == {"added": 0, "updated": 0, "unchanged": 2}
        assert len(all_of(app, CameraDeclaration)) == 2
        changed = [
            (0, lines[0].replace("bi-mat", "bi-mat-khac")),  # hidden, and encrypted anew each time
            (0, lines[0].replace("Đập", "Đập phụ")),
            (1, lines[1].replace("10.1.1.2", "10.1.1.3")),
        ]
        for number, line in changed:
            now_listed = [*lines]
            now_listed[number] = line
            assert csv(app, *now_listed) == {"added": 0, "updated": 1, "unchanged": 1}
            assert csv(app, *lines) == {"added": 0, "updated": 1, "unchanged": 1}
        assert len(all_of(app, CameraDeclaration)) == 8
        login = lines[0].replace("mat-khau", "mat-khau-moi")
        assert csv(app, login, lines[1]) == {"added": 0, "updated": 1, "unchanged": 1}
        assert len(all_of(app, CameraDeclaration)) == 8, "a login is nothing that is declared"

    @pytest.mark.parametrize(
        ("line", "says"),
        [
            ("so-khong-co,reservoir,Đập,rtsp://10.1.1.1,,,", "so-khong-co"),
            (f"{AGENCY},x,Đập,rtsp://10.1.1.1,,,", "hệ thống “x”"),
            (f"{AGENCY},reservoir,,rtsp://10.1.1.1,,,", "tên camera"),
            (f"{AGENCY},reservoir,Đập,rtsp://u:mat/khau@10.1.1.1,,,", "%2F"),
            (f"{AGENCY},reservoir,Đập,rtsp://10.1.1.1,,mat-khau,", "password"),
            (f"{AGENCY},reservoir,TỐT,rtsp://10.1.1.2,,,", "cùng tên (hoặc id) với dòng 2"),
        ],
    )
    def test_one_bad_row_and_nothing_is_taken_over(self, app: AppContext, line: str, says: str) -> None:
        with pytest.raises(Problem) as caught:
            csv(app, f"{AGENCY},reservoir,Tốt,rtsp://10.1.1.1,,,", line)
        assert "cameras.csv:3:" in str(caught.value)
        assert says in str(caught.value)
        assert "khau" not in str(caught.value).replace("mật khẩu", "")
        assert all_of(app, Camera) == []

    def test_one_name_may_be_two_cameras_when_ids_say_so(self, app: AppContext) -> None:
        csv(app, *(f"{AGENCY},reservoir,Cổng,rtsp://10.1.1.{n},,,{n}" for n in (1, 2)))
        assert len(all_of(app, Camera)) == 2

    def test_what_the_law_on_personal_data_asks_about_can_be_said(self, app: AppContext) -> None:
        def imported(*lines: str) -> list[tuple[bool | None, bool]]:
            text = "\n".join(["agency,system,name,url,sound,restricted", *lines])
            with app.sessions.begin() as session:
                import_csv(session, app.registry, text, "c.csv", by=CLERK, secrets=[SECRET], now=NOW)
            return [(c.records_sound, c.restricted) for c in all_of(app, Camera)]

        one, two = (f"{AGENCY},reservoir,{name},rtsp://10.1.1.{n}" for n, name in enumerate("AB", 1))
        assert imported(f"{one},Có,không", f"{two},,") == [(True, False), (None, False)]
        assert imported(f"{one},,x", f"{two},NO,") == [(True, True), (False, False)]
        # The stricter word stands, whatever a later file says.
        assert imported(f"{one},không,0", f"{two},1,no") == [(True, True), (True, False)]

    def test_a_camera_that_is_not_there_yet_is_not_looked_at_until_it_is(self, app: AppContext) -> None:
        def imported(status: str) -> str | None:
            text = f"agency,system,name,url,status\n{AGENCY},reservoir,A,rtsp://10.1.1.1,{status}"
            with app.sessions.begin() as session:
                import_csv(session, app.registry, text, "c.csv", by=CLERK, secrets=[SECRET], now=NOW)
            return all_of(app, Camera)[0].exemption

        assert [imported(s) for s in ("not_installed", "", "working")] == ["not_installed", "not_installed", None]

    @pytest.mark.parametrize(
        ("column", "says"),
        [("sound", "Có, Không"), ("restricted", "Có, Không"), ("status", "maintenance"), ("power", "solar")],
    )
    def test_another_word_is_said_with_its_row_and_column_and_not_repeated(
        self, app: AppContext, column: str, says: str
    ) -> None:
        text = f"agency,system,name,url,{column}\n{AGENCY},reservoir,A,rtsp://10.1.1.1,bi-mat-lac-cot"
        with app.sessions.begin() as session, pytest.raises(Problem) as caught:
            import_csv(session, app.registry, text, "c.csv", by=CLERK, secrets=[SECRET], now=NOW)
        assert f"c.csv:2: cột {column} chỉ nhận" in str(caught.value)
        assert says in str(caught.value)
        assert "bi-mat" not in str(caught.value)

    @pytest.mark.parametrize(
        "line",
        [
            f'"{AGENCY},reservoir,A,rtsp://u:S3CRET@10.1.1.1/,admin,S3CRET,',  # a quote that nothing closes
            f'"{AGENCY},reservoir,A,rtsp://u:S3CRET@10.1.1.1/,admin,"S3CRET",',
            f'{AGENCY},reservoir,A,rtsp://10.1.1.1,"admin,S3CRET\n{AGENCY},reservoir,B,rtsp://10.1.1.2,b",S3CRET,',
            "rtsp://u:S3CRET@10.1.1.1/,reservoir,A,,,,",
            f"{AGENCY},S3CRET,A,rtsp://10.1.1.1,,,",
            f"{AGENCY},reservoir,A,rtsp://10.1.1.1,admin,S3CRET,pa,rt",  # a comma in a password
        ],
    )
    def test_what_may_be_a_password_out_of_its_place_is_never_repeated(self, app: AppContext, line: str) -> None:
        with pytest.raises(Problem) as caught:
            csv(app, line)
        assert "cameras.csv:2: " in str(caught.value)
        assert "S3CRET" not in str(caught.value)
        assert "thiếu dấu nháy đóng" in str(caught.value)

    @pytest.mark.parametrize("column", ["name", "site", "id", "user", "password"])
    @pytest.mark.parametrize("character", ["\0", "\n", "\x1b"])
    def test_what_no_database_stores_is_refused_with_its_line_and_column(
        self, app: AppContext, column: str, character: str
    ) -> None:
        row = {"agency": AGENCY, "system": "reservoir", "name": "A", "url": "rtsp://10.1.1.1", "user": "u"}
        row |= {"password": "p", "id": "1", "site": "s", column: f'"a{character}b"'}
        text = f"{','.join(row)}\n\n{','.join(row.values())}\n"
        with app.sessions.begin() as session, pytest.raises(Problem, match=rf"c\.csv:3: cột {column} có ký tự"):
            import_csv(session, app.registry, text, "c.csv", by=CLERK, secrets=[SECRET], now=NOW)

    @pytest.mark.parametrize(
        "login",
        [f"u,{'p' * 257}", f"{'u' * 257},p", "u,a\u2028b", "u\u200b,p"],
    )
    def test_a_login_that_cannot_be_entered_cannot_be_imported_either(self, app: AppContext, login: str) -> None:
        user, password = login.split(",")
        with pytest.raises(Problem) as caught:
            csv(app, f"{AGENCY},reservoir,A,rtsp://10.1.1.1,{login},")
        assert "cameras.csv:2: tên đăng nhập hoặc mật khẩu" in str(caught.value)
        if len(password) > 256:
            with pytest.raises(Problem, match=r"cameras\.csv:2: tên đăng nhập hoặc mật khẩu dài quá 256 ký tự"):
                csv(app, f"{AGENCY},reservoir,A,rtsp://{user}:{password}@10.1.1.1,,,")
        csv(app, f"{AGENCY},reservoir,A,rtsp://10.1.1.1,,,")
        camera = all_of(app, Camera)[0]
        with app.sessions.begin() as session, pytest.raises(Problem, match="Tên đăng nhập hoặc mật khẩu"):
            credentials.enter(session, camera, user, password, by=CLERK, secrets=[SECRET], now=NOW)

    def test_a_password_comes_through_exactly_and_nothing_else_keeps_its_blanks(self, app: AppContext) -> None:
        csv(app, f'{AGENCY},reservoir,\u00a0A ,rtsp://10.1.1.1, u ,"\u00a0 a""b, ",')
        camera = all_of(app, Camera)[0]
        assert (camera.name, camera.username) == ("A", "u")
        told = keys.cipher([SECRET], "password").decrypt((camera.password or "").encode()).decode()
        assert told == '\u00a0 a"b, '

    @pytest.mark.parametrize(
        "text",
        [
            "sep=;\r\nagency;system;name;url\r\n{0};reservoir;Đập, tràn;rtsp://10.1.1.1\r\n",
            '\ufeffsep=,\nagency,system,name,url\n{0},reservoir,"Đập, tràn",rtsp://10.1.1.1\n',
            "agency\tsystem\tname\turl\n{0}\treservoir\tĐập, tràn\trtsp://10.1.1.1\n",
            'Agency,SYSTEM,"Name",URL\r{0},reservoir,"Đập, tràn",rtsp://10.1.1.1\r',
            "\nagency;system;name;url\n;;;\n{0};reservoir;Đập, tràn;rtsp://10.1.1.1;;\n",
        ],
    )
    def test_what_excel_writes_is_read(self, app: AppContext, text: str) -> None:
        with app.sessions.begin() as session:
            import_csv(session, app.registry, text.format(AGENCY), "c.csv", by=CLERK, secrets=[SECRET], now=NOW)
        assert [(c.name, c.url) for c in all_of(app, Camera)] == [("Đập, tràn", "rtsp://10.1.1.1:554/")]

    def test_the_line_of_a_fault_is_that_of_the_file(self, app: AppContext) -> None:
        text = f"sep=;\nagency;system;name;url\n\n{AGENCY};x;A;rtsp://10.1.1.1\n"
        with app.sessions.begin() as session, pytest.raises(Problem, match=r"c\.csv:4: không có hệ thống “x”"):
            import_csv(session, app.registry, text, "c.csv", by=CLERK, secrets=[SECRET], now=NOW)

    def test_of_two_columns_of_one_name_neither_is_believed(self, app: AppContext) -> None:
        text = f"agency,system,name,url,URL\n{AGENCY},reservoir,A,rtsp://10.1.1.1,rtsp://10.1.1.2\n"
        with app.sessions.begin() as session, pytest.raises(Problem, match="hai cột cùng tên"):
            import_csv(session, app.registry, text, "c.csv", by=CLERK, secrets=[SECRET], now=NOW)

    def test_a_file_that_excel_wrote_with_semicolons_is_read(self, app: AppContext) -> None:
        text = f"\ufeffagency;system;name;url\r\n{AGENCY};reservoir;Đập, tràn;rtsp://10.1.1.1\r\n"
        with app.sessions.begin() as session:
            import_csv(session, app.registry, text, "c.csv", by=CLERK, secrets=[SECRET], now=NOW)
        assert [c.name for c in all_of(app, Camera)] == ["Đập, tràn"]


class TestRefusedPasswords:
    def test_are_not_sent_again_that_night_nor_the_next_without_a_change(self, app: AppContext) -> None:
        with Fleet() as fleet:
            camera = a_camera(app, fleet.url("wrong-password"), login="u,sai")
            assert looked(app, [camera])[camera].verdict == "auth_failed"
            again = looked(app, [camera], "second")[camera]
            assert again.verdict == "auth_failed"
            assert "không gửi lại" in again.detail
            assert fleet.counts["logins"] == 1
            later = looked(app, [camera], on=NIGHT + timedelta(days=1))[camera]
            assert later.verdict == "auth_failed"
            assert "từ đêm 22/11/2021" in later.detail
            assert fleet.counts["logins"] == 1

    def test_a_new_password_is_sent_the_same_night(self, app: AppContext) -> None:
        with Fleet() as fleet:
            camera = a_camera(app, fleet.url("digest"), login="ioc,sai")
            looked(app, [camera])
            a_camera(app, fleet.url("digest"), login=f"{USER},{PASSWORD}")
            assert looked(app, [camera], "second")[camera].verdict == "ok"

    def killed_after_beginning(self, app: AppContext, camera: int) -> None:
        mark = attempts.fingerprint(app.settings.secret_keys, USER, PASSWORD)
        with app.sessions.begin() as session:
            assert attempts.begin(session, {camera: mark}, NIGHT, NOW) == {camera}

    def test_an_attempt_without_a_result_is_not_made_again_that_night_and_counts_against_nobody(
        self, app: AppContext
    ) -> None:
        with Fleet() as fleet:
            camera = a_camera(app, fleet.url("digest"), login=f"{USER},{PASSWORD}")
            seen(app, camera, "ok", NIGHT - timedelta(days=2))
            seen(app, camera, "no_frame", NIGHT - timedelta(days=1))
            self.killed_after_beginning(app, camera)
            for round in ("night", "second"):
                found = looked(app, [camera], round)[camera]
                assert (found.verdict, found.phase) == ("login_withheld", "auth")
                assert "chưa rõ kết quả" in found.detail
                assert "từ chối" not in found.detail
            assert fleet.counts["logins"] == 0
            morning = at(NIGHT + timedelta(days=1), 8)
            assert outages.settle(app, night=NIGHT, now=morning) == {"opened": [], "closed": []}
            with app.sessions.begin() as session:
                run = night.run_of(session, NIGHT, "night")
                assert run is not None
                assert "00 đạt, 00 chưa đạt, 01 không tính" in night.summary(app, session, run)
                assert state.states(app, session, morning)[0].verdict == "no_frame"  # of the night before
            assert looked(app, [camera], on=NIGHT + timedelta(days=1))[camera].verdict == "ok"

    def test_the_second_look_tries_a_login_that_was_changed_after_one_without_a_result(self, app: AppContext) -> None:
        with Fleet() as fleet:
            camera = a_camera(app, fleet.url("digest", "1"), login=f"{USER},{PASSWORD}")
            self.killed_after_beginning(app, camera)
            looked(app, [camera])
            a_camera(app, fleet.url("digest", "1"), login=f"moi,{PASSWORD}")
            assert night.plan(app, night=NIGHT, round="second", system_window=None, only_failed=True) == [[camera]]
            assert looked(app, [camera], "second")[camera].verdict == "auth_failed"  # sent, and refused
            assert fleet.counts["logins"] == 1

    def test_of_a_recorder_that_left_one_channels_login_without_an_answer_the_others_are_not_checked(
        self, app: AppContext
    ) -> None:
        with Fleet() as fleet:
            ids = [a_camera(app, fleet.url("digest", str(n)), f"Kênh {n}", f"{USER},{PASSWORD}") for n in range(3)]
            self.killed_after_beginning(app, ids[0])
            assert {r.verdict for r in looked(app, ids).values()} == {"login_withheld"}
            assert fleet.counts["logins"] == 0

    def test_one_refused_by_another_channel_stays_refused_though_the_own_attempt_has_no_result(
        self, app: AppContext
    ) -> None:
        with Fleet() as fleet:
            ids = [a_camera(app, fleet.url("digest", str(n)), f"Kênh {n}", f"{USER},{PASSWORD}") for n in range(2)]
            self.killed_after_beginning(app, ids[0])
            with app.sessions.begin() as session:
                row = session.scalars(select(CredentialAttempt)).one()
                session.add(
                    CredentialAttempt(
                        camera_id=ids[1], fingerprint=row.fingerprint, device=row.device, night=NIGHT, accepted=False,
                        recorded_at=NOW,
                    )
                )  # fmt: skip
            assert {r.verdict for r in looked(app, ids).values()} == {"auth_failed"}

    def test_a_password_that_was_right_may_be_sent_again(self, app: AppContext) -> None:
        with Fleet() as fleet:
            camera = a_camera(app, fleet.url("digest"), login=f"{USER},{PASSWORD}")
            assert looked(app, [camera])[camera].verdict == "ok"
            assert looked(app, [camera], "second")[camera].verdict == "ok"

    def test_an_attempt_that_was_not_needed_is_taken_back(self, app: AppContext, fleet: Fleet) -> None:
        ids = [
            a_camera(app, fleet.url(b), name=b, login="u,p") for b in ("refusing", "healthy")
        ]  # neither asks for a password
        looked(app, ids)
        assert all_of(app, CredentialAttempt) == []

    def test_one_channel_of_a_device_tries_a_shared_password_for_all(self, app: AppContext) -> None:
        with Fleet() as fleet:
            ids = [a_camera(app, fleet.url("wrong-password", str(n)), f"Kênh {n}", "u,sai") for n in range(6)]
            verdicts = {r.verdict for r in looked(app, ids).values()}
            assert verdicts == {"auth_failed"}
            assert fleet.counts["logins"] == 1

    def test_the_fingerprint_gives_nothing_away(self, app: AppContext) -> None:
        mark = attempts.fingerprint(app.settings.secret_keys, "u", "mat-khau")
        assert mark != attempts.fingerprint(["khoa khac"], "u", "mat-khau")
        assert mark != attempts.fingerprint(app.settings.secret_keys, "u", "mat-khau2")


def test_a_camera_that_showed_itself_without_a_login_is_busy_when_it_refuses(app: AppContext, fleet: Fleet) -> None:
    camera = a_camera(app, fleet.url("forbidden"))
    for worked, verdict in ((None, "forbidden"), (NOW, "server_error")):
        with app.sessions.begin() as session:
            session.get_one(Camera, camera).worked_at = worked
        (found,) = night.check_batch(app, [camera], night=NIGHT, round="night", now=NOW)
        assert found.verdict == verdict
        assert "tài khoản không có quyền" not in found.detail


def test_what_no_second_look_confirmed_is_looked_at_again_the_same_night() -> None:
    settled = {"ok": True, "not_decodable": True, "auth_failed": True, "unconfirmed": False, "no_frame": False}
    assert {verdict: night._settled(verdict) for verdict in settled} == settled


class TestPlanAndStore:
    def test_each_system_is_planned_in_its_window(self, app: AppContext) -> None:
        day = "public_admin_centre"
        csv(app, f"{AGENCY},{SYSTEM},a,rtsp://10.1.1.1,,,", f"{OTHER},{day},b,rtsp://10.1.1.1,,,")
        assert night.plan(app, night=NIGHT, round="night", system_window="night") == [[1]]
        assert night.plan(app, night=NIGHT, round="day", system_window="day") == [[2]]
        assert night.plan(app, night=NIGHT, round="all", system_window=None, batch=1) == [[1], [2]]
        assert night.plan(app, night=NIGHT, round="all", system_window=None, camera_ids=[2]) == [[2]]
        assert night.of_agencies(app, {OTHER}) == {2}

    def test_a_second_look_is_for_what_was_not_seen_well(self, app: AppContext) -> None:
        csv(app, *(f"{AGENCY},{SYSTEM},c{n},rtsp://10.1.1.{n},,," for n in range(1, 6)))
        for camera, verdict in enumerate(["ok", "rtsp_timeout", "auth_required", "blocked_target"], 1):
            seen(app, camera, verdict, NIGHT)
        seen(app, 5, "no_frame", NIGHT - timedelta(days=1))
        second = night.plan(app, night=NIGHT, round="second", system_window=None, only_failed=True)
        assert second == [[2, 5]]

    def test_storing_again_changes_nothing(self, app: AppContext, fleet: Fleet) -> None:
        ids = [a_camera(app, fleet.url(b), name=b) for b in ("healthy", "dark", "refusing")]
        results = night.check_batch(app, ids, night=NIGHT, round="night", now=NOW)
        counts = {"ok": 1, "black": 1, "connection_refused": 1}
        assert night.store(app, results, night=NIGHT, round="night", now=NOW) == counts
        assert night.store(app, results, night=NIGHT, round="night", now=NOW) == {"left_out": 3}
        assert len(all_of(app, CameraCheck)) == 3
        assert "127.0.0.1" not in str(results)

    @pytest.mark.parametrize(
        ("batches", "helped", "says"),
        [
            ([[None, None]], {}, "; 02 đạt, 00 chưa đạt."),
            (
                [["misread", None], ["misread", "udp"]],
                {"misread": 2, "udp": 1},
                "; 04 đạt, 00 chưa đạt; 02 camera: cách đọc thứ nhất của hệ thống không dựng được hình, cách thứ hai "
                "dựng được; 01 camera: không gửi gì qua TCP, chỉ gửi qua UDP.",
            ),
            (
                [["slow"], ["network", "slow"]],
                {"slow": 2, "network": 1},
                "; 03 đạt, 00 chưa đạt; 01 camera: hình đầu tiên bị hỏng trên đường truyền, xem lại thì tốt"
                "; 02 camera: lâu mới gửi một hình đầy đủ (khung khóa thưa), phải chờ thêm.",
            ),
        ],
    )
    def test_a_round_counts_whom_the_second_look_helped_by_why_and_each_camera_once(
        self, app: AppContext, batches: list[list[str | None]], helped: dict[str, int], says: str
    ) -> None:
        ids = iter(at_site(app, sum(map(len, batches))))
        for batch in batches:
            found = [result(next(ids), "ok", NOW, help=why and verdicts.Help.stored(why)) for why in batch]
            for _ in range(2):  # a task that is run again
                night.store(app, found, night=NIGHT, round="night", now=NOW)
        with app.sessions.reading() as session:
            run = night.run_of(session, NIGHT, "night")
            assert run is not None
            assert (run.helped, sum(run.counts.values())) == (helped, sum(map(len, batches)))
            assert night.summary(app, session, run).endswith(says)

    @pytest.mark.slow
    def test_a_command_tells_how_the_last_nights_went(
        self, app: AppContext, environment: pytest.MonkeyPatch, dondoc: Run
    ) -> None:
        environment.setenv("DONDOC_CLOCK", (NOW + timedelta(hours=1)).isoformat())
        one, two = at_site(app, 2)
        found = [result(one, "ok", NOW, help=verdicts.Help.MISREAD), result(two, "no_frame", NOW)]
        night.store(app, found, night=NIGHT, round="night", now=NOW)
        night.store(app, [result(one, "ok", NOW)], night=NIGHT, round="now-220000-1", now=NOW)
        long_ago = NOW - timedelta(days=8)
        night.store(app, [result(one, "ok", long_ago)], night=long_ago.date(), round="night", now=long_ago)
        (row,) = json.loads(dondoc("cameras", "nights", "--json").stdout)
        assert (row["night"], row["round"], row["looked"], row["showing"]) == ("2021-11-22", "night", 2, 1)
        assert row["helped"] == {"misread": 1}
        assert f"01 camera: {verdicts.Help.MISREAD.label}" in dondoc("cameras", "nights").stdout

    def test_what_counts_for_nobody_is_counted_by_why(self, app: AppContext) -> None:
        ids = at_site(app, 4)
        seen_now = ["ok", "not_decodable", "login_withheld", "not_decodable"]
        found = [result(camera, verdict, NOW) for camera, verdict in zip(ids, seen_now, strict=True)]
        night.store(app, found, night=NIGHT, round="night", now=NOW)
        with app.sessions.reading() as session:
            run = night.run_of(session, NIGHT, "night")
            assert run is not None
            said = night.summary(app, session, run)
        unread, withheld = verdicts.Verdict.NOT_DECODABLE.label, verdicts.Verdict.LOGIN_WITHHELD.label
        assert said == (
            "Ngày 22/11/2021, lượt đêm: đã xem 04/04 camera; 01 đạt, 00 chưa đạt, 03 không tính "
            f"({unread}: 02; {withheld}: 01)."
        )

    def test_a_result_says_why_the_second_look_was_needed(self) -> None:
        found = Finding("7", verdicts.Verdict.OK, "", 1, 2, help=verdicts.Help.MISREAD)
        assert Result.of(found, NOW).help == "misread"


class TestOutages:
    def nights(self, app: AppContext, camera: int, verdicts: list[str]) -> list[dict]:
        settled = []
        for number, verdict in enumerate(verdicts):
            on = NIGHT + timedelta(days=number)
            seen(app, camera, verdict, on)
            settled.append(outages.settle(app, night=on, now=at(on, 23)))
        return settled

    def test_open_after_bad_nights_in_a_row_and_close_at_the_first_good_one(self, app: AppContext) -> None:
        camera = a_camera(app, "rtsp://10.1.1.1")
        got = self.nights(app, camera, ["ok", "no_frame", "rtsp_timeout", "rtsp_timeout", "ok"])
        assert [len(s["closed"]) for s in got] == [0, 0, 0, 0, 1]
        (outage,) = all_of(app, Outage)
        assert outage.first_night == NIGHT + timedelta(days=1)
        assert outage.opened_at == at(NIGHT + timedelta(days=2), 23)

    def test_a_good_night_between_starts_the_count_again(self, app: AppContext) -> None:
        self.nights(app, a_camera(app, "rtsp://10.1.1.1"), ["ok", "black", "ok", "black"])
        assert all_of(app, Outage) == []

    def test_a_camera_never_seen_working_has_no_outage_unless_confirmed(self, app: AppContext) -> None:
        camera = a_camera(app, "rtsp://10.1.1.1")
        self.nights(app, camera, ["rtsp_timeout"] * 3)
        assert all_of(app, Outage) == []
        with app.sessions.begin() as session:
            records.confirm(
                session, [SECRET], session.get_one(Camera, camera), by=CLERK, now=at(NIGHT + timedelta(days=2), 23)
            )
        outages.settle(app, night=NIGHT + timedelta(days=2), now=at(NIGHT + timedelta(days=2), 23))
        assert len(all_of(app, Outage)) == 1

    def test_a_system_has_its_own_patience(self, app: AppContext) -> None:
        csv(app, f"{AGENCY},reservoir,Đập,rtsp://10.1.1.1,,,")
        self.nights(app, 1, ["ok", "black", "black"])
        assert all_of(app, Outage) == []

    def test_a_second_look_that_is_good_saves_the_night(self, app: AppContext) -> None:
        camera = a_camera(app, "rtsp://10.1.1.1")
        self.nights(app, camera, ["ok", "black"])
        on = NIGHT + timedelta(days=2)
        seen(app, camera, "black", on)
        seen(app, camera, "ok", on, round="second")
        assert outages.settle(app, night=on, now=at(on, 23)) == {"opened": [], "closed": []}

    def test_what_was_not_checked_says_nothing(self, app: AppContext) -> None:
        self.nights(app, a_camera(app, "rtsp://10.1.1.1"), ["ok", "blocked_target", "blocked_target"])
        assert all_of(app, Outage) == []

    def test_when_nobody_at_all_answers_it_is_our_own_side(self, app: AppContext) -> None:
        ids = [a_camera(app, f"rtsp://10.1.1.{n}", f"c{n}", agency=AGENCY if n % 2 else OTHER) for n in range(1, 7)]
        for number, verdict in enumerate(["ok", "connect_timeout", "connect_timeout"]):
            for camera in ids:
                seen(app, camera, verdict, NIGHT + timedelta(days=number))
        assert outages.settle(app, night=NIGHT + timedelta(days=2), now=NOW)["opened"] == []


def contact(app: AppContext, role: str, email: str) -> None:
    with app.sessions.begin() as session:
        text = f"agency,role,name,email,phone,valid_from\n{AGENCY},{role},Lê A,{email},1,2021-01-01\n"
        contacts.import_csv(session, app.registry, text, "c.csv", by=CLERK, secrets=[SECRET], now=NOW)


class TestLetters:
    def out(self, app: AppContext, name: str = "Cổng chính") -> list[int]:
        camera = a_camera(app, "rtsp://u:mat-khau@10.77.1.1:8554/bi-mat", name)
        on = NIGHT
        for number, verdict in enumerate(["ok", "no_frame", "no_frame"]):
            on = NIGHT + timedelta(days=number)
            seen(app, camera, verdict, on)
        return outages.settle(app, night=on, now=at(on, 23))["opened"]

    def test_an_outage_is_written_once_to_the_focal_officer_without_addresses(self, app: AppContext) -> None:
        contact(app, "clerk", "vanthu@example.vn")
        contact(app, "focal_officer", "dau-moi@example.vn")
        opened = self.out(app)
        when = at(NIGHT + timedelta(days=2), 23)
        assert len(letters.outages(app, opened, when)) == 1
        assert letters.outages(app, opened, when + timedelta(hours=5)) == []
        (letter,) = all_of(app, OutboxLetter)
        assert (letter.kind, letter.recipient, letter.state) == ("outage", "dau-moi@example.vn", "pending")
        assert letter.office_hours
        for words in (letter.text, letter.html):
            assert "CAM-00001" in words
            assert "SC-0001" in words
            assert "10.77" not in words
            assert "mat-khau" not in words
            assert "bi-mat" not in words

    def test_an_outage_without_a_contact_waits_for_one(self, app: AppContext) -> None:
        opened = self.out(app)
        later = NIGHT + timedelta(days=3)
        assert letters.outages(app, opened, at(later, 1)) == []
        assert outages.settle(app, night=later, now=at(later, 23))["opened"] == opened
        contact(app, "clerk", "vanthu@example.vn")
        assert len(letters.outages(app, opened, at(later, 23))) == 1
        assert outages.settle(app, night=later, now=at(later, 23))["opened"] == []

    def test_a_letter_about_what_is_mended_is_not_true_any_more(self, app: AppContext) -> None:
        contact(app, "clerk", "vanthu@example.vn")
        letters.outages(app, self.out(app), now := at(NIGHT + timedelta(days=2), 23))
        check = letters.precondition(app)
        with app.sessions.begin() as session:
            letter = session.scalars(select(OutboxLetter)).one()
            assert check(session, letter, now) is None
            session.get_one(Outage, 1).closed_at = now
            session.flush()
            assert "SC-0001" in (check(session, letter, now) or "")

    def submission(self, app: AppContext, outcome: str = "accepted", sender: str = "a@example.vn") -> int:
        with app.sessions.begin() as session:
            sub = Submission(
                channel="mail", channel_id=f"{outcome}{sender}", sender=sender, filename="f.xlsx", sha256="0" * 64,
                message_id="<1@x>", subject=None, automatic=False, happened_at=NOW, recorded_at=NOW,
            )  # fmt: skip
            session.add(sub)
            session.flush()
            session.add(
                Verdict(
                    submission_id=sub.id, outcome=outcome, reason="", form="form_01", agency=AGENCY, value_hash="h",
                    version=1, base_version=0, fulfils=[], rows=[], head={}, issues=[], recorded_at=NOW,
                )
            )  # fmt: skip
            return sub.id

    def declared(self, app: AppContext, sub: int, fleet: Fleet, behaviours: list[str]) -> list[int]:
        port = fleet.ports[0]
        rows = [
            {"name": b, "host": "127.0.0.1", "rtsp_port": port, "main_path": f"/{b}/1", "restricted": b == "dark"}
            for b in behaviours
        ]
        absent = {"name": "chưa có", "status": "not_installed"}
        with app.sessions.begin() as session:
            return declare(
                session, agency=AGENCY, system="reservoir", rows=[*rows, absent],
                submission_id=sub, happened_at=NOW, now=NOW, secrets=app.secrets,
            )  # fmt: skip

    def test_the_sender_is_told_what_answered(self, app: AppContext, fleet: Fleet) -> None:
        sub = self.submission(app)
        looked(app, self.declared(app, sub, fleet, ["healthy", "dark", "missing", "digest"]), "declared-1")
        for _ in range(2):
            assert letters.reachability(app, [sub], NOW) == [1]
        (letter,) = all_of(app, OutboxLetter)
        assert (letter.recipient, letter.in_reply_to, letter.state) == ("a@example.vn", "<1@x>", "pending")
        assert "01/04 camera có hình tốt, 01 chưa có kết quả (BN-" in letter.subject
        assert "đã khai: 05" in letter.text
        assert "CAM-00003 (missing)" in letter.text
        for words in (letter.text, letter.html):
            assert "đã kiểm tra kết nối (lần gần nhất đêm 22/11/2021) các camera" in words
            assert f"“{verdicts.SENTENCE['not_found']}”: {verdicts.ADVICE['not_found']}." in words
            assert "Nếu khai nhầm, sửa biểu mẫu rồi trả lời thư này" in words
            assert verdicts.ADVICE["connect_timeout"] not in words
        assert "chưa được cấp tài khoản: 01 (CAM-00004)." in letter.text  # which of them: nobody can guess
        assert "01 camera (<b>CAM-00004</b>) yêu cầu đăng nhập" in letter.html
        assert "CAM-00002 (dark)" not in letter.text  # restricted: by its number alone
        assert "chưa lắp đặt" in letter.text
        assert "127.0.0.1" not in letter.text + letter.html
        assert str(fleet.ports[0]) not in letter.text

    def test_what_could_not_be_looked_at_is_told_with_what_would_help(self, app: AppContext, fleet: Fleet) -> None:
        sub = self.submission(app)
        works, *others = self.declared(
            app, sub, fleet, ["healthy", "dark", "missing", "digest", "busy", "slow", "covered"]
        )[:7]
        unseen = (
            *("blocked_target", "login_withheld", "not_decodable"),
            *("out_of_resources", "check_failed", "unconfirmed"),
        )
        for camera, verdict in zip((works, *others), ("ok", *unseen), strict=True):
            seen(app, camera, verdict, NIGHT)
        letters.reachability(app, [sub], NOW)
        (letter,) = all_of(app, OutboxLetter)
        for verdict in unseen:
            for words in (letter.text, letter.html):
                assert f"“{verdicts.SENTENCE[verdict]}”" in words
                assert f": {verdicts.ADVICE[verdict]}." in words  # once for all that it is said of
        assert "Đề nghị Quý cơ quan:" not in letter.text, "nothing counts against it"

    def test_who_is_busy_the_first_night_is_blamed_for_it_on_the_second(self, app: AppContext, fleet: Fleet) -> None:
        sub = self.submission(app)
        _, busy = cameras = self.declared(app, sub, fleet, ["healthy", "busy"])[:2]
        looked(app, cameras, "declared-1")
        assert letters.reachability(app, [sub], NOW) == [1]
        seen(app, busy, "server_error", NIGHT + timedelta(days=1), "night")
        letters.reachability(app, [sub], NOW + timedelta(days=1))
        first, second = all_of(app, OutboxLetter)
        assert "01/01 camera có hình" in first.subject
        assert f"(busy): {letters.BUSY}" in first.text
        assert "01/02 camera có hình" in second.subject
        assert f"(busy): {verdicts.SENTENCE['server_error']}" in second.text

    @pytest.mark.parametrize(
        ("system", "row", "says"),
        [
            ("reservoir", {"status": "maintenance"}, "đơn vị khai camera đang bảo trì"),
            ("public_admin_centre", {}, "ngoài giờ làm việc, trung tâm tắt nguồn"),
            ("reservoir", {"site": "Đập phụ"}, "đang tạm dừng theo Công điện số 12 (bão số 8; Lê A)"),
        ],
    )
    def test_what_is_paused_or_expected_to_be_silent_is_said_and_not_counted(
        self, app: AppContext, system: str, row: dict[str, str], says: str
    ) -> None:
        sub, other = self.submission(app), {"name": "A", "host": "10.1.1.1", "off_after_hours": False}
        with app.sessions.begin() as session:
            first, second = declare(
                session, agency=AGENCY, system=system, rows=[other, {"name": "B", "host": "10.1.1.2", **row}],
                submission_id=sub, happened_at=NOW, now=NOW,
            )  # fmt: skip
            if "site" in row:
                rule(
                    app, session, RulingKind.PAUSE, agency=AGENCY, place="ĐẬP PHỤ", until=NIGHT,
                    document="Công điện số 12", reason="bão số 8", by=CLERK,
                    from_=at(NIGHT, 0), now=NOW,
                )  # fmt: skip
        seen(app, second, "connect_timeout", NIGHT, "declared-1")
        seen(app, first, "ok", NIGHT, "declared-2")
        assert letters.reachability(app, [sub], NOW) == [1]
        (letter,) = all_of(app, OutboxLetter)
        assert "01/01 camera có hình" in letter.subject
        assert "đã khai: 02; đã kiểm tra: 01" in letter.text
        faults, _, unchecked = letter.text.partition("không tính vào kết quả trên")
        assert "CAM-00002" not in faults
        assert f"CAM-00002 (B): {says}." in unchecked

    def test_when_all_of_them_are_paused_that_is_the_answer(self, app: AppContext) -> None:
        sub = self.submission(app)
        with app.sessions.begin() as session:
            (camera,) = declare(
                session, agency=AGENCY, system="reservoir", rows=[{"name": "A", "host": "10.1.1.1"}],
                submission_id=sub, happened_at=NOW, now=NOW,
            )  # fmt: skip
        seen(app, camera, "blocked_target", NIGHT, "declared-1")
        assert letters.reachability(app, [sub], NOW) == []
        with app.sessions.begin() as session:
            rule(
                app, session, RulingKind.PAUSE, document="Công điện số 12", reason="bão số 8", by=CLERK,
                from_=at(NIGHT, 0), now=NOW,
            )  # fmt: skip
        assert letters.reachability(app, [sub], NOW) == [1]
        (letter,) = all_of(app, OutboxLetter)
        assert "chưa kiểm tra được" in letter.subject
        assert "đang tạm dừng theo Công điện số 12" in letter.text

    def centre(self, app: AppContext, sub: int, *more: dict[str, str]) -> list[int]:
        rows = [{"name": "A", "host": "10.1.1.1"}, {"name": "B", "host": "10.1.1.2"}, *more]
        with app.sessions.begin() as session:
            return declare(
                session, agency=AGENCY, system="public_admin_centre", rows=rows,
                submission_id=sub, happened_at=NOW, now=NOW,
            )  # fmt: skip

    def gathered(self, app: AppContext, when: datetime) -> int:
        """How many letters there are after a gather run."""
        letters.reachability(app, backlog.declared(app, when), when)
        return len(all_of(app, OutboxLetter))

    def test_of_what_was_switched_off_at_the_first_letter_a_second_tells_once_it_was_on(self, app: AppContext) -> None:
        sub = self.submission(app)
        one, two, third = self.centre(app, sub, {"name": "C", "host": "10.1.1.3", "status": "maintenance"})
        for camera, verdict in ((one, "ok"), (two, "connect_timeout"), (third, "connect_timeout")):
            seen(app, camera, verdict, NIGHT, f"declared-{camera}")  # 22:00: the centre is closed
        assert self.gathered(app, NOW) == 1
        assert self.gathered(app, NOW + timedelta(hours=1)) == 1
        day = NIGHT + timedelta(days=3)
        assert self.gathered(app, at(day, 9)) == 1
        self.in_the_morning(app, {one: "ok", two: "connect_timeout", third: "connect_timeout"}, day)
        assert self.gathered(app, at(day, 11)) == 2
        assert self.gathered(app, at(day, 12)) == 2
        first, second = all_of(app, OutboxLetter)
        assert "CAM-00002 (B): ngoài giờ làm việc" in first.text
        assert "đã khai: 03; đã kiểm tra: 02" in second.text
        assert "CAM-00002 (B): camera không trả lời kết nối." in second.text
        assert "CAM-00003 (C): đơn vị khai camera đang bảo trì." in second.text  # it is not waited for
        assert first.message_id != second.message_id

    def in_the_morning(self, app: AppContext, verdicts: dict[int, str], day: date) -> None:
        when = at(day, 10)
        found = [result(camera, verdict, when) for camera, verdict in verdicts.items()]
        night.store(app, found, night=day, round="day", now=when)

    def test_who_could_be_told_nothing_because_of_us_is_told_days_later(self, app: AppContext) -> None:
        sub = self.submission(app)
        ids = self.centre(app, sub, {"name": "C", "status": "not_installed"})
        assert backlog.unseen_cameras(app, [sub]) == ids[:2]
        for camera in ids[:2]:
            seen(app, camera, "blocked_target", NIGHT, f"declared-{camera}")
        assert backlog.unseen_cameras(app, [sub]) == []
        day = NIGHT + timedelta(days=3)
        assert (self.gathered(app, NOW), self.gathered(app, at(day, 9))) == (0, 0)
        self.in_the_morning(app, dict.fromkeys(ids[:2], "ok"), day)
        assert self.gathered(app, at(day, 11)) == 1
        assert backlog.declared(app, at(day, 12)) == []

    @pytest.mark.parametrize("days", [0, 2])
    def test_once_it_is_live_a_letter_of_the_rehearsal_is_repeated_within_a_day_only(
        self, app: AppContext, days: int
    ) -> None:
        sub = self.submission(app)
        self.in_the_morning(app, dict.fromkeys(self.centre(app, sub), "ok"), NIGHT)
        assert self.gathered(app, NOW) == 1
        in_earnest = AppContext(app.settings.model_copy(update={"mode": "live"}))
        assert backlog.declared(in_earnest, NOW + timedelta(days=days)) == ([] if days else [sub])
        in_earnest.sessions.kw["bind"].dispose()

    def test_a_second_letter_is_not_waited_for_when_the_first_told_all(self, app: AppContext) -> None:
        sub = self.submission(app)
        ids = self.centre(app, sub)
        self.in_the_morning(app, dict.fromkeys(ids, "ok"), NIGHT)
        assert self.gathered(app, NOW) == 1
        day = NIGHT + timedelta(days=1)
        for camera in ids:
            seen(app, camera, "connect_timeout", day)
        assert self.gathered(app, at(day, 23)) == 1
        self.in_the_morning(app, dict.fromkeys(ids, "black"), day + timedelta(days=1))
        assert self.gathered(app, at(day + timedelta(days=1), 11)) == 1

    @pytest.mark.parametrize("change", ["a newer form", "a month", "a machine sent it"])
    def test_a_second_letter_is_not_written_of_what_was_replaced_or_is_long_gone_nor_to_a_machine(
        self, app: AppContext, change: str
    ) -> None:
        sub = self.submission(app)
        ids = self.centre(app, sub)
        for camera in ids:
            seen(app, camera, "connect_timeout", NIGHT, f"declared-{camera}")
        assert self.gathered(app, NOW) == 1
        if change == "a machine sent it":
            with app.sessions.begin() as session:
                session.get_one(Submission, sub).automatic = True
        if change == "a newer form":  # which leaves B out
            newer = self.submission(app, sender="b@example.vn")
            with app.sessions.begin() as session:
                session.get_one(Verdict, 2).version = 2
                session.get_one(Verdict, 2).recorded_at = at(NIGHT, 23)
                session.get_one(Camera, ids[0]).submission_id = newer
        day = NIGHT + timedelta(days=31 if change == "a month" else 2)
        self.in_the_morning(app, dict.fromkeys(ids, "ok"), day)
        assert sub not in backlog.declared(app, at(day, 11))

    @pytest.mark.parametrize("change", ["nothing looked at", "not accepted", "nobody to write to"])
    def test_nobody_is_told_nothing(self, app: AppContext, fleet: Fleet, change: str) -> None:
        sub = self.submission(
            app,
            "waiting" if change == "not accepted" else "accepted",
            "" if change == "nobody to write to" else "a@example.vn",
        )
        ids = self.declared(app, sub, fleet, ["healthy"])
        if change != "nothing looked at":
            looked(app, ids, "declared")
        assert letters.reachability(app, [sub], NOW) == []

    def test_without_a_sender_the_focal_officer_is_told(self, app: AppContext, fleet: Fleet) -> None:
        contact(app, "focal_officer", "dau-moi@example.vn")
        sub = self.submission(app, sender="")
        looked(app, self.declared(app, sub, fleet, ["healthy"]), "declared")
        letters.reachability(app, [sub], NOW)
        assert all_of(app, OutboxLetter)[0].recipient == "dau-moi@example.vn"


def test_the_whole_night_keeps_the_password_to_itself(
    app: AppContext, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, fleet: Fleet
) -> None:
    secret = "bi-mat-7391"
    ids = [a_camera(app, fleet.url(b), b, f"u,{secret}") for b in ("wrong-password", "basic", "closing", "junk")]
    with caplog.at_level("DEBUG"):
        results = looked(app, ids)
    assert secret not in str(results) + "".join(capfd.readouterr()) + caplog.text
    stored = (app.settings.home / "dondoc.db").read_bytes() + (app.settings.home / "dondoc.db-wal").read_bytes()
    assert secret.encode() not in stored
