"""How a camera differs from its form: measurements held against what was declared. Pure.

Findings are told on the camera's page and in the weekly workbook, and are never an outage.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple, TypeVar

from dondoc.cameras.measured import models
from dondoc.clock import OUR_OFFSET
from dondoc.probing.recorder import YESTERDAY, Recording
from dondoc.probing.wanted import Subject
from dondoc.vocabulary.code import Code
from dondoc.vocabulary.measured import Compression, Resolution
from dondoc.vocabulary.reasons import Reason, ReasonCode, because

SMALL = 720 * 576  # pixels: what sub-streams have, and no main stream of a camera that is sold as 720p or more
TINY = 640 * 360  # which no main stream has, whatever its camera is sold as
RATE_OFF = 0.25, 2.0  # share and pictures a second that a rate may be off: what counts them has seconds only
HALF_OFF = 0.75  # of half a rate, likewise
CLOCK_OFF = timedelta(minutes=5)
C = TypeVar("C", bound=Code)
CALL, ASK = "cần thì gọi đơn vị lắp đặt, bảo trì", "chưa rõ thì hỏi đơn vị lắp đặt, bảo trì"
MEND = "khai nhầm thì sửa biểu mẫu, khai đúng thì nhờ đơn vị lắp đặt, bảo trì đặt lại luồng"


class FindingCode(ReasonCode):
    """In what a camera may differ from its form, or from what its agency may expect. `short`: for lists, counts."""

    short: str

    def __init__(self, code: str, short: str, label: str) -> None:
        super().__init__(code, label)
        self.short = short

    CODEC_DIFFERS = (
        "codec_differs",
        "chuẩn nén khác khai báo",
        f"chuẩn nén khai {{declared}}, luồng chính đang phát {{measured}}; {MEND}",
    )
    RESOLUTION_DIFFERS = (
        "resolution_differs",
        "độ phân giải khác khai báo",
        f"độ phân giải khai {{declared}}, luồng chính đang phát {{measured}}; {MEND}",
    )
    MAIN_IS_SMALL = (
        "main_is_small",
        "luồng chính nhỏ như luồng phụ",
        "{declared}luồng chính chỉ {measured}, cỡ thường thấy của luồng phụ: kiểm tra đường dẫn luồng chính, "
        f"{ASK}",
    )
    SUB_IS_MAIN = (
        "sub_is_main",
        "luồng phụ không nhỏ hơn luồng chính",
        f"luồng phụ phát {{measured}}, không nhỏ hơn luồng chính: kiểm tra đường dẫn luồng phụ, {ASK}",
    )
    RATE_DIFFERS = (
        "rate_differs",
        "tốc độ khung hình khác khai báo",
        f"khai {{declared}} hình/giây, luồng chính đang phát {{measured}}; {MEND}",
    )
    NOT_RECORDING = (
        "not_recording",
        "không thấy bản ghi mới",
        "không thấy bản ghi mới: hỏi thử ngày {missing} không có bản ghi, bản ghi gần nhất xem lại được là của ngày "
        "{newest}; nếu đặt chỉ ghi khi có chuyển động thì trước hết xem mấy ngày ấy có gì để ghi không; kiểm tra ổ "
        f"cứng hoặc thẻ nhớ, lịch ghi, {CALL}",
    )
    KEPT_TOO_SHORT = (
        "kept_too_short",
        "lưu ít ngày hơn khai báo",
        "khai lưu {declared} ngày, chỉ xem lại được {kept} ngày gần nhất; kiểm tra dung lượng ổ cứng hoặc thẻ nhớ, "
        f"lịch ghi, {CALL}; khai nhầm thì sửa biểu mẫu",
    )
    CLOCK_WRONG = (
        "clock_wrong",
        "đồng hồ sai trên 05 phút",
        f"đồng hồ của thiết bị {{drift}}; đặt lại giờ, bật tự đồng bộ giờ (NTP), {CALL}",
    )
    ZONE_WRONG = (
        "zone_wrong",
        "múi giờ đặt sai",
        f"múi giờ của thiết bị đặt sai, giờ trên thiết bị {{drift}}: đặt lại múi giờ Việt Nam (GMT+7), {CALL}",
    )
    MODEL_DIFFERS = (
        "model_differs",
        "model khác khai báo",
        "model khai {declared}, thiết bị trả lời là {measured}: đối chiếu nhãn trên thân máy, sửa biểu mẫu hoặc ghi là "
        "đã thay thiết bị",
    )


class Declared(NamedTuple):
    """What an agency's form says of a camera, as codes of the form; None: nothing.

    `recorder`: maker and model of the recorder that it is behind, `by_recorder`: that it is behind one; `year`: of the
    camera's installation.
    """

    codec: str | None = None
    resolution: str | None = None
    rate: float | None = None
    days: int | None = None
    onvif: str | None = None
    storage: str | None = None
    model: str | None = None
    recorder: str | None = None
    by_recorder: bool = False
    year: int | None = None


class Measured(NamedTuple):
    """The newest measurement of one subject: what `probing.measure` found, on the night it was made, or `by_day`."""

    subject: Subject
    night: date
    found: Mapping[str, Any]
    by_day: bool = False


def findings(declared: Declared | None, measured: Measured) -> tuple[Reason, ...]:
    """What is to be said of a measurement; nothing where it agrees, or nothing was declared to hold it against."""
    return tuple(_OF[measured.subject](declared or Declared(), measured))


def _stream(declared: Declared, measured: Measured) -> Iterator[Reason]:
    found = measured.found
    yield from _codec(declared, found)
    yield from _size(declared, found)
    yield from _rate(declared, found, measured.by_day)


def _codec(declared: Declared, found: Mapping[str, Any]) -> Iterator[Reason]:
    said, plays = _known(Compression, declared.codec), found.get("codec")
    if said and said.stream and plays and plays != said.stream:
        yield because(FindingCode.CODEC_DIFFERS, declared=said.label, measured=codec(plays))


def _size(declared: Declared, found: Mapping[str, Any]) -> Iterator[Reason]:
    """That of the main stream with the form's, and the sub-stream's with the main one's."""
    main, sub = size(found.get("main")), size(found.get("sub"))
    if main and (told := _main(main, _known(Resolution, declared.resolution))):
        yield told
    elif main and sub and sub[0] * sub[1] >= main[0] * main[1]:
        yield because(FindingCode.SUB_IS_MAIN, measured=shown(sub))


