"""Where every obligation stands at a moment, and why. Pure: a function of directive, calendar and facts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from dondoc.clock import HERE
from dondoc.directive import names
from dondoc.directive.model import Directive, Duty
from dondoc.directive.succession import responsible
from dondoc.facts.read import Facts, Received
from dondoc.store.facts import Ruling
from dondoc.workdays import WorkingDays

ACCEPTED = ("accepted", "accepted_with_warnings")
OUR_TURN = ("waiting", "conflict")


@dataclass(frozen=True)
class Standing:
    """An obligation at a moment. `agency` answers for it now; `last_day` is the last day in time, None if undated."""

    duty: Duty
    agency: str
    status: str
    last_day: date | None
    working_days_late: int
    reason: str
    received_at: datetime | None = None
    paused: str | None = None  # why nobody is to be chased for it at present


def standings(directive: Directive, calendar: WorkingDays, facts: Facts, as_of: datetime) -> list[Standing]:
    """Every obligation, then every milestone, in the directive's order."""
    owed, as_of = (*directive.obligations, *directive.milestones), as_of.astimezone(HERE)
    return [_Judge(directive, calendar, facts, as_of, duty).standing() for duty in owed]


def as_row(standing: Standing) -> dict[str, Any]:
    """The contract's fields of `obligations`."""
    due = standing.duty.due_before
    return {
        "agency": standing.agency,
        "system": standing.duty.system,
        "deliverable": standing.duty.deliverable,
        "due_before": due.isoformat() if due else None,
        "last_day": standing.last_day.isoformat() if standing.last_day else None,
        "status": standing.status,
        "working_days_late": standing.working_days_late,
        "reason": standing.reason,
    }


def cites(ruling: Ruling) -> str:
    """A ruling as every reason quotes it: document, reason, name."""
    return f"theo {ruling.document} ({ruling.reason}; {ruling.by})"


