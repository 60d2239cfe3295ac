"""Decide for a day and record it: the decisions with their reasons and the outbox rows, in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property, partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.audit import Actor
from dondoc.clock import HERE, end_of
from dondoc.configuration.context import AppContext
from dondoc.directive.model import Step
from dondoc.escalation import blanks, hand_over, letters, needed, official, renamed, sources, thanks, words
from dondoc.escalation.called import called_on
from dondoc.escalation.decision import Decision, decide, not_today
from dondoc.escalation.ladder import Ladder, ladder_on
from dondoc.escalation.own_steps import HAND_OVER, OWN, THANKS
from dondoc.escalation.past import SentLetter, by_agency
from dondoc.escalation.precondition import precondition
from dondoc.escalation.reasons import LadderReason
from dondoc.escalation.recipients import AddressBook, Recipient, needs_approval
from dondoc.escalation.said import its_word
from dondoc.escalation.undelivered import undelivered
from dondoc.facts import approvers, issued, rulings
from dondoc.facts.obligations import Standing, short_names, standings
from dondoc.facts.read import Facts, read
from dondoc.facts.reasons import cited
from dondoc.forms.attached import Blanks
from dondoc.garbage import not_collected
from dondoc.mail import outbox
from dondoc.staff import notices
from dondoc.staff.morning import Morning
from dondoc.store.reporting import Decision as DecisionRow
from dondoc.vocabulary.numbers import CV
from dondoc.vocabulary.people import Side
from dondoc.vocabulary.reasons import Reason, because, said

__all__ = ["escalate", "precondition"]


def escalate(
    app: AppContext,
    day: date,
    *,
    now: datetime,
    record: bool,
    agencies: list[str] | None = None,
    everyone: bool = False,
    by: Actor | None = None,
) -> list[dict[str, Any]]:
    """Decide who is to be written on a day, with what happened up to its end as we know it now.

    An agency that has its letters for that day keeps them: running again records nothing new. Letters start as `held`
    when a person has to approve them, while everything is stopped, while we are blind, and for another day than today.

    Args:
        agencies: only these; None: all.
        everyone: of every agency what the ladder decides, also to write nothing; no words of thanks.
        by: the person who had it recorded; None: its hour had come.

    Returns:
        per agency in administrative order: `agency`, `step`, `directives`, `recipients`, `obligations`, `reason`,
        `needs_approval`, `answer_by` (the last day that the letters give the agency), and `decision` and `outbox_ids`
        when recorded.
    """
    made = _files(app, day, now, agencies) if record else {}
    drawn = _official(app, day, now) if record and agencies is None else []
    with not_collected(), app.sessions.begin() if record else app.sessions.reading() as session:
        morning = _Morning(app, session, day, now, record, made, drawn)
        rows = [morning.agency(a) for a in morning.owed if agencies is None or a in agencies]
        thanked = {row["agency"]: word for row in rows if (word := morning.thank(row))}
        if record:
            morning.give_to_the_clerk()
            morning.tell_the_board(rows)
            morning.tell([*rows, *thanked.values()])
        if record and by:
            told = {"letters": [int(i) for row in (*rows, *thanked.values()) for i in row["outbox_ids"]]}
            audit.record(session, app.secrets, by, "escalate", day.isoformat(), now=now, **told)
    if everyone:
        return rows
    return [row for row in (thanked.get(row["agency"], row) for row in rows) if row["step"]]


def _files(app: AppContext, day: date, now: datetime, agencies: list[str] | None) -> Blanks:
    """The files that the day's letters carry: made before the transaction that writes the letters."""
    with app.sessions.reading() as session:
        morning = _Morning(app, session, day, now, record=True)
        decisions = [morning.decision(a) for a in morning.owed if agencies is None or a in agencies]
        sent = [d for d in decisions if d and morning.people(d)]
        known = morning.ladder.letters
    return blanks.make(app, sent, known, now)


