"""Many letters: their versions, and the letter to which each fact belongs

Until now there was one letter. Its id stands in the chasing letters and reports that were written for it; a database
without any takes it from DONDOC_DIRECTIVE, else it is the shipped one's.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op

from dondoc.errors import Problem

revision = "2026_11_28_letters"
down_revision = "2026_11_27_trust"
branch_labels = None
depends_on = None

SHIPPED = "stttt-cntt-2021-11"
CHASING = ("reminder", "overdue")


def upgrade() -> None:
    bind = op.get_bind()
    op.create_table(
        "directive_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("directive", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_directive_versions"),
        sa.UniqueConstraint("directive", "number", name="uq_directive_versions_directive_number"),
    )
    op.create_index("ix_directive_versions_directive", "directive_versions", ["directive"])
    op.create_index("ix_directive_versions_digest", "directive_versions", ["digest"])
    for table, name in (("rulings", "directive"), ("rulings", "period")):
        op.add_column(table, sa.Column(name, sa.String(), nullable=True))
    for table in ("outbox", "decisions"):
        op.add_column(table, sa.Column("directives", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("reports", sa.Column("directive", sa.String(), nullable=False, server_default=""))
    op.create_index("ix_reports_directive", "reports", ["directive"])
    letter = _letter(bind)
    bind.execute(sa.text("UPDATE reports SET directive = :letter"), {"letter": letter})
    _issues(letter)
    for table in ("registered_letters", "verdicts"):
        _rewrite(bind, table, "fulfils", lambda named: [_full(letter, name) for name in named])
    _rewrite(bind, "decisions", "obligations", lambda named: [_full(letter, name) for name in named])
    bind.execute(
        sa.text("UPDATE decisions SET directives = :said WHERE step IS NOT NULL"), {"said": json.dumps([letter])}
    )
    _letters(bind, letter)


def _letter(bind: sa.Connection) -> str:
    """The id of the one letter that there was."""
    for query in ("SELECT context FROM outbox WHERE kind IN ('reminder', 'overdue')", "SELECT figures FROM reports"):
        for (said,) in bind.execute(sa.text(query)):
            found = (json.loads(said) if isinstance(said, str) else said).get("directive")
            if found:
                return str(found)
    file = Path(os.environ.get("DONDOC_DIRECTIVE") or "-")
    named = re.search(r"^id: *(\S+)", file.read_text(encoding="utf-8"), re.MULTILINE) if file.is_file() else None
    return named[1] if named else SHIPPED


def _full(letter: str, name: str) -> str:
    return name if ":" in name else f"{letter}:{name}"


def _rewrite(bind: sa.Connection, table: str, column: str, change: Any) -> None:
    rows = sa.table(table, sa.column("id", sa.Integer), sa.column(column, sa.JSON))
    for number, said in bind.execute(sa.select(rows.c.id, rows.c[column])).all():
        if said and (changed := change(said)) != said:
            bind.execute(sa.update(rows).where(rows.c.id == number).values({column: changed}))


def _letters(bind: sa.Connection, letter: str) -> None:
    """Chasing letters and reports in the outbox."""
    rows = sa.table(
        "outbox",
        sa.column("id", sa.Integer),
        sa.column("kind", sa.String),
        sa.column("context", sa.JSON),
        sa.column("directives", sa.JSON),
    )
    wanted = sa.select(rows.c.id, rows.c.kind, rows.c.context).where(rows.c.kind.in_((*CHASING, "report")))
    for number, kind, context in bind.execute(wanted).all():
        its = context.get("directive", letter)
        changed = {**context, "directive": its}
        if kind in CHASING:
            changed["steps"] = {its: context["step"]}
            for key in {"duties", "others"} & context.keys():
                changed[key] = [[_owed(its, name), last_day] for name, last_day in context[key]]
        bind.execute(sa.update(rows).where(rows.c.id == number).values(context=changed, directives=[its]))


def _owed(letter: str, name: str) -> str:
    agency, _, duty = name.partition("/")
    return f"{agency}/{_full(letter, duty)}"


def _issues(letter: str) -> None:
    """A report is issued once a day and letter. No table points to this one: on SQLite it can be made anew."""
    with op.batch_alter_table("report_issues") as batch:
        batch.add_column(sa.Column("directive", sa.String(), nullable=False, server_default=letter))
        batch.drop_constraint("uq_report_issues_as_of", type_="unique")
        batch.create_unique_constraint("uq_report_issues_directive_as_of", ["directive", "as_of"])


def downgrade() -> None:
    """Facts of several letters do not fit into a database of one."""
    raise Problem(
        "Không hạ cơ sở dữ liệu xuống phiên bản chỉ có một văn bản: sẽ mất dữ kiện của các văn bản khác. "
        "Khôi phục bản sao lưu trước khi nâng cấp."
    )
