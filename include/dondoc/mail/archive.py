"""The archive mailbox: the second recipient of every SMTP transaction, hence the proof that a letter left.

Anybody may write to it. So every letter bears a proof that only we can make: an HMAC over its Message-ID, its recipient
and its subject. Whoever has a letter can send its proof on, but then the letter did reach somebody: what is proven is
that it left, not that its recipient read it.
"""

from collections.abc import Iterable, Mapping
from email.parser import BytesHeaderParser
from email.policy import compat32

from dondoc import keys
from dondoc.bounded import Deadline
from dondoc.mail.imap import Declined, Mailbox
from dondoc.mail.servers import ImapServer

PROOF = "X-Dondoc-Proof"  # the header
SECONDS = 120.0  # for all that is looked for
CANDIDATES = 20  # mails that are looked at for one letter; servers search for parts of words
HEADERS = 65_536


def proof(secrets: list[str], message_id: str, recipient: str, subject: str) -> str:
    """The value of the header.

    Raises:
        Problem: no key is set.
    """
    return keys.sign(secrets, "proof", _about(message_id, recipient, subject))


def _about(message_id: str, recipient: str, subject: str) -> bytes:
    return "\n".join((message_id, recipient, subject)).encode()


def archived(server: ImapServer, letters: Mapping[str, tuple[str, str]], secrets: list[str]) -> set[str]:
    """Those of the letters that are in the archive with our proof.

    Args:
        letters: by Message-ID, recipient and subject as they left.

    Returns:
        Message-IDs.

    Raises:
        Unusable: the archive cannot be read now; that proves nothing about any letter.
    """
    with Mailbox(server, Deadline(SECONDS)) as box:
        return {m for m, (to, subject) in letters.items() if any(_proves(m, to, subject, secrets, _candidates(box, m)))}


def _candidates(box: Mailbox, message_id: str) -> Iterable[bytes]:
    """The headers of mails that may be the letter."""
    try:
        uids = box.uids(f'HEADER Message-ID "{message_id}"')
    except Declined:
        return
    for uid in uids[:CANDIDATES]:
        try:
            yield box.fetch(uid, HEADERS, "HEADER").content
        except Declined:
            continue


def _proves(
    message_id: str, recipient: str, subject: str, secrets: list[str], candidates: Iterable[bytes]
) -> Iterable[bool]:
    for raw in candidates:
        header = BytesHeaderParser(policy=compat32).parsebytes(raw)
        same = [str(value).strip() for value in header.get_all("Message-ID", [])] == [message_id]
        yield same and any(
            keys.verify(secrets, "proof", _about(message_id, recipient, subject), str(value).strip())
            for value in header.get_all(PROOF, [])[:3]
        )
