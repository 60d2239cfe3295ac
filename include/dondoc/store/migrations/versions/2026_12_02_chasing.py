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


def downgrade() -> None:
    raise Problem(
        "Không hạ cơ sở dữ liệu xuống phiên bản trước: sẽ mất các cuộc trao đổi và ngày đã hẹn. Khôi phục bản sao lưu "
        "trước khi nâng cấp."
    )


def _calls() -> None:
    for name in ("spoken_to", "result", "cause"):
        op.add_column("rulings", sa.Column(name, sa.String(), nullable=True))
