"""Passwords that people write into forms nevertheless: found, and taken out before anything else sees the cell."""

import re

_SECRET = "***"  # noqa: S105
_WORD = r"m[aậ]t[ _-]?kh[aẩ]u|passwords?|passwd|pass|pwd|mk"
_COLUMN = re.compile(rf"(?<![a-zà-ỹ])({_WORD})(?![a-zà-ỹ])", re.IGNORECASE)
_HARMLESS = r"chưa|không|đã|riêng"  # "mật khẩu: chưa cấp" tells nothing
# In time proportional to the text, whatever it is: what looks ahead looks a bounded way, for it begins at every word.
_AHEAD = r"(?=\S{0,64}[\d@$!^#])"
_PATTERNS = (
    (
        re.compile(rf"(?<![a-zà-ỹ])((?:{_WORD})\s*(?:[:=]|là)\s*)(?!{_HARMLESS})[^\s&;,]+", re.IGNORECASE),
        rf"\1{_SECRET}",
    ),
    (re.compile(r"^((?:admin\w*|root|user\w*|guest|viewer)\s*[/:|]\s*)\S{4,}$", re.IGNORECASE), rf"\1{_SECRET}"),
    # without a sign between, what follows is a password only when it looks like one: "mk admin123", "TK: admin/abc@1"
    (re.compile(rf"(?<![a-zà-ỹ])((?:{_WORD})\s+){_AHEAD}[^\s;,]{{4,}}", re.IGNORECASE), rf"\1{_SECRET}"),
    (
        re.compile(rf"(?<![\w/.-])((?:admin\w*|root|guest|viewer)(?:\s*[/:|]\s*|\s+)){_AHEAD}\S{{4,}}", re.IGNORECASE),
        rf"\1{_SECRET}",
    ),
    # user=admin_password=…_channel=1, as some recorders write their paths
    (re.compile(r"((?:password|passwd|pass|pwd)=)[^&/?;_\s]+", re.IGNORECASE), rf"\1{_SECRET}"),
)
_WORD_OF_TEXT = re.compile(r"\S+")
_WHOLE = 25  # characters of the longest, with a line break
# a single word like Admin@123, which is neither an e-mail address nor a path
# "1080P@25fps" is how recorders show a picture and its rate.
_PICTURE = r"(?:\d{3,4}[pi]|\d{1,2}(?:\.\d)?(?:k|mp?)|\d{3,4}[x*×]\d{3,4})@\d{2,3}(?:fps|hz)?$"
_SINGLE = re.compile(
    rf"^(?!/)(?!(?i:{_PICTURE}))(?!\S+@[\w-]+\.[\w.-]+$)(?=\S*[A-Za-z])(?=\S*\d)(?=\S*[@$!^])\S{{6,24}}$"
)

# Without one of these (à: mật khẩu là …) no pattern fits.
_HINT = re.compile(r"[@=:|/$!^à]|kh[aẩ]u|mk|pass|pwd|admin|root|guest|viewer", re.IGNORECASE)


def redact(text: str) -> tuple[str, bool]:
    """A text without the secret that it may hold, and whether it held one."""
    if not _HINT.search(text):
        return text, False
    clean = _WORD_OF_TEXT.sub(_without_login, text) if "://" in text and "@" in text else text
    for pattern, instead in _PATTERNS:
        clean = pattern.sub(instead, clean)
    if len(clean) <= _WHOLE:
        clean = _SINGLE.sub(_SECRET, clean)
    return clean, clean != text


def _without_login(word: re.Match[str]) -> str:
    """rtsp://user:password@host without its login; up to the last @: passwords hold @ and / too."""
    scheme, mark, rest = word[0].partition("://")
    _, at, host = rest.rpartition("@")
    return f"{scheme}{mark}{host}" if at else word[0]


def is_password_column(label: str) -> bool:
    """A column that asks for passwords; ours only asks whether an account was handed over."""
    return bool(_COLUMN.search(label))
