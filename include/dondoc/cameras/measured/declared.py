"""What forms say of streams and recorders: read where it stands, in the rows of accepted forms."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras.measured.findings import Declared
from dondoc.cameras.registry.declarations import Source
from dondoc.directive.names import fold
from dondoc.forms.spec import FormSpec
from dondoc.store.cameras import CameraDeclaration
from dondoc.store.intake import Verdict
from dondoc.store.parts import parts

Key = tuple[str, str]  # place and name, folded
BY_RECORDER = "nvr"  # a code of the forms' list `sharing`
OF_RECORDER = ("nvr", "nvr_channels", "channel")  # what is said only of a camera behind a recorder


class _Said(NamedTuple):
    """Where a camera's newest form speaks of it."""

    submission: int
    key: Key


def declared(
    session: Session,
    specs: Mapping[str, FormSpec],
    cameras: Collection[int],
    as_of: datetime | None = None,
    known_at: datetime | None = None,
) -> dict[int, Declared]:
    """By camera, what its newest form says; those of which no form speaks are left out.

    Args:
        as_of, known_at: forms that had come up to a moment, as far as it was known; None: by now.
    """
    said = _newest(session, cameras, as_of, known_at)
    rows = _rows(session, specs, {one.submission for one in said.values()}, known_at)
    return {camera: of(row) for camera, one in said.items() if (row := rows.get(one.submission, {}).get(one.key))}


def _newest(
    session: Session, cameras: Collection[int], as_of: datetime | None, known_at: datetime | None
) -> dict[int, _Said]:
    f = CameraDeclaration
    found: dict[int, _Said] = {}
    for part in parts([*cameras]):
        query = select(f.camera_id, f.submission_id, f.said).where(f.camera_id.in_(part))
        query = query.where(f.source == Source.FORM, f.submission_id.is_not(None))
        query = query.where(f.happened_at <= as_of) if as_of else query
        query = query.where(f.recorded_at <= known_at) if known_at else query
        for camera, submission, words in session.execute(query.order_by(f.happened_at, f.recorded_at, f.id)):
            found[camera] = _Said(submission, (fold(words.get("place") or ""), fold(words.get("name") or "")))
    return found


def _rows(
    session: Session, specs: Mapping[str, FormSpec], submissions: Collection[int], known_at: datetime | None
) -> dict[int, dict[Key, Mapping[str, Any]]]:
    """The rows of forms, by their newest verdict that was known then."""
    found = dict[int, dict[Key, Mapping[str, Any]]]()
    for part in parts([*submissions]):
        query = select(Verdict.submission_id, Verdict.form, Verdict.rows)
        query = query.where(Verdict.submission_id.in_(part))
        query = query.where(Verdict.recorded_at <= known_at) if known_at else query
        for submission, form, rows in session.execute(query.order_by(Verdict.id)):
            found[submission] = dict(_keyed(specs.get(form or ""), rows))
    return found


def _keyed(spec: FormSpec | None, rows: Collection[Mapping[str, Any]]) -> Iterator[tuple[Key, Mapping[str, Any]]]:
    for row in rows if spec else ():
        place = str(row.get(spec.place) or "") if spec and spec.place else ""
        yield (fold(place), fold(str(row.get("name") or ""))), row


def of(row: Mapping[str, Any]) -> Declared:
    """What a row of a form says."""
    days, rate, year = row.get("retention_days"), row.get("fps"), row.get("year")
    return Declared(
        codec=row.get("codec"),
        resolution=row.get("resolution"),
        rate=rate if isinstance(rate, int | float) else None,
        days=int(days) if isinstance(days, int | float) else None,
        onvif=row.get("onvif"),
        storage=row.get("storage"),
        model=row.get("model"),
        recorder=row.get("nvr"),
        by_recorder=row.get("sharing") == BY_RECORDER or any(row.get(key) for key in OF_RECORDER),
        year=int(year) if isinstance(year, int | float) else None,
    )
