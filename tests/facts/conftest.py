"""A book in which tests write facts with their two times, and read where every obligation stands."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive, Registry
from dondoc.facts import obligations, read
from dondoc.facts.obligations import Standing
from dondoc.facts.register import register
from dondoc.facts.rule import Ruled, rule
from dondoc.store.facts import Contact
from dondoc.store.intake import Submission, Verdict
from dondoc.vocabulary.rulings import RulingKind
from dondoc.workdays import WorkingDays
from tests.conftest import SECRET, acting, at


@dataclass
class Book:
    """Facts of one database, told in a test's words. Every `arrived` is also when it was recorded, unless said."""

    app: AppContext
    session: Session
    directive: Directive
    calendar: WorkingDays
    _seen: int = field(default=0)

    @property
    def registry(self) -> Registry:
        return self.directive.registry

    def submitted(
        self,
        arrived: datetime,
        outcome: str | None,
        *,
        agency: str | None = None,
        form: str | None = None,
        recorded: datetime | None = None,
        sender: str = "",
        **other: Any,
    ) -> int:
        """A submission with its verdict; outcome None: nobody has judged it yet."""
        self._seen += 1
        known = recorded or arrived
        row = Submission(
            channel="cli",
            channel_id=str(self._seen),
            sender=sender,
            filename="bm.xlsx",
            sha256="0" * 64,
            automatic=other.pop("automatic", False),
            happened_at=arrived,
            recorded_at=known,
        )
        self.session.add(row)
        self.session.flush()
        if outcome:
            self.judged(row.id, outcome, known, agency=agency, form=form, **other)
        return row.id

    def judged(self, submission: int, outcome: str, recorded: datetime, **other: Any) -> None:
        values = {"reason": "thử", "fulfils": [], "rows": [], "head": {}, "issues": []} | other
        self.session.add(Verdict(submission_id=submission, outcome=outcome, recorded_at=recorded, **values))
        self.session.flush()

    def register(
        self, agency: str, fulfils: str, arrived: datetime, *, now: datetime | None = None, **other: Any
    ) -> int:
        values = {
            "number": "12/UBND-VP",
            "document_date": arrived.date(),
            "blob": None,
            "by": acting("Trần Thị Văn"),
            "secrets": [SECRET],
        } | other
        return register(
            self.session,
            (self.directive,),
            self.registry,
            agency=agency,
            fulfils=[fulfils],
            arrived=arrived,
            now=now or arrived + timedelta(hours=1),
            **values,
        )

    def rule(self, kind: str, *, now: datetime | None = None, **other: Any) -> int:
        return self.ruled(kind, now=now, **other).number

    def ruled(self, kind: str, *, now: datetime | None = None, **other: Any) -> Ruled:
        values = {"document": "Văn bản số 9/STTTT", "reason": "mưa lũ", "by": acting("Đậu Tùng Lâm")}
        values |= {"letters": (self.directive,)} | other
        return rule(self.app, self.session, RulingKind.read(kind, "loại quyết định"), now=now or at(15), **values)

    def contact(self, agency: str, email: str) -> None:
        self.session.add(
            Contact(
                agency=agency,
                role="focal_officer",
                name="Nguyễn Văn A",
                email=email,
                phone="",
                valid_from=date(2021, 11, 1),
                recorded_at=at(1),
            )
        )
        self.session.flush()

    def standings(self, as_of: datetime, known_at: datetime | None = None) -> list[Standing]:
        facts = read.read(self.session, as_of, known_at)
        return obligations.standings((self.directive,), self.calendar, facts, as_of)

    def standing(self, agency: str, key: str, as_of: datetime, known_at: datetime | None = None) -> Standing:
        """The one of the agency that owed it by the letter."""
        [found] = [s for s in self.standings(as_of, known_at) if s.duty.agency == agency and s.duty.short == key]
        return found


@pytest.fixture
def book(app: AppContext, directive: Directive, calendar: WorkingDays):  # type: ignore[no-untyped-def]
    with app.sessions.begin() as session:
        yield Book(app, session, directive, calendar)
