"""The ladder: who is written to at which step on a day, and why. Pure: standings, letters so far, calendar, day.

A step belongs to an obligation and to the ladder of its letter. It is taken only after the step that it needs was
delivered long enough ago. An agency gets one chasing letter a day at most, whatever number of letters it owes under,
and no second one while another still waits to leave: it goes at the highest step due, for the obligations that climbed
to it; the others are listed apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from dondoc.directive.model import Directive, Registry, Step
from dondoc.escalation import words
from dondoc.facts.obligations import Standing
from dondoc.workdays import WorkingDays

AUDIENCE = {"focal_officer": 0, "clerk": 0, "head": 1, "board": 2}
CHASED = ("overdue", "not_due", "returned")
WAITING = ("held", "pending", "deferred")  # may still be stopped, and dies when its time is over
ON_ITS_WAY = ("claimed", "sending")
Duty = tuple[str, date]  # who owed what, and until when: after an extension the ladder begins anew


def duty(standing: Standing) -> Duty:
    """The obligation as chasing letters remember it."""
    return f"{standing.duty.agency}/{standing.duty.id}", standing.last_day or date.max


@dataclass(frozen=True)
class SentLetter:
    """A chasing letter to one recipient that is in the outbox already.

    `day` is what it was decided for, `decided_on` when; `last_chance` the last day on which it may leave; `steps` what
    it carried of each directive's ladder, by the directive's id, `step` the one that decided who got it.
    """

    id: int
    agency: str
    step: str
    steps: Mapping[str, str]
    duties: frozenset[Duty]
    day: date
    decided_on: date
    state: str
    recipient: str = ""
    message_id: str = ""
    copy: bool = False  # to somebody who is told as well: it carries no step
    sent_on: date | None = None
    last_chance: date | None = None
    rehearsal: bool = False

    @property
    def obligations(self) -> set[str]:
        """Ids of what it is about."""
        return {name.split("/", 1)[1] for name, _ in self.duties}

    @property
    def number(self) -> str:
        return f"TH-{self.id:05}"

    def stands(self, day: date) -> bool:
        """Whether its step counts as taken on a day: it has left, or may still leave."""
        if self.day > day or self.state in ("cancelled", "refused"):
            return False
        if self.state in WAITING:
            trial = self.state == "held" and self.decided_on != self.day
            return not trial and (self.last_chance is None or day <= self.last_chance)
        return not self.rehearsal

    def waits(self, day: date) -> bool:
        """Whether it may still leave by itself or by an approval."""
        return self.state in (*WAITING, *ON_ITS_WAY) and self.stands(day)

    def delivered(self, day: date) -> bool:
        """Whether the agency truly had it by the end of a day."""
        return self.state == "sent" and not self.rehearsal and self.sent_on is not None and self.sent_on <= day

    def told(self) -> str:
        """The letter and what became of it, for a reason."""
        if self.sent_on:
            return f"{self.number} đã đến ngày {words.short(self.sent_on)}"
        state = {"held": "đang giữ, chờ người duyệt", "uncertain": "chưa rõ đã đến hay chưa, cần người xác nhận"}
        return f"{self.number} {state.get(self.state, 'đang chờ gửi')}"


@dataclass(frozen=True)
class Decision:
    """What an agency is to be written on a day: `step` None is nothing. `ground` climbed to the step.

    `steps`: what is taken of each letter's ladder, by the letter's id; `step` is the one that decides who gets it.
    """

    agency: str
    day: date
    step: Step | None
    reason: str
    ground: tuple[Standing, ...] = ()
    still_to_come: tuple[Standing, ...] = ()
    steps: Mapping[str, Step] = field(default_factory=dict)


@dataclass(frozen=True)
class Ladder:
    """The ladders of the active letters on a calendar. `grace_days`: working days before the first overdue letter."""

    registry: Registry
    letters: Mapping[str, Directive]
    calendar: WorkingDays
    grace_days: int

    def steps(self, standing: Standing) -> tuple[Step, ...]:
        """The steps of the letter under which it is owed."""
        return self.letters[standing.duty.directive].ladder

    def name(self, standing: Standing) -> str:
        """An obligation, with its letter where several are active."""
        name = words.name(self.registry, standing)
        return (
            f"{name} theo {words.reference(self.letters[standing.duty.directive])}" if len(self.letters) > 1 else name
        )

    def title(self, directive: str, step: str) -> str:
        """What people call a step, as far as the letter still has it."""
        known = self.letters[directive].ladder if directive in self.letters else ()
        return next((f"“{words.title(s)}”" for s in known if s.id == step), step)

    def first_day(self, step: Step, last_day: date) -> date:
        """The first day on which the calendar allows a step."""
        if step.kind == "reminder":
            return self.calendar.add(last_day, step.after) if step.after < 0 else last_day
        return self.calendar.add(last_day, max(step.after, self.grace_days + 1))

    def blocked_reason(self, step: Step, standing: Standing, past: Sequence[SentLetter], day: date) -> str | None:
        """Why a step may not be taken for an obligation on a day; None when it may."""
        last_day = standing.last_day
        if last_day is None:
            return "không định thời hạn"
        if step.kind == "reminder" and day > last_day:
            return f"đã qua thời hạn {words.due(standing)}"
        if day < (first := self.first_day(step, last_day)):
            return f"sớm nhất ngày {words.short(first)}"
        if step.needs is None:
            return None
        before = words.title(next(s for s in self.steps(standing) if s.id == step.needs))
        arrived = [
            p.sent_on
            for p in _of(standing, past)
            if _step(p, standing) == step.needs and p.delivered(day) and p.sent_on
        ]
        if not arrived:
            return f"chưa có thư “{before}” nào đến nơi"
        if day < (first := self.calendar.add(min(arrived), step.wait)):
            came = words.short(min(arrived))
            return f"thư “{before}” đến ngày {came}, còn chờ đủ {step.wait:02} ngày làm việc, đến {words.short(first)}"
        return None

    def step_of(self, standing: Standing, past: Sequence[SentLetter], day: date) -> Step | None:
        """The step to take for an obligation: the highest it may take, unless that is taken already."""
        allowed = [s for s in self.steps(standing) if not self.blocked_reason(s, standing, past, day)]
        return allowed[-1] if allowed and not already_sent(allowed[-1], standing, past, day) else None


def _of(standing: Standing, past: Sequence[SentLetter]) -> list[SentLetter]:
    """The letters that carried a step of an obligation to the agency that answers for it now."""
    return [p for p in past if not p.copy and p.agency == standing.agency and duty(standing) in p.duties]


def _step(letter: SentLetter, standing: Standing) -> str | None:
    return letter.steps.get(standing.duty.directive)


def rank(step: Step) -> tuple[bool, int]:
    """How high a step is, whichever letter's: a notice is above a reminder, and who stands higher is written later."""
    return step.kind == "overdue", max(AUDIENCE.get(role, 0) for role in step.to)


