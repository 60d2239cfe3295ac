"""report.xlsx: the figures as tables, charts of them, and the rows behind every number."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from dondoc.clock import HERE
from dondoc.directive.model import Directive
from dondoc.documents import words
from dondoc.mail.render import vn_moment
from dondoc.reporting import sentences
from dondoc.reporting.charts import CAMERAS, DUTIES, Charts
from dondoc.reporting.figures.compute import Contents
from dondoc.reporting.figures.model import Cameras, Earlier, Figures, Progress
from dondoc.reporting.mail import opening
from dondoc.reporting.sheets import Book, Column, Properties, Table, Value
from dondoc.vocabulary.reports import CameraColumn, DutyColumn

PROGRESS, LATE = "Tiến độ", "Đơn vị chậm"
BY_SYSTEM, BY_AGENCY = "Camera theo hệ thống", "Camera theo đơn vị"
WAIVED = "Được miễn"
DECLARED = (sentences.recording, sentences.kept, sentences.resolutions, sentences.differing)
PERCENT = "Tỷ lệ"
MOST = 24  # bars that a chart has room for
_CHANGE = "+#,##0;-#,##0;0"


def workbook(contents: Contents, letter: Directive) -> bytes:
    """The file's bytes: the same for the same contents, wherever it is made."""
    figures = contents.figures
    book = _book(figures, letter)
    summary = _summary(book, figures, letter)
    progress = _progress(book, figures)
    _late(book, figures)
    cameras = _cameras(book, figures) if figures.surveys else None
    if figures.headline.owed or figures.cameras_total.declared:
        _charts(book, figures, summary, progress, cameras)
    _duty_rows(book, contents)
    if figures.surveys:
        _camera_rows(book, contents)
        _finding_rows(book, contents)
        if contents.doubted:
            _doubted_rows(book, contents)
    return book.finished()


def _moment(figures: Figures) -> datetime:
    return figures.as_of.astimezone(HERE)


def _book(figures: Figures, letter: Directive) -> Book:
    moment = _moment(figures)
    issuer = words.today(letter.registry, letter.issuer, moment.date()).name
    title = f"Số liệu tuần {figures.week} (đến {vn_moment(moment)})"
    comments = f"dondoc {figures.version}; mã số liệu {figures.code}"
    return Book(
        Properties(title, issuer, figures.as_of, comments),
        head=(issuer, f"Số liệu đến {vn_moment(moment)}"),
        foot=f"Mã số liệu: {figures.code}",
    )


def _summary(book: Book, figures: Figures, letter: Directive) -> Table:
    """The sentences of the report, and its figures beside those that it is compared with."""
    moment, since = _moment(figures), figures.since
    superior = words.today(letter.registry, letter.superior, moment.date()).short
    said = f"Số liệu đến {vn_moment(moment)}; thực hiện {words.about(letter, moment.date())}."
    columns = [Column("Chỉ tiêu", least=68), *([Column(_day(since.as_of))] if since else []), Column(_day(moment))]
    columns += [Column("Thay đổi", number=_CHANGE)] if since else []
    now = list(_indicators(figures.headline, figures.agencies.done, figures.agencies.late, _seen(figures)))
    rows: list[list[Value]] = [list(row) for row in now]
    if since:
        before = _indicators(since.headline, since.agencies.done, since.agencies.late, since.cameras)
        rows = [[name, was, value, _change(was, value)] for (name, value), (_, was) in zip(now, before, strict=False)]
    return book.table(
        "Tóm tắt",
        letter.weekly_report.title or letter.title,
        columns,
        rows,
        before=[said, *opening(figures, letter)],
        after=[
            f"{PERCENT} hoàn thành tính trên số nội dung phải gửi; nội dung được miễn không tính.",
            *filter(None, (said(figures) for said in DECLARED)),
            *_listed("Gia hạn, tạm dừng, miễn:", sentences.reliefs(figures)),
            *_listed("Kiến nghị, đề xuất:", _proposals(figures, superior)),
        ],
        fixed=0,
    )


