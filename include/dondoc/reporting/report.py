"""Draw up a report, record that draft, and hand its e-mail to the outbox for approval."""

import errno
import json
from datetime import date, datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.audit import Actor
from dondoc.clock import HERE, to_come
from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive
from dondoc.documents import words
from dondoc.errors import Problem
from dondoc.facts import contacts
from dondoc.mail import compose, outbox
from dondoc.mail.letter import Attachment, Precondition
from dondoc.reporting import mail, states
from dondoc.reporting.document import document
from dondoc.reporting.figures.compute import Contents
from dondoc.reporting.figures.compute import contents as compute
from dondoc.reporting.figures.model import Figures, code_of
from dondoc.reporting.workbook import workbook
from dondoc.store.files import folder, replace
from dondoc.store.mail import OutboxLetter
from dondoc.store.reporting import Report
from dondoc.store.session import one_at_a_time
from dondoc.vocabulary.letters import STOPPABLE, LetterKind, OutboxState
from dondoc.vocabulary.numbers import BC
from dondoc.vocabulary.people import Role

FILES = ("figures.json", "report.docx", "report.xlsx", "report.html")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def make(
    app: AppContext, directive: Directive, as_of: datetime, known_at: datetime | None, out: Path
) -> dict[str, Path]:
    """Write report.docx, report.xlsx, report.html and figures.json into a folder. The same facts give the same figures.

    Raises:
        Problem: the folder cannot be written.
    """
    return _write(app, directive, compute(app, directive, as_of, known_at), out)


def draw(app: AppContext, directive: Directive, as_of: datetime, out: Path) -> Path:
    """Make a report that nothing writes over: in the folder, or the next free one where that holds other figures.

    Returns:
        the folder. The same figures again: the one they lie in, untouched.

    Raises:
        Problem: the folder cannot be written.
    """
    contents = compute(app, directive, as_of, None)
    while True:
        place = _place(out, contents.figures.as_json())
        if place.is_dir() or _laid(app, directive, contents, place):
            return place


def _place(out: Path, figures: Any) -> Path:
    """Where these figures lie, else the first folder that there is not."""
    places = (out if number == 1 else out.with_name(f"{out.name}-{number}") for number in count(1))
    return next(one for one in places if not one.is_dir() or _figures(one) == figures)


def _laid(app: AppContext, directive: Directive, contents: Contents, place: Path) -> bool:
    """Put a whole report in its place at once; False: somebody else has taken it."""
    try:
        folder(place.parent)
        with TemporaryDirectory(dir=place.parent, prefix=f".{place.name}.") as made:
            _write(app, directive, contents, Path(made))
            Path(made).rename(place)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise _unwritable(place, error) from None
    return True


def _figures(folder: Path) -> Any:
    """The figures of a whole report; None where there is none."""
    try:
        whole = all((folder / name).is_file() for name in FILES)
        return json.loads((folder / "figures.json").read_bytes()) if whole else None
    except (OSError, ValueError):
        return None


def _write(app: AppContext, directive: Directive, contents: Contents, out: Path) -> dict[str, Path]:
    figures = contents.figures.as_json()
    content = (
        json.dumps(figures, ensure_ascii=False, indent=2).encode(),
        document(app.settings.data, directive, contents.figures),
        workbook(contents, directive),
        mail.rendered(app, directive, contents.figures).html.encode(),
    )
    try:
        folder(out)
        for name, written in zip(FILES, content, strict=True):
            replace(out / name, written)
    except OSError as error:
        raise _unwritable(out, error) from None
    return {name: out / name for name in FILES}


def _unwritable(out: Path, error: OSError) -> Problem:
    return Problem(f"Không ghi được báo cáo vào {out}: {error.strerror}. Chọn thư mục khác.")


def wanted(
    app: AppContext, session: Session, day: date, directive: str | None = None, known_at: datetime | None = None
) -> list[Directive]:
    """The letters of which a report is wanted on a day: the one that is named, or all that are active and ask for it.

    Raises:
        Problem: none is.
    """
    letters = app.letters(session, day, known_at)
    found = [letter for letter in letters if letter.id == directive or (directive is None and letter.report)]
    if not found:
        known = ", ".join(letter.id for letter in letters) or "không có"
        raise Problem(
            f"Không có văn bản “{directive or ''}” cần báo cáo ngày {words.short(day)}. Đang thực hiện: {known}."
        )
    return found


