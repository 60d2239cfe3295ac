"""By when an agency said that it would send something: it is not chased for that until then, within limits."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from dondoc.clock import HERE
from dondoc.facts.reasons import StandingReason
from dondoc.store.facts import Ruling
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.reasons import Reason, because

if TYPE_CHECKING:
    from dondoc.facts.obligations import Standing

NOTHING_CAME = (Status.OVERDUE, Status.NOT_DUE)


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


def broken_promises(standings: Iterable["Standing"], today: date) -> dict[str, dict[str, Promise]]:
    """By agency and duty the newest promise, where its day is over and nothing came: the next letter can name it."""
    found: dict[str, dict[str, Promise]] = {}
    for standing in standings:
        newest = standing.promises[-1] if standing.promises else None
        if newest and newest.until < today and standing.status in NOTHING_CAME and not _released(newest, standing):
            found.setdefault(standing.agency, {})[standing.duty.id] = newest
    return found


def _released(promise: Promise, standing: "Standing") -> bool:
    """Whether we gave more time ourselves: an extension beyond its day, or a rest on that day."""
    extended = standing.last_day is not None and promise.until <= standing.last_day
    return extended or any(rest.first <= promise.until <= rest.last for rest in standing.rests)
