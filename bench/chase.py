"""Deciding and checking letters with 10,000 obligations in a database: of 2,000 agencies, five each.

    .venv/bin/python bench/chase.py

100 papers, 20 rulings and 3,000 submissions. Processor time: standings and decisions of all, reading included; one
chasing letter's check before it leaves; one agency's obligations, as its page asks for them.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import DATA, load
from dondoc.directive.load import load_registry
from dondoc.errors import Problem
from dondoc.escalation import escalate, precondition
from dondoc.facts import obligations
from dondoc.store.facts import Contact, RegisteredLetter, Ruling
from dondoc.store.intake import Submission, Verdict
from dondoc.store.mail import OutboxLetter
from dondoc.store.session import upgrade
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.rulings import RulingKind
from dondoc.vocabulary.submissions import Arrival, Outcome

ALL, CHECKED = [f"don-vi-{n:04}" for n in range(2000)], 40
LETTER, SYSTEMS = "stttt-cntt-2021-11", [s.id for s in load_registry(DATA).systems][:5]
TODAY = date(2021, 12, 6)
NOW = clock.at(TODAY, 9)


def took(what: str, work: Callable[[], object], each: int = 1) -> None:
    begun = time.process_time()
    work()
    seconds = (time.process_time() - begun) / each
    print(f"{what}: {seconds * 1000:.0f} ms ({1 / seconds:.1f} a second)", flush=True)


def world(folder: Path) -> AppContext:
    data = folder / "data"
    shutil.copytree(DATA, data, ignore=shutil.ignore_patterns("dondoc"))
    more = "".join(
        f"  - {{id: {a}, name: Đơn vị {a}, short: {a}, kind: district, order: {n + 500}}}\n" for n, a in enumerate(ALL)
    )
    agencies, letter = data / "agencies.yaml", data / "directives" / "stttt-cntt-2021-11.yaml"
    agencies.write_text(agencies.read_text() + more)
    asked = yaml.safe_load(letter.read_text()) | {"milestones": [], "day": date(2021, 11, 1), "number": "9/STTTT"}
    asked["obligations"] = [
        {"system": system, "deliverable": "focal_letter", "due_before": date(2021, 11, 25), "agencies": ALL}
        for system in SYSTEMS
    ]
    letter.write_text(yaml.safe_dump(asked, allow_unicode=True))
    os.environ |= {"DONDOC_HOME": str(folder / "home"), "DONDOC_MODE": "live", "DONDOC_DATA": str(data)}
    os.environ["DONDOC_SECRET_KEY"] = "0123456789abcdef" * 4
    app = AppContext(load())
    upgrade(app.settings.url)
    with app.sessions.begin() as session:
        told(app, session)
    return app


def told(app: AppContext, session: Session) -> None:
    """Officers of everybody, papers, rulings, and forms of every second agency: some accepted, some returned."""
    came = {"happened_at": clock.at(date(2021, 11, 20), 9), "recorded_at": clock.at(date(2021, 11, 20), 9)}
    for n, agency in enumerate(ALL):
        who = {"role": Role.FOCAL_OFFICER, "system": None, "name": "Nguyễn Văn A", "phone": "0912345678"}
        since = {"valid_from": date(2021, 1, 1), "recorded_at": came["recorded_at"]}
        session.add(Contact(agency=agency, email=f"{agency}@huyen.test", **who, **since))
        if n < 100:
            about = {"fulfils": [f"{LETTER}:{SYSTEMS[0]}/focal_letter"], "document_number": "9/CV", "by": "A"}
            session.add(RegisteredLetter(agency=agency, document_date=date(2021, 11, 20), **about, **came))
        if n % 100 == 1:
            said = {"until": date(2021, 12, 20), "document": "CV", "reason": "bão", "by": "A"}
            session.add(Ruling(kind=RulingKind.EXTEND, agency=agency, **said, **came))
    for n in range(3000):
        file = {"channel": Arrival.MAIL, "channel_id": str(n), "filename": "f.xlsx", "sha256": "0" * 64}
        session.add(row := Submission(sender=f"{ALL[n % (len(ALL) // 2)]}@huyen.test", **file, **came))
        session.flush()
        found = {
            "form": "form_03",
            "rows": [],
            "head": {},
            "issues": [],
            "reason": "",
            "agency": ALL[n % (len(ALL) // 2)],
        }
        its = {"fulfils": [f"{LETTER}:{SYSTEMS[1 + n % 4]}/focal_letter"]}
        outcome = Outcome.RETURNED if n % 3 else Outcome.ACCEPTED
        session.add(Verdict(submission_id=row.id, outcome=outcome, recorded_at=came["recorded_at"], **found, **its))


def check(app: AppContext) -> None:
    holds, now = precondition.precondition(app), NOW + timedelta(minutes=5)
    with app.sessions.reading() as session:
        for row in session.scalars(select(OutboxLetter).where(OutboxLetter.agency.is_not(None)).limit(CHECKED)).all():
            with suppress(Problem):  # nobody has read the sources here: asked after all else
                holds(session, row, now)


def page(app: AppContext) -> None:
    with app.sessions.reading() as session:
        for agency in ALL[:CHECKED]:
            obligations.of(app, session, agency, NOW)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = world(Path(folder))
        with app.sessions.reading() as session:
            took("where all stand", lambda: obligations.at(app, session, NOW))
            took("once more, the letter known", lambda: obligations.at(app, session, NOW))
        took("standings and decisions of all", lambda: escalate.escalate(app, TODAY, now=NOW, record=False))
        few = {"now": NOW, "record": True, "agencies": ALL[-CHECKED:]}
        took("letters of some, written", lambda: escalate.escalate(app, TODAY, **few), CHECKED)
        took("check of a letter that leaves", lambda: check(app), CHECKED)
        took("obligations of one agency", lambda: page(app), CHECKED)


if __name__ == "__main__":
    main()
