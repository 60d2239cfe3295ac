"""Cameras that cost as little as possible, so that the prober is what is measured, not they.

Every address of 127.0.0.0/8 is a camera. Three ports: without a password, with Digest, and one that never answers.
`python simulator.py` serves until it is told to stop; one JSON line on standard output says where.
"""

import hashlib
import json
import os
import re
import resource
import select
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
_CSEQ = re.compile(rb"CSeq: ?(\d+)", re.IGNORECASE)
_ANSWER = re.compile(rb'uri="([^"]*)", response="([0-9a-f]{32})"')
_SECRET = hashlib.md5(f"{USER}:camera:{PASSWORD}".encode()).hexdigest()


class Cameras:
    """Bare descriptors and one epoll, for asyncio would take as much of the machine as what is measured."""

    def __init__(self) -> None:
        self._listening = {kind: _bound() for kind in KINDS}
        self._kinds = {made.fileno(): kind for kind, made in self._listening.items()}  # of cameras, too
        self._poll = select.epoll()
        for number in self._kinds:
            self._poll.register(number, select.EPOLLIN)

    @property
    def ports(self) -> dict[str, int]:
        return {kind: made.getsockname()[1] for kind, made in self._listening.items()}

    def serve(self) -> None:
        listening = {made.fileno(): made for made in self._listening.values()}
        while True:
            for number, _ in self._poll.poll():
                if number in listening:
                    self._take(listening[number])
                else:
                    self._answer(number)

    def _take(self, listening: socket.socket) -> None:
        taken = listening._accept()[0]  # type: ignore[attr-defined]  # no object for it
        self._kinds[taken] = self._kinds[listening.fileno()]
        self._poll.register(taken, select.EPOLLIN)

    def _answer(self, number: int) -> None:
        try:
            request = os.read(number, 4096)
            if request and self._kinds[number] != "hanging":
                os.write(number, _reply(request, locked=self._kinds[number] == "digest"))
        except ConnectionError:
            request = b""
        if not request:
            os.close(number)
            del self._kinds[number]


def _reply(request: bytes, *, locked: bool) -> bytes:
    """To a request that comes in one piece, as they do on loopback."""
    if request.startswith(b"OPTIONS"):
        what = b"200 OK", _PUBLIC
    elif locked and not _good(request):
        what = b"401 Unauthorized", _CHALLENGE
    else:
        what = b"200 OK", _DESCRIBED
    found = _CSEQ.search(request)
    assert found, request
    return b"RTSP/1.0 %s\r\nCSeq: %s\r\n%s" % (what[0], found[1], what[1])


def _good(request: bytes) -> bool:
    found = _ANSWER.search(request)
    if not found:
        return False
    what = hashlib.md5(b"DESCRIBE:" + found[1]).hexdigest()
    return found[2].decode() == hashlib.md5(f"{_SECRET}:{'0d' * 16}:{what}".encode()).hexdigest()


def _bound() -> socket.socket:
    made = socket.socket()
    made.bind(("0.0.0.0", 0))
    made.listen(4096)
    return made


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    cameras = Cameras()
    sys.stdout.write(json.dumps(cameras.ports) + "\n")
    sys.stdout.flush()
    cameras.serve()
