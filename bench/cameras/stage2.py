"""Stage 2: one picture of each of N cameras (1920×1080), against cv2.VideoCapture and the ffmpeg command.

    .venv/bin/python bench/cameras/stage2.py [cameras] [repeats] [h264 or h265]

The fleet runs on the same machine and plays from a key picture on, the best case for everyone: trust ratios, not rates.
The others only fetch a picture, dondoc judges it too. Each is told not to watch the stream first (probesize), which is
not their default. Repeats are interleaved; medians of the ratios within one repeat are printed.
"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from ipaddress import ip_network

from dondoc.configuration import settings
from dondoc.demo import clips, rtp
from dondoc.isolation.confine import environment
from dondoc.probing.picture import children, judge
from dondoc.probing.picture import decode as picture
from dondoc.probing.probe import probe_many
from dondoc.probing.rtsp.depacketise import Depacketiser
from dondoc.probing.verdicts import Target

LOOPBACK = [ip_network("127.0.0.0/8")]
AT_ONCE = 16
QUICK = "rtsp_transport;tcp|allowed_media_types;video|probesize;32|analyzeduration;0"


@contextmanager
def fleet(path: str) -> Iterator[Callable[[int], list[str]]]:
    """Gives a function from a number to so many addresses."""
    command = [sys.executable, "-m", "dondoc.demo.fleet", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["ports"][0]
        try:
            yield lambda count: [f"rtsp://127.0.0.1:{port}/{path}/{number}" for number in range(count)]
        finally:
            process.terminate()


def own(urls: list[str]) -> int:
    targets = [Target(url, url) for url in urls]
    return sum(f.showing for f in probe_many(targets, stage=2, concurrency=AT_ONCE, timeout=60, allow=LOOPBACK))


def opencv(urls: list[str]) -> int:
    """In a process of its own, for its environment and its processor time."""
    call = [sys.executable, __file__, "--opencv", *urls]
    done = subprocess.run(
        call, capture_output=True, text=True, env={**os.environ, "OPENCV_FFMPEG_CAPTURE_OPTIONS": QUICK}
    )
    return int(done.stdout)


def _opencv(urls: list[str]) -> None:
    import cv2

    def one(url: str) -> bool:
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 60_000, cv2.CAP_PROP_READ_TIMEOUT_MSEC, 60_000]
        capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, limits)
        good = capture.read()[0]
        capture.release()
        return bool(good)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        print(sum(pool.map(one, urls)))


def ffmpeg(urls: list[str]) -> int:
    quick = ["-rtsp_transport", "tcp", "-allowed_media_types", "video", "-probesize", "32", "-analyzeduration", "0"]

    def one(url: str) -> bool:
        call = ["ffmpeg", "-v", "quiet", *quick, "-i", url, "-an", "-frames:v", "1", "-f", "rawvideo", "-y", os.devnull]
        return subprocess.run(call, stdin=subprocess.DEVNULL).returncode == 0

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(one, urls))


def cost(work: Callable[[list[str]], int], urls: list[str]) -> tuple[float, float]:
    """Seconds on the clock, and of processor time (children that ended included)."""
    started, before = time.perf_counter(), _processor()
    good = work(urls)
    if good != len(urls):
        sys.exit(f"{work.__name__}: {good} of {len(urls)} pictures")
    return time.perf_counter() - started, _processor() - before


def _processor() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(u.ru_utime + u.ru_stime for u in used)


def from_memory(codec: str) -> float:
    """Processor seconds to decode and judge one of the same pictures from memory, in a process like our children."""
    call, alike = [sys.executable, __file__, "--memory", codec], environment(OPENBLAS_NUM_THREADS="1", **children.KEEP)
    return float(subprocess.run(call, capture_output=True, text=True, check=True, env=alike).stdout)


def _memory(codec: str, rounds: int = 30) -> float:
    """Of all key pictures of the clip by turns: cameras play whichever is due, and the first is the smallest."""
    picture.cv2.setNumThreads(1)
    limits = judge.thresholds(settings.DATA / "cameras" / "pictures.yaml")
    streams = [_stream(codec, number * clips.KEY_EVERY) for number in range(clips.KEYS)]
    picture.examine(picture.decode(codec, streams[0]), None, limits)
    started = time.process_time()
    for stream in streams * rounds:
        picture.examine(picture.decode(codec, stream), None, limits)
    return (time.process_time() - started) / (rounds * len(streams))


def _stream(codec: str, number: int) -> bytes:
    collected = Depacketiser(codec)
    return next(s for packet in rtp.played("large", codec, number) if (s := collected.feed(packet[4:])))


def main() -> None:
    given = [*sys.argv[1:], *["120", "3", "h264"][len(sys.argv) - 1 :]]
    count, repeats, codec = int(given[0]), int(given[1]), given[2]
    ways = [own, opencv] + ([ffmpeg] if shutil.which("ffmpeg") else [])
    memory = from_memory(codec)
    with fleet({"h264": "large", "h265": "large-h265"}[codec]) as urls:
        own(urls(2))  # the clip is encoded now
        rows: dict[str, list[tuple[float, float]]] = {way.__name__: [] for way in ways}
        extra = []
        for _ in range(repeats):
            for way in ways:
                rows[way.__name__].append(cost(way, urls(count)))
            few, many = cost(own, urls(count // 4))[1], rows["own"][-1][1]
            extra.append((many - few) / (count - count // 4))  # the start of the children cancels out
    print(f"{codec}: {count} cameras, {AT_ONCE} at a time, {repeats} repeats; load {os.getloadavg()[0]:.1f}")
    for name, found in rows.items():
        rate = statistics.median(count / wall for wall, _ in found)
        ratios = [theirs / mine for (theirs, _), (mine, _) in zip(found, rows["own"], strict=True)]
        times = ", ".join(f"{r:.1f}" for r in ratios)
        each = statistics.median(used / count for _, used in found)
        print(f"{name:8} {rate:7.1f} pictures/s  {1000 * each:6.1f} ms processor each  own is {times} times as fast")
    each = statistics.median(extra)
    print(f"processor time of one more picture: {1000 * each:.1f} ms; decode and judge alone: {1000 * memory:.1f} ms;")
    print(f"ratio {each / memory:.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--opencv"]:
        _opencv(sys.argv[2:])
    elif sys.argv[1:2] == ["--memory"]:
        print(_memory(sys.argv[2]))
    else:
        main()
