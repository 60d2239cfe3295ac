"""One camera declared twice is one; what only might be the same is listed for a person."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dondoc.cameras.registry import records, streams
from dondoc.cameras.registry.brands import stream_url
from dondoc.cameras.registry.declarations import Source, say
from dondoc.cameras.registry.declare import declare
from dondoc.cameras.registry.imports import import_csv
from dondoc.cameras.registry.streams import canonical
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.facts import places
from dondoc.store.cameras import Camera, CameraDeclaration
from tests.cameras.nights import AGENCY, NOW, SYSTEM, cameras, stored
from tests.conftest import CLERK, SECRET, Run

HIK = {"brand": "Hikvision", "host": "10.1.1.1"}


def declared(app: AppContext, *rows: dict[str, Any]) -> list[int]:
    with app.sessions.begin() as session:
        return declare(
            session, agency=AGENCY, system=SYSTEM, rows=rows, submission_id=None, happened_at=NOW, now=NOW
        )  # fmt: skip


def camera(app: AppContext, number: int) -> Camera:
    with app.sessions.begin() as session:
        return session.get_one(Camera, number)


class TestCanonical:
    @pytest.mark.parametrize(
        "same",
        [
            ("rtsp://10.1.1.1/Streaming/Channels/102", "rtsp://10.1.1.1:554/Streaming/Channels/101"),
            ("RTSP://Cam.Example.vn./a", "rtsp://cam.example.vn:554/a"),
            ("rtsp://[2001:DB8:0::1]/a", "rtsp://[2001:db8::1]:554/a"),
            (
                "rtsp://10.1.1.1/cam/realmonitor?channel=3&subtype=1",
                "rtsp://10.1.1.1/cam/realmonitor?channel=3&subtype=0",
            ),
            ("rtsp://u:p@10.1.1.1/h264/ch2/sub/av_stream", "rtsp://10.1.1.1/h264/ch2/main/av_stream"),
            ("rtsp://đập.vn/1", f"rtsp://{'đập.vn'.encode('idna').decode()}/1"),
        ],
    )
    def test_other_spellings_are_the_same(self, same: tuple[str, str]) -> None:
        assert canonical(same[0]) == canonical(same[1])

    @pytest.mark.parametrize(
        "other",
        [
            ("rtsp://10.1.1.1/Streaming/Channels/101", "rtsp://10.1.1.1/Streaming/Channels/201"),
            ("rtsp://10.1.1.1/stream1", "rtsp://10.1.1.1/stream2"),  # of an unknown device: two cameras
            ("rtsp://10.1.1.1/a", "rtsp://10.1.1.1:8554/a"),
            ("rtsp://10.1.1.1/a", "rtsp://10.1.1.2/a"),
        ],
    )
    def test_others_are_not(self, other: tuple[str, str]) -> None:
        assert canonical(other[0]) != canonical(other[1])

    @pytest.mark.parametrize("stream", ["01", "02"])
    @pytest.mark.parametrize(
        "spelling",
        [
            "/Streaming/channels/3{}",
            "/streaming/CHANNELS/3{}",
            "/Streaming/Channels/3{}/",
            "//Streaming/Channels/3{}",
            "/ISAPI/Streaming/channels/3{}",
            "/PSIA/streaming/channels/3{}",
            "/Streaming/Channels/3{}?transportmode=unicast",
            "/Streaming/Channels/3{}?transportmode=unicast&profile=Profile_1",
        ],
    )
    def test_hikvision_in_its_usual_spellings_is_one(self, spelling: str, stream: str) -> None:
        assert canonical(f"rtsp://10.1.1.1{spelling.format(stream)}") == "rtsp://10.1.1.1:554/Streaming/Channels/301"

    @pytest.mark.parametrize("stream", [0, 1])
    @pytest.mark.parametrize(
        "spelling",
        [
            "channel=3&subtype={}&unicast=true&proto=Onvif",
            "channel=03&subtype={}",
            "subtype={}&channel=3",
            "proto=onvif&Subtype={}&unicast=TRUE&Channel=3",
        ],
    )
    def test_dahua_in_its_usual_spellings_is_one(self, spelling: str, stream: int) -> None:
        url = f"rtsp://10.1.1.1/cam/realmonitor?{spelling.format(stream)}"
        assert canonical(url) == "rtsp://10.1.1.1:554/cam/realmonitor?channel=3&subtype=0"

    @pytest.mark.parametrize(
        "path",
        [
            "/Streaming/Channels/301?starttime=20211120T000000Z",
            "/Streaming/tracks/301",
            "/Streaming/Channels/303",
            "/cam/realmonitor?channel=3&subtype=0&channel=4",
            "/cam/playback?channel=3&subtype=0",
            "/cam/realmonitor?channel=3&subtype=2",
            "/Live/ABC?b=1&a=2",
        ],
    )
    def test_what_is_not_known_to_be_the_same_keeps_its_address(self, path: str) -> None:
        assert canonical(f"rtsp://10.1.1.1{path}") == f"rtsp://10.1.1.1:554{path}"


class TestDeclared:
    def test_a_renamed_camera_keeps_its_number(self, app: AppContext) -> None:
        assert declared(app, {"name": "Cổng 1", **HIK}) == [1]
        assert declared(app, {"name": "Cổng chính", **HIK}) == [1]
        assert camera(app, 1).name == "Cổng chính"
        assert declared(app, {"name": "Cổng 1", "host": "10.9.9.9"}) == [2]  # the old name is free again

    def test_two_that_change_names_stay_who_they_are_called(self, app: AppContext) -> None:
        a, b = {"name": "A", **HIK}, {"name": "B", **HIK, "channel": 2}
        assert declared(app, a, b) == [1, 2]
        assert declared(app, {**a, "channel": 2}, {**b, "channel": 1}) == [1, 2]
        assert (camera(app, 1).url or "").endswith("/201")
        assert (camera(app, 1).identity or "").endswith("/201")

    def test_rows_of_one_form_are_different_cameras_even_behind_one_address(self, app: AppContext) -> None:
        rows = [{"name": f"Kênh {n}", "nvr": "Dahua XVR", "host": "10.1.1.1"} for n in range(3)]
        assert declared(app, *rows) == [1, 2, 3]
        assert declared(app, *rows) == [1, 2, 3]
        assert [camera(app, n).identity for n in (1, 2, 3)] == [None] * 3
        with app.sessions.begin() as session:
            (double,) = records.duplicates(session)
        assert double["cameras"] == ["CAM-00001", "CAM-00002", "CAM-00003"]
        assert "địa chỉ" in double["why"]

    def test_the_sub_stream_is_looked_at_but_the_camera_is_known_by_its_main_one(self, app: AppContext) -> None:
        paths = {"main_path": "/Streaming/Channels/101", "sub_path": "/Streaming/Channels/102"}
        declared(app, {"name": "A", "host": "10.1.1.1", **paths})
        assert camera(app, 1).url == "rtsp://10.1.1.1:554/Streaming/Channels/102"
        assert camera(app, 1).identity == "rtsp://10.1.1.1:554/Streaming/Channels/101"
        with app.sessions.begin() as session:
            declare(
                session, agency=AGENCY, system=SYSTEM, rows=[{"name": "A", "host": "10.1.1.1", **paths}],
                submission_id=None, happened_at=NOW, now=NOW, prefer_substream=False,
            )  # fmt: skip
        assert (camera(app, 1).url or "").endswith("/101")

    @pytest.mark.parametrize(
        ("row", "exemption"),
        [
            ({"host": "192.168.1.9", "link": "ftth"}, "private_address"),
            ({"host": "192.168.1.9", "link": "tslcd"}, None),
            ({"host": "192.168.1.9"}, None),
            ({"host": "113.160.10.21", "link": "ftth"}, None),
            ({"host": "cam.example.vn", "link": "ftth"}, None),
            ({"host": "113.160.10.21", "brand": "VNPT Cloud Camera"}, "vms_only"),
            ({"host": "113.160.10.21", "brand": "Viettel", "main_path": "/live/main"}, None),
            ({"host": "113.160.10.21", "status": "not_installed"}, "not_installed"),
            ({"host": "113.160.10.21", "status": "removed"}, "removed"),
        ],
    )
    def test_what_the_department_cannot_reach_by_design(
        self, app: AppContext, row: dict[str, Any], exemption: str | None
    ) -> None:
        declared(app, {"name": "A", **row})
        assert camera(app, 1).exemption == exemption

    def test_what_was_seen_working_is_within_reach_whatever_a_form_says(self, app: AppContext) -> None:
        declared(app, {"name": "A", "host": "192.168.1.9", "link": "tslcd"})
        with app.sessions.begin() as session:
            found = session.get_one(Camera, 1)
            say(session, found, Source.CHECK, {"worked": True}, happened_at=NOW, now=NOW)
        declared(app, {"name": "A", "host": "192.168.1.9", "link": "ftth"})
        assert camera(app, 1).exemption is None

    def test_what_the_rules_ask_of_a_camera_is_taken_over(self, app: AppContext) -> None:
        declared(app, {"name": "A", **HIK, "power": "solar", "status": "unstable", "off_after_hours": True})
        row = camera(app, 1)
        assert (row.power, row.status, row.off_after_hours, row.link) == ("solar", "unstable", True, None)


class TestPlaces:
    """Identity is agency, system, place and name."""

    GATES = ({"place": "Thiên Cầm", "name": "Cổng", "site": "Cổng"}, {"place": "Đồng Lộc", "name": "Cổng"})

    def test_each_place_may_have_its_gate(self, app: AppContext) -> None:
        assert declared(app, *self.GATES) == [1, 2]
        assert declared(app, *reversed(self.GATES)) == [2, 1]
        assert [camera(app, number).place for number in (1, 2)] == ["Thiên Cầm", "Đồng Lộc"]
        assert cameras(app, f"{AGENCY},{SYSTEM},Cổng phụ,rtsp://10.9.9.9/1,,,,,,") == [1, 2, 3]

    def test_a_camera_of_a_file_without_place_is_the_one_that_a_form_places(self, app: AppContext) -> None:
        assert cameras(app, f"{AGENCY},{SYSTEM},Cổng,rtsp://10.9.9.9/1,,,,Cổng bắc,,") == [1]
        assert camera(app, 1).place == "Cổng bắc", "of a file without places the position is the place"
        assert declared(app, self.GATES[1]) == [1]
        assert (camera(app, 1).place, camera(app, 1).key) == ("Đồng Lộc", "cong")
        assert declared(app, *self.GATES) == [2, 1]

    def test_where_two_gates_could_be_the_one_of_the_file_nothing_is_guessed(self, app: AppContext) -> None:
        cameras(app, f"{AGENCY},{SYSTEM},Cổng,rtsp://10.9.9.9/1,,,,,,")
        assert declared(app, *self.GATES) == [2, 3]

    def test_a_file_says_which_place_it_means(self, app: AppContext) -> None:
        declared(app, *self.GATES)
        text = "agency,system,name,url,place\n{0},{1},Cổng,rtsp://10.9.9.9/1,{2}\n"
        with app.sessions.begin() as session:
            given = {"by": CLERK, "secrets": [SECRET], "now": NOW}
            with pytest.raises(Problem, match=r"c.csv:2: có 02 camera cùng tên .* place \(điểm\) hoặc id"):
                import_csv(session, app.registry, text.format(AGENCY, SYSTEM, ""), "c.csv", **given)
            import_csv(session, app.registry, text.format(AGENCY, SYSTEM, "ĐỒNG LỘC"), "c.csv", **given)
        assert [camera(app, number).url for number in (1, 2)] == [None, "rtsp://10.9.9.9:554/1"]

    def test_a_misspelt_place_of_a_pause_is_answered_with_the_near_ones(self, app: AppContext, dondoc: Run) -> None:
        declared(app, *self.GATES)
        with app.sessions.begin() as session:
            assert places.known(session, app.registry, AGENCY, "đồng lộc", NOW.date()) == "Đồng Lộc"
            with pytest.raises(Problem, match=r"“Đồng Lọc 2”\. Có: Đồng Lộc"):
                places.known(session, app.registry, AGENCY, "Đồng Lọc 2", NOW.date())
        assert [row["place"] for row in json.loads(dondoc("cameras", "places", "--json").stdout)] == [
            "Thiên Cầm", "Đồng Lộc",
        ]  # fmt: skip


class TestAsOf:
    """A declaration changes nothing of what was known before it."""

    def test_an_import_and_a_later_form_leave_the_past_as_it_was(self, app: AppContext, dondoc: Run) -> None:
        declared(app, {"place": "Thiên Cầm", "name": "Cổng", "site": "Cổng", **HIK})
        then = (NOW + timedelta(hours=1)).isoformat()
        before = dondoc("cameras", "list", "--as-of", then, "--known-at", then, "--json").stdout
        rows = f"agency,system,name,url,place\n{AGENCY},{SYSTEM},Cổng,rtsp://10.9.9.9/1,Thiên Cầm\n"
        rows += f"{AGENCY},{SYSTEM},Mới,rtsp://10.9.9.8/1,Thiên Cầm\n"
        for later in (NOW + timedelta(days=3), NOW + timedelta(days=4)):
            with app.sessions.begin() as session:
                import_csv(session, app.registry, rows, "c.csv", by=CLERK, secrets=[SECRET], now=later)
                row = {"place": "Thiên Cầm", "name": "Cổng", "site": "Bãi xe", "status": "not_installed"}
                declare(
                    session, agency=AGENCY, system=SYSTEM, rows=[row], submission_id=None,
                    happened_at=NOW - timedelta(days=1), now=later,
                )  # fmt: skip
        assert dondoc("cameras", "list", "--as-of", then, "--known-at", then, "--json").stdout == before
        [row] = json.loads(before)
        assert (row["place"], row["site"], row["url"]) == (
            "Thiên Cầm",
            "Cổng",
            "rtsp://10.1.1.1:554/Streaming/Channels/101",
        )
        now = json.loads(dondoc("cameras", "list", "--json").stdout)
        assert [(row["name"], row["url"]) for row in now] == [
            ("Cổng", "rtsp://10.9.9.9:554/1"), ("Mới", "rtsp://10.9.9.8:554/1"),
        ]  # fmt: skip
        assert now[0]["site"] == "Cổng", "the form that arrived first was entered last"


class TestImported:
    def test_after_a_form_the_same_address_is_the_same_camera(self, app: AppContext) -> None:
        declared(app, {"name": "Cổng 1", **HIK})
        row = f"{AGENCY},{SYSTEM},Cổng số một,rtsp://10.1.1.1/Streaming/Channels/102,ioc,mk,k-1,,,"
        assert cameras(app, row) == [1]
        assert (camera(app, 1).key, camera(app, 1).name) == ("cong 1", "Cổng số một")
        assert declared(app, {"name": "Cổng 1", **HIK}) == [1]

    def test_with_an_id_a_name_alone_is_no_proof(self, app: AppContext) -> None:
        declared(app, {"name": "Cổng 1", "site": "", **HIK})
        assert cameras(app, f"{AGENCY},{SYSTEM},Cổng 1,rtsp://10.7.7.7/1,,,k-1,,,") == [1, 2]
        with app.sessions.begin() as session:
            (double,) = records.duplicates(session)
        assert double["cameras"] == ["CAM-00001", "CAM-00002"]

    @pytest.mark.parametrize("number", ["CAM-00001", "cam-00001"])
    def test_our_own_number_means_that_camera_whatever_it_is_called(self, app: AppContext, number: str) -> None:
        declared(app, {"name": "Cổng 1", **HIK})
        assert cameras(app, f"{AGENCY},{SYSTEM},Cổng mới,rtsp://10.7.7.7/1,,,{number},,,") == [1]
        assert (camera(app, 1).name, camera(app, 1).url) == ("Cổng mới", "rtsp://10.7.7.7:554/1")

    def test_a_number_of_no_camera_or_of_one_in_two_rows_brings_nothing(self, app: AppContext) -> None:
        declared(app, {"name": "Cổng 1", **HIK})
        row = f"{AGENCY},{SYSTEM},{{}},rtsp://10.7.7.7/{{}},,,{{}},,,"
        with pytest.raises(Problem, match=r"không có CAM-00009; camera mới thì để trống cột id"):
            cameras(app, row.format("Cổng 2", 2, "CAM-00009"))
        with pytest.raises(Problem, match=r"CAM-00001 là camera mà một dòng khác đã nêu theo tên"):
            cameras(app, row.format("Cổng 2", 2, "CAM-00001"), row.format("Cổng 1", 1, ""))
        assert (camera(app, 1).name, camera(app, 1).url) == ("Cổng 1", "rtsp://10.1.1.1:554/Streaming/Channels/101")

    def test_two_rows_of_a_file_stay_two(self, app: AppContext) -> None:
        url = "rtsp://10.7.7.7/1"
        assert len(cameras(app, f"{AGENCY},{SYSTEM},A,{url},,,,,,", f"{AGENCY},{SYSTEM},B,{url},,,,,,")) == 2
        with app.sessions.begin() as session:
            assert session.scalars(select(Camera.identity)).all() == [None, None]

    def test_of_two_agencies_or_systems_they_are_two(self, app: AppContext) -> None:
        url = "rtsp://10.7.7.7/1"
        rows = [f"{a},{s},A,{url},,,,,," for a in (AGENCY, "cong-an-tinh") for s in (SYSTEM, "reservoir")]
        assert len(cameras(app, *rows)) == 4

    def test_our_own_people_may_give_an_address_that_is_private(self, app: AppContext) -> None:
        declared(app, {"name": "A", "host": "192.168.1.9", "link": "ftth"})
        cameras(app, f"{AGENCY},{SYSTEM},A,rtsp://10.20.1.9/1,,,,,,")
        assert camera(app, 1).exemption is None

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("/Streaming/Channels/101", "/ISAPI/Streaming/channels/102"),
            ("/cam/realmonitor?channel=1&subtype=0", "/cam/realmonitor?channel=1&subtype=0&unicast=true&proto=Onvif"),
        ],
    )
    def test_in_another_spelling_it_is_the_same_and_asked_as_it_was_written(
        self, app: AppContext, first: str, second: str
    ) -> None:
        declared(app, {"name": "Cổng 1", "host": "10.1.1.1", "main_path": first})
        assert cameras(app, f"{AGENCY},{SYSTEM},Cổng số một,rtsp://10.1.1.1{second},,,k-1,,,") == [1]
        assert camera(app, 1).url == f"rtsp://10.1.1.1:554{second}"


class TestSpellingsLearntLater:
    """Identities stored before a spelling was known."""

    def stored(self, app: AppContext, **paths: str) -> None:
        """A camera by name, whose identity is its address."""
        with app.sessions.begin() as session:
            for name, path in paths.items():
                url = f"rtsp://10.1.1.1:554{path}"
                stored(session, name=name, url=url, identity=url)

    def identities(self, app: AppContext) -> list[str | None]:
        with app.sessions.begin() as session:
            found = session.scalars(select(Camera.identity).order_by(Camera.id)).all()
            return [one and one.removeprefix("rtsp://10.1.1.1:554") for one in found]

    def test_are_learnt_on_upgrade_and_only_once(self, app: AppContext, dondoc: Run) -> None:
        self.stored(app, a="/Streaming/channels/101", b="/Streaming/Channels/201", c="/live")
        assert "Đã tính lại địa chỉ nhận dạng của 1 camera" in dondoc("db", "upgrade").stderr
        assert self.identities(app) == ["/Streaming/Channels/101", "/Streaming/Channels/201", "/live"]
        assert camera(app, 1).url == "rtsp://10.1.1.1:554/Streaming/channels/101"
        assert "tính lại" not in dondoc("db", "upgrade").stderr

    def test_twins_stay_two_and_are_listed_also_after_one_is_declared_again(self, app: AppContext, dondoc: Run) -> None:
        self.stored(app, a="/Streaming/channels/101", b="/Streaming/Channels/101", c="/ISAPI/Streaming/channels/201")
        assert "2 camera có thể được khai hai lần" in dondoc("db", "upgrade").stderr
        assert self.identities(app) == [None, None, "/Streaming/Channels/201"]
        for _ in range(2):
            with app.sessions.begin() as session:
                (double,) = records.duplicates(session)
            assert (double["cameras"], double["why"]) == (["CAM-00001", "CAM-00002"], "cùng địa chỉ luồng hình")
            assert declared(app, {"name": "a", "host": "10.1.1.1", "main_path": "/Streaming/Channels/101"}) == [1]

    def test_what_can_be_read_no_more_stops_no_upgrade(self, app: AppContext, dondoc: Run) -> None:
        self.stored(app, a="/x", b="/y")
        with app.sessions.begin() as session:
            for one in (*session.scalars(select(Camera)), *session.scalars(select(CameraDeclaration))):
                one.url = one.identity = f"rtsp://010.0.0.1:554/{one.id}"
        assert "tính lại" not in dondoc("db", "upgrade").stderr
        with app.sessions.begin() as session:
            assert records.duplicates(session) == []


class TestTemplates:
    def test_every_line_says_where_it_was_read_and_none_pretends_to_have_been_tried(self) -> None:
        data = streams.load()
        assert len({s.id for s in data.streams}) == len(data.streams) >= 12
        for entry in data.streams:
            assert len(entry.source) > 20, entry.id
            assert entry.verified is None
            assert entry.main.startswith("/")
            assert entry.sub is None or entry.sub.startswith("/")
            assert all(len(more.source) > 20 for more in (*entry.spellings, *entry.ignored))

    @pytest.mark.parametrize(
        ("row", "path"),
        [
            ({"brand": "HIKVISION"}, "/Streaming/Channels/101"),
            ({"brand": "KB Vision", "channel": "2"}, "/cam/realmonitor?channel=2&subtype=0"),
            ({"brand": "Imou"}, "/cam/realmonitor?channel=1&subtype=0"),
            ({"brand": "EZVIZ"}, "/h264/ch1/main/av_stream"),
            ({"brand": "Uniview (UNV)"}, "/unicast/c1/s0/live"),
            ({"brand": "TP-Link Tapo"}, "/stream1"),
            ({"brand": "i-PRO"}, "/MediaInput/h264"),
            ({"brand": "Axis", "nvr": "Hikvision DS-7608", "channel": 3}, "/Streaming/Channels/301"),
            ({"brand": "Không rõ"}, "/"),
        ],
    )
    def test_a_brand_or_the_recorder_it_hangs_on_tells_the_path(self, row: dict[str, Any], path: str) -> None:
        assert stream_url({"host": "10.1.1.1", **row}) == f"rtsp://10.1.1.1:554{path}"
