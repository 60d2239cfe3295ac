"""Causes of trouble: told once, kept until they are over. Pages, `doctor`, metrics and letters all read them here.

A cause is written `where/mark`: which task or run, and which kind of fault there. Two tasks that fail for the same
sentence have the same mark: the operators are told of it once.
"""

import hashlib
import logging
import re
from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, or_, select, true
from sqlalchemy.orm import Session

from dondoc.clock import HERE, at
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.store import files
from dondoc.store.session import one_at_a_time
from dondoc.store.trust import Alert

log = logging.getLogger(__name__)


def mark(error: BaseException | None, where: str) -> str:
    """The kind of an error: a sentence of ours is the same fault wherever it is said, whatever numbers are in it."""
    kind = type(error).__name__ if error else "unknown"
    if not isinstance(error, Problem):
        return f"{kind}@{where}"
    return f"{kind}-{hashlib.sha256(re.sub('[0-9]+', '0', str(error)).encode()).hexdigest()[:8]}"


def task_or_run(alert: Alert) -> str:
    """Which task or run it is about."""
    return alert.cause.partition("/")[0]


def since(alert: Alert) -> str:
    """When it began, in words."""
    return f"{alert.first_at.astimezone(HERE):%H:%M %d/%m/%Y}"


def opened(session: Session, where: str, mark: str, detail: str, now: datetime) -> Alert:
    """Note a cause: a new one, or that one which is not over yet occurred again."""
    one_at_a_time(session, "alerts")
    cause = f"{where}/{mark}"
    alert = session.scalar(select(Alert).where(Alert.cause == cause, Alert.over_at.is_(None)))
    if alert is None:
        alert = Alert(cause=cause, detail=detail, count=0, first_at=now, last_at=now, told_at=None, over_at=None)
        session.add(alert)
    alert.count, alert.last_at, alert.detail = alert.count + 1, now, detail
    session.flush()
    return alert


def may_tell(session: Session, alert: Alert, now: datetime, most: int, of_one: int) -> int:
    """Which letter of the day it would be to tell of this cause; 0: it was told, or no more are to leave today.

    Args:
        of_one: how many of them one place may use: who floods a mailbox, and stops, again and again, would use up all.
    """
    if alert.told_at or any(same.told_at for same in _same(session, alert)):
        return 0
    if sent_today(session, now, task_or_run(alert)) >= of_one:
        return 0
    number = sent_today(session, now) + 1
    return number if number <= most else 0


def sent_today(session: Session, now: datetime, where: str = "") -> int:
    """How many letters about causes, or those of one place, were written on this day: that one began, and that one
    which was told is over.
    """
    morning = at(now.date(), 0)
    here = Alert.cause.startswith(f"{where}/", autoescape=True) if where else true()
    begun = select(func.count()).select_from(Alert).where(here, Alert.told_at >= morning)
    over = select(func.count()).select_from(Alert).where(here, Alert.told_at.is_not(None), Alert.over_at >= morning)
    return (session.scalar(begun) or 0) + (session.scalar(over) or 0)


def over(session: Session, alerts: Iterable[Alert], now: datetime) -> list[Alert]:
    """Close causes.

    Returns:
        those whose end the operators are to be told of: they know of them, and nothing else goes on with the same mark.
    """
    one_at_a_time(session, "alerts")
    to_tell = []
    for alert in alerts:
        alert.over_at = now
        session.flush()
        if alert.told_at is None:
            continue
        if others := _same(session, alert):
            others[0].told_at, alert.told_at = others[0].told_at or alert.told_at, None  # its end will be told
        else:
            to_tell.append(alert)
    return to_tell


def open_alerts(session: Session, where: str | None = None, *, exactly: bool = False) -> list[Alert]:
    """What is not over, oldest first; of one task or run, and of a DAG with all its tasks unless `exactly`."""
    query = select(Alert).where(Alert.over_at.is_(None)).order_by(Alert.id)
    if where:
        ends = "/" if exactly else "/."
        query = query.where(or_(*(Alert.cause.startswith(f"{where}{end}", autoescape=True) for end in ends)))
    return list(session.scalars(query))


def told_since(session: Session, dag: str, moment: datetime) -> bool:
    """Whether a task of a DAG has told of itself since then."""
    tasks = Alert.cause.startswith(f"{dag}.", autoescape=True)
    return session.scalar(select(Alert.id).where(tasks, Alert.last_at >= moment).limit(1)) is not None


def metrics(session: Session, now: datetime) -> bytes:
    """Open causes for Prometheus, by task: no sentence of an error among the labels."""
    registry = CollectorRegistry()
    gauge = Gauge("dondoc_alerts_open", "Causes of trouble that are not over.", ["cause"], registry=registry)
    for alert in open_alerts(session):
        gauge.labels(task_or_run(alert)).inc()
    written = Gauge("dondoc_alerts_written_timestamp_seconds", "When this file was written.", registry=registry)
    written.set(now.timestamp())
    return generate_latest(registry)


def publish(app: AppContext, now: datetime) -> None:
    """Open causes for Prometheus, in a file beside `DONDOC_METRICS_FILE`. One that cannot be written is logged."""
    if (file := app.settings.metrics_file) is None:
        return
    try:
        file.parent.mkdir(mode=0o755, exist_ok=True)  # a collector of another account reads it
        with app.sessions.reading() as session:
            files.replace(file.with_name(f"{file.stem}_alerts{file.suffix}"), metrics(session, now), 0o644)
    except (Problem, OSError) as error:
        log.warning("the metrics of alerts are not written: %s", error)


def _same(session: Session, alert: Alert) -> list[Alert]:
    """Other open causes with the same mark."""
    end = "/" + alert.cause.partition("/")[2]
    query = select(Alert).where(Alert.cause.endswith(end, autoescape=True), Alert.over_at.is_(None))
    return list(session.scalars(query.where(Alert.id != alert.id).order_by(Alert.id)))
