"""Letters about cameras: what answered of what was declared, and outages. No address; a restricted camera is named by
its row in the agency's own form."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras.logins.attempts import device
from dondoc.cameras.registry.declarations import AnyCamera
from dondoc.cameras.registry.declared_rows import declared_rows
from dondoc.cameras.state import checks, current, pauses, state
from dondoc.cameras.state import outages as room
from dondoc.cameras.state import rules as data
from dondoc.cameras.state.checks import CheckFilter
from dondoc.cameras.state.common_causes import SILENT, Place, Seat, gather
from dondoc.cameras.state.state import CameraState
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.directive.names import fold
from dondoc.directive.succession import responsible
from dondoc.facts import contacts
from dondoc.facts.desk import desk
from dondoc.forms.spec import load_specs
from dondoc.mail import compose, outbox
from dondoc.mail.letter import Attachment, Letter, Precondition
from dondoc.mail.render import render
from dondoc.mail.shapes import CameraWords, OutageWords, OutWords, PlaceWords, ReachabilityWords
from dondoc.probing.verdicts import ADVICE, GOOD, PHASE, REACHABLE_PHASES, SENTENCE
from dondoc.probing.verdicts import Verdict as Seen
from dondoc.store.cameras import Camera, Outage
from dondoc.store.intake import Submission, Verdict
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.cameras import State, Unseen
from dondoc.vocabulary.letters import LetterKind
from dondoc.vocabulary.numbers import BN, CAM, SC
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.submissions import ACCEPTED

SHOWN = 30  # cameras in one letter: people read on phones
ANSWER_DAYS = 5  # working days to see to a camera, or to say when
NUMBERS = 10  # of a place that is named


Copy = Callable[[int, Mapping[str, str]], Attachment | None]  # of a submission, what to mark by number → the file


def reachability(
    app: AppContext, submission_ids: Iterable[int], now: datetime, copy: Copy = lambda submission, marked: None
) -> list[int]:
    """Write to the senders of accepted forms what their cameras answered; once per submission.

    Nothing is written when nothing is known of any camera, a machine sent the form, or there is nobody to write to.
    What is paused or expected to be silent is said to be so, and counted nowhere. A letter that had to say so of
    cameras that a later look can judge (`waits` in its context) is followed by one more when they have been.

    Args:
        copy: makes the version in force with the cameras marked that are to be seen to.

    Returns:
        ids of the outbox rows.
    """
    return _put(app, [_answer(app, submission, now, copy) for submission in submission_ids], now)


def outages(app: AppContext, outage_ids: Iterable[int], now: datetime) -> list[int]:
    """Write to the agencies whose cameras fell out: one letter for all of an agency's that go to the same officer.

    Returns:
        ids of the outbox rows; outages without anybody to write to, or already told of, are passed over.
    """
    with app.sessions.reading() as session:
        told = room.announced(session, app.settings)
        wanted = select(Outage, Camera).join(Camera, Camera.id == Outage.camera_id)
        rows = session.execute(wanted.where(Outage.id.in_(list(outage_ids)), Outage.closed_at.is_(None))).all()
        groups: dict[tuple[str, str], list[tuple[Outage, Camera]]] = defaultdict(list)
        for outage, camera in rows:
            agency, recipient = _whose(app, session, camera, now)
            if recipient and outage.id not in told:
                groups[agency, recipient].append((outage, camera))
        standing = current.read(app, session, now, {camera.agency for _, camera in rows}) if groups else []
        phone = desk(session, app.registry, app.letters(session, now.date()), now.date())
        names = _names(app, session, [camera for _, camera in rows])
    return _put(app, [_told(app, *group, found, standing, names, phone, now) for group, found in groups.items()], now)


def _put(app: AppContext, letters: list[Letter | None], now: datetime) -> list[int]:
    with app.sessions.begin() as session:
        rows = outbox.enqueue(session, [x for x in letters if x], settings=app.settings, now=now)
        return [row.id for row in rows]


def _whose(app: AppContext, session: Session, camera: Camera, now: datetime) -> tuple[str, str | None]:
    """The agency that answers for a camera now, and whom of it to write to."""
    agency = responsible(app.registry, camera.agency, now.date())[0] or camera.agency
    return agency, _officer(session, agency, camera.system, now)


def _officer(session: Session, agency: str, system: str | None, now: datetime) -> str | None:
    for role in (Role.FOCAL_OFFICER, Role.CLERK):
        if found := contacts.find(session, agency, role, now.date(), system):
            return found[0].email
    return None


def _answer(app: AppContext, submission_id: int, now: datetime, copy: Copy) -> Letter | None:
    with app.sessions.reading() as session:
        submission, agency = session.get_one(Submission, submission_id), _accepted_of(session, submission_id)
        cameras = session.scalars(select(Camera).where(Camera.submission_id == submission_id).order_by(Camera.id)).all()
        found = _found(checks.judge(app, session), session, cameras, now)
        if submission.automatic or agency is None or not (found.verdicts or found.excused):
            return None
        sender = submission.sender if submission.sender_doubt is None else ""  # a forged address is told nothing
        phone = desk(session, app.registry, app.letters(session, now.date()), now.date())
        recipient = sender or _officer(session, agency, cameras[0].system, now)
        names = _names(app, session, cameras)
    if not recipient:
        return None
    number = BN(submission.id)
    faults = _lines([c for c in cameras if found.verdicts.get(c.id, Seen.OK) not in GOOD], _said(found.verdicts), names)
    unchecked = _lines([c for c in cameras if c.id in found.why_not], found.why_not, names)
    marked = copy(submission_id, {line["number"]: line["why"] for line in faults}) if faults else None
    context: ReachabilityWords = {
        "agency": app.registry.agency(agency).name,
        "number": number,
        "declared": len(cameras),
        "checked": len(found.verdicts),
        "reachable": sum(PHASE[v] in REACHABLE_PHASES for v in found.verdicts.values()),
        "showing": sum(v == Seen.OK for v in found.verdicts.values()),
        "locked": sum(v == Seen.AUTH_REQUIRED for v in found.verdicts.values()),
        "faults": faults[:SHOWN],
        "more": max(0, len(faults) - SHOWN),
        "advice": _advice(found.verdicts.values()),
        "unchecked": unchecked[:SHOWN],
        "more_unchecked": max(0, len(unchecked) - SHOWN),
        "attached": marked.filename if marked else None,
        "answer_before": _answer_before(app, now),
        "desk": phone,
    }
    return _letter(
        app,
        now,
        LetterKind.REACHABILITY,
        agency,
        recipient,
        f"{number}|waits" if found.waits else number,
        context,
        {"submission": submission.id, "waits": found.waits},
        f"Kết quả kiểm tra camera khai trong {number}",
        in_reply_to=submission.message_id,
        attachments=(marked,) if marked else (),
    )


@dataclass
class _Found:
    """By camera: the newest verdict that counts, and for the others why there is none.

    `excused`: a pause or an expected silence stands over one of them; of the rest we know nothing. `waits`: it is one
    that ends, and a later look will tell.
    """

    verdicts: dict[int, str] = field(default_factory=dict)
    why_not: dict[int, str] = field(default_factory=dict)
    excused: bool = False
    waits: bool = False


def _found(judge: CheckFilter, session: Session, cameras: Sequence[Camera], now: datetime) -> _Found:
    seen, found = checks.every_night(session, judge, cameras), _Found()
    for camera in cameras:
        night = seen[camera.id][-1] if camera.id in seen else None
        if why := state.exempt(camera):
            found.why_not[camera.id] = why
        elif paused := judge.paused(camera, now):
            found.why_not[camera.id], found.excused, found.waits = f"đang {paused}", True, True
        elif night is None:
            found.why_not[camera.id] = "chưa xem lần nào" if camera.url else Unseen.NO_ADDRESS.label
        elif night.why_not:
            found.why_not[camera.id] = night.why_not
            if not judge.blind(night.look):
                found.excused, found.waits = True, found.waits or not judge.rules.never_heard(camera)
        else:
            found.verdicts[camera.id] = night.look.verdict
    return found


def _said(verdicts: Mapping[int, str]) -> dict[int, str]:
    """What an agency reads of each camera."""
    return {camera: SENTENCE[verdict] for camera, verdict in verdicts.items()}


def _advice(verdicts: Iterable[str]) -> list[tuple[str, str]]:
    """What can be done about each kind of fault, once: the kind in the words of its camera's line, and the advice."""
    seen = set(verdicts)
    return [(SENTENCE[verdict], what) for verdict, what in ADVICE.items() if verdict in seen]


