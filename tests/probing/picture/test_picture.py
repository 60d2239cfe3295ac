"""What is seen on a picture: real encoders, a real child process, and no belief in what comes to decode."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dondoc.configuration.settings import DATA
from dondoc.demo import clips
from dondoc.errors import Problem
from dondoc.isolation.confine import missing
from dondoc.probing.picture import decode as picture
from dondoc.probing.picture import decoder as decoding
from dondoc.probing.picture import judge
from dondoc.probing.picture import measure as measuring
from dondoc.probing.picture.baseline import LAST, history
from dondoc.probing.picture.decoder import Decoder, Seen
from dondoc.probing.picture.measure import Planes
from dondoc.probing.verdicts import PHASE

FILE = DATA / "cameras" / "pictures.yaml"
LIMITS = judge.thresholds(FILE)
FIRST = datetime(2021, 11, 1, 15, tzinfo=UTC)


@lru_cache
def key(scene: str, number: int = 0, codec: str = "h264") -> bytes:
    """Key picture `number` of a scene, as Annex B."""
    return b"".join(b"\0\0\0\1" + nal for nal in clips.clip(scene, codec).units[number % clips.KEYS * clips.KEY_EVERY])


def look(scene: str, number: int = 0, past: dict | None = None, codec: str = "h264") -> dict[str, Any]:
    return picture.examine(picture.decode(codec, key(scene, number, codec)), past, LIMITS)


def measured(seen: Planes) -> dict[str, Any]:
    return picture.examine(seen, None, LIMITS)["features"]


def nights(scenes: list[tuple[str, int]], hours: int = 24) -> list[dict[str, Any]]:
    """Stored features of one look a night, each judged by those before."""
    stored: list[dict[str, Any]] = []
    for night, (scene, number) in enumerate(scenes):
        found = look(scene, number, history(stored))["features"]
        stored.append(json.loads(json.dumps(found)) | {"at": (FIRST + timedelta(hours=hours * night)).isoformat()})
    return stored


@pytest.mark.parametrize(
    ("scene", "verdict"),
    [
        ("moving", "ok"),
        ("still", "ok"),
        ("infrared", "ok"),
        ("large", "ok"),
        ("dark", "black"),
        ("overexposed", "overexposed"),
        ("covered", "covered"),
        ("card", "no_signal_card"),
    ],
)
def test_a_picture_has_its_verdict(scene: str, verdict: str) -> None:
    found = look(scene)
    assert found["verdict"] == verdict
    assert found["detail"] in {judge.DETAILS.get(verdict), *judge.KINDS.get(verdict, ())}
    assert PHASE[verdict] in ("picture", "done")


def test_h265_is_seen_as_h264_is() -> None:
    one, other = (look("moving", codec=codec)["features"] for codec in ("h264", "h265"))
    assert one["mean"] == pytest.approx(other["mean"], abs=2)
    assert one["light"] == other["light"] == "day"


def test_features_are_small_and_say_what_light_it_was() -> None:
    found = look("infrared")["features"]
    assert found["light"] == "night"
    assert len(json.dumps(found)) < 700


def test_blur_is_told_only_from_the_cameras_own_history() -> None:
    assert look("blurred")["verdict"] == "ok"
    assert look("blurred", past=history(nights([("moving", n) for n in range(3)])))["verdict"] == "ok"
    assert look("blurred", past=history(nights([("moving", n) for n in range(6)])))["verdict"] == "blurred"


def test_the_first_infrared_night_after_days_is_no_blur() -> None:
    past = history(nights([("moving", n) for n in range(6)]))
    found = look("infrared", past=past)
    assert (found["verdict"], found["features"]["suspicion"]) == ("ok", None)


def test_a_picture_that_hangs_is_frozen_from_the_third_night_on_and_a_still_scene_never() -> None:
    assert [f["verdict"] for f in nights([("frozen", 0)] * 4)] == ["ok", "ok", "frozen", "frozen"]
    assert {f["verdict"] for f in nights([("still", n) for n in range(6)])} == {"ok"}


def test_two_looks_of_one_night_are_not_two_nights() -> None:
    assert {f["verdict"] for f in nights([("frozen", 0)] * 3, hours=1)} == {"ok"}


def test_a_picture_that_moves_again_is_well() -> None:
    assert [f["verdict"] for f in nights([("frozen", 0)] * 3 + [("moving", 1)])][-1] == "ok"


def encoded_again(scene: Any, quality: int) -> dict[str, Any]:
    """The features of a scene as an encoder of that quality would show it."""
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 1280, 720, "yuv420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": str(quality)}
    frame = av.VideoFrame.from_ndarray(scene, format="bgr24").reformat(format="yuv420p")
    stream = b"".join(bytes(p) for p in [*encoder.encode(frame), *encoder.encode(None)])
    return picture.examine(picture.decode("h264", stream), None, LIMITS)["features"]


def scene(noise: float, seed: int) -> Any:
    """The same rough wall each time, lit from one side, seen by a sensor with noise of its own."""
    wall = np.random.default_rng(7).integers(60, 190, (180, 320, 3)) * np.linspace(0.6, 1, 320)[None, :, None]
    wall = wall.repeat(4, 0).repeat(4, 1)
    return np.clip(wall + np.random.default_rng(seed).normal(0, noise, wall.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("quality", [23, 40])
def test_a_hanging_picture_under_a_running_clock_is_frozen_and_sensor_noise_makes_a_still_one_live(
    quality: int,
) -> None:
    hanging = [encoded_again(clocked(scene(2.0, 1), number), quality) for number in range(3)]
    live = [encoded_again(clocked(scene(0.5, number), number), quality) for number in range(3)]
    assert judge.judge(hanging[2], {"last": hanging[:2]}, LIMITS) == ("frozen", None)
    assert judge.judge(live[2], {"last": live[:2]}, LIMITS) == ("ok", None)


def clocked(made: Any, second: int) -> Any:
    return cv2.putText(made, f"22:00:0{second}", (30, 50), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (255, 255, 255), 2)


def planes(bgr: Any) -> Planes:
    """A picture of shape (height, width, 3) in BGR as a decoder would give it."""
    y, cr, cb = cv2.split(cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb))
    return Planes(y, cb, cr, True)


def flat(value: float, noise: float, colour: float = 0) -> dict[str, Any]:
    grey = np.random.default_rng(5).normal(value, noise, (360, 640)).clip(0, 255).astype(np.uint8)
    return measured(planes(np.dstack([np.clip(grey + colour, 0, 255).astype(np.uint8), grey, grey])))


def test_a_lens_cap_and_an_unlit_street_are_a_suspicion_only() -> None:
    assert judge.judge(flat(5.5, 0.6), None, LIMITS) == ("ok", "dark")
    assert judge.judge(flat(6.3, 1.8), None, LIMITS) == ("ok", "dark")
    assert judge.judge(flat(60, 0.7), None, LIMITS) == ("covered", None)


def test_the_clock_is_no_part_of_the_picture() -> None:
    black = np.zeros((1080, 1920, 3), np.uint8)
    black[20:90, 40:700] = black[1000:1060, 1500:1900] = 255
    assert judge.judge(measured(planes(black)), None, LIMITS) == ("black", None)


def test_colour_bars_are_a_card() -> None:
    colours = [(191, 191, 191), (0, 191, 191), (191, 191, 0), (0, 191, 0), (191, 0, 191), (0, 0, 191), (191, 0, 0)]
    bars = np.array([[colours[x * 7 // 700] for x in range(700)]], np.uint8).repeat(400, 0)
    assert judge.judge(measured(planes(bars)), None, LIMITS) == ("no_signal_card", None)


def test_limited_and_full_range_mean_the_same_brightness() -> None:
    full, limited = np.full((90, 160), 128, np.uint8), np.full((90, 160), 16 + 128 * 219 // 255, np.uint8)
    colour = np.full((45, 80), 128, np.uint8)
    means = [measured(Planes(y, colour, colour, whole))["mean"] for y, whole in ((full, True), (limited, False))]
    assert means[0] == pytest.approx(means[1], abs=1.5)


def test_a_black_and_white_camera_by_day_is_not_compared_with_infrared_nights() -> None:
    assert [flat(mean, 5)["light"] for mean in (130, 60, 20)] == ["day", "night", "night"]
    assert flat(60, 5, colour=40)["light"] == "day"


def test_a_turned_camera_is_a_suspicion() -> None:
    random = np.random.default_rng(11)
    one, other = (random.integers(30, 220, (9, 16, 3)).astype(np.uint8).repeat(40, 0).repeat(40, 1) for _ in "ab")
    before = [measured(planes(np.clip(one + random.normal(0, 3, one.shape), 0, 255).astype(np.uint8))) for _ in "abc"]
    assert judge.judge(measured(planes(other)), {"last": before}, LIMITS) == ("ok", "moved")
    assert judge.judge(measured(planes(one)), {"last": before[:2]}, LIMITS) == ("ok", None)


def test_the_hash_is_that_of_the_picture_reduced_by_area() -> None:
    for number in range(6):
        middle = cv2.GaussianBlur(np.random.default_rng(number).integers(0, 256, (288, 640), np.uint8), (0, 0), 9)
        small = cv2.resize(middle, (9, 8), interpolation=cv2.INTER_AREA)
        assert measuring._difference_hash(middle) == np.packbits(small[:, 1:] > small[:, :-1]).tobytes().hex()


@given(st.integers(0, 287), st.integers(0, 639))
def test_the_last_bit_of_one_pixel_changes_no_tile_but_its_own(row: int, column: int) -> None:
    middle = np.random.default_rng(3).integers(60, 190, (288, 640), np.uint8)
    before = measuring._tiles(middle)
    middle[row, column] ^= 1
    after = measuring._tiles(middle)
    changed = {number for number, (a, b) in enumerate(zip(before, after, strict=True)) if a != b}
    assert changed <= {row // 36 * 16 + column // 40}


def test_sensor_noise_of_a_single_grey_value_changes_nearly_every_tile() -> None:
    middle = np.random.default_rng(3).integers(60, 190, (288, 640), np.uint8)
    noisy = middle + (np.random.default_rng(4).random(middle.shape) < 0.001).astype(np.uint8)
    same = sum(a == b for a, b in zip(measuring._tiles(middle), measuring._tiles(noisy), strict=True))
    touched = np.count_nonzero((middle != noisy).reshape(8, 36, 16, 40).any(axis=(1, 3)))
    assert same <= 128 - touched + 4


@pytest.mark.parametrize(("values", "plain"), [(15, True), (16, False)])
def test_a_tile_is_plain_by_all_its_pixels_wherever_its_values_are(values: int, plain: bool) -> None:
    tile = np.full((1, 1440), 100, np.uint8)
    tile[0, 1 : 8 * (values - 1) : 8] = 101 + np.arange(values - 1)  # none of them in the parts looked at first
    assert measuring._plain(tile).tolist() == [plain]


class TestHistory:
    def test_only_good_looks_count_and_of_each_light_apart(self) -> None:
        stored = nights([("moving", 0), ("dark", 0), ("infrared", 1), ("moving", 1)])
        past = history(stored)
        assert (past["day"]["n"], past["night"]["n"], len(past["last"])) == (2, 1, 3)
        assert past["last"][-1]["tiles"] == stored[-1]["tiles"]

    def test_no_more_than_the_last_looks_are_kept_and_it_is_json(self) -> None:
        past = history(nights([("moving", n) for n in range(LAST + 2)]))
        assert len(past["last"]) == LAST
        assert json.loads(json.dumps(past)) == past

    def test_looks_without_features_are_passed_over(self) -> None:
        assert history([{"at": FIRST.isoformat()}, {}]) == {"last": []}


class TestThresholds:
    def test_each_says_where_it_comes_from(self) -> None:
        for name, entry in yaml.safe_load(FILE.read_text("utf-8")).items():
            assert len(entry["source"]) > 20, name

    @pytest.mark.parametrize("text", ["", "[1]", "black_mean: {value: x}", "black_mean: {value: 2}", "a: {b", "\xff"])
    def test_a_bad_file_is_a_sentence(self, tmp_path: Path, text: str) -> None:
        file = tmp_path / "pictures.yaml"
        file.write_bytes(text.encode("latin-1"))
        with pytest.raises(Problem, match=r"pictures\.yaml"):
            Decoder(limits=file)


def with_decoder(work: Callable[[Decoder], Awaitable[Any]], **options: Any) -> Any:
    async def run() -> Any:
        async with Decoder(1, **options) as made:
            return await work(made)

    return asyncio.run(run())


@pytest.mark.slow
def test_a_child_judges_with_the_past_it_is_given() -> None:
    past = history(nights([("frozen", 0)] * 2))

    async def work(made: Decoder) -> list[Seen]:
        return [await made.judge("h264", key("frozen"), p) for p in (None, past)]

    first, second = with_decoder(work)
    assert (first.verdict, second.verdict) == ("ok", "frozen")
    assert second.features["tiles"] == first.features["tiles"]
    assert second.detail == judge.DETAILS["frozen"]


@pytest.mark.slow
def test_a_child_that_may_start_no_thread_judges_pictures_of_every_format() -> None:
    """FFmpeg's conversion starts one for each core unless it is told not to: the child died of it."""
    formats = [
        (codec, f"yuv4{sub}p{bits}")
        for codec in ("h264", "h265")
        for sub in ("20", "22", "44")
        for bits in ("", "10le")
    ]
    formats += [(codec, "gray") for codec in ("h264", "h265", "jpeg")]
    formats += [("jpeg", f"yuvj4{sub}p") for sub in ("20", "22", "44")]

    async def work(made: Decoder) -> dict[tuple[str, str], str]:
        return {one: (await made.judge(one[0], in_format(*one))).verdict for one in formats}

    assert with_decoder(work) == dict.fromkeys(formats, "ok")