def _proposals(figures: Figures, superior: str) -> list[str]:
    """As a person wrote them, else as they are drawn."""
    typed = figures.texts.proposals
    return sentences.proposals(figures, superior) if typed is None else typed.splitlines()


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    return [title, *lines] if lines else []


def _day(moment: datetime) -> str:
    return words.short(moment.astimezone(HERE).date())


def _seen(figures: Figures) -> Cameras | None:
    return figures.cameras_total if figures.surveys else None


def _indicators(total: Progress, done: int, late: int, cameras: Cameras | None) -> Iterator[tuple[str, Value]]:
    yield "Nội dung phải gửi", total.owed
    yield from ((f"Nội dung {_small(column)}", getattr(total, column)) for column in DutyColumn)
    yield f"{PERCENT} hoàn thành", _share(total.fulfilled, total.owed)
    yield "Đơn vị hoàn thành toàn bộ", done
    yield "Đơn vị có nội dung quá hạn", late
    if cameras:
        yield "Camera đã khai", cameras.declared
        yield from ((f"Camera {_small(column)}", getattr(cameras, column)) for column in CameraColumn)


def _small(column: DutyColumn | CameraColumn) -> str:
    return column.label if column.label.startswith("Sở") else column.label[0].lower() + column.label[1:]


def _change(was: Value, now: Value) -> int | None:
    return now - was if isinstance(now, int) and isinstance(was, int) else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _progress(book: Book, figures: Figures) -> Table:
    def row(first: Value, name: str, one: Progress) -> list[Value]:
        share = _share(one.fulfilled, one.owed)
        return [first, name, one.owed, *(getattr(one, column) for column in DutyColumn), share, one.waived]

    counts = ("Phải gửi", *(column.label for column in DutyColumn), PERCENT, WAIVED)
    return book.table(
        PROGRESS,
        "Bảng 1. Tiến độ theo hệ thống",
        [*_named("Hệ thống"), *map(Column, counts)],
        [row(i, one.name, one) for i, one in enumerate(figures.systems, 1)],
        total=row(None, "Tổng cộng", figures.headline),
        before=[f"Phải gửi = {_sum(DutyColumn)}. {PERCENT} = (Đúng hạn + Chậm hạn) / Phải gửi."],
        empty="Chưa có nội dung nào phải gửi.",
    )


def _named(of: str) -> tuple[Column, Column]:
    return Column("TT"), Column(of, least=30)


def _sum(columns: Iterable[DutyColumn | CameraColumn]) -> str:
    return " + ".join(f"“{column.label}”" if "," in column.label else column.label for column in columns)


LATE_COLUMNS = (
    Column("TT"),
    Column("Đơn vị", 30, least=24),
    Column("Nội dung còn thiếu (số ngày làm việc quá hạn)", 42, least=36),
    Column("Quá (ngày)"),
    Column("Số thư đôn đốc"),
    Column("Đôn đốc gần nhất"),
    Column("Tình trạng", 36, least=24),
    Column("Đơn vị hẹn gửi", least=12),
    Column("Còn thời gian đến hết", least=14),
)


def _late(book: Book, figures: Figures) -> None:
    calendar = "Lịch làm việc của năm chưa được công bố: số ngày quá hạn có thể thay đổi."
    book.table(
        LATE,
        f"{sentences.late_table(figures)}. Đơn vị có nội dung quá hạn",
        LATE_COLUMNS,
        [
            [
                number,
                one.name,
                sentences.late_items(one),
                one.days,
                one.letters_sent,
                one.chased.on if one.chased else None,
                sentences.late_state(one, _moment(figures).date()),
                one.word.until if one.word else None,
                one.answer_by,
            ]
            for number, one in enumerate(figures.late_agencies, 1)
        ],
        before=["Mỗi đơn vị một dòng, quá hạn lâu nhất trước. Ngày là ngày làm việc."]
        + ([calendar] if figures.unconfirmed_calendar else []),
        empty="Không có đơn vị nào quá hạn.",
    )


