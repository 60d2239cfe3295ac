"""Servers for attacks: a small IMAP server and a small SMTP server whose every answer a test can replace.

They speak over real sockets on loopback, keep all that they were sent, and never wait for anybody at the end of a test.
"""

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

from dondoc.mail.servers import ImapServer, Security, SmtpServer, Trust

PASSWORD = "mat-khau-that"


class Gone(Exception):
    """The client hung up."""


class Talk:
    """One connection as the server sees it."""

    def __init__(self, server: "Server", conn: socket.socket) -> None:
        self.server, self.conn, self.came = server, conn, b""

    def say(self, *lines: bytes) -> None:
        self.raw(b"".join(line + b"\r\n" for line in lines))

    def raw(self, content: bytes) -> None:
        try:
            self.conn.sendall(content)
        except OSError:
            raise Gone from None

    def line(self) -> bytes:
        while b"\n" not in self.came:
            try:
                chunk = self.conn.recv(65536)
            except OSError:
                raise Gone from None
            if not chunk:
                raise Gone
            self.server.received += chunk
            self.came += chunk
        line, _, self.came = self.came.partition(b"\n")
        return line.rstrip(b"\r")

    def secure(self, context: ssl.SSLContext) -> None:
        try:
            self.conn = context.wrap_socket(self.conn, server_side=True)
        except OSError:
            raise Gone from None

    def drip(self, content: bytes = b"x", every: float = 0.2) -> None:
        """A byte now and then, for ever."""
        while not self.server.ending.is_set():
            for byte in content:
                self.raw(bytes([byte]))
                time.sleep(every)

    def pour(self, chunk: bytes) -> None:
        """As much as the client takes, for ever; what left is counted."""
        while not self.server.ending.is_set():
            self.raw(chunk)
            self.server.poured += len(chunk)


class Server:
    """Listens from the start; each visit has a thread of its own."""

    def __init__(self, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None) -> None:
        self.tls, self.starttls = tls, starttls
        self.received, self.poured, self.visits = b"", 0, 0
        self.ending = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        for conn in [self._listener, *self._open]:
            conn.close()

    def _serve(self) -> None:
        while not self.ending.is_set():
            try:
                conn, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(conn)
            self.visits += 1
            threading.Thread(target=self._visit, args=(conn,), daemon=True).start()

    def _visit(self, conn: socket.socket) -> None:
        talk = Talk(self, conn)
        try:
            if self.tls:
                talk.secure(self.tls)
            self.talk(talk)
        except (Gone, OSError):
            pass
        finally:
            talk.conn.close()

    def talk(self, talk: Talk) -> None:
        raise NotImplementedError


