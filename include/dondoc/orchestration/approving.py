"""A person's approval in Airflow of letters that wait in the outbox: the last tasks of two DAGs."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import task

from dondoc import clock
from dondoc.errors import Problem
from dondoc.orchestration.connections import open_world

log = logging.getLogger(__name__)

APPROVE = "Duyệt gửi"
LEAVE = "Để lại, chưa gửi"


def approval(found: Any, *, subject: str, body: str, patience: timedelta) -> None:
    """The tasks `anything_to_approve`, `approve` and `release`, after a task that returns `to_approve`.

    The DAG needs `letters` among its macros. Without an answer within `patience` the letters stay held.
    """

    @task.short_circuit(ignore_downstream_trigger_rules=True)
    def anything_to_approve(found: dict[str, Any]) -> list[str]:
        to_approve: list[str] = found["to_approve"]
        if to_approve:
            tell()
        return to_approve

    @task(task_id="release")
    def released(held: Any, answer: Any) -> dict[str, Any]:
        return release(held, answer)

    held = anything_to_approve(found)
    approve = HITLOperator(
        task_id="approve",
        subject=subject,
        body=f"{body} Thư đang giữ:\n\n{{{{ letters(ti.xcom_pull(task_ids='anything_to_approve')) }}}}",
        options=[APPROVE, LEAVE],
        defaults=[LEAVE],
        response_timeout=patience,
    )
    held >> approve
    released(held, approve.output)


def tell() -> None:
    """The approver has a mail about what waits, unless one told of it already."""
    from dondoc.escalation import tell

    world = open_world()
    with world.sessions.begin() as session:
        tell.to_approve(world, session, clock.now())


def letters(ids: list[str]) -> str:
    """What an approver reads in Airflow before saying yes: to whom, about what, and where the whole letter stands."""
    from dondoc.store.mail import OutboxLetter

    world = open_world()
    pages = world.settings.page("dondoc/letters")
    with world.sessions.reading() as session:
        rows = [session.get_one(OutboxLetter, int(i)) for i in ids]
        return "\n".join(f"- [TH-{row.id:05}]({pages}/{row.id}) gửi {row.recipient}: {row.subject}" for row in rows)


def release(held: list[str], answer: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the approver said in Airflow, carried out by the same `approve` as the page's and the command line's."""
    from dondoc import truth
    from dondoc.mail import outbox

    if not answer or APPROVE not in answer["chosen_options"]:
        log.info("not approved here: %s stay held", held)
        return {"approved": [], "by": None}
    person = answer.get("responded_by_user") or {}
    by = person.get("name") or person.get("id")
    if not by:
        raise Problem("Không rõ ai đã duyệt: thư vẫn được giữ lại. Duyệt lại bằng lệnh `dondoc approve`.")
    world = open_world()
    with world.sessions.begin() as session:
        rows = outbox.approve(session, [int(i) for i in held], by=by, now=clock.now(), still_true=truth.registry(world))
    log.info("approved by %s: %s", by, {row.id: row.state for row in rows})
    return {"approved": [str(row.id) for row in rows if row.state == "pending"], "by": by}
