"""What a camera's pictures of former nights were like: handed to the look at the next one."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.probing.picture.baseline import history
from dondoc.store.cameras import CameraCheck
from dondoc.store.parts import AT_ONCE

NIGHTS = timedelta(days=60)  # by day and by night about a month each, with some to spare


def pasts(session: Session, camera_ids: Sequence[int], night: date) -> dict[int, Mapping[str, Any]]:
    """The past of each camera that has one, from the pictures of the nights before. One camera at a time: what is kept
    of all the nights of a batch would be a gigabyte."""
    check = CameraCheck
    rows = session.execute(
        select(check.camera_id, check.features, check.happened_at)
        .where(check.camera_id.in_(camera_ids), check.night > night - NIGHTS, check.night < night)
        .where(check.features.is_not(None))
        .order_by(check.camera_id, check.night, check.happened_at)
        .execution_options(yield_per=AT_ONCE)
    )
    return {
        camera: history([{**found, "at": at.isoformat()} for _, found, at in mine])
        for camera, mine in groupby(rows, key=lambda row: row.camera_id)
    }
