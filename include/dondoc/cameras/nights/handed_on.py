"""What the tasks of a night hand on to each other: files of ours, encrypted, of which Airflow carries only the names.

The only door to `nights/`. Whoever may write XComs could put the name of another file there. So each file says what it
belongs to, a batch its run, all that follows its batch, and who reads one says what it is to belong to.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from dondoc.cameras.nights.result import Result
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.store.blobs import Blobs

KEPT = timedelta(days=7)  # until then a task may be cleared, and what was found be stored
MOST = 64 * 2**20  # bytes of a file: what was found of 6,700 cameras is about 8 MB
FOREIGN = (
    "Kết quả của lượt kiểm tra không thuộc lượt này: mã trong Airflow (XCom) đã bị sửa, không ghi gì từ đó. Xem ai đã "
    "sửa trong Audit Log của Airflow; đêm nay còn cần kiểm tra thì chạy lại từ đầu."
)
AGAIN = f"Đêm nay còn cần kiểm tra thì chạy lại từ đầu; kết quả của một lượt chỉ giữ {KEPT.days:02} ngày."


class Gone(Problem):
    """A file is not there any more, damaged, or none of ours."""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Batch(_File):
    """Cameras that one task checks, spread over so many seconds from the moment that is its turn.

    `planned`: how many the whole round looks at, `began`: when it did begin.
    """

    run: str
    night: date
    look: str
    cameras: list[int]
    starts: AwareDatetime
    over: float
    planned: int
    began: AwareDatetime


class Found(_File):
    """What was found of a batch; `blind`: cameras of which nothing is known because our own side was down."""

    batch: str
    night: date
    results: list[Result]
    blind: int = 0

    @classmethod
    def of(cls, name: str, batch: Batch, results: Sequence[Result] = (), blind: int = 0) -> "Found":
        return cls(batch=name, night=batch.night, results=[*results], blind=blind)


class Stored(_File):
    """What was stored of a batch: counts as of `night.record`, and `blind` as above."""

    batch: str
    counts: dict[str, int]
    blind: int


F = TypeVar("F", bound=_File)


def put(app: AppContext, file: _File) -> str:
    """Keep a file; its name, which is all that travels."""
    return _files(app).put(file.model_dump_json().encode())


def batch(app: AppContext, name: object, run: str) -> Batch:
    """A batch of a run.

    Raises:
        Gone: there is no such file.
        Problem: it is of another run.
    """
    found = _read(app, Batch, name)
    if found.run != run:
        raise Problem(FOREIGN)
    return found


def found(app: AppContext, name: object, batch_name: str, of: Batch) -> Found:
    """What was found of a batch.

    Raises:
        Gone: there is no such file.
        Problem: it is of another batch, or tells of other cameras, or of one twice.
    """
    found = _read(app, Found, name)
    told = [result.camera for result in found.results]
    if (found.batch, found.night) != (batch_name, of.night) or len({*told} & {*of.cameras}) != len(told):
        raise Problem(FOREIGN)
    return found


def stored(app: AppContext, name: object, batches: Collection[str]) -> Stored:
    """What was stored of one of these batches.

    Raises:
        Gone: there is no such file.
        Problem: it is of none of them.
    """
    found = _read(app, Stored, name)
    if found.batch not in batches:
        raise Problem(FOREIGN)
    return found


def prune(app: AppContext, now: datetime) -> int:
    """Delete the files that are past their time; how many are gone."""
    return _files(app).prune(now - KEPT) if _folder(app).exists() else 0  # without a night, nobody asks for a key


def rotate(app: AppContext) -> dict[str, int]:
    """As `Blobs.rotate`."""
    return _files(app).rotate()


def names(handed_on: object) -> Sequence[object]:
    """What Airflow hands on of a group of tasks: nothing, one name without its list, or several.

    Raises:
        Problem: it is something else.
    """
    match handed_on:
        case None:
            return []
        case str():
            return [handed_on]
        case Sequence():
            return handed_on
    raise Problem(FOREIGN)


def _files(app: AppContext) -> Blobs:
    return Blobs(_folder(app), app.secrets, "night results", "kết quả kiểm tra")


def _folder(app: AppContext) -> Path:
    return app.settings.home / "nights"


def _read(app: AppContext, kind: type[F], name: object) -> F:
    files = _files(app)  # without the key no file is gone
    try:
        return kind.model_validate_json(files.get(str(name), most=MOST))
    except ValidationError:
        raise Problem(FOREIGN) from None
    except Problem as problem:
        raise Gone(f"{problem} {AGAIN}") from None
