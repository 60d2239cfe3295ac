"""Letters about cameras: what answered of what was declared, and outages. No address; a restricted camera is named by
its row in the agency's own form."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
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
from dondoc.cameras.state.common_causes import Place, Seat, gather
from dondoc.cameras.state.state import CameraState
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.directive.names import fold
from dondoc.directive.succession import responsible
from dondoc.documents.words import sentence_part
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
from dondoc.store.facts import Contact
from dondoc.store.intake import Submission, Verdict
from dondoc.store.mail import OutboxLetter
from dondoc.store.parts import parts
from dondoc.vocabulary.cameras import State, Unseen
from dondoc.vocabulary.letters import LetterKind
from dondoc.vocabulary.numbers import BN, CAM, SC
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.submissions import ACCEPTED

SHOWN = 30  # cameras in one letter: people read on phones
ANSWER_DAYS = 5  # working days to see to a camera, or to say when
BUSY = "thiết bị đang bận hoặc báo lỗi, Sở sẽ xem lại"  # on its first night, which may well be over by the next
NUMBERS = 10  # of a place that is named
ABSENT = frozenset({Seen.UNREACHABLE, Seen.CONNECT_TIMEOUT})  # nothing of it is on the network: no power, no line
READERS = Role.FOCAL_OFFICER, Role.CLERK  # who is written to, the first that there is


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
    return put(app, [_answer(app, submission, now, copy) for submission in submission_ids], now)


def outages(app: AppContext, outage_ids: Iterable[int], now: datetime) -> list[int]:
    """Write to the agencies whose cameras fell out: one letter for all of an agency's that go to the same officer.

    Returns:
        ids of the outbox rows. Passed over are outages without anybody to write to, that were told of already, or in
        which their cameras are not any more, as far as anybody has seen lately.
    """
    with app.sessions.reading() as session:
        told = room.announced(session, app.settings)
        rows = [pair for pair in of_outages(session, outage_ids) if pair[0].id not in told]
        if not rows:
            return []
        states = {s.camera.id: s for s in current.read(app, session, now, {camera.agency for _, camera in rows})}
        rows = [(outage, camera) for outage, camera in rows if states[camera.id].outage == outage.id]
        readers = written_to(app, session, [camera for _, camera in rows], now)
        groups: dict[tuple[str, str], list[tuple[Outage, Camera]]] = defaultdict(list)
        for outage, camera in rows:
            agency, recipient = readers[camera.id]
            if recipient:
                groups[agency, recipient].append((outage, camera))
        known = _Known(
            states=states,
            names=called(app, session, [camera for _, camera in rows]),
            lately=room.lately(session, data.load(app.settings), [camera.id for _, camera in rows], now),
            phone=desk(session, app.registry, app.letters(session, now.date()), now.date()),
        )
    return put(app, [_told(app, *group, found, known, now) for group, found in groups.items()], now)


def put(app: AppContext, letters: Iterable[Letter | None], now: datetime) -> list[int]:
    """Put what was written into the outbox; the ids of the rows."""
    with app.sessions.begin() as session:
        rows = outbox.enqueue(session, [x for x in letters if x], settings=app.settings, now=now)
        return [row.id for row in rows]


def of_outages(session: Session, outage_ids: Iterable[int]) -> list[tuple[Outage, Camera]]:
    """Outages with their cameras, in the order of the ids."""
    wanted = select(Outage, Camera).join(Camera, Camera.id == Outage.camera_id).order_by(Outage.id)
    found = (session.execute(wanted.where(Outage.id.in_(part))).all() for part in parts(sorted(outage_ids)))
    return [(outage, camera) for rows in found for outage, camera in rows]


def written_to(
    app: AppContext, session: Session, cameras: Sequence[Camera], now: datetime
) -> dict[int, tuple[str, str | None]]:
    """By camera, the agency that answers for it now, and whom of it to write to."""
    day = now.date()
    heirs = {agency: responsible(app.registry, agency, day)[0] or agency for agency in {c.agency for c in cameras}}
    officers = _officers(session, {(heirs[c.agency], c.system) for c in cameras}, day)
    return {c.id: (heirs[c.agency], officers[heirs[c.agency], c.system]) for c in cameras}


def _officers(session: Session, duties: Collection[tuple[str, str]], day: date) -> dict[tuple[str, str], str | None]:
    """By agency and system, whom to write to: its focal officer, else its clerk."""
    its = Contact.agency.in_({agency for agency, _ in duties}), Contact.role.in_(READERS)
    held: dict[tuple[str, Role], list[Contact]] = defaultdict(list)
    for contact in contacts.in_force(session, day, *its):
        held[contact.agency, contact.role].append(contact)
    return {
        (agency, system): next(
            (c.email for role in READERS for c in contacts.first_named(held[agency, role], system)), None
        )
        for agency, system in duties
    }


def _answer(app: AppContext, submission_id: int, now: datetime, copy: Copy) -> Letter | None:
    with app.sessions.reading() as session:
        submission, agency = session.get_one(Submission, submission_id), _accepted_of(session, submission_id)
        cameras = session.scalars(select(Camera).where(Camera.submission_id == submission_id).order_by(Camera.id)).all()
        found = _found(checks.judge(app, session), session, cameras, now)
        if submission.automatic or agency is None or not (found.verdicts or found.excused):
            return None
        sender = submission.sender if submission.sender_doubt is None else ""  # a forged address is told nothing
        phone = desk(session, app.registry, app.letters(session, now.date()), now.date())
        duty = agency, cameras[0].system
        recipient = sender or _officers(session, [duty], now.date())[duty]
        names = called(app, session, cameras)
    if not recipient:
        return None
    number = BN(submission.id)
    faults = _lines([c for c in cameras if found.verdicts.get(c.id, Seen.OK) not in GOOD], _said(found.verdicts), names)
    unchecked = _lines([c for c in cameras if c.id in found.why_not], found.why_not, names)
    locked = [CAM(c.id) for c in cameras if found.verdicts.get(c.id) == Seen.AUTH_REQUIRED]
    marked = copy(submission_id, {line["number"]: line["why"] for line in faults}) if faults else None
    context: ReachabilityWords = {
        "agency": app.registry.agency(agency).name,
        "number": number,
        "looked": state.when(found.last) if found.last else None,
        "declared": len(cameras),
        "checked": len(found.verdicts),
        "reachable": sum(PHASE[v] in REACHABLE_PHASES for v in found.verdicts.values()),
        "showing": sum(v == Seen.OK for v in found.verdicts.values()),
        "locked": len(locked),
        "locked_numbers": _some(locked),
        "faults": faults[:SHOWN],
        "more": max(0, len(faults) - SHOWN),
        "advice": _advice(verdict for verdict in found.verdicts.values() if verdict not in GOOD),
        "unchecked": unchecked[:SHOWN],
        "more_unchecked": max(0, len(unchecked) - SHOWN),
        "unchecked_advice": _advice(found.unjudged),
        "attached": marked.filename if marked else None,
        "answer_before": _answer_before(app, now),
        "desk": phone,
    }
    return compose_letter(
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

    `unjudged`: what was found that says nothing of a camera. `excused`: a pause or an expected silence stands over one
    of them; of the rest we know nothing. `waits`: it is one that ends, and a later look will tell. `last`: the newest
    look that gave a verdict.
    """

    verdicts: dict[int, str] = field(default_factory=dict)
    why_not: dict[int, str] = field(default_factory=dict)
    unjudged: set[str] = field(default_factory=set)
    excused: bool = False
    waits: bool = False
    last: checks.Look | None = None


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
        elif night.excuse:
            found.why_not[camera.id] = night.excuse.words
            found.unjudged.add(night.excuse.code)
            if not judge.blind(night.look):
                found.excused, found.waits = True, found.waits or not judge.rules.never_heard(camera)
        elif night.look.verdict == Seen.SERVER_ERROR and len(seen[camera.id]) == 1:
            found.why_not[camera.id], found.excused, found.waits = BUSY, True, True
        else:
            found.verdicts[camera.id] = night.look.verdict
            found.last = max(filter(None, (found.last, night.look)), key=lambda look: look.at)
    return found


