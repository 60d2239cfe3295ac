"""What healthy cameras and recorders show besides a plain scene, for `pictures.py`: writing, several channels in one
picture, masks, other lenses and sensors. Float or uint8 arrays of shape (height, width, 3), BGR.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from scenes import Picture, texture

Make = Callable[[Any, Picture], Any]  # of a random source and the scene that a camera looks at
NAMES = ("CAM 01 UBND XA", "CONG CHINH", "Cổng trụ sở UBND xã", "Ngã tư Trần Phú", "IPCAMERA", "Camera 01", "KHO BAC",
         "Bến xe phía Đông", "2026-11-28 02:15:33", "28/11/2026 Thu Bay 02:15", "CAM 3 28-11 02:15:33")  # fmt: skip
INKS = ((255, 255, 255), (255, 255, 255), (0, 255, 255), (0, 255, 0), (200, 200, 200), (0, 0, 255))
FACE = cv2.FontFace("sans")  # comes with OpenCV, and has letters with marks


def written(random: Any, made: Any, words: str, ink: Any, at: tuple[float, float], size: float) -> Any:
    """Words in a font of `size` of the height, their middle `at` shares of the width and the height."""
    plain = np.ascontiguousarray(np.clip(made, 0, 255).astype(np.uint8))
    height, width = plain.shape[:2]
    pixels, weight = max(9, int(height * size)), int(random.choice([300, 400, 600, 800]))
    wide = 0.55 * pixels * len(words)
    pixels = int(pixels * min(1.0, width * 0.95 / wide))
    wide = 0.55 * pixels * len(words)
    place = int((width - wide) * at[0]), int((height - pixels) * at[1]) + pixels
    if random.random() < 0.4:  # most cameras write with an outline
        dark = (0, 0, 0) if sum(ink) > 200 else (255, 255, 255)
        for dx, dy in ((-1, -1), (1, 1), (-1, 1), (1, -1)):
            cv2.putText(plain, words, (place[0] + dx, place[1] + dy), dark, FACE, pixels, weight)
    cv2.putText(plain, words, place, ink, FACE, pixels, weight)
    return plain


def _named(random: Any, made: Any) -> Any:
    """With the camera's name or time somewhere across it."""
    for _ in range(int(random.integers(1, 4))):
        at, size = (random.random(), random.uniform(0.1, 0.9)), random.uniform(0.025, 0.14)
        made = written(random, made, NAMES[random.integers(len(NAMES))], INKS[random.integers(len(INKS))], at, size)
    return made


def _noise(random: Any, made: Any, deviation: float, colours: int = 1) -> Any:
    return made + random.standard_normal((*made.shape[:2], colours), np.float32) * np.float32(deviation)


def _around(height: int, width: int) -> Any:
    """Distance from the middle, 1 at half the width."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    return np.hypot(x, y * height / width)


def dark_named(random: Any, scene: Picture) -> Any:
    """A night without light: something of the scene, noise of the sensor, and writing in the middle of it."""
    lit = scene.mean(axis=2, keepdims=True).repeat(3, 2) if random.random() < 0.5 else scene
    made = lit * random.uniform(0.005, 0.06) + random.uniform(0, 10)
    return _named(random, _noise(random, made, random.choice([0.5, 0.8, 1.2, 2, 3]), int(random.choice([1, 3]))))


def fog_named(random: Any, scene: Picture) -> Any:
    """Fog before an infrared lamp: grey, brighter in the middle, next to nothing of the scene."""
    lamp = random.uniform(40, 150) * np.exp(-(_around(*scene.shape[:2]) ** 2) * random.uniform(0.1, 0.8))
    made = (
        lamp[..., None] + random.uniform(10, 60) + (scene.mean(axis=2, keepdims=True) - 110) * random.uniform(0.03, 0.1)
    )
    made = made + 2 * texture(random, *scene.shape[:2], 1.8)[..., None]
    return _named(random, _noise(random, made.repeat(3, 2), random.uniform(1, 4)))


def day_named(random: Any, scene: Picture) -> Any:
    return _named(random, _noise(random, scene, 2))


def sky_only(random: Any, scene: Picture) -> Any:
    """A dome that looks up: paler towards the ground, darker towards the corners."""
    height, width = scene.shape[:2]
    down = np.linspace(random.uniform(90, 150), random.uniform(160, 230), height, dtype=np.float32)[:, None]
    made = (down - 12 * _around(height, width) ** 2)[..., None] * np.array([1.12, 0.95, 0.82], np.float32)
    made = made + random.uniform(0.3, 3) * texture(random, height, width, 1.8)[..., None]
    return _named(random, _noise(random, made, random.uniform(0.7, 2)))


def quad(random: Any, scene: Picture, words: str | None = None, used: int | None = None) -> Any:
    """A recorder's overview of 4, 9 or 16 channels: how many are used, by chance at least one, what others say."""
    side = int(random.choice([2, 2, 3, 4]))
    height, width = scene.shape[:2]
    ground = ((0, 0, 0), (0, 0, 0), (40, 40, 40), (128, 128, 128), (160, 20, 10))[random.integers(5)]
    made = np.full(scene.shape, ground, np.uint8)
    cells = [(row, column) for row in range(side) for column in range(side)]
    random.shuffle(cells)
    if used is None:
        used = 1 if random.random() < 0.6 else int(random.integers(1, len(cells)))
    if words is None:
        words = ("", "", "NO SIGNAL", "VIDEO LOSS", "Không có tín hiệu", "CAM")[random.integers(6)]
    night = random.choice([1.0, 0.5, 0.1])
    for number, (row, column) in enumerate(cells):
        high, wide = height // side, width // side
        place = slice(row * high, row * high + high), slice(column * wide, column * wide + wide)
        cell = np.ascontiguousarray(made[place])
        if number < used:
            look = np.roll(scene, int(random.integers(0, width)), 1)
            cell = _noise(random, cv2.resize(look, (wide, high), interpolation=cv2.INTER_AREA) * night, 2)
        elif words:
            cell = written(random, cell, words, (255, 255, 255), (0.5, 0.5), 0.1)
        made[place] = np.clip(cell, 0, 255)
    for at in range(1, side) if random.random() < 0.6 else ():
        made[at * height // side - 1 : at * height // side + 1] = made[
            :, at * width // side - 1 : at * width // side + 1
        ] = 90
    return made


