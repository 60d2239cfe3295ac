"""What all closed sets share."""

from enum import StrEnum
from typing import Self

from dondoc.errors import Problem


class Code(StrEnum):
    """A member equals the string that stands in tables, JSON and logs; `label` is what people read."""

    label: str

    def __new__(cls, code: str, *details: object) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        return member

    def __init__(self, code: str, label: str) -> None:
        self.label = label

    @property
    def heading(self) -> str:
        """The label at the beginning of a line."""
        return self.label[:1].upper() + self.label[1:]

    @classmethod
    def unknown(cls, code: str) -> Self:
        """What a later version or a hand wrote into a table: equal to no member, and shown as it stands."""
        stray = str.__new__(cls, code)
        stray._value_ = stray._name_ = stray.label = code
        return stray

    @classmethod
    def stored(cls, code: str) -> Self:
        """The member that was written into a table, or `unknown`."""
        return next((member for member in cls if member == code), None) or cls.unknown(code)

    @classmethod
    def read(cls, text: str, what: str) -> Self:
        """The member that somebody wrote; `what` it is, for who wrote something else.

        Raises:
            Problem: there is none of that name; says which there are.
        """
        for member in cls:
            if member == text:
                return member
        raise Problem(f"Không có {what} “{text}”. Có: {', '.join(cls)}.")
