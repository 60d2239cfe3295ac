"""Cameras of another maker: GStreamer's RTSP server, with all that it does in its own way."""

from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from dondoc.probing.probe import probe_many
from dondoc.probing.verdicts import Finding, Target
from tests.probing import gstreamer
from tests.probing.gstreamer import PASSWORD, STREAMS, USER

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not gstreamer.is_installed(),
        reason="needs the Debian packages gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-good, -ugly, python3-gi",
    ),
]
LOOPBACK = [ip_network("127.0.0.0/8")]
VERDICTS = dict.fromkeys(STREAMS, "ok") | {"sound-alone": "no_video_track", "black": "black"}


def looked_at(targets: list[Target]) -> dict[str, Finding]:
    return {one.camera: one for one in probe_many(targets, stage=2, timeout=60.0, concurrency=4, allow=LOOPBACK)}


@pytest.fixture(scope="module")
def found() -> Iterator[dict[str, Finding]]:
    with gstreamer.server() as address:
        paths = [*STREAMS, *(f"udp/{name}" for name in STREAMS), "nothing"]
        yield looked_at([Target(path, f"{address}/{path}") for path in paths])


@pytest.mark.parametrize("over", ["", "udp/"])
@pytest.mark.parametrize("stream", VERDICTS)
def test_its_streams_are_shown_over_tcp_and_where_it_sends_over_udp_alone(
    found: dict[str, Finding], stream: str, over: str
) -> None:
    assert found[f"{over}{stream}"].verdict == VERDICTS[stream]


def test_our_own_reading_does_not_need_a_second_one(found: dict[str, Finding]) -> None:
    assert {one.camera for one in found.values() if one.help} <= {"intra-refresh", "udp/intra-refresh"}


def test_a_path_that_it_does_not_have_is_not_found(found: dict[str, Finding]) -> None:
    assert found["nothing"].verdict == "not_found"


@pytest.mark.parametrize("login", ["basic", "digest"])
def test_it_takes_our_login_and_refuses_a_wrong_one_once(login: str) -> None:
    with gstreamer.server(login) as address:
        url = f"{address}/usual"
        found = looked_at([Target("right", url, USER, PASSWORD), Target("wrong", url, USER, "x"), Target("none", url)])
    assert {name: one.verdict for name, one in found.items()} == {
        "right": "ok",
        "wrong": "auth_failed",
        "none": "auth_required",
    }
    assert [name for name, one in found.items() if one.password_refused] == ["wrong"]
