"""The files that go with a letter: the blank form for each form owed, and the draft of the agency's own letter that
names a focal officer.

They go to the focal officer and the clerk, who fill them in, at every step that needs no approval: whoever let the
reminders pass needs the form no less. A head is asked to see to it, not to fill in cells: no attachment.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime

from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive
from dondoc.errors import Problem
from dondoc.escalation.decision import Decision
from dondoc.escalation.recipients import needs_approval
from dondoc.facts.obligations import Standing
from dondoc.forms import attached
from dondoc.forms.attached import Blanks
from dondoc.forms.spec import load_specs
from dondoc.vocabulary.obligations import Deliverable, Status

log = logging.getLogger(__name__)


def make(app: AppContext, decisions: Iterable[Decision], letters: Mapping[str, Directive], now: datetime) -> Blanks:
    """What the letters of these decisions carry. Takes a while: not to be called inside a transaction."""
    decisions = list(decisions)
    blank_forms = attached.make(
        app, [pair for decision in decisions for pair in forms(app, decision)], now.astimezone(HERE).date()
    )
    drafts = {}
    for decision in decisions:
        if wanted := _focal_letters(decision):
            directive = letters[wanted[0].duty.directive]
            systems = list(dict.fromkeys(s.duty.system for s in wanted))
            try:
                draft = attached.focal_draft(app, directive, decision.agency, systems, now=now)
            except Problem as problem:  # of a template that cannot be used: `check-config` says so
                log.warning("%s: %s", decision.agency, problem)
            else:
                drafts[draft_of(decision)] = draft
    return {**blank_forms, **drafts}


def draft_of(decision: Decision) -> tuple[str, str]:
    """Under which the draft of an agency's own letter is found."""
    return decision.agency, Deliverable.FOCAL_LETTER


def forms(app: AppContext, decision: Decision) -> list[tuple[str, str]]:
    """Agency and form of each blank that a decision's letters carry. Who has a form back to correct is not given
    another to begin anew."""
    known = load_specs(app.settings.data)
    wanted = dict.fromkeys(s.duty.deliverable for s in _listed(decision))
    return [(decision.agency, form) for form in wanted if form in known]


def _focal_letters(decision: Decision) -> list[Standing]:
    return [s for s in _listed(decision) if s.duty.deliverable == Deliverable.FOCAL_LETTER]


def _listed(decision: Decision) -> list[Standing]:
    if decision.step is None or any(map(needs_approval, decision.steps.values())):
        return []
    return [s for s in (*decision.ground, *decision.still_to_come) if s.status.chased and s.status != Status.RETURNED]
