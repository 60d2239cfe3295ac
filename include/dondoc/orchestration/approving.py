"""A person's approval in Airflow of letters that wait in the outbox: the last tasks of two DAGs.

Everybody who may edit a DAG can write its XComs and set its tasks to success, so nothing here is decided by either.
Which letters a question is about is written down by the run itself, once; who answered what comes with Airflow's own
resumption of the waiting task, from its record of the answer, and is written down at once. `release` reads these two
from our own database, asks the address book whether that login may approve, and looks at the XComs only to tell when
somebody has tampered with them.

A question closes itself when its letters were approved or cancelled elsewhere, or a later run asks about them. No task
may answer another's question, so each looks for itself: Airflow lets it wait for `LOOK_AGAIN`, answers with the default
when nobody has, and the task asks on unless its time is over. An answer that comes while it looks is not lost: Airflow
refuses it (409), or hands it over when the task waits again.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param, task
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from airflow.sdk.execution_time.hitl import HITLUser

from dondoc import clock
from dondoc.errors import Problem
from dondoc.orchestration import alerts, limits
from dondoc.orchestration.accounts import ids_are_logins, login
from dondoc.orchestration.connections import open_context
from dondoc.vocabulary.letters import OutboxState

if TYPE_CHECKING:
    from dondoc.staff.to_approve import Entry
    from dondoc.store.facts import Contact

log = logging.getLogger(__name__)

APPROVE = "Duyệt gửi"
LEAVE = "Để lại, chưa gửi"
# Acts of the audit trail; their subject is the question.
ASK, ANSWER, REFUSE = "ask_approval", "answer", "refuse_answer"
TICK = "Bật công tắc của từng quyết định được gửi, rồi chọn “Duyệt gửi”; quyết định không bật thì chờ."
EVERYBODY_ELSE = "Trả lời khác bị bỏ qua và được báo cho quản trị viên."


def approval(
    written: Any, *, subject: str, body: str, patience: timedelta, look_again: timedelta = limits.LOOK_AGAIN
) -> None:
    """The tasks `anything_to_approve`, `approve` and `release`, after a task that calls `request_approval`.

    Without an answer within `patience` the letters stay held.
    """

    # Skipped, its successors are too. A short circuit skips nothing inside a mapped group (Airflow 3.3.2).
    @task(on_skipped_callback=alerts.succeeded)
    def anything_to_approve(**context: Any) -> bool:
        if not still_held(context):
            raise AirflowSkipException("nothing waits for approval")
        notify_approvers()
        return True

    @task(task_id="release")
    def released(any_to_approve: Any, answer: Any, **context: Any) -> dict[str, Any]:
        return release(context, any_to_approve, answer)

    any_to_approve = anything_to_approve()
    approve = Approval(
        task_id="approve",
        subject=subject,
        body=body,
        options=[APPROVE, LEAVE],
        defaults=[LEAVE],
        response_timeout=look_again,
        patience=patience,
        retries=5,  # an answer that overtakes the process which asked: Airflow takes the task for lost, it asks again
    )
    written >> any_to_approve >> approve
    released(any_to_approve, approve.output)


class NotReleased(Problem, AirflowFailException):
    """Nothing is released, and trying again would not change that."""


class Approval(HITLOperator):
    """Asks about those of the question's letters that are still held, and writes down who answered what."""

    def __init__(self, *, patience: timedelta, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.patience = patience

    def execute(self, context: Any) -> Any:
        from dondoc.facts.approvers import said

        if answer := already_answered(context):
            return answer
        held = still_held(context)
        if not held:
            return None  # approved or cancelled elsewhere meanwhile
        people, self.params = approvers_today(), choices(held)
        told = [self.body, *([TICK] if self.params else []), *([said(people)] if people else []), EVERYBODY_ELSE]
        self.body = f"{' '.join(map(str, told))} Thư đang giữ:\n\n{letters(held)}"
        self.assigned_users = respondents(people)
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        answer = super().execute_complete(context, event)
        why = None if answer["responded_by_user"] else over(context, self.patience)
        if why or (answer["responded_by_user"] and not says_nothing(answer)):
            return note_answer(context, answer, why)
        return super().execute(context)  # asks on: Airflow keeps what it shows and takes its default answer back


def _question(context: Mapping[str, Any]) -> str:
    """The run, and where it asks about each letter by itself the map index, which is part of Airflow's own question."""
    index = context["ti"].map_index
    run = f"{context['dag_run'].dag_id}/{context['dag_run'].run_id}"
    return run if index is None or index < 0 else f"{run}/{index}"


def request_approval(context: Mapping[str, Any], ids: Iterable[int | str]) -> list[str]:
    """Write down which of its letters a question asks an approver about: those that a person has to release.

    The first list stands: when a task is cleared, Airflow shows the approver the old question again.
    """
    from dondoc import audit

    app, question = open_context(), _question(context)
    with app.sessions.begin() as session:
        held = _held(session, ids)
        if held and not audit.events(session, act=ASK, subject=question):
            audit.record(session, app.secrets, audit.MACHINE, ASK, question, now=clock.now(), letters=held)
    return [str(i) for i in held]


def _held(session: Any, ids: Iterable[int | str]) -> list[int]:
    from dondoc.store.mail import OutboxLetter

    rows, now = [session.get_one(OutboxLetter, int(i)) for i in ids], clock.now()
    waiting = [r for r in rows if r.state == OutboxState.HELD and r.needs_approval and not r.approved_by]
    return [row.id for row in waiting if row.not_after is None or row.not_after >= now]


def _requested(session: Any, question: str) -> list[int]:
    """The letters of a question that wait for approval, as its run wrote them down."""
    from dondoc import audit

    events = audit.events(session, act=ASK, subject=question)
    return _held(session, events[-1].details["letters"]) if events else []


def still_held(context: Mapping[str, Any]) -> list[int]:
    """The letters that this question is about and that nobody has approved or cancelled since."""
    with open_context().sessions.reading() as session:
        return _requested(session, _question(context))


def over(context: Mapping[str, Any], patience: timedelta) -> str | None:
    """Why a question that nobody has answered needs no answer any more."""
    from dondoc import audit

    with open_context().sessions.reading() as session:
        mine, *_ = audit.events(session, act=ASK, subject=_question(context))
        held = _held(session, mine.details["letters"])
        later = [one for one in audit.events(session, act=ASK, since=mine.recorded_at) if one.id > mine.id]
    if not held:
        return "không còn thư nào chờ duyệt"
    if again := next((one for one in later if not set(held).isdisjoint(one.details["letters"])), None):
        return f"được hỏi lại trong {again.subject}"
    return "không ai trả lời" if clock.now() - mine.recorded_at >= patience else None


def notify_approvers() -> None:
    """The approver has a mail about what waits, unless one told of it already."""
    from dondoc.staff import notices

    app = open_context()
    with app.sessions.begin() as session:
        notices.letters_wait(app, session, clock.now())


def letters(ids: list[int]) -> str:
    """What an approver reads in Airflow before saying yes: a line for each decision, with its letters, to whom, about
    what, how late and why, and where the whole of them stands.

    No addresses: whoever may look at the DAG reads this too.
    """
    app = open_context()
    pages = app.settings.page("dondoc")
    lines = [_line(one, pages) for one in _entries(ids)]
    if app.settings.two_approvers:
        lines += [
            "",
            "Cần hai người duyệt. Người thứ hai duyệt trên trang của từng quyết định, hoặc bằng `dondoc approve`.",
        ]
    return "\n".join(lines)


def _entries(ids: Iterable[int]) -> "list[Entry]":
    from dondoc.staff import to_approve
    from dondoc.store.mail import OutboxLetter

    app = open_context()
    with app.sessions.reading() as session:
        return to_approve.of(app, session, [session.get_one(OutboxLetter, i) for i in ids], clock.now())


def _line(one: "Entry", pages: str) -> str:
    """A decision as its approver reads it; of a report its document, read before saying yes."""
    people = ", ".join(dict.fromkeys(one.to.values()))
    line = f"- [{one.numbers}]({pages}/letters/{one.letters[0]}) gửi {people}: {one.subject}"
    if one.report:
        report = f"{pages}/reports/{one.report}"
        return f"{line} ([báo cáo]({report}), [dự thảo]({report}/report.docx))"
    late = f" **Chậm {one.late:02} ngày làm việc.**" if one.late else ""
    until = f" Duyệt muộn nhất lúc {one.until.astimezone(clock.HERE):%H:%M %d/%m/%Y}." if one.until else ""
    return f"{line}.{late} {one.reason.rstrip('.')}.{until}"


def choices(ids: Iterable[int]) -> ParamsDict:
    """A tick for each decision, where there are several: what is not ticked waits. None is ticked at first, as Airflow
    shows the form anew when the question has looked whether it is over."""
    asked = _entries(ids)
    if len(asked) == 1:
        return ParamsDict()
    told = "Bật: được gửi. Để tắt: chờ, hỏi lại ở lượt sau."
    return ParamsDict(
        {one.key: Param(False, told, type="boolean", title=f"{one.called} ({one.numbers})") for one in asked}
    )


def approvers_today() -> list["Contact"]:
    """Who may answer, deputies too: whoever is registered as an approver for today."""
    from dondoc.facts.approvers import approvers

    app = open_context()
    with app.sessions.reading() as session:
        return approvers(session, app.registry.office, clock.now().date())


def respondents(people: Iterable["Contact"]) -> list[HITLUser] | None:
    """Whom Airflow lets answer: the approvers' logins. Not under FAB, which asks for the numbers of its accounts; there
    anybody who may edit the DAG can answer, and it is `release` that refuses.
    """
    named = [HITLUser(id=person.login, name=person.name) for person in people if person.login]
    return named if named and ids_are_logins() else None


def already_answered(context: Mapping[str, Any]) -> dict[str, Any] | None:
    """The answer to this very question, when Airflow runs the task again.

    An answer may overtake the end of the process that asked; the scheduler then takes the task for lost and tries once
    more. A task that somebody cleared is another one, with an id of its own, and asks again.
    """
    from dondoc import audit

    with open_context().sessions.reading() as session:
        event = next(iter(audit.events(session, act=ANSWER, subject=_question(context))), None)
    return _answer(event) if event and event.details["task"] == str(context["ti"].id) else None


def note_answer(context: Mapping[str, Any], answer: Mapping[str, Any], why: str | None = None) -> dict[str, Any]:
    """Write down an answer as Airflow has recorded it.

    Args:
        why: the question is over without one.

    Returns:
        what was written: `number` of the event, `chosen`, and `login` (none when nobody answered).
    """
    from dondoc import audit

    app, who, question = open_context(), answer["responded_by_user"], _question(context)
    details: dict[str, Any] = {"chosen": APPROVE if APPROVE in answer["chosen_options"] else LEAVE}
    with app.sessions.begin() as session:
        if who:
            actor = audit.Actor(who["name"], login(who["id"], who["name"]), audit.Channel.AIRFLOW)
            if left := _not_ticked(session, question, answer["params_input"] or {}):
                details["left"] = left
        else:
            actor, details["why"] = audit.MACHINE, why
        details["task"] = str(context["ti"].id)
        event = audit.record(session, app.secrets, actor, ANSWER, question, now=clock.now(), **details)
        return _answer(event)


def says_nothing(answer: Mapping[str, Any]) -> bool:
    """Whether somebody says yes to none of several decisions: they have overlooked the ticks."""
    ticks = answer["params_input"] or {}
    return APPROVE in answer["chosen_options"] and bool(ticks) and True not in ticks.values()


def _not_ticked(session: Any, question: str, ticks: Mapping[str, Any]) -> list[int]:
    """The letters of the decisions that shall wait; whatever else an answer may bring is nothing. One without any tick,
    as a program gives it, is about all of them."""
    rows = _requested(session, question) if ticks else []
    return [i for one in _entries(rows) if ticks.get(one.key) is not True for i in one.letters]


def _answer(event: Any) -> dict[str, Any]:
    return {"number": event.id, "chosen": event.details["chosen"], "login": event.login or None}


def release(context: Mapping[str, Any], any_to_approve: Any, answer: Any) -> dict[str, Any]:
    """What an approver answered in Airflow, carried out by the same `approve` as the page's and the command line's.

    Args:
        any_to_approve, answer: what the XComs of the two tasks before say: compared, never believed.

    Raises:
        NotReleased: the answer is not an approver's, or somebody tampered with a task or its XCom; nothing is released,
            and the administrators are told.
    """
    from dondoc import approval, audit
    from dondoc.facts.approvers import NotAnApprover, approver

    app, question, now = open_context(), _question(context), clock.now()
    with app.sessions.reading() as session:
        held = _requested(session, question)
        event = next(iter(audit.events(session, act=ANSWER, subject=question)), None)
    nothing: dict[str, Any] = {"approved": [], "by": None}
    if wrong := _tampered(held, event, any_to_approve, answer):
        raise _refused(app, question, held, wrong)
    if event is None or not event.login:
        log.info("nobody answered: %s stay held", held)
        return nothing
    actor = audit.Actor(event.name, event.login, audit.Channel.AIRFLOW)
    try:
        with app.sessions.begin() as session:
            if event.details["chosen"] == APPROVE:
                chosen = [i for i in held if i not in event.details.get("left", [])]
                rows = approval.approve(app, session, chosen, actor, now=now)
            else:
                approver(session, app.registry.office, actor, now.date())
                log.info("not approved here by %s: %s stay held", event.login, held)
                return nothing
    except NotAnApprover as refused:
        raise _refused(app, question, held, str(refused)) from None
    log.info("approved by %s: %s", event.login, {row.id: row.state for row in rows})
    return {"approved": [str(row.id) for row in rows if row.state == OutboxState.PENDING], "by": event.login}


def _tampered(held: list[int], event: Any, any_to_approve: Any, answer: Any) -> str | None:
    """How one sees that somebody meddled with the run; None when all fits what was written down."""
    if event is None and held:
        return "Tác vụ approve được đặt thành công mà không có ai trả lời câu hỏi duyệt thư."
    if any_to_approve is not True:
        return "Giá trị XCom của tác vụ anything_to_approve đã bị sửa."
    if answer != (_answer(event) if event else None):
        return "Giá trị XCom của tác vụ approve khác với câu trả lời mà Airflow đã ghi."
    return None


def _refused(app: Any, question: str, held: list[int], reason: str) -> NotReleased:
    """What is raised, after the trail has it and the administrators are told: once, however often the task is run."""
    from dondoc import audit
    from dondoc.staff import notices

    now = clock.now()
    with app.sessions.begin() as session:
        known = audit.events(session, act=REFUSE, subject=question)
        if all(event.details["why"] != reason for event in known):
            audit.record(session, app.secrets, audit.MACHINE, REFUSE, question, now=now, why=reason)
            notices.answer_refused(app, session, question, reason, held, len(known), now)
    log.error("released nothing in %s: %s", question, reason)
    return NotReleased(
        f"Không thư nào được gửi. {reason} Người duyệt xem và duyệt trên trang Thư hoặc bằng `dondoc approve`."
    )