@dataclass(frozen=True)
class _Judge:
    """The rules for one obligation, in the order in which the first that holds decides."""

    directive: Directive
    calendar: WorkingDays
    facts: Facts
    as_of: datetime
    duty: Duty

    def standing(self) -> Standing:
        last_day, why_last = self._last_day()
        agency, why_agency = self._answers(self.as_of.date())
        status, reason, received = self._status(agency, last_day)
        late = self._late(status, last_day, received)
        if late:
            reason += f", chậm {late:02} ngày làm việc"
        return Standing(
            duty=self.duty,
            agency=agency or self.duty.agency,
            status=status,
            last_day=last_day,
            working_days_late=late,
            reason="; ".join(part for part in (reason, why_last, why_agency) if part),
            received_at=received,
            paused=self._paused(),
        )

    def _rulings(self, kind: str) -> list[Ruling]:
        return [
            r
            for r in self._about(kind)
            if r.agency is None or self._its(r.agency, r.happened_at.astimezone(HERE).date())
        ]

    def _about(self, kind: str) -> list[Ruling]:
        """Rulings of a kind on this system and deliverable, whoever they name."""
        system, deliverable = (None, self.duty.system), (None, self.duty.deliverable)
        return [
            r
            for r in self.facts.rulings
            if r.kind == kind and r.system in system and r.deliverable in deliverable and r.site is None
        ]

    def _its(self, agency: str | None, day: date) -> bool:
        """Whether what an agency did or was told on a day concerns this obligation.

        An heir's own form of before it took over does not: it had only its own to send then.
        """
        return agency is not None and agency in (self.duty.agency, self._answers(day)[0])

    def _last_day(self) -> tuple[date | None, str]:
        """ "Trước ngày X" ends with the day before X; an extension moves it, never to an earlier day."""
        if self.duty.due_before is None:
            return None, ""
        written = self.duty.due_before - timedelta(days=1)
        extended = self._rulings("extend")
        if extended and extended[-1].until and extended[-1].until > written:
            newest = extended[-1]
            return newest.until, f"gia hạn đến hết ngày {newest.until:%d/%m/%Y} {cites(newest)}"
        return written, ""

    def _answers(self, day: date) -> tuple[str | None, str]:
        """Who answers for it on a day: its own agency, whoever a person gave it to, or the heir of either."""
        holder, given = self.duty.agency, ""
        for ruling in self._about("reassign"):
            ruled = ruling.happened_at.astimezone(HERE).date()
            if ruled <= day and ruling.agency in (
                self.duty.agency,
                holder,
                responsible(self.directive, holder, ruled)[0],
            ):
                holder, given = ruling.to_agency or "", f"phân công lại {cites(ruling)}"
        agency, why = responsible(self.directive, holder, day)
        return agency, "; ".join(part for part in (given, why) if part)

    def _status(self, agency: str | None, last_day: date | None) -> tuple[str, str, datetime | None]:
        if arrivals := sorted(self._fulfilments(), key=lambda found: found[0]):
            received, what = arrivals[0]
            if last_day and received.date() > last_day:
                return "fulfilled_late", f"{what}, sau hạn {last_day:%d/%m/%Y}", received
            return "fulfilled", what, received
        if waived := self._rulings("waive"):
            return "waived", f"được miễn {cites(waived[-1])}", None
        if agency is None:
            return "needs_reassignment", "đơn vị không còn", None
        if ours := self._our_turn(agency):
            return "under_review", ours, None
        if returned := [s for s in self.facts.submissions if s.outcome == "returned" and self._is_its_form(s)]:
            last = returned[-1]
            when = f"{last.received_at:%d/%m/%Y}"
            return "returned", f"bản nộp BN-{last.id:04} ngày {when} đã được đề nghị chỉnh sửa, chưa nhận lại", None
        if last_day is None:
            return "not_due", "không định thời hạn", None
        due = f"trước ngày {self.duty.due_before:%d/%m/%Y}"
        if self.as_of.date() > last_day:
            return "overdue", f"chưa nhận được; thời hạn {due}", None
        return "not_due", f"chưa đến hạn ({due})", None

    def _is_its_form(self, submission: Received) -> bool:
        """What it asks for, sent by the agency that owed it or by the one that answered for it on that day."""
        asked = submission.form == self.duty.deliverable or self.duty.key in submission.fulfils
        return asked and self._its(submission.agency, submission.received_at.date())

    def _fulfilments(self) -> Iterator[tuple[datetime, str]]:
        """When and by what it was met. Timeliness is the receipt of the first version that was accepted."""
        for submission in self.facts.submissions:
            if submission.outcome in ACCEPTED and self._is_its_form(submission):
                yield (
                    submission.received_at,
                    f"đã nhận bản nộp BN-{submission.id:04} ngày {submission.received_at:%d/%m/%Y}",
                )
        for paper in self.facts.papers:
            if self.duty.key in paper.fulfils and self._its(paper.agency, paper.received_at.date()):
                what = f"đã nhận Văn bản số {paper.number} ngày {paper.day:%d/%m/%Y}"
                yield paper.received_at, f"{what}, đến ngày {paper.received_at:%d/%m/%Y}"
        for ruling in self._rulings("accept"):
            yield ruling.happened_at, f"được công nhận hoàn thành {cites(ruling)}"

    def _our_turn(self, agency: str) -> str | None:
        """Something that may meet it waits for a person on our side: that pauses it."""
        for submission in self.facts.submissions:
            if submission.outcome in OUR_TURN and self._may_meet(submission, agency):
                return f"bản nộp BN-{submission.id:04} ngày {submission.received_at:%d/%m/%Y} đang chờ Sở xử lý"
        return None

    def _may_meet(self, submission: Received, agency: str) -> bool:
        day = submission.received_at.date()
        if submission.form not in (None, self.duty.deliverable):
            return False
        if submission.agency is not None:
            return self._its(submission.agency, day)
        if submission.form is None or not submission.named:
            return False  # nobody can tell whose it is: a person has to look, and nobody is paused by a stray mail
        return agency in names.match(self.directive, submission.named, day).candidates

    def _late(self, status: str, last_day: date | None, received: datetime | None) -> int:
        if last_day is None or status not in ("overdue", "fulfilled_late"):
            return 0
        until = received.date() if received else self.as_of.date()
        return self.calendar.between(last_day, until)

    def _paused(self) -> str | None:
        today = self.as_of.date()
        held = [r for r in self._rulings("pause") if r.until is None or today <= r.until]
        return f"tạm dừng đôn đốc {cites(held[-1])}" if held else None
