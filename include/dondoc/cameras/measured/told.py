"""What closer looks found of cameras by a moment, beside what forms declare of them by then."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from dondoc.cameras.measured import facts
from dondoc.cameras.measured.declared import declared
from dondoc.cameras.measured.findings import Declared, Measured
from dondoc.configuration.context import AppContext
from dondoc.forms.spec import load_specs


class Told(NamedTuple):
    """Of one camera; `declared` None: no form speaks of it."""

    declared: Declared | None
    measured: Sequence[Measured]


def told(
    app: AppContext,
    session: Session,
    as_of: datetime,
    known_at: datetime | None = None,
    *,
    among: Collection[int] | None = None,
) -> Mapping[int, Told]:
    """By camera, of those that were looked at closely lately; `among` as in `facts.newest`."""
    found = facts.newest(session, as_of, known_at, among=among)
    said = declared(session, load_specs(app.settings.data), found, as_of, known_at) if found else {}
    return {one: Told(said.get(one), measured) for one, measured in found.items()}
