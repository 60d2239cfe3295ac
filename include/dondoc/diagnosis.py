"""What is wrong with this installation, and what to do about it."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice

from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from dondoc import keys, tls
from dondoc.cameras.measured import own_clock, words
from dondoc.cameras.nights import night, unconcluded
from dondoc.clock import HERE
from dondoc.configuration import settings as settings_module
from dondoc.configuration.check import check_config
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import Settings
from dondoc.errors import Cause, Problem
from dondoc.facts.desk import desk
from dondoc.isolation import confine
from dondoc.staff import alerts
from dondoc.store import files, key_checks
from dondoc.store.errors import SENTENCES, explain
from dondoc.store.session import file_of
from dondoc.store.trust import Alert
from dondoc.vocabulary.reasons import said

Finding = dict[str, str]
SAMPLE = "0239 0000 000"  # of the directive that is shipped
SECONDS = 20.0  # that one server is waited for


def _finding(code: str, severity: str, message: str) -> Finding:
    return {"code": code, "severity": severity, "message": message}


def examine(now: Callable[[], datetime]) -> list[Finding]:
    """Findings: `code`, `severity` (error or warning), `message` (what is wrong and what to do). Empty: all is well.

    `now` is asked only once the settings are known to be good: the clock is one of them.
    """
    try:
        settings = settings_module.load()
    except Problem as problem:
        return [_finding("settings", "error", str(problem))]
    app = AppContext(settings)
    checks: list[Callable[[], Iterator[Finding]]] = [
        partial(_settings, settings),
        partial(_data, app, now()),
        partial(_home, settings),
        partial(_metrics, settings),
        partial(_database, app),
        partial(_desk, app, now()),
        partial(_needed, app, now()),
        partial(_audit, app),
        partial(_rotation, app),
        partial(_own_clock, app, now()),
        partial(_unconcluded, app, now()),
        partial(_alerts, app),
        partial(_gathering, app, now),
        partial(_smtp, settings),
        partial(_mailboxes, settings),
        partial(_survey, settings),
        partial(_replies, settings),
        kernel,
        partial(_senders, settings),
    ]
    return [finding for check in checks for finding in check()]


def _settings(settings: Settings) -> Iterator[Finding]:
    known = {settings_module.variable(name) for name in Settings.model_fields}
    known |= {f"{settings_module.variable(name)}_FILE" for name in settings_module.FROM_FILES}
    for name in sorted(n for n in os.environ if n.startswith("DONDOC_") and n not in known):
        yield _finding("unknown_setting", "warning", f"Không có cấu hình {name}: không có tác dụng. Kiểm tra chính tả.")
    if not settings.secret_keys:
        message = (
            "Chưa đặt DONDOC_SECRET_KEY: không mã hóa được bản gốc. Mới cài đặt thì đặt một chuỗi ngẫu nhiên dài; đã "
            "từng có khóa thì đặt lại đúng khóa đó."
        )
        yield _finding("secret_key", "error", message)
    for number, secret in enumerate(settings.secret_keys[1:], 2):
        if weak := keys.weakness(secret):
            message = (
                f"Khóa cũ thứ {number} trong DONDOC_SECRET_KEY {weak}: chạy dondoc rotate-key, rồi bỏ khóa ấy khi các "
                "biểu mẫu đã phát theo khóa ấy về hết."
            )
            yield _finding("secret_key", "warning", message)
    if not settings.probe_allow:
        message = "Chưa đặt DONDOC_PROBE_ALLOW: không camera nào được kiểm tra. Ghi các dải mạng được phép."
        yield _finding("probe_allow", "warning", message)
    if settings.mode == "rehearsal" and not settings.rehearsal_to:
        message = "Đang diễn tập mà chưa đặt DONDOC_REHEARSAL_TO: không thư nào rời đi. Đặt địa chỉ nhận thư diễn tập."
        yield _finding("rehearsal_to", "error", message)
    try:
        tls.context(settings.ca_file)
    except Problem as problem:
        yield _finding("ca_file", "error", str(problem))
    if settings.mode == "live" and not settings.archive_address:
        message = "Chưa đặt DONDOC_ARCHIVE_ADDRESS: thư chưa rõ đã đến phải do người xác nhận."
        yield _finding("archive", "warning", message)


def _data(app: AppContext, now: datetime) -> Iterator[Finding]:
    """What the one check finds in the data files."""
    calendar = app.settings.calendar_file.name
    faults = check_config(app.settings)
    for fault in faults:
        yield _finding("calendar" if fault.file == calendar else "directive", "error", str(fault))
    if any(fault.file == calendar for fault in faults):
        return
    if not app.calendar.confirmed(now.year):
        message = f"Lịch nghỉ năm {now.year} chưa có thông báo chính thức. Bổ sung vào tệp lịch khi có văn bản."
        yield _finding("calendar", "warning", message)


def _own_clock(app: AppContext, now: datetime) -> Iterator[Finding]:
    """What the devices of the last nights say of our clock."""
    nights = [now.astimezone(HERE).date() - timedelta(days=days) for days in range(8)]
    try:
        with app.sessions.reading() as session:
            off = own_clock.wrong_nights(session, nights, now)
    except (SQLAlchemyError, Problem):
        return  # the check of the database says so
    for day in sorted(off)[-1:]:
        message = f"{words.own_clock(day, off[day])} Đặt lại giờ máy, bật đồng bộ giờ (NTP)."
        yield _finding("own_clock", "error", message)


def _unconcluded(app: AppContext, now: datetime) -> Iterator[Finding]:
    """What was left open of the night before, or of this one, because of us."""
    tonight = night.night_of(now)
    try:
        with app.sessions.reading() as session:
            looked = [(day, night.last_of_night(session, day)) for day in (tonight, tonight - timedelta(days=1))]
    except (SQLAlchemyError, Problem):
        return  # the check of the database says so
    for day, last in [(day, last) for day, last in looked if last][:1]:
        if left := unconcluded.unconcluded(last.values()):
            yield _finding("unconcluded", "error", f"Đêm {day:%d/%m/%Y}: {left} {'. '.join(left.advice)}.")


def _desk(app: AppContext, now: datetime) -> Iterator[Finding]:
    """Every letter names one person to call."""
    day = now.astimezone(HERE).date()
    try:
        with app.sessions.reading() as session:
            whom = desk(session, app.registry, app.letters(session, day), day)
    except (Problem, SQLAlchemyError):  # the checks of the data and of the database say so
        return
    if whom is None or (SAMPLE in whom and app.settings.mode == "live"):
        wrong = "chưa ghi ai, số điện thoại nào để đơn vị gọi" if whom is None else f"ghi số điện thoại mẫu: {whom}"
        message = (
            f"Thư gửi đi {wrong}. Nhập bằng dondoc contacts import một dòng của "
            f"{app.registry.office} có vai trò focal_officer và số điện thoại, hoặc ghi contact trong tệp văn bản."
        )
        yield _finding("contact", "error", message)


def _needed(app: AppContext, now: datetime) -> Iterator[Finding]:
    """Who has to be known before the next steps of the ladder are due."""
    from dondoc.escalation import needed

    try:
        with app.sessions.reading() as session:
            lacks = needed.lacking(app, session, now)
    except (Problem, SQLAlchemyError):  # the checks of the data and of the database say so
        return
    for lack in lacks:
        what = said(lack)
        yield _finding(
            "roles",
            "warning",
            f"{what[:1].upper()}{what[1:]}. Bổ sung trước ngày đó, nếu không thư không đi đúng người.",
        )


def _home(settings: Settings) -> Iterator[Finding]:
    try:
        files.folder(settings.home)
        free = shutil.disk_usage(settings.home).free // 2**20
    except OSError as error:
        message = f"Không dùng được thư mục DONDOC_HOME ({error.strerror}). Kiểm tra đường dẫn và quyền ghi."
        yield _finding("home", "error", message)
        return
    if not os.access(settings.home, os.W_OK):
        yield _finding("home", "error", "Không ghi được vào thư mục DONDOC_HOME. Kiểm tra quyền ghi.")
    if wide := [*islice(files.wide(settings.home, leave=settings.shared_folders), 1001)]:
        count = "hơn 1000" if len(wide) > 1000 else f"{len(wide):02}"
        message = (
            f"{count} tệp, thư mục trong DONDOC_HOME mà tài khoản khác mở được, ví dụ {wide[0]}. Dùng tài khoản là chủ "
            "của các tệp ấy chạy dondoc db upgrade để thu quyền lại."
        )
        yield _finding("open_files", "warning", message)
    if free < settings.min_free_mb:
        message = f"Ổ đĩa chỉ còn {free} MB (tối thiểu {settings.min_free_mb} MB): đang ngừng tiếp nhận. Dọn ổ đĩa."
        yield _finding("disk", "error", message)


def _metrics(settings: Settings) -> Iterator[Finding]:
    """The folder of the metrics file need not be there yet: the first check makes it in the one above."""
    if (file := settings.metrics_file) is None:
        return
    try:
        folder = file.parent if file.parent.exists() else file.parent.parent
        usable = folder.is_dir() and os.access(folder, os.W_OK | os.X_OK) and not file.is_dir()
    except OSError:  # no way in
        usable = False
    if not usable:
        message = (
            f"Không ghi được tệp số liệu DONDOC_METRICS_FILE ({file}): lượt kiểm tra camera sẽ báo lỗi sau khi lưu kết "
            "quả. Tạo thư mục của tệp, cho tài khoản chạy dondoc quyền ghi, hoặc bỏ cấu hình này."
        )
        yield _finding("metrics_file", "error", message)


def _database(app: AppContext) -> Iterator[Finding]:
    """Whether it has room, can be read, fits this program, is whole and can be written to. Nothing stays in it."""
    try:
        if (free := _free_space(app)) is not None and free < app.settings.min_free_mb:
            yield _finding("database", "error", f"{SENTENCES[Cause.FULL]} (Còn {free} MB.)")
        with app.sessions.reading() as session:
            if damage := _damage(session):
                yield _finding("database", "error", f"{SENTENCES[Cause.DAMAGED]} (SQLite: {damage})")
                return
            if wrong := key_checks.fault(key_checks.standing(session, app.settings)):
                yield _finding("secret_key", "error", wrong)
                return
        with app.sessions.begin() as session:
            at = datetime.now(UTC)
            session.add(Alert(cause="doctor", detail="", count=0, first_at=at, last_at=at, over_at=at))
            session.flush()
            session.rollback()
    except Exception as error:
        yield _finding("database", "error", str(_explained(error)))


def _explained(error: Exception) -> Problem:
    """What an error of the database means for people; one that means nothing to them is raised again."""
    if (explained := explain(error) or (error if isinstance(error, Problem) else None)) is None:
        raise error
    return explained


def _free_space(app: AppContext) -> int | None:
    """Free megabytes where SQLite's file lies, where that is not the home, which is looked at anyway."""
    if (file := file_of(app.sessions.kw["bind"].url)) is None:
        return None
    folder = file.absolute().parent
    return None if folder == app.settings.home.absolute() else shutil.disk_usage(folder).free // 2**20


