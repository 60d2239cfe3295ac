"""Fakes and healthy pictures that no rule was made with, in any size and by any encoder.

    .venv/bin/python bench/cameras/unseen.py --help

Each kind is drawn so many times, in a size, codec (H.264, H.265, JPEG), quality and preset drawn by chance; a third
under a clock or a name. Says how often each was called something else, what, and what was suspected.
"""

import argparse
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from scenes import SCENES, Picture, texture

from dondoc.configuration import settings
from dondoc.probing.picture import decode, judge

LIMITS = judge.thresholds(settings.DATA / "cameras" / "pictures.yaml")
SIZES = ((352, 288), (640, 360), (640, 480), (704, 576), (1280, 720), (1920, 1080))
WORDS = ("NO VIDEO", "VIDEO LOSS", "KHÔNG CÓ TÍN HIỆU", "Mất tín hiệu", "No Signal", "NO SIGNAL!", "Video Lost",
         "Camera disconnected", "Không có hình", "Signal lost", "SIGNAL LOSS", "Offline", "Đang kết nối...",
         "Network error", "Kein Signal", "Pas de signal", "No input", "LOADING")  # fmt: skip
NAMES = (
    "CAM 05",
    "Kênh 3",
    "Camera 01",
    "CONG SAU",
    "Trụ sở UBND",
    "IPC",
    "D4",
    "2026-11-29 01:12:45",
    "29/11/2026 01:12",
)
FONTS = [str(font) for font in sorted(Path("/usr/share/fonts").rglob("*.ttf"))] or ["sans", "italic"]
Make = Callable[[Any, int, int], Any]  # of a random source, height and width: BGR, or YUV as decoders give it


def any_font(random: Any) -> Any:
    return cv2.FontFace(FONTS[random.integers(len(FONTS))])


def write(random: Any, made: Any, words: str, ink: Any, at: tuple[float, float], size: float) -> Any:
    """Words in any font, `size` of the height, their middle at such shares of width and height."""
    plain = np.ascontiguousarray(np.clip(made, 0, 255).astype(np.uint8))
    face, (height, width), weight = any_font(random), plain.shape[:2], int(random.choice([300, 400, 700]))
    pixels = max(9, int(height * size))
    *_, wide, high = cv2.getTextSize((0, 0), words, (0, 0), face, pixels, weight)
    pixels = max(8, int(pixels * min(1.0, width * 0.94 / wide)))
    *_, wide, high = cv2.getTextSize((0, 0), words, (0, 0), face, pixels, weight)
    x = int(np.clip(width * at[0] - wide / 2, 2, max(2, width - wide - 2)))
    y = int(np.clip(height * at[1] + high / 2, high + 2, height - 3))
    cv2.putText(plain, words, (x, y), ink, face, pixels, weight)
    return plain


def readable(random: Any, ground: Any) -> tuple[int, int, int]:
    """An ink that can be read on a ground."""
    light = float(np.dot(ground, (0.11, 0.59, 0.3)))
    inks = [(255, 255, 255), (0, 255, 255), (0, 0, 0), (0, 0, 255), (200, 200, 200), (0, 200, 0), (255, 120, 0)]
    clear = [ink for ink in inks if abs(float(np.dot(ink, (0.11, 0.59, 0.3))) - light) > 90]
    return clear[random.integers(len(clear))]