def record(
    session: Session,
    directive: str,
    as_of: datetime,
    known_at: datetime | None,
    folder: Path,
    now: datetime,
    *,
    secrets: list[str],
    by: Actor | None = None,
) -> int:
    """Keep what was drawn up, unless the newest of its moment is the same: the clerk can issue it. Returns its number.

    Args:
        by: the person who had it drawn up; None: its hour had come.

    Raises:
        Problem: its day is still to come.
    """
    if why := to_come(as_of.astimezone(HERE).date(), now):
        raise Problem(why)
    one_at_a_time(session, states.LOCK)
    place, figures = str(folder.absolute()), json.loads((folder / "figures.json").read_bytes())
    drawn = states.of_day(session, directive, as_of.astimezone(HERE).date())
    row = next((one for one in reversed(drawn) if (one.as_of, one.known_at) == (as_of, known_at)), None)
    if row is None or (row.folder, row.figures) != (place, figures):  # also when an older one said the same
        plain = {"directive": directive, "as_of": as_of, "known_at": known_at, "folder": place, "figures": figures}
        row = Report(**plain, code=code_of(figures), recorded_at=now)
        session.add(row)
        session.flush()
    if by:
        told = {"directive": directive, "folder": folder.name, "known_at": known_at}
        audit.record(session, secrets, by, "draw_report", as_of.date().isoformat(), now=now, **told)
    return row.id


def enqueue(
    app: AppContext, directive: Directive, as_of: datetime, folder: Path, now: datetime, by: Actor | None = None
) -> list[int]:
    """Put the week's e-mail into the outbox, held until a named approver says yes; once per cut-off and recipient.

    It carries the workbook, not the document: that goes only when the clerk has issued it. Drawn up again with other
    figures, it takes the place of letters that have not left; once one has left there is no second.

    Raises:
        Problem: its day is still to come.
    """
    stored = json.loads((folder / "figures.json").read_bytes())
    figures = Figures.read(stored)
    rendered = mail.rendered(app, directive, figures)
    day = as_of.date()
    book = Attachment(mail.attached(figures), app.blobs.put((folder / "report.xlsx").read_bytes()), XLSX)
    superior = directive.superior
    with app.sessions.begin() as session:
        one_at_a_time(session, states.LOCK)
        one_at_a_time(session, "approve")
        before = _earlier(app, session, directive.id, as_of)
        number = record(session, directive.id, as_of, None, folder, now, by=by, secrets=app.secrets)
        unsent = [row for row in before if row.state in STOPPABLE or row.state == OutboxState.CANCELLED]
        if len(unsent) < len(before):
            return [row.id for row in before]
        others = [row for row in unsent if row.context.get("report") not in (None, number)]
        note = f"đã có bản lập sau là {BC(number)}"
        outbox.withdraw(session, others, by="dondoc", note=note, now=now, reason=note)
        draft = BC(number) if others else None
        people = [c for role in (Role.HEAD, Role.CLERK) for c in contacts.find(session, superior, role, now.date())][:1]
        board = contacts.find(session, app.registry.office, Role.BOARD, now.date())
        letters = [
            compose.letter(
                app.settings,
                LetterKind.REPORT,
                person.email,
                rendered,
                compose.of_report(directive.id, person.agency, as_of, draft),
                f"Báo cáo tuần về {words.about(directive, day)}, số liệu đến {as_of:%H:%M %d/%m/%Y}",
                agency=person.agency,
                directives=(directive.id,),
                attachments=(book,),
                context={"as_of": as_of.isoformat(), "directive": directive.id, "report": number},
                needs_approval=True,
            )
            for person in [*people, *board]
        ]
        return [r.id for r in outbox.enqueue(session, letters, settings=app.settings, now=now)]


def _earlier(app: AppContext, session: Session, directive: str, as_of: datetime) -> list[OutboxLetter]:
    """The e-mails of a report of that moment, whichever draft they carry; none begins to leave meanwhile."""
    reports = (OutboxLetter.kind == LetterKind.REPORT, outbox.counted(app.settings))
    rows = session.scalars(select(OutboxLetter).where(*reports).order_by(OutboxLetter.id).with_for_update())
    about = {"directive": directive, "as_of": as_of.isoformat()}
    return [row for row in rows if about.items() <= row.context.items()]


def precondition(app: AppContext) -> Precondition:
    """A week's figures are true of it for ever, once it came; a newer report only makes an unsent one pointless."""

    def check(session: Session, letter: OutboxLetter, now: datetime) -> str | None:
        as_of = datetime.fromisoformat(letter.context["as_of"])
        if why := to_come(as_of.astimezone(HERE).date(), now):
            return why
        reports = (OutboxLetter.kind == LetterKind.REPORT, outbox.counted(app.settings))
        others = session.scalars(select(OutboxLetter.context).where(*reports))
        mine = (c["as_of"] for c in others if c["directive"] == letter.context["directive"])
        newest = max(map(datetime.fromisoformat, mine))
        return f"đã có báo cáo mới hơn, số liệu đến {newest:%d/%m/%Y}" if newest > as_of else None

    return check