def _cameras(book: Book, figures: Figures) -> tuple[Table, Table]:
    """By system and by agency."""
    systems = [(one.name, one) for one in figures.cameras_by_system]
    agencies = [(one.name, one) for one in figures.cameras]
    return (
        _camera_table(book, figures, BY_SYSTEM, "Bảng 2a. Camera theo hệ thống", "Hệ thống", systems),
        _camera_table(book, figures, BY_AGENCY, "Bảng 2b. Camera theo đơn vị", "Đơn vị", agencies),
    )


def _camera_table(
    book: Book, figures: Figures, sheet: str, title: str, of: str, its: Sequence[tuple[str, Cameras]]
) -> Table:
    def row(first: Value, name: str, one: Cameras) -> list[Value]:
        return [first, name, one.declared, *(getattr(one, c) for c in CameraColumn), _share(one.showing, one.declared)]

    return book.table(
        sheet,
        title,
        [*_named(of), *map(Column, ("Đã khai", *(column.label for column in CameraColumn), PERCENT))],
        [row(i, name, one) for i, (name, one) in enumerate(its, 1)],
        total=row(None, "Tổng cộng", figures.cameras_total),
        before=[f"Đã khai = {_sum(CameraColumn)}. {PERCENT} = Có hình tốt / Đã khai."],
        empty="Chưa có camera nào được khai.",
    )


def _charts(book: Book, figures: Figures, summary: Table, progress: Table, cameras: tuple[Table, Table] | None) -> None:
    charts, since = Charts(book, "Biểu đồ"), figures.since
    if figures.headline.owed:
        _duty_charts(charts, figures, progress, summary.rows(1, len(DutyColumn)), since)
    if cameras and figures.cameras_total.declared:
        last = len(summary) - 1
        _camera_charts(charts, figures, cameras, summary.rows(last + 1 - len(CameraColumn), last), since)
    charts.finish()


def _duty_charts(charts: Charts, figures: Figures, table: Table, compared: Table, since: Earlier | None) -> None:
    what, looks = "Nội dung phải gửi", {number: DUTIES[column] for number, column in enumerate(DutyColumn, 3)}
    charts.stacked(f"{what} theo hệ thống", table, 1, looks, _values(figures.systems, DutyColumn))
    if since:
        most = max(figures.headline.owed, since.headline.owed)
        charts.beside(f"{what}: so với ngày {_day(since.as_of)}", compared, 0, (1, 2), most)


def _camera_charts(
    charts: Charts, figures: Figures, tables: tuple[Table, Table], compared: Table, since: Earlier | None
) -> None:
    """By agency, unless there are more than a page has room for."""
    looks = {number: CAMERAS[column] for number, column in enumerate(CameraColumn, 3)}
    if len(figures.cameras) <= MOST:
        charts.stacked("Camera đã khai theo đơn vị", tables[1], 1, looks, _values(figures.cameras, CameraColumn))
    else:
        its = _values(figures.cameras_by_system, CameraColumn)
        charts.stacked("Camera đã khai theo hệ thống", tables[0], 1, looks, its)
    if since:
        most = max(figures.cameras_total.declared, since.cameras.declared)
        charts.beside(f"Camera: so với ngày {_day(since.as_of)}", compared, 0, (1, 2), most)


def _values(
    rows: Sequence[Progress] | Sequence[Cameras], columns: Iterable[DutyColumn | CameraColumn]
) -> list[list[int]]:
    return [[getattr(row, column) for row in rows] for column in columns]


DUTY_COLUMNS = (
    Column("Đơn vị", 28, least=20),
    Column("Hệ thống", 24, least=20),
    Column("Nội dung", 36, least=24),
    Column("Thời hạn: trước ngày"),
    Column("Ngày cuối cùng"),
    Column("Thuộc cột"),
    Column("Quá (ngày)"),
    Column("Ngày nhận"),
    Column("Căn cứ", 40, least=24),
)