def _official(app: AppContext, day: date, now: datetime) -> list[official.Draft]:
    """The official letters that the day's steps wait for; none while nothing may leave: we may be wrong then."""
    with app.sessions.reading() as session:
        morning = _Morning(app, session, day, now, record=True)
        if not official.any_step(morning.ladder) or morning.hold or not app.calendar.is_working_day(day):
            return []
        return official.draw(app, session, morning.ladder, morning.owed, morning.past, day)


@dataclass(frozen=True)
class _Morning:
    """One call: what it looks at, and what it does for each agency."""

    app: AppContext
    session: Session
    day: date
    now: datetime
    record: bool
    attachable: Blanks = field(default_factory=dict)
    drawn: Sequence[official.Draft] = ()
    without_address: dict[str, str] = field(default_factory=dict)  # what is missing, by agency/step
    upward: list[letters.Told] = field(default_factory=list)  # what our own people hear, of all agencies at once

    @cached_property
    def facts(self) -> Facts:
        return read(self.session, end_of(self.day))

    @cached_property
    def owed(self) -> dict[str, list[Standing]]:
        """What each agency answers for, agencies in administrative order."""
        letters = tuple(self.ladder.letters.values())
        found = by_agency(standings(letters, self.app.calendar, self.facts, end_of(self.day)))
        order = {agency.id: agency.order for agency in self.ladder.registry.agencies}
        return dict(sorted(found.items(), key=lambda pair: order[pair[0]]))

    @cached_property
    def ladder(self) -> Ladder:
        return ladder_on(self.app, self.session, self.day)

    @cached_property
    def names(self) -> dict[str, str]:
        return short_names(s for standings in self.owed.values() for s in standings)

    @cached_property
    def past(self) -> dict[str, list[SentLetter]]:
        """The chasing letters so far, by agency."""
        found = by_agency(renamed.read(self.app, self.session, self.ladder, self.facts.rulings))
        return {agency: hand_over.mark(its, self.book.officer) for agency, its in found.items()}

    @cached_property
    def book(self) -> AddressBook:
        failed = undelivered(self.session, end_of(self.day))
        return AddressBook(self.session, self.ladder.registry, self.day, failed)

    @cached_property
    def approvers(self) -> bool:
        return bool(approvers.approvers(self.session, self.ladder.registry.office, self.day))

    @cached_property
    def blind(self) -> str | None:
        return sources.blind(self.session, self.app.settings, self.now)

    @cached_property
    def hold(self) -> str | None:
        """Why nothing may leave by itself."""
        reasons = []
        if stopped := rulings.hold_all(self.session, end_of(self.day)):
            reasons.append(f"mọi thư đôn đốc đang tạm dừng {said(cited(stopped))}")
        if self.record and self.day != self.now.date():
            reasons.append(f"quyết định cho ngày {words.short(self.day)}, không phải hôm nay")
        elif self.record and self.blind:
            reasons.append(f"không thấy hết nguồn tiếp nhận: {self.blind}")
        return "; ".join(reasons) or None

    def decision(self, agency: str) -> Decision | None:
        """What an agency is to be written; None when it has its letters for the day already. A new officer is handed
        over to on a day on which the ladder has no letter."""
        past = self._past(agency)
        if self._written(past):
            return None
        called = called_on(self.facts, agency, self.day)
        owed, obstacle = self.owed[agency], partial(self._obstacle, agency)
        decision = decide(self.ladder, agency, owed, past, self.day, called=called, obstacle=obstacle)
        new = hand_over.newcomers(self.book, agency, owed, past, self.day)
        if decision.step:
            return hand_over.begun(self.ladder, decision, owed, past, new)
        if not_today(self.ladder, past, self.day, called):
            return decision
        return hand_over.alone(self.ladder, agency, owed, past, self.day, new) or decision

    def _obstacle(self, agency: str, step: Step, ground: Sequence[Standing]) -> Reason | None:
        """Why no letter of a step can leave; our own people are told, whatever leaves instead."""
        systems = _systems(ground)
        for contact, role in self.book.passed_over(step, agency, systems):
            since = self.book.undelivered[contact.email]
            told = because(LadderReason.UNDELIVERED, role=role.label, address=contact.email, since=since)
            self._lacks(agency, contact.email, told)
        if not self.book.recipients(step, agency, systems):
            why = because(LadderReason.NO_ADDRESS, roles=_roles(step))
            self._lacks(agency, step.id, because(LadderReason.NO_ADDRESS_AT, why=why, step=words.title(step)))
            return why
        return because(LadderReason.NO_APPROVER) if needs_approval(step) and not self.approvers else None

    def _lacks(self, agency: str, key: str, what: Reason) -> None:
        self.without_address[f"{agency}/{key}"] = f"{self.ladder.registry.agency(agency).name}: {said(what)}"

    def agency(self, agency: str) -> dict[str, Any]:
        """Decide for an agency, unless it has its letters for the day already."""
        past = self._past(agency)
        if (decision := self.decision(agency)) is None:
            return self._kept(agency, self._written(past))
        people = self.people(decision)
        if (step := decision.step) and not people:
            missing = because(LadderReason.NO_ADDRESS, roles=_roles(step))
            decision = replace(decision, reasons=(*decision.reasons, missing), answer_by=None)
        row = self._row(decision, people)
        if self.record:
            noted = self._note(decision, row)
            row |= {"decision": str(noted.id), "outbox_ids": []}
            if decision.step and people and _to_us(decision.step):
                word = its_word(self.facts.rulings, agency, decision.ground, past, self.day)
                self.upward.append(letters.Told(decision, noted.id, past, self.owed[agency], word))
            else:
                row["outbox_ids"] = self._enqueue(decision, noted.id, people, past)
        return row

    def _row(self, decision: Decision, people: Sequence[Recipient]) -> dict[str, Any]:
        kept = f"{decision.reason.rstrip('.')} (giữ lại: {self.hold})" if decision.step and self.hold else None
        return {
            "agency": decision.agency,
            "step": decision.step.id if decision.step else None,
            "directives": sorted(decision.steps),
            "recipients": [p.email for p in people],
            "obligations": sorted({self.names[s.duty.id] for s in decision.ground}),
            "reason": kept or decision.reason,
            "needs_approval": any(map(needs_approval, decision.steps.values())),
            "answer_by": decision.answer_by.isoformat() if decision.answer_by else None,
        }

    def thank(self, decided: Mapping[str, Any]) -> dict[str, Any] | None:
        """A word of thanks, which is no step, to an agency that is through and has no other letter today."""
        agency, past = decided["agency"], self._past(decided["agency"])
        if self.day != self.now.date():
            return None
        if written := [p for p in past if p.day == self.day and p.step == THANKS.id]:
            return self._kept(agency, written)
        if decided["step"] or not_today(self.ladder, past, self.day):
            return None
        if (thanked := thanks.decision(self.ladder, agency, self.owed[agency], past, self.day, self.book)) is None:
            return None
        row = self._row(thanked, people := self.people(thanked))
        if self.record:
            noted = self._note(thanked, row)
            row |= {"decision": str(noted.id), "outbox_ids": self._enqueue(thanked, noted.id, people, past)}
        return row

    def tell_the_board(self, rows: Sequence[dict[str, Any]]) -> None:
        """Our own people hear of all agencies in one letter a morning; each of their rows names it."""
        if not self.upward:
            return
        ground = tuple(s for told in self.upward for s in told.decision.ground)
        steps = {directive: step for told in self.upward for directive, step in told.decision.steps.items()}
        names = ", ".join(self.ladder.registry.agency(told.decision.agency).short for told in self.upward)
        reasons = (because(LadderReason.TO_THE_BOARD, agencies=names),)
        office, top = self.ladder.registry.office, self.upward[0].decision.step
        decision = Decision(office, self.day, top, reasons, ground, (), steps)
        about = {"step": top.id if top else None, "directives": sorted(steps), "reason": decision.reason}
        number = self._note(decision, about).id
        people = list({p.email: p for told in self.upward for p in self.people(told.decision)}.values())
        mine = {told.decision.agency for told in self.upward}
        drafts = [official.attachment(one.letter) for one in self.waiting if mine & set(one.agencies)]
        more: dict[str, Any] = {"number": number, "drafts": drafts, "hold": self.hold, "now": self.now}
        written = letters.to_the_board(self.app, self.session, self.ladder, decision, self.upward, people, **more)
        letters_ = outbox.enqueue(self.session, written, settings=self.app.settings, now=self.now)
        by_agency = {row["agency"]: row for row in rows}
        for told in self.upward:
            its = [str(one.id) for one in letters_ if told.decision.agency in one.context["agencies"]]
            by_agency[told.decision.agency]["outbox_ids"] = its

    def _past(self, agency: str) -> list[SentLetter]:
        return self.past.get(agency, [])

    def _written(self, past: Sequence[SentLetter]) -> list[SentLetter]:
        """The letters that the day has brought already; of a trial for another day, those that today recorded."""
        mine = [p for p in past if p.day == self.day and p.step != THANKS.id]
        own = [p for p in mine if p.decided_on == self.day]
        return own or [p for p in mine if self.record and p.decided_on == self.now.date()]

    def _kept(self, agency: str, written: Sequence[SentLetter]) -> dict[str, Any]:
        """The row of a decision that was recorded before."""
        known = [s for d, i in written[0].steps.items() for s in self._steps_of(d, agency) if s.id == i]
        noted = self.session.get(DecisionRow, written[0].noted) if written[0].noted else None
        row: dict[str, Any] = {
            "agency": agency,
            "step": written[0].step,
            "directives": sorted(written[0].steps),
            "recipients": [p.recipient for p in written],
            "obligations": sorted({self.names.get(duty, duty) for p in written for duty in p.obligations}),
            "reason": noted.reason if noted else "",
            "needs_approval": not known or any(map(needs_approval, known)),
            "answer_by": noted.answer_by.isoformat() if noted and noted.answer_by else None,
        }
        recorded = {"decision": str(noted.id) if noted else None, "outbox_ids": [str(p.id) for p in written]}
        return row | (recorded if self.record else {})

    def _steps_of(self, directive: str, agency: str) -> Sequence[Step]:
        known = self.ladder.letters
        return (*OWN.values(), *known[directive].ladder_of(agency)) if directive in known else ()

    def people(self, decision: Decision) -> list[Recipient]:
        """To whom the letters of a decision go."""
        if decision.step is None:
            return []
        people = self.book.recipients(decision.step, decision.agency, _systems(decision.ground))
        if decision.step is HAND_OVER:
            return [p for p in people if p.email in decision.newcomers]
        had = hand_over.repeated(decision, self._past(decision.agency))
        return [p for p in people if p.email not in had]

    def _enqueue(
        self, decision: Decision, number: int, people: Sequence[Recipient], past: Sequence[SentLetter]
    ) -> list[str]:
        if not people:
            return []
        more: dict[str, Any] = {"number": number, "blanks": self.attachable, "hold": self.hold, "now": self.now}
        thanked = THANKS.id in {step.id for step in decision.steps.values()}
        more["owed"] = decision.ground if thanked else self.owed[decision.agency]
        written = letters.letters(self.app, self.session, self.ladder, decision, people, past, **more)
        rows = outbox.enqueue(self.session, written, settings=self.app.settings, now=self.now)
        return [str(row.id) for row in rows]

    def _note(self, decision: Decision, row: dict[str, Any]) -> DecisionRow:
        """Write the decision down, also that nothing is written, unless today said the same already."""
        said = {name: row[name] for name in ("step", "directives", "reason")} | {
            "reasons": [reason.as_json() for reason in decision.reasons],
            "obligations": sorted({s.duty.id for s in decision.ground}),
            "answer_by": decision.answer_by,
            "rehearsal": self.app.settings.mode == "rehearsal",
        }
        query = select(DecisionRow).where(DecisionRow.as_of == self.day, DecisionRow.agency == decision.agency)
        query = query.where(DecisionRow.step.is_distinct_from(THANKS.id))
        last = self.session.scalar(query.order_by(DecisionRow.id.desc()).limit(1))
        if last and {name: getattr(last, name) for name in said} == said and _day(last.recorded_at) == _day(self.now):
            return last
        noted = DecisionRow(as_of=self.day, agency=decision.agency, recorded_at=self.now, **said)
        self.session.add(noted)
        self.session.flush()
        return noted

    def tell(self, rows: Sequence[dict[str, Any]]) -> None:
        """Tell our own people what leaves and what they have to do. Not of a trial for another day."""
        if self.day != self.now.date():
            return
        if self.blind:
            held = sum(bool(row["outbox_ids"]) for row in rows)
            notices.sources_unread(self.app, self.session, self.blind, held, self.now)
        if self.without_address:
            notices.no_address(self.app, self.session, self.without_address, self.now)
        lacks, owed = list(self.without_address.values()), [s for own in self.owed.values() for s in own]
        unnumbered = [self._unnumbered(one) for one in self.waiting]
        soon = self._needed(owed)
        Morning(self.app, self.session, self.day, self.now, rows, self.names, lacks, owed, unnumbered, soon).tell()
        notices.letters_wait(self.app, self.session, self.now)

    @cached_property
    def waiting(self) -> list[official.Waiting]:
        """The official letters that wait for their number, with those of this morning."""
        return official.waiting(self.app, self.session, self.ladder, self.owed)

    def give_to_the_clerk(self) -> None:
        """What was drafted this morning, to be numbered and signed."""
        replaced = {draft.directive: draft.replaces for draft in self.drawn}
        for row in official.record(self.app, self.session, self.drawn, self.day, self.now):
            to = self._named(item.agency for item in issued.items(row))
            by = self.app.calendar.add(self.day, row.answer_days)
            given = (
                f"{row.answer_days:02} ngày làm việc kể từ ngày ban hành (ban hành hôm nay: hết ngày {words.short(by)})"
            )
            old, file = replaced[row.directive], official.attachment(row)
            notices.official_drafted(self.app, self.session, row.id, to, given, old, file, self.now)

    def _unnumbered(self, one: official.Waiting) -> str:
        days = self.app.calendar.between(one.since, self.day)
        since = f", đã {days:02} ngày làm việc" if days else ""
        link = self.app.settings.page("dondoc/official")
        about = f"{CV(one.letter.id)}, chờ từ ngày {words.short(one.since)}{since}"
        return f"{about}: {self._named(one.agencies)}. Tải, vào sổ: {link}"

    def _named(self, agencies: Iterable[str]) -> str:
        return ", ".join(dict.fromkeys(self.ladder.registry.agency(agency).name for agency in agencies))

    def _needed(self, owed: Sequence[Standing]) -> list[str]:
        """What is missing for the steps of the days after this one; a mail server not, which no mail can tell."""
        coming = [one for one in needed.coming(self.ladder, owed, self.past, self.day) if one.on > self.day]
        lacks = needed.missing(self.app, self.session, self.ladder, coming, self.now)
        return [said(one) for one in lacks if one.code != LadderReason.NO_MAIL_SERVER]


def _to_us(step: Step) -> bool:
    return all(role.side is Side.OURS for role in step.to)


def _systems(ground: Sequence[Standing]) -> list[str]:
    return list(dict.fromkeys(standing.duty.system for standing in ground))


def _roles(step: Step) -> str:
    return " hoặc ".join(role.label for role in step.to)


def _day(moment: datetime) -> date:
    return moment.astimezone(HERE).date()
