"""A mailbox over IMAP (RFC 3501, 4315, 6851) that is believed in nothing: not in sizes, not in order, not in its `OK`.

What comes back is bounded in time and amount. An answer counts only when it is about the mail that was asked for.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from imaplib import IMAP4, Internaldate2tuple
from time import mktime
from types import TracebackType
from typing import Any, TypeVar

from imap_tools.utils import encode_folder

from dondoc import tls
from dondoc.bounded import Connection, Deadline, explain
from dondoc.clock import HERE
from dondoc.mail.render import one_line
from dondoc.mail.servers import BARE, ImapServer, Unusable

PATIENCE = 120.0  # seconds for one step of the server: a folder that somebody flooded makes a slow one think
LINES = 2**20  # bytes of lines in one answer
LIST = 2**23  # of a list of UIDs: some 800,000
BATCH = 500  # mails whose headers are asked for at a time
HEADER = 8192  # bytes of such a header
SLACK = 1024  # bytes more than asked for, in a block
PARTING = 5.0  # seconds for the last words
# What is quoted, or would be if the quote had an end: looking for that again at each quote would take hours.
_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
T = TypeVar("T")


class Declined(Exception):
    """The server would not do one thing: what it said. The connection is still good."""


class Broken(Unusable):
    """The connection is of no use any more: time is up, too much came, or what came was no IMAP."""


class _Client(IMAP4):
    """imaplib over a connection that is bounded."""

    def __init__(self, connection: Connection, host: str, port: int) -> None:
        self._connection = connection
        connection.allow(LINES)
        super().__init__(host, port)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        self.host, self.port = host, port
        self.sock = self.file = self._connection  # type: ignore[assignment]  # as much of a socket as imaplib uses

    def read(self, size: int) -> bytes:
        return self._connection.read(size)

    def readline(self) -> bytes:
        return self._connection.readline(LIST)

    def send(self, data: Any) -> None:
        self._connection.sendall(data)

    def shutdown(self) -> None:
        self._connection.close()

    def secure(self, context: Any) -> None:
        """STARTTLS, or an error: never without it. A greeting that skips the login (PREAUTH) makes it one too."""
        status, _ = self._simple_command("STARTTLS")
        if status != "OK":
            raise self.error("no STARTTLS")
        self._connection.starttls(context)
        self.untagged_responses: dict[str, list[Any]] = {}
        self._get_capabilities()  # what was said in clear is forgotten (RFC 3501, 6.2.1)


@dataclass(frozen=True)
class Fetched:
    """The bytes of a mail, or of its beginning, and when the server received it (INTERNALDATE), if it says so."""

    content: bytes
    received_at: datetime | None


class Mailbox:
    """One folder of a mailbox, selected. As a context manager it says goodbye."""

    def __init__(self, server: ImapServer, deadline: Deadline) -> None:
        """Connects, encrypts where the address says so, logs in, selects.

        Raises:
            Unusable: with the step that failed. The password has not left unless server and encryption were proven.
            Problem: DONDOC_CA_FILE cannot be used.
        """
        self.server = server
        self._where = f"Hộp thư {server.host}:{server.port}/{server.folder}"
        self._secret, self._is_broken = server.password, False
        if server.bares_password:
            raise self._unusable(BARE.format(schemes="imaps:// hoặc imap+starttls://"))
        context = tls.context(server.trust.ca_file) if server.security != "plain" else None
        try:
            self._connection = Connection(
                server.host,
                server.port,
                deadline=deadline,
                patience=PATIENCE,
                context=context if server.security == "tls" else None,
            )
        except OSError as error:
            raise self._unusable(explain(error)) from None
        try:
            self._client = self._safely(lambda: _Client(self._connection, server.host, server.port))
            if server.security == "starttls":
                self._encrypt(context)
            self._log_in()
            self._safely(self._client._get_capabilities)  # many servers can do more once they know us
            self.uid_validity = self._select()
        except Declined as error:
            self._connection.close()
            raise self._unusable(f"không phục vụ ({error}); kiểm tra số cổng và kiểu mã hóa") from None
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> "Mailbox":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Says goodbye, where anybody would still hear it."""
        if not self._is_broken:
            try:
                self.until(Deadline(PARTING))
                self._command("LOGOUT", self._client.logout)
            except (Unusable, Declined):
                pass
        self._connection.close()

    def until(self, deadline: Deadline) -> None:
        """What follows keeps to this."""
        self._connection.deadline = deadline

    @property
    def _erases(self) -> bool:
        """Whether the server can take one mail out of a folder."""
        return bool({"MOVE", "UIDPLUS"} & {*self._client.capabilities})

    def present(self) -> list[int]:
        """UIDs of the mails of the folder, ascending; not of those that `move` could only mark.

        Raises:
            Declined: also when none is named though there were some.
            Broken.
        """
        uids = self.left()
        if self._erases and self._count and not uids:
            raise Declined(f"có {self._count} thư mà không nêu thư nào")
        return uids

    def left(self) -> list[int]:
        """As `present`, after some were moved: there may be none.

        Raises:
            Declined, Broken.
        """
        return self.uids("ALL" if self._erases else "UNDELETED")

    def uids(self, criteria: str) -> list[int]:
        """UIDs of the mails that meet the criteria, ascending.

        Raises:
            Declined, Broken.
        """
        answer = self._command("SEARCH", lambda: self._client.uid("SEARCH", criteria), lines=LIST)
        lines = b" ".join(line for line in answer if isinstance(line, bytes))
        return sorted({int(word) for word in lines.split() if word.isdigit() and len(word) < 11})

    def headers(self, uids: list[int], names: str) -> Iterator[tuple[int, bytes]]:
        """Header fields of each mail, as they stand; those that the server would not give are missing.

        Raises:
            Broken: after those that came before.
        """
        for start in range(0, len(uids), BATCH):
            blocks: dict[int, bytes] = {}
            self._fields(uids[start : start + BATCH], names, blocks)
            yield from blocks.items()

    def _fields(self, uids: list[int], name: str, fields: dict[int, bytes]) -> None:
        what = f"(UID BODY.PEEK[HEADER.FIELDS ({name})]<0.{HEADER}>)"
        try:
            answer = self._fetched(uids, what, data=len(uids) * HEADER)
        except Declined:  # one bad mail spoils the answer about all: halve until it stands alone
            if len(uids) > 1:
                self._fields(uids[: len(uids) // 2], name, fields)
                self._fields(uids[len(uids) // 2 :], name, fields)
            return
        fields.update((uid, blocks[0]) for uid, (_, blocks) in answer.items() if blocks)

    def larger_than(self, uid: int, size: int) -> bool:
        """Whether a mail has more bytes than that: the server is asked for the next one, not for the size it claims.

        Raises:
            Declined, Broken.
        """
        words, _ = self._one(uid, "(UID RFC822.SIZE)", data=0)
        claimed = re.search(rb"RFC822\.SIZE (\d{1,20})", words)
        if not claimed or int(claimed[1]) <= size:
            return False
        return bool(self._block(*self._one(uid, f"(UID BODY.PEEK[]<{size}.1>)", data=SLACK)))

    def fetch(self, uid: int, most: int, part: str = "") -> Fetched:
        """The first `most` bytes of a mail, or of a part of it, without marking it as seen.

        Raises:
            Declined: NO, BAD, or an OK without the mail. It may be gone: see `lists`.
            Broken: more than asked for came, among others.
        """
        words, blocks = self._one(uid, f"(UID INTERNALDATE BODY.PEEK[{part}]<0.{most}>)", data=most + SLACK)
        content = self._block(words, blocks)
        if content is None:
            raise Declined("OK nhưng không có nội dung thư")
        when = Internaldate2tuple(words)
        return Fetched(content, datetime.fromtimestamp(mktime(when), HERE) if when else None)

    def lists(self, uid: int) -> bool:
        """Whether the folder still holds a mail.

        Raises:
            Declined, Broken.
        """
        return uid in self.uids(f"UID {uid}")

    def make(self, folder: str) -> None:
        """Make a folder unless it is there.

        Raises:
            Declined, Broken.
        """
        name = _encoded(folder)
        if not any(self._command("LIST", lambda: self._client.list('""', name))):
            self._command("CREATE", lambda: self._client.create(name))

    def move(self, uid: int, folder: str) -> None:
        """Move a mail. Where the server knows no MOVE, it is copied, and then erased here: it alone, and only where
        the server can erase one mail (UIDPLUS); else it is left marked as deleted.

        Raises:
            Declined: it stays.
            Broken: it may have been moved.
        """
        name, number = _encoded(folder), str(uid)
        if "MOVE" in self._client.capabilities:
            self._command("MOVE", lambda: self._client.uid("MOVE", number, name))
            return
        self._command("COPY", lambda: self._client.uid("COPY", number, name))
        self._command("STORE", lambda: self._client.uid("STORE", number, "+FLAGS.SILENT", r"(\Deleted)"))
        if self._erases:
            self._command("EXPUNGE", lambda: self._client._simple_command("UID", "EXPUNGE", number))

    def _one(self, uid: int, what: str, data: int) -> tuple[bytes, list[bytes]]:
        answer = self._fetched([uid], what, data)
        if uid not in answer:
            raise Declined("OK nhưng không có nội dung thư")
        return answer[uid]

    def _fetched(self, uids: list[int], what: str, data: int) -> dict[int, tuple[bytes, list[bytes]]]:
        """By UID, the words of the answer and its blocks; of what was asked for, and nothing else."""
        wanted = ",".join(map(str, uids))
        answer = self._command("FETCH", lambda: self._client.uid("FETCH", wanted, what), data=data)
        return {uid: (words, blocks) for uid, words, blocks in _by_uid(answer) if uid in set(uids)}

    @staticmethod
    def _block(words: bytes, blocks: list[bytes]) -> bytes | None:
        """The block of an answer; an empty one may come as a string in quotes. None: there is none."""
        if blocks:
            return blocks[0]
        return b"" if re.search(rb'BODY\[[^\[\]]*\](<\d+>)? ""', words) else None

    def _encrypt(self, context: Any) -> None:
        if "STARTTLS" not in self._client.capabilities:
            raise self._unusable("không có STARTTLS; chưa gửi mật khẩu. Kiểm tra số cổng và kiểu mã hóa")
        self._safely(lambda: self._client.secure(context))

    def _log_in(self) -> None:
        user, password = self.server.user, self.server.password
        how = "sửa tên và mật khẩu trong kết nối dondoc_imap, DONDOC_IMAP_URL hoặc DONDOC_ARCHIVE_IMAP_URL"
        if any(c in "\r\n\0" for c in user + password):
            raise self._unusable(f"tên hoặc mật khẩu có ký tự xuống dòng; {how}")
        try:
            if (user + password).isascii():
                quote = self._client._quote
                self._command("LOGIN", lambda: self._client._simple_command("LOGIN", quote(user), quote(password)))
                self._client.state = "AUTH"
            else:  # RFC 4616: the quoted strings of LOGIN are ASCII
                words = f"\0{user}\0{password}".encode()
                self._command("LOGIN", lambda: self._client.authenticate("PLAIN", lambda _: words))
        except Declined:
            raise self._unusable(f"không nhận mật khẩu; {how}") from None

    def _select(self) -> int:
        folder = _encoded(self.server.folder)
        try:
            count = self._command("SELECT", lambda: self._client.select(folder))
        except Declined as error:
            raise self._unusable(f"không mở được thư mục này ({error}); kiểm tra tên thư mục") from None
        self._count = int(count[0]) if count and re.fullmatch(rb"\d{1,10}", count[0]) else 0
        validity = self._safely(lambda: self._client.response("UIDVALIDITY")[1])
        return int(validity[0]) if validity and validity[0] and validity[0].isdigit() and len(validity[0]) < 11 else 0

    def _command(self, name: str, call: Callable[[], Any], *, lines: int = LINES, data: int = 0) -> list[Any]:
        """What the server sends in answer, without Nones.

        Raises:
            Declined: it said NO or BAD.
            Broken.
        """
        self._client.untagged_responses = {}
        self._connection.allow(lines, data)
        status, answer = self._safely(call)
        if status not in ("OK", "BYE"):
            raise Declined(self._words(answer))
        return [part for part in answer if part]

    def _safely(self, call: Callable[[], T]) -> T:
        """Calls the library, which raises whatever it trips over in a hostile answer.

        Raises:
            Declined: the server said BAD.
            Broken.
        """
        try:
            return call()
        except IMAP4.abort:
            raise self._broken("trả lời sai giao thức IMAP, hoặc đã ngắt kết nối; kiểm tra máy chủ") from None
        except IMAP4.error as error:
            raise Declined(self._words(error.args)) from None
        except OSError as error:
            raise self._broken(explain(error)) from None
        except (Declined, Unusable):
            raise
        except Exception as error:
            raise self._broken(f"trả lời không hiểu được ({type(error).__name__}); kiểm tra máy chủ") from None

    def _words(self, answer: Any) -> str:
        """The server's words: printable, short, without our password."""
        words = b" ".join(part if isinstance(part, bytes) else str(part).encode() for part in answer or ())
        return one_line(words.decode("utf-8", "replace").replace(self._secret or "\0", "…"))[:200] or "NO"

    def _unusable(self, reason: str) -> Unusable:
        return Unusable(f"{self._where}: {reason.rstrip('.')}. Thư vẫn còn nguyên trong hộp thư.")

    def _broken(self, reason: str) -> Broken:
        self._is_broken = True
        return Broken(f"{self._where}: {reason.rstrip('.')}. Thư vẫn còn nguyên trong hộp thư.")


def _encoded(folder: str) -> str:
    """A folder's name as commands take it: modified UTF-7, in quotes."""
    return encode_folder(folder).decode("ascii")


def _by_uid(answer: list[Any]) -> Iterator[tuple[int, bytes, list[bytes]]]:
    """The answers to a FETCH one by one: UID, all words outside the blocks, and the blocks."""
    words, blocks = b"", []
    for part in answer:
        if isinstance(part, tuple):
            words += part[0] + b" "
            blocks.append(part[1])
            continue
        words += part
        if uid := re.search(rb"\bUID (\d{1,10})\b", _QUOTED.sub(b'""', words)):
            yield int(uid[1]), words, blocks
        words, blocks = b"", []
