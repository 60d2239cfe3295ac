"""Passwords that people write into forms nevertheless: found, and taken out before anything else sees the cell."""

import re

_SECRET = "***"  # noqa: S105
_WORD = r"m[aậ]t[ _-]?kh[aẩ]u|passwords?|passwd|pass|pwd|mk"
_COLUMN = re.compile(rf"(?<![a-zà-ỹ])({_WORD})(?![a-zà-ỹ])", re.IGNORECASE)
_HARMLESS = r"chưa|không|đã|riêng"  # "mật khẩu: chưa cấp" tells nothing
_PATTERNS = (
    (re.compile(r"(://)\S*@"), r"\1"),  # rtsp://user:password@host; up to the last @: passwords hold @ and / too
    (
        re.compile(rf"(?<![a-zà-ỹ])((?:{_WORD})\s*(?:[:=]|là)\s*)(?!{_HARMLESS})[^\s&;,]+", re.IGNORECASE),
        rf"\1{_SECRET}",
    ),
    (re.compile(r"^((?:admin\w*|root|user\w*|guest|viewer)\s*[/:|]\s*)\S{4,}$", re.IGNORECASE), rf"\1{_SECRET}"),
    # without a sign between, what follows is a password only when it looks like one: "mk admin123", "TK: admin/abc@1"
    (re.compile(rf"(?<![a-zà-ỹ])((?:{_WORD})\s+)(?=\S*[\d@$!^#])[^\s;,]{{4,}}", re.IGNORECASE), rf"\1{_SECRET}"),
    (
        re.compile(
            r"(?<![\w/.-])((?:admin\w*|root|guest|viewer)(?:\s*[/:|]\s*|\s+))(?=\S*[\d@$!^#])\S{4,}", re.IGNORECASE
        ),
        rf"\1{_SECRET}",
    ),
    # user=admin_password=…_channel=1, as some recorders write their paths
    (re.compile(r"((?:password|passwd|pass|pwd)=)[^&/?;_\s]+", re.IGNORECASE), rf"\1{_SECRET}"),
    # a single word like Admin@123, which is neither an e-mail address nor a path
    (re.compile(r"^(?!/)(?!\S+@[\w-]+\.[\w.-]+$)(?=\S*[A-Za-z])(?=\S*\d)(?=\S*[@$!^])\S{6,24}$"), _SECRET),
)

# Without one of these (à: mật khẩu là …) no pattern fits.
_HINT = re.compile(r"[@=:|/$!^à]|kh[aẩ]u|mk|pass|pwd|admin|root|guest|viewer", re.IGNORECASE)


def redact(text: str) -> tuple[str, bool]:
    """A text without the secret that it may hold, and whether it held one."""
    if not _HINT.search(text):
        return text, False
    found = text
    for pattern, instead in _PATTERNS:
        found = pattern.sub(instead, found)
    return found, found != text


def is_password_column(label: str) -> bool:
    """A column that asks for passwords; ours only asks whether an account was handed over."""
    return bool(_COLUMN.search(label))
