"""What one reading of a source brought, and what is kept but not read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import Settings
from dondoc.intake.verdicts import newest_verdict, without_reading
from dondoc.store.facts import Contact
from dondoc.store.intake import Assignment, SourceRead, Submission
from dondoc.vocabulary.numbers import BN
from dondoc.vocabulary.submissions import Outcome

TOO_LARGE = "Qua-lon"  # folder for what is kept as it is, unread: in drop/, and in the mailbox

SourceName = Literal["folder", "mailbox", "survey"]


@dataclass(frozen=True)
class Source:
    """Where agencies' forms come from: its title, and whether an installation has it."""

    title: str
    wanted: Callable[[Settings], bool]


# All that must have been read before anybody is chased. Who reads each stands in `intake.gather.READERS`.
SOURCES: Mapping[SourceName, Source] = {
    "folder": Source("thư mục tiếp nhận", lambda settings: True),
    "mailbox": Source("hộp thư tiếp nhận", lambda settings: bool(settings.imap_url)),
    "survey": Source("máy chủ khảo sát trực tuyến", lambda settings: bool(settings.survey_url)),
}


@dataclass
class SourceResult:
    """What one reading of a source brought; `reading` is its row. `ok` False: the source itself could not be read."""

    source: SourceName
    reading: int
    ok: bool = True
    submission_ids: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def detail(self) -> str:
        return "; ".join(self.problems)


def begin(app: AppContext, source: SourceName, now: datetime) -> SourceResult:
    """A reading begins. That is written down first: of one that is killed nobody hears an end."""
    with app.sessions.begin() as session:
        row = SourceRead(source=source, ok=False, finished=False, items=0, detail="chưa đọc xong", recorded_at=now)
        session.add(row)
        session.flush()
        return SourceResult(source, row.id)


def last_read(app: AppContext, source: SourceName, but: "SourceResult") -> datetime | None:
    """When a source was last read to its end, this reading aside."""
    done = SourceRead.source == source, SourceRead.finished, SourceRead.ok, SourceRead.id != but.reading
    with app.sessions.reading() as session:
        return session.scalar(select(SourceRead.recorded_at).where(*done).order_by(SourceRead.id.desc()).limit(1))


def record(app: AppContext, result: SourceResult) -> SourceResult:
    """A reading has ended."""
    with app.sessions.begin() as session:
        row = session.get_one(SourceRead, result.reading)
        row.finished, row.ok, row.detail = True, result.ok, result.detail
        row.items = len(result.submission_ids)
    return result


def known_senders(session: Session) -> set[str]:
    """The addresses that somebody may act with."""
    assigned = (
        select(Submission.sender)
        .join(Assignment, Assignment.submission_id == Submission.id)
        .where(Assignment.lasting, Submission.sender_doubt.is_(None))
    )
    addresses = {*session.scalars(select(Contact.email).distinct()), *session.scalars(assigned.distinct())}
    return {address.lower() for address in addresses if address}


def largest(app: AppContext) -> int:
    return app.settings.max_file_mb * 2**20


def mb(size: int) -> str:
    return f"{size / 2**20:.1f} MB".replace(".", ",")


def too_large(app: AppContext, what: str, size: int) -> str:
    return f"{what} nặng {mb(size)}, quá {app.settings.max_file_mb} MB nên chưa đọc"


def unread(
    app: AppContext, submission: int, outcome: Outcome, reason: str, result: SourceResult, now: datetime
) -> None:
    """What becomes of an arrival that is kept but not read, unless a killed run has said so already."""
    result.problems.append(f"{BN(submission)}: {reason}")
    with app.sessions.begin() as session:
        if newest_verdict(session, submission) is None:
            session.add(without_reading(submission, outcome, reason, now))
