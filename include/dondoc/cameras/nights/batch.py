"""One batch of looks: in waves, so that a shared password is tried on one camera first; spread, and gentle.

Names are looked up once, before anything is noted: what is noted is what is connected to.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from cryptography.fernet import InvalidToken
from sqlalchemy import select

from dondoc import keys
from dondoc.cameras.logins import attempts, canary, credentials, downgrade
from dondoc.cameras.logins.attempts import Login
from dondoc.cameras.measured import devices, facts, plan
from dondoc.cameras.measured.declared import declared
from dondoc.cameras.measured.turn import due
from dondoc.cameras.nights import past, thumbnails
from dondoc.cameras.nights.result import Result
from dondoc.cameras.registry import addresses, streams
from dondoc.configuration.context import AppContext
from dondoc.directive.names import fold
from dondoc.forms.spec import load_specs
from dondoc.probing.allow_list import Ip
from dondoc.probing.probe import probe_many
from dondoc.probing.resolver import Resolver
from dondoc.probing.spread import parts
from dondoc.probing.verdicts import WITHHELD, Finding, Target, Verdict
from dondoc.probing.wanted import LoginOutcome, Subject, Wanted
from dondoc.store.cameras import Camera

STAGE, TIMEOUT, CONCURRENCY, PER_DEVICE = 2, 12.0, 128, 8  # seconds: longer than the wait for a key picture
LOST = "không giải mã được địa chỉ đã lưu (khóa đã đổi?): nhập lại địa chỉ luồng hình"
UNREADABLE = "không giải mã được mật khẩu đã lưu (khóa đã đổi?): nhập lại bằng dondoc cameras credentials"


@dataclass(frozen=True)
class _Look:
    """A camera that is to be looked at. `login` None: without a password."""

    camera: int
    url: str
    site: Hashable | None
    devices: frozenset[str] = frozenset()  # that answer at its address, by name and by number
    login: Login | None = None
    user: str | None = None
    password: str | None = None
    unreadable: bool = False
    lost: bool = False  # its address is
    worked: bool = False  # it has been seen to work
    md5: bool = False  # as `Target`
    main: str | None = None  # the address of its main stream, where that is known

    @property
    def certain(self) -> frozenset[str]:
        """The devices of which a look is sure to tell: not each that a name stands for, which its owner chooses."""
        own = attempts.device(self.url)
        return self.devices if len(self.devices - {own}) <= 1 else frozenset({own})

    def __repr__(self) -> str:
        return f"_Look({self.camera})"


def look(
    app: AppContext,
    camera_ids: Sequence[int],
    *,
    night: date,
    now: datetime,
    over: float = 0.0,
    sleep: Callable[[float], None] = time.sleep,
    closer: bool = False,
) -> list[Result]:
    """Results of looking at the cameras.

    Args:
        over: seconds over which the looks are spread.
        closer: cameras whose turn it is are looked at closely.
    """
    batch = _Batch(app, night, now, sleep, closer)
    waiting, told, number = batch.resolved(batch.looks(camera_ids)), canary.Told(), 0
    batch.plan_closer(waiting)
    everyone, limit = max(1, len(waiting)), app.settings.refusals_per_site
    results: list[Result] = []
    while waiting:
        logins = canary.wave([x.login for x in waiting if x.login], told, number=number, limit=limit)
        going = {one.camera for one in logins} | {x.camera for x in waiting if x.login is None}
        now_going = [x for x in waiting if x.camera in going]
        found = batch.wave(now_going, over * len(now_going) / everyone)
        told.learn(logins, [finding for finding, _ in found])
        results += [Result.of(finding, at) for finding, at in found]
        waiting, number = [x for x in waiting if x.camera not in going], number + 1
    return results


class _Batch:
    """What all waves of a batch share."""

    def __init__(
        self, app: AppContext, night: date, now: datetime, sleep: Callable[[float], None], closer: bool
    ) -> None:
        self.app, self.night, self.now, self.sleep = app, night, now, sleep
        self.started = time.monotonic()
        self.resolver = Resolver(app.settings.probe_allow)
        self.rng = random.Random()  # noqa: S311 - jitter is no secret
        self.pasts: dict[int, Mapping[str, Any]] = {}
        self.closer = closer
        self.wanted: dict[int, Wanted] = {}  # of those that are looked at closely
        self.pictured: set[int] = set()  # cameras of which a picture may be kept
        self.agreed: set[int] = set()  # cameras whose agency agreed that their device is asked what it is

    def looks(self, camera_ids: Sequence[int]) -> list[_Look]:
        """Who is looked at; those that once worked come first: they are the ones that answer a canary."""
        wanted = select(Camera).where(Camera.id.in_(camera_ids), Camera.exemption.is_(None), Camera.url.is_not(None))
        with self.app.sessions.begin() as session:
            cameras = session.scalars(wanted.order_by(Camera.worked_at.is_(None), Camera.id)).all()
            self.pasts = past.pasts(session, [c.id for c in cameras], self.night)
            self.pictured = {c.id for c in cameras if thumbnails.allowed(self.app, c)}
            self.agreed = {c.id for c in cameras if c.agency in self.app.settings.device_info_agencies}
            secrets = self.app.secrets
            looks = [_prepared(secrets, camera) for camera in cameras]
            credentials.follow_key(session, secrets, {(x.user, x.password) for x in looks if x.user and x.password})
        return looks

    def resolved(self, looks: Sequence[_Look]) -> list[_Look]:
        """The same, with what their addresses stand for."""
        hosts = {one.camera: host for one in looks if (host := attempts.host(one.url))}
        asyncio.run(self.resolver.learn(hosts.values(), TIMEOUT))
        return [_found(one, self.resolver.known(hosts[one.camera])) if one.camera in hosts else one for one in looks]

    def plan_closer(self, looks: Sequence[_Look]) -> None:
        """What is to be found out of those whose turn it is to be looked at closely."""
        turn = [one for one in looks if self.closer and due(one.camera, self.night) and attempts.host(one.url)]
        if not turn:
            return
        now, port = self.now + timedelta(seconds=time.monotonic() - self.started), self.app.settings.onvif_port
        shared = _shared_hosts(looks)
        with self.app.sessions.reading() as session:
            said = declared(session, load_specs(self.app.settings.data), [one.camera for one in turn])
            clocks = {one.camera: 0 if attempts.hosts(one.devices) & shared else port for one in turn}
            wanted = {c.camera: plan.wanted(c.url, c.main, said.get(c.camera), clocks[c.camera], now) for c in turn}
            agreed = (one for one in turn if one.camera in self.agreed and wanted[one.camera].clock)
            asked = devices.asked(session, [one.login for one in agreed if one.login], self.night)
        self.wanted = {camera: replace(its, device=camera in asked) for camera, its in wanted.items()}

    def wave(self, looks: Sequence[_Look], seconds: float) -> list[tuple[Finding, datetime]]:
        """What was found, each with its instant."""
        begun, found = time.monotonic(), []
        split = parts(looks, seconds=seconds, per_site=self.app.settings.per_site, rng=self.rng)
        for starts, part in split:
            if (wait := starts - (time.monotonic() - begun)) > 0:
                self.sleep(wait)
            at = self.now + timedelta(seconds=time.monotonic() - self.started)
            found += [(finding, at) for finding in self._part(part, at)]
        return found

    def _part(self, looks: Sequence[_Look], at: datetime) -> Iterator[Finding]:
        wanted = {one.camera: one.login.fingerprint for one in looks if one.login}
        known = {one.camera: one.devices for one in looks}
        with self.app.sessions.begin() as session:
            limit = self.app.settings.refusals_per_site
            may = attempts.begin(session, wanted, self.night, at, limit=limit, known=known)
            held = [one.login for one in looks if one.login and one.camera not in may]
            why = attempts.barred(session, held, self.night, limit=limit) if held else {}
            digest = downgrade.known(session, {camera: known[camera] for camera in may})
            taken = attempts.taken(session, [one.login for one in looks if one.login], self.night)
            closer = [one.login for one in looks if one.login and one.camera in self.wanted]
            for camera in devices.withheld(session, closer, self.night):
                self.wanted[camera] = replace(self.wanted[camera], stream=None, playback=None)
        targets = [
            self._target(one, one.camera in may, one.camera in digest, one.camera in taken)
            for one in looks
            if not one.lost
        ]
        found = [Finding(str(one.camera), WITHHELD, LOST, 0, STAGE) for one in looks if one.lost]
        found += [self._without_picture(finding, at) for finding in self._probed(targets)]
        with self.app.sessions.begin() as session:
            attempts.finish(session, {camera: wanted[camera] for camera in may}, found, self.night)
            asked = {int(finding.camera) for finding in found if finding.digest} - digest
            downgrade.remember(session, (one.certain for one in looks if one.camera in asked), at)
        self._remember_devices(found, at)
        yield from _explained(looks, may, why, found)

    def _remember_devices(self, found: Sequence[Finding], at: datetime) -> None:
        """Keep at once what devices said of themselves, and that they took a login back: neither a batch that is tried
        again nor the next part of this one shows a refused login again."""
        said = [
            facts.CloserLook(int(one.camera), at, {Subject.DEVICE: its})
            for one in found
            if one.measured and (its := one.measured.get(Subject.DEVICE))
        ]
        refused: dict[str, Any] = {Subject.LOGIN: {"login": LoginOutcome.REFUSED}}
        said += [facts.CloserLook(int(one.camera), at, refused) for one in found if one.login_taken_back]
        if said:
            with self.app.sessions.begin() as session:
                facts.record(session, said, self.night, at)

    def _target(self, one: _Look, may: bool, digest: bool, taken: bool) -> Target:
        user, password = (one.user, one.password) if may else (None, None)
        pictured, past = one.camera in self.pictured, self.pasts.get(one.camera)
        worked, wanted = one.worked and (taken or one.login is None), self.wanted.get(one.camera)
        return Target(str(one.camera), one.url, user, password, past, pictured, digest, one.md5, worked, wanted)

    def _without_picture(self, finding: Finding, at: datetime) -> Finding:
        """Results travel through Airflow: a picture is put away here, at once."""
        camera = int(finding.camera)
        if camera not in self.pictured:
            thumbnails.remove(self.app, camera)
        elif finding.thumbnail:
            thumbnails.put(self.app, camera, finding.thumbnail, at)
        return replace(finding, thumbnail=None)

    def _probed(self, targets: Sequence[Target]) -> Iterable[Finding]:
        return probe_many(
            targets,
            stage=STAGE,
            concurrency=CONCURRENCY,
            timeout=TIMEOUT,
            allow=self.app.settings.probe_allow,
            per_device=PER_DEVICE,
            resolver=self.resolver,
        )


def _shared_hosts(looks: Iterable[_Look]) -> set[str]:
    """Hosts at which several devices answer, each at a port of its own, as behind one public address: which of them
    answers at another port, nobody can tell."""
    devices = {device for one in looks for device in one.devices}
    counted = Counter(host for device in devices for host in attempts.hosts([device]))
    return {host for host, count in counted.items() if count > 1}


def _found(one: _Look, ips: Iterable[Ip]) -> _Look:
    devices = attempts.addresses(one.url, ips) | {attempts.device(one.url)}
    return replace(one, devices=devices, login=one.login and replace(one.login, addresses=devices))


def _prepared(secrets: list[str], camera: Camera) -> _Look:
    site = (camera.agency, fold(camera.place)) if camera.place else None
    try:
        address = addresses.read(camera, secrets)
        url, worked = address.url or "", camera.worked_at is not None
        plain = _Look(camera.id, url, site, main=address.main, worked=worked, md5=streams.by_md5(camera.id, url))
    except addresses.Unreadable:
        return _Look(camera.id, camera.url or "", site, lost=True)
    if camera.username is None:
        return plain
    try:
        password = keys.cipher(secrets, "password").decrypt((camera.password or "").encode()).decode()
    except InvalidToken:
        return replace(plain, unreadable=True)
    mark = attempts.fingerprint(secrets, camera.username, password)
    return replace(plain, login=attempts.login(camera, mark), user=camera.username, password=password)


def _explained(
    looks: Sequence[_Look], may: set[int], why: Mapping[int, attempts.Bar], found: Iterable[Finding]
) -> Iterator[Finding]:
    """A camera that asked for a password withheld because it was refused has refused it; of an attempt without a result
    nobody knows. That we hold a password and could not use it says nothing of the camera: not that it is good either.
    """
    by_camera = {one.camera: one for one in looks}
    for finding in found:
        one = by_camera[int(finding.camera)]
        if finding.verdict == Verdict.AUTH_REQUIRED and one.login and one.camera not in may:
            bar = why.get(one.camera, attempts.UNKNOWN)
            verdict = Verdict.AUTH_FAILED if bar.refused else WITHHELD
            yield replace(finding, verdict=verdict, detail=bar.sentence)
        elif finding.verdict == Verdict.AUTH_REQUIRED and (one.login or one.unreadable):
            yield replace(finding, verdict=WITHHELD, detail=UNREADABLE if one.unreadable else finding.detail)
        else:
            yield finding
