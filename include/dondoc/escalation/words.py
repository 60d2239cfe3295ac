"""How the ladder names things for people."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from textwrap import shorten

from dondoc.directive.model import Directive, Duty, Step
from dondoc.directive.names import deliverable
from dondoc.documents.words import listed, today
from dondoc.facts.issued import Issued
from dondoc.vocabulary.obligations import Deliverable
from dondoc.vocabulary.reasons import Reason, said

BRIEF = 30  # letters of a name that a subject has room for


def sentence(reasons: Iterable[Reason]) -> str:
    """Why something was decided, for people."""
    return ". ".join(dict.fromkeys(map(said, reasons))) + "."


def short(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def title(step: Step) -> str:
    """What people call a step."""
    return step.title or step.id


def reference(directive: Directive) -> str:
    """The directive as letters cite it: by its number only once the clerk has given one."""
    if directive.number and directive.day:
        return f"Văn bản số {directive.number} ngày {short(directive.day)}"
    return f"văn bản của Sở về {_about(directive)}"


def _about(directive: Directive) -> str:
    return re.sub(r"^(V/v|Về việc)\s+", "", directive.title.strip(), flags=re.IGNORECASE)


def short_reference(directive: Directive) -> str:
    """As a list of reasons names it: the title of one without a number would drown them."""
    return _shortened(reference(directive))


@lru_cache
def _shortened(text: str) -> str:
    return shorten(text, 60, placeholder="…")


def cited(directive: Directive) -> str:
    """A directive with its title, where it stands beside others."""
    return (
        f"{reference(directive)} về {_about(directive)}" if directive.number and directive.day else reference(directive)
    )


def grounds(letters: Sequence[Directive], issued: Sequence[Issued] = ()) -> str:
    """What a letter rests on: the superior's documents, and ours as far as the clerk has given them a number."""
    above = [f"{one.superior_document} của {one.registry.agency(one.superior).short}" for one in letters]
    about = letters[0]
    own = [
        f"{reference(one)} của {today(one.registry, one.issuer, one.day).name}"
        for one in letters
        if one.number and one.day
    ]
    documents = [f"{one.citation} của {today(about.registry, about.issuer, one.day).name}" for one in issued]
    return listed([*above, *own, *documents])


def what(asked: Sequence[Duty]) -> str:
    """What is asked for, in a few words for a subject."""
    names = list(dict.fromkeys(brief(duty) for duty in asked))
    return names[0] if len(asked) == 1 and len(names[0]) <= BRIEF else f"{len(asked):02} nội dung"


def brief(duty: Duty) -> str:
    """What is asked for, among other things."""
    return (
        "văn bản cử đầu mối"
        if duty.deliverable == Deliverable.FOCAL_LETTER
        else deliverable(duty.deliverable, duty.text)
    )
