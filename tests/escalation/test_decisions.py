"""A decision with all its letters: approved, stopped and found untrue as one, whatever happens in between."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import select, update

from dondoc import approval, preconditions
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.facts.rulings import standing_rulings
from dondoc.mail.letter import OnHold
from dondoc.store.facts import Contact, Ruling
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import STOPPABLE
from tests.conftest import Run, acting, approver
from tests.escalation.conftest import TUESDAY, Office, one

HONG_LINH = "ubnd-thi-xa-hong-linh"
THURSDAY = date(2021, 11, 25)
HEAD, OFFICER = f"clerk@{HONG_LINH}.test", f"focal_officer@{HONG_LINH}.test"


def morning(office: Office, day: date) -> dict[str, object] | None:
    """Read, decide, deliver: the row of the agency."""
    office.go(day)
    office.see()
    rows = office.decide(agencies=[HONG_LINH])
    office.deliver()
    return rows[0] if rows else None


def stop(office: Office, letter: int, until: date | None = None, reason: str = "đã gọi điện") -> str:
    with office.app.sessions.begin() as session:
        rows = approval.stop(
            office.app, session, letter, reason, acting("Lê Văn C", "c.le"), until=until, now=office.now
        )
        return approval.outcome(rows, approval.stop_of(session, rows[0], office.now))


def resume(office: Office, letter: int) -> None:
    with office.app.sessions.begin() as session:
        approval.resume(office.app, session, letter, "nhầm", acting("Lê Văn C", "c.le"), now=office.now)


@pytest.fixture
def to_head(post_office: Office) -> Office:
    """On the Thursday a letter to the head and its copy wait for approval."""
    morning(post_office, TUESDAY.date())
    morning(post_office, THURSDAY)
    return post_office


def pair(office: Office) -> list[OutboxLetter]:
    """The letter to the head and its copy."""
    return [r for r in office.letters(HONG_LINH) if r.context["step"] == "overdue_2"][-2:]


def states(office: Office) -> list[str]:
    return [row.state for row in pair(office)]


def reason(office: Office, day: date) -> str:
    return str(one(office.preview(day, everyone=True), HONG_LINH)["reason"])


class TestStop:
    def test_a_stopped_letter_takes_its_copy_with_it_and_the_step_is_not_proposed_before_the_next_steps_day(
        self, to_head: Office
    ) -> None:
        letter, copy = pair(to_head)
        said = stop(to_head, copy.id)
        assert f"TH-{letter.id:05}, TH-{copy.id:05}: đã hủy" in said
        assert "trước ngày 29/11/2021" in said
        to_head.go(THURSDAY, 10)
        to_head.deliver()
        assert not any("chỉ đạo" in m["subject"] for m in to_head.server.boxes.messages(HEAD))  # type: ignore[union-attr]
        why = "Lê Văn C đã dừng ngày 25/11/2021 vì đã gọi điện, đến ngày 29/11/2021"
        assert f"bậc kế tiếp “đề nghị lãnh đạo đơn vị chỉ đạo”: {why}" in reason(to_head, date(2021, 11, 26))
        assert morning(to_head, date(2021, 11, 26)) is None
        again = morning(to_head, date(2021, 11, 29))
        assert again
        assert again["step"] == "overdue_2"

    def test_until_a_day_that_the_person_gives_at_the_command_line_or_until_it_is_withdrawn(
        self, to_head: Office, dondoc: Run, environment: pytest.MonkeyPatch
    ) -> None:
        environment.setenv("DONDOC_CLOCK", to_head.now.isoformat())
        approver(to_head.app)
        letter = f"TH-{pair(to_head)[0].id:05}"
        by = ("--reason", "đồng chí Chủ tịch hẹn", "--by", "Lê Văn C")
        with pytest.raises(Problem, match="phải sau hôm nay"):
            dondoc("cancel", letter, *by, "--until", "2021-11-25")
        assert states(to_head) == ["held", "held"]
        assert "trước ngày 10/12/2021" in dondoc("cancel", letter, *by, "--until", "2021-12-10").stderr
        assert one(to_head.preview(date(2021, 12, 9), everyone=True), HONG_LINH)["step"] is None
        assert one(to_head.preview(date(2021, 12, 10)), HONG_LINH)["step"] == "overdue_2"
        assert json.loads(dondoc("rulings", "--json").stdout)[-1]["kind"] == "stop"
        with pytest.raises(Problem, match="đã dừng đến ngày 10/12/2021"):
            dondoc("cancel", letter, *by, "--until", "2021-12-10")
        assert "trước ngày 06/12/2021" in dondoc("cancel", letter, *by, "--until", "2021-12-06").stderr
        assert one(to_head.preview(date(2021, 12, 3), everyone=True), HONG_LINH)["step"] is None
        assert one(to_head.preview(date(2021, 12, 6)), HONG_LINH)["step"] == "overdue_2"
        dondoc("resume", letter, "--reason", "họ không gửi", "--by", "Lê Văn C")
        assert one(to_head.preview(date(2021, 11, 26)), HONG_LINH)["step"] == "overdue_2"
        with pytest.raises(Problem, match="Không có quyết định nào đang dừng"):
            dondoc("resume", letter, "--reason", "họ không gửi", "--by", "Lê Văn C")
        with to_head.app.sessions.reading() as session:
            kinds = session.scalars(select(Ruling.kind).order_by(Ruling.id)).all()
            assert kinds == ["stop", "undo", "stop", "undo"], "facts, all of them"
            then = session.get_one(Ruling, 1).recorded_at
            [known] = standing_rulings(session, then, then)
            assert (known.kind, known.until) == ("stop", date(2021, 12, 10))

    def test_what_was_approved_and_waits_to_leave_can_be_stopped_too_and_what_has_left_stays_sent(
        self, to_head: Office
    ) -> None:
        letter, copy = pair(to_head)
        to_head.approve(str(letter.id))
        with to_head.app.sessions.begin() as session:  # the head's has left, the copy waits for its turn
            session.execute(
                update(OutboxLetter).where(OutboxLetter.id == letter.id).values(state="sent", sent_at=to_head.now)
            )
            session.execute(update(OutboxLetter).where(OutboxLetter.id == copy.id).values(state="deferred"))
        assert f"TH-{copy.id:05}: đã hủy. TH-{letter.id:05}: đã gửi trước đó" in stop(to_head, letter.id)
        assert states(to_head) == ["sent", "cancelled"]
        with pytest.raises(Problem, match="không hủy được nữa"):
            stop(to_head, letter.id)

    def test_a_letter_that_was_leaving_when_its_decision_was_stopped_does_not_leave_later(
        self, to_head: Office
    ) -> None:
        letter, copy = pair(to_head)
        to_head.approve(str(letter.id))
        with to_head.app.sessions.begin() as session:
            session.execute(update(OutboxLetter).where(OutboxLetter.id == copy.id).values(state="claimed"))
        assert "đang gửi, có thể không dừng kịp" in stop(to_head, letter.id)
        with to_head.app.sessions.begin() as session:  # whoever had it died, and its lease ran out
            session.execute(update(OutboxLetter).where(OutboxLetter.id == copy.id).values(lease_until=0.0, owner="x"))
        to_head.deliver()
        assert states(to_head) == ["cancelled", "cancelled"]
        assert f"TH-{letter.id:05} của cùng quyết định đã hủy" in pair(to_head)[1].reason

    def test_a_trial_for_another_day_is_cancelled_and_stops_nothing(self, office: Office) -> None:
        office.go(date(2021, 11, 22))
        trial = one(office.decide(TUESDAY.date()), HONG_LINH)
        with pytest.raises(Problem, match="không dừng đến một ngày"):
            stop(office, int(trial["outbox_ids"][0]), date(2021, 12, 1))
        stop(office, int(trial["outbox_ids"][0]))
        office.go(TUESDAY.date())
        office.see()
        assert one(office.decide(), HONG_LINH)["step"] == "overdue_1"

    def test_a_reminder_that_was_stopped_brings_no_lower_one(self, office: Office) -> None:
        office.go(date(2021, 11, 18))
        office.see()
        row = one(office.decide(), HONG_LINH)
        assert row["step"] == "remind_1"
        stop(office, int(row["outbox_ids"][0]), date(2021, 12, 1))
        assert one(office.preview(date(2021, 11, 19), everyone=True), HONG_LINH)["step"] is None

    def test_what_was_stopped_in_rehearsal_is_not_stopped_when_it_is_live(self, post_office: Office) -> None:
        post_office.app.settings.mode = "rehearsal"
        row = one(post_office.decide(agencies=[HONG_LINH]), HONG_LINH)
        stop(post_office, int(row["outbox_ids"][0]), date(2021, 12, 1))
        assert one(post_office.preview(date(2021, 11, 24), everyone=True), HONG_LINH)["step"] is None
        post_office.app.settings.mode = "live"
        assert one(post_office.preview(date(2021, 11, 24)), HONG_LINH)["step"] == "overdue_1"


class TestTogether:
    def test_whichever_letter_is_named_all_are_approved_and_returned(self, to_head: Office) -> None:
        letter, copy = pair(to_head)
        assert to_head.approve(str(copy.id), str(letter.id)) == ["pending", "pending"]
        with to_head.app.sessions.reading() as session:
            assert {
                r.approved_by
                for r in session.scalars(select(OutboxLetter).where(OutboxLetter.id >= letter.id))
                if r.agency
            } == {"Trần Thị B"}

    def test_one_that_is_not_true_any_more_makes_the_whole_decision_untrue(
        self, to_head: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        letter, copy = pair(to_head)
        real = preconditions.registry(to_head.app)
        untrue = real | {
            "overdue": lambda s, row, now: "thư này sai" if row.id == copy.id else real["overdue"](s, row, now)
        }
        monkeypatch.setattr(preconditions, "registry", lambda app: untrue)
        assert to_head.approve(str(letter.id)) == ["cancelled", "cancelled"]
        assert all("thư này sai" in row.reason for row in pair(to_head))

    def test_a_letter_whose_sibling_was_cancelled_before_the_upgrade_does_not_leave(self, to_head: Office) -> None:
        letter = pair(to_head)[0]
        to_head.approve(str(letter.id))
        with to_head.app.sessions.begin() as session:
            gone = {"state": "cancelled", "reason": "đã gọi điện"}
            session.execute(update(OutboxLetter).where(OutboxLetter.id == letter.id).values(gone))
        to_head.go(THURSDAY, 10)
        to_head.deliver()
        assert states(to_head) == ["cancelled", "cancelled"]
        assert not any("chỉ đạo" in m["subject"] for m in to_head.server.boxes.messages(HEAD))  # type: ignore[union-attr]


class TestCopy:
    def test_it_names_whoever_is_written_to_and_nobody_without_an_address(self, post_office: Office) -> None:
        morning(post_office, TUESDAY.date())
        with post_office.app.sessions.begin() as session:
            mine = Contact.agency == HONG_LINH, Contact.role == "focal_officer"
            session.execute(update(Contact).where(*mine).values(valid_to=date(2021, 11, 24)))
        morning(post_office, THURSDAY)
        [letter] = [r for r in post_office.letters(HONG_LINH) if r.context["step"] == "overdue_2"]
        assert letter.recipient == HEAD
        for text in (letter.text, letter.html):
            assert "Kính gửi: Đồng chí Chủ tịch UBND thị xã Hồng Lĩnh" in text
            assert "đồng gửi" not in text

    def test_both_letters_name_the_copy(self, to_head: Office) -> None:
        assert all("Thư này đồng gửi cán bộ đầu mối" in row.text for row in pair(to_head))

    def test_it_waits_until_the_letter_has_left_and_does_not_leave_when_that_was_refused(self, to_head: Office) -> None:
        letter, copy = pair(to_head)
        to_head.approve(str(letter.id))
        check = preconditions.registry(to_head.app)["overdue"]
        for state, told in (
            ("deferred", "chờ TH-"),
            ("uncertain", "chờ TH-"),
            ("refused", "đã từ chối TH-"),
            ("sent", ""),
        ):
            with to_head.app.sessions.begin() as session:
                session.execute(update(OutboxLetter).where(OutboxLetter.id == letter.id).values(state=state))
            with to_head.app.sessions.reading() as session:
                try:
                    said = check(session, session.get_one(OutboxLetter, copy.id), to_head.now) or ""
                except OnHold as waits:
                    said = str(waits)
            assert told in said
            assert bool(told) == bool(said)


ACTS = ("approve", "stop", "stop until", "resume", "deliver", "morning", "morning", "called", "form")


@pytest.fixture
def fresh(post_office: Office, tmp_path: Path) -> Callable[[], Office]:
    """The same office again and again: its database as it was at the beginning."""
    database = Path(str(post_office.app.settings.url).removeprefix("sqlite:///"))
    made: list[AppContext] = []

    def again() -> Office:
        copy = tmp_path / f"{len(made)}.db"
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        settings = post_office.app.settings.model_copy(update={"database_url": SecretStr(f"sqlite:///{copy}")})
        made.append(AppContext(settings))
        return replace(post_office, app=made[-1], now=TUESDAY)

    return again


@hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 30)), min_size=8, max_size=16))
def test_whatever_people_do_a_decision_stays_whole_and_a_stop_holds(
    fresh: Callable[[], Office], acts: list[tuple[str, int]]
) -> None:
    office = fresh()
    stops: dict[str, date] = {}  # step → until
    left: dict[int | None, set[int]] = {}  # by the decision that was stopped: what had left before
    for act, number in [("morning", 0), *acts]:
        mine = office.letters(HONG_LINH)
        named = mine[number % len(mine)] if mine else None
        with suppress(Problem):
            if act == "morning":
                office.go(office.now.date() + timedelta(days=1 if mine else 0))
                office.see()
                rows = office.decide(agencies=[HONG_LINH])
                assert office.decide(agencies=[HONG_LINH]) == rows, "the same again"
                if number % 4:
                    office.deliver()
                for row in rows:
                    assert office.now.date() >= stops.get(str(row["step"]), date.min)
            elif act == "deliver":
                office.go(office.now.date(), 10)
                office.deliver()
            elif named and act == "approve":
                assert len(office.approve(str(named.id))) == len(
                    {r.id for r in mine if r.decision_id == named.decision_id}
                )
            elif named and act.startswith("stop"):
                until = office.now.date() + timedelta(days=2 + number) if act == "stop until" else None
                stop(office, named.id, until)
                with office.app.sessions.reading() as session:
                    ruled = approval.stop_of(session, named, office.now)
                assert ruled
                assert ruled.until
                stops[named.context["step"]] = ruled.until
                left[named.decision_id] = {r.id for r in mine if r.sent_at}
            elif named and act == "resume":
                resume(office, named.id)
                stops.pop(named.context["step"], None)
            elif act == "called":
                office.rule("called", agency=HONG_LINH)
            elif act == "form" and number > 25:
                office.arrives(HONG_LINH, "form_03")
        whole(office)
        assert all(r.id in left.get(r.decision_id, {r.id}) for r in office.letters(HONG_LINH) if r.sent_at)


def whole(office: Office) -> None:
    """No letter of a decision waits beside one that was cancelled, and none is approved beside one that is not."""
    decisions: dict[int | None, list[OutboxLetter]] = {}
    for row in office.letters(HONG_LINH):
        decisions.setdefault(row.decision_id, []).append(row)
    assert None not in decisions
    for unit in decisions.values():
        waiting = {row.state for row in unit if row.state in STOPPABLE}
        assert not (waiting and any(row.state == "cancelled" for row in unit))
        assert len({row.approved_by for row in unit}) == 1
        assert not ("held" in waiting and waiting - {"held"})
