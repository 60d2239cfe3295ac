"""HTTP authentication as cameras ask for it: Digest (RFC 2617, RFC 7616) with MD5 or SHA-256, and Basic.

What a camera writes is bytes to it, be they GBK, Latin-1 or UTF-8: they are hashed and given back as they came. Here
each byte is one character of the same number (Latin-1).
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property

# Of two bytes in GBK and its like the second may look like a backslash, which then escapes nothing.
_TWO_BYTES = r"[\x81-\xfe][\x40-\xfe]"


def _token(characters: str) -> re.Pattern[str]:
    """A scheme, or a parameter with its value: no character is tried more than a few times, whoever wrote it.

    Args:
        characters: of a quoted value, which mean themselves.
    """
    quoted = rf'"((?:{characters}|\\.)*+)"'
    plain = r"""(?!")([^\s,"]*+(?:\s++(?![\w-]++\s*+=)[^\s,"]++)*+)"""
    return re.compile(rf"""([A-Za-z][\w-]*+)(?:\s*+(=)\s*+(?:{quoted}|{plain}))?""", re.ASCII | re.DOTALL)


# Whether it is UTF-8, in which no byte of two looks so.
_TOKENS = {True: _token(r'[^"\\]++'), False: _token(rf'[^"\\\x81-\xfe]++|{_TWO_BYTES}|[^"\\]')}
_ESCAPED = {True: re.compile(r"()\\(.)", re.DOTALL), False: re.compile(rf"({_TWO_BYTES})|\\(.)", re.DOTALL)}
_ALONE = re.compile(r"\s*+(?:,|\Z)")  # nothing follows that belongs to it
_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
# Strongest first. Basic sends the password itself: only when nothing better is offered.
_PREFERENCE = ("SHA-256", "SHA-256-SESS", "MD5", "MD5-SESS", "BASIC")


@dataclass(frozen=True)
class Challenge:
    """One way to log in that a camera offers. `parts` hold values as written, quotes taken off."""

    scheme: str  # BASIC or DIGEST
    parts: dict[str, str] = field(default_factory=dict)

    @cached_property
    def method(self) -> str:
        if self.scheme == "BASIC":
            return "BASIC"
        named = self.parts.get("algorithm", "").strip(" ").upper().replace("SHA256", "SHA-256")
        return named or "MD5"  # an empty one is none

    @property
    def shown(self) -> str:
        """Its kind for a person; nothing of the camera's own wording."""
        if self.scheme == "BASIC":
            return "Basic"
        return f"Digest {self.method}" if self._spoken else "Digest loại khác"

    @property
    def qop(self) -> str:
        """The qualities of protection offered; an empty one is none."""
        return self.parts.get("qop", "").strip(" ,")

    @property
    def nonce(self) -> str:
        return self.parts.get("nonce", "")

    @property
    def stale(self) -> bool:
        return self.scheme == "DIGEST" and self.parts.get("stale", "").lower() == "true"

    @property
    def usable(self) -> bool:
        offered = [q.strip().lower() for q in (self.qop or "auth").split(",")]
        return self.scheme == "BASIC" or (self._spoken and "nonce" in self.parts and "auth" in offered)

    @property
    def _spoken(self) -> bool:
        """Whether its algorithm is one of ours: a camera may name any, be it "Basic"."""
        return self.method.removesuffix("-SESS") in _HASHES


def parse_challenges(values: Iterable[bytes]) -> list[Challenge]:
    """All challenges in the WWW-Authenticate headers; several may share one header."""
    challenges: list[Challenge] = []
    for value in (raw.decode("latin-1") for raw in values):
        end = 0
        for found in _TOKENS[_is_utf8(value)].finditer(value):
            name, equals, quoted, plain = found.groups("")
            if equals and challenges:
                challenges[-1].parts.setdefault(name.lower(), quoted or plain)
            elif not equals and _begins(found, value, end):
                challenges.append(Challenge(name.upper()))
            end = found.end()
    return [c for c in challenges if c.scheme in ("BASIC", "DIGEST")]


def _begins(word: re.Match[str], value: str, end: int) -> bool:
    """Whether a word begins a challenge; within a value that nobody quoted, none does: qop=auth,auth-int.

    Args:
        end: of what was read before it.
    """
    before = value[end : word.start()].rstrip()[-1:] or value[max(0, end - 1) : end]
    return before in ("", ",") and (word[1].upper() in ("BASIC", "DIGEST") or not _ALONE.match(value, word.end()))


def ranked(challenges: Iterable[Challenge]) -> list[Challenge]:
    """The usable ones, the strongest first; never Basic where Digest is offered, be it of a kind we do not speak."""
    offered = list(challenges)
    digests = [c for c in offered if c.scheme == "DIGEST"]
    return sorted([c for c in digests or offered if c.usable], key=lambda c: _PREFERENCE.index(c.method))


def choose(challenges: Iterable[Challenge]) -> Challenge | None:
    """The strongest usable one."""
    return next(iter(ranked(challenges)), None)


class Login:
    """Answers one challenge, for as many requests as are made under it."""

    def __init__(self, user: str, password: str, challenge: Challenge) -> None:
        self._user, self._password, self.challenge = _bytes(user), _bytes(password), challenge
        wanted = challenge.qop or challenge.method.endswith("-SESS")
        self._cnonce = secrets.token_hex(8) if wanted else ""  # one for all: MD5-sess makes a key of a session of it
        self._count = 0

    def __repr__(self) -> str:
        return f"Login({self.challenge.method})"

    def following(self, told: Sequence[bytes]) -> "Login":
        """The login for what is asked next: a camera may say which nonce it wants then (RFC 7616, 3.5), so that it need
        not ask for the login anew.

        Args:
            told: values of Authentication-Info.
        """
        if not told:
            return self
        named = [one.parts.get("nextnonce") for one in parse_challenges(b"Digest " + value for value in told)]
        nonce = next(filter(None, named), self.challenge.nonce)
        if nonce == self.challenge.nonce or self.challenge.method.endswith("-SESS"):
            return self
        login = copy(self)
        login.challenge = replace(self.challenge, parts={**self.challenge.parts, "nonce": nonce})
        login._count = 0
        return login

    def header(self, method: str, uri: str, cnonce: str | None = None) -> str:
        """The value of the Authorization header, in Latin-1. `cnonce` is given only by tests."""
        if self.challenge.scheme == "BASIC":
            return "Basic " + base64.b64encode(f"{self._user}:{self._password}".encode("latin-1")).decode()
        parts, self._count = self.challenge.parts, self._count + 1
        cnonce, count = cnonce or self._cnonce, f"{self._count:08x}"
        user, realm = self._user.replace("\\", "\\\\").replace('"', '\\"'), parts.get("realm", "")
        written = f'username="{user}", realm="{realm}", nonce="{self.challenge.nonce}", uri="{uri}", '
        written += f'response="{self._response(method, uri, count, cnonce)}"'
        if "opaque" in parts:
            written += f', opaque="{parts["opaque"]}"'
        if named := parts.get("algorithm"):
            written += f", algorithm={named}"
        if self.challenge.qop:
            written += f', qop=auth, nc={count}, cnonce="{cnonce}"'
        elif self._cnonce:
            written += f', cnonce="{cnonce}"'
        return f"Digest {written}"

    def _response(self, method: str, uri: str, count: str, cnonce: str) -> str:
        parts = self.challenge.parts
        used = _HASHES[self.challenge.method.removesuffix("-SESS")]

        def hashed(*words: str) -> str:
            return used(":".join(words).encode("latin-1")).hexdigest()

        realm, nonce = _unescaped(parts.get("realm", "")), _unescaped(self.challenge.nonce)
        secret, what = hashed(self._user, realm, self._password), hashed(method, uri)
        if self.challenge.method.endswith("-SESS"):
            secret = hashed(secret, nonce, cnonce)
        if self.challenge.qop:
            return hashed(secret, nonce, count, cnonce, "auth", what)
        return hashed(secret, nonce, what)


def _unescaped(text: str) -> str:
    return _ESCAPED[_is_utf8(text)].sub(r"\1\2", text) if "\\" in text else text


def _is_utf8(text: str) -> bool:
    """Whether bytes, a character each, are UTF-8, as ASCII is."""
    if text.isascii():
        return True
    try:
        text.encode("latin-1").decode()
    except UnicodeDecodeError:
        return False
    return True


def _bytes(text: str) -> str:
    """The bytes of a name or password in UTF-8, a character each."""
    return text.encode().decode("latin-1")
