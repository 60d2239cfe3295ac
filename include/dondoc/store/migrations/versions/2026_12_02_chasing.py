"""Calls and promises: whom we spoke to, what came of it, and why they are late"""

import sqlalchemy as sa
from alembic import op

from dondoc.errors import Problem

revision = "2026_12_02_chasing"
down_revision = "2026_12_01_mails"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _calls()
    _documents()
    _retractions()
    _readings()
    _withdrawals()
    _epochs()


def downgrade() -> None:
    raise Problem(
        "Không hạ cơ sở dữ liệu xuống phiên bản trước: sẽ mất các cuộc trao đổi và ngày đã hẹn. Khôi phục bản sao lưu "
        "trước khi nâng cấp."
    )


def _calls() -> None:
    for name in ("spoken_to", "result", "cause"):
        op.add_column("rulings", sa.Column(name, sa.String(), nullable=True))


def _documents() -> None:
    op.add_column("rulings", sa.Column("document_date", sa.Date(), nullable=True))


def _retractions() -> None:
    op.create_table(
        "retractions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("registered_letter_id", sa.Integer(), nullable=True),
        sa.Column("report_issue_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["registered_letter_id"],
            ["registered_letters.id"],
            name="fk_retractions_registered_letter_id_registered_letters",
        ),
        sa.ForeignKeyConstraint(
            ["report_issue_id"], ["report_issues.id"], name="fk_retractions_report_issue_id_report_issues"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_retractions"),
        sa.UniqueConstraint("registered_letter_id", name="uq_retractions_registered_letter_id"),
        sa.UniqueConstraint("report_issue_id", name="uq_retractions_report_issue_id"),
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
