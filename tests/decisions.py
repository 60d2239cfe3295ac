"""A decision and its letters in the outbox, where a test does not care how it came about."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from dondoc import approval, clock
from dondoc.configuration.context import AppContext
from dondoc.facts import issued
from dondoc.mail import outbox
from dondoc.mail.letter import Letter
from dondoc.store.official import OfficialLetter
from dondoc.store.reporting import Decision
from tests.conftest import CLERK

LETTER = "stttt-cntt-2021-11"
HEAD, OFFICER = "lanh-dao@hatinh.test", "dau-moi@hatinh.test"


def decided(app: AppContext, now: datetime, *, agency: str = "so-nnptnt", kind: str = "internal") -> list[int]:
    """The letters of one decision that waits for approval: to the head, and a copy."""
    letter = Letter(kind, "", "S", "t", "<p>t</p>", "", "vì", agency=agency, needs_approval=True)
    said: dict[str, Any] = {"step": "overdue_2", "directives": [], "obligations": [], "reason": "vì", "reasons": []}
    with app.sessions.begin() as session:
        decision = Decision(as_of=now.date(), agency=agency, recorded_at=now, **said)
        session.add(decision)
        session.flush()
        letters = [replace(letter, recipient=to, dedup=f"{now}|{to}", decision=decision.id) for to in (HEAD, OFFICER)]
        return [row.id for row in outbox.enqueue(session, letters, settings=app.settings, now=now)]


def stopped(app: AppContext, now: datetime) -> list[int]:
    """The letters of a decision that the clerk has stopped until tomorrow; that ruling is the next one."""
    ids = decided(app, now)
    with app.sessions.begin() as session:
        tomorrow = now.date() + timedelta(days=1)
        approval.stop(app, session, ids[0], "đã gọi điện", CLERK, until=tomorrow, now=now)
    return ids


def official_letters(app: AppContext, day: date) -> None:
    """CV-0001 waits for its number, CV-0002 has been issued: the drafts of two mornings, for two agencies."""
    due, now = "2021-11-19", clock.at(day, 8)
    both = [[a, f"{a}/{LETTER}:tourism/form_03", due, "overdue_2"] for a in ("ubnd-huyen-duc-tho", "ubnd-huyen-loc-ha")]
    more = {"items": both, "answer_days": 5, "rehearsal": app.settings.mode == "rehearsal", "recorded_at": now}
    blob = app.blobs.put(b"PK ...")
    with app.sessions.begin() as session:
        for before in (0, 1):
            session.add(OfficialLetter(directive=LETTER, day=day - timedelta(days=before), blob=blob, **more))
    said = {"number": "8/STTTT", "document_date": day, "signer": "Lê B", "signed": b"%PDF-1.7"}
    issued.issue(app, 2, actor=CLERK, now=now, **said)  # type: ignore[arg-type]