def _damage(session: Session) -> str | None:
    """What SQLite finds wrong in the structure of its file; PostgreSQL says so itself when it reads such a page."""
    if session.get_bind().dialect.name != "sqlite":
        return None
    answer = session.scalar(text("PRAGMA quick_check(1)"))
    return None if answer == "ok" else " ".join(str(answer).split())


def _rotation(app: AppContext) -> Iterator[Finding]:
    from dondoc.store.trust import AuditEvent

    acts = select(AuditEvent.act).where(AuditEvent.act.in_(["rotate_key_begin", "rotate_key"]))
    try:
        with app.sessions.reading() as session:
            last = session.scalar(acts.order_by(AuditEvent.id.desc()).limit(1))
    except Exception as error:
        _explained(error)  # said of the database already
        return
    if last == "rotate_key_begin":
        message = "Đổi khóa chưa xong: đã dừng giữa chừng, hoặc đang chạy. Chạy lại dondoc rotate-key."
        yield _finding("rotate_key", "error", message)


def _audit(app: AppContext) -> Iterator[Finding]:
    from dondoc import audit

    try:
        trail = audit.examine(app.sessions, app.settings)
    except Exception as error:
        _explained(error)  # said of the database already
        return
    if trail.broken:
        message = (
            f"Nhật ký đã bị can thiệp: {trail.broken}. Giữ nguyên cơ sở dữ liệu, báo lãnh đạo; xem `dondoc audit`."
        )
        yield _finding("audit", "error", message)
    if trail.unknown:
        message = (
            f"{trail.unknown} dòng nhật ký ghi bằng khóa không còn trong DONDOC_SECRET_KEY. Thêm khóa cũ để kiểm tra."
        )
        yield _finding("audit_key", "warning", message)
    if trail.unsealed and app.settings.secret_keys:
        message = (
            f"{trail.unsealed} dòng nhật ký không có khóa: ghi khi chưa đặt DONDOC_SECRET_KEY, hoặc do người ghi được "
            "cơ sở dữ liệu tự viết. So dấu cuối đã ghi lại: dondoc audit verify --expect."
        )
        yield _finding("audit_key", "warning", message)


