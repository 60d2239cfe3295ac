"""What every table shares: naming of constraints, instants that always carry a zone."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, MetaData, String, event
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, QueryableAttribute
from sqlalchemy.types import TypeDecorator

from dondoc.clock import HERE
from dondoc.vocabulary.cameras import Exemption
from dondoc.vocabulary.code import Code
from dondoc.vocabulary.letters import LetterKind, OutboxState
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.rulings import RulingKind
from dondoc.vocabulary.submissions import Arrival, Outcome

VOCABULARIES = (LetterKind, OutboxState, Role, RulingKind, Arrival, Outcome, Exemption)


class Instant(TypeDecorator[datetime]):
    """An instant: refuses a naive datetime, stores UTC, returns Vietnam's time."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC).astimezone(HERE) if value else None


class Coded(TypeDecorator[Code]):
    """A column of a closed set: its string in the table, its member in Python.

    A string that is no member, which a later version or a hand wrote, is read as it stands: one row must not keep the
    others from being read, and whoever needs to know what it means says so.
    """

    impl = String
    cache_ok = True

    def __init__(self, vocabulary: type[Code]) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self._members: dict[str, Code] = {member.value: member for member in vocabulary}

    def member(self, value: str | None) -> Code | None:
        """What is set as a column's value; raises ValueError for what is no member."""
        if value is None:
            return None
        if value not in self._members:
            raise ValueError(f"{value!r} is no {self.vocabulary.__name__}")
        return self._members[value]

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else self._members.get(value) or self.vocabulary.unknown(value)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Instant, dict[str, Any]: JSON, list[Any]: JSON} | {
        vocabulary: Coded(vocabulary) for vocabulary in VOCABULARIES
    }


@event.listens_for(Base, "attribute_instrument")
def _members_only(cls: type[Base], name: str, attribute: QueryableAttribute[Any]) -> None:
    """Whatever is set in a column of a closed set becomes its member, or is refused."""
    columns = getattr(attribute.property, "columns", ())
    if columns and isinstance(kind := columns[0].type, Coded):
        event.listen(attribute, "set", lambda row, value, old, by: kind.member(value), retval=True)
