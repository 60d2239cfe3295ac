"""What a directive must not say, beyond the shape of its keys. Works on plain data, so that all faults show at once."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

from dondoc.directive.marked import Marked, Place

ROLES = ("focal_officer", "clerk", "head", "board")
MILESTONES = ("connection", "coordination", "direction")  # kinds of duties without a date
Entry = tuple[Place, dict[str, Any]]


def apply_rules(marked: Marked) -> None:
    """Add a fault to `marked` for everything that contradicts itself."""
    if not isinstance(marked.data, dict):
        return
    for key in ("agencies", "systems", "ladder"):
        _no_doubled_ids(marked, key)
    _agencies_fit(marked)
    _duties_fit(marked)
    _ladder_fits(marked)


def _entries(data: dict[str, Any], *keys: str) -> Iterator[Entry]:
    for key in keys:
        listed = data.get(key)
        for i, item in enumerate(listed if isinstance(listed, list) else []):
            if isinstance(item, dict):
                yield (key, i), item


def _ids(marked: Marked, key: str) -> set[Any]:
    return {item["id"] for _, item in _entries(marked.data, key) if isinstance(item.get("id"), str)}


def _no_doubled_ids(marked: Marked, key: str) -> None:
    seen: Counter[str] = Counter()
    for place, item in _entries(marked.data, key):
        name = str(item.get("id"))
        seen[name] += 1
        if "id" in item and seen[name] > 1:
            marked.fault((*place, "id"), f"mã “{name}” dùng hai lần")


def _agencies_fit(marked: Marked) -> None:
    known = _ids(marked, "agencies")
    for key in ("issuer", "superior"):
        if isinstance(marked.data.get(key), str) and marked.data[key] not in known:
            marked.fault((key,), f"không có đơn vị “{marked.data[key]}”")
    for place, item in _entries(marked.data, "agencies"):
        begins, ends = item.get("valid_from"), item.get("valid_to")
        if isinstance(begins, date) and isinstance(ends, date) and ends < begins:
            marked.fault((*place, "valid_to"), f"“{item.get('id')}” kết thúc {ends} trước khi bắt đầu {begins}")
        heirs = list(_entries(item, "successors"))
        if heirs and ends is None:
            marked.fault((*place, "successors"), f"“{item.get('id')}” có đơn vị kế thừa nhưng không có valid_to")
        for inner, heir in heirs:
            _heir_fits(marked, (*place, *inner), heir, known)


def _heir_fits(marked: Marked, place: Place, heir: dict[str, Any], known: set[Any]) -> None:
    agency = heir.get("agency")
    if agency is None and heir.get("kind") != "split":
        marked.fault(place, "đổi tên hay sáp nhập thì phải ghi đơn vị kế thừa (agency)")
    elif agency is not None and agency not in known:
        marked.fault((*place, "agency"), f"không có đơn vị “{agency}”")


def _duties_fit(marked: Marked) -> None:
    agencies = _ids(marked, "agencies")
    forms = {item.get("id"): item.get("form") for _, item in _entries(marked.data, "systems")}
    founded = {item.get("id"): item.get("valid_from") for _, item in _entries(marked.data, "agencies")}
    seen: set[tuple[Any, ...]] = set()
    for place, item in _entries(marked.data, "obligations", "milestones"):
        system, deliverable = item.get("system"), item.get("deliverable")
        if isinstance(system, str) and system not in forms:
            marked.fault((*place, "system"), f"không có hệ thống “{system}”")
        elif isinstance(deliverable, str):
            allowed = MILESTONES if place[0] == "milestones" else ("focal_letter", forms.get(system))
            if deliverable not in allowed:
                names = ", ".join(str(name) for name in allowed if name)
                marked.fault((*place, "deliverable"), f"“{deliverable}” không phải thứ phải gửi ở đây ({names})")
        _due_after_directive(marked, place, item)
        listed = item.get("agencies")
        for i, agency in enumerate(listed if isinstance(listed, list) else []):
            if isinstance(agency, str) and agency not in agencies:
                marked.fault((*place, "agencies", i), f"không có đơn vị “{agency}”")
            begins, due = founded.get(agency) if isinstance(agency, str) else None, item.get("due_before")
            if isinstance(begins, date) and isinstance(due, date) and due <= begins:
                marked.fault((*place, "agencies", i), f"“{agency}” đến {begins} mới thành lập, sau thời hạn {due}")
            if (duty := (str(agency), system, deliverable)) in seen:
                marked.fault((*place, "agencies", i), f"nhiệm vụ {system}/{deliverable} của “{agency}” ghi hai lần")
            seen.add(duty)


def _due_after_directive(marked: Marked, place: Place, item: dict[str, Any]) -> None:
    issued, due = marked.data.get("day"), item.get("due_before")
    if isinstance(issued, date) and isinstance(due, date) and due <= issued:
        marked.fault((*place, "due_before"), f"thời hạn {due} không sau ngày văn bản {issued}")


def _ladder_fits(marked: Marked) -> None:
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