def in_format(codec: str, name: str) -> bytes:
    """A picture by day, its planes in a format."""
    image = clips.SCENES["moving"](0)
    if (codec, name) == ("jpeg", "gray"):
        return cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))[1].tobytes()
    encoder: Any = av.CodecContext.create(clips.ENCODERS[codec], "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 640, 360, name, Fraction(1, 10)
    encoder.options = {"x265-params": "log-level=none", "huffman": "default", "qmin": "3", "qmax": "3"}
    frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=name)
    return b"".join(map(bytes, [*encoder.encode(frame), *encoder.encode(None)]))


@pytest.mark.slow
def test_a_child_that_is_killed_costs_one_picture_only() -> None:
    async def work(made: Decoder) -> list[str]:
        verdicts = [(await made.judge("h264", key("moving"))).verdict]
        os.kill(made._children.idle[0].pid, signal.SIGSEGV)
        return verdicts + [(await made.judge("h264", key("moving"))).verdict for _ in range(2)]

    assert with_decoder(work) == ["ok", "not_decodable", "ok"]


@pytest.mark.slow
def test_a_child_that_hangs_is_ended() -> None:
    async def work(made: Decoder) -> list[str]:
        verdicts = [(await made.judge("h264", key("moving"))).verdict]
        os.kill(made._children.idle[0].pid, signal.SIGSTOP)
        return verdicts + [(await made.judge("h264", key("moving"))).verdict for _ in range(2)]

    assert with_decoder(work, patience=1.0) == ["ok", "not_decodable", "ok"]


