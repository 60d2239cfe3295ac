"""A mailbox that is dead: whoever else of the agency is written to instead, once, and our own people are told."""

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from dondoc.store.facts import Contact
from dondoc.store.intake import Mail
from dondoc.vocabulary.mails import MailKind
from tests.conftest import at
from tests.escalation.conftest import Office, one

HONG_LINH = "ubnd-thi-xa-hong-linh"
OFFICER, CLERK, HEAD = (f"{role}@{HONG_LINH}.test" for role in ("focal_officer", "clerk", "head"))


@pytest.fixture(autouse=True)
def _everybody_was_known_before(post_office: Office) -> None:
    with post_office.app.sessions.begin() as session:
        session.execute(update(Contact).values(recorded_at=at(1)))


def comes_back(office: Office, recipient: str, code: str = "failed") -> None:
    """The mail server of the agency gives the last letter to an address back."""
    letter = [row.id for row in office.letters(HONG_LINH) if row.recipient == recipient][-1]
    it = {"digest": f"{letter}{code}", "text": "", "bounced": [], "passed_over": []}
    with office.app.sessions.begin() as session:
        reason = [code, {"recipients": recipient}]
        session.add(Mail(kind=MailKind.BOUNCE, reason=reason, letter_id=letter, recorded_at=office.now, **it))


def mornings(office: Office, first: date, last: date) -> dict[str, list[str]]:
    """Every morning: read, decide, deliver. To whom which steps went."""
    day = first
    while day <= last:
        office.go(day)
        office.see()
        office.decide(agencies=[HONG_LINH])
        office.deliver()
        day += timedelta(days=1)
    got: dict[str, list[str]] = {}
    for row in office.letters(HONG_LINH):
        if row.state == "sent":
            got.setdefault(row.recipient, []).append(row.context["step"])
    return got


def told(office: Office) -> str:
    return "\n".join(row.text for row in office.letters() if "Danh bạ" in row.subject)


def test_a_letter_that_comes_back_goes_to_the_next_role_and_nobody_has_a_step_twice(post_office: Office) -> None:
    assert mornings(post_office, date(2021, 11, 16), date(2021, 11, 16)) == {OFFICER: ["remind_3"]}
    comes_back(post_office, OFFICER)
    got = mornings(post_office, date(2021, 11, 17), date(2021, 11, 24))
    assert got == {OFFICER: ["remind_3"], CLERK: ["remind_3", "remind_1", "overdue_1"]}
    line = f"UBND thị xã Hồng Lĩnh: thư không đến được địa chỉ {OFFICER} của cán bộ đầu mối từ ngày 16/11/2021"
    assert told(post_office).count(line) == 1


def test_a_delay_is_no_failure(post_office: Office) -> None:
    mornings(post_office, date(2021, 11, 16), date(2021, 11, 16))
    comes_back(post_office, OFFICER, "delayed")
    assert mornings(post_office, date(2021, 11, 17), date(2021, 11, 19)) == {OFFICER: ["remind_3", "remind_1"]}


def test_whoever_of_officer_and_clerk_has_it_the_step_has_arrived(post_office: Office) -> None:
    mornings(post_office, date(2021, 11, 23), date(2021, 11, 23))
    comes_back(post_office, OFFICER)
    got = mornings(post_office, date(2021, 11, 24), date(2021, 11, 24))
    assert got == {OFFICER: ["overdue_1"], CLERK: ["overdue_1"]}
    assert one(post_office.preview(date(2021, 11, 25)), HONG_LINH)["step"] == "overdue_2"


def test_an_address_that_was_entered_anew_is_written_to_again(post_office: Office) -> None:
    mornings(post_office, date(2021, 11, 16), date(2021, 11, 16))
    comes_back(post_office, OFFICER)
    post_office.go(date(2021, 11, 17), 9)
    post_office.know((HONG_LINH, "focal_officer", "moi@hl.test"))
    post_office.see()
    assert one(post_office.decide(agencies=[HONG_LINH]), HONG_LINH)["recipients"] == ["moi@hl.test"]


def test_a_dead_mailbox_of_the_head_silences_nobody(post_office: Office) -> None:
    mornings(post_office, date(2021, 11, 23), date(2021, 11, 25))
    held = [str(row.id) for row in post_office.letters(HONG_LINH) if row.context["step"] == "overdue_2"]
    post_office.approve(*held)
    post_office.deliver()
    comes_back(post_office, CLERK)
    mornings(post_office, date(2021, 11, 26), date(2021, 11, 26))
    again = one(post_office.preview(date(2021, 11, 26)), HONG_LINH)
    assert (again["step"], again["recipients"]) == ("overdue_2", [HEAD, OFFICER]), "the officer's copy is not enough"
    assert f"địa chỉ {CLERK} của" in told(post_office)
