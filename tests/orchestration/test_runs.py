"""What a run was asked: contexts as Airflow gives them to manual and scheduled runs."""

from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.orchestration import checking, runs

pytestmark = pytest.mark.slow

HERE = ZoneInfo("Asia/Ho_Chi_Minh")
UTC = ZoneInfo("UTC")
FIRST = date(2020, 11, 19)  # from which on there is something to look at


def context(*, run_type: str = "manual", at: str = "2021-11-21T23:30+00:00", **conf: Any) -> dict[str, Any]:
    """A run as the task sees it; of a manual one Airflow gives neither `ds` nor `logical_date`."""
    known = {"as_of": None, "dry_run": False, "agencies": []}
    run = SimpleNamespace(
        run_type=run_type, run_after=datetime.fromisoformat(at), conf=conf, logical_date=None, run_id="r"
    )
    return {"dag_run": run, "params": known | conf, "dag": SimpleNamespace(params=known)}


def test_as_of_is_the_day_in_vietnam_of_a_run_without_a_logical_date() -> None:
    assert runs.as_of(context(), FIRST) == date(2021, 11, 22)


def test_as_of_is_the_parameter_where_one_is_given() -> None:
    assert runs.as_of(context(as_of="2021-11-19"), FIRST) == date(2021, 11, 19)


@pytest.mark.parametrize("day", ["0001-01-01", "1969-11-18"])
def test_a_day_before_all_that_the_letter_is_about_stops_the_run(day: str) -> None:
    """One of the year 1 was an error without words, of which the operators were told."""
    for asked in (context(as_of=day), context(at=f"{day}T02:00+00:00")):
        with pytest.raises(runs.Refused, match="Không có gì để xem trước ngày"):
            runs.as_of(asked, FIRST)


@given(moment=st.datetimes(datetime(2021, 1, 1), datetime(2030, 1, 1)))
def test_as_of_never_leaves_vietnam(moment: datetime) -> None:
    moment = moment.replace(tzinfo=UTC)
    assert runs.as_of(context(at=moment.isoformat()), FIRST) == (moment + timedelta(hours=7)).date()


def test_a_parameter_that_the_dag_does_not_know_stops_the_run() -> None:
    with pytest.raises(runs.Refused, match="asof"):
        runs.as_of(context(asof="2021-11-19"), FIRST)


def test_an_agency_that_the_directive_does_not_know_stops_the_run() -> None:
    assert runs.agencies(context(), {"so-nnptnt"}) is None
    assert runs.agencies(context(agencies=["so-nnptnt"]), {"so-nnptnt"}) == ["so-nnptnt"]
    with pytest.raises(runs.Refused, match="so-nnptn "):
        runs.agencies(context(agencies=["so-nnptn "]), {"so-nnptnt"})


@pytest.mark.parametrize(("minutes", "late"), [(119, False), (121, True)])
def test_a_scheduled_run_over_two_hours_late_records_nothing(minutes: int, late: bool) -> None:
    asked = context(run_type="scheduled")
    now = asked["dag_run"].run_after + timedelta(minutes=minutes)
    reason = runs.late(asked, now)
    assert bool(reason) is late
    assert not late or (reason and "06:30 22/11/2021" in reason)


def test_the_run_type_may_be_airflows_own_enumeration() -> None:
    from airflow.utils.types import DagRunType

    asked = context(run_type=DagRunType.SCHEDULED)
    assert runs.late(asked, asked["dag_run"].run_after + timedelta(hours=3))


def test_a_manual_run_is_never_late() -> None:
    asked = context()
    assert runs.late(asked, asked["dag_run"].run_after + timedelta(days=9)) is None


@pytest.mark.parametrize(
    ("at", "found"),
    [
        ("2021-11-22T22:00+07:00", ("night", date(2021, 11, 22))),
        ("2021-11-23T04:00+07:00", ("second", date(2021, 11, 22))),
        ("2021-11-23T10:00+07:00", ("day", date(2021, 11, 23))),
        ("2021-11-23T17:00+07:00", ("night", date(2021, 11, 23))),
    ],
)
def test_a_look_belongs_to_its_night(at: str, found: tuple[str, date]) -> None:
    assert checking.which("auto", datetime.fromisoformat(at).astimezone(HERE)) == found


def test_the_demo_can_switch_schedules_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DONDOC_SCHEDULES", raising=False)
    assert runs.schedule("*/5 * * * *") == "*/5 * * * *"
    monkeypatch.setenv("DONDOC_SCHEDULES", "off")
    assert runs.schedule("*/5 * * * *") is None
