"""A person's word that overrides the machine: dated, with document and reason, undone only by another one."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.audit import Actor, person
from dondoc.clock import HERE
from dondoc.directive.model import Directive, Registry
from dondoc.errors import Problem
from dondoc.facts import places
from dondoc.facts.moments import happened
from dondoc.store.facts import Ruling
from dondoc.vocabulary.fields import Field, FieldProblem, must
from dondoc.vocabulary.numbers import QD
from dondoc.vocabulary.rulings import RulingKind

# What a person says was so, not what is to be.
HAPPENED = (RulingKind.ACCEPT, RulingKind.CALLED, RulingKind.UNDO)


def rule(
    session: Session,
    letters: Sequence[Directive],
    registry: Registry,
    kind: RulingKind,
    *,
    directive: str | None = None,
    agency: str | None = None,
    system: str | None = None,
    deliverable: str | None = None,
    period: str | None = None,
    place: str | None = None,
    until: date | None = None,
    to_agency: str | None = None,
    undoes: int | None = None,
    decision: int | None = None,
    document: str,
    reason: str,
    by: Actor,
    secrets: list[str],
    from_: datetime | None = None,
    now: datetime,
) -> int:
    """Record a ruling; an absent letter, agency, system, deliverable or period means all of them.

    Args:
        place: pause: only the cameras of this place of the agency, and none of its duties; one that cameras have.
        until: extend: the new last day in time; pause: its last day (absent: until undone); stop: the first day on
            which the step of the decision may be taken again.
        from_: holds from this instant, also in the past; what has happened (HAPPENED) and an undoing not in the
            future; default: now.

    Raises:
        Problem: it lacks something, names what the directive does not know, or is a program's word.
    """
    given = {"until": until, "to_agency": to_agency, "undoes": undoes, "decision": decision, "agency": agency}
    if missing := [field for field in kind.needs if given[field] is None]:
        raise FieldProblem(f"Quyết định {kind.label} cần thêm {', '.join('{}' for _ in missing)}.", *missing)
    document, reason = must(Field.DOCUMENT, document), must(Field.REASON, reason)
    if place is not None and (kind != RulingKind.PAUSE or agency is None or deliverable is not None):
        raise Problem("Điểm chỉ ghi khi tạm dừng, kèm đơn vị có điểm đó, không kèm nội dung phải gửi.")
    about = [letter for letter in letters if directive in (None, letter.id)]
    if not about and directive is not None:
        raise Problem(f"Không có văn bản “{directive}” đang thực hiện. Xem: dondoc directive list.")
    _known(about, registry, agency, system, deliverable, to_agency)
    if place is not None and agency is not None:
        place = places.known(session, registry, agency, place, (from_ or now).date(), system=system)
    if kind == RulingKind.ACCEPT and period is None:
        _says_which_period(about, agency, system, deliverable)
    if kind in HAPPENED and from_:
        happened(from_, now)
    from_ = _undoable(session, undoes, from_ or now, now)
    if kind == RulingKind.PAUSE and until is not None and until < (from_ or now).date():
        raise Problem(f"Tạm dừng đến hết ngày {until:%d/%m/%Y} thì đã hết trước khi bắt đầu. Kiểm tra lại hai ngày.")
    if kind == RulingKind.EXTEND and until is not None:
        _later(about, agency, system, deliverable, until)
    row = Ruling(
        kind=kind,
        directive=directive,
        agency=agency,
        system=system,
        deliverable=deliverable,
        period=period,
        place=place,
        until=until,
        to_agency=to_agency,
        undoes=undoes,
        decision_id=decision,
        document=document,
        reason=reason,
        by=person(by.name),
        happened_at=from_,
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(session, secrets, by, kind, QD(row.id), now=now, **_told(row))
    return row.id


def _told(row: Ruling) -> dict[str, Any]:
    about = {
        "directive": row.directive,
        "agency": row.agency,
        "system": row.system,
        "deliverable": row.deliverable,
        "period": row.period,
        "place": row.place,
        "until": row.until.isoformat() if row.until else None,
        "to": row.to_agency,
        "undoes": QD(row.undoes) if row.undoes else None,
        "from": row.happened_at.isoformat() if row.happened_at != row.recorded_at else None,
        "document": row.document,
        "reason": row.reason,
    }
    return {name: value for name, value in about.items() if value}


def _known(
    letters: Sequence[Directive],
    registry: Registry,
    agency: str | None,
    system: str | None,
    deliverable: str | None,
    to_agency: str | None,
) -> None:
    agencies = {a.id for a in registry.agencies}
    for wanted in (agency, to_agency):
        if wanted is not None and wanted not in agencies:
            raise Problem(f"Không có đơn vị “{wanted}” trong văn bản chỉ đạo.")
    if system is not None and system not in {s.id for s in registry.systems}:
        raise Problem(f"Không có hệ thống “{system}”. Các hệ thống: {', '.join(s.id for s in registry.systems)}.")
    known = {duty.deliverable for letter in letters for duty in letter.duties}
    if deliverable is not None and deliverable not in known:
        raise Problem(f"Không có nội dung phải gửi “{deliverable}”. Có: {', '.join(sorted(known))}.")


def _later(
    letters: Sequence[Directive], agency: str | None, system: str | None, deliverable: str | None, until: date
) -> None:
    """An extension to a day before the written last day is a slip of the pen: it would make the agency late."""
    about = [
        duty.due_before - timedelta(days=1)
        for letter in letters
        for duty in letter.obligations
        if duty.due_before and system in (None, duty.system) and deliverable in (None, duty.deliverable)
        if agency in (None, duty.agency)
    ]
    if about and until < min(about):
        raise FieldProblem(
            f"Gia hạn đến {until:%d/%m/%Y} sớm hơn thời hạn của văn bản. Kiểm tra lại {{}}.", Field.UNTIL
        )


def _says_which_period(
    letters: Sequence[Directive], agency: str | None, system: str | None, deliverable: str | None
) -> None:
    """What is taken for done is one period's: nobody says it of those to come."""
    periods = [
        duty.period
        for letter in letters
        for duty in letter.obligations
        if duty.period and duty.agency == agency
        if system in (None, duty.system) and deliverable in (None, duty.deliverable)
    ]
    if periods:
        known = f"{periods[0]} … {periods[-1]}" if len(periods) > 3 else ", ".join(periods)
        raise FieldProblem(f"Nội dung này có nhiều kỳ ({known}): ghi rõ công nhận kỳ nào ({{}}).", Field.PERIOD)


