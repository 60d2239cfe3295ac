"""SETUP, PLAY and one key picture: what cameras answer, and what is made of it."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from ipaddress import ip_network
from typing import NamedTuple

import pytest

from dondoc.cameras.logins.attempts import accepted
from dondoc.demo import rtp
from dondoc.demo.camera import PASSWORD, USER, Camera
from dondoc.demo.fleet import Fleet
from dondoc.probing.address import parse
from dondoc.probing.picture.baseline import history
from dondoc.probing.picture.decoder import Decoder
from dondoc.probing.probe import probe
from dondoc.probing.resolver import Resolver
from dondoc.probing.rtsp import key_picture, readers, sdp
from dondoc.probing.rtsp.codecs import Frames
from dondoc.probing.rtsp.depacketise import Depacketiser
from dondoc.probing.rtsp.dialogue import Dialogue
from dondoc.probing.rtsp.exchange import TEARDOWN, Verdict
from dondoc.probing.verdicts import Finding, Help, Target

pytestmark = pytest.mark.slow

LOOPBACK = [ip_network("127.0.0.0/8")]
Answer = Callable[[Camera, str, dict[str, str]], Awaitable[bool]]


def look(url: str, *login: str, timeout: float = 30.0) -> Finding:
    return asyncio.run(probe(Target("x", url, *login), stage=2, allow=LOOPBACK, timeout=timeout))


def answered(
    *login: str, path: str = "/healthy/1", worked: bool = False, **answers: Answer
) -> tuple[Finding, Counter[str]]:
    """The finding about a camera that answers some methods in its own way, and how often it was asked what."""
    counts: Counter[str] = Counter()

    class Odd(Camera):
        pass

    for method, answer in answers.items():
        setattr(Odd, f"_{method}", lambda self, _, url, headers, answer=answer: answer(self, url, headers))

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            await Odd(reader, writer, counts).talk()

    async def run() -> Finding:
        server = await asyncio.start_server(visit, "127.0.0.1", 0)
        url = f"rtsp://127.0.0.1:{server.sockets[0].getsockname()[1]}{path}"
        found = await probe(Target("x", url, *login, worked=worked), stage=2, allow=LOOPBACK, timeout=6.0)
        await asyncio.sleep(0.05)  # the goodbye is read
        server.close()
        return found

    return asyncio.run(run()), counts


@pytest.mark.parametrize(
    ("method", "status", "verdict", "says"),
    [
        ("setup", "453 Not Enough Bandwidth", "server_error", "453 khi SETUP"),
        ("play", "503 Service Unavailable", "server_error", "503 khi PLAY"),
        ("setup", "403 Forbidden", "forbidden", "403 khi SETUP"),
        ("play", "403 Forbidden", "forbidden", "403 khi PLAY"),
        ("setup", "500 Oops", "server_error", "SETUP không được chấp nhận: mã 500"),
        ("play", "455 Not Valid", "server_error", "PLAY không được chấp nhận: mã 455"),
    ],
)
def test_a_refusal_is_told_by_its_step(method: str, status: str, verdict: str, says: str) -> None:
    found, _ = answered(**{method: lambda camera, url, headers: camera._say(status, headers)})
    assert (found.verdict, says in found.detail) == (verdict, True)


@pytest.mark.parametrize("method", ["setup", "play"])
@pytest.mark.parametrize(
    ("login", "verdict", "times"), [((), "auth_required", 0), (("u", "sai"), "auth_failed", 1), (("u", "p"), "ok", 1)]
)
def test_a_login_may_be_asked_for_after_the_description(
    method: str, login: tuple[str, ...], verdict: str, times: int
) -> None:
    told: list[str] = []

    async def locked(camera: Camera, url: str, headers: dict[str, str]) -> bool:
        told.append(headers.get("authorization", ""))
        if told[-1] == "Basic dTpw":
            return await getattr(Camera, f"_{method}")(camera, "healthy", url, headers)
        return await camera._say("401 Unauthorized", headers, "WWW-Authenticate: Basic realm=a\r\n")

    assert answered(*login, **{method: locked})[0].verdict == verdict
    assert len([*filter(None, told)]) == times


@pytest.mark.parametrize("method", ["setup", "play"])
def test_a_login_that_is_never_answered_was_not_taken(method: str) -> None:
    async def ending(camera: Camera, url: str, headers: dict[str, str]) -> bool:
        if "authorization" in headers:
            return False
        return await camera._say("401 Unauthorized", headers, "WWW-Authenticate: Basic realm=a\r\n")

    found = answered("u", "sai", **{method: ending})[0]
    assert (found.verdict, found.password_sent, accepted(found)) == ("no_frame", True, None)


def test_a_check_that_is_ended_while_it_says_goodbye_ends(fleet: Fleet) -> None:
    """Else who ends a batch waits for all of its cameras."""
    checks: list[asyncio.Task[None]] = []

    class Ended(Dialogue):
        async def send(self, method: str, url: str, **headers: str) -> None:
            await super().send(method, url, **headers)
            if method == TEARDOWN:
                checks[0].cancel()

    async def check() -> None:
        dialogue = Ended(parse(fleet.url("healthy")), None, None, Resolver(LOOPBACK))
        await dialogue.open()
        await key_picture.key_picture(dialogue, *await dialogue.describe())
        dialogue.close()
        await asyncio.sleep(0)

    async def run() -> None:
        checks.append(asyncio.create_task(check()))
        await asyncio.wait(checks)

    asyncio.run(run())
    assert checks[0].cancelled()


def test_a_camera_that_chooses_another_channel_is_followed() -> None:
    async def setup(camera: Camera, url: str, headers: dict[str, str]) -> bool:
        return await camera._say("200 OK", headers, "Transport: RTP/AVP/TCP;unicast;interleaved=4-5\r\nSession: 7\r\n")

    async def play(camera: Camera, url: str, headers: dict[str, str]) -> bool:
        camera.writer.write(b"$\x05\0\x04abcd")  # a report, even before the reply
        await camera._say("200 OK", headers, "Session: 7\r\n")
        for number in range(4):
            for packet in rtp.played("moving", "h264", number):
                camera.writer.write(packet[:1] + b"\x04" + packet[2:])
        return True

    assert answered(setup=setup, play=play)[0].showing


class Track(NamedTuple):
    """How a camera calls its track, in Content-Base, for the whole session and for the picture, and what it takes."""

    asked: str
    control: str
    taken: str
    base: str = ""
    session: str = ""


ROOT = "rtsp://{place}"
TRACKS = {
    "a query, as RFC 3986 has it": Track("/live?c=1", "?trackID=1", "/live?trackID=1"),
    "a query, as FFmpeg appends it": Track("/live?c=1", "?trackID=1", "/live?c=1/?trackID=1"),
    "behind the query": Track("/live?c=1&x=a", "trackID=1", "/live?c=1&x=a/trackID=1"),
    "in the query of the base": Track(
        "/live", "trackID=1", "/x?token=6&trackID=0/trackID=1", f"{ROOT}/x?token=6&trackID=0"
    ),
    "a base of a path alone": Track("/live", "trackID=1", "/else/trackID=1", "/else/"),
    "a base without its first slash": Track("/live", "trackID=1", "/else/trackID=1", "else/"),
    "a base with blanks and letters of its own": Track("/live", "t1", "/k%C3%AAnh%201/t1", f"{ROOT}/kênh 1/"),
    "a base of another host": Track("/live", "t1", "/inner/t1", "rtsp://192.168.1.9:554/inner/"),
    "a base with a password": Track("/live", "t1", "/inner/t1", "rtsp://a:b@{place}/inner/"),
    "a path, below the base": Track("/live/", "/trackID=1", "/live/trackID=1"),
    "a path, from the root": Track("/live/", "/trackID=1", "/trackID=1"),
    "a path, appended as it is": Track("/live", "/trackID=1", "/live//trackID=1"),
    "a path that holds the base's": Track("/live", "/live/trackID=1", "/live/trackID=1"),
    "two dots, as RFC 3986 has them": Track("/a/b/", "../t1", "/a/t1"),
    "two dots, as they are": Track("/a/b/", "../t1", "/a/b/../t1"),
    "beside the last of the path, as RFC 3986 has it": Track("/a/b.sdp", "t1", "/a/t1"),
    "below the address of the whole": Track("/live", "t1", "/whole/t1", "", f"{ROOT}/whole/"),
    "absolute": Track("/live", f"{ROOT}/t1", "/t1"),
    "absolute, of another host": Track("/live", "rtsp://10.0.0.7/t1?a=b", "/t1?a=b"),
    "absolute, of another port": Track("/live", "rtsp://127.0.0.1:10554/t1", "/t1"),
    "absolute, with a password": Track("/live", "rtsp://a:b@{place}/t1", "/t1"),
    "absolute twice": Track("/live", "rtsp://rtsp://{place}/t1", "/t1"),
    "escaped": Track("/live", "track%49D=1%20", "/live/track%49D=1%20"),
    "with blanks": Track("/live", "track 1", "/live/track%201"),
    "the whole": Track("/live", "*", "/live"),
    "none": Track("/live", "", "/live"),
    "a port of two slashes": Track("/live", "//[::1", "/live//[::1"),
}


@pytest.mark.parametrize("name", TRACKS)
def test_a_track_is_found_by_whichever_name_a_camera_knows_it(name: str) -> None:
    track, asked = TRACKS[name], list[str]()

    async def describe(camera: Camera, url: str, headers: dict[str, str]) -> bool:
        place = url.partition("://")[2].partition("/")[0]
        base = f"Content-Base: {track.base.format(place=place)}\r\n" if track.base else ""
        session = f"a=control:{track.session.format(place=place)}\r\n" if track.session else ""
        media = f"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:{track.control.format(place=place)}\r\n"
        return await camera._say("200 OK", headers, base, f"v=0\r\ns=-\r\n{session}{media}")

    async def setup(camera: Camera, url: str, headers: dict[str, str]) -> bool:
        asked.append(url)
        if url.partition("://")[2].partition("/")[2] != track.taken.removeprefix("/"):
            return await camera._say("404 Stream Not Found", headers)
        return await camera._say("200 OK", headers, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 7\r\n")

    found, _ = answered(path=track.asked, describe=describe, setup=setup)
    assert found.showing, (found.detail, asked)
    assert len(asked) == len({*asked}) <= 4
    assert all(url.startswith("rtsp://127.0.0.1:") and "@" not in url for url in asked)


def test_a_track_that_a_camera_does_not_know_by_any_name_is_told_by_its_first_answer() -> None:
    statuses = iter(("404 Not Found", "451 Parameter", "400 Bad Request", "459 Aggregate"))

    async def setup(camera: Camera, url: str, headers: dict[str, str]) -> bool:
        return await camera._say(next(statuses), headers)

    found, counts = answered(setup=setup)
    assert (found.verdict, "mã 404 khi SETUP" in found.detail) == ("not_found", True)
    assert counts["SETUP"] <= 4


async def _without_session(camera: Camera, url: str, headers: dict[str, str]) -> bool:
    return await camera._say("200 OK", headers, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n")


def test_what_comes_before_play_is_answered_counts_also_without_a_session() -> None:
    """One picture a minute, which comes first: whoever drops it waits for the next."""

    async def play(camera: Camera, url: str, headers: dict[str, str]) -> bool:
        for packet in rtp.played("moving", "h264", 0):
            camera.writer.write(packet)
        return await camera._say("200 OK", headers)

    found, _ = answered(setup=_without_session, play=play)
    assert (found.verdict, found.help) == ("ok", None)


@pytest.mark.parametrize("told", ["0", "1", "-1", "99999999", "", "2", "abc", "2.5", " 2"])
def test_however_long_a_session_lives_its_start_is_waited_for_and_nothing_else_asked(told: str) -> None:
    """A keep-alive request before PLAY is answered: what came of the answer was dropped, and OPTIONS blamed."""

    async def setup(camera: Camera, url: str, headers: dict[str, str]) -> bool:
        line = f"Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession:  7 ;timeout={told}\r\n"
        return await camera._say("200 OK", headers, line)

    async def play(camera: Camera, url: str, headers: dict[str, str]) -> bool:
        assert headers["session"] == "7"
        camera.writer.write(b"RTSP/1.0 200 OK\r\n")
        await asyncio.sleep(1.4)
        camera.writer.write(b"CSeq: 4\r\n\r\n")
        camera.playing = asyncio.create_task(camera._stream("healthy", 0))
        return True

    found, counts = answered(setup=setup, play=play)
    assert (found.verdict, found.help) == ("ok", None), found.detail
    assert counts["OPTIONS"] == 1


@pytest.mark.parametrize(
    ("at", "status", "verdict", "says"),
    [
        ("play", "454 Session Not Found", "server_error", "PLAY không được chấp nhận: mã 454"),
        ("setup", "461 Unsupported Transport", "no_frame", "SETUP không được chấp nhận: mã 461"),
        ("play", "551 Option Not Supported", "server_error", "PLAY không được chấp nhận: mã 551"),
        ("describe", "551 Option Not Supported", "server_error", "mã 551"),
        ("play", "403 Forbidden", "server_error", "đủ số người xem"),
        ("play", "453 Not Enough Bandwidth", "server_error", "đang bận"),
        ("setup", "503 Service Unavailable", "server_error", "đang bận"),
        ("play", "404 Not Found", "not_found", "mã 404 khi PLAY"),
    ],
)
@pytest.mark.parametrize("bye", ["hangs", "resets", "refuses"])
def test_how_a_camera_takes_our_goodbye_changes_nothing_of_what_it_is_blamed_for(
    at: str, status: str, verdict: str, says: str, bye: str
) -> None:
    async def refuse(camera: Camera, url: str, headers: dict[str, str]) -> bool:
        return await camera._say(status, headers)

    found, counts = answered(**{at: refuse, "teardown": partial(_bye, bye)}, worked=True)
    assert (found.verdict, says in found.detail) == (verdict, True), found.detail
    assert "TEARDOWN" not in found.detail
    assert counts["connections"] == 1


async def _bye(how: str, camera: Camera, url: str, headers: dict[str, str]) -> bool:
    if how == "hangs":
        await asyncio.sleep(5)
    if how == "resets":
        camera.writer.transport.abort()
        return False
    return await camera._say("454 Session Not Found", headers)


def test_every_look_says_goodbye() -> None:
    found, counts = answered()
    assert found.showing
    assert (counts["connections"], counts["SETUP"], counts["PLAY"], counts["TEARDOWN"]) == (1, 1, 1, 1)


def test_goodbye_is_said_when_no_picture_came_too(fleet: Fleet) -> None:
    before = fleet.counts["TEARDOWN"]
    found = look(fleet.url("silent", "bye"), timeout=0.5)
    assert (found.verdict, "không có gói hình nào" in found.detail) == ("no_frame", True)
    end = time.monotonic() + 60
    while fleet.counts["TEARDOWN"] < before + 2 and time.monotonic() < end:
        time.sleep(0.01)  # the fleet reads it in a thread of its own
    assert fleet.counts["TEARDOWN"] == before + 2  # of both looks over TCP


def test_who_granted_play_is_not_said_to_have_left_it_unanswered(fleet: Fleet) -> None:
    found = look(fleet.url("silent"), timeout=1.0)
    assert found.detail == "chấp nhận PLAY, hết thời gian cho phép; không có gói hình nào"


@pytest.mark.parametrize("behaviour", ["digest", "digest-sha256", "basic", "stale"])
def test_both_stages_take_one_connection(fleet: Fleet, behaviour: str) -> None:
    before = fleet.counts["connections"]
    assert look(fleet.url(behaviour), USER, PASSWORD).showing
    assert fleet.counts["connections"] == before + 1


def test_a_key_picture_that_is_far_off_is_waited_for_longer_once_packets_come(fleet: Fleet) -> None:
    async def looks(*timeouts: float) -> list[Finding]:
        async with Decoder(1) as decoder:
            await decoder.judge("h264", b"")  # it is ready: its start would use up the time
            target = Target("x", fleet.url("late"))
            return [
                await probe(target, stage=2, allow=LOOPBACK, timeout=seconds, decoder=decoder) for seconds in timeouts
            ]

    patient, *others = asyncio.run(looks(30.0, 0.25, 0.35, 0.45))
    assert patient.help is None
    # On a busy machine the shortest of these is over before the camera has answered at all.
    assert any(one.help is Help.SLOW for one in others)


def test_no_frame_is_told_apart_from_a_picture_that_cannot_be_decoded(fleet: Fleet) -> None:
    assert look(fleet.url("silent"), timeout=0.5).verdict == "no_frame"
    assert look(fleet.url("junk"), timeout=1.0).verdict == "not_decodable"


def video(lines: str, line: str = "m=video 0 RTP/AVP 96") -> sdp.Video:
    found = sdp.video(f"v=0\r\n{line}\r\n{lines}".encode())
    assert found
    return found


H264, H265 = "a=rtpmap:96 H264/90000\r\na=fmtp:96 ", "a=rtpmap:96 H265/90000\r\na=fmtp:96 "


@pytest.mark.parametrize(
    ("track", "expected"),
    [
        (video("", "m=video 0 RTP/AVP 26"), Frames),
        (video("a=rtpmap:96 MP4V-ES/90000\r\n"), Frames),
        (video(f"{H264}packetization-mode=2\r\n"), Depacketiser),
        (video(f"{H265}profile-id=1; sprop-max-don-diff=3\r\n"), Depacketiser),
        (video(f"{H264}packetization-mode=1\r\n", "m=video 0 RTP/SAVP 96"), "not_decodable"),
        (video(f"{H264}packetization-mode=1\r\n"), Depacketiser),
        (video(f"{H265}sprop-max-don-diff=0\r\n"), Depacketiser),
    ],
)
def test_what_is_not_spoken_is_known_before_anything_is_set_up(track: sdp.Video, expected: type | str) -> None:
    if isinstance(expected, type):
        assert isinstance(readers.collector(track), expected)
        return
    with pytest.raises(Verdict) as caught:
        readers.check_readable(track)
    assert caught.value.verdict == expected


@pytest.mark.parametrize(
    ("transport", "channels"),
    [
        ("RTP/AVP/TCP;interleaved=2-3", range(2, 4)),
        ("rtp/avp/tcp;unicast;Interleaved=4-5", range(4, 6)),
        ("RTP/AVP/TCP; unicast; interleaved = 6 - 7", range(6, 8)),
        ("RTP/AVP/TCP;interleaved=6", range(6, 8)),
        ("RTP/AVP/TCP;interleaved=5-4", range(4, 6)),
        ("RTP/AVP/TCP;interleaved=0-3", range(4)),
        ("RTP/AVP/TCP", range(2)),
        ("", range(2)),
        ("RTP/AVP/TCP;interleaved=9999-1", range(2)),
        ("RTP/AVP;unicast;client_port=5000-5001", None),
        ("RTP/AVP;unicast", None),
        ("RTP/AVP/UDP;unicast;server_port=6000-6001", None),
        ("RTP/AVP;unicast;interleaved=0-1", range(2)),
    ],
)
def test_the_channels_are_read(transport: str, channels: range | None) -> None:
    assert key_picture._channels(transport) == channels


def test_a_camera_that_agrees_to_udp_unasked_is_asked_in_its_own_way() -> None:
    async def setup(camera: Camera, url: str, headers: dict[str, str]) -> bool:
        if "client_port" in headers["transport"]:
            return await Camera._setup(camera, "udp", url, headers)
        return await camera._say(
            "200 OK", headers, "Transport: RTP/AVP;unicast;client_port=5000-5001\r\nSession: 7\r\n"
        )

    found, counts = answered(setup=setup)
    assert found.showing
    assert (counts["connections"], counts["SETUP"]) == (1, 2)


@pytest.mark.parametrize(("behaviour", "third"), [("frozen", "frozen"), ("healthy", "ok"), ("still", "ok")])
def test_the_third_night_of_a_hanging_camera_is_frozen(fleet: Fleet, behaviour: str, third: str) -> None:
    stored: list[dict] = []
    for night in range(3):
        target = Target("x", fleet.url(behaviour, "nights"), past=history(stored))
        found = asyncio.run(probe(target, stage=2, allow=LOOPBACK, timeout=60.0))
        stored.append(dict(found.features or {}) | {"at": f"2021-11-{22 + night}T22:00:00+07:00"})
        assert found.verdict == ("ok" if night < 2 else third)
