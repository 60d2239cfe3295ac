"""How documents name the letter that they carry out."""

from dondoc.directive.model import Directive
from dondoc.documents import words


def number(letter: Directive) -> str:
    """Its number and day; "" before the clerk has given them."""
    return f"Văn bản số {letter.number} ngày {words.short(letter.day)}" if letter.number and letter.day else ""


def subject(letter: Directive) -> str:
    """What it is about, after its number."""
    return f" về {letter.title.removeprefix('V/v').strip()}" if number(letter) else ""


def grounds(letter: Directive) -> str:
    """The superior's document, with its subject where it is known, and the letter itself where it has a number, under
    the name that its issuer had then."""
    above = f"{letter.superior_document} của {letter.registry.agency(letter.superior).short}"
    cited = f"{above} {letter.weekly_report.citation}" if letter.weekly_report.citation else above
    if letter.day is None or not (own := number(letter)):
        return cited
    issuer = words.today(letter.registry, letter.issuer, letter.day).name
    return f"{cited} và {own} của {issuer}{subject(letter)}"