@pytest.mark.slow
def test_a_child_that_dies_in_the_middle_of_a_picture_is_a_failed_picture() -> None:
    async def work(made: Decoder) -> Seen:
        await made.judge("h264", key("moving"))
        child = made._children.idle[0]
        os.kill(child.pid, signal.SIGSTOP)
        asked = asyncio.create_task(made.judge("h264", key("large") * 20))
        await asyncio.sleep(0.2)  # the pipe is full, its reader stands still
        child.kill()
        return await asked

    assert with_decoder(work) == Seen("not_decodable", decoding.STOPPED)


@pytest.mark.slow
def test_no_child_outlives_its_decoder() -> None:
    async def work(made: Decoder) -> int:
        await made.judge("h264", key("moving"))
        return made._children.idle[0].pid

    pid = with_decoder(work)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.slow
def test_a_child_knows_no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DONDOC_SECRET_KEY", "bi-mat-rat-dai-va-that-ngau-nhien")
    monkeypatch.setenv("OPENCV_VIDEOIO_DEBUG", "1")

    async def work(made: Decoder) -> bytes:
        await made.judge("h264", key("moving"))
        return Path(f"/proc/{made._children.idle[0].pid}/environ").read_bytes()

    environment = with_decoder(work)
    assert b"bi-mat" not in environment
    assert b"OPENCV" not in environment


