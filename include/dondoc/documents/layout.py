"""What stays together on a page, whatever the template looks like and however much stands in it.

Word and LibreOffice break pages themselves: they are only told what not to tear apart.
"""

from collections.abc import Iterator, Sequence

from docx.document import Document as Docx
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.table import Table, _Row
from docx.text.paragraph import Paragraph

WHOLE, LINE = 14, 27  # lines of a table that is not broken at all, and letters that stand in a line of a cell


def keep_together(document: Docx) -> None:
    """The rows of tables, and the signature with the text above it."""
    blocks = [*_blocks(document)]
    for block in blocks:
        if isinstance(block, Table):
            _keep_rows(block)
    _sign_under_text(blocks)


def _blocks(document: Docx) -> Iterator[Paragraph | Table]:
    """Paragraphs and tables in order."""
    for element in document.element.body.iterchildren():
        if element.tag == qn("w:p"):
            yield Paragraph(element, document._body)
        elif element.tag == qn("w:tbl"):
            yield Table(element, document._body)


def _keep_rows(table: Table) -> None:
    """No row is broken, and a short table is not broken at all. The heading stays with the first row, the last row with
    the one before and with the note below.

    A title stands in the table's first row: LibreOffice loses other bonds of a page to which a broken table was bound
    by the paragraph above it.
    """
    rows = [*table.rows]
    for row in rows:
        _unbroken(row)
    heads = sum(row._tr.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None for row in rows)
    whole = sum(map(_lines, rows)) <= WHOLE
    for number, row in enumerate(rows):
        if whole or number < heads or number >= len(rows) - 2:
            _with_next(row)


def _lines(row: _Row) -> int:
    """About how many lines high a row is."""
    return max(1 + len(cell.text) // LINE for cell in row.cells)


def _unbroken(row: _Row) -> None:
    properties = row._tr.get_or_add_trPr()
    if properties.find(qn("w:cantSplit")) is None:
        properties.insert(0, OxmlElement("w:cantSplit"))


def _with_next(row: _Row) -> None:
    for cell in row.cells:
        for paragraph in cell.paragraphs:
            paragraph.paragraph_format.keep_with_next = True


def _sign_under_text(blocks: Sequence[Paragraph | Table]) -> None:
    """The two paragraphs before the signature, which stands in the last table without lines, go with it."""
    places = [i for i, block in enumerate(blocks) if isinstance(block, Table) and _has_no_lines(block)]
    for block in blocks[max(0, places[-1] - 2) : places[-1]] if places else ():
        if isinstance(block, Paragraph):
            block.paragraph_format.keep_with_next = True


def _has_no_lines(table: Table) -> bool:
    if table._tbl.tblStyle_val is None:  # the default has none, and is slow to find
        return True
    return table.style is None or table.style.name != "Table Grid"
