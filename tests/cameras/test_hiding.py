"""What of an address may be seen, in however many ways people write a password or a token into one."""

import base64
import json
import sqlite3
import string
from contextlib import closing
from datetime import date
from pathlib import Path
from random import Random
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from dondoc import keys
from dondoc.cameras.exports import fleet as exports
from dondoc.cameras.nights import batch, night
from dondoc.cameras.registry import addresses, imports, records, streams
from dondoc.cameras.registry.addresses import Addresses
from dondoc.cameras.registry.declare import declare
from dondoc.cameras.registry.hiding import MARK, public, restored, split
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.demo.fleet import Fleet
from dondoc.errors import Problem
from dondoc.probing.address import parse
from dondoc.store.cameras import Camera, CameraCheck, CameraDeclaration
from tests.cameras.nights import AGENCY, NOW, SYSTEM, result, stored
from tests.conftest import CLERK, Run

HOST = "rtsp://10.1.2.3:554"
# What real devices and platforms ask for, and what people have been seen to write.
SPELLINGS = {
    "user info": "rtsp://admin:{s}@10.1.2.3/live/1",
    "user info with a slash": "rtsp://admin:a/{s}@10.1.2.3/live/1",
    "user info without a user": "rtsp://:{s}@10.1.2.3/live/1",
    "XiongMai": HOST + "/user=admin&password={s}&channel=1&stream=0.sdp",
    "XiongMai with underscores": HOST + "/user=admin_password={s}_channel=1_stream=0.sdp?real_stream",
    "query": HOST + "/live?user=admin&password={s}",
    "pwd": HOST + "/live?username=admin&pwd={s}&channel=1",
    "pw": HOST + "/live?u=admin&pw={s}",
    "passwd, capitals": HOST + "/live?USER=admin&PassWd={s}",
    "usr and psw": HOST + "/11?usr=admin&psw={s}",
    "auth": HOST + "/live?auth={s}",
    "authorization": HOST + "/live?authorization=Basic%20{s}",
    "token": HOST + "/live?token={s}&channel=1",
    "access token": HOST + "/openUrl?access_token={s}",
    "a name nobody knows": HOST + "/live?xyz={s}&channel=1",
    "a name nobody knows, first": HOST + "/live?channel=1&q={s}",
    "no name": HOST + "/live?{s}",
    "as the name": HOST + "/live?{s}=1",
    "semicolons": HOST + "/live;password={s};channel=1",
    "semicolons in the query": HOST + "/live?channel=1;password={s}",
    "commas": HOST + "/live,password={s},1",
    "escaped name": HOST + "/live?pass%77ord={s}",
    "escaped equals": HOST + "/live?password%3D{s}",
    "escaped ampersand": HOST + "/live?channel=1%26password={s}",
    "escaped twice": HOST + "/live?channel=1%2526password%253D{s}",
    "escaped colon": HOST + "/admin%3A{s}/live",
    "name:password in the path": HOST + "/admin:{s}/live",
    "name:password between": HOST + "/0/admin:{s}/main",
    "name:password, at sign escaped": HOST + "/admin:{s}%40/live",
    "segments": HOST + "/user/admin/password/{s}/live",
    "segments without a word for the password": HOST + "/login/admin/{s}/live",
    "a login's name and its password": HOST + "/admin/{s}/ch1",
    "segment after pass": HOST + "/pass/{s}/1",
    "segment after token": HOST + "/live/token/{s}/1",
    "segment after a word for a code": HOST + "/verify_code/{s}/1",
    "segment after a key": HOST + "/live/key/{s}/1",
    "segment after a word in two": HOST + "/access-token/{s}/1",
    "segment after a word with capitals": HOST + "/accessToken/{s}/1",
    "segment after a word with a number": HOST + "/user1/{s}/1",
    "segment after a word escaped twice": HOST + "/%2570assword/{s}/1",
    "segment after a wide word": HOST + "/ｐａｓｓｗｏｒｄ/{s}/1",
    "segment after Vietnamese words": HOST + "/m%E1%BA%ADt-kh%E1%BA%A9u/{s}/1",
    "two slashes after a login's name": HOST + "/admin//{s}/1",
    "a dot after a login's name": HOST + "/admin/./{s}/1",
    "in one segment with a login's name": HOST + "/admin_{s}/1",
    "in one segment with a word": HOST + "/token.{s}/1",
    "in one segment with all": HOST + "/user_admin_password_{s}/live",
    "in one word with a word": HOST + "/passwordX{s}/live",
    "slash in it, in the path": HOST + "/user=admin&password=a/{s}&channel=1",
    "slash in it, after semicolons": HOST + "/live;password=a/{s};channel=1",
    "in a number's place": HOST + "/cam/realmonitor?channel={s}&subtype=0",
    "in a word's place": HOST + "/cam/realmonitor?channel=1&subtype=0&proto={s}",
    "ampersand in it": HOST + "/live?password=a&{s}&channel=1",
    "underscore in it": HOST + "/user=a_password=b_{s}_channel=1",
    "slash in it": HOST + "/live?password=a/{s}",
    "at sign in it": HOST + "/live?user=admin&password=a@{s}",
    "at sign in it, in the path": HOST + "/user=admin_password=a@{s}_channel=1",
    "behind an at sign of the path": HOST + "/cam/realmonitor@{s}?channel=1",
    "matrix parameter": HOST + "/live;jsessionid={s};v=1/ch1",
    "brackets": HOST + "/live?login[password]={s}",
    "backslashes": "rtsp:\\\\admin:{s}@10.1.2.3\\ch1",
    "full-width signs": "rtsp://10.1.2.3/live？password＝{s}",
    "a null": HOST + "/live?channel=1%00{s}",
    "a percent of JavaScript": HOST + "/live/%u0041{s}",
    "another address as its path": HOST + "/proxy/rtsp://admin:{s}@10.0.0.1/ch1",
    "in a size": HOST + "/live?size={s}",
    "between quotes": HOST + "/live'{s}'",
    "question mark in it": HOST + "/live?password=a?{s}",
    "fragment": HOST + "/live#{s}",
    "second query": HOST + "/live?channel=1?password={s}",
    "another address in it": HOST + "/proxy?url=rtsp://admin:{s}%4010.9.9.9/1",
    "stream key": HOST + "/live/stream_key/{s}",
    "Vietnamese": HOST + "/live?matkhau={s}",
    "json": HOST + "/live?p=%7B%22password%22:%22{s}%22%7D",
}
SECRETS = st.text(string.ascii_letters + string.digits + "!$*~-.", min_size=6, max_size=24).filter(
    lambda s: any(c.isdigit() for c in s) and any(c.isalpha() for c in s)
)
RANDOM = st.integers(0, 2**32).map(Random)  # tokens are drawn, not chosen: an example of all zeros is none
TOKENS = st.one_of(
    RANDOM.map(lambda rng: rng.randbytes(16).hex()),
    RANDOM.map(lambda rng: str(UUID(bytes=rng.randbytes(16), version=4))),
    RANDOM.map(lambda rng: base64.urlsafe_b64encode(rng.randbytes(24)).decode().rstrip("=")),
    RANDOM.map(lambda rng: "".join(rng.choices(string.ascii_letters + string.digits, k=24))),
    st.text(string.ascii_letters + string.digits + "._~!$", min_size=4, max_size=12).map(
        lambda s: base64.b64encode(f"admin:{s}".encode()).decode()
    ),
)
TEMPLATES = sorted(
    {
        path.replace("{ch}", channel)
        for s in streams.load().streams
        for pair in (s, *s.spellings)
        for path in (pair.main, pair.sub)
        if path
        for channel in ("1", "16")
    }
)
PLAIN = [
    "/", "", "/live/ch1", "/stream1", "/kenh/12", "/cong-chinh", "/11", "/0", "/live.sdp", "/videoMain", "/CH001.sdp",
    "/h264Preview_01_main", "/profile2/media.smp", "/ONVIF/MediaInput?profile=1_def_profile6", "/nphMpeg4/g726-640x480",
    "/c%E1%BB%95ng-ch%C3%ADnh", "/axis-media/media.amp?videocodec=h264&resolution=1280x720&fps=10", "/trackID=1",
    "/live?real_stream", "/cam_03", "/san-truoc/kenh 2", "/live/101", "/Streaming/Channels/101/", "/ch/12802",
    "/cam/realmonitor?channel=1&subtype=0&unicast=true&proto=Onvif", "/media/video1", "/ucast/11", "/img/video.sav",
]  # fmt: skip


