"""What is handed over to others: tables, metrics, configurations; who is in them and what is not."""

import csv
import io
import re
import stat
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as prometheus_families
from sqlalchemy import select

from dondoc import clock, keys
from dondoc.cameras.exports import fleet, frigate, go2rtc, mediamtx, tables
from dondoc.cameras.exports.streams import Stream, plain
from dondoc.cameras.logins import attempts, credentials
from dondoc.cameras.nights import night
from dondoc.cameras.registry import imports
from dondoc.cameras.registry.declare import declare
from dondoc.cameras.registry.streams import canonical, main_and_sub
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.probing.address import parse
from dondoc.store.cameras import Camera, CredentialAttempt, CredentialRelease, NightRun
from dondoc.store.intake import Submission, Verdict
from tests.cameras.nights import result
from tests.conftest import CLERK, NOT_BROUGHT, Run, acting

AGENCY, SYSTEM = "cong-an-tinh", "security_traffic"
NIGHT = date(2021, 11, 22)
NOW = clock.at(NIGHT, 23)
PASSWORD = "p@ss:w/rd #%{x}$HOME ữ"
ENCODED = "p%40ss%3Aw%2Frd%20%23%25%7Bx%7D%24HOME%20%E1%BB%AF"


@pytest.fixture
def cameras(app: AppContext, environment: pytest.MonkeyPatch) -> AppContext:
    """1, 2: ok with the same login; 3: ok, none; 4: black; 5: ok but restricted; 6: never looked at."""
    environment.setenv("DONDOC_CLOCK", NOW.isoformat())
    lines = [
        f"{AGENCY},{SYSTEM},Cổng chính,rtsp://10.1.1.1/a?channel=1,ioc,{PASSWORD}",
        f"{AGENCY},{SYSTEM},Cổng phụ,rtsp://10.1.1.2/b,ioc,{PASSWORD}",
        f'{AGENCY},{SYSTEM},"=HYPERLINK(""http://x"")",rtsps://[2001:db8::1]/c,,',
        f"{AGENCY},{SYSTEM},Tối,rtsp://10.1.1.4/d,,",
        f"{AGENCY},{SYSTEM},Nơi kín,rtsp://10.1.1.5/e,ioc,khac",
        "so-nnptnt,reservoir,Đập,rtsp://10.1.1.6/f,,",
    ]
    text = "\n".join(["agency,system,name,url,user,password", *lines])
    with app.sessions.begin() as session:
        imports.import_csv(
            session,
            app.registry,
            text,
            "c.csv",
            by=CLERK,
            secrets=app.settings.secret_keys,
            now=NOW - timedelta(days=1),
        )
        session.get_one(Camera, 5).restricted = True
    verdicts = {1: "ok", 2: "ok", 3: "ok", 4: "black", 5: "ok"}
    results = [result(camera, verdict, NOW - timedelta(minutes=30)) for camera, verdict in verdicts.items()]
    night.store(app, results, night=NIGHT, round="night", now=NOW - timedelta(minutes=20))
    with app.sessions.begin() as session:
        session.query(NightRun).delete()
        session.add(
            NightRun(
                night=NIGHT, round="night", planned=5, counts={"ok": 4, "black": 1},
                started_at=NOW - timedelta(minutes=30), finished_at=NOW - timedelta(minutes=20),
            )
        )  # fmt: skip
    return app


def configuration(app: AppContext, server: str, *, passwords: bool = False, restricted: bool = False) -> str:
    return fleet.configuration(app, server, passwords=passwords, restricted=restricted, by=CLERK, now=NOW).decode()


def sources(server: str, text: str) -> dict[str, str]:
    """Stream names and addresses of a configuration, as its server reads them."""
    read = yaml.safe_load(text)
    if server == "mediamtx":
        return {name: path["source"] for name, path in read["paths"].items()}
    streams = read["streams"] if server == "go2rtc" else read["go2rtc"]["streams"]
    return {name: stream[0] for name, stream in streams.items()}


SERVERS = ["go2rtc", "mediamtx", "frigate"]


