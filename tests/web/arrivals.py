"""What has arrived at a Department: something of every kind of work."""

from datetime import date, timedelta
from io import BytesIO
from typing import Any

from openpyxl import load_workbook

from dondoc.configuration.context import AppContext
from dondoc.intake.answers.answer import answer
from dondoc.intake.judge import judge_submission
from dondoc.intake.receive import receive
from dondoc.intake.verdicts import without_reading
from dondoc.mail import outbox
from dondoc.mail.letter import Letter
from dondoc.store.intake import Mail, Submission
from dondoc.vocabulary.mails import MailKind
from dondoc.vocabulary.submissions import MayBe, Outcome
from tests.conftest import at
from tests.intake.conftest import DUC_THO, NAMED, OFFICER, VU_QUANG, Desk

NOW = at(25, 10)
SCRIPT = "<script>alert(1)</script>"
SECRET = "Camera@2021"
ADDRESS = "10.20.30.40"


class Arrivals:
    """`ids`: of the submissions, by what they are."""

    def __init__(self, app: AppContext) -> None:
        self.app, self.desk, self.ids = app, Desk(app), dict[str, int]()
        self.at = at(17, 9)
        for agency, email in ((DUC_THO, OFFICER), (DUC_THO, NAMED), (VU_QUANG, "vq@vuquang.test")):
            self.desk.register(agency, email)

    def file(self, key: str, content: bytes, name: str, **more: Any) -> int:
        """One arrival, judged and answered."""
        self.at += timedelta(hours=3)
        given: dict[str, Any] = {"channel": "mail", "sender": OFFICER, "message_id": f"<{key}@ductho.test>"} | more
        kept = {"channel_id": key, "filename": name, "received_at": self.at, "now": self.at}
        number, _ = receive(self.app, content, **kept, **given)
        judge_submission(self.app, number, now=self.at)
        answer(self.app, [number], now=self.at)
        self.ids[key] = number
        return number

    def mail(self, key: str, kind: MailKind, text: str, outcome: Outcome, **more: Any) -> int:
        """A mail without a document."""
        self.at += timedelta(hours=1)
        sender, agency = more.pop("sender", OFFICER), more.pop("agency", DUC_THO)
        row = {"digest": key, "reason": [], "bounced": [], "passed_over": [], "recorded_at": self.at} | more
        kept: dict[str, Any] = {"channel": "mail", "channel_id": key, "message_id": f"<{key}@x>"}
        number, _ = receive(
            self.app, text.encode(), sender=sender, filename="thu.eml", subject=f"Trả lời: {key}",
            received_at=self.at, now=self.at, automatic=kind.by_machine, **kept,
        )  # fmt: skip
        with self.app.sessions.begin() as session:
            mail = Mail(kind=kind, text=text, **row)
            session.add(mail)
            session.flush()
            session.get_one(Submission, number).mail_id = mail.id
            word = without_reading(number, outcome, kind.label, self.at, answered=True, agency=agency)
            word.may_be = MayBe.NEITHER
            session.add(word)
        self.ids[key] = number
        return number

    def letter(self) -> int:
        """One of ours, which did not arrive."""
        with self.app.sessions.begin() as session:
            letter = Letter("reminder", "cu@ductho.test", "Nhắc hạn", "nhắc", "", "nhac", "vì", agency=DUC_THO)
            [row] = outbox.enqueue(session, [letter], settings=self.app.settings, now=self.at)
            return row.id


def hostile(form: bytes) -> bytes:
    """A form with a sheet of markup, a password, an address and a long text."""
    book = load_workbook(BytesIO(form))
    book.create_sheet("Ghi chú").append([SCRIPT, f"mật khẩu: {SECRET}", ADDRESS, "dài " * 200])
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def everything(app: AppContext) -> Arrivals:
    it = Arrivals(app)
    it.file("accepted", it.desk.form(cameras=2), "BM03 Đức Thọ.xlsx", subject="Gửi biểu mẫu 03")
    it.file("next", it.desk.form(cameras=3), "BM03 Đức Thọ (lần 2).xlsx")
    it.file("returned", it.desk.form(VU_QUANG, wrong=1), "bm03 vu quang.xlsx", sender="vq@vuquang.test")
    it.file("conflict", it.desk.form(cameras=2, note=" sửa"), "bản của văn thư.xlsx", sender=NAMED)
    it.file("scan", b"%PDF-1.4 scan", f"{SCRIPT}.pdf", sender="la@example.com")
    it.file("refused", b"PK hong", "hỏng.xlsx")
    it.file("upload", hostile(it.desk.form("ubnd-huyen-can-loc")), "lạ.xlsx", channel="upload", sender="")
    it.file("doubt", b"%PDF-1.4 khac", "cv.pdf", sender="la2@example.com", sender_doubt="tên miền không được xác thực")
    it.mail(
        "reply", MailKind.REPLY, "Dạ chiều thứ Sáu em gửi ạ. Số máy em 0912345678.", Outcome.WAITING,
        promised=date(2021, 11, 26), document_number="128/UBND-VP",
    )  # fmt: skip
    it.mail("absence", MailKind.ABSENCE, "Tôi đi vắng", Outcome.DISMISSED)
    bounced = [{"recipient": "cu@ductho.test", "action": "failed", "status": "5.1.1"}]
    it.mail(
        "bounce", MailKind.BOUNCE, "550 no such user", Outcome.DISMISSED,
        sender="mailer-daemon@x.test", agency=None, letter_id=it.letter(), bounced=bounced,
    )  # fmt: skip
    return it
