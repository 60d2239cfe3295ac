"""Whether `DONDOC_SECRET_KEY` is the key of this database: a wrong or lost one is known before it writes.

A row of `key_checks` holds what only its key can have made. The newest row is the key that everything is written with.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from pathlib import Path

from cryptography.fernet import InvalidToken
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from dondoc import keys
from dondoc.configuration.settings import Settings
from dondoc.errors import Cause, Problem, Unavailable
from dondoc.store.cameras import Camera
from dondoc.store.session import Sessions, is_made, one_at_a_time
from dondoc.store.trust import KeyCheck

PURPOSE, CONSTANT, TABLE = "key check", b"dondoc", KeyCheck.__tablename__


class Standing(StrEnum):
    """How the keys of the environment stand to a database."""

    UNUSED = "unused"  # neither has a key
    FIRST = "first"  # the database knows no key yet, and nothing in it contradicts ours
    CURRENT = "current"  # the first key is the newest that it knows
    NEW = "new"  # the first key is put before the newest, which is still there
    WRONG = "wrong"  # the newest is not among ours
    LOST = "lost"  # none is set, though one was used


NOTED = (Standing.FIRST, Standing.NEW)


def check_value(secret: str) -> str:
    """What only this secret can make, and from which it cannot be told."""
    return keys.sign([secret], PURPOSE, CONSTANT, slowly=True)


def standing(session: Session, settings: Settings) -> Standing:
    """How the keys stand. Reads only; a database that is not migrated knows no key."""
    secrets = settings.secret_keys
    newest = _newest(session) if inspect(session.connection()).has_table(TABLE) else None
    if newest is None:
        if not secrets:
            return Standing.UNUSED
        return Standing.WRONG if _contradicted(session, settings) else Standing.FIRST
    if not secrets:
        return Standing.LOST
    if _made(newest, secrets[0]):
        return Standing.CURRENT
    return Standing.NEW if any(_made(newest, secret) for secret in secrets[1:]) else Standing.WRONG


def fault(found: Standing) -> str | None:
    """What is wrong and what to do, as a sentence; None when nothing is."""
    if found is Standing.LOST:
        return (
            "Cơ sở dữ liệu này đã mã hóa bằng một khóa, nay DONDOC_SECRET_KEY chưa được đặt: chưa đọc và chưa ghi được "
            "gì cần khóa. Đặt lại đúng khóa cũ rồi chạy lại."
        )
    if found is Standing.WRONG:
        return (
            "Khóa trong DONDOC_SECRET_KEY không phải khóa của cơ sở dữ liệu này: không ghi gì bằng khóa ấy. Đặt lại "
            "khóa cũ, hoặc đặt khóa mới TRƯỚC khóa cũ, cách nhau bằng dấu phẩy, rồi chạy dondoc rotate-key."
        )
    return None


def proven(sessions: Callable[[], Sessions], settings: Settings) -> list[str]:
    """The keys of the settings, once it is sure that they are the database's. Where there is none yet, they are.

    Raises:
        Unavailable: they are not, or the key that was used is missing.
    """
    if not is_made(settings.url):
        return settings.secret_keys
    with sessions().reading() as session:
        found = standing(session, settings)
    if (wrong := fault(found)) is not None:
        raise Unavailable(Cause.KEY, wrong)
    return settings.secret_keys


def note(sessions: Sessions, settings: Settings, now: Callable[[], datetime]) -> None:
    """Note a first or new key in the database, before anything else is written. What is wrong is said elsewhere."""
    with sessions.reading() as session:
        if standing(session, settings) not in NOTED or not inspect(session.connection()).has_table(TABLE):
            return
    with sessions.begin() as session:
        one_at_a_time(session, "key checks")  # two processes may start at once, and with different keys
        if standing(session, settings) in NOTED:
            newest, secret = _newest(session), settings.secret_keys[0]
            at = max(now(), newest.recorded_at + timedelta(microseconds=1)) if newest else now()  # clocks go back
            session.merge(KeyCheck(key=keys.short_name(secret), value=check_value(secret), recorded_at=at))


def refuse_stale(session: Session, secrets: list[str]) -> None:
    """For a process that began before somebody changed the key: it would go on writing with the old one.

    Raises:
        Problem: the first key is not the newest of the database, or none is set though one is used.
    """
    newest = _newest(session)
    if newest is not None and (not secrets or newest.key != keys.short_name(secrets[0])):
        raise Problem(
            "Khóa của cơ sở dữ liệu đã đổi, chương trình này còn chạy với khóa cũ: việc này chưa được ghi. Đặt "
            "DONDOC_SECRET_KEY như các chương trình khác rồi khởi động lại."
        )


def names(session: Session) -> set[str]:
    """What the keys are called that this database was ever written with."""
    return set(session.scalars(select(KeyCheck.key)))


def _newest(session: Session) -> KeyCheck | None:
    return session.scalars(select(KeyCheck).order_by(KeyCheck.recorded_at.desc()).limit(1)).first()


def _made(row: KeyCheck, secret: str) -> bool:
    return compare_digest(row.value, check_value(secret))


def _contradicted(session: Session, settings: Settings) -> bool:
    """Whether there are things that a key has closed, and none of ours opens any of those looked at.

    For a database from before `key_checks`. What is looked at: some of each kind that is encrypted.
    """
    closed = [
        *(("password", what) for what in _stored(session, "password")),
        *(("address", what) for what in _stored(session, "url_secret")),
        *(("originals", what) for what in _files(settings.home / "originals", "??/" + "?" * 64)),
        *(("thumbnails", what) for what in _files(settings.home / "thumbnails", "CAM-*.bin")),
    ]
    return bool(closed) and not any(_opens(settings.secret_keys, purpose, what) for purpose, what in closed)


def _stored(session: Session, name: str) -> list[bytes]:
    """What is encrypted of cameras; a database that is not migrated may lack the table, or the column."""
    schema, table = inspect(session.connection()), Camera.__tablename__
    if not schema.has_table(table) or name not in {column["name"] for column in schema.get_columns(table)}:
        return []
    column = Camera.__table__.c[name]
    return [what.encode() for what in session.scalars(select(column).where(column.is_not(None)).limit(20)) if what]


def _files(folder: Path, pattern: str) -> list[bytes]:
    found = []
    for path in sorted(folder.glob(pattern))[:5]:
        with suppress(OSError):
            found.append(path.read_bytes())
    return found


def _opens(secrets: list[str], purpose: str, closed: bytes) -> bool:
    try:
        keys.cipher(secrets, purpose).decrypt(closed)
    except InvalidToken:
        return False
    return True
