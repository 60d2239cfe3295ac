"""Days that readers of our letters named in a reply: they hold until a person has closed it, within bounds.

Our letters say that who names a day is not written to before it. A person turns the reply into a promise, registers
what it speaks of, or puts it aside; only until then does it count by itself, and only from a sender nobody doubts.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.clock import HERE
from dondoc.escalation.past import Promised
from dondoc.store.intake import COUNTS, Mail, Submission, Verdict
from dondoc.vocabulary.mails import MailKind
from dondoc.vocabulary.submissions import Outcome


def promised(session: Session) -> dict[int, Promised]:
    """By the letter that was answered: the day named last, and when that was said."""
    query = (
        select(Mail.letter_id, Mail.promised, Submission.happened_at)
        .join(Submission, Submission.mail_id == Mail.id)
        .join(Verdict, Verdict.submission_id == Submission.id)
        .where(Mail.kind == MailKind.REPLY, Mail.letter_id.is_not(None), Mail.promised.is_not(None))
        .where(COUNTS, Verdict.outcome == Outcome.WAITING, Submission.sender_doubt.is_(None))
        .order_by(Submission.happened_at)
    )
    rows = session.execute(query)
    return {row.letter_id: Promised(row.promised, row.happened_at.astimezone(HERE).date()) for row in rows}
