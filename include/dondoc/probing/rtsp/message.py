"""RTSP messages out of bytes as they arrive: bounded, and never trusting what a camera says."""

import re
from dataclasses import dataclass

LONGEST_HEAD, LONGEST_BODY, BLANKS = 64 * 1024, 64 * 1024, 64 * 1024
SKIPPED = 64 * 1024 * 1024  # bytes, so counted, that are passed over while a camera plays
REPLY = 16  # times a packet's: what a reply among them that is none counts
_STATUS = re.compile(rb"RTSP/[12](?:\.[0-9])?[ \t]+([1-9][0-9]{2})(?:[ \t].*)?", re.IGNORECASE)
_REQUEST = re.compile(rb"[A-Z_]{1,20} \S+ RTSP/[12]\.[0-9]")
_BEGINNING = re.compile(rb"RTSP/.*|[A-Z_]{0,20}(?: .*)?", re.IGNORECASE | re.DOTALL)  # of either, however short
_BEGINS = re.compile(rb"\$[\0-\x1f]..[\x80-\xbf]|RTSP/1\.0 [1-5][0-9]{2}", re.DOTALL)  # a packet of RTP, or a reply
_LONGEST_BEGINNING = 12
_BLANK = re.compile(rb"\n\r{0,2}\n")  # some turn each line feed into two bytes once more
_LONGEST_BLANK = 4
_FOLDED = re.compile(rb"\r{0,2}\n[ \t]+")
_LENGTH = re.compile(rb"\+?([0-9]{1,9})(?:[^0-9.].*)?")  # a number, whatever stands behind it
_SPOKEN = (
    (re.compile(rb"HTTP/"), "HTTP"),
    (re.compile(rb"[\x14-\x17](?:\x03|\Z)"), "TLS"),
    (re.compile(rb"SSH-"), "SSH"),
    (re.compile(rb"\xff[\xfb-\xfe]"), "Telnet"),
    (re.compile(rb"220[ -]"), "FTP hoặc SMTP"),
)


class NotRtsp(Exception):
    """What came is no RTSP. Says why, and carries none of it."""


@dataclass
class Response:
    """`lines` are of the head, without the first; read when they are asked for, as most of them never are."""

    status: int
    lines: bytes = b""
    body: bytes = b""

    @property
    def challenges(self) -> list[bytes]:
        """The values of WWW-Authenticate."""
        return self.written("www-authenticate")

    def written(self, name: str) -> list[bytes]:
        """All values of a header, in order, as the camera wrote them, be they UTF-16: that is what is hashed, or given
        back to it. What ends a line is left out.
        """
        wanted = name.encode()
        if wanted not in self.lines.lower():  # most that are asked for are not there, and to read all takes longer
            return []
        fields = (line.partition(b":") for line in self.lines.split(b"\n"))
        return [v.replace(b"\r", b"").strip(b" \t") for n, colon, v in fields if colon and n.strip().lower() == wanted]

    def values(self, name: str) -> list[str]:
        """All values of a header, in order; printable characters only."""
        return [_printable(value.decode("utf-8", "replace")) for value in self.written(name)]

    def get(self, name: str) -> str:
        """The first value of a header, empty when absent."""
        return next(iter(self.values(name)), "")

    @property
    def closes(self) -> bool:
        """Whether it says that the other end hangs up now."""
        return self.get("connection").lower() == "close"


TLS = "cổng này dùng TLS, không phải RTSP thường: thử địa chỉ rtsps://"
NOISE = 100  # the status of what asks for nothing: an interim reply, or a request of the camera's own


