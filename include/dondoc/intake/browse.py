"""All submissions: by what is to be done about them, filtered and searched, a page at a time."""

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, load_only

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.directive.names import fold
from dondoc.errors import Problem
from dondoc.intake.verdicts import only_forms, sent_again, standing, stands_for
from dondoc.store.intake import COUNTS, Mail, Submission, Verdict
from dondoc.vocabulary.mails import MailKind
from dondoc.vocabulary.numbers import BN
from dondoc.vocabulary.submissions import ACCEPTED, Arrival, MayBe, Outcome, ToDo, Work

SHOWN = 50  # submissions on a page
KEPT = 8  # lists
WAITING = (Work.OURS, Work.CONFLICT, Work.REFUSED)  # what stands in the inbox
_MAY_WAIT = or_(Verdict.id.is_(None), Verdict.outcome.in_((Outcome.WAITING, Outcome.CONFLICT, Outcome.REFUSED)))
MACHINES = [kind for kind in MailKind if kind.by_machine or kind == MailKind.OURS]
# Of a verdict without what was read of its file, which may be thousands of rows.
BRIEF = load_only(Verdict.outcome, Verdict.reason, Verdict.form, Verdict.agency, Verdict.version, Verdict.may_be)
_DONE = {Work.CONFLICT: ToDo.CHOOSE, Work.REFUSED: ToDo.SEND_AGAIN, Work.CORRECTION: ToDo.CORRECT}
_kept: dict[tuple[Any, ...], list[tuple[int, str]]] = {}


@dataclass(frozen=True)
class Wanted:
    """What is asked for; empty: everything but the mails of machines. `age`: at least so many working days."""

    work: str = ""
    channel: str = ""
    form: str = ""
    agency: str = ""
    age: int = 0
    q: str = ""

    def given(self) -> dict[str, Any]:
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name))}


@dataclass(frozen=True)
class Line:
    """A submission as it stands in a list; `verdict`: without what it read, None before it is judged."""

    submission: Submission
    verdict: Verdict | None
    mail: Mail | None
    work: Work
    age: int  # working days since it came

    @property
    def is_mail(self) -> bool:
        """It is a mail itself, which brought no document."""
        return self.mail is not None and self.mail.kind != MailKind.SUBMISSION

    @property
    def todo(self) -> ToDo:
        return todo(self.work, self.submission, self.verdict, self.mail)

    def as_row(self) -> dict[str, Any]:
        submission, verdict = self.submission, self.verdict
        return {
            "id": str(submission.id),
            "number": BN(submission.id),
            "file": submission.filename,
            "sender": submission.sender,
            "channel": submission.channel,
            "subject": submission.subject,
            "received_at": submission.happened_at.isoformat(timespec="seconds"),
            "age": self.age,
            "kind": self.mail.kind if self.mail else None,
            "letter": self.mail.letter_id if self.mail else None,
            "outcome": verdict.outcome if verdict else "received",
            "agency": verdict.agency if verdict else None,
            "form": verdict.form if verdict else None,
            "reason": verdict.reason if verdict else "chưa kiểm tra",
            "sender_doubt": submission.sender_doubt,
            "work": self.work,
            "todo": self.todo,
        }


@dataclass(frozen=True)
class Found:
    """`counts`: of each kind of work, by the other filters; `number`: of the page, of `last`."""

    lines: list[Line]
    total: int
    counts: dict[Work, int]
    number: int
    last: int


def todo(work: Work, submission: Submission, verdict: Verdict | None, mail: Mail | None) -> ToDo:
    """What is to be done about it."""
    if work != Work.OURS:
        return _DONE.get(work, ToDo.NOTHING)
    if verdict is None:
        return ToDo.JUDGE
    if mail and mail.kind in (MailKind.REPLY, MailKind.FORGOTTEN):
        return ToDo.READ if mail.kind == MailKind.REPLY else ToDo.SEND_FILE
    if submission.sender_doubt:
        return ToDo.ASK_SENDER
    return ToDo.REGISTER if verdict.may_be == MayBe.LETTER else ToDo.ASSIGN


