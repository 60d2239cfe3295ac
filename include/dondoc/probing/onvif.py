"""What a device says of itself over ONVIF: its time, which it tells anybody, and what it is, which it tells its users.

GetSystemDateAndTime needs no login, GetDeviceInformation may (ONVIF Core, access classes PRE_AUTH and READ_SYSTEM). A
password never leaves as it is: HTTP Digest where the device asks for it, else a WS-Security token with a digest.
"""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

import h11
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from dondoc.clock import HERE, OUR_OFFSET
from dondoc.invisible import invisible
from dondoc.probing import zones
from dondoc.probing.allow_list import Ip
from dondoc.probing.rtsp.authentication import Login, choose, parse_challenges

PATH = "/onvif/device_service"
SERVICE = "http://www.onvif.org/ver10/device/wsdl"
TIME, INFORMATION = "GetSystemDateAndTime", "GetDeviceInformation"  # its operations that are used
WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
MOST = 16 * 1024  # bytes of an answer, which has a thousand; XML can be made to take the square of its length
LONGEST = 64  # characters of a name that a device gives itself
CLOSE = timedelta(minutes=5)
NOT_AUTHORIZED = {"NotAuthorized", "FailedAuthentication"}  # fault codes of ONVIF and of WS-Security
BLAMES_US = NOT_AUTHORIZED | {"Sender", "Client"}  # of SOAP 1.2, 1.1: the same question without a login was no fault


@dataclass(frozen=True)
class Question:
    """With a login it has either `authorization`, a header of HTTP, or `token`, a header of SOAP."""

    operation: str
    authorization: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    @property
    def body(self) -> bytes:
        header = f"<s:Header>{self.token}</s:Header>" if self.token else ""
        return (
            '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">'
            f'{header}<s:Body><{self.operation} xmlns="{SERVICE}"/></s:Body></s:Envelope>'
        ).encode()


@dataclass(frozen=True)
class Answer:
    """`challenges`: values of its WWW-Authenticate headers."""

    status: int
    challenges: tuple[bytes, ...] = ()
    body: bytes = field(default=b"", repr=False)


async def ask(ip: Ip, port: int, question: Question) -> Answer:
    """What a device answers. A redirect is not followed.

    Raises:
        OSError: it cannot be reached, or hung up.
        ValueError: what it sent is no HTTP, or too long.
    """
    reader, writer = await asyncio.open_connection(str(ip), port)
    try:
        http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST)
        writer.write(_request(http, f"[{ip}]" if ip.version == 6 else str(ip), port, question))
        return await _answer(http, reader)
    except h11.ProtocolError as error:
        raise ValueError("no HTTP") from error
    finally:
        writer.transport.abort()


def _request(http: h11.Connection, host: str, port: int, question: Question) -> bytes:
    body = question.body
    headers = [
        ("Host", f"{host}:{port}"),
        ("User-Agent", "dondoc"),
        ("Content-Type", f'application/soap+xml; charset=utf-8; action="{SERVICE}/{question.operation}"'),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
    ]
    if question.authorization:
        headers.append(("Authorization", question.authorization))
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    events = (h11.Request(method="POST", target=PATH, headers=encoded), h11.Data(body), h11.EndOfMessage())
    return b"".join(http.send(event) or b"" for event in events)


async def _answer(http: h11.Connection, reader: asyncio.StreamReader) -> Answer:
    head: h11.Response | None = None
    body, came = b"", 0
    while True:
        match http.next_event():
            case h11.NEED_DATA:
                http.receive_data(chunk := await reader.read(4096))
                came += len(chunk)
                if came > MOST:
                    raise ValueError("too long")
            case h11.Response() as response:
                head = response
            case h11.Data(data=data):
                body += data
            case h11.EndOfMessage() if head:
                challenges = (value for name, value in head.headers if name == b"www-authenticate")
                return Answer(head.status_code, tuple(challenges), body)
            case h11.ConnectionClosed():
                raise ConnectionAbortedError


def _read(answer: Answer) -> Element | None:
    try:
        return fromstring(answer.body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):  # LookupError: an encoding that nobody knows
        return None


