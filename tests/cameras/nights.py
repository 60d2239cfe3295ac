"""Short words for the tests of cameras' nights: a camera, what was seen of it, and what followed."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras.nights import night
from dondoc.cameras.nights.result import Result
from dondoc.cameras.registry import declarations
from dondoc.cameras.registry.declarations import Source
from dondoc.cameras.registry.imports import import_csv
from dondoc.cameras.state import outages
from dondoc.clock import at
from dondoc.configuration.context import AppContext
from dondoc.facts import contacts
from dondoc.facts.rule import rule
from dondoc.probing.verdicts import Finding
from dondoc.probing.verdicts import Verdict as Seen
from dondoc.store.cameras import Camera, CameraDeclaration, Outage
from dondoc.vocabulary.rulings import RulingKind
from tests.conftest import CLERK, SECRET, acting

AGENCY, OTHER, SYSTEM = "so-nnptnt", "ubnd-huyen-duc-tho", "security_traffic"
NIGHT = date(2021, 11, 22)
NOW = at(NIGHT, 22)


def on(number: int) -> date:
    """The night that comes so many after the first."""
    return NIGHT + timedelta(days=number)


def late(number: int) -> datetime:
    """When a night's results are settled."""
    return at(on(number), 23)


def cameras(app: AppContext, *rows: str) -> list[int]:
    """Cameras from rows `agency,system,name,url[,user,password,id,site,status,power]`; their ids in order."""
    text = "agency,system,name,url,user,password,id,site,status,power\n" + "\n".join(rows)
    with app.sessions.begin() as session:
        import_csv(session, app.registry, text, "cameras.csv", by=CLERK, secrets=app.settings.secret_keys, now=NOW)
        return list(session.scalars(select(Camera.id).order_by(Camera.id)))


def said(app: AppContext, camera: int, source: Source = Source.PERSON, *, when: datetime = NOW, **words: Any) -> None:
    """Something said of a camera."""
    with app.sessions.begin() as session:
        found = session.get_one(Camera, camera)
        declarations.say(session, found, source, words, happened_at=when, now=when)
        declarations.refresh(session, found.agency, found.system, app.settings.secret_keys)


def stored(
    session: Session, *, name: str, source: Source = Source.FORM, submission: int | None = None, **row: Any
) -> int:
    """A camera and one declaration of it, as they were stored, whatever is known of addresses now."""
    told = {"place": "", "site": "", "agency": AGENCY, "system": SYSTEM, "key": name, "happened_at": NOW, **row}
    camera = Camera(name=name, submission_id=submission, **{"recorded_at": told["happened_at"], **told})
    session.add(camera)
    session.flush()
    said = {"name": camera.name, "site": camera.site, "place": camera.place, "status": camera.status}
    fact = CameraDeclaration(camera_id=camera.id, source=Source.FORM, submission_id=submission, said=said)
    for column in ("url", "url_secret", "identity", "happened_at", "recorded_at"):
        setattr(fact, column, getattr(camera, column))
    session.add(fact)
    session.flush()
    return camera.id


def at_site(app: AppContext, count: int, site: str = "Cổng", agency: str = AGENCY) -> list[int]:
    """Cameras of one site, each with its own device."""
    rows = [f"{agency},{SYSTEM},{site} {n},rtsp://10.{len(site)}.1.{n},,,,{site},," for n in range(1, count + 1)]
    return cameras(app, *rows)[-count:]


def result(camera: int, verdict: str, when: datetime, **more: Any) -> Result:
    """What a look found, as if it had been made."""
    return Result.of(
        Finding(str(camera), Seen.stored(verdict), **{"detail": "", "elapsed_ms": 1, "stage": 2} | more), when
    )


def seen(app: AppContext, number: int, verdicts: dict[int, str], round: str = "night", hour: int = 22) -> None:
    """Store what a night's looks found, as if they had been made."""
    when = at(on(number) + timedelta(days=round == "second"), 4 if round == "second" else hour)
    found = [result(camera, verdict, when) for camera, verdict in verdicts.items()]
    night.store(app, found, night=on(number), round=round, now=when)


def live(app: AppContext, camera: int, verdicts: list[str], first: int = 0) -> None:
    """So many nights of one camera, each settled."""
    for number, verdict in enumerate(verdicts, first):
        seen(app, number, {camera: verdict})
        outages.settle(app, night=on(number), now=late(number))


def all_outages(app: AppContext) -> list[Outage]:
    with app.sessions.begin() as session:
        return list(session.scalars(select(Outage).order_by(Outage.id)))


def paused(app: AppContext, begins: int, until: int | None, **scope: str) -> int:
    """A pause ruled today that holds from the beginning of a night's day to the end of another's."""
    with app.sessions.begin() as session:
        return rule(
            app,
            session,
            RulingKind.PAUSE,
            until=None if until is None else on(until),
            document="Công điện số 12/CĐ-UBND",
            reason="bão số 8",
            by=acting("Trần Văn Nam"),
            from_=at(on(begins), 0),
            now=late(begins),
            **scope,
        ).number


def contact(app: AppContext, email: str, role: str = "focal_officer", agency: str = AGENCY) -> None:
    with app.sessions.begin() as session:
        text = f"agency,role,name,email,phone,valid_from\n{agency},{role},Lê A,{email},1,2021-01-01\n"
        contacts.import_csv(session, app.registry, text, "c.csv", by=CLERK, secrets=[SECRET], now=NOW)
