"""What of an address may be shown, stored clear and exported: only what is known to be harmless.

Shown are scheme, host and port, the parameters of `cameras/streams.yaml` with values as they are there, and such
segments of the path as are made of nothing but words that are there, and short numbers. All the rest may be a password
or a token, in whichever of many spellings: `MARK` stands for it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from dondoc.cameras.registry import streams
from dondoc.directive.names import fold
from dondoc.probing.address import LONGEST

MARK = "***"
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.IGNORECASE)
_V6_PORT = r"|\[[0-9a-f:.]{2,45}\])(?::[0-9]{0,5})?"
_PLACE = re.compile(rf"(?:[\w.-]{{0,253}}{_V6_PORT}", re.IGNORECASE)
_NUMBER_OF_HOST = re.compile(rf"(?:[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}}{_V6_PORT}", re.IGNORECASE)
_BETWEEN = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")  # where a word or number begins
_FEW_DIGITS = re.compile(r"[0-9]{1,2}")  # no secret, where they stand alone
_LONG = 3  # letters of a word that tells of a secret at the end of another one, too: userpass
_ENDINGS = frozenset({"code", "key", "sign"})  # many other words end in these: transcode, monkey, design
_TOGETHER = 3  # words that may be written apart: mat khau, access token
_NAME = re.compile(r"[\w .-]{0,48}")
_NUMBER, _DIGITS = re.compile(r"[0-9]{1,2}|0[0-9]{2}"), 4  # behind a word; of all numbers of a segment
_CHANNEL = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True)
class Split:
    """An address in two: `shown`, in which `MARK` stands for each of `hidden`, in order."""

    shown: str
    hidden: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Split({self.shown})"


def split(url: str) -> Split:
    """An address without user info, in what may be shown and what may not."""
    pieces = list(_pieces(url, _known()))
    shown = "".join(MARK if secret else piece for piece, secret in pieces)
    return Split(shown, tuple(piece for piece, secret in pieces if secret))


def restored(shown: str, hidden: Iterable[str]) -> str:
    """The address again.

    Raises:
        ValueError: these do not belong together.
    """
    first, *rest = shown.split(MARK)
    return first + "".join(piece + part for piece, part in zip(hidden, rest, strict=True))


def public(text: str) -> str:
    """Any text given as an address, or as the path of one, fit to be shown: without user info, nor what is hidden."""
    clean = "".join(c for c in text.strip() if c.isprintable())
    head, marks, rest = clean.partition("://") if "://" in clean else ("", "", clean)
    if "@" in rest[len(re.split(r"[/?#]", rest, maxsplit=1)[0]) :]:
        rest = MARK  # a password before or behind it: nobody can tell which is the host
    return split(f"{head}{marks}{rest.rpartition('@')[2]}").shown[:LONGEST]


def _pieces(url: str, known: "_Known") -> Iterator[tuple[str, bool]]:
    head, marks, rest = url.partition("://") if "://" in url else ("", "", url)
    yield head, bool(marks) and not _SCHEME.fullmatch(head)
    yield marks, False
    rest, hash_, fragment = rest.partition("#")
    place = re.split(r"[/?]", rest, maxsplit=1)[0]
    if not (marks or _NUMBER_OF_HOST.fullmatch(place)):
        place = ""  # a path alone: a name in front of it could as well be a password
    host, _, port = place.partition(":")
    is_login = bool(port) and known.names_login(_words(host))  # rtsp://admin:12345/live: its host was forgotten
    yield place, is_login or not _PLACE.fullmatch(place)
    path, mark, query = rest[len(place) :].partition("?")
    yield from _path(path, known)
    yield mark, False
    for number, chunk in enumerate(re.split(r"([&;?/])", query)):
        yield from [(chunk, False)] if number % 2 else _parameters(chunk, known)
    yield hash_, False
    yield fragment, bool(fragment)


def _path(path: str, known: "_Known") -> Iterator[tuple[str, bool]]:
    after_word = after_login = False
    before: Sequence[str] = ()
    filled = [segment for segment in path.split("/") if segment]
    at = -1  # of those
    for number, segment in enumerate(path.split("/")):
        if number:
            yield "/", False
        at += bool(segment)
        words, mixed = _words(segment), re.search(r"[=;&,|?]", segment) is not None
        if segment and (after_word or after_login):
            pieces = [(segment, not (known.counts(words) or _is_channel(filled, at)))]
        elif mixed:
            pieces = list(_mixed(segment, known))
        else:
            pieces = [(segment, not known.plain(segment, before))]
        yield from pieces
        # All that follows: a name, then a password; or the rest of one that has a slash in it.
        after_word |= known.credentials.end(words) or (mixed and _hidden_end(pieces))
        before = () if any(secret for _, secret in pieces) else words or before
        after_login = known.logins.end(words) or (after_login and not segment.strip("."))


def _is_channel(segments: Sequence[str], at: int) -> bool:
    """Whether a segment where a secret may stand is a short number alone: several may be one, as 19/08/45."""
    beside = [*segments[max(0, at - 1) : at], *segments[at + 1 : at + 2]]
    alone = not any("=" in one or _FEW_DIGITS.fullmatch(one) for one in beside)
    return alone and _FEW_DIGITS.fullmatch(segments[at]) is not None


def _hidden_end(pieces: Sequence[tuple[str, bool]]) -> bool:
    """Whether a segment ends in something hidden: a slash behind it may be a part of that."""
    return next((secret for piece, secret in reversed(pieces) if piece or secret), False)


def _mixed(segment: str, known: "_Known") -> Iterator[tuple[str, bool]]:
    """A segment with parameters in it, as user=admin&password=…&channel=1."""
    after_secret = False  # what has no name may be the rest of one with a sign in it, or belong to the word before
    for number, chunk in enumerate(re.split(r"([;&,|?])", segment)):
        if number % 2:
            yield chunk, False
        elif "=" in chunk:
            pieces = list(_parameters(chunk, known))
            yield from pieces
            after_secret |= any(secret for _, secret in pieces)
        else:
            flag = known.plain(chunk) if number == 0 else chunk.casefold() in known.flags
            yield chunk, bool(chunk) and (after_secret or not flag)
            after_secret |= known.tells(_words(chunk))


def _parameters(chunk: str, known: "_Known") -> Iterator[tuple[str, bool]]:
    """A parameter, or several with an underscore between them: each begins with a name that is known, or is hidden."""
    if not chunk or chunk.casefold() in known.flags:
        yield chunk, False
        return
    names = [] if "%" in chunk else list(known.named.finditer(chunk))
    if not names:
        yield chunk, True
        return
    if before := chunk[: names[0].start()]:
        yield before[:-1], True
        yield before[-1:], False
    ends = [*(found.start() - 1 for found in names[1:]), len(chunk)]
    for found, end in zip(names, ends, strict=True):
        value = chunk[found.end() : end]
        yield found[0], False
        yield value, not known.harmless(found[1], value)
        yield chunk[end : end + 1], False


@lru_cache(maxsize=4096)  # of a fleet's paths most segments are the same
def _words(segment: str) -> tuple[str, ...]:
    """The words and numbers of a segment, folded, however often it is escaped: accessToken1 has three."""
    while (text := unquote(segment)) != segment:
        segment = text
    return tuple(fold(_BETWEEN.sub(" ", unicodedata.normalize("NFKC", segment))).split())


def _without_number(words: Sequence[str]) -> Sequence[str]:
    while words and words[-1].isdecimal():
        words = words[:-1]
    return words


class _Telling:
    """Words behind which a secret may stand."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(words)
        self._long = tuple(word for word in self._words - _ENDINGS if len(word) >= _LONG)

    def end(self, words: Sequence[str]) -> bool:
        """Whether they are the last of these, a number behind them aside: secret, access token, user 1, userpass."""
        words = _without_number(words)
        counts = range(1, min(len(words), _TOGETHER) + 1)
        return bool(words) and (
            any("".join(words[-count:]) in self._words for count in counts) or words[-1].endswith(self._long)
        )

    def are(self, words: Sequence[str]) -> bool:
        """Whether they are one of these and nothing more, a number behind it aside."""
        return "".join(_without_number(words)) in self._words


