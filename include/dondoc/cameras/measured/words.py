"""Measurements and what they differ in, in words for people. No address."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from dondoc.cameras.measured.findings import Declared, Measured, codec, drift, findings, number, shown, size
from dondoc.cameras.measured.own_clock import OURS
from dondoc.probing.recorder import Recording
from dondoc.probing.wanted import LoginOutcome, Subject
from dondoc.vocabulary.reasons import said

SUBJECTS: Mapping[str, str] = {
    Subject.STREAM: "Luồng hình",
    Subject.RECORDER: "Lưu trữ",
    Subject.CLOCK: "Đồng hồ",
    Subject.DEVICE: "Thiết bị",
    Subject.LOGIN: "Tài khoản xem",
}
# Of a device that was asked what it is, and shown the login.
LOGINS: Mapping[str, str] = {
    LoginOutcome.REFUSED: "chưa đo được: thiết bị từ chối tài khoản khi được hỏi model, firmware qua ONVIF (nhiều hãng "
    "giữ tài khoản ONVIF riêng); không hỏi lại cho đến khi đổi hoặc nhập lại tài khoản, hoặc có người cho phép (dondoc "
    "cameras retry)",
    LoginOutcome.UNANSWERED: "chưa đo được: thiết bị không trả lời khi được hỏi model, firmware qua ONVIF",
}

TAKEN_BACK = (
    "thiết bị nhận tài khoản khi xem hình trực tiếp nhưng từ chối khi được hỏi thêm (luồng chính, xem lại): không hỏi "
    "thêm bằng tài khoản ấy cho đến khi đổi hoặc nhập lại tài khoản, hoặc có người cho phép (dondoc cameras retry)"
)


class Line(NamedTuple):
    """A measurement for a page: `differs` are sentences, empty where nothing does."""

    subject: str
    night: Any
    measured: str
    differs: tuple[str, ...]


def line(declared: Declared | None, measured: Measured) -> Line:
    words = tuple(said(one) for one in findings(declared, measured))
    return Line(SUBJECTS[measured.subject], measured.night, in_words(measured), words)


def in_words(measured: Measured) -> str:
    """What was measured, whether it agrees or not."""
    return "; ".join(_OF[measured.subject](measured.found)) or "chưa đo được"


def own_clock(night: date, off: timedelta) -> str:
    """By how much our own clock seems to be off, for our own people."""
    return (
        f"Đêm {night:%d/%m/%Y}: đồng hồ máy kiểm tra của Sở có vẻ {drift(off)} so với hầu hết thiết bị; đồng hồ camera "
        "của đêm ấy không tính cho đơn vị nào."
    )


def _stream(found: Mapping[str, Any]) -> Iterator[str]:
    main, sub = size(found.get("main")), size(found.get("sub"))
    if plays := found.get("codec"):
        yield codec(str(plays))
    if main:
        yield shown(main)
    if rate := found.get("rate"):
        yield f"{number(rate)} hình/giây"
    if interval := found.get("key_interval"):
        yield f"khung khóa cách nhau {number(interval)} giây"
    if kbps := found.get("kbps"):
        yield f"{number(kbps / 1000)} Mbit/s"
    if sub:
        yield f"luồng phụ {shown(sub)}"


def _recorder(found: Mapping[str, Any]) -> Iterator[str]:
    known = Recording.read(found)
    if not known.newest:
        yield "chưa kết luận được: thiết bị không cho xem lại theo cách Sở đã hỏi"
        return
    newest = f"bản ghi gần nhất xem lại được: {known.newest:02} ngày trước"
    if known.recording is None:
        yield "chưa kết luận được: hỏi thử hôm trước không xem lại được, nhưng có thể hôm đó không có gì để ghi"
        yield newest
        return
    yield "hôm trước có bản ghi" if known.recording else f"hỏi thử hôm trước: không có bản ghi; {newest}"
    most = "" if known.missing else "ít nhất "
    yield f"bản ghi cũ nhất xem lại được: {most}{known.oldest:02} ngày trước"
    if known.missing:
        yield f"từ {known.missing:02} ngày trước trở về trước không có bản ghi"


def _clock(found: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(ours := found.get(OURS), int):
        off_by = drift(timedelta(seconds=ours))
        yield f"chưa kết luận được: đêm ấy đồng hồ máy kiểm tra của Sở có vẻ {off_by} so với hầu hết thiết bị"
    for name, words in (("local", "giờ trên thiết bị"), ("utc", "giờ quốc tế của thiết bị")):
        if isinstance(by := found.get(name), int):
            off = abs(by) >= 60
            yield f"{words} {drift(timedelta(seconds=by)) if off else 'đúng (lệch dưới 01 phút)'}"


def _device(found: Mapping[str, Any]) -> Iterator[str]:
    called = " ".join(str(found[name]) for name in ("manufacturer", "model") if found.get(name))
    firmware = f"firmware {found['firmware']}" if found.get("firmware") else ""
    yield ", ".join(filter(None, (called, firmware))) or LOGINS.get(found.get("login", ""), "")


def _login(found: Mapping[str, Any]) -> Iterator[str]:
    yield TAKEN_BACK


_OF = {
    Subject.STREAM: _stream,
    Subject.RECORDER: _recorder,
    Subject.CLOCK: _clock,
    Subject.DEVICE: _device,
    Subject.LOGIN: _login,
}
