"""Characters that nobody sees: what is written with them reads otherwise than it is."""

import unicodedata

_KINDS = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
# Letters, marks and signs that leave no ink: fillers, joiners, variants of the sign before.
_BLANK = frozenset(map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0))) | frozenset(
    map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
LINES = "\t\r\n"  # what ends and indents lines


def invisible(text: str, but_for: str = LINES) -> str | None:
    """The first such character of a text, as people look it up (U+202E); None without one."""
    found = (c for c in text if c not in but_for and (unicodedata.category(c) in _KINDS or c in _BLANK))
    return next((f"U+{ord(c):04X}" for c in found), None)


def warning(called: str, character: str) -> str:
    """What a person reads of a field that has one."""
    return f"{called} có ký tự không nhìn thấy ({character}), chữ đọc ra có thể khác chữ được lưu: xóa rồi gõ lại"
