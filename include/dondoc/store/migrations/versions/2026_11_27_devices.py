"""Tonight's attempts of a device are counted before each login: found without reading those of years"""

from alembic import op

revision = "2026_11_27_devices"
down_revision = "2026_11_26_sound"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_credential_attempts_night_device", "credential_attempts", ["night", "device"])


def downgrade() -> None:
    op.drop_index("ix_credential_attempts_night_device", "credential_attempts")
