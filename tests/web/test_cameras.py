"""The pages about cameras: who sees what, and what an operator's click does."""

import threading
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from lxml import html
from sqlalchemy import select

from dondoc import clock
from dondoc.cameras.logins import credentials
from dondoc.cameras.nights import night, thumbnails
from dondoc.cameras.registry import addresses, imports
from dondoc.cameras.registry.addresses import Addresses
from dondoc.cameras.registry.declarations import Source, refresh, say
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.demo.camera import PASSWORD, USER
from dondoc.demo.fleet import Fleet
from dondoc.facts import contacts
from dondoc.probing.picture.suspicions import Suspicion
from dondoc.probing.verdicts import ADVICE, Help, Verdict
from dondoc.store.cameras import Camera, CameraCheck, CredentialRelease, Outage
from dondoc.store.facts import Ruling
from tests.cameras.nights import result, said
from tests.conftest import CLERK, NOT_BROUGHT
from tests.web.conftest import ORIGIN, Visit, browsers, rows_of, words_of

pytestmark = pytest.mark.slow

AGENCY, SYSTEM = "cong-an-tinh", "security_traffic"
TONIGHT = date(2021, 11, 24)
NOW = clock.at(TONIGHT, 22, 30)


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with Fleet() as made:
        yield made


@pytest.fixture(autouse=True)
def now(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DONDOC_CLOCK", NOW.isoformat())
    environment.setenv("DONDOC_PROBE_ALLOW", "127.0.0.0/8")


@pytest.fixture
def cameras(app: AppContext, fleet: Fleet) -> list[int]:
    """1 works, 2 does not (a wrong password), 3 is restricted, 4 is of another agency and was never looked at."""
    return four_cameras(app, fleet)


def four_cameras(app: AppContext, fleet: Fleet) -> list[int]:
    rows = [
        f"{AGENCY},{SYSTEM},Ngã tư Xô Viết,{fleet.url('healthy')},,",
        f"{AGENCY},{SYSTEM},Cổng sau,{fleet.url('wrong-password', 'kin')},ioc,sai-8842",
        f"{AGENCY},{SYSTEM},Nơi kín,{fleet.url('healthy', '3')},,",
        "so-nnptnt,reservoir,Đập Kẻ Gỗ,rtsp://10.1.1.1/x,,",
    ]
    text = "\n".join(["agency,system,name,url,user,password", *rows])
    with app.sessions.begin() as session:
        imports.import_csv(
            session,
            app.registry,
            text,
            "c.csv",
            by=CLERK,
            secrets=app.settings.secret_keys,
            now=NOW - timedelta(days=40),
        )
    for number in range(1, 5):
        said(app, number, site=f"Điểm {number}", restricted=number == 3)
    seen(app, {1: "ok", 2: "auth_failed", 3: "ok"}, TONIGHT - timedelta(days=1))
    seen(app, {1: "ok", 2: "auth_failed", 3: "black"}, TONIGHT)
    return [1, 2, 3, 4]


def seen(
    app: AppContext,
    verdicts: dict[int, str],
    on: date,
    round: str = "night",
    minute: int = 0,
    steps: list[str] | None = None,
) -> None:
    at = clock.at(on, 22, minute)
    results = [
        result(camera, verdict, at, elapsed_ms=9, steps=tuple(steps or ())) for camera, verdict in verdicts.items()
    ]
    night.store(app, results, night=on, round=round, now=at)


def suspected(app: AppContext, suspicions: dict[int, str]) -> None:
    """Good looks of two nights that leave the same suspicion."""
    for back in (1, 0):
        at = clock.at(TONIGHT - timedelta(days=back), 22, 20)
        results = [result(camera, "ok", at, features={"suspicion": one}) for camera, one in suspicions.items()]
        night.store(app, results, night=TONIGHT - timedelta(days=back), round="all", now=at)


def checks(app: AppContext, camera: int) -> list[CameraCheck]:
    with app.sessions.begin() as session:
        return list(session.scalars(select(CameraCheck).where(CameraCheck.camera_id == camera)))


ACTIONS = {
    "/cameras/1/probe": {},
    "/cameras/1/credentials": {"username": "ioc", "password": "bi-mat"},
    "/cameras/2/release": {"reason": "đã mở khóa"},
    "/cameras/1/confirm": {},
    "/cameras/1/pause": {"scope": "place", "begins": "2021-11-20", "document": "Công điện 1", "reason": "lũ"},
    "/pauses": {"agency": AGENCY, "begins": "2021-11-20", "document": "Công điện 1", "reason": "lũ"},
    "/pauses/1/undo": {"reason": "hết lũ"},
}


@pytest.mark.parametrize("path", ACTIONS)
def test_a_viewer_or_a_foreign_page_can_do_nothing(
    app: AppContext, fleet: Fleet, cameras: list[int], visit: Visit, path: str
) -> None:
    data = ACTIONS[path]
    assert visit("viewer").post(path, headers=ORIGIN, data=data).status_code == 403
    assert visit("ops").post(path, headers={"Origin": "https://evil.example"}, data=data).status_code == 403
    assert visit("").post(path, headers=ORIGIN, data=data).status_code == 303
    with app.sessions.begin() as session:
        assert not session.scalars(select(CredentialRelease).where(NOT_BROUGHT)).all()
        assert not any(c.confirmed or (c.id == 1 and c.username) for c in session.scalars(select(Camera)))
        assert not session.scalars(select(Ruling)).all()
    assert fleet.counts["connections"] == 0


@pytest.mark.parametrize("path", ["/cameras", "/cameras/1", "/cameras.csv", "/pauses", "/metrics"])
def test_a_logged_out_visitor_sees_nothing(cameras: list[int], visit: Visit, path: str) -> None:
    answer = visit("").get(path)
    assert (answer.status_code, answer.text) == (303, "")


class TestList:
    def test_shows_every_camera_with_its_state_and_counts(self, cameras: list[int], visit: Visit) -> None:
        page = visit("viewer").get("/cameras").text
        rows = rows_of(page)
        assert [r[0] for r in rows] == ["CAM-00001", "CAM-00002", "CAM-00003", "CAM-00004"]
        assert rows[0][5] == "✓ Hoạt động tốt"
        assert "Hoạt động tốt: 1" in words_of(page)
        assert "từ chối tài khoản" in rows[1][6]

    def test_a_camera_that_asks_for_a_login_is_told_apart_from_one_with_a_picture(
        self, app: AppContext, cameras: list[int], visit: Visit
    ) -> None:
        seen(app, {2: "auth_required"}, TONIGHT, "again", 10)
        page = words_of(visit("viewer").get("/cameras").text)
        assert "Hoạt động tốt: 2 (có hình tốt 01, trả lời và đòi đăng nhập 01)" in page
        assert (
            "kiểm tra được 03 camera, trong đó 03 camera có trả lời (01 camera có hình tốt; "
            "01 camera đòi đăng nhập, Sở chưa có tài khoản); 01 camera chưa kiểm tra được."
        ) in page

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("agency=so-nnptnt", [4]),
            ("system=security_traffic", [1, 2, 3]),
            ("state=ok", [1]),
            ("q=nga+tu+XO+viet", [1]),
            ("q=CAM-00002", [2]),
            ("q=%C4%91i%E1%BB%83m+4", [4]),
            ("q=khong+co", []),
            ("agency=so-nnptnt&state=ok", []),
        ],
    )
    def test_filters_and_searches(self, cameras: list[int], visit: Visit, query: str, found: list[int]) -> None:
        rows = rows_of(visit("viewer").get(f"/cameras?{query}").text)
        assert [r[0] for r in rows] == [f"CAM-{n:05}" for n in found]

    def test_a_restricted_camera_is_named_to_operators_only(self, cameras: list[int], visit: Visit) -> None:
        for path in ("/cameras", "/cameras/3", "/cameras?q=noi+kin"):
            assert "Nơi kín" not in visit("viewer").get(path).text
            assert "Nơi kín" in visit("ops").get(path).text
        assert rows_of(visit("viewer").get("/cameras?q=noi+kin").text) == []

    def test_a_page_tells_what_is_doubted_of_the_picture_by_day_and_that_it_counts_for_nothing(
        self, app: AppContext, cameras: list[int], visit: Visit
    ) -> None:
        assert "Nghi vấn về hình" not in visit("viewer").get("/cameras/1").text
        for back in (3, 2):
            seen(app, {1: "covered"}, TONIGHT - timedelta(days=back), night.DAYLIGHT)
        page = words_of(visit("viewer").get("/cameras/1").text)
        assert (
            "Nghi vấn về hình (thấy trong hai lần xem ban ngày gần nhất, mới nhất lúc 22:00 22/11/2021): hình một "
            "màu, không thấy cảnh (có thể ống kính bị che). Cần làm: gỡ vật che"
        ) in page
        assert "✓ Hoạt động tốt, đêm 24/11/2021." in page

    def test_the_list_tells_what_differs_and_what_is_suspected_apart_from_how_a_camera_stands(
        self, app: AppContext, cameras: list[int], visit: Visit
    ) -> None:
        assert "cần xem lại:" not in words_of(visit("viewer").get("/cameras").text)
        suspected(app, {1: "moved"})
        at, stopped = NOW - timedelta(minutes=5), {"recording": False, "newest": 9, "oldest": 30, "missing": 0}
        measured = {"recorder": stopped, "clock": {"local": -10800}}
        closer = result(1, "ok", at, measured=measured, features={"suspicion": "moved"})
        night.store(app, [closer], night=TONIGHT, round="closer", now=at)
        page = visit("viewer").get("/cameras")
        assert "Có điều cần xem lại: 1" in words_of(page.text)
        stands, why = rows_of(page.text)[0][5:]
        assert stands == "✓ Hoạt động tốt"
        told = "⚑ Không thấy bản ghi mới; đồng hồ sai trên 05 phút; nghi vấn: khung cảnh thay đổi"
        assert why == f"hoạt động tốt, đêm 24/11/2021 {told}"
        assert [row[0] for row in rows_of(visit("viewer").get("/cameras?remarks=1").text)] == ["CAM-00001"]
        assert told.removeprefix("⚑ ").lower() in visit("ops").get("/cameras.csv").text
        assert [row[0] for row in rows_of(visit("viewer").get("/cameras?remarks=1&state=ok").text)] == ["CAM-00001"]
        assert rows_of(visit("viewer").get("/cameras?remarks=1&state=failing").text) == []

    def test_a_page_says_what_to_do_about_what_is_suspected_of_the_picture(
        self, app: AppContext, cameras: list[int], visit: Visit
    ) -> None:
        suspected(app, {1: "moved"})
        page = words_of(visit("viewer").get("/cameras/1").text)
        assert f"{Suspicion.MOVED.label}. Cần làm: {Suspicion.MOVED.advice}. Không tính là mất kết nối." in page

    def test_goes_on_to_the_next_page_with_the_same_filters(self, app: AppContext, visit: Visit) -> None:
        rows = [f"{AGENCY},{SYSTEM},Camera {n},rtsp://10.1.{n}.1/x" for n in range(120)]
        with app.sessions.begin() as session:
            imports.import_csv(
                session,
                app.registry,
                "\n".join(["agency,system,name,url", *rows]),
                "c.csv",
                by=CLERK,
                secrets=app.settings.secret_keys,
                now=NOW,
            )
        page = visit("viewer").get(f"/cameras?agency={AGENCY}").text
        assert len(rows_of(page)) == 50
        (onward,) = html.fromstring(page).xpath('//a[@rel="next"]/@href')
        assert onward == f"/cameras?agency={AGENCY}&page=2"
        assert rows_of(visit("viewer").get(f"/cameras?agency={AGENCY}&page=3").text)[0][0] == "CAM-00101"
        assert visit("viewer").get("/cameras?page=0").status_code == 400

    def test_the_page_of_an_agency_leads_to_its_cameras(self, visit: Visit) -> None:
        assert 'href="/cameras?agency=so-nnptnt"' in visit("viewer").get("/agency/so-nnptnt").text

    def test_tables_can_be_saved_without_addresses(self, cameras: list[int], visit: Visit) -> None:
        answer = visit("ops").get("/cameras.csv")
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert "CAM-00004" in answer.text
        assert "127.0.0.1" not in answer.text
        assert visit("viewer").get("/cameras.xlsx").content[:2] == b"PK"
        assert visit("viewer").get("/cameras.exe").status_code == 404

    def test_metrics_are_served_to_who_may_log_in(self, cameras: list[int], visit: Visit) -> None:
        answer = visit("viewer").get("/metrics")
        assert answer.headers["content-type"].startswith("application/openmetrics-text")
        assert answer.text.endswith("# EOF\n")


