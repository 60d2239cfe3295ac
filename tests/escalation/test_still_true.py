"""What is looked at again between the decision and the moment of leaving, over a real mail server."""

from collections import defaultdict
from datetime import date, timedelta

import pytest

from tests.escalation.conftest import Office, days, one

HONG_LINH, DUC_THO, CAN_LOC = "ubnd-thi-xa-hong-linh", "ubnd-huyen-duc-tho", "ubnd-huyen-can-loc"
LAST = date(2021, 12, 5)


def play(
    office: Office,
    first: date = date(2021, 11, 15),
    last: date = LAST,
    *,
    approve: bool = True,
    agencies: list[str] | None = None,
) -> dict[str, list[str]]:
    """Every morning: read, decide, deliver; at nine a named person approves what is held; at ten deliver again.

    Returns:
        per agency, day and step of what was decided.
    """
    decided: dict[str, list[str]] = defaultdict(list)
    for day in days(first, last):
        office.go(day)
        office.see()
        rows = office.decide(agencies=agencies)
        assert office.deliver().get("refused", 0) == 0
        held = [i for r in rows if r["needs_approval"] for i in r["outbox_ids"]]
        assert not held or {r.state for r in office.letters() if str(r.id) in held} == {"held"}, "nobody was asked"
        for row in rows:
            decided[row["agency"]].append(f"{day:%d/%m} {row['step']}")
        if approve and held:
            office.go(day, 9)
            assert set(office.approve(*held)) == {"pending"}
            office.go(day, 10)
            office.see()
            assert office.deliver() == {"sent": len(set(held))}, "one letter may be about several agencies"
    return decided


def test_without_an_approver_nobody_above_the_clerk_is_written_to(post_office: Office) -> None:
    decided = play(post_office, date(2021, 11, 22), approve=False, agencies=[HONG_LINH])
    steps = [d.split()[1] for d in decided[HONG_LINH]]
    asked = ["overdue_1", "overdue_2", "overdue_2", "ask_again"]
    assert steps == asked, "asked for again when an approval has lapsed, and the officer is not left alone meanwhile"
    addresses = post_office.server.boxes.addresses()  # type: ignore[union-attr]
    assert [a for a in addresses if a.startswith(("head@", "lanh-dao@"))] == []


def test_in_rehearsal_all_goes_to_one_address_and_the_ladder_does_not_climb(
    post_office: Office, environment: pytest.MonkeyPatch
) -> None:
    post_office.app.settings.mode = "rehearsal"
    decided = play(post_office, date(2021, 11, 23), date(2021, 11, 26), agencies=[HONG_LINH])
    assert [d.split()[1] for d in decided[HONG_LINH]] == ["overdue_1"] * 4
    assert post_office.server.boxes.addresses() == ["dien-tap@example.vn"]  # type: ignore[union-attr]


def test_on_the_day_it_goes_live_the_real_letters_leave(post_office: Office) -> None:
    post_office.app.settings.mode = "rehearsal"
    rehearsed = one(post_office.decide(agencies=[HONG_LINH]), HONG_LINH)
    post_office.go(date(2021, 11, 23), 8)
    assert set(post_office.deliver()) == {"sent"}
    post_office.app.settings.mode = "live"
    post_office.see()
    real = one(post_office.decide(agencies=[HONG_LINH]), HONG_LINH)
    assert (real["step"], real["recipients"]) == (rehearsed["step"], rehearsed["recipients"])
    assert set(real["outbox_ids"]).isdisjoint(rehearsed["outbox_ids"])
    assert one(post_office.decide(agencies=[HONG_LINH]), HONG_LINH) == real, "once"
    assert set(post_office.deliver()) == {"sent"}
    assert post_office.deliver() == {}
    assert len(post_office.server.boxes.messages(real["recipients"][0])) == 1  # type: ignore[union-attr]
    post_office.app.settings.mode = "rehearsal"
    written = len(post_office.letters())
    assert set(real["outbox_ids"]) <= set(one(post_office.decide(agencies=[HONG_LINH]), HONG_LINH)["outbox_ids"])
    assert len(post_office.letters()) == written, "and back: what truly left is not played again"


