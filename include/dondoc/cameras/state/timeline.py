"""A camera's last nights side by side: one cell a night, with a sign and words for those who do not see colours."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from dondoc.cameras.state.checks import Night
from dondoc.cameras.state.state import hour
from dondoc.probing.verdicts import SENTENCE

NIGHTS = 30
# kind → sign, words; the colour is the style sheet's
KINDS = {
    "good": ("✓", "Tốt"),
    "faulty": ("◐", "Có trả lời nhưng chưa đạt"),
    "down": ("✗", "Không trả lời"),
    "unchecked": ("–", "Không tính"),
    "none": ("·", "Không xem"),
}


@dataclass(frozen=True)
class Cell:
    night: date
    kind: str
    words: str

    @property
    def sign(self) -> str:
        return KINDS[self.kind][0]


def timeline(nights: Iterable[Night], last: date, length: int = NIGHTS) -> list[Cell]:
    """Cells of the nights up to `last`, oldest first."""
    seen = {night.day: night for night in nights}
    days = (last - timedelta(days=back) for back in reversed(range(length)))
    return [_cell(day, seen.get(day), "chưa xem" if day == last else "không xem") for day in days]


def _cell(day: date, night: Night | None, unseen: str) -> Cell:
    shown = f"{day:%d/%m/%Y}"
    if night is None:
        return Cell(day, "none", f"{shown}: {unseen}")
    if night.why_not is not None:
        return Cell(day, "unchecked", f"{shown}: {night.why_not}")
    kind = "good" if night.good else "faulty" if night.reachable else "down"
    return Cell(day, kind, f"{hour(night.look) or shown}: {SENTENCE[night.look.verdict]}")