def _accepted_of(session: Session, submission_id: int) -> str | None:
    """Whose accepted form it is; None when it was not accepted."""
    newest = select(Verdict).where(Verdict.submission_id == submission_id).order_by(Verdict.id.desc()).limit(1)
    verdict = session.scalar(newest)
    return verdict.agency if verdict and verdict.outcome in ACCEPTED else None


def _told(
    app: AppContext,
    agency: str,
    recipient: str,
    found: list[tuple[Outage, Camera]],
    standing: Sequence[CameraState],
    names: Mapping[int, str],
    phone: str | None,
    now: datetime,
) -> Letter:
    found = sorted(found, key=lambda pair: pair[0].id)
    numbers = [SC(outage.id) for outage, _ in found]
    places, cameras = _places(app, {camera.agency for _, camera in found}, standing)
    mine = {camera.id: outage for outage, camera in found}
    named = [place for place in places if mine.keys() & set(place.cameras)]
    told = {camera for place in named for camera in place.cameras}
    alone = [(outage, camera) for outage, camera in found if camera.id not in told]
    lines: list[OutWords] = [
        {
            **line,
            "place": camera.place,
            "outage": SC(outage.id),
            "since": outage.first_night,
            "often": outage.flapping,
        }
        for line, (outage, camera) in zip(
            _lines([c for _, c in alone], _said({c.id: o.verdict for o, c in alone}), names), alone, strict=True
        )
    ]
    context: OutageWords = {
        "agency": app.registry.agency(agency).name,
        "places": [_place(place, cameras, mine) for place in named],
        "faults": lines[:SHOWN],
        "total": len(found),
        "more": max(0, len(lines) - SHOWN),
        "advice": _advice([*(o.verdict for o, _ in alone), *(v for place in named for v in _verdicts(place, cameras))]),
        "answer_before": _answer_before(app, now),
        "desk": phone,
    }
    about = f"{','.join(numbers)}|{now:%Y-%m-%d}"
    return _letter(
        app,
        now,
        LetterKind.OUTAGE,
        agency,
        recipient,
        about,
        context,
        {"outages": [o.id for o, _ in found]},
        f"Camera mất kết nối: {', '.join(numbers)}",
    )


