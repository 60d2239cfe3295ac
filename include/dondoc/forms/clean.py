"""Text as a person sees it. Apart from words.py because the reader's process imports as little as it can."""

import re
import unicodedata

# Blank to a person's eye, and not blank to Python's strip(): zero-width and direction marks. Half pairs are no text.
_INVISIBLE = re.compile(
    r"[\ud800-\udfff\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)


def clean(text: str) -> str:
    """NFC, one kind of blank, no control or direction characters, no blanks around; "" when a person sees nothing."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text).replace("_x000D_", "\n"))
    return "\n".join(" ".join(line.split()) for line in text.splitlines() if line.strip())
