"""What arrived, what was judged of it, who it was given to, and when each source was last read."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Text, UniqueConstraint, select
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, aliased, mapped_column

from dondoc.directive.names import fold
from dondoc.store.base import Base
from dondoc.vocabulary.mails import Closing, MailKind
from dondoc.vocabulary.submissions import Arrival, MayBe, Outcome


class Mail(Base):
    """A mail that was taken in: what it is, and what it says besides its documents, which are submissions of it.

    A mail without a document is itself its one submission.
    """

    __tablename__ = "mails"
    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)  # SHA-256 of all of it, as it was delivered
    kind: Mapped[MailKind]
    reason: Mapped[list[Any]]  # code and parameters of why it is of its kind
    text: Mapped[str] = mapped_column(Text)  # the beginning of what its sender wrote, without quotations and passwords
    promised: Mapped[date | None]  # the day by which its sender says that something will come
    document_number: Mapped[str | None]  # of the letter that its sender says was sent
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("outbox.id"), index=True)  # ours, which it answers
    bounced: Mapped[list[Any]]  # [{"recipient": …, "action": …, "status": …}]: what a bounce says
    passed_over: Mapped[list[Any]]  # [[name, code of why]]: parts that are no documents
    origin: Mapped[str | None]  # from where it came to our mail server: a domain or a network
    recorded_at: Mapped[datetime]


def _named(context: DefaultExecutionContext) -> str:
    """What a submission is searched by: no database compares without accents as we do."""
    row = context.get_current_parameters()
    return fold(f"{row['filename']} | {row.get('subject') or ''}")


class Submission(Base):
    """One arrival of one file. Its bytes are in the blobs; its row never changes. People quote `BN-{id:04}`."""

    __tablename__ = "submissions"
    __table_args__ = (UniqueConstraint("channel", "channel_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[Arrival]
    channel_id: Mapped[str]  # unique within the channel: makes receiving twice a no-op
    sender: Mapped[str]
    filename: Mapped[str]
    sha256: Mapped[str] = mapped_column(index=True)
    message_id: Mapped[str | None]
    subject: Mapped[str | None]
    named: Mapped[str] = mapped_column(Text, default=_named)  # file and subject, folded: to be searched
    automatic: Mapped[bool] = mapped_column(default=False)  # a machine sent it: never answered
    sender_doubt: Mapped[str | None] = mapped_column(Text)  # why it may not be from whom From names; None: no doubt
    authentication: Mapped[str | None]  # pass, fail, none: what our mail server said of From's domain; None: not asked
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("mails.id"), index=True)  # None: by another way, or earlier
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class Verdict(Base):
    """What was judged of a submission; the newest row counts."""

    __tablename__ = "verdicts"
    # With all that lists ask of every verdict: what was read of its file lies between its columns, megabytes of it.
    __table_args__ = (
        Index("ix_verdicts_submission_id", "submission_id", "id", "outcome", "agency", "form", "version"),
        Index("ix_verdicts_agency", "agency", "form", "version", "outcome", "submission_id", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"))
    assignment_id: Mapped[int | None] = mapped_column(ForeignKey("assignments.id"))  # the person's word it rests on
    outcome: Mapped[Outcome]
    reason: Mapped[str] = mapped_column(Text)
    form: Mapped[str | None]
    agency: Mapped[str | None]
    value_hash: Mapped[str | None]
    version: Mapped[int | None]  # of the (agency, form); only accepted ones become current
    base_version: Mapped[int | None]
    replaces: Mapped[int | None]  # the submission whose place it took
    letter_of: Mapped[int | None]  # the submission whose code this letter bears: it proposes, a person decides
    fulfils: Mapped[list[Any]]  # ids of obligations that it meets when accepted
    may_be: Mapped[MayBe | None]  # where `form` is None: what it may turn out to be; None: judged by an early version
    rows: Mapped[list[Any]]
    head: Mapped[dict[str, Any]]
    issues: Mapped[list[Any]]
    again: Mapped[bool] = mapped_column(default=False)  # judged again, because rules, mappings or contacts had changed
    answered: Mapped[bool] = mapped_column(default=False)  # False: a killed run has yet to answer it
    closing: Mapped[Closing | None]  # of a reply without a form: what a person made of it
    closed_by: Mapped[int | None]  # the number of the entry of the register, or of the ruling, that was made of it
    recorded_at: Mapped[datetime]


_newer = aliased(Verdict)
# A verdict that counts. Not `max(id)` of each submission, through which SQLite would go for each row: by the index.
COUNTS = ~select(_newer.id).where(_newer.submission_id == Verdict.submission_id, _newer.id > Verdict.id).exists()


class JudgingAttempt(Base):
    """Committed before a submission is judged: one that kills its judge is counted, and set aside in the end.

    That it began is a fact; how it ended, `finished` and `fault`, is state that is written into the row once. Between
    the two it counts as failed, as nobody can tell it from one that was killed; an answer for a `known_at` in these
    seconds may change.
    """

    __tablename__ = "judging_attempts"
    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    fault: Mapped[str | None] = mapped_column(Text)  # what went wrong; None: it ended well, or nothing was heard of it
    finished: Mapped[bool] = mapped_column(default=False)
    recorded_at: Mapped[datetime]


class MailboxItem(Base):
    """A mail that could not be taken in or moved: how often it failed, and whether it is set aside by now."""

    __tablename__ = "mailbox_items"
    __table_args__ = (UniqueConstraint("mailbox", "uid_validity", "uid"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    mailbox: Mapped[str]  # host:port/folder
    uid_validity: Mapped[int] = mapped_column(BigInteger)
    uid: Mapped[int] = mapped_column(BigInteger)
    failures: Mapped[int]
    fault: Mapped[str] = mapped_column(Text)
    set_aside: Mapped[bool] = mapped_column(default=False)  # not tried any more; a person was told
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


class Assignment(Base):
    """A person gave a waiting submission to an agency, or took that back (`agency` is ""). Nothing of a row changes but
    `lasting`.

    That is a state and no fact: whether its sender may act by it now, which nobody asks of an earlier moment. Who gave
    that and who took it away, and when, stands in the audit trail.
    """

    __tablename__ = "assignments"
    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    agency: Mapped[str]
    by: Mapped[str]
    lasting: Mapped[bool] = mapped_column(default=False)  # the sender may act for the agency from now on, too
    arrived_at: Mapped[datetime | None]  # when it came, as the person says; absent: when we received it
    recorded_at: Mapped[datetime]


class SourceRead(Base):
    """One attempt to read a source (drop folder, mailbox): whether we are blind.

    Committed before the reading begins; `finished`, `ok`, `items` and `detail` are written into it once, at its end. Of
    one that was killed it stays unfinished, and not ok.
    """

    __tablename__ = "source_reads"
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(index=True)
    ok: Mapped[bool]
    finished: Mapped[bool] = mapped_column(default=True)
    items: Mapped[int]
    detail: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime]
