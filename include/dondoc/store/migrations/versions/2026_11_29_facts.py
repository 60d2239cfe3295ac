"""Facts that never change; and what databases lack that an early edition of 2026_11_27_trust has made"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from dondoc.errors import Problem

revision = "2026_11_29_facts"
down_revision = "2026_11_28_letters"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _early_trust()
    _calendar()
    _decisions(op.get_bind())


def downgrade() -> None:
    """What people stopped has no place in the database of before."""
    raise Problem(
        "Không hạ cơ sở dữ liệu xuống phiên bản trước: sẽ mất các quyết định mà người có thẩm quyền đã dừng. "
        "Khôi phục bản sao lưu trước khi nâng cấp."
    )


def _calendar() -> None:
    op.create_table(
        "calendar_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_versions"),
    )


# 2026_11_27_trust was edited four times after the first databases were made with it.
LACKED = (  # table, column, type
    ("submissions", "authentication", sa.String()),
    ("alerts", "told_at", sa.DateTime()),
    ("credential_releases", "basic", sa.Boolean()),
    ("audit_events", "chain", sa.String()),  # a row without it was sealed in another way: see `audit`
)


def _early_trust() -> None:
    """Give them what the last edition made."""
    found = sa.inspect(op.get_bind())
    for table, name, kind in LACKED:
        if name not in {column["name"] for column in found.get_columns(table)}:
            sure = name == "chain"
            op.add_column(table, sa.Column(name, kind, nullable=not sure, server_default="" if sure else None))
    there = set(found.get_table_names())
    if "attempt_addresses" not in there:
        key = sa.ForeignKey(
            "credential_attempts.id", name="fk_attempt_addresses_attempt_id_credential_attempts", ondelete="CASCADE"
        )
        op.create_table(
            "attempt_addresses",
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column("attempt_id", sa.Integer(), key, nullable=False),
            sa.Column("device", sa.Text(), nullable=False),
            sa.PrimaryKeyConstraint("id", name="pk_attempt_addresses"),
            sa.UniqueConstraint("attempt_id", "device", name="uq_attempt_addresses_attempt_id_device"),
        )
        op.create_index("ix_attempt_addresses_device", "attempt_addresses", ["device"])
    if "digest_devices" not in there:
        op.create_table(
            "digest_devices",
            sa.Column("device", sa.Text(), nullable=False),
            sa.Column("seen_at", sa.DateTime(), nullable=False),
            sa.PrimaryKeyConstraint("device", name="pk_digest_devices"),
        )
    for statement in _append_only(op.get_bind().dialect.name):
        op.execute(statement)


def _append_only(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            "CREATE TRIGGER IF NOT EXISTS camera_checks_no_update BEFORE UPDATE ON camera_checks "
            "BEGIN SELECT RAISE(ABORT, 'camera_checks is append-only'); END",
            "CREATE TRIGGER IF NOT EXISTS audit_events_no_replace BEFORE INSERT ON audit_events "
            "WHEN EXISTS (SELECT 1 FROM audit_events WHERE id = NEW.id) "
            "BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END",
        ]
    return [
        "CREATE OR REPLACE FUNCTION camera_checks_no_update() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'camera_checks is append-only'; END $$",
        "CREATE OR REPLACE TRIGGER camera_checks_no_update BEFORE UPDATE ON camera_checks "
        "FOR EACH STATEMENT EXECUTE FUNCTION camera_checks_no_update()",
    ]


CHASING = ("reminder", "overdue")
GRANTED = re.compile(r"trong ngày (\d\d/\d\d/\d{4}); nếu|hoàn thành trước ngày (\d\d/\d\d/\d{4}) để")
OUTBOX = sa.table(
    "outbox",
    *(sa.column(name) for name in ("id", "kind", "agency", "text", "reason", "rehearsal", "decision_id")),
    sa.column("context", sa.JSON),
    sa.column("directives", sa.JSON),
    sa.column("decided_at", sa.DateTime),
)
DECISIONS = sa.table(
    "decisions",
    *(sa.column(name) for name in ("id", "agency", "step", "reason", "rehearsal")),
    sa.column("as_of", sa.Date),
    sa.column("directives", sa.JSON),
    sa.column("obligations", sa.JSON),
    sa.column("answer_by", sa.Date),
    sa.column("recorded_at", sa.DateTime),
)


def _decisions(bind: sa.Connection) -> None:
    """Each chasing letter gets the decision by which it was written, a rehearsal's one of its own."""
    for column in (
        sa.Column("reasons", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("answer_by", sa.Date(), nullable=True),
        sa.Column("rehearsal", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("decisions", column)
    for table in ("outbox", "rulings"):  # in SQL: alembic adds no foreign key to a table of SQLite that has rows
        key = f"CONSTRAINT fk_{table}_decision_id_decisions REFERENCES decisions (id)"
        op.execute(f"ALTER TABLE {table} ADD COLUMN decision_id INTEGER {key}")
    op.create_index("ix_outbox_decision_id", "outbox", ["decision_id"])
    taken: set[int] = set()
    for letters in _decided_together(bind):
        decision = _decision(bind, letters, taken)
        taken.add(decision)
        ids = [letter.id for letter in letters]
        bind.execute(sa.update(OUTBOX).where(OUTBOX.c.id.in_(ids)).values(decision_id=decision))


def _decided_together(bind: sa.Connection) -> Iterator[list[Any]]:
    def key(letter: Any) -> tuple[Any, ...]:
        said = letter.context
        return letter.agency or "", said["day"], _day(letter.decided_at), said["step"], bool(letter.rehearsal)

    rows = bind.execute(sa.select(OUTBOX).where(OUTBOX.c.kind.in_(CHASING)).order_by(OUTBOX.c.id)).all()
    for _, letters in groupby(sorted(rows, key=lambda row: (key(row), row.id)), key):
        yield list(letters)


def _decision(bind: sa.Connection, letters: list[Any], taken: set[int]) -> int:
    """The decision that was written down with these letters; made from them where there is none."""
    first = letters[0]
    day, step = date.fromisoformat(first.context["day"]), first.context["step"]
    same = (DECISIONS.c.agency == first.agency, DECISIONS.c.as_of == day, DECISIONS.c.step == step)
    found = bind.execute(sa.select(DECISIONS).where(*same).order_by(DECISIONS.c.id.desc())).all()
    own = [d for d in found if _day(d.recorded_at) == _day(first.decided_at) and d.recorded_at <= first.decided_at]
    values: dict[str, Any] = {"answer_by": _granted(first.text), "rehearsal": bool(first.rehearsal)}
    if own and own[0].id not in taken:
        bind.execute(sa.update(DECISIONS).where(DECISIONS.c.id == own[0].id).values(values))
        return int(own[0].id)
    reason = own[0].reason if own else first.reason
    owed = sorted({name.split("/", 1)[1] for name, _ in first.context["duties"]})
    values |= {"as_of": day, "agency": first.agency or "", "step": step, "directives": first.directives}
    values |= {"obligations": owed, "reason": reason, "recorded_at": first.decided_at}
    insert = sa.insert(DECISIONS).values(values).returning(DECISIONS.c.id)
    return int(bind.execute(insert).scalar_one())


def _day(moment: datetime) -> date:
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo("Asia/Ho_Chi_Minh")).date()


def _granted(text: str) -> date | None:
    """The last day that a letter gave the agency, as it said so."""
    if (found := GRANTED.search(text)) is None:
        return None
    within, before = found.groups()
    day = date(*(int(part) for part in reversed((within or before).split("/"))))
    return day if within else day - timedelta(days=1)
