"""A form as an XLSForm (xlsform.org), for an administrator to upload to KoboToolbox or ODK Central: the questions are
named by our keys, so that what comes back needs no mapping.

What is required, and within which bounds, the server asks in the same words; the rest is judged when it arrives.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from openpyxl import Workbook

from dondoc import spreadsheets
from dondoc.directive.model import Agency, Registry
from dondoc.forms import answers, token
from dondoc.forms.spec import Field, FormSpec, When

Line = Mapping[str, str]
GENERAL, TABLE = "general", "rows"  # the groups of part I and part II
_TYPES = {"whole": "integer", "year": "integer", "days": "integer", "decimal": "decimal", "date": "date"}
_TYPES |= {"latitude": "decimal", "longitude": "decimal"}
_COLUMNS = ("type", "name", "label", "hint", "required", "relevant", "constraint", "constraint_message")
_MORE = ("calculation", "read_only")


def xlsform(spec: FormSpec, agency: Agency | None, *, registry: Registry, secrets: list[str]) -> bytes:
    """The .xlsx. With an agency it is that agency's own form, which carries its name and signed token; without, the
    token is a hidden question that a link may fill in.
    """
    book = Workbook()
    book.remove(book.active)
    _sheet(book, "survey", (*_COLUMNS, *_MORE), _survey(spec, agency, token.of_form(spec, agency, registry, secrets)))
    _sheet(book, "choices", ("list_name", "name", "label"), _choices(spec))
    title = f"{spec.label}. {spec.heading}" + (f" ({agency.name})" if agency else "")
    form_id = f"{spec.id}-{agency.id}" if agency else spec.id
    named = {"form_title": title, "form_id": form_id, "version": str(spec.version)}
    _sheet(book, "settings", tuple(named), [named])
    return spreadsheets.save(book)


def _sheet(book: Workbook, title: str, columns: Sequence[str], lines: Iterator[Line] | Sequence[Line]) -> None:
    sheet = book.create_sheet(title)
    for row, line in enumerate([dict(zip(columns, columns, strict=True)), *lines], 1):
        for column, name in enumerate(columns, 1):
            if line.get(name):
                spreadsheets.put(sheet.cell(row, column), line[name])


def _survey(spec: FormSpec, agency: Agency | None, signed: str | None) -> Iterator[Line]:
    yield {"type": "calculate", "name": answers.FORM, "calculation": _literal(spec.id)}
    if signed:
        yield {"type": "calculate", "name": answers.TOKEN, "calculation": _literal(signed)}
    else:
        yield {"type": "hidden", "name": answers.TOKEN}
    yield {"type": "begin_group", "name": GENERAL, "label": "Phần I. Thông tin chung"}
    for field in spec.head:
        given = field.key == "agency_name" and agency is not None
        fixed = {"calculation": _literal(agency.name), "read_only": "yes"} if given and agency else {}
        yield {**_question(field, spec), **fixed}
    yield {"type": "end_group"}
    nobody = {"relevant": f"${{no_camera}} != {_literal(answers.choice_name(True))}"} if spec.nil else {}
    yield {"type": "begin_repeat", "name": TABLE, "label": f"Phần II. {spec.part}", **nobody}
    for number, (label, fields) in enumerate(groupby(spec.columns, key=lambda field: field.group), 1):
        yield {"type": "begin_group", "name": f"{TABLE}_{number}", "label": label or spec.part}
        yield from (_question(field, spec) for field in fields)
        yield {"type": "end_group"}
    yield {"type": "end_repeat"}


def _question(field: Field, spec: FormSpec) -> Line:
    kind = f"select_one {field.choices}" if field.kind == "choice" else _TYPES.get(field.kind, "text")
    constraint = _constraint(field)
    example = f" Ví dụ: {field.example}." if field.example and field.example not in field.help else ""
    return {
        "type": kind,
        "name": field.key,
        "label": field.label,
        "hint": f"{field.help}{example}".strip(),
        "required": _required(field, spec),
        "constraint": constraint,
        "constraint_message": "Giá trị ngoài khoảng cho phép hoặc quá dài." if constraint else "",
    }


def _constraint(field: Field) -> str:
    if field.kind in _TYPES:
        bounds = ((">=", field.min), ("<=", field.max))
        return " and ".join(f". {sign} {bound:.12g}" for sign, bound in bounds if bound is not None)
    return f"string-length(.) <= {field.max:.12g}" if field.max and field.kind != "choice" else ""


def _required(field: Field, spec: FormSpec) -> str:
    """Always, never, or on what; a place without a camera is asked only what is asked of places."""
    unless = {**field.required_unless}
    if spec.empty_when and field.key in spec.fields and not field.of_site:
        unless |= spec.empty_when
    needed = [f"not({_any(unless)})" if unless else "yes"] if field.required else []
    needed += [_any(field.required_if)] if field.required_if else []
    return needed[0] if len(needed) == 1 else " or ".join(f"({one})" for one in needed)


def _any(when: When) -> str:
    wanted = [(key, _literal(answers.choice_name(code))) for key, codes in when.items() for code in codes]
    return " or ".join(f"${{{key}}} = {code}" for key, code in wanted)


def _choices(spec: FormSpec) -> Iterator[Line]:
    asked = {field.choices for field in (*spec.head, *spec.columns)}
    for name, choices in ((name, choices) for name, choices in spec.lists.items() if name in asked):
        for choice in choices:
            yield {"list_name": name, "name": answers.choice_name(choice.code), "label": choice.label}


def _literal(text: str) -> str:
    """A text as XPath writes it: there is no way to escape a quote, so one kind must not stand in it."""
    quote = "'" if "'" not in text else '"'
    return f"{quote}{text.replace(quote, '')}{quote}"