# What people take for a password, where nothing tells it from a name but that nobody knows it.
PASSWORDS = [
    "Hanoi2024", "hanoi2024", "Admin123", "matkhau123", "123456", "1234", "888888", "abc123", "Abc12345", "Vnpt2023",
    "viettel", "camera123", "Camera2023", "cam2024", "live1234", "Hatinh38", "qwerty", "letmein", "password", "admin",
    "tlJwpbo6", "fliradmin", "4321", "0000", "an1234", "BeYeu2019", "nguyen1985", "congan113", "anhyeuem", "0912345678",
    "a1b2c3", "1-2-3-4-5-6", "11.22.33", "LIVECAM", "cAmErA", "ch-2024", "kenh.1990", "c%61m2024", "live%252F1",
    "\N{FULLWIDTH DIGIT ONE}234", "x" * 60, "cam" * 20,
]  # fmt: skip


@pytest.mark.parametrize("before", ["/", "/live/", "/cam/", "/live/ch1/"])
@pytest.mark.parametrize("password", PASSWORDS)
def test_a_password_that_stands_alone_in_a_path_is_not_shown(password: str, before: str) -> None:
    assert public(f"{HOST}{before}{password}/main").startswith(f"{HOST}{before}{MARK}/")


def test_no_word_that_is_shown_tells_of_a_secret_or_is_a_brand_or_a_login() -> None:
    told, words = streams.load(), {*streams.load().path.words}
    brands = {word for stream in told.streams for word in stream.words} - {"axis"}  # whose path begins with its name
    assert words.isdisjoint({*told.credentials.words, *told.credentials.logins, *brands, *told.cloud.words})
    assert set(told.path.counted) <= words
    assert not [word for word in words if word != word.casefold() or not word.isascii() or not word.isalnum()]


