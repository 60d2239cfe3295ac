"""What a device is: asked of real HTTP servers, without a login first, never with the password itself, once."""

import base64
import gzip
import time
import tracemalloc
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from itertools import islice, product
from string import ascii_letters
from typing import Any

import h11
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.auth import HTTPDigestAuth

from dondoc import clock
from dondoc.demo import onvif as told
from dondoc.demo.camera import HOST, PASSWORD, USER
from dondoc.demo.fleet import Fleet
from dondoc.invisible import invisible
from dondoc.probing import measuring, onvif
from dondoc.probing.onvif import Answer, information
from dondoc.probing.probe import probe_many
from dondoc.probing.verdicts import Target
from dondoc.probing.wanted import Wanted
from tests.probing.onvif_device import KINDS, LETS_IN, Device

LOOPBACK = [ip_network("127.0.0.0/8")]
KNOWN = {"manufacturer": "HIKVISION", "model": "DS-2CD2043G2-I", "firmware": "V5.7.3"}
REFUSED, UNANSWERED = {"login": "refused"}, {"login": "unanswered"}
FOUND = dict.fromkeys(LETS_IN, KNOWN) | {
    "refusing-token": REFUSED,
    "refusing-digest": REFUSED,
    "forbidding": REFUSED,
    "busy": UNANSWERED,
    "stale": UNANSWERED,
    "hangs-up": UNANSWERED,
}
WITHOUT_LOGIN = {"open", "basic", "mute", "odd", "timeless"}


def looked(fleet: Fleet, device: Device, behaviour: str = "digest", *, wanted: bool = True) -> Mapping[str, Any]:
    """What a closer look measured of a camera of this device, which is good."""
    closer = Wanted(clock.now(), time.monotonic(), clock=device.port, device=wanted)
    target = Target("1", fleet.url(behaviour), USER, PASSWORD, wanted=closer)
    [found] = probe_many([target], stage=2, timeout=20, allow=LOOPBACK)
    assert found.verdict == "ok"
    return found.measured or {}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_device_is_shown_a_login_as_it_wants_it_once_and_never_the_password(kind: str, fleet: Fleet) -> None:
    with Device(kind) as device:
        found = looked(fleet, device)
    assert found.get("device") == FOUND.get(kind)
    assert device.counts["logins"] == (0 if kind in WITHOUT_LOGIN else 1)
    assert device.counts["questions"] == 1 + device.counts["logins"]
    assert device.counts["refused"] == (device.counts["logins"] if kind not in LETS_IN else 0)
    heard = b"".join(device.heard)
    assert PASSWORD.encode() not in heard
    assert base64.b64encode(f"{USER}:{PASSWORD}".encode()) not in heard
    assert PASSWORD not in str(found)


@pytest.mark.slow
@pytest.mark.parametrize("hours", [-3, 3, 24 * 366 * 20])
def test_a_token_is_of_the_devices_own_time(hours: int, fleet: Fleet) -> None:
    """Who is off by more than seconds refuses a token of the right time."""
    with Device(behind=timedelta(hours=hours)) as device:
        assert looked(fleet, device)["device"] == KNOWN
    assert device.counts["refused"] == 0


@pytest.mark.slow
def test_no_token_is_made_that_would_be_good_tomorrow_elsewhere(fleet: Fleet) -> None:
    """A token says not to whom: who takes over a device could choose when to use it at another."""
    with Device(behind=timedelta(days=-2)) as device:
        assert "device" not in looked(fleet, device)
    assert device.counts["logins"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["digest", "sha-256", "without-qop", "dual"])
@pytest.mark.parametrize("password", [PASSWORD, "sai"])
def test_the_device_of_these_tests_verifies_digests_as_others_make_them(kind: str, password: str) -> None:
    with Device(kind) as device:
        url = f"http://{HOST}:{device.port}/onvif/device_service"
        login = HTTPDigestAuth(USER, password)
        status = requests.post(url, data=b"<GetDeviceInformation/>", auth=login, timeout=10).status_code
    assert (status == 200) == (password == PASSWORD)


def test_a_token_is_made_as_the_guide_of_onvif_shows() -> None:
    """ONVIF Application Programmer's Guide 1.0, section 6.1.1.3."""
    nonce, created = base64.b64decode("LKqI6G/AikKCQrN0zqZFlg=="), datetime(2010, 9, 16, 7, 50, 45, tzinfo=UTC)
    made = onvif.token("user", "userpassword", created, nonce)
    assert ">tuOSpGlFlIXsozq4HFNeeGeFLEI=</Password>" in made
    assert ">LKqI6G/AikKCQrN0zqZFlg==</Nonce>" in made
    assert ">2010-09-16T07:50:45Z</Created>" in made
    assert "<Username>a&amp;&lt;b</Username>" in onvif.token("a&<b", "x", created, nonce)


@pytest.mark.slow
def test_nobody_is_asked_who_is_not_to_be_or_whose_camera_took_no_login(fleet: Fleet) -> None:
    with Device("open") as device:
        assert looked(fleet, device, wanted=False).keys() == {"clock"}
        assert looked(fleet, device, "healthy").keys() == {"clock"}
    assert device.counts["times"] == 2
    assert device.counts["questions"] == 0


