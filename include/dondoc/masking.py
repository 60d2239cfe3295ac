"""Addresses taken out of what people read who may only look, and of what a report says to others.

They are shown no field that is an address; but a reason, a camera's name, a file's name or a letter may hold one. A
letter also holds the code by which its reader agrees to a new contact, which is nobody else's to know.
"""

import re
from collections.abc import Callable
from ipaddress import IPv6Address

HIDDEN = "(đã ẩn)"
_GLUED = r"(?:[^\s<>\"']|'(?=\w))"  # a character of an address; a quote within one is none that ends it
_BETWEEN = r"(?!&(?:quot|lt|gt|nbsp|#\d{1,5});)[/?#;%\\|=:&]"  # but what a page writes for a quote or a blank
_REST = rf"(?::\d{{1,10}})?(?:{_BETWEEN}{_GLUED}+|/)?"  # port, path and whatever else is written on to it
# Wide letters, which a browser takes for those that they look like; none that a page is made of.
_WIDE = str.maketrans("０１２３４５６７８９．。｡：／＠", "0123456789...:/@")
# Names of what a path alone may hold, as people write one without its host: at least the `credentials` of
# `cameras/streams.yaml`, which is read by what knows cameras.
_NAMED = (
    "(?:login|user)?pas(?:s(?:word|wd|code|phrase)?)?|pwd|psw|pw|m[aậ]t_?kh[aẩ]u|mk|pin|otp|(?:access_?)?tok(?:en)?|"
    "access|secret(?:_?key)?|credentials?|auth(?:basic|orization)?|basic|digest|bearer|"
    "(?:j?session|api|stream)_?(?:id|key)|session|sid|jwt|nonce|cookie|ticket|hash|hmac|md5|key|sig(?:n(?:ature)?)?|"
    "(?:(?:verify|safety)_?)?code|user(?:name|id)?|usr|uid|uname|login(?:id)?|acc(?:ount)?|t[aà]i_?kho[aả]n|tk"
)
Found = re.Match[str]


def _hide(_: Found) -> str:
    return HIDDEN


def _hide_ipv6(match: Found) -> str:
    if match[1].count(":") < 2:
        return match[0]
    try:
        IPv6Address(match[1].rstrip("."))
    except ValueError:
        return match[0]  # a time, for instance
    return HIDDEN


def _hide_phone(match: Found) -> str:
    """Ten or eleven digits with the zero in front; days and numbers of documents have fewer."""
    groups = re.findall(r"[^\d]*\d+\)?", match[0])
    for last in range(1, len(groups) + 1):
        whole = "".join(groups[:last])
        if 10 <= sum(c.isdigit() for c in whole) <= 12:
            return HIDDEN + match[0][len(whole) :]
    return match[0]


# What each cannot be without, how it is found, what becomes of it. None tries a character more than a fixed number of
# times: the texts are what strangers wrote.
_PATTERNS: tuple[tuple[str, re.Pattern[str], Callable[[Found], str]], ...] = (
    ("://", re.compile(rf"(?<![\w+.-])[A-Za-z][A-Za-z0-9+.-]{{1,20}}://{_GLUED}+"), _hide),
    (
        "@",
        re.compile(
            r"(?:[^\s<>()\[\],;:\"'@=]{1,64}|[(\[\"'][^\s<>()\[\]\"'@]{1,64}[)\]\"'])@(?:[\w-]+(?:\.[\w-]+)*|\[[0-9A-Fa-f:.]{2,45}\])"
            + _REST,
        ),
        _hide,
    ),
    (".", re.compile(rf"(?<![\d.])\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?!\d)(?!\.\d)(?:\.(?=[/:?#\\]))?{_REST}"), _hide),
    ("", re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![\w:])"), _hide),
    (":", re.compile(rf"(?<![\w:.])\[?([0-9A-Fa-f:.]{{3,64}})(?![\w:.])(?:%[\w.]+)?\]?{_REST}"), _hide_ipv6),
    (".", re.compile(rf"(?<![\w.-])[A-Za-z0-9][\w-]*(?:\.[\w-]+)+:\d{{2,5}}(?!\d){_REST}"), _hide),
    (".", re.compile(rf"(?<![\w.-])[A-Za-z0-9][\w-]*(?:\.[\w-]+)+/[^\s<>\"'?=]{{0,200}}[?=]{_GLUED}*"), _hide),
    (":", re.compile(rf"(?<![\w.-])[A-Za-z0-9][\w-]{{1,62}}:(?:[18]?0?554|322)(?!\d){_REST}"), _hide),
    (
        "=",
        re.compile(
            rf"(?<![^\W_])(?:{_NAMED})=(?!&quot;){_GLUED}+",
            re.IGNORECASE,
        ),
        _hide,
    ),
    ("%", re.compile(rf"(?<![\w+.-])[A-Za-z][A-Za-z0-9+.-]{{1,20}}%3A%2F%2F{_GLUED}+", re.IGNORECASE), _hide),
    ("XN-", re.compile(r"\bXN-\d{4,9}-[\w-]{20,}"), _hide),
    ("", re.compile(r"(?<![\w/.:-])(?:\+?84|0)\d{8,10}(?!\d)"), _hide_phone),
    (
        "",
        re.compile(r"(?<![\w/.:-])\(?(?:\+84|84|0)\)?\d{0,4}\)?([ .-])\d{2,7}(?:\1\d{2,7}){0,3}(?![\d/:])"),
        _hide_phone,
    ),
)


def without_addresses(text: str) -> str:
    """A text, or a page, with `HIDDEN` for each URL, e-mail, network or hardware address, telephone number, code."""
    text = text.translate(_WIDE)
    for sign, pattern, instead in _PATTERNS:
        if sign in text:
            text = pattern.sub(instead, text)
    return text