def leaks(secret: str, shown: str, length: int = 4) -> set[str]:
    """Pieces of a secret, so many characters long, that are in a text, in whichever way it may be escaped."""
    forms = {secret, quote(secret, safe=""), secret.casefold()}
    pieces = {form[at : at + length] for form in forms for at in range(len(form) - length + 1)}
    return {piece for piece in pieces if piece in shown or piece in shown.casefold()}


@pytest.mark.parametrize("path", [*TEMPLATES, *PLAIN])
def test_what_brands_and_people_call_a_stream_stays_as_it_is(path: str) -> None:
    assert public(f"rtsp://10.1.2.3{path}") == f"rtsp://10.1.2.3{path}"
    assert split(f"{HOST}{path}").hidden == ()


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(secret=SECRETS)
def test_a_password_is_in_no_shown_address_however_it_is_written(spelling: str, secret: str) -> None:
    url = SPELLINGS[spelling].format(s=secret)
    about = leaks(secret, public(url.replace(secret, "", 1)))  # pieces that the rest of the spelling has anyway
    assert leaks(secret, public(url)) <= about


@given(token=TOKENS, before=st.sampled_from(["/", "/live/", "/a/b/", "/openUrl/", "/h264/ch1/"]))
def test_a_token_is_in_no_shown_address(token: str, before: str) -> None:
    url = f"{HOST}{before}{quote(token, safe='')}"
    assert MARK in public(url)
    assert leaks(token, public(url)) <= leaks(token, f"{HOST}{before}")


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(secret=SECRETS)
def test_an_address_is_whole_again_when_what_is_hidden_is_put_back(spelling: str, secret: str) -> None:
    try:
        url = parse(SPELLINGS[spelling].format(s=secret)).url
    except ValueError:
        return
    parted = split(url)
    assert restored(parted.shown, parted.hidden) == url
    assert parse(parted.shown).device == parse(url).device
    assert public(parted.shown) == parted.shown == split(parted.shown).shown
    assert secret not in repr(parted)


@given(st.text(max_size=60) | st.text("rtsp:/@[]%?#&=_;*.0123456789aé ", max_size=60).map("rtsp://".__add__))
def test_any_text_can_be_shown_and_shown_again(anything: str) -> None:
    shown = public(anything)
    assert public(shown) == shown
    assert "@" not in shown
    parted = split(anything)
    assert restored(parted.shown, parted.hidden) == anything


@pytest.mark.parametrize(
    "line", ["S3cret!pw", "admin:S3cret", "rtsp://admin:S3cret", "http://a:S3cret@h/x", "S3cret=x"]
)
def test_what_is_no_address_at_all_is_not_shown_either(line: str) -> None:
    assert "S3cret" not in public(line)


