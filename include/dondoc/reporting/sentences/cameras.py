"""Of the cameras: what they show, what changed, which were lost, and why others show nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence

from dondoc.cameras.measured.findings import FindingCode
from dondoc.documents.words import number, short
from dondoc.probing.verdicts import NOT_CHECKED, SENTENCE
from dondoc.reporting.figures.model import RETENTION, Figures, Lost
from dondoc.reporting.sentences.tables import since
from dondoc.vocabulary.cameras import Exemption, Unseen

CAMERA_NOTE = "Đã khai là tổng năm cột tiếp theo. Chờ cấp tài khoản: có trả lời, Sở chưa có tài khoản xem được."
UNCHECKED = {  # why a camera was not checked, as figures have it → words
    **{str(one): one.label for one in (*Exemption, *Unseen)},
    **{str(one): one.label for one in NOT_CHECKED},
}
NAMED = 3  # lost cameras that a sentence names; more are counted
CAUSES = {  # group of causes of the figures → words; causes on our side and objective ones first
    "login_missing": "chưa có tài khoản xem",  # not as the column is called: that holds those refused, too
    "login_refused": "tài khoản đã cấp chưa xem được",
    "address": "địa chỉ khai chưa đúng",
    "network": "không kết nối được",
    "device": "thiết bị không trả lời đúng",
    "stream": "không nhận được hình hoặc hình nhận được bị hỏng",
    "picture": "hình đen, mờ, bị che, đứng yên hoặc mất tín hiệu",
    "not_looked": "chưa lấy hình",
}


def cameras_of(figures: Figures) -> str:
    """How many cameras show a good picture; empty for a letter that asks for none."""
    if not figures.surveys:
        return ""
    seen = figures.cameras_total
    declared = number(seen.declared)
    if not seen.declared:
        return "Đến nay chưa có camera nào được khai báo."
    if seen.showing == seen.declared:
        return f"{declared} camera đã khai {'đều ' if seen.declared > 1 else ''}cho hình tốt."
    if seen.unchecked == seen.declared:
        return f"Đã khai {declared} camera, chưa kiểm tra được camera nào."
    if not seen.showing:
        return f"Đã khai {declared} camera, chưa camera nào cho hình tốt."
    return f"Đã có {number(seen.showing)}/{declared} camera khai báo cho hình tốt."


def camera_remarks(figures: Figures) -> list[str]:
    """What changed, which were lost, what forms say of recording, and how much of it recorders prove.

    Nothing where none was ever declared: the opening says so.
    """
    if not figures.cameras_total.declared and not (figures.since and figures.since.cameras.declared):
        return []
    said = " ".join(filter(None, (_compared(figures), _lost(figures.lost), recording(figures), kept(figures))))
    return [said] if said else []


def _compared(figures: Figures) -> str:
    if figures.since is None:
        return ""
    now, before = figures.cameras_total, figures.since.cameras
    moves = (
        _moved(now.declared - before.declared, "khai thêm {} camera", "số camera đã khai giảm {}"),
        _moved(now.showing - before.showing, "thêm {} camera có hình tốt", "số camera có hình tốt giảm {}"),
    )
    if said := ", ".join(move for move in moves if move):
        return f"So với {since(figures)}: {said}."
    return f"So với {since(figures)}, số camera đã khai và số camera có hình tốt không thay đổi."


def _moved(change: int, up: str, down: str) -> str:
    return (up if change > 0 else down).format(number(abs(change))) if change else ""


def _lost(lost: Sequence[Lost]) -> str:
    """The cameras that worked once, what became of them, and when their agencies were written to."""
    if not lost:
        return ""
    head = f"Có {number(len(lost))} camera từng có hình tốt, nay không còn"
    if len(lost) <= NAMED:
        which = "; ".join(map(_which, lost))
        return f"{head}: {which}.{_told(lost)}"
    count = Counter(SENTENCE[one.verdict] for one in lost)
    agencies = number(len({one.agency for one in lost}))
    return f"{head}, của {agencies} đơn vị: {_counted(count)}.{_told(lost)}"


def _which(one: Lost) -> str:
    """A camera and where it is; not every form asks for its place."""
    camera = f"{one.camera} – {one.place}" if one.place else one.camera
    return f"{camera}, {one.name} ({SENTENCE[one.verdict]})"


def _told(lost: Sequence[Lost]) -> str:
    days = sorted({one.letter_on for one in lost if one.letter_on})
    if not days:
        return ""
    told = sum(one.letter_on is not None for one in lost)
    of = "" if told == len(lost) else f" đối với {number(told)} camera"
    when = f"ngày {short(days[0])}" if len(days) == 1 else f"từ ngày {short(days[0])} đến ngày {short(days[-1])}"
    return f" Sở đã gửi thư đề nghị khắc phục{of} {when}."


def recording(figures: Figures) -> str:
    """How long recordings are kept, as forms say; empty where they say nothing."""
    known, kept = figures.declared.retention, figures.declared.kept
    if not known:
        return ""
    if not kept:
        return f"Đơn vị khai: chưa camera nào trong {number(known)} camera lưu hình từ {RETENTION} ngày trở lên."
    share = f"{number(kept)}/{number(known)}" if kept < known else number(known)
    every = "đều " if kept == known > 1 else ""
    return f"Đơn vị khai: {share} camera {every}lưu hình từ {RETENTION} ngày trở lên."


def kept(figures: Figures) -> str:
    """How many recorders keep what is declared, of those that could tell; empty where none could."""
    told, enough = figures.measured.recorders, figures.measured.kept
    stopped = figures.measured.findings.get(FindingCode.NOT_RECORDING, 0)
    if not told:
        return ""
    also = f" Không thấy bản ghi mới: {number(stopped)} camera." if stopped else ""
    return f"Lưu trữ đủ số ngày đã khai: {number(enough)}/{number(told)} camera kiểm tra được.{also}"


def differing(figures: Figures) -> str:
    """In what cameras differ from their forms, and how many; empty where none does. The workbook lists them."""
    known = {str(code): code.short for code in FindingCode}
    found = {known.get(code, code): count for code, count in figures.measured.findings.items()}
    if not found:
        return ""
    causes = "; ".join(f"{what} ({number(count)})" for what, count in found.items())
    return f"Trong {number(figures.measured.cameras)} camera đã đo có điều cần đơn vị xem lại: {causes}."


def resolutions(figures: Figures) -> str:
    """How many cameras have which resolution, as forms say; empty where they say nothing. The workbook has room."""
    said = "; ".join(f"{name}: {number(count)} camera" for name, count in figures.declared.resolutions.items())
    return f"Độ phân giải đơn vị khai: {said}." if said else ""


def pictureless(figures: Figures) -> str:
    """How many cameras that could be checked show no good picture, and why; empty when there is none."""
    causes = {CAUSES[cause]: count for cause, count in figures.without_picture.items()}
    if not causes:
        return ""
    return f"{number(sum(causes.values()))} camera kiểm tra được nhưng chưa có hình tốt: {_counted(causes)}."


def unchecked(figures: Figures) -> str:
    """How many cameras nobody could check, and why; empty when there is none."""
    causes = {UNCHECKED.get(cause, cause): count for cause, count in figures.unchecked.items()}
    return f"{number(sum(causes.values()))} camera chưa kiểm tra được: {_counted(causes)}." if causes else ""


def _counted(causes: Mapping[str, int]) -> str:
    if len(causes) == 1:
        return next(iter(causes))
    return "; ".join(f"{cause} ({number(count)})" for cause, count in causes.items())
