"""The letters of a decision: one per recipient, the same words for all."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive
from dondoc.escalation import words
from dondoc.escalation.blanks import forms
from dondoc.escalation.ladder import APPROVAL_DAYS, Decision, Ladder, SentLetter, duty
from dondoc.escalation.recipients import Recipient, needs_approval
from dondoc.facts import contacts
from dondoc.facts import words as duty_words
from dondoc.facts.obligations import Standing
from dondoc.forms.attached import Blanks
from dondoc.mail import compose
from dondoc.mail.delivery_run import CLOSES
from dondoc.mail.letter import Attachment, Letter
from dondoc.mail.render import Rendered, render
from dondoc.mail.shapes import ChasingWords, EarlierWords, GroupWords, ItemWords
from dondoc.vocabulary.letters import LetterKind, OutboxState
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.people import Role
from dondoc.workdays import WorkingDays


def last_chance(calendar: WorkingDays, decision: Decision, now: datetime) -> datetime:
    """Until when the letters of a decision may leave: 17:00 of its day, or later when a person has to release them.

    What is decided after hours leaves on the next working day.
    """
    day = max(decision.day, now.date())
    if now >= clock.at(day, CLOSES.hour, CLOSES.minute):
        day = calendar.add(day, 1)
    if any(map(needs_approval, decision.steps.values())):
        day = calendar.add(day, APPROVAL_DAYS)
    return clock.at(day, CLOSES.hour, CLOSES.minute)


def letters(
    app: AppContext,
    session: Session,
    ladder: Ladder,
    decision: Decision,
    people: Sequence[Recipient],
    past: Sequence[SentLetter],
    *,
    number: int,
    blanks: Blanks,
    hold: str | None,
    now: datetime,
) -> list[Letter]:
    """What goes into the outbox for a decision with a step.

    Args:
        past: the agency's chasing letters so far.
        number: of the decision, as it is recorded.
        blanks: the forms to attach; what is not among them the letter offers to send.
    """
    step = decision.step
    assert step is not None
    attached = tuple(blanks[pair] for pair in forms(app, decision) if pair in blanks)
    rendered = _words(app, session, ladder, decision, people, past, attached)
    about = compose.of_step(decision.steps, decision.agency, step.kind, step.id, decision.day, now.date())
    return [
        compose.letter(
            app.settings,
            step.kind,
            person.email,
            rendered,
            about,
            decision.reason,
            agency=decision.agency,
            directives=tuple(sorted(decision.steps)),
            decision=number,
            attachments=attached,
            in_reply_to=_thread(past, person.email),
            context={**_context(app, decision), "copy": person.copy},
            needs_approval=any(map(needs_approval, decision.steps.values())),
            hold=hold,
            not_after=last_chance(ladder.calendar, decision, now),
        )
        for person in people
    ]


def _context(app: AppContext, decision: Decision) -> dict[str, Any]:
    """What the outbox remembers: for the ladder's history, and to tell whether the letter is still true."""
    return {
        "step": decision.step.id if decision.step else None,
        "title": words.title(decision.step) if decision.step else None,
        "steps": {directive: step.id for directive, step in decision.steps.items()},
        "day": decision.day.isoformat(),
        "duties": [_written(s) for s in decision.ground],
        "others": [_written(s) for s in decision.still_to_come],
    }


def _written(standing: Standing) -> list[str]:
    name, last_day = duty(standing)
    return [name, last_day.isoformat()]


def _thread(past: Sequence[SentLetter], recipient: str) -> str | None:
    """The letter that this one follows: the last that reached the same person, else the agency."""
    arrived = [p for p in past if p.state == OutboxState.SENT and not p.rehearsal]
    mine = [p for p in arrived if p.recipient == recipient] or arrived
    return mine[-1].message_id if mine else None


def _words(
    app: AppContext,
    session: Session,
    ladder: Ladder,
    decision: Decision,
    people: Sequence[Recipient],
    past: Sequence[SentLetter],
    attached: Sequence[Attachment],
) -> Rendered:
    day, step, registry, known = decision.day, decision.step, ladder.registry, ladder.letters
    assert step is not None
    agency, about = registry.agency(decision.agency), [known[directive] for directive in decision.steps]
    bases = [f"{letter.superior_document} của {registry.agency(letter.superior).name}" for letter in about]
    references = [words.reference(letter) for letter in about]
    context: ChasingWords = {
        "agency": agency.name,
        "head": any(person.role == Role.HEAD and not person.copy for person in people),
        "head_title": agency.head_title,
        "superior": registry.agency(about[0].superior).name,
        "basis": words.listed(bases),
        "reference": words.listed(references),
        "grounds": words.listed([*bases, *references]),
        "day": day,
        "items": [_item(ladder, s, day) for s in decision.ground],
        "groups": _groups(ladder, decision.ground, day, alone=len(about) == 1),
        "others": _groups(ladder, decision.still_to_come, day, alone=False),
        "answer_by": decision.answer_by,
        "answer_before": decision.answer_by and decision.answer_by + timedelta(days=1),
        "also": list(dict.fromkeys(person.role.label for person in people if person.copy)),
        "attached": [a.filename for a in attached],
        "earlier": _earlier(known, decision, past),
        "desk": contacts.desk(session, registry, day),
    }
    return render(app.settings.data, registry, step.letter, context)


def _groups(ladder: Ladder, standings: Sequence[Standing], day: date, *, alone: bool) -> list[GroupWords]:
    """What is owed, letter by letter. A letter is named above its duties, unless it is the one that all is about."""
    found: dict[str, list[ItemWords]] = {}
    for standing in standings:
        found.setdefault(standing.duty.directive, []).append(_item(ladder, standing, day))
    named = not alone and len(ladder.letters) > 1
    return [{"letter": words.cited(ladder.letters[d]) if named else None, "items": items} for d, items in found.items()]


def _item(ladder: Ladder, standing: Standing, day: date) -> ItemWords:
    """What a letter says of an obligation."""
    last = standing.last_day or day
    late = ladder.calendar.between(last, day)
    left = ladder.calendar.between(day, last)
    return {
        "name": duty_words.name(ladder.registry, standing),
        "due": duty_words.due(standing),
        "due_left": duty_words.due(standing, *([f"còn {left:02} ngày làm việc"] if left else [])),
        "late": late if late > ladder.grace_days else 0,  # the day of grace is not held against anybody
        "left": left,
        "last_today": day == last,
        "returned": standing.reason if standing.status == Status.RETURNED else None,
    }


def _earlier(letters: Mapping[str, Directive], decision: Decision, past: Sequence[SentLetter]) -> list[EarlierWords]:
    """The letters that reached the agency itself, oldest first; one line for all recipients of the same day.

    `warned`: the letter was an overdue notice of what this decision is about.
    """
    known = {(d, s.id): s for d in decision.steps for s in letters[d].ladder if Role.BOARD not in s.to}
    about = {duty(s) for s in decision.ground}
    lines: dict[tuple[date | None, str], EarlierWords] = {}
    for letter in past:
        steps = [known[pair] for pair in letter.steps.items() if pair in known]
        if steps and letter.delivered(decision.day) and not letter.copy:
            lines[letter.sent_on, steps[0].id] = {
                "title": words.title(steps[0]),
                "day": letter.sent_on,
                "number": letter.number,
                "warned": steps[0].kind == LetterKind.OVERDUE and bool(about & letter.duties),
            }
    return list(lines.values())