@pytest.mark.parametrize("server", SERVERS)
def test_only_what_was_seen_working_is_handed_over_and_nothing_restricted(cameras: AppContext, server: str) -> None:
    assert list(sources(server, configuration(cameras, server))) == ["cam00001", "cam00002", "cam00003"]
    asked = sources(server, configuration(cameras, server, restricted=True))
    assert list(asked) == ["cam00001", "cam00002", "cam00003", "cam00005"]


@pytest.mark.parametrize("server", SERVERS)
def test_passwords_stay_out_unless_asked_for(cameras: AppContext, server: str) -> None:
    text = configuration(cameras, server, restricted=True)
    assert not any(secret in text for secret in (PASSWORD, ENCODED, "khac", "p@ss", "p%40"))
    assert "Lê A" in text


@pytest.mark.parametrize("server", SERVERS)
def test_a_password_in_a_path_stays_out_as_well_and_is_noted_when_given(cameras: AppContext, server: str) -> None:
    with cameras.sessions.begin() as session:
        session.get_one(Camera, 3).url = "rtsp://10.1.1.3:554/user=a&password=bi_mat&channel=1"
    without = configuration(cameras, server)
    assert "bi_mat" not in without
    assert "01 camera có phần địa chỉ bị che (***)" in without.partition("\n")[0]  # no server reaches it like this
    given = configuration(cameras, server, passwords=True)
    assert "password=bi_mat&channel=1" in given
    assert "bị che" not in given
    with cameras.sessions.begin() as session:
        noted = set(session.scalars(select(CredentialRelease.camera_id).where(NOT_BROUGHT)))
    assert noted == {1, 2, 3}


def test_each_server_gets_the_variables_it_knows(cameras: AppContext) -> None:
    assert sources("go2rtc", configuration(cameras, "go2rtc")) == {
        "cam00001": "rtsp://${CAM00001_USER}:${CAM00001_PASSWORD}@10.1.1.1:554/a?channel=1",
        "cam00002": "rtsp://${CAM00001_USER}:${CAM00001_PASSWORD}@10.1.1.2:554/b",  # the same login as camera 1
        "cam00003": "rtspx://[2001:db8::1]:322/c",
    }
    assert sources("frigate", configuration(cameras, "frigate"))["cam00002"] == (
        "rtsp://{FRIGATE_CAM00001_USER}:{FRIGATE_CAM00001_PASSWORD}@10.1.1.2:554/b"
    )
    text = configuration(cameras, "mediamtx")
    assert sources("mediamtx", text)["cam00001"] == "rtsp://10.1.1.1:554/a?channel=1"
    assert "MTX_PATHS_CAM00017_SOURCE=" in text
    assert text.count("(cần đăng nhập)") == 2


@pytest.mark.parametrize("server", SERVERS)
def test_passwords_that_were_asked_for_come_back_whole(cameras: AppContext, server: str) -> None:
    text = configuration(cameras, server, passwords=True)
    address = parse(sources(server, text)["cam00001"])
    assert (address.user, address.password) == ("ioc", PASSWORD)
    assert ENCODED in text
    assert "CÓ MẬT KHẨU, theo yêu cầu của Lê A" in text


@pytest.fixture
def pairs(app: AppContext) -> AppContext:
    """1: Hikvision's sub-stream; 2: both declared, unknown brand; 3: one path; 4: Dahua's main; 5: of two channels."""
    rows = [
        {"name": "a", "host": "10.1.1.1", "sub_path": "/Streaming/Channels/302"},
        {"name": "b", "host": "10.1.1.2", "main_path": "/hd", "sub_path": "/sd"},
        {"name": "c", "host": "10.1.1.3", "main_path": "/duy-nhat"},
        {"name": "d", "host": "10.1.1.4", "main_path": "/cam/realmonitor?channel=1&subtype=0"},
        {
            "name": "e",
            "host": "10.1.1.5",
            "main_path": "/Streaming/Channels/201",
            "sub_path": "/Streaming/Channels/102",
        },
    ]
    before = NOW - timedelta(days=1)
    with app.sessions.begin() as session:
        sub = Submission(
            channel="mail", channel_id="1", sender="", filename="f", sha256="0" * 64, happened_at=before,
            recorded_at=before,
        )  # fmt: skip
        session.add(sub)
        session.flush()
        ids = declare(
            session, agency=AGENCY, system=SYSTEM, rows=rows, submission_id=sub.id, happened_at=before, now=before,
            secrets=app.secrets,
        )  # fmt: skip
        credentials.enter(
            session,
            session.get_one(Camera, 1),
            "ioc",
            PASSWORD,
            by=CLERK,
            secrets=app.settings.secret_keys,
            now=before,
        )
    verdicts = [result(camera, "ok", NOW - timedelta(minutes=30)) for camera in ids]
    night.store(app, verdicts, night=NIGHT, round="night", now=NOW)
    return app


