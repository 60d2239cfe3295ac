"""What is wrong with the database or its disk: one sentence for the pages, the command line, `doctor` and the log."""

import errno
import logging
import re
import sqlite3

from cryptography.fernet import InvalidToken
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DatabaseError, DBAPIError, IntegrityError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from dondoc.errors import Cause, Unavailable

log = logging.getLogger(__name__)
SENTENCES = {
    Cause.BUSY: "Cơ sở dữ liệu đang bận: có thao tác ghi kéo dài, hoặc quá nhiều người dùng cùng lúc; việc vừa làm "
    "chưa được ghi lại. Đợi vài phút; nếu vẫn vậy, người vận hành xem chương trình nào đang giữ cơ sở dữ liệu (SQLite: "
    "lệnh `fuser -v` với tệp cơ sở dữ liệu; PostgreSQL: bảng pg_stat_activity), đợi nó xong hoặc dừng nó.",
    Cause.FULL: "Ổ đĩa của dondoc đã đầy: việc vừa làm chưa được ghi lại. Dọn ổ đĩa (hoặc mở rộng) rồi làm lại.",
    Cause.FAULTY: "Ổ đĩa báo lỗi khi đọc hoặc ghi dữ liệu của dondoc. Sao giữ dữ liệu, kiểm tra ổ đĩa và nhật ký hệ "
    "thống.",
    Cause.DAMAGED: "Cơ sở dữ liệu đã hỏng, hoặc tệp đó không phải cơ sở dữ liệu. Dừng dondoc, giữ lại tệp này, rồi "
    "khôi phục bản sao lưu gần nhất.",
    Cause.READ_ONLY: "Cơ sở dữ liệu chỉ đọc được, không ghi được. Kiểm tra quyền ghi của tài khoản chạy dondoc đối với "
    "tệp, thư mục và ổ đĩa; với PostgreSQL, kiểm tra máy chủ có ở chế độ chỉ đọc không.",
    Cause.CLOSED: "Không mở được tệp cơ sở dữ liệu. Kiểm tra đường dẫn trong DONDOC_DATABASE_URL hoặc DONDOC_HOME; "
    "kiểm tra tài khoản chạy dondoc có phải chủ của tệp đó và hai tệp cùng tên có đuôi -wal, -shm không (tài khoản "
    "khác, như root, đã chạy dondoc thì để lại tệp của mình).",
    Cause.EMPTY: "Cơ sở dữ liệu còn trống. Nếu mới cài đặt, chạy `dondoc db upgrade`; nếu trước đây đã có dữ liệu thì "
    "đừng chạy: kiểm tra DONDOC_DATABASE_URL, DONDOC_HOME, ổ đĩa đã gắn chưa, rồi khôi phục bản sao lưu gần nhất.",
    Cause.BEHIND: "Cơ sở dữ liệu chưa ở phiên bản mới nhất. Chạy `dondoc db upgrade`.",
    Cause.AHEAD: "Cơ sở dữ liệu này do phiên bản dondoc mới hơn tạo ra. Cài phiên bản đó rồi chạy lại.",
    Cause.UNREACHABLE: "Cơ sở dữ liệu không trả lời: không kết nối được máy chủ PostgreSQL. Kiểm tra máy chủ có đang "
    "chạy không; kiểm tra tên máy và cổng trong DONDOC_DATABASE_URL.",
    Cause.LOGIN: "PostgreSQL từ chối đăng nhập. Kiểm tra tên, mật khẩu trong DONDOC_DATABASE_URL, và máy chủ có cho "
    "phép máy này không (pg_hba.conf).",
    Cause.NO_DATABASE: "PostgreSQL không có cơ sở dữ liệu ghi trong DONDOC_DATABASE_URL. Tạo cơ sở dữ liệu đó, hoặc "
    "sửa tên, rồi chạy `dondoc db upgrade`.",
    Cause.KEY: "Không khóa nào trong DONDOC_SECRET_KEY mở được dữ liệu đã mã hóa. Thêm khóa đã dùng trước đây vào cuối "
    "danh sách rồi chạy lại.",
    Cause.OTHER: "Cơ sở dữ liệu báo lỗi ngoài dự kiến ({name}). Báo người vận hành xem nhật ký.",
}
PASSING = frozenset({Cause.BUSY, Cause.UNREACHABLE})  # over by itself, often