def words_on(random: Any, made: Any, *, lines: int | None = None) -> Any:
    ink, count = readable(random, made[len(made) // 2].mean(axis=0)), lines or int(random.integers(1, 4))
    size, top = random.uniform(0.045, 0.16) / count**0.5, random.uniform(0.3, 0.6)
    for n in range(count):
        made = write(random, made, WORDS[random.integers(len(WORDS))], ink, (0.5, top + 1.5 * n * size), size)
    return made


def any_colour(random: Any) -> Any:
    kind = random.integers(4)
    if kind == 0:
        return np.repeat(random.uniform(0, 255), 3)
    if kind == 1:
        return np.array([random.uniform(60, 255), random.uniform(0, 60), random.uniform(0, 40)])
    return random.uniform(0, 255, 3) if kind == 2 else np.zeros(3)


def plain(height: int, width: int, colour: Any) -> Any:
    return np.full((height, width, 3), np.round(colour), np.uint8)


def gradient(random: Any, height: int, width: int) -> Any:
    """Straight in any direction, round, or in two parts; of two colours, in steps of one as devices draw it."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    turn, kind = random.uniform(0, 2 * np.pi), random.integers(4)
    along = np.clip(np.cos(turn) * (x - 0.5) + np.sin(turn) * (y - 0.5) + 0.5, 0, 1)
    if kind == 1:
        along = np.clip(np.hypot(x - random.uniform(0.3, 0.7), y - random.uniform(0.3, 0.7)) * 1.3, 0, 1)
    elif kind == 2:
        along = np.abs(2 * along - 1)
    base = (
        any_colour(random) if random.random() < 0.5 else np.array([random.uniform(80, 255), *random.uniform(0, 90, 2)])
    )
    other = (
        base * random.uniform(0.1, 0.8) if random.random() < 0.7 else np.clip(base + random.uniform(-90, 90, 3), 0, 255)
    )
    return np.clip(base + along[..., None] * (other - base), 0, 255).round().astype(np.uint8)


def emblem(random: Any, made: Any) -> Any:
    """A logo of some shapes, filled or shaded, above its name."""
    height, width = made.shape[:2]
    at, size = (
        (int(width * random.uniform(0.4, 0.6)), int(height * random.uniform(0.3, 0.5))),
        int(height * random.uniform(0.06, 0.18)),
    )
    for n in range(int(random.integers(1, 4))):
        colour, kind = random.uniform(0, 255, 3).tolist(), random.integers(4)
        part = max(4, size * 2 // (n + 2))
        if kind == 0:
            cv2.circle(made, at, part, colour, -1, cv2.LINE_AA)
        elif kind == 1:
            points = np.array([(at[0] + part * np.cos(a), at[1] + part * np.sin(a)) for a in np.arange(6) * np.pi / 3])
            cv2.fillPoly(made, [points.astype(np.int32)], colour, cv2.LINE_AA)
        elif kind == 2:
            cv2.rectangle(made, (at[0] - part, at[1] - part // 2), (at[0] + part, at[1] + part // 2), colour, -1)
        else:
            cv2.ellipse(
                made, at, (part, part // 2), random.uniform(0, 180), 0, 360, colour, max(3, part // 5), cv2.LINE_AA
            )
    ink = readable(random, made[-5:].mean(axis=(0, 1)))
    name = ("Vision Pro", "SMART NVR", "iSecure", "HD TVI", "IP Camera", "Welcome", "DVR")[random.integers(7)]
    return write(random, made, name, ink, (at[0] / width, 0.72), random.uniform(0.06, 0.15))


def card(random: Any, height: int, width: int) -> Any:
    made = plain(height, width, any_colour(random))
    if random.random() < 0.2:  # in a box
        box = readable(random, made[0, 0])
        cv2.rectangle(made, (width // 8, height // 4), (width * 7 // 8, height * 3 // 4), box, max(2, height // 150))
    return words_on(random, made)


def shaded_card(random: Any, height: int, width: int) -> Any:
    return words_on(random, gradient(random, height, width))


def logo(random: Any, height: int, width: int) -> Any:
    return emblem(random, plain(height, width, any_colour(random)))


def shaded_logo(random: Any, height: int, width: int) -> Any:
    return emblem(random, gradient(random, height, width))


BARS = ((1, 1, 1), (0, 1, 1), (1, 1, 0), (0, 1, 0), (1, 0, 1), (0, 0, 1), (1, 0, 0))


def bars(random: Any, height: int, width: int) -> Any:
    """Of SMPTE with its lower strips, of EBU, with words across."""
    level, edges = random.uniform(170, 255), np.linspace(0, width, 8).astype(int)
    made = np.zeros((height, width, 3), np.float32)
    for n, colour in enumerate(BARS):
        made[:, edges[n] : edges[n + 1]] = np.array(colour) * level
    if random.random() < 0.5:
        strip = int(height * random.uniform(0.67, 0.75))
        for n in range(7):
            made[strip : strip + height // 12, edges[n] : edges[n + 1]] = (
                np.array(BARS[6 - n]) * level if n % 2 == 0 else 8
            )
        made[strip + height // 12 :] = 10
        made[strip + height // 12 :, edges[1] : edges[2]] = 255
    if random.random() < 0.4:
        made = write(random, made, WORDS[random.integers(len(WORDS))], (255, 255, 255), (0.5, 0.5), 0.1)
    return made


LAYOUTS = [
    *([(x / n, y / n, 1 / n) for y in range(n) for x in range(n)] for n in (2, 3, 4)),
    [(0, 0, 2 / 3), *((2 / 3, y / 3, 1 / 3) for y in range(3)), (0, 2 / 3, 1 / 3), (1 / 3, 2 / 3, 1 / 3)],
]  # of each channel its left, top and size, as shares


def overview(random: Any, height: int, width: int, used: int = 0) -> Any:
    """Channels that show nothing: words, an emblem, a colour of its own; a name in each, lines between, one clock."""
    layout = list(LAYOUTS[random.integers(len(LAYOUTS))])
    made = plain(
        height, width, any_colour(random) if random.random() < 0.3 else np.repeat(random.choice([0, 16, 40]), 3)
    )
    ground, kind = any_colour(random), random.integers(4)
    words, named = WORDS[random.integers(len(WORDS))], random.random() < 0.5
    there = set(random.permutation(len(layout))[:used].tolist())
    scene = a_scene(random, height, width) * random.choice([1.0, 1.0, 0.4, 0.08])
    gap = int(random.choice([0, 1, 2, 4]))
    for number, (left, top, share) in enumerate(layout):
        x, y, w, h = (int(v) for v in (left * width, top * height, share * width - gap, share * height - gap))
        cell = plain(h, w, ground)
        if number in there:
            look = np.roll(scene, int(random.integers(width)), 1)
            cell = np.clip(
                cv2.resize(look, (w, h), interpolation=cv2.INTER_AREA) + random.normal(0, 2, (h, w, 1)), 0, 255
            ).astype(np.uint8)
        elif kind == 1:
            cell = emblem(random, cell)
        elif kind > 1:
            cell = write(random, cell, words, readable(random, ground), (0.5, 0.5), 0.12)
        if named:
            cell = write(random, cell, f"CAM {number + 1:02}", (255, 255, 255), (0.15, 0.92), 0.08)
        made[y : y + h, x : x + w] = cell
    if random.random() < 0.3:
        made = write(random, made, "29-11-2026 02:13:44", (255, 255, 255), (0.8, 0.04), 0.035)
    return made


def snow(random: Any, height: int, width: int, colours: int = 1) -> Any:
    """Drawn in lines of a tube, or point by point in blocks of some pixels; any contrast."""
    if random.random() < 0.5:
        lines, across = int(random.choice([240, 288, 480, 576])), int(random.choice([352, 704, 720, 960]))
    else:
        lines, across = (n // int(random.integers(1, 4)) for n in (height, width))
    kind = random.integers(3)
    made = random.normal(0, 1, (lines, across, colours))
    if kind == 1:
        made = random.uniform(-1.7, 1.7, made.shape)
    elif kind == 2:
        made = np.sign(made)
    made = np.clip(random.uniform(95, 140) + made * random.uniform(40, 90), 0, 255).astype(np.float32)
    if colours == 2:  # grey noise and weaker noise in colours, as a tuner shows it
        made = made[..., :1] + random.normal(0, random.uniform(20, 50), (lines, across, 3)).astype(np.float32)
    way = cv2.INTER_NEAREST if random.random() < 0.5 else cv2.INTER_LINEAR
    made = cv2.resize(made, (width, height), interpolation=way).reshape(height, width, -1)
    made = made if made.shape[2] == 3 else np.repeat(made[..., :1], 3, 2)
    if random.random() < 0.2:
        made[int(random.integers(height)) :][: height // 20] *= 0.4
    if random.random() < 0.3:
        made = write(random, made, NAMES[random.integers(len(NAMES))], (255, 255, 255), (0.2, 0.06), 0.05)
    return made


def coloured_snow(random: Any, height: int, width: int) -> Any:
    return snow(random, height, width, int(random.choice([2, 3])))


def yuv_of(bgr: Any) -> Any:
    return cv2.cvtColor(np.clip(bgr, 0, 255).astype(np.uint8), cv2.COLOR_BGR2YUV_I420)


def planes(yuv: Any) -> list[Any]:
    height, width = yuv.shape[0] * 2 // 3, yuv.shape[1]
    y, u, v = np.split(yuv.reshape(-1), [height * width, height * width * 5 // 4])
    return [y.reshape(height, width), u.reshape(height // 2, -1), v.reshape(height // 2, -1)]


def a_scene(random: Any, height: int, width: int) -> Picture:
    kind = [*SCENES.values()][random.integers(len(SCENES))]
    made = cv2.GaussianBlur(kind(random, 720, 1280), (0, 0), 0.8)
    return np.clip(cv2.resize(made, (width, height), interpolation=cv2.INTER_AREA), 0, 255).astype(np.float32)


def seen(random: Any, height: int, width: int) -> Picture:
    return a_scene(random, height, width) + random.normal(0, random.choice([1, 2, 4]), (height, width, 1)).astype(
        np.float32
    )


def _row(random: Any, height: int) -> int:
    return int(height * random.uniform(0.25, 0.75)) // 16 * 16


def _lower(random: Any, height: int, width: int, colours: tuple[int, int, int]) -> Any:
    """As a decoder leaves it, or that encoded again from red, green and blue."""
    yuv, at = yuv_of(seen(random, height, width)), _row(random, height)
    y, u, v = planes(yuv)
    y[at:], u[at // 2 :], v[at // 2 :] = colours
    return yuv if random.random() < 0.5 else cv2.cvtColor(yuv, cv2.COLOR_YUV2BGR_I420)


def lower_grey(random: Any, height: int, width: int) -> Any:
    return _lower(random, height, width, (128, 128, 128))


def lower_green(random: Any, height: int, width: int) -> Any:
    return _lower(random, height, width, (int(random.choice([0, 16])), 0, 0))


def lower_pink(random: Any, height: int, width: int) -> Any:
    return _lower(random, height, width, (int(random.integers(60, 200)), 255, 255))


def lower_smeared(random: Any, height: int, width: int) -> Any:
    made, at = seen(random, height, width), _row(random, height)
    made[at:] = made[at - 1]
    return made


def all_grey(random: Any, height: int, width: int) -> Any:
    return plain(height, width, np.repeat(random.choice([random.integers(40, 220), 128, 127, 130]), 3))


def all_green(random: Any, height: int, width: int) -> Any:
    return plain(height, width, (0, random.uniform(60, 160), 0))


def all_pink(random: Any, height: int, width: int) -> Any:
    return plain(height, width, (random.uniform(200, 255), random.uniform(0, 130), random.uniform(205, 255)))


def no_colours(random: Any, height: int, width: int) -> Any:
    """A scene all in green or all in pink: its planes of colour are missing."""
    yuv = yuv_of(seen(random, height, width))
    _, u, v = planes(yuv)
    u[:] = v[:] = random.choice([0, 255])
    return yuv if random.random() < 0.5 else cv2.cvtColor(yuv, cv2.COLOR_YUV2BGR_I420)


def stuck_filter(random: Any, height: int, width: int) -> Any:
    """Infrared light by day: plants and cloth turn pale and pink, much or little."""
    made, much = seen(random, height, width), random.uniform(0.5, 0.9)
    grey = made.mean(axis=2, keepdims=True)
    return made * (1 - much) + grey * much * np.array([random.uniform(1.1, 1.25), 0.85, random.uniform(1.15, 1.3)])


def named(random: Any, made: Any, chance: float = 0.5) -> Any:
    """With names or times as cameras write them, mostly in the strips."""
    while random.random() < chance:
        at = random.choice([0.2, 0.5, 0.8]), random.choice([0.05, 0.95, 0.05, 0.95, 0.3, 0.6])
        made = write(random, made, NAMES[random.integers(len(NAMES))], (255, 255, 255), at, random.uniform(0.03, 0.09))
        chance /= 2
    return made


def noise(random: Any, height: int, width: int, deviation: float, colours: int = 1) -> Any:
    return random.normal(0, deviation, (height, width, colours)).astype(np.float32)


def lamp_light(random: Any, height: int, width: int) -> Any:
    """Brightness from 0 to 1, brightest somewhere."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    away = np.hypot(x - random.uniform(0.2, 0.8), y - random.uniform(0, 0.9))
    return np.exp(-(away**2) * random.uniform(0.2, 3))[..., None]


def infrared_noise(random: Any, height: int, width: int) -> Any:
    grey = a_scene(random, height, width).mean(axis=2, keepdims=True) * lamp_light(random, height, width)
    made = grey * random.uniform(0.2, 0.8) + random.uniform(5, 60) + noise(random, height, width, random.uniform(6, 30))
    return named(random, np.repeat(made, 3, 2))


def colour_noise(random: Any, height: int, width: int) -> Any:
    """A night in colour at full gain."""
    made = a_scene(random, height, width) * random.uniform(0.05, 0.4) + random.uniform(10, 50)
    return named(random, made + noise(random, height, width, random.uniform(5, 25), 3))


def fog(random: Any, height: int, width: int) -> Any:
    made = a_scene(random, height, width)
    left = random.uniform(0.1, 0.5)
    veil = random.uniform(100, 215) + 10 * texture(random, height, width, 1.8)[..., None] * random.uniform(0, 1)
    return named(random, made * left + veil * (1 - left) + noise(random, height, width, random.uniform(0.7, 2)))


def snowfall(random: Any, height: int, width: int) -> Any:
    """Flakes or drops of any size, dense, by day or in the light of an infrared lamp."""
    made, night = a_scene(random, height, width) * random.uniform(0.3, 0.8), random.random() < 0.5
    made = made.mean(axis=2, keepdims=True).repeat(3, 2) if night else made + 60
    made = np.ascontiguousarray(made)
    for x, y in random.integers(0, (width, height), (int(random.integers(300, 5000)), 2)):
        cv2.ellipse(
            made,
            (int(x), int(y)),
            (int(random.integers(1, 3)), int(random.integers(1, 7))),
            random.uniform(0, 20),
            0,
            360,
            (245, 245, 245),
            -1,
        )
    return named(random, made + noise(random, height, width, 2))


def rain(random: Any, height: int, width: int) -> Any:
    made = np.ascontiguousarray(a_scene(random, height, width) * 0.7 + 25)
    for x, y in random.integers(0, (width, height), (int(random.integers(200, 2500)), 2)):
        long = int(random.integers(5, height // 8))
        cv2.line(
            made, (int(x), int(y)), (int(x) + long // 6, int(y) + long), (200, 200, 205), int(random.integers(1, 3))
        )
    return named(random, made + noise(random, height, width, 2))


def plain_wall(random: Any, height: int, width: int) -> Any:
    """A painted wall, a tarpaulin or a door of any colour, unevenly lit, a name over it."""
    paint = (
        random.uniform(50, 235, 3)
        if random.random() < 0.6
        else np.array([random.uniform(140, 230), *random.uniform(40, 110, 2)])
    )
    lit = random.uniform(0.5, 0.9) + random.uniform(0.1, 0.4) * lamp_light(random, height, width)
    made = lit * paint + random.uniform(0.3, 2) * texture(random, height, width, random.uniform(0.6, 1.8))[..., None]
    return named(random, made + noise(random, height, width, random.uniform(0.7, 2)), 0.8)


def painted_words(random: Any, height: int, width: int) -> Any:
    """A wall, a board or a banner with letters that a lens sees: as uneven as its light, a little blurred."""
    made = plain(height, width, any_colour(random) * 0.8 + 20)
    made = words_on(random, made).astype(np.float32)
    made = cv2.GaussianBlur(made, (0, 0), random.uniform(0.7, 2)) * (
        random.uniform(0.5, 0.9) + random.uniform(0.03, 0.4) * lamp_light(random, height, width)
    )
    made = made + random.uniform(0.5, 3) * texture(random, height, width, random.uniform(0.6, 1.5))[..., None]
    return named(random, made + noise(random, height, width, random.uniform(0.8, 2.5)))


def blue_sky(random: Any, height: int, width: int) -> Any:
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    high, low = (
        np.array([random.uniform(150, 235), random.uniform(90, 150), random.uniform(40, 100)]),
        np.array([235.0, 215, 195]),
    )
    made = (
        high
        + (low - high) * y * random.uniform(0.1, 1)
        + random.uniform(0, 3) * texture(random, height, width, 2)[..., None]
    )
    return named(random, made * np.ones((1, width, 1)) + noise(random, height, width, random.uniform(0.5, 1.5)), 0.8)


def evening(random: Any, height: int, width: int) -> Any:
    """A sky or a street in the pink, purple or green light of an evening or of lamps."""
    light = np.array([(1.15, 0.75, 1.2), (1.2, 0.5, 1.1), (0.5, 1.1, 0.55), (0.45, 0.8, 1.25)][random.integers(4)])
    return named(random, seen(random, height, width) * light * random.uniform(0.4, 0.9))


def masked(random: Any, height: int, width: int) -> Any:
    """A mask for privacy over any part, up to two thirds of it in grey, less in colours."""
    made = np.clip(seen(random, height, width), 0, 255).astype(np.uint8)
    colour = [(0, 0, 0), (128, 128, 128), (255, 255, 255), (0, 160, 0), (60, 60, 60), (200, 60, 20), (180, 60, 180)][
        random.integers(7)
    ]
    share = random.uniform(0.2, 0.62 if len(set(colour)) == 1 else 0.4)
    place = [
        np.s_[int(height * (1 - share)) :],
        np.s_[: int(height * share)],
        np.s_[:, : int(width * share)],
        np.s_[int(height * 0.3) : int(height * (0.3 + share)), width // 6 :],
    ]
    made[place[random.integers(4)]] = colour
    return named(random, made)


def thermal(random: Any, height: int, width: int) -> Any:
    maps = [
        cv2.COLORMAP_INFERNO,
        cv2.COLORMAP_RAINBOW,
        cv2.COLORMAP_PLASMA,
        cv2.COLORMAP_OCEAN,
        cv2.COLORMAP_PINK,
        cv2.COLORMAP_BONE,
        cv2.COLORMAP_HSV,
        cv2.COLORMAP_SPRING,
    ]
    heat = cv2.GaussianBlur(a_scene(random, height, width).mean(axis=2), (0, 0), random.uniform(2, 8))
    heat = (heat - heat.mean()) / max(1, heat.std()) * random.uniform(10, 50) + random.uniform(60, 190)
    return named(
        random,
        cv2.applyColorMap(
            np.clip(heat + noise(random, height, width, 1.2)[..., 0], 0, 255).astype(np.uint8), maps[random.integers(8)]
        ),
    )


def round_lens(random: Any, height: int, width: int) -> Any:
    made, x = seen(random, height, width), np.linspace(-width / height, width / height, width)
    around = np.hypot(np.linspace(-1, 1, height)[:, None], x + random.uniform(-0.5, 0.5))
    made[around > random.uniform(0.6, 1.1)] = random.choice([0, 12, 128])
    return named(random, made)


def upright_lines(random: Any, height: int, width: int) -> Any:
    """A curtain, a sheet of iron, a gate, posts: from somewhere down, evenly or unevenly spaced, in even light."""
    made, at = a_scene(random, height, width), int(height * random.uniform(0, 0.6))
    across = random.normal(0, 1, width).astype(np.float32)
    across = (
        cv2.GaussianBlur(across[None], (0, 0), random.uniform(1, 9))[0]
        if random.random() < 0.5
        else np.sin(np.arange(width) / random.uniform(3, 20))
    )
    across = across / across.std() * random.uniform(8, 40) + random.uniform(70, 170)
    shade = np.linspace(1, random.uniform(0.6, 0.97), height - at, dtype=np.float32)[:, None, None]
    made[at:] = across[None, :, None] * shade * random.uniform(0.85, 1, 3)
    return named(random, made + noise(random, height, width, random.uniform(0.7, 2)))


def paving(random: Any, height: int, width: int) -> Any:
    """Fine, strong, even texture that fills the picture: gravel, tiles, mesh, gauze, reeds."""
    grain = cv2.GaussianBlur(
        noise(random, height, width, 1)[..., 0], (0, 0), random.uniform(0.6, 3), sigmaY=random.uniform(0.6, 3)
    )
    made = grain / grain.std() * random.uniform(15, 55) + random.uniform(80, 150)
    if random.random() < 0.4:
        made = (
            made * 0.5
            + 60
            + 40
            * np.sign(np.sin(np.arange(width) / random.uniform(1, 6)))[None]
            * np.sign(np.sin(np.arange(height) / random.uniform(1, 6)))[:, None]
        )
    lit = 0.5 + 0.5 * lamp_light(random, height, width)
    return named(random, made[..., None] * lit * random.uniform(0.8, 1, 3) + noise(random, height, width, 2))


def lit_letters(random: Any, height: int, width: int) -> Any:
    """A sign or a screen of lamps by night, with its halo."""
    made = words_on(random, plain(height, width, (2, 2, 2)), lines=1).astype(np.float32) * random.uniform(0.7, 1, 3)
    made = made + random.uniform(0.25, 0.6) * cv2.GaussianBlur(made, (0, 0), height / random.uniform(20, 80))
    return named(
        random,
        made
        + a_scene(random, height, width) * random.uniform(0, 0.05)
        + noise(random, height, width, random.uniform(0.5, 2)),
    )


def some_channel(random: Any, height: int, width: int) -> Any:
    return overview(random, height, width, int(random.integers(1, 4)))


def unlit(random: Any, height: int, width: int) -> Any:
    made = a_scene(random, height, width) * random.uniform(0.01, 0.06) + random.uniform(3, 14)
    return named(random, made + noise(random, height, width, random.uniform(0.4, 2)), 0.8)


def day(random: Any, height: int, width: int) -> Any:
    return named(random, seen(random, height, width) * random.uniform(0.5, 1.1))


FAKES: dict[str, tuple[str, Make]] = {
    "card": ("no_signal_card", card),
    "shaded card": ("no_signal_card", shaded_card),
    "logo": ("no_signal_card", logo),
    "shaded logo": ("no_signal_card", shaded_logo),
    "bars": ("no_signal_card", bars),
    "overview, no channel": ("no_signal_card", overview),
    "snow, grey": ("no_signal_card", snow),
    "snow, colours": ("no_signal_card", coloured_snow),
    "lower part grey": ("decode_failed", lower_grey),
    "lower part green": ("decode_failed", lower_green),
    "lower part pink": ("decode_failed", lower_pink),
    "lower part smeared": ("decode_failed", lower_smeared),
    "all grey": ("decode_failed", all_grey),
    "all green": ("decode_failed", all_green),
    "all pink": ("decode_failed", all_pink),
    "colours missing": ("decode_failed", no_colours),
}
HEALTHY: dict[str, tuple[str, Make]] = {
    name: ("ok", make)
    for name, make in {
        "day": day, "infrared, noise": infrared_noise, "night in colours, noise": colour_noise, "fog": fog,
        "snowfall": snowfall, "rain": rain, "plain wall": plain_wall, "words on a wall": painted_words,
        "blue sky": blue_sky, "evening light": evening, "mask for privacy": masked, "thermal picture": thermal,
        "round lens": round_lens, "upright lines": upright_lines, "fine texture": paving, "lit letters": lit_letters,
        "overview, some channels": some_channel, "unlit": unlit, "IR filter stuck": stuck_filter,
    }.items()
}  # fmt: skip


def encoded(random: Any, made: Any) -> tuple[str, bytes]:
    """Codec and bytes of a picture, BGR or YUV."""
    raw = made if made.ndim == 2 else np.clip(made, 0, 255).astype(np.uint8)
    codec = ("h264", "h264", "h265", "jpeg")[random.integers(4)]
    if codec == "jpeg":
        bgr = raw if raw.ndim == 3 else cv2.cvtColor(raw, cv2.COLOR_YUV2BGR_I420)
        return codec, cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(30, 96))])[1].tobytes()
    encoder: Any = av.CodecContext.create({"h264": "libx264", "h265": "libx265"}[codec], "w")
    encoder.height, encoder.width = made.shape[0] if made.ndim == 3 else made.shape[0] * 2 // 3, made.shape[1]
    encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, 25)
    preset = ("ultrafast", "veryfast", "fast")[random.integers(3 if codec == "h264" else 2)]
    silent = {"x265-params": "log-level=none"} if codec == "h265" else {}
    encoder.options = {"preset": preset, "tune": "zerolatency", "crf": str(int(random.integers(18, 40))), **silent}
    frame = av.VideoFrame.from_ndarray(raw, format="yuv420p" if raw.ndim == 2 else "bgr24").reformat(format="yuv420p")
    frame.pts = 0
    return codec, b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def clocked(random: Any, made: Any) -> Any:
    if made.ndim == 2:
        return made
    made = write(random, made, "2026-11-29 02:15:33", (255, 255, 255), (0.2, 0.06), 0.045)
    return (
        write(random, made, NAMES[random.integers(len(NAMES))], (255, 255, 255), (0.8, 0.94), 0.045)
        if random.random() < 0.5
        else made
    )


Kind = tuple[str, Make]  # the right verdict, and how one is drawn


def shown(name: str, kind: Kind, number: int) -> tuple[Any, str, dict[str, Any]]:
    """A picture of a kind, always the same: as drawn, its codec, and what is said of it."""
    random = np.random.default_rng([number, *name.encode()])
    wanted, make = kind
    width, height = SIZES[random.integers(len(SIZES))]
    made = make(random, height, width)
    if wanted != "ok" and random.random() < 0.35:
        made = clocked(random, made)
    codec, stream = encoded(random, made)
    return (
        made,
        codec,
        decode.answer(
            {"codec": codec, "input_kind": decode.InputKind.PICTURE, "past": None, "thumbnail": False}, stream, LIMITS
        ),
    )


def counted(name: str, kind: Kind, numbers: range, folder: Path | None) -> tuple[Counter[str], Counter[str | None]]:
    """Verdicts and suspicions of the pictures of a kind; those that were called wrongly are kept in the folder."""
    verdicts, doubts = Counter[str](), Counter[str | None]()
    for number in numbers:
        made, codec, told = shown(name, kind, number)
        verdict, doubt = told["verdict"], told.get("features", {}).get("suspicion")
        verdicts[verdict] += 1
        doubts[doubt] += 1
        if folder and verdict != kind[0]:
            bgr = made if made.ndim == 3 else cv2.cvtColor(made, cv2.COLOR_YUV2BGR_I420)
            cv2.imwrite(str(folder / f"{name} {number} {codec} {verdict} {doubt}.jpg"), bgr)
    return verdicts, doubts


def main(kinds: dict[str, Kind]) -> None:
    given = arguments()
    print("| pictures | right | wrong | faults named | suspicions |\n|---|---|---|---|---|")
    for name, kind in kinds.items():
        if given.kinds and not name.startswith(tuple(given.kinds)):
            continue
        verdicts, doubts = counted(name, kind, range(given.first, given.first + given.count), given.show)
        named = {verdict: n for verdict, n in verdicts.items() if verdict not in (kind[0], "ok")}
        suspected = {str(doubt): n for doubt, n in doubts.items() if doubt}
        wrong = given.count - verdicts[kind[0]]
        print(f"| {name} | {kind[0]} | {wrong}/{given.count} | {named} | {suspected} |", flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("count", nargs="?", type=int, default=30, help="pictures of each kind")
    parser.add_argument("kinds", nargs="*", help="first words of kinds; none: all")
    parser.add_argument("--first", type=int, default=0, help="number of the first picture")
    parser.add_argument("--show", type=Path, help="folder for pictures that were called wrongly")
    return parser.parse_args()


if __name__ == "__main__":
    main(FAKES | HEALTHY)
