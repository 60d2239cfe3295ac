"""A refused password is not sent again: that night never, later only if it changed or a person says so.

Cameras lock accounts. An attempt without a result may have been refused: it is committed before anything is sent, so
that a killed worker leaves its trace, and nothing more is sent that night; but nobody is told that the password is
wrong. What a wrong login locks is the account on a device: all channels of a recorder share the fate of the one that
was tried, and a device that refused a few different passwords is sent no other that night, but for those that it took
lately at the same address: else whoever declares it with wrong ones keeps its owner's from being shown. A name has no
such right: its owner may have it stand for another device tonight. A device is what is declared and every address that
this stands for when it is asked: a name and its address are one, and so are two names of it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain

from sqlalchemy import or_, select, union
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dondoc import keys
from dondoc.directive.names import fold
from dondoc.probing.address import parse
from dondoc.probing.allow_list import Ip, same
from dondoc.probing.verdicts import Finding, Verdict
from dondoc.store.cameras import AttemptAddress, Camera, CredentialAttempt, CredentialRelease
from dondoc.store.session import one_at_a_time


@dataclass(frozen=True)
class Bar:
    """Why a password is not sent. `refused`: it was, itself; else nothing is known of it."""

    sentence: str
    refused: bool = True


TONIGHT = "mật khẩu đã bị từ chối trong đêm nay: không gửi lại"
UNKNOWN = Bar("chưa rõ kết quả lần gửi mật khẩu trước trong đêm nay: không gửi lại, đêm sau thử tiếp", refused=False)
SITE = "mật khẩu dùng chung đã bị {count:02} camera cùng điểm từ chối trong đêm nay: không gửi"
BEFORE = (
    "camera từ chối mật khẩu từ đêm {night:%d/%m/%Y}: không thử lại cho đến khi đổi mật khẩu "
    "hoặc có người cho phép (dondoc cameras retry)"
)
FORGOTTEN = ""  # the mark of a refused login that no key finds again: its device gets none for the rest of that night
DEVICE = (
    "thiết bị đã từ chối hoặc chưa trả lời {count:02} mật khẩu khác trong đêm nay: "
    "không gửi thêm để khỏi bị khóa, đêm sau thử tiếp"
)
MOST = 3  # different passwords that a device may refuse in a night, whatever the setting: some lock at the fifth
LATELY = timedelta(days=30)  # a password taken then is likely right, whatever others the device has refused since
NO_LIMIT = 2**31  # whatever the rest of its site did
Account = tuple[str, str]  # device and fingerprint: what a wrong login locks
Shared = tuple[str, str, str]  # agency, site and fingerprint


@dataclass(frozen=True)
class Login:
    """A credential that is to be shown to a camera's device. `shared` None: the camera belongs to no site.

    `account` has the device that is declared, `addresses` are those that it stands for besides.
    """

    camera: int
    account: Account
    shared: Shared | None
    addresses: frozenset[str] = field(default=frozenset())

    @property
    def fingerprint(self) -> str:
        return self.account[1]

    @property
    def devices(self) -> frozenset[str]:
        return self.addresses | {self.account[0]}

    @property
    def accounts(self) -> frozenset[Account]:
        return frozenset((device, self.fingerprint) for device in self.devices)


def fingerprint(secrets: list[str], user: str, password: str) -> str:
    """Tells one credential from another without giving it away."""
    return keys.sign(secrets, "credential", f"{user}\0{password}".encode())


def device(url: str) -> str:
    """Where a login goes, in one spelling, rtsp://host:port: the accounts behind rtsps are the same."""
    _, host, port = parse(url).device
    return _spelled(f"rtsp://{host}:{port}")


def host(url: str) -> str | None:
    """The name or number to ask for, as an address writes it; None where it cannot be read."""
    try:
        return parse(url).host
    except ValueError:
        return None


def hosts(devices: Iterable[str]) -> set[str]:
    """The hosts of devices, each as `device` writes it."""
    return {device.partition("://")[2].rpartition(":")[0] for device in devices}


def addresses(url: str, ips: Iterable[Ip]) -> frozenset[str]:
    """The devices that an address stands for, whose host has these addresses."""
    _, _, port = parse(url).device
    return frozenset(_spelled(f"rtsp://{one}:{port}") for ip in ips for one in same(ip))


def _spelled(where: str) -> str:
    """A device as it is written now: attempts of old tell rtsps apart, whose own port is 322."""
    return re.sub(r":322$", ":554", re.sub(r"^rtsps:", "rtsp:", where))


def login(camera: Camera, mark: str, where: str | None = None, others: Iterable[str] = ()) -> Login:
    """`where`: the device, when it is not the one that the camera has now; `others`: devices that it stands for."""
    shared = (camera.agency, fold(camera.place), mark) if camera.place else None
    account = (_spelled(where) if where else device(camera.url or "rtsp://0.0.0.0"), mark)
    return Login(camera.id, account, shared, frozenset(others))


