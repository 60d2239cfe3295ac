"""A refused password is not sent again that night: cameras lock accounts.

An attempt without a result counts as refused: it is committed before anything is sent, and a killed worker leaves its
trace.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dondoc import keys
from dondoc.cameras.verdicts import Finding
from dondoc.store.cameras import CredentialAttempt


def fingerprint(secrets: list[str], user: str, password: str) -> str:
    """Tells one credential from another without giving it away."""
    return keys.sign(secrets, "credential", f"{user}\0{password}".encode())


def begin(session: Session, wanted: Mapping[int, str], night: date, now: datetime) -> set[int]:
    """Note that these cameras will be sent these credentials (fingerprints by camera id).

    Returns:
        the cameras that may be: not those whose credential was refused, or has no result, that night.
    """
    known = _known(session, wanted, night)
    may = {camera for camera, row in known.items() if row.accepted}
    for camera, mark in wanted.items():
        if camera in known:
            continue
        row = CredentialAttempt(camera_id=camera, fingerprint=mark, night=night, accepted=None, recorded_at=now)
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:  # another process is about to send it
            continue
        may.add(camera)
    return may


def finish(session: Session, wanted: Mapping[int, str], findings: Iterable[Finding], night: date) -> None:
    """Note what became of the attempts; those that were not needed after all are taken back."""
    known = _known(session, wanted, night)
    for finding in findings:
        row = known.get(int(finding.camera))
        if row is None:
            continue
        if finding.password_sent:
            row.accepted = accepted(finding)
        elif row.accepted is None:
            session.delete(row)


def accepted(finding: Finding) -> bool | None:
    """Whether the password that was sent was right; None when the camera left us without an answer."""
    if finding.verdict == "auth_failed":
        return False
    return True if finding.reachable else None


def _known(session: Session, wanted: Mapping[int, str], night: date) -> dict[int, CredentialAttempt]:
    rows = session.scalars(
        select(CredentialAttempt)
        .where(CredentialAttempt.night == night, CredentialAttempt.camera_id.in_(list(wanted)))
        .order_by(CredentialAttempt.id)
    )
    return {row.camera_id: row for row in rows if row.fingerprint == wanted[row.camera_id]}
