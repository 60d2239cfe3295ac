"""Migrations: one head, the models' own schema, and back again, on SQLite and on PostgreSQL."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from dondoc.errors import Cause, Problem
from dondoc.store.models import Base
from dondoc.store.session import engine, migrations, schema, upgrade


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(migrations()).get_heads()) == 1


def test_an_empty_database_becomes_what_the_models_say(empty_database: str) -> None:
    upgrade(empty_database)
    made = engine(empty_database)
    with made.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        assert schema(connection) is None
    made.dispose()


def test_upgrading_again_changes_nothing(empty_database: str) -> None:
    upgrade(empty_database)
    upgrade(empty_database)


def test_every_step_goes_back_and_forth_to_the_same_schema(empty_database: str) -> None:
    config = migrations()
    made = engine(empty_database)
    with made.connect() as connection:
        config.attributes["connection"] = connection
        for revision in reversed([*ScriptDirectory.from_config(config).walk_revisions()]):
            command.upgrade(config, revision.revision)
            command.downgrade(config, revision.down_revision or "base")
            command.upgrade(config, revision.revision)
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        command.downgrade(config, "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
        assert schema(connection) == Cause.EMPTY
        connection.commit()
    made.dispose()


def test_a_database_of_a_newer_dondoc_is_left_alone(empty_database: str) -> None:
    upgrade(empty_database)
    made = engine(empty_database)
    with made.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '2099_01_01_later'"))
    made.dispose()
    with pytest.raises(Problem, match="phiên bản dondoc mới hơn"):
        upgrade(empty_database)
