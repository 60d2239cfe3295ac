"""Migrations: one head, the models' own schema, and back again, on SQLite and on PostgreSQL."""

from datetime import UTC, date, datetime

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, insert, inspect, select, text

from dondoc.cameras.registry import declarations
from dondoc.errors import Cause, Problem
from dondoc.escalation import history
from dondoc.store.cameras import Camera, CameraDeclaration, RoundConclusion
from dondoc.store.facts import RegisteredLetter, Ruling
from dondoc.store.intake import Submission, Verdict
from dondoc.store.mail import OutboxLetter
from dondoc.store.models import Base
from dondoc.store.reporting import Decision, Report, ReportIssue
from dondoc.store.session import engine, migrations, schema, sessions, upgrade
from tests.conftest import OTHER_DIRECTIVE

pytestmark = pytest.mark.slow

TIMES = ("happened_at", "recorded_at", "worked_at")
DAY, MOMENT = date(2021, 11, 23), datetime(2021, 11, 23, 0, 30)
Row = tuple[str, dict[str, object]]  # table, and what stands in it
ONE_WAY = {  # what cannot go back, and why
    "2026_11_28_letters": "sẽ mất dữ kiện của các văn bản khác",
    "2026_11_29_facts": "sẽ mất các quyết định mà người có thẩm quyền đã dừng",
    "2026_11_30_reports": "sẽ mất người duyệt, bản sửa",
    "2026_12_01_mails": "sẽ mất nội dung các thư đã nhận",
    "2026_12_02_chasing": "sẽ mất các cuộc trao đổi và ngày đã hẹn",
    "2026_12_03_withdrawals": "sẽ mất các thư đã rút lại",
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
            [sent] = history.of(session, one)
            assert sent.steps == {letter: "overdue_1"}
            assert sent.duties == {(f"x/{letter}:{short}", DAY)}
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


def test_cameras_of_one_row_keep_all_they_had_as_their_first_declaration_and_get_their_places_back(
    empty_database: str,
) -> None:
    """Forms named the place all along: it stands in the rows of their verdicts."""
    hill, moor = {"place": "Hồ Kẻ Gỗ", "name": "Cổng", "site": "Cổng"}, {"place": "Hồ Sông Rác", "name": "Cổng 2"}
    crossing = {"name": "Camera 1", "site": "Ngã tư thị trấn", "junction": "Ngã tư"}
    plain = {"agency": "so-nnptnt", "system": "reservoir", "happened_at": MOMENT, "recorded_at": MOMENT}
    later = datetime(2021, 11, 24, 15)
    rows: list[tuple[str, dict[str, object]]] = [
        ("submissions", {"id": 1, "channel_id": "1"}),
        ("submissions", {"id": 2, "channel_id": "2"}),
        ("verdicts", {"submission_id": 1, "form": "form_01", "outcome": "accepted", "rows": [hill, moor]}),
        ("verdicts", {"submission_id": 2, "form": "form_02", "outcome": "accepted_with_warnings", "rows": [crossing]}),
        ("cameras", {"id": 1, "key": "cong", "name": "Cổng", "site": "Cổng", "submission_id": 1, "restricted": True,
                     "url": "rtsp://10.1.1.1:554/***", "url_secret": "x", "identity": "rtsp://10.1.1.1:554/***#m",
                     "username": "ioc", "password": "y", "worked_at": later, "status": "unstable", **plain}),
        ("cameras", {"id": 2, "key": "cong 2", "name": "Cổng số hai", "site": "", "submission_id": 1,
                     "confirmed": True, "confirmed_by": "Lê A", **plain}),
        ("cameras", {"id": 3, "key": "camera 1", "name": "Camera 1", "site": "Ngã tư thị trấn", "submission_id": 2,
                     **plain}),
        ("cameras", {"id": 4, "key": "k-1", "name": "Đập", "site": "Đập chính", "exemption": "vms_only", **plain}),
        ("camera_checks", {"camera_id": 1, "verdict": "ok", "happened_at": later, "recorded_at": later}),
        ("outages", {"camera_id": 1}),
        ("audit_events", {"act": "confirm", "subject": "CAM-00002", "recorded_at": later, "details": {}}),
        ("rulings", {"kind": "pause", "site": "Cổng", "agency": "so-nnptnt"}),
    ]  # fmt: skip
    made = engine(empty_database)
    with made.begin() as connection:
        config = migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, "2026_11_28_letters")
        before = MetaData()
        before.reflect(connection)
        for name, given in rows:
            connection.execute(insert(before.tables[name]).values(a_row(before.tables[name], **given)))
        old = (
            connection.execute(select(before.tables["cameras"]).order_by(before.tables["cameras"].c.id))
            .mappings()
            .all()
        )
    made.dispose()
    upgrade(empty_database)
    open_ = sessions(empty_database)
    zoned = later.replace(tzinfo=UTC)
    with open_.begin() as session:
        cameras = session.scalars(select(Camera).order_by(Camera.id)).all()
        assert [camera.place for camera in cameras] == ["Hồ Kẻ Gỗ", "Hồ Sông Rác", "Ngã tư thị trấn", "Đập chính"]
        for camera, was in zip(cameras, old, strict=True):
            assert {name: getattr(camera, name) for name in was if name not in TIMES} == {
                name: value for name, value in was.items() if name not in TIMES
            }
        for group in declarations.groups(session):
            assert declarations.refresh(session, *group, []) == 0, "what is kept is what its declarations come to"
        told = session.scalars(select(CameraDeclaration).order_by(CameraDeclaration.camera_id, CameraDeclaration.id))
        assert [(f.camera_id, f.source, f.happened_at, f.by) for f in told if f.source in ("check", "person")] == [
            (1, "check", zoned, None), (2, "person", zoned, "Lê A"),
        ]  # fmt: skip
        assert len(declarations.described_at(session, MOMENT.replace(tzinfo=UTC))) == 4
        assert session.scalars(select(Ruling.site)).all() == ["Cổng"], "an old pause covers what it covered"
    open_.kw["bind"].dispose()