class TestStillTrue:
    """Between the decision and the moment of leaving."""

    TUESDAY = date(2021, 11, 23)

    @pytest.fixture
    def decided(self, post_office: Office) -> Office:
        post_office.decide(agencies=[HONG_LINH, CAN_LOC])
        post_office.go(self.TUESDAY, 8)
        return post_office

    def states(self, office: Office, agency: str) -> set[str]:
        return {r.state for r in office.letters(agency)}

    def test_an_agency_that_has_just_sent_it_gets_no_letter(self, decided: Office) -> None:
        decided.arrives(HONG_LINH, "form_03")
        assert decided.deliver() == {"cancelled": 2, "sent": 2}
        assert "đã nhận Văn bản số 12/UBND" in decided.letters(HONG_LINH)[0].reason

    @pytest.mark.parametrize("outcome", ["waiting", "conflict"])
    def test_nor_one_whose_form_has_just_come_and_waits_for_us(self, decided: Office, outcome: str) -> None:
        decided.submission(HONG_LINH, "form_03", outcome)
        decided.deliver()
        assert (self.states(decided, HONG_LINH), self.states(decided, CAN_LOC)) == ({"cancelled"}, {"sent"})

    @pytest.mark.parametrize(
        ("kind", "more"),
        [("called", {}), ("waive", {}), ("accept", {}), ("pause", {}), ("extend", {"until": date(2021, 12, 1)})],
    )
    def test_nor_against_a_ruling(self, decided: Office, kind: str, more: dict[str, date]) -> None:
        decided.rule(kind, agency=HONG_LINH, **more)
        decided.deliver()
        assert (self.states(decided, HONG_LINH), self.states(decided, CAN_LOC)) == ({"cancelled"}, {"sent"})
        assert "Giấy ghi 12 (mưa lũ; Lê Văn C)" in decided.letters(HONG_LINH)[0].reason

    def test_nor_anybody_while_everything_is_stopped(self, decided: Office) -> None:
        number = decided.rule("hold_all")
        assert decided.deliver() == {}
        assert "tạm dừng theo Giấy ghi 12" in decided.letters(HONG_LINH)[0].reason
        decided.arrives(CAN_LOC, "form_03")
        assert decided.deliver() == {"cancelled": 2}, "what is not owed any more does not wait"
        decided.rule("undo", undoes=number)
        assert decided.deliver() == {"sent": 2}

    def test_what_was_approved_while_everything_is_stopped_leaves_without_being_asked_again(
        self, post_office: Office
    ) -> None:
        play(post_office, self.TUESDAY, date(2021, 11, 24), agencies=[HONG_LINH])
        post_office.go(date(2021, 11, 25))
        post_office.see()
        number = post_office.rule("hold_all")
        ids = one(post_office.decide(agencies=[HONG_LINH]), HONG_LINH)["outbox_ids"]
        assert post_office.approve(*ids) == ["held", "held"]
        assert post_office.deliver() == {}
        post_office.go(date(2021, 11, 26), 9)
        post_office.rule("undo", undoes=number)
        post_office.see(ok=False, detail="mất kết nối")
        assert post_office.deliver() == {}, "blind is not late, also for what was approved before"
        post_office.see()
        assert post_office.deliver() == {"sent": 2}
        assert [r.state for r in post_office.letters(HONG_LINH)[-2:]] == ["sent", "sent"]

    def test_nor_who_does_not_answer_for_it_any_more(self, decided: Office) -> None:
        decided.rule("reassign", agency=HONG_LINH, to_agency=DUC_THO)
        decided.deliver()
        assert self.states(decided, HONG_LINH) == {"cancelled"}
        assert "đã chuyển sang UBND huyện Đức Thọ" in decided.letters(HONG_LINH)[0].reason

    def test_while_something_came_in_unjudged_or_a_source_fails_letters_wait(self, decided: Office) -> None:
        decided.see(ok=False, detail="mất kết nối")
        assert decided.deliver() == {}
        assert "mất kết nối" in decided.letters(HONG_LINH)[0].reason
        decided.see()
        decided.submission(HONG_LINH, "form_03", None)
        decided.now += timedelta(minutes=5)
        assert decided.deliver() == {"cancelled": 2}, "its sender's agency is not chased at all"
        assert "còn 01 bản nộp đã nhận mà chưa kiểm tra" in decided.letters(CAN_LOC)[0].reason

    def test_a_letter_that_did_not_leave_on_its_day_is_dead_and_decided_anew(self, decided: Office) -> None:
        decided.go(date(2021, 11, 24))
        decided.see()
        rows = decided.decide(agencies=[HONG_LINH])
        assert one(rows, HONG_LINH)["step"] == "overdue_1"
        assert decided.deliver() == {"cancelled": 4, "sent": 2}

    def test_a_letter_that_lists_something_done_meanwhile_is_cancelled_and_decided_anew(
        self, post_office: Office
    ) -> None:
        first = one(post_office.decide(agencies=[DUC_THO]), DUC_THO)
        assert len(first["obligations"]) == 2
        post_office.arrives(DUC_THO, "focal_letter")
        assert post_office.deliver() == {"cancelled": 2}
        post_office.go(date(2021, 11, 24))
        post_office.see()
        assert one(post_office.decide(agencies=[DUC_THO]), DUC_THO)["obligations"] == ["tourism/form_03"]

    def test_an_approval_that_comes_late_rechecks(self, post_office: Office) -> None:
        play(post_office, self.TUESDAY, date(2021, 11, 24), agencies=[HONG_LINH])
        post_office.go(date(2021, 11, 25))
        post_office.see()
        ids = one(post_office.decide(agencies=[HONG_LINH]), HONG_LINH)["outbox_ids"]
        post_office.go(date(2021, 11, 26), 9)
        post_office.arrives(HONG_LINH, "form_03")
        assert post_office.approve(*ids) == ["cancelled", "cancelled"]

    def head_is_to_be_written_to(self, office: Office) -> list[str]:
        play(office, self.TUESDAY, date(2021, 11, 24), agencies=[HONG_LINH])
        office.go(date(2021, 11, 25))
        office.see()
        return list(one(office.decide(agencies=[HONG_LINH]), HONG_LINH)["outbox_ids"])

    def test_an_approval_in_time_releases(self, post_office: Office) -> None:
        ids = self.head_is_to_be_written_to(post_office)
        post_office.go(date(2021, 11, 29), 16, 59)
        assert post_office.approve(ids[0]) == ["pending", "pending"], "two working days"

    def test_an_approval_after_its_time_cancels(self, post_office: Office) -> None:
        ids = self.head_is_to_be_written_to(post_office)
        post_office.go(date(2021, 11, 29), 17, 1)
        assert post_office.approve(ids[1]) == ["cancelled", "cancelled"]
