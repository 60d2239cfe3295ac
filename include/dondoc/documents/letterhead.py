"""The head of an agency's own documents."""

import re

from dondoc.directive.model import Agency, Registry
from dondoc.documents import words
from dondoc.vocabulary.agencies import AgencyKind

_COMMITTEE = re.compile(r"(Ủy ban nhân dân) (.+)")


def above(registry: Registry, agency: Agency) -> str:
    """The agency that it belongs to, in capitals; "" of a people's committee, which belongs to none."""
    if agency.superior:
        return agency.superior.upper()
    return registry.agency(registry.superior).name.upper() if agency.kind == AgencyKind.DEPARTMENT else ""


def own(agency: Agency) -> tuple[str, ...]:
    """Its name in capitals, as lines: of a committee the common words stand in a line of their own."""
    committee = _COMMITTEE.fullmatch(words.full(agency.name))
    return tuple(part.upper() for part in committee.groups()) if committee else (agency.name.upper(),)