def _answer_before(app: AppContext, now: datetime) -> date:
    """The day before which an agency is asked to say what it found."""
    return app.calendar.add(now.date(), ANSWER_DAYS) + timedelta(days=1)


def _places(
    app: AppContext, agencies: set[str], standing: Sequence[CameraState]
) -> tuple[list[Place], Mapping[int, CameraState]]:
    """What is down as a whole at these agencies, and their cameras."""
    cameras = {s.camera.id: s for s in standing if s.camera.agency in agencies}
    watched = [s for s in cameras.values() if s.checked and s.state != State.NOT_CONNECTED]
    seats = [Seat(s.camera.id, s.camera.agency, fold(s.camera.place), _device(s.camera)) for s in watched]
    down = {s.camera.id: s.verdict for s in watched if s.outage and s.verdict}
    return gather(down, seats, data.load(app.settings).together.cameras)[0], cameras


def _device(camera: AnyCamera) -> str:
    return device(camera.url) if camera.url else CAM(camera.id)


def _verdicts(place: Place, cameras: Mapping[int, CameraState]) -> Sequence[Seen]:
    """What was found of its cameras, each once: they fail alike, and not always in the same way."""
    return [*dict.fromkeys(verdict for camera in place.cameras if (verdict := cameras[camera].verdict))]


