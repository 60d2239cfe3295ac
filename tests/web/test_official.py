"""The page of our official letters: what waits for its number since when, what was issued, what was taken back."""

from datetime import date
from pathlib import Path

import pytest

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.store.official import OfficialLetter
from tests.directive.letters import written
from tests.escalation.test_official import DUC_THO, HONG_LINH, LETTER, PDF
from tests.web.conftest import ORIGIN, Visit, words_of

pytestmark = pytest.mark.slow
SAID = {"number": "2145/STTTT-CNTT", "document_date": "2021-11-26", "signer": "Đậu Tùng Lâm"}
FIRST, SECOND = date(2021, 11, 25), date(2021, 11, 26)


@pytest.fixture
def environment(environment: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    environment.setenv("DONDOC_DIRECTIVE", str(written(tmp_path / "mot.yaml", LETTER)))
    environment.setenv("DONDOC_CLOCK", "2021-11-29T09:00+07:00")
    return environment


@pytest.fixture
def drafted(app: AppContext) -> None:
    """Two mornings: of the second the police is no part any more."""
    owed = {a: [a, f"{a}/{LETTER.id}:tourism/form_03", "2021-11-19", "urged"] for a in (HONG_LINH, DUC_THO)}
    said = {"directive": LETTER.id, "answer_days": 5, "blob": app.blobs.put(b"PK"), "rehearsal": True}
    with app.sessions.begin() as session:
        for day, items in ((FIRST, [*owed.values()]), (SECOND, [owed[DUC_THO]])):
            session.add(OfficialLetter(day=day, items=items, recorded_at=clock.at(day, 8), **said))


def test_the_clerk_sees_what_waits_since_when_and_enters_what_was_issued(drafted: None, visit: Visit) -> None:
    page = words_of(visit("ops").get("/official").text)
    assert (
        "CV-0002, lập ngày 26/11/2021 Chờ từ ngày 25/11/2021, đã 02 ngày làm việc. Kính gửi: UBND huyện Đức Thọ."
        in page
    )
    assert "01 dự thảo không còn cần" in page
    assert "Chưa có công văn nào." in page
    wrong = visit("ops").post("/official/2/issue", headers=ORIGIN, data=SAID, files={"file": ("a.docx", b"PK")})
    assert (wrong.status_code, "phải là tệp PDF" in wrong.text) == (400, True)
    file = {"file": ("ky.pdf", PDF)}
    assert visit("viewer").post("/official/2/issue", headers=ORIGIN, data=SAID, files=file).status_code == 403
    assert visit("ops").post("/official/2/issue", headers=ORIGIN, data=SAID, files=file).status_code == 303
    page = words_of(visit("viewer").get("/official").text)
    assert "2145/STTTT-CNTT (CV-0002)26/11/2021Đậu Tùng LâmUBND huyện Đức Thọ" in page
    assert "Không có dự thảo nào đang chờ." in page
    assert visit("viewer").get("/official/2/signed").content == PDF
    assert visit("ops").post("/official/2/unissue", headers=ORIGIN, data={"reason": "nhầm số"}).status_code == 303
    assert "Đã rút công văn số 2145/STTTT-CNTT (CV-0002) khỏi sổ." in words_of(visit("ops").get("/official").text)
    assert visit("ops").get("/official/2/signed").status_code == 404


def test_a_letter_that_was_written_elsewhere_is_entered_with_the_step_and_agencies_that_it_covers(
    drafted: None, visit: Visit
) -> None:
    page = words_of(visit("ops").get("/official").text)
    assert "Vào sổ công văn soạn ngoài chương trình" in page
    covers = {"step": f"{LETTER.id}:urged", "answer_days": "5", "agency": [HONG_LINH, DUC_THO]}
    file = {"file": ("ky.pdf", PDF)}
    assert visit("viewer").post("/official/enter", headers=ORIGIN, data=SAID | covers, files=file).status_code == 403
    assert visit("ops").post("/official/enter", headers=ORIGIN, data=SAID | covers, files=file).status_code == 303
    assert "2145/STTTT-CNTT (CV-0003)" in words_of(visit("viewer").get("/official").text)
    assert visit("viewer").get("/official/3/signed").content == PDF
    assert visit("viewer").get("/official/3/draft").status_code == 404
