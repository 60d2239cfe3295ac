"""Record a person's ruling: it does what it says, and says what it covers, or is refused."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.audit import Actor, person
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive, Registry
from dondoc.errors import Problem
from dondoc.facts import coverage, places
from dondoc.facts.coverage import Coverage
from dondoc.facts.moments import happened
from dondoc.facts.rulings import standing
from dondoc.store.facts import Ruling
from dondoc.store.session import one_at_a_time
from dondoc.vocabulary.fields import Field, FieldProblem, may, must
from dondoc.vocabulary.numbers import QD
from dondoc.vocabulary.rulings import SPOKEN, CallResult, Cause, RulingKind

AHEAD = timedelta(days=366)  # nobody rules for later than that: it is a slip in the year
DATE = re.compile(r"ngày\s+(\d{1,2})(?:[/.-]|\s+tháng\s+)(\d{1,2})(?:[/.-]|\s+năm\s+)(\d{4})(?!\d)", re.IGNORECASE)


@dataclass(frozen=True)
class Ruled:
    """A ruling that was recorded: its number, and what it covers."""

    number: int
    coverage: Coverage
    covers: str


def rule(
    app: AppContext,
    session: Session,
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
    spoken_to: str | None = None,
    result: CallResult | None = None,
    cause: Cause | None = None,
    document: str = "",
    document_date: date | None = None,
    reason: str = "",
    by: Actor,
    from_: datetime | None = None,
    now: datetime,
    letters: Sequence[Directive] | None = None,
) -> Ruled:
    """Record a ruling; an absent letter, agency, system, deliverable or period means all of them.

    Args:
        place: pause: only the cameras of this place of the agency, and none of its duties; one that cameras have.
        until: extend: the new last day in time; pause: its last day (absent: until undone); called, promise: the last
            day on which the agency will send; stop: the first day on which the step of the decision may be taken again.
        spoken_to, result, cause: whom somebody spoke to, what came of it, and why the agency is late.
        document, reason: of a call or a promise they may be left out.
        document_date: of competing rulings the newest document counts; default: the day that `document` names.
        from_: holds from this instant, also in the past; what a person says was so not in the future; default: now.
        letters: of which duties it may be about; default: those that were active on any day since.

    Raises:
        Problem: it lacks something, says what its kind does not use or the directive does not know, covers nothing, or
            is a program's word.
    """
    given: dict[Field, object] = {
        Field.DIRECTIVE: directive,
        Field.AGENCY: agency,
        Field.SYSTEM: system,
        Field.DELIVERABLE: deliverable,
        Field.PERIOD: period,
        Field.PLACE: place,
        Field.UNTIL: until,
        Field.TO_AGENCY: to_agency,
        Field.UNDOES: undoes,
        Field.DECISION: decision,
        Field.SPOKEN_TO: spoken_to,
        Field.RESULT: result,
        Field.CAUSE: cause,
    }
    _fits(kind, given)
    if from_ and kind.happened:
        happened(from_, now)
    if from_ and from_ > now + AHEAD:
        raise FieldProblem(f"{{}} {from_:%d/%m/%Y} quá xa. Kiểm tra lại năm.", Field.FROM)
    from_ = _undoable(session, undoes, from_ or now, now)
    document, reason = _grounds(kind, document, reason, result, cause, from_)
    letters = app.letters_since(session, from_.astimezone(HERE).date()) if letters is None else letters
    about = [letter for letter in letters if directive in (None, letter.id)]
    if not about and directive is not None:
        raise Problem(f"Không có văn bản “{directive}” đang thực hiện. Xem: dondoc directive list.")
    _known(about, app.registry, agency, system, deliverable, to_agency)
    if place is not None and agency is not None:
        place = places.known(session, app.registry, agency, place, from_.date(), system=system)
    if kind == RulingKind.ACCEPT and period is None:
        _says_which_period(about, agency, system, deliverable)
    _ends(kind, until, from_, now)
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
        spoken_to=may(Field.SPOKEN_TO, spoken_to) if spoken_to else None,
        result=result,
        cause=cause,
        document=document,
        document_date=_dated(document, document_date, now),
        reason=reason,
        by=person(by.name),
        happened_at=from_,
        recorded_at=now,
    )
    covered, covers = _coverage(app, session, letters, row)
    if kind in SPOKEN and until is not None:
        _within_limits(app, covered, until, from_)
    session.add(row)
    session.flush()
    audit.record(session, app.secrets, by, kind, QD(row.id), now=now, **_told(row))
    return Ruled(row.id, covered, covers)


def _coverage(app: AppContext, session: Session, letters: Sequence[Directive], row: Ruling) -> tuple[Coverage, str]:
    """What a ruling covers, or what the one covers that it undoes or restores; the same in words."""
    about = row if row.kind != RulingKind.UNDO else coverage.undone(session, row)
    try:
        found = coverage.coverage(
            app, session, letters, about, max(about.happened_at, row.happened_at, row.recorded_at)
        )
    except Problem:
        if about is row:
            raise
        found = Coverage()  # what covered nothing can always be undone
    return found, coverage.told(app, about, found)


def _fits(kind: RulingKind, given: dict[Field, object]) -> None:
    """What the kind needs is said, and nothing that it does not use."""
    if missing := [field for field in kind.needs if given[field] is None]:
        raise FieldProblem(f"Quyết định {kind.label} cần thêm {', '.join('{}' for _ in missing)}.", *missing)
    if idle := [f for f, value in given.items() if value is not None and f not in (*kind.needs, *kind.may)]:
        said = f"Quyết định {kind.label} không dùng {', '.join('{}' for _ in idle)}. {kind.instead}".strip()
        raise FieldProblem(said, *idle)
    if given[Field.PLACE] is not None and (given[Field.AGENCY] is None or given[Field.DELIVERABLE] is not None):
        raise Problem("Điểm chỉ ghi khi tạm dừng, kèm đơn vị có điểm đó, không kèm nội dung phải gửi.")
    if given[Field.TO_AGENCY] is not None and given[Field.TO_AGENCY] == given[Field.AGENCY]:
        raise FieldProblem("{} là chính đơn vị đó: không thay đổi gì.", Field.TO_AGENCY)
    result = given[Field.RESULT]
    if isinstance(result, CallResult) and not result.spoken and given[Field.UNTIL] is not None:
        raise FieldProblem(
            f"“{result.heading}” thì không có ngày hẹn. Kiểm tra lại {{}} và {{}}.", Field.RESULT, Field.UNTIL
        )


def _grounds(
    kind: RulingKind, document: str, reason: str, result: CallResult | None, cause: Cause | None, moment: datetime
) -> tuple[str, str]:
    """Document and reason; a call is logged in ten seconds, and is its own document."""
    if kind in SPOKEN:
        what = "cuộc gọi" if kind == RulingKind.CALLED else "lời hẹn"
        document = document.strip() or f"{what} ngày {moment.astimezone(HERE):%d/%m/%Y}"
        reason = reason.strip() or (cause.label if cause else "") or (result or CallResult.REACHED).label
    return must(Field.DOCUMENT, document), must(Field.REASON, reason)


def _dated(document: str, said: date | None, now: datetime) -> date | None:
    """The day of the document: as said, else as written in what the document is called."""
    today = now.astimezone(HERE).date()
    if said and said > today:
        raise FieldProblem(f"{{}} {said:%d/%m/%Y} là sau hôm nay. Kiểm tra lại.", Field.DATED)
    if said or not (written := DATE.search(document)):
        return said
    day, month, year = map(int, written.groups())
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if found <= today else None


def _ends(kind: RulingKind, until: date | None, from_: datetime, now: datetime) -> None:
    """A pause or a promise that is over already does nothing."""
    if until is None or kind not in (RulingKind.PAUSE, *SPOKEN):
        return
    begins, today = from_.astimezone(HERE).date(), now.astimezone(HERE).date()
    if kind == RulingKind.PAUSE and until < begins:
        raise Problem(f"Tạm dừng đến hết ngày {until:%d/%m/%Y} thì đã hết trước khi bắt đầu. Kiểm tra lại hai ngày.")
    if until < max(begins, today):
        raise FieldProblem(f"Ngày {until:%d/%m/%Y} đã qua: không còn gì để chờ. Kiểm tra lại {{}}.", Field.UNTIL)


def _within_limits(app: AppContext, covered: Coverage, until: date, given: datetime) -> None:
    """What an agency says by itself puts off no more than this: for more it asks for an extension."""
    settings, day = app.settings, given.astimezone(HERE).date()
    most = max((len(standing.promises) for standing in covered.duties), default=0)
    if app.calendar.between(day, until) > settings.promise_days:
        raise FieldProblem(
            f"Hẹn xa quá {settings.promise_days} ngày làm việc kể từ ngày trao đổi ({{}}): đề nghị đơn vị xin gia hạn, "
            "rồi ghi quyết định gia hạn bằng lệnh dondoc rule extend.",
            Field.UNTIL,
        )
    if most > settings.promises_per_duty:
        raise Problem(
            f"Đơn vị đã hẹn {most - 1:02} lần với nội dung này: đề nghị đơn vị xin gia hạn, rồi ghi quyết định "
            "gia hạn bằng lệnh dondoc rule extend."
        )


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
        "spoken_to": row.spoken_to,
        "result": row.result,
        "cause": row.cause,
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
    one_at_a_time(session, "rulings")
    target = session.get(Ruling, undoes)
    if target is None:
        raise Problem(f"Không có quyết định số {undoes} để hủy bỏ. Xem: dondoc rulings.")
    if target not in standing(session.scalars(select(Ruling).order_by(Ruling.id)).all()):
        raise Problem(f"Quyết định số {undoes} đã được hủy bỏ trước đó.")
    began = target.happened_at
    if began > now:  # still to come: undone before it begins
        return moment
    if moment < began.replace(second=0, microsecond=0):
        when = f"{began.astimezone(HERE):%H:%M %d/%m/%Y}"
        raise Problem(f"Quyết định số {undoes} có hiệu lực từ {when}, sau lúc được ghi là hủy. Kiểm tra lại ngày, giờ.")
    return max(moment, began)
