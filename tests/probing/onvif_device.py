"""A device that is asked by ONVIF over real HTTP, and lets in whom its kind lets in. It verifies every login itself."""

import asyncio
import hashlib
import re
import secrets
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from dondoc import clock
from dondoc.demo import onvif
from dondoc.demo.camera import HOST, PASSWORD, USER
from dondoc.demo.served import Served

BASIC = 'WWW-Authenticate: Basic realm="device"\r\n'
HASHES: dict[str, Callable[..., "hashlib._Hash"]] = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
LETS_IN = ("open", "token", "digest", "sha-256", "without-qop", "dual")
REFUSING = ("refusing-token", "refusing-digest", "forbidding", "busy", "stale", "hangs-up")
KINDS = (*LETS_IN, *REFUSING, "basic", "mute", "odd", "timeless")


class Device(Served):
    """Serves on a port of its own between `with` and its end. `heard`: all that came; `said`: instead of an answer.

    `counts`: "times", "questions" for what it is, and of these "logins", "refused".
    """

    def __init__(self, kind: str = "token", *, behind: timedelta = timedelta(0), said: bytes | None = None) -> None:
        self.kind, self.behind, self.said = kind, behind, said
        self.counts: Counter[str] = Counter()
        self.heard: list[bytes] = []
        self.nonce = secrets.token_hex(8)

    async def start(self) -> list[asyncio.Server]:
        server = await asyncio.start_server(self._visit, HOST, 0)
        self.port: int = server.sockets[0].getsockname()[1]
        return [server]

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            headers = dict(re.findall(r"(?im)^([\w-]+): (.*?)\r$", head))
            body = await reader.readexactly(int(headers.get("Content-Length", 0)))
            self.heard.append(head.encode("latin-1") + body)
            await self._say(writer, self._answer(body.decode(), headers.get("Authorization", "")))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the visitor left
        finally:
            writer.close()

    async def _say(self, writer: asyncio.StreamWriter, answer: bytes) -> None:
        if self.kind == "dripping" and answer == self.said:
            for byte in answer:
                writer.write(bytes((byte,)))
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.write(answer)
        await writer.drain()

    def _answer(self, question: str, authorization: str) -> bytes:
        now = clock.now() - self.behind
        if "GetSystemDateAndTime" in question:
            self.counts["times"] += 1
            return b"" if self.kind == "timeless" else onvif.response("200 OK", onvif.date_and_time(now))
        login = "UsernameToken" in question or bool(authorization)
        self.counts["questions"] += 1
        self.counts["logins"] += login
        if self.said is not None:
            return self.said
        if not login:
            return self._without_login()
        good = onvif.takes(question, USER, PASSWORD, now) or self._is_digest_of_ours(authorization)
        if good and self.kind in LETS_IN:
            return onvif.response("200 OK", onvif.information())
        self.counts["refused"] += 1
        return self._refusal()

    def _without_login(self) -> bytes:
        digest = f'WWW-Authenticate: Digest realm="device", nonce="{self.nonce}"'
        ways = {
            "digest": f'{digest}, qop="auth"\r\n',
            "refusing-digest": f'{digest}, qop="auth"\r\n',
            "stale": f'{digest}, qop="auth"\r\n',
            "sha-256": f'{digest}, qop="auth", algorithm=SHA-256\r\n',
            "without-qop": f"{digest}\r\n",
            "dual": f'{BASIC}{digest}, qop="auth"\r\n{digest}, qop="auth", algorithm=SHA-256\r\n',
            "odd": f"{digest}, algorithm=SHA-512-256\r\n{BASIC}",
            "basic": BASIC,
        }
        if self.kind == "open":
            return onvif.response("200 OK", onvif.information())
        if self.kind == "mute":
            return onvif.response("401 Unauthorized", "")
        if self.kind in ways:
            return onvif.response("401 Unauthorized", onvif.not_authorized(), ways[self.kind])
        return onvif.response("400 Bad Request", onvif.not_authorized())

    def _refusal(self) -> bytes:
        if self.kind == "hangs-up":
            return b""
        if self.kind == "stale":  # it has forgotten what it asked for a moment ago
            return onvif.response("401 Unauthorized", "", 'WWW-Authenticate: Digest nonce="x", stale=TRUE\r\n')
        refusals = {"refusing-digest": "401 Unauthorized", "forbidding": "403 Forbidden", "busy": "503 Busy"}
        if self.kind in refusals:
            return onvif.response(refusals[self.kind], "")
        return onvif.response("500 Internal Server Error", onvif.not_authorized())  # as many devices do

    def _is_digest_of_ours(self, given: str) -> bool:
        """RFC 7616, section 3.4.1."""
        parts = {name: a or b for name, a, b in re.findall(r'(\w+)=(?:"([^"]*)"|([^",\s]+))', given)}
        if not given.startswith("Digest ") or parts.get("nonce") != self.nonce or parts.get("username") != USER:
            return False
        used = HASHES[parts.get("algorithm", "MD5")]

        def hashed(*words: str) -> str:
            return used(":".join(words).encode()).hexdigest()

        secret, what = hashed(USER, "device", PASSWORD), hashed("POST", "/onvif/device_service")
        quality = [parts["nc"], parts["cnonce"], "auth"] if "qop" in parts else []
        return parts.get("response") == hashed(secret, self.nonce, *quality, what)
