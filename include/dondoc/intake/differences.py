"""What is different between two versions of a form: by camera and field. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dondoc.directive.names import fold
from dondoc.forms import catalogue
from dondoc.forms.spec import CAMERA, Field, FormSpec
from dondoc.forms.values import text_of
from dondoc.forms.verdict import Issue

Row = Mapping[str, Any]
_NOT_SAID = ("_row", "number", "change")  # what a row has besides what the agency says of its camera


@dataclass(frozen=True)
class Content:
    """What a version says: its head and its rows, clean values by key."""

    head: Mapping[str, Any]
    rows: Sequence[Row]


@dataclass(frozen=True)
class CellChange:
    """One cell. `row`: of the newer version, None for the head; `before`, `after`: None where it is blank."""

    field: Field
    row: Row | None
    before: Any
    after: Any


@dataclass(frozen=True)
class Differences:
    """`added`: rows of the newer version alone; `gone`: rows of the older one alone."""

    changes: tuple[CellChange, ...] = ()
    added: tuple[Row, ...] = ()
    gone: tuple[Row, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes or self.added or self.gone)


def between(spec: FormSpec, older: Content, newer: Content) -> Differences:
    """Rows are the same by the camera's number, else by place and name, else by address; the rest is added or gone."""
    pairs, added, gone = _paired(spec, older.rows, newer.rows)
    changes = [*_changes(spec.head, older.head, newer.head, None)]
    for before, after in pairs:
        changes += _changes(spec.columns, before, after, after)
    return Differences(tuple(changes), tuple(added), tuple(gone))


def _changes(fields: Iterable[Field], before: Row, after: Row, row: Row | None) -> list[CellChange]:
    return [
        CellChange(field, row, before.get(field.key), after.get(field.key))
        for field in fields
        if field.key not in _NOT_SAID and before.get(field.key) != after.get(field.key)
    ]


def _paired(
    spec: FormSpec, older: Sequence[Row], newer: Sequence[Row]
) -> tuple[list[tuple[Row, Row]], list[Row], list[Row]]:
    """By each key in turn, of what the ones before left; a key that several rows share tells none of them apart."""
    pairs: dict[int, Row] = {}
    old, new = list(older), list(enumerate(newer))
    for key in (_number, _named(spec), _address):
        before = _unique(old, key)
        after = _unique([row for _, row in new], key)
        matched = {identity: row for identity, row in before.items() if identity in after}
        for place, row in list(new):
            if (identity := key(row)) in matched and after[identity] is row:
                pairs[place] = matched[identity]
                old = [one for one in old if one is not matched[identity]]
                new.remove((place, row))
    return [(pairs[place], newer[place]) for place in sorted(pairs)], [row for _, row in new], old


def _unique(rows: Iterable[Row], key: Any) -> dict[Any, Row]:
    found: dict[Any, list[Row]] = {}
    for row in rows:
        if (identity := key(row)) is not None:
            found.setdefault(identity, []).append(row)
    return {identity: alike[0] for identity, alike in found.items() if len(alike) == 1}


def _number(row: Row) -> Any:
    return row.get("number")


def _named(spec: FormSpec) -> Any:
    def key(row: Row) -> Any:
        name, place = str(row.get(CAMERA) or ""), str(row.get(spec.place or "") or "")
        return (fold(place), fold(name)) if name or place else None

    return key


def _address(row: Row) -> Any:
    return (row["host"], row.get("rtsp_port"), row.get("channel"), row.get("main_path")) if row.get("host") else None


def label(spec: FormSpec, row: Row) -> str:
    """What people call a row: the camera's name and its place."""
    name, place = str(row.get(CAMERA) or ""), str(row.get(spec.place or "") or "")
    return f"{name} ({place})" if name and place and name != place else name or place or f"hàng {row.get('_row', '?')}"


def value(spec: FormSpec, field: Field, raw: Any) -> str:
    """A value as people read it; what is sensitive is not quoted."""
    if raw is None:
        return "để trống"
    if field.sensitive:
        return "(không ghi trong thư)"
    if field.kind == "date":
        return text_of(date.fromisoformat(str(raw)))
    choices = spec.lists.get(field.choices or "", ())
    chosen = next((choice.label for choice in choices if choice.code is raw or choice.code == raw), None)
    return chosen or text_of(float(raw) if type(raw) is int else raw)


def sentence(spec: FormSpec, change: CellChange) -> str:
    """One cell in words: “Cổng chính (Đồi Mộng Ước), Độ phân giải: 720p → 1080p (2MP)”."""
    where = f"{label(spec, change.row)}, {change.field.label}" if change.row is not None else change.field.label
    if change.field.sensitive:
        return f"{where}: đã đổi"
    before, after = (value(spec, change.field, one) for one in (change.before, change.after))
    return f"{where}: {before} → {after}"


def asked(spec: FormSpec, row: Row) -> Issue:
    """A row that a later version does not have: its camera is kept, and asked about."""
    return catalogue.issue("row_gone", catalogue.place(None, sheet=spec.sheet), spec.sheet, None, name=label(spec, row))
