"""The version of a form that is in force, and the numbers of the cameras in it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.forms.spec import FormSpec
from dondoc.intake import corrections
from dondoc.intake.corrections import Current, Numbers
from dondoc.store.cameras import Camera
from dondoc.store.intake import COUNTS, Verdict
from dondoc.vocabulary.numbers import CAM
from dondoc.vocabulary.submissions import ACCEPTED


def newest(
    session: Session, agency: str, form: str, *, but_for: int | None = None, before: int | None = None
) -> Verdict | None:
    """The verdict of the version in force.

    Args:
        but_for: a submission that is judged, and not to be compared with itself.
        before: only versions of a lower number.
    """
    query = select(Verdict).where(Verdict.agency == agency, Verdict.form == form, Verdict.version.is_not(None), COUNTS)
    query = query.where(Verdict.outcome.in_(ACCEPTED), Verdict.submission_id != (but_for or 0))
    if before is not None:
        query = query.where(Verdict.version < before)
    return session.scalar(query.order_by(Verdict.version.desc()).limit(1))


def current(
    session: Session, spec: FormSpec, agency: str, *, but_for: int | None = None, before: int | None = None
) -> Current | None:
    """What the version in force says, with its cameras' numbers; and the rows that it was asked about, because the
    version before it had them: until their agency says what became of these cameras, they stand."""
    verdict = newest(session, agency, spec.id, but_for=but_for, before=before)
    if verdict is None:
        return None
    known = numbers(session, agency)
    found = corrections.current(spec, verdict.value_hash, verdict.head, verdict.rows, known)
    older = newest(session, agency, spec.id, but_for=but_for, before=verdict.version)
    if older is None:
        return found
    earlier = corrections.current(spec, older.value_hash, older.head, older.rows, known)
    return corrections.with_unnamed(spec, found, verdict.rows, earlier)


def numbers(session: Session, agency: str) -> Numbers:
    """The numbers of an agency's cameras, by folded place and name."""
    rows = session.execute(select(Camera.place, Camera.name, Camera.id).where(Camera.agency == agency))
    return {corrections.key(place, name): CAM(camera) for place, name, camera in rows}
