"""What letters are rendered with when their templates are checked: one rich sample and one poor one of each shape."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from dondoc.clock import at
from dondoc.directive.model import Step
from dondoc.intake.mails.kinds import Why
from dondoc.mail import shapes
from dondoc.vocabulary.letters import LetterKind
from dondoc.vocabulary.mails import MailKind
from dondoc.vocabulary.submissions import ACCEPTED, Outcome

DAY = date(2021, 11, 22)
NOON = at(DAY, 12)


@dataclass(frozen=True, eq=False)
class Shape:
    """What a letter's templates are given, and samples of it: together they reach most branches of a template."""

    keys: frozenset[str]
    samples: tuple[Mapping[str, Any], ...]


_ITEM: shapes.ItemWords = {
    "name": "Biểu mẫu 03 (Khu, điểm du lịch)",
    "due": "trước ngày 20/11/2021",
    "late": 2,
    "left": 0,
    "last_today": False,
    "returned": "đã đề nghị bổ sung, chỉnh sửa ngày 18/11/2021",
}
_LEFT: shapes.ItemWords = {**_ITEM, "late": 0, "left": 2, "returned": None}
_TODAY: shapes.ItemWords = {**_ITEM, "late": 0, "last_today": True, "returned": None}
_CHASING: shapes.ChasingWords = {
    "agency": "UBND huyện Đức Thọ",
    "agency_short": "Đức Thọ",
    "head": True,
    "head_title": "Chủ tịch UBND huyện Đức Thọ",
    "superior": "UBND tỉnh Hà Tĩnh",
    "grounds": "Công văn số 7418/UBND-NC2 của UBND tỉnh và Văn bản số 1/STTTT-CNTT",
    "day": DAY,
    "what": "03 nội dung",
    "items": [_ITEM, _LEFT, _TODAY],
    "groups": [{"letter": "Văn bản số 1/STTTT-CNTT", "items": [_ITEM, _LEFT, _TODAY]}],
    "others": [{"letter": "Văn bản số 2/STTTT-CNTT", "items": [_ITEM, _LEFT]}],
    "by": DAY,
    "before": DAY,
    "answer_by": DAY,
    "answer_before": DAY,
    "also": ["cán bộ đầu mối"],
    "attached": ["bieu_mau_03.xlsx"],
    "draft": "Du_thao_cong_van.docx",
    "forms": True,
    "coordination": True,
    "told": [{"who": "cán bộ đầu mối Trần Văn Nam", "days": "các ngày 22/11/2021 và 23/11/2021"}],
    "received": ["Biểu mẫu 01 (ngày 18/11/2021)"],
    "thanked": DAY,
    "promised": ["Theo trao đổi ngày 24/11/2021, đơn vị hẹn gửi Biểu mẫu 03 chậm nhất ngày 26/11/2021"],
    "unread": [{"filename": "bieu_mau_03.xlsx", "day": DAY}],
    "rows": [
        {
            "agency": "UBND huyện Đức Thọ",
            "orders": True,
            "items": [_ITEM],
            "letters": ["22/11/2021 (TH-00012)"],
            "said": "hẹn ngày 30/11/2021",
            "head": "Trần Văn Bắc, điện thoại 0912 345 678",
        },
        {
            "agency": "Cảng vụ Hàng hải Hà Tĩnh",
            "orders": False,
            "items": [_ITEM, _LEFT],
            "letters": [],
            "said": None,
            "head": None,
        },
    ],
    "newcomers": "Lê Thị Thu",
    "sent": ["ngày 22/11/2021, tới cán bộ đầu mối trước: đề nghị gửi nội dung quá hạn (TH-00012)"],
    "desk": "Nguyễn Thị Hà, điện thoại 0912 345 678",
}
_CHASING_POOR: shapes.ChasingWords = {
    **_CHASING,
    "head": False,
    "what": "Biểu mẫu 03",
    "items": [_ITEM],
    "groups": [{"letter": None, "items": [_ITEM]}],
    "others": [],
    "also": [],
    "attached": [],
    "draft": None,
    "forms": False,
    "coordination": False,
    "told": [],
    "received": [],
    "unread": [],
    "rows": _CHASING["rows"][:1],
    "newcomers": None,
    "sent": [],
    "desk": None,
}
_ISSUE = {"code": "required_missing", "severity": "error", "sheet": None, "cell": "E12", "message": "Ô E12: chưa điền."}
_PART: shapes.PartWords = {
    "number": "BN-0012",
    "filename": "bieu_mau_03.xlsx",
    "unread": None,
    "outcome": Outcome.ACCEPTED_WITH_WARNINGS,
    "again": False,
    "registered": False,
    "form": "Biểu mẫu 03",
    "agency": None,
    "reason": "Hợp lệ",
    "fulfils": True,
    "blank": False,
    "cameras": 12,
    "of_cameras": True,
    "places": ["Đồi Mộng Ước", "Ngã ba Đồng Lộc"],
    "nil": False,
    "replaced": "BN-0003",
    "current": None,
    "later": None,
    "changes": ["Cổng chính 01 (Đồi Mộng Ước), Độ phân giải: 720p → 1080p (2MP)"],
    "more_changes": 1,
    "numbered": [(1, "CAM-00014", "Cổng chính 01")],
    "errors": 0,
    "shown": [_ISSUE],
    "more": 1,
    "marked": None,
    "prefilled": "Bieu_mau_03_ban_2.xlsx",
    "letter": "Du_thao_cong_van.docx",
    "names_officers": False,
}
_FAULTY: shapes.PartWords = {**_PART, "outcome": Outcome.RETURNED, "errors": 2, "marked": "bieu_mau_03_can_sua.xlsx"}
_BROKEN: shapes.PartWords = {
    **_PART,
    "outcome": Outcome.REFUSED,
    "reason": "Tệp bị hỏng.",
    "shown": [],
    "numbered": [],
    "prefilled": None,
    "letter": None,
}
_SCAN: shapes.PartWords = {**_BROKEN, "outcome": Outcome.WAITING, "form": None, "agency": "UBND huyện Đức Thọ"}
_PARTS: list[shapes.PartWords] = [
    _PART,
    {**_PART, "nil": True, "cameras": 0, "shown": [], "replaced": None, "changes": [], "more_changes": 0},
    {
        **_PART,
        "form": "Phiếu đầu mối",
        "of_cameras": False,
        "cameras": 2,
        "places": [],
        "numbered": [],
        "names_officers": True,
    },
    {**_FAULTY, "again": True},
    {**_FAULTY, "marked": None},
    _BROKEN,
    {**_BROKEN, "blank": True},
    {**_BROKEN, "unread": Why.TOO_LARGE, "form": None},
    _SCAN,
    {**_SCAN, "unread": Why.OPAQUE},
    {**_SCAN, "unread": Why.UNREADABLE},
    {**_SCAN, "unread": Why.TOO_MANY},
    {**_SCAN, "form": "Biểu mẫu 03", "current": "BN-0010"},
    {**_SCAN, "registered": True, "outcome": Outcome.ACCEPTED},
    {**_SCAN, "outcome": Outcome.CONFLICT, "current": "BN-0010"},
    {**_PART, "outcome": Outcome.DUPLICATE},
    {**_PART, "outcome": Outcome.DUPLICATE, "current": "BN-0010"},
    {**_PART, "outcome": Outcome.DUPLICATE, "later": "BN-0010"},
    {**_FAULTY, "outcome": Outcome.DUPLICATE},
]
_ANSWER: shapes.AnswerWords = {
    "kind": MailKind.SUBMISSION,
    "empty": None,
    "stripped": False,
    "linked": False,
    "received_at": NOON,
    "agency": "UBND huyện Đức Thọ",
    "agency_short": "Đức Thọ",
    "parts": _PARTS,
    "counted": [_PART],
    "faulty": 4,
    "checked": 12,
    "owed": [("Biểu mẫu 01", "trước ngày 20/11/2021")],
    "reviewed": ["Văn bản cử cán bộ đầu mối"],
    "done": 0,
    "answer_by": DAY,
    "promised": DAY,
    "fresh": ["Bieu_mau_03.xlsx"],
    "desk": "Nguyễn Thị Hà, điện thoại 0912 345 678",
}
_ALONE: shapes.AnswerWords = {
    **_ANSWER,
    "parts": [_PART],
    "faulty": 0,
    "owed": [],
    "reviewed": [],
    "done": 2,
    "answer_by": None,
    "promised": None,
    "fresh": [],
    "desk": None,
}
_ANSWERS = (
    _ANSWER,
    *({**_ALONE, "parts": [part], "counted": [part] if part["outcome"] in ACCEPTED else []} for part in _PARTS),
    {**_ALONE, "kind": MailKind.REPLY, "parts": [_SCAN], "counted": [], "checked": 0},
    {**_ALONE, "kind": MailKind.FORGOTTEN, "parts": [_SCAN], "counted": [], "agency": None, "agency_short": None},
    {**_ALONE, "kind": MailKind.FORGOTTEN, "parts": [_SCAN], "counted": [], "empty": "bieu_mau_03.xlsx"},
    {**_ALONE, "kind": MailKind.FORGOTTEN, "parts": [_SCAN], "counted": [], "stripped": True},
    {**_ALONE, "kind": MailKind.FORGOTTEN, "parts": [_SCAN], "counted": [], "linked": True},
)
_NEUTRAL: shapes.NeutralWords = {"number": "BN-0012", "received_at": NOON}
_CHANGE: shapes.ContactChangeWords = {
    "agency": "UBND huyện Đức Thọ",
    "number": "BN-0012",
    "received_at": NOON,
    "origin": "từ a@hatinh.gov.vn",
    "people": [
        {"name": "Trần Văn Nam", "email": "nam@hatinh.gov.vn", "phone": "0912 345 678", "system": "Khu, điểm du lịch"},
        {"name": "Trần Văn Bắc", "email": "bac@hatinh.gov.vn", "phone": "", "system": None},
    ],
    "more": 1,
    "code": "AB12CD",
    "desk": "Nguyễn Thị Hà, điện thoại 0912 345 678",
}
_CAMERA: shapes.CameraWords = {"number": "CAM-00001", "name": "Cổng", "why": "camera không trả lời kết nối"}
_REACHABILITY: shapes.ReachabilityWords = {
    "agency": "UBND huyện Đức Thọ",
    "number": "BN-0012",
    "looked": "đêm 24/11/2021",
    "declared": 4,
    "checked": 3,
    "reachable": 2,
    "showing": 1,
    "locked": 1,
    "locked_numbers": "CAM-00002",
    "faults": [_CAMERA],
    "more": 1,
    "advice": [("camera không trả lời kết nối", "kiểm tra nguồn điện")],
    "unchecked": [_CAMERA],
    "more_unchecked": 1,
    "unchecked_advice": [("địa chỉ nằm ngoài các dải mạng Sở được phép kiểm tra", "báo Sở để bổ sung dải mạng này")],
    "attached": "Bieu_mau_03_ban_1.xlsx",
    "answer_before": DAY,
    "desk": "Nguyễn Thị Hà, điện thoại 0912 345 678",
}
_UNREACHED: shapes.ReachabilityWords = {
    **_REACHABILITY,
    "checked": 0,
    "locked": 0,
    "locked_numbers": "",
    "faults": [],
    "more": 0,
    "advice": [],
    "unchecked": [],
    "more_unchecked": 0,
    "unchecked_advice": [],
    "attached": None,
    "desk": None,
}
_OUTAGE: shapes.OutageWords = {
    "agency": "UBND huyện Đức Thọ",
    "what": "03 camera",
    "places": [
        {
            "name": "điểm Ngã ba Đồng Lộc",
            "silent": True,
            "count": 2,
            "numbers": "CAM-00001, CAM-00002",
            "why": "không có đường mạng đến camera",
            "since": DAY,
            "times": 2,
            "outages": "SC-0001, SC-0002",
        }
    ],
    "faults": [{**_CAMERA, "where": "Tại điểm Cổng chợ", "outage": "SC-0003", "since": DAY, "times": 3, "lately": 2}],
    "total": 3,
    "more": 1,
    "window": 14,
    "advice": [("camera không trả lời kết nối", "kiểm tra nguồn điện")],
    "answer_before": DAY,
    "desk": "Nguyễn Thị Hà, điện thoại 0912 345 678",
}
_RECOVERY: shapes.RecoveryWords = {
    "agency": "UBND huyện Đức Thọ",
    "day": DAY,
    "total": 1,
    "cameras": [{**_CAMERA, "why": "hoạt động trở lại, ghi nhận ngày 27/11/2021 (sự cố SC-0001)"}],
    "more": 0,
    "others": [],
    "more_others": 0,
    "desk": "Nguyễn Thị Hà, điện thoại 0912 345 678",
}
_RECOVERY_OF_SOME: shapes.RecoveryWords = {
    **_RECOVERY,
    "more": 2,
    "others": [{**_CAMERA, "why": "đã tháo dỡ (sự cố SC-0002)"}],
    "more_others": 1,
    "desk": None,
}
_INTERNAL: shapes.InternalWords = {
    "title": "Có việc chờ xử lý",
    "lines": ["BN-0012"],
    "sections": [{"title": "Chờ Sở xử lý", "lines": ["BN-0012"], "more": 1}],
    "links": [("Trang", "https://x")],
}
_PLAIN: shapes.InternalWords = {"title": "Có việc chờ xử lý", "lines": ["BN-0012"]}
_REPORT: shapes.ReportWords = {
    "matter": "Camera IOC",
    "week": 47,
    "owed": 30,
    "done": 14,
    "late": 14,
    "asked": 3,
    "superior": "UBND tỉnh Hà Tĩnh",
    "issuer": "Sở Thông tin và Truyền thông",
    "moment": NOON,
    "sentences": ["Đã hoàn thành 14/30 nội dung."],
    "rows": [{"agency": "UBND huyện Đức Thọ", "missing": "Biểu mẫu 03", "days": "02", "chased": "22/11, gửi đầu mối"}],
    "more": 1,
    "attached": "so_lieu_20211125.xlsx",
    "about": "Văn bản số 1990/STTTT-CNTT ngày 16/11/2021",
    "desk": "Nguyễn Thị Hà, điện thoại 0912 345 678",
}
_WITHDRAWAL: shapes.WithdrawalWords = {
    "agency": "UBND huyện Đức Thọ",
    "subject": "Biểu mẫu 03 quá thời hạn, đề nghị gửi",
    "number": "TH-00012",
    "day": DAY,
    "reason": "đơn vị đã gửi công văn ngày 19/11/2021",
    "desk": "Nguyễn Thị Hà, điện thoại 0912 345 678",
}
_QUIET: shapes.ReportWords = {**_REPORT, "done": 30, "late": 0, "asked": 0, "rows": [], "more": 0, "desk": None}
_NOTHING_YET: shapes.ReportWords = {**_QUIET, "done": 0}
_NOTHING_OWED: shapes.ReportWords = {**_NOTHING_YET, "owed": 0}