def _place(place: Place, cameras: Mapping[int, CameraState], mine: Mapping[int, Outage]) -> PlaceWords:
    """What a letter says of a place."""
    states = [cameras[camera] for camera in place.cameras]
    numbers = ", ".join(s.number for s in states[:NUMBERS]) + (" …" if len(states) > NUMBERS else "")
    name = f"điểm {states[0].camera.place}"
    if place.kind == "device":
        name = "điểm có chung thiết bị, đường truyền"
    if place.kind == "agency":
        name = f"toàn bộ {len({fold(s.camera.place) for s in states}):02} điểm của đơn vị"
    verdicts = _verdicts(place, cameras)
    outages = sorted({mine[s.camera.id].id for s in states if s.camera.id in mine})
    return {
        "name": name,
        "silent": all(PHASE[verdict] in SILENT for verdict in verdicts),
        "count": len(states),
        "numbers": numbers,
        "why": "; ".join(SENTENCE[verdict] for verdict in verdicts),
        "since": min(s.since for s in states if s.since),
        "outages": ", ".join(SC(o) for o in outages[:NUMBERS]) + (" …" if len(outages) > NUMBERS else ""),
    }


def _letter(
    app: AppContext,
    now: datetime,
    kind: LetterKind,
    agency: str,
    recipient: str,
    about: str,
    context: Mapping[str, Any],
    remember: dict[str, Any],
    reason: str,
    **more: Any,
) -> Letter:
    words = render(app.settings.data, app.registry, kind, context, now.astimezone(HERE).date())
    key = compose.of_cameras(app.registry.survey, agency, kind, about)
    return compose.letter(app.settings, kind, recipient, words, key, reason, agency=agency, context=remember, **more)


def _names(app: AppContext, session: Session, cameras: Iterable[Camera]) -> dict[int, str]:
    """What a letter to their agency calls cameras: a restricted one by the row of its form, so that the agency alone
    can tell which it is."""
    known = {camera.id: camera for camera in cameras}
    rows = declared_rows(session, load_specs(app.settings.data), [c for c in known.values() if c.restricted])
    hidden = {c.id: ", ".join(filter(None, ("hạn chế nêu tên", rows.get(c.id)))) for c in known.values()}
    return {c.id: hidden[c.id] if c.restricted else c.name for c in known.values()}


def _lines(cameras: Iterable[Camera], why: Mapping[int, str], names: Mapping[int, str]) -> list[CameraWords]:
    """What a letter says of each camera."""
    return [{"number": CAM(c.id), "name": names[c.id], "why": why[c.id]} for c in cameras]


def precondition(app: AppContext) -> Precondition:
    """An outage letter holds while all it tells of are still out, no pause stands over them, and its reader is the one
    to write to: for another the next check writes it anew.

    What was found at a form's arrival stays true.
    """

    def check(session: Session, letter: OutboxLetter, now: datetime) -> str | None:
        ids = letter.context.get("outages", [])
        rows = session.execute(
            select(Outage, Camera).join(Camera, Camera.id == Outage.camera_id).where(Outage.id.in_(ids))
        ).all()
        if over := sorted((o.id, o.closed_because or "đã khắc phục") for o, _ in rows if o.closed_at is not None):
            return f"{over[0][1]}: {', '.join(SC(number) for number, _ in over)}"
        today = {_whose(app, session, camera, now)[1] for _, camera in rows} - {None}
        if today - {letter.recipient}:
            return "cán bộ đầu mối của đơn vị đã thay đổi; thư được viết lại cho người mới"
        ruled = pauses.pauses(session, app.registry)
        return next((p for _, camera in rows if (p := pauses.covering(ruled, camera, now, now.date()))), None)

    return check