@pytest.mark.slow
def test_a_child_is_confined_before_it_sees_a_picture() -> None:
    async def work(made: Decoder) -> str:
        await made.judge("h264", key("moving"))
        return Path(f"/proc/{made._children.idle[0].pid}/status").read_text()

    status = dict(line.split(":\t", 1) for line in with_decoder(work).splitlines())
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == ("0" if "seccomp" in missing() else "2")
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"1",
        b"[" * 100_000,
        b'{"verdict": "ok"}',
        b'{"verdict": "auth_failed", "detail": ""}',
        b'{"verdict": "la", "detail": ""}',
        b'{"verdict": "ok", "detail": "", "features": 1}',
        b'{"verdict": "ok", "detail": "", "secret": 1}',
        b'{"verdict": ["ok"], "detail": ""}',
    ],
)
def test_what_a_child_says_that_is_no_verdict_on_a_picture_is_none(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"no answer|no verdict|Expecting value"):
        decoding.read_answer(line)


@pytest.mark.slow
def test_a_child_that_never_ends_a_line_costs_one_picture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    endless = tmp_path / "python"
    endless.write_text("#!/bin/sh\necho ready\nexec tr '\\0' x < /dev/zero\n")
    endless.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(endless))
    seen = with_decoder(lambda made: made.judge("h264", key("moving")))
    assert seen == Seen("not_decodable", decoding.STOPPED)


