"""Stage 2 on the same connection: SETUP, PLAY, and the bytes of one key picture, over TCP or, where asked so, UDP."""

import asyncio
import contextlib
import re
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from dondoc.probing.picture import memory
from dondoc.probing.picture.memory import Fits
from dondoc.probing.rtsp import sdp
from dondoc.probing.rtsp.datagrams import Datagrams
from dondoc.probing.rtsp.dialogue import Dialogue
from dondoc.probing.rtsp.exchange import Progress, Verdict
from dondoc.probing.rtsp.message import NotRtsp, Response
from dondoc.probing.rtsp.readers import BothWays, Found, Pictures, check_readable
from dondoc.probing.rtsp.refusals import is_answer
from dondoc.probing.rtsp.reorder import Duplicates, ReorderQueue
from dondoc.probing.rtsp.senders import is_report

TCP, UDP = "RTP/AVP/TCP;unicast;interleaved=0-1", "RTP/AVP;unicast;client_port={}-{}"
LIVE = {"Range": "npt=0.000-"}
PATIENCE, LEAST_PATIENCE = 60.0, 2.0  # seconds that a session lives, where a camera does not say; at least
BAD_REQUEST = 400
UNKNOWN = (BAD_REQUEST, 404, 451, 454, 455, 459, 460)  # what cameras answer to a track that they do not know
OVERTAKEN = 0.2  # seconds that a packet is waited for which others overtook
REFRESHED = 6.0  # seconds in which a stream without key pictures has renewed all of its picture
Read = Callable[[], Awaitable[bytes]]


async def key_picture(dialogue: Dialogue, track: sdp.Video, base: str, fits: Fits = memory.fits) -> tuple[str, bytes]:
    """The codec and one key picture as its decoder wants it: H.264 and H.265 as an Annex-B stream, JPEG as a file.

    Args:
        fits: whether a picture may be so large; see `PictureMemory.place`.

    Raises:
        Verdict: there is none to be had.
        TimeoutError, NotRtsp, OSError: left to the caller, with `dialogue.progress`.
        Shortage: this machine is out of descriptors, ports or memory.
    """
    check_readable(track)
    async with playing(dialogue, track, base) as way:
        pictures = Pictures(track, fits, reliable=way.reliable)
        while True:
            if picture := pictures.feed(await way.read()):
                return pictures.track.codec or "", picture
            if pictures.seen:
                dialogue.progress = Progress.KEY_PICTURE


async def stretches(
    dialogue: Dialogue, track: sdp.Video, base: str, fits: Fits = memory.fits, *, udp: bool = False
) -> AsyncGenerator[Found]:
    """The stream itself, whenever a picture must be in it: after a key picture, or some time after the last one.

    Args:
        udp: over UDP, even if the camera would send over TCP.

    Raises:
        as `key_picture`.
    """
    check_readable(track)
    async with playing(dialogue, track, base, udp=udp) as way:
        ways, told = BothWays(track, fits, reliable=way.reliable), time.monotonic()
        try:
            while True:
                packet = await way.read()
                found = ways.feed(packet, late=time.monotonic() - told > REFRESHED)
                if ways.seen:
                    dialogue.progress = Progress.KEY_PICTURE
                if found:
                    told = time.monotonic()
                    yield found
        finally:
            dialogue.lossy = way.is_lossy()


@dataclass(frozen=True)
class Way:
    """How packets come. `reliable`: none gets lost between the camera and us.

    `is_lossy`: whether many did; `span`: what the camera said of the time that it plays (Range).
    """

    read: Read
    reliable: bool
    is_lossy: Callable[[], bool] = lambda: False
    span: str = ""


@contextlib.asynccontextmanager
async def playing(
    dialogue: Dialogue,
    track: sdp.Video,
    base: str,
    *,
    udp: bool = False,
    strict: bool = False,
    headers: Mapping[str, str] = LIVE,
) -> AsyncGenerator[Way]:
    """Set up, play, and keep alive until it is left.

    Args:
        strict: whether packets of channels that were not agreed on are never taken.
        headers: of PLAY.

    Raises:
        as `key_picture`.
    """
    base = dialogue.own(base)
    whole = dialogue.own(track.session_control) if "://" in track.session_control else base
    controls = [dialogue.own(one) for one in sdp.controls(base, track.control, whole)]
    with contextlib.ExitStack() as opened:
        way, patience = await _set_up(dialogue, controls, opened, udp=udp, strict=strict)
        tasks = list[asyncio.Task[None]]()
        try:
            dialogue.progress = Progress.PLAY
            reply = await dialogue.ask("PLAY", whole, **headers)
            accepted(dialogue, reply, "PLAY")
            dialogue.playing()
            dialogue.progress = Progress.PACKETS
            tasks.append(asyncio.create_task(_keep_alive(dialogue, whole, patience / 2)))
            if not way.reliable:
                tasks.append(asyncio.create_task(_read_answers(dialogue)))
            yield replace(way, span=reply.get("range"))
        finally:
            for task in tasks:
                task.cancel()
            # The camera has few places for viewers: say goodbye, but do not wait for an answer.
            with contextlib.suppress(OSError, NotRtsp):
                await dialogue.send("TEARDOWN", whole)


async def _keep_alive(dialogue: Dialogue, url: str, every: float) -> None:
    with contextlib.suppress(OSError, NotRtsp):
        while True:
            await asyncio.sleep(every)
            await dialogue.keep_alive(url)


