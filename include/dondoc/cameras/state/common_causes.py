"""When all cameras of a place fail alike it is the place that is down: said once, not for each. Pure."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dondoc.probing.verdicts import PHASE, Phase, Verdict

# The device is not there for us: all of them are alike.
SILENT = frozenset({Phase.DNS, Phase.CONNECT, Phase.TLS, Phase.RTSP})


@dataclass(frozen=True)
class Seat:
    """Where a watched camera is: its agency, its place ("" without one), and the device that answers for it."""

    camera: int
    agency: str
    place: str
    device: str


@dataclass(frozen=True)
class Place:
    """A place all of whose watched cameras are down alike. `kind`: agency, place or device."""

    kind: str
    seats: tuple[Seat, ...]

    @property
    def cameras(self) -> tuple[int, ...]:
        return tuple(seat.camera for seat in self.seats)


def likeness(verdict: Verdict) -> str:
    """Faults of the same likeness have one cause when they come together."""
    return "silent" if PHASE[verdict] in SILENT else PHASE[verdict]


def gather(down: Mapping[int, Verdict], watched: Iterable[Seat], least: int) -> tuple[list[Place], list[int]]:
    """The widest places that are down as a whole, and the cameras that are down by themselves.

    Args:
        down: verdict by camera.
        watched: every camera that is looked at and was once seen working, down or not.
        least: so many cameras make a place.
    """
    seats, places = list(watched), list[Place]()
    told: set[int] = set()
    for kind, key in _LEVELS.items():
        groups: dict[Hashable, list[Seat]] = defaultdict(list)
        for seat in seats:
            groups[key(seat)].append(seat)
        for where, group in groups.items():
            if where is not None and _fails_alike(kind, group, down, told, least):
                places.append(Place(kind, tuple(group)))
                told |= {seat.camera for seat in group}
    return places, [camera for camera in down if camera not in told]


_LEVELS: dict[str, Callable[[Seat], Hashable | None]] = {
    "agency": lambda seat: seat.agency,
    "place": lambda seat: (seat.agency, seat.place) if seat.place else None,
    "device": lambda seat: seat.device,
}


def _fails_alike(kind: str, group: Sequence[Seat], down: Mapping[int, Verdict], told: set[int], least: int) -> bool:
    if len(group) < least or any(seat.camera not in down or seat.camera in told for seat in group):
        return False
    if kind == "agency" and len({seat.place or seat.device for seat in group}) < 2:
        return False
    return len({likeness(down[seat.camera]) for seat in group}) == 1
