"""Official letters of ours that the clerk has issued, entered by a person: what steps of the ladder rest on.

What agencies send us is in `register`, issued reports are in `reporting.states`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dondoc import audit, clock
from dondoc.audit import Actor
from dondoc.configuration.context import AppContext
from dondoc.documents import words
from dondoc.errors import Problem
from dondoc.facts.moments import happened
from dondoc.store.facts import Retraction
from dondoc.store.official import ELSEWHERE, OfficialIssue, OfficialLetter
from dondoc.store.retractions import not_retracted
from dondoc.store.session import one_at_a_time
from dondoc.vocabulary.fields import Field, FieldProblem, line, must
from dondoc.vocabulary.numbers import CV

LOCK = "official"  # what is issued already, and by which number, is decided by one person at a time


@dataclass(frozen=True)
class Item:
    """What an official letter asks an agency for: the obligation as the ladder remembers it, and the step for which."""

    agency: str
    duty: str
    last_day: date
    step: str

    def as_json(self) -> list[str]:
        return [self.agency, self.duty, self.last_day.isoformat(), self.step]


@dataclass(frozen=True)
class Elsewhere:
    """What an official letter asks for that was not written from a draft of ours, within so many working days."""

    items: tuple[Item, ...]
    answer_days: int


@dataclass(frozen=True)
class Issued:
    """An official letter with its number; `items`: what it asks the agencies for to which it went, within
    `answer_days` working days."""

    id: int
    number: str
    day: date
    answer_days: int
    items: frozenset[Item]

    @property
    def citation(self) -> str:
        return f"Công văn số {self.number} ngày {words.short(self.day)}"


def items(letter: OfficialLetter) -> tuple[Item, ...]:
    """In the order of its annex."""
    return tuple(Item(agency, duty, date.fromisoformat(last), step) for agency, duty, last, step in letter.items)


def issued(session: Session, day: date, known_at: datetime | None = None) -> tuple[Issued, ...]:
    """What was issued by a day, as known at a moment, the oldest document first."""
    query = not_retracted(OfficialIssue, known_at).where(OfficialIssue.document_date <= day)
    rows = sorted(session.scalars(query), key=lambda row: (row.document_date, row.id))
    drafts = _drafts(session, [row.letter_id for row in rows])
    return tuple(_issued(row, drafts[row.letter_id]) for row in rows)


def _issued(row: OfficialIssue, draft: OfficialLetter) -> Issued:
    covered = frozenset(item for item in items(draft) if item.agency in row.agencies)
    return Issued(row.id, row.document_number, row.document_date, draft.answer_days, covered)


def _drafts(session: Session, ids: Sequence[int]) -> Mapping[int, OfficialLetter]:
    if not ids:
        return {}
    return {one.id: one for one in session.scalars(select(OfficialLetter).where(OfficialLetter.id.in_(ids)))}


def issue_of(session: Session, letter: int) -> OfficialIssue | None:
    """The record that a draft was issued, while it stands."""
    return session.scalar(not_retracted(OfficialIssue).where(OfficialIssue.letter_id == letter))


def is_pdf(content: bytes) -> bool:
    """Whether a file may be a signed document: those are PDFs, signed digitally or scanned."""
    return content.startswith(b"%PDF-")


def issue(
    app: AppContext,
    letter: int | Elsewhere,
    *,
    number: str,
    document_date: date,
    signer: str,
    signed: bytes,
    agencies: Sequence[str] = (),
    actor: Actor,
    now: datetime,
) -> OfficialIssue:
    """Record that the clerk has issued a draft, or a letter written elsewhere. From its date on the steps that rest on
    it may be taken.

    Args:
        signed: the document itself, a PDF.
        agencies: of those that it asks the ones to which it went; none: all.

    Raises:
        Problem: no such draft, it is issued already, its document is dated before it was drafted or in the future,
            the number stands in the register for another one, an agency is not among its own, the file is no PDF, or
            number, signer or the name of a person is missing.
    """
    by, number, signer = audit.person(actor.name), line(Field.NUMBER, number), line(Field.SIGNER, signer)
    if not is_pdf(signed):
        raise Problem("Văn bản đã ký phải là tệp PDF (bản ký số hoặc bản quét). Chọn lại tệp.")
    blob = app.blobs.put(signed)
    with app.sessions.begin() as session:
        one_at_a_time(session, LOCK)
        if isinstance(letter, Elsewhere):
            draft = _elsewhere(app, session, letter, number, document_date, blob, now)
        else:
            draft = _not_issued(session, letter, document_date, now)
        _number_is_free(session, number, document_date)
        row = OfficialIssue(
            letter_id=draft.id,
            document_number=number,
            document_date=document_date,
            signer=signer,
            agencies=_addressed(app, draft, agencies),
            blob=blob,
            by=by,
            recorded_at=now,
        )
        session.add(row)
        session.flush()
        told = {"directive": draft.directive, "number": number, "signer": signer, "sha256": blob}
        audit.record(session, app.secrets, actor, "issue_official", CV(draft.id), now=now, **told)
        return row


def _not_issued(session: Session, letter: int, day: date, now: datetime) -> OfficialLetter:
    draft = drafted(session, letter)
    happened(clock.at(day, 0), now, since=draft.day, of="dự thảo")
    if before := issue_of(session, letter):
        raise Problem(f"{CV(letter)} đã vào sổ với số {before.document_number}. Ghi sai thì rút ra rồi ghi lại.")
    return draft


def _elsewhere(
    app: AppContext, session: Session, letter: Elsewhere, number: str, day: date, blob: str, now: datetime
) -> OfficialLetter:
    """The row of a letter without a draft. One that was taken back and is entered again is another."""
    happened(clock.at(day, 0), now)
    same = f"{ELSEWHERE}{number}:"
    before = session.scalar(select(func.count()).where(OfficialLetter.directive.startswith(same, autoescape=True))) or 0
    row = OfficialLetter(
        directive=f"{same}{before + 1}",
        day=day,
        items=[item.as_json() for item in letter.items],
        answer_days=letter.answer_days,
        blob=blob,
        rehearsal=app.settings.mode == "rehearsal",
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _number_is_free(session: Session, number: str, day: date) -> None:
    """The clerk's numbers begin anew each year."""
    year = (row for row in session.scalars(not_retracted(OfficialIssue)) if row.document_date.year == day.year)
    if other := next((row for row in year if _folded(row.document_number) == _folded(number)), None):
        said = f"{{}} {number} năm {day.year} đã ghi cho {CV(other.letter_id)}. Kiểm tra lại trong sổ của văn thư."
        raise FieldProblem(said, Field.NUMBER)


