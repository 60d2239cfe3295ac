"""Nobody is used to write to others: few answers to strangers, and not a word of theirs in them."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from dondoc.configuration.context import AppContext
from dondoc.intake import backlog, inbox
from dondoc.intake.receive import receive
from dondoc.store.intake import Mail, Submission
from dondoc.vocabulary.mails import MailKind
from tests.conftest import acting

from .conftest import DUC_THO, OFFICER, SCAN, Desk

pytestmark = pytest.mark.slow

LURE = "Trung thuong vao ke-gian.test ngay.pdf"


def bring(
    desk: Desk,
    content: bytes = SCAN,
    name: str = "cong van.pdf",
    sender: str = "la@noi-khac.test",
    mail: int | None = None,
) -> int:
    desk.now += timedelta(seconds=1)
    submission, _ = receive(
        desk.app,
        content,
        channel="mail",
        channel_id=f"{desk.now}",
        sender=sender,
        filename=name,
        received_at=desk.now,
        now=desk.now,
        subject=LURE,
    )
    with desk.app.sessions.begin() as session:
        session.get_one(Submission, submission).mail_id = mail
    backlog.judge_and_answer(desk.app, desk.now)
    return submission


def limited(desk: Desk, answers: int) -> None:
    desk.app = AppContext(desk.app.settings.model_copy(update={"answers_per_day": answers}))


@pytest.mark.parametrize(
    "content",
    [lambda desk: SCAN, lambda desk: desk.form()[:500], lambda desk: desk.form()],
    ids=["scan", "broken", "form"],
)
def test_a_letter_to_a_stranger_repeats_nothing_of_what_came_and_carries_nothing(
    desk: Desk, content: Callable[[Desk], bytes]
) -> None:
    submission = bring(desk, content(desk), LURE.replace(".pdf", ".xlsx"))
    [letter] = desk.letters()
    assert letter.recipient == "la@noi-khac.test"
    for words in (letter.subject, letter.text, letter.html):
        assert "Trung" not in words
        assert "ke-gian" not in words
        assert "Đức Thọ" not in words
    assert f"BN-{submission:04}" in letter.subject
    assert f"BN-{submission:04}" in letter.text
    assert letter.attachments == []


def test_whom_we_know_is_told_which_file_it_was_but_not_in_the_subject(desk: Desk) -> None:
    bring(desk, sender=OFFICER)
    bring(desk, desk.form()[:500], "bm03.xlsx", OFFICER)
    scan, broken = desk.letters()
    assert "“cong van.pdf”" in scan.text
    assert "“bm03.xlsx”" in broken.text
    assert "cong van" not in scan.subject
    assert "bm03" not in broken.subject


def test_all_strangers_together_get_so_many_answers_a_day_and_the_rest_waits_for_a_person(desk: Desk) -> None:
    limited(desk, 3)
    for number in range(5):
        bring(desk, SCAN + b"%d" % number, sender=f"nan-nhan-{number}@x.test")
    assert [row.recipient for row in desk.letters()] == [f"nan-nhan-{number}@x.test" for number in range(3)]
    with desk.app.sessions.reading() as session:
        waiting = inbox.inbox(session)
    assert len(waiting) == 5, "all are kept and seen"
    assert ["không tự trả lời" in row["reason"] for row in waiting] == [False] * 3 + [True] * 2
    assert "DONDOC_ANSWERS_PER_DAY" in waiting[-1]["reason"]


def test_a_registered_sender_is_answered_all_the_same(desk: Desk) -> None:
    limited(desk, 0)
    bring(desk)
    bring(desk, desk.form(), "bm03.xlsx", OFFICER)
    assert [row.recipient for row in desk.letters()] == [OFFICER]


def test_on_the_next_day_strangers_are_answered_again_but_not_those_of_yesterday(desk: Desk) -> None:
    limited(desk, 1)
    bring(desk, sender="mot@x.test")
    bring(desk, SCAN + b"2", sender="hai@x.test")
    desk.now += timedelta(days=1, minutes=1)
    bring(desk, SCAN + b"3", sender="ba@x.test")
    assert [row.recipient for row in desk.letters()] == ["mot@x.test", "ba@x.test"]
    assert backlog.unfinished(desk.app) == []


def test_a_sender_in_doubt_is_a_stranger_though_its_address_is_registered(desk: Desk) -> None:
    limited(desk, 0)
    submission, _ = receive(
        desk.app,
        SCAN,
        channel="mail",
        channel_id="1",
        sender=OFFICER,
        filename="a.pdf",
        received_at=desk.now,
        now=desk.now,
    )
    with desk.app.sessions.begin() as session:
        session.get_one(type(desk.submissions()[0]), submission).sender_doubt = "dkim=fail"
    desk.work()
    assert desk.letters() == []


def test_whom_a_person_gave_an_agency_is_no_stranger_any_more(desk: Desk) -> None:
    limited(desk, 0)
    first = bring(desk, desk.form(), "bm03.xlsx")
    assert desk.letters() == []
    inbox.assign(desk.app, first, DUC_THO, by=acting("Nguyễn Văn A"), lasting=True, now=desk.now)
    bring(desk, desk.form(cameras=3, base=1), "bm03.xlsx")
    assert "la@noi-khac.test" in {row.recipient for row in desk.letters()}


def test_a_machine_that_answers_without_saying_so_gets_one_answer_a_day(desk: Desk) -> None:
    for number in range(5):
        with desk.app.sessions.begin() as session:
            row = Mail(digest=f"{number}", kind=MailKind.REPLY, reason=[], text="", bounced=[], passed_over=[])
            row.recorded_at = desk.now
            session.add(row)
            session.flush()
            its = row.id
        bring(desk, f"Cam on ban da gui thu {number}".encode(), "thu.eml", mail=its)
    assert len(desk.letters()) == 1