class TestCamera:
    def test_says_the_state_in_words_and_shows_thirty_nights(self, cameras: list[int], visit: Visit) -> None:
        page = visit("viewer").get("/cameras/3").text
        cells = html.fromstring(page).xpath('//ol[@class="strip"]/li')
        assert len(cells) == 30
        assert cells[-1].get("title") == "24/11/2021: hình chỉ có màu đen"
        assert [c.get("class") for c in cells[-3:]] == ["none", "good", "faulty"]
        assert "hình chỉ có màu đen" in words_of(page)

    @pytest.mark.parametrize("camera", [1, 2, 3, 4])
    def test_says_the_same_as_the_list(self, cameras: list[int], visit: Visit, camera: int) -> None:
        row = rows_of(visit("ops").get("/cameras").text)[camera - 1]
        (stand,) = html.fromstring(visit("ops").get(f"/cameras/{camera}").text).xpath(
            '//p[starts-with(@class,"stand")]'
        )
        said = " ".join(stand.text_content().split())
        assert said == ("✓ Hoạt động tốt, đêm 24/11/2021." if camera == 1 else f"{row[5]}: {row[6]}.")

    def test_says_what_to_do_about_a_fault_and_nothing_where_there_is_none(
        self, cameras: list[int], visit: Visit
    ) -> None:
        told = {n: words_of(visit("viewer").get(f"/cameras/{n}").text) for n in cameras}
        assert {n: "Cần làm: " in words for n, words in told.items()} == {1: False, 2: True, 3: True, 4: False}
        assert f"Cần làm: {ADVICE['black']}." in told[3]

    def test_a_night_that_counts_for_nobody_says_so_and_what_would_help(
        self, app: AppContext, cameras: list[int], visit: Visit
    ) -> None:
        seen(app, {1: "not_decodable", 4: "not_decodable"}, TONIGHT, "again", 10)
        advice = Verdict.NOT_DECODABLE.staff_advice  # whoever reads pages is of the Department: nothing to "tell" it
        before, never = (words_of(visit("viewer").get(f"/cameras/{n}").text) for n in (1, 4))
        assert "✓ Hoạt động tốt, đêm 24/11/2021." in before, "its own night was good"
        seen(app, {1: "not_decodable"}, TONIGHT + timedelta(days=1))
        after = words_of(visit("viewer").get("/cameras/1").text)
        assert "Lần xem gần nhất (đêm 25/11/2021) không tính cho đơn vị nào: camera có gửi dữ liệu hình nhưng" in after
        assert f"Hướng xử lý: {advice}." in after
        assert "✓ Hoạt động tốt, đêm 24/11/2021." in after
        assert "– Chưa kiểm tra được: camera có gửi dữ liệu hình nhưng hệ thống của Sở chưa dựng được hình" in never
        assert f"không có thư báo sự cố. Hướng xử lý: {advice}." in never
        assert "Cần làm" not in after + never

    def test_a_camera_that_nobody_could_judge_for_many_nights_says_for_how_many(
        self, app: AppContext, cameras: list[int], visit: Visit
    ) -> None:
        for back in (3, 2, 1, 0):
            seen(app, {4: "not_decodable"}, TONIGHT - timedelta(days=back), "late", 50)
        page = words_of(visit("viewer").get("/cameras/4").text)
        assert (
            "không có thư báo sự cố. Đã 04 đêm liền chưa kết luận được. Hướng xử lý: gọi đơn vị hỏi chuẩn nén" in page
        )

    def test_operators_read_whom_of_the_agency_to_ring_up(
        self, app: AppContext, cameras: list[int], visit: Visit
    ) -> None:
        listed = "agency,role,name,email,phone\nso-nnptnt,clerk,Trần Thị Minh,vt@example.vn,0912001345\n"
        with app.sessions.begin() as session:
            contacts.import_csv(session, app.registry, listed, "danh-ba.csv", by=CLERK, secrets=app.secrets, now=NOW)
        assert "Gọi đơn vị: Trần Thị Minh, điện thoại 0912 001 345." in words_of(visit("ops").get("/cameras/4").text)
        assert "0912" not in visit("viewer").get("/cameras/4").text
        assert "Gọi đơn vị" not in visit("ops").get("/cameras/1").text, "nobody of its agency is known"

    def test_whom_the_second_look_helped_is_told_on_its_page_and_counted_by_why_in_the_list(
        self, app: AppContext, cameras: list[int], visit: Visit
    ) -> None:
        at = NOW - timedelta(minutes=5)
        helped = {1: Help.NETWORK, 2: Help.MISREAD, 4: Help.MISREAD}
        found = [result(n, "ok", at, detail=f"có hình; {why.label}", help=why) for n, why in helped.items()]
        night.store(app, found, night=TONIGHT, round="all", now=at)
        page = words_of(visit("viewer").get("/cameras/1").text)
        assert "hình đầu tiên bị hỏng trên đường truyền, xem lại thì tốt" in page
        assert "Cần làm" not in page
        counted = words_of(visit("viewer").get("/cameras").text)
        assert f"02 camera: {Help.MISREAD.label}" in counted
        assert f"01 camera: {Help.NETWORK.label}" in counted
        assert "Các lượt kiểm tra" not in words_of(visit("viewer").get("/cameras?state=ok").text)

    def test_the_list_counts_by_round_and_why_of_how_many_nothing_is_known(
        self, app: AppContext, cameras: list[int], visit: Visit
    ) -> None:
        at = NOW - timedelta(minutes=5)
        verdicts = {1: "out_of_resources", 2: "unconfirmed", 3: "out_of_resources", 4: "ok"}
        found = [result(number, verdict, at) for number, verdict in verdicts.items()]
        night.store(app, found, night=TONIGHT, round="all", now=at)
        page = words_of(visit("viewer").get("/cameras").text)
        assert f"02 camera: {Verdict.OUT_OF_RESOURCES.label}" in page
        assert f"01 camera: {Verdict.UNCONFIRMED.label}" in page

    def test_the_address_and_the_steps_are_for_operators(
        self, app: AppContext, fleet: Fleet, cameras: list[int], visit: Visit
    ) -> None:
        steps = ["0,001 s  nối đến 127.0.0.1", "0,002 s  ← 401 <b>Unauthorized</b>"]
        seen(app, {2: "auth_failed"}, TONIGHT, "again", 10, steps)
        viewer, ops = visit("viewer").get("/cameras/2").text, visit("ops").get("/cameras/2").text
        assert f"127.0.0.1:{fleet.ports[0]}/***/***" in ops, "what nobody knows may be a password"
        assert "← 401 &lt;b&gt;" in ops
        assert "127.0.0.1" not in viewer
        assert "wrong-password" not in viewer
        assert "sai-8842" not in viewer + ops
        assert "<form" not in viewer

    def test_what_a_closer_look_measured_is_shown_beside_what_differs(
        self, app: AppContext, cameras: list[int], visit: Visit
    ) -> None:
        assert "Chưa đo: mỗi camera được đo mỗi tuần một lần" in words_of(visit("viewer").get("/cameras/1").text)
        at = NOW - timedelta(minutes=5)
        found = {"recorder": {"recording": False, "newest": 9, "oldest": 30, "missing": 0}, "clock": {"local": -10800}}
        results = [result(1, "ok", at, measured=found)]
        night.store(app, results, night=TONIGHT, round="all", now=at)
        page = words_of(visit("viewer").get("/cameras/1").text)
        assert "không thấy bản ghi mới" in page
        assert "giờ trên thiết bị chậm 03 giờ" in page
        assert "đồng hồ của thiết bị chậm 03 giờ" in page
        above, _ = page.split("30 đêm gần nhất")  # beside the state, which is good: nobody looks further down for more
        assert f"Lưu trữ (đo ngày {TONIGHT:%d/%m/%Y}): không thấy bản ghi mới" in above
        assert f"Đồng hồ (đo ngày {TONIGHT:%d/%m/%Y}): đồng hồ của thiết bị chậm 03 giờ" in above

    def test_an_outage_is_shown_with_its_number(self, app: AppContext, cameras: list[int], visit: Visit) -> None:
        with app.sessions.begin() as session:
            found = session.get_one(Camera, 2)
            say(session, found, Source.PERSON, {"confirmed": True}, happened_at=NOW, now=NOW)
            refresh(session, found.agency, found.system, app.secrets)
            session.add(Outage(camera_id=2, first_night=TONIGHT - timedelta(days=1), verdict="auth_failed",
                               opened_at=NOW, closed_at=None))  # fmt: skip
        words = words_of(visit("viewer").get("/cameras/2").text)
        assert "SC-0001" in words
        assert "Các sự cố" in words
        assert "chưa khắc phục" in words
        assert "đang mất kết nối" not in words  # it answers, and refuses the password

    def test_no_such_camera(self, cameras: list[int], visit: Visit) -> None:
        assert visit("viewer").get("/cameras/99").status_code == 404
        assert visit("ops").post("/cameras/99/probe", headers=ORIGIN).status_code == 400

    def test_no_script_and_no_style_is_written_into_the_pages(self, cameras: list[int], visit: Visit) -> None:
        for path in ("/cameras", "/cameras/2", "/pauses"):
            tree = html.fromstring(visit("ops").get(path).text)
            assert not tree.xpath("//script | //style | //@style | //@onclick")


