"""What a ruling covers: the duties that stand differently with it. One that covers nothing is a slip and is refused."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive
from dondoc.errors import Problem
from dondoc.facts import places, words
from dondoc.facts.index import FactIndex
from dondoc.facts.obligations import Standing, standings
from dondoc.facts.read import Facts, read
from dondoc.facts.rulings import in_order
from dondoc.store.facts import Ruling
from dondoc.vocabulary.obligations import DONE, Status
from dondoc.vocabulary.rulings import SPOKEN, RulingKind

NAMED = 6  # duties that an answer names
SETTLED = (*DONE, Status.WAIVED)  # nothing is owed any more


@dataclass(frozen=True)
class Coverage:
    """`duties`: as they stand with the ruling, in the order of the letters; `cameras`: how many a pause is about."""

    duties: tuple[Standing, ...] = ()
    cameras: int = 0

    @property
    def ids(self) -> list[str]:
        return [standing.duty.id for standing in self.duties]


@dataclass(frozen=True)
class _Scene:
    """The world without a ruling and with it."""

    app: AppContext
    session: Session
    letters: Sequence[Directive]
    ruling: Ruling
    as_of: datetime

    def coverage(self) -> Coverage:
        if self.ruling.kind == RulingKind.STOP:
            return Coverage()
        facts = read(self.session, self.as_of)
        without = [r for r in facts.rulings if r.id != self.ruling.id]
        before = self._standings(facts, without)
        if self.ruling.kind in (RulingKind.HOLD_ALL, RulingKind.CALLED) and self.ruling.until is None:
            found = Coverage(tuple(s for s in before if s.status.chased and self._names(s)))
        else:
            after = self._standings(facts, [*without, self.ruling]) if self.ruling.place is None else before
            found = Coverage(tuple(self._moved(before, after)), self._cameras())
        if not found.duties and not found.cameras and self.ruling.kind != RulingKind.HOLD_ALL:
            self._explain(before)
        return found

    def _moved(self, before: Iterable[Standing], after: Iterable[Standing]) -> list[Standing]:
        """What stands differently, but for what is owed no more and remains so. An extension also counts where another
        one grants more: it will hold when that is undone."""
        return [
            new
            for old, new in zip(before, after, strict=True)
            if new != old or self._grants(new)
            if new.status != old.status or new.status not in SETTLED
        ]

    def _grants(self, standing: Standing) -> bool:
        due, until = standing.duty.due_before, self.ruling.until
        if self.ruling.kind != RulingKind.EXTEND or due is None or until is None:
            return False
        return until >= due and self._names(standing)

    def _standings(self, facts: Facts, rulings: Sequence[Ruling]) -> list[Standing]:
        told = replace(facts, rulings=tuple(in_order(rulings)))
        return standings(self.letters, self.app.calendar, told, self.as_of, self._asked(facts))

    def _asked(self, facts: Facts) -> Collection[str] | None:
        """Of which agencies the duties may be that it is about; None: of any."""
        agency = self.ruling.agency
        if agency is None:
            return None
        return set().union(*(FactIndex(facts, letter.registry).held_before(agency) for letter in self.letters))

    def _names(self, standing: Standing, *, whoever: bool = False) -> bool:
        """Whether it is about a duty by what it names, and its agency answers for that."""
        ruling, duty = self.ruling, standing.duty
        named = (
            (ruling.directive, duty.directive),
            (ruling.system, duty.system),
            (ruling.deliverable, duty.deliverable),
            (ruling.period, duty.period),
        )
        its = whoever or ruling.agency in (None, standing.agency)
        return its and all(wanted in (None, value) for wanted, value in named)

    def _cameras(self) -> int:
        ruling = self.ruling
        if ruling.kind != RulingKind.PAUSE or ruling.deliverable is not None:
            return 0
        about = {"agency": ruling.agency, "system": ruling.system, "place": ruling.place}
        return places.cameras(self.session, self.app.registry, self.as_of.date(), **about)

    def _explain(self, before: Sequence[Standing]) -> None:
        """Raises Problem: why it covers nothing; not of a call that was made to who owes nothing more."""
        registry = self.app.registry
        agency = next((a.name for a in registry.agencies if a.id == self.ruling.agency), "Không đơn vị nào")
        mine = [s for s in before if self._names(s)]
        if not mine:
            others = [s for s in before if self._names(s, whoever=True)]
            holders = ", ".join(dict.fromkeys(registry.agency(s.agency).name for s in others if others))
            now = f" Nội dung đó nay do {holders} thực hiện." if holders else ""
            what = "có nội dung nào như vậy phải gửi" if self.ruling.agency else "có nội dung nào như vậy"
            raise Problem(f"Chưa ghi gì: {agency} không {what}.{now} Xem: dondoc obligations.")
        if self.ruling.kind in SPOKEN and self.ruling.until is None:
            return
        if all(s.status in SETTLED for s in mine):
            raise Problem(f"Chưa ghi gì: {agency} đã hoàn thành hoặc được miễn mọi nội dung nêu ra.")
        if self.ruling.kind == RulingKind.EXTEND:
            last = max((s.last_day for s in mine if s.last_day), default=None)
            said = f"thời hạn đang là hết ngày {last:%d/%m/%Y}" if last else "nội dung nêu ra không định thời hạn"
            raise Problem(f"Chưa ghi gì: quyết định này không lùi thời hạn nào; {said}.")
        raise Problem("Chưa ghi gì: quyết định này không thay đổi điều gì. Xem dondoc rulings: đã ghi trước đó?")


def coverage(
    app: AppContext, session: Session, letters: Sequence[Directive], ruling: Ruling, as_of: datetime
) -> Coverage:
    """What a ruling covers at a moment; of one that is recorded already: what it makes different.

    Raises:
        Problem: nothing; says why.
    """
    return _Scene(app, session, letters, ruling, as_of).coverage()


def undone(session: Session, undoing: Ruling) -> Ruling:
    """The ruling that an undoing is about in the end: one that takes back another undoing restores what that undid."""
    about = session.get_one(Ruling, undoing.undoes)
    return undone(session, about) if about.kind == RulingKind.UNDO else about


def told(app: AppContext, ruling: Ruling, found: Coverage) -> str:
    """In words what a ruling covers, e.g. `02 nhiệm vụ: Biểu mẫu 03; …; hạn mới hết ngày 10/12/2021`; "" for none."""
    registry, parts = app.registry, []
    if found.duties:
        names = [
            words.name(registry, s) + ("" if ruling.agency else f" của {registry.agency(s.agency).name}")
            for s in found.duties[:NAMED]
        ]
        more = len(found.duties) - NAMED
        rest = [f"và {more:02} nhiệm vụ khác"] if more > 0 else []
        parts.append(f"{len(found.duties):02} nhiệm vụ: {'; '.join([*names, *rest])}")
    if ruling.kind == RulingKind.EXTEND:
        days = sorted({s.last_day for s in found.duties if s.last_day})
        new = "hạn mới" if days == [ruling.until] else "hạn vẫn"
        parts += [f"{new} hết ngày {', '.join(f'{day:%d/%m/%Y}' for day in days)}"] if days else []
    if found.cameras:
        parts.append(f"{found.cameras:02} camera")
    return "; ".join(parts)
