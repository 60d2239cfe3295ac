"""The working-day timetable: hypothesis over years, and the days that matter."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pendulum
import pytest
from airflow.timetables.base import DataInterval, TimeRestriction
from hypothesis import given
from hypothesis import strategies as st

from dondoc.orchestration.timetables import WorkingDayTimetable
from dondoc.workdays import is_working_day

pytestmark = pytest.mark.slow

HERE = ZoneInfo("Asia/Ho_Chi_Minh")
TABLE = WorkingDayTimetable(7, 30)
moments = st.datetimes(datetime(2021, 11, 1), datetime(2027, 11, 1)).map(lambda d: pendulum.instance(d, tz="UTC"))


def following(moment: pendulum.DateTime, *, catchup: bool = True) -> pendulum.DateTime:
    """The run after the run of a moment."""
    interval = DataInterval.exact(moment)
    found = TABLE.next_dagrun_info(
        last_automated_data_interval=interval, restriction=TimeRestriction(None, None, catchup)
    )
    assert found is not None
    return pendulum.instance(found.run_after)


@given(moments)
def test_the_next_run_is_the_first_working_morning_after(moment: pendulum.DateTime) -> None:
    run = following(moment).astimezone(HERE)
    assert (run.hour, run.minute, is_working_day(run.date())) == (7, 30, True)
    assert run > moment
    day = moment.astimezone(HERE).date()
    between = [day + timedelta(days=n) for n in range(1, (run.date() - day).days)]
    assert not any(is_working_day(d) for d in between)


@given(moments)
def test_a_manual_run_is_about_the_last_working_morning(moment: pendulum.DateTime) -> None:
    interval = TABLE.infer_manual_data_interval(run_after=moment)
    assert interval.start == interval.end <= moment
    assert is_working_day(interval.start.astimezone(HERE).date())


@pytest.mark.parametrize(
    ("last", "run"),
    [
        ("2026-11-20T07:30", "2026-11-23T07:30"),  # Friday → Monday
        ("2026-11-23T07:30", "2026-11-25T07:30"),  # 24/11 is the Day of Culture, a holiday since 2026
        ("2021-12-31T07:30", "2022-01-04T07:30"),  # 1/1/2022 is a Saturday: Monday is off instead
    ],
)
def test_days_off_are_passed_over(last: str, run: str) -> None:
    found = following(pendulum.parse(last, tz="Asia/Ho_Chi_Minh"))  # type: ignore[arg-type]
    assert found.astimezone(HERE).isoformat() == f"{run}:00+07:00"


def test_without_catchup_a_first_run_is_the_latest_missed_one() -> None:
    earliest = pendulum.datetime(2021, 11, 1, tz="Asia/Ho_Chi_Minh")
    restriction = TimeRestriction(earliest, None, False)
    found = TABLE.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
    assert found is not None
    assert pendulum.now("UTC") - pendulum.instance(found.run_after) < timedelta(days=30)


def test_nothing_runs_after_the_end() -> None:
    last = DataInterval.exact(pendulum.datetime(2021, 11, 19, 0, 30, tz="UTC"))
    restriction = TimeRestriction(None, pendulum.datetime(2021, 11, 20, tz="UTC"), True)
    assert TABLE.next_dagrun_info(last_automated_data_interval=last, restriction=restriction) is None


def test_it_is_registered_by_its_own_path_and_comes_back_from_storage() -> None:
    from airflow.plugins_manager import get_timetables_plugins

    path = "dondoc.orchestration.timetables.WorkingDayTimetable"
    assert get_timetables_plugins()[path] is WorkingDayTimetable
    again = WorkingDayTimetable.deserialize(TABLE.serialize())
    assert (again.hour, again.minute, again.summary) == (7, 30, "07:30 ngày làm việc")


def test_a_day_off_of_the_provinces_own_calendar_has_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "lich.yaml"
    own.write_text("overrides:\n- {date: 2021-11-23, kind: day_off, document: 9/QD-UBND}\n", encoding="utf-8")
    monkeypatch.setenv("DONDOC_CALENDAR", str(own))
    monday = pendulum.datetime(2021, 11, 22, 7, 30, tz="Asia/Ho_Chi_Minh")
    assert following(monday).astimezone(HERE).date() == date(2021, 11, 24)
    own.write_text("không phải lịch", encoding="utf-8")
    assert following(monday).astimezone(HERE).date() == date(2021, 11, 23), "a broken file stops no schedule"
