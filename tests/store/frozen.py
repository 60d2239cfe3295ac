"""Databases of earlier versions, made by the code of then: see worlds/README.md."""

import gzip
import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import JSON, Column, Connection, MetaData, Table, func, insert, select, text

from dondoc.store.session import engine, migrations

FOLDER = Path(__file__).with_name("worlds")
SECRET = "khoa-cua-nhung-co-so-du-lieu-dong-bang"  # as in make.py
Rows = dict[str, tuple[list[str], list[list[Any]]]]  # table → its columns and rows


@dataclass(frozen=True)
class Frozen:
    """The database of a version."""

    name: str
    revision: str
    answers: dict[str, list[dict[str, Any]]]  # what the commands of then said of it
    rows: Rows

    def thaw(self, url: str) -> None:
        """Make it in an empty database, with the schema of then."""
        made = engine(url)
        with made.begin() as connection:
            self._schema(connection)
            schema = reflected(connection)
            for table in schema.sorted_tables:
                columns, rows = self.rows.get(table.name, ([], []))
                if rows:
                    connection.execute(insert(table), [_values(table, columns, row) for row in rows])
            if made.dialect.name == "postgresql":
                _continue_numbering(connection, schema)
        made.dispose()

    def _schema(self, connection: Connection) -> None:
        """An edition of a migration that was edited after its release lies beside the world."""
        config = migrations()
        config.attributes["connection"] = connection
        edition = FOLDER / "editions" / f"{self.name}.py"
        if not edition.exists():
            command.upgrade(config, self.revision)
            return
        spec = importlib.util.spec_from_file_location(self.name, edition)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        command.upgrade(config, module.down_revision)
        with Operations.context(MigrationContext.configure(connection)):
            module.upgrade()
        connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": self.revision})


def _values(table: Table, columns: list[str], row: list[Any]) -> dict[str, Any]:
    return {name: _value(table.columns[name], value) for name, value in zip(columns, row, strict=True)}


def _value(column: Column[Any], value: Any) -> Any:
    kind = column.type.python_type
    return kind.fromisoformat(value) if value is not None and kind in (date, datetime) else value


def _continue_numbering(connection: Connection, schema: MetaData) -> None:
    """The rows brought their numbers; the next ones come after them, as where rows were numbered by the database."""
    for table in schema.sorted_tables:
        if "id" in table.columns:
            numbers = func.pg_get_serial_sequence(table.name, "id")
            connection.execute(select(func.setval(numbers, func.coalesce(func.max(table.columns.id), 1))))


def reflected(connection: Connection) -> MetaData:
    """The tables that there are."""
    schema = MetaData()
    schema.reflect(connection)
    for table in schema.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, JSON):
                column.type = JSON(none_as_null=True)
    return schema


def rows(url: str) -> Rows:
    """All rows of a database, as a world holds them."""
    made = engine(url)
    with made.connect() as connection:
        tables = reflected(connection).sorted_tables
        found = {t.name: ([c.name for c in t.columns], [*_rows(connection, t)]) for t in tables}
    made.dispose()
    return found


def _rows(connection: Connection, table: Table) -> Iterator[list[Any]]:
    for row in connection.execute(select(table).order_by(*table.primary_key.columns)):
        yield [value.isoformat() if isinstance(value, date | datetime) else value for value in row]


def names() -> list[str]:
    return sorted(file.name.removesuffix(".jsonl.gz") for file in FOLDER.glob("*.jsonl.gz"))


@cache
def frozen(name: str) -> Frozen:
    with gzip.open(FOLDER / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        head, *tables = map(json.loads, file)
    return Frozen(name, head["revision"], head["answers"], {t["table"]: (t["columns"], t["rows"]) for t in tables})
