"""Addresses as brands document them and as forums have them, each with a known secret in it: nothing that people
see, that is recorded or exported shows it in any spelling, and the channel stays readable."""

import base64
import json
import logging
from datetime import date
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dondoc.cameras.exports import fleet as exports
from dondoc.cameras.nights import night
from dondoc.cameras.registry import streams
from dondoc.cameras.registry.hiding import MARK, public, restored, split
from dondoc.configuration.context import AppContext
from dondoc.demo.fleet import Fleet
from dondoc.masking import without_addresses
from dondoc.probing.address import parse
from tests.cameras.nights import AGENCY, NOW, SYSTEM, result
from tests.cameras.test_hiding import dumped
from tests.conftest import CLERK, Run
from tests.web.conftest import browsers

H = "rtsp://10.7.8.9:554"
JWT = "eyJhbGciOiJIUzI1NiJ9"
# {s}: the secret; {b}: admin:secret in Base64; {q}: the secret as an address escapes it, {qq}: twice; {r}: escaped with
# every character; {x}: in hexadecimal. Beside each what is to stay readable.
FORMS = {
    # Hikvision, Dahua and those who sell them under other names
    "Hikvision, user info": ("rtsp://admin:{q}@10.7.8.9:554/Streaming/Channels/1201", "/Streaming/Channels/1201"),
    "Hikvision, auth": (H + "/Streaming/Channels/301?auth={b}", "/Streaming/Channels/301?auth="),
    "Hikvision, ISAPI with a token": (H + "/ISAPI/Streaming/channels/102?token={s}", "channels/102"),
    "Hikvision, a session": (H + "/Streaming/Channels/101;jsessionid={s}", "/Streaming/Channels/101"),
    "Hikvision, behind the path": (H + "/Streaming/Channels/101/admin:{s}", "/Streaming/Channels/101/"),
    "Hikvision, playback": (H + "/Streaming/tracks/101?starttime=20211101T080000z&pwd={q}", "/101"),
    "Dahua": (H + "/cam/realmonitor?channel=7&subtype=1&authbasic={b}", "channel=7&subtype=1"),
    "Dahua, authbasic first": (H + "/cam/realmonitor?authbasic={b}&channel=7&subtype=0", "channel=7&subtype=0"),
    "Dahua, names": (H + "/cam/realmonitor?channel=3&subtype=0&username=admin&password={q}", "channel=3"),
    "Dahua, ONVIF": (H + "/cam/realmonitor?channel=1&subtype=0&unicast=true&proto=Onvif&sid={s}", "proto=Onvif"),
    "KBVision": (H + "/cam/realmonitor?channel=16&subtype=1#{s}", "channel=16&subtype=1"),
    "KBVision, glued to the channel": (H + "/cam/realmonitor?channel=2:{s}&subtype=1", "subtype=1"),
    "Imou, safety code": (H + "/cam/realmonitor?channel=1&subtype=0&safetycode={s}", "channel=1&subtype=0"),
    "EZVIZ, verification code": (H + "/h264/ch2/main/av_stream?verify_code={s}", "/h264/ch2/main/av_stream"),
    "EZVIZ, code as a segment": (H + "/h264/ch2/main/code/{s}", "/h264/ch2/main/"),
    # XiongMai and whoever builds with its boards
    "XMeye": (H + "/user=admin_password={s}_channel=1_stream=0.sdp", "_channel=1_stream=0.sdp"),
    "XMeye, real_stream": (H + "/user=admin_password={s}_channel=12_stream=1.sdp?real_stream", "_channel=12_"),
    "XMeye, ampersands": (H + "/user=admin&password={s}&channel=4&stream=0.sdp?", "&channel=4&stream=0.sdp"),
    "XMeye, an option glued on": (H + "/user=admin&password={s}&channel=4&stream=0.sdp?real_stream--{s}", "&channel=4"),
    "XMeye, capitals": (H + "/USER=admin&PASSWORD={s}&CHANNEL=4&STREAM=0.sdp", "&CHANNEL=4&STREAM=0.sdp"),
    "XMeye, a slash before it": (H + "/user=admin_password=a/{s}_channel=1_stream=0.sdp", "/user="),
    "XMeye, a date with slashes": (H + "/user=admin_password=19/08/45_channel=1_stream=0.sdp", "/user="),
    # Others
    "Vivotek": (H + "/live2.sdp?user=root&pass={q}", "/live2.sdp"),
    "Axis": (H + "/axis-media/media.amp?camera=2&videocodec=h264&sessionkey={s}", "camera=2&videocodec=h264"),
    "Axis, user info twice": ("rtsp://root:{q}@10.7.8.9/axis-media/media.amp?camera=2&pwd={q}", "camera=2"),
    "Foscam": (H + "/videoMain?usr=admin&pwd={q}", "/videoMain"),
    "Foscam, CGI": (H + "/cgi-bin/CGIStream.cgi?cmd=GetMJStream&usr=admin&pwd={q}", "/cgi-bin/"),
    "TP-Link": ("rtsp://camera:{q}@10.7.8.9:554/stream1", "/stream1"),
    "TP-Link, in the path": (H + "/camera:{s}/stream2", "/stream2"),
    "Reolink": (H + "/h264Preview_03_sub?user=admin&password={q}", "/h264Preview_03_sub"),
    "Reolink, a token": (H + "/Preview_03_main?token={x}", "/Preview_03_main"),
    "Uniview": (H + "/unicast/c12/s1/live?password={q}", "/unicast/c12/s1/live"),
    "Uniview, user info in the path": (H + "/admin:{s}/unicast/c12/s1/live", "/c12/s1/live"),
    "Hanwha": (H + "/profile2/media.smp?auth=Basic%20{b}", "/profile2/media.smp"),
    "Hanwha, recorder": (H + "/LiveChannel/3/media.smp/session={s}", "/LiveChannel/3/media.smp"),
    "Tiandy": (H + "/video1?loginuse=Admin&loginpas={q}", "/video1"),
    "Tiandy, segments": (H + "/1/1/user/Admin/pwd/{s}", "/1/1/"),
    "ACTi": (H + "/cgi-bin/encoder?USER=Admin&PWD={q}&CHANNEL=2&VIDEO_STREAM", "CHANNEL=2"),
    "D-Link": (H + "/play2.sdp?account=admin&passwd={q}", "/play2.sdp"),
    "Bosch": (H + "/rtsp_tunnel?h26x=4&line=3&inst=2&key={s}", "line=3&inst=2"),
    "Panasonic": (H + "/MediaInput/h264/stream_2?pw={q}", "/MediaInput/h264/stream_2"),
    "Jovision": (H + "/live.sdp?chn=5&psw={q}", "chn=5"),
    "Zavio, quotes": (H + "/video?channel=5&user='admin'&pwd='{s}'", "channel=5"),
    "Sony, matrix parameters": (H + "/media;user=admin;password={s};channel=2/video1", ";channel=2"),
    "UniFi, a key alone": ("rtsps://10.7.8.9:7441/{s}?enableSrtp", ":7441/"),
    "Geovision": (H + "/CH003.sdp?id=3&code={s}", "/CH003.sdp?id=3"),
    # Servers and clouds
    "go2rtc, another address": (H + "/proxy?channel=1&src=rtsp%3A%2F%2Fadmin%3A{qq}%4010.1.1.1%2F1", "channel=1"),
    "MediaMTX, a JWT": (H + "/kenh/4?jwt=" + JWT + ".{b}.{s}", "/kenh/4"),
    "a JWT as a segment": (H + "/live/" + JWT + ".{b}.{s}/4", "/live/"),
    "a JWT behind a word": (H + "/live/4/bearer/" + JWT + ".{s}", "/live/4/"),
    "a session between": (H + "/live/S{x}/ch4", "/ch4"),
    "an id that is a digest": (H + "/live/{x}{x}/ch4", "/ch4"),
    "a login in Base64": (H + "/live/{b}", "/live/"),
    "a login in Base64, escaped": (H + "/live/{b}%3D%3D/4", "/live/"),
    "signed": (H + "/live/4?expires=1637589600&sign={x}&channel=4", "channel=4"),
    "Wowza": (H + "/live/camera_4.stream?wowzatokenhash={b}&channel=4", "channel=4"),
    "a key without a name": (H + "/live/4?{s}", "/live/4"),
    "escaped twice": (H + "/live/4?channel=4&x=p%2561ss%253D{qq}", "channel=4"),
    "every character escaped": (H + "/live/{r}/ch4", "/ch4"),
    "every character escaped, behind a login": (H + "/admin/{r}/ch4", "/ch4"),
    "a fragment of parameters": (H + "/live/4?channel=4#user=admin&pwd={q}", "channel=4"),
    "semicolons and a login's name": (H + "/kenh/4;admin;{s}", "/kenh/4;"),
    "user info within the path": (H + "/kenh/4/admin%3A{q}%4010.1.1.1", "/kenh/4/"),
    "Vietnamese words": (H + "/kenh/4?mật_khẩu={q}", "/kenh/4"),
    "Vietnamese words, decomposed": (H + "/kenh/4?ma\u0323\u0302t_kha\u0309\u0302u={q}", "/kenh/4"),
    "wide letters": (H + "/kenh/4?ｐｗｄ={q}", "/kenh/4"),
    "Cyrillic look-alikes": (H + "/kenh/4?\u0440\u0430ssword={q}", "/kenh/4"),
    "a login of here": (H + "/quantri/{s}/kenh/4", "/kenh/4"),
    "a compound": (H + "/userpass/{s}/4", "/"),
}  # fmt: skip
# Passwords that are hard to tell: of digits, of words that addresses are made of, of what must be escaped.
SECRETS = [
    "tlJwpbo6",
    "Hik12345",
    "190845",
    "P@ss&w0rd!",
    "Mật-Ong9",
    "a=b;c?d#e",
    "Kenh-chinh-2045",
    "hxgkp7h2x9g4",
]


