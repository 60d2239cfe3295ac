"""What a person writes in the report of a day instead of what is drawn: it stays when the report is made again."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.audit import Actor
from dondoc.errors import Problem
from dondoc.invisible import invisible, warning
from dondoc.reporting.figures.model import Texts
from dondoc.store.reporting import ReportText
from dondoc.vocabulary.reports import ReportPart

LONGEST = 5_000  # characters of a part


def read(session: Session, directive: str, day: date, known_at: datetime | None = None) -> Texts:
    """What was written for the report of a letter's day, as known at a moment (None: by now)."""
    query = select(ReportText).where(ReportText.directive == directive, ReportText.as_of == day).order_by(ReportText.id)
    if known_at is not None:
        query = query.where(ReportText.recorded_at <= known_at)
    newest = {str(row.part): row.text or None for row in session.scalars(query)}
    return Texts(**newest)


def write(
    session: Session,
    directive: str,
    day: date,
    part: ReportPart,
    text: str,
    actor: Actor,
    *,
    secrets: list[str],
    now: datetime,
) -> None:
    """Keep what a person wrote; an empty text brings back what is drawn.

    Raises:
        Problem: it is too long, has characters that nobody sees, or the name of a person is missing.
    """
    if character := invisible(text):
        raise Problem(f"{warning(f'Phần “{part.label}”', character)}.")
    lines = [" ".join(line.split()) for line in text.splitlines()]
    plain = "\n".join(line for line in lines if line)
    if len(plain) > LONGEST:
        raise Problem(f"Phần “{part.label}” dài {len(plain)} ký tự, nhiều nhất {LONGEST}. Viết ngắn lại.")
    by = audit.person(actor.name)
    if (getattr(read(session, directive, day), part) or "") == plain:
        return
    session.add(ReportText(directive=directive, as_of=day, part=part, text=plain, by=by, recorded_at=now))
    told = {"directive": directive, "part": str(part), "text": plain}
    audit.record(session, secrets, actor, "write_report", day.isoformat(), now=now, **told)
