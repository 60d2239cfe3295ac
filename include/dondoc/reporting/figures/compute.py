"""The figures of a report: a function of facts for a moment, and of what was known by another."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Self

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from dondoc import __version__
from dondoc.cameras.measured.told import told
from dondoc.cameras.state import doubts
from dondoc.cameras.state.state import CameraState
from dondoc.cameras.state.state import states as camera_states
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive
from dondoc.facts import obligations
from dondoc.facts.obligations import Standing
from dondoc.facts.rulings import standing_rulings
from dondoc.forms.spec import load_specs
from dondoc.mail.withdrawn import withdrawn
from dondoc.reporting import texts
from dondoc.reporting.figures import cameras, declared, duties, late, measured, plan, relief
from dondoc.reporting.figures.model import CameraRow, Declared, Doubted, Earlier, Figures, FindingRow, Progress
from dondoc.store.mail import OutboxLetter
from dondoc.store.reporting import Report, ReportIssue
from dondoc.store.retractions import not_retracted
from dondoc.vocabulary.letters import LetterKind, OutboxState
from dondoc.vocabulary.obligations import Status

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Contents:
    """All that a report is made of: its figures, the cameras behind their numbers, and what these differ in."""

    figures: Figures
    cameras: tuple[CameraRow, ...] = ()
    findings: tuple[FindingRow, ...] = ()
    doubted: tuple[Doubted, ...] = ()


def contents(app: AppContext, letter: Directive, as_of: datetime, known_at: datetime | None = None) -> Contents:
    """The report of a letter for a moment, as known at another (None: by now).

    Percentages are of the duties that were not waived; cameras that nobody could check stand in a column of their own.
    """
    with app.sessions.reading() as session:
        return _Moment(app, session, letter, as_of, known_at).contents()


def figures(app: AppContext, letter: Directive, as_of: datetime, known_at: datetime | None = None) -> Figures:
    return contents(app, letter, as_of, known_at).figures


@dataclass(frozen=True)
class _Moment:
    app: AppContext
    session: Session
    letter: Directive
    as_of: datetime
    known_at: datetime | None

    @property
    def today(self) -> date:
        return self.as_of.astimezone(HERE).date()

    @property
    def seen_by(self) -> datetime:
        """What we did counts when we knew of it."""
        return min(self.as_of, self.known_at or self.as_of)

    @cached_property
    def standings(self) -> list[Standing]:
        found = obligations.at(self.app, self.session, self.as_of, self.known_at)
        return [s for s in found if s.duty.directive == self.letter.id and s.duty.due_before]

    def states(self) -> list[CameraState]:
        if not self.letter.surveys:
            return []
        return cameras.of_letter(
            self.letter, camera_states(self.app, self.session, self.as_of, self.known_at), self.today
        )

    def contents(self) -> Contents:
        standings, states, today = self.standings, self.states(), self.today
        registry, calendar = self.app.registry, self.app.calendar_known(self.session, self.known_at)
        rulings = standing_rulings(self.session, self.as_of, self.known_at)
        sent = late.chases(self.session, self.letter, self.seen_by)
        returned = [n for s in standings if duties.is_late(s, today) and (n := duties.submission(s))]
        cells = late.faults(self.session, returned, self.known_at)
        overdue = late.duties(self.letter, standings, calendar, today, sent, cells)
        agencies = late.agencies(self.letter, overdue, today, sent, late.words(rulings, self.letter.id))
        seen, closely = cameras.total(states), told(self.app, self.session, self.as_of, self.known_at) if states else {}
        ours = plan.backlog(standings, seen, calendar, today)
        made = Figures(
            version=__version__,
            directive=self.letter.id,
            title=self.letter.title,
            as_of=self.as_of,
            known_at=self.known_at,
            surveys=self.letter.surveys,
            headline=self.progress,
            last_week=self._week_before.progress,
            since=self.since(),
            systems=duties.by_system(registry, standings, today),
            agencies=duties.agencies(standings, today),
            duties=duties.rows(registry, standings, calendar, today),
            late=tuple(row for row in overdue if row.status == Status.OVERDUE),
            late_agencies=agencies,
            relief=relief.reliefs(self.letter, rulings, standings, today),
            backlog=ours,
            cameras=cameras.by_agency(registry, states),
            cameras_by_system=cameras.by_system(registry, states),
            cameras_total=seen,
            declared=self.declared(),
            measured=measured.measured(states, closely),
            lost=cameras.lost(registry, states, self.outage_letters()),
            without_picture=cameras.without_picture(states),
            unchecked=cameras.unchecked(states),
            tasks=plan.tasks(standings, agencies, ours, seen, calendar, today),
            proposals=plan.proposals(self.letter, agencies, calendar, today),
            texts=texts.read(self.session, self.letter.id, today, self.known_at),
            unconfirmed_calendar=not calendar.confirmed(today.year),
        )
        doubted = doubts.doubts(self.session, self.as_of, self.known_at) if states else ()
        return Contents(
            made,
            cameras.rows(registry, states),
            measured.rows(registry, states, closely),
            cameras.doubted(registry, states, doubted),
        )

    @cached_property
    def progress(self) -> Progress:
        return duties.progress(self.standings, self.today)

    def declared(self) -> Declared:
        if not self.letter.surveys:
            return Declared()
        agencies = cameras.addressed(self.letter, self.today)
        its = declared.rows(self.session, self.letter, agencies, self.as_of, self.known_at)
        return declared.declared(load_specs(self.app.settings.data), its)

    def since(self) -> Earlier:
        """What the reader last saw: the report that was issued last, else where things stood a week before."""
        issued = self._issued()
        if issued is None:
            return self._week_before.as_earlier()
        row, report = issued
        stored = Figures.understood(report.figures)
        if stored is None:  # counted again, as it was known then
            then = replace(self, as_of=report.as_of, known_at=report.known_at or report.recorded_at)
            return then.as_earlier(row.document_number, row.document_date)
        return Earlier(
            as_of=report.as_of,
            number=row.document_number,
            issued_on=row.document_date,
            headline=stored.headline,
            systems=stored.systems,
            agencies=stored.agencies,
            cameras=stored.cameras_total,
        )

    def as_earlier(self, number: str | None = None, issued_on: date | None = None) -> Earlier:
        standings = self.standings
        return Earlier(
            as_of=self.as_of,
            number=number,
            issued_on=issued_on,
            headline=self.progress,
            systems=duties.by_system(self.app.registry, standings, self.today),
            agencies=duties.agencies(standings, self.today),
            cameras=cameras.total(self.states()),
        )

    @cached_property
    def _week_before(self) -> Self:
        return replace(self, as_of=self.as_of - WEEK)

    def _issued(self) -> tuple[ReportIssue, Report] | None:
        """The newest report of an earlier day that the clerk had issued, as far as it was known, as issued last."""
        drawn_before = and_(ReportIssue.report_id.is_(None), Report.recorded_at <= ReportIssue.recorded_at)
        query = (
            not_retracted(ReportIssue, self.known_at)
            .add_columns(Report)
            .join(Report, Report.directive == ReportIssue.directive)
            .where(ReportIssue.directive == self.letter.id, ReportIssue.as_of < self.today)
            .where(or_(ReportIssue.report_id == Report.id, drawn_before))
            .order_by(ReportIssue.as_of.desc(), ReportIssue.id.desc(), Report.id.desc())
        )
        pairs = self.session.execute(query)
        return next(((i, r) for i, r in pairs if r.day == i.as_of), None)

    def outage_letters(self) -> dict[int, date]:
        """Outage → the day on which its agency was written to of it."""
        query = (
            select(OutboxLetter.context, OutboxLetter.sent_at)
            .where(OutboxLetter.kind == LetterKind.OUTAGE, OutboxLetter.state == OutboxState.SENT)
            .where(OutboxLetter.id.not_in(withdrawn(self.seen_by)))
            .where(OutboxLetter.rehearsal.is_(False), OutboxLetter.sent_at <= self.seen_by)
            .order_by(OutboxLetter.sent_at.desc())
        )
        return {
            outage: sent_at.astimezone(HERE).date()
            for context, sent_at in self.session.execute(query)
            for outage in context.get("outages", [])
        }