def _shape(of: type, *samples: Mapping[str, Any]) -> Shape:
    return Shape(frozenset(of.__annotations__), samples)


def of_step(step: Step) -> Shape:
    """What the letter of a step is given: only some give the agency a day to answer by."""
    return WITHOUT_DAY if step.kind == LetterKind.REMINDER or "board" in step.to else CHASING


_HAND_OVER: shapes.ChasingWords = {**_CHASING_POOR, "newcomers": "Lê Thị Thu"}
_WITHOUT_DAY: shapes.ChasingWords = {**_CHASING, "answer_by": None, "answer_before": None}
CHASING = _shape(shapes.ChasingWords, _CHASING, _CHASING_POOR)
WITHOUT_DAY = _shape(shapes.ChasingWords, _WITHOUT_DAY, {**_CHASING_POOR, "answer_by": None, "answer_before": None})
ANSWER = _shape(shapes.AnswerWords, *_ANSWERS)
# The letters of each kind, by the folder of their words. Those of the ladder are named by its steps.
LETTERS: Mapping[LetterKind, Mapping[str, Shape]] = {
    LetterKind.RECEIPT: {"answer": ANSWER, "neutral": _shape(shapes.NeutralWords, _NEUTRAL)},
    LetterKind.RETURNED: {"answer": ANSWER},
    LetterKind.CONTACT_CHANGE: {
        LetterKind.CONTACT_CHANGE: _shape(shapes.ContactChangeWords, _CHANGE, {**_CHANGE, "code": None})
    },
    LetterKind.REACHABILITY: {"reachability": _shape(shapes.ReachabilityWords, _REACHABILITY, _UNREACHED)},
    LetterKind.OUTAGE: {"outage": _shape(shapes.OutageWords, _OUTAGE, {**_OUTAGE, "places": [], "more": 0})},
    LetterKind.RECOVERY: {"recovery": _shape(shapes.RecoveryWords, _RECOVERY, _RECOVERY_OF_SOME)},
    LetterKind.HAND_OVER: {"hand_over": _shape(shapes.ChasingWords, _CHASING, _WITHOUT_DAY, _HAND_OVER)},
    LetterKind.THANKS: {"thanks": WITHOUT_DAY},
    LetterKind.INTERNAL: {"internal": _shape(shapes.InternalWords, _INTERNAL, _PLAIN)},
    LetterKind.WITHDRAWAL: {"withdrawal": _shape(shapes.WithdrawalWords, _WITHDRAWAL, {**_WITHDRAWAL, "desk": None})},
    LetterKind.REPORT: {"report": _shape(shapes.ReportWords, _REPORT, _QUIET, _NOTHING_YET, _NOTHING_OWED)},
    LetterKind.REMINDER: {},
    LetterKind.OVERDUE: {},
}
FOLDERS = {folder: shape for letters in LETTERS.values() for folder, shape in letters.items()}