def _undoable(session: Session, undoes: int | None, moment: datetime, now: datetime) -> datetime:
    """From when the undoing holds: not before the ruling itself, to the minute in which people write times."""
    if undoes is None:
        return moment
    target = session.get(Ruling, undoes)
    if target is None or target.kind == RulingKind.UNDO:
        raise Problem(f"Không có quyết định số {undoes} để hủy bỏ.")
    if session.scalar(select(Ruling.id).where(Ruling.undoes == undoes)):
        raise Problem(f"Quyết định số {undoes} đã được hủy bỏ trước đó.")
    began = target.happened_at
    if began > now:  # still to come: undone before it begins
        return moment
    if moment < began.replace(second=0, microsecond=0):
        when = f"{began.astimezone(HERE):%H:%M %d/%m/%Y}"
        raise Problem(f"Quyết định số {undoes} có hiệu lực từ {when}, sau lúc được ghi là hủy. Kiểm tra lại ngày, giờ.")
    return max(moment, began)


def standing_rulings(session: Session, as_of: datetime, known_at: datetime | None = None) -> list[Ruling]:
    """Rulings that hold at a moment as known by another, oldest first; undone ones are left out."""
    query = select(Ruling).where(Ruling.happened_at <= as_of).order_by(Ruling.id)
    if known_at is not None:
        query = query.where(Ruling.recorded_at <= known_at)
    rows = session.scalars(query).all()
    undone = {r.undoes for r in rows if r.kind == RulingKind.UNDO}
    return [r for r in rows if r.kind != RulingKind.UNDO and r.id not in undone]


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
        "document": ruling.document,
        "reason": f"{ruling.document}: {ruling.reason} ({ruling.by})",
        "by": ruling.by,
        "from": ruling.happened_at.isoformat(),
    }


def hold_all(session: Session, as_of: datetime, known_at: datetime | None = None) -> Ruling | None:
    """The ruling that stops every chasing letter, if one stands."""
    held = [r for r in standing_rulings(session, as_of, known_at) if r.kind == RulingKind.HOLD_ALL]
    return held[-1] if held else None
