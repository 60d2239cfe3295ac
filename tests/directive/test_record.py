"""Letters as dated records: which version holds on a day, as it was known at a moment."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.directive import record
from dondoc.directive.load import File, load_file
from dondoc.directive.record import State
from dondoc.errors import Problem
from dondoc.facts.obligations import standings
from dondoc.facts.read import Facts, Paper
from dondoc.store.directives import DirectiveVersion
from dondoc.vocabulary.obligations import Status
from tests.conftest import at, migrate
from tests.directive.letters import SHIPPED, file, group, written

OWES = group("tourism/form_03", "ubnd-huyen-duc-tho", due_before="2021-11-25")
LETTER = file(OWES)
LATER = file(OWES | {"due_before": "2021-12-10"})
ID = LETTER.id


@pytest.fixture
def installed(environment: pytest.MonkeyPatch, tmp_path: Path) -> AppContext:
    """A world whose one file is `LETTER`."""
    environment.setenv("DONDOC_DIRECTIVE", str(written(tmp_path / "b.yaml", LETTER)))
    environment.setenv("DONDOC_CLOCK", at(20).isoformat())
    app = AppContext(load())
    migrate(app.settings.url)
    return app


@pytest.fixture
def on_each(empty_database: str, installed: AppContext) -> AppContext:
    """The same on SQLite and on PostgreSQL."""
    return installed


def add(session: Session, letter: File, after: int | None, **other: Any) -> int:
    said = {
        "state": State.ACTIVE,
        "valid_from": date(2021, 11, 24),
        "document": "CV 9",
        "reason": "mưa lũ",
        "by": "Lê A",
    }
    return record.add(session, letter, after=after, **({"now": at(22)} | said | other))


def due(app: AppContext, day: date, known_at: datetime | None = None) -> list[date | None]:
    with app.sessions.reading() as session:
        return [d.due_before for letter in app.letters(session, day, known_at) for d in letter.obligations]


def taken_in(app: AppContext) -> list[DirectiveVersion]:
    with app.sessions.begin() as session:
        return [*session.scalars(select(DirectiveVersion).order_by(DirectiveVersion.number))]


def test_the_first_version_of_a_file_is_known_since_the_letters_day(installed: AppContext) -> None:
    written_down, before = date(2021, 11, 25), due(installed, date(2021, 11, 16), at(16))
    assert before == [written_down], "also while nothing is written down yet"
    [row] = taken_in(installed)
    assert (row.number, row.state, row.valid_from, row.by) == (1, "active", date(2021, 11, 16), "")
    assert row.recorded_at == at(16, 0)
    assert due(installed, date(2021, 11, 16), at(16)) == [written_down]
    assert due(installed, date(2021, 11, 15)) == [] == due(installed, date(2021, 11, 16), at(15, 23, 59))


def test_a_file_is_taken_in_once_per_content_and_a_changed_one_holds_from_today(installed: AppContext) -> None:
    taken_in(installed)
    again = AppContext(installed.settings)
    assert len(taken_in(again)) == 1
    written(installed.settings.directive_files[0], LATER)
    assert due(again, date(2021, 11, 20)) == [date(2021, 12, 10)], "a running process reads it without a restart"
    first, second = taken_in(AppContext(installed.settings))
    assert (second.number, second.valid_from) == (2, date(2021, 11, 20))
    assert second.recorded_at > first.recorded_at
    assert due(again, date(2021, 11, 19)) == [date(2021, 11, 25)]
    assert due(again, date(2021, 11, 20), at(19)) == [date(2021, 11, 25)]


def test_an_amendment_is_seen_only_from_its_day_and_from_when_it_was_recorded(on_each: AppContext) -> None:
    installed = on_each
    with installed.sessions.begin() as session:
        assert add(session, LATER, 1) == 2
    old, new = [date(2021, 11, 25)], [date(2021, 12, 10)]
    assert due(installed, date(2021, 11, 23)) == old
    assert due(installed, date(2021, 11, 24)) == new
    assert due(installed, date(2021, 11, 24), at(22) - timedelta(seconds=1)) == old
    assert due(installed, date(2021, 11, 24), at(22)) == new
    other = AppContext(installed.settings)
    assert due(other, date(2021, 11, 24)) == new, "another process sees it"


def test_a_draft_chases_nobody_until_it_is_activated_by_a_person(installed: AppContext) -> None:
    third = file(OWES, id="c", follows=ID)
    with installed.sessions.begin() as session:
        add(session, third, None, state=State.DRAFT, document="", reason="", valid_from=date(2021, 11, 18))
    assert len(due(installed, date(2021, 11, 23))) == 1
    with installed.sessions.begin() as session:
        assert record.activate(session, "c", by="Trần Thị B", now=at(23)) == 2
    assert len(due(installed, date(2021, 11, 23))) == 2
    assert len(due(installed, date(2021, 11, 23), at(22, 12))) == 1, "as it was known before"
    with installed.sessions.begin() as session, pytest.raises(Problem, match="không phải bản nháp"):
        record.activate(session, "c", by="Trần Thị B", now=at(23))
    with installed.sessions.begin() as session, pytest.raises(Problem, match="Không có văn bản “d”"):
        record.activate(session, "d", by="Trần Thị B", now=at(23))


def test_a_draft_of_an_amendment_leaves_the_letter_that_holds_as_it_is(installed: AppContext) -> None:
    with installed.sessions.begin() as session:
        add(session, LATER, 1, state=State.DRAFT)
    assert due(installed, date(2021, 11, 24)) == [date(2021, 11, 25)]
    with installed.sessions.begin() as session:
        record.activate(session, ID, by="Trần Thị B", now=at(23))
    assert due(installed, date(2021, 11, 24)) == [date(2021, 12, 10)]


def test_a_closed_letter_chases_nobody_from_its_day_on(installed: AppContext) -> None:
    told = {"document": "CV 10", "reason": "đã xong", "by": "Trần Thị B", "now": at(22)}
    taken_in(installed)
    with installed.sessions.begin() as session:
        assert record.close(session, ID, on=date(2021, 11, 24), **told) == 2  # type: ignore[arg-type]
    assert len(due(installed, date(2021, 11, 23))) == 1
    assert due(installed, date(2021, 11, 24)) == []
    assert len(due(installed, date(2021, 11, 24), at(21))) == 1
    for name, sentence in ((ID, "đã kết thúc từ ngày 24/11/2021"), ("d", "Không có văn bản “d”")):
        with installed.sessions.begin() as session, pytest.raises(Problem, match=sentence):
            record.close(session, name, on=date(2021, 11, 24), **told)  # type: ignore[arg-type]
    with installed.sessions.begin() as session:
        add(session, LATER, 2, replaces=True)  # the end that was to come
    assert due(installed, date(2021, 11, 24)) == [date(2021, 12, 10)], "a person may open it again"


def test_a_slip_in_the_year_of_what_is_to_come_binds_nobody(installed: AppContext) -> None:
    """An amendment from 2031 could be followed by nothing before 2031: no other one, and no end of the letter."""
    told: dict[str, Any] = {"document": "CV 10", "reason": "đã xong", "by": "Trần Thị B", "now": at(22)}
    with installed.sessions.begin() as session:
        add(session, LATER, 1, valid_from=date(2031, 11, 24))
        add(session, LATER, 2, valid_from=date(2021, 11, 23), state=State.DRAFT, replaces=True)
        record.activate(session, ID, by="Trần Thị B", now=at(22), replaces=True)
    assert due(installed, date(2021, 11, 23)) == due(installed, date(2031, 11, 24)) == [date(2021, 12, 10)]
    with installed.sessions.begin() as session:
        record.close(session, ID, on=date(2031, 11, 25), **told)
        record.close(session, ID, on=date(2021, 11, 25), **told)
    assert due(installed, date(2021, 11, 25)) == due(installed, date(2031, 11, 25)) == []
    with installed.sessions.begin() as session, pytest.raises(Problem, match="đã kết thúc từ ngày 25/11/2021"):
        record.close(session, ID, on=date(2021, 11, 26), **told)


def test_a_version_that_is_to_come_is_replaced_only_by_who_knows_of_it(installed: AppContext) -> None:
    """An amendment that began earlier took the place of one that waited, and nobody was told."""
    waits = r"phiên bản 2 \(Lê A ghi\) chờ hiệu lực từ ngày 10/12/2021"
    with installed.sessions.begin() as session:
        add(session, LATER, 1, valid_from=date(2021, 12, 10))
        for state in (State.DRAFT, State.ACTIVE):
            with pytest.raises(Problem, match=waits):
                add(session, LETTER, 2, valid_from=date(2021, 12, 10), state=state)
        add(session, LETTER, 2, valid_from=date(2021, 12, 11), state=State.DRAFT)  # after it: both will hold
        third = file(OWES | {"due_before": "2021-12-20"})
        add(session, third, 3, valid_from=date(2021, 12, 1), state=State.DRAFT, replaces=True)
        with pytest.raises(Problem, match=waits):
            record.activate(session, ID, by="Trần Thị B", now=at(22))
        record.activate(session, ID, by="Trần Thị B", now=at(22), replaces=True)
        add(session, LATER, 5, valid_from=date(2021, 11, 30), replaces=True)  # of the two only the newer is to come
        [gone] = record.to_come(session.scalars(select(DirectiveVersion)).all(), at(22))
    assert gone.number == 6


def test_a_closed_letter_that_others_repeat_still_hands_on_what_it_was_sent(installed: AppContext) -> None:
    """With the middle one of three closed, what had come under the first was asked for again."""
    told: dict[str, Any] = {"document": "CV 10", "reason": "đã thay", "by": "Trần Thị B", "now": at(22)}
    chain = [file(OWES, id=name, follows=before) for name, before in (("c", ID), ("d", "c"))]
    with installed.sessions.begin() as session:
        for letter in chain:
            add(session, letter, None, valid_from=date(2021, 11, 18))
        record.close(session, "c", on=date(2021, 11, 20), **told)
    paper = Paper("ubnd-huyen-duc-tho", frozenset({f"{ID}:tourism/form_03"}), "1/UB", date(2021, 11, 17), at(17))
    with installed.sessions.reading() as session:
        letters = installed.letters(session, date(2021, 11, 27))
    owed = standings(letters, installed.calendar, Facts(papers=(paper,)), at(27))
    assert {s.duty.directive: s.status for s in owed} == dict.fromkeys((ID, "d"), Status.FULFILLED)


@pytest.mark.parametrize(
    ("letter", "after", "other", "sentence"),
    [
        (LATER, None, {}, r"vừa có phiên bản khác \(phiên bản 1\)"),
        (LATER, 2, {}, "vừa có phiên bản khác"),
        (LETTER, 1, {}, "không có gì thay đổi so với phiên bản 1"),
        (LATER, 1, {"valid_from": date(2021, 11, 15)}, "có hiệu lực từ 16/11/2021"),
        (file(OWES, follows="khong-co"), 1, {}, "nhắc lại văn bản “khong-co” chưa được ghi"),
        (file(OWES, follows=ID), 1, {}, f"nhắc lại vòng tròn: {ID} → {ID}"),
    ],
)
def test_what_cannot_be_a_version_is_refused_with_a_sentence(
    installed: AppContext, letter: File, after: int | None, other: dict[str, Any], sentence: str
) -> None:
    with installed.sessions.begin() as session, pytest.raises(Problem, match=sentence):
        add(session, letter, after, **other)
    assert len(taken_in(installed)) == 1


def test_of_two_that_add_at_once_one_is_told(on_each: AppContext) -> None:
    """The second waits for the first: on SQLite to begin, on PostgreSQL for the number that both want to write."""
    installed = on_each
    taken_in(installed)
    begun = threading.Event()

    def second() -> str:
        begun.set()
        try:
            with AppContext(installed.settings).sessions.begin() as session:
                add(session, file(OWES | {"due_before": "2021-12-20"}), 1, by="Trần Thị B")
        except Problem as problem:
            return str(problem)
        return "nobody told it"

    with ThreadPoolExecutor(1) as pool:
        with installed.sessions.begin() as session:
            add(session, LATER, 1)
            told = pool.submit(second)
            assert begun.wait(60)
            wait_for_the_lock(session)
        assert f"“{ID}” vừa có phiên bản khác" in told.result(60)
    assert [(row.number, row.by) for row in taken_in(installed)] == [(1, ""), (2, "Lê A")]


def wait_for_the_lock(session: Session) -> None:
    if session.connection().dialect.name == "postgresql":
        waiting, ends = text("SELECT count(*) FROM pg_locks WHERE NOT granted"), time.monotonic() + 60
        while not session.scalar(waiting) and time.monotonic() < ends:
            time.sleep(0.01)


def test_a_version_goes_out_as_the_file_that_it_came_from(installed: AppContext, tmp_path: Path) -> None:
    with installed.sessions.reading() as session:
        [version] = installed.versions(session)
    (tmp_path / "ra.yaml").write_text(record.exported(version), encoding="utf-8")
    again = load_file(tmp_path / "ra.yaml", installed.registry)
    assert again.digest == LETTER.digest


@pytest.mark.slow
def test_several_files_and_a_folder_are_as_many_letters(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "van-ban"
    folder.mkdir()
    written(folder / "b.yaml", LETTER)
    written(folder / "c.yaml", file(OWES, id="c"))
    for named, ids in ((f"{SHIPPED}, {folder / 'b.yaml'}", ["stttt-cntt-2021-11", ID]), (f"{folder}", ["c", ID])):
        environment.setenv("DONDOC_DIRECTIVE", named)
        app = AppContext(load())
        migrate(app.settings.url)
        with app.sessions.reading() as session:
            assert [letter.id for letter in app.letters(session, date(2021, 11, 20))] == ids
