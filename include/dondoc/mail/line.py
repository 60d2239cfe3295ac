"""One SMTP connection, kept open from letter to letter. Nothing here knows about the outbox."""

import smtplib
import ssl
from dataclasses import dataclass
from types import TracebackType

from dondoc.mail.servers import SmtpServer

CONNECT_TIMEOUT = 20.0  # seconds; a server that is up answers sooner


class Unavailable(Exception):
    """The server cannot be used now; nothing was sent. Says why in a few words, without secrets."""


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


def _reply(code: int, text: bytes | str) -> Reply:
    if code < 0:  # smtplib's sign for an answer that is none
        raise smtplib.SMTPServerDisconnected("not an SMTP answer")
    return Reply(code, _plain(text))


def _plain(text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join(said.split())[:200]


class Line:
    """Opened when first needed. Once it cannot be opened it stays given up: one dead server, one wait."""

    def __init__(self, server: SmtpServer, *, timeout: float, name: str) -> None:
        self.server, self.timeout, self.name = server, timeout, name
        self._open: smtplib.SMTP | None = None
        self._dead: str | None = None

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._open:
            try:
                self._open.quit()
            except (smtplib.SMTPException, OSError):
                self._open.close()

    def offer(self, sender: str, recipient: str, witness: str | None) -> tuple[Reply, Reply | None]:
        """Begin a transaction: MAIL and RCPT. The witness is a second recipient of the same transaction.

        Returns:
            the reply that decides about the recipient, and the witness's reply (None without one).

        Raises:
            Unavailable: no connection, or it broke. Nothing was sent.
        """
        again = self._open is not None  # an idle connection may have been closed by the server: try a fresh one
        try:
            return self._envelope(sender, recipient, witness)
        except (smtplib.SMTPException, OSError) as error:
            self.drop()
            if again:
                return self.offer(sender, recipient, witness)
            raise Unavailable(f"kết nối đứt ({type(error).__name__})") from None

    def _envelope(self, sender: str, recipient: str, witness: str | None) -> tuple[Reply, Reply | None]:
        smtp = self._connection()
        said = _reply(*smtp.mail(sender))
        if said.accepted:
            said = _reply(*smtp.rcpt(recipient))
        if not said.accepted:
            self.drop() if said.code == 421 else self.reset()
            return said, None
        if not witness or witness == recipient:
            return said, None
        seen = _reply(*smtp.rcpt(witness))
        if seen.code == 421:  # the server hangs up: DATA would have no transaction to belong to
            raise smtplib.SMTPServerDisconnected("421")
        return said, seen

    def data(self, content: bytes) -> Reply:
        """Send the message of the transaction that `offer` began.

        Raises:
            smtplib.SMTPException or OSError: the connection broke; nobody knows whether the server took it.
        """
        if self._open is None:
            raise smtplib.SMTPServerDisconnected("no transaction")
        try:
            said = _reply(*self._open.data(content))
        except smtplib.SMTPDataError as error:  # refused before the first byte of the message
            said = Reply(error.smtp_code, _plain(error.smtp_error))
            self.reset()
        except (smtplib.SMTPException, OSError):
            self.drop()
            raise
        if said.code == 421:
            self.drop()
        return said

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

    def _connection(self) -> smtplib.SMTP:
        if self._dead:
            raise Unavailable(self._dead)
        if self._open is None:
            try:
                self._open = connect(self.server, timeout=self.timeout, name=self.name)
            except Unavailable as error:
                self._dead = str(error)
                raise
        return self._open


def connect(server: SmtpServer, *, timeout: float, name: str) -> smtplib.SMTP:
    """A connection that is greeted, encrypted where the address says so, and logged in. Never falls back to plain.

    Raises:
        Unavailable: with the step that failed.
    """
    where = f"máy chủ thư {server.host}:{server.port}"
    smtp: smtplib.SMTP | None = None
    try:
        wait = min(timeout, CONNECT_TIMEOUT)
        if server.security == "tls":
            context = ssl.create_default_context()
            smtp = smtplib.SMTP_SSL(server.host, server.port, name, timeout=wait, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, name, timeout=wait)
        if server.security == "starttls":
            smtp.starttls(context=ssl.create_default_context())
        smtp.ehlo_or_helo_if_needed()
        if server.user:
            smtp.login(server.user, server.password or "")
        if smtp.sock:
            smtp.sock.settimeout(timeout)
        return smtp
    except smtplib.SMTPAuthenticationError as error:
        reason = f"{where} không nhận mật khẩu ({error.smtp_code})"
    except ssl.SSLError:
        reason = f"{where}: chứng thư hoặc TLS không dùng được"
    except smtplib.SMTPResponseException as error:
        reason = f"{where} trả lời {error.smtp_code} {_plain(error.smtp_error)}"
    except smtplib.SMTPNotSupportedError:
        reason = f"{where} không có STARTTLS hoặc cách đăng nhập cần dùng"
    except (smtplib.SMTPException, OSError) as error:
        reason = f"{where} không trả lời ({type(error).__name__})"
    if smtp:
        smtp.close()
    raise Unavailable(reason)
