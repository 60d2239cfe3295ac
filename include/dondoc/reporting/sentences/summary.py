"""The opening: what a reader must know who reads nothing else."""

from collections.abc import Mapping
from typing import Any

from dondoc.directive.model import Directive
from dondoc.documents.words import number, today
from dondoc.reporting.figures.model import Figures
from dondoc.reporting.sentences.cameras import cameras_of
from dondoc.reporting.sentences.duties import done, left
from dondoc.reporting.sentences.plans import asked


def summary(figures: Figures, letter: Directive, *, refer: bool = True) -> list[str]:
    """What is done, what is late and whose, how cameras stand, and what the reader is asked for.

    Where a person wrote the proposals, the reader is led to them: what they ask for is not ours to say.

    Args:
        refer: say where in the document the rest stands; an e-mail and a page have no such places.
    """
    made = [done(figures), left(figures, refer=refer), cameras_of(figures), _ask(figures, letter, refer)]
    return [said for said in made if said]


def headline(stored: Mapping[str, Any]) -> str:
    """How far the duties of a stored report had come, as its own opening says it; of the first format what it holds."""
    figures = Figures.understood({**stored, "duties": ()})
    if figures is None and "format" in stored:
        return "Số liệu của báo cáo này do phiên bản khác của dondoc ghi: xem trong các tệp."
    if figures is None:
        total = stored["headline"]
        fulfilled, owed, overdue = total["fulfilled"], total["total"] - total["waived"], total["overdue"]
        return f"Đã hoàn thành {number(fulfilled)}/{number(owed)} nội dung; {number(overdue)} nội dung quá hạn."
    return " ".join(said for said in (done(figures), left(figures, refer=False)) if said)


def _ask(figures: Figures, letter: Directive, refer: bool) -> str:
    where = " (mục IV)" if refer else ""
    if figures.texts.proposals:
        return f"Phần kiến nghị, đề xuất của Sở được nêu riêng{where}."
    whom = asked(figures)
    superior = today(letter.registry, letter.superior, figures.day).short
    return f"Kính đề nghị {superior} cho ý kiến đối với {whom}{where}." if whom else ""
