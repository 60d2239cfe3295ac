"""The opening: what a reader must know who reads nothing else."""

from dondoc.directive.model import Directive
from dondoc.reporting.figures.model import Figures, Texts
from dondoc.reporting.sentences.cameras import cameras_of
from dondoc.reporting.sentences.duties import done, left
from dondoc.reporting.sentences.plans import asked


def summary(figures: Figures, letter: Directive, texts: Texts | None = None) -> list[str]:
    """What is done, what is late and whose, how cameras stand, and what the reader is asked for.

    Args:
        texts: what a person typed: where that holds the proposals, the reader is led to them.
    """
    superior = letter.registry.agency(letter.superior).short
    made = [done(figures), left(figures), cameras_of(figures), _ask(figures, superior, texts)]
    return [said for said in made if said]


def _ask(figures: Figures, superior: str, texts: Texts | None) -> str:
    if texts and texts.proposals:
        return "Kiến nghị, đề xuất cụ thể tại mục IV."
    whom = asked(figures)
    return f"Kính đề nghị {superior} cho ý kiến đối với {whom} (mục IV)." if whom else ""
