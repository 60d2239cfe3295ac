"""Drawn scenes for `pictures.py`: what a province's cameras look at, no two alike, with texture as nature has it.

Beside photographs because no sample image is a plain wall, a corridor, a lake or a street at night; the shapes are
simple, the textures have the spectrum of natural pictures (amplitude in inverse proportion to frequency).
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

Picture = Any  # float32 array of shape (height, width, 3), BGR


def texture(random: Any, height: int, width: int, slope: float = 1.0) -> Any:
    """Of shape (height, width), mean 0 and standard deviation 1. `slope` 0: white noise, 1: nature, 2: clouds."""
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    size = np.maximum(np.hypot(rows, columns), 1 / max(height, width)) ** -slope
    phases = np.exp(2j * np.pi * random.random((height, columns.size)))
    made = np.fft.irfft2(size * phases, (height, width))
    return ((made - made.mean()) / made.std()).astype(np.float32)


def _paint(grey: Any, *colour: float) -> Picture:
    return grey[..., None] * (np.array(colour, np.float32) / 128)


def _slope(height: int, width: int, top: float, bottom: float) -> Any:
    return np.repeat(np.linspace(top, bottom, height, dtype=np.float32)[:, None], width, 1)


def street(random: Any, height: int, width: int) -> Picture:
    made = _paint(_slope(height, width, 150, 210) + 4 * texture(random, height, width, 2), 150, 135, 125)
    horizon = int(height * random.uniform(0.3, 0.5))
    road = _slope(height - horizon, width, 80, 120) + 9 * texture(random, height - horizon, width, 0.8)
    made[horizon:] = _paint(road, 125, 128, 132)
    for _ in range(12):  # houses
        x, w, h = (int(v) for v in random.integers([0, 60, 60], [width, 260, horizon]))
        face = random.uniform(60, 200) + 10 * texture(random, h, w)
        made[horizon - h : horizon, x : x + w] = _paint(face, *random.uniform(90, 160, 3))[:, : max(0, width - x)]
        for at in range(x + 10, min(x + w, width) - 30, 45):
            made[horizon - h + 15 : horizon - h + 50, at : at + 22] = random.uniform(20, 90)
    for _ in range(8):  # vehicles
        x, y, w, h = (int(v) for v in random.integers([0, horizon, 50, 25], [width, height, 220, 110]))
        cv2.rectangle(made, (x, y), (x + w, y + h), random.uniform(10, 240, 3).tolist(), -1)
        cv2.rectangle(made, (x + w // 5, y - h // 2), (x + w * 4 // 5, y), random.uniform(20, 90, 3).tolist(), -1)
    return made


def leaves(random: Any, height: int, width: int) -> Picture:
    grey = 95 + 38 * texture(random, height, width, 0.7) + 25 * texture(random, height, width, 1.5)
    return _paint(grey, 85, 135, 100)


def gravel(random: Any, height: int, width: int) -> Picture:
    stones = cv2.GaussianBlur(random.standard_normal((height, width)).astype(np.float32), (0, 0), random.uniform(2, 6))
    return _paint(120 + 38 * stones / stones.std() + 12 * texture(random, height, width, 1.5), 122, 128, 135)


def water(random: Any, height: int, width: int) -> Picture:
    waves = cv2.GaussianBlur(random.standard_normal((height, width)).astype(np.float32), (0, 0), 9, sigmaY=2)
    made = _paint(_slope(height, width, 160, 90) + 14 * waves / waves.std(), 150, 135, 112)
    shore = height // 4
    made[:shore] = leaves(random, shore, width)
    return made


def sky(random: Any, height: int, width: int) -> Picture:
    made = _paint(_slope(height, width, 120, 200) + 12 * texture(random, height, width, 1.8), 170, 130, 110)
    made[int(height * 0.8) :] = street(random, height, width)[int(height * 0.8) :]
    return made


def wall(random: Any, height: int, width: int) -> Picture:
    """A uniform wall: nothing but uneven light and a little plaster."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    light = random.uniform(110, 190) + random.uniform(10, 40) * x - random.uniform(5, 30) * y
    return _paint(light + 1.2 * texture(random, height, width, 0.6), 122, 130, 135)


def corridor(random: Any, height: int, width: int) -> Picture:
    made = wall(random, height, width)
    middle = np.array([width * random.uniform(0.4, 0.6), height * 0.45])
    for number, corner in enumerate(((0, 0), (width, 0), (width, height), (0, height))):
        after = ((0, 0), (width, 0), (width, height), (0, height))[(number + 1) % 4]
        shape = np.array([corner, after, middle + (np.array(after) - middle) * 0.25,
                          middle + (np.array(corner) - middle) * 0.25], np.int32)  # fmt: skip
        cv2.fillPoly(made, [shape], (made[height // 2, width // 2] * random.uniform(0.6, 1.3)).tolist())
    for at in np.linspace(0.05, 0.35, 5):
        cv2.rectangle(made, (int(at * width), int(height * 0.3)), (int(at * width) + 40, int(height * 0.75)),
                      random.uniform(30, 120, 3).tolist(), -1)  # fmt: skip
    return made + 1.5 * texture(random, height, width, 0.6)[..., None]


def fence(random: Any, height: int, width: int) -> Picture:
    """Upright bars: rows much alike."""
    made = _paint(_slope(height, width, 150, 110) + 8 * texture(random, height, width), 125, 130, 120)
    for x in range(0, width, int(random.integers(30, 70))):
        cv2.line(made, (x, int(height * 0.2)), (x + int(random.integers(-4, 5)), height), (60, 60, 65), 8)
    return made


def shutter(random: Any, height: int, width: int) -> Picture:
    """A closed roller shutter: rows of slats, columns alike."""
    slats = 25 * np.sin(np.arange(height, dtype=np.float32) / random.uniform(4, 9))[:, None]
    return _paint(slats + wall(random, height, width)[..., 1] - 20, 128, 128, 126)


def crowd(random: Any, height: int, width: int) -> Picture:
    made = street(random, height, width)
    for _ in range(90):
        x, y = (int(v) for v in random.integers([0, height // 3], [width, height]))
        tall = 30 + (y - height // 3) // 4
        cv2.ellipse(made, (x, y), (tall // 3, tall), 0, 0, 360, random.uniform(20, 230, 3).tolist(), -1)
        cv2.circle(made, (x, y - tall), tall // 4, (110, 140, 180), -1)
    return made


SCENES: dict[str, Callable[[Any, int, int], Picture]] = {
    scene.__name__: scene
    for scene in (street, crowd, leaves, gravel, water, sky, wall, corridor, fence, shutter)
}  # fmt: skip


def drawn(count: int, height: int, width: int) -> dict[str, Picture]:
    """So many scenes, of each kind as many, as {name: picture}."""
    random = np.random.default_rng(20211123)
    kinds = [*SCENES]
    made = {}
    for number in range(count):
        name = kinds[number % len(kinds)]
        scene = cv2.GaussianBlur(SCENES[name](random, height, width), (0, 0), 0.8)  # a lens and a sensor blur a little
        made[f"{name} {number // len(kinds) + 1}"] = np.clip(scene, 0, 255).astype(np.float32)
    return made
