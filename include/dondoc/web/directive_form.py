"""The form in which a person writes a letter: what was typed, the letter that it says, and what the check finds."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from itertools import chain, count
from typing import Any

from fastapi import HTTPException
from starlette.datastructures import FormData

from dondoc import lifecycle
from dondoc.configuration.check import check_letter
from dondoc.configuration.context import AppContext
from dondoc.directive.ladders import ReadyLadder, ready_ladders
from dondoc.directive.load import File
from dondoc.directive.located_yaml import LocatedYaml, Place
from dondoc.directive.model import Registry
from dondoc.directive.names import deliverable, fold, month
from dondoc.directive.record import State, Version
from dondoc.invisible import invisible, warning
from dondoc.vocabulary.obligations import LOOSE, Deliverable

SPARE = 3  # empty lines below those that are filled in
MOST = 200  # lines
LONGEST = 2000  # characters of a field
KINDS = {
    "department": "mọi sở, ngành",
    "district": "mọi UBND cấp huyện",
    "central": "mọi cơ quan trung ương trên địa bàn",
    "enterprise": "mọi doanh nghiệp",
}
LABELS = {
    "id": "Mã văn bản",
    "number": "Số, ký hiệu",
    "day": "Ngày văn bản",
    "title": "Trích yếu",
    "superior_document": "Thực hiện văn bản",
    "follows": "Nhắc lại yêu cầu của",
    "valid_from": "Có hiệu lực từ ngày",
    "document": "Theo văn bản",
    "reason": "Lý do",
    "obligations": "Việc phải làm",
    "ladder": "Các bậc đôn đốc",
    "system": "Lĩnh vực",
    "deliverable": "Nội dung phải gửi",
    "text": "Ghi rõ",
    "agencies": "Đơn vị",
    "due_before": "Trước ngày",
    "periodic": "Định kỳ",
    "first": "Kỳ đầu",
    "last": "Kỳ cuối",
    "before_day": "Trước ngày … của tháng",
    "months": "Mấy tháng một lần",
    "letter": "Văn bản",
    "file": "Tệp bất kỳ",
}
PERIODIC = ("first", "last", "before_day", "months")
HEAD = ("id", "number", "day", "title", "superior_document", "follows", "ladder", "valid_from", "document", "reason")
ONE, MANY = ("system", "deliverable", "text", "due_before", *PERIODIC), ("kinds", "agencies", "without")


@dataclass(frozen=True)
class Line:
    """A duty as it was typed: of these agencies, those of these kinds, and none of the others."""

    system: str = ""
    deliverable: str = ""
    text: str = ""
    due_before: str = ""
    first: str = ""
    last: str = ""
    before_day: str = ""
    months: str = ""
    kinds: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def filled(self) -> bool:
        return any(getattr(self, one.name) for one in fields(self))

    def group(self, registry: Registry, day: date) -> dict[str, Any]:
        """As a file writes it; what was left empty is left out."""
        plain = {name: getattr(self, name) for name in ("system", "deliverable", "text")}
        plain["due_before"] = _date(self.due_before)
        periodic = {name: _number(getattr(self, name)) for name in PERIODIC}
        plain["periodic"] = {name: value for name, value in periodic.items() if value != ""}
        return {n: v for n, v in plain.items() if v not in ("", {})} | {"agencies": [*self._whom(registry, day)]}

    def _whom(self, registry: Registry, day: date) -> Iterator[str]:
        chosen = {a.id for kind in self.kinds for a in _alive(registry, day) if a.kind == kind} | {*self.agencies}
        order = {a.id: a.order for a in registry.agencies}
        yield from sorted(chosen - {*self.without}, key=lambda one: (order.get(one, 0), one))


@dataclass(frozen=True)
class DirectiveForm:
    """Everything that was typed. `seen`: the version that the person had before their eyes; None of a new letter."""

    id: str = ""
    number: str = ""
    day: str = ""
    title: str = ""
    superior_document: str = ""
    follows: str = ""
    again: bool = False
    report: bool = True
    replaces: bool = False  # a version that is to come
    ladder: str = ""  # a ready one; empty: as it was
    valid_from: str = ""
    document: str = ""
    reason: str = ""
    seen: int | None = None
    lines: tuple[Line, ...] = field(default=())

    def begins(self, today: date) -> date:
        """From when the version is to hold: what was typed, else the letter's day."""
        day = _date(self.valid_from) or _date(self.day)
        return day if isinstance(day, date) else today

    def letter(
        self, app: AppContext, history: Sequence[Version], known: Collection[str], today: date
    ) -> tuple[File | None, list[str]]:
        """The letter that was typed, and what is wrong, in sentences that name the field.

        Args:
            history: the versions of the letter that is changed: what the form does not show is kept.
            known: ids of all letters.
        """
        content = self._content(app, history[-1] if history else None, today)
        marked = LocatedYaml("", content, names=names(app.registry))
        file = check_letter(marked, app.registry, app.settings.data)
        self._own_rules(marked, history, known)
        return file, sentences(marked)

    def _content(self, app: AppContext, newest: Version | None, today: date) -> dict[str, Any]:
        issuer = {"issuer": app.registry.office, "superior": app.registry.superior}
        kept = newest.file.model_dump(exclude_none=True) if newest else issuer
        day = _date(self.day)
        entered: dict[str, Any] = {
            "id": newest.directive.id if newest else self.id or self._id(),
            "number": self.number,
            "day": day,
            "title": self.title,
            "superior_document": self.superior_document,
            "follows": self.follows,
            "again": self.again,
            "report": self.report,
            "obligations": [
                line.group(app.registry, day if isinstance(day, date) else today) for line in numbered(self.lines)
            ],
        }
        if self.ladder:
            ready = ready_ladders(app.settings.data).get(self.ladder)
            entered["ladder"] = [step.model_dump() for step in ready.steps] if ready else ""
            entered["ladders"] = [own.model_dump() for own in ready.ladders] if ready else ""
        filled = {name: value for name, value in entered.items() if value != ""}
        return {name: value for name, value in kept.items() if name not in entered} | filled

    def _id(self) -> str:
        """Made of number and year, as no second letter has them."""
        return "-".join([*fold(self.number).split(), self.day[:4]]).strip("-")

    def _own_rules(self, marked: LocatedYaml, history: Sequence[Version], known: Collection[str]) -> None:
        if not history and marked.data.get("id") in known:
            marked.fault(("id",), f"đã có văn bản mã “{marked.data['id']}”: ghi mã khác, hoặc sửa văn bản đó")
        if self.follows and self.follows not in known:
            marked.fault(("follows",), f"không có văn bản “{self.follows}”")
        if not marked.data["obligations"]:
            marked.fault(("obligations",), "chưa ghi việc nào")
        for name in ("valid_from", "document", "reason"):
            if character := invisible(getattr(self, name)):
                marked.fault((name,), warning("ô này", character))
        if amends(history):
            for name in ("valid_from", "document", "reason"):
                if not getattr(self, name):
                    marked.fault((name,), "sửa văn bản đã thực hiện thì phải ghi")
            if self.valid_from and not isinstance(_date(self.valid_from), date):
                marked.fault(("valid_from",), "phải là một ngày có thật")


