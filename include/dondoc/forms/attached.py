"""Blank forms as attachments of letters: made, signed and kept."""

from collections.abc import Iterable, Mapping

from dondoc.configuration.context import AppContext
from dondoc.directive.model import Registry
from dondoc.forms.blank import blank
from dondoc.forms.spec import load_specs
from dondoc.mail.letter import Attachment

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Blanks = Mapping[tuple[str, str], Attachment]  # by agency and form


def make(app: AppContext, wanted: Iterable[tuple[str, str]]) -> Blanks:
    """Makes and keeps the blanks; none without a key, which would also leave them unsigned.

    About a tenth of a second each: not to be called inside a transaction.
    """
    registry = app.registry
    return {pair: _blank(app, registry, *pair) for pair in wanted} if app.secrets else {}


def _blank(app: AppContext, registry: Registry, agency: str, form: str) -> Attachment:
    spec = load_specs(app.settings.data)[form]
    content = blank(spec, registry.agency(agency), registry=registry, secrets=app.secrets)
    return Attachment(f"Bieu_mau_{spec.code}_{agency}.xlsx", app.blobs.put(content), XLSX)
