"""Words of people that override the machine."""

from dondoc.vocabulary.code import Code
from dondoc.vocabulary.fields import Field


class RulingKind(Code):
    """What a ruling does; `needs`: fields without which it says nothing."""

    needs: tuple[Field, ...]

    def __init__(self, code: str, label: str, *needs: Field) -> None:
        super().__init__(code, label)
        self.needs = needs

    EXTEND = "extend", "gia hạn", Field.UNTIL
    WAIVE = "waive", "miễn", Field.AGENCY
    ACCEPT = "accept", "công nhận đã hoàn thành", Field.AGENCY
    REASSIGN = "reassign", "phân công lại", Field.TO_AGENCY, Field.AGENCY
    PAUSE = "pause", "tạm dừng"
    CALLED = "called", "ghi đã gọi điện"
    HOLD_ALL = "hold_all", "giữ mọi thư"
    STOP = "stop", "dừng bậc đôn đốc", Field.UNTIL, Field.DECISION
    UNDO = "undo", "hủy quyết định", Field.UNDOES
