"""Remarks on a camera beside its state, in the table of states"""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_04_remarks"
down_revision = "2026_12_03_withdrawals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table is made from the facts: all of it is to be made anew."""
    op.execute("DELETE FROM camera_states")
    op.add_column("camera_states", sa.Column("remarks", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("camera_states", "remarks")
