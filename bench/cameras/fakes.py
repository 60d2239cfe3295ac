"""Pictures that no lens has made, and healthy ones that look like them, for `pictures.py`.

A fake is YUV of shape (height * 3 / 2, width) as decoders give it, or BGR of shape (height, width, 3).
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from scenes import Picture, texture
from views import quad, written

WORDS = ("NO SIGNAL", "VIDEO LOSS", "NO VIDEO", "MAT TIN HIEU", "Camera offline", "Connecting...", "LOSS", "No Link")
COLOURS = ((255, 0, 0), (0, 0, 0), (128, 128, 128), (60, 60, 60), (255, 255, 255), (0, 130, 0), (0, 0, 160),
           (120, 90, 0), (90, 30, 10), (200, 200, 200), (30, 30, 30), (180, 60, 180))  # fmt: skip
Make = Callable[[Any, Picture], Any]  # of a random source and the scene that a camera looks at


def _flat(scene: Picture, *colour: float) -> Picture:
    return np.full(scene.shape, np.clip(colour, 0, 255), np.uint8)


def _yuv(bgr: Any) -> Any:
    return cv2.cvtColor(np.clip(bgr, 0, 255).astype(np.uint8), cv2.COLOR_BGR2YUV_I420)


def _planes(yuv: Any) -> tuple[Any, Any, Any]:
    """Views of the three planes."""
    height, width = yuv.shape[0] * 2 // 3, yuv.shape[1]
    flat = yuv.reshape(-1)
    y, u, v = np.split(flat, [height * width, height * width * 5 // 4])
    return y.reshape(height, width), u.reshape(height // 2, -1), v.reshape(height // 2, -1)


def _ink(random: Any, background: tuple[int, int, int]) -> tuple[int, int, int]:
    light = sum(background) / 3 > 150
    inks = ((0, 0, 0), (0, 0, 160), (120, 0, 0)) if light else ((255, 255, 255), (0, 220, 255), (200, 200, 200))
    return inks[random.integers(len(inks))]


def _write(random: Any, made: Any, words: str, ink: Any, at: tuple[float, float] = (0.5, 0.5)) -> None:
    font = int(random.integers(0, 5))
    size, thick = random.uniform(1.5, 4.5), int(random.integers(3, 10))
    (wide, high), _ = cv2.getTextSize(words, font, size, thick)
    size *= min(1.0, made.shape[1] * 0.9 / wide)
    (wide, high), _ = cv2.getTextSize(words, font, size, thick)
    x, y = int((made.shape[1] - wide) * at[0]), int((made.shape[0] + high) * at[1])
    cv2.putText(made, words, (x, y), font, size, ink, thick, cv2.LINE_AA)


def card(random: Any, scene: Picture) -> Any:
    background = COLOURS[random.integers(len(COLOURS))]
    made, ink = _flat(scene, *background), _ink(random, background)
    at = (0.5, 0.5) if random.random() < 0.6 else (random.random(), random.uniform(0.25, 0.75))
    _write(random, made, WORDS[random.integers(len(WORDS))], ink, at)
    if random.random() < 0.3:
        _write(random, made, f"CH {random.integers(1, 33)}", ink, (0.5, 0.75))
    return made


def plain_card(random: Any, scene: Picture) -> Any:
    """A blue screen without words."""
    return _flat(scene, *((255, 0, 0), (200, 60, 20), (128, 0, 0))[random.integers(3)])


def logo(random: Any, scene: Picture) -> Any:
    """What a device shows while it starts."""
    background = COLOURS[random.integers(5)]
    made, ink = _flat(scene, *background), _ink(random, background)
    height, width = scene.shape[:2]
    centre = width // 2, int(height * 0.42)
    cv2.ellipse(made, centre, (width // 9, height // 9), 0, 0, 360, random.uniform(0, 255, 3).tolist(), -1)
    _write(random, made, ("VISION", "Technology", "SECURITY", "IP CAMERA")[random.integers(4)], ink, (0.5, 0.68))
    if random.random() < 0.5:
        cv2.rectangle(made, (width // 3, int(height * 0.8)), (width // 2, int(height * 0.82)), ink, -1)
    return made


def bars(random: Any, scene: Picture) -> Any:
    height, width = scene.shape[:2]
    level = int(random.integers(180, 256))
    colours = [(1, 1, 1), (0, 1, 1), (1, 1, 0), (0, 1, 0), (1, 0, 1), (0, 0, 1), (1, 0, 0), (0, 0, 0)]
    colours = colours[: int(random.integers(7, 9))]
    row = np.array([[colours[x * len(colours) // width] for x in range(width)]], np.float32) * level
    made = np.repeat(row, height, 0)
    if random.random() < 0.4:
        made[int(height * 0.75) :] = np.repeat(row[:, ::-1], height - int(height * 0.75), 0)
    return made


def small_card(random: Any, scene: Picture) -> Any:
    """Words as small as devices write them, in the middle."""
    background = COLOURS[random.integers(len(COLOURS))]
    made, words = _flat(scene, *background), WORDS[random.integers(len(WORDS))]
    size = random.uniform(0.8, 1.6) * len(scene) / 720
    (wide, _), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, size, 2)
    at = (made.shape[1] - wide) // 2, int(made.shape[0] * random.uniform(0.42, 0.58))
    cv2.putText(made, words, at, cv2.FONT_HERSHEY_SIMPLEX, size, _ink(random, background), 2, cv2.LINE_AA)
    return made


LANGUAGES = ("MẤT TÍN HIỆU", "Không có tín hiệu", "KHÔNG CÓ HÌNH", "Mất kết nối", "VIDEO LOSS", "NO SIGNAL",
             "Нет сигнала", "SIN SEÑAL", "No Video")  # fmt: skip


def corner_card(random: Any, scene: Picture) -> Any:
    """Small words in a corner, or where cameras write their name."""
    ground = ((0, 0, 0), (0, 0, 0), (160, 20, 10), (255, 0, 0), (128, 128, 128), (45, 45, 45))[random.integers(6)]
    at = random.choice([0.03, 0.97]), random.choice([0.04, 0.15, 0.85, 0.96])
    words = LANGUAGES[random.integers(len(LANGUAGES))]
    return written(random, _flat(scene, *ground), words, (255, 255, 255), at, random.uniform(0.03, 0.06))


def card_in_any_language(random: Any, scene: Picture) -> Any:
    ground = COLOURS[random.integers(len(COLOURS))]
    words, at = LANGUAGES[random.integers(len(LANGUAGES))], (random.uniform(0.2, 0.8), random.uniform(0.2, 0.8))
    return written(random, _flat(scene, *ground), words, _ink(random, ground), at, random.uniform(0.04, 0.14))


def shaded(random: Any, scene: Picture) -> Any:
    """A ground that gets darker down, across, or both."""
    height, width = scene.shape[:2]
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    along = (y, x, (x + y) / 2)[random.integers(3)]
    colours = np.array([(200, 90, 20), (90, 30, 5), (120, 120, 120), (20, 20, 20), (220, 220, 220), (140, 60, 0)])
    one, other = colours[random.choice(len(colours), 2, replace=False)]
    return np.clip(one + along[..., None] * (other - one), 0, 255).astype(np.uint8)


def shaded_card(random: Any, scene: Picture) -> Any:
    made = shaded(random, scene)
    ink = (255, 255, 255) if made.mean() < 130 else (0, 0, 0)
    return written(
        random, made, LANGUAGES[random.integers(len(LANGUAGES))], ink, (0.5, 0.5), random.uniform(0.06, 0.14)
    )


def shaded_logo(random: Any, scene: Picture) -> Any:
    made = shaded(random, scene)
    height, width = scene.shape[:2]
    cv2.ellipse(made, (width // 2, int(height * 0.4)), (width // 10, height // 10), 0, 0, 360, (40, 40, 220), -1)
    ink = (255, 255, 255) if made.mean() < 130 else (0, 0, 0)
    return written(random, made, ("VISION", "Technology", "IP CAMERA")[random.integers(3)], ink, (0.5, 0.68), 0.1)


def all_lost(random: Any, scene: Picture) -> Any:
    """A recorder's overview without any channel."""
    return quad(random, scene, words=("NO SIGNAL", "VIDEO LOSS", "Không có tín hiệu")[random.integers(3)], used=0)


