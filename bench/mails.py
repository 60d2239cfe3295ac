"""What it costs to take a mail apart in a confined child: processor time a mail, all processes together."""

import io
import resource
import time
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import openpyxl

from dondoc.intake.sources import parts
from dondoc.intake.sources.mail import read_mail
from dondoc.isolation import workers

TIMES = 200


def ordinary() -> bytes:
    """A mail with a workbook of sixty rows."""
    book, stream = openpyxl.Workbook(), io.BytesIO()
    for row in range(60):
        book.active.append([f"ô {row} {column}" for column in range(20)])
    book.save(stream)
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "cntt@ductho.test", "Gửi biểu mẫu"
    mail.set_content("Đơn vị gửi biểu mẫu.\n")
    mail.add_attachment(stream.getvalue(), maintype="application", subtype="octet-stream", filename="BM03.xlsx")
    return mail.as_bytes(policy=SMTP)


def used() -> float:
    """Seconds of processor so far: this process, and the servers with the children that they have buried."""
    mine = resource.getrusage(resource.RUSAGE_SELF)
    total = mine.ru_utime + mine.ru_stime
    for worker in workers._idle:
        fields = Path(f"/proc/{worker.process.pid}/stat").read_text().rpartition(")")[2].split()
        total += sum(map(int, fields[11:15])) / 100
    return total


def main() -> None:
    raw = ordinary()
    read_mail(raw)
    before = used()
    for _ in range(TIMES):
        read_mail(raw)
    print(f"{len(raw)} bytes: {(used() - before) / TIMES * 1e3:.1f} ms a mail")
    before = time.process_time()
    for _ in range(TIMES):
        parts.work(raw, bytes)
    print(f"the work alone: {(time.process_time() - before) / TIMES * 1e3:.2f} ms")


if __name__ == "__main__":
    main()
