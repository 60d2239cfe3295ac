"""One visit to a simulated camera: reads RTSP requests and behaves as the path asks."""

import asyncio
import base64
import hashlib
import re
import secrets
import socket
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from dondoc import clock
from dondoc.demo import clips, onvif, recorder, rtp

HOST, SLOW_CLOCK = "127.0.0.1", "127.0.0.2"  # where the fleet is, and where its device with a slow clock is
USER, PASSWORD = "ioc", "Xem#2021 được"
# What is answered to DESCRIBE and all that follows, for cameras that say no.
REFUSALS = {
    "missing": "404 Not Found",
    "forbidden": "403 Forbidden",
    "busy": "503 Service Unavailable",
    "crowded": "453 Not Enough Bandwidth",
    "strange": "299 Odd",
    "redirect": "302 Found",
    "redirect-away": "302 Found",
    "redirect-loop": "302 Found",
}
LOCKED = {
    "basic",
    "digest",
    "digest-sha256",
    "digest-noqop",
    "stale",
    "always-stale",
    "dual",
    "wrong-password",
    "changed-password",
}
MUTE = {"hanging", "hanging-later", "garbage", "http", "closing", "flood"}
# Scene and codec of what plays; anything else plays what `healthy` does.
SCENES = {
    "dark": ("dark", "h264"),
    "frozen": ("frozen", "h264"),
    "h265": ("moving", "h265"),
    "damaged": ("moving", "h265"),
    "mjpeg": ("moving", "jpeg"),
    "overexposed": ("overexposed", "h264"),
    "covered": ("covered", "h264"),
    "blurred": ("blurred", "h264"),
    "pink": ("pink", "h264"),
    "card": ("card", "h264"),
    "infrared": ("infrared", "h264"),
    "still": ("still", "h264"),
    "large": ("large", "h264"),
    "large-h265": ("large", "h265"),
}
PLAYING = {
    *SCENES,
    *recorder.HELD,
    "healthy",
    "smart",
    "wrong-clock",
    "late",
    "silent",
    "junk",
    "audio",
    "udp",
    "unknown-codec",
    "no-media",
}
BEHAVIOURS = {*REFUSALS, *LOCKED, *MUTE, *PLAYING, "refusing"}
MEDIA = {
    "audio": "m=audio 0 RTP/AVP 0\r\na=control:trackID=1\r\n",
    "no-media": "",
    "unknown-codec": "m=video 0 RTP/AVP 98\r\na=rtpmap:98 X-VNPT/90000\r\na=control:trackID=1\r\n",
    "mjpeg": "m=video 0 RTP/AVP 26\r\na=control:trackID=1\r\n",
    **dict.fromkeys(
        ("h265", "damaged", "large-h265"), "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\na=control:trackID=1\r\n"
    ),
}
# A "smart codec": seconds from a visit's beginning to its next key picture, more than a first look waits, and for which
# a session lives without a keep-alive.
SMART, SMART_SESSION = 20.0, 6.0
H264 = (
    "m=audio 0 RTP/AVP 0\r\na=control:trackID=2\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:trackID=1\r\n"
)


