"""The archive mailbox: the second recipient of every SMTP transaction, hence the proof that a letter left."""

from collections.abc import Iterable
from imaplib import IMAP4

from imap_tools import MailBox, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError

from dondoc.mail.servers import ImapServer


class Unreadable(Exception):
    """The archive cannot be read now; that proves nothing about any letter."""


def found(server: ImapServer, message_ids: Iterable[str]) -> set[str]:
    """Those of the Message-IDs that are in the archive.

    Raises:
        Unreadable: with the kind of failure.
    """
    kind = MailBox if server.ssl else MailBoxUnencrypted
    try:
        with kind(server.host, server.port, timeout=30).login(
            server.user, server.password, initial_folder=server.folder
        ) as box:
            return {m for m in message_ids if box.uids(f'HEADER Message-ID "{m}"')}
    except (OSError, IMAP4.error, ImapToolsError) as error:
        raise Unreadable(type(error).__name__) from None
