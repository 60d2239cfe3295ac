"""Cameras into batches: those of one host or one site together, so that one task knows what it asks of them. Pure."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from math import ceil

TASKS, LEAST = 15, 500  # each is checked by one task and stored by another, which cost half a second: few of them


def size(cameras: int) -> int:
    """How many cameras a batch holds: at most about TASKS of them, however large the fleet."""
    return max(LEAST, ceil(cameras / TASKS))


def batches(cameras: Sequence[tuple[int, Iterable[Hashable]]], most: int) -> list[list[int]]:
    """Ids in batches of at most `most`; cameras that share a place (host, site) lie in one batch.

    Only what is larger than a batch by itself is cut.
    """
    made: list[list[int]] = []
    for group in _together(cameras):
        for start in range(0, len(group), most):
            part = group[start : start + most]
            room = next((batch for batch in made if len(batch) + len(part) <= most), None)
            if room is None:
                made.append(part)
            else:
                room += part
    return made


def _together(cameras: Sequence[tuple[int, Iterable[Hashable]]]) -> list[list[int]]:
    """Groups of ids that hang together by their places, the largest first."""
    root: dict[Hashable, Hashable] = {}

    def find(place: Hashable) -> Hashable:
        while root.setdefault(place, place) != place:
            root[place] = root[root[place]]
            place = root[place]
        return place

    for camera, places in cameras:
        for place in places:
            root[find(place)] = find(("camera", camera))
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for camera, _ in cameras:
        groups[find(("camera", camera))].append(camera)
    return sorted(groups.values(), key=len, reverse=True)
