"""A device that has asked for Digest is not sent the password itself on a later night: who sits on the line may ask so.

A device replaced by an older one has to be told from that by a person (`dondoc cameras retry --basic`).
"""

from collections.abc import Iterable, Mapping, Set
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dondoc.store.cameras import CredentialRelease, DigestDevice
from dondoc.store.session import one_at_a_time


def known(session: Session, devices: Mapping[int, Set[str]]) -> set[int]:
    """Which of these have asked for Digest, and nobody has allowed Basic since.

    Args:
        devices: what each may be found under: see `attempts.Login.devices`.
    """
    everything = {device for own in devices.values() for device in own}
    seen, allowed = _seen(session, everything), _allowed(session, everything)

    def barred(own: Set[str]) -> bool:
        last = max((seen[device] for device in own if device in seen), default=None)
        return last is not None and not any(allowed[device] > last for device in own if device in allowed)

    return {one for one, own in devices.items() if barred(own)}


def remember(session: Session, devices: Iterable[Set[str]], now: datetime) -> None:
    """Note that these have asked for Digest; what a person has allowed before holds no longer."""
    everything = {device for own in devices for device in own}
    if not everything:
        return
    one_at_a_time(session, "credentials")
    seen, allowed = _seen(session, everything), _allowed(session, everything)
    for device in sorted(everything):
        if device not in seen:
            session.add(DigestDevice(device=device, seen_at=now))
        elif device in allowed and allowed[device] > seen[device]:
            session.get_one(DigestDevice, device).seen_at = now


def _seen(session: Session, devices: Set[str]) -> dict[str, datetime]:
    rows = session.execute(
        select(DigestDevice.device, DigestDevice.seen_at.label("at")).where(DigestDevice.device.in_(devices))
    )
    return {row.device: row.at for row in rows}


def _allowed(session: Session, devices: Set[str]) -> dict[str, datetime]:
    release = CredentialRelease
    allowed = select(release.device, func.max(release.recorded_at).label("at")).group_by(release.device)
    rows = session.execute(allowed.where(release.device.in_(devices), release.basic.is_(True)))
    return {row.device: row.at for row in rows}
