"""Reading the text layer of a PDF as the work of a confined child: see `isolation.server`. `scan` is its other side."""

import json
from collections.abc import Callable
from io import BytesIO

from pypdf import PdfReader, PdfWriter

from dondoc.drafts.codes import find_codes

FIRST, LAST = 10, 5  # pages that are looked at, at each end: the code stands below the signature
LONGEST = 200_000  # characters of a page


def prepare(context: bytes) -> None:
    """Read a page once: children are forked from what is warm."""
    blank, out = PdfWriter(), BytesIO()
    blank.add_blank_page(595, 842)
    blank.write(out)
    _texts(out.getvalue())


def work(request: bytes, ask: Callable[[bytes], bytes]) -> bytes:
    """The codes in a PDF as JSON; whatever the library stumbles over ends the child."""
    return json.dumps(find_codes("\n".join(_texts(request)))).encode()


def _texts(content: bytes) -> list[str]:
    pages = PdfReader(BytesIO(content)).pages
    count = len(pages)
    looked_at = dict.fromkeys([*range(min(FIRST, count)), *range(max(0, count - LAST), count)])
    return [pages[number].extract_text()[:LONGEST] for number in looked_at]