def already_sent(step: Step, standing: Standing, past: Sequence[SentLetter], day: date) -> SentLetter | None:
    """The letter by which a step was taken, or is about to be."""
    return next((p for p in reversed(_of(standing, past)) if _step(p, standing) == step.id and p.stands(day)), None)


def chased(standing: Standing) -> bool:
    """Whether the agency may be written to about an obligation at all."""
    return standing.status in CHASED and standing.last_day is not None and standing.paused is None


def decide(
    ladder: Ladder,
    agency: str,
    owed: Sequence[Standing],
    past: Sequence[SentLetter],
    day: date,
    *,
    called: str | None = None,
) -> Decision:
    """What an agency is to be written on a day.

    Args:
        owed: the standings that the agency answers for.
        past: the agency's chasing letters so far, oldest first.
        called: why it was spoken to today, by which person.
    """
    open_ = [s for s in owed if chased(s)]
    if why := _not_today(ladder, open_, past, day, called):
        return Decision(agency, day, None, why)
    due = [(s, step) for s in open_ if (step := ladder.step_of(s, past, day))]
    if not due:
        return Decision(agency, day, None, _why_nothing(ladder, owed, past, day))
    steps = _highest(ladder, due)
    ground = tuple(s for s, step in due if steps.get(s.duty.directive) == step)
    rest = tuple(s for s in open_ if s not in ground)
    top = steps[ground[0].duty.directive]
    return Decision(agency, day, top, _why(ladder, steps, ground, rest, past, day), ground, rest, steps)


def _highest(ladder: Ladder, due: Sequence[tuple[Standing, Step]]) -> dict[str, Step]:
    """Of each directive the step to take: those of the highest rank that is due, and of one's own the last of them."""
    top = max(rank(step) for _, step in due)
    found: dict[str, Step] = {}
    for standing, step in due:
        steps, before = ladder.steps(standing), found.get(standing.duty.directive)
        if rank(step) == top and (before is None or steps.index(step) > steps.index(before)):
            found[standing.duty.directive] = step
    return found


