"""Letters that came on paper, by e-office or by a sealed channel, registered by a person.

13 of the 30 dated duties of November 2021 are such letters: "văn bản cử cán bộ đầu mối gửi về Sở".
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.audit import Actor, person
from dondoc.clock import HERE
from dondoc.directive.model import Directive
from dondoc.directive.succession import responsible
from dondoc.errors import Problem
from dondoc.facts.rulings import standing_rulings
from dondoc.store.facts import RegisteredLetter


def register(
    session: Session,
    directive: Directive,
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
        fulfils: deliverables ("focal_letter": every one that the agency owes) or "system/deliverable".
        blob: SHA-256 of the scan, or None.

    Raises:
        Problem: the agency is unknown, does not owe that, the letter arrives in the future or is dated after it came.
    """
    arrived = arrived.astimezone(HERE)
    if agency not in {a.id for a in directive.agencies}:
        raise Problem(f"Không có đơn vị “{agency}” trong văn bản chỉ đạo.")
    if arrived > now:
        raise Problem(f"Văn bản đến lúc {arrived:%H:%M %d/%m/%Y} là trong tương lai. Kiểm tra lại --arrived.")
    if document_date > arrived.date():
        raise Problem(f"Văn bản ghi ngày {document_date:%d/%m/%Y}, sau ngày đến. Kiểm tra lại --date và --arrived.")
    if not number.strip():
        raise Problem("Cần số, ký hiệu văn bản (--number).")
    owed = _owed(session, directive, agency, arrived)
    keys = sorted({key for wanted in fulfils for key in _keys(directive.agency(agency).name, owed, wanted)})
    if not keys:
        raise Problem("Cần ghi văn bản này hoàn thành nội dung nào (--fulfils), ví dụ focal_letter.")
    row = RegisteredLetter(
        agency=agency,
        fulfils=keys,
        document_number=number.strip(),
        document_date=document_date,
        blob=blob,
        by=person(by.name),
        happened_at=arrived,
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    told = {"agency": agency, "fulfils": keys, "document": row.document_number, "sha256": blob}
    audit.record(session, secrets, by, "register", f"VB-{row.id:04}", now=now, **told)
    return row.id


def _owed(session: Session, directive: Directive, agency: str, day: datetime) -> list[str]:
    """What an agency owes by the letter, by succession, or because a person gave it over."""
    given = [r for r in standing_rulings(session, day) if r.kind == "reassign" and r.to_agency == agency]
    return [
        duty.key
        for duty in (*directive.obligations, *directive.milestones)
        if agency in (duty.agency, responsible(directive, duty.agency, day.date())[0])
        or any(r.system in (None, duty.system) and r.deliverable in (None, duty.deliverable) for r in given)
    ]


def _keys(name: str, owed: list[str], wanted: str) -> list[str]:
    found = [key for key in owed if wanted in (key, key.split("/")[1])]
    if not found:
        names = ", ".join(dict.fromkeys(owed)) or "không có nội dung nào"
        raise Problem(f"{name} không phải gửi “{wanted}”. Đơn vị này phải gửi: {names}.")
    return found
