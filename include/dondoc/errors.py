"""The one error that the command line, the pages and the DAGs show to a person."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Problem(Exception):
    """Something a person has to mend: a full sentence that says what is wrong, where, and what to do.

    Never carries a secret, a URL with user info or a traceback's text.
    """


@dataclass(frozen=True, order=True)
class FileFault:
    """What is wrong in a data file: its name, the line (1 where there is none), and a sentence."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class Faulty(Problem):
    """Data files that cannot be used: `file:line: …` per fault."""

    def __init__(self, faults: Iterable[FileFault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))


class Cause(StrEnum):
    """Why what everything rests on, the database or its disk, cannot be used."""

    BUSY = "busy"
    FULL = "full"
    FAULTY = "faulty"
    DAMAGED = "damaged"
    READ_ONLY = "read_only"
    CLOSED = "closed"
    EMPTY = "empty"
    BEHIND = "behind"
    AHEAD = "ahead"
    UNREACHABLE = "unreachable"
    LOGIN = "login"
    NO_DATABASE = "no_database"
    KEY = "key"
    OTHER = "other"


class Unavailable(Problem):
    """What everything rests on cannot be used: nobody's input is at fault, and the same call may work later."""

    def __init__(self, cause: Cause, sentence: str) -> None:
        super().__init__(sentence)
        self.cause = cause
