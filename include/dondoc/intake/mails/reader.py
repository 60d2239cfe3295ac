"""Reading what may be broken, part by part."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


@dataclass
class Reader:
    """The libraries raise whatever they trip over: such a part counts as missing, and the others are read all the
    same."""

    faults: list[str] = field(default_factory=list)

    def read(self, instead: T, part: Callable[P, T], *of: P.args, **more: P.kwargs) -> T:
        try:
            return part(*of, **more)
        except MemoryError:
            raise
        except Exception as error:
            self.faults.append(type(error).__name__)
            return instead