def amends(history: Sequence[Version]) -> bool:
    """Whether a new version changes a letter that was in force already."""
    return any(version.state is not State.DRAFT for version in history)


def names(registry: Registry) -> dict[str, str]:
    """What people call the fields, and the ids that stand in them."""
    forms = {system.form for system in registry.systems if system.form} | {Deliverable.FOCAL_LETTER}
    ours = {a.id: a.name for a in registry.agencies} | {s.id: s.name for s in registry.systems}
    return LABELS | {code: deliverable(code) for code in forms} | ours


def sentences(marked: LocatedYaml) -> list[str]:
    """What is wrong, a sentence each, with the duty and the field."""
    return list(dict.fromkeys(f"{_where(fault.place)}: {fault.message}." for fault in marked.faults))


def _where(place: Place) -> str:
    if place[0] == "obligations" and len(place) > 1:
        number = f"Việc {int(place[1]) + 1:02}"
        fields_ = [LABELS.get(str(key), str(key)) for key in place[2:] if isinstance(key, str)]
        return ", ".join([number, *fields_[-1:]])
    return LABELS.get(str(place[0]), str(place[0]))


def faults(app: AppContext, letter: File) -> list[str]:
    """What the check finds in a letter as it is recorded."""
    return sentences(lifecycle.faults(app, letter, names(app.registry)))


