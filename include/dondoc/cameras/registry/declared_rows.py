"""Where an agency finds a camera in its own form: so letters can name one that must not be named."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.directive.names import fold
from dondoc.forms.spec import FormSpec
from dondoc.store.cameras import Camera
from dondoc.store.intake import Verdict


def declared_rows(session: Session, specs: Mapping[str, FormSpec], cameras: Iterable[Camera]) -> dict[int, str]:
    """By camera, its row among the cameras of its newest form, as receipts count them: "dòng 3 của Biểu mẫu 02 (…)".

    Those that no form declared are left out.
    """
    found: dict[int, str] = {}
    forms: dict[int, Verdict | None] = {}
    for camera in cameras:
        if camera.submission_id is None:
            continue
        if camera.submission_id not in forms:
            forms[camera.submission_id] = _newest(session, camera.submission_id)
        verdict = forms[camera.submission_id]
        spec = specs.get(verdict.form or "") if verdict else None
        if verdict and spec and spec.place and (number := _row(verdict, spec.place, camera)):
            found[camera.id] = f"dòng {number} của {spec.title}"
    return found


def _newest(session: Session, submission: int) -> Verdict | None:
    newest = select(Verdict).where(Verdict.submission_id == submission).order_by(Verdict.id.desc()).limit(1)
    return session.scalar(newest)


def _row(verdict: Verdict, place: str, camera: Camera) -> int | None:
    wanted = fold(camera.place), fold(camera.name)
    keys = ((fold(str(row.get(place) or "")), fold(str(row.get("name") or ""))) for row in verdict.rows)
    return next((number for number, key in enumerate(keys, 1) if key == wanted), None)
