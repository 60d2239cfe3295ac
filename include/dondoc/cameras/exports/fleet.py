"""The world's fleet in each of the forms."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.audit import Actor
from dondoc.cameras.exports import frigate, go2rtc, mediamtx, openmetrics, tables
from dondoc.cameras.exports.openmetrics import Run
from dondoc.cameras.exports.permission import permissions
from dondoc.cameras.exports.streams import Stream, plain
from dondoc.cameras.exports.verified import shown, verified
from dondoc.cameras.logins import credentials
from dondoc.cameras.state import current
from dondoc.configuration.context import AppContext
from dondoc.store.cameras import Camera, NightRun
from dondoc.store.files import replace

LOOKS = ("night", "second", "day", "all")  # rounds over the fleet; a look at single cameras has a name of its own
RECENT = timedelta(days=7)
HIDDEN = (
    " {} camera có phần địa chỉ bị che (***) vì có thể là mật khẩu: phải điền lại mới xem được, hoặc xuất với "
    "--with-passwords."
)
_SERVERS = {"go2rtc": go2rtc.render, "mediamtx": mediamtx.render, "frigate": frigate.render}


def configuration(
    app: AppContext,
    server: str,
    *,
    passwords: bool,
    restricted: bool,
    by: Actor,
    now: datetime,
    checked_only: bool = False,
) -> bytes:
    """A configuration for `go2rtc`, `mediamtx` or `frigate` of the cameras that were seen working.

    Args:
        passwords: in clear; otherwise what the server replaces by its environment stands for them.
        by: who asked: a person where it is for passwords or restricted cameras, who is noted at the top of the file,
            and in the database with each camera whose password, or which as a restricted one, is in it.
        checked_only: only the streams that were looked at, without their counterparts, main or sub.

    Raises:
        Problem: a password cannot be decrypted, or is asked for by nobody.
    """
    with app.sessions.begin() as session:
        cameras = _cameras(session, shown(current.read(app, session, now), restricted=restricted))
        allowed = permissions(session, cameras)
        streams = verified(cameras, app.registry, app.secrets, permissions=allowed)
        streams = [stream for stream in streams if stream.checked or not checked_only]
        listed = {stream.camera for stream in streams}
        secrets = {stream.camera for stream in streams if stream.secret} if passwords else set()
        if passwords:  # committed before anybody gets the file
            given = [camera for camera in cameras if camera.id in secrets]
            credentials.handed_out(session, given, f"xuất mật khẩu vào cấu hình {server}", by=by, now=now)
        if restricted:
            given = [camera for camera in cameras if camera.restricted and camera.id in listed - secrets]
            credentials.handed_out(session, given, f"xuất camera hạn chế vào cấu hình {server}", by=by, now=now)
        told = {"cameras": len(listed), "passwords": passwords, "restricted": restricted}
        audit.record(session, app.secrets, by, "export", f"cameras.{server}", now=now, **told)
    notes = _about(streams, len(cameras), now)
    if restricted and not passwords:
        notes.append(f"Gồm camera hạn chế nêu tên, theo yêu cầu của {plain(by.name)}.")
    if passwords:
        notes.append(f"CÓ MẬT KHẨU, theo yêu cầu của {plain(by.name)}: giữ kín, không gửi thư, xóa khi dùng xong.")
    elif hidden := len({stream.camera for stream in streams if stream.hidden != stream}):
        notes[0] += HIDDEN.format(f"{hidden:02}")  # the line that the command repeats
    streams = streams if passwords else [stream.hidden for stream in streams]
    return _SERVERS[server](streams, passwords=passwords, notes=notes).encode()


def _about(streams: Sequence[Stream], seen: int, now: datetime) -> list[str]:
    """What the file holds, and which of it was really looked at."""
    cameras, checked = len({s.camera for s in streams}), sum(s.checked for s in streams)
    notes = [f"dondoc: {cameras} camera, xuất lúc {now:%H:%M %d/%m/%Y}. {checked} luồng hình đã kiểm tra, có hình."]
    if more := len(streams) - checked:
        notes.append(
            f"{more} luồng còn lại (ghi “CHƯA kiểm tra”) là luồng chính hoặc phụ của cùng camera, theo khai báo hoặc "
            "theo mẫu đường dẫn của hãng."
        )
    if left := seen - cameras:
        notes.append(f"Không xuất {left} camera có hình mà đơn vị không cho chia sẻ, hoặc chỉ cho luồng phụ chưa rõ.")
    return notes


def _cameras(session: Session, ids: Collection[int]) -> list[Camera]:
    return [camera for camera in session.scalars(select(Camera).order_by(Camera.id)) if camera.id in ids]


def table(
    app: AppContext,
    form: str,
    *,
    by: Actor,
    now: datetime,
    restricted: bool = False,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
) -> list[dict[str, str]]:
    """Rows for `tables`.

    Args:
        form: csv or xlsx.
        as_of: of this moment, as known at `known_at`; both None: how it is now.
        restricted: also the names of restricted cameras; noted with each of them, with the person who asked (`by`).

    Raises:
        Problem: these are asked for in the name of a program.
    """
    with app.sessions.reading() as session:
        found, its = current.standing(app, session, now, as_of, known_at)
    with app.sessions.begin() as session:  # before anybody has it
        if restricted:
            given = _cameras(session, {state.camera.id for state in found if state.camera.restricted})
            credentials.handed_out(session, given, "xuất tên camera hạn chế vào bảng", by=by, now=now)
        told = {"cameras": len(found), "restricted": restricted}
        audit.record(session, app.secrets, by, "export", f"cameras.{form}", now=now, **told)
    return tables.rows(found, app.registry, its, restricted=restricted)


def metrics(app: AppContext, now: datetime) -> bytes:
    """What Prometheus reads."""
    with app.sessions.reading() as session:
        found, runs = current.read(app, session, now), last_runs(session, now)
    return openmetrics.render(found, runs)


def publish(app: AppContext, now: datetime) -> None:
    """Put the metrics where `DONDOC_METRICS_FILE` says (node_exporter's textfile collector reads it); unset: nowhere.

    Raises:
        Problem: the file cannot be written.
    """
    if app.settings.metrics_file:
        replace(app.settings.metrics_file, metrics(app, now), 0o644)


def last_runs(session: Session, now: datetime) -> list[Run]:
    """The last finished round of each kind, of the past week."""
    runs = session.scalars(
        select(NightRun)
        .where(NightRun.night > (now - RECENT).date(), NightRun.finished_at.is_not(None), NightRun.round.in_(LOOKS))
        .order_by(NightRun.finished_at)
    )
    newest = {run.round: run for run in runs}
    return [
        Run(r.round, r.started_at, r.finished_at, r.counts, void=r.our_side_down is not None)
        for r in newest.values()
        if r.finished_at
    ]
