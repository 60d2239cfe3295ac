"""Deciding and recording on a real database: once a day, whole or not at all, held where it must be."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.escalation import letters as letters_room
from dondoc.escalation.recipients import AddressBook, needs_approval
from dondoc.forms.limited import judge
from dondoc.mail import outbox
from dondoc.mail.letter import Letter
from dondoc.store.trust import KeyCheck
from tests.conftest import CLERK, letter_of, migrate
from tests.escalation.conftest import Office, one

DUC_THO, NNPTNT, HONG_LINH = "ubnd-huyen-duc-tho", "so-nnptnt", "ubnd-thi-xa-hong-linh"
TUESDAY = date(2021, 11, 23)
LETTER = "stttt-cntt-2021-11"
CONTRACT = {"agency", "step", "directives", "recipients", "obligations", "reason", "needs_approval", "answer_by"}
RECORDED = {"decision", "outbox_ids"}


def test_a_decision_is_recorded_with_its_reason_and_one_row_per_recipient(office: Office) -> None:
    rows = office.decide()
    row = one(rows, HONG_LINH)
    assert set(row) == CONTRACT | RECORDED
    assert (row["step"], row["obligations"], row["needs_approval"]) == ("overdue_1", ["tourism/form_03"], False)
    assert row["recipients"] == [f"focal_officer@{HONG_LINH}.test", f"clerk@{HONG_LINH}.test"]
    written = office.letters(HONG_LINH)
    assert [str(r.id) for r in written] == row["outbox_ids"]
    assert [(r.kind, r.state, r.recipient) for r in written] == [("overdue", "pending", a) for a in row["recipients"]]
    assert all(r.office_hours and r.not_after == clock.at(TUESDAY, 17) for r in written)
    [noted] = [d for d in office.decisions() if d.agency == HONG_LINH]
    assert (noted.step, noted.reason) == ("overdue_1", row["reason"])
    assert {r.decision_id for r in written} == {noted.id} == {int(row["decision"])}
    assert noted.answer_by == date(2021, 11, 24) == date.fromisoformat(row["answer_by"])
    assert "gửi Biểu mẫu 03 (Khu, điểm du lịch) trong ngày 24/11/2021" in written[0].text
    assert [code for code, _ in noted.reasons] == ["step", "not_yet"]
    assert noted.reasons[1][1]["why"] == ["too_early", {"first": "2021-11-24"}]
    assert (noted.directives, noted.obligations) == ([LETTER], [f"{LETTER}:tourism/form_03"])


def test_every_agency_gets_a_decision_also_to_write_nothing(office: Office) -> None:
    office.arrives(HONG_LINH, "form_03")
    rows = office.decide(everyone=True)
    assert len(rows) == len({r["agency"] for r in rows}) == 18
    assert {d.agency for d in office.decisions()} == {r["agency"] for r in rows}
    nothing = one(rows, HONG_LINH)
    assert (nothing["step"], nothing["recipients"], nothing["outbox_ids"]) == (None, [], [])
    assert "đã nhận Văn bản số 12/UBND" in nothing["reason"]
    orders = [office.app.registry.agency(r["agency"]).order for r in rows]
    assert orders == sorted(orders), "in administrative order"


def test_running_twice_records_nothing_new_and_answers_the_same(office: Office) -> None:
    first = office.decide(everyone=True)
    letters, decisions = len(office.letters()), len(office.decisions())
    office.now += timedelta(minutes=40)
    assert office.decide(everyone=True) == first
    assert (len(office.letters()), len(office.decisions())) == (letters, decisions)


def test_the_days_letter_stands_even_when_it_was_cancelled_since(office: Office) -> None:
    first = one(office.decide(), HONG_LINH)
    office.arrives(HONG_LINH, "form_03")
    assert one(office.decide(), HONG_LINH) == first, "one chasing letter a day at most"


def test_preview_says_what_escalate_will_do_and_changes_nothing(office: Office) -> None:
    before = office.preview(TUESDAY)
    assert office.letters() == office.decisions() == []
    decided = office.decide()
    assert before == [{k: v for k, v in row.items() if k not in RECORDED} for row in decided]
    assert office.preview(TUESDAY) == before, "also after the decision"


def test_a_day_to_come_can_be_previewed_with_todays_facts(office: Office) -> None:
    office.arrives(HONG_LINH, "form_03")
    row = one(office.preview(date(2021, 11, 25)), DUC_THO)
    assert row["step"] == "overdue_1"
    assert "chậm 04 ngày làm việc" in row["reason"]
    assert HONG_LINH not in {r["agency"] for r in office.preview(date(2021, 11, 25))}


def test_only_the_agencies_asked_for(office: Office) -> None:
    assert [r["agency"] for r in office.decide(agencies=[DUC_THO])] == [DUC_THO]
    assert {r.agency for r in office.letters() if r.agency} == {DUC_THO}
    assert {d.agency for d in office.decisions()} == {DUC_THO}


class TestHeld:
    def test_another_day_than_the_clocks_holds_every_row_and_hinders_no_later_decision(self, office: Office) -> None:
        office.go(date(2021, 11, 22))
        trial = office.decide(TUESDAY)
        assert {r.state for r in office.letters()} == {"held"}
        assert office.decide(TUESDAY) == trial, "also a trial is recorded once"
        assert len(office.letters()) == sum(len(r["outbox_ids"]) for r in trial)
        office.go(TUESDAY)
        office.see()
        real = one(office.decide(), HONG_LINH)
        assert real["step"] == "overdue_1"
        assert set(real["outbox_ids"]).isdisjoint(one(trial, HONG_LINH)["outbox_ids"])
        assert {r.state for r in office.letters(HONG_LINH)} == {"held", "pending"}

    def test_a_trial_of_a_day_to_come_cannot_be_released_before_it_is_due(self, office: Office) -> None:
        office.go(date(2021, 11, 22))
        [first, *_] = one(office.decide(TUESDAY), HONG_LINH)["outbox_ids"]
        assert office.approve(first) == ["cancelled", "cancelled"]
        assert "sớm nhất ngày 23/11/2021" in office.letters(HONG_LINH)[0].reason

    def test_a_trial_is_not_released_after_the_real_letter(self, office: Office) -> None:
        office.go(date(2021, 11, 22))
        [trial, *_] = one(office.decide(TUESDAY), HONG_LINH)["outbox_ids"]
        office.go(TUESDAY)
        office.see()
        office.decide()
        assert office.approve(trial) == ["cancelled", "cancelled"]
        assert "đã có thư" in next(r for r in office.letters() if str(r.id) == trial).reason

    def test_stop_everything_holds_every_row_and_quotes_the_ruling(self, office: Office) -> None:
        number = office.rule("hold_all", document="Công văn 99", reason="bão số 8")
        row = one(office.decide(), HONG_LINH)
        assert {r.state for r in office.letters(HONG_LINH)} == {"held"}
        assert "Công văn 99 (bão số 8; Lê Văn C)" in row["reason"]
        assert office.approve(*row["outbox_ids"]) == ["held", "held"], "not even by an approver"
        assert all("Công văn 99 (bão số 8; Lê Văn C)" in r.reason for r in office.letters(HONG_LINH))
        office.rule("undo", undoes=number)
        assert "Công văn 99" not in one(office.preview(date(2021, 11, 24)), HONG_LINH)["reason"]

    def test_blind_holds_every_row_and_tells_the_administrator_once_a_day(self, office: Office) -> None:
        office.see(ok=False, detail="ổ đĩa không đọc được.")
        row = one(office.decide(), HONG_LINH)
        assert "không đọc được thư mục tiếp nhận" in row["reason"]
        assert {r.state for r in office.letters() if r.agency} == {"held"}
        office.decide()
        [told] = [r for r in office.letters() if r.kind == "internal" and "nguồn tiếp nhận" in r.subject]
        assert (told.recipient, told.state) == ("quan-tri@so.test", "pending")
        assert "ổ đĩa không đọc được" in told.text
        assert "ổ đĩa không đọc được" in told.html
        assert office.approve(*row["outbox_ids"]) == ["pending", "pending"], "a person may know better"


class TestPeopleRule:
    def test_called_today_means_no_letter_today(self, office: Office) -> None:
        office.rule("called", agency=HONG_LINH)
        row = one(office.decide(everyone=True), HONG_LINH)
        assert row["step"] is None
        assert "Giấy ghi 12 (mưa lũ; Lê Văn C)" in row["reason"]
        assert one(office.preview(date(2021, 11, 24)), HONG_LINH)["step"] == "overdue_1"

    @pytest.mark.parametrize(
        ("kind", "more"),
        [
            ("extend", {"until": date(2021, 11, 30)}),
            ("waive", {}),
            ("accept", {}),
            ("pause", {}),
            ("pause", {"until": TUESDAY}),
        ],
    )
    def test_no_letter_against_a_ruling_and_the_reason_quotes_it(
        self, office: Office, kind: str, more: dict[str, date]
    ) -> None:
        office.rule(kind, agency=HONG_LINH, **more)
        row = one(office.decide(everyone=True), HONG_LINH)
        assert row["step"] is None
        assert "Giấy ghi 12 (mưa lũ; Lê Văn C)" in row["reason"]

    def test_an_extension_is_quoted_in_the_reason_of_the_letter_that_follows(self, office: Office) -> None:
        office.rule("extend", agency=HONG_LINH, until=date(2021, 11, 24))
        row = one(office.preview(date(2021, 11, 26)), HONG_LINH)
        assert row["step"] == "overdue_1"
        assert "gia hạn đến hết ngày 24/11/2021 theo Giấy ghi 12" in row["reason"]

    def test_a_reminder_asks_for_the_day_to_which_the_time_was_extended(self, office: Office) -> None:
        office.rule("extend", agency=HONG_LINH, until=date(2021, 11, 30))
        office.go(date(2021, 11, 25))
        office.see()
        assert one(office.decide(agencies=[HONG_LINH]), HONG_LINH)["step"] == "remind_3"
        subject = office.letters(HONG_LINH)[0].subject
        assert subject == "Gửi Biểu mẫu 03 trước 01/12/2021 – TX. Hồng Lĩnh [IOC Hà Tĩnh]"

    def test_who_was_given_the_duty_is_written_to(self, office: Office) -> None:
        office.rule("reassign", agency=HONG_LINH, to_agency=DUC_THO)
        rows = office.decide(everyone=True)
        assert HONG_LINH not in {r["agency"] for r in rows}
        assert "nhiệm vụ của UBND thị xã Hồng Lĩnh" in one(rows, DUC_THO)["reason"]
        [name] = [n for n, _ in office.letters(DUC_THO)[0].context["duties"] if HONG_LINH in n]
        assert name == f"{HONG_LINH}/{LETTER}:tourism/form_03"


class TestOurTurn:
    @pytest.mark.parametrize("outcome", ["waiting", "conflict"])
    def test_what_waits_for_us_pauses_the_obligation_and_shows_every_morning(
        self, office: Office, outcome: str
    ) -> None:
        office.submission(HONG_LINH, "form_03", outcome)
        assert HONG_LINH not in {r["agency"] for r in office.decide()}
        assert office.letters(HONG_LINH) == []
        [told] = [r for r in office.letters() if r.kind == "internal"]
        assert "BN-0001, nhận ngày 23/11/2021: UBND thị xã Hồng Lĩnh" in told.text
        office.go(date(2021, 11, 24))
        office.see()
        office.decide()
        assert len([r for r in office.letters() if r.kind == "internal"]) == 2

    def sends(self, office: Office, *days: date) -> None:
        """A form that has to be corrected, on each of these days."""
        for day in days:
            office.go(day, 9)
            office.submission(HONG_LINH, "form_03", "returned")
        office.go(TUESDAY)
        office.see()

    def test_nobody_is_chased_while_a_return_gives_time_to_correct_it(self, office: Office) -> None:
        self.sends(office, date(2021, 11, 22))
        waits = one(office.preview(TUESDAY, everyone=True), HONG_LINH)
        assert "biểu mẫu trả lại được sửa đến hết ngày 25/11/2021" in waits["reason"]
        assert HONG_LINH not in {row["agency"] for row in office.preview(date(2021, 11, 25))}
        assert one(office.preview(date(2021, 11, 26)), HONG_LINH)["step"] == "overdue_1"

    def test_who_sends_what_is_wrong_again_and_again_gains_no_more_time_by_it(self, office: Office) -> None:
        self.sends(office, date(2021, 11, 16), date(2021, 11, 17), date(2021, 11, 22))
        assert one(office.preview(TUESDAY), HONG_LINH)["step"] == "overdue_1"

    def test_a_returned_form_is_chased_and_the_letter_says_that_it_was_returned(self, office: Office) -> None:
        self.sends(office, date(2021, 11, 17))
        assert one(office.decide(), HONG_LINH)["step"] == "overdue_1"
        assert "bản nộp BN-0001 ngày 17/11/2021 đã được đề nghị chỉnh sửa" in office.letters(HONG_LINH)[0].text


class TestNobodyToWriteTo:
    def test_the_row_says_so_and_the_administrator_is_told_once(self, live: None, app) -> None:  # type: ignore[no-untyped-def]
        office = Office(app)
        office.see()
        office.know(("so-tttt", "ops", "quan-tri@so.test"), (HONG_LINH, "head", "chu-tich@hl.test"))
        row = one(office.decide(), HONG_LINH)
        assert (row["step"], row["recipients"], row["outbox_ids"]) == ("overdue_1", [], [])
        assert "Chưa có địa chỉ của cán bộ đầu mối hoặc văn thư để gửi." in row["reason"]
        [told] = [letter for letter in office.letters() if "Danh bạ" in letter.subject]
        assert (told.kind, told.recipient) == ("internal", "quan-tri@so.test")
        assert "UBND thị xã Hồng Lĩnh: chưa có địa chỉ" in told.text
        office.go(date(2021, 11, 24))
        office.see()
        office.decide()
        assert len([letter for letter in office.letters() if "Danh bạ" in letter.subject]) == 1

    def test_an_address_entered_during_the_day_is_used_by_the_next_run(self, live: None, app) -> None:  # type: ignore[no-untyped-def]
        office = Office(app)
        office.see()
        office.decide()
        office.know((HONG_LINH, "clerk", "van-thu@hl.test"))
        assert one(office.decide(), HONG_LINH)["recipients"] == ["van-thu@hl.test"]


def test_the_officer_of_the_system_comes_before_the_agencys(office: Office) -> None:
    with office.app.sessions.begin() as session:
        from dondoc.facts.contacts import import_csv

        csv = f"agency,role,name,email,phone,system\n{HONG_LINH},focal_officer,A,du-lich@hl.test,1,tourism\n"
        import_csv(session, office.app.registry, csv, "x.csv", by=CLERK, secrets=office.app.secrets, now=office.now)
    assert one(office.preview(TUESDAY), HONG_LINH)["recipients"][0] == "du-lich@hl.test"


def test_the_same_person_in_two_roles_gets_one_letter(live: None, app) -> None:  # type: ignore[no-untyped-def]
    office = Office(app)
    office.know((HONG_LINH, "focal_officer", "a@hl.test"), (HONG_LINH, "clerk", "A@hl.test"))
    assert one(office.preview(TUESDAY), HONG_LINH)["recipients"] == ["a@hl.test"]


def test_our_own_board_is_told_as_a_whole_and_only_after_approval(office: Office) -> None:
    office.know(("so-tttt", "board", "pho@so.test"))
    step = next(s for s in letter_of(office.app).ladder if s.id == "report_up")
    with office.app.sessions.begin() as session:
        found = AddressBook(session, office.app.registry, TUESDAY).recipients(step, HONG_LINH, ["tourism"])
    assert {r.email for r in found} == {"lanh-dao@so.test", "pho@so.test"}
    careless = {s.id: needs_approval(s.model_copy(update={"approval": False})) for s in letter_of(office.app).ladder}
    assert [step for step, needs in careless.items() if needs] == ["overdue_2", "report_up"]


def test_what_is_decided_after_hours_may_leave_on_the_next_working_day_and_is_that_days_letter(office: Office) -> None:
    office.go(TUESDAY, 18)
    office.see()
    office.decide()
    assert {r.not_after for r in office.letters(HONG_LINH)} == {clock.at(date(2021, 11, 24), 17)}
    office.go(date(2021, 11, 24))
    assert HONG_LINH not in {r["agency"] for r in office.decide()}


def test_an_error_on_the_way_leaves_neither_decision_nor_letter(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, written = letters_room.letters, []

    def fails(*arguments: object, **named: object) -> object:
        written.append(1)
        if len(written) == 5:
            raise RuntimeError("giữa chừng")
        return real(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(letters_room, "letters", fails)
    with pytest.raises(RuntimeError):
        office.decide()
    assert office.letters() == office.decisions() == []


def test_a_process_killed_on_the_way_leaves_neither_decision_nor_letter(office: Office) -> None:
    program = """
