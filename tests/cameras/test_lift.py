"""The stricter of two words on a camera stands until a person of ours lifts it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from dondoc.cameras.registry.declarations import stricter
from dondoc.cameras.registry.declare import declare
from dondoc.cameras.registry.imports import import_csv
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.store.cameras import Camera
from dondoc.store.trust import AuditEvent
from tests.cameras.nights import AGENCY, NOW, SYSTEM
from tests.conftest import CLERK, SECRET, Run

SAID = st.sampled_from([True, False, None])


def say(app: AppContext, *, restricted: bool | None, audio: bool | None, host: str = "10.1.1.1") -> None:
    """A form declares the camera."""
    row = {"name": "Cổng", "host": host, "main_path": "/1", "restricted": restricted, "audio": audio}
    with app.sessions.begin() as session:
        declare(session, agency=AGENCY, system=SYSTEM, rows=[row], submission_id=None, happened_at=NOW, now=NOW)


def bring(app: AppContext, restricted: str, sound: str) -> None:
    """A file of ours names it."""
    text = f"agency,system,name,url,restricted,sound\n{AGENCY},{SYSTEM},Cổng,rtsp://10.1.1.1/1,{restricted},{sound}"
    with app.sessions.begin() as session:
        import_csv(session, app.registry, text, "c.csv", by=CLERK, secrets=[SECRET], now=NOW)


def words(app: AppContext) -> tuple[bool, bool | None]:
    with app.sessions.reading() as session:
        [camera] = session.scalars(select(Camera))
    return camera.restricted, camera.records_sound


@given(st.lists(SAID, min_size=1))
def test_once_yes_it_stays_yes_in_any_order(said: list[bool | None]) -> None:
    known: bool | None = None
    for word in said:
        known = stricter(known, word)
    assert known is (True if True in said else said[-1])


def test_neither_a_form_nor_a_file_takes_it_back_only_a_person_and_it_can_be_said_again(
    app: AppContext, dondoc: Run
) -> None:
    say(app, restricted=True, audio=True)
    say(app, restricted=False, audio=False)
    say(app, restricted=None, audio=None, host="10.1.1.2")
    bring(app, "không", "không")
    assert words(app) == (True, True)
    with pytest.raises(Problem, match="tên của máy"):
        dondoc("cameras", "lift", "CAM-00001", "--restricted", "--by", "dondoc", "--reason", "x")
    with pytest.raises(Problem, match="Lý do"):
        dondoc("cameras", "lift", "CAM-00001", "--restricted", "--by", "Lê A", "--reason", " ")
    with pytest.raises(Problem, match="--restricted, --sound"):
        dondoc("cameras", "lift", "CAM-00001", "--by", "Lê A", "--reason", "x")
    assert words(app) == (True, True)
    dondoc("cameras", "lift", "CAM-00001", "--sound", "--by", "Lê A", "--reason", "đã tháo micro")
    assert words(app) == (True, False)
    dondoc("cameras", "lift", "cam-1", "--restricted", "--by", "Lê A", "--reason", "công văn 12")
    say(app, restricted=False, audio=False)
    assert words(app) == (False, False)
    with pytest.raises(Problem, match="không có gì để bỏ"):
        dondoc("cameras", "lift", "cam-1", "--restricted", "--by", "Lê A", "--reason", "công văn 12")
    say(app, restricted=True, audio=None)
    bring(app, "", "có")
    assert words(app) == (True, True)
    with app.sessions.reading() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.act == "lift").order_by(AuditEvent.id)).all()
    assert [(e.act, e.subject, e.name, e.details) for e in events] == [
        ("lift", "CAM-00001", "Lê A", {"word": "records_sound", "reason": "đã tháo micro"}),
        ("lift", "CAM-00001", "Lê A", {"word": "restricted", "reason": "công văn 12"}),
    ]
