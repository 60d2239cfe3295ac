"""A person spoke to the agency: it is not written to on the same day."""

from datetime import date

from dondoc.clock import HERE
from dondoc.escalation.reasons import LadderReason
from dondoc.facts.read import Facts
from dondoc.facts.reasons import cited
from dondoc.vocabulary.reasons import Reason, because
from dondoc.vocabulary.rulings import CallResult, RulingKind


def called_on(facts: Facts, agency: str, day: date) -> Reason | None:
    """The ruling by which an agency was spoken to on a day, as reasons quote it."""
    calls = [
        r
        for r in facts.rulings
        if r.kind == RulingKind.CALLED and r.agency in (None, agency) and r.result != CallResult.NO_ANSWER
    ]
    today = [r for r in calls if r.happened_at.astimezone(HERE).date() == day]
    return because(LadderReason.SPOKEN_TO, ruling=cited(today[-1])) if today else None
