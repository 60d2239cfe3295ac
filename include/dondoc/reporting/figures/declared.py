"""What agencies say of recording and of pictures: as their newest accepted forms declare it. Nobody measured it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.directive.model import Directive
from dondoc.facts.read import read
from dondoc.forms.spec import FormSpec
from dondoc.reporting.figures.model import RETENTION, Declared
from dondoc.store.intake import Verdict
from dondoc.vocabulary.submissions import ACCEPTED

Row = Mapping[str, Any]


def rows(
    session: Session, letter: Directive, agencies: set[str], as_of: datetime, known_at: datetime | None
) -> dict[str, list[Row]]:
    """The rows of the newest accepted form of each of these agencies, by form: of the systems that a letter names."""
    systems = {duty.system for duty in letter.duties}
    forms = {form for s in letter.registry.systems if s.id in systems for form in (s.form, s.internal_form) if form}
    newest = {
        (one.agency, one.form): one.id
        for one in read(session, as_of, known_at).submissions
        if one.outcome in ACCEPTED and one.agency in agencies and one.form in forms
    }
    query = select(Verdict).where(Verdict.submission_id.in_(newest.values())).order_by(Verdict.id)
    if known_at is not None:
        query = query.where(Verdict.recorded_at <= known_at)
    verdicts = {verdict.submission_id: verdict for verdict in session.scalars(query)}
    found: dict[str, list[Row]] = {form: [] for form in sorted(forms)}
    for (_, form), number in newest.items():
        found[form or ""] += verdicts[number].rows
    return found


def declared(specs: Mapping[str, FormSpec], by_form: Mapping[str, Sequence[Row]]) -> Declared:
    """Pure. A camera counts only where its form says something."""
    every = [row for its in by_form.values() for row in its]
    days = [value for row in every if isinstance(value := row.get("retention_days"), int)]
    names = Counter(name for form, its in by_form.items() for name in _resolutions(specs[form], its))
    return Declared(
        retention=len(days),
        kept=sum(value >= RETENTION for value in days),
        resolutions=dict(sorted(names.items(), key=lambda item: (-item[1], item[0]))),
    )


def _resolutions(spec: FormSpec, its: Iterable[Row]) -> Iterator[str]:
    """In the form's words of today; a code that it has no more as it is."""
    field = spec.fields.get("resolution")
    labels = {choice.code: choice.label for choice in spec.lists.get(field.choices or "", ())} if field else {}
    for row in its:
        if code := row.get("resolution"):
            yield labels.get(code, str(code))
