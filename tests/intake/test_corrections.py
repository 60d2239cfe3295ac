"""A current copy that goes out with a receipt, is corrected, and comes back."""

from collections.abc import Callable
from io import BytesIO

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from dondoc.cameras.registry import addresses
from dondoc.forms import attached, template
from dondoc.forms.spec import load_specs
from dondoc.intake import versions
from dondoc.store.intake import Verdict
from dondoc.vocabulary.cameras import Exemption
from tests.conftest import NOVEMBER

from .conftest import DUC_THO, NAMED, VU_QUANG, Desk
from .test_judge import bring, cameras, newest


def copy(desk: Desk) -> bytes:
    """The version in force, as it is sent."""
    spec = load_specs(desk.app.settings.data)["form_03"]
    with desk.app.sessions.reading() as session:
        verdict, now = versions.newest(session, DUC_THO, "form_03"), versions.current(session, spec, DUC_THO)
    assert verdict
    assert verdict.version
    assert now
    head = {key: value for key, value in now.head.items() if key != "agency_name"}
    made = attached.current_copy(
        desk.app, DUC_THO, "form_03", version=verdict.version, head=head, rows=now.rows, day=NOVEMBER
    )
    return desk.app.blobs.get(made.sha256)


def edited(desk: Desk, *changes: tuple[int, str, str | None], content: bytes | None = None) -> bytes:
    """The copy with cells filled in: row of the list, field, what stands there."""
    book, form = load_workbook(BytesIO(content or copy(desk))), load_specs(desk.app.settings.data)["form_03"].current
    sheet = book[form.sheet]
    assert isinstance(sheet, Worksheet)
    for row, field, value in changes:
        sheet.cell(template.FIRST + row, template.column(form, field)).value = value
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def back(desk: Desk, content: bytes, **more: str) -> Verdict:
    return newest(desk, bring(desk, content, **more))


@pytest.fixture
def sent(desk: Desk) -> Desk:
    bring(desk, desk.form(cameras=3))
    return desk


def urls(desk: Desk) -> list[str]:
    return [addresses.read(camera, desk.app.secrets).url or "" for camera in cameras(desk)]


def test_a_copy_that_comes_back_as_it_went_out_is_what_stands(sent: Desk) -> None:
    assert back(sent, copy(sent)).outcome == "duplicate"


def test_what_is_corrected_is_the_next_version_and_what_was_left_blank_stays(sent: Desk) -> None:
    before = urls(sent)
    verdict = back(sent, edited(sent, (1, "change", "Sửa"), (1, "name", "Bãi đỗ xe")), sender=NAMED)
    assert (verdict.outcome, verdict.version) == ("accepted", 2)
    assert [row["name"] for row in verdict.rows] == ["Cổng 01", "Bãi đỗ xe", "Cổng 03"]
    assert [row["latitude"] for row in verdict.rows] == [18.34, 18.3401, 18.3402]
    assert [camera.name for camera in cameras(sent)] == ["Cổng 01", "Bãi đỗ xe", "Cổng 03"]  # known by their numbers
    assert urls(sent) == before
    assert "Cổng 02 → Bãi đỗ xe" in sent.letters()[-1].text


def test_an_address_that_is_said_anew_is_taken_and_no_other_is_touched(sent: Desk) -> None:
    before = urls(sent)
    assert back(sent, edited(sent, (0, "change", "Sửa"), (0, "rtsp_port", "8554"))).outcome == "accepted"
    assert urls(sent) == [before[0].replace(":554/", ":8554/"), *before[1:]]


def test_a_camera_that_was_taken_down_is_said_to_be_and_asked_about_no_more(sent: Desk) -> None:
    verdict = back(sent, edited(sent, (2, "change", "Tháo dỡ")))
    assert verdict.outcome == "accepted"
    third = cameras(sent)[2]
    assert third.exemption == Exemption.REMOVED
    assert "Cổng 03" in sent.letters()[-1].text
    assert "đã tháo dỡ" in sent.letters()[-1].text
    assert "02 camera" in sent.letters()[-1].subject
    again = back(sent, edited(sent, (0, "change", "Sửa"), (0, "site", "Cổng mới")))
    assert (again.outcome, again.version) == ("accepted", 3)
    assert cameras(sent)[2].exemption == Exemption.REMOVED


