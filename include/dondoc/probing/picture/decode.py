"""Decodes one picture and judges it. Runs as a child process: a crash of a decoder must not take us along.

Its only argument are the thresholds. Says `ready`; then reads requests from standard input, each two lengths of 4
bytes, a JSON object (`codec`, `input_kind`, `past`, `thumbnail`) and the picture's bytes, and answers each with a line
of JSON (the fields of `Seen`, its `thumbnail` as base64), until its input ends.
"""

import json
import re
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import av
import av.logging
import cv2
import numpy as np
from av.codec.context import Flags

from dondoc.isolation import confine
from dondoc.probing.picture import ffmpeg_packets, units, whole
from dondoc.probing.picture.input_kind import InputKind
from dondoc.probing.picture.judge import Thresholds, detail, judge, light
from dondoc.probing.picture.measure import STRETCH, Planes, measure
from dondoc.probing.picture.shifted import quantisation_step, shifted
from dondoc.probing.picture.whole import AS_SHOWN, Manner

CODECS = {
    "h264": "h264",
    "h265": "hevc",
    "jpeg": "mjpeg",
    "mpeg4": "mpeg4",
    "mpeg2": "mpeg2video",
    "h263": "h263",
    "h263-1996": "h263",
    "vp8": "vp8",
    "av1": "libdav1d",
}
PLANAR = re.compile(r"yuv(j?)4[0-4]{2}p")  # formats of 8 bits; `j`: of the full range
FULL_RANGE = 2  # AVCOL_RANGE_JPEG
SMALL, QUALITY = 160, 70  # pixels, the longer side of a thumbnail; JPEG quality
MEMORY = (
    1024**3
)  # twice what a picture of MOST_PIXELS takes; an AV1 picture of 5 KB took a third of it, a larger one all
MOST_PIXELS = 64 * 1024**2  # twice 8K; 500 bytes of JPEG may claim 65,500 × 65,500, and cost 2 GB
CONCEALING, CONCEALS = "guess_mvs+deblock", "concealing"  # how a decoder is told to, and what it says then
SPOILT = "error while decoding MB"  # what FFmpeg says when a slice of H.264 makes no sense any more
SKIPPED = tuple(f"Skipping invalid undecodable NALU: {kind}" for kind in range(16, 22))  # and a slice of H.265
FAILED: dict[str, Any] = {"verdict": "decode_failed", "detail": "hình nhận được không trọn vẹn", "features": {}}
UNKNOWN: dict[str, Any] = {"verdict": "not_decodable", "detail": "không giải mã được hình nào", "features": {}}


def decode(codec: str, stream: bytes) -> Planes | None:
    """The first picture that is whole; None when there is none."""
    try:
        return whole_picture(codec, stream)
    except whole.Damaged:
        return None


def whole_picture(codec: str, stream: bytes) -> Planes | None:
    """The first picture; None when there is none.

    Raises:
        Damaged: it is not whole.
    """
    if codec in ("h264", "h265"):
        try:
            return whole.assembled(codec, stream, partial(_checked, codec))
        except whole.Damaged:
            if _is_grey(codec, stream):  # black looks as if it was not written
                return None
            raise
    if codec == "jpeg":
        stream = _checked_jpeg(stream)
    if picture := _first(codec, stream):
        whole.check_written(picture)
        if codec == "jpeg" and shifted(picture, quantisation_step(stream)):
            raise whole.Damaged
    return picture


def _checked_jpeg(picture: bytes) -> bytes:
    """It, or the same in a larger size, of which all is there. Raises Damaged: none is."""
    try:
        whole.check_jpeg(picture)
        return picture
    except whole.Damaged:
        for larger in whole.larger(picture):
            with suppress(whole.Damaged):
                whole.check_jpeg(larger)
                return larger
        raise


def play(codec: str, stream: bytes) -> Planes | None:
    """The first whole picture of a stretch of H.264 or H.265, which the decoder's own parser takes apart.

    A picture that needs no other is looked at by itself. Where none comes, they are decoded one after another until the
    decoder has renewed all of one (gradual refresh).

    Raises:
        Damaged: there are pictures, and none is whole.
    """
    pictures = [units.split(bytes(packet)) for packet in _parsed(codec, stream)]
    keys = [n for n, one in enumerate(pictures) if units.is_key(codec, one)]
    damaged = False
    for n in keys:
        sets = [unit for one in pictures[:n] for unit in one if units.is_set(codec, unit)]
        try:
            if picture := whole_picture(codec, units.joined([*units.newest(sets), *pictures[n]])):
                return picture
        except whole.Damaged:
            damaged = True
    picture = None if keys else _renewed(codec, pictures)
    if picture is None and damaged:
        raise whole.Damaged
    return picture