class TestThumbnail:
    JPEG = b"\xff\xd8\xff a picture"

    @pytest.fixture
    def kept(self, environment: pytest.MonkeyPatch, app: AppContext, cameras: list[int]) -> AppContext:
        """Of camera 4, and of 1, of which none may be kept; seen through settings that keep pictures."""
        environment.setenv("DONDOC_THUMBNAILS", "true")
        made = AppContext(load())
        for camera in (1, 4):
            thumbnails.put(made, camera, self.JPEG, NOW - timedelta(days=1))
        return made

    @pytest.fixture
    def visit(self, kept: AppContext) -> Visit:
        return browsers(kept)

    def test_an_operator_sees_it_with_its_time(self, visit: Visit) -> None:
        page = visit("ops").get("/cameras/4").text
        (source,) = html.fromstring(page).xpath("//img/@src")
        answer = visit("ops").get(source)
        assert (answer.content, answer.headers["content-type"]) == (self.JPEG, "image/jpeg")
        assert answer.headers["cache-control"] == "no-store"
        assert "Hình lúc 22:30 23/11/2021" in words_of(page)

    def test_nobody_else_does(self, visit: Visit) -> None:
        for path in ("/cameras/4/thumbnail", "/cameras/2/thumbnail", "/cameras/99/thumbnail"):
            assert visit("viewer").get(path).status_code == 403
            assert visit("").get(path).status_code == 303
        assert "<img" not in visit("viewer").get("/cameras/4").text

    @pytest.mark.parametrize("camera", [1, 2, 99])
    def test_there_is_none_where_none_may_be_or_none_is_kept(self, visit: Visit, camera: int) -> None:
        assert visit("ops").get(f"/cameras/{camera}/thumbnail").status_code == 404
        assert "<img" not in visit("ops").get(f"/cameras/{camera}").text

    def test_lists_do_not_show_it(self, visit: Visit) -> None:
        for path in ("/cameras", "/cameras.csv", "/metrics", "/reports", "/agency/so-nnptnt"):
            assert "thumbnail" not in visit("ops").get(path).text


