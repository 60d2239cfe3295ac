"""The description of a stream (SDP, RFC 4566), as far as one picture needs it."""

import base64
import binascii
import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin

STATIC = {"26": "JPEG", "32": "MPV", "34": "H263"}  # payload types that need no rtpmap
_MEDIUM = re.compile(r"\n[ \t]*m=")
_VIDEO, _ENCODING = re.compile(r"video\s+(?!$)"), re.compile("([A-Za-z0-9.-]{1,40})/")
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

    `parameters`: of its fmtp line.
    """

    codec: str | None
    encoding: str
    control: str
    session_control: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    encrypted: bool = False  # SRTP
    payload_type: int | None = None  # of its packets

    @property
    def parameter_sets(self) -> tuple[bytes, ...]:
        """What a decoder is told beforehand."""
        return tuple(_parameter_sets(self.parameters))

    @property
    def shuffled(self) -> bool:
        """Whether it is H.264 sent in another order than decoded (mode 2): not understood here."""
        return self.parameters.get("packetization-mode", "").startswith("2")

    @property
    def numbered(self) -> bool:
        """Whether it is H.265 with decoding order numbers."""
        return any(
            _POSITIVE.match(self.parameters.get(n, "")) for n in ("sprop-max-don-diff", "sprop-depack-buf-nalus")
        )


def video(body: bytes) -> Video | None:
    """The video track of a description, None when there is none."""
    text = f"\n{body.decode('utf-8', 'replace')}".replace("\r\n", "\n").replace("\r", "\n")  # some end lines with CR
    session, *media = _MEDIUM.split(text)
    track = next((m for m in media if _VIDEO.match(m)), None)
    if track is None:
        return None
    lines = [line.strip() for line in track.splitlines()]
    payload = (lines[0].split() + [""] * 4)[3]
    rtpmap = _ENCODING.match(_attribute(lines, "rtpmap:", payload))
    encoding = rtpmap[1].upper() if rtpmap else STATIC.get(payload, "?")
    return Video(
        codec=CODECS.get(encoding),
        encoding=encoding,
        control=_attribute(lines, "control:"),
        session_control=_attribute([line.strip() for line in session.splitlines()], "control:"),
        parameters=_parameters(_attribute(lines, "fmtp:", payload)),
        encrypted="/SAVP" in lines[0].upper(),
        payload_type=int(payload) if re.fullmatch("[0-9]{1,3}", payload) else None,
    )


def _attribute(lines: list[str], name: str, of: str = "") -> str:
    """The first value of an attribute, of a payload type where it is named. Some cameras write more blanks than one."""
    for line in lines:
        if line.startswith(f"a={name}"):
            value = line[len(name) + 2 :].strip()
            if not of:
                return value
            words = value.split(maxsplit=1)
            if words[:1] == [of]:
                return words[-1] if len(words) > 1 else ""
    return ""


def _parameters(text: str) -> dict[str, str]:
    """What fmtp says, "name=value; name=value": the first of each name."""
    parameters: dict[str, str] = {}
    for part in text.replace(";", " ").split():
        name, _, value = part.partition("=")
        parameters.setdefault(name.lower(), value)
    return parameters


def _parameter_sets(parameters: Mapping[str, str]) -> list[bytes]:
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
    appended = f"{base.removesuffix('/')}/{control}"
    named = [join(base, control), appended]
    with contextlib.suppress(ValueError):  # it looks like another host, and like none that there may be
        named.append(f"{scheme}{marks}{host}{urljoin(f'/{path}', re.sub('^/+', '/', control))}")
    return (*dict.fromkeys((*named, join(whole, control))),)


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