def _folded(number: str) -> str:
    """A number whichever way people type it: "0145 / stttt–cntt" is "145/STTTT-CNTT"."""
    return "".join(number.split()).casefold().replace("–", "-").lstrip("0")


def _addressed(app: AppContext, draft: OfficialLetter, agencies: Sequence[str]) -> list[str]:
    asked = list(dict.fromkeys(item.agency for item in items(draft)))
    if strangers := [agency for agency in agencies if agency not in asked]:
        names = ", ".join(strangers)
        raise FieldProblem(f"{CV(draft.id)} không gửi {names}. Kiểm tra lại {{}}: {', '.join(asked)}.", Field.AGENCY)
    return [agency for agency in asked if agency in agencies] if agencies else asked


def unissue(app: AppContext, letter: int, *, reason: str, actor: Actor, now: datetime) -> OfficialIssue:
    """Take back the record that a draft was issued: from then on it never was, and what rests on it waits again.

    Raises:
        Problem: no such draft, it is not issued, or the reason or the name of a person is missing.
    """
    by, reason = audit.person(actor.name), must(Field.REASON, reason)
    with app.sessions.begin() as session:
        one_at_a_time(session, LOCK)
        drafted(session, letter)
        if (row := issue_of(session, letter)) is None:
            raise Problem(f"{CV(letter)} chưa vào sổ.")
        session.add(Retraction(official_issue_id=row.id, reason=reason, by=by, recorded_at=now))
        told = {"number": row.document_number, "reason": reason}
        audit.record(session, app.secrets, actor, "unissue_official", CV(letter), now=now, **told)
        return row


def drafted(session: Session, letter: int) -> OfficialLetter:
    """Raises Problem: there is no such draft."""
    if (draft := session.get(OfficialLetter, letter)) is None:
        raise Problem(f"Không có dự thảo {CV(letter)}. Xem: dondoc official list, hoặc trang Công văn.")
    return draft