class TestProbeNow:
    def test_what_was_found_is_said_once(self, app: AppContext, fleet: Fleet, cameras: list[int], visit: Visit) -> None:
        with app.sessions.begin() as session:
            addresses.write(session.get_one(Camera, 1), Addresses(fleet.url("dark"), None), app.secrets)
        answer = visit("ops").post("/cameras/1/probe", headers=ORIGIN)
        said, _ = words_of(visit("ops").get(answer.headers["location"]).text).split("CAM-00001: ")
        assert said.count("hình chỉ có màu đen") == 1

    def test_looks_at_the_camera_and_says_what_was_found(
        self, app: AppContext, cameras: list[int], visit: Visit
    ) -> None:
        answer = visit("ops").post("/cameras/1/probe", headers=ORIGIN)
        assert answer.status_code == 303
        assert "hoạt động tốt" in words_of(visit("ops").get(answer.headers["location"]).text)
        newest = checks(app, 1)[-1]
        assert (newest.night, newest.verdict, newest.round[:4]) == (TONIGHT, "ok", "now-")

    def test_a_refused_password_is_not_sent_again_that_night(
        self, app: AppContext, fleet: Fleet, cameras: list[int], visit: Visit
    ) -> None:
        for _ in range(2):
            visit("ops").post("/cameras/2/probe", headers=ORIGIN)
        assert fleet.counts["logins"] == 1
        assert checks(app, 2)[-1].verdict == "auth_failed"

    def test_after_midnight_it_is_still_the_same_night(
        self, app: AppContext, fleet: Fleet, cameras: list[int], visit: Visit, environment: pytest.MonkeyPatch
    ) -> None:
        visit("ops").post("/cameras/2/probe", headers=ORIGIN)
        environment.setenv("DONDOC_CLOCK", clock.at(TONIGHT + timedelta(days=1), 5).isoformat())
        visit("ops").post("/cameras/2/probe", headers=ORIGIN)
        assert fleet.counts["logins"] == 1
        assert checks(app, 2)[-1].night == TONIGHT

    def test_two_clicks_at_once_are_one_look(
        self, app: AppContext, fleet: Fleet, cameras: list[int], visit: Visit
    ) -> None:
        def click() -> None:
            answers.append(browsers(app)("ops").post("/cameras/1/probe", headers=ORIGIN).status_code)

        answers: list[int] = []
        clicks = [threading.Thread(target=click) for _ in range(3)]
        for one in clicks:
            one.start()
        for one in clicks:
            one.join()
        assert fleet.counts["connections"] == 1
        assert answers == [303] * 3
        assert len([check for check in checks(app, 1) if check.round.startswith("now-")]) == 1

    def test_what_is_not_checked_is_not_probed_either(
        self, app: AppContext, fleet: Fleet, cameras: list[int], visit: Visit
    ) -> None:
        with app.sessions.begin() as session:
            found = session.get_one(Camera, 1)
            say(session, found, Source.IMPORT, {"exemption": "vms_only"}, happened_at=NOW, now=NOW)
            refresh(session, found.agency, found.system, app.secrets)
        answer = visit("ops").post("/cameras/1/probe", headers=ORIGIN)
        assert answer.status_code == 400
        assert "VMS" in answer.text
        assert fleet.counts["connections"] == 0


