"""What a camera's pictures of former nights were like: handed to the look at the next one."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.store.cameras import CameraCheck

NIGHTS = timedelta(days=30)
# What makes a past of the features of former pictures, oldest first; None: pictures are judged without a memory.
history: Callable[[Sequence[Mapping[str, Any]]], Mapping[str, Any] | None] | None = None


def pasts(session: Session, camera_ids: Sequence[int], night: date) -> dict[int, Mapping[str, Any]]:
    """The past of each camera that has one, from the pictures of the nights before."""
    if history is None:
        return {}
    check = CameraCheck
    rows = session.execute(
        select(check.camera_id, check.features)
        .where(check.camera_id.in_(camera_ids), check.night > night - NIGHTS, check.night < night)
        .where(check.features.is_not(None))
        .order_by(check.camera_id, check.night, check.happened_at)
    )
    features: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for camera, found in rows:
        features[camera].append(found)
    made = {camera: history(found) for camera, found in features.items()}
    return {camera: past for camera, past in made.items() if past}
