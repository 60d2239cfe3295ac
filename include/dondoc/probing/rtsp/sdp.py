"""The description of a stream (SDP, RFC 4566), as far as one picture needs it."""

import base64
import binascii
import contextlib
import re
from dataclasses import dataclass
from urllib.parse import urljoin

STATIC = {"26": "JPEG", "32": "MPV", "34": "H263"}  # payload types that need no rtpmap
_ABSOLUTE = re.compile(r"rtsps?://", re.IGNORECASE)
_DOUBLED = re.compile(r"rtsps?://(?=rtsps?://)", re.IGNORECASE)  # AlexxIT/go2rtc, issue 830
_POSITIVE = re.compile("0*[1-9]")
CODECS = {
    "H264": "h264",
    "H265": "h265",
    "HEVC": "h265",
    "JPEG": "jpeg",
    "MP4V-ES": "mpeg4",
    "MPV": "mpeg2",
    "H263": "h263-1996",
    "H263-1998": "h263",
    "H263-2000": "h263",
    "VP8": "vp8",
    "AV1": "av1",
}


@dataclass(frozen=True)
class Video:
    """The first video track. `codec` is one of CODECS' values, or None with `encoding` saying what it is instead.

    `parameter_sets`: what a decoder is told beforehand. `numbered`: H.265 with decoding order numbers.
    """

    codec: str | None
    encoding: str
    control: str
    session_control: str
    parameter_sets: tuple[bytes, ...]
    shuffled: bool = False  # H.264 sent in another order than decoded (mode 2): not understood here
    numbered: bool = False
    encrypted: bool = False  # SRTP
    payload_type: int | None = None  # of its packets


def video(body: bytes) -> Video | None:
    """The video track of a description, None when there is none."""
    session, *media = _sections(body.decode("utf-8", "replace"))
    lines = next((m for m in media if re.match(r"m=video\s+(?!$)", m[0], re.IGNORECASE)), None)
    if lines is None:
        return None
    payload = (lines[0].split() + [""] * 4)[3]
    rtpmap = re.match(r"([A-Za-z0-9.-]{1,40})/", _attribute(lines, "rtpmap:", payload))
    encoding = rtpmap[1].upper() if rtpmap else STATIC.get(payload, "?")
    parameters = _parameters(_attribute(lines, "fmtp:", payload))
    return Video(
        codec=CODECS.get(encoding),
        encoding=encoding,
        control=_attribute(lines, "control:"),
        session_control=_attribute(session, "control:"),
        parameter_sets=tuple(_parameter_sets(parameters)),
        shuffled=parameters.get("packetization-mode", "").startswith("2"),
        numbered=any(_POSITIVE.match(parameters.get(n, "")) for n in ("sprop-max-don-diff", "sprop-depack-buf-nalus")),
        encrypted="/SAVP" in lines[0].upper(),
        payload_type=int(payload) if re.fullmatch("[0-9]{1,3}", payload) else None,
    )


def _sections(text: str) -> list[list[str]]:
    """The lines of the session, then those of each medium; some cameras end a line with CR alone."""
    sections: list[list[str]] = [[]]
    for line in map(str.strip, re.split(r"[\r\n]+", text)):
        if line[:2].lower() == "m=":
            sections.append([])
        sections[-1].append(line)
    return sections


def _attribute(lines: list[str], name: str, of: str = "") -> str:
    """The first value of an attribute, of a payload type where it is named. Some cameras write more blanks than one."""
    for line in lines:
        if line.startswith(f"a={name}"):
            value = line[len(name) + 2 :].strip()
            if not of:
                return value
            owner, _, rest = re.sub(r"\s+", " ", value).partition(" ")
            if owner == of:
                return rest
    return ""


def _parameters(text: str) -> dict[str, str]:
    """What fmtp says, "name=value; name=value": the first of each name."""
    parameters: dict[str, str] = {}
    for part in text.replace(";", " ").split():
        name, _, value = part.partition("=")
        parameters.setdefault(name.lower(), value)
    return parameters


def _parameter_sets(parameters: dict[str, str]) -> list[bytes]:
    sets = []
    for name in ("sprop-parameter-sets", "sprop-vps", "sprop-sps", "sprop-pps"):
        for part in parameters.get(name, "").split(","):
            try:
                sets.append(base64.b64decode(part + "=" * (-len(part) % 4), validate=True))  # some leave "=" out
            except (binascii.Error, ValueError):
                continue
    with contextlib.suppress(ValueError):
        sets.append(bytes.fromhex(parameters.get("config", "")))  # MPEG-4 (RFC 6416)
    return [nal for nal in sets if nal]


def controls(base: str, control: str, whole: str) -> tuple[str, ...]:
    """What a track may be called, the likeliest first, each once.

    As `join` says; as FFmpeg does, which appends it whatever it is; as RFC 3986 has it; and below the address of the
    whole session, where the description names one.
    """
    if not control or control == "*" or _ABSOLUTE.match(control):
        return (join(base, _DOUBLED.sub("", control)),)
    scheme, marks, rest = base.partition("://")
    host, _, path = rest.partition("/")
    resolved = f"{scheme}{marks}{host}{urljoin(f'/{path}', re.sub('^/+', '/', control))}"
    appended = f"{base.removesuffix('/')}/{control}"
    return (*dict.fromkeys((join(base, control), appended, resolved, join(whole, control))),)


def join(base: str, control: str) -> str:
    """The address to ask for: an absolute control as it stands, a query in place of the base's (RFC 3986, 5.2.2), a
    path that holds the base's from the root on, else appended to the base as cameras expect."""
    if not control or control == "*":
        return base
    if _ABSOLUTE.match(control):
        return control
    if control.startswith("?"):
        return base.partition("?")[0] + control
    scheme, marks, rest = base.partition("://")
    host, _, path = rest.partition("/")
    if path.strip("/") and control.startswith(f"/{path.rstrip('/')}/"):
        return f"{scheme}{marks}{host}{control}"
    return f"{base.removesuffix('/')}/{control.removeprefix('/')}"
