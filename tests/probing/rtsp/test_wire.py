"""What comes off the wire: logins, messages, descriptions and packets, with vectors of the RFCs and with anything."""

import hashlib
import re
from contextlib import suppress

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dondoc.probing.rtsp import sdp
from dondoc.probing.rtsp.authentication import Login, choose, parse_challenges
from dondoc.probing.rtsp.message import Inbox, NotRtsp, Response, content_length, parse_head
from tests.processor import at_most


def response(user: str, password: str, challenge: str, uri: str, cnonce: str) -> str:
    chosen = choose(parse_challenges([challenge.encode()]))
    assert chosen
    return Login(user, password, chosen).header("GET", uri, cnonce).partition('response="')[2][:64].partition('"')[0]


def test_the_digest_of_rfc_2617() -> None:
    challenge = (
        'Digest realm="testrealm@host.com", qop="auth,auth-int", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    got = response("Mufasa", "Circle Of Life", challenge, "/dir/index.html", "0a4f113b")
    assert got == "6629fae49393a05397450978507c4ef1"


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_digests_of_rfc_7616(algorithm: str, expected: str) -> None:
    challenge = (
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    assert response("Mufasa", "Circle of Life", challenge, "/dir/index.html", cnonce) == expected


def test_a_tab_stands_between_words_as_a_space_does() -> None:
    head = parse_head(b'RTSP/1.0 401 No\r\nWWW-Authenticate:\tDigest\trealm = "a" ,\tnonce = "1"\r\n')
    (challenge,) = parse_challenges(head.challenges)
    assert (challenge.scheme, challenge.parts) == ("DIGEST", {"realm": "a", "nonce": "1"})


@pytest.mark.parametrize(
    "realm",
    [
        "摄像机".encode("gbk"),
        "网络摄像机乗".encode("gbk"),
        "Caméra".encode("latin-1"),
        b"IP\xa0Camera\xa0",
        "Cổng".encode(),
    ],
)
@pytest.mark.parametrize("qop", ["", ', qop=""', ', qop="auth"'])
def test_a_realm_is_bytes_and_an_empty_qop_is_none(realm: bytes, qop: str) -> None:
    head = parse_head(
        b'RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm="%b", nonce="1"%b\r\n' % (realm, qop.encode())
    )
    chosen = choose(parse_challenges(head.challenges))
    assert chosen
    header = Login("ông", "mật khẩu", chosen).header("DESCRIBE", "rtsp://h/", "c").encode("latin-1")

    def md5(*words: bytes) -> bytes:
        return hashlib.md5(b":".join(words)).hexdigest().encode()

    between = (b"00000001", b"c", b"auth") if "auth" in qop else ()
    expected = md5(md5("ông".encode(), realm, "mật khẩu".encode()), b"1", *between, md5(b"DESCRIBE", b"rtsp://h/"))
    assert b'realm="%b"' % realm in header
    assert b'response="%b"' % expected in header
    assert (b"qop=" in header) == bool(between)


SECRETS = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=30)


@given(
    SECRETS.filter(lambda user: ":" not in user),
    SECRETS,
    st.sampled_from(["MD5", "MD5-SESS", "SHA-256", "SHA-256-SESS"]),
    st.sampled_from(["", ', qop="auth"']),
)
def test_any_password_is_answered_as_another_library_answers_it(user: str, secret: str, used: str, qop: str) -> None:
    assume(qop or "SESS" not in used)  # the other library leaves the session out without qop, RFC 2617 does not
    challenge = f'Digest realm="cổng", nonce="n1", algorithm={used}{qop}'
    asked = httpx.Request("GET", "http://camera/1")
    flow = httpx.DigestAuth(user, secret).auth_flow(asked)
    answer = httpx.Response(401, headers=[(b"www-authenticate", challenge.encode())], request=next(flow))
    theirs = flow.send(answer).headers["Authorization"]
    cnonce = re.search(r'cnonce="([^"]*)"', theirs)
    ours = response(user, secret, challenge, "/1", cnonce[1] if cnonce else "")
    assert f'response="{ours}"' in theirs


@pytest.mark.parametrize(
    ("offers", "method"),
    [
        (['Basic realm="x"', 'Digest realm="x", nonce="1"'], "MD5"),
        (['Digest realm="x", nonce="1", Digest realm="x", nonce="1", algorithm=SHA-256, Basic realm="x"'], "SHA-256"),
        (['Basic realm="x"'], "BASIC"),
        (['Digest realm="x", nonce="1", qop="auth-int"'], None),
        (['Digest realm="x", nonce="1", algorithm=SHA-512-256'], None),
        (['Digest realm="x", nonce="1", algorithm=SHA-512-256', 'Basic realm="x"'], None),
        (['Digest realm="x", nonce="1", algorithm=MD5-sess, Digest realm="x", nonce="1"'], "MD5"),
        (['Digest realm="x", nonce="1", algorithm=MD5-sess, qop="auth"'], "MD5-SESS"),
        (['Digest realm="x", nonce="1", algorithm="sha-256", userhash=true, charset=UTF-8'], "SHA-256"),
        (['Digest realm="x", nonce="1", qop=""', 'Basic realm="x"'], "MD5"),
        (['Basic realm="x", Digest algorithm=SHA-256, nonce="1", realm="x", Digest nonce="2"'], "SHA-256"),
        (['Digest realm=IP Camera (1), nonce=1 algorithm=SHA-256'], "SHA-256"),
        (['Negotiate abc'], None),
        ([], None),
    ],
)  # fmt: skip
def test_the_strongest_login_offered_is_chosen(offers: list[str], method: str | None) -> None:
    chosen = choose(parse_challenges([offer.encode() for offer in offers]))
    assert (chosen.method if chosen else None) == method


@given(st.lists(st.binary() | st.text('Digest realm=",\\x noce1').map(lambda s: f"Digest {s}".encode()), max_size=3))
def test_any_challenge_is_read_without_a_crash(values: list[bytes]) -> None:
    if chosen := choose(parse_challenges(values)):
        header = Login("u", "bi-mat-9", chosen).header("DESCRIBE", "rtsp://x/")
        assert "bi-mat-9" not in header


@pytest.mark.parametrize(
    "value",
    [
        b'realm="' + b"\x81" * 50_000,  # of two bytes, or of one: which, a pattern may try for ever
        b"realm=" + b" " * 50_000 + b'"',
        b"realm=b" + b" " * 50_000 + b'"',
        b"realm=" + b"b " * 25_000 + b'"',
        b"realm=" + b"a=b=c=" * 8_000 + b'"',
        b"a " * 25_000,
        b"a," * 25_000,
        b"Basic," * 8_000,
        b'a="' * 16_000,
        b'realm="' + b"\\" * 50_001,
        b"-" * 50_000 + b" " * 10_000 + b"=",
    ],
)
def test_a_challenge_without_sense_takes_no_time(value: bytes) -> None:
    """In which no other camera has a turn."""
    with at_most(1):
        parse_challenges([b"Digest " + value])


@given(st.binary() | st.binary(max_size=60).map(b"RTSP/1.0 200 OK\r\n".__add__))
def test_any_head_is_a_response_or_no_rtsp(head: bytes) -> None:
    with suppress(NotRtsp):
        content_length(parse_head(head))


def read(*pieces: bytes, plays: bool = False) -> list[Response | bytes | str]:
    """All messages that come out of the pieces, as they come; "no RTSP" at the end if it is none."""
    inbox, got = Inbox(), []
    inbox.plays = plays
    try:
        for piece in pieces:
            inbox.feed(piece)
            while (message := inbox.take()) is not None:
                got.append(message)
    except NotRtsp:
        got.append("no RTSP")
    return got


WIRE = st.lists(
    st.sampled_from(
        [
            b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 3\r\n\r\nabc",
            b"RTSP/1.0 401 No\n\n",
            b"OPTIONS * RTSP/1.0\r\nX: a\r\n b\r\n\r\n",
            b"$\x00\x00\x03abc",
            b"$\x01\x00\x00",
            b"\r\n",
            b"HTTP/1.1 200 OK\r\n\r\n",
            b"RTSP",
        ]
    )
    | st.binary(max_size=8)
).map(b"".join)


@given(WIRE, st.data())
def test_messages_are_the_same_however_they_are_cut_up(data: bytes, draw: st.DataObject) -> None:
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=6)))
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    assert read(*pieces) == read(data) == read(*(data[i : i + 1] for i in range(len(data))))


