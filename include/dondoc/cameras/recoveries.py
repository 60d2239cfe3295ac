"""Thanks for cameras that work again, once for each letter about their outages: nobody need answer that any more."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras import letters
from dondoc.cameras.letters import SHOWN
from dondoc.cameras.state import current
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.facts.desk import desk
from dondoc.mail import outbox
from dondoc.mail.letter import Letter, Precondition
from dondoc.mail.shapes import CameraWords, RecoveryWords
from dondoc.mail.withdrawn import withdrawn
from dondoc.store.cameras import Camera, Outage
from dondoc.store.mail import OutboxLetter
from dondoc.store.parts import parts
from dondoc.vocabulary.cameras import State
from dondoc.vocabulary.letters import LetterKind, OutboxState
from dondoc.vocabulary.numbers import CAM, SC

LATEST = timedelta(days=30)  # after the letter: later nobody remembers it
UNWELL = frozenset({State.FAILING, State.OUTAGE, State.FLAPPING})
Pairs = Sequence[tuple[Outage, Camera]]


def write(app: AppContext, now: datetime) -> list[int]:
    """Thank whom a letter told of outages of which none is open any more, and at least one ended because the camera
    works. Not yet while one of its cameras fails again or comes and goes; nor who is not the one to write to about
    all that it tells of.

    Returns:
        ids of the outbox rows.
    """
    with app.sessions.reading() as session:
        over = _over(session, _unthanked(app, session, now))
        known = _known(app, session, [camera for _, pairs in over for _, camera in pairs], now)
        found = [_thanks(app, letter, pairs, known, now) for letter, pairs in over]
    return letters.put(app, found, now)


def _unthanked(app: AppContext, session: Session, now: datetime) -> Sequence[OutboxLetter]:
    counted = outbox.counted(app.settings)
    thanks = OutboxLetter.kind == LetterKind.RECOVERY, OutboxLetter.in_reply_to.is_not(None), counted
    sent = select(OutboxLetter).where(
        OutboxLetter.kind == LetterKind.OUTAGE,
        OutboxLetter.state == OutboxState.SENT,
        OutboxLetter.sent_at > now - LATEST,
        OutboxLetter.id.not_in(withdrawn()),
        OutboxLetter.message_id.not_in(select(OutboxLetter.in_reply_to).where(*thanks)),
        counted,
    )
    return session.scalars(sent.order_by(OutboxLetter.id)).all()


def _named(letter: OutboxLetter) -> set[int]:
    """The outages that stand in a letter: those that it tells of, and others of the places that it names."""
    return {*letter.context["outages"], *letter.context.get("also_named", [])}


def _over(session: Session, told: Sequence[OutboxLetter]) -> list[tuple[OutboxLetter, Pairs]]:
    """Letters of which all outages are over, and some because their cameras work; with all that they name."""
    pairs = letters.of_outages(session, set[int]().union(*map(_named, told)))
    by_id = {outage.id: (outage, camera) for outage, camera in pairs}
    named = [(letter, [by_id[number] for number in sorted(_named(letter))]) for letter in told]
    return [
        (letter, mine)
        for letter, mine in named
        if all(outage.closed_at for outage, _ in mine) and any(_works(outage) for outage, _ in _own(letter, mine))
    ]


def _own(letter: OutboxLetter, pairs: Pairs) -> Pairs:
    """Those that the letter tells of."""
    return [(outage, camera) for outage, camera in pairs if outage.id in letter.context["outages"]]


def _works(outage: Outage) -> bool:
    return outage.closed_at is not None and outage.closed_because is None


@dataclass(frozen=True)
class _Known:
    """What all thanks rest on, by camera: how it stands, which agency answers for it and whom of it to write to, and
    what a letter calls it. `phone`: whom the readers can call."""

    states: Mapping[int, State]
    readers: Mapping[int, tuple[str, str | None]]
    names: Mapping[int, str]
    phone: str | None


def _known(app: AppContext, session: Session, cameras: Sequence[Camera], now: datetime) -> _Known:
    if not cameras:
        return _Known({}, {}, {}, None)
    states = current.read(app, session, now, {camera.agency for camera in cameras})
    return _Known(
        states={one.camera.id: one.state for one in states},
        readers=letters.written_to(app, session, cameras, now),
        names=letters.called(app, session, cameras),
        phone=desk(session, app.registry, app.letters(session, now.date()), now.date()),
    )


def _thanks(app: AppContext, letter: OutboxLetter, pairs: Pairs, known: _Known, now: datetime) -> Letter | None:
    own = _own(letter, pairs)
    agencies, readers = zip(*(known.readers[camera.id] for _, camera in own), strict=True)
    unwell = any(known.states[camera.id] in UNWELL for _, camera in pairs)
    if {*readers} != {letter.recipient} or unwell or letter.sent_at is None:
        return None
    works = [(outage, camera) for outage, camera in own if _works(outage)]
    others = [(outage, camera) for outage, camera in own if not _works(outage)]
    context: RecoveryWords = {
        "agency": app.registry.agency(agencies[0]).name,
        "day": letter.sent_at.astimezone(HERE).date(),
        "total": len(works),
        "cameras": _lines(works[:SHOWN], known.names),
        "more": max(0, len(works) - SHOWN),
        "others": _lines(others[:SHOWN], known.names),
        "more_others": max(0, len(others) - SHOWN),
        "desk": known.phone,
    }
    return letters.compose_letter(
        app,
        now,
        LetterKind.RECOVERY,
        agencies[0],
        letter.recipient,
        letter.message_id,
        context,
        {"outages": [outage.id for outage, _ in pairs]},
        f"Camera hoạt động trở lại: {', '.join(SC(outage.id) for outage, _ in works)}",
        in_reply_to=letter.message_id,
    )


def _lines(pairs: Pairs, names: Mapping[int, str]) -> list[CameraWords]:
    return [{"number": CAM(c.id), "name": names[c.id], "why": f"{_end(o)} (sự cố {SC(o.id)})"} for o, c in pairs]


def _end(outage: Outage) -> str:
    day = f" ngày {outage.closed_at.astimezone(HERE):%d/%m/%Y}" if outage.closed_at else ""
    return outage.closed_because or f"hoạt động trở lại, ghi nhận{day}"


def _out(session: Session, cameras: Iterable[int]) -> list[int]:
    """The outages in which some of these cameras are now."""
    open_now = select(Outage.id).where(Outage.closed_at.is_(None)).order_by(Outage.id)
    found = (session.scalars(open_now.where(Outage.camera_id.in_(part))) for part in parts(sorted(cameras)))
    return [outage for ids in found for outage in ids]


def precondition(app: AppContext) -> Precondition:
    """Thanks hold while none of the cameras is out again, the letter that they answer stands, and its reader is still
    the one to write to."""

    def check(session: Session, letter: OutboxLetter, now: datetime) -> str | None:
        cameras = [camera for _, camera in letters.of_outages(session, letter.context["outages"])]
        if again := _out(session, {camera.id for camera in cameras}):
            return f"camera lại mất kết nối: {', '.join(map(SC, again))}"
        answered = select(OutboxLetter.id).where(OutboxLetter.message_id == letter.in_reply_to)
        if session.scalar(answered.where(OutboxLetter.id.in_(withdrawn()))):
            return "thư báo sự cố đã rút lại"
        readers = {reader for _, reader in letters.written_to(app, session, cameras, now).values()}
        return None if letter.recipient in readers else "cán bộ đầu mối của đơn vị đã thay đổi"

    return check
