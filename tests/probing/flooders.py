"""Cameras that send and send, in a process of their own: one JSON line says at which port each kind is.

    python tests/probing/flooders.py

Each connection has a thread, which sends as fast as it is read; it ends when the visitor hangs up.
"""

import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from subprocess import PIPE, Popen

SDP = b"v=0\r\ns=-\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:t1\r\n"
AV1 = SDP.replace(b"H264", b"AV1")
HEAD = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n"
TINY, LARGE = b"$\x01\x00\x04abcd" * 8192, b"$\x01\xff\xff" + bytes(65535)
RTP = b"\x80\x60\0\1\0\0\0\1\0\0\0\1\x41\x9a"  # of a picture that is no key picture
STREAM = b"".join(b"$\0" + (14).to_bytes(2) + RTP[:2] + n.to_bytes(2) + RTP[4:] for n in range(4096))


def _numbered(payload: bytes, marked: bool = False) -> bytes:
    """256 packets of one picture; only the last says, if at all, that the picture ends with it."""
    packets = []
    for n in range(256):
        last = marked and n == 255
        packet = RTP[:1] + (b"\xe0" if last else RTP[1:2]) + n.to_bytes(2) + RTP[4:12] + payload
        packets.append(b"$\0" + len(packet).to_bytes(2) + packet)
    return b"".join(packets)


def _pieces(count: int, size: int, *, kind: int = 5, ended: bool = False) -> bytes:
    """A unit of H.264 (a key picture, or a parameter set) in so many pieces; its last piece may be missing."""
    packets = []
    for n in range(count):
        last = ended and n == count - 1
        flags = (0x80 if n == 0 else 0) | (0x40 if last else 0) | kind
        head = RTP[:1] + (b"\xe0" if last else RTP[1:2]) + (n & 0xFFFF).to_bytes(2) + RTP[4:12]
        packet = head + bytes((0x7C, flags)) + b"\x88" * size
        packets.append(b"$\0" + len(packet).to_bytes(2) + packet)
    return b"".join(packets)


