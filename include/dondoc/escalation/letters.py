"""The letters of a decision: one per recipient, the same words for all."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from dondoc import clock
from dondoc.escalation import words
from dondoc.escalation.blanks import Blanks, forms
from dondoc.escalation.ladder import Decision, Past, duty
from dondoc.escalation.recipients import Recipient, needs_approval
from dondoc.facts import contacts
from dondoc.facts.obligations import Standing
from dondoc.mail.handover import CLOSES
from dondoc.mail.letter import Attachment, Letter
from dondoc.mail.render import Rendered, render
from dondoc.world import World

APPROVAL_DAYS = 2  # working days that an approver has; then the letter is dead, and the ladder decides anew


def last_chance(world: World, decision: Decision, now: datetime) -> datetime:
    """Until when the letters of a decision may leave: 17:00 of its day, or later when a person has to release them.

    What is decided after hours leaves on the next working day.
    """
    day = max(decision.day, now.date())
    if now >= clock.at(day, CLOSES.hour, CLOSES.minute):
        day = world.calendar.add(day, 1)
    if decision.step and needs_approval(decision.step):
        day = world.calendar.add(day, APPROVAL_DAYS)
    return clock.at(day, CLOSES.hour, CLOSES.minute)


def letters(
    world: World,
    session: Session,
    decision: Decision,
    people: Sequence[Recipient],
    past: Sequence[Past],
    *,
    blanks: Blanks,
    hold: str | None,
    now: datetime,
) -> list[Letter]:
    """What goes into the outbox for a decision with a step. `past`: the agency's chasing letters so far.

    `blanks`: the forms to attach; what is not among them the letter offers to send.
    """
    step = decision.step
    assert step is not None
    attached = tuple(blanks[pair] for pair in forms(world, decision) if pair in blanks)
    rendered = _words(world, session, decision, past, attached)
    day = f"{decision.day}" if decision.day == now.date() else f"{decision.day}@{now.date()}"  # a trial is no decision
    about = (world.settings.installation, world.directive.id, decision.agency, step.kind, step.id, day)
    return [
        Letter(
            kind=step.kind,
            recipient=person.email,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            dedup="|".join((*about, person.email)),
            reason=decision.reason,
            agency=decision.agency,
            attachments=attached,
            in_reply_to=_thread(past, person.email),
            context={**_context(world, decision), "copy": person.copy},
            needs_approval=needs_approval(step),
            hold=hold,
            office_hours=True,
            not_after=last_chance(world, decision, now),
        )
        for person in people
    ]


def _context(world: World, decision: Decision) -> dict[str, Any]:
    """What the outbox remembers: for the ladder's history, and to tell whether the letter is still true."""
    return {
        "directive": world.directive.id,
        "step": decision.step.id if decision.step else None,
        "day": decision.day.isoformat(),
        "duties": [_written(s) for s in decision.ground],
        "others": [_written(s) for s in decision.still_to_come],
    }


def _written(standing: Standing) -> list[str]:
    name, last_day = duty(standing)
    return [name, last_day.isoformat()]


def _thread(past: Sequence[Past], recipient: str) -> str | None:
    """The letter that this one follows: the last that reached the same person, else the agency."""
    arrived = [p for p in past if p.state == "sent" and not p.rehearsal]
    mine = [p for p in arrived if p.recipient == recipient] or arrived
    return mine[-1].message_id if mine else None


def _words(
    world: World, session: Session, decision: Decision, past: Sequence[Past], attached: Sequence[Attachment]
) -> Rendered:
    directive, day, step = world.directive, decision.day, decision.step
    assert step is not None
    agency = directive.agency(decision.agency)
    patience = APPROVAL_DAYS + 2 if needs_approval(step) else 1
    context = {
        "agency": agency.name,
        "head_title": agency.head_title,
        "superior": directive.agency(directive.superior).name,
        "superior_document": directive.superior_document,
        "reference": words.reference(directive),
        "day": day,
        "items": [_item(world, s, day) for s in decision.ground],
        "others": [_item(world, s, day) for s in decision.still_to_come],
        "answer_by": world.calendar.add(day, patience),
        "also": [words.ROLE[role] for role in step.also if role not in step.to[:1]],
        "attached": [a.filename for a in attached],
        "earlier": _earlier(world, decision, past),
        "desk": _desk(session, directive.issuer, day),
    }
    return render(world.settings.data, world.directive, step.letter, context)


def _item(world: World, standing: Standing, day: date) -> dict[str, Any]:
    """What a letter says of an obligation."""
    last = standing.last_day or day
    late = world.calendar.between(last, day)
    left = world.calendar.between(day, last)
    return {
        "name": words.name(world.directive, standing),
        "due": words.due(standing),
        "due_left": words.due(standing, *([f"còn {left:02} ngày làm việc"] if left else [])),
        "late": late if late > world.settings.grace_days else 0,  # the day of grace is not held against anybody
        "left": left,
        "last_today": day == last,
        "returned": standing.reason if standing.status == "returned" else None,
    }


def _earlier(world: World, decision: Decision, past: Sequence[Past]) -> list[dict[str, Any]]:
    """The letters that reached the agency itself, oldest first; one line for all recipients of the same day.

    `warned`: the letter was an overdue notice of what this decision is about.
    """
    steps, about = {s.id: s for s in world.directive.ladder if "board" not in s.to}, {duty(s) for s in decision.ground}
    arrived = [p for p in past if p.delivered(decision.day) and not p.copy and p.step in steps]
    lines = {
        (p.sent_on, p.step): {
            "title": words.title(steps[p.step]),
            "day": p.sent_on,
            "number": p.number,
            "warned": steps[p.step].kind == "overdue" and bool(about & p.duties),
        }
        for p in arrived
    }
    return list(lines.values())


def _desk(session: Session, issuer: str, day: date) -> str | None:
    """Whom an agency can call: our own focal officer, when one is named."""
    found = contacts.find(session, issuer, "focal_officer", day)
    return f"{found[0].name}, điện thoại {found[0].phone}" if found and found[0].phone else None