def _main(main: tuple[int, int], said: Resolution | None) -> Reason | None:
    pixels = main[0] * main[1]
    if not said:
        small = pixels <= TINY
        return because(FindingCode.MAIN_IS_SMALL, declared="", measured=shown(main)) if small else None
    if not said.pixels or said.pixels[0] <= pixels <= said.pixels[1]:
        return None
    if pixels <= SMALL:
        return because(FindingCode.MAIN_IS_SMALL, declared=f"khai {said.label}, ", measured=shown(main))
    return because(FindingCode.RESOLUTION_DIFFERS, declared=said.label, measured=shown(main))


def _rate(declared: Declared, found: Mapping[str, Any], by_day: bool) -> Iterator[Reason]:
    """By night half the rate is a slow shutter's, which makes the most of little light; twice are half-pictures."""
    plays, said = found.get("rate"), declared.rate
    share, least = RATE_OFF
    if not plays or not said or abs(plays / 2 - said) <= HALF_OFF or (not by_day and abs(plays - said / 2) <= HALF_OFF):
        return
    if abs(plays - said) > max(share * said, least):
        yield because(FindingCode.RATE_DIFFERS, declared=number(said), measured=number(plays))


def _recorder(declared: Declared, measured: Measured) -> Iterator[Reason]:
    """Held against what is declared now: the form may have been corrected since."""
    known = Recording.read(measured.found)
    if known.stopped:
        missing, newest = (_asked(measured) - timedelta(days=day) for day in (YESTERDAY, known.newest))
        yield because(FindingCode.NOT_RECORDING, missing=f"{missing:%d/%m/%Y}", newest=f"{newest:%d/%m/%Y}")
    if known.recording and keeps(declared, measured) is False:
        yield because(FindingCode.KEPT_TOO_SHORT, declared=declared.days, kept=known.oldest)