HUGE = bytes.fromhex("0000000167640033ac7200200400000200010000")  # a parameter set of a monstrous picture
NO_PICTURES = [b"", b"\0", b"\0\0\0\1\x65", HUGE + b"\0\0\0\1\x68\xee\x3c\x80\0\0\0\1\x65\x88" + bytes(999)]


@pytest.mark.parametrize("stream", NO_PICTURES)
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_what_is_no_picture_fails_to_decode(codec: str, stream: bytes) -> None:
    assert picture.examine(picture.decode(codec, stream), None, LIMITS)["verdict"] == "decode_failed"


def test_half_a_picture_is_no_picture() -> None:
    assert look("moving")["verdict"] == "ok"
    assert picture.decode("h264", key("moving")[: len(key("moving")) // 2]) is None


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 200_000), st.sampled_from(["h264", "h265"]))
def test_damage_makes_a_picture_or_none_but_no_error(junk: bytes, at: int, codec: str) -> None:
    whole = key("moving", codec=codec)
    at %= len(whole)
    found = picture.examine(picture.decode(codec, whole[:at] + junk + whole[at + len(junk) :]), None, LIMITS)
    assert found["verdict"] in PHASE


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="how much a child took: needs Linux's /proc")
def test_a_small_picture_that_unfolds_into_many_large_ones_takes_a_bounded_memory() -> None:
    """12 KB of AV1 took 2.6 GB, in each of the children that decode."""
    encoder: Any = av.CodecContext.create("libsvtav1", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 7680, 4320, "yuv420p", Fraction(1, 25)
    encoder.options = {"preset": "12"}
    grey = av.VideoFrame.from_ndarray(np.full((6480, 7680), 128, np.uint8), format="yuv420p")
    one = b"".join(bytes(packet) for packet in [*encoder.encode(grey), *encoder.encode(None)])

    async def taken() -> int:
        async with Decoder(1, patience=120.0) as decoder:
            await decoder.judge("av1", one)
            assert (await decoder.judge("av1", one * 50)).verdict in ("not_decodable", "decode_failed")
            (child,) = decoder._children.idle
            status = Path(f"/proc/{child.pid}/status").read_text()
            return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    assert asyncio.run(taken()) <= picture.MEMORY == 1024**3
