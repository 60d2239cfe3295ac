"""The rulings that ease what a letter asks for, with their documents."""

from collections.abc import Iterable, Sequence
from datetime import date

from dondoc.directive.model import Directive
from dondoc.directive.names import in_period
from dondoc.facts.obligations import Standing
from dondoc.reporting.figures.model import Relief
from dondoc.store.facts import Ruling
from dondoc.vocabulary.obligations import DONE
from dondoc.vocabulary.rulings import RulingKind

EASING = (RulingKind.EXTEND, RulingKind.WAIVE, RulingKind.PAUSE)


def reliefs(
    letter: Directive, rulings: Iterable[Ruling], standings: Sequence[Standing], today: date
) -> tuple[Relief, ...]:
    """Those that hold on a day and still ease something: of duties that are not done. Same words stand once."""
    open_ = [standing for standing in standings if standing.status not in DONE]
    found: dict[tuple[RulingKind, date | None, str, str, str], list[str]] = {}
    for ruling in rulings:
        if ruling.kind not in EASING or ruling.place or ruling.site or ruling.directive not in (None, letter.id):
            continue
        if ruling.until is not None and ruling.until < today and ruling.kind == RulingKind.PAUSE:
            continue
        if not (mine := [standing for standing in open_ if _eases(ruling, standing)]):
            continue
        key = (ruling.kind, ruling.until, ruling.document, ruling.reason, _what(ruling, mine))
        found.setdefault(key, []).append(ruling.agency or "")
    return tuple(
        Relief(
            kind=kind,
            agencies=_names(letter, agencies),
            what=what,
            until=until,
            document=document,
            reason=reason,
        )
        for (kind, until, document, reason, what), agencies in found.items()
    )


def _eases(ruling: Ruling, standing: Standing) -> bool:
    duty = standing.duty
    its = {"system": duty.system, "deliverable": duty.deliverable, "period": duty.period}
    return ruling.agency in (None, standing.agency, duty.agency) and all(
        getattr(ruling, name) in (None, value) for name, value in its.items()
    )


def _what(ruling: Ruling, eased: Sequence[Standing]) -> str:
    """What it is about, where it is not about all."""
    if ruling.deliverable is None:
        return ""
    duty = eased[0].duty
    return in_period(duty.deliverable, duty.text, ruling.period)


def _names(letter: Directive, agencies: Sequence[str]) -> tuple[str, ...]:
    """In the order of the agencies; none where one of the rulings is about all of them."""
    if "" in agencies:
        return ()
    known = sorted((letter.registry.agency(one) for one in {*agencies}), key=lambda agency: agency.order)
    return tuple(agency.name for agency in known)
