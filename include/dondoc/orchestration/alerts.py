"""What goes wrong is told to the people who keep dondoc up, once for each cause, and when it is over.

Through the outbox; where the database is what failed, by mail at once. Callbacks of Airflow: an error in one is logged,
and never hides the first.
"""

import fcntl
import json
import logging
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.orchestration import runs
from dondoc.orchestration.connections import open_context
from dondoc.vocabulary.letters import LetterKind
from dondoc.vocabulary.people import Role

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from dondoc.store.trust import Alert

log = logging.getLogger(__name__)
ONCE = "Mỗi nguyên nhân chỉ báo một lần; khi hết lỗi sẽ có thư báo."
LAST = "Đây là thư báo lỗi cuối cùng trong ngày: lỗi khác xem bằng lệnh `dondoc doctor` hoặc trên trang đôn đốc."
LONGEST = 1000  # characters of an error: it may repeat what somebody entered
SILENT = (
    "Có việc bị dừng giữa chừng mà không tự báo được lỗi: bị treo hay chạy quá thời hạn, hết bộ nhớ, hoặc máy khởi "
    "động lại. Mở liên kết để xem việc nào; lượt sau sẽ làm tiếp."
)
TIMED_OUT = (
    "Lượt chạy quá thời hạn nên đã bị kết thúc; các việc chưa xong bị bỏ qua. Mở liên kết để xem việc nào bị treo; nếu "
    "lặp lại, khởi động lại worker."
)


def failed(context: Mapping[str, Any]) -> None:
    """`on_failure_callback` of every task."""
    from dondoc.store.errors import explain

    task, error = context["task_instance"], context.get("exception")
    error = (explain(error) if isinstance(error, Exception) else None) or error
    where = f"{task.dag_id}.{task.task_id}"
    said = str(error)[:LONGEST] if isinstance(error, Problem) else "xem nhật ký của việc này"  # others may quote a URL
    kind = type(error).__name__ if error else "không rõ"
    text = (
        f"Việc: {where}\nMáy: {socket.gethostname()}\nLần thử: {task.try_number}\n"
        f"Lỗi: {kind}: {said}\n"
        "Các việc khác của lượt chạy vẫn tiếp tục; lượt sau sẽ làm nốt."
    )
    by_hand = runs.by_hand(context)
    quiet = by_hand and isinstance(error, runs.Refused)
    subject = f"[dondoc] Việc {where} không chạy được"
    detail = f"{kind}: {said}"
    _raise(where, error, detail, subject, text, run=task.run_id, task=task.task_id, by_hand=by_hand, quiet=quiet)


def run_failed(context: Mapping[str, Any]) -> None:
    """`on_failure_callback` of every DAG: of runs that were ended, and of tasks that died without a word."""
    name, timed_out = context["dag"].dag_id, context.get("reason") == "timed_out"
    if not timed_out and _told_themselves(context):
        return
    problem = Problem(TIMED_OUT if timed_out else SILENT)
    subject = f"[dondoc] Lượt chạy {name} {'quá thời hạn' if timed_out else 'không xong'}"
    text = f"DAG: {name}\nLỗi: {problem}"
    by_hand = "dag_run" in context and runs.by_hand(context)
    _raise(name, problem, str(problem), subject, text, run=context["run_id"], by_hand=by_hand)


def _told_themselves(context: Mapping[str, Any]) -> bool:
    from sqlalchemy import select

    from dondoc.store.trust import Alert

    run, name = context.get("dag_run"), context["dag"].dag_id
    began = clock.played(run.start_date) if run and run.start_date else clock.now() - timedelta(hours=1)
    ours = select(Alert.id).where(Alert.cause.startswith(f"{name}.", autoescape=True), Alert.last_at >= began)
    try:
        with open_context().sessions.reading() as session:
            return session.scalar(ours.limit(1)) is not None
    except Exception:
        log.exception("failure alert: nobody knows what was told")
        return False