def found(
    app: AppContext,
    session: Session,
    wanted: Wanted,
    now: datetime,
    *,
    senders: bool = True,
    inbox: bool = False,
    number: int = 1,
    size: int = SHOWN,
) -> Found:
    """A page of what is asked for, newest first.

    Args:
        senders: whether words are looked for in addresses too: not for who is shown none.
        inbox: only what waits for a person, who has waited longest first.

    Raises:
        Problem: there is no such work or channel.
    """
    every = _every(app, session, wanted, now, senders=senders, inbox=inbox)
    works = WAITING if inbox else [*Work][:-1]
    only = {one.value for one in ([Work.read(wanted.work, "việc cần làm")] if wanted.work else works)}
    chosen = [submission for submission, one in every if one in only]
    counts = {Work.stored(one): count for one, count in Counter(one for _, one in every).items()}
    last = max(1, -(-len(chosen) // size))
    number = min(number, last)
    shown = chosen[(number - 1) * size : number * size]
    found = {line.submission.id: line for line in lines(app, session, shown, now)}
    return Found([found[one] for one in shown], len(chosen), counts, number, last)


def _every(
    app: AppContext, session: Session, wanted: Wanted, now: datetime, *, senders: bool, inbox: bool
) -> list[tuple[int, str]]:
    """What is asked for with its work, in its order; kept until something new came or was judged, as neither a
    submission nor a verdict ever changes. Not of a search, whose words mean what calendar and names make of them."""
    newest = [session.scalar(select(func.max(one.id))) for one in (Submission, Verdict)]
    forms, plain = only_forms(app, session, now), replace(wanted, work="")
    key = (app.settings.url, *newest, plain, inbox, *forms.items())
    lasting = not (wanted.q or wanted.age)
    if lasting and key in _kept:
        return _kept[key]
    base, work = _joined(forms)
    filtered = base.where(*_conditions(app, wanted, now, senders=senders), *([_MAY_WAIT] if inbox else []))
    order = (Submission.happened_at, Submission.id) if inbox else (Submission.id.desc(),)
    found = [
        (one, its) for one, its in session.execute(filtered.with_only_columns(Submission.id, work).order_by(*order))
    ]
    if lasting:
        if len(_kept) >= KEPT:
            _kept.clear()
        _kept[key] = found
    return found


def lines(app: AppContext, session: Session, ids: Iterable[int], now: datetime) -> list[Line]:
    """These submissions as they stand in a list, oldest first."""
    base, _ = _joined(only_forms(app, session, now))
    rows = session.execute(base.where(Submission.id.in_([*ids])).order_by(Submission.id))
    calendar, today = app.calendar_known(session, None), now.astimezone(clock.HERE).date()
    return [
        Line(submission, verdict, mail, Work.stored(work), calendar.between(_day(submission.happened_at), today))
        for submission, verdict, mail, work in rows
    ]


def _day(moment: datetime) -> date:
    return moment.astimezone(clock.HERE).date()


def waiting(app: AppContext, session: Session, now: datetime) -> int:
    """How many wait in the inbox."""
    base, work = _joined(only_forms(app, session, now))
    return session.scalar(base.with_only_columns(func.count()).where(_MAY_WAIT, work.in_(WAITING))) or 0


def _joined(forms: Mapping[str, str]) -> tuple[Select[Any], ColumnElement[str]]:
    """Each submission with the verdict that counts and its mail; and the expression that says its work."""
    theirs = standing()
    work = case(
        (Mail.kind.in_(MACHINES), Work.MACHINE.value),
        (or_(Verdict.id.is_(None), Verdict.outcome == Outcome.WAITING), Work.OURS.value),
        (Verdict.outcome == Outcome.CONFLICT, Work.CONFLICT.value),
        (sent_again(theirs), Work.ASIDE.value),
        (Verdict.outcome == Outcome.REFUSED, Work.REFUSED.value),
        (func.coalesce(theirs.c.version > Verdict.version, False), Work.ASIDE.value),
        (Verdict.outcome == Outcome.RETURNED, Work.CORRECTION.value),
        (Verdict.outcome.in_(ACCEPTED), Work.ACCEPTED.value),
        else_=Work.ASIDE.value,
    )
    joined = (
        select(Submission, Verdict, Mail, work)
        .select_from(Submission)
        .outerjoin(Verdict, and_(Verdict.submission_id == Submission.id, COUNTS))
        .outerjoin(Mail, Mail.id == Submission.mail_id)
        .outerjoin(theirs, stands_for(theirs, forms))
        .options(BRIEF, load_only(Mail.kind, Mail.letter_id, Mail.text))
    )
    return joined, work


def _conditions(app: AppContext, wanted: Wanted, now: datetime, *, senders: bool) -> list[ColumnElement[bool]]:
    filters: list[ColumnElement[bool]] = []
    if wanted.channel:
        filters.append(Submission.channel == Arrival.read(wanted.channel, "đường đến"))
    if wanted.form:
        filters.append(Verdict.form == wanted.form)
    if wanted.agency:
        filters.append(Verdict.agency == wanted.agency)
    if wanted.age:
        tomorrow = _day(now) + timedelta(days=1)
        filters.append(Submission.happened_at < clock.at(app.calendar.add(tomorrow, -wanted.age), 0))
    if wanted.q.strip():
        filters.append(_named(app, wanted.q.strip(), senders=senders))
    return filters


def _named(app: AppContext, text: str, *, senders: bool) -> ColumnElement[bool]:
    """By number, file, subject, agency, and who may see senders also by these."""
    words = fold(text)
    found: list[ColumnElement[bool]] = [Submission.named.contains(words, autoescape=True)] if words else []
    with suppress(Problem):
        found.append(Submission.id == BN.read(text))
    agencies = [a.id for a in app.registry.agencies if words and words in fold(f"{a.name} | {a.short}")]
    if agencies:
        found.append(Verdict.agency.in_(agencies))
    if senders:
        found.append(Submission.sender.icontains(text, autoescape=True))
    return or_(*found) if found else Submission.id.is_(None)
