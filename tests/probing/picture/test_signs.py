"""Pictures that no lens has made, of each kind, and healthy ones that look like them: through a real encoder."""

import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import av
import av.filter
import cv2
import numpy as np
import pytest

from dondoc.configuration.settings import DATA
from dondoc.probing.picture import decode as picture
from dondoc.probing.picture import drawn_text, judge
from dondoc.probing.picture.baseline import MEDIANS, SETTLED, history
from dondoc.probing.picture.decoder import read_answer
from dondoc.probing.verdicts import PHASE

LIMITS = judge.thresholds(DATA / "cameras" / "pictures.yaml")
WIDTH, HEIGHT = 640, 360
random = np.random.default_rng(16)


@pytest.fixture(autouse=True)
def _the_same_noise() -> None:
    """In each test, whichever went before."""
    random.bit_generator.state = np.random.default_rng(16).bit_generator.state


def seen(made: Any, past: dict | None = None, quality: int = 26) -> dict[str, Any]:
    """What is said of a picture, BGR or YUV (as `scene_yuv`), as a camera encodes it."""
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base, encoder.options = Fraction(1, 25), {"preset": "ultrafast", "crf": str(quality)}
    plain = made if made.ndim == 2 else np.clip(made, 0, 255).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(plain, format="yuv420p" if made.ndim == 2 else "bgr24")
    packets = [*encoder.encode(frame.reformat(format="yuv420p")), *encoder.encode(None)]
    return picture.examine(picture.decode("h264", b"".join(map(bytes, packets))), past, LIMITS)