@dataclass(frozen=True)
class _Known:
    """What `cameras/streams.yaml` says, prepared."""

    values: dict[str, re.Pattern[str]]
    flags: frozenset[str]
    credentials: _Telling
    logins: _Telling
    named: re.Pattern[str]
    words: frozenset[str]  # of which a segment may be made
    counted: frozenset[str]

    def harmless(self, name: str, value: str) -> bool:
        pattern = self.values.get(name.casefold())
        return pattern is not None and pattern.fullmatch(value.removesuffix(".sdp")) is not None

    def tells(self, words: Sequence[str]) -> bool:
        """Whether a password or a token may follow these."""
        return self.credentials.end(words) or self.logins.end(words)

    def names_login(self, words: Sequence[str]) -> bool:
        """Whether they are the name of a login and nothing more."""
        return self.credentials.are(words) or self.logins.are(words)

    def counts(self, words: Sequence[str]) -> bool:
        """Whether they are what is counted and a short number, as ch1: wherever it stands, no secret."""
        return len(words) == 2 and words[0] in self.counted and _FEW_DIGITS.fullmatch(words[1]) is not None

    def plain(self, segment: str, before: Sequence[str] = ()) -> bool:
        """Whether a segment is what devices and people call a stream: nothing but known words and short numbers.

        Args:
            before: the words of the segment before it.
        """
        text = unquote(segment)
        if before and before[-1] in self.counted and _CHANNEL.fullmatch(text):
            return True
        odd = self._odd(_words(segment))
        letters, digits = ([word for word in odd if word.isdecimal() is number] for number in (False, True))
        return (
            _NAME.fullmatch(text) is not None
            and len("".join(letters)) <= 1
            and len("".join(digits)) <= _DIGITS
            and all(_NUMBER.fullmatch(number) or _stands_alone(number, text) for number in digits)
        )

    def _odd(self, words: Sequence[str]) -> list[str]:
        """Those that are not known; a single letter is known beside its number alone: h264, 640x480."""
        numbers = [word.isdecimal() and word in self.words for word in words]
        return [
            word
            for at, word in enumerate(words)
            if word not in self.words or (len(word) == 1 and not any(numbers[max(0, at - 1) : at + 2]))
        ]


def _stands_alone(number: str, text: str) -> bool:
    """Whether a number of three digits is written with nothing before or behind it but a dot, a blank or a dash."""
    return len(number) == 3 and re.search(rf"(?<![^\W_]){number}(?![^\W_])", text) is not None


def _known() -> _Known:
    return _prepared(streams.version())


@lru_cache(maxsize=2)
def _prepared(version: streams.Version) -> _Known:
    data = streams.of(version)
    values = {n.casefold(): re.compile(v.values, re.IGNORECASE) for v in data.visible for n in v.names}
    words = {*values, *(w.casefold() for w in data.credentials.words)}
    names = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return _Known(
        values=values,
        flags=frozenset(f.casefold() for f in data.flags),
        credentials=_Telling(w.replace("_", "") for w in data.credentials.words),
        logins=_Telling(w.replace("_", "") for w in data.credentials.logins),
        named=re.compile(rf"(?:(?<=_)|^)({names})=", re.IGNORECASE),
        words=frozenset(data.path.words),
        counted=frozenset(data.path.counted),
    )
