"""One look at a camera, and looks at many. Has no memory: what was tried before is the caller's to know."""

import asyncio
import contextlib
import queue
import resource
import threading
import time
from collections.abc import Iterable, Iterator, Sequence

from dondoc.cameras.address import Address, parse
from dondoc.cameras.decoder import Decoder
from dondoc.cameras.frame import key_picture
from dondoc.cameras.message import NotRtsp
from dondoc.cameras.rtsp import Dialogue, Verdict
from dondoc.cameras.verdicts import Finding, Target
from dondoc.settings import Network

SLOW = {
    "dns": ("dns_failure", "máy chủ tên miền không trả lời"),
    "connect": ("connect_timeout", "thiết bị không trả lời kết nối"),
    "tls": ("tls_failure", "thiết bị không trả lời khi thiết lập TLS"),
    "rtsp": ("rtsp_timeout", "thiết bị nhận kết nối nhưng không trả lời"),
}
CLOSED = {"tls": ("tls_failure", "thiết bị ngắt khi thiết lập TLS"), "rtsp": ("closed_early", "thiết bị ngắt kết nối")}


async def probe(
    target: Target,
    *,
    stage: int = 1,
    timeout: float = 8.0,
    allow: Sequence[Network] = (),
    decoder: Decoder | None = None,
) -> Finding:
    """Look at one camera. Stage 1 ends with its description, stage 2 with one picture.

    Args:
        timeout: seconds for everything the network does; decoding has a limit of its own.
        allow: networks that may be probed; none means nothing may.
        decoder: to share between looks; without one a child process is started for this look.

    Returns:
        the finding; whatever the camera does, nothing is raised.
    """
    started = time.monotonic()
    dialogue: Dialogue | None = None
    try:
        address = parse(target.url)
        dialogue = Dialogue(address, *_credentials(target, address), allow)
        verdict, detail = await _look(dialogue, stage, timeout, decoder)
    except ValueError as error:
        verdict, detail = "invalid_address", str(error)
    sent = dialogue is not None and dialogue.password_sent
    elapsed = round((time.monotonic() - started) * 1000)
    return Finding(target.id, verdict, detail, elapsed, stage, sent)


def _credentials(target: Target, address: Address) -> tuple[str | None, str | None]:
    if target.user is not None:
        return target.user, target.password
    return address.user, address.password


async def _look(dialogue: Dialogue, stage: int, timeout: float, decoder: Decoder | None) -> tuple[str, str]:
    try:
        async with asyncio.timeout(timeout):
            await dialogue.open()
            track, base = await dialogue.describe()
            if stage == 1:
                return "ok", "camera trả lời và mô tả luồng hình"
            picture = await key_picture(dialogue, track, base)
    except Verdict as found:
        return found.verdict, found.detail
    except TimeoutError:
        return SLOW.get(dialogue.phase) or ("no_frame", _frame_detail(dialogue, "hết thời gian chờ"))
    except NotRtsp:
        if dialogue.phase == "rtsp":
            return "not_rtsp", "trả lời không phải RTSP"
        return "no_frame", _frame_detail(dialogue, "trả lời không phải RTSP")
    except (asyncio.IncompleteReadError, OSError):
        return CLOSED.get(dialogue.phase) or ("no_frame", _frame_detail(dialogue, "thiết bị ngắt kết nối"))
    finally:
        dialogue.close()
    if decoder:
        return await decoder.judge(track.codec or "", picture)
    async with Decoder(1) as own:
        return await own.judge(track.codec or "", picture)


def _frame_detail(dialogue: Dialogue, why: str) -> str:
    return f"{why}; {dialogue.phase.removeprefix('frame: ')}"


def probe_many(
    targets: Iterable[Target],
    *,
    stage: int = 1,
    concurrency: int = 64,
    timeout: float = 8.0,
    allow: Sequence[Network] = (),
    per_device: int | None = None,
) -> Iterator[Finding]:
    """Look at many cameras, `concurrency` at a time; yields findings in order of completion.

    Args:
        per_device: looks at a time at the same host and port (the channels of one recorder); None: no limit.
    """
    found: queue.SimpleQueue[Finding | BaseException | None] = queue.SimpleQueue()
    loop = asyncio.new_event_loop()
    everything = _everything(list(targets), found, stage, concurrency, timeout, allow, per_device)
    work = loop.create_task(everything)
    thread = threading.Thread(target=_run, args=(loop, work, found), name="probe", daemon=True)
    thread.start()
    try:
        while (finding := found.get()) is not None:
            if isinstance(finding, BaseException):
                raise finding
            yield finding
    finally:
        with contextlib.suppress(RuntimeError):  # it has ended by itself
            loop.call_soon_threadsafe(work.cancel)
        thread.join()


def _run(
    loop: asyncio.AbstractEventLoop,
    work: asyncio.Task[None],
    found: "queue.SimpleQueue[Finding | BaseException | None]",
) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        try:
            runner.run(_wait(work))
        except asyncio.CancelledError:
            pass
        except BaseException as error:
            found.put(error)
        found.put(None)


async def _wait(work: asyncio.Task[None]) -> None:
    await work


async def _everything(
    targets: list[Target],
    found: "queue.SimpleQueue[Finding | BaseException | None]",
    stage: int,
    concurrency: int,
    timeout: float,
    allow: Sequence[Network],
    per_device: int | None,
) -> None:
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    concurrency = max(1, min(concurrency, descriptors - 200))  # running out of them would look like dead cameras
    places = asyncio.Semaphore(concurrency)
    devices: dict[object, asyncio.Semaphore] = {}

    async def one(target: Target) -> None:
        limit = per_device or concurrency
        async with devices.setdefault(_device(target), asyncio.Semaphore(limit)), places:
            found.put(await probe(target, stage=stage, timeout=timeout, allow=allow, decoder=decoder))

    async with Decoder() as decoder, asyncio.TaskGroup() as group:
        for target in targets:
            group.create_task(one(target))


def _device(target: Target) -> object:
    try:
        return parse(target.url).device
    except ValueError:
        return target.id
