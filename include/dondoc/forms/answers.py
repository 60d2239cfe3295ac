"""One submission of an online survey as a book: its answers stand where our own workbook has them.

So the layout, the checks, the issues and the copy to correct are those of every form. What came is hostile, and this
runs in a confined child (`work`).
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from dondoc.forms import draft, reader, template
from dondoc.forms.clean import clean
from dondoc.forms.reading import Book, Cell, Note, Sheet, Unreadable
from dondoc.forms.redact import redact
from dondoc.forms.spec import Choice, Code, Field, FormSpec
from dondoc.forms.surveys import Survey

START = b'{"answers":'  # of a submission as `pack` keeps it
TOKEN, FORM = "dondoc_token", "dondoc_form"  # hidden questions: whose it is, and which form
FEWEST = 3  # questions with our keys that make a form ours
_OF_SERVER = ("_", "meta/", "formhub/")  # how the names begin of what the server adds: no answers
_DEGREES = r"(-?\d{1,3}(?:\.\d{1,20})?)"
_POINT = re.compile(rf"{_DEGREES} {_DEGREES}(?: -?\d[\d.]{{0,20}}){{0,2}}")  # an XForms geopoint
_OWN = Survey(form="")

Answers = dict[str, Any]
Repeats = list[list[Mapping[str, Any]]]


def pack(answers: Mapping[str, Any], *, kind: str, server: str, form: str) -> bytes:
    """A submission as it is kept: what the server gave, as canonical JSON, and where it came from."""
    whole = {"answers": answers, "form": form, "kind": kind, "server": server}
    text = json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def read(content: bytes, specs: Mapping[str, FormSpec], surveys: Mapping[str, Survey]) -> Book:
    """The book of whatever arrived: a submission of a survey, or a file.

    Raises:
        Unreadable: it cannot or must not be read.
    """
    if not content.startswith(START):
        return reader.read(content)
    try:
        kept = json.loads(content)
        return _book(kept["answers"], kept["form"], specs, surveys)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise Unreadable("file_damaged") from error


def _book(answers: Mapping[str, Any], form: str, specs: Mapping[str, FormSpec], surveys: Mapping[str, Survey]) -> Book:
    plain, repeats = _parts(answers)
    survey = surveys.get(form, _OWN)
    spec = specs.get(survey.form) or _spec(plain, repeats, form, specs)
    if spec is None:
        raise Unreadable("form_unknown")
    common = {name: value for name, value in plain.items() if survey.questions.get(name, name) not in spec.heads}
    common = {name: value for name, value in common.items() if survey.questions.get(name, name) in spec.fields}
    rows = list(_rows(repeats, common)) or ([common] if common else [])
    token = plain.get(TOKEN)
    return Book((_info(plain, spec, survey), _table(rows, spec, survey)), token if isinstance(token, str) else None)


def _parts(node: Mapping[str, Any]) -> tuple[Answers, Repeats]:
    """Answers by the name of their question, without its groups, and the repeated groups."""
    plain, repeats = Answers(), Repeats()
    for path, value in node.items():
        if path.startswith(_OF_SERVER) or path == "meta" or "@odata" in path or value in (None, "", []):
            continue
        if isinstance(value, dict) and "coordinates" not in value:
            inner, more = _parts(value)
            plain |= inner
            repeats += more
        elif isinstance(value, list) and all(isinstance(item, dict) for item in value):
            repeats.append(value)
        else:
            plain[path.rsplit("/", 1)[-1]] = value
    return plain, repeats


def _rows(repeats: Repeats, common: Answers) -> Iterator[Answers]:
    """A row for each camera; one of a group within a group has the answers of the outer one too."""
    for repeat in repeats:
        for item in repeat:
            plain, inner = _parts(item)
            yield from _rows(inner, common | plain) if inner else [common | plain]


def _spec(plain: Answers, repeats: Repeats, form: str, specs: Mapping[str, FormSpec]) -> FormSpec | None:
    """The form that a hidden question or the server's id names, else the one of which most keys are there."""
    for named in (plain.get(FORM), form):
        if isinstance(named, str) and named in specs:
            return specs[named]
    names = {*plain, *(name for row in _rows(repeats, {}) for name in row)}
    ranked = sorted((len(names & {*spec.heads, *spec.fields}), spec.id) for spec in specs.values())
    best, second = ranked[-1], ranked[-2] if len(ranked) > 1 else (0, "")
    return specs[best[1]] if best[0] >= FEWEST and best[0] > second[0] else None


