"""What kills or outlasts its judge: counted, set aside for a person, in nobody's way."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from dondoc.audit import Actor, Channel
from dondoc.bounded import Deadline
from dondoc.errors import Problem
from dondoc.escalation import sources
from dondoc.forms import limited
from dondoc.intake import attempts, backlog, inbox, judge, submit
from dondoc.intake.attempts import Underway
from dondoc.intake.judge import judge_submission
from dondoc.intake.receive import receive
from dondoc.isolation import workers
from dondoc.store.intake import JudgingAttempt
from tests.conftest import CLERK, SECRET

from .conftest import DUC_THO, OFFICER, VU_QUANG, Desk
from .test_judge import newest, status

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PERSON = Actor("Nguyễn Văn A", "nva", Channel.PAGE)
ONE_RUN = """
import sys
from datetime import datetime
from dondoc.forms import limited
from dondoc.intake import backlog
from dondoc.configuration.context import open_context

limited.WORK = "tests.intake.poison"
print(backlog.judge_and_answer(open_context(), datetime.fromisoformat(sys.argv[1])))
"""


@pytest.fixture(autouse=True)
def poisonous(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(limited, "WORK", "tests.intake.poison")
    monkeypatch.setattr(limited, "LIMITS", replace(limited.LIMITS, wall=2))
    yield
    workers.end()


def bring(desk: Desk, content: bytes, sender: str = OFFICER) -> int:
    """One arrival, not yet judged."""
    desk.now += timedelta(minutes=1)
    common = {"channel": "mail", "channel_id": f"{desk.now}", "filename": "BM03.xlsx", "message_id": "<1@ductho.test>"}
    return receive(desk.app, content, sender=sender, received_at=desk.now, now=desk.now, **common)[0]


def tried(desk: Desk) -> list[tuple[int, bool, str | None]]:
    with desk.app.sessions.reading() as session:
        rows = session.scalars(select(JudgingAttempt).order_by(JudgingAttempt.id))
        return [(row.submission_id, row.finished, row.fault) for row in rows]


def test_heavy_workbooks_of_strangers_that_came_before_are_judged_after_a_form_of_somebody_we_know(desk: Desk) -> None:
    heavy = [bring(desk, b"PK%dTREO" % number, f"la-{number}@x.test") for number in range(2)]
    honest = bring(desk, desk.form())
    assert list(desk.work().items()) == [(honest, "accepted"), *((one, "postponed") for one in heavy)]


@pytest.mark.parametrize(
    ("end", "why"),
    [(b"TREO", "vượt giới hạn thời gian"), (b"NANG", "vượt giới hạn bộ nhớ"), (b"CHET", "bị dừng: Aborted")],
)
def test_what_kills_its_child_twice_waits_for_a_person_with_the_reason(desk: Desk, end: bytes, why: str) -> None:
    poison = bring(desk, b"PK" + end)
    honest = bring(desk, desk.form())
    assert desk.work() == {poison: "postponed", honest: "accepted"}
    assert list(desk.work().items()) == [(poison, "waiting")]
    assert desk.work() == {}
    verdict = newest(desk, poison)
    assert why in verdict.reason
    assert "đã thử 02 lần" in verdict.reason
    assert [letter.context["outcome"] for letter in desk.letters()] == ["accepted", "waiting"]
    with desk.app.sessions.reading() as session:
        assert [row["id"] for row in inbox.inbox(session)] == [str(poison)]


def test_what_failed_before_is_tried_after_all_others(desk: Desk) -> None:
    poison = bring(desk, b"PKTREO")
    desk.work()
    honest = bring(desk, desk.form())
    assert list(desk.work()) == [honest, poison]


def test_a_killed_parent_is_counted_and_the_third_run_sets_the_item_aside_and_goes_on(desk: Desk) -> None:
    poison, honest = bring(desk, b"PKTREO"), bring(desk, desk.form())
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DONDOC_SECRET_KEY": SECRET}
    command = [sys.executable, "-c", ONE_RUN, desk.now.isoformat()]
    run = subprocess.Popen(command, env=environment, cwd=ROOT)
    until = time.monotonic() + 60
    while not any(submission == poison for submission, _, _ in tried(desk)):
        assert time.monotonic() < until
        assert run.poll() is None
        time.sleep(0.05)
    run.kill()
    run.wait()
    assert [t for t in tried(desk) if t[0] == poison] == [(poison, False, None)]
    with desk.app.sessions.begin() as session:
        attempts.begin(session, poison, desk.now)  # killed a second time: the same is left behind
    assert desk.work()[poison] == "waiting"
    assert newest(desk, honest).outcome == "accepted"
    assert attempts.KILLED in newest(desk, poison).reason


def test_an_attempt_that_another_process_is_at_is_not_called_killed(desk: Desk) -> None:
    poison = bring(desk, desk.form())
    with attempts.alone(desk.app.settings.home, poison, 0):
        with desk.app.sessions.begin() as session:
            attempts.begin(session, poison, desk.now)
            attempts.begin(session, poison, desk.now)
        assert desk.work() == {}
        with pytest.raises(Underway):
            judge_submission(desk.app, poison, now=desk.now, patience=0.1)
    assert not list((desk.app.settings.home / "judging").iterdir())


def test_a_person_may_have_it_tried_once_more(desk: Desk) -> None:
    poison = bring(desk, b"PKCHET")
    desk.work(), desk.work()
    before = len(tried(desk))
    verdict = inbox.assign(desk.app, poison, DUC_THO, by=PERSON, now=desk.now)
    assert len(tried(desk)) == before + 1
    assert (verdict.outcome, "đã thử 03 lần" in verdict.reason) == ("waiting", True)


def test_who_waits_at_the_page_is_told_that_it_will_be_tried_again(desk: Desk) -> None:
    common = {"sender": OFFICER, "channel": "upload", "by": CLERK, "received_at": desk.now, "now": desk.now}
    said = submit.submit(desk.app, b"PKTREO", "a.xlsx", **common)
    assert (said["outcome"], "sẽ kiểm tra lại" in said["reason"]) == ("waiting", True)
    said = submit.submit(desk.app, b"PKTREO", "a.xlsx", **common)
    assert (said["outcome"], "đã thử 02 lần" in said["reason"]) == ("waiting", True)


def test_who_waits_longer_than_another_process_takes_is_told_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was an error without words at the page."""
    monkeypatch.setitem(judge.judge_submission.__kwdefaults__, "patience", 0.1)
    common = {"sender": OFFICER, "channel": "upload", "by": CLERK, "received_at": desk.now, "now": desk.now}
    with attempts.alone(desk.app.settings.home, 1, 0):
        said = submit.submit(desk.app, desk.form(), "a.xlsx", **common)
        assert (said["outcome"], "một lượt khác đang kiểm tra" in said["reason"]) == ("waiting", True)
        with pytest.raises(Problem, match=r"một lượt khác đang kiểm tra\. Sau ít phút, giao lại lần nữa"):
            inbox.assign(desk.app, 1, DUC_THO, by=PERSON, now=desk.now)
    assert desk.work() == {1: "accepted"}


