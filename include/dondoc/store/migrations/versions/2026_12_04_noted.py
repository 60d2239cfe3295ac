"""What is to be looked into at a camera, in the table of how cameras stand"""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_04_noted"
down_revision = "2026_12_03_withdrawals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table is made from the facts: all of it is to be made anew."""
    op.execute("DELETE FROM camera_states")
    op.add_column("camera_states", sa.Column("noted", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("camera_states", "noted")