PAIRS = {
    "cam00001": "rtsp://10.1.1.1:554/Streaming/Channels/301",
    "cam00001sub": "rtsp://10.1.1.1:554/Streaming/Channels/302",
    "cam00002": "rtsp://10.1.1.2:554/hd",
    "cam00002sub": "rtsp://10.1.1.2:554/sd",
    "cam00003": "rtsp://10.1.1.3:554/duy-nhat",
    "cam00004": "rtsp://10.1.1.4:554/cam/realmonitor?channel=1&subtype=0",
    "cam00004sub": "rtsp://10.1.1.4:554/cam/realmonitor?channel=1&subtype=1",
    "cam00005": "rtsp://10.1.1.5:554/Streaming/Channels/102",
}


class TestMainAndSub:
    @pytest.mark.parametrize("server", SERVERS)
    def test_both_streams_are_handed_over_where_they_are_known(self, pairs: AppContext, server: str) -> None:
        found = sources(server, configuration(pairs, server, passwords=True))
        assert {name: parse(url).url for name, url in found.items()} == PAIRS
        assert {name for name, url in found.items() if ENCODED in url} == {"cam00001", "cam00001sub"}

    @pytest.mark.parametrize("server", SERVERS)
    def test_the_file_says_which_streams_were_really_looked_at(self, pairs: AppContext, server: str) -> None:
        text = configuration(pairs, server)
        assert "# dondoc: 5 camera, xuất lúc 23:00 22/11/2021. 5 luồng hình đã kiểm tra" in text
        assert "# 3 luồng còn lại" in text
        labels = dict(re.findall(r"# (CAM-\d+ .*)\n +(cam\w+):", text.partition("\ncameras:")[0]))
        unseen = {name for label, name in labels.items() if "CHƯA kiểm tra" in label}
        assert unseen == {"cam00001", "cam00002", "cam00004sub"}

    @pytest.mark.parametrize("server", SERVERS)
    def test_only_what_was_looked_at_when_that_is_asked_for(self, pairs: AppContext, server: str) -> None:
        text = fleet.configuration(
            pairs, server, passwords=False, restricted=False, by=CLERK, now=NOW, checked_only=True
        ).decode()
        assert set(sources(server, text)) == {"cam00001sub", "cam00002sub", "cam00003", "cam00004", "cam00005"}
        assert "CHƯA kiểm tra" not in text

    def test_frigate_records_the_main_stream_and_detects_on_the_smaller_one(self, pairs: AppContext) -> None:
        read = yaml.safe_load(configuration(pairs, "frigate"))
        assert list(read["cameras"]) == [f"cam0000{n}" for n in range(1, 6)]
        roles = {
            name: [(i["path"].rpartition("/")[2], i["roles"]) for i in camera["ffmpeg"]["inputs"]]
            for name, camera in read["cameras"].items()
        }
        assert roles["cam00001"] == [("cam00001", ["record"]), ("cam00001sub", ["detect"])]
        assert roles["cam00003"] == [("cam00003", ["detect", "record"])]
        used = [name for inputs in roles.values() for name, _ in inputs]
        assert used == list(read["go2rtc"]["streams"])

    @pytest.mark.parametrize(
        ("word", "handed"),
        [
            ("all", {"cam00001", "cam00001sub", "cam00003"}),
            ("sub_stream", {"cam00001sub"}),
            ("by_case", set()),
            ("none", set()),
        ],
    )
    def test_what_the_agency_does_not_share_is_not_handed_over(
        self, pairs: AppContext, word: str, handed: set[str]
    ) -> None:
        with pairs.sessions.begin() as session:
            session.add(
                Verdict(
                    submission_id=1, outcome="accepted", reason="", form="form_02", agency=AGENCY, fulfils=[],
                    rows=[{"name": "A", "permission": word}, {"name": "c", "permission": word}], head={}, issues=[],
                    recorded_at=NOW,
                )
            )  # fmt: skip
        text = configuration(pairs, "go2rtc")
        assert {n for n in sources("go2rtc", text) if n.startswith(("cam00001", "cam00003"))} == handed
        assert ("Không xuất" in text) == (word != "all")

    def test_another_spelling_of_the_main_stream_is_no_sub_stream_and_its_pair_is_spelt_alike(self) -> None:
        main, sub = (f"rtsp://10.1.1.1:554/ISAPI/Streaming/channels/10{n}" for n in (1, 2))
        assert main_and_sub(main, canonical(main)) == (main, sub)
        assert main_and_sub(sub, canonical(main)) == (main, sub)

    def test_a_login_goes_to_no_other_device(self) -> None:
        assert main_and_sub("rtsp://10.1.1.1/sd", "rtsp://10.6.6.6:554/hd") == (None, "rtsp://10.1.1.1/sd")


