"""Whose turn it is to be looked at closely. Pure."""

from datetime import date

WEEK = 7  # nights


def due(camera: int, night: date) -> bool:
    """Whether a camera is looked at closely on a night: each once a week, as many each night."""
    return (camera + night.toordinal()) % WEEK == 0
