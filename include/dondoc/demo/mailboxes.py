"""The demo's mailboxes: a Maildir for each address, which SMTP, IMAP and the page share."""

import contextlib
import mailbox
import os
import re
import threading
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from dondoc import clock

PASSWORD = "hop-thu-thu"  # noqa: S105 - of mailboxes that exist only in the demo and in tests


def folder_of(address: str) -> str:
    """The folder of an address's Maildir: nothing in it can leave the home folder."""
    return re.sub(r"[^a-z0-9@._+-]", "_", address.lower()).lstrip(".") or "_"


def arrival(key: str) -> tuple[int, ...]:
    """When the mail of a Maildir key arrived, for sorting: second, microsecond, number."""
    return tuple(int(n) for n in re.findall(r"[0-9]+", key.split("P")[0]))


class Mailboxes:
    """A Maildir per address under a home folder, and pymap's list of users beside them."""

    def __init__(self, home: Path) -> None:
        from pysasl.hashing import BuiltinHash

        self.home = home
        self._hash = BuiltinHash(rounds=1000).hash(PASSWORD)
        self._lock = threading.Lock()
        home.mkdir(parents=True, exist_ok=True)
        for name in ("passwd", "shadow"):
            (home / f"pymap-etc-{name}").touch()

    def open(self, address: str) -> mailbox.Maildir:
        """The Maildir of an address; made, with its user, when it is not there yet."""
        folder = folder_of(address)
        with self._lock:
            if not (self.home / folder).exists():
                made = mailbox.Maildir(self.home / folder, create=True)
                for name, line in (
                    ("passwd", f"{folder}:x:::{folder}:{folder}:"),
                    ("shadow", f"{folder}:{self._hash}:::::::"),
                ):
                    with (self.home / f"pymap-etc-{name}").open("a") as file:
                        file.write(line + "\n")
                return made
        return mailbox.Maildir(self.home / folder, create=False)

    def put(self, address: str, content: bytes) -> None:
        """Lay a mail into the INBOX of an address; it arrives now, by the clock that the letters play in."""
        box = self.open(address)
        key, now = box.add(content), clock.now().timestamp()
        with contextlib.suppress(FileNotFoundError):  # an IMAP client looked at it already: it keeps its real time
            os.utime(self.home / folder_of(address) / "new" / key, (now, now))

    def addresses(self) -> list[str]:
        return sorted(path.name for path in self.home.iterdir() if (path / "new").is_dir())

    def read(self, address: str) -> list[tuple[str, EmailMessage]]:
        """The mails of an address in order of arrival, each with its key, also those that were moved into a folder."""
        top, messages = self.open(address), []
        for box in (top, *(top.get_folder(name) for name in top.list_folders())):
            for key in box.keys():  # noqa: SIM118 - a mailbox is no mapping
                try:
                    content = box.get_bytes(key)
                except (KeyError, FileNotFoundError):  # moved by an IMAP client in between
                    continue
                messages.append((key, BytesParser(EmailMessage, policy=policy.default).parsebytes(content)))
        return sorted(messages, key=lambda pair: arrival(pair[0]))

    def messages(self, address: str) -> list[EmailMessage]:
        return [message for _, message in self.read(address)]