def succeeded(context: Mapping[str, Any]) -> None:
    """`on_success_callback` of every task: what was wrong with it, or with runs of its DAG, is over."""
    task = context["task_instance"]
    if task.map_index is not None and task.map_index >= 0:
        return  # that another batch failed is over when all went well
    if (context.get("params") or {}).get("dry_run"):
        return  # who only looks mends nothing
    over(f"{task.dag_id}.{task.task_id}", task.dag_id, exactly=True)


def over(*places: str, exactly: bool = False) -> None:
    """These tasks or runs, or these DAGs with all their tasks, work again: tell those who know that they did not."""
    from dondoc.staff import alerts

    try:
        app, now = open_context(), clock.now()
        with app.sessions.reading() as session:
            found = any(_of(session, place, exactly) for place in places)
        with _past_the_outbox(app) as mailed:
            if database := bool(mailed.open):
                mailed.open, mailed.sent = [], mailed.sent + 1
        if not (found or database):
            return
        with app.sessions.begin() as session:
            ended = {alert.id: alert for place in places for alert in _of(session, place, exactly)}
            for alert in alerts.over(session, ended.values(), now):
                if alerts.sent_today(session, now) <= app.settings.alerts_per_day:
                    _enqueue(app, session, f"{alert.id}|over", *_ended(alert))
            if database:
                subject = "[dondoc] Đã hết lỗi: cơ sở dữ liệu dùng lại được"
                _enqueue(app, session, f"database|{now.isoformat()}|over", subject, "Các lượt chạy lại ghi được.")
        publish(app)
    except Exception:
        log.exception("the end of a failure could not be told")


def _of(session: "Session", place: str, exactly: bool) -> "list[Alert]":
    from dondoc.staff import alerts

    return [a for a in alerts.open_alerts(session, place) if not exactly or a.cause.startswith(f"{place}/")]


def _ended(alert: "Alert") -> tuple[str, str]:
    from dondoc.staff.alerts import place, since

    told = f"Lỗi từ {since(alert)}, {alert.count:02} lần, nay đã hết:\n{alert.detail}"
    return f"[dondoc] Đã hết lỗi: {place(alert)}", told


def _raise(
    where: str,
    error: BaseException | None,
    detail: str,
    subject: str,
    text: str,
    *,
    run: str,
    task: str | None = None,
    by_hand: bool,
    quiet: bool = False,
) -> None:
    """`by_hand`: whoever may start runs makes them fail at will, and uses up half of the day's letters at most."""
    from dondoc.staff import alerts

    log.error("%s: %s", where, detail)
    try:
        app = open_context()
    except Exception:
        log.exception("failure alert: settings unusable")
        return
    dag = where.partition(".")[0]
    link = app.settings.page(f"dags/{dag}/runs/{quote(run, '')}" + (f"/tasks/{task}" if task else ""))
    text, now, mark = f"{text}\nXem lượt chạy: {link}\n{ONCE}", clock.now(), alerts.mark(error, where)
    most = app.settings.alerts_per_day
    half = most // 2
    try:
        with app.sessions.begin() as session:
            alert = alerts.opened(session, where, mark, detail, now)
            if quiet:
                if alert.count == 1:  # else it is a scheduled run's, which nobody mended by asking again
                    alerts.over(session, [alert], now)
            elif number := alerts.may_tell(session, alert, now, half if by_hand else most, max(1, half)):
                if number == most:
                    text += f"\n{LAST}"
                alert.told_at = now
                _enqueue(app, session, str(alert.id), subject, text)
        publish(app)
    except Exception:
        log.exception("failure alert: the outbox is unusable, mailing at once")
        try:
            _mail_at_once(app, alerts.mark(error, ""), subject, text)
        except Exception:
            log.exception("failure alert: the mail server is unusable too")


