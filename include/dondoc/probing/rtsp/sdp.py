"""The description of a stream (SDP, RFC 4566), as far as one picture needs it."""

import base64
import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from urllib.parse import urljoin

STATIC = {"26": "JPEG", "32": "MPV", "34": "H263"}  # payload types that need no rtpmap
MOST_TRACKS = 16  # that are looked at
MOST_SETS = 64  # parameter sets, of which cameras describe three: each sender of packets is given all of them
_MEDIUM = re.compile(r"\n[ \t]*m=")
_VIDEO, _ENCODING = re.compile(r"video\s+(?!$)", re.IGNORECASE), re.compile(r"([A-Za-z0-9.-]{1,40})(?:[/\s]|$)")
_SIZE = re.compile(r"([1-9][0-9]{0,4})\s*[-,x]\s*([1-9][0-9]{0,4})")
_ABSOLUTE = re.compile(r"rtsps?://", re.IGNORECASE)
_DOUBLED = re.compile(r"rtsps?://(?=rtsps?://)", re.IGNORECASE)  # AlexxIT/go2rtc, issue 830
_GROUP = re.compile(r"c=IN\s+(?:IP4\s+2(?:2[4-9]|3[0-9])\.|IP6\s+ff)", re.ASCII | re.IGNORECASE)
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
    """The first video track of a description: the lines of its session and its own.

    What stands in them is read when it is asked for: a check without a picture asks for nothing.
    `recognised`: the codec that its packets are of, where they are seen to be of another than described.
    """

    session: str
    medium: str
    recognised: str | None = None
    numbering: bool | None = None  # whether its units are seen to be numbered; None: as described

    @property
    def codec(self) -> str | None:
        """One of CODECS' values; None: `encoding` says what it is instead."""
        return self.recognised or CODECS.get(self.encoding)

    @cached_property
    def encoding(self) -> str:
        """Its name for the codec; one that is given to another payload type counts where there is no other."""
        own = _ENCODING.match(self._attribute("rtpmap:", self._payload))
        if own or self._payload in STATIC:
            return _plain(own[1]) if own else STATIC[self._payload]
        other = _ENCODING.match(self._attribute("rtpmap:").partition(" ")[2].strip())
        return _plain(other[1]) if other else "?"

    @property
    def payload_type(self) -> int | None:
        """Of its packets."""
        return int(self._payload) if re.fullmatch("[0-9]{1,3}", self._payload) else None

    @property
    def control(self) -> str:
        return self._attribute("control:")

    @property
    def session_control(self) -> str:
        return _attribute(_lines(self.session), "control:")

    @property
    def multicast(self) -> bool:
        """Whether it is sent to a group: the address of its connection is one (RFC 4566, 5.7)."""
        named = (_GROUP.match(line) for line in (*self._own, *_lines(self.session)))
        return any(named)

    @property
    def encrypted(self) -> bool:
        """Whether it is SRTP."""
        return "/SAVP" in self._own[0].upper()

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """Of its fmtp line."""
        return _parameters(self._attribute("fmtp:", self._payload))

    @cached_property
    def parameter_sets(self) -> tuple[bytes, ...]:
        """What a decoder is told beforehand."""
        return tuple(islice(_parameter_sets(self.parameters), MOST_SETS))

    @cached_property
    def size(self) -> tuple[int, int] | None:
        """Width and height of its pictures, where it says so: most write `framesize`, some `x-dimensions`."""
        told = _SIZE.fullmatch(self._attribute("framesize:", self._payload) or self._attribute("x-dimensions:"))
        return (int(told[1]), int(told[2])) if told else None

    @property
    def shuffled(self) -> bool:
        """Whether it is H.264 that may be sent in another order than decoded (mode 2): it is read as it comes."""
        return self.parameters.get("packetization-mode", "").startswith("2")

    @property
    def numbered(self) -> bool:
        """Whether it is H.265 with decoding order numbers."""
        if self.numbering is not None:
            return self.numbering
        return any(
            _POSITIVE.match(self.parameters.get(n, "")) for n in ("sprop-max-don-diff", "sprop-depack-buf-nalus")
        )

    @cached_property
    def _own(self) -> list[str]:
        return _lines(self.medium)

    @cached_property
    def _payload(self) -> str:
        return (self._own[0].split() + [""] * 4)[3]

    def _attribute(self, name: str, of: str = "") -> str:
        return _attribute(self._own, name, of)


def video(body: bytes) -> Video | None:
    """The video track of a description, the first of a known codec, else the first; None when there is none."""
    text = body.decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("\r", "\n")  # some end lines with CR
    session, *media = _MEDIUM.split(f"\n{text}")
    tracks = [Video(session, medium) for medium in media if _VIDEO.match(medium)]
    if len(tracks) < 2:
        return tracks[0] if tracks else None
    return next((track for track in tracks[:MOST_TRACKS] if track.codec), tracks[0])


def _plain(encoding: str) -> str:
    """A codec's name without what cameras add to it, as "h.264"."""
    return encoding.upper().replace("H.26", "H26")


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


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


def _parameter_sets(parameters: Mapping[str, str]) -> Iterator[bytes]:
    for name in ("sprop-parameter-sets", "sprop-vps", "sprop-sps", "sprop-pps"):
        for part in parameters.get(name, "").split(","):
            with contextlib.suppress(ValueError):
                if told := base64.b64decode(part + "=" * (-len(part) % 4), validate=True):  # some leave "=" out
                    yield told
    with contextlib.suppress(ValueError):
        if told := bytes.fromhex(parameters.get("config", "")):  # MPEG-4 (RFC 6416)
            yield told


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
