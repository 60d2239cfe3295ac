"""Delivery: claim, check, hand over, and settle what is uncertain. Never twice, never lost.

A letter is claimed by compare-and-set under a lease. `sending` is committed after the server took the recipient and
right before DATA: whoever dies earlier provably sent nothing; whoever dies later leaves `uncertain`. Where there is
much to send it goes over several lines side by side, and one commit is for all of them.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dondoc.configuration.settings import Settings
from dondoc.mail import recovery
from dondoc.mail.delivery_run import LINES, DeliveryRun
from dondoc.mail.letter import Precondition
from dondoc.mail.message import replies_are_read, sender
from dondoc.mail.servers import ImapServer, SmtpServer, refuse_to_play
from dondoc.mail.smtp import SmtpConnection
from dondoc.store.blobs import Blobs
from dondoc.store.session import Sessions
from dondoc.vocabulary.letters import LetterKind
from dondoc.workdays import WorkingDays

log = logging.getLogger(__name__)
LONGEST_WAIT = 120.0  # seconds for one answer of the mail server
OF_LEASE = 0.6  # how much of its lease the handing over of a letter may take


@dataclass(frozen=True)
class Delivered:
    """What a call of `deliver` did.

    `counts`: how many rows it moved, by the state it left them in; only states that occur. `trouble`: why letters that
    were due could not leave, or proof could not be read, in sentences with server and remedy; None when all went well.
    `answered`: the mail server was asked, and let us in. `unknown`: letters that stay because nobody can check their
    kind, a sentence each.
    """

    counts: dict[str, int]
    trouble: str | None = None
    answered: bool = False
    unknown: tuple[str, ...] = ()


def deliver(
    sessions: Sessions,
    server: SmtpServer,
    *,
    settings: Settings,
    secrets: list[str],
    calendar: WorkingDays,
    blobs: Blobs,
    precondition: Mapping[LetterKind, Precondition],
    now: Callable[[], datetime],
    archive: ImapServer | None = None,
    limit: int | None = None,
) -> Delivered:
    """Hand over what is due (at most `limit` letters) and settle what the archive proves.

    A mail server that cannot be used defers the letters; it is no error of this call, and stands in what it returns.

    Raises:
        Problem: the server's sender is no address, the clock is played and the server is not on loopback, in
            rehearsal there is no address to send to, or DONDOC_CA_FILE cannot be used.
    """
    if settings.clock:
        refuse_to_play(server)
    if not replies_are_read(settings, server):
        log.warning("no Reply-To: answers to %s are not read; set DONDOC_INTAKE_ADDRESS", sender(server))
    given = (sessions, settings, secrets, calendar, blobs, precondition, now, server, sender(server))
    moved = recovery.sweep(sessions, now) | recovery.expire(sessions, now)
    if settings.mode == "live":
        moved |= recovery.retire(sessions, now)
    letter_seconds = min(settings.letter_seconds, settings.lease_seconds * OF_LEASE)
    timeout = min(LONGEST_WAIT, letter_seconds)
    about: dict[str, Any] = {"timeout": timeout, "name": settings.installation, "letter_seconds": letter_seconds}
    with ExitStack() as stack:
        lines = [stack.enter_context(SmtpConnection(server, **about)) for _ in range(LINES)]
        work = DeliveryRun(*given, stack.enter_context(ThreadPoolExecutor(LINES, "smtp")))
        for rows in work.claims(limit):
            work.send(rows, lines)
    moved |= work.moved
    line, troubles = lines[0], [lines[0].trouble]
    if archive:
        settled, unreadable = recovery.settle(sessions, archive, settings, secrets, now)
        moved |= settled
        troubles.append(unreadable)
    trouble = " ".join(filter(None, troubles)) or None
    return Delivered(dict(Counter(map(str, moved.values()))), trouble, line.answered, tuple(work.unknown))