import os
from datetime import datetime, date
from dondoc.configuration.context import open_context
from dondoc.escalation import escalate, letters
real, count = letters.letters, []
def dies(*a, **k):
    count.append(1)
    if len(count) == 5:
        print("mid", flush=True)
        os.kill(os.getpid(), 9)
    return real(*a, **k)
letters.letters = dies
now = datetime.fromisoformat("2021-11-23T07:30+07:00")
escalate.escalate(open_context(), now.date(), now=now, record=True)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], env=os.environ, capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    assert (ended.returncode, ended.stdout) == (-9, "mid\n"), ended.stderr
    assert office.letters() == office.decisions() == []
    assert office.decide(), "and the next run does it all"


@pytest.mark.slow
def test_another_directive_runs_by_its_own_ladder(environment: pytest.MonkeyPatch, other_directive, live) -> None:  # type: ignore[no-untyped-def]
    from dondoc.configuration.context import AppContext
    from dondoc.configuration.settings import load
    from tests.conftest import OTHER_DIRECTIVE

    environment.setenv("DONDOC_DIRECTIVE", str(OTHER_DIRECTIVE))
    app = AppContext(load())
    migrate(app.settings.url)
    office = Office(app)
    office.know_everybody()
    office.go(date(2023, 4, 13))
    office.see()
    assert {(r["agency"], r["step"]) for r in office.decide()} == {
        ("ubnd-huyen-song-ca", "remind"),
        ("ubnd-huyen-nui-do", "remind"),
    }
    assert "văn bản" in office.letters()[0].text.lower()
    assert "Văn bản số 118/SGTVT-HT ngày 03/04/2023 của Sở Giao thông vận tải" in office.letters()[0].text
    office.go(date(2023, 5, 5))
    office.see()
    [row] = office.decide()
    assert row["agency"] == "ubnd-huyen-song-ca", "it took over Núi Đỏ's duties too"
    assert "nhiệm vụ của UBND huyện Núi Đỏ" in row["reason"]
    assert row["obligations"] == ["ferry/focal_letter", "ferry/form_03"]