def written(form: str, secret: str) -> str:
    return form.format(
        s=secret,
        q=quote(secret, safe=""),
        qq=quote(quote(secret, safe=""), safe=""),
        b=base64.b64encode(f"admin:{secret}".encode()).decode(),
        x=secret.encode().hex(),
        r="".join(f"%{one:02X}" for one in secret.encode()),
    )


def told(secret: str, shown: str) -> bool:
    """Whether a text has a secret in any of its spellings, or one is made of it."""
    texts = {shown, unquote(shown), unquote(unquote(shown))}
    encoded = base64.b64encode(f"admin:{secret}".encode()).decode().rstrip("=")
    spellings = {
        secret,
        quote(secret),
        quote(secret, safe=""),
        encoded,
        secret.encode().hex(),
        secret.encode().hex().upper(),
    }
    return any(one.casefold() in text.casefold() for one in spellings for text in texts)


def readable(secret: str) -> list[str]:
    """The addresses with it that a camera may have."""
    found = []
    for form, _ in FORMS.values():
        try:
            found.append(parse(written(form, secret)).url)
        except ValueError:
            continue
    return found


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("name", FORMS)
def test_an_address_of_a_brand_shows_its_channel_and_no_secret(name: str, secret: str) -> None:
    form, stays = FORMS[name]
    url = written(form, secret)
    shown = public(url)
    assert not told(secret, shown)
    assert MARK in shown or "@" in url
    if not set(secret) & {*"@&=;?#/"} or "{s}" not in form:  # else nobody can tell where it ends
        assert stays in shown
    assert public(shown) == shown
    parted = split(url)
    assert restored(parted.shown, parted.hidden) == url


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tlJwpbo6/live/ch1", "***/live/ch1"),
        ("Hanoi2024", "***"),
        ("admin:12345", "***"),
        ("admin:12345/ch1", "***/ch1"),
        ("user=admin_password=tlJwpbo6_channel=1_stream=0.sdp", "user=***_password=***_channel=1_stream=0.sdp"),
        ("10.7.8.9/live/1", "10.7.8.9/live/1"),
        ("10.7.8.9:8554/live/1", "10.7.8.9:8554/live/1"),
        ("[2001:db8::7]:554/live/1", "[2001:db8::7]:554/live/1"),
        ("Streaming/Channels/101", "Streaming/Channels/101"),
        ("live.sdp", "live.sdp"),
        (H + "/pass/19/08/45/live", H + "/***/***/***/***/***"),
        (H + "/pass/tlJwpbo6/1", H + "/***/***/1"),
        (H + "/pass/19//08//45/live", H + "/***/***//***//***/***"),
        (H + "/admin/12/ch1", H + "/***/12/ch1"),
        (H + "/live/key/2", H + "/live/***/2"),
        (H + "/admin/tlJwpbo6/ch1/password/12/34", H + "/***/***/ch1/***/***/***"),
        (H + "/password&live&12/1", H + "/***&***&***/1"),
        (H + "/token,live,12/1", H + "/***,***,***/1"),
        (H + "/userpwd/Live12/1", H + "/***/***/1"),
        (H + "/live/g2k7h1p4/1", H + "/live/***/1"),
        (H + "/h264_g711_640x480/4k", H + "/h264_g711_640x480/4k"),
        (H + "/bao-ve/ch1", H + "/***/ch1"),
        (H + "/phong-khach/kenh2", H + "/***/kenh2"),
        (H + "/transcode/ch1/main", H + "/***/ch1/main"),
    ],
)
def test_what_may_be_a_password_for_where_it_stands_is_hidden_however_plain_it_looks(text: str, shown: str) -> None:
    assert public(text) == shown