def begin(
    session: Session,
    wanted: Mapping[int, str],
    night: date,
    now: datetime,
    *,
    limit: int = 2,
    known: Mapping[int, frozenset[str]] | None = None,
) -> set[int]:
    """Note that these cameras will be sent these credentials (fingerprints by camera id).

    Args:
        limit: refusals of one credential at one site that stop its use there.
        known: what their devices stand for, by camera id.

    Returns:
        the cameras that may be: not those that are barred.
    """
    if not wanted:
        return set()
    one_at_a_time(session, "credentials")
    logins, noted = _logins(session, wanted, known or {}), _noted(session, wanted, night)
    past, may = _past(session, logins, night), set()
    for one in logins:
        if past.why_not(one, limit) or past.full(one, limit):
            continue
        if one.camera in noted:
            _add_addresses(noted[one.camera], one.addresses)
        elif not _note(session, one, night, now):
            continue
        for where in one.devices:
            past.under_way[where].add(one.fingerprint)
        may.add(one.camera)
    return may


def _add_addresses(row: CredentialAttempt, found: Iterable[str]) -> None:
    new = set(found) - {row.device, *(known.device for known in row.addresses)}
    row.addresses += [AttemptAddress(device=where) for where in sorted(new)]


def _note(session: Session, one: Login, night: date, now: datetime) -> bool:
    where, mark = one.account
    row = CredentialAttempt(
        camera_id=one.camera, fingerprint=mark, device=where, night=night, accepted=None, recorded_at=now
    )
    _add_addresses(row, one.addresses)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # another process is about to send it
        return False
    return True


def finish(session: Session, wanted: Mapping[int, str], findings: Iterable[Finding], night: date) -> None:
    """Note what became of the attempts; those that were not needed after all are taken back."""
    noted = _noted(session, wanted, night)
    for finding in findings:
        row = noted.get(int(finding.camera))
        if row is None:
            continue
        if finding.password_sent:
            row.accepted = accepted(finding)
        elif row.accepted is None:
            session.delete(row)


def accepted(finding: Finding) -> bool | None:
    """Whether the password that was sent was right; None when the camera left us without an answer."""
    if finding.verdict == Verdict.AUTH_FAILED or finding.password_refused:
        return False
    return True if finding.reachable and finding.password_answered else None


def barred(session: Session, logins: Sequence[Login], night: date, *, limit: int) -> dict[int, Bar]:
    """Why a camera is not to be sent its password, for those that are not."""
    past = _past(session, logins, night)
    found = {one.camera: past.why_not(one, limit) for one in logins}
    return {camera: why for camera, why in found.items() if why}


def most(limit: int) -> int:
    """How many different passwords a device may refuse in a night."""
    return limit if limit == NO_LIMIT else min(limit, MOST)


@dataclass(frozen=True)
class _Try:
    id: int
    login: Login
    night: date
    accepted: bool | None
    at: datetime


class _Past:
    """What became of these credentials so far."""

    def __init__(
        self,
        rows: Iterable[_Try],
        releases: Mapping[Account, datetime],
        taken: Set[Account],
        not_taken: Mapping[str, set[str]],
        tonight: date,
    ) -> None:
        self.tonight, self.releases = tonight, releases
        self.taken = taken  # lately
        self.not_taken = not_taken  # by device: passwords that it has refused tonight, or left without an answer
        self.under_way: dict[str, set[str]] = defaultdict(set)  # by device: those that are sent now
        self.by_account: dict[Account, list[_Try]] = defaultdict(list)
        self.refused: dict[Shared, set[int]] = defaultdict(set)
        for row in rows:
            for account in row.login.accounts:
                self.by_account[account].append(row)
            if row.night == tonight and row.accepted is False and row.login.shared:
                self.refused[row.login.shared].add(row.login.camera)

    def why_not(self, one: Login, limit: int) -> Bar | None:
        tries = self._tries(one)
        tonight = [t for t in tries if t.night == self.tonight]
        mine = [t for t in tonight if t.login.camera == one.camera]
        taken_tonight = self._taken_tonight(one)
        if any(t.accepted is False for t in tonight):
            return Bar(TONIGHT)
        if any(t.accepted is None for t in mine) or (tonight and not taken_tonight):  # or that of another channel
            return UNKNOWN
        if before := self._refused_before(one, tries):
            return Bar(BEFORE.format(night=before))
        if taken_tonight:
            return None
        refused = len(self.refused[one.shared]) if one.shared else 0
        if refused >= limit:
            return Bar(SITE.format(count=refused))
        if self._proven(one):
            return None
        others = self._not_taken(one)  # the forgotten one may be this one, or not: nobody is told that it was refused
        barred = FORGOTTEN in others or len(others) >= most(limit)
        return Bar(DEVICE.format(count=len(others - {FORGOTTEN})), refused=False) if barred else None

    def full(self, one: Login, limit: int) -> bool:
        """Whether what is sent now is all that a device may be sent before it has answered."""
        going = {mark for where in one.devices for mark in self.under_way[where]}
        crowded = not self._proven(one) and len(self._not_taken(one) | going) >= most(limit)
        return not self._taken_tonight(one) and (one.fingerprint in going or crowded)

    def _proven(self, one: Login) -> bool:
        return one.account in self.taken and one.devices == {one.account[0]}

    def _taken_tonight(self, one: Login) -> bool:
        return any(t.accepted and t.night == self.tonight for t in self._tries(one))

    def _tries(self, one: Login) -> list[_Try]:
        return [*{t.id: t for account in one.accounts for t in self.by_account.get(account, ())}.values()]

    def _not_taken(self, one: Login) -> set[str]:
        marks = {mark for where in one.devices for mark in self.not_taken.get(where, ())}
        return marks - {one.fingerprint}

    def _refused_before(self, one: Login, tries: Sequence[_Try]) -> date | None:
        """Since which night a device has refused it, with nobody saying that it may be tried again."""
        since = max((self.releases[account] for account in one.accounts if account in self.releases), default=None)
        told = [t for t in tries if t.accepted is not None and (since is None or t.at > since)]
        good = max((t.id for t in told if t.accepted), default=0)
        return min((t.night for t in told if t.accepted is False and t.id > good), default=None)


