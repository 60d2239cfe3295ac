"""Digests of the audit trail, noted outside the database.

Who owns the database can cut rows off the end of the trail, or put an older copy in its place, and nothing inside it
tells. So each digest is noted under the home as well, once its row is committed. A note may be missing, where a process
died between the two; none is ever ahead of the trail.
"""

import logging
import os
import re
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from dondoc.store import files
from dondoc.store.trust import AuditEvent

log = logging.getLogger(__name__)
_WRITTEN = "audit_events"  # in `Session.info`


def file(home: Path) -> Path:
    return home / "audit.heads"


def remember(event: AuditEvent) -> None:
    """Have the digest of a row noted, should its transaction be committed."""
    if (session := inspect(event).session) is not None:
        session.info.setdefault(_WRITTEN, []).append(event)


def note(home: Path, session: Session) -> None:
    """`after_commit` of a session. The act is done: a home that cannot be written is logged, and no error of it."""
    if session.in_nested_transaction():
        return
    kept = [event.digest for event in session.info.pop(_WRITTEN, ()) if inspect(event).persistent]
    if not kept:
        return
    try:
        files.folder(home)
        handle = os.open(file(home), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, "".join(f"{digest}\n" for digest in kept).encode())
        finally:
            os.close(handle)
    except OSError as error:
        log.error("the digest of the audit trail is not noted in %s: %s", file(home), error.strerror)


def noted(home: Path) -> list[str]:
    """The digests, oldest first; none where there is no file. Read it before the trail: acts go on meanwhile.

    Raises:
        OSError: it cannot be read.
    """
    try:
        return re.findall(r"^[0-9a-f]{64}$", file(home).read_text("ascii", "replace"), re.MULTILINE)
    except FileNotFoundError:
        return []
