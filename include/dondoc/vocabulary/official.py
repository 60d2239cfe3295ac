"""Our own official letters."""

from dondoc.vocabulary.code import Code


class OfficialState(Code):
    """How far a draft has come."""

    WAITING = "waiting", "chờ cấp số, ký"
    ISSUED = "issued", "đã ban hành"
    OVER = "over", "không còn cần"