class Imap(Server):
    """A mailbox. `mails` by UID; `on` replaces the answer to what a command line contains, e.g. `FETCH 2 `."""

    def __init__(self, mails: dict[int, bytes] | None = None, **tls: Any) -> None:
        self.mails, self.moved = dict(mails or {}), dict[int, bytes]()
        self.on: dict[str, Callable[[Talk, bytes], None]] = {}
        self.greeting, self.validity, self.offers = b"* OK hello", 1, b"IMAP4rev1 MOVE UIDPLUS AUTH=PLAIN"
        self.commands: list[str] = []
        super().__init__(**tls)

    def at(self, security: Security = "plain", host: str = "127.0.0.1", **trust: Any) -> ImapServer:
        return ImapServer(host, self.port, security, "khao-sat", PASSWORD, "INBOX", Trust(**trust))

    def talk(self, talk: Talk) -> None:
        talk.say(self.greeting)
        while True:
            tag, _, said = talk.line().partition(b" ")
            text = said.decode("utf-8", "replace")
            self.commands.append(text)
            if handler := next((h for part, h in self.on.items() if part in text), None):
                handler(talk, tag)
            else:
                self._answer(talk, tag, text)

    def _answer(self, talk: Talk, tag: bytes, text: str) -> None:
        ok = tag + b" OK done"
        if text == "CAPABILITY":
            offers = self.offers + (b" STARTTLS" if self.starttls and not isinstance(talk.conn, ssl.SSLSocket) else b"")
            talk.say(b"* CAPABILITY " + offers, ok)
        elif text == "STARTTLS" and self.starttls:
            talk.say(ok)
            talk.secure(self.starttls)
        elif text.startswith("SELECT"):
            exists = b"* %d EXISTS" % len(self.mails)
            talk.say(exists, b"* OK [UIDVALIDITY %d] x" % self.validity, ok)
        elif text.startswith("LIST"):
            talk.say(b'* LIST () "/" ' + text.split()[-1].encode(), ok)
        elif text.startswith("UID SEARCH"):
            one = re.search(r"UID SEARCH UID (\d+)", text)
            found = [uid for uid in sorted(self.mails) if not one or uid == int(one[1])]
            talk.say(b"* SEARCH " + " ".join(map(str, found)).encode(), ok)
        elif match := re.match(r"UID FETCH ([\d,]+) \((.*)\)$", text):
            for uid in map(int, match[1].split(",")):
                if uid in self.mails:
                    self.fetch(talk, uid, match[2])
            talk.say(ok)
        elif match := re.match(r"UID MOVE (\d+)", text):
            self.moved[int(match[1])] = self.mails.pop(int(match[1]))
            talk.say(ok)
        elif text == "LOGOUT":
            talk.say(b"* BYE", ok)
            raise Gone
        else:
            talk.say(ok)

    def fetch(self, talk: Talk, uid: int, what: str) -> None:
        mail, number = self.mails[uid], sorted(self.mails).index(uid) + 1
        start = b"* %d FETCH (UID %d " % (number, uid)
        if "RFC822.SIZE" in what:
            return talk.say(start + b"RFC822.SIZE %d)" % len(mail))
        content = mail.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if "HEADER" in what else mail
        first, most = map(int, re.search(r"<(\d+)\.(\d+)>", what).groups())  # type: ignore[union-attr]
        part = content[first : first + most]
        when = b'INTERNALDATE "18-Nov-2021 08:00:00 +0700" '
        talk.raw(start + when + b"BODY[]<%d> {%d}\r\n" % (first, len(part)) + part + b")\r\n")
        return None


class Smtp(Server):
    """Takes every letter. `on` replaces the answer to a verb; `features` are those of EHLO."""

    def __init__(self, **tls: Any) -> None:
        self.on: dict[str, Callable[[Talk], None]] = {}
        self.greeting, self.features = b"220 hello", [b"AUTH PLAIN LOGIN"]
        self.letters: list[bytes] = []
        super().__init__(**tls)

    def at(self, security: Security = "plain", host: str = "127.0.0.1", login: bool = True, **trust: Any) -> SmtpServer:
        user, password = ("ioc", PASSWORD) if login else (None, None)
        return SmtpServer(host, self.port, security, user, password, "ioc@hatinh.test", Trust(**trust))

    def talk(self, talk: Talk) -> None:
        if "GREETING" in self.on:
            self.on["GREETING"](talk)
        talk.say(self.greeting)
        while True:
            verb = talk.line().split(b" ")[0].upper().decode("ascii", "replace")
            if verb in self.on:
                self.on[verb](talk)
            elif verb == "EHLO":
                secured = isinstance(talk.conn, ssl.SSLSocket)
                features = [b"host.test", *self.features, *([b"STARTTLS"] if self.starttls and not secured else [])]
                talk.say(*(b"250-" + feature for feature in features), b"250 SIZE")
            elif verb == "STARTTLS" and self.starttls:
                talk.say(b"220 go")
                talk.secure(self.starttls)
            elif verb == "AUTH":
                talk.say(b"235 welcome")
            elif verb == "DATA":
                talk.say(b"354 go")
                letter = []
                while (line := talk.line()) != b".":
                    letter.append(line)
                self.letters.append(b"\r\n".join(letter))
                talk.say(b"250 kept")
            elif verb == "QUIT":
                talk.say(b"221 bye")
                raise Gone
            else:
                talk.say(b"250 OK")
