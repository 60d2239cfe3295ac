"""A person's word that overrides the machine: dated, with document and reason, undone only by another one."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.clock import HERE
from dondoc.store.facts import Ruling
from dondoc.vocabulary.rulings import RulingKind


class PauseOver(NamedTuple):
    """Days on which nobody was chased: a pause until its own last day, or until somebody lifted it."""

    ruling: Ruling
    first: date
    last: date


def standing_rulings(
    session: Session, as_of: datetime, known_at: datetime | None = None, *, undoings: bool = False
) -> list[Ruling]:
    """Rulings that hold at a moment as known by another; undone ones are left out. Of several the last one counts.

    Args:
        undoings: also those that undo others.
    """
    return holding(ruled(session, as_of, known_at), undoings=undoings)


def ruled(session: Session, as_of: datetime, known_at: datetime | None = None) -> Sequence[Ruling]:
    """Every ruling by a moment as known by another, in the order in which they were recorded."""
    query = select(Ruling).where(Ruling.happened_at <= as_of).order_by(Ruling.id)
    if known_at is not None:
        query = query.where(Ruling.recorded_at <= known_at)
    return session.scalars(query).all()


def holding(rows: Sequence[Ruling], *, undoings: bool = False) -> list[Ruling]:
    """As `standing_rulings`, of rows that are read already."""
    return in_order(r for r in standing(rows) if undoings or r.kind != RulingKind.UNDO)


def pauses_over(rows: Sequence[Ruling], today: date) -> list[PauseOver]:
    """The pauses that held before a day and do not on it, with their first and last day: each time that one held."""
    found: list[PauseOver] = []
    undoings = [r for r in rows if r.kind == RulingKind.UNDO]
    for ruling in (r for r in rows if r.kind == RulingKind.PAUSE):
        for since, undone in spans(undoings, ruling):
            ends = [day for day in (ruling.until, undone and undone.astimezone(HERE).date()) if day]
            first = since.astimezone(HERE).date()
            if ends and first <= (last := min(ends)) and (undone or last < today):
                found.append(PauseOver(ruling, first, last))
    return found


def standing(rows: Sequence[Ruling]) -> list[Ruling]:
    """The rows that no other undoes. An undoing that is undone itself undoes nothing.

    `rows`: in the order in which they were recorded, in which each comes after what it undoes.
    """
    undone, found = set[int | None](), []
    for row in reversed(rows):
        if row.id in undone:
            continue
        found.append(row)
        if row.kind == RulingKind.UNDO:
            undone.add(row.undoes)
    return found[::-1]


def spans(rows: Sequence[Ruling], ruling: Ruling) -> list[tuple[datetime, datetime | None]]:
    """From when to when a ruling holds; None: until further notice. Each time that it is undone ends one."""
    chain = [ruling]
    for row in rows:
        chain += [row] if row.undoes in {one.id for one in chain} else []
    found: list[tuple[datetime, datetime | None]] = []
    since: datetime | None = None
    for edge in sorted({r.happened_at for r in chain}):
        holds = ruling in standing([r for r in chain if r.happened_at <= edge])
        if holds and since is None:
            since = edge
        elif not holds and since is not None:
            found.append((since, edge))
            since = None
    return [*found, (since, None)] if since else found


def in_order(rulings: Iterable[Ruling]) -> list[Ruling]:
    """By the date of the document, else of the ruling: of competing ones the last counts."""

    def key(ruling: Ruling) -> tuple[date, datetime]:
        happened = ruling.happened_at.astimezone(HERE)
        return ruling.document_date or happened.date(), happened

    return sorted(rulings, key=key)


def latest(extensions: Sequence[Ruling]) -> Ruling | None:
    """Which of the extensions of a duty, oldest first, gives its last day.

    A later one replaces an earlier one that says no more of what it is about, for one agency or for all of them: it may
    be a correction. One for all of them takes nothing from what one agency was granted, nor the other way round: of
    those that remain the most favourable counts.
    """
    counting = [
        one
        for place, one in enumerate(extensions)
        if not any(_replaces(later, one) for later in extensions[place + 1 :])
    ]
    return max(reversed(counting), key=lambda r: r.until or date.min, default=None)


def _replaces(later: Ruling, earlier: Ruling) -> bool:
    named = ("directive", "system", "deliverable", "period")
    return (later.agency is None) == (earlier.agency is None) and all(
        getattr(earlier, name) in (None, getattr(later, name)) for name in named
    )


def as_row(ruling: Ruling) -> dict[str, Any]:
    """A ruling for a listing: absent agency, system, deliverable, place and site mean all of them."""
    return {
        "id": str(ruling.id),
        "kind": ruling.kind,
        "directive": ruling.directive,
        "agency": ruling.agency,
        "system": ruling.system,
        "deliverable": ruling.deliverable,
        "period": ruling.period,
        "place": ruling.place,
        "site": ruling.site,
        "until": ruling.until.isoformat() if ruling.until else None,
        "to": ruling.to_agency,
        "undoes": str(ruling.undoes) if ruling.undoes else None,
        "spoken_to": ruling.spoken_to,
        "result": ruling.result,
        "cause": ruling.cause,
        "document": ruling.document,
        "document_date": ruling.document_date.isoformat() if ruling.document_date else None,
        "reason": f"{ruling.document}: {ruling.reason} ({ruling.by})",
        "by": ruling.by,
        "from": ruling.happened_at.isoformat(),
    }


def hold_all(session: Session, as_of: datetime, known_at: datetime | None = None) -> Ruling | None:
    """The ruling that stops every chasing letter, if one stands."""
    held = [r for r in standing_rulings(session, as_of, known_at) if r.kind == RulingKind.HOLD_ALL]
    return held[-1] if held else None
