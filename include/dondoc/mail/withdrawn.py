"""Letters that were sent wrongly and withdrawn since: nothing counts them, and nothing rests on them."""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from dondoc.store.mail import Withdrawal

_later = aliased(Withdrawal)


def withdrawn(known_at: datetime | None = None) -> Select[int]:
    """The ids of letters that stand withdrawn, as known at a moment: of each its newest row counts."""
    newer = select(_later.id).where(_later.letter_id == Withdrawal.letter_id, _later.id > Withdrawal.id)
    ids = select(Withdrawal.letter_id).where(Withdrawal.taken_back.is_(False))
    if known_at is not None:
        newer, ids = newer.where(_later.recorded_at <= known_at), ids.where(Withdrawal.recorded_at <= known_at)
    return ids.where(~newer.exists())