def test_a_new_row_without_a_number_is_a_new_camera(sent: Desk) -> None:
    whole = sent.form(cameras=4, base=1)
    assert back(sent, whole, sender=NAMED).version == 2
    assert len(cameras(sent)) == 4


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda desk: edited(desk, (0, "number", "CAM-00099")), "number_unknown"),
        (lambda desk: edited(desk, (0, "change", "Sửa"), (0, "rtsp_port", "8554")), "address_in_part"),
    ],
)
def test_what_only_we_can_tell_is_wrong_sends_it_back(desk: Desk, spoil: Callable[[Desk], bytes], code: str) -> None:
    book = load_workbook(BytesIO(desk.form(cameras=1)))
    (cell,) = (c for sheet in book for row in sheet.iter_rows() for c in row if c.value == "127.0.0.1")
    cell.value = "rtsp://127.0.0.1:554/live/a8F3kQz9pL2mNx7w"
    stream = BytesIO()
    book.save(stream)
    bring(desk, stream.getvalue())
    verdict = back(desk, spoil(desk))
    assert verdict.outcome == "returned"
    assert code in {issue["code"] for issue in verdict.issues}


def test_of_the_same_values_other_faults_are_told_too(sent: Desk) -> None:
    for number, code in (("CAM-00099", "number_unknown"), ("CAM-00001", "duplicate_number")):
        back(sent, edited(sent, (1, "number", number)))
        assert sent.letters()[-1].context["submission"] == sent.submissions()[-1].id
        assert code in {issue["code"] for issue in sent.verdicts()[-1].issues}
    count = len(sent.letters())
    back(sent, edited(sent, (1, "number", "CAM-00001")))
    assert len(sent.letters()) == count


def test_who_sends_another_agencys_copy_learns_nothing_of_that_agency(sent: Desk) -> None:
    sent.register(VU_QUANG, "cntt@vuquang.test")
    assert back(sent, edited(sent, (0, "name", "X")), sender="cntt@vuquang.test").outcome == "waiting"
    letter = sent.letters()[-1]
    assert (letter.recipient, letter.agency, letter.attachments) == ("cntt@vuquang.test", None, [])
    assert "Kính gửi: Quý cơ quan" in letter.text
    assert "Đức Thọ" not in letter.text + letter.subject
    assert "còn phải gửi" not in letter.text


@pytest.mark.parametrize(("word", "outcome", "standing"), [("Tháo dỡ", "accepted", 2), ("Giữ nguyên", "duplicate", 3)])
def test_a_camera_that_the_newest_form_does_not_name_stands_in_the_copy_and_can_be_answered_there(
    word: str, outcome: str, standing: int, sent: Desk
) -> None:
    """Asked about the third camera, its agency opens the copy that came with the question."""
    assert back(sent, sent.form(cameras=2)).outcome == "accepted_with_warnings"
    before = urls(sent)
    answered = back(sent, edited(sent, (2, "change", word)))
    assert (answered.outcome, answered.issues) == (outcome, [])
    assert urls(sent) == before
    assert [camera.exemption == Exemption.REMOVED for camera in cameras(sent)].count(False) == standing
    with sent.app.sessions.reading() as session:
        now = versions.current(session, load_specs(sent.app.settings.data)["form_03"], DUC_THO)
    assert now
    assert (now.head["total_cameras"], len(now.rows)) == (standing, standing)


@pytest.mark.parametrize("total", [3, 2])
def test_the_total_of_the_next_copy_counts_what_stands_whether_or_not_it_was_counted_down(
    total: int, sent: Desk
) -> None:
    book, spec = load_workbook(BytesIO(edited(sent, (2, "change", "Tháo dỡ")))), load_specs(sent.app.settings.data)
    book["Thông tin chung"]["C20"] = total
    stream = BytesIO()
    book.save(stream)
    assert back(sent, stream.getvalue()).outcome == "accepted"
    with sent.app.sessions.reading() as session:
        now = versions.current(session, spec["form_03"], DUC_THO)
    assert now
    assert (now.head["total_cameras"], len(now.rows)) == (2, 2)
    assert "Tổng số camera: 3 → 2" in sent.letters()[-1].text
