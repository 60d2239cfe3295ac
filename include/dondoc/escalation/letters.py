"""The letters of a decision: one per recipient, the same words for all."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import clock
from dondoc.clock import HERE, end_of
from dondoc.configuration.context import AppContext
from dondoc.directive.model import Step
from dondoc.documents.words import listed
from dondoc.escalation import words
from dondoc.escalation.blanks import draft_of, forms
from dondoc.escalation.decision import Decision
from dondoc.escalation.ladder import APPROVAL_DAYS, Ladder
from dondoc.escalation.own_steps import OWN
from dondoc.escalation.past import SentLetter, duty, thanked
from dondoc.escalation.recipients import Recipient, needs_approval
from dondoc.facts import contacts
from dondoc.facts import words as duty_words
from dondoc.facts.desk import desk
from dondoc.facts.obligations import Standing
from dondoc.facts.promises import Promise
from dondoc.forms.attached import Blanks
from dondoc.mail import compose
from dondoc.mail.delivery_run import CLOSES
from dondoc.mail.letter import Attachment, Letter
from dondoc.mail.render import Rendered, render
from dondoc.mail.shapes import ChasingWords, GroupWords, ItemWords, LateAgencyWords, ToldWords, UnreadWords
from dondoc.store.facts import Contact
from dondoc.store.intake import COUNTS, Submission, Verdict
from dondoc.vocabulary.letters import LetterKind, OutboxState
from dondoc.vocabulary.obligations import DONE, Status
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.submissions import Outcome
from dondoc.workdays import WorkingDays

UNREAD = timedelta(days=60)  # an older file is not spoken of
MOST_UNREAD = 3


@dataclass(frozen=True)
class Told:
    """What was decided of an agency for our own people: with its number, the letters so far, all that is owed, and what
    the agency says itself."""

    decision: Decision
    number: int
    past: Sequence[SentLetter]
    owed: Sequence[Standing]
    said: str | None


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
    owed: Sequence[Standing],
    number: int,
    blanks: Blanks,
    hold: str | None,
    now: datetime,
) -> list[Letter]:
    """What goes into the outbox for a decision with a step.

    Args:
        past: the agency's chasing letters so far.
        owed: all that the agency answers for.
        number: of the decision, as it is recorded.
        blanks: the files to attach; a form that is not among them the letter offers to send.
    """
    step = decision.step
    assert step is not None
    files = tuple(blanks[pair] for pair in forms(app, decision) if pair in blanks)
    draft = blanks.get(draft_of(decision))
    context = _shape(app, session, ladder, decision, people, past, owed, files, draft)
    rendered = render(app.settings.data, ladder.registry, step.letter, context, decision.day)
    rests_on = [document.id for document in ladder.documents(_asked(ladder, decision))]
    made = partial(_letter, app, ladder, decision, rendered, number=number, hold=hold, now=now)
    return [
        made(
            person,
            {
                "copy": person.copy,
                "references": (thread := _thread(ladder, decision, past, person)),
                "rests_on": rests_on,
            },
            agency=decision.agency,
            attachments=(*files, *([draft] if draft else [])),
            in_reply_to=next(reversed(thread), None),
        )
        for person in people
    ]


def to_the_board(
    app: AppContext,
    session: Session,
    ladder: Ladder,
    decision: Decision,
    told: Sequence[Told],
    people: Sequence[Recipient],
    *,
    number: int,
    drafts: Sequence[Attachment],
    hold: str | None,
    now: datetime,
) -> list[Letter]:
    """One letter to our own people about several agencies, a row for each.

    Args:
        decision: to write it, of whose `ground` all is.
        told: what was decided of each agency.
        number: of `decision`, as it is recorded.
        drafts: of official letters to these agencies that wait for their number.
    """
    step = decision.step
    assert step is not None
    first, day = told[0], decision.day
    context = _shape(app, session, ladder, first.decision, people, first.past, first.owed, (), None)
    context["rows"] = [_row(session, ladder, one) for one in told]
    context["grounds"] = words.grounds([ladder.letters[directive] for directive in decision.steps])
    context["draft"] = ", ".join(draft.filename for draft in drafts) or None
    rendered = render(app.settings.data, ladder.registry, step.letter, context, day)
    agencies = {one.decision.agency: {**_context(one.decision), "decision": one.number} for one in told}
    made = partial(_letter, app, ladder, decision, rendered, number=number, hold=hold, now=now)
    return [made(person, {"copy": False, "agencies": agencies}, attachments=tuple(drafts)) for person in people]


def _letter(
    app: AppContext,
    ladder: Ladder,
    decision: Decision,
    rendered: Rendered,
    person: Recipient,
    context: Mapping[str, Any],
    *,
    number: int,
    hold: str | None,
    now: datetime,
    **more: Any,
) -> Letter:
    """A decision's letter to one person; `context`: what the outbox remembers of it besides."""
    step = decision.step
    assert step is not None
    return compose.letter(
        app.settings,
        step.kind,
        person.email,
        rendered,
        compose.of_step(decision.steps, decision.agency, step.kind, step.id, decision.day, now.date()),
        decision.reason,
        directives=tuple(sorted(decision.steps)),
        decision=number,
        context={**_context(decision), "role": person.role, **context},
        needs_approval=any(map(needs_approval, decision.steps.values())),
        hold=hold,
        not_after=last_chance(ladder.calendar, decision, now),
        **more,
    )


