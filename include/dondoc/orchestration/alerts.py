"""A failed task or run is told to the people who keep dondoc up: through the outbox, or by mail at once."""

import html
import logging
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any

from dondoc import clock
from dondoc.errors import Problem
from dondoc.orchestration.connections import open_world
from dondoc.world import World

log = logging.getLogger(__name__)


def _ops(world: World) -> list[str]:
    from dondoc.facts import contacts

    with world.sessions.reading() as session:
        found = contacts.find(session, world.directive.issuer, "ops", clock.now().date())
    return [c.email for c in found] or ([world.settings.ops_address] if world.settings.ops_address else [])


def _letters(world: World, key: str, subject: str, text: str) -> None:
    from dondoc.mail import outbox
    from dondoc.mail.letter import Letter

    now = clock.now()
    letters = [
        Letter(
            kind="internal",
            recipient=address,
            subject=subject,
            text=text,
            html=f"<pre>{html.escape(text)}</pre>",
            dedup=f"{world.settings.installation}|failure|{key}|{address}",
            reason=subject,
        )
        for address in _ops(world)
    ]
    with world.sessions.begin() as session:
        outbox.enqueue(session, letters, settings=world.settings, now=now)


def _straight(world: World, subject: str, text: str) -> None:
    """Without the outbox: its database may be what failed.

    Raises:
        RuntimeError: the mail server did not take it.
    """
    from dondoc.mail import servers
    from dondoc.mail.line import Line

    server = servers.smtp(world.settings)
    if not (server and world.settings.ops_address):
        log.error("no way to tell anybody: set dondoc_smtp and DONDOC_OPS_ADDRESS")
        return
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = server.sender, world.settings.ops_address, subject
    message["Date"], message["Auto-Submitted"] = format_datetime(clock.now()), "auto-generated"
    message.set_content(text)
    with Line(server, timeout=20, name=world.settings.installation) as line:
        said, _ = line.offer(parseaddr(server.sender)[1], world.settings.ops_address, None)
        said = line.data(message.as_bytes()) if said.accepted else said
    if not said.accepted:
        raise RuntimeError(f"the mail server said {said}")


def failed(context: Mapping[str, Any]) -> None:
    """`on_failure_callback` of every DAG's tasks. Its own failure is logged, and never hides the first one."""
    task = context["task_instance"]
    where = f"{task.dag_id}.{task.task_id}"
    error = context.get("exception")
    said = error if isinstance(error, Problem) else "xem nhật ký của việc này"  # a library's words may quote a URL
    subject = f"[dondoc] Việc {where} không chạy được"
    text = (
        f"Lượt chạy: {task.run_id}\nViệc: {where}\nLần thử: {task.try_number}\n"
        f"Lỗi: {type(error).__name__ if error else 'không rõ'}: {said}\n"
        "Các việc khác của lượt chạy vẫn tiếp tục; lượt sau sẽ làm nốt."
    )
    # A source that stays down fails a run every five minutes: it is told once a day.
    key = f"{where}|{type(error).__name__}|{clock.now():%Y-%m-%d}"
    try:
        world = open_world()
    except Exception:
        log.exception("failure alert: settings unusable")
        return
    try:
        _letters(world, key, subject, text)
    except Exception:
        log.exception("failure alert: the outbox is unusable, mailing at once")
        try:
            _straight(world, subject, text)
        except Exception:
            log.exception("failure alert: the mail server is unusable too")