async def _read_answers(dialogue: Dialogue) -> None:
    """Read the answers to keep-alive requests where nobody else does, as pictures come over UDP.

    An answer may refuse the login or name the next nonce; until it was read, no other request carries the login.
    """
    with contextlib.suppress(OSError, NotRtsp, Verdict):
        while True:
            await dialogue.read()


async def _set_up(
    dialogue: Dialogue, controls: Sequence[str], opened: contextlib.ExitStack, *, udp: bool, strict: bool
) -> tuple[Way, float]:
    """Agree on a way, and how to read what comes on it; how long the camera waits for a keep-alive request.

    What a camera says of source and destination is not heeded.

    Args:
        controls: what its track may be called, the likeliest first.
    """
    dialogue.progress = Progress.SETUP
    first: Response | None = None
    if not udp:
        first = reply = await _asked(dialogue, controls, TCP)
        channels = _channels(reply.get("transport"))
        udp = _wants_udp(reply.status) if reply.status >= 300 else channels is None
    if udp:
        packets = opened.enter_context(contextlib.closing(await dialogue.datagrams()))
        reply = await _asked(dialogue, controls, UDP.format(packets.port, packets.port + 1))
        accepted(dialogue, first if first and min(first.status, reply.status) >= 300 else reply, "SETUP")
        dialogue.session = _session(reply)
        _knock(packets, reply.get("transport"))
        order = ReorderQueue()
        read = _unreliable(dialogue, packets, order)
        return Way(read, reliable=False, is_lossy=lambda: order.lossy), _patience(reply)
    accepted(dialogue, reply, "SETUP")
    dialogue.session = _session(reply)
    return Way(_interleaved(dialogue, channels or range(2), strict=strict), reliable=True), _patience(reply)


def _wants_udp(status: int) -> bool:
    """Whether a camera that does not grant TCP may grant UDP: not every one says 461, some call it a bad request."""
    return status == BAD_REQUEST or (status not in UNKNOWN and not is_answer(status))


async def _asked(dialogue: Dialogue, controls: Sequence[str], transport: str) -> Response:
    """The reply to SETUP: the first that knows the track, else the first of all."""
    replies = []
    for control in controls:
        replies.append(await dialogue.ask("SETUP", control, Transport=transport))
        if replies[-1].status not in UNKNOWN:
            return replies[-1]
    return replies[0]


def _patience(reply: Response) -> float:
    """Seconds that a session lives without a keep-alive request (RFC 2326, 12.37)."""
    told = re.search(r";\s*timeout=([0-9]{1,5})(?![0-9])", reply.get("session"), re.IGNORECASE)
    return min(max(float(told[1]), LEAST_PATIENCE), PATIENCE) if told else PATIENCE


def _session(reply: Response) -> str:
    """A character for each byte of it: it is given back as it came."""
    told = next(iter(reply.written("session")), b"")
    return told.partition(b";")[0].strip(b" ").decode("latin-1")


def _channels(transport: str) -> range | None:
    """The channels of the track: the camera has the last word. None: it agreed to UDP, unasked."""
    chosen = re.search(
        r"interleaved\s*=\s*([0-9]{1,3})(?![0-9])(?:\s*-\s*([0-9]{1,3})(?![0-9]))?", transport, re.IGNORECASE
    )
    if chosen:
        first, last = sorted((int(chosen[1]), int(chosen[2] or chosen[1])))
        return range(first, max(last, first + 1) + 1)
    udp = re.match(r"RTP/AVPF?(?:/UDP)?(?:;|$)", transport.strip(), re.IGNORECASE)
    return None if udp or "client_port" in transport.lower() else range(2)


def _knock(packets: Datagrams, transport: str) -> None:
    port = re.search(r"server_port\s*=\s*([0-9]{1,5})(?![0-9])", transport, re.IGNORECASE)
    if port:
        packets.knock(int(port[1]))


def _interleaved(dialogue: Dialogue, channels: range, *, strict: bool) -> Read:
    """Packets of the channels that were agreed on; of any others while nothing comes there, for nothing else was asked
    for, unless what comes is to be told from what else a recorder sends."""
    duplicates, agreed = Duplicates(), strict

    async def read() -> bytes:
        nonlocal agreed
        while True:
            got = dialogue.packets.popleft() if dialogue.packets else await dialogue.read()
            if isinstance(got, Response) or duplicates.has(got):
                continue
            of_track, packet = got[0] in channels, got[1:]
            agreed = agreed or (of_track and not is_report(packet))
            if of_track or not agreed:
                return packet

    return read


def _unreliable(dialogue: Dialogue, packets: Datagrams, order: ReorderQueue) -> Read:
    duplicates, due = Duplicates(), deque[bytes]()

    async def read() -> bytes:
        while not due:
            try:
                async with asyncio.timeout(OVERTAKEN if order.waits else None):
                    got = await packets.read()
            except TimeoutError:
                due.extend(order.rest())
                continue
            await dialogue.spend(got)
            if not duplicates.has(got):
                due.extend(order.feed(got))
        return due.popleft()

    return read


def accepted(dialogue: Dialogue, reply: Response, step: str) -> None:
    """Raises Verdict when a step was not granted."""
    if refused := dialogue.refusal(reply.status, step):
        raise refused
