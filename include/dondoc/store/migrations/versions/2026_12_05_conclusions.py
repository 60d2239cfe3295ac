"""What was concluded of a round of looks, each time that it was"""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_05_conclusions"
down_revision = "2026_12_04_remarks"
branch_labels = None
depends_on = None

COLUMNS = "night, round, our_side_down"


def upgrade() -> None:
    """Of rounds of before only the newest conclusion is known."""
    op.create_table(
        "round_conclusions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("round", sa.String(), nullable=False),
        sa.Column("our_side_down", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_round_conclusions"),
    )
    op.execute(
        f"INSERT INTO round_conclusions ({COLUMNS}, recorded_at) "  # noqa: S608
        f"SELECT {COLUMNS}, finished_at FROM night_runs WHERE finished_at IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_table("round_conclusions")
