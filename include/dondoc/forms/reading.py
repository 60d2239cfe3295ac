"""The parent's side of reading: starts the reader, takes its word, and takes passwords out of every text."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

import dondoc
from dondoc.forms.redact import redact

LARGEST = 20 << 20  # bytes of a file
SECONDS = 60  # the reader's own limit is in seconds of processor time


class Unreadable(Exception):
    """The file cannot be read; `code` is of the catalogue, `gaps` fill its sentence."""

    def __init__(self, code: str, **gaps: Any) -> None:
        super().__init__(code)
        self.code = code
        self.gaps = gaps


class Cell(NamedTuple):
    """A cell in which a person sees something. `empty`: a formula that was never calculated."""

    row: int
    column: int
    kind: Literal["text", "number", "bool", "date", "error", "empty"]
    value: str | float | bool | date
    formula: bool = False
    secret: bool = False  # a password stood here; `value` is without it


@dataclass(frozen=True)
class Sheet:
    name: str
    hidden: bool
    cells: dict[tuple[int, int], Cell]
    merges: tuple[tuple[int, int, int, int], ...] = ()  # first row, first column, last row, last column
    beyond: bool = False  # has rows that were not read

    @cached_property
    def rows(self) -> dict[int, list[Cell]]:
        """Cells by row, in order; a vertically merged cell stands in each of its rows."""
        rows: dict[int, list[Cell]] = {}
        for cell in (*self.cells.values(), *self._repeated()):
            rows.setdefault(cell.row, []).append(cell)
        return {row: sorted(rows[row], key=lambda cell: cell.column) for row in sorted(rows)}

    def _repeated(self) -> list[Cell]:
        return [
            self.cells[top, left]._replace(row=row)
            for top, left, bottom, right in self.merges
            if left == right and (top, left) in self.cells
            for row in range(top + 1, min(bottom, top + 2000) + 1)
        ]

    @cached_property
    def right_of(self) -> dict[tuple[int, int], int]:
        """The column after a horizontally merged cell."""
        return {(top, left): right + 1 for top, left, _, right in self.merges if right > left}


@dataclass(frozen=True)
class Book:
    sheets: tuple[Sheet, ...]
    token: str | None = None  # of the document property
    simplified: bool = False  # the reader could not tell formulas and errors from values
    redacted: bool = field(default=False)


def read(content: bytes) -> Book:
    """A workbook's cells, read in a process of its own.

    Raises:
        Unreadable: it cannot or must not be read.
    """
    if len(content) > LARGEST:
        raise Unreadable("file_too_big", limit=LARGEST >> 20)
    said = _ask(content)
    if "refused" in said:
        raise Unreadable(said.pop("refused"), **said)
    sheets = tuple(_sheet(s) for s in said["sheets"])
    redacted = any(cell.secret for sheet in sheets for cell in sheet.cells.values())
    return Book(sheets, said["token"], said["simplified"], redacted)


def _ask(content: bytes) -> dict[str, Any]:
    # None of our own environment: the child has no use for keys, addresses or passwords.
    package = str(Path(dondoc.__file__).resolve().parents[1])
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": package, "PYTHONUTF8": "1"}
    command = [sys.executable, "-P", "-m", "dondoc.forms.reader"]
    try:
        done = subprocess.run(  # noqa: S603
            command,
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=SECONDS,
            check=True,
        )
        return json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError):  # killed by its limits, or by what it read
        raise Unreadable("too_heavy") from None


def _sheet(said: dict[str, Any]) -> Sheet:
    cells = {(c[0], c[1]): _cell(*c) for c in said["cells"]}
    return Sheet(said["name"], said["hidden"], cells, tuple(tuple(m) for m in said["merges"]), said["beyond"])


def _cell(row: int, column: int, kind: Any, value: Any, formula: bool) -> Cell:
    if kind == "text":
        text, secret = redact(value)
        return Cell(row, column, kind, text, formula, secret)
    return Cell(row, column, kind, date.fromisoformat(value) if kind == "date" else value, formula)
