"""The focal-officer form names people per system: they are written to from then on."""

from datetime import timedelta

from dondoc.facts import contacts
from dondoc.forms.blank import blank
from dondoc.forms.spec import load_specs
from dondoc.intake.receive import receive

from .conftest import DUC_THO, OFFICER, Desk


def test_the_officers_of_the_form_become_contacts_of_their_systems(desk: Desk) -> None:
    world = desk.world
    spec = load_specs(world.settings.data)["form_focal"]
    person = {
        "system": "public_admin_centre",
        "officer_name": "Trần Văn Hải",
        "officer_title": "Chuyên viên CNTT",
        "officer_department": "Văn phòng",
        "officer_phone": "0912345678",
        "officer_email": "hai.tv@ductho.hatinh.gov.vn",
    }
    other = person | {"system": "tourism", "officer_name": "Lê Thị Mai", "officer_email": "mai.lt@ductho.hatinh.gov.vn"}
    content = blank(
        spec,
        world.directive.agency(DUC_THO),
        directive=world.directive,
        secrets=world.settings.secret_keys,
        head={"document_number": "12/UBND-VX", "document_date": "17/11/2021"},
        rows=[person, other],
    )
    desk.now += timedelta(minutes=1)
    submission, _ = receive(
        world,
        content,
        channel="mail",
        channel_id="1",
        sender=OFFICER,
        filename="dau-moi.xlsx",
        received_at=desk.now,
        now=desk.now,
    )
    assert desk.work()[submission].startswith("accepted")
    with world.sessions.begin() as session:
        for system, name in (("public_admin_centre", "Trần Văn Hải"), ("tourism", "Lê Thị Mai")):
            assert contacts.find(session, DUC_THO, "focal_officer", desk.now.date(), system)[0].name == name
