"""A program that runs sees what others change, without a restart: a version that is added, a file that is edited."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import DATA
from tests.conftest import at
from tests.directive.letters import file, group, written
from tests.web.conftest import Visit, words_of

pytestmark = pytest.mark.slow

LOOP = """
import sys
from dondoc import clock
from dondoc.configuration.context import open_context

app = open_context()
for _ in sys.stdin:
    with app.sessions.reading() as session:
        letters = app.letters(session, clock.now().date())
    dates = {f"{duty.due_before:%d/%m}" for letter in letters for duty in letter.obligations}
    print(app.registry.place, *sorted(dates), flush=True)
"""


@pytest.fixture
def data(environment: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Data files of this installation's own."""
    copy = shutil.copytree(DATA, tmp_path / "data", ignore=shutil.ignore_patterns("dondoc"))
    environment.setenv("DONDOC_DATA", str(copy))
    environment.setenv("DONDOC_CLOCK", at(22).isoformat())
    return Path(copy)


@pytest.fixture
def loop(data: Path, app: AppContext) -> Iterator[Callable[[], str]]:
    """Another program, which runs on: place and dates as it knows them at each question."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", LOOP], text=True, **pipes) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        to, out = child.stdin, child.stdout

        def ask() -> str:
            to.write("\n")
            to.flush()
            return out.readline().strip()

        yield ask
        to.close()


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_new_version_and_a_changed_file_are_seen_by_programs_that_run(
    data: Path, loop: Callable[[], str], visit: Visit, tmp_path: Path
) -> None:
    def page() -> str:
        return words_of(visit("viewer").get("/agency/ubnd-huyen-duc-tho").text)

    assert loop() == "Hà Tĩnh 19/11 20/11"
    assert "25/11/2021" not in page()

    owed = group("tourism/form_03", "ubnd-huyen-duc-tho", due_before="2021-11-25")
    new = written(tmp_path / "b.yaml", file(owed))
    subprocess.run([Path(sys.executable).with_name("dondoc"), "directive", "add", new, "--by", "Lê A"], check=True)
    assert loop() == "Hà Tĩnh 19/11 20/11 25/11"
    assert "25/11/2021" in page()

    replaced(data / "directives" / "stttt-cntt-2021-11.yaml", "due_before: 2021-11-20", "due_before: 2021-11-24")
    replaced(data / "agencies.yaml", "place: Hà Tĩnh", "place: Đức Thọ")
    assert loop() == "Đức Thọ 19/11 24/11 25/11"
    assert "24/11/2021" in page()
