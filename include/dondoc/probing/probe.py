"""A check of one camera, and of many. Has no memory: what was tried before is the caller's to know."""

import asyncio
import contextlib
import logging
import queue
import resource
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from traceback import extract_tb
from typing import NamedTuple, TypeAlias

import uvloop

from dondoc.configuration.settings import Network
from dondoc.probing import first_look, second_look
from dondoc.probing.address import Address, parse, sendable
from dondoc.probing.measuring import Measured, measure
from dondoc.probing.picture.decoder import Decoder, Seen
from dondoc.probing.picture.memory import fits
from dondoc.probing.resolver import Resolver
from dondoc.probing.rtsp.dialogue import Dialogue
from dondoc.probing.rtsp.shared_logins import SharedLogins
from dondoc.probing.shortage import Shortage
from dondoc.probing.verdicts import Finding, Help, Target
from dondoc.probing.verdicts import Verdict as Codes

log = logging.getLogger(__name__)
SPARE_DESCRIPTORS = 200  # for everything but the cameras
FAULT = "trả lời của camera làm chương trình kiểm tra gặp lỗi: báo người quản trị xem nhật ký"
AGAIN = "xem lại lần thứ hai:"
EVERY = 0.05  # seconds between two handings over of what was found: each wakes a thread that keeps the loop waiting
Found: TypeAlias = "queue.SimpleQueue[list[Finding] | BaseException | None]"


async def probe(
    target: Target,
    *,
    stage: int = 1,
    timeout: float = 8.0,
    allow: Sequence[Network] = (),
    decoder: Decoder | None = None,
) -> Finding:
    """Check one camera. Stage 1 ends with its description, stage 2 with one picture.

    Args:
        timeout: seconds for everything the network does; decoding has a limit of its own.
        allow: networks that may be probed; none means nothing may.
        decoder: to share between checks; without one a child process is started for this check.

    Returns:
        the finding, whatever the camera does.

    Raises:
        Problem: the thresholds cannot be read. What this machine lacks, be it only for decoding pictures, is a verdict
            of its own (`out_of_resources`).
    """
    if stage == 2 and decoder is None:
        async with Decoder(1) as own:
            return await _probe(target, own, Resolver(allow), timeout, SharedLogins())
    return await _probe(target, decoder if stage == 2 else None, Resolver(allow), timeout, SharedLogins())


async def _probe(
    target: Target,
    decoder: Decoder | None,
    resolver: Resolver,
    timeout: float,
    shared_logins: SharedLogins,
) -> Finding:
    """One check: at stage 2 when there is a decoder.

    Args:
        shared_logins: what other closer looks have learned of logins.
    """
    started, stage = time.monotonic(), 2 if decoder else 1
    try:
        address = parse(target.url)
        login = _credentials(target, address)
    except ValueError as error:
        return Finding(target.id, Codes.INVALID_ADDRESS, str(error), _since(started), stage)
    ask = partial(Dialogue, address, *login, resolver, md5=target.md5, worked=target.worked)
    dialogues, closer = [dialogue := ask(digest=target.digest)], list[Dialogue]()

    def again() -> Dialogue:
        new = not dialogue.authenticator.challenge or dialogue.elsewhere  # else it is known how it takes a login
        at, hangs_up = None if dialogue.elsewhere else dialogue.ip, new or dialogue.hangs_up
        return ask(digest=dialogue.authenticator.digest, at=at, hangs_up=hangs_up)

    try:
        seen, why = await _observe(dialogues, again, decoder, timeout, target)
        more = partial(_closer, target, dialogue, resolver, shared_logins, closer)
        measured = await _measured(target, dialogue, decoder, seen, more)
    except Exception as error:
        seen, why, measured = _fault(error), None, None
    finally:
        dialogue.close()
    shown = _logins(dialogues, closer)
    return Finding(
        camera=target.id,
        verdict=Codes[seen.verdict.upper()],
        detail=f"{seen.detail}{_led_away(seen, dialogue)}",
        elapsed_ms=_since(started),
        stage=stage,
        password_sent=shown.sent,
        steps=() if seen.verdict == Codes.OK else _told(dialogues),
        features=seen.features or None,
        thumbnail=seen.thumbnail,
        password_answered=shown.answered,
        password_refused=shown.refused,
        login_taken_back=shown.taken_back,
        digest=shown.digest,
        measured=measured,
        help=why,
    )