def _said(verdicts: Mapping[int, str]) -> dict[int, str]:
    """What an agency reads of each camera."""
    return {camera: SENTENCE[verdict] for camera, verdict in verdicts.items()}


def _advice(verdicts: Iterable[str]) -> list[tuple[str, str]]:
    """What can be done about each kind of fault, once: the kinds as their cameras' lines call them, and the advice."""
    seen, kinds = set(verdicts), defaultdict[str, list[str]](list)
    for verdict, what in ADVICE.items():
        if verdict in seen:
            kinds[what].append(SENTENCE[verdict])
    return [("”, “".join(sentences), what) for what, sentences in kinds.items()]


def _accepted_of(session: Session, submission_id: int) -> str | None:
    """Whose accepted form it is; None when it was not accepted."""
    newest = select(Verdict).where(Verdict.submission_id == submission_id).order_by(Verdict.id.desc()).limit(1)
    verdict = session.scalar(newest)
    return verdict.agency if verdict and verdict.outcome in ACCEPTED else None


@dataclass(frozen=True)
class _Known:
    """What letters about outages rest on.

    Args:
        states: by camera, of all cameras of the agencies concerned.
        names: by camera, what a letter calls it.
        lately: by camera, how many outages it has had in the time that counts for flapping.
        phone: whom the readers can call.
    """

    states: Mapping[int, CameraState]
    names: Mapping[int, str]
    lately: Mapping[int, int]
    phone: str | None


