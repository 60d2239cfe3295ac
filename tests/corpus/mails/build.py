"""Mails as programs write them, from short descriptions. Nothing here is anybody's: every name and line is made up."""

import email
import io
import struct
import zipfile
import zlib
from email import encoders
from email.header import Header
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.mime.text import MIMEText

OFFICER, INTAKE, SERVER = "cntt@ductho.test", "tiep-nhan@ioc.test", "MAILER-DAEMON@mx.ductho.test"
LETTER = "<6f1d02c3a4b5@dondoc.ioc.test>"  # of ours, to the officer
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def png(width: int = 120, height: int = 40) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\xff" * width for _ in range(height)), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def workbook(mark: str = "") -> bytes:
    """The beginnings of an .xlsx: what a zip is known by that is itself a document."""
    return zipped(("[Content_Types].xml", f"<Types>{mark}</Types>".encode()), ("xl/workbook.xml", b"<workbook/>"))


class _Raw(zipfile.ZipInfo):
    """A name in UTF-8 that does not say so, as Windows writes them."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode(), self.flag_bits & ~0x800


def zipped(*files: tuple[str, bytes], raw_names: bool = False, password: bool = False) -> bytes:
    """`password`: marked as encrypted, in both headers of each file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files:
            info = (_Raw if raw_names else zipfile.ZipInfo)(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(info, content)
    made = bytearray(stream.getvalue())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)) if password else ():
        at = made.find(mark)
        while at >= 0:
            made[at + flags] |= 1
            at = made.find(mark, at + 4)
    return bytes(made)


def winmail(*files: tuple[str, bytes], body: str = "") -> bytes:
    """A winmail.dat (MS-OXTNEF) as Outlook makes it for who cannot read its rich text."""

    def attribute(level: int, tag: int, data: bytes) -> bytes:
        return struct.pack("<BII", level, tag, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)

    made = struct.pack("<IH", 0x223E9F78, 1) + attribute(1, 0x00089006, struct.pack("<I", 0x10000))
    made += attribute(1, 0x00069007, struct.pack("<II", 1252, 0))
    if body:
        made += attribute(1, 0x0002800C, body.encode() + b"\0")
    for name, content in files:
        made += attribute(2, 0x00069002, struct.pack("<HIHHII", 1, 0xFFFFFFFF, 32, 32, 0, 0))
        made += attribute(2, 0x00018010, name.encode() + b"\0") + attribute(2, 0x0006800F, content)
    return made + b"\0" * 13


def words(text: str, subtype: str = "plain", charset: str = "utf-8") -> Message:
    return MIMEText(text, subtype, charset)


def file(name: str, content: bytes, kind: str = "application/octet-stream", **more: str) -> Message:
    """A part with a file; `cid`, and `disposition` where it is no attachment."""
    part = MIMEBase(*kind.split("/"))
    part.set_payload(content)
    encoders.encode_base64(part)
    if name:
        part.add_header("Content-Disposition", more.get("disposition", "attachment"), filename=("utf-8", "", name))
    if cid := more.get("cid"):
        part["Content-ID"] = f"<{cid}>"
    return part


def several(kind: str, *parts: Message, **params: str) -> Message:
    return MIMEMultipart(kind, None, list(parts), **params)


def enclosed(mail: bytes | Message) -> Message:
    return MIMEMessage(mail if isinstance(mail, Message) else email.message_from_bytes(mail))


def status(*blocks: dict[str, str]) -> Message:
    """message/delivery-status: the server's block, then one for each recipient."""
    part = MIMENonMultipart("message", "delivery-status")
    every = ({"Reporting-MTA": "dns; mx.ductho.test"}, *blocks)
    part.set_payload([_block(block) for block in every])
    return part


def _block(fields: dict[str, str]) -> Message:
    block = Message()
    for name, value in fields.items():
        block[name] = value
    return block


def mail(
    body: Message | str, subject: str = "Re: Đề nghị gửi biểu mẫu", sender: str = OFFICER, **headers: str
) -> bytes:
    """All of a mail; further headers with `_` for `-`."""
    message = words(body) if isinstance(body, str) else body
    message["From"], message["To"], message["Subject"] = sender, INTAKE, Header(subject, "utf-8")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def ours(**headers: str) -> bytes:
    """A letter of ours, as it left."""
    extra = {"Message_ID": LETTER, "Auto_Submitted": "auto-generated", "X_Dondoc_Loop": "dondoc.ioc.test"} | headers
    return mail("Kính đề nghị Quý cơ quan gửi biểu mẫu đính kèm trước ngày 20/11/2021.", "Nhắc hạn", INTAKE, **extra)


def report(*parts: Message, kind: str = "delivery-status", **headers: str) -> bytes:
    headers = {"sender": SERVER, "subject": "Undelivered Mail Returned to Sender"} | headers
    sender, subject = headers.pop("sender"), headers.pop("subject")
    return mail(several("report", *parts, report_type=kind), subject, sender, **headers)
