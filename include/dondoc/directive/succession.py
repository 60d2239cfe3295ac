"""Who answers for an agency's duties after the agency is gone."""

from datetime import date

from dondoc.directive.model import Registry


def responsible(registry: Registry, agency_id: str, day: date) -> tuple[str | None, str]:
    """The agency that answers on a day for what `agency_id` owed, and why.

    A rename or a merger is followed by itself. A split never is: nobody but a person knows which part took the duty
    over, so the answer is None until a ruling reassigns it.
    """
    trail = [agency_id]
    while True:
        agency = registry.agency(trail[-1])
        if agency.valid_to is None or day <= agency.valid_to:
            break
        heirs = agency.successors
        ended = f"{agency.name} kết thúc hoạt động ngày {agency.valid_to:%d/%m/%Y}"
        if len(heirs) != 1 or heirs[0].kind == "split" or heirs[0].agency is None:
            return None, f"{ended}; chưa rõ đơn vị nào nhận nhiệm vụ, cần người phân công lại"
        if heirs[0].agency in trail:
            return None, f"{ended}; văn bản chỉ đạo ghi kế thừa vòng tròn, cần người phân công lại"
        trail.append(heirs[0].agency)
    if len(trail) == 1:
        return agency_id, ""
    names = " → ".join(registry.agency(a).name for a in trail)
    return trail[-1], f"nhiệm vụ chuyển theo sắp xếp đơn vị: {names}"