def _alive(registry: Registry, day: date) -> list[Any]:
    """Those that may owe something: not the office that chases."""
    alive = (agency for agency in registry.agencies if agency.alive(day) and agency.kind in KINDS)
    return [agency for agency in alive if agency.id != registry.office]


def _date(text: str) -> date | str:
    """A day; else, unless it is empty, a text that no check takes for one."""
    try:
        day = date.fromisoformat(text) if len(text) == len("2021-11-22") else None
    except ValueError:
        day = None
    return day if day and 1900 <= day.year <= 2999 else text and f"“{text}”"


def _number(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def empty(today: date) -> DirectiveForm:
    return DirectiveForm(day=today.isoformat(), ladder="day-du", lines=(Line(),) * (SPARE + 1))


def of(version: Version, registry: Registry, ladders: Mapping[str, ReadyLadder], today: date) -> DirectiveForm:
    """The form of a version that is to be changed."""
    file, draft = version.file, version.state is State.DRAFT
    day = file.day or today
    lines = [_line(group, registry, day) for group in file.obligations]
    return DirectiveForm(
        id=file.id,
        number=file.number or "",
        day=file.day.isoformat() if file.day else "",
        title=file.title,
        superior_document=file.superior_document,
        follows=file.follows or "",
        again=file.again,
        report=file.report,
        ladder=next(
            (name for name, ready in ladders.items() if (ready.steps, ready.ladders) == (file.ladder, file.ladders)), ""
        ),
        valid_from=(version.valid_from if draft else today).isoformat(),
        document=version.document if draft else "",
        reason=version.reason if draft else "",
        seen=version.number,
        lines=(*lines, *(Line(),) * SPARE),
    )


def _line(group: Any, registry: Registry, day: date) -> Line:
    """A group of duties as a person would type it: a kind where most of it owes, with exceptions."""
    owing, kinds = {*group.agencies}, []
    without: list[str] = []
    for kind in KINDS:
        all_ = [a.id for a in _alive(registry, day) if a.kind == kind]
        missing = [one for one in all_ if one not in owing]
        if len(all_) > 2 * len(missing) + 1:
            kinds.append(kind)
            without += missing
            owing -= {*all_}
    period: dict[str, Any] = {n: str(getattr(group.periodic, n)) for n in PERIODIC} if group.periodic else {}
    return Line(
        system=group.system,
        deliverable=group.deliverable,
        text=group.text,
        due_before=group.due_before.isoformat() if group.due_before else "",
        **period,
        kinds=tuple(kinds),
        agencies=tuple(one for one in group.agencies if one in owing),
        without=tuple(without),
    )


def read(typed: FormData) -> DirectiveForm:
    """What a browser sent.

    Raises:
        HTTPException: 400: a field is longer than any letter needs.
    """
    seen = _one(typed, "seen")
    count = min(int(_one(typed, "lines")) if _one(typed, "lines").isdecimal() else 0, MOST)
    lines = [_line_of(typed, i) for i in range(count)]
    filled = [line for line in lines if line.filled]
    heading: dict[str, Any] = {name: _one(typed, name) for name in HEAD}
    return DirectiveForm(
        **heading,
        again=bool(_one(typed, "again")),
        report=bool(_one(typed, "report")),
        replaces=bool(_one(typed, "replaces")),
        seen=int(seen) if seen.isdecimal() else None,
        lines=(*filled, *(Line(),) * SPARE),
    )


def _line_of(typed: FormData, number: int) -> Line:
    single: dict[str, Any] = {name: _one(typed, f"{name}-{number}") for name in ONE}
    return Line(**single | {name: _many(typed, f"{name}-{number}") for name in MANY})


def _one(typed: FormData, name: str) -> str:
    return next(iter(_many(typed, name)), "")


def _many(typed: FormData, name: str) -> tuple[str, ...]:
    given = [value.strip() for value in typed.getlist(name) if isinstance(value, str)]
    if any(len(value) > LONGEST for value in given):
        raise HTTPException(400, f"“{LABELS.get(name.partition('-')[0], name)}” quá dài. Ghi lại.")
    return tuple(value for value in given if value)


def numbered(lines: Sequence[Line]) -> Iterator[Line]:
    """The lines that are filled in. Of several letters or files of a system each gets a code, and keeps it."""
    filled = [line for line in lines if line.filled]
    meaning = {(line.system, line.deliverable): line.text for line in filled if line.deliverable not in LOOSE}
    for line in filled:
        code = line.deliverable
        if code in LOOSE:
            codes = chain([code], (f"{code}_{number}" for number in count(2)))
            code = next(one for one in codes if meaning.setdefault((line.system, one), line.text) == line.text)
        yield replace(line, deliverable=code)


def duties(registry: Registry, letter: File) -> list[dict[str, str]]:
    """Who owes what before when, as people read it."""
    day = letter.day or date.max
    return [_duty(registry, group, day) for group in (*letter.obligations, *letter.milestones)]


def _duty(registry: Registry, group: Any, day: date) -> dict[str, str]:
    line = _line(group, registry, day)
    known = {agency.id: agency.name for agency in registry.agencies}
    whom = ", ".join([*(KINDS[kind] for kind in line.kinds), *(known[one] for one in line.agencies)])
    return {
        "system": registry.system(group.system).name,
        "what": deliverable(group.deliverable, group.text),
        "whom": whom + (f", trừ {', '.join(known[one] for one in line.without)}" if line.without else ""),
        "when": _when(group),
    }


def _when(group: Any) -> str:
    if group.due_before:
        return f"trước ngày {group.due_before:%d/%m/%Y}"
    if not (periodic := group.periodic):
        return "không định thời hạn"
    often = "hằng tháng" if periodic.months == 1 else f"{periodic.months:02} tháng một lần"
    first, last = month(periodic.first), month(periodic.last)
    return f"trước ngày {periodic.before_day:02}, {often}, từ {first} đến {last}"


def choices(
    registry: Registry, ladders: Mapping[str, ReadyLadder], form: DirectiveForm, today: date
) -> dict[str, dict[str, str]]:
    """What can be chosen, by field: ids and what people call them."""
    day = _date(form.day)
    alive = {agency.id for agency in _alive(registry, day if isinstance(day, date) else today)}
    alive |= {one for line in form.lines for one in (*line.agencies, *line.without)}
    forms = [system.form for system in registry.systems if system.form]
    used = [line.deliverable for line in form.lines if line.deliverable]
    codes = dict.fromkeys([Deliverable.FOCAL_LETTER, *sorted(forms), *used])
    return {
        "system": {system.id: system.name for system in registry.systems},
        "deliverable": {code: deliverable(code) for code in codes} | {k: f"{LABELS[k]} (ghi rõ)" for k in LOOSE},
        "agencies": {a.id: a.name for a in sorted(registry.agencies, key=lambda a: a.order) if a.id in alive},
        "kinds": KINDS,
        "ladder": {name: ready.title for name, ready in ladders.items()},
    }
