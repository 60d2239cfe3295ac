"""What waits for an approver, a line for each decision: the same in Airflow, on the page and in the morning's mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy.orm import Session

from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.directive.model import Registry
from dondoc.facts.addressee import addressees
from dondoc.staff.notices import held_letters, title_of
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import LetterKind
from dondoc.vocabulary.numbers import TH
from dondoc.workdays import WorkingDays


@dataclass(frozen=True)
class Entry:
    """A decision that waits for an approver.

    Args:
        letters: numbers of those that wait; the first one names the decision.
        about: the agency by its name, or whom of ours it is for.
        to: role and agency of the reader of each letter, no addresses.
        late: working days by which the oldest of what it is about is late; 0: nothing is, or it is about no duty.
        since: the day on which it was decided; `until`: when it can be released at the latest.
    """

    letters: tuple[int, ...]
    agency: str | None
    about: str
    title: str
    to: Mapping[int, str]
    subject: str
    reason: str
    late: int
    since: date
    until: datetime | None
    kind: LetterKind
    report: int | None = None

    @property
    def key(self) -> str:
        return TH(self.letters[0])

    @property
    def numbers(self) -> str:
        return ", ".join(map(TH, self.letters))

    @property
    def called(self) -> str:
        """What people call it, in a few words."""
        late = f", chậm {self.late:02} ngày làm việc" if self.late else ""
        return f"{self.about}: {self.title}{late}"


def entries(
    rows: Sequence[OutboxLetter], to: Mapping[int, str], registry: Registry, calendar: WorkingDays, day: date
) -> list[Entry]:
    """Letters that wait, by decision: agencies in administrative order, what is about none of them last.

    Args:
        to: to whom each letter goes, by its id.
    """
    units = groupby(sorted(rows, key=lambda row: (_decision(row), row.id)), key=_decision)
    names = {agency.id: (agency.order, agency.name) for agency in registry.agencies}
    last = (max(order for order, _ in names.values()) + 1, "Lãnh đạo Sở")
    found = [list(unit) for _, unit in units]
    found.sort(key=lambda unit: (names.get(unit[0].agency or "", last)[0], unit[0].id))
    return [_entry(unit, names.get(unit[0].agency or "", last)[1], to, calendar, day) for unit in found]


def _decision(row: OutboxLetter) -> int:
    return row.decision_id or -row.id


def _entry(unit: Sequence[OutboxLetter], about: str, to: Mapping[int, str], calendar: WorkingDays, day: date) -> Entry:
    first = unit[0]
    return Entry(
        letters=tuple(row.id for row in unit),
        agency=first.agency,
        about=about,
        title=title_of(first),
        to={row.id: to[row.id] for row in unit},
        subject=first.subject,
        reason=first.reason,
        late=max((calendar.between(last, day) for last in _last_days(first)), default=0),
        since=first.decided_at.astimezone(HERE).date(),
        until=first.not_after,
        kind=first.kind,
        report=first.context.get("report"),
    )


def _last_days(row: OutboxLetter) -> list[date]:
    """Of the duties that are the ground of a letter: of one to our own people those of every agency in it."""
    each = row.context.get("agencies", {}).values() or [row.context]
    return [date.fromisoformat(last) for about in each for _, last in about.get("duties", [])]


def waiting(app: AppContext, session: Session, now: datetime) -> list[Entry]:
    """Every decision that waits for an approver and can still be released."""
    return of(app, session, held_letters(app, session, now), now)


def stopped(app: AppContext, session: Session, now: datetime) -> list[Entry]:
    """Every decision that needs no approver, but is held and leaves only if one releases it. No trial for another
    day."""
    asked = {_decision(row) for row in held_letters(app, session, now)}
    rows = (row for row in held_letters(app, session, now, stopped=True) if _decision(row) not in asked)
    return of(app, session, [row for row in rows if row.context.get("day", "") in ("", _day(row))], now)


def _day(row: OutboxLetter) -> str:
    return row.decided_at.astimezone(HERE).date().isoformat()


def of(app: AppContext, session: Session, rows: Sequence[OutboxLetter], now: datetime) -> list[Entry]:
    """The decisions of some letters."""
    to = addressees(session, app.registry, rows)
    return entries(rows, to, app.registry, app.calendar, now.astimezone(HERE).date())
