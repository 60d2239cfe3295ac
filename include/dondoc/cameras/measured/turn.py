"""Whose turn it is to be looked at closely, or by daylight. Pure."""

from datetime import date

WEEK = 7  # nights


def due(camera: int, night: date) -> bool:
    """Whether it is a camera's turn on a night or a day: each once a week, as many each day."""
    return (camera + night.toordinal()) % WEEK == 0
