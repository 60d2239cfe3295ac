"""Forms as data: which fields a form has, what may stand in them, and how the blank workbook shows them."""

import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from dondoc.directive.located_yaml import LocatedYaml, read
from dondoc.directive.model import Strict
from dondoc.directive.names import fold
from dondoc.errors import Faulty, FileFault, Problem
from dondoc.forms.words import compact, folded, label_keys

Kind = Literal[
    "agency",
    "text",
    "whole",
    "decimal",
    "year",
    "days",
    "choice",
    "date",
    "phone",
    "email",
    "host",
    "path",
    "latitude",
    "longitude",
    "km_post",
    "camera_number",
]
_MARK, _WORDS = 24, 8  # characters of a mark that stands for nothing or the cell above; words of a choice said twice
_BETWEEN = re.compile(r"[\s()/,;|]+|-(?=\s)")
CAMERA = "name"  # the column that makes a row a camera
FOLLOWED = ("number", "change")  # columns of a current copy alone: which camera a row is, and what became of it
Code = bool | str
When = dict[str, tuple[Code, ...]]  # holds when any of the named fields has one of these values


class Choice(Strict):
    code: Code
    label: str
    variants: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()  # read with a warning


class _Entry(Strict):
    """A field as a YAML file writes it: a key alone, or with what differs from common.yaml."""

    key: str
    label: str | None = None
    kind: Kind | None = None
    choices: str | None = None  # name of a list
    required: bool = False
    required_unless: When = {}
    required_if: When = {}
    of_site: bool = False  # asked of a place without a camera too
    default: Code | None = None  # what a blank cell means
    min: float | None = None
    max: float | None = None  # greatest value, or length of a text
    units: dict[str, float] = {}  # words that may stand beside a number → what it is multiplied by
    unsure_units: tuple[str, ...] = ()  # units that, written exactly so, are read with a warning
    other_units: dict[str, str] = {}  # words beside a number that is of something else → of what; units exactly so
    domains: tuple[str, ...] = ()  # mail domains that need no warning
    sensitive: bool = False  # never quoted in a letter
    group: str = ""
    width: float = 12  # of the column, in characters
    help: str = ""
    example: str = ""
    aliases: tuple[str, ...] = ()  # other labels that people use for it


class Field(_Entry):
    label: str
    kind: Kind


class _Form(Strict):
    """What a form and its YAML file have in common. `title` is what people call it."""

    id: str
    code: str
    version: int
    title: str
    label: str
    heading: str
    sheet: str
    part: str
    nil: bool  # "no camera" fulfils it
    place: str | None = None  # the column that names the place of a camera; None: it declares no cameras
    aliases: tuple[str, ...] = ()
    empty_when: When = {}
    earlier: dict[int, dict[str, tuple[str, ...]]] = {}  # version → field → labels that it had then, and has no more
    lists: dict[str, tuple[Choice, ...]] = {}


