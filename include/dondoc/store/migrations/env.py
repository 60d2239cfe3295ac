"""Alembic's entry: runs on the connection that `store.session.upgrade` hands over."""

from alembic import context
from sqlalchemy import Connection, inspect, literal, select, table

from dondoc.errors import Problem
from dondoc.store.models import Base


def has_rows(connection: Connection) -> bool:
    """Whether there is anything that a step back could lose."""
    names = set(inspect(connection).get_table_names()) - {"alembic_version"}
    return any(connection.scalar(select(literal(1)).select_from(table(name)).limit(1)) for name in names)


connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
if context.get_context().opts["fn"].__name__ == "downgrade" and has_rows(connection):
    raise Problem(
        "Không hạ cơ sở dữ liệu đã có dữ liệu xuống phiên bản cũ: sẽ mất những gì phiên bản cũ không có chỗ ghi. "
        "Cần trở lại thì khôi phục bản sao lưu trước khi nâng cấp, cùng phiên bản dondoc của bản sao lưu ấy."
    )
with context.begin_transaction():
    context.run_migrations()
