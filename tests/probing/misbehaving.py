"""Servers that misbehave, each on a port of its own: raw scripts over TCP, for what no camera library would send."""

import asyncio
import gzip
import socket
import ssl
import struct
from collections import defaultdict
from collections.abc import Awaitable, Callable

from dondoc.demo.served import Served

SDP = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
SOUND = b"v=0\r\ns=-\r\nm=audio 0 RTP/AVP 0\r\na=control:t0\r\n"
BLANK, PUBLIC = b"\r\n\r\n", b"RTSP/1.0 200 OK\r\nCSeq: %s\r\nPublic: DESCRIBE\r\n\r\n"
PACKET = b"$\x00\x00\x04abcd"


class Visit:
    """The server's side of one connection. `cseq` is that of the last request."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, heard: list[bytes]) -> None:
        self.reader, self.writer, self.heard = reader, writer, heard
        self.cseq = b"0"

    async def asked(self) -> bytes:
        """The method of the next request."""
        head = await self.reader.readuntil(BLANK)
        self.heard.append(head)
        self.cseq = head.partition(b"CSeq: ")[2].partition(b"\r\n")[0]
        return head.partition(b" ")[0]

    async def say(self, data: bytes) -> None:
        """Bytes as they are, with the number of the request for %s."""
        self.writer.write(data.replace(b"%s", self.cseq))
        await self.writer.drain()

    async def reply(self, status: bytes = b"200 OK", more: bytes = b"", body: bytes = b"") -> None:
        length = b"Content-Length: %d\r\n" % len(body) if body else b""
        await self.say(b"RTSP/1.0 " + status + b"\r\nCSeq: %s\r\n" + more + length + b"\r\n" + body)

    async def described(self) -> None:
        """Whatever is asked is answered as a good camera does, until nothing more is asked."""
        while (method := await self.asked()) != b"TEARDOWN":
            await (self.reply(body=SDP) if method == b"DESCRIBE" else self.reply())

    async def opened(self) -> None:
        """OPTIONS answered, DESCRIBE asked."""
        await self.asked()
        await self.reply()
        await self.asked()

    def reset(self) -> None:
        handle = self.writer.get_extra_info("socket")
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def for_ever(self, data: bytes, pause: float = 0) -> None:
        while True:
            await self.say(data)
            await asyncio.sleep(pause)


Script = Callable[[Visit], Awaitable[None]]
HEAD = b"RTSP/1.0 200 OK\r\nCSeq: %s\r\n"
GOOD = HEAD + b"Content-Length: %d\r\n\r\n" % len(SDP) + SDP
# What is answered to DESCRIBE, after OPTIONS went well; the connection stays open.
DESCRIPTIONS = {
    "line feeds only": GOOD.removesuffix(SDP).replace(b"\r\n", b"\n") + SDP,
    "lower case": GOOD.replace(b"RTSP/1.0", b"rtsp/1.0").replace(b"Content-Length", b"content-length"),
    "version 2.0": GOOD.replace(b"RTSP/1.0", b"RTSP/2.0"),
    "version 0.9": GOOD.replace(b"RTSP/1.0", b"RTSP/0.9"),
    "no reason": GOOD.replace(b"200 OK", b"200"),
    "reason in another code": GOOD.replace(b"OK", b"\xff\xfe\x00\x1b[31m"),
    "status is a word": GOOD.replace(b"200 OK", b"OK"),
    "status of two digits": GOOD.replace(b"200 OK", b"20 OK"),
    "blank lines before": b"\r\n\n\r\n" + GOOD,
    "a thousand headers": HEAD + b"X-More: and more\r\n" * 1000 + GOOD.removeprefix(HEAD),
    "folded headers": GOOD.replace(b"Content-Length: ", b"X: a\r\n  b\r\nContent-Length:\r\n\t"),
    "headers without a colon": HEAD + b"what\r\n:\r\n\x00\x01\x02: \x03\r\n" + GOOD.removeprefix(HEAD),
    "odd session": HEAD + b"Session: \x1b;;timeout=-1;" + b"x" * 9000 + b"\r\n" + GOOD.removeprefix(HEAD),
    "wrong CSeq": GOOD.replace(b"%s", b"99"),
    "no CSeq": GOOD.replace(b"CSeq: %s\r\n", b""),
    "CSeq is a word": GOOD.replace(b"%s", b"two"),
    "interim replies": b"RTSP/1.0 100 Continue\r\n\r\n" * 3 + GOOD,
    "asks us first": b"ANNOUNCE rtsp://x/ RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 4\r\n\r\nwhat" + GOOD,
    "packets before": PACKET * 50 + GOOD,
    "a huge packet before": b"$\x07\xff\xff" + b"\0" * 65535 + GOOD,
    "length too short": GOOD.replace(b"Length: %d" % len(SDP), b"Length: %d" % (len(SDP) - 8)),
    "length too long": GOOD.replace(b"Length: %d" % len(SDP), b"Length: %d" % (len(SDP) + 8)),
    "length negative": GOOD.replace(b"Length: ", b"Length: -"),
    "length a word": GOOD.replace(b"Length: ", b"Length: about "),
    "length a gigabyte": GOOD.replace(b"Length: %d" % len(SDP), b"Length: 1073741824"),
    "no length": HEAD + b"\r\n" + SDP,
    "no description": HEAD + b"\r\n",
    "description of sound": HEAD + b"Content-Length: %d\r\n\r\n" % len(SOUND) + SOUND,
    "description binary": HEAD + b"Content-Length: 256\r\n\r\n" + bytes(range(256)),
    "description compressed": HEAD
    + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(gzip.compress(SDP))
    + gzip.compress(SDP),
    "description in HTML": HEAD + b"Content-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>",
    "two pictures": HEAD + b"Content-Length: %d\r\n\r\n" % (2 * len(SDP)) + SDP + SDP,
    "picture without its kind": HEAD + b"Content-Length: 26\r\n\r\nv=0\r\nm=video 0 RTP/AVP 96\n",
    "login of no kind": b"RTSP/1.0 401 Unauthorized\r\nCSeq: %s\r\n\r\n",
    "login by Negotiate": b"RTSP/1.0 401 Unauthorized\r\nCSeq: %s\r\nWWW-Authenticate: Negotiate\r\n\r\n",
    "login by another hash": b"RTSP/1.0 401 No\r\nCSeq: %s\r\nWWW-Authenticate: Digest realm=a, nonce=b, "
    b"algorithm=SHA-512-256, Basic realm=a\r\n\r\n",
    "login by auth-int": b'RTSP/1.0 401 No\r\nCSeq: %s\r\nWWW-Authenticate: Digest realm=a, nonce=b, qop="auth-int"\r\n'
    b"WWW-Authenticate: Basic realm=a\r\n\r\n",
    "login of garbage": b'RTSP/1.0 401 No\r\nCSeq: %s\r\nWWW-Authenticate: Digest "=,=\\",' + b"=" * 3000 + BLANK,
    "redirect without a place": b"RTSP/1.0 302 Found\r\nCSeq: %s\r\n\r\n",
    "redirect to garbage": b"RTSP/1.0 302 Found\r\nCSeq: %s\r\nLocation: rtsp://[::1/\x1b]\r\n\r\n",
    "redirect to the web": b"RTSP/1.0 301 Moved\r\nCSeq: %s\r\nLocation: http://127.0.0.1/\r\n\r\n",
    "redirect to the metadata": b"RTSP/1.0 302 Found\r\nCSeq: %s\r\nLocation: rtsp://169.254.169.254/\r\n\r\n",
    "redirect to a proxy": b"RTSP/1.0 305 Use Proxy\r\nCSeq: %s\r\nLocation: rtsp://127.0.0.1/\r\n\r\n",
}
STATUSES = (299, 300, 400, 403, 404, 405, 406, 407, 410, 451, 453, 454, 455, 461, 500, 501, 503, 505, 551, 999)
# What is said before anything was asked.
BANNERS = {
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "FTP": b"220 ready\r\n",
    "Telnet": b"\xff\xfd\x18\xff\xfd\x20login: ",
    "noise": bytes(range(128, 256)) * 9,
    "words": b"HELLO\r\n",
    "zeros": b"\0" * 100,
}
SCRIPTS: dict[str, Script] = {}


def script(name: str) -> Callable[[Script], Script]:
    def keep(made: Script) -> Script:
        SCRIPTS[name] = made
        return made

    return keep


@script("good")
async def _good(visit: Visit) -> None:
    await visit.described()


@script("slow but good")
async def _slow(visit: Visit) -> None:
    for body in (b"", SDP):
        await visit.asked()
        await asyncio.sleep(0.3)
        await visit.reply(body=body)


@script("byte by byte")
async def _split(visit: Visit) -> None:
    await visit.asked()
    await visit.reply()
    await visit.asked()
    for at in range(len(whole := GOOD.replace(b"%s", visit.cseq))):
        await visit.say(whole[at : at + 1])
        await asyncio.sleep(0)


@script("answers OPTIONS twice")
async def _twice(visit: Visit) -> None:
    await visit.asked()
    await visit.say(PUBLIC + PUBLIC)
    await visit.asked()
    await visit.reply(body=SDP)


@script("says no to OPTIONS")
async def _stubborn(visit: Visit) -> None:
    await visit.asked()
    await visit.reply(b"405 Method Not Allowed")
    await visit.asked()
    await visit.reply(body=SDP)


@script("silent")
async def _silent(visit: Visit) -> None:
    await asyncio.Event().wait()


@script("silent after OPTIONS")
async def _silent_later(visit: Visit) -> None:
    await visit.opened()
    await asyncio.Event().wait()


@script("drips")
async def _drips(visit: Visit) -> None:
    await visit.opened()
    for at in range(len(GOOD)):
        await visit.say(GOOD[at : at + 1])
        await asyncio.sleep(0.1)


@script("drips blank lines")
async def _drips_blanks(visit: Visit) -> None:
    await visit.for_ever(b"\r\n", 0.01)


@script("packets without end")
async def _packets(visit: Visit) -> None:
    await visit.opened()
    await visit.for_ever(PACKET * 1000, 0.01)


@script("headers without end")
async def _headers(visit: Visit) -> None:
    await visit.asked()
    await visit.say(HEAD)
    await visit.for_ever(b"X-More: and more\r\n" * 100)


@script("a line without end")
async def _line(visit: Visit) -> None:
    await visit.asked()
    await visit.say(b"RTSP/1.0 200 ")
    await visit.for_ever(b"O" * 9000)


@script("interim replies without end")
async def _interim(visit: Visit) -> None:
    await visit.asked()
    await visit.for_ever(b"RTSP/1.0 100 Continue\r\n\r\n")


@script("asks us without end")
async def _asks(visit: Visit) -> None:
    await visit.asked()
    await visit.for_ever(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")


@script("web server")
async def _web(visit: Visit) -> None:
    await visit.asked()
    await visit.say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


@script("closes at once")
async def _closes(visit: Visit) -> None:
    return


@script("resets at once")
async def _resets(visit: Visit) -> None:
    visit.reset()


@script("closes when asked")
async def _closes_asked(visit: Visit) -> None:
    await visit.asked()


@script("closes within the head")
async def _closes_head(visit: Visit) -> None:
    await visit.asked()
    await visit.say(HEAD)


@script("closes within the body")
async def _closes_body(visit: Visit) -> None:
    await visit.opened()
    await visit.say(GOOD[:-9])


@script("resets within the body")
async def _resets_body(visit: Visit) -> None:
    await visit.opened()
    await visit.say(GOOD[:-9])
    visit.reset()


@script("replies and resets")
async def _reset_after(visit: Visit) -> None:
    await visit.opened()
    await visit.say(GOOD)
    visit.reset()


@script("replies and half closes")
async def _half(visit: Visit) -> None:
    await visit.opened()
    await visit.say(GOOD)
    visit.writer.write_eof()
    await asyncio.sleep(5)


@script("closes after asking for a login")
async def _reopens(visit: Visit) -> None:
    while method := await visit.asked():
        if method == b"OPTIONS":
            await visit.reply()
        elif b"Authorization" in visit.heard[-1]:
            await visit.reply(body=SDP)
        else:
            await visit.reply(b"401 No", b"Connection: close\r\nWWW-Authenticate: Digest realm=a, nonce=b\r\n")
            return


@script("refuses every login")
async def _refuses(visit: Visit) -> None:
    while await visit.asked():
        await visit.reply(b"401 No", b"WWW-Authenticate: Digest realm=a, nonce=b\r\n")


@script("hangs up after its 401")
async def _hangs_up(visit: Visit) -> None:
    """Says nothing of it, and only when the next request has come."""
    while method := await visit.asked():
        if method == b"OPTIONS":
            await visit.reply()
        elif len(visit.heard) > 3:
            await visit.reply(body=SDP)
        elif b"Authorization" in visit.heard[-1]:
            return
        else:
            await visit.reply(b"401 No", b"WWW-Authenticate: Digest realm=a, nonce=b\r\n")


BOTH = b"WWW-Authenticate: Digest realm=a, nonce=b, algorithm=SHA-256\r\nWWW-Authenticate: Digest realm=a, nonce=b\r\n"


def _broken_sha(answer: bytes | None) -> Script:
    async def play(visit: Visit) -> None:
        while method := await visit.asked():
            if method == b"OPTIONS":
                await visit.reply()
            elif b"algorithm=SHA-256" in visit.heard[-1]:
                if answer is None:
                    return
                await visit.reply(answer, BOTH)
            elif b"Authorization" in visit.heard[-1]:
                await visit.reply(body=SDP)
            else:
                await visit.reply(b"401 No", BOTH)

    return play


SCRIPTS["SHA-256 unanswered"] = _broken_sha(None)
SCRIPTS["SHA-256 not understood"] = _broken_sha(b"400 Bad")
SCRIPTS["SHA-256 refused"] = _broken_sha(b"401 No")


@script("always stale")
async def _stale(visit: Visit) -> None:
    while await visit.asked():
        await visit.reply(b"401 No", b"WWW-Authenticate: Digest realm=a, nonce=b, stale=TRUE\r\n")


@script("stale anew each time")
async def _stale_anew(visit: Visit) -> None:
    while await visit.asked():
        await visit.reply(b"401 No", b"WWW-Authenticate: Digest realm=a, nonce=%s, stale=TRUE\r\n")


@script("stale to get Basic")
async def _downgrade(visit: Visit) -> None:
    await visit.opened()
    await visit.reply(b"401 No", b"WWW-Authenticate: Digest realm=a, nonce=b\r\n")
    while await visit.asked():
        await visit.reply(b"401 No", b"WWW-Authenticate: Basic realm=a, stale=TRUE\r\n")


@script("silent after the login")
async def _swallows(visit: Visit) -> None:
    await visit.opened()
    await visit.reply(b"401 No", b"WWW-Authenticate: Digest realm=a, nonce=b\r\n")
    await asyncio.Event().wait()


def _describes(data: bytes) -> Script:
    async def play(visit: Visit) -> None:
        await visit.opened()
        await visit.say(data)
        await asyncio.Event().wait()

    return play


def _greets(data: bytes) -> Script:
    async def play(visit: Visit) -> None:
        await visit.say(data)
        await asyncio.Event().wait()

    return play


for _name, _data in DESCRIPTIONS.items():
    SCRIPTS[_name] = _describes(_data)
for _name, _data in BANNERS.items():
    SCRIPTS[f"greets: {_name}"] = _greets(_data)
for _status in STATUSES:
    SCRIPTS[f"status {_status}"] = _describes(b"RTSP/1.0 %d Hm\r\nCSeq: %%s\r\n\r\n" % _status)


class Servers(Served):
    """Serves in a thread of its own between `with` and its end. `heard` keeps every request by kind."""

    def __init__(self, secure: ssl.SSLContext) -> None:
        self.heard: dict[str, list[bytes]] = defaultdict(list)
        self.ports: dict[str, int] = {}
        self._secure = secure

    def url(self, kind: str, scheme: str = "rtsp") -> str:
        return f"{scheme}://127.0.0.1:{self.ports[kind]}/1?token=chia-khoa"

    async def start(self) -> list[asyncio.Server]:
        scripts = {**SCRIPTS, **{f"redirects {status}": self._pointing(status) for status in (301, 302, 307)}}
        scripts["redirects to itself"] = self._pointing(302, "redirects to itself")
        scripts["redirects with a password"] = self._pointing(302, "refuses every login", "khac:mat-khau@")
        opened = [await self._start(kind, play) for kind, play in scripts.items()]
        return [*opened, await self._start("speaks TLS", SCRIPTS["good"], self._secure)]

    async def _start(self, kind: str, play: Script, secure: ssl.SSLContext | None = None) -> asyncio.Server:
        async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await play(Visit(reader, writer, self.heard[kind]))
            except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass  # the visitor left, or the server closes
            finally:
                writer.close()

        server = await asyncio.start_server(visit, "127.0.0.1", 0, ssl=secure)
        self.ports[kind] = server.sockets[0].getsockname()[1]
        return server

    def _pointing(self, status: int, to: str = "good", info: str = "") -> Script:
        async def play(visit: Visit) -> None:
            await visit.opened()
            place = self.url(to).replace("//", f"//{info}")
            await visit.reply(b"%d Elsewhere" % status, b"Location: " + place.encode() + b"\r\n")
            await asyncio.Event().wait()

        return play