class FormSpec(_Form):
    """One form. `head` is part I, `columns` the table of part II; `followed`: what only a current copy has."""

    head: tuple[Field, ...]
    columns: tuple[Field, ...]
    followed: tuple[Field, ...] = ()
    fillers: tuple[str, ...] = ()  # folded words that a label may have besides, of no meaning
    blanks: tuple[str, ...] = ()  # what people write where they leave a cell empty
    ditto: tuple[str, ...] = ()  # … and where the cell above is meant

    @cached_property
    def fields(self) -> dict[str, Field]:
        """Columns by key, those of current copies among them."""
        return {field.key: field for field in (*self.followed, *self.columns)}

    @cached_property
    def heads(self) -> dict[str, Field]:
        return {field.key: field for field in self.head}

    @cached_property
    def column_labels(self) -> dict[str, str]:
        """Folded label of a column → key, also of earlier versions of the form."""
        now = _dictionary((*self.columns, *self.followed))
        return now | self._earlier(self.fields, now)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy without what was worked out of the fields before: they may be others now."""
        copy = super().model_copy(update=update, deep=deep)
        for name in copy.__dict__.keys() - type(self).model_fields.keys():
            del copy.__dict__[name]
        return copy

    @cached_property
    def current(self) -> "FormSpec":
        """The form as a current copy shows it: which camera a row is, and what became of it, stand first."""
        return self.model_copy(update={"columns": (*self.followed, *self.columns), "followed": ()})

    @cached_property
    def head_labels(self) -> dict[str, str]:
        return _dictionary(self.head) | self._earlier(self.heads, _dictionary(self.head))

    def _earlier(self, fields: Mapping[str, Field], now: Mapping[str, str]) -> dict[str, str]:
        """Labels of earlier versions; what a label means now goes before."""
        listed = [(key, word) for labels in self.earlier.values() for key, words in labels.items() for word in words]
        return {f: key for key, word in listed if key in fields for f in label_keys(word) if f not in now}

    @cached_property
    def version_of(self) -> dict[str, int]:
        """Folded label that only an earlier version had → that version, the newest of them."""
        now = _dictionary((*self.head, *self.columns))
        listed = [(v, word) for v in sorted(self.earlier) for words in self.earlier[v].values() for word in words]
        return {folded: version for version, word in listed for folded in label_keys(word) if folded not in now}

    @cached_property
    def naming(self) -> re.Pattern[str]:
        """Finds in folded text what people call the form."""
        names = (folded(word) for word in (self.label, self.heading, self.part, *self.aliases))
        return re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")

    @cached_property
    def explanations(self) -> frozenset[str]:
        """Folded explanations of the head: they stand beside the answers."""
        return frozenset(fold(field.help) for field in self.head)

    @cached_property
    def _codes(self) -> dict[str, dict[str, Code]]:
        return {name: _index(choices) for name, choices in self.lists.items()}

    def code_of(self, field: Field, text: str) -> Code | None:
        """What written words mean in a field's list, also several that mean the same; None when they are not in it."""
        codes = self._codes[field.choices or ""]
        plain = text.strip().casefold()
        if plain in codes:
            return codes[plain]
        return codes[key] if (key := compact(text)) in codes else _said_twice(text, codes)

    def is_unsure(self, field: Field, text: str) -> bool:
        """Whether a word is read only with a warning."""
        return text in self._unsure[field.choices or ""]

    @cached_property
    def _unsure(self) -> dict[str, frozenset[str]]:
        return {name: frozenset(word for c in choices for word in c.unsure) for name, choices in self.lists.items()}

    @cached_property
    def blank_words(self) -> frozenset[str]:
        return frozenset(map(_plain, self.blanks))

    @cached_property
    def ditto_words(self) -> frozenset[str]:
        return frozenset(map(_plain, self.ditto))

    def is_blank(self, text: str) -> bool:
        return len(text) <= _MARK and _plain(text) in self.blank_words

    def is_ditto(self, text: str) -> bool:
        """Whether a cell says that it is as the one above."""
        return len(text) <= _MARK and _plain(text) in self.ditto_words

    def labels(self, field: Field) -> list[str]:
        return [choice.label for choice in self.lists.get(field.choices or "", ())]

    def label_of(self, field: Field, code: Code) -> str:
        """The Vietnamese word of a code."""
        return next(c.label for c in self.lists[field.choices or ""] if c.code is code or c.code == code)


@lru_cache(10_000)
def _plain(text: str) -> str:
    return text.casefold().replace(" ", "")


def _said_twice(text: str, codes: Mapping[str, Code]) -> Code | None:
    """The one thing that "Full HD 1080p" or "2MP (1920x1080)" says twice; None when it is not one."""
    words = [key for word in _BETWEEN.split(text) if (key := compact(word))]
    if not 1 < len(words) <= _WORDS:
        return None
    said = [frozenset[Code]()] * len(words) + [frozenset(codes.values())]  # from each word on
    for begin in reversed(range(len(words))):
        said[begin] = frozenset(
            code
            for end in range(begin + 1, len(words) + 1)
            if (code := codes.get("".join(words[begin:end]))) is not None and code in said[end]
        )
    return next(iter(said[0])) if len(said[0]) == 1 else None


def _index(choices: tuple[Choice, ...]) -> dict[str, Code]:
    index: dict[str, Code] = {}
    for word_of in (lambda c: (c.label,), lambda c: (*c.variants, *c.unsure)):  # a label wins over another's variant
        for choice in choices:
            for word in word_of(choice):
                sign = len(word) == 1 and not word.isascii() and word.casefold() != "đ"  # "ü" is a tick, and no "u"
                for key in (word.casefold(), "" if sign else compact(word)):
                    if key:
                        index.setdefault(key, choice.code)
    return index


def _dictionary(fields: tuple[Field, ...]) -> dict[str, str]:
    known: dict[str, str] = {}
    for words_of in (lambda f: (f.label,), lambda f: f.aliases):  # a field's own label wins over another's alias
        for one in fields:
            for word in words_of(one):
                for key in label_keys(word):
                    known.setdefault(key, one.key)
    return known


class _Common(Strict):
    lists: dict[str, tuple[Choice, ...]]
    fillers: tuple[str, ...] = ()
    blanks: tuple[str, ...] = ()
    ditto: tuple[str, ...] = ()
    fields: dict[str, dict[str, Any]]


class _File(_Form):
    """The keys of a form's YAML file."""

    head: tuple[_Entry, ...]
    columns: tuple[_Entry, ...]


def load_specs(data: Path) -> dict[str, FormSpec]:
    """The forms under `data`/forms by id, read again when a file has changed.

    Raises:
        Problem: a file cannot be used; `file:line: …` per fault.
    """
    found = read_specs(data)
    if found.faults:
        raise Faulty(found.faults)
    return found.by_id


