"""Which function of which room tells whether a letter of a kind is still true. The doors hand it to the outbox."""

from datetime import datetime

from sqlalchemy.orm import Session

from dondoc.mail.letter import StillTrue
from dondoc.store.mail import OutboxLetter
from dondoc.world import World


def registry(world: World) -> dict[str, StillTrue]:
    """One check per kind of letter."""
    from dondoc.cameras import letters
    from dondoc.escalation import escalate
    from dondoc.reporting import report

    cameras, chasing = letters.still_true(world), escalate.still_true(world)
    return {
        "receipt": _always,
        "returned": _always,
        "internal": _always,
        "reachability": cameras,
        "outage": cameras,
        "reminder": chasing,
        "overdue": chasing,
        "report": report.still_true(world),
    }


def _always(session: Session, letter: OutboxLetter, now: datetime) -> None:
    """An answer to what happened stays true."""