def _not_today(
    ladder: Ladder, open_: Sequence[Standing], past: Sequence[SentLetter], day: date, called: str | None
) -> str | None:
    """Why the agency is not written to on this day, whatever it owes."""
    if not ladder.calendar.is_working_day(day):
        return f"Không gửi thư: {ladder.calendar.why(day)}."
    if not open_:
        return None
    if called:
        return f"Không gửi thư hôm nay: {called}."
    today = [p for p in past if p.stands(day) and day in (p.day, p.sent_on)]
    waiting = today or [p for p in past if p.waits(day)]
    if waiting:
        rule = "mỗi đơn vị nhận nhiều nhất một thư đôn đốc mỗi ngày" if today else "chờ thư ấy xong mới viết thư khác"
        return f"Chưa gửi thư khác: {'; '.join(p.told() for p in waiting)} ({rule})."
    return None


def _why(
    ladder: Ladder,
    steps: Mapping[str, Step],
    ground: Sequence[Standing],
    rest: Sequence[Standing],
    past: Sequence[SentLetter],
    day: date,
) -> str:
    names = " và ".join(dict.fromkeys(f"“{words.title(step)}”" for step in steps.values()))
    parts = [f"Bậc {names} vì {_listed(ladder, ground, day)}"]
    before = {p.number: (p, s) for s in ground for p in _of(s, past) if p.delivered(day)}
    if before:
        told = (f"{_title(ladder, p, s)} {p.told()}" for p, s in before.values())
        parts.append("Thư trước: " + "; ".join(told))
    if failed := [p.number for s in ground for p in _of(s, past) if p.state == "refused"]:
        parts.append(f"Máy chủ thư đã từ chối {', '.join(dict.fromkeys(failed))}: cần kiểm tra địa chỉ")
    for directive, step in steps.items():
        first = next(s for s in ground if s.duty.directive == directive)
        above = ladder.steps(first)[ladder.steps(first).index(step) + 1 :][:1]
        parts += [f"Chưa lên bậc “{words.title(s)}”: {ladder.blocked_reason(s, first, past, day)}" for s in above]
    if rest:
        parts.append(f"Nêu riêng trong thư, còn phải gửi: {_listed(ladder, rest, day)}")
    return ". ".join(dict.fromkeys(parts)) + "."


def _title(ladder: Ladder, letter: SentLetter, standing: Standing) -> str:
    return ladder.title(standing.duty.directive, _step(letter, standing) or "")


def _listed(ladder: Ladder, standings: Sequence[Standing], day: date) -> str:
    return "; ".join(f"{ladder.name(s)}: {_told(ladder, s, day)}" for s in standings)


def _told(ladder: Ladder, standing: Standing, day: date) -> str:
    """Where an obligation stands. A returned form says nothing of time by itself."""
    if standing.status != "returned" or standing.last_day is None:
        return standing.reason
    late = ladder.calendar.between(standing.last_day, day)
    return f"{standing.reason}; thời hạn {words.due(standing)}" + (f", chậm {late:02} ngày làm việc" if late else "")


def _why_nothing(ladder: Ladder, owed: Sequence[Standing], past: Sequence[SentLetter], day: date) -> str:
    dated = [s for s in owed if s.last_day is not None or s.status == "needs_reassignment"]
    if not dated:
        return "Không gửi thư: đơn vị không có nội dung nào định thời hạn."
    return f"Không gửi thư: {'; '.join(_why_not(ladder, s, past, day) for s in dated)}."


def _why_not(ladder: Ladder, standing: Standing, past: Sequence[SentLetter], day: date) -> str:
    """Why an obligation brings no letter on a day: it is not chased, or what has to happen before its next step."""
    about = f"{ladder.name(standing)}: "
    if not chased(standing):
        return about + (standing.paused or standing.reason)
    steps = ladder.steps(standing)
    allowed = [i for i, s in enumerate(steps) if not ladder.blocked_reason(s, standing, past, day)]
    about += _told(ladder, standing, day)
    if allowed and (letter := already_sent(steps[allowed[-1]], standing, past, day)):
        about += f", bậc “{words.title(steps[allowed[-1]])}” đã có thư {letter.told()}"
    ahead = [s for s in steps[allowed[-1] + 1 if allowed else 0 :] if not _over(s, standing, day)]
    if not ahead:
        return f"{about}, đã hết các bậc"
    return f"{about}, bậc kế tiếp “{words.title(ahead[0])}”: {ladder.blocked_reason(ahead[0], standing, past, day)}"


def _over(step: Step, standing: Standing, day: date) -> bool:
    return step.kind == "reminder" and standing.last_day is not None and day > standing.last_day