# The primary result codes of SQLite: https://www.sqlite.org/rescode.html
_SQLITE = {
    sqlite3.SQLITE_BUSY: Cause.BUSY,
    sqlite3.SQLITE_LOCKED: Cause.BUSY,
    sqlite3.SQLITE_FULL: Cause.FULL,
    sqlite3.SQLITE_IOERR: Cause.FAULTY,
    sqlite3.SQLITE_CORRUPT: Cause.DAMAGED,
    sqlite3.SQLITE_NOTADB: Cause.DAMAGED,
    sqlite3.SQLITE_READONLY: Cause.READ_ONLY,
    sqlite3.SQLITE_PERM: Cause.CLOSED,
    sqlite3.SQLITE_CANTOPEN: Cause.CLOSED,
}
# SQLSTATE, or its first two characters: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRES = {
    "08": Cause.UNREACHABLE,
    "25006": Cause.READ_ONLY,
    "28": Cause.LOGIN,
    "3D000": Cause.NO_DATABASE,
    "40001": Cause.BUSY,
    "40P01": Cause.BUSY,
    "42703": Cause.BEHIND,
    "42P01": Cause.BEHIND,
    "53100": Cause.FULL,
    "53": Cause.BUSY,
    "55P03": Cause.BUSY,
    "57014": Cause.BUSY,
    "57": Cause.UNREACHABLE,
    "58": Cause.FAULTY,
    "XX001": Cause.DAMAGED,
    "XX002": Cause.DAMAGED,
}
# libpq has no SQLSTATE for a connection that did not come about: parts of its words, and of PostgreSQL's own
_WORDS = {
    "password authentication": Cause.LOGIN,
    "no password supplied": Cause.LOGIN,
    "pg_hba.conf": Cause.LOGIN,
    "role ": Cause.LOGIN,
    "database ": Cause.NO_DATABASE,
    "too many clients": Cause.BUSY,
    "connection slots": Cause.BUSY,
}
_SYSTEM = {
    errno.ENOSPC: Cause.FULL,
    errno.EDQUOT: Cause.FULL,
    errno.EROFS: Cause.READ_ONLY,
    errno.EIO: Cause.FAULTY,
    errno.EMFILE: Cause.BUSY,
    errno.ENFILE: Cause.BUSY,
}


def unavailable(cause: Cause) -> Unavailable:
    """The error of a cause."""
    return Unavailable(cause, SENTENCES[cause])


def explain(error: BaseException) -> Unavailable | None:
    """What an error of the database, its driver or the disk means for people; None: it is of another kind, or a fault
    of ours (a wrong statement, a row that may not be), for which there is no remedy to tell.

    The sentence never repeats the error's own words: they can hold a statement, its values or an address.
    """
    if isinstance(error, Unavailable):
        return error
    if isinstance(error, NoConnectionFree):
        return unavailable(Cause.BUSY)
    if isinstance(error, InvalidToken):
        return unavailable(Cause.KEY)
    if isinstance(error, OSError):
        cause = _SYSTEM.get(error.errno or 0)
        return unavailable(cause) if cause else None
    original = error.orig if isinstance(error, DBAPIError) else error
    if cause := _of_driver(original):
        return unavailable(cause)
    if getattr(original, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return None  # a wrong statement
    if isinstance(error, OperationalError | InternalError) or type(error) is DatabaseError:
        name = type(original).__name__
        return Unavailable(Cause.OTHER, SENTENCES[Cause.OTHER].format(name=name))
    return None


_STATEMENT = re.compile(r"\s*(\w+)(?:.*?\b(?:INTO|FROM|UPDATE|TABLE)\s+\"?(\w+))?", re.DOTALL | re.IGNORECASE)


def note(context: ExceptionContext) -> None:
    """In the log, of every error of a database: the cause, the kind of statement with its table, the driver's code.

    Neither values nor the driver's own words, which can hold some. What is over by itself is a warning; a row that may
    not be is no error yet: who writes it may expect that somebody was faster, else raises it.
    """
    if context.is_pre_ping:  # the pool connects again
        return
    error = context.original_exception
    cause = _of_driver(error)
    level = logging.WARNING if cause in PASSING else logging.ERROR
    if isinstance(context.sqlalchemy_exception, IntegrityError):
        level = logging.INFO
    code = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None) or "no code"
    told = (cause or "fault", _kind(context.statement), type(error).__name__, code)
    log.log(level, "[%s] %s: %s (%s)", *told, extra={"cause": cause})


def _kind(statement: str | None) -> str:
    """INSERT outbox; of none, connect."""
    found = _STATEMENT.match(statement or "connect")
    return " ".join(filter(None, found.groups())) if found else "statement"


def _of_driver(error: BaseException | None) -> Cause | None:
    if isinstance(error, sqlite3.Error):
        if isinstance(error, sqlite3.OperationalError) and str(error).startswith(("no such table", "no such column")):
            return Cause.BEHIND  # SQLite has one code for this and every wrong statement
        code = getattr(error, "sqlite_errorcode", 0)
        return Cause.FULL if code == sqlite3.SQLITE_IOERR_SHMSIZE else _SQLITE.get(code & 0xFF)  # above: where
    if error is None or type(error).__module__.partition(".")[0] != "psycopg":
        return None
    if state := getattr(error, "sqlstate", None):
        return _POSTGRES.get(state) or _POSTGRES.get(state[:2])
    if type(error).__name__ not in ("OperationalError", "ConnectionTimeout"):
        return None
    said = str(error).partition("FATAL:")[2]
    return next((cause for words, cause in _WORDS.items() if words in said), Cause.UNREACHABLE)