TOKEN = "a8F3kQz9pL2mNx7w"
URLS = [s.format(s="Bi9mat!xyz") for s in SPELLINGS.values()]


def test_a_login_whose_host_was_forgotten_is_not_shown_as_one() -> None:
    for url in ("rtsp://admin:12345/live", "rtsp://ADMIN:12345", "rtsp://user1:99887/live"):
        assert public(url).startswith(f"rtsp://{MARK}")
    for url in ("rtsp://admin.example.vn:8554/live", "rtsp://10.1.1.1:12345/live", "rtsp://cam-guest:554/live"):
        assert public(url) == url


def imported(app: AppContext, *urls: str) -> list[int]:
    rows = "\n".join(f'{AGENCY},{SYSTEM},Camera {n},"{url}"' for n, url in enumerate(urls))
    with app.sessions.begin() as session:
        imports.import_csv(
            session, app.registry, f"agency,system,name,url\n{rows}", "c.csv",
            by=CLERK, secrets=app.secrets, now=NOW,
        )  # fmt: skip
        return list(session.scalars(select(Camera.id).order_by(Camera.id)))


def kept(app: AppContext) -> list[Addresses]:
    with app.sessions.reading() as session:
        found = session.scalars(select(Camera).order_by(Camera.id))
        return [addresses.read(camera, app.settings.secret_keys) for camera in found]


def dumped(app: AppContext) -> str:
    """All that is in the database, as it lies on the disk."""
    (path,) = Path(app.settings.home).rglob("*.db")
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump())


def readable(urls: list[str]) -> list[str]:
    good = []
    for url in urls:
        try:
            parse(url)
        except ValueError:
            continue
        good.append(url)
    return good


