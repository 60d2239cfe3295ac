"""The one place that writes a letter to our own people: to whom, and once for what it is about."""

import logging
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from dondoc.configuration.context import AppContext
from dondoc.facts import contacts
from dondoc.mail import compose, outbox
from dondoc.mail.compose import About
from dondoc.mail.letter import Attachment
from dondoc.mail.render import Rendered
from dondoc.vocabulary.letters import LetterKind
from dondoc.vocabulary.notices import Notice

log = logging.getLogger(__name__)


def write(
    app: AppContext,
    session: Session,
    notice: Notice,
    words: Rendered,
    about: About,
    reason: str,
    now: datetime,
    remember: Mapping[str, Any] | None = None,
    attachments: tuple[Attachment, ...] = (),
) -> list[int]:
    """Put it into the outbox of this transaction. A second one about the same changes nothing.

    Args:
        remember: what later notices have to know of this one.

    Returns:
        ids of the outbox rows; none where nobody of ours is known, which is logged.
    """
    more: dict[str, Any] = {"context": dict(remember or {}), "attachments": attachments}
    letters = [
        compose.letter(app.settings, LetterKind.INTERNAL, address, words, about, reason, **more)
        for address in _addresses(app, session, notice, now.date())
    ]
    if not letters:
        log.error("nobody of ours to tell (DONDOC_OPS_ADDRESS, or contacts of role ops): %s\n%s", reason, words.text)
    return [row.id for row in outbox.enqueue(session, letters, settings=app.settings, now=now)]


def _addresses(app: AppContext, session: Session, notice: Notice, day: date) -> list[str]:
    for role in notice.roles:
        if holders := contacts.find(session, app.registry.office, role, day):
            return [contact.email for contact in holders]
    return [app.settings.ops_address] if app.settings.ops_address else []
