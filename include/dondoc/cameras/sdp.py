"""The description of a stream (SDP, RFC 4566), as far as one picture needs it."""

import base64
import binascii
import re
from dataclasses import dataclass

STATIC = {"26": "JPEG", "32": "MPV"}  # payload types that need no rtpmap
CODECS = {"H264": "h264", "H265": "h265", "HEVC": "h265"}
_SHUFFLED = r"(?:^|[;\s])(?:packetization-mode=2|sprop-(?:max-don-diff|depack-buf-nalus)=0*[1-9])"


@dataclass(frozen=True)
class Video:
    """The first video track. `codec` is h264, h265, or None with `encoding` saying what it is instead."""

    codec: str | None
    encoding: str
    control: str
    session_control: str
    parameter_sets: tuple[bytes, ...]
    shuffled: bool = False  # sent in another order than decoded (H.264 mode 2, H.265 with DON): not understood here
    encrypted: bool = False  # SRTP


def video(body: bytes) -> Video | None:
    """The video track of a description, None when there is none."""
    session, *media = re.split(r"^m=", body.decode("utf-8", "replace"), flags=re.MULTILINE)
    track = next((m for m in media if re.match(r"video\s+(?!$)", m)), None)
    if track is None:
        return None
    lines = [line.strip() for line in track.splitlines()]
    payload = (lines[0].split() + [""] * 4)[3]
    rtpmap = re.match(r"([A-Za-z0-9.-]{1,40})/", _attribute(lines, f"rtpmap:{payload} "))
    encoding = rtpmap[1].upper() if rtpmap else STATIC.get(payload, "?")
    parameters = _attribute(lines, f"fmtp:{payload} ")
    return Video(
        codec=CODECS.get(encoding),
        encoding=encoding,
        control=_attribute(lines, "control:"),
        session_control=_attribute([line.strip() for line in session.splitlines()], "control:"),
        parameter_sets=tuple(_parameter_sets(parameters)),
        shuffled=re.search(_SHUFFLED, parameters, re.IGNORECASE) is not None,
        encrypted="/SAVP" in lines[0].upper(),
    )


def _attribute(lines: list[str], name: str) -> str:
    start = f"a={name}"
    return next((line[len(start) :].strip() for line in lines if line.startswith(start)), "")


def _parameter_sets(parameters: str) -> list[bytes]:
    found = []
    for name in ("sprop-parameter-sets", "sprop-vps", "sprop-sps", "sprop-pps"):
        value = re.search(rf"(?:^|;|\s){name}=([^;\s]+)", parameters)
        for part in value[1].split(",") if value else ():
            try:
                found.append(base64.b64decode(part, validate=True))
            except (binascii.Error, ValueError):
                continue
    return [nal for nal in found if nal]


def join(base: str, control: str) -> str:
    """The address to ask for: an absolute control as it stands, else appended to the base as cameras expect."""
    if not control or control == "*":
        return base
    if re.match(r"rtsps?://", control, re.IGNORECASE):
        return control
    return f"{base.removesuffix('/')}/{control.removeprefix('/')}"
