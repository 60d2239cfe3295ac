"""What was answered for a moment is answered for it again, whatever became known since."""

from datetime import date
from pathlib import Path

import pytest

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.facts import obligations
from dondoc.store.facts import Contact
from dondoc.store.intake import Submission
from tests.conftest import at

DUC_THO, ADDRESS = "ubnd-huyen-duc-tho", "can.bo@ductho.test"
THEN, LATER = at(24, 17), at(26, 9)


def answers(app: AppContext) -> list[dict[str, object]]:
    with app.sessions.reading() as session:
        found = obligations.at(app, session, THEN, known_at=THEN)
    return [obligations.as_row(standing) for standing in found]


def test_a_contact_that_is_entered_later_makes_no_arrival_of_then_an_agencys(app: AppContext) -> None:
    told = {"channel": "mail", "channel_id": "1", "sender": ADDRESS, "filename": "x.xlsx", "sha256": "0" * 64}
    with app.sessions.begin() as session:
        session.add(Submission(**told, happened_at=THEN, recorded_at=THEN))
    before = answers(app)
    assert "overdue" in {row["status"] for row in before if row["agency"] == DUC_THO}
    row = {"agency": DUC_THO, "role": "clerk", "name": "Văn thư", "email": ADDRESS, "phone": ""}
    with app.sessions.begin() as session:
        session.add(Contact(**row, valid_from=date(2021, 11, 1), recorded_at=LATER))
    assert answers(app) == before
    with app.sessions.reading() as session:
        now = [s for s in obligations.at(app, session, THEN, known_at=LATER) if s.agency == DUC_THO]
    assert {"under_review"} <= {standing.status for standing in now}


def test_a_day_off_that_is_declared_later_changes_no_count_of_then(
    environment: pytest.MonkeyPatch, app: AppContext, tmp_path: Path
) -> None:
    file = tmp_path / "calendar.yaml"
    environment.setenv("DONDOC_CALENDAR", str(file))

    def opened(text: str) -> AppContext:
        """As a process that starts while the file says this, and writes something."""
        file.write_text(text)
        found = AppContext(load())
        with found.sessions.begin():
            pass
        return found

    before = answers(opened("overrides: []"))
    off = "overrides: [{date: 2021-11-23, kind: day_off, document: 99/CV}]"
    after = opened(off)
    assert answers(after) == before
    with after.sessions.reading() as session:
        now = obligations.at(after, session, THEN)
    assert sum(s.working_days_late for s in now) < sum(int(str(row["working_days_late"])) for row in before)


def test_the_first_calendar_counts_as_known_since_ever(app: AppContext) -> None:
    with app.sessions.begin() as session:
        known = app.calendar_known(session, clock.at(date(2001, 1, 1), 0))
    assert known == app.calendar
