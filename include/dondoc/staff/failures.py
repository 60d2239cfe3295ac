"""What goes wrong in Airflow is told to the people who keep dondoc up: once for each cause, and when it is over.

Through the outbox; where the database is what failed, by mail at once. An error in telling is logged.
"""

import logging
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from sqlalchemy.orm import Session

from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.mail import compose
from dondoc.staff import alerts, letters, past_the_outbox
from dondoc.store.errors import explain
from dondoc.store.trust import Alert
from dondoc.vocabulary.notices import Notice

log = logging.getLogger(__name__)
ONCE = "Mỗi nguyên nhân chỉ báo một lần; khi hết lỗi sẽ có thư báo."
LAST = "Đây là thư báo lỗi cuối cùng trong ngày: lỗi khác xem bằng lệnh `dondoc doctor` hoặc trên trang đôn đốc."
LONGEST = 1000  # characters of an error: it may repeat what somebody entered
RUNS = {
    Notice.RUN_TIMED_OUT: (
        "Lượt chạy quá thời hạn nên đã bị kết thúc; các việc chưa xong bị bỏ qua. Mở liên kết để xem việc nào bị treo; "
        "nếu lặp lại, khởi động lại worker."
    ),
    Notice.RUN_UNFINISHED: (
        "Có việc bị dừng giữa chừng mà không tự báo được lỗi: bị treo hay chạy quá thời hạn, hết bộ nhớ, hoặc máy khởi "
        "động lại. Mở liên kết để xem việc nào; lượt sau sẽ làm tiếp."
    ),
}


@dataclass(frozen=True)
class Failure:
    """A task or a run that failed.

    Attributes:
        where: the DAG, of a task with its task: `dag.task`.
        task, attempt, error: of a task alone.
        by_hand: somebody started or cleared it. Whoever may do that makes runs fail at will, and uses up half of the
            day's letters at most.
        quiet: whoever asked for it sees himself why it was refused.
    """

    notice: Notice
    where: str
    run: str
    task: str | None = None
    attempt: int = 1
    error: BaseException | None = None
    by_hand: bool = False
    quiet: bool = False

    @property
    def cause(self) -> BaseException | None:
        """The error, as a sentence of ours where there is one."""
        if sentence := RUNS.get(self.notice):
            return Problem(sentence)
        return (explain(self.error) if isinstance(self.error, Exception) else None) or self.error

    @property
    def detail(self) -> str:
        """Of others' errors only the kind: they may quote a URL."""
        if sentence := RUNS.get(self.notice):
            return sentence
        words = str(self.cause)[:LONGEST] if isinstance(self.cause, Problem) else "xem nhật ký của việc này"
        return f"{type(self.cause).__name__ if self.cause else 'không rõ'}: {words}"

    def text(self, app: AppContext) -> str:
        """The words of the letter."""
        page = f"dags/{self.where.partition('.')[0]}/runs/{quote(self.run, '')}"
        lines = [f"DAG: {self.where}", f"Lỗi: {self.detail}"]
        if self.task:
            page += f"/tasks/{self.task}"
            lines = [f"Việc: {self.where}", f"Máy: {socket.gethostname()}", f"Lần thử: {self.attempt}", lines[1]]
            lines.append("Các việc khác của lượt chạy vẫn tiếp tục; lượt sau sẽ làm nốt.")
        return "\n".join([*lines, f"Xem lượt chạy: {app.settings.page(page)}", ONCE])


def occurred(app: AppContext, failure: Failure, now: datetime) -> None:
    """Note a failure, and tell of it unless its cause is known, or too many letters left today."""
    try:
        with app.sessions.begin() as session:
            _note(app, session, failure, now)
        alerts.publish(app, now)
    except Exception:
        log.exception("failure alert: the outbox is unusable, mailing at once")
        subject = _subject(failure.notice, failure.where)
        try:
            past_the_outbox.mail(app.settings, alerts.mark(failure.cause, ""), subject, failure.text(app), now)
        except Exception:
            log.exception("failure alert: the mail server is unusable too")


def _note(app: AppContext, session: Session, failure: Failure, now: datetime) -> None:
    alert = alerts.opened(session, failure.where, alerts.mark(failure.cause, failure.where), failure.detail, now)
    if failure.quiet:
        if alert.count == 1:  # else it is a scheduled run's, which nobody mended by asking again
            alerts.over(session, [alert], now)
        return
    most = app.settings.alerts_per_day
    half = most // 2
    number = alerts.may_tell(session, alert, now, half if failure.by_hand else most, max(1, half))
    text = f"{failure.text(app)}\n{LAST}" if number == most else failure.text(app)
    if number and _write(app, session, failure.notice, f"{alert.id}", text, now, where=failure.where):
        alert.told_at = now


def over(app: AppContext, places: Iterable[str], now: datetime, *, exactly: bool = False) -> None:
    """Tell those who know of a failure that it is over.

    Args:
        places: tasks or runs that work again; DAGs with all their tasks, unless `exactly`.
    """
    try:
        mailed, places = past_the_outbox.mailed(app.settings, now), list(places)
        with app.sessions.reading() as session:
            ended = any(_open(session, places, exactly))
        if not (ended or mailed.open):
            return
        with app.sessions.begin() as session:
            _end(app, session, _open(session, places, exactly), now)
            if mailed.open:
                text = "Các lượt chạy lại ghi được."
                _write(app, session, Notice.DATABASE_USABLE, f"database|{mailed.incident}|over", text, now)
        if mailed.open:  # only now: who dies before tells it again, and the key of the letter makes one of two
            past_the_outbox.ended(app.settings, mailed, now)
        alerts.publish(app, now)
    except Exception:
        log.exception("the end of a failure could not be told")


def _open(session: Session, places: Iterable[str], exactly: bool) -> list[Alert]:
    """Their open causes, each once."""
    causes = (alert for place in places for alert in alerts.open_alerts(session, place, exactly=exactly))
    return list({alert.id: alert for alert in causes}.values())


def _end(app: AppContext, session: Session, ended: Iterable[Alert], now: datetime) -> None:
    for alert in alerts.over(session, ended, now):
        if alerts.sent_today(session, now) <= app.settings.alerts_per_day:
            text = f"Lỗi từ {alerts.since(alert)}, {alert.count:02} lần, nay đã hết:\n{alert.detail}"
            _write(app, session, Notice.FAILURE_OVER, f"{alert.id}|over", text, now, where=alerts.task_or_run(alert))


def _write(
    app: AppContext, session: Session, notice: Notice, once: str, text: str, now: datetime, where: str = ""
) -> list[int]:
    subject = _subject(notice, where)
    words = compose.plain(subject, text)  # no template: the data files may be what is broken
    return letters.write(app, session, notice, words, compose.of_alert(once), subject, now)


def _subject(notice: Notice, where: str) -> str:
    return f"[dondoc] {notice.label.format(where=where)}"
