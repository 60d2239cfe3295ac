"""Whether a night told little because of us: each such look counts against no camera, but many of them must not pass
unnoticed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from dondoc.probing.verdicts import OPEN, OURS, Verdict

FEW = 0.1  # share of cameras of which our machine or program tells nothing: one that is well asks all of them
MOST, LEAST = 0.5, 5  # share and number of cameras that another look was to tell of


class Unconcluded(NamedTuple):
    """How many cameras of how many have no verdict of their own, by why; the most frequent first."""

    cameras: int
    why: Mapping[Verdict, int]

    @property
    def advice(self) -> list[str]:
        """What our own people can do, cause by cause."""
        return [f"{verdict.heading}: {verdict.staff_advice}" for verdict in self.why]

    def __str__(self) -> str:
        causes = "; ".join(f"{verdict.label}: {count:02}" for verdict, count in self.why.items())
        return f"Chưa kết luận được {sum(self.why.values()):02}/{self.cameras:02} camera, có thể do phía Sở ({causes})."


def unconcluded(verdicts: Iterable[str]) -> Unconcluded | None:
    """What a night's newest verdicts leave open, where that is too much to be chance; else None."""
    counts = Counter(verdicts)
    why = {Verdict.stored(verdict): count for verdict, count in counts.most_common() if verdict in OPEN}
    cameras, left = counts.total(), sum(why.values())
    ours = sum(count for verdict, count in why.items() if verdict in OURS)
    return Unconcluded(cameras, why) if ours > FEW * cameras or (left >= LEAST and left > MOST * cameras) else None
