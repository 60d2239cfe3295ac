"""Filled forms of several agencies, good and bad, sent as people send them: by mail, or laid into the drop folder."""

import os
import smtplib
from collections.abc import Iterable, Mapping, Sequence
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.demo import clips
from dondoc.demo.days import INTAKE, address, at
from dondoc.demo.fleet import Fleet
from dondoc.demo.mailserver import HOST, MailServer
from dondoc.escalation import sources
from dondoc.facts import contacts
from dondoc.forms.blank import blank
from dondoc.forms.spec import Field, load_specs
from dondoc.mail.message import POLICY
from dondoc.vocabulary.people import Role

LEFT_BLANK = {"sub_path", "nvr", "nvr_channels", "channel", "reason", "note", "vms"}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PLACES = {
    "ubnd-huyen-can-loc": ("Khu di tích Ngã ba Đồng Lộc", "Xã Đồng Lộc"),
    "ubnd-thanh-pho-ha-tinh": ("Văn Miếu Hà Tĩnh", "Phường Thạch Linh"),
    "ubnd-huyen-cam-xuyen": ("Bãi biển Thiên Cầm", "Thị trấn Thiên Cầm"),
    "ubnd-huyen-duc-tho": ("Khu lưu niệm Tổng Bí thư Trần Phú", "Xã Tùng Ảnh"),
    "ubnd-huyen-nghi-xuan": ("Khu di tích Đại thi hào Nguyễn Du", "Thị trấn Tiên Điền"),
    "ubnd-huyen-thach-ha": ("Đồi Mộng Ước", "Xã Ngọc Sơn"),
    "so-nnptnt": ("Hồ Kẻ Gỗ", "Xã Cẩm Mỹ"),
    "cang-vu-hang-hai": ("Cảng Vũng Áng", "Phường Kỳ Lợi"),
    "ubnd-huyen-ky-anh": ("Đền Phương Giai", "Xã Kỳ Bắc"),
}
# What only a closer look tells; the numbers that these get have their turn on 24, 23 and 22 November.
CLOSELY = ("recorder-stopped", "wrong-clock", "recorder")
WRONG = {"latitude": "105,72", "rtsp_port": "năm năm bốn", "resolution": "nét cao", "brand": ""}


def in_time(app: AppContext, mail: MailServer, fleet: Fleet) -> None:
    """What came before the deadline."""
    desk = Desk(app, mail, fleet)
    with at("2021-11-18T14:05"):
        desk.post("ubnd-huyen-can-loc", desk.form_03("ubnd-huyen-can-loc", "digest", "h265", "late"))
    with at("2021-11-19T07:30"):
        sources.look(app, clock.now())  # by itself: of mails read together nobody knows whose cameras get which numbers
    with at("2021-11-19T10:20"):
        desk.post("ubnd-thanh-pho-ha-tinh", desk.form_03("ubnd-thanh-pho-ha-tinh", *CLOSELY))
    with at("2021-11-19T16:40"):
        desk.post("ubnd-huyen-huong-son", desk.fill("form_03", "ubnd-huyen-huong-son", [], no_camera="Có"))


