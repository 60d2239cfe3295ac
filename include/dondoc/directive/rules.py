"""What a directive must not say, beyond the shape of its keys. Works on plain data, so that all faults show at once."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

from dondoc.directive.located_yaml import LocatedYaml, Place
from dondoc.directive.model import Registry

ROLES = ("focal_officer", "clerk", "head", "board")
MILESTONES = ("connection", "coordination", "direction")  # kinds of duties without a date
LOOSE = re.compile(r"(letter|file)(_[a-z0-9]+)*")  # an official letter, or a file of any kind: `text` says which
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")  # it stands in ids of duties, addresses of pages, names of folders
Entry = tuple[Place, dict[str, Any]]


def apply_rules(marked: LocatedYaml, registry: Registry | None) -> None:
    """Add a fault to `marked` for everything that contradicts itself.

    `registry`: the agencies and systems of a file that brings none of its own.
    """
    if not isinstance(marked.data, dict):
        return
    if isinstance(name := marked.data.get("id"), str) and not ID.fullmatch(name):
        marked.fault(("id",), f"mã “{name}” chỉ gồm chữ thường không dấu, số và gạch nối")
    _no_doubled_ids(marked, "ladder")
    if registry is None:
        apply_agency_rules(marked, "issuer", "superior")
        apply_system_rules(marked)
        known = marked.data
    else:
        known = registry.model_dump(include={"agencies", "systems"})
        _known_offices(marked, {agency.id for agency in registry.agencies}, "issuer", "superior")
    _duties_fit(marked, known)
    _ladder_fits(marked)


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
        listed = data.get(key)
        for i, item in enumerate(listed if isinstance(listed, list | tuple) else []):
            if isinstance(item, dict):
                yield (key, i), item


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
        listed = item.get("agencies")
        for i, agency in enumerate(listed if isinstance(listed, list) else []):
            if isinstance(agency, str) and agency not in agencies:
                marked.fault((*place, "agencies", i), f"không có đơn vị “{agency}”")
            begins, due = founded.get(agency) if isinstance(agency, str) else None, item.get("due_before")
            if isinstance(begins, date) and isinstance(due, date) and due <= begins:
                who = marked.called(agency)
                marked.fault((*place, "agencies", i), f"“{who}” đến {begins} mới thành lập, sau thời hạn {due}")
            if (duty := (str(agency), system, deliverable)) in seen:
                what = f"{marked.called(system)}/{marked.called(deliverable)} của “{marked.called(agency)}”"
                marked.fault((*place, "agencies", i), f"nhiệm vụ {what} ghi hai lần")
            seen.add(duty)


def _deliverable_fits(marked: LocatedYaml, place: Place, item: dict[str, Any], form: Any) -> None:
    wanted = item["deliverable"]
    if place[0] == "obligations" and LOOSE.fullmatch(wanted):
        if not str(item.get("text") or "").strip():
            marked.fault((*place, "text"), f"“{marked.called(wanted)}” phải ghi rõ là gì, ở {marked.key('text')}")
        return
    allowed = MILESTONES if place[0] == "milestones" else ("focal_letter", form, "letter", "file")
    if wanted not in allowed:
        names = ", ".join(marked.called(name) for name in allowed if name)
        marked.fault((*place, "deliverable"), f"“{marked.called(wanted)}” không phải thứ phải gửi ở đây ({names})")


def _one_date(marked: LocatedYaml, place: Place, item: dict[str, Any]) -> None:
    """An obligation has one date or periods, a milestone neither."""
    given = [key for key in ("due_before", "periodic") if item.get(key) is not None]
    if place[0] == "milestones" and given:
        marked.fault((*place, given[0]), f"không có {marked.key(given[0])} ở đây")
    elif place[0] == "obligations" and not given:
        marked.fault(place, f"thiếu {marked.key('due_before')}")
    elif len(given) == 2:
        either = " hoặc ".join(map(marked.called, given))
        marked.fault((*place, "periodic"), f"chỉ ghi một trong hai: {either}")
    periodic = item.get("periodic")
    if isinstance(periodic, dict) and not str(periodic.get("first")) <= str(periodic.get("last")):
        marked.fault((*place, "periodic"), f"kỳ cuối {periodic.get('last')} trước kỳ đầu {periodic.get('first')}")


def _due_after_directive(marked: LocatedYaml, place: Place, item: dict[str, Any]) -> None:
    issued, due = marked.data.get("day"), item.get("due_before")
    if isinstance(issued, date) and isinstance(due, date) and due <= issued:
        marked.fault((*place, "due_before"), f"thời hạn {due} không sau ngày văn bản {issued}")


def _ladder_fits(marked: LocatedYaml) -> None:
    before: set[Any] = set()
    for place, item in _entries(marked.data, "ladder"):
        for key in ("to", "also"):
            listed = item.get(key)
            for i, role in enumerate(listed if isinstance(listed, list) else []):
                if isinstance(role, str) and role not in ROLES:
                    marked.fault((*place, key, i), f"không có vai trò “{role}” ({', '.join(ROLES)})")
        if (needs := item.get("needs")) is not None and needs not in before:
            marked.fault((*place, "needs"), f"không có bậc “{needs}” trước bậc này")
        before.add(item.get("id"))
