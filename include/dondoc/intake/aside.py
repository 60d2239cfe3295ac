"""Mails that the mailbox would not give, or not let go of: counted, then set aside, never lost.

One that failed a few times is not asked for at every run any more, and a person finds it in the inbox: a note of ours
in its place. It stays where it is, is asked for once an hour, and when it comes at last the note is put away.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dondoc.configuration.context import AppContext
from dondoc.facts import contacts
from dondoc.intake.receive import receive
from dondoc.intake.verdicts import newest_verdict, without_reading
from dondoc.store.intake import MailboxItem, Submission
from dondoc.vocabulary.submissions import Arrival, MayBe, Outcome

AFTER = 5  # failures
AGAIN = timedelta(hours=1)
LONGEST = timedelta(days=1)  # also when it is the mailbox's own fault
FEW = 3  # more mails than these fail, and none comes: then it is the mailbox, not they


@dataclass(frozen=True)
class Box:
    """A folder of a mailbox, as long as its UIDs mean the same."""

    name: str  # whose, at host:port/folder
    uid_validity: int


def tried(session: Session, box: Box, now: datetime) -> tuple[set[int], set[int]]:
    """UIDs that failed before, and those of them that are set aside and not to be asked for in this run."""
    mine = (MailboxItem.mailbox == box.name, MailboxItem.uid_validity == box.uid_validity)
    items = session.scalars(select(MailboxItem).where(*mine)).all()
    return {i.uid for i in items}, {i.uid for i in items if i.set_aside and i.last_at > now - AGAIN}


def went_well(app: AppContext, box: Box, uids: list[int], now: datetime) -> None:
    """These were taken in and moved, or are gone: whatever was noted of them is over."""
    with app.sessions.begin() as session:
        mine = (MailboxItem.mailbox == box.name, MailboxItem.uid_validity == box.uid_validity)
        over = set(session.scalars(select(MailboxItem.uid).where(*mine))) & set(uids)
        session.execute(delete(MailboxItem).where(*mine, MailboxItem.uid.in_(over)))
        for uid in over:
            note = session.scalar(select(Submission.id).where(Submission.channel_id == _channel_id(box, uid)))
            verdict = newest_verdict(session, note) if note else None
            if note and verdict and verdict.outcome == Outcome.WAITING:
                reason = "thư đã lấy được, xem bản nộp của chính thư đó"
                session.add(without_reading(note, Outcome.DISMISSED, reason, now, answered=True))


def failed(
    app: AppContext, box: Box, faults: Mapping[int, str], senders: Mapping[int, str], *, some_came: bool, now: datetime
) -> tuple[list[int], list[int]]:
    """Count these failures, and set aside what has failed often enough.

    Args:
        faults: why, by UID.
        senders: the address that each mail claims, where it is known.
        some_came: others of this run came well.

    Returns:
        UIDs still to be tried at every run, and those set aside by now.
    """
    mailbox_at_fault = not some_came and len(faults) > FEW
    trying: list[int] = []
    put: list[int] = []
    for uid, fault in faults.items():
        with app.sessions.begin() as session:
            item = _item(session, box, uid, now)
            item.fault, item.last_at = fault, now
            if not mailbox_at_fault:
                item.failures += 1
            lies, due = item.set_aside, item.failures >= AFTER or now - item.first_at >= LONGEST
        if due and not lies:
            _note(app, box, uid, fault, senders.get(uid, ""), now)  # first: nothing rests that nobody can see
            with app.sessions.begin() as session:
                _item(session, box, uid, now).set_aside = True
        (put if lies or due else trying).append(uid)
    return trying, put


def _item(session: Session, box: Box, uid: int, now: datetime) -> MailboxItem:
    same = select(MailboxItem).where(
        MailboxItem.mailbox == box.name, MailboxItem.uid_validity == box.uid_validity, MailboxItem.uid == uid
    )
    if (item := session.scalar(same)) is None:
        item = MailboxItem(
            mailbox=box.name,
            uid_validity=box.uid_validity,
            uid=uid,
            failures=0,
            fault="",
            set_aside=False,
            first_at=now,
            last_at=now,
        )
        session.add(item)
    return item


def _channel_id(box: Box, uid: int) -> str:
    return f"aside/{box.name}/{box.uid_validity}/{uid}"


def _note(app: AppContext, box: Box, uid: int, fault: str, sender: str, now: datetime) -> None:
    """An entry in the inbox in the mail's place. It is the sender's agency's where that is certain enough to wait."""
    reason = (
        f"thư UID {uid} trong hộp thư {box.name} không lấy được hoặc không chuyển đi được ({fault}); thư vẫn nằm "
        "nguyên ở đó: mở hộp thư bằng chương trình thư để xem, lưu tệp rồi tải lên trang tiếp nhận"
    )
    submission, _ = receive(
        app,
        f"{reason}\nFrom: {sender}\n".encode(errors="replace"),
        channel=Arrival.MAIL,
        channel_id=_channel_id(box, uid),
        sender=sender,
        filename=f"thu-UID-{uid}.txt",
        received_at=now,
        now=now,
        automatic=True,  # never answered: it is our own note
    )
    with app.sessions.begin() as session:
        if newest_verdict(session, submission) is None:
            agencies = contacts.agency_of_sender(session, sender, now.date()) if sender else set()
            agency = next(iter(agencies)) if len(agencies) == 1 else None
            session.add(
                without_reading(
                    submission, Outcome.WAITING, reason, now, answered=True, agency=agency, may_be=MayBe.EITHER
                )
            )
