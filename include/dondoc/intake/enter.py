"""An accepted form enters the data."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from dondoc.cameras.registry import addresses
from dondoc.cameras.registry.declare import declare
from dondoc.configuration.context import AppContext
from dondoc.forms.spec import load_specs
from dondoc.forms.verdict import FormVerdict
from dondoc.intake import corrections, officers
from dondoc.store.cameras import Camera
from dondoc.store.intake import Submission
from dondoc.vocabulary.numbers import CAM


def enter(
    session: Session,
    app: AppContext,
    submission: Submission,
    form: FormVerdict,
    owner: str | None,
    happened_at: datetime,
    now: datetime,
) -> None:
    """An accepted form's cameras enter the data, and its focal officers as far as nobody has to confirm them."""
    agency = owner or ""
    systems = [s.id for s in app.registry.systems if form.form in (s.form, s.internal_form)]
    for system in systems:
        declare(
            session,
            agency=agency,
            system=system,
            rows=corrections.declared(form.rows, _paths(session, app, corrections.partly_said(form.rows))),
            submission_id=submission.id,
            happened_at=happened_at,
            now=now,
            place=load_specs(app.settings.data)[form.form or ""].place or "place",
            prefer_substream=app.settings.prefer_substream,
            secrets=app.secrets,
        )
    people = officers.named(form.head, form.rows, systems)
    officers.take_over(session, app, submission, agency, people, now=now)


def _paths(session: Session, app: AppContext, numbers: Sequence[str]) -> dict[str, dict[str, str]]:
    """The paths of cameras in full, by number and field."""
    found = {}
    for number in numbers:
        camera = session.get(Camera, CAM.read(number))
        if camera is not None and camera.url:
            whole = addresses.read(camera, app.secrets)
            main, url = whole.main or whole.url or "", whole.url or ""
            found[number] = {"main_path": _path(main), **({"sub_path": _path(url)} if url != main else {})}
    return found


def _path(url: str) -> str:
    """What stands after host and port, with its parameters."""
    return f"/{url.partition('://')[2].partition('/')[2]}"