class TestLogin:
    def test_is_stored_encrypted_used_and_never_shown(
        self, app: AppContext, cameras: list[int], fleet: Fleet, visit: Visit
    ) -> None:
        with app.sessions.begin() as session:
            addresses.write(session.get_one(Camera, 1), Addresses(fleet.url("digest"), None), app.secrets)
        sent = {"username": USER, "password": PASSWORD}
        answer = visit("ops").post("/cameras/1/credentials", headers=ORIGIN, data=sent)
        assert PASSWORD not in str(answer.headers)
        visit("ops").post("/cameras/1/probe", headers=ORIGIN)
        assert checks(app, 1)[-1].verdict == "ok"
        page = visit("ops").get("/cameras/1").text
        assert PASSWORD not in page
        (field,) = html.fromstring(page).xpath('//input[@name="password"]')
        assert (field.get("type"), field.get("autocomplete"), field.get("value")) == ("password", "new-password", None)
        with app.sessions.begin() as session:
            (entered,) = session.scalars(select(CredentialRelease).where(NOT_BROUGHT))
            assert (entered.by, entered.recorded_at.date()) == ("ops", TONIGHT)
            assert PASSWORD not in (session.get_one(Camera, 1).password or "")
        assert "ops | nhập tài khoản, mật khẩu" in " | ".join(html.fromstring(page).xpath("//td/text()"))

    @pytest.mark.parametrize("sent", [("", "x"), ("u", ""), ("u", "mat\x00khau"), ("u", "x" * 257)])
    def test_an_unusable_one_is_refused_without_repeating_it(
        self, app: AppContext, cameras: list[int], visit: Visit, sent: tuple[str, str]
    ) -> None:
        data = {"username": sent[0], "password": sent[1]}
        answer = visit("ops").post("/cameras/1/credentials", headers=ORIGIN, data=data)
        assert answer.status_code == 400
        assert "mat\x00khau" not in answer.text
        with app.sessions.begin() as session:
            assert session.get_one(Camera, 1).username is None

    def test_a_refused_one_can_be_released_with_a_reason(
        self, app: AppContext, cameras: list[int], visit: Visit
    ) -> None:
        refused = visit("ops").post("/cameras/1/release", headers=ORIGIN, data={"reason": "x"})
        assert refused.status_code == 400  # it has no login
        visit("ops").post("/cameras/2/probe", headers=ORIGIN)
        assert "Đang giữ lại: mật khẩu đã bị từ chối" in words_of(visit("ops").get("/cameras/2").text)
        answer = visit("ops").post("/cameras/2/release", headers=ORIGIN, data={"reason": "đã mở khóa thiết bị"})
        assert answer.status_code == 303
        with app.sessions.begin() as session:
            (release,) = session.scalars(select(CredentialRelease).where(NOT_BROUGHT))
            assert (release.by, release.reason) == ("ops", "đã mở khóa thiết bị")

    def test_who_was_given_one_is_named_on_the_page(self, app: AppContext, cameras: list[int], visit: Visit) -> None:
        with app.sessions.begin() as session:
            given, now = [session.get_one(Camera, 2)], clock.now()
            credentials.handed_out(session, given, "xuất mật khẩu vào cấu hình go2rtc", by=CLERK, now=now)
        assert "Lê Axuất mật khẩu vào cấu hình go2rtc" in words_of(visit("ops").get("/cameras/2").text)


