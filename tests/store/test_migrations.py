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
Row = tuple[str, dict[str, object]]  # table, and what stands in it
ONE_WAY = {  # what cannot go back, and why
    "2026_11_28_letters": "sẽ mất dữ kiện của các văn bản khác",
    "2026_11_29_facts": "sẽ mất các quyết định mà người có thẩm quyền đã dừng",
}


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


def filled(url: str, revision: str, rows: list[Row]) -> None:
    """A database as it was at a revision, with rows in it."""
    made = engine(url)
    with made.begin() as connection:
        config = migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        before = MetaData()
        before.reflect(connection)
        for name, given in rows:
            connection.execute(insert(before.tables[name]).values(a_row(before.tables[name], **given)))
    made.dispose()


@pytest.mark.parametrize("cited", [True, False])
def test_the_facts_of_the_one_letter_that_there_was_become_facts_of_that_letter(
    empty_database: str, environment: pytest.MonkeyPatch, cited: bool
) -> None:
    """Its id stands in what it had written; else it is that of the letter which is set."""
    environment.setenv("DONDOC_DIRECTIVE", str(OTHER_DIRECTIVE))
    letter, short = ("a-2021" if cited else "sgtvt-2023-04"), "tourism/form_03"
    chasing = {"step": "overdue_1", "day": f"{DAY}", "duties": [[f"x/{short}", f"{DAY}"]], "others": [], "copy": False}
    rows: list[Row] = [
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
        said = {"agency": "x", "context": {**chasing, "directive": letter}, "message_id": "3", "dedup_key": "3"}
        rows.append(("outbox", {"kind": "overdue", **said}))
    filled(empty_database, "2026_11_27_trust", rows)
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
            assert history.one(session, one).steps == {letter: "overdue_1"}
            assert history.one(session, one).duties == {(f"x/{letter}:{short}", DAY)}
    open_.kw["bind"].dispose()


def test_each_chasing_letter_gets_the_decision_by_which_it_was_written_and_the_day_that_it_named(
    empty_database: str,
) -> None:
    """A rehearsal of the same day is another decision; what nobody wrote down is made from the letters."""
    letter, answer = "a-2021", "gửi về Sở trong ngày 24/11/2021; nếu có khó khăn"
    to_head = "hoàn thành trước ngày 01/12/2021 để Sở tổng hợp"

    def chasing(number: int, agency: str, text: str = answer, step: str = "overdue_1", **other: object) -> Row:
        duties = [[f"{agency}/{letter}:tourism/form_03", f"{DAY}"]]
        context = {
            "step": step,
            "steps": {letter: step},
            "day": f"{DAY}",
            "duties": duties,
            "others": [],
            "copy": False,
        }
        given = {"id": number, "message_id": f"{number}", "dedup_key": f"{number}", "kind": "overdue", "text": text}
        return "outbox", {**given, "agency": agency, "context": context, "reason": "vì thư", **other}

    rows: list[Row] = [
        ("decisions", {"agency": "a", "as_of": DAY, "step": None, "reason": "không"}),
        ("decisions", {"agency": "a", "as_of": DAY, "step": "overdue_1", "reason": "vì a"}),
        chasing(1, "a"),
        chasing(2, "a"),
        chasing(3, "a", rehearsal=True),
        chasing(4, "b", to_head, "overdue_2"),
        chasing(5, "b", "không hẹn ngày nào", "remind", kind="reminder"),
        ("outbox", {"id": 6, "kind": "receipt", "context": {}, "message_id": "6", "dedup_key": "6"}),
    ]
    filled(empty_database, "2026_11_28_letters", rows)
    upgrade(empty_database)
    open_ = sessions(empty_database)
    with open_.reading() as session:
        of = dict(session.execute(select(OutboxLetter.id, OutboxLetter.decision_id)).all())
        decisions = {d.id: d for d in session.scalars(select(Decision))}
        assert (of[1], of[2], of[6]) == (2, 2, None)
        assert len({of[1], of[3], of[4], of[5]}) == 4
        assert [decisions[of[n]].answer_by for n in (1, 3, 4, 5)] == [date(2021, 11, 24)] * 2 + [
            date(2021, 11, 30),
            None,
        ]
        assert [decisions[of[n]].rehearsal for n in (1, 3)] == [False, True]
        assert [decisions[of[n]].reason for n in (1, 3, 4)] == ["vì a", "vì a", "vì thư"]
        assert decisions[of[4]].obligations == [f"{letter}:tourism/form_03"]
        assert decisions[1].answer_by is None
    open_.kw["bind"].dispose()


def test_a_database_of_a_newer_dondoc_is_left_alone(empty_database: str) -> None:
    upgrade(empty_database)
    made = engine(empty_database)
    with made.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '2099_01_01_later'"))
    made.dispose()
    with pytest.raises(Problem, match="phiên bản dondoc mới hơn"):
        upgrade(empty_database)
