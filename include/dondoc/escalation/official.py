"""Official letters of ours on which steps of the ladder rest: which are wanted, drafted once a morning for all agencies
concerned, and which wait for the clerk.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.directive.model import Step
from dondoc.drafts.official import Owed, official
from dondoc.escalation import words
from dondoc.escalation.ladder import Ladder, chased, ladder_on
from dondoc.escalation.past import SentLetter, by_agency, duty
from dondoc.escalation.reasons import LadderReason
from dondoc.facts import issued
from dondoc.facts import words as duty_words
from dondoc.facts.desk import desk
from dondoc.facts.issued import Elsewhere, Item
from dondoc.facts.obligations import Standing, at
from dondoc.mail.letter import Attachment
from dondoc.store.mail import OutboxLetter
from dondoc.store.official import OfficialIssue, OfficialLetter
from dondoc.store.retractions import not_retracted
from dondoc.store.session import one_at_a_time
from dondoc.vocabulary.fields import Field, FieldProblem
from dondoc.vocabulary.letters import LetterKind, OutboxState
from dondoc.vocabulary.numbers import CV, TH
from dondoc.vocabulary.official import OfficialState

MOST_DAYS = 60  # working days that an official letter can give
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
Owing = Mapping[str, Sequence[Standing]]  # by agency, in administrative order
Past = Mapping[str, Sequence[SentLetter]]


@dataclass(frozen=True)
class Draft:
    """What is to be drafted of a directive; `replaces`: the draft that waited and says something else."""

    directive: str
    items: tuple[Item, ...]
    answer_days: int
    blob: str
    replaces: int | None


@dataclass(frozen=True)
class Waiting:
    """A draft that waits for its number: of it only what is still wanted; `since` the first draft that asked for it."""

    letter: OfficialLetter
    items: tuple[Item, ...]
    since: date

    @property
    def agencies(self) -> list[str]:
        return list(dict.fromkeys(item.agency for item in self.items))


@dataclass(frozen=True)
class Entry:
    """A draft, with what became of it."""

    letter: OfficialLetter
    issue: OfficialIssue | None
    waiting: Waiting | None

    @property
    def state(self) -> OfficialState:
        if self.issue:
            return OfficialState.ISSUED
        return OfficialState.WAITING if self.waiting else OfficialState.OVER


def draw(app: AppContext, session: Session, ladder: Ladder, owed: Owing, past: Past, day: date) -> list[Draft]:
    """What a morning drafts: one letter a directive, unless the draft that waits says just that already. Takes a while:
    not to be called inside a transaction."""
    before = {one.letter.directive: one for one in waiting(app, session, ladder, owed)}
    fresh = (one for one in ladder.letters if not _drawn_on(app, session, one, day))
    drawn = (_draft(app, session, ladder, one, before.get(one), owed, past, day) for one in fresh)
    return [draft for draft in drawn if draft]


def _draft(
    app: AppContext,
    session: Session,
    ladder: Ladder,
    directive: str,
    before: Waiting | None,
    owed: Owing,
    past: Past,
    day: date,
) -> Draft | None:
    kept = set(before.items) if before else set()
    wanted = [
        (standing, step)
        for standing, step in _resting(ladder, owed)
        if standing.duty.directive == directive
        if _item(standing, step) in kept or _is_due(ladder, standing, step, past.get(standing.agency, ()), day)
    ]
    items = tuple(_item(standing, step) for standing, step in wanted)
    if not items or (before and set(items) == set(issued.items(before.letter))):
        return None
    days = max(step.answer_days or 1 for _, step in wanted)
    content = _document(app, session, ladder, directive, [standing for standing, _ in wanted], past, days, day)
    return Draft(directive, items, days, app.blobs.put(content), before.letter.id if before else None)


def any_step(ladder: Ladder) -> bool:
    """Whether any step rests on an official letter: of most ladders none does."""
    return any(step.official for letter in ladder.letters.values() for step in letter.steps)


def _resting(ladder: Ladder, owed: Owing) -> Iterator[tuple[Standing, Step]]:
    """What agencies may be chased for, with each step that rests on an official letter."""
    for standings in owed.values():
        for standing in filter(chased, standings):
            yield from ((standing, step) for step in ladder.climbing(standing) if step.official)


def _item(standing: Standing, step: Step) -> Item:
    return Item(standing.agency, *duty(standing), step.id)


def _is_due(ladder: Ladder, standing: Standing, step: Step, past: Sequence[SentLetter], day: date) -> bool:
    """Whether a step would be taken, were its official letter issued."""
    steps = ladder.climbing(standing)
    if any(ladder.taken(above, standing, past, day) for above in steps[steps.index(step) + 1 :]):
        return False
    why = ladder.blocked_reason(step, standing, past, day)
    return why is not None and why.code == LadderReason.NOT_ISSUED


def _document(
    app: AppContext,
    session: Session,
    ladder: Ladder,
    directive: str,
    wanted: Sequence[Standing],
    past: Past,
    days: int,
    day: date,
) -> bytes:
    letter = ladder.letters[directive]
    owed = [
        Owed(
            ladder.registry.agency(agency),
            tuple(f"{duty_words.name(ladder.registry, s)}: {duty_words.due(s)}" for s in its),
            tuple(_asked(its, past.get(agency, ()), day)),
        )
        for agency, its in by_agency(wanted).items()
    ]
    what = sorted({words.brief(standing.duty) for standing in wanted})
    call = desk(session, ladder.registry, [letter], day)
    return official(app.settings.data, letter, what, owed, days, call, day)


def _asked(standings: Iterable[Standing], past: Iterable[SentLetter], day: date) -> list[date]:
    """The days on which letters about any of these reached the agency."""
    mine = set(map(duty, standings))
    return sorted({p.sent_on for p in past if p.sent_on and p.delivered(day) and not p.to_us and p.duties & mine})


def record(
    app: AppContext, session: Session, drafts: Iterable[Draft], day: date, now: datetime
) -> list[OfficialLetter]:
    """Keep what was drafted; where the morning has one already, that stands."""
    one_at_a_time(session, issued.LOCK)
    rows = [
        OfficialLetter(
            directive=draft.directive,
            day=day,
            items=[item.as_json() for item in draft.items],
            answer_days=draft.answer_days,
            blob=draft.blob,
            rehearsal=_rehearsal(app),
            recorded_at=now,
        )
        for draft in drafts
        if not _drawn_on(app, session, draft.directive, day)
    ]
    session.add_all(rows)
    session.flush()
    return rows


def waiting(app: AppContext, session: Session, ladder: Ladder, owed: Owing) -> list[Waiting]:
    """The newest draft of each directive, as far as it is not issued and a step still waits for it."""
    if not any_step(ladder):
        return []
    wanted = {_item(s, step) for s, step in _resting(ladder, owed) if not ladder.document(step, s)}
    issued_ones = set(session.scalars(not_retracted(OfficialIssue).with_only_columns(OfficialIssue.letter_id)))
    query = select(OfficialLetter).where(OfficialLetter.rehearsal.is_(_rehearsal(app))).order_by(OfficialLetter.id)
    by_directive: dict[str, list[OfficialLetter]] = {}
    for row in (one for one in session.scalars(query) if not one.elsewhere):
        by_directive.setdefault(row.directive, []).append(row)
    found = []
    for rows in by_directive.values():
        items = tuple(item for item in issued.items(rows[-1]) if item in wanted)
        if items and rows[-1].id not in issued_ones:
            asking = (row for row in rows if row.id not in issued_ones and set(items) & set(issued.items(row)))
            found.append(Waiting(rows[-1], items, next(asking).day))
    return found


def waiting_now(app: AppContext, session: Session, now: datetime) -> list[Waiting]:
    """The same at a moment, for a page."""
    ladder = ladder_on(app, session, now.astimezone(HERE).date())
    return waiting(app, session, ladder, by_agency(at(app, session, now)))


def register(app: AppContext, session: Session, now: datetime) -> list[Entry]:
    """Every draft of this mode, the newest first."""
    waits = {one.letter.id: one for one in waiting_now(app, session, now)}
    issued_as = {row.letter_id: row for row in session.scalars(not_retracted(OfficialIssue))}
    query = select(OfficialLetter).where(OfficialLetter.rehearsal.is_(_rehearsal(app)))
    rows = session.scalars(query.order_by(OfficialLetter.id.desc()))
    return [
        Entry(row, issued_as.get(row.id), waits.get(row.id)) for row in rows if row.id in issued_as or not row.elsewhere
    ]


def steps_to_cover(ladder: Ladder) -> dict[tuple[str, str], str]:
    """By directive and step what an official letter may stand for: what is late is asked for, in words."""
    late = (
        (directive, step)
        for directive, letter in ladder.letters.items()
        for step in letter.steps
        if step.kind == LetterKind.OVERDUE and not step.repeat
    )
    return {(directive, step.id): words.title(step) for directive, step in late}


def issue_elsewhere(
    app: AppContext,
    directive: str,
    step: str,
    agencies: Sequence[str],
    *,
    document_date: date,
    answer_days: int,
    now: datetime,
    **said: Any,
) -> OfficialIssue:
    """Record an official letter that was not written from a draft of ours; as `issued.issue`.

    Args:
        step: for which it stands: taken, or bound by the day that it gives, from its date on.
        agencies: to which it went; it asks them for all that they owe under the directive and that was late already.
        answer_days: working days that it gives from its date.

    Raises:
        Problem: besides, no such step, an agency owed nothing late on its date, or the days are fewer than one or too
            many.
    """
    if not 1 <= answer_days <= MOST_DAYS:
        raise FieldProblem(f"{{}}: ghi từ 1 đến {MOST_DAYS}.", Field.ANSWER_DAYS)
    with app.sessions.reading() as session:
        ladder = ladder_on(app, session, now.astimezone(HERE).date())
        standings = at(app, session, now)
    if (directive, step) not in (known := steps_to_cover(ladder)):
        choice = "; ".join(" ".join(pair) for pair in known)
        raise FieldProblem(f"{{}} “{step}” không có trong “{directive}”. Có: {choice}.", Field.STEP)
    items = tuple(
        Item(s.agency, *duty(s), step)
        for s in standings
        if s.duty.directive == directive and s.agency in agencies and s.status.chased and s.last_day
        if s.last_day < document_date and any(one.id == step for one in ladder.climbing(s))
    )
    idle = set(agencies) - {item.agency for item in items}
    if idle or not items:
        raise FieldProblem(
            f"{{}}: {', '.join(sorted(idle)) or 'chưa chọn'} không còn phải gửi gì đã quá hạn vào ngày văn bản "
            f"({document_date:%d/%m/%Y}). Kiểm tra lại đơn vị, ngày.",
            Field.AGENCY,
        )
    return issued.issue(app, Elsewhere(items, answer_days), document_date=document_date, now=now, **said)


def taken_back(app: AppContext, row: OfficialIssue) -> str:
    """What a person reads who has taken a record back: also which letters have left that cite it."""
    done = f"Đã rút công văn số {row.document_number} ({CV(row.letter_id)}) khỏi sổ."
    with app.sessions.reading() as session:
        its = (OutboxLetter.state == OutboxState.SENT, OutboxLetter.decided_at >= row.recorded_at)
        sent = session.scalars(select(OutboxLetter).where(*its).order_by(OutboxLetter.id))
        citing = [TH(letter.id) for letter in sent if row.id in letter.context.get("rests_on", ())]
    return f"{done} Thư đã gửi có nêu công văn này, cần thì rút lại: {', '.join(citing)}." if citing else done


def _drawn_on(app: AppContext, session: Session, directive: str, day: date) -> bool:
    its = (OfficialLetter.directive == directive, OfficialLetter.day == day)
    query = select(OfficialLetter.id).where(*its, OfficialLetter.rehearsal.is_(_rehearsal(app)))
    return session.scalar(query) is not None


def _rehearsal(app: AppContext) -> bool:
    return app.settings.mode == "rehearsal"


def attachment(row: OfficialLetter) -> Attachment:
    return Attachment(filename(row), row.blob, DOCX)


def filename(row: OfficialLetter) -> str:
    return f"du_thao_{CV(row.id)}.docx"
