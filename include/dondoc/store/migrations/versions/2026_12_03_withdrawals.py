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
    _replies()


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


def _replies() -> None:
    """What a person made of a reply without a form."""
    op.add_column("verdicts", sa.Column("closing", sa.String(), nullable=True))
    op.add_column("verdicts", sa.Column("closed_by", sa.Integer(), nullable=True))