class Inbox:
    """What came and was not read yet. `received` counts the bytes of a lifetime."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._searched = 0  # how far no end of the head was found: not to be searched again at every byte
        self._head: Response | None = None  # read already, while its body is under way
        self._blanks = self._skipped = 0  # bytes of blank lines, and of what is none of it all, of a lifetime
        self.received = 0
        self.plays = False  # what is neither a message nor a packet is passed over

    def __len__(self) -> int:
        return len(self._data)

    def feed(self, data: bytes) -> None:
        self._data += data
        self.received += len(data)

    def forget(self) -> None:
        """Drop what was not read: it came before anything was asked, so it answers nothing."""
        self._data.clear()
        self._searched, self._head = 0, None

    def take(self) -> Response | bytes | None:
        """The next message, or the next interleaved packet (its channel first, then what it carries).

        Returns:
            None: it is not whole yet.

        Raises:
            NotRtsp: something else came.
        """
        while self._head is None:
            if self._data.startswith((b"\r", b"\n")):
                self._pass_blanks()
            if self._data.startswith(b"$"):
                return self._packet()
            try:
                self._head = self._take_head()
            except NotRtsp:
                if not self.plays or self._skipped > SKIPPED:
                    raise
                self._skip()
                continue
            if self._head is None:
                return None
        length = content_length(self._head)
        if len(self._data) < length:
            return None
        whole, self._head = self._head, None
        whole.body = self._cut(length)
        return whole

    def _pass_blanks(self) -> None:
        before = len(self._data)
        self._data = self._data.lstrip(b"\r\n")
        self._blanks += before - len(self._data)
        self._searched = 0
        if self._blanks > BLANKS:
            raise NotRtsp("camera gửi mãi những dòng trống")

    def _skip(self) -> None:
        """Go on where a packet or a reply seems to begin, as players do: cameras are known to drop a piece of a packet
        when the network is slow.
        """
        found = _BEGINS.search(self._data, 1)
        end = found.start() if found else max(1, len(self._data) - _LONGEST_BEGINNING)
        del self._data[:end]
        self._searched = 0
        # What seems to begin may be read to its end in vain; the end of a reply is searched for.
        self._skipped += end + (LONGEST_HEAD * (1 if found[0].startswith(b"$") else REPLY) if found else 0)

    def _packet(self) -> bytes | None:
        end = 4 + int.from_bytes(self._data[2:4])
        if len(self._data) < max(4, end):
            return None
        whole = self._cut(end)
        return whole[1:2] + whole[4:]

    def _take_head(self) -> Response | None:
        if not self._data:
            return None
        blank = _BLANK.search(self._data, max(0, self._searched - _LONGEST_BLANK), LONGEST_HEAD)
        if blank is None:
            _check_beginning(bytes(self._data[:256]))
            if len(self._data) > LONGEST_HEAD:
                raise NotRtsp("phần đầu của trả lời dài không dứt")
            self._searched = len(self._data)
            return None
        head = parse_head(bytes(self._data[: blank.start()]))
        del self._data[: blank.end()]
        self._searched = 0
        return head

    def _cut(self, length: int) -> bytes:
        piece = bytes(self._data[:length])
        del self._data[:length]
        return piece


def parse_head(head: bytes) -> Response:
    """A status line and header lines, without the blank line that ends them. A camera's request counts as noise.

    Raises:
        NotRtsp: it is none.
    """
    if b"\n " in head or b"\n\t" in head:
        head = _FOLDED.sub(b" ", head)
    first, _, lines = head.partition(b"\n")
    first = first.rstrip(b"\r")
    status = _STATUS.fullmatch(first)
    if not status and not _REQUEST.fullmatch(first):
        raise NotRtsp(_spoken(first))
    return Response(int(status[1]) if status else NOISE, lines)


def content_length(response: Response) -> int:
    """Length of the body that follows. Of several the last counts that is not zero, as for the players.

    Raises:
        NotRtsp: no number, or too long.
    """
    if not (told := response.written("content-length")):
        return 0
    lengths = [int(found[1]) for one in told if (found := _LENGTH.fullmatch(one))]
    length = next(filter(None, reversed(lengths)), 0)
    if length > LONGEST_BODY or (not lengths and any(told)):
        raise NotRtsp("Content-Length không hợp lệ hoặc quá lớn")
    return length


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(c for c in text.replace("\t", " ") if c.isprintable())


def _check_beginning(data: bytes) -> None:
    """Whether these bytes may become a message: garbage is to be known at once, not when the deadline is over."""
    line, ended, _ = data.partition(b"\n")
    line = line.rstrip(b"\r")
    whole = _STATUS.fullmatch(line) or _REQUEST.fullmatch(line)
    if not _BEGINNING.fullmatch(data) or (ended and not whole):
        raise NotRtsp(_spoken(data))


def _spoken(data: bytes) -> str:
    name = next((name for pattern, name in _SPOKEN if pattern.match(data)), None)
    if name == "TLS":
        return TLS
    return f"cổng này trả lời bằng {name}, không phải RTSP" if name else "trả lời không phải RTSP"