def test_no_word_of_a_path_ends_as_one_that_tells_of_a_secret() -> None:
    known = streams.load()
    telling = [w for w in (*known.credentials.words, *known.credentials.logins) if len(w) > 2]
    assert not [word for word in known.path.words if word.endswith(tuple(telling))]


KNOWN = streams.load()
WORDS = st.sampled_from(
    [
        *KNOWN.path.words,
        *KNOWN.credentials.words,
        *KNOWN.credentials.logins,
        *(n for v in KNOWN.visible for n in v.names),
    ]
) | st.text("abcXYZ0123456789é密%.*", max_size=9)
PIECES = st.lists(st.tuples(st.sampled_from("/=&;?_-,#|.:"), WORDS), min_size=1, max_size=7)


@given(st.sampled_from(["rtsp://10.7.8.9", "rtsp://10.7.8.9:554", "", "10.7.8.9"]), PIECES)
@settings(max_examples=400)
@example(H, [("/", "-mobile"), ("/", "hash"), ("=", "default"), (",", "multicast")])
@example("", [("/", "a:guest"), ("/", "b:ch"), ("/", "5049")])
@example("", [("/", "format"), ("=", ""), ("/", "Yrcjfz"), (",", "live")])
def test_what_is_shown_of_an_address_is_shown_the_same_again(place: str, pieces: list[tuple[str, str]]) -> None:
    """It is stored so, and looked at once more wherever it is shown."""
    url = place + "".join(sign + word for sign, word in pieces)
    assert public(public(url)) == public(url)
    parted = split(url)
    assert restored(parted.shown, parted.hidden) == url


