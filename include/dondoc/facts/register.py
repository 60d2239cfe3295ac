"""Letters that came on paper, by e-office or by a sealed channel, registered by a person.

13 of the 30 dated duties of November 2021 are such letters: "văn bản cử cán bộ đầu mối gửi về Sở".
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.audit import Actor, person
from dondoc.directive.following import asked_since
from dondoc.directive.model import Directive, Duty, Registry
from dondoc.directive.succession import responsible
from dondoc.errors import Problem
from dondoc.facts.moments import happened
from dondoc.facts.rulings import standing_rulings
from dondoc.store.facts import RegisteredLetter, Retraction
from dondoc.store.session import one_at_a_time
from dondoc.vocabulary.fields import Field, FieldProblem, must
from dondoc.vocabulary.numbers import VB
from dondoc.vocabulary.rulings import RulingKind


def register(
    session: Session,
    letters: Sequence[Directive],
    registry: Registry,
    *,
    agency: str,
    fulfils: Sequence[str],
    number: str,
    document_date: date,
    arrived: datetime,
    blob: str | None,
    by: Actor,
    secrets: list[str],
    now: datetime,
) -> int:
    """Record a letter. `arrived` counts for timeliness, not the date written on it.

    Args:
        letters: those that were active on any day since it arrived; one that was signed later asked for nothing yet.
        fulfils: deliverables ("focal_letter": every one that the agency owes, under whichever letter),
            "system/deliverable", or ids of obligations.
        blob: SHA-256 of the scan, or None.

    Raises:
        Problem: the agency is unknown, does not owe that or did not yet, the letter arrives in the future or is dated
            after it came.
    """
    arrived = happened(arrived, now)
    if agency not in {a.id for a in registry.agencies}:
        raise Problem(f"Không có đơn vị “{agency}” trong văn bản chỉ đạo.")
    if document_date > arrived.date():
        said = f"Văn bản ghi ngày {document_date:%d/%m/%Y}, sau ngày đến. Kiểm tra lại {{}} và {{}}."
        raise FieldProblem(said, Field.DOCUMENT_DATE, Field.ARRIVED)
    number = must(Field.NUMBER, number)
    owed = _owed(session, letters, agency, arrived)
    known = {letter.id: letter for letter in letters}
    since = {name: asked_since(letter, known) for name, letter in known.items()}
    name = registry.agency(agency).name
    keys = sorted({key for wanted in fulfils for key in _keys(name, owed, wanted, since, arrived.date())})
    if not keys:
        raise FieldProblem("Cần ghi văn bản này hoàn thành nội dung nào ({}).", Field.FULFILS)
    row = RegisteredLetter(
        agency=agency,
        fulfils=keys,
        document_number=number,
        document_date=document_date,
        blob=blob,
        by=person(by.name),
        happened_at=arrived,
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    told = {"agency": agency, "fulfils": keys, "document": row.document_number, "sha256": blob}
    audit.record(session, secrets, by, "register", VB(row.id), now=now, **told)
    return row.id


def undo(
    session: Session, number: int, *, reason: str, by: Actor, secrets: list[str], now: datetime
) -> RegisteredLetter:
    """Take a letter out of the register that was entered by mistake: for the wrong agency, with a wrong number.

    It meets nothing any more, nor did it; what was known before stays as it was known.

    Raises:
        Problem: no such letter, it was taken out before, or no reason or name of a person is given.
    """
    reason = must(Field.REASON, reason)
    one_at_a_time(session, "register")
    row = session.get(RegisteredLetter, number)
    if row is None:
        raise Problem(f"Không có {VB(number)} trong sổ văn bản đến.")
    if session.scalar(select(Retraction.id).where(Retraction.registered_letter_id == number)):
        raise Problem(f"{VB(number)} đã được rút khỏi sổ trước đó.")
    session.add(Retraction(registered_letter_id=number, reason=reason, by=person(by.name), recorded_at=now))
    session.flush()
    told = {"agency": row.agency, "fulfils": row.fulfils, "document": row.document_number, "reason": reason}
    audit.record(session, secrets, by, "register_undo", VB(number), now=now, **told)
    return row


def _owed(session: Session, letters: Sequence[Directive], agency: str, day: datetime) -> list[Duty]:
    """What an agency owes by a letter, by succession, or because a person gave it over."""
    given = [r for r in standing_rulings(session, day) if r.kind == RulingKind.REASSIGN and r.to_agency == agency]
    return [
        duty
        for letter in letters
        for duty in letter.duties
        if agency in (duty.agency, responsible(letter.registry, duty.agency, day.date())[0])
        or any(
            r.directive in (None, duty.directive)
            and r.system in (None, duty.system)
            and r.deliverable in (None, duty.deliverable)
            for r in given
        )
    ]


def _keys(name: str, owed: Sequence[Duty], wanted: str, since: Mapping[str, date | None], arrived: date) -> list[str]:
    """The ids that a word means, among what was asked for by the day of arrival."""
    asked = [duty for duty in owed if (first := since[duty.directive]) is None or first <= arrived]
    if found := _named(asked, wanted):
        return found
    if _named(owed, wanted):
        first = min(day for duty in owed if (day := since[duty.directive]))
        raise Problem(
            f"Văn bản đến ngày {arrived:%d/%m/%Y}, khi chưa ai yêu cầu “{wanted}” (văn bản chỉ đạo ngày "
            f"{first:%d/%m/%Y}). Kiểm tra lại ngày đến."
        )
    names = ", ".join(dict.fromkeys(duty.short for duty in owed)) or "không có nội dung nào"
    raise Problem(f"{name} không phải gửi “{wanted}”. Đơn vị này phải gửi: {names}.")


def _named(owed: Sequence[Duty], wanted: str) -> list[str]:
    found = [duty.id for duty in owed if wanted in (duty.id, duty.short, duty.deliverable)]
    series = {f"{d.directive}:{d.series}" for d in owed if wanted in (f"{d.directive}:{d.series}", d.series)}
    return found or sorted(series)
