"""One submission with all that is known of it: what was judged and done, what it changed, what was written about it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, defer, load_only

from dondoc import audit
from dondoc.configuration.context import AppContext
from dondoc.directive.names import fold
from dondoc.errors import Problem
from dondoc.forms.spec import CAMERA, Field, FormSpec, load_specs
from dondoc.intake import browse, differences
from dondoc.intake.browse import Line
from dondoc.intake.differences import Content
from dondoc.intake.verdicts import newest_verdict
from dondoc.store.cameras import Camera
from dondoc.store.intake import COUNTS, Assignment, Mail, Submission, Verdict
from dondoc.store.mail import OutboxLetter
from dondoc.store.trust import AuditEvent
from dondoc.vocabulary.letters import LetterKind
from dondoc.vocabulary.mails import NoDocument
from dondoc.vocabulary.numbers import BN, TH
from dondoc.vocabulary.submissions import ACCEPTED, Outcome

ISSUES, CELLS = 100, 200  # rows with issues, and changed cells, that a page shows
WORDS = 160  # characters of a reply beside its agency
_ABOUT = (LetterKind.RECEIPT, LetterKind.RETURNED, LetterKind.REACHABILITY, LetterKind.CONTACT_CHANGE)
COLUMN = ", cột "  # in the words of a place, before its column
_ROW = re.compile(r"[A-Z]+(\d+)")
Issue = Mapping[str, Any]


class Unknown(Problem):
    """There is no such submission."""


@dataclass(frozen=True)
class Place:
    """Issues of one row of a sheet; `row` is None for those of a sheet or of all.

    `called`: the row as letters call it, with its camera's name, which not everybody may read; `numbered`: without.
    """

    sheet: str | None
    row: int | None
    called: str
    numbered: str
    issues: Sequence[Issue]


@dataclass(frozen=True)
class Cell:
    """A cell that two versions do not share. `row`: what people call it, empty for the head."""

    row: str
    field: str
    before: str
    after: str


@dataclass(frozen=True)
class Compared:
    """What is different from another version: the one whose place it took, or, of a conflict, the one in force."""

    other: int
    cells: Sequence[Cell] = ()
    added: Sequence[str] = ()
    gone: Sequence[str] = ()


@dataclass(frozen=True)
class Record:
    """`verdicts`, newest first: of older ones not what was read. `parts`: what else came with its mail.

    `paper`: number and day (ISO) of the agency's letter that it is, or speaks of, as far as its sender says.
    """

    line: Line
    spec: FormSpec | None
    mail: Mail | None
    verdict: Verdict | None
    verdicts: Sequence[Verdict]
    assignments: Sequence[Assignment]
    letters: Sequence[OutboxLetter]
    events: Sequence[AuditEvent]
    parts: Sequence[Line]
    compared: Compared | None
    replaced_by: int | None
    places: Sequence[Place]
    paper: tuple[str, str]

    @property
    def submission(self) -> Submission:
        return self.line.submission

    def as_json(self) -> dict[str, Any]:
        mail = self.mail
        return {
            **self.line.as_row(),
            "mail": _mail_json(mail) if mail else None,
            "head": _open(self.spec.head, self.verdict.head) if self.spec and self.verdict else {},
            "verdicts": [_verdict_json(one) for one in self.verdicts],
            "issues": list(self.verdict.issues) if self.verdict else [],
            "differences": asdict(self.compared) | {"other": BN(self.compared.other)} if self.compared else None,
            "replaced_by": BN(self.replaced_by) if self.replaced_by else None,
            "assignments": [_assignment_json(one) for one in self.assignments],
            "letters": [_letter_json(one) for one in self.letters],
            "parts": [{"number": BN(one.submission.id), "file": one.submission.filename} for one in self.parts],
            "events": [_event_json(one) for one in self.events],
        }


def of(app: AppContext, session: Session, number: int, now: datetime, *, sensitive: bool = False) -> Record:
    """A submission.

    Args:
        sensitive: changed cells are quoted where they are sensitive too: to who may act.

    Raises:
        Unknown: there is none of this number.
    """
    if (submission := session.get(Submission, number)) is None:
        raise Unknown(f"Không có bản nộp {BN(number)}.")
    verdict = newest_verdict(session, number)  # these two whole, before they are asked for in brief
    mail = session.get(Mail, submission.mail_id) if submission.mail_id else None
    [line] = browse.lines(app, session, [number], now)
    spec = load_specs(app.settings.data).get(verdict.form or "") if verdict else None
    together = select(Submission.id).where(Submission.mail_id == submission.mail_id, Submission.id != number)
    parts = browse.lines(app, session, session.scalars(together), now) if mail else []
    letters = _letters(session, submission, verdict, mail, [number, *(one.submission.id for one in parts)])
    assignments = session.scalars(
        select(Assignment).where(Assignment.submission_id == number).order_by(Assignment.id.desc())
    ).all()
    return Record(
        line=line,
        spec=spec,
        mail=mail,
        verdict=verdict,
        verdicts=_verdicts(session, number),
        assignments=assignments,
        letters=letters,
        events=audit.events(session, subject=BN(number)),
        parts=parts,
        compared=_compared(session, spec, verdict, sensitive=sensitive) if spec and verdict else None,
        replaced_by=_replaced_by(session, verdict) if verdict else None,
        places=_places(verdict) if verdict else (),
        paper=_paper(session, verdict, mail),
    )


def for_everybody(
    session: Session, spec: FormSpec, verdict: Verdict, first: int, size: int
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """What was read of a form's rows, from row `first` of the sheet on: without sensitive columns, and of a camera that
    may not be named nothing. Headings, and the number of each row with its texts."""
    mine = select(Camera.place, Camera.name).where(Camera.agency == verdict.agency, Camera.restricted)
    hidden = {(fold(place), fold(name)) for place, name in session.execute(mine)}
    columns = [f for f in spec.columns if not f.sensitive and any(row.get(f.key) is not None for row in verdict.rows)]

    def texts(row: Mapping[str, Any]) -> list[str]:
        named = (fold(str(row.get(spec.place or "") or "")), fold(str(row.get(CAMERA) or "")))
        if row.get("restricted") or named in hidden:
            return ["(camera hạn chế)", *("" for _ in columns[1:])]
        return ["" if row.get(f.key) is None else differences.value(spec, f, row[f.key]) for f in columns]

    rows = [row for row in verdict.rows if row.get("_row", 0) >= first][:size]
    return [f.label for f in columns], [(row.get("_row", 0), texts(row)) for row in rows]


def beginning(text: str, longest: int = WORDS) -> str:
    """The first words of what somebody wrote, on one line."""
    words = " ".join(text.split())
    return words if len(words) <= longest else f"{words[:longest].rsplit(' ', 1)[0]}…"


def passed_over(mail: Mail) -> list[tuple[str, str]]:
    """Parts of a mail that are no documents: name, and why in words."""
    known: dict[str, str] = {one: one.label for one in NoDocument}
    return [(name, known.get(code, code)) for name, code in mail.passed_over]


def _paper(session: Session, verdict: Verdict | None, mail: Mail | None) -> tuple[str, str]:
    """Of a scan that bears a workbook's code by that workbook, else by the words of its mail."""
    workbook = newest_verdict(session, verdict.letter_of) if verdict and verdict.letter_of else None
    if workbook is not None:
        return str(workbook.head.get("document_number", "")), str(workbook.head.get("document_date", ""))
    return (mail.document_number or "" if mail else "", "")


