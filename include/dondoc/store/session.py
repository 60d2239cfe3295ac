"""Engine and sessions: SQLite in WAL, or PostgreSQL. A session says when it is opened whether it may write."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker

from dondoc.errors import Cause, Problem, Unavailable
from dondoc.store import (
    files,
    models,  # noqa: F401 - a foreign key finds its table only when every area is loaded
    staleness,  # noqa: F401 - listens to what is written
)
from dondoc.store.errors import explain, note, unavailable

READS = "dondoc_reads"  # execution option of a connection that only reads
# A page holds one connection, and the threads in which pages are made are 40: none of them ever waits for one.
POOL = {"pool_size": 10, "max_overflow": 30, "pool_timeout": 10}
REVISION = text("SELECT version_num FROM alembic_version")
LOCK_SECONDS = 30  # how long a writer waits for another
# PostgreSQL: how long it may take to let us in, to give us a lock, and to be silent before we call the line cut.
POSTGRES = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
MISFIT = (
    "việc nâng cấp không làm được ({name}), cơ sở dữ liệu còn nguyên như trước khi nâng cấp: dữ liệu không khớp với "
    "phiên bản ghi trong đó. Giữ lại cơ sở dữ liệu này, rồi khôi phục bản sao lưu gần nhất."
)
_making = threading.Lock()
_before_writing = threading.RLock()  # whoever does what comes before it writes, too


class Sessions(sessionmaker[Session]):
    """`begin()` is one transaction that may write, `reading()` one that cannot.

    On SQLite `begin()` takes the write lock at once: there is one writer at a time, and none that finds out late.
    Readers take no lock and wait for nobody.

    Raises:
        Unavailable: at the first use and at every beginning to write, while the schema of the database is not the one
            that this program knows.
    """

    before_writing: Callable[[], None] | None = None  # done once, before any transaction that may write
    _known = False

    def __call__(self, **options: Any) -> Session:
        if not self._known:
            with self.kw["bind"].execution_options(**{READS: True}).connect() as connection:
                if cause := schema(connection):
                    raise unavailable(cause)
            self._known = True
        return super().__call__(**options)

    def begin(self) -> AbstractContextManager[Session]:
        with _before_writing:
            first, self.before_writing = self.before_writing, None
            try:
                if first is not None:
                    first()
            except BaseException:
                self.before_writing = first  # the next one does it
                raise
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
        limits = {"options": f"-c lock_timeout={LOCK_SECONDS}s", **POSTGRES} if _is_postgres(target) else {}
        made = create_engine(
            target,
            pool_pre_ping=True,
            hide_parameters=True,  # what people entered stands in no error's text
            connect_args={k: v for k, v in limits.items() if k not in target.query},
            **({} if target.database in (None, "", ":memory:") else POOL),
        )
    except (ArgumentError, ImportError, ValueError):
        raise Problem("DONDOC_DATABASE_URL không phải địa chỉ cơ sở dữ liệu mà SQLAlchemy đọc được.") from None
    event.listen(made, "handle_error", note)
    if made.dialect.name == "sqlite":
        if (file := file_of(target)) is not None:
            _make_folder(file.parent)
            event.listen(made, "do_connect", partial(_keep_private, file))
        event.listen(made, "connect", _sqlite_pragmas)
        event.listen(made, "begin", _begin)
    return made


def _is_postgres(url: URL) -> bool:
    return url.get_backend_name() == "postgresql"


def file_of(target: URL) -> Path | None:
    """SQLite's file; None on a server, in memory, and for a URI of SQLite's own (`file:…?mode=ro`)."""
    name = target.database or ":memory:"
    known = target.get_backend_name() == "sqlite" and name != ":memory:" and not name.startswith("file:")
    return Path(name) if known else None


def is_made(url: str) -> bool:
    """Whether there is a database to ask, as far as that can be told without asking: SQLite would make it for that."""
    file = file_of(make_url(url))
    return file is None or file.exists()


def _make_folder(folder: Path) -> None:
    try:
        files.folder(folder)
    except OSError as error:
        raise Problem(f"Không tạo được thư mục {folder} cho cơ sở dữ liệu: {error.strerror}.") from None


def _keep_private(database: Path, *_: Any) -> None:
    """Made by us, not by SQLite, which asks the umask. The files beside it take the mode of the database.

    A database that is there is never opened here, nor by two threads at once: closing it would take from every
    connection of this process its locks (https://www.sqlite.org/howtocorrupt.html, 2.2), and the next program to leave
    would then remove the log of what is written.
    """
    with _making, suppress(OSError):  # SQLite says what is wrong
        os.close(os.open(database, os.O_CREAT | os.O_EXCL | os.O_RDONLY, 0o600))
    for name in (database.name, f"{database.name}-wal", f"{database.name}-shm"):
        files.narrow(database.with_name(name))


def _sqlite_pragmas(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver must not begin for us: we say how
    for pragma in ("journal_mode=WAL", f"busy_timeout={LOCK_SECONDS * 1000}", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get(READS, False)
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reads else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def sessions(url: str) -> Sessions:
    """A factory of sessions; `with sessions(url).begin() as session:` is one transaction."""
    made = Sessions(engine(url), expire_on_commit=False)
    event.listen(made, "after_begin", _refuse_another_revision)
    return made


def _refuse_another_revision(_: Session, __: SessionTransaction, connection: Connection) -> None:
    """A program that was running while its database was upgraded would write facts as they were before."""
    if connection.get_execution_options().get(READS):
        return
    if connection.scalar(REVISION) != head() and (cause := schema(connection)):
        raise unavailable(cause)


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


def head() -> str:
    """The revision of the database that this program works with: that of its newest migration."""
    return known_revisions()[0]


def revision(connection: Connection) -> str | None:
    """The revision of a database; None: it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def schema(connection: Connection) -> Cause | None:
    """What is wrong with the schema of a database: EMPTY, BEHIND or AHEAD of this program; None: it fits."""
    current = revision(connection)
    newest, *older = known_revisions()
    if current == newest:
        return None
    if current is None:
        return Cause.EMPTY
    return Cause.BEHIND if current in older else Cause.AHEAD


@cache
def known_revisions() -> tuple[str, ...]:
    """The migrations of this program, newest first. They are read once: they do not change while it runs."""
    return tuple(script.revision for script in ScriptDirectory.from_config(migrations()).walk_revisions())


def standing(url: str) -> tuple[str | None, Cause | None]:
    """The revision of a database, and what is wrong with its schema. One that is not there is empty, and not made."""
    if not is_made(url):
        return None, Cause.EMPTY
    made = engine(url)
    try:
        with made.execution_options(**{READS: True}).connect() as connection:
            return revision(connection), schema(connection)
    finally:
        made.dispose()


def upgrade(url: str) -> tuple[str | None, str]:
    """Bring the database to the newest migration, in one transaction: whoever is killed in it leaves it as it was.

    Returns:
        the migration that it was at, None where it was empty, and the one that it is at.

    Raises:
        Unavailable: the database cannot be used, somebody else has been upgrading it for too long, or a newer dondoc
            has migrated it.
    """
    config = migrations()
    made = engine(url)
    if made.dialect.name == "sqlite":
        event.listen(made, "connect", _leave_keys)
    try:
        with made.connect() as connection:
            _alone(connection)
            config.attributes["connection"] = connection
            before = revision(connection)
            command.upgrade(config, "head")
            if _orphans(connection):
                raise Unavailable(Cause.OTHER, MISFIT.format(name="FOREIGN KEY"))
            connection.commit()
            return before, head()
    except DBAPIError as error:
        where = make_url(url).set(query={}).render_as_string(hide_password=True)  # a query may hold a password too
        why = explain(error) or Unavailable(Cause.OTHER, MISFIT.format(name=type(error.orig).__name__))
        raise Unavailable(why.cause, f"Không mở được cơ sở dữ liệu {where}: {why}") from None
    except CommandError:
        raise unavailable(Cause.AHEAD) from None
    finally:
        made.dispose()


def _alone(connection: Connection) -> None:
    """Nobody else upgrades until this transaction ends. On SQLite it has the write lock from its beginning."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("dondoc upgrade"))))


def _leave_keys(connection: Any, _: Any) -> None:
    """SQLite changes a table by building a new one; dropping the old one would count as deleting its rows, to which
    others point. Its procedure is: no keys meanwhile, and all of them checked before the end
    (https://www.sqlite.org/lang_altertable.html, 7)."""
    connection.execute("PRAGMA foreign_keys=OFF")


def _orphans(connection: Connection) -> bool:
    """Whether a row points to none. PostgreSQL would have refused."""
    return connection.dialect.name == "sqlite" and bool(connection.exec_driver_sql("PRAGMA foreign_key_check").first())
