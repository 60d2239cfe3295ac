"""Damaged pictures that are taken for whole, whole ones that are called damaged: none is asked for.

    .venv/bin/python bench/cameras/damage.py [damaged of each codec] [whole ones of each codec]

Pictures of several sizes, scenes, qualities, numbers of slices and encoders' ways. Damage: a byte flipped, forty bytes
replaced, a piece or a slice cut out, the tail missing. What decodes to the very same picture, or differs in less than a
hundredth of a percent of it, is no damage that anyone could see, and counted apart.
"""

import random
import sys
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import numpy as np

from dondoc.demo import clips
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


def _slice(rng: random.Random, unit: bytearray) -> None:
    unit.clear()


DAMAGES: dict[str, Damage] = {"flip": _flip, "burst": _burst, "cut": _cut, "tail": _tail, "slice": _slice}


def picture(rng: random.Random, codec: str) -> tuple[str, list[bytes]]:
    """A key picture: its way, and its units."""
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
    frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(*size, encoder.pix_fmt)
    stream = b"".join(bytes(p) for p in [*encoder.encode(frame), *encoder.encode(None)])
    name = f"{size[0]}x{size[1]} {way} {scene} {quality}"
    return name, [stream] if codec == "jpeg" else nal.split(stream)


def joined(codec: str, units: list[bytes]) -> bytes:
    return units[0] if codec == "jpeg" else nal.joined(filter(None, units))


def damaged(rng: random.Random, codec: str, units: list[bytes]) -> tuple[str, list[bytes]]:
    slices = [n for n, u in enumerate(units) if codec == "jpeg" or nal.is_slice(codec, u)]
    kinds = [k for k in DAMAGES if k != "slice" or len(slices) > 1]
    kind, number = rng.choice(kinds), rng.choice(slices)
    unit = bytearray(units[number])
    if codec == "jpeg":
        scan = unit.index(b"\xff\xda") + 10
        body = unit[scan:-2]
        DAMAGES[kind](rng, body)
        unit = unit[:scan] + body + b"\xff\xd9"
    else:
        DAMAGES[kind](rng, unit)
    return kind, [bytes(unit) if n == number else u for n, u in enumerate(units)]


def difference(codec: str, one: bytes, other: bytes) -> float:
    """Share of the pixels that differ, as a decoder shows them that conceals nothing."""
    a, b = decode._first(codec, one), decode._first(codec, other)
    return (
        1.0 if a is None or b is None or a.y.shape != b.y.shape else float((np.abs(a.y.astype(int) - b.y) > 2).mean())
    )


def main() -> None:
    given = [*sys.argv[1:], *["200", "500"][len(sys.argv) - 1 :]]
    rng = random.Random(16)
    for codec in WAYS:
        wrong = Counter[str]()
        for _ in range(int(given[1])):
            name, units = picture(rng, codec)
            if decode.decode(codec, joined(codec, units)) is None:
                wrong[name] += 1
        print(f"{codec}: {given[1]} whole, {wrong.total()} called damaged {dict(wrong)}", flush=True)
        taken, unseen, tried = Counter[str](), 0, Counter[str]()
        while tried.total() < int(given[0]):
            name, units = picture(rng, codec)
            kind, worse = damaged(rng, codec, units)
            if (share := difference(codec, joined(codec, units), joined(codec, worse))) < 1e-4:
                unseen += 1
                continue
            tried[kind] += 1
            if decode.decode(codec, joined(codec, worse)) is not None:
                taken[f"{kind} {name} {share:.4f}"] += 1
        print(f"{codec}: {dict(tried)} damaged ({unseen} more not to be seen),", end=" ")
        print(f"{taken.total()} taken for whole {dict(taken)}", flush=True)


if __name__ == "__main__":
    main()