def _told(
    app: AppContext, agency: str, recipient: str, found: list[tuple[Outage, Camera]], known: _Known, now: datetime
) -> Letter:
    found = sorted(found, key=lambda pair: pair[0].id)
    places = [place for place in _places(app, found, known) if {c.id for _, c in found} & {*place.cameras}]
    together = {camera for place in places for camera in place.cameras}
    alone = [(outage, camera) for outage, camera in found if camera.id not in together]
    lines = [_out(app, outage, camera, known) for outage, camera in alone]
    seen = [known.states[camera].verdict for camera in (*(c.id for _, c in alone), *together)]
    total = len(alone) + len(together)
    context: OutageWords = {
        "agency": app.registry.agency(agency).name,
        "what": f"camera {_plain(alone[0][1], known)}" if total == 1 and alone else f"{total:02} camera",
        "places": [_place(place, known) for place in places],
        "faults": lines[:SHOWN],
        "total": total,
        "more": max(0, len(lines) - SHOWN),
        "window": data.load(app.settings).flapping.nights,
        "advice": _advice(verdict for verdict in seen if verdict),
        "answer_before": _answer_before(app, now),
        "desk": known.phone,
    }
    numbers = ",".join(SC(outage.id) for outage, _ in found)
    own = [outage.id for outage, _ in found]
    of_places = {outage for camera in together if (outage := known.states[camera].outage)}
    return compose_letter(
        app,
        now,
        LetterKind.OUTAGE,
        agency,
        recipient,
        f"{numbers}|{now:%Y-%m-%d}",
        context,
        {"outages": own, "also_named": sorted(of_places - {*own})},
        f"Sự cố camera: {numbers.replace(',', ', ')}",
    )


def _out(app: AppContext, outage: Outage, camera: Camera, known: _Known) -> OutWords:
    """What a letter says of a camera that is out by itself."""
    state, place = known.states[camera.id], sentence_part(camera.place)
    return {
        "number": state.number,
        "name": known.names[camera.id],
        "why": SENTENCE[state.verdict or outage.verdict],
        "where": f"Tại điểm {place}" if place else f"Thuộc hệ thống {app.registry.system(camera.system).name}",
        "outage": SC(outage.id),
        "since": outage.first_night,
        "times": state.nights,
        "lately": known.lately[camera.id],
    }


