"""A form that follows the version in force: rows that name a camera by its number, and say nothing of what stays.

What is sensitive does not travel by mail, so its cells in a current copy are blank; here they get back what stands.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dondoc.cameras.registry.declare import SAME_ADDRESS
from dondoc.directive.names import fold
from dondoc.forms import catalogue, current_rows, template
from dondoc.forms.checks import a1
from dondoc.forms.current_rows import CHANGE, NUMBER
from dondoc.forms.spec import CAMERA, FormSpec
from dondoc.forms.verdict import FormVerdict, Issue
from dondoc.intake import differences
from dondoc.intake.differences import Content
from dondoc.vocabulary.cameras import Condition
from dondoc.vocabulary.submissions import Change, Outcome

KEPT = "_kept"  # of a row: fields that it did not say anew
ADDRESS = ("host", "rtsp_port", "main_path", "sub_path", "channel")  # what an address is made of
TOTAL = "total_cameras"
HIDDEN = "***"  # stands in what is kept of an address for what is not shown
Row = Mapping[str, Any]
Numbers = Mapping[tuple[str, str], str]  # folded place and name of a camera → its number


@dataclass(frozen=True)
class Current:
    """The version in force. `rows`: with their cameras' numbers, without what was taken down."""

    value_hash: str | None
    head: Row
    rows: tuple[Row, ...]

    @property
    def content(self) -> Content:
        return Content(self.head, self.rows)


def current(spec: FormSpec, value_hash: str | None, head: Row, rows: Sequence[Row], numbers: Numbers) -> Current:
    """The version in force, of what was kept of it."""
    standing = [row for row in rows if row.get(CHANGE) != Change.REMOVE]
    return Current(value_hash, head_of(head, rows), tuple(_numbered(spec, row, numbers) for row in standing))


def with_unnamed(spec: FormSpec, found: Current, said: Sequence[Row], earlier: Current) -> Current:
    """A version with the cameras of the one before that no row of it, `said`, names; they count in its total too."""
    gone = differences.between(spec, earlier.content, Content(found.head, said)).gone
    unnamed = tuple(row for row in gone if row.get(NUMBER))
    named = sum(bool(row.get(CAMERA)) for row in found.rows)
    counted = {TOTAL: named + len(unnamed)} if found.head.get(TOTAL) == named else {}
    return replace(found, head={**found.head, **counted}, rows=(*found.rows, *unnamed))


def head_of(head: Row, rows: Sequence[Row]) -> Row:
    """A head whose total counts what stands: who takes cameras down may have counted them in it, or not."""
    named = [row for row in rows if row.get(CAMERA)]
    standing = [row for row in named if row.get(CHANGE) != Change.REMOVE]
    return {**head, TOTAL: len(standing)} if head.get(TOTAL) == len(named) else head


def _numbered(spec: FormSpec, row: Row, numbers: Numbers) -> Row:
    number = row.get(NUMBER) or numbers.get(key(row.get(spec.place or ""), row.get(CAMERA)))
    plain = {name: value for name, value in row.items() if name not in (CHANGE, KEPT)}
    return {**plain, NUMBER: number} if number else plain


def key(place: object, name: object) -> tuple[str, str]:
    return fold(str(place or "")), fold(str(name or ""))


def follow(spec: FormSpec, form: FormVerdict, in_force: Current | None, own: Collection[str]) -> FormVerdict:
    """A form with what its blanks stand for. One that says nothing else than the version in force has its hash.

    Args:
        in_force: the version in force; None: there is none.
        own: the numbers of the agency's cameras; another's in a row is an error.
    """
    if not any(row.get(NUMBER) for row in form.rows):
        return form
    stands = {str(row[NUMBER]): row for row in in_force.rows if row.get(NUMBER)} if in_force else {}
    rows = tuple(_followed(spec, row, stands) for row in form.rows)
    issues = [issue for ordinal, row in enumerate(rows, 1) for issue in _faults(spec, row, ordinal, own)]
    said = Content(form.head, rows)
    changed = in_force is None or _is_new(rows) or differences.between(spec, in_force.content, said)
    return replace(
        form,
        rows=rows,
        outcome=Outcome.RETURNED if issues else form.outcome,
        issues=(*form.issues, *issues),
        value_hash=form.value_hash if in_force is None or changed else in_force.value_hash,
    )


def _is_new(rows: Sequence[Row]) -> bool:
    """Something happened to a device that may show in no other cell."""
    return any(row.get(CHANGE) in (Change.REMOVE, Change.REPLACE_DEVICE) for row in rows)


def _followed(spec: FormSpec, row: Row, stands: Mapping[str, Row]) -> dict[str, Any]:
    if (before := stands.get(str(row.get(NUMBER)))) is None:
        return dict(row)
    merged = current_rows.merged(spec, row, before)
    return {**merged.row, KEPT: sorted(merged.kept)}


def _faults(spec: FormSpec, row: Row, ordinal: int, own: Collection[str]) -> list[Issue]:
    """What only we can tell: whose a number is, and that of an address nothing can be said in part."""
    found = []
    if row.get(NUMBER) and row[NUMBER] not in own:
        found.append(_issue("number_unknown", spec, row, ordinal, NUMBER, value=row[NUMBER]))
    if _says_an_address(row) and "host" in row.get(KEPT, ()) and HIDDEN in str(row.get("host")):
        found.append(_issue("address_in_part", spec, row, ordinal, "host"))
    return found


def _issue(code: str, spec: FormSpec, row: Row, ordinal: int, field: str, **gaps: Any) -> Issue:
    """At a row of the list, where the copy that we made has it."""
    form = spec.current
    cell = a1(int(row.get("_row") or 1), template.column(form, field))
    where = catalogue.place(cell, form.fields[field].label, ordinal, form.sheet, str(row.get(CAMERA) or ""))
    return catalogue.issue(code, where, form.sheet, cell, **gaps)


def _says_an_address(row: Row) -> bool:
    return any(row.get(name) is not None and name not in row.get(KEPT, ()) for name in ADDRESS)


def declared(rows: Sequence[Row], paths: Mapping[str, Mapping[str, str]]) -> list[Row]:
    """The rows as they are said of their cameras: nothing of an address that was not said anew; taken down what is.

    Args:
        paths: by a camera's number its paths in full, by field: of one that was kept not all may be in the row.
    """
    return [_declared(row, paths) for row in rows]


def partly_said(rows: Sequence[Row]) -> list[str]:
    """The numbers of cameras of whose address only a part is said anew."""
    return [str(row[NUMBER]) for row in rows if row.get(KEPT) and _says_an_address(row)]


def _declared(row: Row, paths: Mapping[str, Mapping[str, str]]) -> Row:
    if row.get(CHANGE) == Change.REMOVE:
        row = {**row, "status": Condition.REMOVED}
    whole = paths.get(str(row.get(NUMBER)), {})
    row = {**row, **{name: path for name, path in whole.items() if name in row.get(KEPT, ())}}
    return row if KEPT not in row or _says_an_address(row) else {**row, SAME_ADDRESS: True}