SET = b"$\0\0\x10" + RTP[:2] + b"\xff\xff" + RTP[4:12] + b"\x67\x42\0\x1e"  # precedes what begins with number 0
Send = Callable[[bytes], None]
Data = bytes | Callable[[], bytes]  # what takes long to make is made when it is sent
# What is sent for ever, at once or as the answer to a question.
FLOODS: dict[str, tuple[bytes, Data]] = {
    "tiny packets at once": (b"", TINY),
    "tiny packets": (b"OPTIONS", TINY),
    "large packets": (b"DESCRIBE", LARGE),
    "blank lines": (b"OPTIONS", b"\r\n" * 32768),
    "interim replies": (b"OPTIONS", b"RTSP/1.0 100 Continue\r\n\r\n" * 4096),
    "replies": (b"OPTIONS", (HEAD + b"\r\n") * 4096),
    "questions": (b"DESCRIBE", b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n" * 4096),
    "headers": (b"DESCRIBE", HEAD + b"X-More: and more\r\n" * 65536),
    "a line": (b"OPTIONS", HEAD[:13] + b"O" * 262144),
    "a description": (b"DESCRIBE", HEAD + b"Content-Length: 999999999\r\n\r\n" + SDP * 4096),
    "descriptions": (b"DESCRIBE", (HEAD + b"Content-Length: %d\r\n\r\n" % len(SDP) + SDP) * 1024),
    "noise": (b"OPTIONS", bytes(range(256)) * 1024),
    "tiny packets when asked to set up": (b"SETUP", TINY),
    "tiny packets instead of a picture": (b"PLAY", TINY),
    "replies instead of a picture": (b"PLAY", (HEAD + b"\r\n") * 4096),
    "large heads instead of a picture": (b"PLAY", HEAD + b"a:\r\n" * 16000 + b"Content-Length: 0\r\n\r\n"),
    "pictures without a key picture": (b"PLAY", STREAM),
    "empty units": (b"PLAY", lambda: _numbered(b"\x18" + bytes(65000))),
    "tiny units": (b"PLAY", lambda: _numbered(b"\x18" + b"\0\2\x65\x88" * 16000)),
    "tiny units of AV1": (b"PLAY", lambda: _numbered(b"\x08" + b"\1\x10" * 30000, marked=True)),
    "datagrams": (b"PLAY", RTP),
    "large datagrams": (b"PLAY", RTP + bytes(60_000)),
}
# What is sent once: as much as one look takes; and then nothing more, so that all of it is held until the time is over.
HOARDS: dict[str, Data] = {
    "a huge picture without an end": lambda: _pieces(255, 65_000),
    "a whole huge picture": lambda: SET + _pieces(120, 65_000, ended=True),
    "huge parameter sets": lambda: _pieces(255, 65_000, kind=7, ended=True) * 3,
    "a picture in tiny pieces": lambda: _pieces(100_000, 1),
}
FLOODS_AND_HOARDS = FLOODS | {kind: (b"PLAY", data) for kind, data in HOARDS.items()}
UNITS = ("empty units", "tiny units", "tiny units of AV1")
DATAGRAMS = ("datagrams", "large datagrams")
ANSWERED = (  # and then
    "pictures without a key picture",
    "tiny packets instead of a picture",
    *DATAGRAMS,
    *UNITS,
    *HOARDS,
)


@cache
def _data(kind: str) -> bytes:
    _, data = FLOODS_AND_HOARDS[kind]
    return data if isinstance(data, bytes) else data()


def _visit(connection: socket.socket, kind: str) -> None:
    at, data = FLOODS_AND_HOARDS[kind][0], _data(kind)
    with connection, suppress(OSError):
        while True:
            asked = connection.recv(4096) if at else b""
            method = asked.partition(b" ")[0]
            if at and not asked:
                return
            if method == at:
                break
            connection.sendall(_answer(kind, method, asked))
        if kind in ANSWERED:
            connection.sendall(HEAD + b"Session: 7\r\n\r\n")
        send: Send = connection.sendall
        if kind in DATAGRAMS:
            send = _datagrams(connection)
        while kind not in HOARDS:
            send(data)
        send(data)
        while connection.recv(4096):
            pass


_PORTS: dict[int, int] = {}  # of datagrams, by our end of a connection


def _answer(kind: str, method: bytes, asked: bytes) -> bytes:
    if method == b"DESCRIBE":
        sdp = AV1 if kind.endswith("AV1") else SDP
        return HEAD + b"Content-Length: %d\r\n\r\n" % len(sdp) + sdp
    if method != b"SETUP":
        return HEAD + b"\r\n"
    if kind in DATAGRAMS and b"client_port" not in asked:
        return b"RTSP/1.0 461 Unsupported Transport\r\nCSeq: 1\r\n\r\n"
    if kind in DATAGRAMS:
        port = int(asked.partition(b"client_port=")[2].partition(b"-")[0])
        _PORTS[threading.get_ident()] = port
        return HEAD + b"Session: 7\r\nTransport: RTP/AVP;unicast;client_port=%d-%d\r\n\r\n" % (port, port + 1)
    return HEAD + b"Session: 7\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n"


def _datagrams(connection: socket.socket) -> Send:
    """Send datagrams until the visitor hangs up."""
    sender = socket.socket(type=socket.SOCK_DGRAM)
    sender.connect(("127.0.0.1", _PORTS.pop(threading.get_ident())))
    connection.setblocking(False)

    def send(data: bytes) -> None:
        for _ in range(256):
            with suppress(ConnectionRefusedError):
                sender.send(data)
        with suppress(BlockingIOError):
            if not connection.recv(4096):
                raise ConnectionAbortedError

    return send


@contextmanager
def flooders() -> Iterator[dict[str, str]]:
    """Addresses by kind, while the process runs."""
    with Popen([sys.executable, __file__], stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            ports = json.loads(process.stdout.readline())
            yield {kind: f"rtsp://127.0.0.1:{port}/1" for kind, port in ports.items()}
        finally:
            process.kill()


def _serve(kind: str, listening: socket.socket) -> None:
    while True:
        connection, _ = listening.accept()
        threading.Thread(target=_visit, args=(connection, kind), daemon=True).start()


def main() -> None:
    """Serve until standard input ends."""
    ports = {}
    for kind in FLOODS_AND_HOARDS:
        listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        ports[kind] = listening.getsockname()[1]
        threading.Thread(target=_serve, args=(kind, listening), daemon=True).start()
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
