"""The ONVIF side of a simulated device: its time, which it tells anybody, and what it is, which it tells its users."""

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta

from dondoc.clock import HERE

NAMES = {
    "Manufacturer": "HIKVISION",
    "Model": "DS-2CD2043G2-I",
    "FirmwareVersion": "V5.7.3",
    "SerialNumber": "DS-2CD2043G2-I20210401AAWRF00000001",
    "HardwareId": "88",
}
PATIENCE = timedelta(seconds=5)  # by which a token's time may be off


def date_and_time(now: datetime) -> str:
    """The answer to GetSystemDateAndTime of a device whose clock shows a moment."""
    stamps = (("UTCDateTime", now.astimezone(UTC)), ("LocalDateTime", now.astimezone(HERE)))
    told = "".join(
        f"<tt:{name}><tt:Time><tt:Hour>{at.hour}</tt:Hour><tt:Minute>{at.minute}</tt:Minute><tt:Second>{at.second}"
        f"</tt:Second></tt:Time><tt:Date><tt:Year>{at.year}</tt:Year><tt:Month>{at.month}</tt:Month><tt:Day>{at.day}"
        f"</tt:Day></tt:Date></tt:{name}>"
        for name, at in stamps
    )
    return _envelope(
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>"
        f"{told}</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    )


def information() -> str:
    """The answer to GetDeviceInformation."""
    told = "".join(f"<tds:{name}>{text}</tds:{name}>" for name, text in NAMES.items())
    return _envelope(f"<tds:GetDeviceInformationResponse>{told}</tds:GetDeviceInformationResponse>")


def not_authorized() -> str:
    """What is answered to who may not ask."""
    return _envelope(
        "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code>"
        '<s:Reason><s:Text xml:lang="en">Sender not Authorized</s:Text></s:Reason></s:Fault>'
    )


def _envelope(body: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema" '
        f'xmlns:ter="http://www.onvif.org/ver10/error"><s:Body>{body}</s:Body></s:Envelope>'
    )


def response(status: str, body: str, more: str = "") -> bytes:
    """An answer over HTTP."""
    length = len(body.encode())
    return f"HTTP/1.1 {status}\r\n{more}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}".encode()


def answer(question: str, user: str, password: str, now: datetime) -> bytes:
    """What a device answers whose clock shows a moment, and which lets in who brings a token."""
    if "GetSystemDateAndTime" in question:
        return response("200 OK", date_and_time(now))
    if takes(question, user, password, now):
        return response("200 OK", information())
    return response("400 Bad Request", not_authorized())


def takes(question: str, user: str, password: str, now: datetime) -> bool:
    """Whether a token is of this user, and of this moment."""
    names = ("Username", "Password", "Nonce", "Created")
    told = {name: found[1] for name in names if (found := re.search(rf"<{name}\b[^>]*>([^<]*)<", question))}
    if len(told) < len(names) or told["Username"] != user:
        return False
    created = datetime.strptime(told["Created"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    if abs(now - created) > PATIENCE:
        return False
    of = base64.b64decode(told["Nonce"]) + told["Created"].encode() + password.encode()
    return told["Password"] == base64.b64encode(hashlib.sha1(of, usedforsecurity=False).digest()).decode()
