"""What every table shares: naming of constraints, instants that always carry a zone."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, DateTime, MetaData, String, event
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, QueryableAttribute
from sqlalchemy.types import TypeDecorator

from dondoc.clock import HERE
from dondoc.errors import Problem
from dondoc.probing.verdicts import Phase
from dondoc.probing.verdicts import Verdict as Seen
from dondoc.probing.wanted import Subject
from dondoc.vocabulary.cameras import Condition, Exemption, Link, Power, State
from dondoc.vocabulary.code import Code
from dondoc.vocabulary.letters import LetterKind, OutboxState
from dondoc.vocabulary.mails import Closing, MailKind
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.reports import ReportPart
from dondoc.vocabulary.rulings import CallResult, Cause, RulingKind
from dondoc.vocabulary.submissions import Arrival, MayBe, Outcome

VOCABULARIES: tuple[type[StrEnum], ...] = (
    LetterKind,
    OutboxState,
    Role,
    RulingKind,
    CallResult,
    Cause,
    Arrival,
    Outcome,
    MayBe,
    MailKind,
    Closing,
    Exemption,
    Condition,
    Power,
    Link,
    State,
    Seen,
    Phase,
    Subject,
    ReportPart,
)


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


class _Members(dict[str | None, StrEnum | None]):
    """What stands in a column → what it is in Python."""

    def __init__(self, vocabulary: type[StrEnum]) -> None:
        super().__init__({member.value: member for member in vocabulary} | {None: None})
        self.vocabulary = vocabulary

    def __missing__(self, value: str) -> StrEnum:
        if issubclass(self.vocabulary, Code):
            return self.vocabulary.unknown(value)
        raise Problem(
            f"Cơ sở dữ liệu có mã “{value}” mà phiên bản này của dondoc không biết ({self.vocabulary.__name__}). "
            "Dùng phiên bản đã ghi mã ấy, hoặc báo người quản trị."
        )


class Coded(TypeDecorator[StrEnum]):
    """A column of a closed set: its string in the table, its member in Python.

    A string that is no member, which a later version or a hand wrote, is read as it stands where all that hangs on it
    are its words: one row must not keep the others from being read, and whoever needs to know what it means says so.
    Of a set whose members carry a meaning of their own (verdicts) it is refused with a sentence (`Problem`).
    """

    impl = String
    cache_ok = True

    def __init__(self, vocabulary: type[StrEnum]) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self._members = _Members(vocabulary)

    def member(self, value: str | None) -> StrEnum | None:
        """What is set as a column's value; raises ValueError for what is no member."""
        if isinstance(value, self.vocabulary):  # also what was read as it stands
            return value
        if value not in self._members:
            raise ValueError(f"{value!r} is no {self.vocabulary.__name__}")
        return self._members[value]

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], StrEnum | None]:
        """Without a call in Python for each row: hundreds of thousands of checks are read at a time."""
        return self._members.__getitem__


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