def _parsed(codec: str, stream: bytes) -> list[Any]:
    parser: Any = av.CodecContext.create(CODECS[codec], "r")
    try:
        return [*parser.parse(stream), *parser.parse(None)]
    except (av.FFmpegError, ValueError):
        return []


def _renewed(codec: str, pictures: Sequence[Sequence[bytes]]) -> Planes | None:
    """The picture that is there when a second renewal begins: all of the first was decoded, without an error."""
    decoder = _decoder(codec, Manner.VIEWED)
    decoder.flags |= Flags.low_delay
    renewals = 0
    for one in pictures:
        renewals += any(units.renews(codec, unit) for unit in one)
        with _heard(av.logging.DEBUG) as said:
            frames = _frames(decoder, units.joined(one))
        if any(level <= av.logging.ERROR or CONCEALS in words for level, _, words in said):
            renewals = 0
        elif renewals > 1 and frames:
            return _planes(frames[-1])
    return None


def _frames(decoder: Any, stream: bytes | None) -> list[Any]:
    try:
        return [*decoder.decode(stream if stream is None else av.Packet(stream))]
    except (av.FFmpegError, ValueError):
        return []


def _decoder(codec: str, manner: Manner = AS_SHOWN) -> Any:
    made: Any = av.CodecContext.create(CODECS[codec], "r")
    made.thread_count = 1
    made.options = {
        "max_pixels": str(MOST_PIXELS),
        "ec": CONCEALING if Manner.VIEWED in manner else "0",
        "skip_loop_filter": "all" if Manner.UNSMOOTHED in manner else "default",
    }
    if Manner.UNCROPPED in manner:
        made.options |= {"flags2": "ignorecrop"}
    if Manner.EXACT in manner:
        made.options |= {"err_detect": "explode"}
    return made


def _first(codec: str, stream: bytes) -> Planes | None:
    """The first picture that a decoder makes and does not call corrupt."""
    frame = next((f for f in _all_frames(_decoder(codec), stream) if not f.is_corrupt), None)
    return _planes(frame) if frame else None


def _checked(codec: str, stream: bytes, manner: Manner) -> Planes | None:
    """The first picture that a decoder makes of H.264 or H.265, be it one that it calls corrupt.

    Raises:
        Damaged: it says that it lost its way, or that it conceals.
    """
    strict, viewed = Manner.STRICT in manner, Manner.VIEWED in manner
    with _heard(av.logging.DEBUG if viewed else av.logging.WARNING if strict else av.logging.ERROR) as said:
        frames = _all_frames(_decoder(codec, manner), stream)
    wrong = (SPOILT, *SKIPPED) if strict else (SPOILT, CONCEALS)
    if any(words.startswith(wrong) for _, _, words in said):
        raise whole.Damaged
    return _planes(frames[0]) if frames else None


def _all_frames(decoder: Any, stream: bytes) -> list[Any]:
    return [*_frames(decoder, stream), *_frames(decoder, None)]


@contextmanager
def _heard(level: int) -> Iterator[list[tuple[int, str, str]]]:
    """What decoders say meanwhile: level, who, words."""
    av.logging.set_level(level)
    av.logging.set_skip_repeated(False)  # what was said of the picture before may be said again
    try:
        with av.logging.Capture() as said:
            yield said
    finally:
        av.logging.set_level(None)


def _is_grey(codec: str, stream: bytes) -> bool:
    """Whether its pictures have no planes of colour (4:0:0, of H.265; the decoder of H.264 adds them)."""
    return any(f.format.name.startswith("gray") for f in _all_frames(_decoder(codec), stream))


def _planes(frame: Any) -> Planes:
    if frame.format.name.startswith("gray"):
        y = _array(frame.reformat(format="gray", threads=1).planes[0])
        colour = _without_colour(y)
        return Planes(y, colour, colour, frame.color_range == FULL_RANGE)
    form = PLANAR.match(frame.format.name)
    name = form[0] if form else "yuv420p"
    if frame.format.name != name:  # 10 bits: rare, so the conversion may cost, but no block may reach into the next
        frame = frame.reformat(format=name, threads=1)  # a confined child may start none
    full = bool(form and form[1]) or frame.color_range == FULL_RANGE
    y, u, v = (_array(plane) for plane in frame.planes)
    return Planes(y, u, v, full)


