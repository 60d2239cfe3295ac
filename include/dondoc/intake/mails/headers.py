"""Words of headers, names of files and texts as programs encode them: RFC 2047, RFC 2231, and what is neither.

The standard library takes the plain name where a better one stands beside it, knows GB2312 but not what programs write
in it, and escapes raw UTF-8 beside an encoded word; imap-tools, which builds on it, leaves out what it cannot decode.
"""

import binascii
import re
import unicodedata
from contextlib import suppress
from email.message import Message
from itertools import groupby
from urllib.parse import unquote

_NO_CHARSETS = ("punycode", "idna", "undefined", "unicode_escape", "raw_unicode_escape")  # codecs of Python, no mail's
# Written by programs that do not know what they write: then UTF-8 where it is. Also what others stand for (WHATWG).
_UNSURE = ("", "us-ascii", "ascii", "iso-8859-1", "latin1", "unknown-8bit", "8bit", "default")
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "iso-8859-1": "cp1252", "ks_c_5601-1987": "cp949"}
_OLD = "cp1258"  # of Vietnamese Windows
_WORD = re.compile(r"=\?([^?\s]{1,40})\?([bq])\?([^?]*)\?=", re.IGNORECASE)
_WORDS = re.compile(rf"(?:{_WORD.pattern.replace('(', '(?:')})+", re.IGNORECASE)
_ESCAPED = re.compile(r"(?:%[0-9a-f]{2}){2}", re.IGNORECASE)


def decoded(text: str) -> str:
    """A header with its encoded words read, on one line. Words beside each other may share a character."""
    text = re.sub(r"\?=\s+(?==\?)", "?=", re.sub(r"\r?\n[ \t]?", " ", legible(text)))
    return unicodedata.normalize("NFC", _WORDS.sub(lambda run: _run(run[0]), text))


def _run(words: str) -> str:
    pieces = [(m[1].partition("*")[0].lower(), _bytes(m[2], m[3])) for m in _WORD.finditer(words)]
    return "".join(
        text_of(b"".join(piece for _, piece in same), charset)
        for charset, same in groupby(pieces, key=lambda piece: piece[0])
    )


def _bytes(kind: str, encoded: str) -> bytes:
    if kind in "qQ":
        return binascii.a2b_qp(encoded.encode("utf-8", "surrogateescape"), header=True)
    digits = re.sub(r"[^A-Za-z0-9+/]", "", encoded)
    digits = digits[:-1] if len(digits) % 4 == 1 else digits  # which is half a byte at most
    return binascii.a2b_base64(digits + "=" * (-len(digits) % 4))


def text_of(content: bytes, charset: str | None) -> str:
    """Bytes of a charset that may be none, or not theirs: what cannot be read of them is marked, never left out."""
    named = (charset or "").lower().strip()
    known = [] if named in _NO_CHARSETS or not named else [_WIDER.get(named, named)]
    unsure = named in _UNSURE
    for one in (*(["utf-8"] if unsure else []), *known, "utf-8", *([_OLD] if unsure else [])):
        try:
            return unicodedata.normalize("NFC", content.decode(one))
        except (UnicodeError, LookupError, ValueError):
            continue
    return unicodedata.normalize("NFC", content.decode("utf-8", "replace"))


def legible(text: str) -> str:
    """What the parser of the standard library kept of raw bytes in a header."""
    return text_of(text.encode("utf-8", "surrogateescape"), None) if not text.isascii() else text


def raw(mail: Message, header: str) -> str:
    """A header as it came."""
    return next((str(value) for name, value in mail.raw_items() if name.lower() == header), "")


def filename(part: Message) -> str:
    """The name of a part: the one that says its charset before the plain one beside it (RFC 6266); "": it has none."""
    for header, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        names = [value for name, value in _params(part, header) if name == parameter]
        sure = [value for value in names if isinstance(value, tuple)]
        if name := next((_name(value) for value in (*sure, *names) if _name(value)), ""):
            return name
    return ""


def _params(part: Message, header: str) -> list[tuple[str, str | tuple[str | None, str, str]]]:
    one = Message()
    one[header] = re.sub(r"[\r\n]+", "", legible(raw(part, header)))
    return [(name.lower(), value) for name, value in one.get_params([], header)]


def _name(value: str | tuple[str | None, str, str]) -> str:
    """A parameter in words: (charset, language, bytes as Latin-1), or as it stands."""
    with suppress(UnicodeError):
        if not isinstance(value, str):
            charset, _, text = value
            value = text if charset is None else text_of(text.strip('"').encode("latin-1"), charset)
        elif _ESCAPED.search(value):
            value = unquote(value, errors="strict")
    return decoded(value if isinstance(value, str) else value[2])
