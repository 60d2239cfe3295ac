"""Which camera a row means: a number survives forms and files that spell, move and rename. Nothing is guessed."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from dondoc.cameras.registry.declarations import main_of
from dondoc.directive.names import fold
from dondoc.store.cameras import Camera
from dondoc.vocabulary.numbers import CAM

Row = Mapping[str, Any]


def key_of(place: str, name: str) -> str:
    """What makes it the same camera in the next form."""
    return f"{fold(place)} | {fold(name)}" if fold(place) else fold(name)


def named(rows: Sequence[Row]) -> dict[str, Row]:
    """A form's rows by key. Where two have the same, also their position, else their order tells them apart."""
    found: dict[str, Row] = {}
    for row in rows:
        plain, number = key_of(row["place"], str(row["name"])), 2
        exact = f"{plain} | {fold(str(row.get('site') or ''))}"
        tries = [plain, exact]
        while (key := tries.pop(0)) in found:
            tries.append(f"{exact} | {number}")
            number += 1
        found[key] = row
    return found


def of_form(
    known: Sequence[Camera], rows: Mapping[str, Row], mains: Mapping[str, str | None], secrets: Sequence[str]
) -> dict[str, Camera]:
    """The known camera that each row means, by key: by its number, else its name; its address decides only where these
    say nothing.

    Args:
        mains: addresses of the rows' main streams.
    """
    found = _numbered(known, rows)
    left_over = [c for c in known if c not in found.values()]
    by_key = {key_of(c.place, c.name): c for c in reversed(left_over)} | {c.key: c for c in left_over}
    found |= {key: by_key[key] for key in rows if key in by_key and key not in found}
    found |= _unplaced([c for c in known if c not in found.values()], {k: r for k, r in rows.items() if k not in found})
    by_address = {main_of(c, secrets): c for c in known if c.identity and c not in found.values()}
    left = {key: mains[key] for key in rows if key not in found}
    count = Counter(left.values())
    for key, address in left.items():
        if address in by_address and count[address] == 1:
            camera = found[key] = by_address[address]
            _rename(camera, key)
    return found


def _numbered(known: Sequence[Camera], rows: Mapping[str, Row]) -> dict[str, Camera]:
    """The cameras that rows of a current copy name by their numbers."""
    by_number = {CAM(camera.id): camera for camera in known}
    found = {key: by_number[row["number"]] for key, row in rows.items() if row.get("number") in by_number}
    for key, camera in found.items():
        if key not in {other.key for other in known}:
            _rename(camera, key)
    return found


def _rename(camera: Camera, key: str) -> None:
    if camera.key in (fold(camera.name), key_of(camera.place, camera.name)):  # made from what it no longer is
        camera.key = key


def _unplaced(known: Sequence[Camera], rows: Mapping[str, Row]) -> dict[str, Camera]:
    """Cameras of files that named no place, and rows of forms that do: the name tells, where there is one of each."""
    cameras, wanted = defaultdict(list), defaultdict(list)
    for camera in known:
        if is_unplaced(camera):
            for name in {camera.key, fold(camera.name)}:
                cameras[name].append(camera)
    for key, row in rows.items():
        wanted[fold(str(row["name"]))].append(key)
    found: dict[str, Camera] = {}
    for name, keys in wanted.items():
        if len(keys) == len(cameras[name]) == 1 and cameras[name][0] not in found.values():
            found[keys[0]] = cameras[name][0]
    return found


def is_unplaced(camera: Camera) -> bool:
    """Whether no form has declared it, and no file of ours has named its place."""
    return camera.submission_id is None and fold(camera.place) in ("", fold(camera.site))
