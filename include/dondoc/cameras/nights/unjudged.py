"""Cameras that cannot be judged for many nights in a row.

Such nights count against nobody, so no agency is told of them. Our own people are told once for each streak of them; a
night that can be judged ends it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras.nights import night
from dondoc.cameras.state import checks
from dondoc.cameras.state.checks import LOOK_BACK, CheckFilter, Look, Night
from dondoc.configuration.context import AppContext
from dondoc.facts import contacts
from dondoc.mail.shapes import Section
from dondoc.probing.verdicts import NOT_CHECKED, OURS, Verdict
from dondoc.store.cameras import Camera, CameraCheck
from dondoc.store.parts import parts
from dondoc.vocabulary.numbers import CAM

SHOWN = 20  # cameras of one verdict that a letter names


class Streak(NamedTuple):
    """Nights in a row that could not be judged: how many, and the verdict of the last of them. `after`: the last night
    that could be judged; None if none is known."""

    after: date | None
    nights: int
    verdict: Verdict

    def is_new(self, told: date | None) -> bool:
        """Whether it began after the night on which staff was last told of the camera."""
        return told is None or (self.after is not None and told < self.after)


class Unjudged(NamedTuple):
    """A camera with such a streak; `name` is empty where it is not to be named, `call` where no number is known."""

    camera: int
    agency: str
    name: str
    call: str
    streak: Streak


def streak(nights: Sequence[Night], until: date) -> Streak | None:
    """The streak at the end of a camera's nights, as far as they are over; None where there is none.

    Nights that do not count because of our own side, a pause or an expected silence neither end it nor are part of it.
    """
    after = max((one.day for one in nights if one.counts), default=None)
    late = [one for one in nights if after is None or one.day > after]
    mine = [one for one in late if one.day <= until and one.look.verdict in NOT_CHECKED]
    return Streak(after, len(mine), mine[-1].look.verdict) if mine else None


def unjudged(
    app: AppContext, session: Session, day: date, until: date, told: Mapping[int, date], now: datetime
) -> list[Unjudged]:
    """Cameras of a night whose streak is long enough, and of which nobody was told since it began.

    Args:
        until: the last night that is over; a night that is not may still be judged by a second look.
        told: by camera, the night on which staff was last told of it, as of `remembered`.
    """
    last = night.last_of_night(session, day)
    ids = sorted(camera for camera, verdict in last.items() if verdict in NOT_CHECKED)
    return [one for part in parts(ids) for one in _among(app, session, part, day, until, told, now)]


def _among(
    app: AppContext,
    session: Session,
    ids: Sequence[int],
    day: date,
    until: date,
    told: Mapping[int, date],
    now: datetime,
) -> Iterator[Unjudged]:
    judge = checks.judge(app, session)
    cameras = session.scalars(select(Camera).where(Camera.id.in_(ids)).order_by(Camera.id)).all()
    history = checks.every_night(session, judge, cameras, since=day - LOOK_BACK)
    for camera in cameras:
        mine = streak(history.get(camera.id, ()), until)
        if mine is None or mine.nights < judge.rules.unjudged.nights or judge.paused(camera, now):
            continue
        before = told.get(camera.id)
        if before and mine.after is None:
            mine = mine._replace(after=_judged_since(session, judge, camera, before))
        if mine.is_new(before):
            call = contacts.to_call(session, camera.agency, now.date(), camera.system) or ""
            yield Unjudged(camera.id, camera.agency, "" if camera.restricted else camera.name, call, mine)


def _judged_since(session: Session, judge: CheckFilter, camera: Camera, after: date) -> date | None:
    """The last night after one that could be judged, however long ago."""
    c = CameraCheck
    looks = select(*checks.COLUMNS).where(c.camera_id == camera.id, c.night > after, c.round != checks.DAYLIGHT)
    found = session.execute(looks.where(c.verdict.not_in(NOT_CHECKED)).order_by(c.night.desc(), c.id))
    return next((look.night for look in map(Look._make, found) if not judge.excuse(camera, look)), None)


def remembered(keys: Iterable[str]) -> dict[int, date]:
    """By camera, the newest night of which staff was told, from the keys that letters remember."""
    told: dict[int, date] = {}
    for key in keys:
        camera, day = key.split("|")
        told[int(camera)] = max(told.get(int(camera), date.min), date.fromisoformat(day))
    return told


def key(camera: int, until: date) -> str:
    """What a letter remembers of a camera that it tells of."""
    return f"{camera}|{until}"


def sections(app: AppContext, found: Collection[Unjudged]) -> list[Section]:
    """Of a letter to our own people, one for each verdict, the most frequent first: what to do, and the cameras."""
    by_verdict: dict[Verdict, list[Unjudged]] = defaultdict(list)
    for one in found:
        by_verdict[one.streak.verdict].append(one)
    return [_section(app, verdict, its) for verdict, its in sorted(by_verdict.items(), key=lambda both: -len(both[1]))]


def _section(app: AppContext, verdict: Verdict, its: Sequence[Unjudged]) -> Section:
    shown = its[:SHOWN]
    calls = dict.fromkeys(_call(app, one) for one in shown) if verdict not in OURS else ()
    lines = [f"Cần làm: {verdict.staff_advice}", *calls, *(_named(app, one) for one in shown)]
    more = max(0, len(its) - SHOWN)
    return {"title": f"{verdict.heading} ({len(its):02} camera)", "lines": lines, "more": more}


def _call(app: AppContext, one: Unjudged) -> str:
    return f"Gọi {app.registry.agency(one.agency).short}: {one.call or 'danh bạ chưa có số điện thoại, cần bổ sung'}"


def _named(app: AppContext, one: Unjudged) -> str:
    name = f"{CAM(one.camera)} {one.name}".rstrip()
    return f"{name} ({app.registry.agency(one.agency).short}): {one.streak.nights:02} đêm liền"
