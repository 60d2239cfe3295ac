"""How a ground gets darker."""

from enum import StrEnum


class Shading(StrEnum):
    NONE = "none"
    EVENLY = "evenly"  # as much with each row, and with each column
    ANYHOW = "anyhow"
