"""Cameras: how each stands and why, its last nights, and what an operator may do about it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import clock
from dondoc.cameras.exports import fleet, openmetrics, tables
from dondoc.cameras.exports.tables import UNNAMED
from dondoc.cameras.logins import credentials
from dondoc.cameras.measured.told import told
from dondoc.cameras.measured.words import Line, line
from dondoc.cameras.nights import night, rounds, thumbnails, unjudged
from dondoc.cameras.nights import on_demand as now
from dondoc.cameras.registry import records
from dondoc.cameras.registry.declarations import Described
from dondoc.cameras.registry.hiding import public
from dondoc.cameras.state import checks, current, doubts, pauses, remarks
from dondoc.cameras.state.current import Filter
from dondoc.cameras.state.state import CameraState, Kind, counted, states, when
from dondoc.cameras.state.timeline import KINDS, NIGHTS, timeline
from dondoc.configuration.context import AppContext
from dondoc.directive.names import fold
from dondoc.directive.succession import responsible
from dondoc.documents.words import camera_line
from dondoc.errors import Problem
from dondoc.facts import contacts
from dondoc.facts.rule import rule
from dondoc.probing.picture.judge import DETAILS
from dondoc.probing.verdicts import NOT_CHECKED, OUR_ADVICE, SENTENCE, Verdict
from dondoc.store.cameras import Camera, CameraCheck, CredentialRelease, Outage
from dondoc.vocabulary.cameras import State, Unseen
from dondoc.vocabulary.numbers import CAM
from dondoc.vocabulary.rulings import RulingKind
from dondoc.web.pages import Day, Text, app_of, audited, download, page, redirect, shown_to, visitor_of
from dondoc.web.user import User

SHOWN = 50  # cameras on a page
LOOKS = 12  # of a camera, on its page
SCOPES = {
    "place": "điểm này",
    "system": "hệ thống này của đơn vị",
    "agency": "mọi camera của đơn vị",
    "all": "mọi camera của mọi đơn vị",
}


@dataclass(frozen=True)
class CameraFilter:
    """What the list is asked for; empty: everything."""

    agency: str = ""
    system: str = ""
    state: str = ""
    q: str = ""
    remarks: str = ""  # anything: only those that have any

    def query(self, **changed: object) -> str:
        """These filters as a query string, some of them changed."""
        given = {**vars(self), **changed}
        return urlencode({name: value for name, value in given.items() if value})


def _hidden(camera: Described, user: User) -> bool:
    """Restricted cameras are named to operators only."""
    return camera.restricted and not user.may_act


def router(require_operator: Callable[..., User]) -> APIRouter:
    routes = APIRouter()

    @routes.get("/cameras", response_class=HTMLResponse)
    def cameras(
        request: Request,
        agency: Annotated[str, Query(max_length=100)] = "",
        system: Annotated[str, Query(max_length=100)] = "",
        state: Annotated[str, Query(max_length=100)] = "",
        q: Annotated[str, Query(max_length=200)] = "",
        with_remarks: Annotated[str, Query(alias="remarks", max_length=10)] = "",
        number: Annotated[int, Query(alias="page", ge=1, le=10**6)] = 1,
    ) -> HTMLResponse:
        return _list(request, CameraFilter(agency, system, state, q, with_remarks), number)

    @routes.get("/cameras.{form}")
    def table(request: Request, form: str) -> Response:
        if form not in ("csv", "xlsx"):
            raise HTTPException(404, "Not Found")
        user = visitor_of(request)
        rows = [
            {column: shown_to(user, cell) for column, cell in row.items()}
            for row in fleet.table(app_of(request), form, by=user.actor, now=clock.now())
        ]
        content = tables.as_csv(rows) if form == "csv" else tables.as_xlsx(rows)
        return download(content, f"camera_{clock.now():%Y%m%d}.{form}")

    @routes.get("/metrics")
    def metrics(request: Request) -> Response:
        text = fleet.metrics(app_of(request), clock.now()).decode()
        return Response(shown_to(visitor_of(request), text), media_type=openmetrics.CONTENT_TYPE)

    @routes.get("/cameras/{camera}", response_class=HTMLResponse)
    def camera(request: Request, camera: int) -> HTMLResponse:
        app, user, moment = app_of(request), visitor_of(request), clock.now()
        with app.sessions.reading() as session:
            stored = session.get(Camera, camera)
            if stored is None:
                raise HTTPException(404, f"Không có camera {CAM(camera)}.")
            [state] = states(app, session, moment, only=camera)
            nights = _nights(app, session, stored, moment)
            return page(
                request,
                "camera.html",
                state=state,
                stored=stored,
                row=_row(app, state, user),
                sign=state.state.sign,
                words=state.state.label,
                advice=_advice(state),
                cells=timeline(nights, night.night_of(moment)),
                uncounted=_uncounted(state, nights),
                unjudged=unjudged.streak(nights, night.night_of(moment)) if state.unseen in NOT_CHECKED else None,
                pause=_pause(app, session, state, moment),
                doubts=doubts.doubts(session, moment, among=[camera]),
                call=_call(app, session, stored, moment) if user.may_act else None,
                kinds=KINDS,
                measured=_measured(app, session, camera, moment),
                checks=[_check(check) for check in _checks(session, camera)],
                failed=_failed(session, camera),
                outages=_outages(session, camera),
                sentences=SENTENCE,
                releases=_releases(session, camera),
                address=public(stored.url or "") if user.may_act else None,
                thumbnail=thumbnails.get(app, stored, moment) if user.may_act else None,
                held_back=_held_back(app, session, stored, moment) if user.may_act else None,
                scopes=SCOPES,
                today=moment.date(),
            )

    @routes.get("/cameras/{camera}/thumbnail")
    def thumbnail(request: Request, camera: int) -> Response:
        app = app_of(request)
        if not visitor_of(request).may_act:
            raise HTTPException(403, "Hình của camera chỉ dành cho người vận hành.")
        with app.sessions.reading() as session:
            stored = session.get(Camera, camera)
            kept = thumbnails.get(app, stored, clock.now()) if stored else None
        if kept is None:
            raise HTTPException(404, "Not Found")
        audited(request, "see_picture", CAM(camera), at=kept.at.isoformat())
        return Response(kept.jpeg, media_type="image/jpeg")

    @routes.post("/cameras/{camera}/probe")
    def probe(request: Request, camera: int, user: Annotated[User, Depends(require_operator)]) -> RedirectResponse:
        check = now.look(app_of(request), camera, by=user.actor, now=clock.now)
        detail = _detail(check)
        more = f" ({detail})" if detail and check.verdict != Verdict.OK else ""
        done = f"{CAM(camera)}, xem lúc {check.happened_at:%H:%M:%S}: {SENTENCE[check.verdict]}{more}."
        return redirect(request, f"/cameras/{camera}", done)

    @routes.post("/cameras/{camera}/credentials")
    def login(
        request: Request,
        camera: int,
        username: Annotated[str, Form(max_length=1000)],
        password: Annotated[str, Form(max_length=1000)],
        user: Annotated[User, Depends(require_operator)],
    ) -> RedirectResponse:
        app = app_of(request)
        with app.sessions.begin() as session:
            credentials.enter(
                session,
                records.find(session, str(camera)),
                username.strip(),
                password,
                by=user.actor,
                secrets=app.secrets,
                now=clock.now(),
            )
        return redirect(request, f"/cameras/{camera}", f"{CAM(camera)}: đã lưu tài khoản mới (mã hóa).")

    @routes.post("/cameras/{camera}/release")
    def release(
        request: Request, camera: int, reason: Text, user: Annotated[User, Depends(require_operator)]
    ) -> RedirectResponse:
        app = app_of(request)
        with app.sessions.begin() as session:
            row = records.find(session, str(camera))
            secrets = app.secrets
            credentials.retry(session, row, by=user.actor, reason=reason, secrets=secrets, now=clock.now())
        return redirect(request, f"/cameras/{camera}", f"{CAM(camera)}: mật khẩu được thử lại từ đêm tới.")

    @routes.post("/cameras/{camera}/confirm")
    def confirm(request: Request, camera: int, user: Annotated[User, Depends(require_operator)]) -> RedirectResponse:
        app = app_of(request)
        with app.sessions.begin() as session:
            row = records.find(session, str(camera))
            records.confirm(session, app.secrets, row, by=user.actor, now=clock.now())
        return redirect(request, f"/cameras/{camera}", f"{CAM(camera)}: đã xác nhận là đã kết nối.")

    @routes.post("/cameras/{camera}/pause")
    def pause(
        request: Request,
        camera: int,
        scope: Annotated[str, Form(max_length=100)],
        begins: Annotated[Day, Form()],
        document: Text,
        reason: Text,
        user: Annotated[User, Depends(require_operator)],
        until: Annotated[Day | Literal[""], Form()] = "",
    ) -> RedirectResponse:
        app = app_of(request)
        with app.sessions.begin() as session:
            if (stored := session.get(Camera, camera)) is None:
                raise HTTPException(404, f"Không có camera {CAM(camera)}.")
            if scope not in SCOPES or (scope == "place" and not stored.place):
                raise HTTPException(400, "Chọn phạm vi tạm dừng. Camera chưa khai điểm thì không chọn được điểm.")
            done = rule(
                app,
                session,
                RulingKind.PAUSE,
                agency=stored.agency if scope != "all" else None,
                system=stored.system if scope in ("place", "system") else None,
                place=stored.place if scope == "place" else None,
                until=until or None,
                document=document,
                reason=reason,
                by=user.actor,
                from_=clock.at(begins, 0),
                now=clock.now(),
            )
        said = f"Đã ghi quyết định số {done.number}: tạm dừng {SCOPES[scope]} ({done.covers})."
        return redirect(request, f"/cameras/{camera}", said)

    return routes


def _list(request: Request, wanted: CameraFilter, number: int) -> HTMLResponse:
    app, user = app_of(request), visitor_of(request)
    with app.sessions.reading() as session:
        among = _among(session, wanted, user)
        asked = Filter({wanted.agency} - {""}, wanted.system, wanted.state, among, bool(wanted.remarks))
        found = current.overview(app, session, clock.now(), asked, number=number, size=SHOWN)
        lately = rounds.latest(session, clock.now()) if not wanted.query() else []
        with_cameras = {*session.scalars(select(Camera.agency).distinct())}
    return page(
        request,
        "cameras.html",
        wanted=wanted,
        rows=[_row(app, state, user) for state in found.rows],
        total=found.total,
        remarks={camera: remarks.in_words(its) for camera, its in found.remarks.items()},
        with_remarks=found.with_remarks,
        counts=_by_state(found.kinds),
        line=camera_line(found.counts),
        rounds=lately,
        in_words=rounds.in_words,
        well=counted({kind: number for kind, number in found.kinds.items() if kind.state == State.OK}, found.sites),
        signs={one: one.sign for one in State},
        words={one: one.label for one in State},
        agencies={a.id: a.name for a in sorted(app.registry.agencies, key=lambda a: a.order) if a.id in with_cameras},
        systems={s.id: s.name for s in app.registry.systems},
        number=found.number,
        last=found.last,
    )


def _among(session: Session, wanted: CameraFilter, user: User) -> set[int] | None:
    """The cameras that are looked for by words; None: not by words. A hidden one is found by its number alone."""
    if not (words := fold(wanted.q)):
        return None
    c = Camera
    named = session.execute(select(c.id, c.restricted, c.name, c.place, c.site))
    return {
        camera
        for camera, restricted, *names in named
        if words in fold(" | ".join([CAM(camera), str(camera), *(names if user.may_act or not restricted else ())]))
    }


def _by_state(kinds: Mapping[Kind, int]) -> Counter[str]:
    found = Counter[str]()
    for kind, number in kinds.items():
        found[kind.state] += number
    return found


def _row(app: AppContext, state: CameraState, user: User) -> dict[str, Any]:
    camera, hidden = state.camera, _hidden(state.camera, user)
    return {
        "id": camera.id,
        "number": state.number,
        "name": UNNAMED if hidden else camera.name,
        "place": "" if hidden else camera.place,
        "site": "" if hidden or fold(camera.site) == fold(camera.place) else camera.site,
        "agency": app.registry.agency(camera.agency),
        "system": app.registry.system(camera.system),
        "state": state,
    }


def _measured(app: AppContext, session: Session, camera: int, moment: datetime) -> list[Line]:
    """What closer looks found lately, beside what its form declares."""
    found = told(app, session, moment, among=[camera]).get(camera)
    return [line(found.declared, measured) for measured in found.measured] if found else []


def _advice(state: CameraState) -> str | None:
    """What to do about it, and whom to call; None: nothing is wrong with it, or nothing was to be expected of it."""
    return OUR_ADVICE.get((state.unseen if state.state == State.NOT_CHECKED else state.verdict) or "")


def _call(app: AppContext, session: Session, camera: Camera, moment: datetime) -> str | None:
    """Whom of the agency that answers for it now to call."""
    agency = responsible(app.registry, camera.agency, moment.date())[0] or camera.agency
    return contacts.to_call(session, agency, moment.date(), camera.system)


def _nights(app: AppContext, session: Session, camera: Camera, moment: datetime) -> Sequence[checks.Night]:
    """Those that its page shows."""
    since = night.night_of(moment) - timedelta(days=NIGHTS)
    return checks.every_night(session, checks.judge(app, session), [camera], since=since).get(camera.id, [])


def _uncounted(state: CameraState, nights: Sequence[checks.Night]) -> dict[str, Any] | None:
    """Why the last night says nothing, of a camera whose state rests on one before it."""
    last = nights[-1] if nights else None
    if last is None or last.excuse is None or state.state == State.NOT_CHECKED:
        return None
    return {"when": when(last.look), "why": last.why_not, "advice": OUR_ADVICE.get(last.excuse.code)}


def _pause(app: AppContext, session: Session, state: CameraState, moment: datetime) -> pauses.Pause | None:
    """What it is paused by now."""
    if state.unseen != Unseen.PAUSED:
        return None
    ruled, day = pauses.pauses(session, app.registry), night.night_of(moment)
    return next((pause for pause in ruled if pause.covers(state.camera, moment, day)), None)


def _checks(session: Session, camera: int) -> list[CameraCheck]:
    newest = select(CameraCheck).where(CameraCheck.camera_id == camera)
    return list(session.scalars(newest.order_by(CameraCheck.night.desc(), CameraCheck.id.desc()).limit(LOOKS)))


def _check(check: CameraCheck) -> dict[str, Any]:
    return {
        "at": check.happened_at,
        "round": rounds.name(check.round),
        "sentence": SENTENCE[check.verdict],
        "detail": _detail(check),
        "elapsed_ms": check.elapsed_ms,
    }


def _detail(check: CameraCheck) -> str:
    """What it says beyond its sentence."""
    said = (DETAILS["ok"], SENTENCE[check.verdict])
    return "" if check.detail in said or SENTENCE[check.verdict].endswith(check.detail) else check.detail


def _failed(session: Session, camera: int) -> CameraCheck | None:
    """The newest check that failed and left its steps."""
    return next((check for check in _checks(session, camera) if check.steps), None)


def _held_back(app: AppContext, session: Session, camera: Camera, moment: datetime) -> str | None:
    """Why its password would not be sent now, in words."""
    tonight = night.night_of(moment)
    try:
        return credentials.refused_since(session, camera, secrets=app.secrets, tonight=tonight)
    except Problem as unreadable:
        return str(unreadable)


def _releases(session: Session, camera: int) -> list[CredentialRelease]:
    """Who entered a login, was given it or let it be tried again, the newest first."""
    newest = select(CredentialRelease).where(CredentialRelease.camera_id == camera)
    return list(session.scalars(newest.order_by(CredentialRelease.id.desc()).limit(20)))


def _outages(session: Session, camera: int) -> list[Outage]:
    return list(session.scalars(select(Outage).where(Outage.camera_id == camera).order_by(Outage.id.desc()).limit(20)))