def _verdicts(session: Session, number: int) -> Sequence[Verdict]:
    mine = select(Verdict).where(Verdict.submission_id == number).order_by(Verdict.id.desc())
    return session.scalars(mine.options(defer(Verdict.rows), defer(Verdict.head), defer(Verdict.issues))).all()


def _letters(
    session: Session, submission: Submission, verdict: Verdict | None, mail: Mail | None, together: list[int]
) -> Sequence[OutboxLetter]:
    """Ours about it or its mail; and the one that its mail answers. Looked for among the agency's and its sender's."""
    agency = verdict.agency if verdict else None
    theirs = or_(
        OutboxLetter.agency == agency if agency else OutboxLetter.id.is_(None),
        and_(OutboxLetter.agency.is_(None), OutboxLetter.recipient == submission.sender),
    )
    about = and_(theirs, OutboxLetter.kind.in_(_ABOUT), OutboxLetter.context["submission"].as_integer().in_(together))
    answered = OutboxLetter.id == (mail.letter_id if mail and mail.letter_id else 0)
    letter = OutboxLetter
    few = load_only(letter.kind, letter.state, letter.subject, letter.recipient, letter.attachments, letter.sent_at)
    found = [*session.scalars(select(OutboxLetter).where(about).options(few))]
    found += session.scalars(select(OutboxLetter).where(answered).options(few))
    return sorted({letter.id: letter for letter in found}.values(), key=lambda letter: letter.id)