class Camera:
    """The camera's side of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counts: Counter[str]) -> None:
        self.reader, self.writer, self.counts = reader, writer, counts
        self.nonce = ""
        self.stale_answers = 0
        self.playing: asyncio.Task[None] | None = None
        self.datagrams: socket.socket | None = None
        self.heard = 0.0  # when it was asked last
        counts["connections"] += 1

    async def talk(self) -> None:
        try:
            while head := (await self.reader.readuntil(b"\r\n\r\n")).decode():
                first, *lines = head.splitlines()
                method, url, _ = first.split(" ", 2)
                headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)}
                self.counts[method] += 1
                self.heard = time.monotonic()
                if not await self._answer(method, url, headers):
                    return
        finally:
            if self.playing:
                self.playing.cancel()
            if self.datagrams:
                self.datagrams.close()

    async def _answer(self, method: str, url: str, headers: dict[str, str]) -> bool:
        """Answer one request; False to close the connection."""
        if method == "POST":
            return await self._onvif(headers)
        behaviour = re.sub(r"^rtsps?://[^/]*/", "", url).split("/")[0] or "healthy"
        behaviour = recorder.kind(behaviour, url)
        if behaviour in MUTE and not (behaviour == "hanging-later" and method == "OPTIONS"):
            return await self._misbehave(behaviour)
        if method == "OPTIONS":
            return await self._say("200 OK", headers, "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n")
        if behaviour in REFUSALS:
            return await self._say(REFUSALS[behaviour], headers, self._location(behaviour, url))
        if behaviour in LOCKED and (challenge := self._challenge(behaviour, method, url, headers)):
            return await self._say("401 Unauthorized", headers, challenge)
        if (said := recorder.answer(behaviour, method, url, headers)) is not None:
            return await self._say(said, headers)
        answer: Callable[[str, str, dict[str, str]], Awaitable[bool]] = getattr(
            self, f"_{method.lower()}", self._unknown
        )
        return await answer(behaviour, url, headers)

    async def _misbehave(self, behaviour: str) -> bool:
        if behaviour in ("hanging", "hanging-later"):
            await asyncio.Event().wait()
        answers = {
            "garbage": b"\x00\xff SSH-2.0-camera\r\n\r\n",
            "http": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
            "flood": b"RTSP/1.0 200 OK\r\n" + b"X-More: and more\r\n" * 20_000,
        }
        self.writer.write(answers.get(behaviour, b""))
        await self.writer.drain()
        return False

    def _location(self, behaviour: str, url: str) -> str:
        target = {"redirect": url.replace("/redirect/", "/healthy/"), "redirect-loop": url}
        away = "rtsp://192.0.2.1:554/healthy/1"  # TEST-NET: nobody's
        return f"Location: {target.get(behaviour, away)}\r\n" if behaviour.startswith("redirect") else ""

    async def _say(self, status: str, headers: dict[str, str], more: str = "", body: str = "") -> bool:
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        head = f"RTSP/1.0 {status}\r\nCSeq: {headers.get('cseq', '0')}\r\n{more}{length}\r\n"
        self.writer.write((head + body).encode())
        await self.writer.drain()
        return True

    async def _describe(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
        sdp = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\n" + MEDIA.get(behaviour, H264)
        return await self._say("200 OK", headers, f"Content-Base: {url}/\r\nContent-Type: application/sdp\r\n", sdp)

    async def _setup(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
        ports = re.search(r"client_port=(\d+)-", headers.get("transport", ""))
        if (behaviour == "udp") != (ports is not None) or not url.endswith("/trackID=1"):
            return await self._say("461 Unsupported Transport", headers)
        transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
        if ports:
            self.datagrams = socket.socket(type=socket.SOCK_DGRAM)
            self.datagrams.bind(("127.0.0.1", 0))
            self.datagrams.connect((self.writer.get_extra_info("peername")[0], int(ports[1])))
            port = self.datagrams.getsockname()[1]
            transport = f"Transport: RTP/AVP;unicast;client_port={ports[1]};server_port={port}-{port + 1}\r\n"
        lives = SMART_SESSION if behaviour == "smart" else 60
        return await self._say("200 OK", headers, f"{transport}Session: 0D0D1;timeout={lives:.0f}\r\n")

    async def _play(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
        await self._say("200 OK", headers, "Session: 0D0D1\r\n")
        if recorder.is_silent(behaviour, url, headers):
            return False
        if behaviour != "silent":
            self.counts[f"plays {url}"] += 1
            self.playing = asyncio.create_task(self._stream(behaviour, self.counts[f"plays {url}"]))
        return True

    async def _stream(self, behaviour: str, visit: int) -> None:
        """Play on from a key picture, each visit from another one: no two checks of a live camera are the same."""
        scene, codec = SCENES.get(behaviour, ("moving", "h264"))
        await asyncio.to_thread(clips.clip, scene, codec)
        turn = 0 if behaviour == "frozen" else visit % clips.KEYS
        start = turn * clips.KEY_EVERY + (1 if behaviour == "late" else 0)
        if behaviour == "smart":
            await self._play_smart(scene, codec, visit)
            return
        for number in range(start, 100_000):
            sent = rtp.played(scene, codec, number)
            if behaviour == "junk":
                sent = tuple(rtp.packets((b"\x67\x00", b"\x65\x80" + secrets.token_bytes(900)), codec, number, number))
            elif behaviour == "unknown-codec":
                sent = tuple(rtp.packets((b"\x1f" + secrets.token_bytes(900),), codec, number, number))
            elif behaviour == "damaged":
                sent = tuple(
                    rtp.packets(_torn(clips.clip(scene, codec).units, number), codec, 99 * number, 9000 * number)
                )
            if self.datagrams:
                for packet in sent:
                    self.datagrams.send(packet[4:])
            else:
                self.writer.write(b"".join(sent))
                await self.writer.drain()
            await asyncio.sleep(1 / clips.RATE)

    async def _play_smart(self, scene: str, codec: str, visit: int) -> None:
        """Send key pictures seldom, and close on whoever sends no keep-alive."""
        key = self.counts.pop("next key picture", None) or round(time.monotonic() + SMART)
        self.counts["next key picture"] = key
        for number in range(1, 100_000):
            if time.monotonic() - self.heard > SMART_SESSION + 1:
                self.writer.close()
                return
            due = time.monotonic() > key
            if due:  # whoever comes after this has to wait as long again
                self.counts.pop("next key picture", None)
                key += round(SMART)
            unit = clips.clip(scene, codec).units[visit % clips.KEYS * clips.KEY_EVERY + (not due)]
            self.writer.write(b"".join(rtp.packets(unit, codec, 99 * number, 9000 * number)))
            await self.writer.drain()
            await asyncio.sleep(1 / clips.RATE)

    async def _onvif(self, headers: dict[str, str]) -> bool:
        """One question by ONVIF, over HTTP; the device at SLOW_CLOCK is three hours slow."""
        question = (await self.reader.readexactly(int(headers.get("content-length", "0")))).decode()
        behind = timedelta(hours=0 if self.writer.get_extra_info("sockname")[0] == HOST else 3)
        self.counts["clocks" if "GetSystemDateAndTime" in question else "devices"] += 1
        self.writer.write(onvif.answer(question, USER, PASSWORD, clock.now() - behind))
        await self.writer.drain()
        return False

    async def _teardown(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
        await self._say("200 OK", headers)
        return False

    async def _unknown(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
        return await self._say("405 Method Not Allowed", headers)

    def _challenge(self, behaviour: str, method: str, url: str, headers: dict[str, str]) -> str:
        """The challenge to send back, or nothing when the login is good."""
        given = headers.get("authorization", "")
        if given and method == "DESCRIBE":
            self.counts["logins"] += 1
        stale = (
            given and behaviour in ("stale", "always-stale") and self.stale_answers < (1 if behaviour == "stale" else 9)
        )
        if stale:
            self.stale_answers += 1
        elif not self._changed(behaviour, method) and self._good(behaviour, method, given):
            return ""
        elif given:
            self.counts["refused logins"] += 1
        self.nonce = secrets.token_hex(8)
        basic = 'WWW-Authenticate: Basic realm="camera"\r\n'
        if behaviour == "basic":
            return basic
        more = ", stale=TRUE" if stale else ""
        quality = "" if behaviour == "digest-noqop" else ', qop="auth,auth-int"'
        digest = (
            f'WWW-Authenticate: Digest realm="camera, \\"cổng\\"", nonce="{self.nonce}", opaque="x1"{quality}{more}'
        )
        if behaviour == "digest-sha256":
            return f"{digest}, algorithm=SHA-256\r\n"
        return f"{basic}{digest}\r\n{digest}, algorithm=SHA-256\r\n" if behaviour == "dual" else f"{digest}\r\n"

    def _changed(self, behaviour: str, method: str) -> bool:
        """Whether the password that is known is wrong: ever, or as soon as a picture was shown."""
        shown = method == "DESCRIBE" and any(name.startswith("plays") and behaviour in name for name in self.counts)
        return behaviour == "wrong-password" or (behaviour == "changed-password" and shown)

    def _good(self, behaviour: str, method: str, given: str) -> bool:
        if behaviour == "basic":
            return given == "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        parts = {k: a or b for k, a, b in re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^",\s]+))', given)}
        if parts.get("nonce") != self.nonce:
            return False
        used = hashlib.sha256 if parts.get("algorithm") == "SHA-256" else hashlib.md5

        def hashed(*words: str) -> str:
            return used(":".join(words).encode()).hexdigest()

        realm = parts.get("realm", "").replace("\\", "")
        secret, what = hashed(USER, realm, PASSWORD), hashed(method, parts.get("uri", ""))
        if "qop" in parts:
            return parts.get("response") == hashed(secret, self.nonce, parts["nc"], parts["cnonce"], parts["qop"], what)
        return parts.get("response") == hashed(secret, self.nonce, what)


def _torn(units: Sequence[tuple[bytes, ...]], number: int) -> tuple[bytes, ...]:
    """A picture that lost a piece of each slice before it was sent: no packet is missing."""
    middle = [len(nal) // 2 for nal in units[number % len(units)]]
    return tuple(
        nal[:at] + nal[at + 300 :] if at > 300 else nal
        for nal, at in zip(units[number % len(units)], middle, strict=True)
    )
