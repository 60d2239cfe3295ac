"""Letters about cameras: what answered of what was declared, and outages. Number and name only, no address."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras import outages as room
from dondoc.cameras.verdicts import GOOD, NOT_CHECKED, PHASE, REACHABLE_PHASES, SENTENCE
from dondoc.directive.succession import responsible
from dondoc.facts import contacts
from dondoc.mail import outbox
from dondoc.mail.letter import Letter, StillTrue
from dondoc.mail.render import render
from dondoc.store.cameras import Camera, CameraCheck, Outage
from dondoc.store.intake import Submission, Verdict
from dondoc.store.mail import OutboxLetter
from dondoc.world import World

SHOWN = 30  # cameras in one letter: people read on phones
EXEMPTIONS = {
    "not_installed": "chưa lắp đặt",
    "vms_only": "chỉ xem qua VMS hoặc đám mây",
    "no_route": "chưa có đường chia sẻ về Sở",
    None: "chưa khai địa chỉ luồng hình",
}


def reachability(world: World, submission_ids: Iterable[int], now: datetime) -> list[int]:
    """Write to the senders of accepted forms what their cameras answered; once per submission.

    Nothing is written when nothing was looked at, a machine sent the form, or there is nobody to write to.

    Returns:
        ids of the outbox rows.
    """
    return _put(world, [_answer(world, submission, now) for submission in submission_ids], now)


def outages(world: World, outage_ids: Iterable[int], now: datetime) -> list[int]:
    """Write to the agencies whose cameras fell out: one letter for all of an agency's that go to the same officer.

    Returns:
        ids of the outbox rows; outages without anybody to write to, or already told of, are passed over.
    """
    with world.sessions.begin() as session:
        told = room.announced(session)
        wanted = select(Outage, Camera).join(Camera, Camera.id == Outage.camera_id)
        rows = session.execute(wanted.where(Outage.id.in_(list(outage_ids)), Outage.closed_at.is_(None))).all()
        groups: dict[tuple[str, str], list[tuple[Outage, Camera]]] = defaultdict(list)
        for outage, camera in rows:
            agency = responsible(world.directive, camera.agency, now.date())[0] or camera.agency
            recipient = _officer(session, agency, camera.system, now)
            if recipient and outage.id not in told:
                groups[agency, recipient].append((outage, camera))
    return _put(world, [_told(world, *group, found, now) for group, found in groups.items()], now)


def _put(world: World, letters: list[Letter | None], now: datetime) -> list[int]:
    with world.sessions.begin() as session:
        rows = outbox.enqueue(session, [x for x in letters if x], settings=world.settings, now=now)
        return [row.id for row in rows]


def _officer(session: Session, agency: str, system: str | None, now: datetime) -> str | None:
    for role in ("focal_officer", "clerk"):
        if found := contacts.find(session, agency, role, now.date(), system):
            return found[0].email
    return None


def _answer(world: World, submission_id: int, now: datetime) -> Letter | None:
    with world.sessions.begin() as session:
        submission, agency = session.get_one(Submission, submission_id), _accepted_of(session, submission_id)
        cameras = session.scalars(select(Camera).where(Camera.submission_id == submission_id).order_by(Camera.id)).all()
        looks = session.scalars(
            select(CameraCheck)
            .where(CameraCheck.camera_id.in_([c.id for c in cameras]))
            .order_by(CameraCheck.happened_at, CameraCheck.id)
        )
        last = {look.camera_id: look.verdict for look in looks if look.verdict not in NOT_CHECKED}
        if submission.automatic or agency is None or not last:
            return None
        recipient = submission.sender or _officer(session, agency, cameras[0].system, now)
    if not recipient:
        return None
    number = f"BN-{submission.id:04}"
    faults = _lines([c for c in cameras if last.get(c.id, "ok") not in GOOD], last)
    context = {
        "agency": world.directive.agency(agency).name,
        "number": number,
        "declared": len(cameras),
        "checked": len(last),
        "reachable": sum(PHASE[v] in REACHABLE_PHASES for v in last.values()),
        "showing": sum(v == "ok" for v in last.values()),
        "locked": sum(v == "auth_required" for v in last.values()),
        "faults": faults[:SHOWN],
        "more": max(0, len(faults) - SHOWN),
        "unchecked": _lines([c for c in cameras if c.id not in last], {})[:SHOWN],
    }
    return _letter(
        world,
        "reachability",
        agency,
        recipient,
        number,
        context,
        {"submission": submission.id},
        f"Kết quả kiểm tra camera khai trong {number}",
        in_reply_to=submission.message_id,
    )


def _accepted_of(session: Session, submission_id: int) -> str | None:
    """Whose accepted form it is; None when it was not accepted."""
    newest = select(Verdict).where(Verdict.submission_id == submission_id).order_by(Verdict.id.desc()).limit(1)
    verdict = session.scalar(newest)
    return verdict.agency if verdict and verdict.outcome.startswith("accepted") else None


def _told(world: World, agency: str, recipient: str, found: list[tuple[Outage, Camera]], now: datetime) -> Letter:
    found = sorted(found, key=lambda pair: pair[0].id)
    numbers = [f"SC-{outage.id:04}" for outage, _ in found]
    lines = [
        {**line, "outage": number, "since": outage.first_night}
        for line, number, (outage, _) in zip(
            _lines([c for _, c in found], {c.id: o.verdict for o, c in found}), numbers, found, strict=True
        )
    ]
    context = {
        "agency": world.directive.agency(agency).name,
        "faults": lines[:SHOWN],
        "total": len(lines),
        "more": max(0, len(lines) - SHOWN),
    }
    about = f"{','.join(numbers)}|{now:%Y-%m-%d}"
    return _letter(
        world,
        "outage",
        agency,
        recipient,
        about,
        context,
        {"outages": [o.id for o, _ in found]},
        f"Camera mất kết nối: {', '.join(numbers)}",
        office_hours=True,
    )


def _letter(
    world: World,
    kind: str,
    agency: str,
    recipient: str,
    about: str,
    context: dict[str, Any],
    remember: dict[str, Any],
    reason: str,
    **more: Any,
) -> Letter:
    words = render(world.settings.data, world.directive, kind, context)
    dedup = "|".join((world.settings.installation, world.directive.id, agency, kind, about, recipient))
    return Letter(
        kind=kind,
        recipient=recipient,
        subject=words.subject,
        text=words.text,
        html=words.html,
        dedup=dedup,
        reason=reason,
        agency=agency,
        context=remember,
        **more,
    )


def _lines(cameras: Iterable[Camera], last: dict[int, str]) -> list[dict[str, Any]]:
    """What a letter says of each camera; a restricted one is named by its number alone."""
    return [
        {
            "number": f"CAM-{c.id:05}",
            "name": "camera hạn chế nêu tên" if c.restricted else c.name,
            "why": SENTENCE[last[c.id]] if c.id in last else EXEMPTIONS.get(c.exemption, SENTENCE["blocked_target"]),
        }
        for c in cameras
    ]


def still_true(world: World) -> StillTrue:
    """An outage letter holds while all it tells of are still out; what was found at a form's arrival stays true."""

    def check(session: Session, letter: OutboxLetter, now: datetime) -> str | None:
        ids = letter.context.get("outages", [])
        over = session.scalars(select(Outage.id).where(Outage.id.in_(ids), Outage.closed_at.is_not(None))).all()
        return f"đã khắc phục: {', '.join(f'SC-{i:04}' for i in sorted(over))}" if over else None

    return check