def kept(app: AppContext) -> list[tuple[int, str, str]]:
    """What is noted with the cameras: which one, who, what."""
    with app.sessions.begin() as session:
        rows = session.scalars(select(CredentialRelease).where(NOT_BROUGHT).order_by(CredentialRelease.id)).all()
        assert {(r.fingerprint, r.recorded_at) for r in rows} <= {("", NOW)}
        return [(r.camera_id, r.by, r.reason) for r in rows]


def test_who_was_given_passwords_and_when_is_kept_with_each_camera(cameras: AppContext) -> None:
    configuration(cameras, "go2rtc")
    assert kept(cameras) == []
    with pytest.raises(Problem, match="tên của máy"):
        fleet.configuration(cameras, "go2rtc", passwords=True, restricted=False, by=acting("dondoc"), now=NOW)
    configuration(cameras, "go2rtc", passwords=True)
    assert kept(cameras) == [(n, "Lê A", "xuất mật khẩu vào cấu hình go2rtc") for n in (1, 2)]


@pytest.mark.parametrize(("passwords", "what"), [(False, "camera hạn chế"), (True, "mật khẩu")])
def test_who_was_given_restricted_cameras_is_kept_once_with_each_of_them(
    cameras: AppContext, passwords: bool, what: str
) -> None:
    with pytest.raises(Problem, match="tên của máy"):
        fleet.configuration(cameras, "go2rtc", passwords=False, restricted=True, by=acting("dondoc"), now=NOW)
    configuration(cameras, "go2rtc", passwords=passwords, restricted=True)
    assert [row for row in kept(cameras) if row[0] in (3, 5)] == [(5, "Lê A", f"xuất {what} vào cấu hình go2rtc")]


def test_who_was_given_the_names_of_restricted_cameras_is_kept_with_each_of_them(cameras: AppContext) -> None:
    with cameras.sessions.begin() as session:
        camera = session.get_one(Camera, 6)
        camera.restricted, camera.url = True, None  # declared without an address
    with pytest.raises(Problem, match="tên của máy"):
        fleet.table(cameras, "csv", by=acting("dondoc"), now=NOW, restricted=True)
    fleet.table(cameras, "csv", by=CLERK, now=NOW)
    assert kept(cameras) == []
    fleet.table(cameras, "csv", by=CLERK, now=NOW, restricted=True)
    assert sorted(kept(cameras)) == [(n, "Lê A", "xuất tên camera hạn chế vào bảng") for n in (5, 6)]


def test_being_given_a_password_lets_no_refused_one_be_tried_again(cameras: AppContext) -> None:
    secrets, tonight = cameras.settings.secret_keys, NIGHT + timedelta(days=1)
    mark = attempts.fingerprint(secrets, "ioc", PASSWORD)
    with cameras.sessions.begin() as session:
        attempts.begin(session, {1: mark}, NIGHT, NOW - timedelta(hours=1))
        session.scalars(select(CredentialAttempt)).one().accepted = False
        camera = session.get_one(Camera, 1)
        credentials.handed_out(session, [camera], "xuất", by=CLERK, now=NOW)
        assert credentials.refused_since(session, camera, secrets=secrets, tonight=tonight)


