"""Rules about cameras that are data: expected silences, patience, flapping, and what is said only once."""

from collections.abc import Sequence
from datetime import datetime, time
from functools import lru_cache
from pathlib import Path

from pydantic import Field

from dondoc.cameras.registry.declarations import AnyCamera
from dondoc.configuration.settings import Settings
from dondoc.directive import located_yaml
from dondoc.directive.model import Registry, Strict
from dondoc.workdays import WorkingDays


class _Match(Strict):
    """Every condition that is written must hold."""

    id: str
    systems: tuple[str, ...] | None = None
    status: tuple[str | None, ...] | None = None
    power: tuple[str | None, ...] | None = None
    off_after_hours: tuple[bool | None, ...] | None = None
    reason: str

    def fits(self, camera: AnyCamera) -> bool:
        asked: tuple[tuple[object, Sequence[object] | None], ...] = (
            (camera.system, self.systems),
            (camera.status, self.status),
            (camera.power, self.power),
            (camera.off_after_hours, self.off_after_hours),
        )
        return all(listed is None or value in listed for value, listed in asked)


class Silence(_Match):
    outside: tuple[time, time] | None = None  # only outside these hours of a working day

    def holds(self, camera: AnyCamera, at: datetime, calendar: WorkingDays) -> bool:
        if not self.fits(camera):
            return False
        if self.outside is None:
            return True
        begins, ends = self.outside
        return not (calendar.is_working_day(at.date()) and begins <= at.time() <= ends)


class Patience(_Match):
    nights: int = Field(ge=1)


class Flapping(Strict):
    outages: int = Field(ge=2)
    nights: int = Field(ge=2)


class Together(Strict):
    cameras: int = Field(ge=2)


class OurSide(Strict):
    share: float = Field(gt=0, le=1)
    cameras: int = Field(ge=1)
    agencies: int = Field(ge=1)


class Unjudged(Strict):
    nights: int = Field(ge=2, le=28)  # fewer than the nights of `checks.LOOK_BACK`


class Rules(Strict):
    """The whole file."""

    silences: tuple[Silence, ...] = ()
    patience: tuple[Patience, ...] = ()
    flapping: Flapping
    together: Together
    local_outage: OurSide
    unjudged: Unjudged = Unjudged(nights=7)

    def silence(self, camera: AnyCamera, at: datetime, calendar: WorkingDays) -> str | None:
        """Why nothing was to be expected of a camera at a moment; None when something was."""
        return next((s.reason for s in self.silences if s.holds(camera, at, calendar)), None)

    def never_heard(self, camera: AnyCamera) -> bool:
        """Whether nothing is to be expected of a camera at any hour, until its agency declares otherwise."""
        return any(s.outside is None and s.fits(camera) for s in self.silences)

    def nights(self, camera: AnyCamera, registry: Registry, settings: Settings) -> tuple[int, str]:
        """How many bad nights in a row are an outage, and why so many."""
        usual = registry.system(camera.system).outage_nights or settings.outage_nights
        longer = [p for p in self.patience if p.nights > usual and p.fits(camera)]
        most = max(longer, key=lambda p: p.nights, default=None)
        return (most.nights, most.reason) if most else (usual, "")


def load(settings: Settings) -> Rules:
    """The rules that are in force, read again when their file has changed.

    Raises:
        Problem: the file cannot be used; `file:line: …` per fault.
    """
    path = settings.data / "cameras" / "rules.yaml"
    return _load(path, path.stat().st_mtime_ns if path.exists() else 0)


@lru_cache
def _load(path: Path, _mtime: int) -> Rules:
    return located_yaml.load(path, Rules, "quy tắc")