def snow(random: Any, scene: Picture, colours: int = 1) -> Any:
    """An analogue channel without a camera: noise in each line, a little smeared along it."""
    height, width = scene.shape[:2]
    lines = random.standard_normal((int(random.choice([288, 480, 576])), 720, colours)).astype(np.float32)
    lines = cv2.GaussianBlur(lines, (0, 0), random.uniform(0.4, 1.2), sigmaY=0.3)
    made = random.uniform(90, 140) + lines / lines.std() * random.uniform(45, 80)
    if random.random() < 0.3:
        made[int(random.integers(0, 200)) :][:20] -= 90  # the gap between two pictures rolls through
    made = cv2.resize(np.clip(made, 0, 255), (width, height)).reshape(height, width, -1)
    return np.repeat(made, 3 // colours, 2)


def coloured_snow(random: Any, scene: Picture) -> Any:
    return snow(random, scene, 3)


def grey(random: Any, scene: Picture) -> Any:
    """Of a reference that never came."""
    yuv = np.full((scene.shape[0] * 3 // 2, scene.shape[1]), 128, np.uint8)
    if random.random() < 0.5:  # what moved since shows on it
        y = _planes(yuv)[0]
        for _ in range(int(random.integers(1, 5))):
            top, left = (int(v) for v in random.integers([0, 0], [y.shape[0] - 64, y.shape[1] - 96]))
            part = scene[top : top + 64, left : left + 96, 1]
            y[top : top + 64, left : left + 96] = np.clip(128 + (part - part.mean()) * 0.7, 16, 235)
    return yuv


def flat_grey(random: Any, scene: Picture) -> Any:
    """Of another level than 128."""
    return _flat(scene, *[float(random.integers(50, 200))] * 3)


def green(random: Any, scene: Picture) -> Any:
    yuv = np.zeros((scene.shape[0] * 3 // 2, scene.shape[1]), np.uint8)
    yuv[:] = random.choice([0, 16])
    return yuv if random.random() < 0.5 else _flat(scene, 0, 135, 0)  # as decoded; as a recorder encodes it again


def pink(random: Any, scene: Picture) -> Any:
    if random.random() < 0.5:
        return _flat(scene, *random.uniform([200, 0, 200], [255, 130, 255]))
    yuv = _yuv(scene)
    y, u, v = _planes(yuv)
    y[:], u[:], v[:] = random.integers(60, 200), 255, 255
    return yuv


def no_colour_planes(random: Any, scene: Picture) -> Any:
    yuv = _yuv(scene)
    _, u, v = _planes(yuv)
    u[:] = v[:] = random.choice([0, 255])
    return yuv


def _cut(random: Any, scene: Picture) -> int:
    return int(scene.shape[0] * random.uniform(0.3, 0.72)) // 16 * 16


def lower_smeared(random: Any, scene: Picture) -> Any:
    """The last row that came is repeated down to the end."""
    made, at = scene.copy(), _cut(random, scene)
    made[at:] = made[at - 1]
    return made


def lower_grey(random: Any, scene: Picture) -> Any:
    yuv, at = _yuv(scene), _cut(random, scene)
    y, u, v = _planes(yuv)
    y[at:], u[at // 2 :], v[at // 2 :] = 128, 128, 128
    return yuv


def lower_green(random: Any, scene: Picture) -> Any:
    yuv, at = _yuv(scene), _cut(random, scene)
    y, u, v = _planes(yuv)
    y[at:], u[at // 2 :], v[at // 2 :] = 0, 0, 0
    return yuv


def twice(random: Any, scene: Picture) -> Any:
    """The upper half again below."""
    made, half = scene + random.standard_normal(scene.shape, np.float32) * 2, len(scene) // 2
    made[half : 2 * half] = made[:half]
    return made


def stuck_filter(random: Any, scene: Picture) -> Any:
    """By day, with infrared light on a sensor that sees it as red and blue."""
    grey_ = scene @ np.array([0.3, 0.4, 0.3], np.float32)
    return scene * 0.35 + grey_[..., None] * np.array([0.72, 0.5, 0.78], np.float32) + 10


def letterbox(random: Any, scene: Picture) -> Any:
    made, rows = scene.copy(), int(scene.shape[0] * random.uniform(0.08, 0.14))
    made[:rows] = made[-rows:] = 0
    return made


def masked(random: Any, scene: Picture) -> Any:
    """A mask for privacy, drawn by the camera: also over the whole lower part."""
    made, at = scene.copy(), _cut(random, scene)
    left = 0 if random.random() < 0.5 else int(random.integers(0, scene.shape[1] // 2))
    made[at:, left:] = COLOURS[random.integers(1, 4)]
    return made


def lamp_in_the_dark(random: Any, scene: Picture) -> Any:
    """Nothing but some lamps, their halo, and no noise that the encoder would keep."""
    made = _flat(scene, 2, 2, 2).astype(np.float32)
    for _ in range(int(random.integers(1, 6))):
        x, y = (int(v) for v in random.integers([0, 100], [scene.shape[1], scene.shape[0] - 100]))
        cv2.circle(made, (x, y), int(random.integers(3, 14)), (230, 250, 255), -1)
    return made + 0.5 * cv2.GaussianBlur(made, (0, 0), 12)


def lit_windows(random: Any, scene: Picture) -> Any:
    """A house by night: rows of windows, some of them lit."""
    made = _flat(scene, 3, 3, 3).astype(np.float32)
    for y in range(150, 560, 80):
        for x in range(200, 1060, 70):
            if random.random() < 0.5:
                lit = random.uniform(60, 240) * np.array([0.6, 0.85, 1.0])
                cv2.rectangle(made, (x, y), (x + 32, y + 44), lit.tolist(), -1)
    return made + 0.3 * cv2.GaussianBlur(made, (0, 0), 8) + texture(random, *scene.shape[:2], 0.0)[..., None]


def snowfall(random: Any, scene: Picture) -> Any:
    made = scene * 0.5 + 110
    for x, y in random.integers(0, scene.shape[1::-1], (600, 2)):
        cv2.circle(made, (int(x), int(y)), int(random.integers(1, 5)), (250, 250, 250), -1)
    return made


def grey_mask(random: Any, scene: Picture) -> Any:
    """A mask for privacy of a decoder's own grey, over up to 40 % of the picture."""
    yuv = _yuv(scene + random.standard_normal(scene.shape, np.float32) * 2)
    y, u, v = _planes(yuv)
    height, width = y.shape
    high, wide = (random.uniform(0.1, 0.4), 1.0) if random.random() < 0.5 else random.uniform(0.3, 0.63, 2)
    high, wide = int(high * height) // 2 * 2, int(wide * width) // 2 * 2
    top = height - high if random.random() < 0.5 else int(random.integers(0, height - high + 1)) // 2 * 2
    left = int(random.integers(0, width - wide + 1)) // 2 * 2
    y[top : top + high, left : left + wide] = 128
    for plane in (u, v):
        plane[top // 2 : (top + high) // 2, left // 2 : (left + wide) // 2] = 128
    return yuv


def louvres(random: Any, scene: Picture) -> Any:
    """A gate of upright louvres, a corrugated sheet or a grooved ramp below, in even light."""
    made, at = scene.copy(), _cut(random, scene)
    across = np.sin(np.arange(scene.shape[1]) / scene.shape[1] * random.integers(20, 90) * 2 * np.pi)
    across = np.sign(across) if random.random() < 0.5 else across
    made[at:] = (random.uniform(90, 160) + random.uniform(15, 50) * across)[None, :, None]
    return made + random.standard_normal(scene.shape, np.float32) * random.choice([0.5, 1.0])


def flags(random: Any, scene: Picture) -> Any:
    """Side by side: flags, containers, panels of a fence, each of one colour."""
    colours = np.array([(30, 30, 200), (0, 210, 240), (200, 60, 20), (60, 140, 60), (170, 170, 170)], np.float32)
    row = colours[random.integers(0, len(colours), int(random.integers(5, 12)))][None]
    made = cv2.resize(row, scene.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    shade = np.linspace(1, random.uniform(0.92, 0.99), len(scene), dtype=np.float32)[:, None, None]
    return made * shade + random.standard_normal(scene.shape, np.float32)


def plain_above(random: Any, scene: Picture) -> Any:
    """Colours below a ceiling, a roof or a mask."""
    made = scene * np.array([0.6, 1, 1.3], np.float32)
    made[: int(len(scene) * 0.52)] = random.uniform(0, 200, 3)
    return made


def row_of_lamps(random: Any, scene: Picture) -> Any:
    made = _flat(scene, 3, 3, 3).astype(np.float32)
    height, width = scene.shape[:2]
    count, radius = int(random.integers(5, 12)), int(random.integers(4, 14))
    for n in range(count):
        at = int(width * (n + 1) / (count + 1)), int(height * 0.45 + n * random.uniform(-2, 2))
        cv2.circle(made, at, radius, (255, 255, 255), -1)
    return made + random.uniform(0.3, 0.6) * cv2.GaussianBlur(made, (0, 0), radius * 1.2)


def shop_sign(random: Any, scene: Picture) -> Any:
    """Lit letters in the dark, and the light around them."""
    made = _flat(scene, 2, 2, 2)
    _write(random, made, ("NHA THUOC", "TAP HOA", "KARAOKE", "ATM")[random.integers(4)], (200, 240, 255), (0.5, 0.4))
    return made + random.uniform(0.3, 0.6) * cv2.GaussianBlur(made.astype(np.float32), (0, 0), len(scene) / 60)


def much_gain(random: Any, scene: Picture) -> Any:
    """Nearly no light, and the noise of a sensor that makes the most of it."""
    grey_ = scene.mean(axis=2, keepdims=True) * 0.25 + 40
    noise = random.standard_normal((*scene.shape[:2], 1), np.float32) * random.uniform(15, 30)
    return np.repeat(grey_ + noise, 3, 2)


def coarse_cover(random: Any, scene: Picture) -> Any:
    """A bag, a cloth or a leaf on the lens, its noise taken away by the encoder."""
    colour = ((190, 90, 40), (30, 120, 50), (190, 120, 220), (60, 120, 170))[random.integers(4)]
    across = np.linspace(1, 1.02, scene.shape[1], dtype=np.float32)[None, :, None]
    return cv2.blur(_flat(scene, *colour) * across, (9, 9))


FAKES: dict[str, tuple[str, Make]] = {
    "card with words, any colour": ("no_signal_card", card),
    "card with small words": ("no_signal_card", small_card),
    "card with small words in a corner": ("no_signal_card", corner_card),
    "card in any language": ("no_signal_card", card_in_any_language),
    "card on a ground that shades off": ("no_signal_card", shaded_card),
    "logo on a ground that shades off": ("no_signal_card", shaded_logo),
    "overview without any channel": ("no_signal_card", all_lost),
    "blue screen": ("no_signal_card", plain_card),
    "logo of a device that starts": ("no_signal_card", logo),
    "colour bars": ("no_signal_card", bars),
    "analogue snow": ("no_signal_card", snow),
    "analogue snow in colours": ("no_signal_card", coloured_snow),
    "grey of a missing reference": ("decode_failed", grey),
    "flat grey of any level": ("decode_failed", flat_grey),
    "flat green": ("decode_failed", green),
    "flat pink": ("decode_failed", pink),
    "colour planes missing": ("decode_failed", no_colour_planes),
    "lower part smeared": ("decode_failed", lower_smeared),
    "lower part grey": ("decode_failed", lower_grey),
    "lower part green": ("decode_failed", lower_green),
    "upper half again below": ("decode_failed", twice),
    "cover of one colour, coarse": ("covered", coarse_cover),
}
LIKE_FAKES: dict[str, Make] = {
    "letterbox": letterbox,
    "mask for privacy": masked,
    "mask of a decoder's grey": grey_mask,
    "louvres below": louvres,
    "flags side by side": flags,
    "colours below a plain ceiling": plain_above,
    "lamps in the dark": lamp_in_the_dark,
    "row of lamps": row_of_lamps,
    "lit sign of a shop": shop_sign,
    "lit windows by night": lit_windows,
    "snowfall": snowfall,
    "gain of a sensor without light": much_gain,
    "IR filter stuck": stuck_filter,
}