def keeps(declared: Declared, measured: Measured) -> bool | None:
    """Whether a recorder keeps the days that are declared; None: nobody can tell, or none are.

    A camera that may have been installed within these days has had no time to fill them.
    """
    if not declared.days:
        return None
    known = Recording.read(measured.found)
    is_new = declared.year is not None and declared.year >= (_asked(measured) - timedelta(days=declared.days)).year
    kept = known.keeps(declared.days)
    return None if kept is False and is_new and not known.stopped else kept


def _asked(measured: Measured) -> date:
    """The day from which the days of a recorder are counted."""
    return date.fromisoformat(measured.found.get("asked") or measured.night.isoformat())


def _clock(declared: Declared, measured: Measured) -> Iterator[Reason]:
    """By the time that stands in its pictures, where it says that; else by universal time. Devices are known to call
    the one by the name of the other: that may well be right in the pictures."""
    there, universal = (_seconds(measured.found.get(name)) for name in ("local", "utc"))
    shown = there if there is not None else universal
    if shown is None or abs(shown) <= CLOCK_OFF:
        return
    mistaken = OUR_OFFSET if there is None else -OUR_OFFSET if universal is None else None
    if mistaken is not None and abs(shown - mistaken) <= CLOCK_OFF:
        return
    zone = universal is not None and abs(universal) <= CLOCK_OFF
    yield because(FindingCode.ZONE_WRONG if zone else FindingCode.CLOCK_WRONG, drift=drift(shown))


def _device(declared: Declared, measured: Measured) -> Iterator[Reason]:
    """By models alone: one device is sold under several makers' names. What answers for a camera behind a recorder may
    be the recorder."""
    model, said = measured.found.get("model"), declared.model
    if declared.by_recorder:
        said = declared.recorder and " / ".join(filter(None, (declared.recorder, declared.model)))
    if said and model and models.differ(said, model):
        yield because(FindingCode.MODEL_DIFFERS, declared=said, measured=model)


def _login(declared: Declared, measured: Measured) -> Iterator[Reason]:
    """Nothing that the form declares."""
    yield from ()


_OF = {
    Subject.STREAM: _stream,
    Subject.RECORDER: _recorder,
    Subject.CLOCK: _clock,
    Subject.DEVICE: _device,
    Subject.LOGIN: _login,
}


def _known(kind: type[C], code: str | None) -> C | None:
    """The member of a code; None: a form of another version has it."""
    return next((member for member in kind if member == code), None)


def _seconds(value: object) -> timedelta | None:
    return timedelta(seconds=value) if isinstance(value, int | float) else None


def size(value: object) -> tuple[int, int] | None:
    """Width and height as they are stored."""
    match value:
        case [int(width), int(height)]:
            return width, height
    return None


def codec(plays: str) -> str:
    """What a stream is called that was measured, in the words of forms."""
    return next((one.label for one in Compression if one.stream == plays), plays.upper())


def shown(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]}"


def number(value: float) -> str:
    """With one decimal at most, as Vietnamese write it."""
    return f"{value:.1f}".removesuffix(".0").replace(".", ",")


def drift(by: timedelta) -> str:
    """By how much a clock is off: "nhanh 03 giờ 02 phút", "chậm trên 51 năm"."""
    ahead = "nhanh" if by > timedelta(0) else "chậm"
    if years := abs(by) // timedelta(days=366):
        return f"{ahead} trên {years:02} năm"
    minutes = round(abs(by) / timedelta(minutes=1))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = ((days, "ngày"), (hours, "giờ"), (minutes, "phút"))
    words = " ".join(f"{count:02} {unit}" for count, unit in parts if count)
    return f"{ahead} {words}"
