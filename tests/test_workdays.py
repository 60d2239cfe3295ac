"""Vietnam's working days, against the official lists."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.configuration.settings import DATA
from dondoc.errors import Problem
from dondoc.workdays import YEARS, WorkingDays, is_working_day, load

SHIPPED = load(DATA / "directives" / "working-days.yaml")
days = st.dates(date(YEARS[0], 1, 20), date(YEARS[-1], 11, 20))

# Announced days off that fall on Monday to Friday: Tết, Hùng Kings, 30/4, 1/5, 2/9 with its second day, New Year,
# days off in lieu, swapped days; from 2026 also 24/11 (Resolution 28/2026/QH16).
OFF = """
2021-01-01 2021-02-10 2021-02-11 2021-02-12 2021-02-15 2021-02-16 2021-04-21 2021-04-30 2021-05-03 2021-09-02 2021-09-03
2022-01-03 2022-01-31 2022-02-01 2022-02-02 2022-02-03 2022-02-04 2022-04-11 2022-05-02 2022-05-03 2022-09-01 2022-09-02
2023-01-02 2023-01-20 2023-01-23 2023-01-24 2023-01-25 2023-01-26 2023-05-01 2023-05-02 2023-05-03 2023-09-01 2023-09-04
2024-01-01 2024-02-08 2024-02-09 2024-02-12 2024-02-13 2024-02-14 2024-04-18 2024-04-29 2024-04-30 2024-05-01 2024-09-02
2024-09-03
2025-01-01 2025-01-27 2025-01-28 2025-01-29 2025-01-30 2025-01-31 2025-04-07 2025-04-30 2025-05-01 2025-05-02 2025-09-01
2025-09-02
2026-01-01 2026-01-02 2026-02-16 2026-02-17 2026-02-18 2026-02-19 2026-02-20 2026-04-27 2026-04-30 2026-05-01 2026-08-31
2026-09-01 2026-09-02 2026-11-24
"""
WORKING_SATURDAYS = "2024-05-04 2025-04-26 2026-01-10 2026-08-22"


def dates(text: str) -> set[date]:
    return {date.fromisoformat(day) for day in text.split()}


@pytest.mark.parametrize("year", [2021, 2022, 2023, 2024, 2025, 2026])
def test_every_day_of_the_official_years_is_as_announced(year: int) -> None:
    off, saturdays = dates(OFF), dates(WORKING_SATURDAYS)
    every = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    wrong = [
        day
        for day in every
        if day.year == year
        and SHIPPED.is_working_day(day) != (day in saturdays or (day.weekday() < 5 and day not in off))
    ]
    assert wrong == []


def test_the_days_around_the_letters_deadlines() -> None:
    assert SHIPPED.between(date(2021, 11, 18), date(2021, 11, 22)) == 2
    assert SHIPPED.between(date(2021, 11, 19), date(2021, 11, 22)) == 1
    assert SHIPPED.between(date(2021, 11, 19), date(2021, 11, 21)) == 0
    assert SHIPPED.add(date(2021, 11, 20), 1) == date(2021, 11, 22)
    assert SHIPPED.add(date(2021, 11, 20), -1) == date(2021, 11, 19)
    assert SHIPPED.add(date(2021, 11, 20), 0) == date(2021, 11, 22)
    assert is_working_day(date(2021, 11, 19))


def test_a_swapped_day_is_explained_with_its_document() -> None:
    assert SHIPPED.why(date(2026, 1, 2)) == (
        "thứ Sáu ngày 02/01/2026 được nghỉ theo Văn bản số 12729/VPCP-KGVX ngày 25/12/2025"
    )
    assert "là ngày làm việc theo" in SHIPPED.why(date(2026, 1, 10))
    assert SHIPPED.why(date(2021, 11, 22)) == "thứ Hai ngày 22/11/2021 là ngày làm việc"
    assert SHIPPED.why(date(2021, 9, 2)).startswith("thứ Năm ngày 02/09/2021 là ngày nghỉ (")
    assert SHIPPED.why(date(2021, 11, 21)) == "Chủ nhật ngày 21/11/2021 là ngày nghỉ"


def test_a_year_without_an_official_notice_is_said_to_be_unconfirmed() -> None:
    assert [year for year in range(2020, 2030) if not SHIPPED.confirmed(year)] == [2020, 2027, 2028, 2029]


@given(days, st.integers(1, 40))
def test_adding_days_and_counting_them_are_inverse(day: date, count: int) -> None:
    later = SHIPPED.add(day, count)
    assert SHIPPED.is_working_day(later)
    assert SHIPPED.between(day, later) == count
    assert SHIPPED.add(SHIPPED.add(later, -count), count) == later


@given(days, days, st.integers(-20, 20))
def test_a_later_day_never_counts_less(one: date, other: date, count: int) -> None:
    early, late = sorted((one, other))
    assert SHIPPED.add(early, count) <= SHIPPED.add(late, count)
    assert SHIPPED.between(early, one) <= SHIPPED.between(early, late)
    assert SHIPPED.between(late, early) == 0


@given(st.dates(date(1990, 1, 1), date(2110, 12, 31)), st.integers(0, 800))
def test_counting_by_weeks_is_counting_day_by_day(start: date, length: int) -> None:
    end = start + timedelta(days=length)
    one_by_one = sum(SHIPPED.is_working_day(start + timedelta(days=n)) for n in range(1, length + 1))
    assert SHIPPED.between(start, end) == one_by_one


def test_the_last_day_there_is_costs_no_more_than_the_next() -> None:
    known = len(SHIPPED.library)
    assert SHIPPED.between(date(2021, 11, 19), date.max) > 2_000_000
    assert SHIPPED.is_working_day(date(9999, 12, 31))  # a Friday
    assert len(SHIPPED.library) == known  # no year was worked out for it


def calendar(folder: Path, text: str) -> WorkingDays:
    path = folder / "lich.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_an_override_wins_over_the_library_in_both_directions(tmp_path: Path) -> None:
    storm = calendar(
        tmp_path,
        "overrides:\n"
        "  - {date: 2021-11-22, kind: day_off, document: 'Công điện 09/CĐ-UBND'}\n"
        "  - {date: 2021-11-27, kind: working, document: 'Công điện 09/CĐ-UBND'}\n",
    )
    assert storm.between(date(2021, 11, 19), date(2021, 11, 23)) == 1
    assert storm.between(date(2021, 11, 19), date(2021, 11, 27)) == 5
    assert storm.confirmed(2027)


def test_a_changed_file_is_read_again_and_an_empty_one_is_the_library(tmp_path: Path) -> None:
    assert calendar(tmp_path, "").is_working_day(date(2021, 11, 22))
    changed = calendar(tmp_path, "overrides:\n  - {date: 2021-11-22, kind: day_off, document: X}\n")
    assert not changed.is_working_day(date(2021, 11, 22))


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("overrides:\n  - {date: 2021-02-30, kind: working, document: X}\n", 2, "không phải ngày có thật"),
        ("overrides:\n  - {date: 2021-11-22, kind: off, document: X}\n", 2, "kind"),
        ("overrides:\n  - {date: 2021-11-22, kind: working}\n", 2, "thiếu khóa “document”"),
        ("overrides:\n  - {date: 2021-11-22, kind: working, document: ' '}\n", 2, "thiếu văn bản"),
        ("holidays: []\n", 1, "không có khóa “holidays”"),
        (
            "overrides:\n  - {date: 2021-11-22, kind: working, document: X}\n"
            "  - {date: 2021-11-22, kind: day_off, document: Y}\n",
            3,
            "ghi hai lần",
        ),
    ],
)
def test_a_wrong_calendar_is_refused_with_its_line(tmp_path: Path, text: str, line: int, word: str) -> None:
    with pytest.raises(Problem, match=f"^lich.yaml:{line}: .*{word}"):
        calendar(tmp_path, text)
