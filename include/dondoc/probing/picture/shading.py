"""How the ground of a picture gets darker."""

from enum import StrEnum


class Shading(StrEnum):
    """How the brightness of a ground falls off over it."""

    NONE = "none"
    EVENLY = "evenly"  # as much with each row, and with each column
    ANYHOW = "anyhow"
