"""The sentences of a report, made of its figures: none that they contradict. The document and the e-mail share them."""

from dondoc.reporting.sentences.cameras import (
    CAMERA_NOTE,
    camera_remarks,
    cameras_of,
    differing,
    kept,
    pictureless,
    recording,
    resolutions,
    unchecked,
)
from dondoc.reporting.sentences.duties import CHANGE_NOTE, duty_note, duty_remarks
from dondoc.reporting.sentences.lateness import (
    LATE_NOTE,
    causes,
    late_items,
    late_state,
    lateness,
    reliefs,
)
from dondoc.reporting.sentences.plans import closing, proposals, tasks
from dondoc.reporting.sentences.summary import headline, summary
from dondoc.reporting.sentences.tables import IN_BODY, change_title, late_table

__all__ = [
    "CAMERA_NOTE",
    "CHANGE_NOTE",
    "IN_BODY",
    "LATE_NOTE",
    "camera_remarks",
    "cameras_of",
    "causes",
    "change_title",
    "closing",
    "differing",
    "duty_note",
    "duty_remarks",
    "headline",
    "kept",
    "late_items",
    "late_state",
    "late_table",
    "lateness",
    "pictureless",
    "proposals",
    "recording",
    "reliefs",
    "resolutions",
    "summary",
    "tasks",
    "unchecked",
]
