"""Measurements held against what forms declare."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from dondoc.cameras.measured.declared import of
from dondoc.cameras.measured.findings import Declared, FindingCode, Measured, findings
from dondoc.cameras.measured.turn import WEEK, due
from dondoc.cameras.measured.words import in_words, line
from dondoc.configuration.settings import DATA
from dondoc.forms.spec import load_specs
from dondoc.probing.wanted import Subject
from dondoc.vocabulary.measured import Compression, Resolution
from dondoc.vocabulary.reasons import said

NIGHT = date(2021, 11, 25)
FORM = Declared(codec="h265_plus", resolution="1080p", rate=25, days=30)
GOOD = {"codec": "h265", "main": [1920, 1080], "sub": [640, 360], "rate": 25.0, "key_interval": 2.0, "kbps": 2048}
HOURS = 3600
DEVICE = {"manufacturer": "HIKVISION", "model": "DS-2CD2043G2-I", "firmware": "V5.7.3"}
RECORDER = {"manufacturer": "HIKVISION", "model": "DS-7608NI-K2", "firmware": "V4.30.085"}
OTHER_MODEL = (
    "model khai {}, thiết bị trả lời là {}: đối chiếu nhãn trên thân máy, sửa biểu mẫu hoặc ghi là đã thay thiết bị"
)
ZONE = "múi giờ của thiết bị đặt sai, giờ trên thiết bị"
CALL, ASK = "cần thì gọi đơn vị lắp đặt, bảo trì", "chưa rõ thì hỏi đơn vị lắp đặt, bảo trì"
MEND = "khai nhầm thì sửa biểu mẫu, khai đúng thì nhờ đơn vị lắp đặt, bảo trì đặt lại luồng"
MOTION = "nếu đặt chỉ ghi khi có chuyển động thì trước hết xem mấy ngày ấy có gì để ghi không"
SET_IT = f"đặt lại giờ, bật tự đồng bộ giờ (NTP), {CALL}"
SET_ZONE = f"đặt lại múi giờ Việt Nam (GMT+7), {CALL}"
CASES: list[tuple[Subject, dict[str, Any], Declared, list[str]]] = [
    (Subject.STREAM, GOOD, FORM, []),
    (Subject.STREAM, GOOD, Declared(), []),
    (Subject.STREAM, {}, FORM, []),
    (Subject.STREAM, GOOD | {"rate": 23.1}, FORM, []),  # shutters are slower by night
    (Subject.STREAM, GOOD | {"main": [1080, 1920]}, FORM, []),  # turned for a corridor
    (Subject.STREAM, GOOD | {"main": [1920, 1088]}, FORM, []),
    (Subject.STREAM, GOOD | {"codec": "h264"}, FORM, [f"chuẩn nén khai H.265+, luồng chính đang phát H.264; {MEND}"]),
    (Subject.STREAM, GOOD | {"codec": "h264"}, FORM._replace(codec="other"), []),
    (Subject.STREAM, GOOD | {"codec": "jpeg"}, FORM._replace(codec="mjpeg"), []),
    (
        Subject.STREAM,
        GOOD | {"main": [1280, 720]},
        FORM,
        [f"độ phân giải khai 1080p (2MP), luồng chính đang phát 1280×720; {MEND}"],
    ),
    (
        Subject.STREAM,
        GOOD | {"main": [2560, 1440]},
        FORM,
        [f"độ phân giải khai 1080p (2MP), luồng chính đang phát 2560×1440; {MEND}"],
    ),
    (Subject.STREAM, GOOD | {"main": [2688, 1520]}, FORM._replace(resolution="4mp"), []),
    (Subject.STREAM, GOOD | {"main": [704, 576], "sub": None}, FORM._replace(resolution="other"), []),
    (Subject.STREAM, GOOD | {"main": [5120, 1440]}, FORM._replace(resolution="4k"), []),  # two lenses
    (Subject.STREAM, GOOD | {"main": [3072, 1728]}, FORM._replace(resolution="5mp"), []),
    (
        Subject.STREAM,
        GOOD | {"main": [640, 360]},
        FORM._replace(resolution=None),
        [f"luồng chính chỉ 640×360, cỡ thường thấy của luồng phụ: kiểm tra đường dẫn luồng chính, {ASK}"],
    ),
    (
        Subject.STREAM,
        GOOD | {"main": [704, 576], "sub": [704, 576]},
        FORM._replace(resolution="other"),
        [f"luồng phụ phát 704×576, không nhỏ hơn luồng chính: kiểm tra đường dẫn luồng phụ, {ASK}"],
    ),
    (
        Subject.STREAM,
        GOOD | {"main": [640, 360]},
        FORM,
        [
            "khai 1080p (2MP), luồng chính chỉ 640×360, cỡ thường thấy của luồng phụ: kiểm tra đường dẫn luồng "
            f"chính, {ASK}",
        ],
    ),
    (
        Subject.STREAM,
        GOOD | {"sub": [1920, 1080]},
        FORM,
        [f"luồng phụ phát 1920×1080, không nhỏ hơn luồng chính: kiểm tra đường dẫn luồng phụ, {ASK}"],
    ),
    (Subject.STREAM, GOOD | {"rate": 15.0}, FORM, [f"khai 25 hình/giây, luồng chính đang phát 15; {MEND}"]),
    (Subject.STREAM, GOOD | {"rate": 12.0}, FORM, []),  # half of it: a slow shutter
    (Subject.STREAM, GOOD | {"main": [1920, 1080]}, FORM._replace(resolution="8k of a later form"), []),
    (Subject.RECORDER, {"recording": True, "newest": 1, "oldest": 30, "missing": 0}, FORM, []),
    (Subject.RECORDER, {"recording": None, "newest": 0, "oldest": 0, "missing": 0}, FORM, []),
    (Subject.RECORDER, {"recording": True, "newest": 1, "oldest": 1, "missing": 0}, FORM, []),  # it broke off
    (
        Subject.RECORDER,
        {"recording": True, "newest": 1, "oldest": 12, "missing": 13},
        FORM,
        [
            "khai lưu 30 ngày, chỉ xem lại được 12 ngày gần nhất; kiểm tra dung lượng ổ cứng hoặc thẻ nhớ, "
            f"lịch ghi, {CALL}; khai nhầm thì sửa biểu mẫu",
        ],
    ),
    (Subject.RECORDER, {"recording": True, "newest": 1, "oldest": 12, "missing": 13}, FORM._replace(days=10), []),
    (Subject.RECORDER, {"recording": True, "newest": 1, "oldest": 12, "missing": 13}, FORM._replace(year=2021), []),
    (Subject.RECORDER, {"recording": True, "newest": 1, "oldest": 29, "missing": 30}, FORM, []),  # one half minute
    (Subject.RECORDER, {"recording": False, "newest": 2, "oldest": 30, "missing": 0}, FORM, []),  # of a quiet place
    (Subject.RECORDER, {"recording": False, "newest": 3, "oldest": 30, "missing": 0}, FORM, []),  # as of a weekend
    (
        Subject.RECORDER,
        {"recording": False, "newest": 9, "oldest": 30, "missing": 0},
        FORM,
        [
            "không thấy bản ghi mới: hỏi thử ngày 24/11/2021 không có bản ghi, bản ghi gần nhất xem lại được "
            f"là của ngày 16/11/2021; {MOTION}; kiểm tra ổ cứng hoặc thẻ nhớ, lịch ghi, {CALL}"
        ],
    ),
    (
        Subject.RECORDER,  # asked after 23:00, for half a minute of a day later than the night's
        {"recording": False, "newest": 4, "oldest": 30, "missing": 0, "asked": "2021-11-26"},
        FORM,
        [
            "không thấy bản ghi mới: hỏi thử ngày 25/11/2021 không có bản ghi, bản ghi gần nhất xem lại được "
            f"là của ngày 22/11/2021; {MOTION}; kiểm tra ổ cứng hoặc thẻ nhớ, lịch ghi, {CALL}"
        ],
    ),
    (Subject.CLOCK, {"utc": 40, "local": -40}, FORM, []),
    (Subject.CLOCK, {"utc": 300, "local": 300}, FORM, []),
    (Subject.CLOCK, {"utc": -10800, "local": -10800}, FORM, [f"đồng hồ của thiết bị chậm 03 giờ; {SET_IT}"]),
    (Subject.CLOCK, {"utc": 301}, FORM, [f"đồng hồ của thiết bị nhanh 05 phút; {SET_IT}"]),
    (Subject.CLOCK, {"utc": 7 * HOURS + 30}, FORM, []),  # it may call its local time universal
    (Subject.CLOCK, {"utc": -1_637_852_400}, FORM, [f"đồng hồ của thiết bị chậm trên 51 năm; {SET_IT}"]),  # 1970
    (Subject.CLOCK, {"utc": 251_764_448_340}, FORM, [f"đồng hồ của thiết bị nhanh trên 7961 năm; {SET_IT}"]),  # 9999
    (Subject.CLOCK, {"local": 30 - 7 * HOURS}, FORM, []),  # it may call its universal time local
    (Subject.CLOCK, {"local": 7 * HOURS}, FORM, [f"đồng hồ của thiết bị nhanh 07 giờ; {SET_IT}"]),
    (Subject.CLOCK, {"utc": 0, "local": HOURS}, FORM, [f"{ZONE} nhanh 01 giờ: {SET_ZONE}"]),
    (Subject.CLOCK, {"ours": -3600}, FORM, []),
    (Subject.CLOCK, {"utc": 7 * HOURS, "local": 5}, FORM, []),  # what its pictures show is right
    (
        Subject.CLOCK,
        {"utc": 5, "local": -7 * HOURS},
        FORM,
        [f"{ZONE} chậm 07 giờ: {SET_ZONE}"],
    ),
    (
        Subject.CLOCK,
        {"local": 300 * 24 * HOURS + 120},
        FORM,
        [f"đồng hồ của thiết bị nhanh 300 ngày 02 phút; {SET_IT}"],
    ),
    (Subject.DEVICE, DEVICE, FORM, []),
    (Subject.DEVICE, DEVICE, Declared(model="Hikvision DS-2CD2043G2"), []),
    (Subject.DEVICE, DEVICE, Declared(model="IPC-B140H"), []),  # HiLook's name of one that Hikvision makes
    (
        Subject.DEVICE,
        DEVICE,
        Declared(model="DS-2CD1023G0E"),
        [OTHER_MODEL.format("DS-2CD1023G0E", "DS-2CD2043G2-I")],
    ),
    (Subject.DEVICE, DEVICE, Declared(model="DS-2CD1023G0E", by_recorder=True), []),  # which recorder, nobody says
    (Subject.DEVICE, RECORDER, Declared(model="DS-2CD2043G2", recorder="DS-7608", by_recorder=True), []),
    (Subject.DEVICE, DEVICE, Declared(model="DS-2CD2043G2", recorder="DS-7608", by_recorder=True), []),  # it itself
    (
        Subject.DEVICE,
        RECORDER,
        Declared(model="DS-2CD2043G2", recorder="Hikvision DS-7616", by_recorder=True),
        [OTHER_MODEL.format("Hikvision DS-7616 / DS-2CD2043G2", "DS-7608NI-K2")],
    ),
    (Subject.DEVICE, {"firmware": "V5.7.3"}, Declared(model="DS-2CD1023G0E"), []),
    (Subject.DEVICE, {"login": "refused"}, Declared(model="DS-2CD1023G0E"), []),
    (Subject.DEVICE, {"login": "unanswered"}, FORM, []),
    (Subject.DEVICE, DEVICE | {"model": "DS-2CD{1}"}, Declared(model="DS-2CD{0}"), []),
]


@pytest.mark.parametrize(("subject", "found", "declared", "told"), CASES)
def test_what_differs_from_the_form_is_told_and_nothing_else(
    subject: Subject, found: dict[str, Any], declared: Declared, told: list[str]
) -> None:
    measured = Measured(subject, NIGHT, found)
    assert [said(one) for one in findings(declared, measured)] == told
    assert line(declared, measured).differs == tuple(told)
    assert in_words(measured)


def test_half_the_rate_is_a_finding_by_day() -> None:
    by_day = Measured(Subject.STREAM, NIGHT, GOOD | {"rate": 12.5}, by_day=True)
    assert [said(one) for one in findings(FORM, by_day)] == [f"khai 25 hình/giây, luồng chính đang phát 12,5; {MEND}"]


def test_every_finding_has_a_case() -> None:
    told = {one.code for subject, found, form, _ in CASES for one in findings(form, Measured(subject, NIGHT, found))}
    assert told == set(FindingCode)


def test_every_finding_says_whom_to_call_but_where_the_agency_can_see_for_itself() -> None:
    assert {code for code in FindingCode if "đơn vị lắp đặt, bảo trì" not in code.label} == {FindingCode.MODEL_DIFFERS}


def test_what_forms_call_codecs_and_resolutions_is_known_here() -> None:
    for kind, column in ((Compression, "codec"), (Resolution, "resolution")):
        for spec in (one for one in load_specs(DATA).values() if column in one.fields):
            field = spec.fields[column]
            assert {choice.code: choice.label for choice in spec.lists[field.choices or ""]} == {
                str(one): one.label for one in kind
            }


def test_each_camera_has_its_turn_once_a_week_and_each_night_a_seventh() -> None:
    week = [NIGHT + timedelta(days=day) for day in range(WEEK)]
    turns = {camera: [night for night in week if due(camera, night)] for camera in range(1, 701)}
    assert {len(nights) for nights in turns.values()} == {1}
    assert set(Counter(nights[0] for nights in turns.values()).values()) == {100}
    assert all(due(camera, nights[0] + timedelta(days=WEEK)) for camera, nights in turns.items())


def test_what_was_measured_is_said_in_words() -> None:
    def words(subject: Subject, found: dict[str, Any]) -> str:
        return in_words(Measured(subject, NIGHT, found))

    plain = "H.265; 1920×1080; 25 hình/giây; khung khóa cách nhau 2 giây; 2 Mbit/s; luồng phụ 640×360"
    assert words(Subject.STREAM, GOOD) == plain
    assert words(Subject.STREAM, {}) == "chưa đo được"
    kept = {"recording": True, "newest": 1, "oldest": 12, "missing": 13}
    told = "hôm trước có bản ghi; bản ghi cũ nhất xem lại được: 12 ngày trước; "
    assert words(Subject.RECORDER, kept) == f"{told}từ 13 ngày trước trở về trước không có bản ghi"
    enough = {"recording": True, "newest": 1, "oldest": 30, "missing": 0}
    assert words(Subject.RECORDER, enough).endswith("bản ghi cũ nhất xem lại được: ít nhất 30 ngày trước")
    stopped = {"recording": False, "newest": 9, "oldest": 30, "missing": 0}
    newest = "hỏi thử hôm trước: không có bản ghi; bản ghi gần nhất xem lại được: 09 ngày trước; "
    assert words(Subject.RECORDER, stopped).startswith(newest)
    quiet = {"recording": None, "newest": 3, "oldest": 30}
    assert "có thể hôm đó không có gì để ghi" in words(Subject.RECORDER, quiet)
    assert "chưa kết luận được" in words(Subject.RECORDER, {"recording": None})
    assert words(Subject.CLOCK, {"utc": 10, "local": -10800}) == (
        "giờ trên thiết bị chậm 03 giờ; giờ quốc tế của thiết bị đúng (lệch dưới 01 phút)"
    )
    assert words(Subject.DEVICE, DEVICE) == "HIKVISION DS-2CD2043G2-I, firmware V5.7.3"
    assert words(Subject.DEVICE, {"firmware": "V5.7.3"}) == "firmware V5.7.3"
    assert words(Subject.DEVICE, {"login": "refused"}).startswith("chưa đo được: thiết bị từ chối tài khoản")
    assert words(Subject.DEVICE, {"login": "?"}) == "chưa đo được"


@pytest.mark.parametrize(
    ("row", "declared"),
    [
        ({"model": "DS-2CD2043G2", "sharing": "rtsp"}, Declared(model="DS-2CD2043G2")),
        ({"nvr": "Hikvision DS-7608"}, Declared(recorder="Hikvision DS-7608", by_recorder=True)),
        ({"sharing": "nvr"}, Declared(by_recorder=True)),
        ({"channel": 3}, Declared(by_recorder=True)),
        ({"nvr_channels": 8}, Declared(by_recorder=True)),
    ],
)
def test_a_form_says_whether_a_camera_is_behind_a_recorder(row: dict[str, Any], declared: Declared) -> None:
    assert of(row) == declared


def test_the_forms_have_the_columns_and_the_code_that_this_is_read_from() -> None:
    specs = [spec for spec in load_specs(DATA).values() if "model" in spec.fields]
    assert len(specs) == 5
    for spec in specs:
        assert {"nvr", "nvr_channels", "channel", "sharing"} <= {*spec.fields}
        assert "nvr" in {choice.code for choice in spec.lists[spec.fields["sharing"].choices or ""]}
