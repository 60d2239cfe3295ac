"""Thanks for cameras that work again, once for each letter about their outages: who had them mended need not wonder."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras import letters
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.facts.desk import desk
from dondoc.mail import compose, outbox
from dondoc.mail.letter import Letter
from dondoc.mail.render import render
from dondoc.mail.shapes import RecoveryWords
from dondoc.mail.withdrawn import withdrawn
from dondoc.store.cameras import Camera, Outage
from dondoc.store.mail import OutboxLetter
from dondoc.store.parts import parts
from dondoc.vocabulary.letters import LetterKind, OutboxState
from dondoc.vocabulary.numbers import CAM, SC

LATEST = timedelta(days=30)  # after the letter: later nobody remembers it


def write(app: AppContext, now: datetime) -> list[int]:
    """Thank whom a letter told of outages of which none stands any more, and at least one ended because the camera
    works; not for cameras that come and go, nor where one is out again, or is somebody else's now.

    Returns:
        ids of the outbox rows.
    """
    with app.sessions.reading() as session:
        counted = outbox.counted(app.settings)
        thanked = select(OutboxLetter.in_reply_to).where(OutboxLetter.kind == LetterKind.RECOVERY, counted)
        told = select(OutboxLetter).where(
            OutboxLetter.kind == LetterKind.OUTAGE,
            OutboxLetter.state == OutboxState.SENT,
            OutboxLetter.sent_at > now - LATEST,
            OutboxLetter.id.not_in(withdrawn()),
            OutboxLetter.message_id.not_in(thanked),
            counted,
        )
        found = [thanks for letter in session.scalars(told) if (thanks := _thanks(app, session, letter, now))]
    with app.sessions.begin() as session:
        return [row.id for row in outbox.enqueue(session, found, settings=app.settings, now=now)]


def _thanks(app: AppContext, session: Session, letter: OutboxLetter, now: datetime) -> Letter | None:
    rows = letters.of_outages(session, letter.context["outages"])
    cameras = [camera for _, camera in rows]
    readers = {reader for _, reader in letters.written_to(app, session, cameras, now).values()}
    works = [outage for outage, _ in rows if outage.closed_because is None]
    if _out(session, cameras) or not works or any(o.flapping for o, _ in rows) or readers != {letter.recipient}:
        return None
    agency, names = letter.agency or cameras[0].agency, letters.called(app, session, cameras)
    context: RecoveryWords = {
        "agency": app.registry.agency(agency).name,
        "day": (letter.sent_at or now).astimezone(HERE).date(),
        "total": len(works),
        "cameras": [
            {"number": CAM(c.id), "name": names[c.id], "why": f"{_end(outage)} (sự cố {SC(outage.id)})"}
            for outage, c in rows[: letters.SHOWN]
        ],
        "more": max(0, len(rows) - letters.SHOWN),
        "desk": desk(session, app.registry, app.letters(session, now.date()), now.date()),
    }
    return compose.letter(
        app.settings,
        LetterKind.RECOVERY,
        letter.recipient,
        render(app.settings.data, app.registry, LetterKind.RECOVERY, context, now.astimezone(HERE).date()),
        compose.of_cameras(app.registry.survey, agency, LetterKind.RECOVERY, letter.message_id),
        f"Camera hoạt động trở lại: {', '.join(SC(outage.id) for outage in works)}",
        agency=agency,
        context={"outages": letter.context["outages"]},
        in_reply_to=letter.message_id,
    )


def _end(outage: Outage) -> str:
    day = f" ngày {outage.closed_at.astimezone(HERE):%d/%m/%Y}" if outage.closed_at else ""
    return outage.closed_because or f"hoạt động trở lại, ghi nhận{day}"


def _out(session: Session, cameras: Sequence[Camera]) -> list[int]:
    """The outages in which some of these cameras are now."""
    its = select(Outage.id).where(Outage.closed_at.is_(None)).order_by(Outage.id)
    found = (session.scalars(its.where(Outage.camera_id.in_(part))) for part in parts([c.id for c in cameras]))
    return [outage for ids in found for outage in ids]


def precondition(session: Session, letter: OutboxLetter, now: datetime) -> str | None:
    """Thanks hold while none of the cameras is out again."""
    cameras = [camera for _, camera in letters.of_outages(session, letter.context["outages"])]
    again = _out(session, cameras)
    return f"camera lại mất kết nối: {', '.join(map(SC, again))}" if again else None
