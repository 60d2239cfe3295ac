"""States of reports, what people write in them, a code from a draft to its figures; why a camera is not checked"""

import json
from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa
from alembic import op

from dondoc.errors import Problem

revision = "2026_11_30_reports"
down_revision = "2026_11_29_facts"
branch_labels = None
depends_on = None

HERE = timedelta(hours=7)  # instants are stored in UTC, days are Vietnam's


def upgrade() -> None:
    connection = op.get_bind()
    _codes(connection)
    _issues(connection)
    op.add_column("camera_states", sa.Column("unseen", sa.String(), nullable=True))
    op.create_table(
        "report_approvals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name="fk_report_approvals_report_id_reports"),
        sa.PrimaryKeyConstraint("id", name="pk_report_approvals"),
    )
    op.create_index("ix_report_approvals_report_id", "report_approvals", ["report_id"])
    op.create_table(
        "report_texts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("directive", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_report_texts"),
    )
    op.create_index("ix_report_texts_directive_as_of", "report_texts", ["directive", "as_of"])


def downgrade() -> None:
    raise Problem(
        "Không hạ cơ sở dữ liệu xuống phiên bản trước: sẽ mất người duyệt, bản sửa và lời văn của các báo cáo. "
        "Khôi phục bản sao lưu trước khi nâng cấp."
    )


def _codes(connection: sa.Connection) -> None:
    op.add_column("reports", sa.Column("code", sa.String(), nullable=False, server_default=""))
    reports = sa.table("reports", sa.column("id"), sa.column("figures", sa.JSON), sa.column("code"))
    for number, figures in connection.execute(sa.select(reports.c.id, reports.c.figures)).all():
        plain = json.dumps(figures, sort_keys=True, ensure_ascii=False)
        digest = sha256(plain.encode()).hexdigest()[:8].upper()
        code = f"{digest[:4]}-{digest[4:]}"
        connection.execute(reports.update().where(reports.c.id == number).values(code=code))
    op.create_index("ix_reports_code", "reports", ["code"])


def _issues(connection: sa.Connection) -> None:
    """A day may be issued again. Each row gets the report that was drawn up last before it."""
    with op.batch_alter_table("report_issues") as batch:
        batch.drop_constraint("uq_report_issues_directive_as_of", type_="unique")
        batch.add_column(sa.Column("report_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("reason", sa.Text(), nullable=True))
        batch.create_foreign_key("fk_report_issues_report_id_reports", "reports", ["report_id"], ["id"])
    op.create_index("ix_report_issues_directive", "report_issues", ["directive"])
    reports = sa.table("reports", *_ids(), _instant("as_of"), _instant("recorded_at"))
    its = sa.column("report_id", sa.Integer())
    issues = sa.table("report_issues", *_ids(), its, sa.column("as_of", sa.Date()), _instant("recorded_at"))
    drawn = connection.execute(sa.select(reports).order_by(reports.c.id)).all()
    for issue in connection.execute(sa.select(issues)).all():
        mine = [
            one.id
            for one in drawn
            if one.directive == issue.directive and one.recorded_at <= issue.recorded_at
            if (one.as_of + HERE).date() == issue.as_of
        ]
        if mine:
            connection.execute(issues.update().where(issues.c.id == issue.id).values(report_id=mine[-1]))


def _ids() -> tuple[sa.ColumnClause[int], sa.ColumnClause[str]]:
    return sa.column("id", sa.Integer()), sa.column("directive", sa.String())


def _instant(name: str) -> sa.ColumnClause[datetime]:
    return sa.column(name, sa.DateTime())
