"""The demo's last words."""

from datetime import date
from pathlib import Path

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.demo import summary, world
from dondoc.facts import contacts
from dondoc.facts.desk import desk
from tests.cameras.nights import AGENCY, SYSTEM, cameras, late, seen
from tests.conftest import CLERK


def test_cameras_are_counted_as_on_the_page_and_in_the_report(app: AppContext) -> None:
    ids = cameras(app, *(f"{AGENCY},{SYSTEM},{n},rtsp://10.1.1.{n},,,,Cổng,," for n in range(1, 4)))
    seen(app, 0, {ids[0]: "ok", ids[1]: "auth_required"})
    said = "\n".join(summary.lines(app, late(0)))
    assert "  1  có hình tốt [ok]" in said
    assert "(01 camera có hình tốt; 01 camera đòi đăng nhập, Sở chưa có tài khoản)" in said


def test_letters_of_the_demo_name_a_person_to_call_and_no_sample_number(app: AppContext, tmp_path: Path) -> None:
    day = date(2021, 11, 15)
    with app.sessions.begin() as session:
        listed = world.write_contacts(app, tmp_path / "contacts.csv")
        now = clock.at(day, 8)
        contacts.import_csv(session, app.registry, listed, "contacts.csv", by=CLERK, secrets=app.secrets, now=now)
        said = desk(session, app.registry, app.letters(session, day), day)
    assert said == "Nguyễn Thị Hà, điện thoại 0239 3855 555"
