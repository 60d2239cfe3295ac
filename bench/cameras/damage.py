"""Damaged pictures that are taken for whole, whole ones that are called damaged: none is asked for.

    .venv/bin/python bench/cameras/damage.py [damaged of each codec] [whole ones of each codec]

Pictures of several sizes, scenes, qualities, numbers of slices and encoders' ways. Damage: a byte flipped, forty bytes
replaced, a span of zeros, a piece cut out, the tail missing, a packet lost, two packets swapped, a slice missing, the
picture that a later one refers to missing.

What counts as damage is told by comparing with the undamaged picture, both as a decoder shows them that conceals what
it can, which is what a person would see: brightness is off by more than `LEVELS` on average in at least `SHARE` of the
blocks of 16 x 16 pixels. Coarse encoding puts a block off by as much by itself, and a running clock takes more of a
picture. Less is counted apart: `same` where no block is off, `specks` else.
"""

import random
import sys
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.codec.context import Flags

from dondoc.demo import clips, rtp
from dondoc.probing.picture import decode
from dondoc.probing.picture import units as nal

SIZES = ((640, 360), (704, 576), (352, 288), (1280, 720), (1920, 1080), (480, 272))
WAYS = {
    "h264": (
        "keyint=1",
        "keyint=1:slices=4",
        "keyint=1:cabac=0",
        "keyint=1:cabac=0:slices=3",
        "keyint=1:8x8dct=0",
        "keyint=1:fake-interlaced=1",
    ),
    "h265": (
        "keyint=1",
        "keyint=1:wpp=0",
        "keyint=1:slices=4",
        "keyint=1:ctu=16:wpp=0",
        "keyint=1:ctu=32:sao=0:wpp=0",
        "keyint=1:aq-mode=0:wpp=0",
    ),
    "jpeg": ("3", "8", "20"),
}
LEVELS, SHARE, BLOCK = 4, 0.005, 16
Damage = Callable[[random.Random, bytearray], None]


def _flip(rng: random.Random, unit: bytearray) -> None:
    unit[rng.randrange(12, len(unit))] ^= rng.randrange(1, 256)


def _burst(rng: random.Random, unit: bytearray) -> None:
    at = rng.randrange(12, max(13, len(unit) - 40))
    unit[at : at + 40] = rng.randbytes(40)


def _cut(rng: random.Random, unit: bytearray) -> None:
    at = rng.randrange(12, max(13, len(unit) - 200))
    del unit[at : at + rng.choice((1, 40, 200, 1400))]


def _tail(rng: random.Random, unit: bytearray) -> None:
    del unit[rng.randrange(12, len(unit)) :]


def _zeros(rng: random.Random, unit: bytearray) -> None:
    at = rng.randrange(12, max(13, len(unit) - 300))
    unit[at : at + 300] = bytes(len(unit[at : at + 300]))


def _lost(rng: random.Random, unit: bytearray) -> None:
    pieces = _pieces(unit)
    del pieces[rng.randrange(1, len(pieces))]
    unit[:] = b"".join(pieces)


def _swapped(rng: random.Random, unit: bytearray) -> None:
    pieces = _pieces(unit)
    at = rng.randrange(len(pieces) - 1)
    pieces[at : at + 2] = pieces[at + 1], pieces[at]
    unit[:] = b"".join(pieces)


def _pieces(unit: bytearray) -> list[bytes]:
    return [bytes(unit[at : at + rtp.MAX]) for at in range(0, len(unit), rtp.MAX)]


def _slice(rng: random.Random, unit: bytearray) -> None:
    unit.clear()


DAMAGES: dict[str, Damage] = {
    "flip": _flip,
    "burst": _burst,
    "zeros": _zeros,
    "cut": _cut,
    "tail": _tail,
    "packet lost": _lost,
    "packets swapped": _swapped,
    "slice": _slice,
}
LEAST = {"packet lost": 2, "packets swapped": 2}  # packets that a unit must take
REFERENCE = "reference missing"


def picture(rng: random.Random, codec: str, *, later: bool = False) -> tuple[str, list[bytes]]:
    """A key picture, with `later` also one that refers to it: its way, and the units."""
    size, way = rng.choice(SIZES), rng.choice(WAYS[codec])
    scene, number = (
        rng.choice(("moving", "infrared", "blurred", "dark", "covered", "overexposed", "card")),
        rng.randrange(99),
    )
    image = np.ascontiguousarray(np.roll(clips.SCENES[scene](number), number, axis=1))
    encoder: Any = av.CodecContext.create(clips.ENCODERS[codec], "w")
    encoder.width, encoder.height = size
    encoder.pix_fmt = "yuvj420p" if codec == "jpeg" else "yuv420p"
    encoder.time_base = Fraction(1, 10)
    encoder.thread_count = 1
    quality = rng.choice((18, 26, 34))
    if codec == "jpeg":
        encoder.options = {"huffman": "default", "qmin": way, "qmax": way}
    else:
        params = {"h264": "x264-params", "h265": "x265-params"}[codec]
        more = ":log-level=none" if codec == "h265" else ""
        encoder.options = {
            "preset": rng.choice(("ultrafast", "veryfast", "medium")),
            "crf": str(quality),
            params: f"{way}{more}:repeat-headers=1",
        }
        if later:
            encoder.options |= {params: encoder.options[params].replace("keyint=1", "keyint=9:scenecut=0:bframes=0")}
    made = []
    for shift in range(1 + later):
        moved = np.ascontiguousarray(np.roll(image, 9 * shift, axis=1))
        frame = av.VideoFrame.from_ndarray(moved, format="rgb24").reformat(*size, encoder.pix_fmt)
        frame.pts = shift
        made += encoder.encode(frame)
    stream = b"".join(map(bytes, [*made, *encoder.encode(None)]))
    name = f"{size[0]}x{size[1]} {way} {scene} {quality}"
    return name, [stream] if codec == "jpeg" else nal.split(stream)


