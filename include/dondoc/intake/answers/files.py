"""What goes back with an answer: their form with its wrong cells marked, a blank to start over, the version in force
with the cameras' numbers, their own letter ready to be signed.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath
from typing import Any

from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.directive.names import fold
from dondoc.directive.succession import signing
from dondoc.errors import Problem
from dondoc.facts import obligations
from dondoc.forms import attached, limited
from dondoc.forms.spec import load_specs
from dondoc.forms.verdict import FormVerdict, Issue
from dondoc.intake import versions
from dondoc.intake.answers.part import Part, of_whom
from dondoc.intake.verdicts import newest_verdict
from dondoc.mail.letter import Attachment
from dondoc.vocabulary.numbers import BN
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.submissions import ACCEPTED, Outcome

log = logging.getLogger(__name__)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OWED = (Status.NOT_DUE, Status.OVERDUE)  # not what was returned: its sender has a form to correct


@dataclass(frozen=True)
class Files:
    """Each by submission, but for blanks."""

    marked: dict[int, Attachment] = field(default_factory=dict)
    current: dict[int, Attachment] = field(default_factory=dict)
    letter: dict[int, Attachment] = field(default_factory=dict)
    fresh: tuple[Attachment, ...] = ()

    @property
    def all(self) -> tuple[Attachment, ...]:
        return (*self.marked.values(), *self.current.values(), *self.letter.values(), *self.fresh)


def of(app: AppContext, parts: Sequence[Part], now: datetime) -> Files:
    """The attachments of the answer to these parts."""
    marked, current_copies, letter = dict[int, Attachment](), dict[int, Attachment](), dict[int, Attachment]()
    for part in parts:
        if part.verdict.outcome == Outcome.RETURNED and (copy := _marked(app, part, now)):
            marked[part.submission.id] = copy
        if part.verdict.outcome in ACCEPTED and part.form:
            current_copies |= {part.submission.id: copy} if (copy := current(app, part.submission.id, now=now)) else {}
            letter |= _letter(app, part, now)
    with app.sessions.reading() as session:
        refused = {of_whom(session, part) for part in parts if part.verdict.outcome == Outcome.REFUSED}
    fresh = [blank for agency in sorted(filter(None, refused)) for blank in _fresh(app, agency, now)]
    return Files(marked, current_copies, letter, tuple(fresh))


def current(
    app: AppContext, submission: int, marked: Mapping[str, str] | None = None, *, now: datetime
) -> Attachment | None:
    """The version in force, if this submission is it, with the cameras' numbers; none of a form without cameras.

    Args:
        marked: number → what is to be seen to.
    """
    specs = load_specs(app.settings.data)
    with app.sessions.reading() as session:
        verdict = newest_verdict(session, submission)
        agency, form = (verdict.agency, verdict.form) if verdict else (None, None)
        if verdict is None or agency is None or form not in specs or not specs[form].place or not app.secrets:
            return None
        newest = versions.newest(session, agency, form)
        in_force = versions.current(session, specs[form], agency)
    if newest is None or newest.id != verdict.id or in_force is None or not in_force.rows:
        return None
    head = {key: value for key, value in in_force.head.items() if key != "agency_name"}
    said: dict[str, Any] = {"version": newest.version or 0, "head": head, "rows": in_force.rows, "marked": marked}
    try:
        return attached.current_copy(app, agency, form, day=now.astimezone(HERE).date(), **said)
    except Problem as problem:
        log.warning("%s: %s", BN(submission), problem)
        return None


def _letter(app: AppContext, part: Part, now: datetime) -> dict[int, Attachment]:
    """The agency's own letter to go with its form, under the letter of ours that asked for it."""
    agency, form = part.form or ("", "")
    with app.sessions.reading() as session:
        letters = app.letters(session, now.date())
    asked = (one for one in letters if any(f"{one.id}:" in duty for duty in part.verdict.fulfils))
    if (directive := next(asked, None)) is None:
        return {}
    verdict, submission = part.verdict, part.submission
    try:
        draft = attached.letter_draft(
            app,
            directive,
            agency,
            form,
            submission=submission.id,
            received_at=submission.happened_at,
            head=verdict.head,
            rows=verdict.rows,
            now=now,
        )
    except Problem as problem:  # a template that cannot be used: `check-config` says so, the receipt goes without it
        log.warning("%s: %s", BN(submission.id), problem)
        return {}
    return {submission.id: draft}


def _marked(app: AppContext, part: Part, now: datetime) -> Attachment | None:
    """The workbook back with the wrong cells marked; None when it cannot be marked."""
    verdict, submission = part.verdict, part.submission
    issues = tuple(Issue(**{"said": issue["message"], **issue}) for issue in verdict.issues)
    # Its token names the agency whose form it was found to be, unless the form names another.
    disagree = any(issue.code == "agency_disagrees" for issue in issues)
    form = FormVerdict(Outcome.RETURNED, verdict.form, None if disagree else verdict.agency, "missing", issues)
    try:
        marked = limited.annotate(
            app.blobs.get(submission.sha256),
            form,
            data=app.settings.data,
            registry=signing(app.registry, now.astimezone(HERE).date()),
            secrets=app.secrets,
            base_version=verdict.base_version or 0,
        )
    except Problem as problem:
        log.warning("%s: %s", BN(submission.id), problem)
        return None  # the letter's own text lists what is wrong, and says that there is no copy
    name = fold(PurePath(submission.filename).stem).replace(" ", "_").encode("ascii", "ignore").decode()[:60]
    return Attachment(f"{name or 'bieu_mau'}_can_sua.xlsx", app.blobs.put(marked), XLSX)


def _fresh(app: AppContext, agency: str, now: datetime) -> list[Attachment]:
    """A blank of each form that the agency still owes, to start over."""
    with app.sessions.reading() as session:
        owed = obligations.of(app, session, agency, now)
    forms = dict.fromkeys(s.duty.deliverable for s in owed if s.status in OWED)
    known = load_specs(app.settings.data)
    return list(
        attached.make(app, [(agency, form) for form in forms if form in known], now.astimezone(HERE).date()).values()
    )
