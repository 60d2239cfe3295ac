"""What an answer says, as its templates are given it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.directive.names import fold
from dondoc.facts import obligations
from dondoc.facts import words as duty_words
from dondoc.facts.desk import desk as desk_of
from dondoc.facts.obligations import Standing
from dondoc.forms.spec import CAMERA, FormSpec, load_specs
from dondoc.intake import corrections, differences, versions
from dondoc.intake.answers.files import Files
from dondoc.intake.answers.part import Incoming, Part, of_whom
from dondoc.intake.differences import Content
from dondoc.intake.mails.kinds import UNREAD, Why
from dondoc.intake.verdicts import newest_verdict
from dondoc.mail.letter import Attachment
from dondoc.mail.shapes import AnswerWords, NeutralWords, PartWords
from dondoc.store.cameras import Camera
from dondoc.store.intake import Mail, Submission, Verdict
from dondoc.vocabulary.mails import NoDocument
from dondoc.vocabulary.numbers import BN, CAM
from dondoc.vocabulary.obligations import DONE, MILESTONES, Status
from dondoc.vocabulary.submissions import ACCEPTED, Change, Outcome
from dondoc.workdays import WorkingDays

SHOWN = 10  # issues in the mail's own text: people read on phones
CHANGES = 8
NUMBERED = 12  # cameras
PLACES = 3
OPEN = (Status.NOT_DUE, Status.OVERDUE, Status.RETURNED)
Issues = Sequence[Mapping[str, Any]]


def neutral(submission: Submission) -> NeutralWords:
    return {"number": BN(submission.id), "received_at": submission.happened_at}


def of(app: AppContext, incoming: Incoming, parts: Sequence[Part], attached: Files, now: datetime) -> AnswerWords:
    """What is said of these parts, and of what their agency owes."""
    with app.sessions.reading() as session:
        agencies = sorted({whose for part in parts if (whose := of_whom(session, part))})
        described = [_part(app, session, incoming.mail, part, attached, several=len(agencies) > 1) for part in parts]
        owed = obligations.of(app, session, agencies[0], now) if len(agencies) == 1 else []
        desk = desk_of(session, app.registry, app.letters(session, now.date()), now.date())
        checked = _to_be_checked(session, parts)
        calendar = app.calendar_known(session, None)
    returned = [part for part in parts if part.verdict.outcome == Outcome.RETURNED]
    agency = app.registry.agency(agencies[0]) if len(agencies) == 1 else None
    standings = [s for s in owed if s.duty.deliverable not in MILESTONES]
    open_ = [s for s in standings if s.status in OPEN and not _is_of(s, returned)]
    left = obligations.without_later_periods(open_, now.astimezone(HERE).date())
    reviewed = [s for s in standings if s.status == Status.UNDER_REVIEW]
    met = [s for s in standings if s.status in DONE]
    return {
        "kind": incoming.kind,
        "empty": _passed(incoming.mail, NoDocument.EMPTY),
        "stripped": _passed(incoming.mail, NoDocument.STRIPPED) is not None,
        "linked": incoming.mail is not None and incoming.mail.reason[:1] == [Why.SHARED],
        "received_at": parts[0].submission.happened_at,
        "agency": agency.name if agency else None,
        "agency_short": agency.short if agency else None,
        "parts": described,
        "counted": [one for one in described if one["outcome"] in ACCEPTED],
        "faulty": sum(one["errors"] for one in described if one["outcome"] == Outcome.RETURNED),
        "checked": checked,
        "owed": [(duty_words.name(app.registry, s), due(s)) for s in left],
        "reviewed": [duty_words.name(app.registry, s) for s in reviewed],
        "done": len(met) if standings and not (left or reviewed or returned) else 0,
        "promised": _promised(incoming, app.settings.promise_days, calendar),
        "answer_by": calendar.add(now.date(), obligations.TO_CORRECT) if returned else None,
        "fresh": [one.filename for one in attached.fresh],
        "desk": desk,
    }


def due(standing: Standing) -> str:
    """The time limit, and whether it is over."""
    return duty_words.due(standing, *(["đã quá hạn"] if standing.status == Status.OVERDUE else []))


def _promised(incoming: Incoming, most: int, calendar: WorkingDays) -> date | None:
    """The day that a reply to a letter of ours names, as far as it is kept to: nobody is told so of a later one."""
    mail, first = incoming.mail, incoming.unanswered[0].submission
    if mail is None or mail.promised is None or mail.letter_id is None or first.sender_doubt:
        return None
    said = first.happened_at.astimezone(HERE).date()
    return mail.promised if said <= mail.promised <= calendar.add(said, most) else None


def _passed(mail: Mail | None, reason: NoDocument) -> str | None:
    """The name of a part that is no document for a reason: who attached a file is not told that there was none."""
    passed_over = mail.passed_over if mail else ()
    return next((name for name, why in passed_over if why == reason), None)


def _is_of(standing: Standing, returned: Sequence[Part]) -> bool:
    return any(part.verdict.form == standing.duty.deliverable for part in returned)


def _to_be_checked(session: Session, parts: Sequence[Part]) -> int:
    """Cameras that these declared and that can be checked: their sender is told the result."""
    accepted = [part.submission.id for part in parts if part.verdict.outcome in ACCEPTED]
    can = select(func.count()).where(Camera.submission_id.in_(accepted), Camera.exemption.is_(None))
    return session.scalar(can.where(Camera.url.is_not(None))) or 0


def _unread(mail: Mail | None) -> Why | None:
    """Why nothing could be taken out of a mail, which then is kept whole and is no file."""
    code = mail.reason[0] if mail and mail.reason else None
    return next((why for why in UNREAD if why == code), None)


def _part(
    app: AppContext, session: Session, mail: Mail | None, part: Part, attached: Files, *, several: bool
) -> PartWords:
    verdict, submission, whose = part.verdict, part.submission, of_whom(session, part)
    spec = load_specs(app.settings.data).get(verdict.form or "")
    rows = [row for row in verdict.rows if row.get("change") != Change.REMOVE]
    cameras = [row for row in rows if row.get(CAMERA)] if spec and spec.place else rows
    changes = _changes(session, spec, verdict)
    current = _current(session, verdict) if whose else None
    errors = [] if current and _is_past(session, verdict, current) else part.errors
    listed: Issues = errors if verdict.outcome in (Outcome.RETURNED, Outcome.DUPLICATE) else _warnings(verdict)
    return {
        "number": BN(submission.id),
        "filename": submission.filename,
        "unread": _unread(mail),
        "again": verdict.again,
        "outcome": verdict.outcome,
        "registered": part.registered,
        "form": spec.label if spec else None,
        "agency": app.registry.agency(whose).name if several and whose else None,
        "reason": _reason(verdict),
        "fulfils": bool(verdict.fulfils) and verdict.outcome in ACCEPTED,
        "blank": verdict.outcome == Outcome.REFUSED and verdict.form is not None,
        "cameras": len(cameras),
        "of_cameras": spec is None or spec.place is not None,
        "places": _places(spec, cameras),
        "nil": verdict.head.get("no_camera") is True and not cameras,
        "replaced": BN(verdict.replaces) if verdict.replaces else None,
        "current": BN(current.submission_id) if current else None,
        "later": BN(verdict.replaces) if verdict.outcome == Outcome.DUPLICATE and verdict.replaces else None,
        "changes": changes[:CHANGES],
        "more_changes": max(0, len(changes) - CHANGES),
        "numbered": _numbered(session, spec, verdict, cameras) if verdict.outcome in ACCEPTED else [],
        "errors": len(errors),
        "shown": listed[:SHOWN],
        "more": max(0, len(listed) - SHOWN),
        "marked": _name(attached.marked.get(submission.id)),
        "prefilled": _name(attached.current.get(submission.id)),
        "letter": _name(attached.letter.get(submission.id)),
        "names_officers": spec is not None and spec.place is None,
    }


def _name(attachment: Attachment | None) -> str | None:
    return attachment.filename if attachment else None


def _warnings(verdict: Verdict) -> Issues:
    return [issue for issue in verdict.issues if issue["severity"] == "warning"]


def _reason(verdict: Verdict) -> str:
    """Why it was judged so; of a refused file without its name, which the letter has said already."""
    fault = next((issue["said"] for issue in verdict.issues if issue.get("said")), None)
    reason = fault if fault and verdict.outcome == Outcome.REFUSED and verdict.form is None else verdict.reason
    return reason[:1].upper() + reason[1:]


def _places(spec: FormSpec | None, cameras: Sequence[Mapping[str, Any]]) -> list[str]:
    """The places that are named, each once."""
    key = spec.place if spec and spec.place else ""
    return list({fold(str(row[key])): str(row[key]) for row in cameras if row.get(key)}.values())


def _changes(session: Session, spec: FormSpec | None, verdict: Verdict) -> list[str]:
    """What is different from the version whose place it takes."""
    before = newest_verdict(session, verdict.replaces) if verdict.replaces else None
    if before is None or spec is None:
        return []
    older, newer = (Content(corrections.head_of(one.head, one.rows), one.rows) for one in (before, verdict))
    found = differences.between(spec, older, newer)
    added = [f"thêm {differences.label(spec, row)}" for row in found.added if row.get("change") != Change.REMOVE]
    gone = [f"{differences.label(spec, row)}: đã tháo dỡ" for row in verdict.rows if row.get("change") == Change.REMOVE]
    return [*added, *gone, *(differences.sentence(spec, change) for change in found.changes)]


def _current(session: Session, verdict: Verdict) -> Verdict | None:
    """The version of its form that stands, where that is another."""
    if verdict.outcome in ACCEPTED or not (verdict.agency and verdict.form):
        return None
    newest = versions.newest(session, verdict.agency, verdict.form)
    return newest if newest and newest.value_hash != verdict.value_hash else None


def _is_past(session: Session, verdict: Verdict, current: Verdict) -> bool:
    """Whether what it repeats was returned before the version in force came: nobody has to correct it any more."""
    returned = select(func.max(Verdict.id)).where(
        Verdict.agency == verdict.agency, Verdict.form == verdict.form, Verdict.value_hash == verdict.value_hash
    )
    last = session.scalar(returned.where(Verdict.outcome == Outcome.RETURNED))
    return verdict.outcome == Outcome.DUPLICATE and last is not None and last < current.id


def _numbered(
    session: Session, spec: FormSpec | None, verdict: Verdict, cameras: Sequence[Mapping[str, Any]]
) -> list[tuple[int, str, str]]:
    """The numbers of the cameras by the rows that declared them; none where they are too many for a letter."""
    if spec is None or not spec.place or len(cameras) > NUMBERED:
        return []
    mine = select(Camera.place, Camera.name, Camera.id).where(
        Camera.agency == verdict.agency, Camera.submission_id == verdict.submission_id
    )
    ids = {(fold(place), fold(name)): camera for place, name, camera in session.execute(mine)}
    keys = [(fold(str(row.get(spec.place) or "")), fold(str(row[CAMERA]))) for row in cameras]
    rows = enumerate(zip(keys, cameras, strict=True), 1)
    return [(n, CAM(ids[key]), _called(row)) for n, (key, row) in rows if key in ids]


def _called(row: Mapping[str, Any]) -> str:
    """A restricted camera is named by its number alone."""
    return "(hạn chế nêu tên)" if row.get("restricted") is True else str(row[CAMERA])
