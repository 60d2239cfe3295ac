"""What a directive must not say, beyond the shape of its keys. Works on plain data, so that all faults show at once."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from dondoc.directive.located_yaml import LocatedYaml, Place
from dondoc.directive.model import Registry
from dondoc.directive.periods import Periodic
from dondoc.vocabulary.letters import LetterKind
from dondoc.vocabulary.obligations import LOOSE, MILESTONES, Deliverable
from dondoc.vocabulary.people import ON_LADDER, Role

_LOOSE = re.compile(rf"({'|'.join(LOOSE)})(_[a-z0-9]+)*")
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")  # it stands in ids of duties, addresses of pages, names of folders
LONGEST_ID = 80
NEW = "new"  # is the page of a new letter
YEARS = range(1900, 3000)  # beyond them no calendar counts
MOST_PERIODS = 240  # of a duty that comes back: twenty years of months
MOST_DUTIES = 20_000  # of a letter, each agency and period counted: all of them are looked at every morning
MOST_DAYS = 250  # working days between a due date and a step, or between steps: a year
FOLDER = re.compile(r"[a-z0-9_]+")
Entry = tuple[Place, dict[str, Any]]


def apply_rules(marked: LocatedYaml, registry: Registry | None) -> None:
    """Add a fault to `marked` for everything that contradicts itself.

    `registry`: the agencies and systems of a file that brings none of its own.
    """
    if not isinstance(marked.data, dict):
        return
    if isinstance(name := marked.data.get("id"), str) and not ID.fullmatch(name):
        marked.fault(("id",), f"mã “{name}” chỉ gồm chữ thường không dấu, số và gạch nối")
    elif isinstance(name, str) and (len(name) > LONGEST_ID or name == NEW):
        marked.fault(("id",), f"mã dài nhất {LONGEST_ID} ký tự, và không phải “{NEW}”")
    _days_can_be_counted(marked)
    if registry is None:
        apply_agency_rules(marked, "issuer", "superior")
        apply_system_rules(marked)
        known = marked.data
    else:
        known = registry.model_dump(include={"agencies", "systems"})
        _known_offices(marked, {agency.id for agency in registry.agencies}, "issuer", "superior")
    _duties_fit(marked, known)
    _not_too_many(marked)
    apply_ladder_rules(marked)


def _days_can_be_counted(marked: LocatedYaml) -> None:
    said: list[tuple[Place, Any]] = [(("day",), marked.data.get("day"))]
    said += [((*place, "due_before"), item.get("due_before")) for place, item in _entries(marked.data, "obligations")]
    for place, day in said:
        if isinstance(day, date) and day.year not in YEARS:
            marked.fault(place, f"năm {day.year:04} không dùng được ({YEARS[0]} đến {YEARS[-1]})")


def apply_agency_rules(marked: LocatedYaml, *offices: str) -> None:
    """Faults of a list of agencies. `offices`: the keys that name one of them."""
    if not isinstance(marked.data, dict):
        return
    known = _ids(marked.data, "agencies")
    _no_doubled_ids(marked, "agencies")
    _known_offices(marked, known, *offices)
    _agencies_fit(marked, known)
    _no_circles(marked)


def apply_system_rules(marked: LocatedYaml) -> None:
    if isinstance(marked.data, dict):
        _no_doubled_ids(marked, "systems")


def _entries(data: dict[str, Any], *keys: str) -> Iterator[Entry]:
    for key in keys:
        for i, item in enumerate(_listed(data.get(key))):
            if isinstance(item, dict):
                yield (key, i), item


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else []


def _ids(data: dict[str, Any], key: str) -> set[Any]:
    return {item["id"] for _, item in _entries(data, key) if isinstance(item.get("id"), str)}


def _no_doubled_ids(marked: LocatedYaml, key: str) -> None:
    seen: Counter[str] = Counter()
    for place, item in _entries(marked.data, key):
        name = str(item.get("id"))
        seen[name] += 1
        if "id" in item and seen[name] > 1:
            marked.fault((*place, "id"), f"mã “{name}” dùng hai lần")


def _known_offices(marked: LocatedYaml, known: set[Any], *offices: str) -> None:
    for key in offices:
        if isinstance(marked.data.get(key), str) and marked.data[key] not in known:
            marked.fault((key,), f"không có đơn vị “{marked.data[key]}”")


def _agencies_fit(marked: LocatedYaml, known: set[Any]) -> None:
    for place, item in _entries(marked.data, "agencies"):
        begins, ends = item.get("valid_from"), item.get("valid_to")
        if isinstance(begins, date) and isinstance(ends, date) and ends < begins:
            marked.fault((*place, "valid_to"), f"“{item.get('id')}” kết thúc {ends} trước khi bắt đầu {begins}")
        heirs = list(_entries(item, "successors"))
        if heirs and ends is None:
            marked.fault((*place, "successors"), f"“{item.get('id')}” có đơn vị kế thừa nhưng không có valid_to")
        for inner, heir in heirs:
            _heir_fits(marked, (*place, *inner), heir, known)


def _heir_fits(marked: LocatedYaml, place: Place, heir: dict[str, Any], known: set[Any]) -> None:
    agency = heir.get("agency")
    if agency is None and heir.get("kind") != "split":
        marked.fault(place, "đổi tên hay sáp nhập thì phải ghi đơn vị kế thừa (agency)")
    elif agency is not None and agency not in known:
        marked.fault((*place, "agency"), f"không có đơn vị “{agency}”")


def _no_circles(marked: LocatedYaml) -> None:
    """An agency that is, by way of others, its own heir: nobody would answer for its duties."""
    heirs = {
        item.get("id"): [heir.get("agency") for _, heir in _entries(item, "successors")]
        for _, item in _entries(marked.data, "agencies")
    }
    for place, item in _entries(marked.data, "agencies"):
        seen: set[Any] = set()
        ahead = list(heirs.get(item.get("id"), []))
        while ahead:
            one = ahead.pop()
            if one == item.get("id"):
                marked.fault((*place, "successors"), f"“{one}” kế thừa vòng tròn: cuối cùng lại là chính nó")
                break
            if one not in seen:
                seen.add(one)
                ahead += heirs.get(one, [])


def _duties_fit(marked: LocatedYaml, known: dict[str, Any]) -> None:
    agencies = _ids(known, "agencies")
    forms = {item.get("id"): item.get("form") for _, item in _entries(known, "systems")}
    founded = {item.get("id"): item.get("valid_from") for _, item in _entries(known, "agencies")}
    seen: set[tuple[Any, ...]] = set()
    for place, item in _entries(marked.data, "obligations", "milestones"):
        system, deliverable = item.get("system"), item.get("deliverable")
        if isinstance(system, str) and system not in forms:
            marked.fault((*place, "system"), f"không có hệ thống “{system}”")
        elif isinstance(deliverable, str):
            _deliverable_fits(marked, place, item, forms.get(system))
        _one_date(marked, place, item)
        _due_after_directive(marked, place, item)
        for i, agency in enumerate(_listed(item.get("agencies"))):
            if isinstance(agency, str) and agency not in agencies:
                marked.fault((*place, "agencies", i), f"không có đơn vị “{agency}”")
            begins, due = founded.get(agency) if isinstance(agency, str) else None, item.get("due_before")
            if isinstance(begins, date) and isinstance(due, date) and due <= begins:
                who = marked.called(agency)
                founded_on, late = f"{begins:%d/%m/%Y}", f"sau thời hạn {due:%d/%m/%Y}"
                marked.fault((*place, "agencies", i), f"“{who}” đến {founded_on} mới thành lập, {late}")
            if (duty := (str(agency), system, deliverable)) in seen:
                what = f"{marked.called(system)}/{marked.called(deliverable)} của “{marked.called(agency)}”"
                marked.fault((*place, "agencies", i), f"nhiệm vụ {what} ghi hai lần")
            seen.add(duty)


def _not_too_many(marked: LocatedYaml) -> None:
    groups = [item for _, item in _entries(marked.data, "obligations")]
    duties = sum(len(_listed(item.get("agencies"))) * max(1, _periods(item.get("periodic"))) for item in groups)
    if duties > MOST_DUTIES:
        told = f"{duties} việc (mỗi đơn vị, mỗi kỳ tính là một) là quá nhiều, nhiều nhất {MOST_DUTIES}"
        marked.fault(("obligations",), f"{told}; giảm số kỳ, hoặc tách thành nhiều văn bản")


def _deliverable_fits(marked: LocatedYaml, place: Place, item: dict[str, Any], form: Any) -> None:
    wanted = item["deliverable"]
    if place[0] == "obligations" and _LOOSE.fullmatch(wanted):
        if not str(item.get("text") or "").strip():
            marked.fault((*place, "text"), f"“{marked.called(wanted)}” phải ghi rõ là gì ({marked.called('text')})")
        return
    allowed = MILESTONES if place[0] == "milestones" else (Deliverable.FOCAL_LETTER, form, *LOOSE)
    if wanted not in allowed:
        names = ", ".join(marked.called(name) for name in allowed if name)
        marked.fault((*place, "deliverable"), f"“{marked.called(wanted)}” không phải thứ phải gửi ở đây ({names})")


def _one_date(marked: LocatedYaml, place: Place, item: dict[str, Any]) -> None:
    """An obligation has one date or periods, a milestone neither."""
    given = [key for key in ("due_before", "periodic") if item.get(key) is not None]
    if place[0] == "milestones" and given:
        marked.fault((*place, given[0]), f"không có khóa “{given[0]}” ở đây")
    elif place[0] == "obligations" and not given:
        marked.fault((*place, "due_before"), marked.missing("due_before"))
    elif len(given) == 2:
        either = " hoặc ".join(map(marked.called, given))
        marked.fault((*place, "periodic"), f"chỉ ghi một trong hai: {either}")
    periodic = item.get("periodic")
    if isinstance(periodic, dict) and str(periodic.get("first", "")) > str(periodic.get("last", "9")):
        marked.fault((*place, "periodic"), f"kỳ cuối {periodic['last']} trước kỳ đầu {periodic['first']}")
    if (periods := _periods(periodic)) > MOST_PERIODS:
        marked.fault((*place, "periodic"), f"{periods} kỳ là quá nhiều (nhiều nhất {MOST_PERIODS}); kiểm tra kỳ cuối")


def _due_after_directive(marked: LocatedYaml, place: Place, item: dict[str, Any]) -> None:
    issued, key = marked.data.get("day"), "due_before" if "due_before" in item else "periodic"
    due = item.get("due_before") if key == "due_before" else _first_due(item.get("periodic"))
    if isinstance(issued, date) and isinstance(due, date) and due <= issued:
        marked.fault((*place, key), f"thời hạn {due:%d/%m/%Y} không sau ngày văn bản {issued:%d/%m/%Y}")


def _first_due(periodic: Any) -> date | None:
    found = _as_periodic(periodic)
    return next((due for _, due in found.periods()), None) if found else None


def _periods(periodic: Any) -> int:
    return len([*found.periods()]) if (found := _as_periodic(periodic)) else 0


def _as_periodic(periodic: Any) -> Periodic | None:
    try:
        return Periodic.model_validate(periodic)
    except ValueError:  # said already, by the check of its keys
        return None


def apply_ladder_rules(marked: LocatedYaml, key: str = "ladder") -> None:
    """Faults of the ladder under a key and of those of kinds of agencies: steps that could never be taken, or by
    which somebody would be written to whom nothing was said before."""
    if not isinstance(marked.data, dict):
        return
    _ladder_fits(marked, (key,), marked.data.get(key))
    seen: set[Any] = set()
    for place, item in _entries(marked.data, "ladders"):
        for i, kind in enumerate(_listed(item.get("kinds"))):
            if kind in seen:
                marked.fault((*place, "kinds", i), f"loại đơn vị “{kind}” đã có bậc đôn đốc riêng ở trên")
            seen.add(kind)
        _ladder_fits(marked, (*place, "steps"), item.get("steps"))


def _ladder_fits(marked: LocatedYaml, at: Place, steps: Any) -> None:
    items = [(i, item) for i, item in enumerate(_listed(steps)) if isinstance(item, dict)]
    ids, before = [item.get("id") for _, item in items], dict[Any, dict[str, Any]]()
    for i, item in items:
        place = (*at, i)
        if item.get("id") in before:
            marked.fault((*place, "id"), f"mã “{item.get('id')}” dùng hai lần")
        _reaches_somebody(marked, place, item)
        _days_fit(marked, place, item)
        _needs_fit(marked, place, item, before, ids)
        _official_fits(marked, place, item)
        before[item.get("id")] = item


def _reaches_somebody(marked: LocatedYaml, place: Place, item: dict[str, Any]) -> None:
    for key in ("to", "also"):
        for i, role in enumerate(_listed(item.get(key))):
            if isinstance(role, str) and role not in ON_LADDER:
                marked.fault((*place, key, i), f"không có vai trò “{role}” ({', '.join(ON_LADDER)})")
            elif role in _listed(item.get(key))[:i]:
                marked.fault((*place, key, i), f"vai trò “{role}” ghi hai lần")
    if item.get("to") == [] or item.get("to") == ():
        marked.fault((*place, "to"), f"chưa ghi gửi cho ai; ghi ít nhất một vai trò ({', '.join(ON_LADDER)})")
    if isinstance(item.get("letter"), str) and not FOLDER.fullmatch(item["letter"]):
        marked.fault((*place, "letter"), f"“{item['letter']}” không phải tên thư mục trong letters/")


def _days_fit(marked: LocatedYaml, place: Place, item: dict[str, Any]) -> None:
    """A reminder comes by the last day, what speaks of lateness after it; nobody waits less than no day."""
    after, reminder = item.get("after"), item.get("kind") == LetterKind.REMINDER
    if isinstance(after, int) and not -MOST_DAYS <= after <= MOST_DAYS:
        marked.fault((*place, "after"), f"after {after} quá xa; ghi từ -{MOST_DAYS} đến {MOST_DAYS} ngày làm việc")
    elif isinstance(after, int) and reminder and after > 0:
        marked.fault((*place, "after"), f"thư nhắc hạn gửi trước hạn: after {after} phải là 0 hoặc số âm")
    elif isinstance(after, int) and not reminder and after <= 0:
        marked.fault((*place, "after"), f"thư quá hạn gửi sau hạn: after {after} phải từ 1 trở lên")
    for key, least in (("wait", 0), ("answer_days", 1)):
        if isinstance(days := item.get(key), int) and not least <= days <= MOST_DAYS:
            marked.fault((*place, key), f"{key} {days} không dùng được; ghi từ {least} đến {MOST_DAYS} ngày làm việc")


def _needs_fit(
    marked: LocatedYaml, place: Place, item: dict[str, Any], before: dict[Any, dict[str, Any]], ids: Sequence[Any]
) -> None:
    """Whoever stands above the agency's own officers hears of it only once these had a letter."""
    needs = item.get("needs")
    if needs is not None and needs not in before:
        why = "đứng sau, hoặc là chính bậc này" if needs in ids else "không có"
        marked.fault((*place, "needs"), f"không có bậc “{needs}” trước bậc này ({why}); ghi mã của một bậc ở trên")
    elif needs is not None and before[needs].get("kind") == LetterKind.REMINDER and _climbs(item):
        marked.fault((*place, "needs"), f"“{needs}” chỉ là thư nhắc hạn; ghi bậc quá hạn đã gửi đơn vị trước đó")
    elif needs is None and _climbs(item):
        to = ", ".join(str(role) for role in _listed(item.get("to")))
        marked.fault((*place, "to"), f"bậc gửi “{to}” phải có needs: mã của bậc đã gửi đơn vị trước đó")


def _official_fits(marked: LocatedYaml, place: Place, item: dict[str, Any]) -> None:
    """A step that rests on an official letter is one of lateness, to the agency, taken once, and says by when."""
    if item.get("official") is not True:
        return
    if item.get("kind") == LetterKind.REMINDER:
        marked.fault((*place, "official"), "thư nhắc hạn không dựa trên công văn; bỏ official, hoặc đổi kind: overdue")
    if Role.BOARD in _listed(item.get("to")):
        marked.fault((*place, "official"), "thư gửi lãnh đạo Sở không dựa trên công văn; bỏ official")
    if item.get("repeat") is not None:
        marked.fault((*place, "official"), "bậc lặp lại không dựa trên công văn; bỏ official hoặc repeat")
    if item.get("answer_days") is None:
        marked.fault((*place, "answer_days"), "bậc dựa trên công văn phải ghi answer_days: số ngày làm việc cho đơn vị")


def _climbs(item: dict[str, Any]) -> bool:
    return any(role in (Role.HEAD, Role.BOARD) for role in _listed(item.get("to")))
