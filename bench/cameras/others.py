"""More fakes and healthy pictures than `unseen.py` draws: what devices say in three languages, test pictures, places
and weather that cameras see.

    .venv/bin/python bench/cameras/others.py --help
"""

from collections.abc import Callable
from typing import Any

import av.filter
import cv2
import numpy as np
import unseen
from scenes import texture
from unseen import a_scene, lamp_light, noise, plain, planes, readable, seen, words_on, yuv_of

LANGUAGES = ("KHÔNG CÓ TÍN HIỆU", "MẤT TÍN HIỆU", "Không có tín hiệu video", "Mất kết nối camera", "NO SIGNAL",
             "NO VIDEO", "VIDEO LOSS", "Camera offline", "No permission", "Password changed", "Login failed",
             "Stream unavailable", "无视频信号", "视频丢失", "设备离线", "无信号",
             "Đã khóa kênh", "Sai mật khẩu", "Device locked")  # fmt: skip
MORE = ("Please check the connection", "Vui lòng liên hệ quản trị", "Error code 0x7102", "Retry in 30 s",
        "CH 04", "192.168.1.108", "请检查网络", "Kênh 12")  # fmt: skip
GROUNDS = ((255, 0, 0), (180, 40, 0), (110, 20, 10), (0, 0, 0), (128, 128, 128), (60, 60, 60), (0, 120, 0),
           (120, 30, 110), (255, 255, 255), (140, 120, 20), (30, 30, 160))  # fmt: skip
TITLES = ("Cổng trụ sở UBND xã", "Ngã tư Trần Phú - Lê Lợi", "Hành lang tầng 2", "Thứ Bảy 28/11/2026 02:15:33",
          "Bãi xe", "2026-11-28 02:15:33", "Kho bạc Nhà nước huyện", "CAM 03")  # fmt: skip
WRITING = ("sans", "italic", "uni")


def write(random: Any, made: Any, words: str, ink: Any, at: tuple[float, float], size: float) -> Any:
    """As `unseen.write`, in a font that has all letters."""
    picture = np.ascontiguousarray(np.clip(made, 0, 255).astype(np.uint8))
    face, (height, width) = cv2.FontFace(str(random.choice(WRITING))), picture.shape[:2]
    weight, pixels = int(random.choice([300, 400, 700])), max(9, int(height * size))
    *_, wide, high = cv2.getTextSize((0, 0), words, (0, 0), face, pixels, weight)
    pixels = max(8, int(pixels * min(1.0, width * 0.94 / wide)))
    *_, wide, high = cv2.getTextSize((0, 0), words, (0, 0), face, pixels, weight)
    x = int(np.clip(width * at[0] - wide / 2, 2, max(2, width - wide - 2)))
    y = int(np.clip(height * at[1] + high / 2, high + 2, height - 3))
    cv2.putText(picture, words, (x, y), ink, face, pixels, weight)
    return picture


def one_of(random: Any, many: Any) -> Any:
    return many[random.integers(len(many))]


def titled(random: Any, made: Any) -> Any:
    """With name and time in Vietnamese, in the strips."""
    for at in ((0.3, 0.05), (0.75, 0.94), (0.3, 0.94)):
        if random.random() < 0.6:
            made = write(random, made, one_of(random, TITLES), (255, 255, 255), at, random.uniform(0.035, 0.06))
    return made


# What devices show.


def any_language(random: Any, height: int, width: int) -> Any:
    """A card in one of three languages, on a ground of any colour, sometimes with smaller lines below."""
    ground = one_of(random, GROUNDS)
    made, ink, size = plain(height, width, ground), readable(random, ground), random.uniform(0.05, 0.15)
    top = random.uniform(0.3, 0.6)
    made = write(random, made, one_of(random, LANGUAGES), ink, (random.choice([0.5, 0.5, 0.3]), top), size)
    for n in range(int(random.integers(0, 3))):
        made = write(random, made, one_of(random, MORE), ink, (0.5, top + size + 0.08 * n), 0.05)
    return made


