"""One memory of compiled statements for all SQLite engines of a process.

SQLAlchemy keeps one for each engine, since engines may speak different dialects. Those of the tests speak the same, and
a fresh one for each test would compile anew what a thousand before it have compiled: a fifth of the time of such tests.
"""

from functools import wraps
from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from dondoc.store import session

STATEMENTS: LRUCache[Any, Any] = LRUCache(4000)


class _Same(SQLiteDialect_pysqlite):
    """As every other of its kind: the dialect is part of what a compiled statement is found by."""

    supports_statement_cache = True  # asked of each class itself

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))


@wraps(create_engine)
def _sharing(*arguments: Any, **options: Any) -> Engine:
    made = create_engine(*arguments, **options)
    if type(made.dialect) is SQLiteDialect_pysqlite:
        made.dialect.__class__ = _Same
        made.update_execution_options(compiled_cache=STATEMENTS)
    return made


def share() -> None:
    """From now on all engines that dondoc makes in this process share it."""
    session.create_engine = _sharing  # type: ignore[assignment]
