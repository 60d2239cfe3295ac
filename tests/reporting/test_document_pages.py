"""The pages themselves, over a grid of sizes: as another program sets them, and as the deputy director sees them."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path
from xml.etree import ElementTree

import pytest

from dondoc.configuration.settings import DATA
from dondoc.reporting.document import document
from dondoc.reporting.figures.model import Texts

from .samples import contents
from .worlds import World, first_letter, worlds

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("soffice") and shutil.which("pdftotext")),
        reason="needs the Debian packages libreoffice-writer-nogui and poppler-utils",
    ),
]
PAGE, MARGIN = 841.9, 56.7  # points: the height of A4, and the margin at its head and foot
HEADING = re.compile(r"(I|II|III|IV)\. [A-ZĐ]|Bảng \d\. ")
ROW = re.compile(r"\d+( |$)|Tổng cộng|(Sở, ban|UBND|Cơ quan|Doanh)[^0-9]+( \d+){6}")
NOTE = re.compile("Phải gửi là|Đã khai là|Số ngày quá hạn là")
TYPED = Texts(causes="Mưa lũ kéo dài.\n" * 3, tasks="Họp trực tuyến.", proposals="Đề nghị bố trí kinh phí.")
NAMED = (
    *("the week", "twelve late", "nothing late", "all done", "nothing asked", "one late", "fifteen late", "forty late"),
    *("every relief", "reminder", "all cameras lost", "2025", "unconfirmed calendar", "second letter", "typed"),
    *("second letter, nothing due", "since an issued report", "central only", "forty late, long names"),
)
LATE, DONE = (0, 1, 5, 9, 12, 14, 15, 40), (0, 7, 30)


@dataclass(frozen=True)
class Line:
    """What stands at one height, from left to right."""

    top: float
    bottom: float
    text: str


@dataclass(frozen=True)
class Page:
    """Its lines without the number above; `number` is that."""

    lines: tuple[Line, ...]
    number: str

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)

    def line(self, begins: str) -> Line:
        return next(line for line in self.lines if line.text.startswith(begins))


def grid() -> Iterator[tuple[str, World]]:
    """Every number of late agencies with every number of done ones, and the rest varies along; then named weeks."""
    for i, (late, done) in enumerate(product(LATE, DONE)):
        long, cameras, typed = i % 2 == 1, (0 if i % 3 == 1 else 25), i % 4 == 2
        more = {"relief": ()} if i % 5 == 0 else {}
        texts = TYPED if typed else Texts()
        figures = contents(late=late, done=done, long=long, cameras=cameras, texts=texts, **more).figures
        name = f"late {late} done {done}{' long' * long}{' without cameras' * (not cameras)}{' typed' * typed}"
        yield name, World(first_letter(), figures)
    for late, done in ((9, 7), (14, 0)):  # where a page once ended under a heading
        figures = contents(late=late, done=done, long=True, cameras=0).figures
        yield f"late {late} done {done} long, without cameras", World(first_letter(), figures)
    yield from ((name, worlds()[name]) for name in NAMED)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Page]]:
    """The pages of every report of the grid; all are set in one go."""
    folder = tmp_path_factory.mktemp("pages")
    names = dict(enumerate(grid()))
    for i, (_, world) in names.items():
        (folder / f"{i}.docx").write_bytes(document(DATA, world.letter, world.figures))
    profile = f"-env:UserInstallation=file://{folder}/lo"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", *(f"{i}.docx" for i in names)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
    return {name: read(folder / f"{i}.pdf") for i, (name, _) in names.items()}


def read(pdf: Path) -> list[Page]:
    made = subprocess.run(["pdftotext", "-bbox", pdf, "-"], check=True, capture_output=True, timeout=60)
    space = "{http://www.w3.org/1999/xhtml}"
    return [_page(page.iter(f"{space}word")) for page in ElementTree.fromstring(made.stdout).iter(f"{space}page")]


def _page(words: Iterator[ElementTree.Element]) -> Page:
    found = sorted((round(float(w.get("yMax", 0))), float(w.get("xMin", 0)), w) for w in words)
    rows: dict[int, list[ElementTree.Element]] = {}
    for bottom, _, word in found:
        near = next((known for known in rows if abs(known - bottom) <= 2), bottom)
        rows.setdefault(near, []).append(word)
    lines = [_line(row) for row in rows.values()]
    number = " ".join(line.text for line in lines if line.top < MARGIN - 8)
    return Page(tuple(line for line in lines if line.top >= MARGIN - 8), number)


def _line(words: list[ElementTree.Element]) -> Line:
    """Letters with two marks begin a word of their own there: what touches belongs together."""
    text, end = "", 0.0
    for word in words:
        text += (" " if text and float(word.get("xMin", 0)) - end > 1.2 else "") + (word.text or "")
        end = float(word.get("xMax", 0))
    return Line(min(float(w.get("yMin", 0)) for w in words), max(float(w.get("yMax", 0)) for w in words), text)


def sections(pages: list[Page]) -> list[list[Page]]:
    """The report itself, and its annex where it has one."""
    begins = [0, *(i for i, page in enumerate(pages) if page.lines and page.lines[0].text == "Phụ lục"), len(pages)]
    return [pages[first:last] for first, last in pairwise(begins)]


def faults(pages: list[Page]) -> Iterator[str]:
    """What a deputy director would send back."""
    body = sections(pages)[0]
    yield from signature(body[-1])
    for section in sections(pages):
        for i, page in enumerate(section):
            if page.number != ("" if i == 0 else str(i + 1)):
                yield f"page {i + 1} is numbered “{page.number}”"
            if not page.lines:
                yield f"page {i + 1} is empty"
                continue
            if HEADING.match(page.lines[-1].text):
                yield f"a heading alone at the foot: {page.lines[-1].text}"
            if NOTE.match(page.lines[0].text):
                yield f"a note without its table: {page.lines[0].text}"
            blank = PAGE - MARGIN - page.lines[-1].bottom
            if blank > PAGE / 3 and i < len(section) - 1:
                yield f"{blank:.0f} points of page {i + 1} are blank"
            yield from tables(page)


def signature(page: Page) -> Iterator[str]:
    whole = ("Nơi nhận:", "- Ban Giám đốc Sở", "- Lưu:", "Mã số liệu:", "PHÓ GIÁM ĐỐC")
    if lacks := [part for part in whole if part not in page.text]:
        yield f"of the signature there lacks on the last page: {lacks}"
        return
    above = [line for line in page.lines if line.bottom < page.line("Nơi nhận:").top + 2]
    if len(above) < 2:
        yield f"above the signature stand {len(above)} lines"


def tables(page: Page) -> Iterator[str]:
    """A table's title and heading are followed by a row of it."""
    for i, line in enumerate(page.lines):
        if re.match(r"Bảng \d\. ", line.text) and not any(ROW.match(row.text) for row in page.lines[i + 1 :]):
            yield f"no row under {line.text}"


def test_pages_are_whole_in_every_size(pages: dict[str, list[Page]]) -> None:
    assert len(pages) >= 40
    found = {name: said for name, its in pages.items() if (said := [*faults(its)])}
    assert not found, "\n".join(f"{name} ({len(pages[name])} pages): {said}" for name, said in found.items())


def test_the_report_on_the_letter_of_2021_takes_two_pages(pages: dict[str, list[Page]]) -> None:
    names = ("the week", "twelve late", "nothing late", "all done", "every relief", "since an issued report")
    assert {name: len(pages[name]) for name in names} == dict.fromkeys(names, 2)
