"""A person of ours takes back that a camera is restricted, or that it records sound: no form and no file can."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.audit import Actor
from dondoc.cameras.registry import declarations
from dondoc.cameras.registry.declarations import Source
from dondoc.errors import Problem
from dondoc.store.cameras import Camera
from dondoc.vocabulary.fields import Field, must
from dondoc.vocabulary.numbers import CAM


class Word(StrEnum):
    """What can be lifted: columns of `Camera`."""

    RESTRICTED = "restricted"
    SOUND = "records_sound"


SAID = {Word.RESTRICTED: "hạn chế nêu tên", Word.SOUND: "có thu âm"}


def lift(
    session: Session, secrets: list[str], camera: Camera, word: Word, *, reason: str, by: Actor, now: datetime
) -> None:
    """Let the camera count as not restricted, or as silent, until somebody says so again.

    Raises:
        Problem: nobody says why, or nothing is to be lifted.
    """
    reason = must(Field.REASON, reason)
    if not getattr(camera, word):
        raise Problem(f"{CAM(camera.id)} không được ghi là {SAID[word]}: không có gì để bỏ.")
    declarations.say(session, camera, Source.PERSON, {word.value: False}, happened_at=now, now=now, by=by.name)
    declarations.refresh(session, camera.agency, camera.system, secrets)
    audit.record(session, secrets, by, "lift", CAM(camera.id), now=now, word=word, reason=reason)
