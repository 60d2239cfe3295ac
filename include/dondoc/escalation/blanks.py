"""The blank forms that go with a letter, one for each form owed.

They go to the focal officer and the clerk, who fill them in, at every step that needs no approval: whoever let the
reminders pass needs the form no less. A head is asked to see to it, not to fill in cells: no attachment.
"""

from collections.abc import Iterable, Mapping

from dondoc.configuration.context import AppContext
from dondoc.directive.model import Registry
from dondoc.escalation.ladder import Decision
from dondoc.escalation.recipients import needs_approval
from dondoc.forms.blank import blank
from dondoc.forms.spec import load_specs
from dondoc.mail.letter import Attachment
from dondoc.vocabulary.obligations import Status

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Blanks = Mapping[tuple[str, str], Attachment]  # by agency and form


def forms(app: AppContext, decision: Decision) -> list[tuple[str, str]]:
    """Agency and form of each blank that a decision's letters carry. Who has a form back to correct is not given
    another to begin anew."""
    if decision.step is None or any(map(needs_approval, decision.steps.values())):
        return []
    known = load_specs(app.settings.data)
    listed = [s.duty.deliverable for s in (*decision.ground, *decision.still_to_come) if s.status != Status.RETURNED]
    return [(decision.agency, form) for form in dict.fromkeys(listed) if form in known]


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