def today(app: AppContext, mail: MailServer, fleet: Fleet) -> None:
    """What lies in the mailbox and in the drop folder when the demo's day begins."""
    desk = Desk(app, mail, fleet)
    good = desk.form_03("ubnd-huyen-cam-xuyen", "healthy", "covered", "hanging")
    with at("2021-11-24T09:10"):
        desk.post("ubnd-huyen-cam-xuyen", good)
    with at("2021-11-24T10:00"):
        unofficial = desk.fill(
            "form_03",
            "ubnd-huyen-duc-tho",
            desk.rows("ubnd-huyen-duc-tho", "refusing", "missing"),
            officer_email="phongvanhoa.ductho@gmail.com",
        )
        desk.post("ubnd-huyen-duc-tho", unofficial)
    with at("2021-11-24T15:30"):
        rows = desk.rows("so-nnptnt", "healthy", "digest", "garbage", "damaged")
        desk.post("so-nnptnt", desk.fill("form_01", "so-nnptnt", rows))
    with at("2021-11-25T08:15"):
        rows = [row | WRONG for row in desk.rows("ubnd-huyen-nghi-xuan", "healthy")]
        rows += desk.rows("ubnd-huyen-nghi-xuan", "healthy", "healthy")[1:]
        desk.post("ubnd-huyen-nghi-xuan", desk.fill("form_03", "ubnd-huyen-nghi-xuan", rows))
    with at("2021-11-25T08:40"):
        desk.post("ubnd-huyen-cam-xuyen", good)  # once more, to be sure
    with at("2021-11-25T09:05"):
        rows = desk.rows("cang-vu-hang-hai", "healthy", "busy", "smart")
        desk.post("cang-vu-hang-hai", desk.fill("form_04", "cang-vu-hang-hai", rows))
    with at("2021-11-25T09:40"):
        rows = desk.rows("ubnd-huyen-ky-anh", "healthy")
        unsigned = desk.fill("form_03", "ubnd-huyen-ky-anh", rows, agency_name="UBND Kỳ Anh", token=False)
        desk.send("nguoi.la@example.com", "khao sat camera.xlsx", unsigned)
    with at("2021-11-25T10:10"):
        broken = desk.form_03("ubnd-huyen-loc-ha", "healthy")
        desk.post("ubnd-huyen-loc-ha", broken[: len(broken) // 2])
    with at("2021-11-25T10:30"):
        desk.send(address("ubnd-huyen-vu-quang", Role.CLERK), "1120_UBND-VP cu can bo dau moi.pdf", SCAN)
    with at("2021-11-25T11:00"):
        desk.drop("Thach Ha BM03.xlsx", desk.form_03("ubnd-huyen-thach-ha", "healthy", "dark"))


class Desk:
    """What an officer of an agency has: the blank form, the cameras, and a mail program."""

    def __init__(self, app: AppContext, mail: MailServer, fleet: Fleet) -> None:
        self.app, self.mail, self.fleet = app, mail, fleet

    def rows(self, agency: str, *behaviours: str) -> list[dict[str, Any]]:
        """One camera for each behaviour, all of one place."""
        place, ward = PLACES.get(agency, ("Điểm du lịch cộng đồng", "Thị trấn"))
        return [
            {
                "place": place,
                "name": f"{('Cổng chính', 'Bãi xe', 'Khu trung tâm')[number % 3]} {number + 1:02}",
                "site": ("Cổng", "Bãi xe", "Sân trung tâm")[number % 3],
                "ward": ward,
                "latitude": f"18,3{number}{len(agency):02}",
                "longitude": f"105,9{number}{len(agency):02}",
                "host": self.fleet.slow_clock if behaviour == "wrong-clock" else HOST,
                "rtsp_port": str(self.fleet.refusing_port if behaviour == "refusing" else self.fleet.ports[0]),
                "main_path": f"/{behaviour}/{agency}-{number + 1}",
                "link": "TSLCD",
                "codec": "H.265" if behaviour in ("h265", "damaged") else "H.264",
                "fps": str(clips.RATE),
                "resolution": "1080p (2MP)" if behaviour == "recorder" else "D1/khác",  # one is not as declared
            }
            for number, behaviour in enumerate(behaviours)
        ]

    def form_03(self, agency: str, *behaviours: str) -> bytes:
        return self.fill("form_03", agency, self.rows(agency, *behaviours))

    def fill(self, form: str, agency: str, rows: Sequence[Mapping[str, Any]], **head: Any) -> bytes:
        """The agency's own blank form, filled in like its examples except for what is given.

        `token=False`: not our form, but a copy that somebody made.
        """
        secrets = self.app.secrets if head.pop("token", True) else []
        spec, registry = load_specs(self.app.settings.data)[form], self.app.registry
        head = {
            "agency_name": registry.agency(agency).name,
            "document_number": f"{1200 + len(agency)}/UBND-VHTT",
            "no_camera": "Không",
            "total_sites": "1",
            "total_cameras": str(len(rows)),
            **self.officer(agency),
        } | head
        return blank(
            spec,
            registry.agency(agency),
            registry=registry,
            secrets=secrets,
            head=_filled(spec.head, head),
            rows=[_filled(spec.columns, row) for row in rows],
        )

    def officer(self, agency: str) -> dict[str, str]:
        """The focal officer as the address book has it: who is known needs nobody's confirmation."""
        with self.app.sessions.reading() as session:
            officers = contacts.find(session, agency, Role.FOCAL_OFFICER, clock.now().date())
        mailbox = address(agency, Role.FOCAL_OFFICER)
        known = next(({"officer_name": c.name, "officer_phone": c.phone} for c in officers if c.email == mailbox), {})
        return {"officer_email": mailbox} | known

    def post(self, agency: str, workbook: bytes) -> None:
        """Mail a form from the agency's registered address."""
        name = self.app.registry.agency(agency).short
        self.send(
            address(agency, Role.FOCAL_OFFICER), f"Bieu mau {agency.removeprefix('ubnd-')}.xlsx", workbook, name=name
        )

    def send(self, sender: str, filename: str, content: bytes, *, name: str = "", to: str = INTAKE) -> None:
        message = EmailMessage(policy=POLICY)
        message["From"], message["To"], message["Date"] = sender, to, format_datetime(clock.now())
        message["Subject"] = f"{name or 'V/v'} gửi thông tin khảo sát camera"
        message["Message-ID"] = make_msgid(domain=sender.split("@")[1])
        message.set_content("Kính gửi Sở Thông tin và Truyền thông,\n\nĐơn vị gửi kèm tệp. Trân trọng.\n")
        main, _, sub = (XLSX if filename.endswith(".xlsx") else "application/pdf").partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=filename)
        with smtplib.SMTP(HOST, self.mail.smtp_port, "demo.test", timeout=20) as smtp:
            smtp.send_message(message)

    def drop(self, filename: str, content: bytes) -> None:
        """Lay a file into the drop folder, with the time of now."""
        folder = self.app.settings.home / "drop"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / filename).write_bytes(content)
        os.utime(folder / filename, (clock.now().timestamp(),) * 2)


def _filled(fields: Iterable[Field], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given, and the form's own examples elsewhere."""
    words = {f.key: given.get(f.key, "" if f.key in LEFT_BLANK else f.example) for f in fields}
    return {key: word for key, word in words.items() if word}


# A scanned page, as small as a PDF can be.
SCAN = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