class TestStored:
    def test_nothing_hidden_lies_clear_in_the_database_and_the_camera_is_asked_with_all_of_it(
        self, app: AppContext
    ) -> None:
        urls = readable(URLS)
        assert len(urls) > 35
        ids = imported(app, *urls)
        assert len(ids) == len(urls)
        assert [whole.url for whole in kept(app)] == [parse(url).url for url in urls]
        # Six: among all that is encrypted, four characters are met by chance once in a hundred databases.
        assert not leaks("Bi9mat!xyz", dumped(app).replace("mat_khau", ""), 6)

    def test_it_is_in_no_list_no_export_and_no_letter(self, app: AppContext, dondoc: Run, tmp_path: Path) -> None:
        imported(app, *readable(URLS))
        outputs = [dondoc("cameras", "list").stdout, dondoc("cameras", "list", "--json").stdout]
        results = [result(n + 1, "ok", NOW) for n in range(len(readable(URLS)))]
        night.store(app, results, night=date(2021, 11, 22), round="night", now=NOW)
        for server in ("go2rtc", "mediamtx", "frigate"):
            more = {"passwords": False, "restricted": True, "by": CLERK, "now": NOW}
            outputs.append(exports.configuration(app, server, **more).decode())
        for form in ("csv", "xlsx", "openmetrics"):
            dondoc("cameras", "export", "--as", form, "--out", tmp_path / form)
            outputs.append((tmp_path / form).read_bytes().decode(errors="replace"))
        assert len(outputs) == 8
        for text_ in outputs:
            assert "Bi9mat" not in text_

    def test_passwords_that_were_asked_for_come_with_the_whole_address(self, app: AppContext) -> None:
        imported(app, f"rtsp://10.1.1.1/live/{TOKEN}")
        night.store(app, [result(1, "ok", NOW)], night=date(2021, 11, 22), round="night", now=NOW)
        given_ = {"restricted": False, "by": CLERK, "now": NOW}
        assert TOKEN in exports.configuration(app, "go2rtc", passwords=True, **given_).decode()
        assert TOKEN not in exports.configuration(app, "go2rtc", passwords=False, **given_).decode()

    def test_a_camera_is_known_again_by_its_hidden_address_and_told_from_its_neighbour(self, app: AppContext) -> None:
        first, second = (f"rtsp://10.1.1.1/live/{TOKEN}{n}" for n in (1, 2))
        assert imported(app, first, second) == [1, 2]
        with app.sessions.reading() as session:
            one, two = session.scalars(select(Camera).order_by(Camera.id))
            assert one.url == two.url == "rtsp://10.1.1.1:554/live/***"
            assert one.identity != two.identity
            assert TOKEN not in f"{one.identity}{two.identity}"
        with app.sessions.begin() as session:
            row = {"name": "Tên khác", "host": "10.1.1.1", "main_path": f"/live/{TOKEN}2"}
            ids = declare(
                session, agency=AGENCY, system=SYSTEM, rows=[row], submission_id=None, happened_at=NOW, now=NOW,
                secrets=app.secrets,
            )  # fmt: skip
        assert ids == [2]

    def test_the_main_stream_of_a_sub_stream_comes_back_whole_too(self, app: AppContext) -> None:
        paths = {
            f"{role}_path": f"/user=a_password=Bi9mat_channel=1_stream={n}.sdp"
            for n, role in enumerate(("main", "sub"))
        }
        with app.sessions.begin() as session:
            declare(
                session, agency=AGENCY, system=SYSTEM, rows=[{"name": "A", "host": "10.1.1.1", **paths}],
                submission_id=None, happened_at=NOW, now=NOW, secrets=app.secrets,
            )  # fmt: skip
        (whole,) = kept(app)
        assert (whole.url or "").endswith(paths["sub_path"])
        assert (whole.main or "").endswith(paths["main_path"])
        assert "Bi9mat" not in dumped(app)

    def test_doubles_are_found_among_hidden_addresses_as_among_others(self, app: AppContext) -> None:
        imported(app, *(f"rtsp://10.1.1.1/live/{TOKEN}{n}" for n in (1, 1, 2)))
        with app.sessions.reading() as session:
            (double,) = records.duplicates(session, app.settings.secret_keys)
        assert double["cameras"] == ["CAM-00001", "CAM-00002"]

    @pytest.mark.slow
    def test_without_a_key_such_an_address_is_not_taken_and_any_other_is(
        self, environment: pytest.MonkeyPatch, dondoc: Run
    ) -> None:
        environment.setenv("DONDOC_SECRET_KEY", "")
        dondoc("db", "upgrade")
        bare = AppContext(load())
        assert imported(bare, "rtsp://10.1.1.1/live/1") == [1]
        with pytest.raises(Problem, match="DONDOC_SECRET_KEY") as caught:
            imported(bare, f"rtsp://10.1.1.1/live/{TOKEN}")
        assert TOKEN not in str(caught.value)

    def test_one_that_no_key_opens_is_not_looked_at_and_told_so(
        self, environment: pytest.MonkeyPatch, app: AppContext, fleet: Fleet
    ) -> None:
        environment.setenv("DONDOC_PROBE_ALLOW", "127.0.0.0/8")
        seeing = AppContext(load())
        imported(seeing, fleet.url("healthy", TOKEN))
        with seeing.sessions.begin() as session:
            sealed = keys.cipher(["khoa-khac"], "address").encrypt(b'{"url": ["x"], "main": ["x"]}')
            session.get_one(Camera, 1).url_secret = sealed.decode()
        before = fleet.counts["connections"]
        (found,) = night.check_batch(seeing, [1], night=date(2021, 11, 22), round="night", now=NOW)
        assert (found.verdict, found.detail) == ("login_withheld", batch.LOST)
        assert fleet.counts["connections"] == before
        night.store(seeing, [result(1, "ok", NOW)], night=date(2021, 11, 22), round="night", now=NOW)
        with pytest.raises(Problem, match="CAM-00001"):
            exports.configuration(seeing, "go2rtc", passwords=False, restricted=False, by=CLERK, now=NOW)
        assert imported(seeing, fleet.url("healthy", TOKEN)) == [1]
        assert [whole.url for whole in kept(seeing)] == [fleet.url("healthy", TOKEN)]

    def test_a_night_asks_for_all_of_it_and_tells_none_of_it(
        self, environment: pytest.MonkeyPatch, app: AppContext, fleet: Fleet
    ) -> None:
        environment.setenv("DONDOC_PROBE_ALLOW", "127.0.0.0/8")
        seeing = AppContext(load())
        imported(seeing, fleet.url("healthy", TOKEN), fleet.url("missing", TOKEN))
        found = night.check_batch(seeing, [1, 2], night=date(2021, 11, 22), round="night", now=NOW)
        assert [f.verdict for f in sorted(found, key=lambda f: f.camera)] == ["ok", "not_found"]
        assert any(TOKEN in asked for asked in fleet.counts)
        night.store(seeing, found, night=date(2021, 11, 22), round="night", now=NOW)
        with seeing.sessions.reading() as session:
            assert len(session.scalars(select(CameraCheck)).all()) == 2
        assert TOKEN not in "".join(one.model_dump_json() for one in found) + dumped(seeing)


