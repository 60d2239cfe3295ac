"""Alembic's entry: runs on the connection that `store.session.upgrade` hands over."""

from typing import Any

from alembic import context
from sqlalchemy import Connection, inspect, literal, select, table

from dondoc.errors import Problem
from dondoc.store.models import Base


def has_rows(connection: Connection) -> bool:
    """Whether there is anything that a migration could lose."""
    names = set(inspect(connection).get_table_names()) - {"alembic_version"}
    return any(connection.scalar(select(literal(1)).select_from(table(name)).limit(1)) for name in names)


def refuse_loss(*, step: Any, **_: Any) -> None:
    """Called after each step, in the transaction of them all: what raises here undoes the step.

    Raises:
        Problem: the step went back to an older version, which has no place for what was written since.
    """
    if filled and not step.is_upgrade:
        raise Problem(
            "Không hạ cơ sở dữ liệu đã có dữ liệu xuống phiên bản cũ: sẽ mất những gì phiên bản cũ không có chỗ ghi. "
            "Cần trở lại thì khôi phục bản sao lưu trước khi nâng cấp, cùng phiên bản dondoc của bản sao lưu ấy."
        )


connection = context.config.attributes["connection"]
filled = has_rows(connection)
context.configure(
    connection=connection, target_metadata=Base.metadata, render_as_batch=True, on_version_apply=refuse_loss
)
with context.begin_transaction():
    context.run_migrations()