class Read(NamedTuple):
    """The forms that can be used, by file and by id, and what is wrong with the others."""

    by_file: dict[Path, FormSpec]
    by_id: dict[str, FormSpec]
    faults: tuple[FileFault, ...]


def read_specs(data: Path) -> Read:
    """As `load_specs`, with the forms that can be used where others cannot.

    Raises:
        Problem: there are none at all, or what they have in common cannot be used.
    """
    files = tuple(sorted((data / "forms").glob("form_*.yaml")))
    common = data / "forms" / "common.yaml"
    if not files or not common.exists():
        raise Problem(f"Không có mẫu biểu (common.yaml, form_*.yaml) trong {data / 'forms'}. Kiểm tra DONDOC_DATA.")
    return _load(common, files, tuple(f.stat().st_mtime_ns for f in (common, *files)))


@lru_cache
def _load(common: Path, files: tuple[Path, ...], _mtimes: tuple[int, ...]) -> Read:
    shared = read(common)
    base = shared.check(_Common)
    shared.raise_faults()
    assert isinstance(base, _Common)
    specs: dict[Path, FormSpec] = {}
    faults: list[FileFault] = []
    for file in files:
        try:
            specs[file] = _spec(read(file), base)
        except Faulty as faulty:
            faults += faulty.faults
    return Read(specs, {spec.id: spec for spec in specs.values()}, tuple(faults))


def _spec(marked: LocatedYaml, base: _Common) -> FormSpec:
    if not isinstance(marked.data, dict):
        marked.fault((), "tệp trống hoặc không phải bảng khóa")
        marked.raise_faults()
    for part in ("head", "columns"):
        listed = marked.data.get(part)
        marked.data[part] = [{"key": e} if isinstance(e, str) else e for e in listed or []]
    file = marked.check(_File)
    marked.raise_faults()
    assert isinstance(file, _File)
    lists = base.lists | file.lists
    head = _fields(marked, "head", file.head, base, lists)
    columns = _fields(marked, "columns", file.columns, base, lists)
    _conditions_fit(marked, file, {"head": head, "columns": columns})
    _names_its_place(marked, file, columns)
    for version, labels in file.earlier.items():
        for key in set(labels) - {field.key for field in (*head, *columns)}:
            marked.fault(("earlier", version), f"không có trường “{key}”")
    marked.raise_faults()
    entries = tuple(_Entry(key=key) for key in FOLLOWED if file.place is not None)
    followed = _fields(marked, "followed", entries, base, lists)
    marked.raise_faults()
    used = {f.choices for f in (*head, *columns, *followed)}
    plain = {name: getattr(file, name) for name in _File.model_fields if name not in ("lists", "head", "columns")}
    return FormSpec(
        **plain,
        lists={n: c for n, c in lists.items() if n in used},
        head=head,
        columns=columns,
        followed=followed,
        fillers=tuple(map(fold, base.fillers)),
        blanks=base.blanks,
        ditto=base.ditto,
    )


def _fields(
    marked: LocatedYaml, part: str, entries: tuple[_Entry, ...], base: _Common, lists: dict[str, Any]
) -> tuple[Field, ...]:
    fields: list[Field] = []
    for i, entry in enumerate(entries):
        plain = base.fields.get(entry.key, {}) | entry.model_dump(exclude_unset=True) | {"key": entry.key}
        inner = LocatedYaml(marked.name, plain, {(): marked.line((part, i))})
        field = inner.check(Field)
        marked.faults += inner.faults
        if not isinstance(field, Field):
            continue
        if (field.kind == "choice") != (field.choices in lists):
            marked.fault((part, i), f"trường “{field.key}” phải gọi một danh sách có trong lists")
        if any(field.key == other.key for other in fields):
            marked.fault((part, i), f"trường “{field.key}” ghi hai lần")
        fields.append(field)
    return tuple(fields)


def _conditions_fit(marked: LocatedYaml, file: _File, parts: dict[str, tuple[Field, ...]]) -> None:
    for part, fields in parts.items():
        known = {field.key for field in fields}
        for i, field in enumerate(fields):
            for key in {*field.required_unless, *field.required_if} - known:
                marked.fault((part, i), f"điều kiện của “{field.key}” nhắc đến trường “{key}” không có ở đây")
    for key in set(file.empty_when) - {field.key for field in parts["columns"]}:
        marked.fault(("empty_when",), f"không có trường “{key}”")


def _names_its_place(marked: LocatedYaml, file: _File, columns: tuple[Field, ...]) -> None:
    """Cameras are known, counted and paused by place: a form that declares some says which of its columns that is."""
    required = {field.key for field in columns if field.required}
    if file.place is not None and file.place not in required:
        marked.fault(("place",), f"“{file.place}” không phải một cột bắt buộc (required) của biểu mẫu này")
    elif file.place is None and CAMERA in {field.key for field in columns}:
        marked.fault(
            (), f"biểu mẫu khai camera (cột “{CAMERA}”) phải ghi cột nào là điểm đặt camera, ví dụ place: site"
        )
