"""Facts that never change; and what databases lack that an early edition of 2026_11_27_trust has made"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_29_facts"
down_revision = "2026_11_28_letters"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _early_trust()
    _calendar()


def downgrade() -> None:
    """What an early edition lacked stays: the migration before has it, too."""
    op.drop_table("calendar_versions")


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