class TestStoredBefore:
    """Rows of a time when addresses were stored as they came."""

    def clear(self, app: AppContext, *paths: str) -> None:
        with app.sessions.begin() as session:
            for number, path in enumerate(paths):
                url = f"{HOST}{path}"
                stored(session, name="A", key=str(number), url=url, identity=url)

    PATHS = (f"/live/{TOKEN}", "/live/1", f"/user=a_password={TOKEN}_channel=1_stream=1.sdp")

    def test_are_split_on_upgrade_and_only_once(self, app: AppContext, dondoc: Run) -> None:
        self.clear(app, *self.PATHS)
        assert "địa chỉ của 2 camera" in dondoc("db", "upgrade").stderr
        assert TOKEN not in dumped(app)
        assert [whole.main for whole in kept(app)] == [f"{HOST}{path}" for path in self.PATHS]
        before = dumped(app)
        assert "địa chỉ của" not in dondoc("db", "upgrade").stderr
        assert dumped(app) == before

    @pytest.mark.slow
    def test_without_a_key_the_upgrade_goes_on_and_says_so(self, environment: pytest.MonkeyPatch, dondoc: Run) -> None:
        environment.setenv("DONDOC_SECRET_KEY", "")
        dondoc("db", "upgrade")
        self.clear(AppContext(load()), *self.PATHS)
        said = dondoc("db", "upgrade").stderr
        assert "địa chỉ của 2 camera" in said
        assert "còn lưu rõ" in said

    def test_a_new_key_takes_them_over_and_cameras_stay_the_same(
        self, environment: pytest.MonkeyPatch, app: AppContext, dondoc: Run
    ) -> None:
        self.clear(app, *self.PATHS)
        dondoc("db", "upgrade")
        old = app.settings.secret_keys[0]
        environment.setenv("DONDOC_SECRET_KEY", f"khoa-moi-tinh-dai-va-ngau-nhien-1,{old}")
        both = AppContext(load())
        assert imported(both, f"{HOST}/live/{TOKEN}")[-1] == 3, "known under the old key's mark too"
        assert "2 địa chỉ camera, 0 không giải mã được" in dondoc("rotate-key").stderr
        environment.setenv("DONDOC_SECRET_KEY", "khoa-moi-tinh-dai-va-ngau-nhien-1")
        alone = AppContext(load())
        assert {whole.url for whole in kept(alone)} == {f"{HOST}{path}" for path in self.PATHS}
        assert imported(alone, f"{HOST}/live/{TOKEN}")[-1] == 3

    def test_what_was_learnt_to_be_harmless_is_shown_again(self, app: AppContext, dondoc: Run) -> None:
        self.clear(app, "/live/1")
        with app.sessions.begin() as session:
            hidden = keys.cipher(app.settings.secret_keys, "address").encrypt(b'{"url": ["1"], "main": []}').decode()
            for one in (session.scalars(select(Camera)).one(), session.scalars(select(CameraDeclaration)).one()):
                one.url, one.url_secret = f"{HOST}/live/***", hidden
        dondoc("db", "upgrade")
        with app.sessions.reading() as session:
            assert session.execute(text("SELECT url, url_secret FROM cameras")).one() == (f"{HOST}/live/1", None)


def test_a_probe_shows_an_address_as_it_was_given_but_for_what_is_hidden(fleet: Fleet, dondoc: Run) -> None:
    plain, token = fleet.url("healthy", "kenh-3"), fleet.url("missing", f"1/{TOKEN}")
    found = dondoc("probe", plain, token, f"{plain}?password={TOKEN}", "--json", "--allow", "127.0.0.1/32")
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    shown = [plain, fleet.url("missing", f"1/{MARK}"), f"{plain}?password={MARK}"]
    shown = [one.replace("healthy", MARK).replace("missing", MARK) for one in shown]
    assert {row["camera"] for row in rows} == {*shown}
    assert TOKEN not in found.output
    words = dondoc("probe", token, "--allow", "127.0.0.1/32")
    assert TOKEN not in words.output
