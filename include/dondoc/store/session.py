"""Engine and sessions: SQLite in WAL, or PostgreSQL. A session says when it is opened whether it may write."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from dondoc.errors import Problem
from dondoc.store import (
    files,
    models,  # noqa: F401 - a foreign key finds its table only when every area is loaded
)

READS = "dondoc_reads"  # execution option of a connection that only reads


class Sessions(sessionmaker[Session]):
    """`begin()` is one transaction that may write, `reading()` one that cannot.

    On SQLite `begin()` takes the write lock at once: there is one writer at a time, and none that finds out late.
    Readers take no lock and wait for nobody.
    """

    before_writing: Callable[[], None] | None = None  # called once, before the first transaction that may write

    def begin(self) -> AbstractContextManager[Session]:
        first, self.before_writing = self.before_writing, None
        if first is not None:
            first()
        return super().begin()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state of the database. Writing in it is an error."""
        bind = self.kw["bind"].execution_options(**{READS: True}, postgresql_readonly=True)
        with self(bind=bind) as session:
            yield session


def engine(url: str) -> Engine:
    """An engine for the URL.

    Raises:
        Problem: the URL cannot be read.
    """
    try:
        target = make_url(url)
        if target.drivername == "postgresql":
            target = target.set(drivername="postgresql+psycopg")
        made = create_engine(target, pool_pre_ping=True)
    except (ArgumentError, ImportError, ValueError):
        raise Problem("DONDOC_DATABASE_URL không phải địa chỉ cơ sở dữ liệu mà SQLAlchemy đọc được.") from None
    if made.dialect.name == "sqlite":
        if target.database and target.database != ":memory:":
            _make_folder(Path(target.database).parent)
            event.listen(made, "do_connect", partial(_keep_private, Path(target.database)))
        event.listen(made, "connect", _sqlite_pragmas)
        event.listen(made, "begin", _begin)
    return made


def _make_folder(folder: Path) -> None:
    try:
        files.folder(folder)
    except OSError as error:
        raise Problem(f"Không tạo được thư mục {folder} cho cơ sở dữ liệu: {error.strerror}.") from None


def _keep_private(database: Path, *_: Any) -> None:
    """Made by us, not by SQLite, which asks the umask. The files beside it take the mode of the database."""
    with suppress(OSError):  # SQLite says what is wrong
        os.close(os.open(database, os.O_CREAT | os.O_RDONLY, 0o600))
    for name in (database.name, f"{database.name}-wal", f"{database.name}-shm"):
        files.narrow(database.with_name(name))


def _sqlite_pragmas(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver must not begin for us: we say how
    for pragma in ("journal_mode=WAL", "busy_timeout=30000", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get(READS, False)
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reads else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def sessions(url: str) -> Sessions:
    """A factory of sessions; `with sessions(url).begin() as session:` is one transaction."""
    return Sessions(engine(url), expire_on_commit=False)


def one_at_a_time(session: Session, what: str) -> None:
    """Until this transaction ends, nobody else decides about the same thing. On SQLite there is one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext(what))))


def migrations() -> Config:
    """Alembic's configuration; the connection is handed over in its attributes."""
    config = Config()
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config


def behind(connection: Connection) -> bool:
    """Whether migrations are still to be run on this database."""
    current = MigrationContext.configure(connection).get_current_revision()
    return current != ScriptDirectory.from_config(migrations()).get_current_head()


def upgrade(url: str) -> None:
    """Bring the database to the newest migration.

    Raises:
        Problem: the database cannot be reached, or a newer dondoc has migrated it.
    """
    config = migrations()
    made = engine(url)
    try:
        with made.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    except DBAPIError as error:
        where = make_url(url).render_as_string(hide_password=True)
        raise Problem(f"Không mở được cơ sở dữ liệu {where}: {type(error.orig).__name__}.") from None
    except CommandError:
        raise Problem("Cơ sở dữ liệu này do phiên bản dondoc mới hơn tạo ra. Cài phiên bản đó rồi chạy lại.") from None
    finally:
        made.dispose()
