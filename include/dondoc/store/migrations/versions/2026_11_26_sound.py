"""Cameras that record sound: of those no picture is kept"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_sound"
down_revision = "2026_11_25_nights"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cameras", sa.Column("records_sound", sa.Boolean(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("cameras") as batch:
        batch.drop_column("records_sound")
