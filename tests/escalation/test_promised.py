"""A reader names a day in reply: nobody of the agency is written to before it is over, within bounds."""

from datetime import date

import pytest

from dondoc.store.intake import Mail, Submission, Verdict
from dondoc.vocabulary.mails import MailKind
from tests.conftest import approver
from tests.escalation.conftest import Office, one

HONG_LINH = "ubnd-thi-xa-hong-linh"


def replies(office: Office, by: date, doubt: str | None = None, outcome: str = "waiting") -> int:
    """Its officer answers the newest letter; `outcome`: what a person made of it."""
    letter = office.letters(HONG_LINH)[0].id
    it = {"digest": f"{by}{outcome}", "text": "", "bounced": [], "passed_over": [], "reason": ["reply", {}]}
    with office.app.sessions.begin() as session:
        mail = Mail(kind=MailKind.REPLY, letter_id=letter, promised=by, recorded_at=office.now, **it)
        session.add(mail)
        session.flush()
        came = {"happened_at": office.now, "recorded_at": office.now, "mail_id": mail.id, "sender_doubt": doubt}
        named = {"filename": "thu.eml", "sha256": "0", "channel": "mail", "channel_id": f"{by}{outcome}"}
        row = Submission(sender=f"focal_officer@{HONG_LINH}.test", **named, **came)
        session.add(row)
        session.flush()
        judged = {
            "form": None,
            "agency": HONG_LINH,
            "fulfils": [],
            "rows": [],
            "head": {},
            "issues": [],
            "may_be": "neither",
        }
        session.add(Verdict(submission_id=row.id, outcome=outcome, reason="", recorded_at=office.now, **judged))
        return row.id


@pytest.fixture
def answered(post_office: Office) -> Office:
    """The first overdue letter has arrived on the Tuesday."""
    approver(post_office.app)
    post_office.decide(agencies=[HONG_LINH])
    post_office.deliver()
    post_office.go(date(2021, 11, 23), 14)
    return post_office


def step(office: Office, day: date) -> str | None:
    found: str | None = one(office.preview(day, everyone=True), HONG_LINH)["step"]
    return found


def test_nobody_is_written_to_before_the_day_that_was_named(answered: Office) -> None:
    replies(answered, date(2021, 11, 30))
    why = one(answered.preview(date(2021, 11, 30), everyone=True), HONG_LINH)
    assert why["step"] is None
    assert "đơn vị trả lời TH-00001, hẹn gửi đến hết ngày 30/11/2021" in why["reason"]
    assert step(answered, date(2021, 12, 1)) == "overdue_2"


def test_a_day_far_away_gains_no_more_than_the_setting(answered: Office) -> None:
    replies(answered, date(2022, 6, 1))
    assert (step(answered, date(2021, 12, 7)), step(answered, date(2021, 12, 8))) == (None, "overdue_2")


@pytest.mark.parametrize("of", [{"doubt": "forged"}, {"outcome": "dismissed"}])
def test_who_is_doubted_or_what_a_person_has_closed_puts_nothing_off(answered: Office, of: dict[str, str]) -> None:
    replies(answered, date(2021, 11, 30), **of)
    assert step(answered, date(2021, 11, 25)) == "overdue_2"


def test_a_promise_that_a_person_wrote_down_and_that_was_broken_is_named_once_and_nobodys_reading_of_a_reply_is(
    answered: Office,
) -> None:
    replies(answered, date(2021, 11, 24))
    answered.rule("promise", agency=HONG_LINH, system="tourism", until=date(2021, 11, 26), spoken_to="ông An")
    broken = "Theo trao đổi ngày 23/11/2021, đơn vị hẹn gửi Biểu mẫu 03 (Khu, điểm du lịch) chậm nhất ngày 26/11/2021"
    for day, named in ((date(2021, 11, 29), True), (date(2021, 12, 6), False)):
        answered.go(day)
        answered.see()
        [row] = answered.decide(agencies=[HONG_LINH])
        answered.approve(*row["outbox_ids"])
        answered.deliver()
        for letter in (it for it in answered.letters() if str(it.id) in row["outbox_ids"]):
            for text in (letter.text, letter.html):
                assert (f"{broken}; đến nay Sở chưa nhận được." in text) == named
                assert "24/11/2021, đơn vị" not in text
