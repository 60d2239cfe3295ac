"""How a camera stands at a moment, and why. Pure, but for `states`, which reads what it rests on.

Letters, figures, pages and exports all ask here.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras.state import checks
from dondoc.cameras.state.checks import CheckFilter, Night
from dondoc.configuration.context import AppContext
from dondoc.probing.verdicts import GOOD, PHASE, REACHABLE_PHASES, SENTENCE
from dondoc.store.cameras import Camera, Outage

OK, FAILING, OUTAGE, FLAPPING = "ok", "failing", "outage", "flapping"
NOT_CONNECTED, NOT_CHECKED = "not_connected_yet", "not_checked"
WORDS = {
    OK: "hoạt động tốt",
    FAILING: "chưa đạt",
    OUTAGE: "mất kết nối hoặc không có hình",
    FLAPPING: "chập chờn",
    NOT_CONNECTED: "chưa kết nối",
    NOT_CHECKED: "chưa kiểm tra được",
}
EXEMPTIONS = {
    "not_installed": "chưa lắp đặt",
    "vms_only": "chỉ xem qua VMS hoặc đám mây",
    "no_route": "chưa có đường chia sẻ về Sở",
    "private_address": "địa chỉ mạng nội bộ, chưa có kênh riêng về Sở",
}
NO_ADDRESS = "chưa khai địa chỉ luồng hình"
NOT_LOOKED_AT = f"chưa được kiểm tra trong {checks.RECENT.days:02} ngày gần nhất"
NEW = "mới khai, chưa đến lượt kiểm tra"
UNMET_PHASES = frozenset({"address", "dns", "connect", "tls"})  # no connection came about
BY_DAY = range(7, 18)  # o'clock: the night such a look is counted to has not come yet


@dataclass(frozen=True)
class CameraState:
    """A camera at a moment: `state`, and the `reason` in words for a person.

    `look` is the newest look that counts, None without one. `since`: the first night of its outage or of the bad
    nights so far, `nights` how many those are; `outage`: the id of the outage it is in.
    """

    camera: Camera
    state: str
    reason: str
    look: checks.Look | None = None
    since: date | None = None
    nights: int = 0
    outage: int | None = None

    @property
    def number(self) -> str:
        return f"CAM-{self.camera.id:05}"

    @property
    def verdict(self) -> str | None:
        return self.look.verdict if self.look else None

    @property
    def checked(self) -> bool:
        """Whether it belongs in a denominator."""
        return self.state != NOT_CHECKED

    @property
    def reachable(self) -> bool:
        return self.checked and self.look is not None and PHASE[self.look.verdict] in REACHABLE_PHASES

    @property
    def showing(self) -> bool:
        return self.checked and self.look is not None and self.look.verdict == "ok" and self.look.stage == 2

    @property
    def awaiting_credentials(self) -> bool:
        """Whether it answered and asked for a login that nobody gave us: all well, but no picture was seen."""
        return self.checked and self.verdict == "auth_required"


def counts(states: Sequence[CameraState]) -> dict[str, int]:
    """The one way in which pages, reports and the demo count cameras.

    `showing` and `asking` are among `reachable`, that is among `checked`; `not_checked` is the rest of `declared`.
    """
    seen = [state for state in states if state.checked]
    return {
        "sites": len({(state.camera.agency, state.camera.site) for state in states}),
        "declared": len(states),
        "checked": len(seen),
        "not_checked": len(states) - len(seen),
        "reachable": sum(state.reachable for state in seen),
        "showing": sum(state.showing for state in seen),
        "asking": sum(state.awaiting_credentials for state in seen),
        "not_connected": sum(state.state == NOT_CONNECTED for state in seen),
        "outages": sum(state.outage is not None for state in seen),
    }


def bad_run(nights: Sequence[Night]) -> list[Night]:
    """The bad nights since the last good one; those that say nothing are passed over.

    A good look under a pause counts for nobody, but what was bad before it has ended.
    """
    good = [index for index, night in enumerate(nights) if night.look.verdict in GOOD]
    return [night for night in nights[good[-1] + 1 if good else 0 :] if night.counts]


def down_since(nights: Sequence[Night], needed: int) -> date | None:
    """The first night of an outage: so many bad ones in a row and no good one since; None while it is none."""
    bad = bad_run(nights)
    return bad[0].day if len(bad) >= needed else None


def camera_state(
    camera: Camera,
    nights: Sequence[Night],
    *,
    needed: tuple[int, str],
    outage: Outage | None,
    outages_lately: int,
    flapping: int,
    paused: str | None,
    fresh: datetime,
) -> CameraState:
    """How a camera stands.

    Args:
        nights: its nights in order, as far back as matters.
        needed: bad nights that make an outage, and why so many.
        outage: the one that is open, if any.
        outages_lately: how many opened in the time that counts for flapping, `flapping`: how many make it so.
        paused: the ruling that stands over it.
        fresh: what was seen before says nothing of now.
    """
    if why := exempt(camera) or paused:
        return CameraState(camera, NOT_CHECKED, why)
    told = [night for night in nights if night.counts]
    bad, often = bad_run(nights), outages_lately >= flapping
    if not told or told[-1].look.at < fresh or not (told[-1].good or bad):
        return CameraState(camera, NOT_CHECKED, _unseen(camera, nights, fresh))
    last = told[-1]
    seen = SENTENCE[last.look.verdict]
    if last.good:
        return _well(camera, last, seen, outages_lately if often else 0)
    since, count = (outage.first_night if outage else bad[0].day), len(bad)
    if outage is None and not worked(camera):
        return CameraState(camera, NOT_CONNECTED, f"{_never(told)}: {seen}", last.look, since, count)
    if outage is None:
        unit = "ngày" if last.look.at.hour in BY_DAY else "đêm"
        patience = f"; tính là mất kết nối từ {unit} thứ {needed[0]:02}" + (f" ({needed[1]})" if needed[1] else "")
        return CameraState(camera, FAILING, f"{seen}, {count:02} {unit}{patience}", last.look, since, count)
    state = FLAPPING if outage.flapping or often else OUTAGE
    times = f"; {outages_lately:02} lần mất kết nối gần đây" if state == FLAPPING else ""
    reason = f"{seen}, {_since(since, bad)}{times}"
    return CameraState(camera, state, reason, last.look, since, count, outage.id)


def _well(camera: Camera, last: Night, seen: str, outages_lately: int) -> CameraState:
    if outages_lately:
        return CameraState(camera, FLAPPING, f"{seen}; {outages_lately:02} lần mất kết nối gần đây", last.look)
    return CameraState(camera, OK, f"{seen}, {when(last.look)}", last.look)


def _never(told: Sequence[Night]) -> str:
    """How far a camera that was never seen working has come; what an agency does about it differs."""
    phases = {PHASE[night.look.verdict] for night in told}
    if "picture" in phases:
        return "chưa từng thấy hình tốt"
    return "chưa từng kết nối được" if phases <= UNMET_PHASES else "chưa từng thấy hình"


def when(look: checks.Look) -> str:
    """When a look was, for people: by day the hour too, since the night it is counted to has not come yet."""
    if look.at.hour in BY_DAY:
        return f"lúc {look.at:%H:%M} ngày {look.at:%d/%m/%Y}"
    return f"đêm {look.night:%d/%m/%Y}"


def _since(first: date, bad: Sequence[Night]) -> str:
    by_day = any(night.day == first and night.look.at.hour in BY_DAY for night in bad)
    return f"từ {'ngày' if by_day else 'đêm'} {first:%d/%m/%Y}"


def worked(camera: Camera) -> bool:
    """Whether it was once seen working, or a person confirmed that it is connected: only then can it fall out."""
    return camera.confirmed or camera.worked_at is not None


def exempt(camera: Camera) -> str | None:
    """Why a camera is not looked at, by design; None when it is."""
    return EXEMPTIONS.get(camera.exemption, camera.exemption) if camera.exemption else None


def _unseen(camera: Camera, nights: Sequence[Night], fresh: datetime) -> str:
    recent = [night for night in nights if night.look.at >= fresh]
    if recent:
        return recent[-1].why_not or NOT_LOOKED_AT
    if camera.url and not nights and camera.recorded_at >= fresh:
        return NEW
    return NOT_LOOKED_AT if camera.url else NO_ADDRESS


def states(
    app: AppContext, session: Session, as_of: datetime, known_at: datetime | None = None, *, only: int | None = None
) -> list[CameraState]:
    """The state of every camera declared up to a moment, as known by another (None: by now), in order of number.

    Args:
        only: of this camera alone.
    """
    query = select(Camera).where(Camera.happened_at <= as_of).order_by(Camera.id)
    if only is not None:
        query = query.where(Camera.id == only)
    if known_at is not None:
        query = query.where(Camera.recorded_at <= known_at)
    cameras = {camera.id: camera for camera in session.scalars(query)}
    judge = checks.judge(app, session, known_at)
    # 04:00 belongs to the night before: an instant's last seven days begin with that night.
    since = as_of.date() - checks.RECENT - timedelta(days=1)
    nights = checks.histories(session, judge, cameras, since=since, until=as_of, known_at=known_at)
    seen_by = min(as_of, known_at or as_of)  # an outage happens when we notice it
    standing, lately = _outages(session, seen_by, judge)
    return [
        camera_state(
            camera,
            nights.get(camera.id, []),
            needed=judge.rules.nights(camera, app.registry, app.settings),
            outage=standing.get(camera.id),
            outages_lately=lately[camera.id],
            flapping=judge.rules.flapping.outages,
            paused=judge.paused(camera, as_of),
            fresh=as_of - checks.RECENT,
        )
        for camera in cameras.values()
    ]


def _outages(session: Session, at: datetime, judge: CheckFilter) -> tuple[Mapping[int, Outage], Counter[int]]:
    """Per camera the outage that was open at a moment, and how many began in the time that counts for flapping."""
    window = at - timedelta(days=judge.rules.flapping.nights)
    ended_later = Outage.closed_at.is_(None) | (Outage.closed_at > at)
    rows = session.scalars(
        select(Outage).where(Outage.opened_at <= at, ended_later | (Outage.opened_at > window)).order_by(Outage.id)
    ).all()
    standing = {o.camera_id: o for o in rows if o.closed_at is None or o.closed_at > at}
    return standing, Counter(o.camera_id for o in rows if o.opened_at > window and o.closed_because is None)
