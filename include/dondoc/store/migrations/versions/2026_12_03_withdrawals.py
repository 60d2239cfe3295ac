"""Letters taken back, sources read before letters leave, and the epoch by which a restore is known"""

import sqlalchemy as sa
from alembic import op

from dondoc.errors import Problem

revision = "2026_12_03_withdrawals"
down_revision = "2026_12_02_chasing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _readings()
    _withdrawals()
    _epochs()
    _official_letters()
    _replies()
    _measurements()
    _second_looks()


def downgrade() -> None:
    raise Problem(
        "Không hạ cơ sở dữ liệu xuống phiên bản trước: sẽ mất các thư đã rút lại. Khôi phục bản sao lưu trước khi "
        "nâng cấp."
    )


def _readings() -> None:
    """Until now only the end of a reading was written down."""
    op.add_column("source_reads", sa.Column("finished", sa.Boolean(), nullable=False, server_default=sa.true()))


def _withdrawals() -> None:
    op.create_table(
        "withdrawals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("taken_back", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["letter_id"], ["outbox.id"], name="fk_withdrawals_letter_id_outbox"),
        sa.PrimaryKeyConstraint("id", name="pk_withdrawals"),
    )
    op.create_index("ix_withdrawals_letter_id", "withdrawals", ["letter_id"])


def _epochs() -> None:
    op.create_table(
        "outbox_epochs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("restored", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox_epochs"),
    )


def _official_letters() -> None:
    op.create_table(
        "official_letters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("directive", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("answer_days", sa.Integer(), nullable=False),
        sa.Column("blob", sa.String(), nullable=False),
        sa.Column("rehearsal", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_official_letters"),
        sa.UniqueConstraint("directive", "day", "rehearsal", name="uq_official_letters_directive_day_rehearsal"),
    )
    op.create_index("ix_official_letters_directive", "official_letters", ["directive"])
    op.create_table(
        "official_issues",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("document_number", sa.String(), nullable=False),
        sa.Column("document_date", sa.Date(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("agencies", sa.JSON(), nullable=False),
        sa.Column("blob", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["official_letters.id"], name="fk_official_issues_letter_id_official_letters"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_official_issues"),
    )
    op.create_index("ix_official_issues_letter_id", "official_issues", ["letter_id"])
    key = "fk_retractions_official_issue_id_official_issues"
    if op.get_bind().dialect.name == "sqlite":  # it takes a foreign key only with its column, in words of its own
        constraint = f"CONSTRAINT {key} REFERENCES official_issues (id)"
        op.execute(f"ALTER TABLE retractions ADD COLUMN official_issue_id INTEGER {constraint}")
    else:
        to = sa.ForeignKey("official_issues.id", name=key)
        op.add_column("retractions", sa.Column("official_issue_id", sa.Integer(), to, nullable=True))
    op.create_index("ix_retractions_official_issue_id", "retractions", ["official_issue_id"], unique=True)


def _replies() -> None:
    """What a person made of a reply without a form."""
    op.add_column("verdicts", sa.Column("closing", sa.String(), nullable=True))
    op.add_column("verdicts", sa.Column("closed_by", sa.Integer(), nullable=True))


def _measurements() -> None:
    op.create_table(
        "camera_measurements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("camera_id", sa.Integer(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("happened_at", sa.DateTime(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.id"], name="fk_camera_measurements_camera_id_cameras"),
        sa.PrimaryKeyConstraint("id", name="pk_camera_measurements"),
        sa.UniqueConstraint("camera_id", "night", "subject", name="uq_camera_measurements_camera_id_night_subject"),
    )
    op.create_index("ix_camera_measurements_night", "camera_measurements", ["night"])


def _second_looks() -> None:
    """How many cameras of a round showed their picture only at a second look, by why."""
    op.add_column("night_runs", sa.Column("helped", sa.JSON(), nullable=False, server_default="{}"))
