"""Words of people that override the machine."""

from dondoc.vocabulary.code import Code
from dondoc.vocabulary.fields import Field

SCOPE = (Field.AGENCY, Field.SYSTEM, Field.DELIVERABLE, Field.PERIOD, Field.DIRECTIVE)  # which duties it is about


class RulingKind(Code):
    """What a ruling does.

    `needs`: fields without which it says nothing; `may`: what else it can say, and nothing besides; `instead`: what to
    do for who wants more; `happened`: a person says what was so, not what is to be.
    """

    needs: tuple[Field, ...]
    may: tuple[Field, ...]
    happened: bool
    instead: str

    def __init__(
        self,
        code: str,
        label: str,
        needs: tuple[Field, ...] = (),
        may: tuple[Field, ...] = (),
        happened: bool = False,
        instead: str = "",
    ) -> None:
        super().__init__(code, label)
        self.needs, self.may, self.happened, self.instead = needs, may, happened, instead

    EXTEND = "extend", "gia hạn", (Field.UNTIL,), SCOPE
    WAIVE = "waive", "miễn", (Field.AGENCY,), SCOPE, False, "Hoãn đến một ngày thì dùng extend hoặc pause."
    ACCEPT = "accept", "công nhận đã hoàn thành", (Field.AGENCY,), SCOPE, True
    REASSIGN = "reassign", "phân công lại", (Field.TO_AGENCY, Field.AGENCY), SCOPE
    PAUSE = "pause", "tạm dừng", (), (*SCOPE, Field.PLACE, Field.UNTIL)
    CALLED = (
        *("called", "ghi đã gọi điện", (Field.AGENCY,)),
        *((*SCOPE, Field.UNTIL, Field.SPOKEN_TO, Field.RESULT, Field.CAUSE), True),
    )
    PROMISE = (
        *("promise", "ghi ngày đơn vị hẹn", (Field.UNTIL, Field.AGENCY)),
        *((*SCOPE, Field.SPOKEN_TO, Field.CAUSE), True),
    )
    HOLD_ALL = "hold_all", "giữ mọi thư", (), (), False, "Chỉ dừng một đơn vị, một nội dung thì dùng pause --agency."
    STOP = "stop", "dừng bậc đôn đốc", (Field.UNTIL, Field.DECISION), (Field.AGENCY,)
    UNDO = "undo", "hủy quyết định", (Field.UNDOES,), (), True


SPOKEN = (RulingKind.CALLED, RulingKind.PROMISE)  # by which an agency told us something


class CallResult(Code):
    """What came of a call. `spoken`: somebody of the agency was reached."""

    spoken: bool

    def __init__(self, code: str, label: str, spoken: bool = True) -> None:
        super().__init__(code, label)
        self.spoken = spoken

    REACHED = "reached", "đã trao đổi"
    SENT = "sent", "đơn vị nói đã gửi"
    NEEDS_HELP = "needs_help", "đơn vị cần hướng dẫn"
    NO_ANSWER = "no_answer", "không liên lạc được", False


class Cause(Code):
    """Why an agency is late, as it says itself."""

    STAFF_CHANGE = "staff_change", "thay đổi cán bộ đầu mối"
    NO_BUDGET = "no_budget", "chưa có kinh phí"
    WAITING_SUPERIOR = "waiting_superior", "chờ ý kiến cấp trên"
    TECHNICAL = "technical", "vướng mắc kỹ thuật"
    FORM_UNCLEAR = "form_unclear", "chưa rõ cách ghi biểu mẫu"
    WEATHER = "weather", "thiên tai, thời tiết"
    OTHER = "other", "lý do khác"