@pytest.mark.slow
def test_a_login_that_the_camera_does_not_take_any_more_is_not_shown_to_its_device() -> None:
    with Fleet() as fleet, Device() as device:
        url = fleet.url("changed-password")
        closer = Wanted(clock.now(), time.monotonic(), stream=url, clock=device.port, device=True)
        [found] = probe_many([Target("1", url, USER, PASSWORD, wanted=closer)], stage=2, timeout=20, allow=LOOPBACK)
        assert (found.measured or {}).keys() == {"clock"}
    assert device.counts["questions"] == 0


def test_a_name_and_a_realm_in_any_letters_make_a_header() -> None:
    asked = Answer(401, ('Digest realm="Thiết bị", nonce="n", qop="auth"'.encode(),))
    question = onvif.logged_in(asked, "quản lý", "mật khẩu", None)
    assert question
    sent = onvif._request(h11.Connection(h11.CLIENT), "10.1.1.1", 80, question)
    assert 'Digest username="quản lý", realm="Thiết bị"'.encode() in sent
    assert "quản lý" not in str(question)


def body(**names: str) -> bytes:
    """An answer in which some of a device's names are others."""
    text = told.information()
    for name, other in names.items():
        text = text.replace(f">{told.NAMES[name]}<", f">{other}<")
    return text.encode()


WHOLE = body()
DTD = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "DS-1">]>'
HOSTILE: dict[str, bytes] = {
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n",
    "redirect with a body": b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: %d\r\n\r\n" % len(WHOLE) + WHOLE,
    "too long": b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 70_000 + WHOLE,
    "announces too much": b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * 100_000,
    "a document type": told.response("200 OK", (DTD + body(Model="&b;").partition(b"?>")[2]).decode()),
    "a long namespace": told.response("200 OK", f"<a xmlns='{'u' * 32_000}'>{'<b/>' * 8_000}</a>"),
    "replies to come without end": b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
    "pieces without end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 20_000,
    "packed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + gzip.compress(WHOLE),
    "HTTP of 1991": WHOLE,
    "deep": told.response("200 OK", "<a>" * 9_000 + "</a>" * 9_000),
    "no end": b"X-Header: " * 10_000,
    "another protocol": b"RTSP/1.0 200 OK\r\n\r\n",
    "nothing": b"",
    "a challenge without sense": b'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest nonce="\r\nContent-Length: 0\r\n\r\n',
}


def test_the_worst_that_an_answer_can_hold_takes_little_time_and_memory() -> None:
    """Each name is kept with its namespace: so many names of so long a one are the square of what was sent."""
    names = "".join(f"<{a}{b}{c}/>" for a, b, c in islice(product(ascii_letters, repeat=3), onvif.MOST // 12))
    worst = f"<a xmlns='{'u' * (onvif.MOST // 2)}'>{names}</a>".encode()
    tracemalloc.start()
    began = time.process_time()
    assert information(Answer(200, body=worst)) == {}
    spent, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (spent < 2, peak < 40_000_000) == (True, True), (spent, peak)


@pytest.mark.slow
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_answer_tells_nothing_and_gets_no_login(case: str, fleet: Fleet) -> None:
    with Device(said=HOSTILE[case]) as device:
        assert looked(fleet, device).keys() == {"clock"}
    assert device.counts["questions"] == 1
    assert device.counts["logins"] == 0


@pytest.mark.slow
def test_an_answer_that_drips_is_not_waited_for(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "ONVIF", 0.5)
    with Device("dripping", said=told.response("200 OK", WHOLE.decode())) as device:
        began = time.monotonic()
        assert looked(fleet, device).keys() == {"clock"}
        assert time.monotonic() - began < 10  # all of it drips for half a minute


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ({"Model": "A" * 5_000}, {**KNOWN, "model": "A" * 64}),
        ({"Model": "  DS-1\r\n\t(4MP) "}, {**KNOWN, "model": "DS-1 (4MP)"}),
        ({"Model": "DS\u202e-1\u200b&#x85;2\ufeff"}, {**KNOWN, "model": "DS-1 2"}),
        ({"Model": "&lt;b&gt;{declared}"}, {**KNOWN, "model": "<b>{declared}"}),
        ({"Model": " ", "Manufacturer": ""}, {"firmware": "V5.7.3"}),
        ({"Model": "<c>DS-9</c>"}, {"manufacturer": "HIKVISION", "firmware": "V5.7.3"}),
    ],
)
def test_what_a_device_calls_itself_is_one_short_line(names: dict[str, str], found: dict[str, str]) -> None:
    assert information(Answer(200, (), body(**names))) == found


def test_of_a_device_nothing_else_is_kept() -> None:
    assert information(Answer(200, (), WHOLE)) == KNOWN
    assert information(Answer(500, (), WHOLE)) == {}


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode), st.text(max_size=200))
def test_no_answer_of_a_device_breaks_anything(noise: bytes, name: str) -> None:
    written = "".join(c for c in name if c not in "<>&" and (c.isprintable() or c.isspace()))
    for answer in (Answer(200, (noise,), noise), Answer(401, (noise,), WHOLE.replace(b"DS-2CD2043G2-I", noise))):
        onvif.logged_in(answer, "u", "p", datetime(2021, 11, 25, tzinfo=UTC))
        onvif.refused(answer)
    found = information(Answer(200, (), body(Model=written)))
    assert all(len(text) <= onvif.LONGEST and not invisible(text, "") for text in found.values())