def _context(decision: Decision) -> dict[str, Any]:
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


def _thread(ladder: Ladder, decision: Decision, past: Sequence[SentLetter], person: Recipient) -> list[str]:
    """Message-IDs of the thread that a letter continues, oldest first: what this reader had under the same letters. A
    mailbox is read by the clerk and, for the head, by others: what one of them had is not what the other had."""
    to_head = person.role == Role.HEAD and not person.copy
    mine = (p for p in past if p.state == OutboxState.SENT and not p.rehearsal and p.recipient == person.email)
    same = (p for p in mine if not p.steps.keys().isdisjoint(decision.steps))
    return [p.message_id for p in same if (_to_head(ladder, p) and not p.copy) == to_head]


def _to_head(ladder: Ladder, letter: SentLetter) -> bool:
    return any(Role.HEAD in step.to for step in _taken(ladder, letter))


def _taken(ladder: Ladder, letter: SentLetter) -> list[Step]:
    """The steps that a letter took, as far as its ladders still have them."""
    of = {d: ladder.letters[d].ladder_of(letter.agency) for d in letter.steps if d in ladder.letters}
    return [step for directive, steps in of.items() for step in steps if step.id == letter.steps[directive]]


def _shape(
    app: AppContext,
    session: Session,
    ladder: Ladder,
    decision: Decision,
    people: Sequence[Recipient],
    past: Sequence[SentLetter],
    owed: Sequence[Standing],
    files: Sequence[Attachment],
    draft: Attachment | None,
) -> ChasingWords:
    day, registry, known = decision.day, ladder.registry, ladder.letters
    agency, about = registry.agency(decision.agency), [known[directive] for directive in decision.steps]
    by, asked = _by(decision), _asked(ladder, decision)
    later = [s for s in decision.still_to_come if s not in asked and not duty_words.extended(s)]
    return {
        "agency": agency.name,
        "agency_short": agency.short,
        "head": any(person.role == Role.HEAD and not person.copy for person in people),
        "head_title": agency.head_title,
        "superior": registry.agency(about[0].superior).name,
        "grounds": words.grounds(
            [known[d] for d in dict.fromkeys(s.duty.directive for s in asked)], ladder.documents(asked)
        ),
        "day": day,
        "what": words.what([s.duty for s in asked]),
        "items": [_item(ladder, s, day) for s in asked],
        "groups": _groups(ladder, asked, day, alone=len({s.duty.directive for s in asked}) == 1),
        "others": _groups(ladder, later, day, alone=False),
        "by": by,
        "before": by + timedelta(days=1),
        "answer_by": decision.answer_by,
        "answer_before": decision.answer_by and decision.answer_by + timedelta(days=1),
        "also": list(dict.fromkeys(person.role.label for person in people if person.copy)),
        "attached": [a.filename for a in files],
        "draft": draft.filename if draft else None,
        "forms": bool(files) or any(s.duty.deliverable.startswith("form_") for s in asked),
        "coordination": decision.step is not None and decision.step.letter == "coordination",
        "told": _told(session, ladder, decision, past),
        "received": [_received(ladder, s) for s in owed if s.status in DONE and s.received_at],
        "thanked": _thanked(asked, past),
        "promised": _promised(ladder, decision, asked, past),
        "unread": _unread(session, decision) if any(s.duty.deliverable.startswith("form_") for s in asked) else [],
        "rows": [],
        "newcomers": words.listed(decision.newcomers.values()) if decision.newcomers else None,
        "sent": _sent(ladder, decision, past) if decision.newcomers else [],
        "desk": desk(session, registry, about, day),
    }