def offsets(answer: Answer, now: datetime) -> Mapping[str, int]:
    """By how many seconds a device's clock is ahead at a moment, as far as it says: `utc`, and `local`, which is the
    time that stands in its pictures, held against ours.

    Some copy their universal time into the local one: where their zone is ours and both are the same, it tells nothing.
    Of who tells the local time alone the universal one follows from its zone, unless it seems to be that very copy.
    """
    if answer.status != 200 or (root := _read(answer)) is None:
        return {}
    zone = _zone(root.findtext(".//{*}TZ") or "", now)
    utc = _moment(root.find(".//{*}UTCDateTime"), UTC)
    local = _moment(root.find(".//{*}LocalDateTime"), HERE)
    if utc and local and utc.replace(tzinfo=HERE) == local and zone == OUR_OFFSET:
        local = None
    if local and not utc and zone is not None and abs(local - now + OUR_OFFSET) > CLOSE:
        utc = local.replace(tzinfo=timezone(zone))
    told = (("utc", utc), ("local", local))
    return {name: round((one - now) / timedelta(seconds=1)) for name, one in told if one}


def _zone(text: str, now: datetime) -> timedelta | None:
    """Its zone, ours if it may be that; None where nobody can tell."""
    meant = zones.offsets(text, now)
    return OUR_OFFSET if OUR_OFFSET in meant else next(iter(meant)) if len(meant) == 1 else None


def _moment(element: Element | None, zone: tzinfo) -> datetime | None:
    if element is None:
        return None
    names = ("Date/{*}Year", "Date/{*}Month", "Date/{*}Day", "Time/{*}Hour", "Time/{*}Minute", "Time/{*}Second")
    try:
        numbers = [int(element.findtext(f"{{*}}{name}", "")) for name in names]
        return datetime(*numbers, tzinfo=zone)  # type: ignore[misc,arg-type]
    except (ValueError, OverflowError):
        return None


def information(answer: Answer) -> dict[str, str]:
    """What a device is: `manufacturer`, `model`, `firmware`, as far as it says. Its serial number is nobody's need."""
    if answer.status != 200 or (root := _read(answer)) is None:
        return {}
    element = root.find(f".//{{*}}{INFORMATION}Response")
    if element is None:
        return {}
    names = (("manufacturer", "Manufacturer"), ("model", "Model"), ("firmware", "FirmwareVersion"))
    return {key: text for key, name in names if (text := _clean(element.findtext(f"{{*}}{name}") or ""))}


def _clean(text: str) -> str:
    """One short line of what a device wrote, without characters that nobody sees."""
    words = " ".join(text[: 4 * LONGEST].split())
    return "".join(c for c in words if not invisible(c, ""))[:LONGEST].strip()


def logged_in(refusal: Answer, user: str, password: str, now: datetime | None) -> Question | None:
    """The question once more, with a login, in the way that a device wants which did not answer it without.

    None: it does not want one, or wants the password itself.

    Args:
        now: by the device's own clock, which holds tokens against it; None: not known, and no token is made.
    """
    offered = parse_challenges(refusal.challenges)
    if refusal.status == 401 and (way := choose(one for one in offered if one.scheme == "DIGEST")):
        return Question(INFORMATION, authorization=Login(user, password, way).header("POST", PATH))
    if refusal.challenges or now is None or not _faults(refusal) & NOT_AUTHORIZED:
        return None
    return Question(INFORMATION, token=token(user, password, now, secrets.token_bytes(16)))


def token(user: str, password: str, created: datetime, nonce: bytes) -> str:
    """A UsernameToken with a PasswordDigest (WS-Security UsernameToken Profile 1.0)."""
    at = f"{created.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    digest = hashlib.sha1(nonce + at.encode() + password.encode(), usedforsecurity=False).digest()
    kind, encoding = f"{WSS}username-token-profile-1.0#PasswordDigest", f"{WSS}soap-message-security-1.0#Base64Binary"
    return (
        f'<Security s:mustUnderstand="1" xmlns="{WSS}wssecurity-secext-1.0.xsd"><UsernameToken>'
        f'<Username>{escape(user)}</Username><Password Type="{kind}">{base64.b64encode(digest).decode()}</Password>'
        f'<Nonce EncodingType="{encoding}">{base64.b64encode(nonce).decode()}</Nonce>'
        f'<Created xmlns="{WSS}wssecurity-utility-1.0.xsd">{at}</Created></UsernameToken></Security>'
    )


def refused(answer: Answer) -> bool:
    """Whether an answer to a question with a login says that the login is at fault; if in doubt, it does."""
    if any(one.stale for one in parse_challenges(answer.challenges)):
        return False
    return 400 <= answer.status < 500 or bool(_faults(answer) & BLAMES_US)


def _faults(answer: Answer) -> set[str]:
    """The codes of a SOAP fault, without their namespaces."""
    root = _read(answer)
    fault = root.find(".//{*}Fault") if root is not None else None
    if fault is None:
        return set()
    coded = [*fault.iterfind(".//{*}Value"), *fault.iterfind(".//faultcode")]
    return {(one.text or "").rpartition(":")[2].strip() for one in coded}