def fisheye(random: Any, scene: Picture) -> Any:
    height, width = scene.shape[:2]
    around = np.hypot(*np.mgrid[-1 : 1 : height * 1j, -width / height : width / height : width * 1j])
    made = _noise(random, scene * random.choice([1.0, 0.4]), 2)
    made[around > random.uniform(0.8, 1.0)] = random.choice([0, 0, 8])
    return made


def upright(random: Any, scene: Picture) -> Any:
    """A corridor in 9:16 between black or grey sides."""
    height, width = scene.shape[:2]
    made = np.full_like(scene, random.choice([0, 0, 16, 128]))
    wide = height * 9 // 16
    left = (width - wide) // 2
    made[:, left : left + wide] = _noise(random, scene[:, left : left + wide], 2)
    return made


def half_masked(random: Any, scene: Picture) -> Any:
    """A mask for privacy over half of it: black, grey, or mosaic."""
    height, width = scene.shape[:2]
    made = _noise(random, scene, 2)
    share = random.uniform(0.35, 0.6)
    place = [(slice(0, int(height * share)), slice(None)), (slice(int(height * (1 - share)), None), slice(None)),
             (slice(None), slice(0, int(width * share))), (slice(None), slice(int(width * (1 - share)), None))][
        random.integers(4)
    ]  # fmt: skip
    kind = random.integers(4)
    if kind < 3:
        made[place] = (0, int(random.integers(60, 200)), 128)[kind]
    else:
        part = made[place]
        few = cv2.resize(part, (max(2, part.shape[1] // 40), max(2, part.shape[0] // 40)), interpolation=cv2.INTER_AREA)
        made[place] = cv2.resize(few, part.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    return made


def thermal(random: Any, scene: Picture) -> Any:
    """Heat in grey or in the colours of a palette: few details."""
    heat = cv2.GaussianBlur(scene.mean(axis=2), (0, 0), 3)
    heat = (heat - heat.min()) / max(float(np.ptp(heat)), 1) * random.uniform(100, 250)
    heat = np.clip(_noise(random, heat[..., None], 1.5), 0, 255).astype(np.uint8)
    palette = (None, cv2.COLORMAP_INFERNO, cv2.COLORMAP_JET, cv2.COLORMAP_HOT)[random.integers(4)]
    return heat.repeat(3, 2) if palette is None else cv2.applyColorMap(heat, palette)


def starlight(random: Any, scene: Picture) -> Any:
    """A night in colour: noise in blotches of every colour."""
    height, width = scene.shape[:2]
    blotches = random.standard_normal((height // 4, width // 4, 3), np.float32) * random.uniform(4, 12)
    return _noise(random, scene * random.uniform(0.1, 0.35) + cv2.resize(blotches, (width, height)) + 12, 5, 3)


def drops(random: Any, scene: Picture) -> Any:
    """Rain on the cover of a dome: parts of it blurred."""
    soft, made = cv2.GaussianBlur(scene, (0, 0), 14), scene.copy()
    there = np.zeros(scene.shape[:2], np.float32)
    for x, y in random.integers(0, scene.shape[1::-1], (40, 2)):
        cv2.circle(there, (int(x), int(y)), int(random.integers(15, 70)), 1.0, -1)
    there = cv2.GaussianBlur(there, (0, 0), 4)[..., None]
    return _noise(random, made * (1 - there) + soft * there, 2)


def dazzled(random: Any, scene: Picture) -> Any:
    """Headlights at night: two lights, their glow, and little else."""
    height, width = scene.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    at = random.uniform(0.2, 0.8) * width, random.uniform(0.4, 0.8) * height
    glow = sum(np.exp(-np.hypot(x - at[0] - dx, y - at[1]) / random.uniform(30, 120)) for dx in (-90, 90))
    return _noise(random, scene * 0.06 + 400 * glow[..., None] + 4, 2)


def white_wall(random: Any, scene: Picture) -> Any:
    """A painted wall near a lamp."""
    lamp = random.uniform(185, 215) + 25 * np.exp(-(_around(*scene.shape[:2]) ** 2))
    return _noise(random, np.repeat(lamp[..., None] + texture(random, *scene.shape[:2], 0.8)[..., None], 3, 2), 1.5)


def infrared_rain(random: Any, scene: Picture) -> Any:
    """Drops that an infrared lamp lights before the lens."""
    made = np.repeat(scene.mean(axis=2, keepdims=True) * 0.3 + 10, 3, 2)
    for x, y in random.integers(0, scene.shape[1::-1], (900, 2)):
        long = int(random.integers(2, 50))
        cv2.line(
            made, (int(x), int(y)), (int(x) + long // 8, int(y) + long), (235, 235, 235), int(random.integers(1, 4))
        )
    return _noise(random, made, 4)


def stitched(random: Any, scene: Picture) -> Any:
    """Two lenses in one picture, a black seam between them."""
    height, width = scene.shape[:2]
    half, seam = cv2.resize(scene, (width // 2, height // 2), interpolation=cv2.INTER_AREA), int(random.integers(2, 20))
    made = np.zeros_like(scene)
    made[height // 4 : height // 4 + half.shape[0]] = np.hstack((half, half[:, ::-1]))
    made[:, width // 2 - seam : width // 2 + seam] = 0
    made[height // 4 : height // 4 + half.shape[0]] = _noise(random, made[height // 4 : height // 4 + half.shape[0]], 1)
    return made


def plates(random: Any, scene: Picture) -> Any:
    """A camera for number plates: no colour, next to no light, and plates that shine back."""
    made = np.repeat(scene.mean(axis=2, keepdims=True) * random.uniform(0.01, 0.05) + 4, 3, 2)
    for _ in range(int(random.integers(1, 3))):
        y, x = (int(v) for v in random.integers([150, 100], [560, 900]))
        made[y : y + 60, x : x + 230] = 220
        made = written(random, made, "29A 123.45", (20, 20, 20), ((x + 8) / 1100, y / 720), 0.06)
    return _noise(random, made.astype(np.float32) + cv2.GaussianBlur(made.astype(np.float32), (0, 0), 20) * 0.15, 1.5)


def logo_over(random: Any, scene: Picture) -> Any:
    """An emblem and a title that a camera draws over what it sees."""
    made = np.clip(_noise(random, scene * random.choice([1.0, 0.15]), 2), 0, 255).astype(np.uint8)
    height, width = made.shape[:2]
    cv2.circle(made, (width // 2, height // 3), height // 7, (30, 30, 200), -1)
    return written(random, made, "CÔNG AN XÃ", (0, 255, 255), (0.5, 0.65), 0.12)


VIEWS: dict[str, Make] = {
    "no light, name or time across it": dark_named,
    "infrared fog, name or time across it": fog_named,
    "by day, name or time across it": day_named,
    "nothing but sky, name across it": sky_only,
    "overview of a recorder, few channels": quad,
    "fisheye": fisheye,
    "upright between black sides": upright,
    "half behind a mask": half_masked,
    "thermal": thermal,
    "night in colour, blotches": starlight,
    "rain on the dome": drops,
    "headlights": dazzled,
    "white wall": white_wall,
    "rain by infrared": infrared_rain,
    "two lenses, a black seam": stitched,
    "plates in the dark": plates,
    "emblem drawn over it": logo_over,
}
