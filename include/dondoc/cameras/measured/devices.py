"""Which devices are asked what they are, which may need a login: one question for a device and a login a week, and one
for a device in a batch.

A device is a host here: it has one port for ONVIF, however many for RTSP. A login that it refused is not shown again
until another one is stored, or a person allows it (`logins.credentials`). Which login was shown is read from the
attempt of the same camera and night, which the camera accepted. Many devices keep accounts of their own for ONVIF: a
refusal here says nothing of the picture.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from dondoc.cameras.logins.attempts import Login, hosts
from dondoc.cameras.measured.turn import WEEK
from dondoc.probing.wanted import LoginOutcome, Subject
from dondoc.store.cameras import CameraMeasurement, CredentialAttempt, CredentialRelease

HostAccount = tuple[str, str]  # host and fingerprint: what a wrong login locks


class Question(NamedTuple):
    """That a device was asked, and whether it refused the login."""

    at: datetime
    night: date
    refused: bool


def asked(session: Session, logins: Sequence[Login], night: date) -> set[int]:
    """Of cameras that may be asked, those that are: the first of each host that was not asked lately."""
    marks = {one.fingerprint for one in logins}
    before = _questions(session, marks, night) if marks else {}
    allowed = _allowed(session, marks) if before else {}
    found, taken = set[int](), set[str]()
    for one in sorted(logins, key=lambda one: one.camera):
        its = hosts(one.devices)
        if taken.isdisjoint(its) and not _barred({(host, one.fingerprint) for host in its}, before, allowed, night):
            taken |= its
            found.add(one.camera)
    return found


def withheld(session: Session, logins: Sequence[Login], night: date) -> set[int]:
    """Cameras that are not to be looked at closely with their login: their device took it, and refused it when it was
    asked for more."""
    m, a = CameraMeasurement, CredentialAttempt
    marks = {one.fingerprint for one in logins}
    told = select(a, m.happened_at, m.night).join(m, and_(m.camera_id == a.camera_id, m.night == a.night))
    told = told.where(m.subject == Subject.LOGIN, a.accepted.is_not(False), a.fingerprint.in_(marks))
    before: dict[HostAccount, list[Question]] = defaultdict(list)
    for attempt, at, when in session.execute(told) if marks else ():
        for account in _accounts(attempt):
            before[account].append(Question(at, when, refused=True))
    allowed = _allowed(session, marks) if before else {}
    return {
        one.camera
        for one in logins
        if _barred({(host, one.fingerprint) for host in hosts(one.devices)}, before, allowed, night)
    }


def _barred(
    accounts: set[HostAccount],
    before: Mapping[HostAccount, Sequence[Question]],
    allowed: Mapping[HostAccount, datetime],
    night: date,
) -> bool:
    """Whether nothing is to be asked with a login. Its device may have a name and numbers: what a person allows of one
    of them is allowed of all, from the next night on."""
    since = max((allowed[account] for account in accounts if account in allowed), default=None)
    questions = (question for account in accounts for question in before.get(account, ()))
    return any(not one.refused or one.night == night or since is None or since <= one.at for one in questions)


def refused() -> ColumnElement[bool]:
    """Of a measurement: whether the device refused the login."""
    m = CameraMeasurement
    return and_(m.subject.in_((Subject.DEVICE, Subject.LOGIN)), m.found["login"].as_string() == LoginOutcome.REFUSED)


def refusing() -> ColumnElement[bool]:
    """Of an attempt: whether it tells which login a device refused."""
    m, a = CameraMeasurement, CredentialAttempt
    return exists().where(m.camera_id == a.camera_id, m.night == a.night, refused())


def _questions(session: Session, marks: set[str], night: date) -> dict[HostAccount, list[Question]]:
    """What was asked with these logins and matters still: within a week, or refused."""
    m, a = CameraMeasurement, CredentialAttempt
    matters = or_(m.night > night - timedelta(days=WEEK), refused())
    rows = session.execute(
        select(a, m.happened_at, m.night, m.found)
        .join(m, and_(m.camera_id == a.camera_id, m.night == a.night))
        .where(m.subject == Subject.DEVICE, a.accepted.is_(True), a.fingerprint.in_(marks), matters)
    )
    questions: dict[HostAccount, list[Question]] = defaultdict(list)
    for attempt, at, when, found in rows:
        for account in _accounts(attempt):
            questions[account].append(Question(at, when, found.get("login") == LoginOutcome.REFUSED))
    return questions


def _accounts(attempt: CredentialAttempt) -> set[HostAccount]:
    devices = [attempt.device or "", *(one.device for one in attempt.addresses)]
    return {(host, attempt.fingerprint) for host in hosts(devices)}


def _allowed(session: Session, marks: set[str]) -> dict[HostAccount, datetime]:
    """When a person last said that a login may be tried again."""
    r = CredentialRelease
    said = select(r.device, r.fingerprint, r.recorded_at).where(r.fingerprint.in_(marks)).order_by(r.id)
    return {(host, mark): at for device, mark, at in session.execute(said) for host in hosts([device])}