def joined(codec: str, units: list[bytes]) -> bytes:
    return units[0] if codec == "jpeg" else nal.joined(filter(None, units))


def damaged(rng: random.Random, codec: str, units: list[bytes]) -> tuple[str, list[bytes]]:
    slices = [n for n, u in enumerate(units) if codec == "jpeg" or nal.is_slice(codec, u)]
    number = rng.choice(slices)
    unit = bytearray(units[number])
    scan = unit.index(b"\xff\xda") + 10 if codec == "jpeg" else 0
    sent = -(-len(unit[scan:]) // rtp.MAX)
    kind = rng.choice([k for k in DAMAGES if sent >= LEAST.get(k, 1) and (k != "slice" or len(slices) > 1)])
    if codec == "jpeg":
        body = unit[scan:-2]
        DAMAGES[kind](rng, body)
        unit = unit[:scan] + body + b"\xff\xd9"
    else:
        DAMAGES[kind](rng, unit)
    return kind, [bytes(unit) if n == number else u for n, u in enumerate(units)]


def shown(codec: str, stream: bytes) -> Any:
    """Brightness of the last that a viewer shows, who conceals what he can; None: nothing."""
    decoder = decode._decoder(codec, decode.Manner.VIEWED)
    decoder.flags |= Flags.output_corrupt
    frames = [*decode._frames(decoder, stream), *decode._frames(decoder, None)]
    return decode._planes(frames[-1]).y.astype(int) if frames else None


def off(codec: str, one: bytes, other: bytes) -> float:
    """Share of the blocks that are off by more than LEVELS; 1: no picture, or one of another size."""
    a, b = shown(codec, one), shown(codec, other)
    if a is None or b is None or a.shape != b.shape:
        return 1.0
    high, wide = (side // BLOCK for side in a.shape)
    blocks = np.abs(a - b)[: high * BLOCK, : wide * BLOCK].reshape(high, BLOCK, wide, BLOCK).mean((1, 3))
    return float((blocks > LEVELS).mean())


def whole(rng: random.Random, codec: str, count: int) -> Counter[str]:
    """Whole pictures that are called damaged."""
    wrong = Counter[str]()
    for _ in range(count):
        name, units = picture(rng, codec)
        if decode.decode(codec, joined(codec, units)) is None:
            wrong[name] += 1
    return wrong


def broken(rng: random.Random, codec: str, count: int) -> None:
    """Say how many damaged ones are taken for whole."""
    tried, taken, same, specks = Counter[str](), Counter[str](), 0, Counter[bool]()
    while tried.total() < count:
        if codec != "jpeg" and rng.random() < 0.1:
            name, units = picture(rng, codec, later=True)
            slices = [n for n, unit in enumerate(units) if nal.begins_picture(codec, unit)]
            kind, worse = REFERENCE, [u for n, u in enumerate(units) if nal.is_set(codec, u) or n >= slices[1]]
        else:
            name, units = picture(rng, codec)
            kind, worse = damaged(rng, codec, units)
        share = off(codec, joined(codec, units), joined(codec, worse))
        is_taken = decode.decode(codec, joined(codec, worse)) is not None
        if share == 0:
            same += 1
        elif share < SHARE:
            specks[is_taken] += 1
        else:
            tried[kind] += 1
            taken[f"{kind} {name} {share:.4f}"] += is_taken
    print(f"{codec}: {tried.total()} damaged {dict(tried)},", end=" ")
    print(f"{taken.total()} taken for whole {dict(+taken)};", end=" ")
    print(f"{same} more the same, {specks.total()} with specks, {specks[True]} of them taken for whole", flush=True)


def main() -> None:
    given = [*sys.argv[1:], *["200", "500"][len(sys.argv) - 1 :]]
    for codec in WAYS:
        rng = random.Random(f"16 {codec}")
        wrong = whole(rng, codec, int(given[1]))
        print(f"{codec}: {given[1]} whole, {wrong.total()} called damaged {dict(wrong)}", flush=True)
        broken(rng, codec, int(given[0]))


if __name__ == "__main__":
    main()
