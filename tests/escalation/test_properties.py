"""The fair ladder, whatever happens: days are played with random facts, delivery and approval, and never unfair."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dondoc.configuration.settings import DATA
from dondoc.directive.load import load
from dondoc.directive.model import Step
from dondoc.escalation.hand_over import mark
from dondoc.escalation.ladder import Ladder, SentLetter, Stop, decide, duty
from dondoc.escalation.reasons import LadderReason
from dondoc.facts.obligations import Standing
from dondoc.facts.reasons import StandingReason
from dondoc.store.facts import Contact
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.reasons import Reason, because
from dondoc.workdays import load as load_calendar

AGENCY = "ubnd-huyen-cam-xuyen"
DIRECTIVE = load(DATA / "directives" / "stttt-cntt-2021-11.yaml")
CALENDAR = load_calendar(DATA / "directives" / "working-days.yaml")
GRACE = 1
STEPS = {s.id: s for s in DIRECTIVE.ladder}
OWED = [d for d in DIRECTIVE.obligations if d.agency == AGENCY]
LAST = {d.short: (d.due_before or date.max) - timedelta(days=1) for d in OWED}
MISSING = because(StandingReason.MISSING, due_before=date(2021, 11, 20))
PAUSED = because(StandingReason.PAUSED, ruling="theo Giấy ghi 12")
SENT = ("sent", "uncertain")
STATUSES = ["", "", "", "", "fulfilled", "under_review", "returned", "waived", "paused"]


class Fairness(RuleBasedStateMachine):
    """One agency with two obligations, a day at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.ladder = Ladder(DIRECTIVE.registry, {DIRECTIVE.id: DIRECTIVE}, CALENDAR, GRACE)
        self.day = date(2021, 11, 14)
        self.past: list[SentLetter] = []
        self.status = dict.fromkeys(LAST, "")
        self.nobody_above = False
        self.officer = 1

    def obstacle(self, step: Step, ground: Sequence[Standing]) -> Reason | None:
        return because(LadderReason.NO_APPROVER) if step.approval and self.nobody_above else None

    @rule(nobody=st.booleans())
    def somebody_goes_on_leave(self, nobody: bool) -> None:
        self.nobody_above = nobody

    @rule()
    def the_officer_changes(self) -> None:
        self.officer += 1

    def address(self, step: Step) -> tuple[str, Role]:
        role = step.to[0]
        return (f"officer-{self.officer}" if role == Role.FOCAL_OFFICER else role), role

    def holder(self, agency: str, system: str) -> Contact:
        return Contact(email=f"officer-{self.officer}")

    def standing(self, key: str) -> Standing:
        owed = next(d for d in OWED if d.short == key)
        status = self.status[key]
        paused = PAUSED if status == "paused" else None
        if status in ("", "paused"):
            status = "overdue" if self.day > LAST[key] else "not_due"
        return Standing(owed, AGENCY, Status(status), LAST[key], 0, (MISSING,), paused=paused)

    @rule(key=st.sampled_from(sorted(LAST)), status=st.sampled_from(STATUSES))
    def a_fact_arrives(self, key: str, status: str) -> None:
        self.status[key] = status

    @rule(outcome=st.sampled_from(["sent", "sent", "sent", "refused", "uncertain", "deferred", "held"]))
    def a_morning(self, outcome: str) -> None:
        self.day += timedelta(days=1)
        standings = [self.standing(key) for key in LAST]
        past = mark(self.past, self.holder)
        decision = decide(self.ladder, AGENCY, standings, past, self.day, obstacle=self.obstacle)
        again = decide(self.ladder, AGENCY, standings, past, self.day, obstacle=self.obstacle)
        assert decision == again, "the same facts, the same answer"
        if not decision.step:
            return
        assert CALENDAR.is_working_day(self.day)
        for s in decision.ground:
            assert s.status.chased
            assert s.paused is None
            self._fair(s, decision.steps[s.duty.directive].id)
        assert {s.duty.short for s in decision.ground}.isdisjoint(s.duty.short for s in decision.still_to_come)
        state = "held" if decision.step.approval and outcome == "sent" else outcome
        to, role = self.address(decision.step)
        self.past.append(
            SentLetter(
                len(self.past) + 1,
                AGENCY,
                decision.step.id,
                {name: step.id for name, step in decision.steps.items()},
                frozenset(duty(s) for s in decision.ground),
                self.day,
                self.day,
                state,
                to,
                role,
                sent_on=self.day if state == "sent" else None,
                last_chance=CALENDAR.add(self.day, 2) if decision.step.approval else self.day,
                decision=len(self.past) + 1,
                others=frozenset(duty(s) for s in decision.still_to_come),
                answer_by=decision.answer_by,
            )
        )

    def _fair(self, standing: Standing, step_id: str) -> None:
        """What the rules promise an agency, told without the ladder's own code."""
        step, last = STEPS[step_id], LAST[standing.duty.short]
        mine = [p for p in self.past if duty(standing) in p.duties]
        if step.kind == "overdue":
            assert CALENDAR.between(last, self.day) > GRACE
        else:
            assert self.day <= last
        if step.needs:
            came = [p for p in mine if p.step == step.needs and p.state == "sent" and not p.bounced]
            arrived = [p.sent_on for p in came if p.sent_on]
            assert any(CALENDAR.between(day, self.day) >= step.wait for day in arrived)
        had = [p for p in mine if p.state in SENT and not p.bounced]
        if step.repeat:
            assert all(CALENDAR.between(p.sent_on or p.day, self.day) >= step.repeat for p in had), (
                "not asked too often"
            )
        else:
            had_it = [p for p in had if p.recipient == self.address(step)[0]]
            assert step_id not in {p.step for p in had_it}, "no step twice"
        officers = [p for p in mine if p.state == "sent" and not p.bounced and p.role == Role.FOCAL_OFFICER]
        if step.approval and (late := [p for p in officers if STEPS[p.step].kind == "overdue"]):
            assert late[-1].recipient == f"officer-{self.officer}", "nobody higher before the officer of today"
        order = list(STEPS)
        for p in self.past:
            if p.state not in SENT or p.bounced or not p.answer_by or self.day > p.answer_by:
                continue
            assert not step.approval, "nobody above is told while the agency has time"
            assert duty(standing) not in p.duties, "the day that a letter gives is over before another asks for it"
            assert duty(standing) not in p.others or order.index(p.step) >= order.index(step_id)
        assert not [p for p in mine if p.stop and p.step == step_id and self.day < p.stop.until], "a stop holds"
        waiting = [p for p in self.past if p.state == "held" and p.last_chance and p.last_chance >= self.day]
        assert not any(duty(standing) in p.duties for p in waiting), "what waits for its approver holds up only its own"

    @rule()
    def a_letter_comes_back(self) -> None:
        for i, p in enumerate(self.past[-1:], len(self.past) - 1):
            self.past[i] = replace(p, bounced=p.state == "sent")

    @rule()
    def the_approver_says_yes(self) -> None:
        for i, p in enumerate(self.past):
            alive = p.last_chance is None or p.last_chance >= self.day
            if p.state == "held" and alive and CALENDAR.is_working_day(self.day):
                self.past[i] = replace(p, state="sent", sent_on=self.day)

    @rule(days=st.integers(1, 9), which=st.integers(0, 5))
    def a_person_stops_a_decision(self, days: int, which: int) -> None:
        waiting = [i for i, p in enumerate(self.past) if p.state in ("held", "deferred")]
        if waiting:
            i = waiting[which % len(waiting)]
            stop = Stop(self.day, self.day + timedelta(days=days), "đã gọi điện", "Lê Văn C")
            self.past[i] = replace(self.past[i], state="cancelled", stop=stop)

    @invariant()
    def one_letter_a_day(self) -> None:
        sent = [p.sent_on for p in self.past if p.sent_on]
        assert len(sent) == len(set(sent))


Fairness.TestCase.settings = hypothesis_settings(max_examples=60, stateful_step_count=40, deadline=None)
TestFairness = Fairness.TestCase
