"""What comes off the wire: logins, messages, descriptions and packets, with vectors of the RFCs and with anything."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.cameras import sdp
from dondoc.cameras.depacketise import Depacketiser
from dondoc.cameras.digest import Login, choose, parse_challenges
from dondoc.cameras.message import NotRtsp, Response, content_length, parse_head, read_response
from dondoc.demo import clips, rtp


def response(user: str, password: str, challenge: str, uri: str, cnonce: str) -> str:
    chosen = choose(parse_challenges([challenge]))
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


@pytest.mark.parametrize(
    ("offers", "method"),
    [
        (['Basic realm="x"', 'Digest realm="x", nonce="1"'], "MD5"),
        (['Digest realm="x", nonce="1", Digest realm="x", nonce="1", algorithm=SHA-256, Basic realm="x"'], "SHA-256"),
        (['Basic realm="x"'], "BASIC"),
        (['Digest realm="x", nonce="1", qop="auth-int"'], None),
        (['Digest realm="x", nonce="1", algorithm=SHA-512-256'], None),
        (['Negotiate abc'], None),
        ([], None),
    ],
)  # fmt: skip
def test_the_strongest_login_offered_is_chosen(offers: list[str], method: str | None) -> None:
    chosen = choose(parse_challenges(offers))
    assert (chosen.method if chosen else None) == method


@given(st.lists(st.text() | st.text('Digest realm=",\\x noce1').map("Digest ".__add__), max_size=3))
def test_any_challenge_is_read_without_a_crash(values: list[str]) -> None:
    if chosen := choose(parse_challenges(values)):
        header = Login("u", "bi-mat-9", chosen).header("DESCRIBE", "rtsp://x/")
        assert "bi-mat-9" not in header


@given(st.lists(st.binary(), max_size=6) | st.lists(st.binary(max_size=9).map(b"RTSP/1.0 200 OK".__add__), max_size=2))
def test_any_head_is_a_response_or_no_rtsp(lines: list[bytes]) -> None:
    with suppress(NotRtsp):
        content_length(parse_head(lines))


def read(data: bytes) -> Response | bytes:
    async def run() -> Response | bytes:
        reader = asyncio.StreamReader(limit=2**16)
        reader.feed_data(data)
        reader.feed_eof()
        return await read_response(reader)

    return asyncio.run(run())


@given(st.binary(max_size=60) | st.binary(max_size=60).map(b"RTSP/1.0 200 OK\r\n".__add__))
def test_any_bytes_are_a_response_a_packet_no_rtsp_or_an_early_end(data: bytes) -> None:
    with suppress(NotRtsp, asyncio.IncompleteReadError):
        assert isinstance(read(data), Response | bytes)


def test_bare_line_feeds_and_a_body_are_read() -> None:
    got = read(b"\r\nRTSP/1.0 200 OK\ncontent-LENGTH : 2\nX: a\nX: b\n\nhi-rest")
    assert isinstance(got, Response)
    assert (got.status, got.body, got.headers["x"]) == (200, b"hi", ["a", "b"])


@pytest.mark.parametrize("length", ["-1", "65537", "9" * 30, "x", "٣"])
def test_a_body_without_bounds_is_not_read(length: str) -> None:
    with pytest.raises(NotRtsp):
        read(f"RTSP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n".encode())


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


def test_controls_are_joined_as_cameras_expect() -> None:
    assert sdp.join("rtsp://h/p?c=1/", "trackID=1") == "rtsp://h/p?c=1/trackID=1"
    assert sdp.join("rtsp://h/p", "*") == "rtsp://h/p"
    assert sdp.join("rtsp://h/p", "rtsp://h/q") == "rtsp://h/q"


@given(
    st.binary() | st.text("m=video 09RTP/AVP\r\na=rtpmap:fmtp;sprop-").map(lambda s: f"m=video 0 RTP 9\n{s}".encode())
)
def test_any_description_is_read_without_a_crash(body: bytes) -> None:
    sdp.video(body)


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("start", [0, 3])
def test_a_key_picture_comes_out_of_the_packets_whole(codec: str, start: int) -> None:
    clip = clips.clip("moving", codec)
    collected, sequence = Depacketiser(codec), 65_530
    for number in range(start, len(clip.units)):
        for packet in rtp.packets(clip.units[number], codec, sequence, number * 9000):
            sequence += 1
            if picture := collected.feed(packet[4:]):
                assert set(clips.nal_units(picture)) == {n.rstrip(b"\0") for n in clip.units[number]}
                return
    pytest.fail("no key picture")


def test_a_picture_that_lost_a_piece_is_not_handed_on() -> None:
    unit = (b"\x65" + bytes(range(1, 251)) * 20,)
    packets = [p[4:] for p in rtp.packets(unit, "h264", 1, 9000)]
    collected = Depacketiser("h264")
    assert [collected.feed(p) for p in packets[:1] + packets[2:]] == [None] * (len(packets) - 1)


@given(st.lists(st.binary(max_size=40) | st.binary(min_size=11, max_size=40).map(b"\x80".__add__), max_size=8))
def test_any_packet_is_taken_without_a_crash(packets: list[bytes]) -> None:
    for codec in ("h264", "h265"):
        collected = Depacketiser(codec)
        for packet in packets:
            collected.feed(packet)