def _duty_rows(book: Book, contents: Contents) -> None:
    book.table(
        "Dữ liệu – nội dung",
        "Từng nội dung đứng sau các con số của Bảng 1",
        DUTY_COLUMNS,
        [
            [
                row.name,
                row.system_name,
                row.what,
                row.due_before,
                row.last_day,
                row.column.label if row.column else WAIVED,
                row.working_days_late or None,
                row.received_on,
                row.reason,
            ]
            for row in contents.figures.duties
        ],
        before=["Lọc theo “Thuộc cột” và “Hệ thống” để thấy từng con số gồm những nội dung nào."],
        empty="Chưa có nội dung nào phải gửi.",
        fixed=1,
    )


CAMERA_COLUMNS = (
    Column("Số hiệu"),
    Column("Đơn vị", 28, least=20),
    Column("Hệ thống", 24, least=20),
    Column("Điểm lắp đặt", 28, least=16),
    Column("Vị trí", 22),
    Column("Camera", 24),
    Column("Thuộc cột"),
    Column("Kết quả kiểm tra", 36, least=24),
    Column("Từ ngày"),
)


def _camera_rows(book: Book, contents: Contents) -> None:
    book.table(
        "Dữ liệu – camera",
        "Từng camera đứng sau các con số của Bảng 2",
        CAMERA_COLUMNS,
        [
            [
                row.number,
                row.name,
                row.system_name,
                row.place,
                row.site,
                row.camera,
                row.column.label,
                row.finding,
                row.since,
            ]
            for row in contents.cameras
        ],
        before=["Lọc theo “Thuộc cột” để thấy từng con số gồm những camera nào. Không ghi địa chỉ của camera."],
        empty="Chưa có camera nào được khai.",
        fixed=1,
    )


FINDING_COLUMNS = (
    Column("Số hiệu"),
    Column("Đơn vị", 28, least=20),
    Column("Hệ thống", 24, least=20),
    Column("Điểm lắp đặt", 28, least=16),
    Column("Camera", 24),
    Column("Về"),
    Column("Khác với khai báo", 48, least=32),
    Column("Đo đêm"),
)


def _finding_rows(book: Book, contents: Contents) -> None:
    book.table(
        "Khác với khai báo",
        "Luồng hình, lưu trữ, đồng hồ của camera khác với biểu mẫu đã khai",
        FINDING_COLUMNS,
        [
            [row.number, row.name, row.system_name, row.place, row.camera, row.subject, row.finding, row.on]
            for row in contents.findings
        ],
        before=["Mỗi camera được đo mỗi tuần một lần, khi đang có hình tốt. Không tính là mất kết nối."],
        empty="Chưa thấy camera nào khác với khai báo.",
        fixed=1,
    )


DOUBT_COLUMNS = (
    Column("Số hiệu"),
    Column("Đơn vị", 28, least=20),
    Column("Điểm lắp đặt", 28, least=16),
    Column("Vị trí", 22),
    Column("Camera", 24),
    Column("Nghi vấn", 40, least=24),
    Column("Cần làm", 36),
    Column("Nhìn thấy lúc"),
)


def _doubted_rows(book: Book, contents: Contents) -> None:
    book.table(
        "Nghi vấn về hình",
        "Camera vẫn gửi hình nhưng hình có điều cần xem lại",
        DOUBT_COLUMNS,
        [
            [row.number, row.name, row.place, row.site, row.camera, row.words, row.advice, _at(row.seen_at)]
            for row in contents.doubted
        ],
        before=[
            "Thấy trong hai đêm liền, hoặc trong hai lần xem ban ngày (mỗi camera mỗi tuần một lần, thấy lạ thì hôm "
            "sau xem lại). Chỉ là nghi vấn để đơn vị xem lại, không tính là mất kết nối, không vào con số nào của báo "
            "cáo."
        ],
        empty="Không có nghi vấn nào.",
        fixed=1,
    )


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(HERE):%H:%M %d/%m/%Y}"
