"""Whether we see everything that came in. Blind is not late: an agency is not chased for what we have not read."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import Settings
from dondoc.facts.read import LATELY
from dondoc.intake.sources.source import SOURCES, SourceName, known_senders
from dondoc.store.intake import SourceRead, Submission, Verdict
from dondoc.vocabulary.submissions import Arrival

RUNNING = timedelta(minutes=15)  # no reading takes longer: its task would be ended


def configured(settings: Settings) -> list[SourceName]:
    """The sources to be read: the drop folder always, the mailbox when there is one."""
    return [name for name, source in SOURCES.items() if source.wanted(settings)]


def blind(session: Session, settings: Settings, now: datetime) -> str | None:
    """Why we do not see everything that came in; None when every source was read successfully shortly before.

    For deciding. A reading that has only just begun may be running: until it ends the one before it counts. Whatever is
    decided meanwhile leaves only once it has ended, as `unclear` looks past none.
    """
    return "; ".join(_unread(_newest(session, settings, passing=now - RUNNING), settings, now)) or None


def stopped(session: Session, settings: Settings, now: datetime) -> datetime | None:
    """Since when nobody has read any source, successfully or not; None when somebody did lately, or never began.

    Whatever fails tells of itself; a DAG that somebody paused, or a scheduler that is gone, does not.
    """
    last = max((read.recorded_at for read in _newest(session, settings).values() if read), default=None)
    return last if last and now - last > timedelta(minutes=settings.source_max_age_minutes) else None


def unclear(session: Session, settings: Settings, now: datetime) -> str | None:
    """Why a chasing letter may not leave at this moment: a source was not read shortly before, or something came in
    unjudged.

    What nobody could judge within a day holds nothing any more, and strangers' nothing at all: they send as much as
    they like.
    """
    faults = [*_unread(_newest(session, settings), settings, now)]
    judged, lately = select(Verdict.submission_id), Submission.recorded_at > now - LATELY
    known = Submission.sender_doubt.is_(None) & Submission.sender.in_(known_senders(session))
    ours = Submission.channel.in_([way for way in Arrival if way.ours]) | known
    if waiting := session.scalar(select(func.count(Submission.id)).where(lately, ours, Submission.id.not_in(judged))):
        faults.append(f"còn {waiting:02} bản nộp đã nhận mà chưa kiểm tra")
    return "; ".join(faults) or None


def _newest(
    session: Session, settings: Settings, passing: datetime | None = None
) -> dict[SourceName, SourceRead | None]:
    """The newest reading of each source. `passing`: those that began after it and have not ended are passed over."""
    query = select(SourceRead).order_by(SourceRead.id.desc()).limit(1)
    if passing is not None:
        query = query.where(or_(SourceRead.finished, SourceRead.recorded_at <= passing))
    return {source: session.scalar(query.where(SourceRead.source == source)) for source in configured(settings)}


def _unread(newest: Mapping[SourceName, SourceRead | None], settings: Settings, now: datetime) -> Iterator[str]:
    oldest = timedelta(minutes=settings.source_max_age_minutes)
    for source, read in newest.items():
        if read is None:
            yield f"{SOURCES[source].title} chưa được đọc lần nào"
        elif not read.ok:
            yield _failed(read)
        elif abs(now - read.recorded_at) > oldest:
            when, most = f"{read.recorded_at:%H:%M %d/%m/%Y}", settings.source_max_age_minutes
            yield f"{SOURCES[source].title} đọc lần cuối lúc {when}, cách đây quá {most} phút"


def _failed(read: SourceRead) -> str:
    when = f"{_title(read.source)} lúc {read.recorded_at:%H:%M %d/%m/%Y}"
    if not read.finished:
        return f"lượt đọc {when} chưa xong hoặc đã bị ngắt giữa chừng"
    return f"không đọc được {when} ({read.detail.rstrip('.')})"


def _title(source: str) -> str:
    return next((known.title for name, known in SOURCES.items() if name == source), source)


def look(app: AppContext, now: datetime) -> None:
    """Read the sources now and judge what they bring: for whoever decides without the gathering DAG."""
    from dondoc.intake import backlog, gather

    gather.read_all(app, now)
    backlog.judge_and_answer(app, now)