def test_a_server_is_not_told_to_check_certificates_that_cameras_sign_themselves(cameras: AppContext) -> None:
    assert sources("frigate", configuration(cameras, "frigate"))["cam00003"].startswith("rtspx://")
    assert "sourceFingerprint" in configuration(cameras, "mediamtx")


def test_frigate_reads_every_camera_from_its_own_go2rtc(cameras: AppContext) -> None:
    read = yaml.safe_load(configuration(cameras, "frigate"))
    assert set(read["cameras"]) == set(read["go2rtc"]["streams"])
    source = read["cameras"]["cam00001"]["ffmpeg"]["inputs"][0]
    assert source["path"] == "rtsp://127.0.0.1:8554/cam00001"
    assert "detect" in source["roles"]


def test_without_streams_the_files_are_still_valid(app: AppContext) -> None:
    for server in SERVERS:
        assert sources(server, configuration(app, server)) == {}


@given(password=st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1), label=st.text())
def test_no_password_or_name_breaks_out_of_its_place(password: str, label: str) -> None:
    stream = Stream("cam00001", label, "rtsp://10.1.1.1:554/a", "CAM00001", "ioc", password)
    for server, module in (("go2rtc", go2rtc), ("mediamtx", mediamtx), ("frigate", frigate)):
        for asked in (True, False):
            text = module.render([stream], passwords=asked, notes=[plain(label)])
            assert list(sources(server, text)) == ["cam00001"]
        source = sources(server, module.render([stream], passwords=True))["cam00001"]
        assert urlsplit(source).hostname == "10.1.1.1"
        assert not set("{}$") & set(source)  # nothing that the server would replace


def test_a_lost_key_is_said_with_the_camera(cameras: AppContext, environment: pytest.MonkeyPatch) -> None:
    from dondoc.configuration.settings import load

    environment.setenv("DONDOC_SECRET_KEY", "mot-khoa-khac-rat-dai-va-ngau-nhien")
    with pytest.raises(Problem, match="không phải khóa của cơ sở dữ liệu"):
        configuration(AppContext(load()), "go2rtc")
    environment.delenv("DONDOC_SECRET_KEY")
    with pytest.raises(Problem, match="Đặt lại đúng khóa cũ"):
        configuration(AppContext(load()), "go2rtc")


def test_a_password_that_no_key_opens_is_said_with_its_camera(cameras: AppContext) -> None:
    with cameras.sessions.begin() as session:
        session.get_one(Camera, 1).password = keys.cipher(["mot-khoa-khac"], "password").encrypt(b"p").decode()
    with pytest.raises(Problem, match="CAM-00001"):
        configuration(cameras, "go2rtc")


class TestTables:
    def test_the_csv_has_every_camera_and_no_formula_no_address_no_restricted_name(self, cameras: AppContext) -> None:
        content = tables.as_csv(fleet.table(cameras, "csv", by=CLERK, now=NOW))
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
        assert [r["camera"] for r in rows] == [f"CAM-{n:05}" for n in range(1, 7)]
        assert rows[2]["name"].startswith("'=HYPERLINK")
        assert rows[0]["state"] == "ok"
        assert rows[5]["agency_name"] == "Sở Nông nghiệp và Phát triển nông thôn"
        assert "Nơi kín" not in content.decode()
        assert not any(x in content.decode() for x in ("10.1.1.", "rtsp://", "ioc", "p@ss"))

    def test_the_workbook_holds_text_only(self, cameras: AppContext) -> None:
        sheet = load_workbook(io.BytesIO(tables.as_xlsx(fleet.table(cameras, "csv", by=CLERK, now=NOW)))).active
        cells = list(sheet.iter_rows(min_row=2))
        assert len(cells) == 6
        assert {c.data_type for row in cells for c in row} <= {"s", "inlineStr", "n"}  # n: empty
        assert cells[2][5].value == '=HYPERLINK("http://x")'
        assert cells[2][5].quotePrefix

    def test_a_restricted_camera_is_named_when_asked_for(self, cameras: AppContext) -> None:
        assert "Nơi kín" in str(fleet.table(cameras, "csv", by=CLERK, now=NOW, restricted=True))