def _without_colour(y: Any) -> Any:
    """A plane of colour, as the decoder of H.264 makes it of 4:0:0: grey, but 0 in blocks that were not written."""
    (height, width), size = y.shape, whole.BLOCK
    written = cv2.dilate(y, np.ones((size, size), np.uint8), anchor=(0, 0))[::size, ::size] > 0
    return (written * np.uint8(128)).repeat(size, 0).repeat(size, 1)[:height, :width]


def _array(plane: Any) -> Any:
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]


def received(codec: str, packets: bytes) -> Planes | None:
    """The first whole picture of RTP packets, which FFmpeg's own reader takes apart.

    Raises:
        Damaged: there are pictures, and none is whole.
    """
    try:
        made, told = ffmpeg_packets.pictures(codec, packets, MOST_PIXELS)
    except (av.FFmpegError, ValueError, IndexError):
        return None
    return _first_jpeg(made) if codec == "jpeg" else _first_clean(codec, made, told)


def _first_jpeg(files: Sequence[bytes]) -> Planes | None:
    damaged = False
    for file in files:
        try:
            if picture := whole_picture("jpeg", file):
                return picture
        except whole.Damaged:
            damaged = True
    if damaged:
        raise whole.Damaged
    return None


def _first_clean(codec: str, made: Sequence[bytes], told: bytes) -> Planes | None:
    """The first picture that needs no other and of which the decoder has nothing to complain."""
    decoder = _decoder(codec)
    decoder.extradata = told or None
    for one in made:
        with _heard(av.logging.ERROR) as said:
            frames = [frame for frame in _frames(decoder, one) if frame.key_frame and not frame.is_corrupt]
        if frames and not said:
            picture = _planes(frames[0])
            whole.check_written(picture)
            return picture
    return None


LOOKS = {InputKind.PICTURE: whole_picture, InputKind.STRETCH: play, InputKind.PACKETS: received}


def examine(
    picture: Planes | None, past: Mapping[str, Any] | None, limits: Thresholds, *, thumbnail: bool = False
) -> dict[str, Any]:
    """What a request is answered with."""
    if picture is None:
        return FAILED
    features = measure(picture)
    features["light"] = light(features, limits)
    verdict, suspicion = judge(features, past, limits)
    features |= {"verdict": verdict, "suspicion": suspicion}
    words = detail(verdict, suspicion, features, past, limits)
    seen = {"verdict": verdict, "detail": words, "features": features}
    return seen | {"thumbnail": b64encode(small(picture)).decode()} if thumbnail else seen


def answer(request: Mapping[str, Any], stream: bytes, limits: Thresholds) -> dict[str, Any]:
    """What a child answers."""
    codec = request["codec"]
    try:
        picture = LOOKS[request["input_kind"]](codec, stream)
    except whole.Damaged:
        return FAILED
    if picture is None:
        return UNKNOWN
    return examine(picture, request["past"], limits, thumbnail=request["thumbnail"])


def small(picture: Planes) -> bytes:
    """The picture as a JPEG at most `SMALL` pixels wide and high. Limited range: its colours come out a little pale."""
    height, width = picture.y.shape
    by = min(1.0, SMALL / max(height, width))
    size = max(1, round(width * by)), max(1, round(height * by))
    y, u, v = (cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in picture[:3])
    y = y if picture.full_range else cv2.LUT(y, STRETCH)
    bgr = cv2.cvtColor(cv2.merge((y, v, u)), cv2.COLOR_YCrCb2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


def limit() -> None:
    """One thread, bounded memory, nothing but its work: strangers send what it decodes."""
    cv2.setNumThreads(1)
    confine.confine(memory=MEMORY)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Judge what comes in, one after another."""
    limit()
    limits, read = json.loads(sys.argv[1]), sys.stdin.buffer.read
    say("ready")
    while len(head := read(8)) == 8:
        request = json.loads(read(int.from_bytes(head[:4])))
        say(json.dumps(answer(request, read(int.from_bytes(head[4:])), limits)))


if __name__ == "__main__":
    main()
