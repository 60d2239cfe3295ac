"""Ladders that are ready to be chosen, so that nobody has to write one."""

from pathlib import Path

from dondoc.directive import located_yaml
from dondoc.directive.model import KindLadder, Step, Strict


class ReadyLadder(Strict):
    title: str
    steps: tuple[Step, ...]
    ladders: tuple[KindLadder, ...] = ()  # of the kinds of agencies that have their own

    def same(self, steps: tuple[Step, ...], ladders: tuple[KindLadder, ...]) -> bool:
        """Whether a letter's ladders are these."""
        return (self.steps, self.ladders) == (steps, ladders)


def ready_ladders(data: Path) -> dict[str, ReadyLadder]:
    """By the name of its file under `ladders/`, in the order of these names.

    Raises:
        Problem: a file cannot be used; `file:line: …` per fault.
    """
    files = sorted((data / "ladders").glob("*.yaml"))
    return {path.stem: located_yaml.load(path, ReadyLadder, "bậc đôn đốc") for path in files}
