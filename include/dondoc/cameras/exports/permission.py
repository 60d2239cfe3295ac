"""What an agency said of sharing its cameras (Biểu mẫu 02 asks): its word stands above what can be reached."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.directive.names import fold
from dondoc.store.cameras import Camera
from dondoc.store.intake import COUNTS, Verdict

STRICTEST_FIRST = ("none", "by_case", "sub_stream", "all")
REFUSED = frozenset({"none", "by_case"})  # not handed over for good
SUB_ONLY = "sub_stream"


def permissions(session: Session, cameras: Collection[Camera]) -> dict[int, str]:
    """What may be shared of each camera, by id; absent where its form does not ask."""
    forms = _rows(session, {c.submission_id for c in cameras if c.submission_id is not None})
    said = {c.id: _said(c, forms.get(c.submission_id or 0, [])) for c in cameras}
    return {camera: word for camera, word in said.items() if word}


def _rows(session: Session, submissions: Collection[int]) -> dict[int, list[Mapping[str, Any]]]:
    query = select(Verdict.submission_id, Verdict.rows).where(Verdict.submission_id.in_(submissions), COUNTS)
    return dict(session.execute(query).all())


def _said(camera: Camera, rows: list[Mapping[str, Any]]) -> str | None:
    """Of several rows of one name the strictest holds."""
    name = fold(camera.name)
    words = {row.get("permission") for row in rows if fold(str(row.get("name") or "")) == name}
    return next((word for word in STRICTEST_FIRST if word in words), None)