def publish(app: AppContext) -> None:
    """Open causes for Prometheus, in a file beside `DONDOC_METRICS_FILE`. One that cannot be written is logged."""
    from dondoc.staff import alerts
    from dondoc.store import files

    if (file := app.settings.metrics_file) is None:
        return
    try:
        file.parent.mkdir(mode=0o755, exist_ok=True)  # a collector of another account reads it
        with app.sessions.reading() as session:
            files.replace(
                file.with_name(f"{file.stem}_alerts{file.suffix}"), alerts.metrics(session, clock.now()), 0o644
            )
    except (Problem, OSError) as error:
        log.warning("the metrics of alerts are not written: %s", error)


def _ops(app: AppContext, session: "Session") -> list[str]:
    from dondoc.facts import contacts

    found = contacts.find(session, app.registry.office, Role.OPS, clock.now().date())
    return [c.email for c in found] or ([app.settings.ops_address] if app.settings.ops_address else [])


def _enqueue(app: AppContext, session: "Session", key: str, subject: str, text: str) -> None:
    from dondoc.mail import compose, outbox

    letters = [
        compose.letter(
            app.settings, LetterKind.INTERNAL, address, compose.plain(subject, text), compose.of_alert(key), subject
        )
        for address in _ops(app, session)
    ]
    if not letters:
        log.error("nobody of ours to tell (DONDOC_OPS_ADDRESS, or contacts of role ops): %s", subject)
    outbox.enqueue(session, letters, settings=app.settings, now=clock.now())


@dataclass
class Mailed:
    """What was mailed past the outbox: how many on a day, and about which causes that are not over."""

    day: str
    sent: int = 0
    open: list[str] = field(default_factory=list)


@contextmanager
def _past_the_outbox(app: AppContext) -> Iterator[Mailed]:
    """What was mailed without the database, as a file under the home knows it; what is changed in it is kept there.

    One process at a time. A home that cannot be written keeps nothing: rather a mail too many than none.
    """
    from dondoc.store import files

    today, folder = f"{clock.now():%Y-%m-%d}", app.settings.home / "locks"
    try:
        files.folder(folder)
        handle = os.open(folder / "alerts.json", os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        log.warning("no note of what is mailed at once: %s", error.strerror)
        yield Mailed(today)
        return
    with os.fdopen(handle, "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        mailed = _on(today, file.read())
        yield mailed
        file.seek(0)
        file.truncate()
        json.dump(asdict(mailed), file)


def _on(today: str, kept: str) -> Mailed:
    """The note of today: causes stay open, the count of letters begins anew with each day."""
    try:
        mailed = Mailed(**json.loads(kept))
    except (ValueError, TypeError):  # there is none yet, or somebody cut it off
        return Mailed(today)
    return mailed if mailed.day == today else replace(mailed, day=today, sent=0)


def _mail_at_once(app: AppContext, cause: str, subject: str, text: str) -> None:
    """Without the outbox: its database may be what failed. Once for each kind of error until it is over.

    Raises:
        RuntimeError: the mail server did not take it.
    """
    from dondoc.mail import servers
    from dondoc.mail.smtp import SmtpConnection

    server = servers.smtp(app.settings)
    if not (server and app.settings.ops_address):
        log.error("no way to tell anybody: set dondoc_smtp and DONDOC_OPS_ADDRESS")
        return
    with _past_the_outbox(app) as mailed:
        if cause in mailed.open or mailed.sent >= app.settings.alerts_per_day:
            return
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = server.sender, app.settings.ops_address, subject
        message["Date"], message["Auto-Submitted"] = format_datetime(clock.now()), "auto-generated"
        message.set_content(text)
        with SmtpConnection(server, timeout=20, name=app.settings.installation) as line:
            said, _ = line.begin_message(parseaddr(server.sender)[1], app.settings.ops_address, None)
            said = line.data(message.as_bytes()) if said.accepted else said
        if not said.accepted:
            raise RuntimeError(f"the mail server said {said}")
        mailed.open, mailed.sent = [*mailed.open, cause], mailed.sent + 1
