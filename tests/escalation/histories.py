"""Random histories of an agency that owes under two letters, day by day, against the rules of the fair ladder.

The rules are told here in their own words, without the ladder's code.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from dondoc.configuration.settings import DATA
from dondoc.directive.load import load
from dondoc.directive.model import Step
from dondoc.escalation.decision import Decision, decide
from dondoc.escalation.hand_over import mark
from dondoc.escalation.ladder import Ladder
from dondoc.escalation.past import Promised, SentLetter, Stop, duty
from dondoc.escalation.reasons import LadderReason
from dondoc.facts.obligations import Rest, Standing
from dondoc.facts.reasons import StandingReason
from dondoc.store.facts import Contact
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.reasons import Reason, because
from dondoc.workdays import load as load_calendar
from tests.directive.letters import directive, group

AGENCY = "ubnd-huyen-cam-xuyen"
FIRST, DAYS, GRACE, PROMISE = date(2021, 11, 8), 60, 1, 10
A = load(DATA / "directives" / "stttt-cntt-2021-11.yaml")
B = directive(
    group("tourism/focal_letter", AGENCY, due_before="2021-11-25"),
    group("reservoir/form_01", AGENCY, due_before="2021-12-10"),
)
CALENDAR = load_calendar(DATA / "directives" / "working-days.yaml")
LADDER = Ladder(A.registry, {A.id: A, B.id: B}, CALENDAR, GRACE, PROMISE)
OWED = {d.id: d for letter in (A, B) for d in letter.obligations if d.agency == AGENCY}
STEPS = {step.id: step for step in A.ladder_of(AGENCY)}  # B has the same
HEIGHT = {"remind_3": 0, "remind_1": 0, "overdue_1": 1, "ask_again": 1, "overdue_2": 2, "report_up": 3}
ORDER = list(STEPS)
GONE = ("sent", "uncertain")
OPEN = ("", "", "", "fulfilled", "under_review", "returned", "waived", "paused", "paused")
MISSING = because(StandingReason.MISSING, due_before=date(2021, 11, 20))
PAUSED = because(StandingReason.PAUSED, ruling="theo Giấy ghi 12")
CALLED = because(LadderReason.SPOKEN_TO, ruling="theo Giấy ghi 12")


class History:
    """One of them; the same seed, the same history. `decided`: how many letters it brought."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.day = FIRST
        self.past: list[SentLetter] = []
        self.status = dict.fromkeys(OWED, "")
        self.last = {name: owed.due_before - timedelta(days=1) for name, owed in OWED.items() if owed.due_before}
        self.correct_by: dict[str, date] = {}
        self.rests: dict[str, list[Rest]] = {name: [] for name in OWED}
        self.nobody_above = False
        self.officer = 1
        self.decided = 0

    def play(self) -> int:
        """Every day what happens, then the morning.

        Raises:
            AssertionError: a rule is broken.
        """
        for _ in range(DAYS):
            self.day += timedelta(days=1)
            for happens in (
                self.a_fact_arrives,
                self.a_pause_goes_on,
                self.more_time,
                self.approver,
                self.mail,
                self.people,
            ):
                happens()
            self.morning()
        sent = [p.sent_on for p in self.past if p.sent_on and not p.bounced]
        assert len(sent) == len({*sent}), "two letters on a day"
        return self.decided

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def a_fact_arrives(self) -> None:
        if self.chance(0.15):
            name = self.random.choice([*OWED])
            self.status[name] = self.random.choice(OPEN)
            self.correct_by.pop(name, None)
            if self.status[name] in ("paused", "under_review"):
                self.rests[name].append(Rest(self.day, self.day))
            if self.status[name] == "returned":
                self.correct_by[name] = CALENDAR.add(self.day, 3)

    def a_pause_goes_on(self) -> None:
        """It ends at some time, as what waits for us does."""
        for name, its in self.rests.items():
            if self.status[name] in ("paused", "under_review") and its[-1].last < self.day:
                if self.chance(0.2):
                    self.status[name] = ""
                else:
                    its[-1] = Rest(its[-1].first, self.day)

    def more_time(self) -> None:
        if self.chance(0.03):
            name = self.random.choice([*OWED])
            self.last[name] = max(self.last[name], self.day + timedelta(days=self.random.randint(1, 12)))

    def approver(self) -> None:
        if self.chance(0.1):
            self.nobody_above = not self.nobody_above
        for i, p in enumerate(self.past):
            alive = p.last_chance is None or p.last_chance >= self.day
            cannot = self.nobody_above or any(self.day in (q.sent_on, q.day) and q.state in GONE for q in self.past)
            if p.state == "held" and alive and not cannot and CALENDAR.is_working_day(self.day) and self.chance(0.4):
                self.past[i] = replace(p, state="sent", sent_on=self.day)

    def mail(self) -> None:
        """A letter comes back, is answered with a day, or turns out to have arrived."""
        for i, p in enumerate(self.past[-3:], max(0, len(self.past) - 3)):
            if p.state == "sent" and self.chance(0.05):
                self.past[i] = replace(p, bounced=True)
            elif p.state == "sent" and self.chance(0.1):
                by = self.day + timedelta(days=self.random.randint(0, 30))
                self.past[i] = replace(p, promise=Promised(by, self.day))
            elif p.state == "uncertain" and self.chance(0.3):
                self.past[i] = replace(p, state="sent", sent_on=p.day)

    def address(self, step: Step) -> tuple[str, Role]:
        """Whom a step is for, by an address of today."""
        role = step.to[0]
        return (f"officer-{self.officer}" if role == Role.FOCAL_OFFICER else str(role)), role

    def holder(self, agency: str, system: str) -> Contact:
        return Contact(email=f"officer-{self.officer}")

    def people(self) -> None:
        """Somebody stops a decision, takes a letter back, or leaves his office to another."""
        self.officer += self.chance(0.03)
        for i, p in enumerate(self.past):
            if p.state in ("held", "deferred") and self.chance(0.05):
                stop = Stop(self.day, self.day + timedelta(days=self.random.randint(1, 9)), "đã gọi điện", "Lê Văn C")
                self.past[i] = replace(p, state="cancelled", stop=stop)
            elif p.state == "sent" and not p.withdrawn and self.chance(0.01):
                self.past[i] = replace(p, withdrawn=True)

    def standing(self, name: str) -> Standing:
        status = self.status[name]
        paused = PAUSED if status == "paused" else None
        if status in ("", "paused"):
            status = "overdue" if self.day > self.last[name] else "not_due"
        rests = tuple(one for one in self.rests[name] if one.last < self.day)
        more = {"paused": paused, "rests": rests, "correct_by": self.correct_by.get(name)}
        return Standing(OWED[name], AGENCY, Status(status), self.last[name], 0, (MISSING,), **more)

    def obstacle(self, step: Step, ground: Sequence[Standing]) -> Reason | None:
        return because(LadderReason.NO_APPROVER) if step.approval and self.nobody_above else None

    def morning(self) -> None:
        called = CALLED if self.chance(0.03) else None
        standings, past = [self.standing(name) for name in OWED], mark(self.past, self.holder)
        decision = decide(LADDER, AGENCY, standings, past, self.day, called=called, obstacle=self.obstacle)
        again = decide(LADDER, AGENCY, standings, past, self.day, called=called, obstacle=self.obstacle)
        assert decision == again, "the same facts, another answer"
        if decision.step is None:
            return
        assert called is None, "somebody was spoken to today"
        self.decided += 1
        self.fair(decision)
        self.past.append(self.written(decision))

    def written(self, decision: Decision) -> SentLetter:
        number, approval = len(self.past) + 1, any(step.approval for step in decision.steps.values())
        state = "held" if approval else self.random.choice(("sent", "sent", "sent", "refused", "uncertain", "deferred"))
        if any(p.read_on(self.day) for p in self.past):  # taken back since: the check before it leaves holds it
            state = "deferred"
        assert decision.step
        to, role = self.address(decision.step)
        return SentLetter(
            number,
            AGENCY,
            decision.step.id,
            {name: step.id for name, step in decision.steps.items()},
            frozenset(map(duty, decision.ground)),
            self.day,
            self.day,
            state,  # type: ignore[arg-type]
            to,
            role,
            sent_on=self.day if state == "sent" else None,
            last_chance=CALENDAR.add(self.day, 2) if approval else self.day,
            decision=number,
            others=frozenset(map(duty, decision.still_to_come)),
            answer_by=decision.answer_by,
        )

    # -- the rules

    def fair(self, decision: Decision) -> None:
        assert CALENDAR.is_working_day(self.day), "on a day off"
        assert not [p for p in self.past if self.stands(p) and self.day in (p.day, p.sent_on)], "two letters a day"
        assert {*map(duty, decision.ground)}.isdisjoint(map(duty, decision.still_to_come))
        for standing in decision.ground:
            assert standing.status in (Status.NOT_DUE, Status.OVERDUE, Status.RETURNED), "settled, or our turn"
            assert standing.paused is None
            assert not (standing.correct_by and self.day <= standing.correct_by), "it may still be corrected"
            self.in_its_time(standing, decision.steps[standing.duty.directive])
            self.bound(standing, decision.steps[standing.duty.directive])
            self.given_back(standing, decision.steps[standing.duty.directive])

    def stands(self, p: SentLetter) -> bool:
        """Whether it left, or may leave yet."""
        alive = p.state in ("held", "deferred") and (p.last_chance or self.day) >= self.day
        return not (p.bounced or p.withdrawn) and (p.state in GONE or alive)

    def in_its_time(self, standing: Standing, step: Step) -> None:
        """Not too early, no step skipped, none twice."""
        last, directive = self.last[standing.duty.id], standing.duty.directive
        if step.kind == "overdue":
            assert CALENDAR.between(last, self.day) > GRACE, "the day of grace"
        else:
            assert self.day <= last, "a reminder of what is late"
        mine = [p for p in self.past if duty(standing) in p.duties and self.stands(p)]
        if step.needs:
            before = [p for p in mine if p.steps.get(directive) == step.needs and p.state == "sent" and p.sent_on]
            assert any(CALENDAR.between(p.sent_on, self.day) >= step.wait for p in before if p.sent_on), "skipped"
            rested = [rest.last for rest in standing.rests if any(p.sent_on <= rest.last for p in before if p.sent_on)]
            assert all(CALENDAR.between(last, self.day) >= step.wait for last in rested), "right after a pause"
        had = [p for p in mine if p.steps.get(directive) == step.id and p.recipient == self.address(step)[0]]
        officers = [p for p in mine if p.state == "sent" and p.role == Role.FOCAL_OFFICER and p.sent_on]
        if step.approval and (late := [p for p in officers if STEPS[p.steps[directive]].kind == "overdue"]):
            assert late[-1].recipient == f"officer-{self.officer}", "somebody higher before the officer of today"
        if step.repeat:
            asked = [p for p in self.past if self.stands(p) and self.asked(p, standing) and p.sent_on]
            recent = [p for p in asked if CALENDAR.between(p.sent_on or p.day, self.day) < step.repeat]
            assert not recent, "asked again too soon"
        else:
            assert not had, "a step twice"
        same = (p for p in self.past if duty(standing) in p.duties and p.steps.get(directive) == step.id)
        stops = [p.stop for p in same if p.stop]
        assert not stops or self.day >= stops[-1].until, "a person stopped it"
        arrived = {p.steps.get(directive) for p in mine if p.state == "sent"}
        held = [STEPS[p.steps[directive]] for p in mine if p.state == "held"]
        handed_over = any(p.steps.get(directive) == step.id and p not in had for p in mine)
        assert handed_over or not [h for h in held if {*_below(h)} <= arrived], "it waits for its approver"

    def asked(self, p: SentLetter, standing: Standing) -> bool:
        """Whether a letter asked for something by a day: as its ground, or beside it."""
        last = self.last[standing.duty.id]
        graced = p.day <= last or CALENDAR.between(last, p.day) > GRACE
        beside = duty(standing) in p.others and p.answer_by is not None and last <= p.answer_by and graced
        return duty(standing) in p.duties or beside

    def given_back(self, standing: Standing, step: Step) -> None:
        """Nobody above hears before an agency has had the days that a pause took from those that a letter gave."""
        if not step.needs or step.repeat:
            return
        for p in self.past:
            if p.state != "sent" or p.bounced or p.withdrawn or not (p.answer_by and self.asked(p, standing)):
                continue
            given = CALENDAR.between(p.sent_on or p.day, p.answer_by)
            taken = [one for one in standing.rests if one.first <= p.answer_by and (p.sent_on or p.day) <= one.last]
            assert all(CALENDAR.between(one.last, self.day) > given for one in taken), "the days were not given back"

    def bound(self, standing: Standing, step: Step) -> None:
        """The day that a letter gave, or that its reader named in reply, is over before another letter asks."""
        for p in self.past:
            named = min(p.promise.by, CALENDAR.add(p.promise.said, PROMISE)) if p.promise else None
            until = max((day for day in (p.answer_by, named) if day), default=None)
            if p.bounced or p.withdrawn or p.state not in GONE or until is None or self.day > until:
                continue
            assert not step.approval, "somebody above is told while the agency has time"
            assert not self.asked(p, standing), "the day that a letter gave is not over"
            if duty(standing) in p.others:
                taken = p.steps.get(standing.duty.directive)
                assert HEIGHT[step.id] <= HEIGHT[taken or p.step], "a step above the letter that lists it"


def _below(step: Step) -> Iterator[str]:
    """The steps that must have arrived before a step."""
    while step.needs:
        yield step.needs
        step = STEPS[step.needs]


def play(seeds: Sequence[int]) -> int:
    """How many letters were decided.

    Raises:
        AssertionError: a rule is broken; it names the seed.
    """
    count = 0
    for seed in seeds:
        history = History(seed)
        try:
            count += history.play()
        except AssertionError as broken:
            raise AssertionError(f"history {seed}, {history.day}: {broken}") from broken
    return count