class _Logins(NamedTuple):
    """What became of the login in all dialogues of a check, as `Finding` has it."""

    sent: bool
    answered: bool
    refused: bool
    taken_back: bool
    digest: bool


def _logins(looks: Sequence[Dialogue], closer: Sequence[Dialogue]) -> _Logins:
    """Told of the first look and of a second one, and of a closer look."""
    looked, closer_looked = ([one.authenticator for one in some] for some in (looks, closer))
    everywhere = looked + closer_looked
    answered = any(one.accepted for one in looked)
    useless_later = any(one.useless for one in everywhere[1:])
    return _Logins(
        sent=any(one.sent for one in everywhere),
        answered=answered and not looked[0].only_refused and not useless_later,
        refused=any(one.only_refused for one in looked) and not answered,
        taken_back=any(one.useless for one in closer_looked),
        digest=any(one.digest for one in everywhere),
    )


def _fault(error: Exception) -> Seen:
    """A fault of ours; what one camera sends must not cost the checks of all others."""
    if short := error if isinstance(error, Shortage) else Shortage.of(error):
        log.error("%s", short)
        return Seen(Codes.OUT_OF_RESOURCES, str(short))
    at = extract_tb(error.__traceback__)[-1]
    log.error("a check failed: %s in %s, line %s", type(error).__name__, Path(at.filename).name, at.lineno)
    return Seen(Codes.CHECK_FAILED, FAULT)


def _told(dialogues: Sequence[Dialogue]) -> tuple[str, ...]:
    """What was asked and answered, in the first look and in a second one, whose time begins anew."""
    first, *again = (one.steps.lines() for one in dialogues)
    return first + tuple(line for lines in again for line in (AGAIN, *lines))


def _led_away(seen: Seen, dialogue: Dialogue) -> str:
    """That it was not the declared device that was seen last, for who looks for a fault there."""
    failed = dialogue.elsewhere and seen.verdict != Codes.OK
    return "; đó là nơi camera chuyển hướng đến, không phải địa chỉ đã khai" if failed else ""


async def _measured(
    target: Target, dialogue: Dialogue, decoder: Decoder | None, seen: Seen, closer: Callable[[Address], Dialogue]
) -> Measured | None:
    """What a closer look found; none where the camera showed no good picture, or showed it elsewhere.

    It gets the login only where it took it a moment ago.
    """
    if target.wanted is None or decoder is None or seen.verdict != Codes.OK or dialogue.elsewhere:
        return None
    login = dialogue.authenticator.credentials if dialogue.authenticator.challenge else None
    try:
        return await measure(target.wanted, closer, decoder, dialogue.ip, seen.features.get("size"), login) or None
    except Exception as error:  # what was seen stands
        _fault(error)
        return None


def _closer(
    target: Target,
    before: Dialogue,
    resolver: Resolver,
    shared_logins: SharedLogins,
    dialogues: list[Dialogue],
    place: Address,
) -> Dialogue:
    """A dialogue of a closer look, about a place of the device that was seen before; it is added to the others."""
    login = before.authenticator
    user, password = (login.credentials if login.challenge else None) or (None, None)
    ask = partial(Dialogue, place, user, password, resolver, worked=True, shared_logins=shared_logins)
    dialogues.append(made := ask(digest=login.digest, md5=target.md5, at=before.ip, hangs_up=before.hangs_up))
    return made


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _credentials(target: Target, address: Address) -> tuple[str | None, str | None]:
    if target.user is not None:
        if not sendable(target.user + (target.password or "")):  # a line of its own in what is sent
            raise ValueError("tên hoặc mật khẩu có ký tự điều khiển")
        return target.user, target.password
    return address.user, address.password