def test_what_was_concluded_of_rounds_of_before_stays_what_it_was(empty_database: str) -> None:
    rounds: list[Row] = [
        ("night_runs", {"night": DAY, "round": "night", "our_side_down": "phía Sở", "finished_at": MOMENT}),
        ("night_runs", {"night": DAY, "round": "second", "our_side_down": None, "finished_at": MOMENT}),
        ("night_runs", {"night": DAY, "round": "day", "our_side_down": None, "finished_at": None}),
    ]
    filled(empty_database, "2026_12_04_remarks", rounds)
    upgrade(empty_database)
    open_ = sessions(empty_database)
    with open_.reading() as session:
        c = RoundConclusion
        told = session.execute(select(c.round, c.our_side_down, c.recorded_at).order_by(c.id)).all()
    at = MOMENT.replace(tzinfo=UTC)
    assert [tuple(one) for one in told] == [("night", "phía Sở", at), ("second", None, at)]
    open_.kw["bind"].dispose()


def test_submissions_that_are_there_are_found_without_accents_too(empty_database: str) -> None:
    filled(
        empty_database, "2026_11_30_reports", [("submissions", {"filename": "Tệp.pdf", "subject": "V/v Cử đầu mối"})]
    )
    upgrade(empty_database)
    with sessions(empty_database).begin() as session:
        assert session.scalars(select(Submission.named)).all() == ["tep pdf v v cu dau moi"]


def test_a_database_of_a_newer_dondoc_is_left_alone(empty_database: str) -> None:
    upgrade(empty_database)
    made = engine(empty_database)
    with made.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '2099_01_01_later'"))
    made.dispose()
    with pytest.raises(Problem, match="phiên bản dondoc mới hơn"):
        upgrade(empty_database)
