"""The description of a stream (SDP, RFC 4566), as far as one picture needs it."""

import base64
import binascii
import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

STATIC = {"26": "JPEG", "32": "MPV", "34": "H263"}  # payload types that need no rtpmap
_VIDEO, _ENCODING = re.compile(r"video\s+(?!$)"), re.compile("([A-Za-z0-9.-]{1,40})/")
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
    session, *media = f"\n{body.decode('utf-8', 'replace')}".split("\nm=")
    track = next((m for m in media if _VIDEO.match(m)), None)
    if track is None:
        return None
    lines = [line.strip() for line in track.splitlines()]
    payload = (lines[0].split() + [""] * 4)[3]
    rtpmap = _ENCODING.match(_attribute(lines, f"rtpmap:{payload} "))
    encoding = rtpmap[1].upper() if rtpmap else STATIC.get(payload, "?")
    return Video(
        codec=CODECS.get(encoding),
        encoding=encoding,
        control=_attribute(lines, "control:"),
        session_control=_attribute([line.strip() for line in session.splitlines()], "control:"),
        parameters=_parameters(_attribute(lines, f"fmtp:{payload} ")),
        encrypted="/SAVP" in lines[0].upper(),
        payload_type=int(payload) if re.fullmatch("[0-9]{1,3}", payload) else None,
    )


def _attribute(lines: list[str], name: str) -> str:
    start = f"a={name}"
    for line in lines:
        if line.startswith(start):
            return line[len(start) :].strip()
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
                sets.append(base64.b64decode(part, validate=True))
            except (binascii.Error, ValueError):
                continue
    with contextlib.suppress(ValueError):
        sets.append(bytes.fromhex(parameters.get("config", "")))  # MPEG-4 (RFC 6416)
    return [nal for nal in sets if nal]


def join(base: str, control: str) -> str:
    """The address to ask for: an absolute control as it stands, a query in place of the base's (RFC 3986, 5.2.2), a
    path that holds the base's from the root on, else appended to the base as cameras expect."""
    if not control or control == "*":
        return base
    if re.match(r"rtsps?://", control, re.IGNORECASE):
        return control
    if control.startswith("?"):
        return base.partition("?")[0] + control
    scheme, marks, rest = base.partition("://")
    host, _, path = rest.partition("/")
    if path.strip("/") and control.startswith(f"/{path.rstrip('/')}/"):
        return f"{scheme}{marks}{host}{control}"
    return f"{base.removesuffix('/')}/{control.removeprefix('/')}"
