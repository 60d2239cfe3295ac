"""How far a device's time zone is ahead of universal time, as devices write it over ONVIF. Pure."""

import io
import re
import struct
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# GMT+07:00 for people is east of Greenwich; POSIX counts to the west. Devices write both.
_FOR_PEOPLE = re.compile(r"(?:GMT|UTC)\s*([+-])([01]?[0-9])(?::?([0-5][0-9]))?(?::00)?", re.ASCII)
_NAMED = re.compile(r"[A-Z][A-Za-z]{1,20}/[A-Z][A-Za-z_]{1,30}", re.ASCII)
LONGEST = 64
DAY = timedelta(days=1)  # POSIX allows more than is anywhere, or than a `timezone` may be


def offsets(text: str, now: datetime) -> frozenset[timedelta]:
    """What a zone may mean at a moment: nothing where it means nothing, two where it is ambiguous."""
    text = text.strip()[:LONGEST]
    read = (_for_people(text), *(zone.utcoffset(now.astimezone(UTC)) for zone in (_posix(text), _named(text)) if zone))
    return frozenset(offset for offset in read if offset is not None and abs(offset) < DAY)


def _for_people(text: str) -> timedelta | None:
    found = _FOR_PEOPLE.fullmatch(text)
    if not found:
        return None
    size = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return size if found[1] == "+" else -size


def _posix(text: str) -> ZoneInfo | None:
    """A TZ string of POSIX (1003.1, 8.3): "CST-8", "<+07>-7", "EST5EDT,M3.2.0,M11.1.0". The standard library reads it
    at the end of a file of rules (RFC 8536, 3.3), so it is given one without any other."""
    if not text or not text.isascii() or not text.isprintable():
        return None
    head = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, 4)
    file = (head + struct.pack(">lbb4s", 0, 0, 0, b"UTC\0")) * 2 + f"\n{text}\n".encode()
    try:
        return ZoneInfo.from_file(io.BytesIO(file))
    except (ValueError, OverflowError):
        return None


def _named(text: str) -> ZoneInfo | None:
    if not _NAMED.fullmatch(text):
        return None
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
