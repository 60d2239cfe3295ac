"""One SMTP connection, kept open from letter to letter. Nothing here knows about the outbox."""

import smtplib
import ssl
from dataclasses import dataclass
from types import TracebackType

from dondoc import tls
from dondoc.bounded import Connection, Deadline, explain
from dondoc.mail.render import one_line
from dondoc.mail.servers import BARE, SmtpServer, Unusable

LARGEST_REPLY = 65_536  # bytes of one answer, all its lines
PARTING = 5.0  # seconds for the last words


@dataclass(frozen=True)
class Reply:
    """What the server said. 2xx yes, 4xx not now, 5xx never."""

    code: int
    text: str

    @property
    def accepted(self) -> bool:
        return 200 <= self.code < 300

    @property
    def temporary(self) -> bool:
        return 400 <= self.code < 500

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


def _reply(code: int, text: bytes | str, *secrets: str | None) -> Reply:
    if code < 0:  # smtplib's sign for an answer that is none
        raise smtplib.SMTPServerDisconnected("not an SMTP answer")
    return Reply(code, _plain(text, *secrets))


def _plain(text: bytes | str, *secrets: str | None) -> str:
    """Somebody else's words: printable, short, and without what must not be seen, should they repeat it."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    for secret in filter(None, secrets):
        words = words.replace(secret, "…")
    return one_line(words)[:200]


class _Smtp(smtplib.SMTP):
    """smtplib over a connection that is bounded: its replies may not be long, nor come slowly."""

    def __init__(self, connection: Connection, host: str, name: str) -> None:
        super().__init__(local_hostname=name)
        self._connection, self._host = connection, host
        self.sock = self.file = connection  # type: ignore[assignment]  # as much of a socket as smtplib uses

    def getreply(self) -> tuple[int, bytes]:
        self._connection.allow(LARGEST_REPLY)
        return super().getreply()

    def secure(self, context: ssl.SSLContext) -> None:
        """STARTTLS, or an error: never without it. What was said in clear is forgotten (RFC 3207, 4.2)."""
        self.ehlo_or_helo_if_needed()
        if not self.has_extn("starttls"):
            raise smtplib.SMTPNotSupportedError("STARTTLS")
        code, text = self.docmd("STARTTLS")
        if code != 220:
            raise smtplib.SMTPResponseException(code, text)
        self._connection.starttls(context)
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def until(self, deadline: Deadline, patience: float) -> None:
        """What follows keeps to this."""
        self._connection.deadline, self._connection.patience = deadline, patience


def _cause(error: Exception) -> Exception:
    """What smtplib was explain when it says that it is not connected any more."""
    return error.__context__ if isinstance(error.__context__, OSError) else error


class SmtpConnection:
    """Opened when first needed. Once it cannot be used it stays given up: one dead server, one wait.

    Each letter has a deadline of its own, from the first word about it to the last.
    """

    def __init__(self, server: SmtpServer, *, timeout: float, name: str, letter_seconds: float | None = None) -> None:
        """`timeout`: seconds for one answer; `letter_seconds`: for all that one letter takes, else the same."""
        self.server, self.timeout, self.name = server, timeout, name
        self._letter_seconds = letter_seconds or timeout
        self._deadline = Deadline(self._letter_seconds)
        self._open: _Smtp | None = None
        self._dead: str | None = None
        self.trouble: str | None = None  # why the server could not be used, in the end; None: it took the last letter
        self.answered = False  # whether the server let us in

    def __enter__(self) -> "SmtpConnection":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._open:
            try:
                self._open.until(Deadline(PARTING), PARTING)
                self._open.quit()
            except (smtplib.SMTPException, OSError):
                self._open.close()

    def begin_message(self, sender: str, recipient: str, archive_recipient: str | None) -> tuple[Reply, Reply | None]:
        """Begin a transaction: MAIL and RCPT. The witness is a second recipient of the same transaction.

        Returns:
            the reply that decides about the recipient, and the witness's reply (None without one).

        Raises:
            Unusable: no connection, or it broke. Nothing was sent.
        """
        self._deadline = Deadline(self._letter_seconds)
        again = self._open is not None  # an idle connection may have been closed by the server: try a fresh one
        try:
            reply = self._envelope(sender, recipient, archive_recipient)
        except (smtplib.SMTPException, OSError) as error:
            reason = self._gone(error)
            if again and not self._dead:
                return self.begin_message(sender, recipient, archive_recipient)
            raise Unusable(reason) from None
        self.trouble = None
        return reply

    def _envelope(self, sender: str, recipient: str, archive_recipient: str | None) -> tuple[Reply, Reply | None]:
        smtp, secret = self._connection(), self.server.password
        reply = _reply(*smtp.mail(sender), secret)
        if reply.accepted:
            reply = _reply(*smtp.rcpt(recipient), secret)
        if not reply.accepted:
            self.drop() if reply.code == 421 else self.reset()
            return reply, None
        if not archive_recipient or archive_recipient == recipient:
            return reply, None
        seen = _reply(*smtp.rcpt(archive_recipient), secret)
        if seen.code == 421:  # the server hangs up: DATA would have no transaction to belong to
            raise smtplib.SMTPServerDisconnected("421")
        return reply, seen

    def data(self, content: bytes) -> Reply:
        """Send the message of the transaction that `offer` began.

        Raises:
            smtplib.SMTPException or OSError: the connection broke; nobody knows whether the server took it.
        """
        if self._open is None:
            raise smtplib.SMTPServerDisconnected("no transaction")
        try:
            reply = _reply(*self._open.data(content), self.server.password)
        except smtplib.SMTPDataError as error:  # refused before the first byte of the message
            reply = Reply(error.smtp_code, _plain(error.smtp_error, self.server.password))
            self.reset()
        except (smtplib.SMTPException, OSError) as error:
            self._gone(error)
            raise
        if reply.code == 421:
            self.drop()
        return reply

    def reset(self) -> None:
        """Give up the transaction, keep the connection."""
        try:
            if self._open:
                self._open.rset()
        except (smtplib.SMTPException, OSError):
            self.drop()

    def drop(self) -> None:
        """Close without a word; the next letter opens a new connection."""
        if self._open:
            self._open.close()
        self._open = None

    def _gone(self, error: Exception) -> str:
        """Closes, and says why. Who lets us wait for nothing, or never stops talking, is given up for good."""
        cause = _cause(error)
        self.trouble = f"Máy chủ thư {self.server.host}:{self.server.port}: {explain(cause)}."
        if self._deadline.over or isinstance(cause, TimeoutError):
            self._dead = self.trouble
        self.drop()
        return self.trouble

    def _connection(self) -> _Smtp:
        if self._dead:
            raise Unusable(self._dead)
        if self._open is None:
            try:
                self._open = connect(self.server, timeout=self.timeout, name=self.name, deadline=self._deadline)
                self.answered = True
            except Unusable as error:
                self._dead = self.trouble = str(error)
                raise
        self._open.until(self._deadline, self.timeout)
        return self._open


def connect(server: SmtpServer, *, timeout: float, name: str, deadline: Deadline | None = None) -> _Smtp:
    """A connection that is greeted, encrypted where the address says so, and logged in. Never falls back to plain.

    Raises:
        Unusable: with the step that failed.
        Problem: DONDOC_CA_FILE cannot be used.
    """
    where = f"Máy chủ thư {server.host}:{server.port}"
    if server.bares_password:
        raise Unusable(f"{where}: {BARE.format(schemes='smtps:// hoặc smtp+starttls://')}.")
    context = tls.context(server.trust.ca_file) if server.security != "plain" else None
    smtp: _Smtp | None = None
    try:
        connection = Connection(
            server.host,
            server.port,
            deadline=deadline or Deadline(timeout),
            patience=timeout,
            context=context if server.security == "tls" else None,
        )
        smtp = _Smtp(connection, server.host, name)
        code, text = smtp.getreply()
        if code != 220:
            raise smtplib.SMTPResponseException(code, text)
        if server.security == "starttls" and context:
            smtp.secure(context)
        smtp.ehlo_or_helo_if_needed()
        if server.user:
            smtp.login(server.user, server.password or "")
        return smtp
    except smtplib.SMTPAuthenticationError as error:
        reason = f"không nhận mật khẩu ({error.smtp_code}); sửa mật khẩu trong kết nối dondoc_smtp hoặc DONDOC_SMTP_URL"
    except smtplib.SMTPResponseException as error:
        words = _plain(error.smtp_error, server.password)
        reason = f"trả lời {error.smtp_code} {words}" if error.smtp_code > 0 else "không nói SMTP; kiểm tra số cổng"
    except smtplib.SMTPNotSupportedError:
        reason = "không có STARTTLS hoặc cách đăng nhập cần dùng; chưa gửi mật khẩu. Kiểm tra số cổng và kiểu mã hóa"
    except (smtplib.SMTPException, OSError) as error:
        reason = explain(_cause(error))
    if smtp:
        smtp.close()
    raise Unusable(f"{where}: {reason}.")
