"""Delivery of plain letters beside a bare smtplib loop, in one run.

    .venv/bin/python bench/deliver.py [1000]

A mail server in a process of its own takes every mail and keeps none. The bare loop sends the very same mails, made
before, to the same two recipients (the reader and the archive) over one connection; by turns, so that both meet the
same machine. Wall time.
"""

import multiprocessing
import os
import smtplib
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.demo.mailserver import Smtp, listening, port_of
from dondoc.mail import delivery, outbox
from dondoc.mail.letter import Letter
from dondoc.mail.message import build
from dondoc.mail.servers import smtp_from_url
from dondoc.store.mail import OutboxLetter
from dondoc.store.session import upgrade
from dondoc.vocabulary.letters import LetterKind

SENDER, ARCHIVE = "ioc@hatinh.test", "luu@ioc.test"
TEXT = "Sở Thông tin và Truyền thông đã nhận biểu mẫu của quý đơn vị. Trân trọng.\n" * 10


class Sink:
    """Says yes to everything."""

    async def handle_DATA(self, *_: object) -> str:
        return "250 OK"


def serve(port: "multiprocessing.Queue[int]") -> None:
    listener = listening()
    Smtp(Sink(), listener).start()
    port.put(port_of(listener))
    threading.Event().wait()


def world(folder: Path) -> AppContext:
    os.environ |= {
        "DONDOC_HOME": str(folder),
        "DONDOC_MODE": "live",
        "DONDOC_ARCHIVE_ADDRESS": ARCHIVE,
        "DONDOC_SECRET_KEY": "0123456789abcdef" * 4,
    }
    app = AppContext(load())
    upgrade(app.settings.url)
    return app


def write(app: AppContext, name: str, count: int) -> None:
    about = {"kind": LetterKind.RECEIPT, "subject": "Xác nhận đã nhận biểu mẫu", "reason": "trả lời bản nộp BN-0001"}
    words = {"text": TEXT, "html": f"<p>{TEXT}</p>"}
    letters = [Letter(recipient=f"can-bo-{n}@huyen.test", dedup=f"{name}|{n}", **about, **words) for n in range(count)]
    with app.sessions.begin() as session:
        outbox.enqueue(session, letters, settings=app.settings, now=clock.now())


def ours(app: AppContext, port: int) -> float:
    """Seconds of a delivery of all that is due."""
    server = smtp_from_url(f"smtp://127.0.0.1:{port}?from={SENDER}")
    begun = time.perf_counter()
    done = delivery.deliver(
        app.sessions,
        server,
        settings=app.settings,
        secrets=app.secrets,
        calendar=app.calendar,
        blobs=app.blobs,
        precondition={LetterKind.RECEIPT: lambda *_: None},
        now=clock.now,
    )
    seconds = time.perf_counter() - begun
    assert set(done.counts) == {"sent"}, done
    return seconds


def bare(app: AppContext, port: int, name: str) -> float:
    """Seconds of a loop over the mails as they left, without a word to any database."""
    server = smtp_from_url(f"smtp://127.0.0.1:{port}?from={SENDER}")
    given = {"settings": app.settings, "secrets": app.secrets, "blobs": app.blobs, "now": clock.now()}
    with app.sessions.reading() as session:
        rows = session.query(OutboxLetter).filter(OutboxLetter.dedup_key.like(f"{name}|%")).all()
    mails = [(row.recipient, build(row, server, **given).as_bytes()) for row in rows]
    begun = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        for recipient, content in mails:
            smtp.sendmail(SENDER, [recipient, ARCHIVE], content)
    return time.perf_counter() - begun


def main(count: int) -> None:
    port: multiprocessing.Queue[int] = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(port,), daemon=True)
    server.start()
    number = port.get()
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        app = world(Path(folder))
        for turn in range(3):
            name = f"lượt {turn}"
            write(app, name, count)
            mine = ours(app, number)
            theirs = bare(app, number, name)
            ratios.append(theirs / mine)
            print(f"{count / mine:6.0f} letters/s, bare loop {count / theirs:6.0f}: {theirs / mine:.2f} ×", flush=True)
    print(f"median {median(ratios):.2f} ×")
    server.kill()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
