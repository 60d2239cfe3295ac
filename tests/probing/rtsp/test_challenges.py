"""How cameras ask for a login, as it comes off the wire: the right answer once, the password itself never where Digest
was offered. The camera here computes what it expects out of its own bytes, by RFC 2617 and RFC 7616."""

import asyncio
import hashlib
import re
from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_network
from typing import NamedTuple

import pytest

from dondoc.probing.probe import probe
from dondoc.probing.verdicts import Finding, Target
from tests.probing.misbehaving import SDP, Visit

pytestmark = pytest.mark.slow

LOOPBACK = [ip_network("127.0.0.0/8")]
USER, PASSWORD = "trực ban", 'Mật"khẩu\\9'
HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


class Kind(NamedTuple):
    """`offers`: values of WWW-Authenticate. `realm`: as it is hashed; None: no login may be sent."""

    offers: tuple[bytes, ...]
    realm: bytes | None = b"cam"
    used: str = "MD5"
    nonce: bytes = b"n1"
    basic: bool = False


def gbk(text: str) -> bytes:
    return text.encode("gbk")


KINDS = {
    "GBK whose second byte is a backslash, quotes escaped": Kind(
        (b'Digest realm="' + gbk("乗乗") + b'\\"x\\"", nonce="n1", algorithm=MD5',), gbk("乗乗") + b'"x"'
    ),
    "UTF-8 right before an escaped quote": Kind(
        ('Digest realm="Cổ\\"ng ổ\\"", nonce="n1"'.encode(),), 'Cổ"ng ổ"'.encode()
    ),
    "Latin-1": Kind((b'Digest realm="Cam\xe9ra du march\xe9", nonce="n1"',), b"Cam\xe9ra du march\xe9"),
    "no-break spaces and a tab within": Kind((b'Digest realm="IP\xa0Camera\t1", nonce="n1"',), b"IP\xa0Camera\t1"),
    "UTF-16": Kind((b'Digest realm="\xff\xfeC\0a\0m\0", nonce="n1"',), b"\xff\xfeC\0a\0m\0"),
    "a terminal's colours": Kind((b'Digest realm="\x1b[1mCam\x1b[0m", nonce="n1"',), b"\x1b[1mCam\x1b[0m"),
    "Big5": Kind((b'Digest realm="' + "功能攝影機".encode("big5") + b'", nonce="n1"',), "功能攝影機".encode("big5")),
    "Shift-JIS": Kind(
        (b'Digest realm="' + "カメラ".encode("shift-jis") + b'",nonce="n1"',), "カメラ".encode("shift-jis")
    ),
    "an empty realm": Kind((b'Digest realm="", nonce="n1"',), b""),
    "no realm": Kind((b'Digest nonce="n1"',), b""),
    "a realm of challenges": Kind((b'Digest realm="Basic realm=x, Digest", nonce="n1"',), b"Basic realm=x, Digest"),
    "no nonce": Kind((b'Digest realm="cam"', b'Basic realm="cam"'), None),
    "an empty nonce": Kind((b'Digest realm="cam", nonce=""',), nonce=b""),
    "a nonce with escapes": Kind((b'Digest realm="cam", nonce="a\\"b"',), nonce=b'a"b'),
    "an unknown algorithm before a known one": Kind(
        (b'Digest realm="cam", nonce="n0", algorithm=SHA-512-256', b'Digest realm="cam", nonce="n1", algorithm=MD5')
    ),
    "an unknown algorithm beside a known one in one line": Kind(
        (b'Digest realm="cam", nonce="n0", algorithm=SM3, Digest realm="cam", nonce="n1"',)
    ),
    "SHA-512-256 alone, and Basic": Kind(
        (b'Basic realm="cam"', b'Digest realm="cam", nonce="n1", algorithm=SHA-512-256'), None
    ),
    "MD5-sess": Kind((b'Digest realm="cam", nonce="n1", algorithm=MD5-sess, qop="auth"',), used="MD5-sess"),
    "MD5-sess without qop": Kind((b'Digest realm="cam", nonce="n1", algorithm=MD5-sess',), used="MD5-sess"),
    "an algorithm in quotes, in small letters": Kind((b'Digest realm="cam", nonce="n1", algorithm="md5"',)),
    "an algorithm with a blank behind it": Kind((b'Digest realm="cam", nonce="n1", algorithm="MD5 "',)),
    "an empty algorithm": Kind((b'Digest realm="cam", nonce="n1", algorithm="", qop="auth"',)),
    "an empty algorithm without quotes": Kind((b'Digest realm="cam", algorithm=, nonce="n1"',)),
    "SHA-256 in quotes with userhash": Kind(
        (b'Digest realm="cam", nonce="n1", algorithm="SHA-256", userhash=true, charset=UTF-8, qop="auth"',),
        used="SHA-256",
    ),
    "SHA-256 without its dash": Kind((b'Digest realm="cam", nonce="n1", algorithm=SHA256',), used="SHA-256"),
    "auth-int only, and Basic": Kind((b'Digest realm="cam", nonce="n1", qop="auth-int"', b'Basic realm="cam"'), None),
    "auth-int first": Kind((b'Digest realm="cam", nonce="n1", qop="auth-int, auth"',)),
    "two qualities without quotes": Kind((b"Digest realm=cam, qop=auth,auth-int, nonce=n1",)),
    "an empty qop, and Basic": Kind((b'Basic realm="cam", Digest realm="cam", nonce="n1", qop=""',)),
    "a qop of blanks and commas": Kind((b'Digest realm="cam", nonce="n1", qop=" , "',)),
    "stale though nothing was sent": Kind((b'Digest realm="cam", nonce="n1", stale=TRUE',)),
    "Basic and Digest in one line without a comma": Kind((b'Digest realm="cam", nonce="n1" Basic realm="y"',)),
    "a duplicate of each": Kind((b'Digest realm="cam", nonce="n1"', b'Basic realm="cam"') * 3),
    "a parameter twice: the first counts": Kind((b'Digest realm="cam", nonce="n1", nonce="n2", realm="other"',)),
    "folded": Kind((b'Digest\r\n realm="cam",\r\n\tnonce="n1",\r\n  qop="auth"',)),
    "strongest last": Kind(
        (
            b'Basic realm="cam"',
            b'Digest realm="cam", nonce="n0", algorithm=MD5',
            b'Digest realm="cam", nonce="n1", algorithm=SHA-256, qop="auth"',
        ),
        used="SHA-256",
    ),
    "strongest first": Kind(
        (
            b'Digest realm="cam", nonce="n1", algorithm=SHA-256, qop="auth"',
            b'Digest realm="cam", nonce="n0", algorithm=MD5',
            b'Basic realm="cam"',
        ),
        used="SHA-256",
    ),
    "no commas at all": Kind((b'Digest realm="cam" nonce="n1" algorithm="MD5" stale="FALSE"',)),
    "semicolons": Kind((b'Digest realm="cam"; nonce="n1"; algorithm="MD5"',)),
    "no blank after the comma, many before the value": Kind((b'Digest   realm =  "cam",nonce="n1",opaque=""',)),
    "small letters": Kind((b'digest REALM="cam", NONCE="n1"',)),
    "a realm without quotes": Kind((b"Digest realm=IP Camera (B1), nonce=n1, stale=FALSE",), b"IP Camera (B1)"),
    "Negotiate and NTLM before": Kind((b"Negotiate", b"NTLM", b'Digest realm="cam", nonce="n1"')),
    "Bearer in the same line": Kind((b'Bearer realm="b", scope="x", Digest realm="cam", nonce="n1"',)),
    "an opaque with everything": Kind((b'Digest realm="cam", nonce="n1", opaque="a,b=c; d"',)),
    "Basic without a realm": Kind((b"Basic",), used="Basic", basic=True),
    "Basic in UTF-8": Kind((b'Basic realm="cam", charset="UTF-8"',), used="Basic", basic=True),
    "Digest without anything, and Basic": Kind((b"Digest", b'Basic realm="cam"'), None),
    "nothing": Kind((), None),
    "an empty value": Kind((b"",), None),
}


