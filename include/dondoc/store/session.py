"""Engine and sessions: SQLite in WAL with BEGIN IMMEDIATE, or PostgreSQL."""

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
from dondoc.store import models  # noqa: F401 - a foreign key finds its table only when every area is loaded

Sessions = sessionmaker[Session]


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
        event.listen(made, "connect", _sqlite_pragmas)
        event.listen(made, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return made


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(f"Không tạo được thư mục {folder} cho cơ sở dữ liệu: {error.strerror}.") from None


def _sqlite_pragmas(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver must not begin for us: we say BEGIN IMMEDIATE
    for pragma in ("journal_mode=WAL", "busy_timeout=30000", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def sessions(url: str) -> Sessions:
    """A factory of sessions; `with sessions(url).begin() as session:` is one transaction."""
    return sessionmaker(engine(url), expire_on_commit=False)


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