def rough(deviation: float, coarse: int = 1) -> Any:
    """Noise of shape (HEIGHT, WIDTH, 1), in grains of so many pixels."""
    noise = random.normal(0, deviation, (HEIGHT // coarse, WIDTH // coarse)).astype(np.float32)
    return cv2.resize(noise, (WIDTH, HEIGHT))[..., None]


def scene() -> Any:
    """Sky, houses, a road, and the noise of a sensor: the same place each time."""
    there = np.random.default_rng(7)
    made = np.linspace(190, 90, HEIGHT, dtype=np.float32)[:, None, None] * np.array([1.1, 1, 0.95], np.float32)
    made = made.repeat(WIDTH, 1) + there.normal(0, 12, (HEIGHT // 4, WIDTH // 4)).repeat(4, 0).repeat(4, 1)[..., None]
    for left in range(0, WIDTH, 70):
        made[90:230, left : left + 45] = there.uniform(40, 210, 3)
    return made + rough(2)


def scene_yuv(*, lower: int | None = None, colours: int | None = None) -> Any:
    """The scene; below the middle all planes are `lower`, both planes of colour are `colours`."""
    yuv = cv2.cvtColor(np.clip(scene(), 0, 255).astype(np.uint8), cv2.COLOR_BGR2YUV_I420)
    y, u, v = np.split(yuv.reshape(-1), [HEIGHT * WIDTH, HEIGHT * WIDTH * 5 // 4])
    for plane in (y, u, v) if lower is not None else ():
        plane[len(plane) // 2 :] = lower
    for plane in (u, v) if colours is not None else ():
        plane[:] = colours
    return yuv


def yuv(y: int, u: int, v: int) -> Any:
    made = np.full((HEIGHT * 3 // 2, WIDTH), y, np.uint8)
    made[HEIGHT : HEIGHT * 5 // 4], made[HEIGHT * 5 // 4 :] = u, v
    return made


def flat(*colour: float) -> Any:
    return np.full((HEIGHT, WIDTH, 3), colour, np.uint8)


def card(words: str, *ground: int, ink: tuple[int, int, int] = (255, 255, 255)) -> Any:
    return cv2.putText(flat(*ground), words, (130, 200), cv2.FONT_HERSHEY_SIMPLEX, 2, ink, 5, cv2.LINE_AA)


def lines(*ground: int, more: tuple[str, ...] = ()) -> Any:
    made = flat(*ground)
    for n, words in enumerate(("The account is locked", *more)):
        cv2.putText(made, words, (170, 170 + 22 * n), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255,) * 3, 1, cv2.LINE_AA)
    return made


def logo() -> Any:
    made = cv2.ellipse(flat(235, 235, 235), (320, 130), (60, 40), 0, 0, 360, (30, 30, 190), -1)
    return cv2.putText(made, "IP CAMERA", (190, 260), cv2.FONT_HERSHEY_DUPLEX, 1.6, (60, 40, 20), 4)


def smeared() -> Any:
    made = scene()
    made[200:] = made[199]
    return made


def snow() -> Any:
    return 120 + rough(70) + np.zeros(3)


def colourful_snow() -> Any:
    return np.concatenate([120 + rough(70) for _ in "bgr"], axis=2)


def again() -> Any:
    made = scene()
    made[180:] = made[:180]
    return made


def blinds() -> Any:
    """Rows that repeat at every tenth of the half."""
    return 120 + 40 * np.sin(np.arange(HEIGHT) / 18 * 2 * np.pi)[:, None, None] + np.zeros((1, WIDTH, 3)) + rough(1)


def louvres() -> Any:
    made = scene()
    made[170:] = (120 + 40 * np.sign(np.sin(np.arange(WIDTH) / 3)))[None, :, None]
    return made + rough(0.5)


def wires() -> Any:
    made = flat(200, 196, 192)
    for at in range(12):
        cv2.line(made, (0, 40 + 22 * at), (WIDTH, 55 + 22 * at), (60, 60, 60), 1)
    return made + rough(1)


def flags() -> Any:
    row = np.array([[(30, 30, 200), (0, 210, 240), (200, 60, 20)] * 3], np.uint8)
    made = cv2.resize(row, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST)
    return made * np.linspace(1, 0.95, HEIGHT)[:, None, None] + rough(0.8)


def ceiling() -> Any:
    made = scene() * np.array([0.5, 1, 1.4])
    made[:190] = 30
    return made


def lamps_in_a_row() -> Any:
    made = flat(3, 3, 3)
    for n in range(7):
        cv2.circle(made, (70 + 80 * n, 165), 6, (255, 255, 255), -1)
    return made + 0.4 * cv2.GaussianBlur(made.astype(np.float32), (0, 0), 7) + rough(0.6)


def lit_sign() -> Any:
    made = card("KARAOKE", 2, 2, 2).astype(np.float32)
    return made + 0.5 * cv2.GaussianBlur(made, (0, 0), 6) + rough(0.8)


def written_into_the_dark() -> Any:
    made = np.clip(flat(6, 6, 6) + rough(0.7), 0, 255).astype(np.uint8)
    return cv2.putText(made, "UBND XA 2026-11-28 02:15:33", (60, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (255,) * 3, 2)


def much_gain() -> Any:
    return scene().mean(axis=2, keepdims=True).repeat(3, 2) * 0.25 + 40 + rough(28)


def grey_mask() -> Any:
    """Of a decoder's own grey, over the lower 40 %."""
    made = scene_yuv()
    y, u, v = np.split(made.reshape(-1), [HEIGHT * WIDTH, HEIGHT * WIDTH * 5 // 4])
    for plane in (y, u, v):
        plane[int(len(plane) * 0.6) :] = 128
    return made


def smooth(*colour: float) -> Any:
    """As even as a cover can be: exactly flat is none."""
    return flat(*colour) + np.linspace(0, 1.15, WIDTH)[None, :, None]


def purple_light() -> Any:
    return scene().mean(axis=2, keepdims=True) * np.array([1.1, 0.3, 1.05], np.float32)


def masked() -> Any:
    made = scene()
    made[180:] = 0
    return made


def lamps() -> Any:
    made = flat(2, 2, 2)
    for x in (90, 300, 520):
        cv2.circle(made, (x, 150), 6, (230, 250, 255), -1)
    return made + cv2.GaussianBlur(made, (0, 0), 9) * 0.5


def fence(ground: float) -> Any:
    made = flat(ground, ground, ground).astype(np.float32)
    made[:, ::24] = made[:, 1::24] = 40
    return made


def wall(lit: float) -> Any:
    return np.linspace(lit, lit + 45, WIDTH, dtype=np.float32)[None, :, None] + np.zeros((HEIGHT, 1, 3)) + rough(1.5)


def infrared() -> Any:
    return scene().mean(axis=2, keepdims=True).repeat(3, 2) * 0.4 + rough(8)


def overlaid(made: Any, words: str, at: tuple[int, int] = (40, 190), size: float = 1.2) -> Any:
    """With words that a camera writes into what it sees."""
    plain = np.ascontiguousarray(np.clip(made, 0, 255).astype(np.uint8))
    return cv2.putText(plain, words, at, cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), 2, cv2.LINE_AA)


def unlit() -> Any:
    """Hardly any light, and so little noise that an encoder takes it away."""
    return scene() * 0.02 + 2 + rough(0.5)


def infrared_fog() -> Any:
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    return 30 + 100 * np.exp(-(x * x + y * y) * 0.4)[..., None] + rough(1.5) + np.zeros(3)


def channels(side: int, *ground: int, words: str = "", used: int = 1, look: Any = None) -> Any:
    """A recorder's overview: of so many by so many channels the first are used."""
    made, high, wide = flat(*ground), HEIGHT // side, WIDTH // side
    for number in range(side * side):
        top, left = number // side * high, number % side * wide
        if number < used:
            part = np.clip(
                cv2.resize(scene() if look is None else look, (wide, high), interpolation=cv2.INTER_AREA)
                + rough(2)[:high, :wide],
                0,
                255,
            )
            made[top : top + high, left : left + wide] = part
        elif words:
            at = left + wide // 6, top + high // 2
            cv2.putText(made, words, at, cv2.FONT_HERSHEY_SIMPLEX, 1.6 / side, (255,) * 3, 1, cv2.LINE_AA)
    return made


def wide_circle() -> Any:
    made = scene()
    made[np.hypot(*np.mgrid[-1 : 1 : HEIGHT * 1j, -16 / 9 : 16 / 9 : WIDTH * 1j]) > 0.95] = 0
    return made


def upright() -> Any:
    made = scene()
    made[:, :218] = made[:, -218:] = 0
    return made


def mosaic() -> Any:
    made = np.clip(scene(), 0, 255).astype(np.uint8)
    few = cv2.resize(made[:, 300:], (12, 12), interpolation=cv2.INTER_AREA)
    made[:, 300:] = cv2.resize(few, (WIDTH - 300, HEIGHT), interpolation=cv2.INTER_NEAREST)
    return made


def thermal() -> Any:
    heat = cv2.GaussianBlur(scene().mean(axis=2) + rough(3)[..., 0], (0, 0), 2)
    return cv2.applyColorMap(np.clip(heat, 0, 255).astype(np.uint8), cv2.COLORMAP_INFERNO)


def plates() -> Any:
    made = scene().mean(axis=2, keepdims=True).repeat(3, 2) * 0.03 + 3
    made[200:230, 280:390] = 220
    return overlaid(made + rough(1), "29A 123.45", (284, 222), 0.55) * 0.9


def small(words: str, *ground: int, at: tuple[int, int], size: int = 20) -> Any:
    made = flat(*ground)
    cv2.putText(made, words, at, (255, 255, 255), cv2.FontFace("sans"), size, 400)
    return made


def shaded(words: str, above: tuple[int, int, int], below: tuple[int, int, int]) -> Any:
    ground = np.linspace(above, below, HEIGHT)[:, None] + np.zeros((1, WIDTH, 1))
    return overlaid(ground, words, (150, 200), 1.5)


def emblem(*ground: int) -> Any:
    """Of two colours, without a name."""
    made = cv2.circle(flat(*ground), (320, 170), 60, (200, 40, 30), -1)
    return cv2.rectangle(made, (300, 120), (380, 200), (30, 200, 230), -1)


def round_shade(words: str, inner: tuple[int, int, int]) -> Any:
    """A ground that gets darker from the middle."""
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    return overlaid(np.array(inner) * (1 - 0.5 * np.hypot(x, y) / 1.5)[..., None], words, (150, 200), 1.5)


def below(*colour: int, at: float = 0.5) -> Any:
    """The scene; from some row on one colour, encoded again from red, green and blue."""
    made = np.clip(scene(), 0, 255).astype(np.uint8)
    made[int(HEIGHT * at) :] = colour
    return made


def gauze() -> Any:
    """Fine, strong and even, of a light colour."""
    return (115 + rough(50)) * np.array([0.96, 1, 1.02])


def inferno() -> Any:
    """A thermal camera's colours of something plain, its name across the middle."""
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    heat = np.clip(70 + 30 * np.exp(-(x * x + y * y)), 0, 255).astype(np.uint8)
    return overlaid(cv2.applyColorMap(heat, cv2.COLORMAP_INFERNO), "CAM 05 KHO", (200, 200), 1)


def bars_between_sides() -> Any:
    """As SMPTE's for wide pictures: grey sides, white and six colours, other bars below."""
    pure = [(1, 1, 1), (0, 1, 1), (1, 1, 0), (0, 1, 0), (1, 0, 1), (0, 0, 1), (1, 0, 0)]
    made = flat(104, 104, 104)
    made[:210, 80:560] = np.repeat(np.array(pure, np.uint8) * 191, [69] * 6 + [66], 0)
    made[210:240, 80:560] = (191, 0, 0)
    return made


def enlarged(made: Any, times: int) -> Any:
    return made[: HEIGHT // times, : WIDTH // times].repeat(times, 0).repeat(times, 1)


def words_over_snow() -> Any:
    made = np.ascontiguousarray(np.clip(snow(), 0, 255).astype(np.uint8))
    return overlaid(cv2.rectangle(made, (150, 140), (490, 220), (0, 0, 0), -1), "NO SIGNAL", (190, 195), 1.5)


def asphalt() -> Any:
    """As fine and strong as snow, but nearer in front than behind."""
    return 120 + rough(70) * np.linspace(0.6, 1, HEIGHT)[:, None, None] + np.zeros(3)


def even_wall(*colour: float) -> Any:
    """In light as even as the middle of a lens leaves it, so that an encoder takes the noise away."""
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    return flat(*colour) * (1 - 0.05 * (x * x + y * y))[..., None] + rough(0.8)


def under_a_clock(made: Any) -> Any:
    """And a name, both so large that they reach out of the strips."""
    return overlaid(overlaid(made, "2026-11-29 08:15:22", (20, 44), 0.9), "CAMERA 01", (440, 342), 0.9)


def generated(source: str) -> Any:
    """A picture of a source that FFmpeg draws itself, after some others: `life` begins as snow."""
    graph = av.filter.Graph()
    options = "level=6" if source == "haldclutsrc" else f"size={WIDTH}x{HEIGHT}"
    graph.link_nodes(graph.add(source, options), graph.add("buffersink")).configure()
    frame: Any = [graph.pull() for _ in range(20)][-1]  # of sound, too, as far as its type says
    return cv2.resize(frame.to_ndarray(format="bgr24"), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


def page() -> Any:
    """Small lines above and below large words: no place is far from an edge."""
    made = flat(0, 0, 0)
    for top in range(60, 330, 26):
        cv2.putText(
            made, "VIDEO LOSS CHANNEL OFF", (150, top), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (60, 60, 200), 1, cv2.LINE_AA
        )
    return overlaid(made, "NO SIGNAL", (230, 190), 1)


MORE = ("Try again after 30 minutes", "IP 192.0.2.8")
# What shows it: ITU-T H.264, 8.2.5.2 (128 for what is missing), ITU-R BT.601 (colours), bench/README.md (the rest).
FAKES: list[tuple[str, Callable[[], Any], str, str]] = [
    ("grey of a missing reference", lambda: yuv(128, 128, 128), "decode_failed", "nền xám"),
    ("grey below what came", lambda: scene_yuv(lower=128), "decode_failed", "nền xám"),
    ("green below what came", lambda: scene_yuv(lower=0), "decode_failed", "có màu"),
    ("flat green", lambda: yuv(0, 0, 0), "decode_failed", "có màu"),
    ("flat green, encoded again", lambda: flat(0, 135, 0), "decode_failed", "phẳng tuyệt đối"),
    ("flat pink, encoded again", lambda: flat(230, 90, 240), "decode_failed", "phẳng tuyệt đối"),
    ("a scene all pink", lambda: scene_yuv(colours=255), "decode_failed", "có màu"),
    ("flat grey", lambda: flat(90, 90, 90), "decode_failed", "phẳng tuyệt đối"),
    ("the last row to the end", smeared, "decode_failed", "phần dưới"),
    ("card, black", lambda: card("VIDEO LOSS", 0, 0, 0), "no_signal_card", "bảng báo"),
    ("card, grey", lambda: card("NO SIGNAL", 128, 128, 128), "no_signal_card", "bảng báo"),
    ("card, white", lambda: card("NO VIDEO", 255, 255, 255, ink=(0, 0, 160)), "no_signal_card", "bảng báo"),
    ("card, green", lambda: card("NO SIGNAL", 0, 130, 0), "no_signal_card", "bảng báo"),
    ("card, dark blue, no words", lambda: flat(128, 0, 0), "no_signal_card", "bảng báo"),
    ("logo of a device that starts", logo, "no_signal_card", "màn hình chờ"),
    ("card, small words", lambda: lines(0, 0, 0), "no_signal_card", "bảng báo"),
    (
        "card, three lines",
        lambda: lines(60, 30, 20, more=("after 30 minutes", "IP 192.0.2.8")),
        "no_signal_card",
        "bảng báo",
    ),
    ("analogue snow", snow, "no_signal_card", "nhiễu hạt"),
    ("analogue snow in all colours", colourful_snow, "no_signal_card", "nhiễu hạt"),
    ("card, in a corner of black", lambda: small("VIDEO LOSS", 0, 0, 0, at=(12, 300)), "no_signal_card", "bảng báo"),
    ("card, where a name is written", lambda: small("NO SIGNAL", 0, 0, 0, at=(500, 30)), "no_signal_card", "bảng báo"),
    ("card, in a corner of grey", lambda: small("NO SIGNAL", 90, 90, 90, at=(12, 345)), "no_signal_card", "bảng báo"),
    ("card, in a corner of blue", lambda: small("NO VIDEO", 160, 20, 10, at=(12, 30)), "no_signal_card", "bảng báo"),
    ("card, in Vietnamese", lambda: small("MẤT TÍN HIỆU", 0, 0, 0, at=(12, 30)), "no_signal_card", "bảng báo"),
    (
        "card, in small Vietnamese letters",
        lambda: small("Không có tín hiệu", 45, 45, 45, at=(200, 180), size=30),
        "no_signal_card",
        "bảng báo",
    ),
    (
        "card, a clock runs above",
        lambda: overlaid(card("NO VIDEO", 0, 0, 0), "2026-11-28 02:15:33", (20, 30), 0.7),
        "no_signal_card",
        "bảng báo",
    ),
    ("card, shaded blue", lambda: shaded("NO SIGNAL", (220, 60, 10), (90, 20, 4)), "no_signal_card", "bảng báo"),
    ("no channel has a signal", lambda: channels(2, 0, 0, 0, words="NO SIGNAL", used=0), "no_signal_card", "bảng báo"),
    ("flat green under a name", lambda: overlaid(flat(0, 135, 0), "CAM 01", (20, 30), 0.7), "decode_failed", "phẳng"),
    ("the upper half again", again, "decode_failed", "lặp lại đúng nửa trên"),
    ("green below what came, encoded again", lambda: below(0, 135, 0), "decode_failed", "xanh lá hoặc hồng"),
    ("pink below what came, encoded again", lambda: below(255, 110, 255), "decode_failed", "xanh lá hoặc hồng"),
    ("grey below what came, encoded again", lambda: below(130, 130, 130), "decode_failed", "nền xám"),
    ("card, a page of lines", page, "no_signal_card", "bảng báo"),
    ("test bars between grey sides", bars_between_sides, "no_signal_card", "sọc màu thử"),
    ("words over snow", words_over_snow, "no_signal_card", "nhiễu hạt"),
    ("flat pink of a cloth's colour", lambda: flat(203, 192, 255), "decode_failed", "phẳng tuyệt đối"),
    ("flat light green", lambda: flat(77, 255, 77), "decode_failed", "phẳng tuyệt đối"),
    ("flat grey under a clock and a name", lambda: under_a_clock(flat(64, 64, 64)), "decode_failed", "phẳng tuyệt đối"),
    ("flat pink under pale ones", lambda: under_a_clock(flat(203, 192, 255)), "decode_failed", "phẳng tuyệt đối"),
    ("emblem of two colours on grey", lambda: emblem(120, 120, 120), "no_signal_card", "bảng báo"),
]
HEALTHY: list[tuple[str, Callable[[], Any], str, str | None]] = [
    ("a scene", scene, "ok", None),
    ("a mask for privacy over the lower half", masked, "ok", None),
    ("dense fog before a plain wall", lambda: (wall(120) - 140) * 0.12 + 180 + rough(1.5), "ok", "hazy"),
    ("dense fog before a plain wall, most of it gone", lambda: (wall(120) - 140) * 0.03 + 175 + rough(1), "ok", "hazy"),
    ("a plain wall", lambda: wall(120), "ok", None),
    ("a fence before a burnt-out sky", lambda: fence(255) + rough(2), "overexposed", None),
    ("a fence", lambda: fence(130) + rough(2), "ok", None),
    ("a fence, its noise taken away by the encoder", lambda: fence(130), "ok", None),
    ("infrared, much noise", infrared, "ok", None),
    ("lamps in the dark", lamps, "ok", "dark"),
    ("black", lambda: flat(0, 0, 0), "black", None),
    ("black, with a name and a clock", lambda: overlaid(flat(0, 0, 0), "CAM 1 02:15:33", (20, 30)), "black", None),
    (
        "black, a name and a time that cannot be read",
        lambda: overlaid(overlaid(flat(0, 0, 0), "29 11 2026 08", (20, 30), 0.7), "CAMERA 01", (440, 348), 0.7),
        "black",
        None,
    ),
    ("black, a clock across it", lambda: overlaid(flat(0, 0, 0), "28-11 02:15:33"), "black", None),
    ("a name across an unlit scene", lambda: overlaid(unlit(), "UBND XA AN BINH", size=1.6), "ok", None),
    ("a name and a time across an unlit scene", lambda: overlaid(unlit(), "CAM 3 28-11 02:15:33"), "ok", None),
    ("a name across a noisy dark scene", lambda: overlaid(unlit() + rough(2), "CONG CHINH", size=2.2), "ok", None),
    ("a name across infrared fog", lambda: overlaid(infrared_fog(), "UBND XA AN BINH"), "ok", None),
    ("a name across a sky", lambda: overlaid(wall(150) + rough(3, 40), "UBND XA AN BINH"), "ok", None),
    ("one channel of four", lambda: channels(2, 0, 0, 0), "ok", None),
    ("one channel of four, words in the others", lambda: channels(2, 0, 0, 0, words="VIDEO LOSS"), "ok", None),
    ("one channel of nine on blue", lambda: channels(3, 160, 20, 10, words="NO SIGNAL"), "ok", None),
    ("one channel of sixteen", lambda: channels(4, 0, 0, 0), "ok", "card"),
    ("one channel of sixteen, words in the others", lambda: channels(4, 0, 0, 0, words="LOSS"), "ok", "card"),
    ("one channel of sixteen on blue", lambda: channels(4, 255, 0, 0), "ok", "card"),
    (
        "one dark channel of nine on blue",
        lambda: channels(3, 160, 20, 10, words="CAM 1", look=unlit() + rough(2)),
        "ok",
        None,
    ),
    (
        "one channel of nine full of gravel",
        lambda: channels(3, 128, 128, 128, words="NO SIGNAL", look=120 + rough(60, 3) + np.zeros(3)),
        "ok",
        None,
    ),
    ("one channel of sixteen on grey", lambda: channels(4, 128, 128, 128), "ok", "card"),
    ("a fisheye", wide_circle, "ok", None),
    ("upright between black sides", upright, "ok", None),
    ("a mosaic over half of it", mosaic, "ok", None),
    ("thermal", thermal, "ok", None),
    ("plates in the dark", plates, "ok", None),
    ("a lens cap, noise of the sensor", lambda: flat(5, 5, 5) + rough(1), "ok", "dark"),
    ("a cover, noise of the sensor", lambda: flat(60, 60, 60) + rough(2), "covered", None),
    ("louvres below a scene", louvres, "ok", None),
    ("blinds", blinds, "ok", None),
    ("wires before the sky", wires, "ok", None),
    ("flags side by side", flags, "ok", None),
    ("colours below a plain ceiling", ceiling, "ok", None),
    ("purple light", purple_light, "ok", None),
    ("lamps in a row", lamps_in_a_row, "ok", "dark"),
    ("a lit sign in the dark", lit_sign, "ok", None),
    ("name and time written into a dark picture", written_into_the_dark, "ok", None),
    ("the noise of a sensor at full gain", much_gain, "ok", None),
    ("a mask for privacy of a decoder's grey", grey_mask, "ok", "gap"),
    ("a grey mask for privacy over the lower half", lambda: below(128, 128, 128), "ok", "gap"),
    ("a green mask for privacy", lambda: below(0, 140, 0, at=0.6), "ok", "gap"),
    ("words on blue that shades off in rings", lambda: round_shade("NO SIGNAL", (200, 60, 20)), "ok", "card"),
    ("gauze before the lens", gauze, "ok", None),
    ("thermal, plain, a name across it", inferno, "ok", "card"),
    ("a plain scene without light, its noise taken away", lambda: flat(18, 18, 18) + rough(1, 20), "ok", "hazy"),
    ("a leaf, its noise taken away by the encoder", lambda: smooth(30, 120, 50), "covered", None),
    ("a blue bag, its noise taken away by the encoder", lambda: smooth(190, 90, 40), "covered", None),
    ("a pink cloth, its noise taken away by the encoder", lambda: smooth(190, 120, 220), "covered", None),
    ("a green cloth over the lens, or a wall", lambda: flat(60, 110, 50) + rough(3) + rough(2, 40), "ok", "hazy"),
    ("a wall in even light", lambda: even_wall(70, 60, 120), "ok", "hazy"),
    ("a wall in a weak red light", lambda: even_wall(8, 15, 85), "ok", "hazy"),
    (
        "a name across a wall in green light",
        lambda: overlaid(wall(90) * np.array([0.05, 1, 0.1]), "HANH LANG", (150, 200)),
        "ok",
        "card",
    ),
    ("snow in coarse grains, or gravel", lambda: 120 + rough(70, 2) + np.zeros(3), "ok", "card"),
    ("snow that a recorder enlarged", lambda: enlarged(snow(), 2), "ok", "card"),
    ("snow that a recorder enlarged further", lambda: enlarged(snow(), 4), "ok", "card"),
    ("snow, weak", lambda: 125 + rough(11) + np.zeros(3), "ok", "card"),
    ("words on dark blue that shades off", lambda: shaded("NO SIGNAL", (120, 0, 0), (0, 0, 0)), "ok", "card"),
    ("asphalt", asphalt, "ok", None),
]


@pytest.mark.parametrize(("made", "verdict", "words"), [case[1:] for case in FAKES], ids=[case[0] for case in FAKES])
def test_what_no_lens_has_made_is_told_from_what_one_has(made: Callable[[], Any], verdict: str, words: str) -> None:
    found = seen(made())
    assert (found["verdict"], found["features"].get("suspicion")) == (verdict, None)
    assert words in found["detail"] or found == picture.FAILED  # it was seen before anything was measured


@pytest.mark.parametrize(
    ("made", "verdict", "suspicion"), [case[1:] for case in HEALTHY], ids=[case[0] for case in HEALTHY]
)
def test_what_a_lens_has_made_stays_what_it_is(made: Callable[[], Any], verdict: str, suspicion: str | None) -> None:
    found = seen(made())
    assert (found["verdict"], found["features"]["suspicion"]) == (verdict, suspicion)


@pytest.mark.parametrize(
    "source", ["testsrc", "testsrc2", "rgbtestsrc", "mandelbrot", "life", "sierpinski", "haldclutsrc"]
)
def test_what_stands_in_for_a_camera_in_many_a_trial_is_no_fault(source: str) -> None:
    assert seen(generated(source))["verdict"] == "ok"


def test_a_picture_in_pink_by_day_and_one_unlike_its_own_days_are_suspicions_and_grey_is_none() -> None:
    pink = scene() * 0.4 + scene().mean(axis=2, keepdims=True) * np.array([0.75, 0.45, 0.8])
    assert seen(pink)["features"]["suspicion"] == "cast"
    usual = seen(scene())["features"]
    own = {f"{name}_median": usual[name] for name in ("u", "v", "lap", "sharp", "coarse_lap", "coarse_sharp", "edge")}
    blue = scene() * np.array([1.25, 0.95, 0.7])
    assert seen(blue)["features"]["suspicion"] is None
    assert seen(blue, {"day": {"n": 9, **own}})["features"]["suspicion"] == "cast"
    assert seen(scene().mean(axis=2, keepdims=True).repeat(3, 2))["features"]["suspicion"] is None


def test_a_plain_picture_is_a_cover_where_the_camera_used_to_show_edges() -> None:
    cloth = seen(flat(60, 110, 50) + rough(3) + rough(2, 40))["features"]
    usual = {f"{name}_median": cloth[name] for name in MEDIANS}
    assert judge.judge(cloth, {"day": {"n": 9, **usual}}, LIMITS) == ("ok", "hazy")
    assert judge.judge(cloth, {"day": {"n": 9, **usual, "edge_median": 0.05}}, LIMITS) == ("covered", None)


@pytest.mark.parametrize(("drift", "verdict"), [(0.68, ("covered", None)), (0.8, ("ok", "hazy"))])
def test_a_cover_is_more_even_than_a_wall_ever_is(drift: float, verdict: tuple[str, str | None]) -> None:
    """As measured on both, see bench/README.md."""
    bag = seen(smooth(190, 90, 40))["features"]
    assert judge.judge(bag | {"drift": drift}, {}, LIMITS) == verdict


def test_a_lower_part_that_lost_its_detail_is_a_suspicion_unless_it_never_had_any() -> None:
    before, tonight = seen(scene())["features"], seen(masked())["features"]
    assert judge.judge(tonight, {"last": [before] * 3}, LIMITS) == ("ok", "cut")
    assert judge.judge(tonight, {"last": [seen(masked())["features"]] * 3}, LIMITS) == ("ok", None)


def test_a_row_that_repeats_is_a_suspicion_where_it_shows_little_or_is_as_even_as_posts() -> None:
    found = seen(smeared())["features"]
    for unsure in ({"tail_step": 1.3}, {"tail": 0.13}, {"tail_regular": 0.9}, {"tail_goes_on": 0.1}):
        assert judge.judge(found | unsure, {}, LIMITS) == ("ok", "cut")
        assert judge.judge(found | unsure, {"last": [found]}, LIMITS) == ("ok", None)


def test_rows_that_repeated_in_former_nights_too_are_what_stands_there() -> None:
    found = seen(smeared())["features"]
    assert judge.judge(found, {"last": [{**found, "tail": 0.02}]}, LIMITS) == ("decode_failed", None)
    assert judge.judge(found, {"last": [found]}, LIMITS) == ("ok", None)


def test_letters_that_were_there_when_the_camera_was_well_are_its_name() -> None:
    tonight, words = seen(card("CONG CHINH", 0, 0, 0))["features"], ("CONG CHINH", (130, 200), 2)
    assert judge.judge(tonight, {}, LIMITS) == ("no_signal_card", None)
    before = seen(overlaid(unlit() + rough(1), *words))["features"] | {"at": "2021-11-01T22:00:00+07:00"}
    assert judge.judge(tonight, history([before]), LIMITS) == ("ok", "card")
    assert judge.judge(tonight, history([before | {"place": [10, 20, 30, 26]}]), LIMITS) == ("no_signal_card", None)


@pytest.mark.parametrize(
    ("unlike", "verdict"),
    [
        ({"shapes": [[19, 24, 30, 1]]}, "no_signal_card"),  # an emblem of which coarse encoding leaves nothing filled
        ({"shapes": [[25, 25, 97, 88]]}, "ok"),  # a dark channel, its noise taken away by JPEG
        ({"shapes": [[60, 15, 90, 1]]}, "ok"),  # what a mask leaves of a scene
        ({"shapes": [[70, 70, 98, 99]]}, "no_signal_card"),  # a window of a menu
        ({"uneven": 0.001}, "no_signal_card"),  # as coarse encoding leaves it
        ({"uneven": 0.001, "fill": 20}, "ok"),  # as an unlit scene
        ({"calm": 0.05}, "no_signal_card"),  # words everywhere
        ({"faint": 0.03}, "ok"),
        ({"busy": True}, "ok"),
    ],
)
def test_letters_are_a_devices_where_it_filled_all_the_rest(unlike: dict[str, Any], verdict: str) -> None:
    """As measured on overviews, logos and dark channels; see bench/README.md."""
    found = seen(card("NO SIGNAL", 128, 128, 128))["features"] | {"mode": 0.8, "flat": 0.8}
    assert judge.judge(found | unlike, {}, LIMITS)[0] == verdict


def test_words_near_by_are_no_light_around_letters() -> None:
    assert seen(page())["features"]["halo"] == 0
    assert seen(lit_sign())["features"]["halo"] > LIMITS["letters_halo"]


def test_words_on_grey_that_shades_off_are_a_suspicion_as_long_as_they_are_there() -> None:
    assert nights([shaded("NO SIGNAL", (120, 120, 120), (40, 40, 40)) for _ in range(3)]) == ["card"] * 3


@pytest.mark.parametrize(("level", "verdict"), [(130, "decode_failed"), (128, "ok")])
def test_grey_below_a_jpeg_is_missing_if_it_is_a_decoders_of_h264_and_perhaps_a_mask_if_it_is_even(
    level: int, verdict: str
) -> None:
    made = below(level, level, level)
    stream = cv2.imencode(".jpg", made, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()
    found = picture.examine(picture.decode("jpeg", stream), None, LIMITS)
    assert (found["verdict"], found["features"]["suspicion"]) == (verdict, None if verdict != "ok" else "gap")


def test_a_picture_all_green_that_was_encoded_again_is_a_suspicion_as_thermal_cameras_have_it() -> None:
    made = scene().mean(axis=2, keepdims=True) * np.array([0, 0.9, 0])
    assert seen(made)["features"]["suspicion"] == "cast"


def test_looks_stored_before_colours_were_measured_say_nothing_of_a_cast() -> None:
    found = seen(scene())["features"] | {"at": "2021-11-01T10:00:00+07:00"}
    old = {name: value for name, value in found.items() if name not in ("u", "v")}
    assert "u_median" not in history([old])["day"]
    assert history([old, found])["day"]["u_median"] == found["u"]


def test_a_mask_of_a_decoders_grey_is_a_suspicion_until_it_was_there_three_nights() -> None:
    assert nights([grey_mask() for _ in range(5)]) == ["gap"] * 3 + [None] * 2


@pytest.mark.parametrize("half", [np.s_[180:], np.s_[:180], np.s_[:, :320]], ids=["lower", "upper", "left"])
def test_a_half_that_hangs_is_a_suspicion_from_the_third_night_on(half: Any) -> None:
    hanging, shown = scene(), [scene() for _ in range(4)]
    for made in shown:
        made[half] = hanging[half]
    assert nights(shown) == [None, None, "perhaps_frozen", "perhaps_frozen"]


def nights(pictures: Sequence[Any]) -> list[str | None]:
    """The suspicion of each night, judged by those before."""
    stored: list[dict[str, Any]] = []
    for night, made in enumerate(pictures):
        at = f"2021-{1 + night // 28:02}-{1 + night % 28:02}T22:00:00+07:00"
        stored.append(seen(made, history(stored))["features"] | {"at": at})
    return [found["suspicion"] for found in stored]


@pytest.mark.parametrize("suspicion", ["moved", "cut"])
def test_what_is_unlike_before_is_said_again_until_it_is_how_the_camera_looks(suspicion: str) -> None:
    other = cv2.flip(scene(), -1) if suspicion == "moved" else masked()
    told = nights([scene() for _ in range(3)] + [other + rough(2) for _ in range(SETTLED + 8)])
    assert told == [None] * 3 + [suspicion] * SETTLED + [None] * 8


def test_letters_are_looked_for_in_no_more_than_a_cameras_picture_has() -> None:
    tall, on_its_side = np.zeros((65_000, 1_000), np.uint8), np.zeros((1920, 1080), np.uint8)
    assert drawn_text.at_most(tall, drawn_text.WIDTH, drawn_text.HEIGHT).shape == (drawn_text.HEIGHT, 39)
    assert drawn_text.at_most(on_its_side, drawn_text.WIDTH, drawn_text.HEIGHT).shape == on_its_side.shape


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (3, 9), (9, 400), (400, 9), (60, 80), (120, 80), (9000, 9)])
def test_a_picture_may_be_as_small_as_thermal_cameras_make_it_or_smaller(size: tuple[int, int]) -> None:
    made = cv2.resize(scene().astype(np.uint8), size[::-1], interpolation=cv2.INTER_AREA)
    stream = cv2.imencode(".jpg", made)[1].tobytes()
    with np.errstate(all="raise"):
        found = picture.examine(picture.decode("jpeg", stream), None, LIMITS)
    assert found["verdict"] in PHASE
    json.dumps(found, allow_nan=False)


def test_an_answer_with_what_is_no_number_is_none() -> None:
    with pytest.raises(ValueError, match="NaN"):
        read_answer(b'{"verdict": "ok", "detail": "", "features": {"mean": NaN}}')


@pytest.mark.parametrize("contrast", [0.06, 0.1, 0.14])
@pytest.mark.parametrize("rib", [10, 19, 28, 44])
def test_coloured_sheets_with_ribs_are_no_test_bars(rib: int, contrast: float) -> None:
    """Their brightness goes down by steps, and up again by as many."""
    waves = 1 - contrast + contrast * np.sin(2 * np.pi * np.arange(WIDTH) / rib)
    assert seen(np.array([160, 90, 30]) * waves[None, :, None] + rough(1))["verdict"] != "no_signal_card"
