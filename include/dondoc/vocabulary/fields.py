"""What people fill in. A rule names the field that is wrong; each door calls it what it is called there."""

from collections.abc import Iterable

from dondoc.errors import Problem
from dondoc.invisible import invisible, warning
from dondoc.vocabulary.code import Code

LONGEST_LINE = 200  # characters


class Field(Code):
    """A field: `label` on pages, `option` on the command line."""

    option: str

    def __init__(self, code: str, label: str, option: str) -> None:
        super().__init__(code, label)
        self.option = option

    AGENCY = "agency", "đơn vị", "--agency"
    TO_AGENCY = "to_agency", "đơn vị nhận", "--to"
    UNTIL = "until", "đến hết ngày", "--until"
    UNDOES = "undoes", "quyết định bị hủy bỏ", "--undoes"
    DECISION = "decision", "quyết định của thư", "dondoc cancel"
    PERIOD = "period", "kỳ", "--period"
    SYSTEM = "system", "hệ thống", "--system"
    DELIVERABLE = "deliverable", "nội dung phải gửi", "--deliverable"
    DIRECTIVE = "directive", "văn bản chỉ đạo", "--directive"
    PLACE = "place", "điểm", "--place"
    SPOKEN_TO = "spoken_to", "người đã trao đổi", "--spoken-to"
    RESULT = "result", "kết quả cuộc gọi", "--result"
    CAUSE = "cause", "nguyên nhân", "--cause"
    FROM = "from", "có hiệu lực từ", "--from"
    DOCUMENT = "document", "văn bản", "--document"
    REASON = "reason", "lý do", "--reason"
    NUMBER = "number", "số, ký hiệu văn bản", "--number"
    DOCUMENT_DATE = "document_date", "ngày văn bản", "--date"
    DATED = "dated", "ngày của văn bản làm căn cứ", "--document-date"
    SIGNER = "signer", "người ký", "--signer"
    ARRIVED = "arrived", "ngày đến", "--arrived"
    REPLACES = "replaces", "thay phiên bản đang chờ hiệu lực", "--replaces"
    REPORT = "report", "báo cáo", "--report"
    STEP = "step", "bậc", "--step"
    ANSWER_DAYS = "answer_days", "số ngày làm việc để trả lời", "--answer-days"
    FULFILS = "fulfils", "nội dung hoàn thành", "--fulfils"


def _filled(sentence: str, names: Iterable[str]) -> str:
    """By hand: what somebody typed may have brackets of its own."""
    for name in names:
        sentence = sentence.replace("{}", name, 1)
    return sentence


class FieldProblem(Problem):
    """A value that a person can mend. Each `{}` of the sentence stands for one of the fields.

    As a string it is worded for pages.
    """

    def __init__(self, sentence: str, *fields: Field) -> None:
        super().__init__(_filled(sentence, (f"“{field.heading}”" for field in fields)))
        self.sentence, self.fields = sentence, fields

    @property
    def on_the_command_line(self) -> str:
        """The sentence with the names of options."""
        return _filled(self.sentence, (field.option for field in self.fields))


def may(field: Field, value: str) -> str:
    """What was filled in, if anything, without blanks around it.

    Raises:
        FieldProblem: there are characters in it that nobody sees.
    """
    if character := invisible(value):
        raise FieldProblem(f"{warning('{}', character)}.", field)
    return value.strip()


def line(field: Field, value: str) -> str:
    """As `must`, of what stands within a sentence: a number, a name; single blanks between its words.

    Raises:
        FieldProblem: besides, it is too long to be one.
    """
    if len(said := " ".join(must(field, value).split())) > LONGEST_LINE:
        raise FieldProblem(f"{{}} dài quá {LONGEST_LINE} ký tự. Kiểm tra lại.", field)
    return said


def must(field: Field, value: str) -> str:
    """What was filled in, without blanks around it.

    Raises:
        FieldProblem: nothing was, or there are characters in it that nobody sees.
    """
    if not value.strip():
        raise FieldProblem("Chưa ghi {}.", field)
    return may(field, value)
