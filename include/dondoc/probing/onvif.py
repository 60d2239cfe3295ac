"""A device's clock, by ONVIF's GetSystemDateAndTime: the one question that needs no login (ONVIF Core, 5.12.2)."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from xml.etree.ElementTree import Element, ParseError

import h11
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from dondoc.clock import HERE
from dondoc.probing.network import Ip

PATH = "/onvif/device_service"
ACTION = "http://www.onvif.org/ver10/device/wsdl/GetSystemDateAndTime"
QUESTION = (
    b'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
    b'<GetSystemDateAndTime xmlns="http://www.onvif.org/ver10/device/wsdl"/></s:Body></s:Envelope>'
)
MOST = 64 * 1024  # bytes of an answer, which has a thousand


async def ask(ip: Ip, port: int) -> bytes:
    """What a device answers: the body, empty where it did not say 200. A redirect is not followed.

    Raises:
        OSError: it cannot be reached, or hung up.
        ValueError: what it sent is no HTTP, or too long.
    """
    reader, writer = await asyncio.open_connection(str(ip), port)
    try:
        http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST)
        writer.write(_question(http, f"[{ip}]" if ip.version == 6 else str(ip), port))
        return await _body(http, reader)
    except h11.ProtocolError as error:
        raise ValueError("no HTTP") from error
    finally:
        writer.transport.abort()


def _question(http: h11.Connection, host: str, port: int) -> bytes:
    headers = [
        ("Host", f"{host}:{port}"),
        ("User-Agent", "dondoc"),
        ("Content-Type", f'application/soap+xml; charset=utf-8; action="{ACTION}"'),
        ("Content-Length", str(len(QUESTION))),
        ("Connection", "close"),
    ]
    events = (h11.Request(method="POST", target=PATH, headers=headers), h11.Data(QUESTION), h11.EndOfMessage())
    return b"".join(http.send(event) or b"" for event in events)


async def _body(http: h11.Connection, reader: asyncio.StreamReader) -> bytes:
    body, came = b"", 0
    while True:
        match http.next_event():
            case h11.NEED_DATA:
                http.receive_data(chunk := await reader.read(4096))
                came += len(chunk)
                if came > MOST:
                    raise ValueError("too long")
            case h11.Response(status_code=status) if status != 200:
                return b""
            case h11.Data(data=data):
                body += data
            case h11.EndOfMessage() | h11.ConnectionClosed():
                return body


def offsets(answer: bytes, now: datetime) -> Mapping[str, int]:
    """By how many seconds a device's clock is ahead at a moment, as far as it says: `utc`, and `local`, which is the
    time that stands in its pictures, held against ours."""
    try:
        root = fromstring(answer, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):  # LookupError: an encoding that nobody knows
        return {}
    found = {}
    for name, element, zone in (("utc", "UTCDateTime", UTC), ("local", "LocalDateTime", HERE)):
        if told := _moment(root.find(f".//{{*}}{element}"), zone):
            found[name] = round((told - now) / timedelta(seconds=1))
    return found


def _moment(element: Element | None, zone: tzinfo) -> datetime | None:
    if element is None:
        return None
    names = ("Date/{*}Year", "Date/{*}Month", "Date/{*}Day", "Time/{*}Hour", "Time/{*}Minute", "Time/{*}Second")
    try:
        numbers = [int(element.findtext(f"{{*}}{name}", "")) for name in names]
        return datetime(*numbers, tzinfo=zone)  # type: ignore[misc,arg-type]
    except (ValueError, OverflowError):
        return None
