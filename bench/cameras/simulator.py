"""Cameras that cost as little as possible, so that the prober is what is measured, not they.

Every address of 127.0.0.0/8 is a camera. Three ports: without a password, with Digest, and one that never answers.
`python simulator.py` serves until it is told to stop; one JSON line on standard output says where.
"""

import asyncio
import hashlib
import json
import re
import resource
import socket
import sys

USER, PASSWORD = "ioc", "bench"
KINDS = ("open", "digest", "hanging")
_BODY = (
    b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\n"
    b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:trackID=1\r\n"
)
_DESCRIBED = b"Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
_PUBLIC = b"Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n"
_CHALLENGE = b'WWW-Authenticate: Digest realm="camera", nonce="%s"\r\n\r\n' % (b"0d" * 16)
_REQUEST = re.compile(rb"([A-Z_]+) (\S+) RTSP/1\.0\r\n.*?CSeq: ?(\d+).*?\r\n\r\n", re.DOTALL | re.IGNORECASE)
_ANSWER = re.compile(rb'uri="([^"]*)", response="([0-9a-f]{32})"')
_SECRET = hashlib.md5(f"{USER}:camera:{PASSWORD}".encode()).hexdigest()


class Camera(asyncio.Protocol):
    def __init__(self, locked: bool) -> None:
        self._locked, self._data = locked, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        while found := _REQUEST.match(self._data):
            self._data = self._data[found.end() :]
            self._transport.write(self._answer(found))  # type: ignore[attr-defined]

    def _answer(self, request: re.Match[bytes]) -> bytes:
        method, cseq = request[1], request[3]
        if method == b"OPTIONS":
            return b"RTSP/1.0 200 OK\r\nCSeq: %s\r\n%s" % (cseq, _PUBLIC)
        if self._locked and not _good(request[0]):
            return b"RTSP/1.0 401 Unauthorized\r\nCSeq: %s\r\n%s" % (cseq, _CHALLENGE)
        return b"RTSP/1.0 200 OK\r\nCSeq: %s\r\n%s" % (cseq, _DESCRIBED)


class Hanging(asyncio.Protocol):
    """Takes the connection and says nothing."""


def _good(request: bytes) -> bool:
    found = _ANSWER.search(request)
    if not found:
        return False
    what = hashlib.md5(b"DESCRIBE:" + found[1]).hexdigest()
    return found[2].decode() == hashlib.md5(f"{_SECRET}:{'0d' * 16}:{what}".encode()).hexdigest()


async def serve() -> None:
    loop = asyncio.get_running_loop()
    makers = (lambda: Camera(False), lambda: Camera(True), Hanging)
    servers = [await loop.create_server(m, sock=_bound(), backlog=4096) for m in makers]
    ports = dict(zip(KINDS, (s.sockets[0].getsockname()[1] for s in servers), strict=True))
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def _bound() -> socket.socket:
    made = socket.socket()
    made.bind(("0.0.0.0", 0))
    return made


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(serve())
