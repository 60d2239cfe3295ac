"""What is different between two versions of a form."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.configuration.settings import DATA
from dondoc.forms.spec import load_specs
from dondoc.intake.differences import Content, Differences, between, label, sentence

SPEC = load_specs(DATA)["form_03"]


def camera(name: str, place: str = "Đồi Mộng Ước", **more: Any) -> dict[str, Any]:
    return {"_row": 9, "name": name, "place": place, **more}


def compare(older: list[dict[str, Any]], newer: list[dict[str, Any]]) -> Differences:
    return between(SPEC, Content({}, older), Content({}, newer))


def words(found: Differences) -> list[str]:
    return [sentence(SPEC, change) for change in found.changes]


def test_a_changed_cell_is_said_as_people_read_it() -> None:
    older = [camera("Cổng", resolution="720p", retention_days=15, audio=False)]
    newer = [camera("CỔNG", resolution="1080p", retention_days=30, onvif="yes", audio=False)]
    assert words(compare(older, newer)) == [
        "CỔNG (Đồi Mộng Ước), Tên camera: Cổng → CỔNG",
        "CỔNG (Đồi Mộng Ước), Độ phân giải: 720p → 1080p (2MP)",
        "CỔNG (Đồi Mộng Ước), Hỗ trợ ONVIF: để trống → Có",
        "CỔNG (Đồi Mộng Ước), Thời gian lưu trữ (ngày): 15 → 30",
    ]


def test_of_the_head_too_and_nothing_sensitive_is_quoted() -> None:
    head = {"officer_name": "Lê Văn B", "document_date": "2021-11-17"}
    newer = {"officer_name": "Lê Văn C", "document_date": "2021-11-19"}
    rows = [camera("Cổng", host="10.1.1.5")], [camera("Cổng", host="10.1.1.6")]
    found = words(between(SPEC, Content(head, rows[0]), Content(newer, rows[1])))
    assert any(one.endswith(": 17/11/2021 → 19/11/2021") for one in found)
    assert any(one.endswith(": Lê Văn B → Lê Văn C") for one in found)
    [address] = [one for one in found if one.startswith("Cổng")]
    assert address.endswith(": đã đổi")
    assert "10.1.1" not in " ".join(found)


def test_a_camera_is_known_by_its_number_then_by_its_name_then_by_its_address() -> None:
    older = [camera("A", number="CAM-00001"), camera("B", host="10.0.0.1"), camera("C")]
    newer = [camera("Cổng chính", number="CAM-00001"), camera("Bãi xe", host="10.0.0.1"), camera("D")]
    found = compare(older, newer)
    assert [label(SPEC, row) for row in found.added] == ["D (Đồi Mộng Ước)"]
    assert [label(SPEC, row) for row in found.gone] == ["C (Đồi Mộng Ước)"]
    assert [one.rpartition(": ")[2] for one in words(found)] == ["A → Cổng chính", "B → Bãi xe"]


@pytest.mark.parametrize("key", ["host", "number"])
def test_what_several_rows_share_tells_none_of_them_apart(key: str) -> None:
    older = [camera("A", **{key: "x"}), camera("B", **{key: "x"})]
    newer = [camera("C", **{key: "x"}), camera("D", **{key: "x"})]
    found = compare(older, newer)
    assert (len(found.added), len(found.gone), found.changes) == (2, 2, ())


rows = st.lists(
    st.builds(
        camera,
        st.sampled_from("ABCD"),
        st.sampled_from(["Đồi", "Biển"]),
        host=st.sampled_from([None, "10.0.0.1", "10.0.0.2"]),
        number=st.sampled_from([None, "CAM-00001", "CAM-00002"]),
    ),
    max_size=6,
)


@given(rows, rows)
def test_every_row_is_paired_added_or_gone_once(older: list[dict[str, Any]], newer: list[dict[str, Any]]) -> None:
    found = compare(older, newer)
    assert len(older) - len(found.gone) == len(newer) - len(found.added) >= 0
    for listed, content in ((found.added, newer), (found.gone, older)):
        assert len({id(row) for row in listed}) == len(listed)
        assert all(any(row is one for one in content) for row in listed)


@given(rows)
def test_a_form_differs_in_nothing_from_itself_but_for_rows_that_are_alike(content: list[dict[str, Any]]) -> None:
    found = compare(content, content)
    assert found.changes == ()
    assert len(found.added) == len(found.gone)