class Locked:
    """A camera that takes the right login alone. `given`: the logins that it was sent."""

    def __init__(self, kind: Kind) -> None:
        self.kind, self.given = kind, list[bytes]()
        self._key = b""  # of a session: MD5-sess makes it once

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        here = Visit(reader, writer, [])
        offers = b"".join(b"WWW-Authenticate: " + one + b"\r\n" for one in self.kind.offers)
        with suppress(asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            while method := await here.asked():
                given = re.search(rb"\r\nAuthorization: (.*)\r\n", here.heard[-1])
                self.given += [given[1]] if given else []
                if method == b"OPTIONS":
                    await here.reply()
                elif given and self._is_right(method, given[1]):
                    await self._play(here, method)
                else:
                    await here.reply(b"401 Unauthorized", offers)
        writer.close()

    async def _play(self, here: Visit, method: bytes) -> None:
        """Grants all but a picture: SETUP and PLAY are asked under the same login."""
        if method == b"SETUP":
            await here.reply(more=b"Session: 7\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n")
        elif method == b"PLAY":
            await here.reply(b"455 Not Now")
        else:
            await here.reply(body=SDP)

    def _is_right(self, method: bytes, given: bytes) -> bool:
        if self.kind.basic:
            return given == b"Basic " + b64encode(f"{USER}:{PASSWORD}".encode())
        uri, _, rest = given.partition(b'uri="')[2].partition(b'"')  # what stands before, the camera knows itself
        parts = dict(re.findall(rb'(\w+)="?([^",\s]*)', rest))
        used = HASHES[self.kind.used.removesuffix("-sess")]

        def hashed(*words: bytes) -> bytes:
            return used(b":".join(words)).hexdigest().encode()

        assert self.kind.realm is not None
        cnonce, count, nonce = parts.get(b"cnonce", b""), parts.get(b"nc", b""), self.kind.nonce
        secret, what = hashed(USER.encode(), self.kind.realm, PASSWORD.encode()), hashed(method, uri)
        if self.kind.used.endswith("-sess"):
            self._key = self._key or hashed(secret, nonce, cnonce)
            secret = self._key
        between = (count, cnonce, b"auth") if b"qop" in parts else ()
        return parts.get(b"response") == hashed(secret, nonce, *between, what)


def asked(camera: Locked, stage: int = 1) -> Finding:
    async def run() -> Finding:
        server = await asyncio.start_server(camera.visit, "127.0.0.1", 0)
        url = f"rtsp://127.0.0.1:{server.sockets[0].getsockname()[1]}/1"
        found = await probe(Target("x", url, USER, PASSWORD), stage=stage, allow=LOOPBACK, timeout=5.0)
        server.close()
        return found

    return asyncio.run(run())


def schemes(given: Sequence[bytes]) -> set[bytes]:
    return {one.partition(b" ")[0] for one in given}


@pytest.mark.parametrize("name", KINDS)
def test_a_camera_gets_the_login_that_it_asks_for_and_no_other(name: str) -> None:
    kind = KINDS[name]
    found = asked(camera := Locked(kind))
    if kind.realm is None:
        assert (found.verdict, camera.given) == ("auth_required", [])
        return
    assert found.verdict == "ok", found.steps
    assert len(camera.given) == 1
    assert schemes(camera.given) == ({b"Basic"} if kind.basic else {b"Digest"})


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.realm is not None and not kind.basic])
def test_a_wrong_login_is_sent_once_however_it_is_asked_for(name: str) -> None:
    kind = KINDS[name]
    camera = Locked(kind._replace(realm=b"another"))
    assert asked(camera).verdict == "auth_failed"
    assert len(camera.given) == 1


@pytest.mark.parametrize("name", ["MD5-sess", "auth-int first", "no realm"])
def test_the_same_login_is_good_for_all_that_is_asked_after_it(name: str) -> None:
    """A key of a session is made of the first client's nonce: one that changes with each request breaks it."""
    found = asked(camera := Locked(KINDS[name]), stage=2)
    assert (found.verdict, "PLAY không được chấp nhận: mã 455" in found.detail) == ("server_error", True)
    assert len(camera.given) == 4  # DESCRIBE, SETUP, PLAY, TEARDOWN
