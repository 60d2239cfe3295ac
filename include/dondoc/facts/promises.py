"""By when an agency said that it would send something: it is not chased for that until then, within limits."""

from dataclasses import dataclass
from datetime import date

from dondoc.clock import HERE
from dondoc.facts.reasons import StandingReason
from dondoc.store.facts import Ruling
from dondoc.vocabulary.reasons import Reason, because


@dataclass(frozen=True)
class Promise:
    """`until`: the last day on which the agency will send; `given`: the day on which `who` of the agency said so."""

    until: date
    given: date
    who: str
    document: str

    @property
    def reason(self) -> Reason:
        """Why nobody is chased until then."""
        who = f" với {self.who}" if self.who else ""
        return because(StandingReason.PROMISED, until=self.until, given=self.given, who=who, document=self.document)


def promise(ruling: Ruling) -> Promise | None:
    """What an agency promised by a call or otherwise; None where it promised nothing."""
    if ruling.until is None:
        return None
    given = ruling.happened_at.astimezone(HERE).date()
    return Promise(ruling.until, given, ruling.spoken_to or "", ruling.document)
