"""Two letters at once: an agency that owes under both is written to once a day."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dondoc.directive import record
from tests.conftest import Run
from tests.directive.letters import NOVEMBER_2021, SHIPPED, file, group, written
from tests.escalation.conftest import Office, one

HONG_LINH, DUC_THO, FORM = "ubnd-thi-xa-hong-linh", "ubnd-huyen-duc-tho", "tourism/form_03"
SECOND = file(group("tourism/focal_letter", HONG_LINH, due_before="2021-11-20"))
FIRST, NUMBER = NOVEMBER_2021.id, "Văn bản số 2500/STTTT-CNTT ngày 16/11/2021"


@pytest.fixture
def both(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("DONDOC_DIRECTIVE", f"{SHIPPED},{written(tmp_path / 'b.yaml', SECOND)}")


@pytest.fixture
def two(both: None, post_office: Office) -> Office:
    return post_office


def test_an_agency_that_owes_under_two_letters_gets_one_a_day_that_names_both(two: Office) -> None:
    row = one(two.decide(), HONG_LINH)
    assert row["directives"] == [SECOND.id, FIRST]
    two.deliver()
    assert one(two.decide(), HONG_LINH) == row, "and no second one"
    boxes = two.server.boxes  # type: ignore[union-attr]
    for role in ("focal_officer", "clerk"):
        [mail] = boxes.messages(f"{role}@{HONG_LINH}.test")
    text = mail.get_body(("plain",)).get_content()
    first, second = (
        text.index("Theo văn bản của Sở về đôn đốc triển khai"),
        text.index(f"Theo {NUMBER} về rà soát camera:"),
    )
    assert first < text.index("- Biểu mẫu 03") < second < text.index("- Văn bản cử cán bộ đầu mối")
    for document in ("7418/UBND-NC2 ngày 05/11/2021 của", "8000/UBND-NC2 ngày 15/11/2021 của", f"{NUMBER} của"):
        assert document in text
    assert f"Văn bản cử cán bộ đầu mối (Khu, điểm du lịch) theo {NUMBER}: chưa nhận được" in row["reason"]
    assert all(r.directives == [SECOND.id, FIRST] for r in two.letters(HONG_LINH))


def test_the_ladder_of_each_letter_climbs_and_the_highest_step_decides(two: Office) -> None:
    """The second letter's duty is extended: it is still to come while the first letter's climbs."""
    two.rule("extend", directive=SECOND.id, until=date(2021, 11, 26))
    row = one(two.decide(), HONG_LINH)
    assert (row["step"], row["directives"], row["obligations"]) == ("overdue_1", [FIRST], [FORM])
    assert f"còn phải gửi: Văn bản cử cán bộ đầu mối (Khu, điểm du lịch) theo {NUMBER}" in row["reason"]
    letter = two.letters(HONG_LINH)[0]
    assert letter.text.index("02 nội dung dưới đây trong ngày 26/11/2021"), "not before the extension that it names"


def test_a_letter_about_one_that_was_closed_meanwhile_does_not_leave(two: Office) -> None:
    two.decide()
    told = {"document": "CV 10", "reason": "đã xong", "by": "Trần Thị B", "now": two.now}
    with two.app.sessions.begin() as session:
        record.close(session, SECOND.id, on=two.now.date(), **told)  # type: ignore[arg-type]
    two.deliver()
    assert {r.state for r in two.letters(HONG_LINH)} == {"cancelled"}
    assert "stttt-2021-12” đã kết thúc" in two.letters(HONG_LINH)[0].reason
    assert {r.state for r in two.letters(DUC_THO)} == {"sent"}, "it owes under the first alone"


def test_ids_are_short_while_one_letter_alone_asks(
    both: None, office: Office, dondoc: Run, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def owed(agency: str) -> list[str]:
        rows = json.loads(dondoc("preview", "--as-of", "2021-11-23", "--json").stdout)
        return list(one(rows, agency)["obligations"])

    assert owed(HONG_LINH) == ["tourism/focal_letter", FORM]
    third = file(group(FORM, DUC_THO, due_before="2021-11-20"), id="c", number="2501/STTTT-CNTT")
    environment.setenv("DONDOC_DIRECTIVE", f"{SHIPPED},{tmp_path / 'b.yaml'},{written(tmp_path / 'c.yaml', third)}")
    assert owed(HONG_LINH) == [f"{FIRST}:{FORM}", "tourism/focal_letter"]
    assert owed(DUC_THO) == [f"c:{FORM}", "public_admin_centre/focal_letter", f"{FIRST}:{FORM}"]


@pytest.mark.slow
def test_a_ladder_with_other_ids_and_titles_and_a_letter_with_another_number_send_nothing_again(
    environment: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    def ladder(prefix: str) -> list[dict[str, Any]]:
        named = {step["id"]: f"{prefix}{step['id']}" for step in NOVEMBER_2021.content()["ladder"]}
        return [
            {**step, "id": named[step["id"]], "title": prefix, "needs": step["needs"] and named[step["needs"]]}
            for step in NOVEMBER_2021.content()["ladder"]
        ]

    owed = group(FORM, HONG_LINH, due_before="2021-11-20")
    environment.setenv("DONDOC_DIRECTIVE", str(written(tmp_path / "b.yaml", file(owed, ladder=ladder("a_")))))
    office: Office = request.getfixturevalue("post_office")
    assert one(office.decide(), HONG_LINH)["step"] == "a_overdue_1"
    office.deliver()
    office.go(date(2021, 11, 24))
    changed = file(owed, ladder=ladder("b_"), number="9/STTTT")
    told = {"document": "CV 10", "reason": "đổi tên bậc", "by": "Trần Thị B", "now": office.now, "after": 1}
    with office.app.sessions.begin() as session:
        record.take_in(session, [file(owed, ladder=ladder("a_"))], office.now)
        record.add(session, changed, state=record.State.ACTIVE, valid_from=office.now.date(), **told)  # type: ignore[arg-type]
    office.see()
    assert office.decide() == [], "the first overdue letter of the day before counts"
    office.go(date(2021, 11, 25))
    office.see()
    assert one(office.decide(), HONG_LINH)["step"] == "b_overdue_2", "and lets the next step come"