def _alerts(app: AppContext) -> Iterator[Finding]:
    """What runs of Airflow have met and is not over: also of servers that only Airflow's Connections know."""
    try:
        with app.sessions.reading() as session:
            open_causes = alerts.open_alerts(session)
    except Exception as error:
        _explained(error)  # said of the database already
        return
    for alert in open_causes:
        began = f"{alerts.task_or_run(alert)} lỗi từ {alerts.since(alert)} ({alert.count:02} lần)"
        yield _finding("alert", "error", f"{began}, chưa hết. {alert.detail}")


def _gathering(app: AppContext, now: Callable[[], datetime]) -> Iterator[Finding]:
    from dondoc.escalation import sources

    try:
        with app.sessions.reading() as session:
            since = sources.stopped(session, app.settings, now())
    except Exception as error:
        _explained(error)  # said of the database already
        return
    if since:
        message = (
            f"Từ {since.astimezone(HERE):%H:%M %d/%m/%Y} chưa lượt tiếp nhận nào chạy. Xem trong Airflow: DAG "
            "gather_survey_submissions có bị tạm dừng (Paused) không, scheduler và worker có đang chạy không."
        )
        yield _finding("gathering", "error", message)


def _smtp(settings: Settings) -> Iterator[Finding]:
    """As delivery does it, with the login, but without a letter."""
    from dondoc.mail import servers
    from dondoc.mail.smtp import connect

    try:
        if server := servers.smtp(settings):
            connect(server, timeout=SECONDS, name=settings.installation).close()
    except Problem as problem:
        yield _finding("smtp", "error", str(problem))
    except servers.Unusable as error:
        yield _finding("smtp", "error", f"{error} Thư chờ trong hộp thư đi.")


