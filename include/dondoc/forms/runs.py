"""One issue where the same is to be said of one column in a long run of rows: nobody reads it 500 times."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from openpyxl.utils.cell import coordinate_to_tuple, get_column_letter

from dondoc.forms import catalogue
from dondoc.forms.verdict import Issue

LEAST = 10  # rows; fewer are spoken of one by one


class Labelled(NamedTuple):
    """A row of the table: the number that people know it by, and the labels of its columns."""

    ordinal: int
    labels: Mapping[int, str]


Rows = Mapping[tuple[str, int], Labelled]  # by sheet and row
_Cell = tuple[int, int]  # row, column


def joined(issues: Sequence[Issue], rows: Rows) -> list[Issue]:
    """The issues, each long run in the place of its first.

    A run is of one column and of rows without one between them; code and advice are the same, with the value where one
    is quoted.
    """
    alike: dict[tuple[str, str, int, str], list[tuple[_Cell, Issue]]] = {}
    for issue in issues:
        at = coordinate_to_tuple(issue.cell) if issue.sheet and issue.cell else None
        if at and (issue.sheet, at[0]) in rows:
            alike.setdefault((issue.code, issue.sheet or "", at[1], issue.said), []).append((at, issue))
    instead: dict[int, Issue | None] = {}
    for listed in alike.values():
        for run in _runs(sorted(listed, key=lambda one: one[0])):
            instead |= dict.fromkeys((id(issue) for _, issue in run))
            instead[id(run[0][1])] = _whole(run, rows)
    replaced = (instead.get(id(issue), issue) for issue in issues)
    return [issue for issue in replaced if issue is not None]


def _runs(listed: list[tuple[_Cell, Issue]]) -> Iterator[list[tuple[_Cell, Issue]]]:
    start = 0
    for end in range(1, len(listed) + 1):
        if end == len(listed) or listed[end][0][0] != listed[end - 1][0][0] + 1:
            if end - start >= LEAST:
                yield listed[start:end]
            start = end


def _whole(run: list[tuple[_Cell, Issue]], rows: Rows) -> Issue:
    (first, column), issue = run[0]
    last = run[-1][0][0]
    sheet = issue.sheet or ""
    above, below = rows[sheet, first], rows[sheet, last]
    label = above.labels.get(column, get_column_letter(column))
    where = f"{len(run)} dòng, từ dòng {above.ordinal} đến dòng {below.ordinal}, cột {label}"
    return catalogue.at(replace(issue, place=where, cells=f"{issue.cell}:{run[-1][1].cell}"))
