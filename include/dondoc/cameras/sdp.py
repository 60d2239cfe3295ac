"""The description of a stream (SDP, RFC 4566), as far as one picture needs it."""

import base64
import binascii
import re
from dataclasses import dataclass

STATIC = {"26": "JPEG", "32": "MPV"}  # payload types that need no rtpmap
_POSITIVE = re.compile("0*[1-9]")
CODECS = {"H264": "h264", "H265": "h265", "HEVC": "h265"}


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
    session, *media = f"\n{body.decode('utf-8', 'replace')}".split("\nm=")
    track = next((m for m in media if re.match(r"video\s+(?!$)", m)), None)
    if track is None:
        return None
    lines = [line.strip() for line in track.splitlines()]
    payload = (lines[0].split() + [""] * 4)[3]
    rtpmap = re.match(r"([A-Za-z0-9.-]{1,40})/", _attribute(lines, f"rtpmap:{payload} "))
    encoding = rtpmap[1].upper() if rtpmap else STATIC.get(payload, "?")
    parameters = _parameters(_attribute(lines, f"fmtp:{payload} "))
    return Video(
        codec=CODECS.get(encoding),
        encoding=encoding,
        control=_attribute(lines, "control:"),
        session_control=_attribute([line.strip() for line in session.splitlines()], "control:"),
        parameter_sets=tuple(_parameter_sets(parameters)),
        shuffled=_shuffled(parameters),
        encrypted="/SAVP" in lines[0].upper(),
    )


def _attribute(lines: list[str], name: str) -> str:
    start = f"a={name}"
    for line in lines:
        if line.startswith(start):
            return line[len(start) :].strip()
    return ""


def _parameters(text: str) -> dict[str, str]:
    """What fmtp says, "name=value; name=value": the first of each name."""
    found: dict[str, str] = {}
    for part in text.replace(";", " ").split():
        name, _, value = part.partition("=")
        found.setdefault(name.lower(), value)
    return found


def _shuffled(parameters: dict[str, str]) -> bool:
    counts = (parameters.get(name, "") for name in ("sprop-max-don-diff", "sprop-depack-buf-nalus"))
    return parameters.get("packetization-mode", "").startswith("2") or any(map(_POSITIVE.match, counts))


def _parameter_sets(parameters: dict[str, str]) -> list[bytes]:
    found = []
    for name in ("sprop-parameter-sets", "sprop-vps", "sprop-sps", "sprop-pps"):
        for part in parameters.get(name, "").split(","):
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