def _replaced_by(session: Session, verdict: Verdict) -> int | None:
    """The submission that brought the form's newest version, where that is a newer one."""
    if verdict.version is None:
        return None
    newer = select(Verdict.submission_id).where(
        Verdict.agency == verdict.agency, Verdict.form == verdict.form, Verdict.version > verdict.version
    )
    counts = newer.where(COUNTS, Verdict.outcome.in_([*ACCEPTED, Outcome.RETURNED]))
    return session.scalar(counts.order_by(Verdict.version.desc()).limit(1))


def _compared(session: Session, spec: FormSpec, verdict: Verdict, *, sensitive: bool) -> Compared | None:
    other = newest_verdict(session, verdict.replaces) if verdict.replaces else None
    if verdict.outcome == Outcome.CONFLICT:
        other = _in_force(session, verdict)
    if other is None:
        return None
    found = differences.between(spec, Content(other.head, other.rows), Content(verdict.head, verdict.rows))
    return Compared(
        other.submission_id,
        [_cell(spec, change, sensitive=sensitive) for change in found.changes],
        [differences.label(spec, row) for row in found.added],
        [differences.label(spec, row) for row in found.gone],
    )


def _in_force(session: Session, verdict: Verdict) -> Verdict | None:
    """The version that counts of the form that a conflict is about."""
    of_form = select(Verdict).where(Verdict.agency == verdict.agency, Verdict.form == verdict.form)
    counts = of_form.where(COUNTS, Verdict.outcome.in_(ACCEPTED))
    return session.scalar(counts.order_by(Verdict.version.desc()).limit(1))


def _cell(spec: FormSpec, change: differences.CellChange, *, sensitive: bool) -> Cell:
    shown = change.field.model_copy(update={"sensitive": False}) if sensitive else change.field
    row = differences.label(spec, change.row) if change.row is not None else ""
    before, after = (differences.value(spec, shown, one) for one in (change.before, change.after))
    return Cell(row, change.field.label, before, after)


def _places(verdict: Verdict) -> Sequence[Place]:
    """Issues by row, errors' rows and warnings' alike in the order of the sheet; those of a whole sheet first."""
    places: dict[tuple[str, int], list[Issue]] = {}
    for issue in verdict.issues:
        found = _ROW.match(issue["cell"] or "")
        places.setdefault((issue["sheet"] or "", int(found[1]) if found else 0), []).append(issue)
    ordered = sorted(places.items(), key=lambda one: (one[0][1] > 0, one[0]))
    return [Place(sheet or None, row or None, *_called(row, issues), issues) for (sheet, row), issues in ordered]


def _called(row: int, issues: Sequence[Issue]) -> tuple[str, str]:
    """A row with and without its camera's name; by its number in the sheet where an early version judged it."""
    told = next((issue["place"] for issue in issues if issue.get("place")), f"hàng {row} trong tệp")
    whole = told.rpartition(COLUMN)[0] or told
    return whole, whole.partition(", ")[0] if whole.startswith("dòng ") else whole


def _open(fields: Iterable[Field], head: Mapping[str, Any]) -> dict[str, Any]:
    """What of a form's head is not sensitive."""
    return {field.key: head[field.key] for field in fields if field.key in head and not field.sensitive}


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    names = ("outcome", "reason", "form", "agency", "version", "base_version", "fulfils", "again", "answered")
    replaced = BN(verdict.replaces) if verdict.replaces else None
    return {**{name: getattr(verdict, name) for name in names}, "replaces": replaced, "at": verdict.recorded_at}


def _mail_json(mail: Mail) -> dict[str, Any]:
    return {
        "kind": mail.kind,
        "text": mail.text,
        "promised": mail.promised,
        "document_number": mail.document_number,
        "letter": TH(mail.letter_id) if mail.letter_id else None,
        "passed_over": [{"name": name, "why": why} for name, why in mail.passed_over],
        "bounced": mail.bounced,
    }


def _assignment_json(given: Assignment) -> dict[str, Any]:
    names = ("agency", "by", "lasting", "arrived_at")
    return {**{name: getattr(given, name) for name in names}, "at": given.recorded_at}


def _letter_json(letter: OutboxLetter) -> dict[str, Any]:
    files = [one["filename"] for one in letter.attachments]
    kind, state = letter.kind, letter.state
    return {"number": TH(letter.id), "kind": kind, "state": state, "subject": letter.subject, "attachments": files}


def _event_json(event: AuditEvent) -> dict[str, Any]:
    return {"at": event.recorded_at, "act": event.act, "name": event.name, "details": event.details}