def bouncing(random: Any, height: int, width: int) -> Any:
    """A small box with a word somewhere on black or blue."""
    made = plain(height, width, one_of(random, GROUNDS[:6]))
    x, y = random.uniform(0.15, 0.85), random.uniform(0.15, 0.85)
    box, (w, h) = random.uniform(0, 255, 3), (int(width * 0.11), int(height * 0.08))
    cv2.rectangle(made, (int(x * width) - w, int(y * height) - h), (int(x * width) + w, int(y * height) + h), box, -1)
    return write(random, made, one_of(random, ("HDMI", "VIDEO", "DVD", "NVR")), readable(random, box), (x, y), 0.1)


def generated(random: Any, height: int, width: int) -> Any:
    """Bars of SMPTE, EBU, as FFmpeg generates them."""
    name = one_of(random, ("smptebars", "smptehdbars", "pal75bars", "pal100bars"))
    graph = av.filter.Graph()
    source, sink = graph.add(name, f"size={width}x{height}:rate=1"), graph.add("buffersink")
    source.link_to(sink)
    graph.configure()
    frame: Any = graph.pull()  # of sound, too, as far as its type says
    return frame.to_ndarray(format="bgr24")


def turning(random: Any, height: int, width: int) -> Any:
    """A wheel that turns while something is loaded."""
    made = plain(height, width, one_of(random, ((0, 0, 0), (40, 40, 40), (255, 255, 255), (60, 30, 10))))
    ink, radius = readable(random, made[0, 0]), height // int(random.integers(8, 16))
    for n in range(12):
        turn = n * np.pi / 6
        at = (
            int(width / 2 + radius * np.cos(turn)),
            int(height * 0.45 + radius * np.sin(turn)),
        )
        shade = made[0, 0] + (np.array(ink, float) - made[0, 0]) * (0.2 + n / 15)
        cv2.circle(made, at, max(2, radius // 6), shade, -1, cv2.LINE_AA)
    return write(random, made, one_of(random, ("Loading...", "Đang tải...", "加载中")), ink, (0.5, 0.68), 0.06)


def offline(random: Any, height: int, width: int) -> Any:
    """A crossed camera above words."""
    made = plain(height, width, one_of(random, ((45, 45, 45), (90, 90, 90), (30, 20, 15), (230, 230, 230))))
    ink = readable(random, made[0, 0])
    x, y, size = width // 2, int(height * 0.4), height // 9
    cv2.rectangle(made, (x - size, y - size // 2), (x + size // 2, y + size // 2), ink, -1)
    cv2.fillPoly(made, [np.array([(x + size // 2, y), (x + size, y - size // 2), (x + size, y + size // 2)])], ink)
    cv2.line(made, (x - size, y + size), (x + size, y - size), (40, 40, 220), max(3, height // 90), cv2.LINE_AA)
    return write(
        random, made, one_of(random, ("Camera offline", "Camera ngoại tuyến", "设备离线")), ink, (0.5, 0.65), 0.08
    )


def menu(random: Any, height: int, width: int) -> Any:
    """A recorder's own windows: bars, fields, buttons, a list."""
    made = plain(height, width, one_of(random, ((60, 50, 40), (30, 30, 30), (200, 190, 180), (120, 70, 20))))
    left, right, top, low = width // 8, width * 7 // 8, height // 8, height * 7 // 8
    cv2.rectangle(made, (left, top), (right, low), (225, 225, 225), -1)
    cv2.rectangle(made, (left, top), (right, top + height // 14), (150, 80, 20), -1)
    made = write(
        random, made, one_of(random, ("Login", "Đăng nhập", "System", "Wizard")), (255, 255, 255), (0.25, 0.16), 0.045
    )
    for n in range(int(random.integers(3, 7))):
        at = 0.28 + 0.09 * n
        made = write(
            random,
            made,
            one_of(random, ("User name", "Password", "Channel", "Mật khẩu", "Network")),
            (30, 30, 30),
            (0.3, at),
            0.04,
        )
        y = int(at * height)
        cv2.rectangle(
            made, (width // 2, y - height // 40), (right - width // 20, y + height // 40), (255, 255, 255), -1
        )
        cv2.rectangle(made, (width // 2, y - height // 40), (right - width // 20, y + height // 40), (120, 120, 120), 1)
    return made


def snow_with_words(random: Any, height: int, width: int) -> Any:
    made = np.ascontiguousarray(unseen.snow(random, height, width))
    x, y = width // 4, int(height * 0.4)
    cv2.rectangle(made, (x, y), (width - x, height - y), (0, 0, 0), -1)
    return write(random, made, one_of(random, LANGUAGES[:7]), (255, 255, 255), (0.5, 0.5), 0.09)


def lost_with_names(random: Any, height: int, width: int) -> Any:
    """A black, blue or grey channel with its name, a clock, and the words of a loss in the lower corner."""
    made = plain(height, width, one_of(random, ((0, 0, 0), (255, 0, 0), (128, 128, 128), (40, 40, 40))))
    made = write(random, made, "2026-11-28 02:15:33", (255, 255, 255), (0.75, 0.05), 0.045)
    made = write(random, made, one_of(random, TITLES[:5]), (255, 255, 255), (0.2, 0.95), 0.05)
    at = random.choice([0.15, 0.5, 0.8]), random.choice([0.2, 0.5, 0.8])
    return write(random, made, one_of(random, LANGUAGES[:7]), (255, 255, 255), at, random.uniform(0.05, 0.1))


def lower_third(random: Any, height: int, width: int) -> Any:
    """A decoder's grey or green in the lower third to two thirds."""
    yuv, at = yuv_of(seen(random, height, width)), int(height * random.uniform(0.33, 0.67)) // 16 * 16
    y, u, v = planes(yuv)
    y[at:], u[at // 2 :], v[at // 2 :] = one_of(random, ((128, 128, 128), (0, 0, 0), (130, 128, 128)))
    return yuv


# What cameras see.


def vignetted(height: int, width: int, fall: float) -> Any:
    """The light that a lens lets through, by the fourth power of the cosine."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    return (1 / (1 + fall * (x * x + y * y)) ** 2)[..., None]


def evenly_lit_wall(random: Any, height: int, width: int) -> Any:
    """A wall, a board, a door of any paint that fills the picture; no more unevenness than a lens itself makes."""
    made = vignetted(height, width, random.uniform(0.02, 0.12)) * random.uniform(60, 235) * random.uniform(0.75, 1, 3)
    made = made + random.uniform(0.3, 1.5) * texture(random, height, width, random.uniform(0.6, 1.2))[..., None]
    return titled(random, made + noise(random, height, width, random.uniform(0.8, 2.5)))


def street_lamps(random: Any, height: int, width: int) -> Any:
    made = a_scene(random, height, width) * random.uniform(0.03, 0.12) + 3
    warm = np.array(one_of(random, ((120, 190, 255), (220, 230, 255), (60, 150, 255))), np.float32)
    for n in range(int(random.integers(2, 9))):
        at = int(width * random.random()), int(height * random.uniform(0.1, 0.5))
        spot = cv2.circle(np.zeros((height, width), np.float32), at, max(2, height // (40 + 12 * n)), 1.0, -1)
        glow = cv2.GaussianBlur(spot, (0, 0), height / 25) * 5 + cv2.GaussianBlur(spot, (0, 0), height / 8) * 9
        made = made + (spot * 255 + glow * 90)[..., None] * warm / 255
    return titled(random, made + noise(random, height, width, random.uniform(0.6, 3), 3))


def dome_reflection(random: Any, height: int, width: int) -> Any:
    """An infrared lamp mirrored in a dome: a veil with a bright edge, little of the scene."""
    grey = a_scene(random, height, width).mean(axis=2, keepdims=True) * random.uniform(0.1, 0.5)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    away = np.hypot(x - random.uniform(-0.5, 0.5), y - random.uniform(-0.5, 0.5))
    veil = random.uniform(60, 200) * np.exp(-(((away - random.uniform(0.3, 0.9)) / random.uniform(0.1, 0.5)) ** 2))
    return titled(random, np.repeat(grey + veil[..., None] + noise(random, height, width, random.uniform(1, 5)), 3, 2))


def spider_web(random: Any, height: int, width: int) -> Any:
    """Threads just before the lens, burnt out by an infrared lamp and out of focus."""
    grey = a_scene(random, height, width).mean(axis=2) * random.uniform(0.1, 0.4)
    threads = np.zeros((height, width), np.float32)
    centre = random.uniform(0, 1, 2) * (width, height)
    for turn in random.uniform(0, 2 * np.pi, 14):
        far = centre + np.array([np.cos(turn), np.sin(turn)]) * width
        cv2.line(threads, tuple(map(int, centre)), tuple(map(int, far)), 1.0, int(random.integers(2, 9)))
    for radius in np.arange(height // 12, width, height // 9):
        cv2.circle(threads, tuple(map(int, centre)), int(radius), 1.0, int(random.integers(1, 5)))
    made = grey + 300 * cv2.GaussianBlur(threads, (0, 0), height / random.uniform(60, 200))
    return titled(random, np.repeat(made[..., None] + noise(random, height, width, 3), 3, 2))


def only_water(random: Any, height: int, width: int) -> Any:
    waves = cv2.GaussianBlur(
        noise(random, height, width, 1)[..., 0], (0, 0), width / random.uniform(40, 200), sigmaY=height / 200
    )
    made = waves / waves.std() * random.uniform(3, 20) + np.linspace(random.uniform(110, 190), 90, height)[:, None]
    return titled(random, made[..., None] * np.array([1.15, 1.0, 0.8]) + noise(random, height, width, 1.5))


def only_sky(random: Any, height: int, width: int) -> Any:
    """Blue, white, at dawn, starless; darker towards the corners."""
    colour = np.array(
        one_of(random, ((235, 180, 110), (225, 220, 215), (90, 120, 210), (170, 90, 40), (60, 35, 25))), np.float32
    )
    made = (
        vignetted(height, width, random.uniform(0.03, 0.2))
        * colour
        * np.linspace(random.uniform(0.6, 1), 1, height)[:, None, None]
    )
    made = made + random.uniform(0.2, 4) * texture(random, height, width, 2)[..., None]
    return titled(random, made + noise(random, height, width, random.uniform(0.7, 1.5)))


def near_leaves(random: Any, height: int, width: int) -> Any:
    """A branch before the lens, out of focus, over part of a scene or all of it."""
    green = np.array([40, 120, 60], np.float32) * random.uniform(0.6, 1.6)
    there = texture(random, height, width, random.uniform(1.2, 2)) > random.uniform(-3, 0.5)
    there = cv2.GaussianBlur(there.astype(np.float32), (0, 0), height / random.uniform(20, 100))[..., None]
    leaf = green + 14 * texture(random, height, width, 1.6)[..., None]
    return titled(random, a_scene(random, height, width) * (1 - there) + leaf * there + noise(random, height, width, 2))


def one_coloured_light(random: Any, height: int, width: int) -> Any:
    """Sodium lamps, the pink and blue of a karaoke bar, a green sign: hardly any other colour is left."""
    light = np.array(
        one_of(random, ((0.05, 0.65, 1.1), (1.1, 0.25, 1.0), (1.2, 0.3, 0.1), (0.1, 1.0, 0.2), (0.1, 0.15, 1.2)))
    )
    return titled(random, seen(random, height, width) * light * random.uniform(0.3, 1))


def one_coloured_ground(random: Any, height: int, width: int) -> Any:
    """Lawn, rice, red earth, a tarpaulin, a flag near the lens: one full colour, with folds or grain."""
    colour = np.array(
        one_of(random, ((40, 150, 60), (50, 110, 190), (40, 40, 210), (190, 80, 30), (40, 200, 230), (90, 90, 160)))
    )
    folds = 1 + random.uniform(0.03, 0.2) * texture(random, height, width, random.uniform(0.5, 1.8))[..., None]
    made = vignetted(height, width, random.uniform(0.03, 0.2)) * colour * folds * random.uniform(0.5, 1.1)
    if random.random() < 0.3:  # the star of a flag
        turns = np.pi / 2 + np.arange(10) * np.pi / 5
        radius = height * random.uniform(0.1, 0.3) * np.where(np.arange(10) % 2, 0.4, 1)
        star = np.stack((width / 2 + radius * np.cos(turns), height / 2 - radius * np.sin(turns)), 1)
        cv2.fillPoly(made := np.ascontiguousarray(made), [star.astype(np.int32)], (30, 210, 235))
        made = cv2.GaussianBlur(made, (0, 0), random.uniform(0.8, 2))
    return titled(random, made + noise(random, height, width, random.uniform(1, 2.5)))


def ribbed_sheet(random: Any, height: int, width: int) -> Any:
    """A coloured sheet with coarse ribs or panels, lit from the side."""
    colour = np.array(one_of(random, ((170, 80, 30), (60, 120, 60), (40, 50, 170), (60, 190, 220), (140, 140, 150))))
    ribs = width / random.uniform(2, 16)
    across = np.sin(2 * np.pi * np.arange(width) / ribs + random.uniform(0, 6))
    across = np.sign(across) if random.random() < 0.4 else across
    made = (
        colour
        * (1 - random.uniform(0.05, 0.35) * across)[None, :, None]
        * np.linspace(random.uniform(0.4, 1), 1, width)[None, :, None]
    )
    made = made * np.linspace(1, random.uniform(0.9, 1), height)[:, None, None]
    made = cv2.GaussianBlur(made, (0, 0), random.uniform(0.8, 3)) * vignetted(height, width, random.uniform(0, 0.1))
    return titled(random, made + noise(random, height, width, random.uniform(0.7, 2)))


def tiles(random: Any, height: int, width: int) -> Any:
    """A tiled floor, bricks, a ceiling of panels: a grid of lines, all else plain."""
    made = vignetted(height, width, random.uniform(0.02, 0.2)) * random.uniform(80, 220) * random.uniform(0.85, 1, 3)
    across, down = random.uniform(20, 200, 2)
    y, x = np.mgrid[0:height, 0:width]
    joint = ((x + y * random.uniform(-0.1, 0.1)) % across < 3) | (y % down < 3)
    made = made * (1 - random.uniform(0.1, 0.5) * cv2.GaussianBlur(joint.astype(np.float32), (0, 0), 0.8))[..., None]
    return titled(
        random, made + 1.2 * texture(random, height, width, 0.8)[..., None] + noise(random, height, width, 1.5)
    )


def corridor_lamps(random: Any, height: int, width: int) -> Any:
    made = a_scene(random, height, width) * 0.1 + random.uniform(40, 120)
    for n in range(1, 7):
        size = width // (6 * n)
        x, y = width // 2, int(height * (0.1 + 0.055 * n))
        cv2.rectangle(made, (x - size, y), (x + size, y + max(1, height // (22 * n))), (255, 255, 250), -1)
    made = made + 0.4 * cv2.GaussianBlur(np.clip(made - 180, 0, 75), (0, 0), height / 15)
    return titled(random, made + noise(random, height, width, random.uniform(1, 3)))


def whiteboard(random: Any, height: int, width: int) -> Any:
    """A board with handwriting and a frame, under uneven light."""
    made = plain(height, width, (225, 228, 230)).astype(np.float32)
    made[: height // 9], made[:, : width // 12] = 110, 90
    for n in range(int(random.integers(2, 7))):
        made = write(
            random,
            made,
            one_of(random, TITLES + MORE),
            one_of(random, ((160, 40, 20), (30, 30, 30), (30, 30, 190))),
            (0.5, 0.25 + 0.1 * n),
            0.06,
        )
    made = cv2.GaussianBlur(made.astype(np.float32), (0, 0), random.uniform(0.8, 1.8))
    made = made * (0.75 + 0.25 * lamp_light(random, height, width)) * vignetted(height, width, 0.06)
    return titled(random, made + noise(random, height, width, random.uniform(0.8, 2)))


def upright_picture(random: Any, height: int, width: int) -> Any:
    """A corridor in 9:16, the camera on its side."""
    return titled(random, seen(random, width, height) * random.uniform(0.4, 1.1))


def letterboxed(random: Any, height: int, width: int) -> Any:
    made, edge = seen(random, height, width), int(height * random.uniform(0.08, 0.2))
    made[:edge] = made[-edge:] = random.choice([0, 16])
    return titled(random, made)


def many_masks(random: Any, height: int, width: int) -> Any:
    made = np.clip(seen(random, height, width), 0, 255).astype(np.uint8)
    for _ in range(int(random.integers(1, 5))):
        x, y = (int(v) for v in random.uniform(0, 0.7, 2) * (width, height))
        w, h = (int(v) for v in random.uniform(0.1, 0.35, 2) * (width, height))
        made[y : y + h, x : x + w] = one_of(
            random, ((0, 0, 0), (128, 128, 128), (0, 120, 0), (255, 0, 0), (255, 255, 255))
        )
    return titled(random, made)


def night_with_time(random: Any, height: int, width: int) -> Any:
    """No light at all, the noise of the sensor, name and time in the strips."""
    made = plain(height, width, (0, 0, 0)) + random.uniform(0, 22) * vignetted(height, width, random.uniform(0, 0.3))
    return titled(random, made + noise(random, height, width, random.uniform(0.3, 3), int(random.choice([1, 3]))))


def low_rate(random: Any, height: int, width: int) -> Any:
    """A sub-stream of few kbit/s that a recorder encoded again."""
    small = cv2.resize(
        np.clip(day_or_night(random, height, width), 0, 255).astype(np.uint8), (352, 288), interpolation=cv2.INTER_AREA
    )
    coarse = cv2.imdecode(
        cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(8, 30))])[1], cv2.IMREAD_COLOR
    )
    return titled(random, cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR))


def day_or_night(random: Any, height: int, width: int) -> Any:
    return seen(random, height, width) if random.random() < 0.5 else unseen.infrared_noise(random, height, width)


def hot_white(random: Any, height: int, width: int) -> Any:
    """A thermal picture in grey, with a cross and a temperature in the middle."""
    heat = cv2.GaussianBlur(a_scene(random, height, width).mean(axis=2), (0, 0), random.uniform(2, 6))
    heat = (heat - heat.mean()) / max(1, heat.std()) * random.uniform(6, 40) + random.uniform(70, 160)
    made = np.repeat((heat + noise(random, height, width, 1)[..., 0])[..., None], 3, 2)
    made = write(random, made, "36.5 °C  E=0.95", (255, 255, 255), (0.55, 0.5), 0.05)
    cv2.drawMarker(made, (width // 2, height // 2 - height // 12), (255, 255, 255), cv2.MARKER_CROSS, height // 14, 2)
    return titled(random, made)


def shop_at_night(random: Any, height: int, width: int) -> Any:
    """A lit sign that fills part of the picture, the street below it dark."""
    made = a_scene(random, height, width) * 0.15
    board = words_on(random, plain(height // 3, width * 2 // 3, random.uniform(60, 255, 3)), lines=1).astype(np.float32)
    board = board * (0.8 + 0.2 * lamp_light(random, *board.shape[:2]))
    made[height // 6 : height // 6 + board.shape[0], width // 6 : width // 6 + board.shape[1]] = board
    made = cv2.GaussianBlur(made, (0, 0), random.uniform(0.8, 1.5)) + 0.15 * cv2.GaussianBlur(made, (0, 0), height / 20)
    return titled(random, made + noise(random, height, width, random.uniform(1, 2.5)))


Make = Callable[[Any, int, int], Any]
FAKES: dict[str, tuple[str, Make]] = {
    "card, three languages": ("no_signal_card", any_language),
    "bouncing box": ("no_signal_card", bouncing),
    "bars, generated": ("no_signal_card", generated),
    "wheel that turns": ("no_signal_card", turning),
    "camera offline": ("no_signal_card", offline),
    "menu of a recorder": ("no_signal_card", menu),
    "words over snow": ("no_signal_card", snow_with_words),
    "loss, name and clock": ("no_signal_card", lost_with_names),
    "lower third": ("decode_failed", lower_third),
}
HEALTHY: dict[str, tuple[str, Make]] = {
    name: ("ok", make)
    for name, make in {
        "wall, evenly lit": evenly_lit_wall, "street lamps": street_lamps, "dome reflection": dome_reflection,
        "spider web": spider_web, "nothing but water": only_water, "nothing but sky": only_sky,
        "leaves near": near_leaves, "light of one colour": one_coloured_light,
        "ground of one colour": one_coloured_ground,
        "sheet with coarse ribs": ribbed_sheet, "tiles": tiles, "corridor with lamps": corridor_lamps,
        "whiteboard": whiteboard, "upright": upright_picture, "letterbox": letterboxed, "several masks": many_masks,
        "no light, name and time": night_with_time, "low rate": low_rate, "thermal, grey": hot_white,
        "sign lit by night": shop_at_night,
    }.items()
}  # fmt: skip


if __name__ == "__main__":
    unseen.main(FAKES | HEALTHY)