def _info(plain: Answers, spec: FormSpec, survey: Survey) -> Sheet:
    cells = [_text(4, 4, spec.label), _text(5, 1, spec.heading)]
    for name, value in plain.items():
        key = survey.questions.get(name, name)
        if key in spec.heads:
            row = template.head_row(spec, key)
            cells += [_text(row, template.LABEL, spec.heads[key].label)]
            cells += _cell(row, template.ANSWER, _worded(spec, spec.heads[key], survey.choices.get(name, {}), value))
    return Sheet(template.INFO, False, {(cell.row, cell.column): cell for cell in cells})


def _table(rows: list[Answers], spec: FormSpec, survey: Survey) -> Sheet:
    """Our columns, also those that nobody was asked, then the questions that are none of ours, by their names."""
    columns = {field.key: template.column(spec, field.key) for field in spec.columns}
    cells = [_text(template.HEADER, column, spec.fields[key].label) for key, column in columns.items()]
    for row, answers in enumerate(rows[: draft.ROWS], template.FIRST):
        for name, value in answers.items():
            key = survey.questions.get(name, name)
            if key not in columns:
                if len(columns) >= draft.COLUMNS:
                    raise Unreadable("too_heavy", why=draft.TOO_MUCH)
                columns[key] = template.column(spec, spec.columns[0].key) + len(columns)
                cells.append(_text(template.HEADER, columns[key], name))
            field = spec.fields.get(key)
            cells += _cell(row, columns[key], _worded(spec, field, survey.choices.get(name, {}), value))
        if len(cells) > draft.CELLS:
            raise Unreadable("too_heavy", why=draft.TOO_MUCH)
    by_place = {(cell.row, cell.column): cell for cell in cells}
    left = (Note("too_many_rows", None, {"limit": draft.ROWS}),) if len(rows) > draft.ROWS else ()
    return Sheet(spec.sheet, False, by_place, notes=left)


def _worded(spec: FormSpec, field: Field | None, codes: Mapping[str, Code], value: Any) -> Any:
    """A value as a person would have written it into our workbook: a choice by its label, a point as two numbers."""
    if isinstance(value, dict):  # GeoJSON: the longitude comes first
        longitude, latitude = value["coordinates"][:2]
        return f"{float(latitude)}, {float(longitude)}"
    if field is not None and field.kind == "latitude" and isinstance(value, str) and (point := _POINT.fullmatch(value)):
        return f"{point[1]}, {point[2]}"
    if field is not None and field.kind == "choice":
        code = codes.get(str(value), value)
        name = choice_name(code) if isinstance(code, bool) else str(code)
        return _labels(spec.lists[field.choices or ""]).get(name, value)
    return ", ".join(map(str, value)) if isinstance(value, list) else value


@lru_cache
def _labels(choices: tuple[Choice, ...]) -> dict[str, str]:
    return {choice_name(choice.code): choice.label for choice in choices}


def choice_name(code: Code) -> str:
    """A code as the name of a choice: of `true` and `false` XLSForm makes words."""
    return str(code).lower()


def _text(row: int, column: int, text: str) -> Cell:
    return Cell(row, column, "text", clean(text[: draft.LONGEST]))


def _cell(row: int, column: int, value: Any) -> list[Cell]:
    """What a person sees of a value; nothing of a blank one."""
    if isinstance(value, bool):
        return [Cell(row, column, "bool", value)]
    if isinstance(value, int | float):
        sane = abs(value) < 1e300  # no NaN is
        return [Cell(row, column, "number", float(value)) if sane else Cell(row, column, "error", "")]
    text, secret = _seen(str(value)[: draft.LONGEST])
    return [Cell(row, column, "text", text, secret=secret)] if text else []


@lru_cache(20_000)
def _seen(text: str) -> tuple[str, bool]:
    """A text as it is judged, and whether a password stood in it: equal ones come by the thousand."""
    return redact(clean(text))
