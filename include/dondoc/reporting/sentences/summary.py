"""The opening: what a reader must know who reads nothing else."""

from dondoc.directive.model import Directive
from dondoc.reporting.figures.model import Figures
from dondoc.reporting.sentences.cameras import cameras_of
from dondoc.reporting.sentences.duties import done, left
from dondoc.reporting.sentences.plans import asked


def summary(figures: Figures, letter: Directive) -> list[str]:
    """What is done, what is late and whose, how cameras stand, and what the reader is asked for.

    Where a person wrote the proposals, the reader is led to them: what they ask for is not ours to say.
    """
    made = [done(figures), left(figures), cameras_of(figures), _ask(figures, letter)]
    return [said for said in made if said]


def _ask(figures: Figures, letter: Directive) -> str:
    if figures.texts.proposals:
        return "Phần kiến nghị, đề xuất của Sở được nêu riêng (mục IV)."
    whom = asked(figures)
    superior = letter.registry.agency(letter.superior).short
    return f"Kính đề nghị {superior} cho ý kiến đối với {whom} (mục IV)." if whom else ""
