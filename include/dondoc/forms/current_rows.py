"""Rows of a current copy: cameras that are known by their number, and what a blank in them means. Pure.

What is `sensitive` does not travel by mail: its cells in a current copy are blank, and blank they mean "as it was".
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from dondoc.forms.spec import FOLLOWED, FormSpec
from dondoc.masking import without_addresses
from dondoc.vocabulary.submissions import Change

NUMBER, CHANGE = FOLLOWED
OF_THE_PLACE = frozenset({"latitude", "longitude"})  # a new device stands where the old one stood
Row = Mapping[str, Any]


class Merged(NamedTuple):
    """A row with what its blanks stand for. `kept`: fields that were not said anew, so that nothing is to be declared
    of them."""

    row: dict[str, Any]
    kept: frozenset[str]


def shown(spec: FormSpec, row: Row) -> dict[str, Any]:
    """A row as it may travel: without what is sensitive, and with no address in a text."""
    seen = {key: value for key, value in row.items() if key in spec.fields and not spec.fields[key].sensitive}
    return {key: _masked(value) if spec.fields[key].kind == "text" else value for key, value in seen.items()}


def unchanged(spec: FormSpec, row: Row) -> frozenset[str]:
    """The fields of a row whose blank means "as it was": what is sensitive of a camera that has its number and stays;
    of a new device only where it stands."""
    if NUMBER not in row or row.get(CHANGE) == Change.REMOVE:
        return frozenset()
    sensitive = frozenset(key for key, field in spec.fields.items() if field.sensitive)
    return sensitive & OF_THE_PLACE if row.get(CHANGE) == Change.REPLACE_DEVICE else sensitive


def merged(spec: FormSpec, row: Row, current: Row) -> Merged:
    """What a row of a current copy says, given the current row of the same number.

    "Giữ nguyên" (or no word): every blank is as it was. "Sửa", "Thay thiết bị": a blank empties its field, but for
    those of `unchanged`. "Tháo dỡ": nothing else of the row counts. What is filled in counts, whatever the word: who
    corrects a cell and forgets the word has corrected it.
    """
    word = row.get(CHANGE, Change.KEEP)
    if word == Change.REMOVE:
        return Merged({**current, **{key: row[key] for key in (*FOLLOWED, "_row") if key in row}}, frozenset(current))
    silent = frozenset(current) if word == Change.KEEP else unchanged(spec, row)
    kept = frozenset(key for key in current if key not in FOLLOWED and _says_nothing(row, key, current[key], silent))
    return Merged({**row, **{key: current[key] for key in kept}}, kept - {"_row"})


def _says_nothing(row: Row, key: str, was: Any, silent: frozenset[str]) -> bool:
    if key == "_row":
        return False
    return key in silent if row.get(key) is None else row[key] != was and row[key] == _masked(was)


def _masked(value: Any) -> Any:
    return without_addresses(value) if isinstance(value, str) else value