def _by(decision: Decision) -> date:
    """The last day by which a decision's letters ask for something."""
    return decision.answer_by or max(s.last_day or decision.day for s in decision.ground)


def _asked(ladder: Ladder, decision: Decision) -> list[Standing]:
    """What its letters ask for: their ground, and what is due by the same day. A reminder gives no new day to what is
    late already: it only says that it is still owed."""
    day, by, reminder = decision.day, _by(decision), decision.answer_by is None
    late = {duty(s) for s in decision.still_to_come if reminder and s.last_day and s.last_day < day}
    beside = (s for s in decision.still_to_come if duty(s) not in late and ladder.asks(s, day, by))
    return [*decision.ground, *beside]


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
    return {
        "name": duty_words.name(ladder.registry, standing),
        "due": duty_words.due(standing),
        "late": late if late > ladder.grace_days else 0,  # the day of grace is not held against anybody
        "left": ladder.calendar.between(day, last),
        "last_today": day == last,
        "returned": standing.reason if standing.status == Status.RETURNED else None,
    }


def _received(ladder: Ladder, standing: Standing) -> str:
    assert standing.received_at is not None
    on = standing.received_at.astimezone(HERE).date()
    return f"{duty_words.name(ladder.registry, standing)}, ngày {words.short(on)}"


def _thanked(asked: Sequence[Standing], past: Sequence[SentLetter]) -> date | None:
    """The day on which the agency was thanked for what is asked after all, where no letter has spoken of that since."""
    found = [(s, letter) for s in asked if (letter := thanked(s, past)) and not letter.withdrawn]
    unsaid = (letter for s, letter in found if not any(p.id > letter.id and p.sent_on and p.lists(s) for p in past))
    return max((letter.sent_on for letter in unsaid if letter.sent_on), default=None)


def _promised(ladder: Ladder, decision: Decision, asked: Sequence[Standing], past: Sequence[SentLetter]) -> list[str]:
    """What the agency said that it would send, which a person wrote down, by a day that is over: in the next letter."""
    if decision.step is None or decision.step.kind != LetterKind.OVERDUE:
        return []
    names: dict[Promise, list[str]] = {}
    for standing in asked:
        broken = standing.broken_promise(decision.day)
        told = (p.sent_on for p in past if p.delivered(decision.day) and not p.to_us and p.lists(standing))
        if broken and not any(on and on > broken.until for on in told):
            names.setdefault(broken, []).append(duty_words.name(ladder.registry, standing))
    return [
        f"Theo trao đổi ngày {words.short(one.given)}, đơn vị hẹn gửi {words.listed(its)} chậm nhất ngày "
        f"{words.short(one.until)}"
        for one, its in names.items()
    ]


def _unread(session: Session, decision: Decision) -> list[UnreadWords]:
    """The files of an agency that came last and could not be opened; none once it has sent one that could."""
    judged = (
        select(Verdict.outcome, Submission.filename, Submission.happened_at)
        .join(Submission, Submission.id == Verdict.submission_id)
        .where(COUNTS, Verdict.agency == decision.agency)
        .where(Submission.happened_at < end_of(decision.day), Submission.sender_doubt.is_(None))
        .order_by(Submission.happened_at.desc(), Submission.id.desc())
    )
    refused = takewhile(lambda row: row.outcome == Outcome.REFUSED, session.execute(judged))
    since = decision.day - UNREAD
    found = [(row.filename, row.happened_at.astimezone(HERE).date()) for row in refused]
    return [{"filename": name, "day": on} for name, on in reversed(found[:MOST_UNREAD]) if on >= since]


