"""A failure is told: through the outbox, or at once when the outbox is what failed."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.demo.mailserver import MailServer
from dondoc.diagnosis import examine
from dondoc.errors import Problem
from dondoc.orchestration import alerts, runs
from dondoc.staff import alerts as causes
from dondoc.store.mail import OutboxLetter
from dondoc.store.trust import Alert

pytestmark = pytest.mark.slow

GATHER, OPS = "gather_survey_submissions", "van-hanh@ioc.test"
SECRET = "mat-khau-rat-bi-mat"


def context(error: BaseException | None) -> dict[str, Any]:
    return of("read_mailbox", error)


def of(
    task: str,
    error: BaseException | None = None,
    run: str = "manual__1",
    run_type: str = "manual",
    cleared: int = 0,
) -> dict[str, Any]:
    """What Airflow gives to a callback of a task."""
    ti = SimpleNamespace(dag_id=GATHER, task_id=task, run_id=run, try_number=2, map_index=-1)
    moment = datetime.now(UTC)
    dag_run = SimpleNamespace(run_type=run_type, clear_number=cleared, run_after=moment, start_date=moment)
    return {"task_instance": ti, "exception": error, "dag_run": dag_run}


def letters(app: AppContext) -> list[OutboxLetter]:
    with app.sessions.begin() as session:
        return list(session.scalars(select(OutboxLetter)))


def test_a_failure_becomes_one_internal_letter_however_often_it_is_told(desk: AppContext) -> None:
    for _ in range(2):
        alerts.failed(context(Problem("Không đọc được hộp thư.")))
    (letter,) = letters(desk)
    assert (letter.kind, letter.recipient, letter.state) == ("internal", OPS, "pending")
    assert "gather_survey_submissions.read_mailbox" in letter.subject
    assert "Không đọc được hộp thư." in letter.text


def test_the_words_of_a_library_are_not_repeated(desk: AppContext) -> None:
    alerts.failed(context(OSError(f"imap://u:{SECRET}@host")))
    (letter,) = letters(desk)
    assert SECRET not in letter.text + letter.html + letter.subject + letter.reason
    assert "OSError" in letter.text


def test_with_an_unusable_database_the_alert_leaves_at_once(
    desk: AppContext, mail: MailServer, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("DONDOC_DATABASE_URL", "postgresql://127.0.0.1:1/khong-co")
    alerts.failed(context(Problem("Cơ sở dữ liệu không mở được.")))
    (message,) = mail.boxes.messages(OPS)
    assert message["Subject"] == "[dondoc] Việc gather_survey_submissions.read_mailbox không chạy được"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "Cơ sở dữ liệu không mở được." in message.get_content()


def test_with_everything_down_the_task_keeps_its_own_error(
    desk: AppContext, environment: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    environment.setenv("DONDOC_DATABASE_URL", f"postgresql+psycopg://u:{SECRET}@127.0.0.1:1/x")
    environment.delenv("AIRFLOW_CONN_DONDOC_SMTP")
    environment.setenv("DONDOC_SMTP_URL", f"smtp://u:{SECRET}@127.0.0.1:1?from=a@b.test")
    alerts.failed(context(Problem("Hỏng.")))
    assert "the mail server is unusable too" in caplog.text
    assert SECRET not in caplog.text


def test_a_letter_names_the_run_the_machine_and_what_to_do(desk: AppContext) -> None:
    alerts.failed(of("read_mailbox", Problem("Hộp thư từ chối mật khẩu. Sửa kết nối dondoc_imap."), "manual__2021+1"))
    (letter,) = letters(desk)
    page = "http://127.0.0.1:8080/dags/gather_survey_submissions/runs/manual__2021%2B1/tasks/read_mailbox"
    assert page in letter.text
    assert "Máy: " in letter.text
    assert "Sửa kết nối dondoc_imap." in letter.text


def test_a_cause_is_told_once_whatever_the_run_and_the_day_and_its_end_once(
    desk: AppContext, environment: pytest.MonkeyPatch
) -> None:
    for number, moment in enumerate(("2021-11-22T08:00+07:00", "2021-11-23T08:00+07:00", "2021-11-26T08:00+07:00")):
        environment.setenv("DONDOC_CLOCK", moment)
        alerts.failed(of("read_mailbox", Problem(f"Hộp thư không trả lời sau {number} giây."), f"scheduled__{number}"))
    assert len(letters(desk)) == 1
    with desk.sessions.reading() as session:
        (alert,) = causes.open_alerts(session)
        assert alert.count == 3
    for _ in range(2):
        alerts.succeeded(of("read_mailbox"))
    first, over = letters(desk)
    assert over.subject == "[dondoc] Đã hết lỗi: gather_survey_submissions.read_mailbox"
    assert "03 lần" in over.text
    alerts.failed(of("read_mailbox", Problem("Hộp thư không trả lời sau 9 giây.")))
    assert len(letters(desk)) == 3, "it begins anew"
    assert first.subject == letters(desk)[2].subject


def test_two_tasks_with_one_fault_are_one_letter_and_one_end(desk: AppContext) -> None:
    full = Problem("Ổ đĩa chỉ còn 12 MB. Dọn ổ đĩa.")
    alerts.failed(of("read_folder", full))
    alerts.failed(of("read_mailbox", Problem("Ổ đĩa chỉ còn 11 MB. Dọn ổ đĩa.")))
    assert len(letters(desk)) == 1
    alerts.succeeded({**of("read_folder"), "params": {"dry_run": True}})
    alerts.succeeded({**of("read_mailbox"), "params": {"dry_run": True}})
    assert len(letters(desk)) == 1, "who only looks mends nothing"
    alerts.succeeded(of("read_folder"))
    assert len(letters(desk)) == 1, "it goes on in the other"
    alerts.succeeded(of("read_mailbox"))
    assert [letter.subject for letter in letters(desk)][1:] == [
        "[dondoc] Đã hết lỗi: gather_survey_submissions.read_mailbox"
    ]


def test_another_fault_of_the_same_task_is_another_letter(desk: AppContext) -> None:
    alerts.failed(of("read_mailbox", Problem("Hộp thư không trả lời.")))
    alerts.failed(of("read_mailbox", Problem("Hộp thư từ chối mật khẩu.")))
    alerts.failed(of("read_mailbox", OSError("x")))
    assert len(letters(desk)) == 3


def test_no_more_letters_than_the_setting_leave_in_a_day(desk: AppContext, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DONDOC_ALERTS_PER_DAY", "3")
    words = ["một", "hai", "ba", "bốn", "năm", "sáu"]
    for number, word in enumerate(words):
        alerts.failed(of(f"task_{number}", Problem(f"Lỗi {word}."), run_type="scheduled"))
    told = letters(desk)
    assert len(told) == 3
    assert "cuối cùng trong ngày" in told[-1].text
    with desk.sessions.reading() as session:
        assert len(causes.open_alerts(session)) == 6, "pages, doctor and metrics know them all"
    for number, _ in enumerate(words):
        alerts.succeeded(of(f"task_{number}"))
    assert len(letters(desk)) == 3
    environment.setenv("DONDOC_CLOCK", "2021-11-23T08:00+07:00")
    for number, word in enumerate(words):
        alerts.failed(of(f"task_{number}", Problem(f"Lỗi {word}."), run_type="scheduled"))
    assert len(letters(desk)) == 6, "the next day has its own"


def test_what_fails_and_works_again_all_day_leaves_letters_to_the_rest(
    desk: AppContext, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("DONDOC_ALERTS_PER_DAY", "6")
    for _ in range(9):
        alerts.failed(of("read_mailbox", Problem("Còn 1 thư chưa đọc."), run_type="scheduled"))
        alerts.succeeded(of("read_mailbox"))
    assert len(letters(desk)) == 4
    alerts.failed(of("deliver", Problem("Máy chủ thư từ chối đăng nhập."), run_type="scheduled"))
    assert len(letters(desk)) == 5


@pytest.mark.parametrize("hand", [{"run_type": "manual"}, {"run_type": "scheduled", "cleared": 1}])
def test_whoever_may_start_or_clear_runs_cannot_use_up_the_letters_of_a_day(
    desk: AppContext, environment: pytest.MonkeyPatch, hand: dict[str, Any]
) -> None:
    environment.setenv("DONDOC_ALERTS_PER_DAY", "6")
    words = ["một", "hai", "ba", "bốn", "năm", "sáu"]
    for word in words:
        alerts.failed(of("read_mailbox", OSError(), **hand))
        alerts.succeeded(of("read_mailbox"))
        alerts.failed(of("read_mailbox", Problem(f"{word} " * 10_000), **hand))
    before = len(letters(desk))
    assert before == 4, "three of a failure, one that it is over"
    alerts.failed(of("deliver", Problem("Máy chủ thư từ chối đăng nhập."), run_type="scheduled"))
    assert len(letters(desk)) == before + 1
    with desk.sessions.reading() as session:
        assert max(len(one.detail) for one in session.scalars(select(Alert))) < 1100


def test_what_is_wrong_is_seen_by_doctor_metrics_and_page_until_it_is_over(
    desk: AppContext, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("DONDOC_METRICS_FILE", str(tmp_path / "m" / "dondoc.prom"))
    open_line = 'dondoc_alerts_open{cause="gather_survey_submissions.deliver"} 1.0'
    alerts.failed(of("deliver", Problem("Máy chủ thư không trả lời. Kiểm tra dondoc_smtp.")))
    found = [f for f in examine(clock.now) if f["code"] == "alert"]
    assert [f["severity"] for f in found] == ["error"]
    assert "gather_survey_submissions.deliver" in found[0]["message"]
    assert "Kiểm tra dondoc_smtp." in found[0]["message"]
    assert open_line in (tmp_path / "m" / "dondoc_alerts.prom").read_text()
    alerts.succeeded(of("deliver"))
    assert [f for f in examine(clock.now) if f["code"] == "alert"] == []
    assert open_line not in (tmp_path / "m" / "dondoc_alerts.prom").read_text()


def test_a_run_that_a_person_asked_for_in_vain_writes_to_nobody_and_a_late_one_does(desk: AppContext) -> None:
    alerts.failed(of("plan", runs.Refused("Đêm 16/11 đã qua."), run_type="manual"))
    assert letters(desk) == []
    alerts.failed(of("plan", runs.Refused("Trễ quá 02 giờ."), run_type="scheduled"))
    assert len(letters(desk)) == 1


def test_a_late_run_that_a_person_clears_in_vain_stays_wrong(desk: AppContext) -> None:
    late = runs.Refused("Trễ quá 02 giờ.")
    alerts.failed(of("decide", late, run_type="scheduled"))
    alerts.failed(of("decide", late, run_type="scheduled", cleared=1))
    with desk.sessions.reading() as session:
        assert [alert.count for alert in causes.open_alerts(session)] == [2]
    assert len(letters(desk)) == 1
    alerts.succeeded(of("decide"))
    assert len(letters(desk)) == 2, "and its end is told"


def run(reason: str, **more: Any) -> dict[str, Any]:
    """What Airflow gives to a callback of a DAG."""
    return {"dag": SimpleNamespace(dag_id=GATHER), "run_id": "scheduled__1", "reason": reason, **more}


def test_a_run_that_was_ended_or_whose_task_died_without_a_word_is_told(desk: AppContext) -> None:
    alerts.run_failed(run("timed_out"))
    alerts.run_failed(run("task_failure", dag_run=of("x")["dag_run"]))
    assert [letter.subject for letter in letters(desk)] == [
        "[dondoc] Lượt chạy gather_survey_submissions quá thời hạn",
        "[dondoc] Lượt chạy gather_survey_submissions không xong",
    ]
    assert "/dags/gather_survey_submissions/runs/scheduled__1" in letters(desk)[0].text
    alerts.over(GATHER)
    assert len(letters(desk)) == 4


def test_a_run_whose_task_has_told_of_itself_is_not_told_again(desk: AppContext) -> None:
    begun = of("deliver", Problem("Hỏng."))
    alerts.failed(begun)
    alerts.run_failed(run("task_failure", dag_run=begun["dag_run"]))
    assert len(letters(desk)) == 1


def test_a_process_without_the_key_tells_of_a_run_that_was_ended(
    desk: AppContext, environment: pytest.MonkeyPatch
) -> None:
    """As the dag-processor of docker-compose.yaml: it calls the callbacks of runs, and decrypts nothing."""
    assert desk.secrets, "noted as the key of this database"
    alerts.failed(of("deliver", Problem("Hỏng.")))
    environment.delenv("DONDOC_SECRET_KEY")
    alerts.run_failed(run("timed_out"))
    assert len(letters(desk)) == 2


def test_with_an_unusable_database_one_mail_leaves_for_each_kind_of_fault_and_one_when_it_is_over(
    desk: AppContext, mail: MailServer, environment: pytest.MonkeyPatch
) -> None:
    good = f"sqlite:///{desk.settings.home / 'dondoc.db'}"
    environment.setenv("DONDOC_DATABASE_URL", "postgresql://127.0.0.1:1/khong-co")
    for task in ("read_folder", "read_mailbox", "judge_and_answer", "deliver"):
        alerts.failed(of(task, OSError("x")))
    assert len(mail.boxes.messages(OPS)) == 1
    environment.setenv("DONDOC_DATABASE_URL", good)
    for _ in range(2):
        alerts.succeeded(of("read_folder"))
    assert [letter.subject for letter in letters(desk)] == ["[dondoc] Đã hết lỗi: cơ sở dữ liệu dùng lại được"]


def test_a_failing_callback_never_hides_the_first_error(
    desk: AppContext,
    environment: pytest.MonkeyPatch,
    play: Callable[..., dict[str, str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with desk.sessions.begin() as session:
        session.execute(Alert.__table__.delete())
        session.connection().exec_driver_sql("DROP TABLE alerts")
    environment.delenv("DONDOC_OPS_ADDRESS")
    environment.delenv("AIRFLOW_CONN_DONDOC_SMTP")
    states = play(GATHER)
    assert (states["deliver"], states["judge_and_answer"], states[""]) == ("failed", "success", "failed")
    assert "the end of a failure could not be told" in caplog.text
