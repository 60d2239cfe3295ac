"""Mails as a unit of their own, and what a file that nobody has named may turn out to be"""

import sqlalchemy as sa
from alembic import op

from dondoc.directive.names import fold
from dondoc.errors import Problem

revision = "2026_12_01_mails"
down_revision = "2026_11_30_reports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _mails()
    _searched()
    op.add_column("verdicts", sa.Column("may_be", sa.String(), nullable=True))
    op.add_column("verdicts", sa.Column("replaces", sa.Integer(), nullable=True))
    op.add_column("verdicts", sa.Column("letter_of", sa.Integer(), nullable=True))
    op.add_column("verdicts", sa.Column("again", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    raise Problem(
        "Không hạ cơ sở dữ liệu xuống phiên bản trước: sẽ mất nội dung các thư đã nhận. Khôi phục bản sao lưu trước "
        "khi nâng cấp."
    )


def _mails() -> None:
    op.create_table(
        "mails",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("promised", sa.Date(), nullable=True),
        sa.Column("document_number", sa.String(), nullable=True),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        sa.Column("bounced", sa.JSON(), nullable=False),
        sa.Column("passed_over", sa.JSON(), nullable=False),
        sa.Column("origin", sa.String(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["letter_id"], ["outbox.id"], name="fk_mails_letter_id_outbox"),
        sa.PrimaryKeyConstraint("id", name="pk_mails"),
        sa.UniqueConstraint("digest", name="uq_mails_digest"),
    )
    op.create_index("ix_mails_letter_id", "mails", ["letter_id"])
    _points_to("submissions", "mail_id", "mails")
    op.create_index("ix_submissions_mail_id", "submissions", ["mail_id"])


def _searched() -> None:
    """Submissions are found by file and subject without accents: folded once, as new ones are when they arrive."""
    op.add_column("submissions", sa.Column("named", sa.Text(), nullable=False, server_default=""))
    rows = sa.table("submissions", *map(sa.column, ("id", "filename", "subject", "named")))
    bind = op.get_bind()
    found = bind.execute(sa.select(rows.c.id, rows.c.filename, rows.c.subject)).all()
    named = [{"row": i, "words": fold(f"{name} | {subject or ''}")} for i, name, subject in found]
    if named:
        one = sa.update(rows).where(rows.c.id == sa.bindparam("row")).values(named=sa.bindparam("words"))
        bind.execute(one, named)
    for name, columns in {
        "ix_verdicts_submission_id": ["submission_id", "id", "outcome", "agency", "form", "version"],
        "ix_verdicts_agency": ["agency", "form", "version", "outcome", "submission_id", "id"],
    }.items():
        op.drop_index(name, "verdicts")
        op.create_index(name, "verdicts", columns)


def _points_to(table: str, name: str, other: str) -> None:
    """A column with its foreign key, which SQLite takes only with the column, in words of its own."""
    if op.get_bind().dialect.name == "sqlite":
        constraint = f"CONSTRAINT fk_{table}_{name}_{other} REFERENCES {other} (id)"
        op.execute(f"ALTER TABLE {table} ADD COLUMN {name} INTEGER {constraint}")
        return
    key = sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{name}_{other}")
    op.add_column(table, sa.Column(name, sa.Integer(), key, nullable=True))
