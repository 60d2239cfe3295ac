"""From where a mail came to our own mail server: the one thing in its `Received` fields that its sender cannot write.

It proves nobody, and is compared only with where the same address wrote from before.
"""

import ipaddress
import re
from email.message import Message

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.intake.authentication import Result
from dondoc.store.intake import COUNTS, Mail, Submission, Verdict
from dondoc.vocabulary.submissions import ACCEPTED

LONGEST = 1_000  # characters of a field that are looked at
# What the server wrote itself, in brackets after the name by which the other called itself (RFC 5321, section 4.4).
_SEEN = re.compile(r"\(\s*(?:([\w.-]+)\.?\s+)?\[(?:IPv6:)?([0-9A-Fa-f.:]+)\]", re.ASCII)
_SECOND_LEVEL = frozenset(("ac", "co", "com", "edu", "gov", "int", "net", "org"))


def origin(header: Message) -> str | None:
    """The domain of the host that gave us the mail, or its network where it has no name; None: not written.

    Only the topmost `Received` counts: whatever stands below it came with the mail.
    """
    field = str(header.get("Received", ""))[:LONGEST]
    if not (seen := _SEEN.search(" ".join(field.split()))):
        return None
    name, address = (seen[1] or "").rstrip("."), seen[2]
    return _domain(name) if "." in name else _network(address)


def _domain(name: str) -> str:
    """mail2.hatinh.gov.vn and mail3.hatinh.gov.vn are one: hatinh.gov.vn."""
    labels = name.lower().split(".")
    return ".".join(labels[-3:] if len(labels) > 2 and labels[-2] in _SECOND_LEVEL else labels[-2:])


def _network(address: str) -> str | None:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    return str(ipaddress.ip_network((found, 24 if found.version == 4 else 48), strict=False))


def is_new(session: Session, submission: Submission) -> bool:
    """Whether an address that has sent accepted forms writes from where it never did, and nothing vouches for it."""
    if submission.mail_id is None or submission.authentication == Result.PASS:
        return False
    here = session.get_one(Mail, submission.mail_id).origin
    known = set(
        session.scalars(
            select(Mail.origin)
            .join(Submission, Submission.mail_id == Mail.id)
            .join(Verdict, Verdict.submission_id == Submission.id)
            .where(Submission.sender == submission.sender, Submission.sender_doubt.is_(None))
            .where(Submission.id != submission.id, Mail.origin.is_not(None))
            .where(COUNTS, Verdict.outcome.in_(ACCEPTED))
            .distinct()
        )
    )
    return here is not None and bool(known) and here not in known