def _plain(camera: Camera, known: _Known) -> str:
    """Its name in a subject; a restricted one has its number alone."""
    return CAM(camera.id) if camera.restricted else sentence_part(known.names[camera.id])


def _answer_before(app: AppContext, now: datetime) -> date:
    """The day before which an agency is asked to say what it found."""
    return app.calendar.add(now.date(), ANSWER_DAYS) + timedelta(days=1)


def _places(app: AppContext, found: Iterable[tuple[Outage, Camera]], known: _Known) -> list[Place]:
    """What is down as a whole at the agencies of these cameras."""
    agencies = {camera.agency for _, camera in found}
    its = (s for s in known.states.values() if s.camera.agency in agencies)
    watched = [s for s in its if s.checked and s.state != State.NOT_CONNECTED]
    seats = [Seat(s.camera.id, s.camera.agency, fold(s.camera.place), _device(s.camera)) for s in watched]
    down = {s.camera.id: s.verdict for s in watched if s.outage and s.verdict}
    return gather(down, seats, data.load(app.settings).together.cameras)[0]


def _device(camera: AnyCamera) -> str:
    return device(camera.url) if camera.url else CAM(camera.id)


def _place(place: Place, known: _Known) -> PlaceWords:
    """What a letter says of a place."""
    states = [known.states[camera] for camera in place.cameras]
    verdicts = [*dict.fromkeys(state.verdict for state in states if state.verdict)]  # alike, and not always the same
    return {
        "name": _where(place.kind, states),
        "silent": all(verdict in ABSENT for verdict in verdicts),
        "count": len(states),
        "numbers": _some(state.number for state in states),
        "why": " hoặc ".join(SENTENCE[verdict] for verdict in verdicts),
        "since": min(state.since for state in states if state.since),
        "times": min(state.nights for state in states),
        "outages": _some(SC(state.outage) for state in states if state.outage),
    }


def _where(kind: str, states: Sequence[CameraState]) -> str:
    sites = {fold(state.camera.place): sentence_part(state.camera.place) for state in states}
    if kind == "agency":
        return f"toàn bộ {len(sites):02} điểm của đơn vị"
    names = _some(name for name in sites.values() if name)
    shared = "đầu ghi hoặc thiết bị dùng chung" if kind == "device" else ""
    return ", ".join(filter(None, (shared, f"điểm {names}" if names else "")))


def _some(names: Iterable[str]) -> str:
    """The first of them; … where there are more."""
    first = [*islice(names, NUMBERS + 1)]
    return ", ".join(first[:NUMBERS]) + (" …" if len(first) > NUMBERS else "")


def compose_letter(
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
    """A letter about an agency's cameras.

    Args:
        about: with kind, agency and recipient, what is never told twice.
        context: what its templates are given; `remember`: what its precondition needs.
        more: further fields of `Letter`.
    """
    words = render(app.settings.data, app.registry, kind, context, now.astimezone(HERE).date())
    key = compose.of_cameras(app.registry.survey, agency, kind, about)
    return compose.letter(app.settings, kind, recipient, words, key, reason, agency=agency, context=remember, **more)


def called(app: AppContext, session: Session, cameras: Iterable[Camera]) -> dict[int, str]:
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
        rows = of_outages(session, letter.context.get("outages", []))
        if over := [(o.id, o.closed_because or "đã khắc phục") for o, _ in rows if o.closed_at is not None]:
            return f"{over[0][1]}: {', '.join(SC(number) for number, _ in over)}"
        readers = {reader for _, reader in written_to(app, session, [camera for _, camera in rows], now).values()}
        if readers - {None, letter.recipient}:
            return "cán bộ đầu mối của đơn vị đã thay đổi; thư được viết lại cho người mới"
        ruled = pauses.pauses(session, app.registry)
        return next((p for _, camera in rows if (p := pauses.covering(ruled, camera, now, now.date()))), None)

    return check