def _mailboxes(settings: Settings) -> Iterator[Finding]:
    from dondoc.bounded import Deadline
    from dondoc.mail import servers
    from dondoc.mail.imap import Mailbox

    codes_of: dict[str, list[str]] = {}  # two mailboxes of one server that is gone are one fault
    for code, configured in (("imap", servers.intake), ("archive_imap", servers.archive)):
        try:
            if server := configured(settings):
                Mailbox(server, Deadline(SECONDS)).close()
        except (Problem, servers.Unusable) as error:
            codes_of.setdefault(str(error), []).append(code)
    for message, codes in codes_of.items():
        named = ", ".join(settings_module.variable(f"{code}_url") for code in codes)
        yield _finding(codes[0], "error", f"{message} (Cấu hình: {named}.)")


def _survey(settings: Settings) -> Iterator[Finding]:
    """As gathering does it: logged in, each form asked for."""
    from dondoc.bounded import Deadline
    from dondoc.intake.sources import survey, survey_server
    from dondoc.mail.servers import Unusable

    try:
        if server := survey_server.server(settings):
            survey.look(server, Deadline(SECONDS))
    except (Problem, Unusable) as error:
        yield _finding("survey", "error", f"{error} (Cấu hình: DONDOC_SURVEY_URL.)")


def _replies(settings: Settings) -> Iterator[Finding]:
    """Not where both servers are Airflow's Connections, which are not seen from here: delivery logs it then."""
    from dondoc.mail import servers
    from dondoc.mail.message import replies_are_read

    try:
        server = servers.smtp(settings) or servers.SmtpServer("", 0, sender="")
    except Problem:  # said of the server already
        return
    if (settings.smtp_url or settings.imap_url) and not replies_are_read(settings, server):
        message = (
            "Thư trả lời của đơn vị không về hộp thư tiếp nhận: địa chỉ gửi khác hộp thư đó, không rõ địa chỉ của nó. "
            "Đặt DONDOC_INTAKE_ADDRESS là địa chỉ của hộp thư tiếp nhận."
        )
        yield _finding("reply_to", "warning", message)


def kernel() -> Iterator[Finding]:
    """What the machine lacks to confine the processes that look at strangers' files and pictures."""
    if lacking := confine.missing():
        message = f"Hệ điều hành không có {', '.join(lacking)}: tiến trình đọc tệp lạ và hình camera chỉ được giới hạn "
        yield _finding(
            "confinement", "warning", message + "bộ nhớ và thời gian. Dùng Linux từ 5.13, không tắt các phần đó."
        )


def _senders(settings: Settings) -> Iterator[Finding]:
    if settings.imap_url and not settings.authserv_id:
        message = (
            "Chưa đặt DONDOC_AUTHSERV_ID: ai ghi địa chỉ đã đăng ký vào dòng From đều được coi là đơn vị. Ghi tên mà "
            "máy chủ thư của Sở dùng trong Authentication-Results; máy chủ đó phải ghi dòng này vào mọi thư đến và xóa "
            "các dòng giả mang tên mình."
        )
        yield _finding("authserv_id", "warning", message)