def _about_this(ladder: Ladder, decision: Decision, past: Sequence[SentLetter]) -> list[SentLetter]:
    """The letters about the same that reached the agency itself: reminders too, our own board's not."""
    about = {duty(s) for s in decision.ground}
    arrived = (p for p in past if p.delivered(decision.day) and not p.copy and about & p.duties)
    return [p for p in arrived if not any(Role.BOARD in step.to for step in _taken(ladder, p))]


def _told(session: Session, ladder: Ladder, decision: Decision, past: Sequence[SentLetter]) -> list[ToldWords]:
    """Which of its people had letters about this once it was late, and when; not its head."""
    had: dict[str, dict[str, None]] = {}
    for letter in _about_this(ladder, decision, past):
        if (
            letter.sent_on
            and not _to_head(ladder, letter)
            and any(step.kind == LetterKind.OVERDUE for step in _taken(ladder, letter))
        ):
            had.setdefault(letter.recipient, {})[words.short(letter.sent_on)] = None
    days: dict[str, dict[str, None]] = {}
    for address, its in had.items():
        days.setdefault(_who(session, decision, address), {}).update(its)
    who: dict[str, list[str]] = {}  # by their days: one sentence for all who had the same letters
    for name, its in days.items():
        who.setdefault(_days(its), []).append(name)
    return [{"who": words.listed(names), "days": on} for on, names in who.items()]


def _sent(ladder: Ladder, decision: Decision, past: Sequence[SentLetter]) -> list[str]:
    """What was sent to the agency before its new officer came, a line for each decision."""
    about = {duty(s) for s in (*decision.ground, *decision.still_to_come)}
    by_decision: dict[int, list[SentLetter]] = {}
    for letter in past:
        if letter.delivered(decision.day) and about & letter.duties and not letter.to_us:
            by_decision.setdefault(letter.decision or -letter.id, []).append(letter)
    return [_sent_line(ladder, its) for its in by_decision.values()]


def _sent_line(ladder: Ladder, its: Sequence[SentLetter]) -> str:
    first = its[0]
    steps = _taken(ladder, first) or [OWN[i] for i in first.steps.values() if i in OWN]
    what = words.listed(map(words.title, steps)) if steps else "đề nghị gửi"
    readers = [f"{p.role.label} trước" if p.role == Role.FOCAL_OFFICER else p.role.label for p in its if p.role]
    day, numbers = words.short(first.sent_on or first.day), ", ".join(p.number for p in its)
    return f"ngày {day}, tới {words.listed(readers or ['đơn vị'])}: {what} ({numbers})"


def _days(days: Collection[str]) -> str:
    return f"{'các ngày' if len(days) > 1 else 'ngày'} {listed(days)}"


def _who(session: Session, decision: Decision, address: str) -> str:
    """The holder of an address by role and name; a mailbox has no name."""
    mine = (Contact.agency == decision.agency, Contact.email == address)
    found = contacts.in_force(session, decision.day, *mine)
    officer = next((c for c in found if c.role == Role.FOCAL_OFFICER), None)
    if officer:
        return f"{Role.FOCAL_OFFICER.label} {officer.name}"
    return found[0].role.label if found else "đơn vị"


def _row(session: Session, ladder: Ladder, told: Told) -> LateAgencyWords:
    """An agency as our board reads of it."""
    decision, agency = told.decision, ladder.registry.agency(told.decision.agency)
    heads = contacts.find(session, decision.agency, Role.HEAD, decision.day)
    documents = [document.citation for document in ladder.documents(decision.ground)]
    letters = {p.sent_on: p.number for p in _about_this(ladder, decision, told.past) if p.sent_on}
    return {
        "agency": agency.name,
        "orders": agency.kind.orders,
        "items": [_item(ladder, s, decision.day) for s in decision.ground],
        "letters": [*(f"{words.short(on)} ({number})" for on, number in letters.items()), *documents],
        "said": told.said,
        "head": contacts.by_phone(heads),
    }
