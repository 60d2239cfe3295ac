"""Who answers for an agency's duties after the agency is gone."""

from datetime import date

from dondoc.directive.model import Registry
from dondoc.vocabulary.reasons import Reason, ReasonCode, because


class Succession(ReasonCode):
    """Why another agency answers for a duty, or nobody yet."""

    MOVED = "moved", "nhiệm vụ chuyển theo sắp xếp đơn vị: {agencies}"
    HEIR_UNKNOWN = (
        "heir_unknown",
        "{agency} kết thúc hoạt động ngày {ended:%d/%m/%Y}; chưa rõ đơn vị nào nhận nhiệm vụ, cần người phân công lại",
    )
    CIRCLE = (
        "circle",
        "{agency} kết thúc hoạt động ngày {ended:%d/%m/%Y}; văn bản chỉ đạo ghi kế thừa vòng tròn, cần người phân công "
        "lại",
    )


def responsible(registry: Registry, agency_id: str, day: date) -> tuple[str | None, Reason | None]:
    """The agency that answers on a day for what `agency_id` owed, and why if it is another.

    A rename or a merger is followed by itself. A split never is: nobody but a person knows which part took the duty
    over, so the answer is None until a ruling reassigns it.
    """
    trail = [agency_id]
    while True:
        agency = registry.agency(trail[-1])
        if agency.valid_to is None or day <= agency.valid_to:
            break
        heirs = agency.successors
        if len(heirs) != 1 or heirs[0].kind == "split" or heirs[0].agency is None:
            return None, because(Succession.HEIR_UNKNOWN, agency=agency.name, ended=agency.valid_to)
        if heirs[0].agency in trail:
            return None, because(Succession.CIRCLE, agency=agency.name, ended=agency.valid_to)
        trail.append(heirs[0].agency)
    if len(trail) == 1:
        return agency_id, None
    return trail[-1], because(Succession.MOVED, agencies=" → ".join(registry.agency(a).name for a in trail))


def signing(registry: Registry, day: date) -> Registry:
    """The registry with our agency as it is on a day: what is drawn up then bears the heir's name."""
    heir, moved = responsible(registry, registry.office, day)
    return registry.model_copy(update={"office": heir}) if heir and moved else registry