def _past(session: Session, logins: Sequence[Login], night: date) -> _Past:
    marks, devices = {one.fingerprint for one in logins}, {where for one in logins for where in one.devices}
    rows, releases = _rows(session, marks, night), _releases(session, marks)
    return _Past(rows, releases, _taken(session, marks, night), _not_taken(session, devices, night), night)


def taken(session: Session, logins: Sequence[Login], night: date) -> set[int]:
    """The cameras whose device took their password lately."""
    known = _taken(session, {one.fingerprint for one in logins}, night)
    return {one.camera for one in logins if one.account in known}


def _taken(session: Session, marks: Iterable[str], night: date) -> set[Account]:
    attempt = CredentialAttempt
    lately = attempt.night < night, attempt.night >= night - LATELY, attempt.accepted.is_(True)
    rows = session.execute(select(attempt.device, attempt.fingerprint).where(attempt.fingerprint.in_(marks), *lately))
    return {(_spelled(where or ""), mark) for where, mark in rows.unique()}


def _not_taken(session: Session, devices: Iterable[str], night: date) -> dict[str, set[str]]:
    attempt, address = CredentialAttempt, AttemptAddress
    found: dict[str, set[str]] = defaultdict(set)
    open_tonight = attempt.night == night, attempt.accepted.is_not(True)
    declared = select(attempt.device, attempt.fingerprint).where(*open_tonight, attempt.device.in_(devices))
    stood_for = select(address.device, attempt.fingerprint).join(attempt, attempt.id == address.attempt_id)
    stood_for = stood_for.where(*open_tonight, address.device.in_(devices))
    for where, mark in chain(session.execute(declared), session.execute(stood_for)):
        found[where or ""].add(mark)
    return found


def _rows(session: Session, marks: Iterable[str], night: date) -> Iterable[_Try]:
    """Attempts with these credentials that matter: tonight's, and every answer of an account that ever refused one."""
    attempt, address = CredentialAttempt, AttemptAddress
    refused = attempt.fingerprint.in_(marks), attempt.accepted.is_(False)
    stood_for = select(address.device).join(attempt, attempt.id == address.attempt_id)
    refusing = union(select(attempt.device).where(*refused), stood_for.where(*refused)).subquery()
    also = select(address.attempt_id).where(address.device.in_(select(refusing)))
    query = (
        select(attempt, Camera)
        .join(Camera, Camera.id == attempt.camera_id)
        .where(attempt.fingerprint.in_(marks))
        .where(
            or_(
                attempt.night == night,
                attempt.accepted.is_(False),
                attempt.device.in_(select(refusing)),
                attempt.id.in_(also),
            )
        )
        .order_by(attempt.id)
    )
    for row, camera in session.execute(query):
        tried = login(camera, row.fingerprint, row.device, (one.device for one in row.addresses))
        yield _Try(row.id, tried, row.night, row.accepted, row.recorded_at)


def _releases(session: Session, marks: Iterable[str]) -> dict[Account, datetime]:
    rows = session.scalars(
        select(CredentialRelease).where(CredentialRelease.fingerprint.in_(marks)).order_by(CredentialRelease.id)
    )
    return {(_spelled(row.device), row.fingerprint): row.recorded_at for row in rows}


def _logins(session: Session, wanted: Mapping[int, str], known: Mapping[int, frozenset[str]]) -> list[Login]:
    cameras = session.scalars(select(Camera).where(Camera.id.in_(list(wanted))).order_by(Camera.id))
    return [login(c, wanted[c.id], others=known.get(c.id, ())) for c in cameras if c.url]


def _noted(session: Session, wanted: Mapping[int, str], night: date) -> dict[int, CredentialAttempt]:
    rows = session.scalars(
        select(CredentialAttempt)
        .where(CredentialAttempt.night == night, CredentialAttempt.camera_id.in_(list(wanted)))
        .order_by(CredentialAttempt.id)
    )
    return {row.camera_id: row for row in rows if row.fingerprint == wanted[row.camera_id]}
