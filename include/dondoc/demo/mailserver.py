"""The demo's mail: SMTP into a Maildir per recipient, IMAP and a small web page over the same Maildirs.

`python -m dondoc.demo.mailserver --home DIR` prints one line of JSON with its ports when it is ready. Tests use
`MailServer` directly. Everything stays on 127.0.0.1.
"""

import argparse
import asyncio
import json
import signal
import socket
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import quote, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from dondoc.demo.mailboxes import PASSWORD, Mailboxes, folder_of
from dondoc.demo.mailpage import create_app

HOST = "127.0.0.1"
LARGEST = 40 * 1024 * 1024


def listening(port: int = 0) -> socket.socket:
    """A socket that listens; 0: on a port that the system chooses. Handed over open: nobody can take it in between."""
    return socket.create_server((HOST, port))


def port_of(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


class Post:
    """What the SMTP server does with a letter: one copy to each recipient. Tests override its answers."""

    def __init__(self, boxes: Mailboxes) -> None:
        self.boxes = boxes

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        for address in envelope.rcpt_tos:
            content = envelope.content or b""
            self.boxes.put(address, content if isinstance(content, bytes) else content.encode())
        return "250 OK"


class Smtp(Controller):
    """aiosmtpd in a thread of its own, on a socket that listens already."""

    def __init__(self, handler: Any, listener: socket.socket, **options: Any) -> None:
        super().__init__(handler, HOST, port_of(listener), **options)
        self._listener = listener

    def _create_server(self) -> Coroutine[Any, Any, asyncio.Server]:
        return self.loop.create_server(self._factory_invoker, sock=self._listener, ssl=self.ssl_context)


class _Imap(threading.Thread):
    """pymap in a thread of its own: no process is left behind, however we end."""

    def __init__(self, home: Path, listener: socket.socket) -> None:
        super().__init__(name="imap", daemon=True)
        self._home, self._listener = home, listener
        self._up, self._loop = threading.Event(), asyncio.new_event_loop()
        self._ending: asyncio.Event | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    def run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.set_task_factory(self._kept)
        self._loop.run_until_complete(self._serve())

    def _kept(self, loop: asyncio.AbstractEventLoop, coro: Any, **more: Any) -> asyncio.Task[Any]:
        """A task that lives until it is done: under Python 3.13 pymap's visits are collected in the middle."""
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, **more)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _serve(self) -> None:
        from proxyprotocol.reader import ProxyProtocolReader
        from pymap.backend.maildir import MaildirBackend, io
        from pymap.backend.maildir.mailbox import Maildir
        from pymap.imap import IMAPServer, IMAPService

        # pymap 0.36 copies only what this returns, and then deletes the letter: give it the letter with its contents.
        Maildir.get_message_metadata = Maildir.get_message  # type: ignore[method-assign]
        # It moves its lists here from where temporary files lie, which fails where that is another file system.
        io.NamedTemporaryFile = partial(NamedTemporaryFile, dir=self._home)  # type: ignore[assignment]
        parser = argparse.ArgumentParser()
        parser.set_defaults(debug=False, passlib_cfg=None)
        IMAPService.add_arguments(parser)
        MaildirBackend.add_subparser("maildir", parser.add_subparsers())
        backend, config = await MaildirBackend.init(parser.parse_args(["maildir", str(self._home)]))
        config.apply_context()
        self._ending = asyncio.Event()
        visit = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(backend.login, config))
        async with await asyncio.start_server(visit, sock=self._listener):  # its own service binds a port by number
            self._up.set()
            await self._ending.wait()

    def begin(self) -> None:
        self.start()
        if not self._up.wait(20):
            raise RuntimeError("the IMAP server did not start")

    def end(self) -> None:
        if self._ending:
            self._loop.call_soon_threadsafe(self._ending.set)
        self.join(5)


class MailServer:
    """SMTP and IMAP on loopback over the same Maildirs, as a context manager."""

    def __init__(self, home: Path, *, smtp_port: int = 0, imap_port: int = 0, post: type[Post] = Post) -> None:
        self.boxes = Mailboxes(home)
        self.post = post(self.boxes)
        smtp, imap = listening(smtp_port), listening(imap_port)
        self.smtp_port, self.imap_port = port_of(smtp), port_of(imap)
        self._smtp = Smtp(self.post, smtp, data_size_limit=LARGEST)
        self._imap = _Imap(home, imap)

    def __enter__(self) -> "MailServer":
        self._imap.begin()
        self._smtp.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._smtp.stop()
        self._imap.end()

    def smtp_url(self, sender: str) -> str:
        return f"smtp://{HOST}:{self.smtp_port}?from={quote(sender)}"

    def imap_url(self, address: str, folder: str = "INBOX") -> str:
        """The mailbox of an address, made if need be."""
        self.boxes.open(address)
        return f"imap://{quote(folder_of(address), '')}:{PASSWORD}@{HOST}:{self.imap_port}/{folder}"


@contextmanager
def page(boxes: Mailboxes, port: int) -> Iterator[str]:
    """The page over the mailboxes, served from a thread; its address. Port 0: one that the system chooses.

    Raises:
        OSError: the port is taken.
        RuntimeError: it could not start.
    """
    import uvicorn

    listener = listening(port)
    port = port_of(listener)
    web = uvicorn.Server(uvicorn.Config(create_app(boxes), log_level="warning"))
    worker = threading.Thread(target=web.run, args=([listener],), name="mail page", daemon=True)
    worker.start()
    while not web.started and worker.is_alive():
        worker.join(0.05)
    if not web.started:
        raise RuntimeError(f"the page could not start on port {port}")
    try:
        yield f"http://{HOST}:{port}/"
    finally:
        web.should_exit = True
        worker.join(5)


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    for name in ("smtp", "imap", "web"):
        parser.add_argument(f"--{name}-port", type=int, default=0)
    arguments = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with (
        MailServer(arguments.home, smtp_port=arguments.smtp_port, imap_port=arguments.imap_port) as server,
        page(server.boxes, arguments.web_port) as address,
    ):
        web = urlsplit(address).port
        ready = {"smtp": server.smtp_port, "imap": server.imap_port, "web": web, "password": PASSWORD}
        print(json.dumps(ready), flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