async def _observe(
    dialogues: list[Dialogue], again: Callable[[], Dialogue], decoder: Decoder | None, timeout: float, target: Target
) -> tuple[Seen, Help | None]:
    """What is seen by the end of stage 1, or of stage 2 when there is a decoder; why only at a second look.

    Args:
        dialogues: holds that of the first look; that of a second one is added.
        again: makes those of a second one, with the same device.
    """
    (dialogue,) = dialogues
    with decoder.memory.place() if decoder else contextlib.nullcontext(fits) as place:
        seen = await first_look.look(dialogue, decoder, timeout, target, place)
        if decoder is None or not second_look.is_wanted(seen, dialogue):
            return seen, None
        dialogue.close()
        place(0)

        def another() -> Dialogue:
            dialogues.append(made := again())
            return made

        found = await second_look.look(seen, dialogue, another, decoder, place, timeout, target)
        return found.seen, found.help


def probe_many(
    targets: Iterable[Target],
    *,
    stage: int = 1,
    concurrency: int = 64,
    timeout: float = 8.0,
    allow: Sequence[Network] = (),
    per_device: int | None = None,
    resolver: Resolver | None = None,
) -> Iterator[Finding]:
    """Check many cameras, `concurrency` at a time; yields findings in order of completion, soon after it.

    Args:
        timeout: seconds for each camera, from its own start.
        per_device: checks at a time at the same host and port (the channels of one recorder); None: no limit.
        resolver: that has looked up names already, for what `allow` says; default: one of its own.

    Raises:
        Problem: as `probe`.
    """
    findings: Found = queue.SimpleQueue()
    loop = asyncio.new_event_loop() if sys.version_info >= (3, 13) else uvloop.new_event_loop()  # 3.13: hangs at fork
    everyone = list(targets)
    at_once = min(concurrency, _descriptors(concurrency + SPARE_DESCRIPTORS) - SPARE_DESCRIPTORS, len(everyone))
    probe_one = partial(_probe, resolver=resolver or Resolver(allow), timeout=timeout, shared_logins=SharedLogins())
    task = loop.create_task(_probe_all(_lanes(everyone, per_device), probe_one, findings, max(1, at_once), stage == 2))
    thread = threading.Thread(target=_run, args=(loop, task, findings), name="probe", daemon=True)
    thread.start()
    try:
        while (found := findings.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            yield from found
    finally:
        with contextlib.suppress(RuntimeError):  # it has ended by itself
            loop.call_soon_threadsafe(task.cancel)
        thread.join()


async def _probe_all(
    lanes: Iterator[Iterator[Target]],
    probe_one: Callable[..., Awaitable[Finding]],
    findings: Found,
    at_once: int,
    pictures: bool,
) -> None:
    found: list[Finding] = []

    def hand_over() -> None:
        findings.put(found.copy())
        found.clear()

    async def work(decoder: Decoder | None) -> None:
        for lane in lanes:
            for target in lane:
                found.append(await probe_one(target, decoder))
                if len(found) == 1:
                    asyncio.get_running_loop().call_later(EVERY, hand_over)

    try:
        async with Decoder() if pictures else contextlib.nullcontext() as decoder, asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(work(decoder))
                await asyncio.sleep(0)  # one start a turn: a crowd of them would eat into its own deadlines
    finally:
        hand_over()


def _run(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None], findings: Found) -> None:
    """Run the task to its end, of whatever kind; the last thing found is None."""
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        try:
            runner.run(_wait(task))
        except asyncio.CancelledError:
            pass
        except BaseExceptionGroup as errors:
            findings.put(errors.exceptions[0])
        except BaseException as error:
            findings.put(error)
        findings.put(None)


async def _wait(task: asyncio.Task[None]) -> None:
    await task


def _lanes(targets: list[Target], per_device: int | None) -> Iterator[Iterator[Target]]:
    """Queues that are each worked off by one at a time; `per_device` of them share the targets of a device."""
    if per_device is None:
        yield from (iter((target,)) for target in targets)
        return
    devices: dict[object, list[Target]] = {}
    for target in targets:
        devices.setdefault(_device(target), []).append(target)
    for same in devices.values():
        shared = iter(same)
        yield from (shared for _ in same[:per_device])


def _device(target: Target) -> object:
    try:
        return parse(target.url).device
    except ValueError:
        return target.id


def _descriptors(wanted: int) -> int:
    """How many files may be open, after asking for as many: running out of them would look like dead cameras."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS has a limit below the one it names
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            return most
    return wanted if soft == resource.RLIM_INFINITY else soft
