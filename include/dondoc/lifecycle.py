"""A person's word on a directive: entered, put into force, closed. The same for every door, written into the trail."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.audit import Actor
from dondoc.configuration.check import check_letter
from dondoc.configuration.context import AppContext
from dondoc.directive import record
from dondoc.directive.load import File
from dondoc.directive.located_yaml import LocatedYaml
from dondoc.directive.record import State
from dondoc.errors import Problem
from dondoc.mail.states import BY, move
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import CHASING, STOPPABLE, OutboxState


def enter(
    app: AppContext,
    session: Session,
    letter: File,
    *,
    state: State,
    valid_from: date,
    document: str,
    reason: str,
    by: Actor,
    now: datetime,
    after: int | None,
    replaces: bool = False,
) -> int:
    """Record a version of a letter; its number. As `record.add`, which see.

    Raises:
        Problem: as `record.add`, or no name of a person.
    """
    number = record.add(
        session,
        letter,
        state=state,
        valid_from=valid_from,
        document=document,
        reason=reason,
        by=audit.person(by.name),
        now=now,
        after=after,
        replaces=replaces,
    )
    details = {"document": document, "reason": reason, "from": valid_from, "draft": state is State.DRAFT}
    _record(app, session, "directive_add", letter.id, by, now, number, **details)
    return number


def activate(
    app: AppContext,
    session: Session,
    directive: str,
    *,
    by: Actor,
    now: datetime,
    after: int | None = None,
    replaces: bool = False,
) -> int:
    """Put a draft into force from its day on; the number of the version that says so.

    Args:
        after: the version that the person saw; None: whichever is the newest.
        replaces: as in `record.add`.

    Raises:
        Problem: as `record.activate`, no name of a person, or the check finds something by now.
    """
    newest = next((v for v in reversed(app.versions(session)) if v.directive.id == directive), None)
    if newest and newest.state is State.DRAFT:
        _refuse_faults(app, newest.file)
    name = audit.person(by.name)
    number = record.activate(session, directive, by=name, now=now, after=after, replaces=replaces)
    _record(app, session, "directive_activate", directive, by, now, number)
    return number


def close(
    app: AppContext,
    session: Session,
    directive: str,
    *,
    on: date,
    document: str,
    reason: str,
    by: Actor,
    now: datetime,
    after: int | None = None,
) -> int:
    """Chase nobody for a letter from a day on, and cancel what waits because of it; the number of its last version.

    Raises:
        Problem: as `record.close`, or no name of a person.
    """
    name = audit.person(by.name)
    number = record.close(session, directive, on=on, document=document, reason=reason, by=name, now=now, after=after)
    if all(letter.id != directive for letter in app.letters(session, now.date())):
        cancelled_because = f"văn bản “{directive}” đã kết thúc theo {document.strip()} ({reason.strip()}; {name})"
        _cancel_waiting(session, directive, cancelled_because, now)
    _record(
        app, session, "directive_close", directive, by, now, number, document=document, reason=reason, **{"from": on}
    )
    return number


def faults(app: AppContext, letter: File, names: Mapping[str, str] | None = None) -> LocatedYaml:
    """A letter with what the one check finds in it, as the agencies and systems are now."""
    marked = LocatedYaml(letter.id, letter.model_dump(exclude_none=True), names=names or {})
    check_letter(marked, app.registry, app.settings.data)
    return marked


def _refuse_faults(app: AppContext, letter: File) -> None:
    if refused := faults(app, letter).faults:
        listed = "; ".join(dict.fromkeys(fault.message for fault in refused))
        raise Problem(f"“{letter.id}” chưa thực hiện được: {listed}. Sửa bản nháp rồi làm lại.")


def _cancel_waiting(session: Session, directive: str, reason: str, now: datetime) -> None:
    """Chasing letters that name it and have not left; one that leaves at this moment is left alone."""
    waits = select(OutboxLetter).where(OutboxLetter.kind.in_(CHASING), OutboxLetter.state.in_(STOPPABLE))
    for letter in session.scalars(waits.order_by(OutboxLetter.id)).all():
        if directive in letter.directives:
            move(session, letter, OutboxState.CANCELLED, by=BY, note=reason, now=now, reason=reason)


def _record(
    app: AppContext, session: Session, act: str, directive: str, by: Actor, now: datetime, number: int, **details: Any
) -> None:
    given = {name: value for name, value in details.items() if value}
    audit.record(session, app.secrets, by, act, directive, now=now, version=number, **given)
