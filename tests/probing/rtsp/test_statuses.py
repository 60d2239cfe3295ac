"""What is said of a camera that answers a request with a status other than yes, at whichever step."""

from collections.abc import Mapping

import pytest

from dondoc.probing.rtsp import sdp
from dondoc.probing.rtsp.refusals import Known, is_granted, refusal
from dondoc.probing.verdicts import GOOD, REACHABLE_PHASES
from tests.probing.misbehaving import Visit
from tests.probing.rtsp.test_refusals import BODY, Cameras, good, look

STEPS = ("", "SETUP", "PLAY")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("status", [408, 429, 453, 480, 486, 503, 504])
@pytest.mark.parametrize("worked", [False, True])
def test_who_is_busy_is_not_reached_now_and_accused_of_nothing_else(step: str, status: int, worked: bool) -> None:
    found = refusal(status, step, Known(login=True, worked=worked))
    assert (found[0], "bận" in found[1], str(status) in found[1]) == ("server_error", True, True)
    assert found[0].phase not in REACHABLE_PHASES


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (401, "forbidden"),
        (403, "forbidden"),
        (407, "forbidden"),
        (404, "not_found"),
        (410, "not_found"),
        (300, "server_error"),
        (400, "server_error"),
        (454, "server_error"),
        (455, "server_error"),
        (500, "server_error"),
        (551, "server_error"),
        (999, "server_error"),
    ],
)
def test_a_status_says_the_same_at_every_step(step: str, status: int, verdict: str) -> None:
    assert refusal(status, step, Known())[0] == verdict


@pytest.mark.parametrize("step", STEPS)
def test_every_refusal_says_something_and_none_is_good(step: str) -> None:
    assert [status for status in range(100, 1000) if not is_granted(status)] == [*range(300, 1000)]
    for status in range(300, 1000):
        verdict, detail = refusal(status, step, Known())
        assert verdict not in GOOD
        assert str(status) in detail


@pytest.mark.parametrize("over_udp", [461, 401, 403, 407])
@pytest.mark.parametrize(("multicast", "verdict"), [(False, "no_frame"), (True, "not_decodable")])
def test_of_a_camera_without_a_way_to_us_alone_nobody_says_that_it_refuses_the_right(
    over_udp: int, multicast: bool, verdict: str
) -> None:
    found = refusal(over_udp, "SETUP", Known(login=True, worked=True, no_tcp=True, multicast=multicast))
    assert found[0] == verdict


@pytest.mark.parametrize(
    ("line", "group"),
    [
        ("c=IN IP4 239.1.2.3/64", True),
        ("c=IN IP4 224.0.0.1", True),
        ("c=IN IP6 ff15::101", True),
        ("c=IN IP4 0.0.0.0", False),
        ("c=IN IP4 192.168.1.239", False),
        ("c=IN IP4 223.255.255.1", False),
        ("c=IN IP6 fe80::1", False),
        ("c=", False),
    ],
)
@pytest.mark.parametrize("within", [False, True])
def test_a_description_tells_whether_it_is_sent_to_a_group(line: str, group: bool, within: bool) -> None:
    video = "m=video 0 RTP/AVP 96"
    lines = ("v=0", video, line) if within else ("v=0", line, video)
    track = sdp.video("\r\n".join(lines).encode())
    assert track
    assert track.multicast is group


@pytest.mark.slow
@pytest.mark.parametrize("group", [False, True])
@pytest.mark.parametrize("over_udp", [b"461 Unsupported Transport", b"403 Forbidden"])
def test_a_camera_that_refuses_tcp_is_asked_over_udp_and_then_left_in_peace(group: bool, over_udp: bytes) -> None:
    async def answer(visit: Visit, method: bytes, login: bool) -> bool | None:
        if method == b"SETUP":
            await visit.reply(over_udp if b"client_port" in visit.heard[-1] else b"461 Unsupported Transport")
        elif method == b"DESCRIBE" and group:
            await visit.reply(body=BODY.replace(b"s=-\r\n", b"s=-\r\nc=IN IP4 239.1.2.3/64\r\n"))
        else:
            return None
        return True

    found = look(camera := Cameras(answer))
    assert found.verdict == ("not_decodable" if group else "no_frame"), found.detail
    assert sum(one.startswith(b"SETUP") for one in camera.asked) == 2


STATUSES: Mapping[bytes, str] = {
    b"404 Not Found": "not_found",
    b"410 Gone": "not_found",
    b"408 Request Timeout": "server_error",
    b"429 Too Many Requests": "server_error",
    b"480 Temporarily Unavailable": "server_error",
    b"486 Busy Here": "server_error",
    b"504 Gateway Timeout": "server_error",
    b"500 Internal Server Error": "server_error",
}


@pytest.mark.slow
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("at", [b"DESCRIBE", b"SETUP", b"PLAY"])
def test_whatever_is_refused_has_one_verdict_at_every_step(at: bytes, status: bytes) -> None:
    async def answer(visit: Visit, method: bytes, login: bool) -> bool | None:
        await (visit.reply(status) if method == at else good(visit, method))
        return True

    found = look(Cameras(answer))
    assert (found.verdict, status[:3].decode() in found.detail) == (STATUSES[status], True), found.detail
