"""Whether a picture is what was sent, or decoration: a logo in a signature, an icon, a pixel that counts readers.

By where it stands, what it is called and how large it is drawn: a page that somebody scanned or photographed and pasted
into his mail is large in both directions, which no logo is.
"""

import re

PAGE = 700  # pixels of the shorter side from which a picture in the text may be a page
ICON = 300  # pixels of the longer side of a picture that nobody can read a letter on
HEAVY = 200_000  # bytes from which a picture in the text whose size nobody can tell may be a page
# Names that mail programs and signatures give: image001.png, Outlook-abc.jpg, logo.gif.
_DECORATION = re.compile(
    r"(?i)^(image\d{1,4}|outlook-.{0,40}|oledata.*|logo.*|.*[-_ ]logo|icon.*|banner.*|facebook|zalo|youtube|twitter|"
    r"linkedin|spacer|pixel|chu[-_ ]?ky.*|signature.*|cid[-_].*|[0-9a-f]{8,})?(\.(png|jpe?g|gif|bmp|svg|webp))?$"
)
_FRAME = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})  # of a JPEG


def is_decoration(name: str, content: bytes, *, shown: bool, inline: bool) -> bool:
    """`shown`: the text shows it by its Content-ID; `inline`: it is said to stand within the text."""
    size = dimensions(content)
    if shown:
        return min(size) < PAGE if size else len(content) < HEAVY
    named = bool(_DECORATION.match(name))
    if size:
        return (max(size) <= ICON and (inline or named)) or (named and min(size) < ICON)
    return named and len(content) < HEAVY // 4


def dimensions(content: bytes) -> tuple[int, int] | None:
    """Width and height in pixels as PNG, GIF and JPEG state them; None: not known."""
    if content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) >= 24:
        return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    if content[:3] == b"GIF" and len(content) >= 10:
        return int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little")
    return _of_jpeg(content) if content[:2] == b"\xff\xd8" else None


def _of_jpeg(content: bytes) -> tuple[int, int] | None:
    at = 2
    for _ in range(200):
        if len(content) < at + 9 or content[at] != 0xFF:
            return None
        if content[at + 1] in _FRAME:
            return int.from_bytes(content[at + 7 : at + 9]), int.from_bytes(content[at + 5 : at + 7])
        at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return None