def test_a_person_confirms_that_a_camera_is_connected(app: AppContext, cameras: list[int], visit: Visit) -> None:
    visit("ops").post("/cameras/4/confirm", headers=ORIGIN)
    with app.sessions.begin() as session:
        assert session.get_one(Camera, 4).confirmed
    page = words_of(visit("viewer").get("/cameras/4").text)
    assert "ops đã xác nhận camera đã kết nối" in page
    assert "Từ khi xác nhận" not in page


class TestPause:
    @pytest.mark.parametrize(
        ("scope", "agency", "system", "place"),
        [
            ("place", AGENCY, SYSTEM, "Điểm 2"),
            ("system", AGENCY, SYSTEM, None),
            ("agency", AGENCY, None, None),
            ("all", None, None, None),
        ],
    )
    def test_of_a_camera_becomes_a_ruling_of_its_scope(
        self, app: AppContext, cameras: list[int], visit: Visit, scope: str, agency: str, system: str, place: str
    ) -> None:
        sent = ACTIONS["/cameras/1/pause"] | {"scope": scope, "until": "2021-11-30"}
        assert visit("ops").post("/cameras/2/pause", headers=ORIGIN, data=sent).status_code == 303
        with app.sessions.begin() as session:
            (ruling,) = session.scalars(select(Ruling))
        assert (ruling.kind, ruling.agency, ruling.system, ruling.place) == ("pause", agency, system, place)
        assert (ruling.happened_at, ruling.until) == (clock.at(date(2021, 11, 20), 0), date(2021, 11, 30))
        assert ruling.by == "ops"
        row = rows_of(visit("viewer").get("/cameras").text)[1]
        assert row[5] == "– Chưa kiểm tra được"
        assert "Công điện 1" in row[6]
        said = words_of(visit("viewer").get("/cameras/2").text)  # since when, until when, and where it is taken back
        assert "Tạm dừng từ ngày 20/11/2021, đến hết ngày 30/11/2021: xem, hủy quyết định" in said

    def test_is_listed_and_taken_back_with_a_reason(self, app: AppContext, cameras: list[int], visit: Visit) -> None:
        sent = {"until": "", "place": "", "system": ""} | ACTIONS["/pauses"]
        assert visit("ops").post("/pauses", headers=ORIGIN, data=sent).status_code == 303
        row = rows_of(visit("viewer").get("/pauses").text)[0]
        assert row[1:6] == ["Công an tỉnh, mọi hệ thống", "20/11/2021", "đến khi hủy", "Công điện 1", "lũ"]
        assert visit("ops").post("/pauses/1/undo", headers=ORIGIN, data={"reason": ""}).status_code == 400
        assert visit("ops").post("/pauses/1/undo", headers=ORIGIN, data={"reason": "hết lũ"}).status_code == 303
        assert "Không có gì đang tạm dừng" in words_of(visit("viewer").get("/pauses").text)

    @pytest.mark.parametrize(
        "sent",
        [
            {"begins": "hôm nay"},
            {"until": "2021-13-01"},
            {"document": " "},
            {"agency": "khong-co"},
            {"until": "2021-11-19"},
        ],
    )
    def test_a_wrong_one_is_refused_with_a_sentence(self, app: AppContext, visit: Visit, sent: dict[str, str]) -> None:
        answer = visit("ops").post("/pauses", headers=ORIGIN, data=ACTIONS["/pauses"] | sent)
        assert answer.status_code == 400
        assert "Về trang tiến độ" in answer.text

    def test_of_everything_has_to_be_chosen_and_knows_no_place(self, app: AppContext, visit: Visit) -> None:
        elsewhere = ({"place": "so-nnptnt/Điểm 4"}, {"place": "Điểm 1"}, {"place": "khong-co/Điểm 1"})
        for sent in ({"agency": ""}, {"agency": "all", "place": f"{AGENCY}/Điểm 1"}, *elsewhere):
            assert visit("ops").post("/pauses", headers=ORIGIN, data=ACTIONS["/pauses"] | sent).status_code == 400
        answer = visit("ops").post("/pauses", headers=ORIGIN, data=ACTIONS["/pauses"] | {"agency": "all"})
        page = visit("ops").get(answer.headers["location"]).text
        assert "Đã ghi quyết định số 1: tạm dừng mọi đơn vị, mọi hệ thống" in words_of(page)
        assert rows_of(page)[0][1] == "Mọi đơn vị, mọi hệ thống"

    def test_one_that_is_over_is_not_standing(self, app: AppContext, visit: Visit) -> None:
        visit("ops").post("/pauses", headers=ORIGIN, data=ACTIONS["/pauses"] | {"until": "2021-11-23"})
        assert rows_of(visit("viewer").get("/pauses").text) == []
