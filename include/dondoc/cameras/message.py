"""RTSP messages off the wire: bounded, and never trusting what a camera says."""

import asyncio
import re
from dataclasses import dataclass, field

LONGEST_HEAD, LONGEST_BODY, LONGEST_LINE = 64 * 1024, 64 * 1024, 8 * 1024
_STATUS = re.compile(rb"RTSP/[12]\.[0-9] ([1-9][0-9]{2})(?: .*)?")


class NotRtsp(Exception):
    """What came is no RTSP. Carries none of it."""


@dataclass(frozen=True)
class Response:
    """`headers` by lower-case name, each with all its values in order."""

    status: int
    headers: dict[str, list[str]] = field(default_factory=dict)
    body: bytes = b""

    def get(self, name: str) -> str:
        """The first value of a header, empty when absent."""
        return self.headers.get(name, [""])[0]


def parse_head(lines: list[bytes]) -> Response:
    """A status line and header lines, without line ends.

    Raises:
        NotRtsp: it is none.
    """
    found = _STATUS.fullmatch(lines[0]) if lines else None
    if not found:
        raise NotRtsp
    headers: dict[str, list[str]] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if colon:
            text = "".join(c for c in value.decode("utf-8", "replace") if c.isprintable())
            headers.setdefault(name.strip().lower().decode("latin-1"), []).append(text.strip())
    return Response(int(found[1]), headers)


def content_length(response: Response) -> int:
    """Length of the body that follows.

    Raises:
        NotRtsp: no number, or too long.
    """
    text = response.get("content-length") or "0"
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) or int(text) > LONGEST_BODY:
        raise NotRtsp
    return int(text)


async def read_response(reader: asyncio.StreamReader) -> Response | bytes:
    """The next response, or the next interleaved packet (bytes with its channel first).

    Raises:
        NotRtsp: something else came.
        asyncio.IncompleteReadError: the connection ended.
    """
    first = await reader.readexactly(1)
    while first in (b"\r", b"\n"):
        first = await reader.readexactly(1)
    if first == b"$":
        channel_and_length = await reader.readexactly(3)
        return channel_and_length[:1] + await reader.readexactly(int.from_bytes(channel_and_length[1:]))
    for letter in b"TSP/":
        if first[-1:] != b"R" and len(first) == 1:
            raise NotRtsp
        first += await reader.readexactly(1)
        if first[-1] != letter:
            raise NotRtsp
    head = parse_head(await _lines(reader, first))
    return Response(head.status, head.headers, await reader.readexactly(content_length(head)))


async def _lines(reader: asyncio.StreamReader, start: bytes) -> list[bytes]:
    lines: list[bytes] = []
    size = 0
    while True:
        try:
            line = start + await reader.readuntil(b"\n")
        except asyncio.LimitOverrunError:
            raise NotRtsp from None
        start, size = b"", size + len(line)
        if len(line) > LONGEST_LINE or size > LONGEST_HEAD:
            raise NotRtsp
        line = line.rstrip(b"\r\n")
        if not line:
            return lines
        lines.append(line)