PACKET = b"$\0\0\x10\x80" + bytes(range(15))


@pytest.mark.parametrize(
    "garbage",
    [
        b"\0\1\2 half a packet $ of which the head is lost" * 9,
        b"\x65" * 70_000,
        b"RTSP/1.0 \r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"$\0",  # with the head of the next one it is a packet by itself
        b"OPTIONS\0" + b"\xff" * 300,
        bytes(range(256)) * 3,
    ],
)
def test_what_lies_between_packets_is_passed_over_while_a_camera_plays(garbage: bytes) -> None:
    """As players do: bluenviron/gortsplib, pull request 653; scottlamb/moonfire-nvr, issue 302."""
    stream = PACKET * 2 + garbage + PACKET * 900 + b"RTSP/1.0 200 OK\r\n\r\n" + PACKET
    got = read(stream, plays=True)
    assert len(got) > 400
    assert got[:2] == [b"\0" + PACKET[4:]] * 2
    assert got[-1] == got[0]
    assert [one.status for one in got if isinstance(one, Response)][-1:] == [200]
    assert read(*(stream[i : i + 7] for i in range(0, len(stream), 7)), plays=True)[-1] == got[0]
    assert read(stream)[-1] == "no RTSP" or garbage == b"$\0"


def test_nothing_but_what_is_none_takes_little_time_and_ends() -> None:
    for noise in (b"RTSP/1.0 200", b"\xff$\0zz\x80", b"\xff" * 12, b"RTSP/1.0 2000\r\n\r\n"):
        inbox, taken = Inbox(), 0
        inbox.plays = True
        with at_most(5), suppress(NotRtsp):
            for _ in range(200):
                inbox.feed(noise * (30_000 // len(noise)))
                while inbox.take() is not None:
                    taken += 1
        assert len(inbox) < 200_000


@pytest.mark.parametrize("reply", [b"RTSP/1.0 200", b"RTSP/1.0 200 ", b"RTSP/1.0 200\nx", b"RTSP/1.0 200 a\n\rb\r\n"])
def test_replies_without_end_keep_no_other_camera_waiting_for_its_turn(reply: bytes) -> None:
    inbox = Inbox()
    inbox.plays = True
    inbox.feed(reply * (260_000 // len(reply)))
    with at_most(1), suppress(NotRtsp):
        while inbox.take() is not None:
            pass


def test_bare_line_feeds_folded_headers_and_a_body_are_read() -> None:
    got = read(b"\r\nRTSP/1.0 200 OK\ncontent-LENGTH : 2\nX: a\nX: b\n\tc\n\nhi$\0\0\1x-rest")
    assert isinstance(got[0], Response)
    assert (got[0].status, got[0].body, got[0].values("x")) == (200, b"hi", ["a", "b c"])
    assert got[1:] == [b"\0x", "no RTSP"]


def test_what_came_in_bytes_costs_no_more_than_what_came_at_once() -> None:
    head = b"RTSP/1.0 200 OK\r\n" + b"X: " + b"x" * 60_000 + b"\r\n\r\n"
    with at_most(2):
        assert len(read(*(head[i : i + 1] for i in range(len(head))))) == 1


@pytest.mark.parametrize("length", ["-1", "65537", "9" * 30, "x", "٣"])
def test_a_body_without_bounds_is_not_read(length: str) -> None:
    assert read(f"RTSP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n".encode()) == ["no RTSP"]


def test_the_video_track_is_found_after_the_audio_one() -> None:
    body = (
        b"v=0\r\na=control:rtsp://10.0.0.1/all/\r\nm=audio 0 RTP/AVP 8\r\na=control:t0\r\nm=video 0 RTP/AVP 96\r\n"
        b"a=control:t1\r\na=rtpmap:96 h264/90000\r\na=fmtp:96 packetization-mode=1; "
        b"sprop-parameter-sets=Z0IAHg==,aM4=;x=1\r\n"
    )
    track = sdp.video(body)
    assert track
    assert (track.codec, track.control, track.session_control) == ("h264", "t1", "rtsp://10.0.0.1/all/")
    assert track.parameter_sets == (b"\x67\x42\x00\x1e", b"\x68\xce")


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\n\r"])
@pytest.mark.parametrize("lines", ["{}", " {}", "{}  "])
def test_a_description_is_read_as_cameras_write_it(end: str, lines: str) -> None:
    told = (
        "v=0", "a=control:rtsp://h/all", "m=audio 0 RTP/AVP 8", "a=rtpmap:8 PCMA/8000", "m=video 0 RTP/AVP 96 97",
        "a=rtpmap:97 H265/90000", "a=rtpmap: 96   H264/90000/1",
        "a=fmtp:96\tpacketization-mode=1; sprop-parameter-sets=Z0IAHtk,aM48gA", "a=control:  t1",
    )  # fmt: skip
    track = sdp.video(end.join(map(lines.format, told)).encode())
    assert track
    assert (track.codec, track.control, track.session_control) == ("h264", "t1", "rtsp://h/all")
    assert [one[:1] for one in track.parameter_sets] == [b"\x67", b"\x68"]


@pytest.mark.parametrize(
    ("lines", "codec"),
    [
        ("m=video 0 RTP/AVP 96|a=rtpmap:96 h264/90000", "h264"),
        ("m=video 0 RTP/AVP 96|a=rtpmap:96 H.264/90000", "h264"),
        ("m=video 0 RTP/AVP 96|a=rtpmap:96 H264", "h264"),
        ("m=Video 0 RTP/AVP 96|a=rtpmap:96 hevc/90000", "h265"),
        ("m=video 0 RTP/AVP 26|a=rtpmap:26 H265/90000", "h265"),
        ("m=video 0 RTP/AVP 96|a=rtpmap:98 H265/90000", "h265"),
        ("m=video 0 RTP/AVP 26|a=rtpmap:96 H264/90000", "jpeg"),  # until its packets say otherwise
        ("m=video 0 RTP/AVP 96", None),
        ("m=video 0 RTP/AVP 96|a=rtpmap:96 X-NEW/90000", None),
        ("m=application 0 RTP/AVP 107|a=rtpmap:107 vnd.onvif.metadata/90000|m=video 0 RTP/AVP 26", "jpeg"),
        ("m=video 0 RTP/AVP 99|a=rtpmap:99 X-META/9|m=video 0 RTP/AVP 96|a=rtpmap:96 H264/90000", "h264"),
        ("m=video 0 RTP/AVP 99|a=rtpmap:99 X-META/9|m=video 0 RTP/AVP 98", None),
    ],
)
def test_a_codec_is_known_by_what_cameras_call_it(lines: str, codec: str | None) -> None:
    track = sdp.video(f"v=0|{lines}".replace("|", "\r\n").encode())
    assert track
    assert track.codec == codec


@pytest.mark.parametrize(
    ("line", "size"),
    [
        ("a=framesize:26 2560-1440", (2560, 1440)),
        ("a=x-dimensions:2560,1440", (2560, 1440)),
        ("a=x-dimensions: 2560, 1440", (2560, 1440)),
        ("a=framesize:97 2560-1440", None),
        ("a=framesize:26 0-1440", None),
        ("", None),
    ],
)
def test_a_size_is_read_where_a_description_has_it(line: str, size: tuple[int, int] | None) -> None:
    track = sdp.video(f"v=0\r\nm=video 0 RTP/AVP 26\r\n{line}".encode())
    assert track
    assert track.size == size


def test_controls_are_joined_as_cameras_expect() -> None:
    assert sdp.join("rtsp://h/p?c=1/", "trackID=1") == "rtsp://h/p?c=1/trackID=1"
    assert sdp.join("rtsp://h/p", "*") == "rtsp://h/p"
    assert sdp.join("rtsp://h/p", "rtsp://h/q") == "rtsp://h/q"
    assert sdp.join("rtsp://h/p", "?trackID=1") == "rtsp://h/p?trackID=1"
    assert sdp.join("rtsp://h/p/?a=b", "?trackID=1") == "rtsp://h/p/?trackID=1"
    assert sdp.join("rtsp://h/live/1", "/live/1/trackID=1") == "rtsp://h/live/1/trackID=1"
    assert sdp.join("rtsp://h/live/", "/trackID=1") == "rtsp://h/live/trackID=1"


@pytest.mark.parametrize(
    ("base", "control"), [("rtsp://h/p", "x://["), ("rtsp://h//[x", "t1"), ("rtsp://h/p", "a://\u2100/")]
)
def test_a_track_that_looks_like_a_host_that_cannot_be_is_asked_for_as_it_stands(base: str, control: str) -> None:
    assert sdp.controls(base, control, base) == (f"{base}/{control}",)


@given(st.text(":/[]@?#x.\u2100"), st.text(":/[]@?#x.\u2100"))
def test_any_name_of_a_track_is_joined_without_a_crash(path: str, control: str) -> None:
    assert sdp.controls(f"rtsp://h/{path}", control, "rtsp://h/")


@given(
    st.binary() | st.text("m=video 09RTP/AVP\r\na=rtpmap:fmtp;sprop-").map(lambda s: f"m=video 0 RTP 9\n{s}".encode())
)
def test_any_description_is_read_without_a_crash(body: bytes) -> None:
    sdp.video(body)