class TestMetrics:
    def test_both_readers_of_prometheus_take_them(self, cameras: AppContext) -> None:
        text = fleet.metrics(cameras, NOW).decode()
        strict = [s for f in openmetrics_families(text) for s in f.samples]
        lenient = [s for f in prometheus_families(text) for s in f.samples]
        assert len(strict) == len(lenient) > 0
        assert text.endswith("# EOF\n")

    def test_cameras_are_counted_by_agency_system_and_state(self, cameras: AppContext) -> None:
        families = {f.name: f.samples for f in openmetrics_families(fleet.metrics(cameras, NOW).decode())}
        assert len(families["dondoc_camera_state"]) == 6
        counts = {(s.labels["agency"], s.labels["state"]): s.value for s in families["dondoc_cameras"]}
        assert counts[AGENCY, "ok"] == 4
        (took,) = families["dondoc_check_last_run_duration_seconds"]
        assert (took.labels, took.value) == ({"look": "night"}, 600)
        found = {s.labels["verdict"]: s.value for s in families["dondoc_check_last_run_cameras"]}
        assert found == {"ok": 4, "black": 1}

    def test_a_look_while_our_own_side_was_down_gives_no_numbers(self, cameras: AppContext) -> None:
        with cameras.sessions.begin() as session:
            session.query(NightRun).one().our_side_down = "phía Sở mất kết nối"
        families = {f.name: f.samples for f in openmetrics_families(fleet.metrics(cameras, NOW).decode())}
        assert families["dondoc_check_last_run_cameras"] == []
        assert [s.value for s in families["dondoc_check_last_run_void"]] == [1]
        assert {s.labels["state"] for s in families["dondoc_camera_state"]} == {"not_checked"}

    def test_no_name_and_no_address_is_in_them(self, cameras: AppContext) -> None:
        text = fleet.metrics(cameras, NOW).decode()
        assert not any(x in text for x in ("Cổng", "10.1.1", "Nơi kín"))

    def test_the_file_is_replaced_whole_and_can_be_read_by_the_collector(
        self, cameras: AppContext, tmp_path: Path, environment: pytest.MonkeyPatch
    ) -> None:
        from dondoc.configuration.settings import load

        fleet.publish(cameras, NOW)  # not asked for: nothing happens
        target = tmp_path / "dondoc.prom"
        environment.setenv("DONDOC_METRICS_FILE", str(target))
        app = AppContext(load())
        for _ in range(2):
            fleet.publish(app, NOW)
        assert "# EOF" in target.read_text()
        assert stat.S_IMODE(target.stat().st_mode) == 0o644
        assert list(tmp_path.glob(".dondoc*")) == []
        environment.setenv("DONDOC_METRICS_FILE", str(tmp_path / "khong-co" / "x.prom"))
        with pytest.raises(Problem, match="Không ghi được"):
            fleet.publish(AppContext(load()), NOW)


class TestCommand:
    @pytest.mark.parametrize("form", ["csv", "xlsx", "openmetrics", "go2rtc", "mediamtx", "frigate"])
    def test_writes_each_form(self, cameras: AppContext, dondoc: Run, tmp_path: Path, form: str) -> None:
        target = tmp_path / "out"
        result = dondoc("cameras", "export", "--as", form, "--out", target)
        assert result.exit_code == 0
        assert target.stat().st_size > 100
        assert result.stdout == ""

    def test_passwords_need_a_name_and_go_only_into_a_file_for_its_owner(
        self, cameras: AppContext, dondoc: Run, tmp_path: Path
    ) -> None:
        target = tmp_path / "go2rtc.yaml"
        target.write_text("cũ")
        target.chmod(0o644)
        asked = ("cameras", "export", "--as", "go2rtc", "--out", target, "--with-passwords")
        with pytest.raises(Problem, match="--by"):
            dondoc(*asked)
        result = dondoc(*asked, "--by", "Lê A")
        assert ENCODED in target.read_text()
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        assert "p%40" not in result.output
        assert "3 camera" in result.stderr
        with pytest.raises(Problem, match="chỉ dùng với"):
            dondoc("cameras", "export", "--as", "csv", "--out", target, "--with-passwords", "--by", "Lê A")

    def test_restricted_cameras_need_a_name(self, cameras: AppContext, dondoc: Run, tmp_path: Path) -> None:
        with pytest.raises(Problem, match="--by"):
            dondoc("cameras", "export", "--as", "csv", "--out", tmp_path / "x", "--restricted")
