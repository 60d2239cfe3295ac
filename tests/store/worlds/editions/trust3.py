"""Trust: who approved, contacts with an end, doubts about senders, attempts that are counted, the audit trail"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_27_trust"
down_revision = "2026_11_27_devices"
branch_labels = None
depends_on = None

ADDED = (  # table, column, type
    ("contacts", "login", sa.String()),
    ("contacts", "valid_to", sa.Date()),
    ("submissions", "sender_doubt", sa.Text()),
    ("submissions", "authentication", sa.String()),
    ("assignments", "lasting", sa.Boolean()),
    ("cameras", "url_secret", sa.Text()),
)
TABLES = (
    "contact_changes",
    "judging_attempts",
    "mailbox_items",
    "approvals",
    "audit_events",
    "key_checks",
    "alerts",
)


def upgrade() -> None:
    for table, name, kind in ADDED:
        sure = name == "lasting"
        # Who was assigned once could act for the agency for ever until now: that word stands.
        op.add_column(table, sa.Column(name, kind, nullable=not sure, server_default=sa.true() if sure else None))
    op.create_table(
        "contact_changes",
        _id(),
        _key("contact_changes", "submission_id", "submissions"),
        *(_text(name) for name in ("agency", "role")),
        _text("system", nullable=True),
        *(_text(name) for name in ("name", "email", "phone")),
        _text("asked", nullable=True),
        sa.Column("confirmed", sa.Boolean(), nullable=True),
        _text("by", nullable=True),
        _at("decided_at", nullable=True),
        _at("happened_at"),
        _at("recorded_at"),
        sa.PrimaryKeyConstraint("id", name="pk_contact_changes"),
    )
    op.create_index("ix_contact_changes_submission_id", "contact_changes", ["submission_id"])
    op.create_index("ix_contact_changes_agency", "contact_changes", ["agency"])
    op.create_table(
        "judging_attempts",
        _id(),
        _key("judging_attempts", "submission_id", "submissions"),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("finished", sa.Boolean(), nullable=False),
        _at("recorded_at"),
        sa.PrimaryKeyConstraint("id", name="pk_judging_attempts"),
    )
    op.create_index("ix_judging_attempts_submission_id", "judging_attempts", ["submission_id"])
    op.create_table(
        "mailbox_items",
        _id(),
        _text("mailbox"),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("set_aside", sa.Boolean(), nullable=False),
        _at("first_at"),
        _at("last_at"),
        sa.PrimaryKeyConstraint("id", name="pk_mailbox_items"),
        sa.UniqueConstraint("mailbox", "uid_validity", "uid", name="uq_mailbox_items_mailbox_uid_validity_uid"),
    )
    op.create_table(
        "approvals",
        _id(),
        _key("approvals", "letter_id", "outbox"),
        _key("approvals", "contact_id", "contacts"),
        *(_text(name) for name in ("name", "login", "channel")),
        _text("address", nullable=True),
        _at("recorded_at"),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
    )
    op.create_index("ix_approvals_letter_id", "approvals", ["letter_id"])
    op.create_table(
        "audit_events",
        _id(),
        *(_text(name) for name in ("act", "subject", "name", "login", "channel")),
        _text("address", nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        *(_text(name) for name in ("key", "digest")),
        _at("recorded_at"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_events"),
    )
    op.create_index("ix_audit_events_act", "audit_events", ["act"])
    op.create_table(
        "key_checks",
        *(_text(name) for name in ("key", "value")),
        _at("recorded_at"),
        sa.PrimaryKeyConstraint("key", name="pk_key_checks"),
    )
    op.create_table(
        "alerts",
        _id(),
        _text("cause"),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        _at("first_at"),
        _at("last_at"),
        _at("told_at", nullable=True),
        _at("over_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
    )
    op.create_index("ix_alerts_cause", "alerts", ["cause"])
    for statement in _append_only(op.get_bind().dialect.name):
        op.execute(statement)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), nullable=False)


def _text(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _at(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(), nullable=nullable)


def _key(table: str, name: str, other: str) -> sa.Column[int]:
    return sa.Column(
        name, sa.Integer(), sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{name}_{other}"), nullable=False
    )


def _append_only(dialect: str) -> list[str]:
    """What is written into the audit trail stays, and a look is never changed: held by the database itself.

    Looks may be deleted: those past their time become monthly counts.
    """
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for table, verb in (("audit_events", "update"), ("audit_events", "delete"), ("camera_checks", "update"))
        ]
    return [
        "CREATE FUNCTION audit_events_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit_events is append-only'; END $$",
        "CREATE TRIGGER audit_events_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_events_append_only()",
        "CREATE FUNCTION camera_checks_no_update() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'camera_checks is append-only'; END $$",
        "CREATE TRIGGER camera_checks_no_update BEFORE UPDATE ON camera_checks "
        "FOR EACH STATEMENT EXECUTE FUNCTION camera_checks_no_update()",
    ]


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_events_append_only()")
        op.execute("DROP TRIGGER camera_checks_no_update ON camera_checks")
        op.execute("DROP FUNCTION camera_checks_no_update()")
    else:
        op.execute("DROP TRIGGER camera_checks_no_update")
    for table, name, _ in reversed(ADDED):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(name)
