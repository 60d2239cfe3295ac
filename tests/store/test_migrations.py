"""Migrations: one head, the models' own schema, and back again, on SQLite and on PostgreSQL."""

from datetime import UTC, date, datetime

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, insert, inspect, select, text

from dondoc.errors import Cause, Problem
from dondoc.escalation import history
from dondoc.store.facts import RegisteredLetter, Ruling
from dondoc.store.intake import Verdict
from dondoc.store.mail import OutboxLetter
from dondoc.store.models import Base
from dondoc.store.reporting import Decision, Report, ReportIssue
from dondoc.store.session import engine, migrations, schema, sessions, upgrade
from tests.conftest import OTHER_DIRECTIVE

pytestmark = pytest.mark.slow

DAY, MOMENT = date(2021, 11, 23), datetime(2021, 11, 23, 0, 30)
ONE_WAY = {"2026_11_28_letters": "sẽ mất dữ kiện của các văn bản khác"}  # what cannot go back, and why


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


def test_every_step_goes_back_and_forth_unless_that_would_lose_something(empty_database: str) -> None:
    config = migrations()
    revisions = [revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    before_one_way = revisions[: min(map(revisions.index, ONE_WAY))]
    made = engine(empty_database)
    with made.connect() as connection:
        config.attributes["connection"] = connection
        for revision in before_one_way:
            command.upgrade(config, revision)
            command.downgrade(config, "-1")
            command.upgrade(config, revision)
        command.downgrade(config, "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
        assert schema(connection) == Cause.EMPTY
        for revision in revisions:
            command.upgrade(config, revision)
            if revision in ONE_WAY:
                with pytest.raises(Problem, match=ONE_WAY[revision]):
                    command.downgrade(config, "-1")
            elif revision not in before_one_way:
                command.downgrade(config, "-1")
                command.upgrade(config, revision)
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        assert schema(connection) is None
        connection.commit()
    made.dispose()


def a_row(table: Table, **given: object) -> dict[str, object]:
    """A row of a table as it was then: what has to stand in it, and else something of its kind."""
    plain: dict[type, object] = {str: "x", int: 1, bool: False, date: DAY, datetime: MOMENT}
    wanted = [column for column in table.columns if not (column.nullable or column.primary_key)]
    return {column.name: plain.get(column.type.python_type, []) for column in wanted} | given


@pytest.mark.parametrize("cited", [True, False])
def test_the_facts_of_the_one_letter_that_there_was_become_facts_of_that_letter(
    empty_database: str, environment: pytest.MonkeyPatch, cited: bool
) -> None:
    """Its id stands in what it had written; else it is that of the letter which is set."""
    environment.setenv("DONDOC_DIRECTIVE", str(OTHER_DIRECTIVE))
    letter, short = ("a-2021" if cited else "sgtvt-2023-04"), "tourism/form_03"
    chasing = {"step": "overdue_1", "day": f"{DAY}", "duties": [[f"x/{short}", f"{DAY}"]], "others": [], "copy": False}
    rows: list[tuple[str, dict[str, object]]] = [
        ("submissions", {"id": 1}),
        ("verdicts", {"submission_id": 1, "fulfils": [short]}),
        ("registered_letters", {"fulfils": [short]}),
        ("decisions", {"step": "overdue_1", "obligations": [short]}),
        ("decisions", {"step": None, "obligations": []}),
        ("reports", {"figures": {}}),
        ("report_issues", {}),
        ("rulings", {}),
        ("outbox", {"kind": "receipt", "context": {}, "message_id": "1", "dedup_key": "1"}),
        ("outbox", {"kind": "report", "context": {"as_of": f"{DAY}"}, "message_id": "2", "dedup_key": "2"}),
    ]
    if cited:
        said = {"context": {**chasing, "directive": letter}, "message_id": "3", "dedup_key": "3"}
        rows.append(("outbox", {"kind": "overdue", **said}))
    made = engine(empty_database)
    with made.begin() as connection:
        config = migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, "2026_11_27_trust")
        before = MetaData()
        before.reflect(connection)
        for name, given in rows:
            connection.execute(insert(before.tables[name]).values(a_row(before.tables[name], **given)))
    made.dispose()
    upgrade(empty_database)
    open_ = sessions(empty_database)
    with open_.begin() as session:
        assert session.scalars(select(Verdict.fulfils)).all() == [[f"{letter}:{short}"]]
        assert session.scalars(select(RegisteredLetter.fulfils)).all() == [[f"{letter}:{short}"]]
        decided = select(Decision.directives, Decision.obligations).order_by(Decision.id)
        assert session.execute(decided).all() == [([letter], [f"{letter}:{short}"]), ([], [])]
        assert session.scalars(select(Report.directive)).all() == [letter]
        assert session.scalars(select(Ruling.directive)).all() == [None], "it was one for every letter"
        [issue] = session.scalars(select(ReportIssue))
        assert (issue.directive, issue.as_of, issue.recorded_at) == (letter, DAY, MOMENT.replace(tzinfo=UTC))
        plain = {"document_number": "2", "document_date": DAY, "blob": "", "by": "", "recorded_at": issue.recorded_at}
        session.add(ReportIssue(directive="another", as_of=DAY, **plain))
        session.flush()
        receipt, report, *overdue = session.scalars(select(OutboxLetter).order_by(OutboxLetter.id))
        assert (receipt.context, receipt.directives) == ({}, [])
        assert (report.context["directive"], report.directives) == (letter, [letter])
        assert len(overdue) == cited
        for one in overdue:
            assert one.directives == [letter]
            assert history.past(one).steps == {letter: "overdue_1"}
            assert history.past(one).duties == {(f"x/{letter}:{short}", DAY)}
    open_.kw["bind"].dispose()


def test_a_database_of_a_newer_dondoc_is_left_alone(empty_database: str) -> None:
    upgrade(empty_database)
    made = engine(empty_database)
    with made.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '2099_01_01_later'"))
    made.dispose()
    with pytest.raises(Problem, match="phiên bản dondoc mới hơn"):
        upgrade(empty_database)
