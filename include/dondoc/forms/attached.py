"""Files that go to an agency with a letter: made, signed and kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any

from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive, Registry
from dondoc.directive.names import fold
from dondoc.directive.succession import signing
from dondoc.drafts import codes, letter
from dondoc.drafts.letter import Officer, Survey
from dondoc.forms import limited
from dondoc.forms.blank import blank
from dondoc.forms.spec import CAMERA, FormSpec, load_specs
from dondoc.mail.letter import Attachment

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
Blanks = Mapping[tuple[str, str], Attachment]  # by agency and form
Row = Mapping[str, Any]


def make(app: AppContext, wanted: Iterable[tuple[str, str]], day: date) -> Blanks:
    """Makes and keeps the blanks; none without a key, which would also leave them unsigned.

    About a tenth of a second each: not to be called inside a transaction.
    """
    registry = signing(app.registry, day)
    return {pair: _blank(app, registry, *pair) for pair in wanted} if app.secrets else {}


def _blank(app: AppContext, registry: Registry, agency: str, form: str) -> Attachment:
    spec = load_specs(app.settings.data)[form]
    content = blank(spec, registry.agency(agency), registry=registry, secrets=app.secrets)
    return Attachment(f"Bieu_mau_{spec.code}_{agency}.xlsx", app.blobs.put(content), XLSX)


def current_copy(
    app: AppContext,
    agency: str,
    form: str,
    *,
    version: int,
    head: Row,
    rows: Sequence[Row],
    day: date,
    marked: Mapping[str, str] | None = None,
) -> Attachment:
    """The version in force, prefilled, with the cameras' numbers: see `forms.current`.

    Args:
        rows: with `number` ("CAM-00014") where a row is a camera.
        marked: number → what is to be seen to.

    Raises:
        Problem: there is none: it is too heavy.
    """
    spec, registry = load_specs(app.settings.data)[form], signing(app.registry, day)
    content = limited.current(
        agency,
        form,
        data=app.settings.data,
        registry=registry,
        secrets=app.secrets,
        version=version,
        head=head,
        rows=rows,
        marked=marked,
    )
    name = f"Bieu_mau_{spec.code}_{agency}_ban_{version}.xlsx"
    return Attachment(name, app.blobs.put(content), XLSX)


def letter_draft(
    app: AppContext,
    directive: Directive,
    agency: str,
    form: str,
    *,
    submission: int,
    received_at: datetime,
    head: Row,
    rows: Sequence[Row],
    now: datetime,
) -> Attachment:
    """The agency's own letter that goes with its form, ready but for number, day and signature, with the code of the
    submission; of a form of focal officers, the letter that names them.

    Raises:
        Problem: the template is missing or cannot be used.
    """
    spec, registry = load_specs(app.settings.data)[form], app.registry
    code = codes.make(app.secrets, submission) if app.secrets else None
    if spec.place is None:
        systems = list(dict.fromkeys(str(row.get("system")) for row in rows))
        officers = [_officer(row, registry if len(systems) > 1 else None) for row in rows]
        return focal_draft(app, directive, agency, systems, officers=officers, code=code, now=now)
    what = Survey(spec.label, spec.heading, *_counted(spec, rows), received_at)
    content = letter.survey(
        app.settings.data, directive, registry.agency(agency), what, _officer(head), code=code, now=now
    )
    return Attachment(f"Du_thao_cong_van_gui_bieu_mau_{spec.code}_{agency}.docx", app.blobs.put(content), DOCX)


def focal_draft(
    app: AppContext,
    directive: Directive,
    agency: str,
    systems: Sequence[str],
    *,
    officers: Sequence[Officer] = (),
    code: str | None = None,
    now: datetime,
) -> Attachment:
    """The agency's own letter that names focal officers for systems; who is not known yet is left blank.

    Raises:
        Problem: the template is missing or cannot be used.
    """
    known = {system.id: system.name for system in app.registry.systems}
    named = [known[system] for system in systems if system in known]
    content = letter.focal(
        app.settings.data, directive, app.registry.agency(agency), named, officers, code=code, now=now
    )
    return Attachment(f"Du_thao_cong_van_cu_dau_moi_{agency}.docx", app.blobs.put(content), DOCX)


def _officer(said: Row, registry: Registry | None = None) -> Officer:
    """Who is named; with the system, given a registry."""
    named = Officer(**{one.name: str(said.get(f"officer_{one.name}") or "") for one in fields(Officer)})
    systems = registry.systems if registry else ()
    return replace(named, system=next((one.name for one in systems if one.id == said.get("system")), ""))


def _counted(spec: FormSpec, rows: Sequence[Row]) -> tuple[int, int]:
    """Cameras, and the places where they are."""
    placed = [fold(str(row.get(spec.place or "") or "")) for row in rows if row.get(CAMERA)]
    return len(placed), len({*placed})
