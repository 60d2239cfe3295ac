"""How the packets of a track are read: in our way, and in another one before anybody is blamed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple, Protocol

from dondoc.probing.picture import memory
from dondoc.probing.picture.input_kind import InputKind
from dondoc.probing.picture.memory import Fits
from dondoc.probing.rtsp import codecs, sdp
from dondoc.probing.rtsp.depacketise import Depacketiser, bounds
from dondoc.probing.rtsp.exchange import Verdict
from dondoc.probing.rtsp.jpeg import Pieces
from dondoc.probing.rtsp.recogniser import TELLING, Recogniser, is_numbered
from dondoc.probing.rtsp.senders import Collector, Senders
from dondoc.probing.rtsp.stretch import Packets, Stretch

UNKNOWN = 64  # packets of a codec that nobody named, until it is unknown
# Descriptions that are not believed: the packets tell what is sent. Packets of other codecs may, for a whole picture,
# begin with the same bytes and so look like those of another codec; those of MPEG-4 begin with ever different bytes.
DOUBTED = (None, "h264", "h265", "jpeg", "mpeg4")
ANY_BYTES = "mpeg4"  # its packets may begin with any bytes


def check_readable(track: sdp.Video) -> None:
    """Raises Verdict when nobody here can read it."""
    if track.encrypted:
        raise Verdict("not_decodable", "luồng hình mã hóa (SRTP), chưa đọc được")


def collector(track: sdp.Video, fits: Fits = memory.fits, *, reliable: bool = False) -> Depacketiser | codecs.Frames:
    """What makes pictures of a track's packets, in our way. Its codec is known."""
    assert track.codec
    if track.codec in ("h264", "h265"):
        return Depacketiser(track.codec, track.parameter_sets, numbered=track.numbered, reliable=reliable, fits=fits)
    return codecs.Frames(track.codec, track.parameter_sets, reliable=reliable, fits=fits, size=track.size)


class Pictures:
    """Makes pictures of the packets as they are described; as something else, where they plainly are that."""

    def __init__(self, track: sdp.Video, fits: Fits = memory.fits, *, reliable: bool = False) -> None:
        self.track, self._fits, self._reliable = track, fits, reliable
        self._recogniser: Senders[Recogniser] | None = None
        if track.codec in DOUBTED:
            made = partial(Recogniser, any_bytes=track.codec == ANY_BYTES)
            self._recogniser = Senders(lambda _: made(), track.payload_type, by_source=False)
        self._senders = self._made() if track.codec else None
        self._count = 0
        self.seen = False  # whether any packet with a payload came

    def feed(self, packet: bytes) -> bytes | None:
        """Take an RTP packet; the key picture as its decoder wants it, once it is complete.

        Raises:
            Verdict: nobody named the codec, and nobody knows it.
        """
        if self._recogniser:
            self._recognise(self._recogniser, packet)
        if self._senders is None:
            return None
        self._number(packet)
        picture = self._senders.feed(packet)
        self.seen |= self._senders.seen
        return picture

    def _recognise(self, recogniser: Senders[Recogniser], packet: bytes) -> None:
        self._count += 1
        recognised = recogniser.feed(packet)
        self.seen |= recogniser.seen
        if recognised:
            self._recogniser = None
            if recognised.decode() != self.track.codec:
                self.track = replace(self.track, recognised=recognised.decode())
                self._senders = self._made()
        elif self._senders is None and self._count > UNKNOWN:
            raise Verdict("not_decodable", "kiểu nén hình chưa hỗ trợ")

    def _number(self, packet: bytes) -> None:
        """Heed that units have numbers, or none, whatever the description says. What says so first counts."""
        if self.track.codec == "h265" and self.track.numbering is None and (start := bounds(packet)[0]):
            numbered = is_numbered(packet[start : start + TELLING])
            if numbered not in (None, self.track.numbered):
                self.track = replace(self.track, numbering=numbered)
                self._senders = self._made()

    def _made(self) -> Senders[Collector]:
        made = partial(collector, self.track, reliable=self._reliable)
        return Senders(made, self.track.payload_type, self._fits)


class Reader(Collector, Protocol):
    """Another way: `feed` gives what is to be looked at as soon as there is enough of it, `taken` what there is."""

    input_kind: InputKind

    def taken(self) -> bytes: ...


class Another(NamedTuple):
    """What a decoder is given to look for a picture by itself."""

    input_kind: InputKind
    stream: bytes


@dataclass(frozen=True)
class Found:
    """Packets in which a picture must be, as other ways than ours take them; `built`: what ours made of the same."""

    codec: str
    others: tuple[Another, ...]
    built: bytes | None


class BothWays:
    """Reads packets in our way, and in others.

    Of H.264 and H.265 the units as they came; of all else the packets, for FFmpeg's own reader; of JPEG also its pieces
    by their places.
    """

    def __init__(self, track: sdp.Video, fits: Fits = memory.fits, *, reliable: bool = False) -> None:
        ours, *self._fits = memory.parts(fits, 3)
        self._ours = Pictures(track, ours, reliable=reliable)
        self._track: sdp.Video | None = None
        self._others: list[Senders[Reader]] = []
        self._built: bytes | None = None

    @property
    def seen(self) -> bool:
        """Whether any packet with a payload came."""
        return self._ours.seen

    def feed(self, packet: bytes, *, late: bool) -> Found | None:
        """Take an RTP packet.

        Args:
            late: nothing was found for so long that a picture must have come by now.

        Raises:
            Verdict: as `Pictures.feed`.
        """
        self._built = self._ours.feed(packet) or self._built
        if (track := self._ours.track) is not self._track:
            self._track, self._others = track, self._readers(track)
        made = [other.feed(packet) for other in self._others]
        if not made or not (made[0] or late or (self._built and track.codec not in OTHERS)):
            return None
        readers = [other.newest for other in self._others]
        others = [
            Another(one.input_kind, stream or one.taken()) for one, stream in zip(readers, made, strict=True) if one
        ]
        built, self._built = self._built, None
        return Found(track.codec or "", tuple(one for one in others if one.stream), built)

    def _readers(self, track: sdp.Video) -> list[Senders[Reader]]:
        """The other ways. Senders that change their names are one to them."""
        makes = OTHERS.get(track.codec, (_packets,)) if track.codec else ()
        return [
            Senders(partial(make, track), track.payload_type, fits, by_source=False)
            for make, fits in zip(makes, self._fits, strict=False)
        ]


def _units(track: sdp.Video, fits: Fits) -> Reader:
    return Stretch(track.codec or "", track.parameter_sets, numbered=track.numbered, fits=fits)


def _packets(_: sdp.Video, fits: Fits) -> Reader:
    return Packets(fits)


def _pieces(track: sdp.Video, fits: Fits) -> Reader:
    return Pieces(track.size, fits=fits)


# Of all others, packets alone. The first one says when there is enough to look at.
OTHERS: dict[str, tuple[Callable[[sdp.Video, Fits], Reader], ...]] = {
    "h264": (_units,),
    "h265": (_units,),
    "jpeg": (_pieces, _packets),
}