@pytest.mark.slow
def test_no_list_no_page_no_export_no_record_and_no_log_shows_a_secret(
    app: AppContext, dondoc: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    urls, secret = readable("tlJwpbo6"), "tlJwpbo6"
    assert len(urls) > 60
    rows = "\n".join(f'{AGENCY},{SYSTEM},Camera {n},"{url}"' for n, url in enumerate(urls))
    (tmp_path / "c.csv").write_text(f"agency,system,name,url\n{rows}", "utf-8")
    said = [dondoc("cameras", "import", tmp_path / "c.csv", "--by", "Lê A").output]
    results = [result(n + 1, "ok", NOW) for n in range(len(urls))]
    night.store(app, results, night=date(2021, 11, 22), round="night", now=NOW)
    said += [dondoc("cameras", *words).output for words in (["list"], ["list", "--json"], ["duplicates", "--json"])]
    for server in ("go2rtc", "mediamtx", "frigate"):
        said.append(exports.configuration(app, server, passwords=False, restricted=True, by=CLERK, now=NOW).decode())
    for form in ("csv", "xlsx", "openmetrics"):
        dondoc("cameras", "export", "--as", form, "--out", tmp_path / form)
        said.append((tmp_path / form).read_bytes().decode(errors="replace"))
    browser = browsers(app)("ops")
    pages = [browser.get(f"/cameras/{n + 1}").text for n in range(len(urls))]
    assert all("10.7.8.9" in page for page in pages)
    said += [*pages, caplog.text]
    assert not [text[:200] for text in said if told(secret, text)]
    assert not told(secret, dumped(app))


@pytest.mark.slow
def test_a_probe_and_what_it_logs_show_no_secret(
    fleet: Fleet, dondoc: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    place = fleet.url("missing").partition("://")[2].partition("/")[0]
    urls = [url.replace("10.7.8.9:554", place) for url in readable("tlJwpbo6") if url.startswith(H)]
    lines = [f'"{url}",' for url in urls] + [f'"{url.partition("://")[2].partition("/")[2]}",' for url in urls]
    (tmp_path / "c.csv").write_text("\n".join(["url,user", *lines]), "utf-8")
    words = ["probe", "--from", tmp_path / "c.csv", "--stage", "2", "--timeout", "2", "--allow", "127.0.0.1/32"]
    for run in (dondoc(*words), dondoc(*words, "--json")):
        assert not told("tlJwpbo6", run.output + caplog.text)
    assert {row["verdict"] for row in map(json.loads, run.stdout.splitlines())} >= {"invalid_address"}


@pytest.mark.parametrize("secret", ["tlJwpbo6", "Hik12345"])
@pytest.mark.parametrize("name", FORMS)
def test_who_may_only_look_is_shown_nothing_of_an_address_in_a_text(name: str, secret: str) -> None:
    url = written(FORMS[name][0], secret)
    for text in (f"Camera cổng, {url}, đã sửa", f"đường dẫn {url.partition('://')[2]}", f'<td title="{url}">'):
        assert not told(secret, without_addresses(text)), text
