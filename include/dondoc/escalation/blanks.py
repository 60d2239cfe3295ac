"""The blank forms that go with a letter, one for each form owed.

They go to the focal officer and the clerk, who fill them in, at every step that needs no approval: whoever let the
reminders pass needs the form no less. A head is asked to see to it, not to fill in cells: no attachment.
"""

from dondoc.configuration.context import AppContext
from dondoc.escalation.ladder import Decision
from dondoc.escalation.recipients import needs_approval
from dondoc.forms.spec import load_specs
from dondoc.vocabulary.obligations import Status


def forms(app: AppContext, decision: Decision) -> list[tuple[str, str]]:
    """Agency and form of each blank that a decision's letters carry. Who has a form back to correct is not given
    another to begin anew."""
    if decision.step is None or any(map(needs_approval, decision.steps.values())):
        return []
    known = load_specs(app.settings.data)
    listed = [s.duty.deliverable for s in (*decision.ground, *decision.still_to_come) if s.status != Status.RETURNED]
    return [(decision.agency, form) for form in dict.fromkeys(listed) if form in known]