def test_what_strangers_send_holds_no_letter_and_no_run_for_longer_than_its_time(desk: Desk) -> None:
    forms = [bring(desk, desk.form(note=who), sender=who) for who in ("ai-do@xa.test", OFFICER)]

    def held() -> bool:
        with desk.app.sessions.reading() as session:
            return "chưa kiểm tra" in str(sources.unclear(session, desk.app.settings, desk.now))

    assert backlog.judge_and_answer(desk.app, desk.now, Deadline(0)) == {}
    assert held(), "the officer's was not judged"
    with attempts.alone(desk.app.settings.home, forms[0], 1):
        assert backlog.judge_and_answer(desk.app, desk.now, Deadline(600)) == {"accepted": [forms[1]]}
        assert not held(), "a stranger's alone"
    assert desk.work() == {forms[0]: "waiting"}


def test_what_cannot_be_judged_holds_letters_and_pauses_its_sender_for_a_day_at_most(desk: Desk) -> None:
    desk.register(VU_QUANG, "cntt@vuquang.test")
    poison = bring(desk, b"PKTREO", sender="cntt@vuquang.test")

    def held(hours: float) -> bool:
        with desk.app.sessions.reading() as session:
            return "chưa kiểm tra" in str(
                sources.unclear(session, desk.app.settings, desk.now + timedelta(hours=hours))
            )

    assert (held(1), held(23.9), held(24.1)) == (True, True, False), "even when no run comes to set it aside"
    desk.work(), desk.work()
    assert newest(desk, poison).outcome == "waiting"
    assert not held(1)
    assert status(desk, VU_QUANG) == "overdue"  # on the 22nd; it came on the 18th


def test_an_answer_without_its_copy_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited, "COPY", replace(limited.COPY, output=1000))
    bring(desk, desk.form(wrong=1))
    desk.work()
    [letter] = desk.letters()
    assert letter.attachments == []
    assert "không lập được tệp tô sẵn các ô" in letter.text
    assert "đính kèm" not in letter.text


def test_the_copy_names_the_agency_by_a_token_that_only_we_can_make(desk: Desk) -> None:
    bring(desk, desk.form(wrong=1))
    desk.work()
    [letter] = desk.letters()
    copy = desk.app.blobs.get(letter.attachments[0]["sha256"])
    found = limited.judge(
        copy,
        "a.xlsx",
        data=desk.app.settings.data,
        registry=desk.app.registry,
        secrets=[SECRET],
        day=date(2021, 11, 18),
    )
    assert (found.token, found.agency, found.base_version) == ("valid", DUC_THO, 0)


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "judging").write_text("")
    with pytest.raises(Problem, match="judging"), attempts.alone(tmp_path, 1, 0):
        pass