class TestBlankForms:
    """Read from the wire: what an officer's mail program gets."""

    def names(self, office: Office, address: str) -> list[str]:
        [message] = office.server.boxes.messages(address)  # type: ignore[union-attr]
        return [part.get_filename() for part in message.iter_attachments()]

    def test_a_reminder_carries_the_agencys_own_blank_of_each_form_owed_and_says_so(self, post_office: Office) -> None:
        post_office.go(date(2021, 11, 17), 8)
        post_office.see()
        assert one(post_office.decide(), HONG_LINH)["step"].startswith("remind")
        assert set(post_office.deliver()) == {"sent"}
        [message] = post_office.server.boxes.messages(f"focal_officer@{HONG_LINH}.test")  # type: ignore[union-attr]
        [part] = message.iter_attachments()
        name = f"Bieu_mau_03_{HONG_LINH}.xlsx"
        assert part["content-disposition"] == f'attachment; filename="{name}"', "readable by every mail program"
        for kind in ("plain", "html"):
            assert f"biểu mẫu đã ghi sẵn tên đơn vị ({name})" in message.get_body((kind,)).get_content()
        content = part.get_content()
        assert len(content) < 50_000
        form = judge(
            content,
            name,
            data=post_office.app.settings.data,
            registry=post_office.app.registry,
            secrets=post_office.app.settings.secret_keys,
            day=date(2021, 11, 17),
        )
        assert (form.form, form.agency) == ("form_03", HONG_LINH)
        assert "token_unverified" not in {issue.code for issue in form.issues}

    def test_the_overdue_letter_to_the_officer_carries_it_and_the_one_to_the_head_speaks_of_none(
        self, post_office: Office
    ) -> None:
        post_office.decide()
        post_office.deliver()
        assert self.names(post_office, f"focal_officer@{HONG_LINH}.test") == [f"Bieu_mau_03_{HONG_LINH}.xlsx"]
        post_office.go(date(2021, 11, 25))
        post_office.see()
        row = one(post_office.decide(), HONG_LINH)
        assert row["needs_approval"]
        [head, *_] = [r for r in post_office.letters(HONG_LINH) if str(r.id) in row["outbox_ids"]]
        assert head.attachments == []
        assert "iểu mẫu trống" not in head.text

    def test_whose_form_was_returned_corrects_that_one(self, office: Office) -> None:
        office.go(date(2021, 11, 17))
        office.submission(HONG_LINH, "form_03", "returned")
        office.go(TUESDAY)
        office.decide()
        letter = office.letters(HONG_LINH)[0]
        assert letter.attachments == []
        assert "Cần biểu mẫu trống, xin trả lời thư này để được gửi lại." in letter.text

    def test_a_letter_of_the_day_that_takes_no_step_is_the_letter_of_the_day(self, office: Office) -> None:
        letter = Letter("reminder", "a@b.test", "S", "t", "<p>t</p>", "k", "vì", agency=HONG_LINH)
        with office.app.sessions.begin() as session:
            outbox.enqueue(session, [letter], settings=office.app.settings, now=office.now)
        office.decide()
        assert len(office.letters(HONG_LINH)) == 1

    def test_a_preview_and_a_second_run_make_no_form(self, office: Office) -> None:
        originals = office.app.settings.home / "originals"
        office.preview(TUESDAY)
        assert not originals.exists()
        office.decide()
        made = sorted(originals.glob("??/*"))
        assert made
        office.decide()
        assert sorted(originals.glob("??/*")) == made

    def test_a_lost_key_stops_the_letters_that_should_carry_a_form(self, office: Office) -> None:
        settings = office.app.settings.model_copy(update={"secret_key": None})
        with pytest.raises(Problem, match="Đặt lại đúng khóa cũ"):
            replace(office, app=AppContext(settings)).decide()

    def test_without_a_key_the_letter_goes_without_a_form(self, office: Office) -> None:
        with office.app.sessions.begin() as session:
            session.execute(delete(KeyCheck))
        settings = office.app.settings.model_copy(update={"secret_key": None})
        replace(office, app=AppContext(settings)).decide()
        letter = office.letters(HONG_LINH)[0]
        assert letter.attachments == []
        assert "Cần biểu mẫu trống, xin trả lời thư này để được gửi lại." in letter.text
