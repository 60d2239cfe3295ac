"""A mailbox as an office has it: each mail with what it is to be taken for. It is Thursday, 18/11/2021, 14:00."""

import gzip
from dataclasses import dataclass
from datetime import date
from email.message import Message

from dondoc.vocabulary.mails import MailKind as Kind
from dondoc.vocabulary.mails import NoDocument as No

from .build import (
    INTAKE,
    LETTER,
    OFFICER,
    PDF,
    SERVER,
    XLSX,
    enclosed,
    file,
    mail,
    ours,
    png,
    report,
    several,
    status,
    winmail,
    words,
    workbook,
    zipped,
)


@dataclass(frozen=True)
class Case:
    name: str
    raw: bytes
    kind: Kind
    documents: tuple[str, ...] = ()
    passed_over: tuple[tuple[str, No], ...] = ()
    promised: date | None = None
    number: str | None = None
    automatic: bool = False
    of_letter: bool = False  # it belongs to the letter LETTER
    bounced: tuple[tuple[str, str, str], ...] = ()
    own: str | None = None  # its sender's own words, where they are more than its first line


CASES: list[Case] = []


def case(name: str, raw: bytes, kind: Kind, *documents: str, **more: object) -> None:
    more.setdefault("automatic", kind.by_machine or kind == Kind.OURS)
    CASES.append(Case(name, raw, kind, documents, **more))  # type: ignore[arg-type]


ANSWERS = {"In_Reply_To": LETTER, "References": LETTER}
QUOTED = """Vào Th 5, 18 thg 11, 2021 vào lúc 08:00 IOC Hà Tĩnh <ioc@ioc.test> đã viết:
> Kính đề nghị gửi biểu mẫu đính kèm
> trước ngày 25/11/2021.
"""
OF_OUTLOOK = """Em nhận được rồi ạ.

________________________________
From: IOC <ioc@ioc.test>
Sent: Thursday, November 18, 2021 8:00 AM
To: cntt@ductho.test
Subject: Nhắc hạn

Kính đề nghị gửi biểu mẫu đính kèm.
"""
OF_ZIMBRA = """<div>Em sẽ gửi ngày mai.</div><hr id="zwchr" data-marker="__DIVIDER__">
<div><b>From: </b>IOC</div><div>gửi kèm biểu mẫu trước 20/11</div>"""
OF_GMAIL = """<div dir="ltr">Dạ vâng ạ.</div><br><div class="gmail_quote"><div class="gmail_attr">Vào Th 5</div>
<blockquote>đính kèm biểu mẫu</blockquote></div>"""
OF_EXCHANGE = """<div class="WordSection1"><p>Dạ vâng.</p>
<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"><p><b>From:</b>
IOC</p></div></div><p>Gửi biểu mẫu đính kèm</p></div>"""
OF_QMAIL = f"""Hi. This is the qmail-send program at mx.ductho.test.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{OFFICER}>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <ioc@ioc.test>
Message-ID: {LETTER}
Subject: x

x
"""
OF_SENDMAIL = f"""   ----- The following addresses had permanent fatal errors -----
<{OFFICER}>
    (reason: 550 5.1.1 User unknown)
"""
LIKE_A_BOUNCE = Message()
LIKE_A_BOUNCE["Content-Type"] = 'application/octet-stream; name="quet.dat"'
LIKE_A_BOUNCE["Content-Disposition"] = 'attachment; filename="quet.dat"'
LIKE_A_BOUNCE.set_payload(OF_SENDMAIL)
BM = file("BM03.xlsx", workbook(), XLSX)

# -- submissions, as mail programs make them

case(
    "zimbra form",
    mail(
        several(
            "mixed",
            several(
                "alternative",
                words("Đơn vị gửi biểu mẫu."),
                words(
                    "<html><body><div style='font-family: arial'><div>Đơn vị gửi biểu mẫu.</div></div></body></html>",
                    "html",
                ),
            ),
            BM,
        ),
        X_Mailer="Zimbra 8.8.15_GA_4059",
    ),
    Kind.SUBMISSION,
    "BM03.xlsx",
)
case(
    "gmail form and logo",
    mail(
        several(
            "mixed",
            several(
                "related",
                several(
                    "alternative",
                    words("Em gửi ạ"),
                    words('<div dir="ltr">Em gửi ạ<br><img src="cid:ii_kw1"></div>', "html"),
                ),
                file("image.png", png(), "image/png", cid="ii_kw1", disposition="inline"),
            ),
            BM,
        )
    ),
    Kind.SUBMISSION,
    "BM03.xlsx",
    passed_over=(("image.png", No.PICTURE),),
)
case(
    "exchange form with suppress header and signature pictures",
    mail(
        several(
            "mixed",
            several(
                "related",
                words(
                    '<p>Kính gửi Sở.</p><img src="cid:image001.png@01D7DC"><img src="cid:image002.jpg@01D7DC">', "html"
                ),
                file("image001.png", png(), "image/png", cid="image001.png@01D7DC", disposition="inline"),
                file(
                    "image002.jpg",
                    b"\xff\xd8\xff\xe0" + b"x" * 900,
                    "image/jpeg",
                    cid="image002.jpg@01D7DC",
                    disposition="inline",
                ),
            ),
            BM,
        ),
        X_Auto_Response_Suppress="DR, OOF, AutoReply",
        X_MS_Has_Attach="yes",
    ),
    Kind.SUBMISSION,
    "BM03.xlsx",
    passed_over=(("image001.png", No.PICTURE), ("image002.jpg", No.PICTURE)),
)
case(
    "form through a list of the office",
    mail(
        several("mixed", words("Gửi Sở biểu mẫu."), BM, words("_____\nDanh sách vanphong@ductho.test\n")),
        List_Id="<vanphong.ductho.test>",
        Precedence="list",
    ),
    Kind.SUBMISSION,
    "BM03.xlsx",
)
case(
    "form of a program that says auto-generated",
    mail(several("mixed", words("Phần mềm QLVB gửi."), BM), Auto_Submitted="auto-generated"),
    Kind.SUBMISSION,
    "BM03.xlsx",
)
case(
    "form forwarded by a rule",
    mail(several("mixed", words(""), BM), X_MS_Exchange_Inbox_Rules_Loop="cntt@ductho.test"),
    Kind.SUBMISSION,
    "BM03.xlsx",
)
case(
    "form from a no-reply address",
    mail(several("mixed", words("Hệ thống gửi."), BM), sender="no-reply@ductho.test"),
    Kind.SUBMISSION,
    "BM03.xlsx",
    automatic=True,
)
case(
    "winmail.dat",
    mail(
        several(
            "mixed",
            words("Gửi Sở."),
            file("winmail.dat", winmail(("BM03.xlsx", workbook()), ("scan.pdf", PDF)), "application/ms-tnef"),
        )
    ),
    Kind.SUBMISSION,
    "BM03.xlsx",
    "scan.pdf",
    passed_over=(("winmail.dat", No.OPENED),),
)
case(
    "winmail.dat that is broken",
    mail(several("mixed", words("Gửi Sở."), file("winmail.dat", b"\x78\x9f\x3e\x22broken", "application/ms-tnef"))),
    Kind.SUBMISSION,
    "winmail.dat",
)
case(
    "apple mail with text around the file",
    mail(
        several(
            "mixed",
            words("Em gửi anh."),
            file("BM03.xlsx", workbook(), XLSX, disposition="inline"),
            words("Cảm ơn anh."),
        ),
        X_Mailer="Apple Mail (2.3654.120.0.1.13)",
    ),
    Kind.SUBMISSION,
    "BM03.xlsx",
    own="Em gửi anh.\nCảm ơn anh.",
)
case(
    "iphone photo of a letter",
    mail(
        several(
            "mixed",
            words("\n\nGửi từ iPhone của tôi"),
            file("IMG_0042.jpeg", b"\xff\xd8\xff\xe0" + b"p" * 3000, "image/jpeg", disposition="inline"),
        )
    ),
    Kind.SUBMISSION,
    "IMG_0042.jpeg",
    own="",
)
case(
    "scan pasted into the text",
    mail(
        several(
            "related",
            words('<p>Văn bản của đơn vị:</p><img src="cid:p1">', "html"),
            file("image.png", png(1240, 1754), "image/png", cid="p1", disposition="inline"),
        )
    ),
    Kind.SUBMISSION,
    "image.png",
)
case(
    "two forms and a vcard",
    mail(
        several(
            "mixed",
            words("Gửi 2 biểu mẫu."),
            BM,
            file("BM02.xlsx", workbook("2"), XLSX),
            file("le-van-b.vcf", b"BEGIN:VCARD\nEND:VCARD\n", "text/vcard"),
        )
    ),
    Kind.SUBMISSION,
    "BM03.xlsx",
    "BM02.xlsx",
    passed_over=(("le-van-b.vcf", No.CARD),),
)
case(
    "signed form",
    mail(
        several(
            "signed",
            several("mixed", words("Gửi Sở."), BM),
            file("smime.p7s", b"\x30\x80", "application/pkcs7-signature"),
            protocol="application/pkcs7-signature",
        )
    ),
    Kind.SUBMISSION,
    "BM03.xlsx",
    passed_over=(("smime.p7s", No.SIGNATURE),),
)
case(
    "pgp signed form",
    mail(
        several(
            "signed",
            several("mixed", words("Gửi Sở."), BM),
            file("signature.asc", b"-----BEGIN PGP", "application/pgp-signature"),
        )
    ),
    Kind.SUBMISSION,
    "BM03.xlsx",
    passed_over=(("signature.asc", No.SIGNATURE),),
)
case(
    "ATT00001 behind a form",
    mail(
        several(
            "mixed",
            words("Gửi Sở."),
            BM,
            file("ATT00001.txt", b"chan trang", "text/plain"),
            file("ATT00002.htm", b"<p>", "text/html"),
        )
    ),
    Kind.SUBMISSION,
    "BM03.xlsx",
    passed_over=(("ATT00001.txt", No.FOOTER), ("ATT00002.htm", No.FOOTER)),
)
case(
    "zip of communes",
    mail(
        several(
            "mixed",
            words("Gửi các xã."),
            file(
                "cac xa.zip",
                zipped(
                    ("Xã Đức Lạng.xlsx", workbook("a")),
                    ("Xã Tân Dân.xlsx", workbook("b")),
                    ("__MACOSX/._x", b"x"),
                    ("Thumbs.db", b"x"),
                ),
                "application/zip",
            ),
        )
    ),
    Kind.SUBMISSION,
    "Xã Đức Lạng.xlsx",
    "Xã Tân Dân.xlsx",
    passed_over=(("cac xa.zip", No.OPENED), ("__MACOSX/._x", No.SYSTEM), ("Thumbs.db", No.SYSTEM)),
)
case(
    "zip whose names do not say that they are UTF-8",
    mail(
        several(
            "mixed",
            words("Gửi."),
            file("bm.zip", zipped(("Biểu mẫu 03.xlsx", workbook()), raw_names=True), "application/x-zip-compressed"),
        )
    ),
    Kind.SUBMISSION,
    "Biểu mẫu 03.xlsx",
    passed_over=(("bm.zip", No.OPENED),),
)
case(
    "zip with a password",
    mail(
        several(
            "mixed", words("Gửi."), file("bm.zip", zipped(("BM03.xlsx", workbook()), password=True), "application/zip")
        )
    ),
    Kind.SUBMISSION,
    "bm.zip",
)
case(
    "zip in a zip in a zip",
    mail(
        several(
            "mixed",
            words("Gửi."),
            file(
                "a.zip",
                zipped(("b.zip", zipped(("c.zip", zipped(("x.pdf", PDF))), ("y.pdf", PDF + b"y")))),
                "application/zip",
            ),
        )
    ),
    Kind.SUBMISSION,
    "c.zip",
    "y.pdf",
    passed_over=(("a.zip", No.OPENED), ("b.zip", No.OPENED)),
)
case(
    "workbook that is called a zip",
    mail(several("mixed", words("Gửi."), file("BM03.zip", workbook(), "application/zip"))),
    Kind.SUBMISSION,
    "BM03.zip",
)
case(
    "rar",
    mail(several("mixed", words("Gửi."), file("BM03.rar", b"Rar!\x1a\x07\x00x", "application/octet-stream"))),
    Kind.SUBMISSION,
    "BM03.rar",
)
case(
    "forwarded as an attachment",
    mail(
        several(
            "mixed",
            words("Chuyển tiếp thư của xã."),
            enclosed(
                mail(
                    several(
                        "mixed", words("Xã gửi huyện."), BM, file("logo.png", png(), "image/png", disposition="inline")
                    ),
                    "BM xã",
                    "xa@duclang.test",
                )
            ),
        ),
        subject="Fwd: BM xã",
    ),
    Kind.SUBMISSION,
    "BM03.xlsx",
    passed_over=(("thu.eml", No.OPENED), ("logo.png", No.PICTURE)),
)
case(
    "forwarded as a file",
    mail(
        several(
            "mixed",
            words("Thư của xã."),
            file("thu xa.eml", mail(several("mixed", words("Xã gửi."), BM), "BM", "xa@duclang.test")),
        )
    ),
    Kind.SUBMISSION,
    "BM03.xlsx",
    passed_over=(("thu xa.eml", No.OPENED),),
)
case(
    "outlook's own format",
    mail(
        several(
            "mixed",
            words("Thư của xã."),
            file("thu xa.msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "application/vnd.ms-outlook"),
        )
    ),
    Kind.SUBMISSION,
    "thu xa.msg",
)
case(
    "corrected form beside our letter",
    mail(several("mixed", words("Đã chỉnh sửa."), BM, enclosed(ours())), **ANSWERS),
    Kind.SUBMISSION,
    "BM03.xlsx",
    passed_over=(("thu.eml", No.OUR_LETTER),),
    of_letter=True,
)
case(
    "our marked copy beside the corrected form",
    mail(several("mixed", words("Đã chỉnh sửa."), file("BM03_can_sua.xlsx", workbook("cu"), XLSX), BM), **ANSWERS),
    Kind.SUBMISSION,
    "BM03_can_sua.xlsx",
    "BM03.xlsx",
    of_letter=True,
)
case(
    "the same file twice",
    mail(several("mixed", words("Gửi."), BM, file("BM03 (1).xlsx", workbook(), XLSX))),
    Kind.SUBMISSION,
    "BM03.xlsx",
    passed_over=(("BM03 (1).xlsx", No.REPEATED),),
)
case("encrypted as one piece", mail(file("smime.p7m", b"\x30\x80\x06", "application/pkcs7-mime")), Kind.SUBMISSION)
case(
    "lotus notes form",
    mail(
        several(
            "mixed",
            words("Gui So bieu mau.", charset="us-ascii"),
            file("BM03.xls", b"\xd0\xcf\x11\xe0" + b"n" * 90, "application/octet-stream"),
        ),
        X_Mailer="Lotus Notes Release 9.0.1",
    ),
    Kind.SUBMISSION,
    "BM03.xls",
)
case(
    "form in an html mail of an absence assistant",
    mail(
        several("mixed", words("<p>Em gửi.</p>", "html"), BM),
        "Trả lời tự động: Đề nghị gửi biểu mẫu",
        Auto_Submitted="auto-replied",
    ),
    Kind.SUBMISSION,
    "BM03.xlsx",
)
case(
    "a returned mail of theirs forwarded with the form in it",
    mail(
        several(
            "mixed",
            words("Thư trước bị trả lại, gửi lại Sở."),
            enclosed(
                report(
                    words("failed"),
                    status({"Final-Recipient": f"rfc822; {INTAKE}", "Action": "failed", "Status": "4.4.7"}),
                    enclosed(mail(several("mixed", words("Gửi."), BM))),
                )
            ),
        ),
        subject="Fwd: Undelivered",
    ),
    Kind.SUBMISSION,
    "BM03.xlsx",
    passed_over=(("thu.eml", No.OPENED), ("message/delivery-status", No.REPORT), ("thu.eml", No.OPENED)),
)
case(
    "file of a machine that reads like a bounce",
    mail(several("mixed", words("Tệp quét."), LIKE_A_BOUNCE), sender="no-reply@ductho.test"),
    Kind.SUBMISSION,
    "quet.dat",
    automatic=True,
)

# -- forgotten

case("forgotten", mail("Kính gửi Sở, đơn vị gửi kèm biểu mẫu 03. Trân trọng."), Kind.FORGOTTEN)
case(
    "forgotten, with a signature picture",
    mail(
        several(
            "related",
            words('<p>Em gửi file đính kèm ạ.</p><img src="cid:a">', "html"),
            file("logo.png", png(), "image/png", cid="a", disposition="inline"),
        )
    ),
    Kind.FORGOTTEN,
    passed_over=(("logo.png", No.PICTURE),),
)
case(
    "forgotten in english",
    mail("Dear Sirs, please find attached the form.\n\nSent from my iPhone"),
    Kind.FORGOTTEN,
    own="Dear Sirs, please find attached the form.",
)
case(
    "an empty file",
    mail(several("mixed", words("Gửi Sở."), file("BM03.xlsx", b"", XLSX))),
    Kind.FORGOTTEN,
    passed_over=(("BM03.xlsx", No.EMPTY),),
)
case("forgotten without accents", mail("kinh gui So, em gui kem bieu mau a"), Kind.FORGOTTEN)
case("nothing but a subject that says so", mail("", subject="UBND huyện Đức Thọ gửi biểu mẫu 03"), Kind.FORGOTTEN)

# -- replies

case(
    "this afternoon",
    mail("dạ chiều em gửi sau ạ\n\n" + QUOTED, **ANSWERS),
    Kind.REPLY,
    promised=date(2021, 11, 18),
    of_letter=True,
    own="dạ chiều em gửi sau ạ",
)
case("this friday", mail("Thứ Sáu này đơn vị sẽ gửi biểu mẫu."), Kind.REPLY, promised=date(2021, 11, 19))
case("before a day", mail("Phòng sẽ gửi biểu mẫu trước 25/11 ạ."), Kind.REPLY, promised=date(2021, 11, 24))
case("tomorrow without accents", mail("Ngay mai em gui a"), Kind.REPLY, promised=date(2021, 11, 19))
case("early next week", mail("Đầu tuần sau đơn vị hoàn thành và gửi Sở."), Kind.REPLY, promised=date(2021, 11, 22))
case("attached tomorrow", mail("Em sẽ gửi kèm biểu mẫu vào ngày mai."), Kind.REPLY, promised=date(2021, 11, 19))
case(
    "sent yesterday by e-office",
    mail("Đơn vị đã gửi hôm qua qua trục, số 123/UBND-VX."),
    Kind.REPLY,
    number="123/UBND-VX",
)
case("sent with a short number", mail("Bên em đã gửi CV 45 rồi ạ."), Kind.REPLY, number="45")
case(
    "our number is only cited",
    mail("Thực hiện Công văn số 7418/STTTT-CNTT, UBND huyện đã gửi Văn bản số 1290/UBND-VHTT."),
    Kind.REPLY,
    number="1290/UBND-VHTT",
)
case(
    "a question",
    mail("Cho em hỏi biểu mẫu đính kèm ở đâu ạ?\n\n" + QUOTED, **ANSWERS),
    Kind.REPLY,
    of_letter=True,
    own="Cho em hỏi biểu mẫu đính kèm ở đâu ạ?",
)
case("a wish for more time", mail("Đơn vị xin gia hạn đến ngày 25/11 do thiếu cán bộ."), Kind.REPLY)
case(
    "outlook answer above our letter",
    mail(
        several(
            "alternative",
            words(OF_OUTLOOK),
            words("<p>Em nhận được rồi ạ.</p>", "html"),
        ),
        **ANSWERS,
    ),
    Kind.REPLY,
    of_letter=True,
    own="Em nhận được rồi ạ.",
)
case(
    "zimbra answer in html alone",
    mail(
        words(
            OF_ZIMBRA,
            "html",
        ),
        **ANSWERS,
    ),
    Kind.REPLY,
    promised=date(2021, 11, 19),
    of_letter=True,
    own="Em sẽ gửi ngày mai.",
)
case(
    "gmail answer in html alone",
    mail(
        words(
            OF_GMAIL,
            "html",
        ),
        **ANSWERS,
    ),
    Kind.REPLY,
    of_letter=True,
    own="Dạ vâng ạ.",
)
case(
    "outlook answer in html alone",
    mail(
        words(
            OF_EXCHANGE,
            "html",
        ),
        **ANSWERS,
    ),
    Kind.REPLY,
    of_letter=True,
    own="Dạ vâng.",
)
case(
    "a logo alone",
    mail(
        several("mixed", words("Dạ em nhận được thư."), file("image001.png", png(), "image/png", disposition="inline"))
    ),
    Kind.REPLY,
    passed_over=(("image001.png", No.PICTURE),),
)
case(
    "a lawyer's footer",
    mail("Dạ em rõ.\nThis email and any attachments are confidential and intended for the addressee."),
    Kind.REPLY,
    own="Dạ em rõ.\nThis email and any attachments are confidential and intended for the addressee.",
)

case(
    "words below what looks like a signature",
    mail("Gửi từ huyện Đức Thọ: cho em hỏi về biểu mẫu.\nĐược gửi từ điện thoại Samsung\n\n> cũ\n\nEm cảm ơn."),
    Kind.REPLY,
    own="Gửi từ huyện Đức Thọ: cho em hỏi về biểu mẫu.\n\n\nEm cảm ơn.",
)

# -- absence

for name, subject, headers in (
    (
        "exchange absence",
        "Trả lời tự động: Nhắc hạn",
        {
            "Auto_Submitted": "auto-generated",
            "X_Auto_Response_Suppress": "All",
            "X_MS_Exchange_Inbox_Rules_Loop": OFFICER,
        },
    ),
    (
        "gmail absence",
        "Vắng mặt Re: Nhắc hạn",
        {"Auto_Submitted": "auto-replied", "Precedence": "bulk", "X_Autoreply": "yes"},
    ),
    ("zimbra absence", "Re: Nhắc hạn", {"Auto_Submitted": "auto-replied (zimbra)", "Precedence": "bulk"}),
    ("suppress header alone", "Re: Nhắc hạn", {"X_Auto_Response_Suppress": "OOF"}),
    ("X-Autorespond alone", "Re: Nhắc hạn", {"X_Autorespond": "1"}),
    ("Precedence auto_reply", "Re: Nhắc hạn", {"Precedence": "auto_reply"}),
    ("rule's loop alone", "Re: Nhắc hạn", {"X_MS_Exchange_Inbox_Rules_Loop": "x@ductho.test"}),
    ("subject alone", "Automatic reply: Nhắc hạn", {}),
):
    case(
        name,
        mail("Tôi đi công tác từ 17/11 đến 24/11/2021, sẽ trả lời sau.", subject, **headers, **ANSWERS),
        Kind.ABSENCE,
        of_letter=True,
    )
case(
    "absence with a leaflet",
    mail(
        several("mixed", words("Tôi vắng mặt."), file("gioi-thieu.pdf", PDF, "application/pdf")),
        "Trả lời tự động: Nhắc hạn",
        Auto_Submitted="auto-replied",
    ),
    Kind.ABSENCE,
    "gioi-thieu.pdf",
)

# -- machines

case(
    "a list's news",
    mail(
        "Tin tuần này",
        "Bản tin CNTT",
        "bantin@tin.test",
        List_Id="<tin.tin.test>",
        List_Unsubscribe="<mailto:x@tin.test>",
        Precedence="bulk",
    ),
    Kind.NOTICE,
)
case(
    "dmarc report",
    mail(
        several(
            "mixed",
            words("This is an aggregate report"),
            file(
                "google.test!ioc.test!1637100000!1637186399.zip",
                zipped(("google.test!ioc.test!1637100000!1637186399.xml", b"<feedback/>")),
                "application/zip",
            ),
        ),
        "Report domain: ioc.test Submitter: google.test Report-ID: 42",
        "noreply-dmarc@google.test",
    ),
    Kind.NOTICE,
    "google.test!ioc.test!1637100000!1637186399.xml",
    passed_over=(("google.test!ioc.test!1637100000!1637186399.zip", No.OPENED),),
)
case(
    "dmarc report, gzip, nothing in its subject",
    mail(
        several(
            "mixed",
            words("report"),
            file(
                "mx.test!ioc.test!1637100000!1637186399.xml.gz",
                gzip.compress(b"<feedback/>", mtime=0),
                "application/gzip",
            ),
        ),
        "Report",
        "dmarc@mx.test",
    ),
    Kind.NOTICE,
    "mx.test!ioc.test!1637100000!1637186399.xml.gz",
)
case(
    "abuse report",
    report(
        words("complaint"),
        several("mixed"),
        enclosed(ours()),
        kind="feedback-report",
        sender="fbl@mx.test",
        subject="Complaint",
    ),
    Kind.NOTICE,
    passed_over=(("thu.eml", No.RETURNED),),
)
case(
    "read receipt",
    report(
        words("Thư đã được đọc"),
        file(
            "",
            f"Original-Message-ID: {LETTER}\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n".encode(),
            "message/disposition-notification",
        ),
        kind="disposition-notification",
        sender=OFFICER,
        subject="Đã đọc: Nhắc hạn",
    ),
    Kind.NOTICE,
    passed_over=(("message/disposition-notification", No.REPORT),),
)
case("read receipt of an old outlook", mail("Your message was read on Thursday.", "Read: Nhắc hạn"), Kind.NOTICE)
case(
    "calendar answer",
    mail(
        several("alternative", words(""), words("BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR\n", "calendar")),
        "Accepted: Họp triển khai",
    ),
    Kind.NOTICE,
    passed_over=(("text/calendar", No.INVITATION),),
)
case(
    "full mailbox of ours",
    mail("Hộp thư của bạn sắp đầy (95%).", "Cảnh báo dung lượng hộp thư", "noreply@ioc.test"),
    Kind.NOTICE,
)
case(
    "delivered",
    report(
        words("ok"),
        status({"Final-Recipient": f"rfc822; {OFFICER}", "Action": "delivered", "Status": "2.0.0"}),
        subject="Successful Mail Delivery Report",
    ),
    Kind.NOTICE,
    passed_over=(("message/delivery-status", No.REPORT),),
    bounced=((OFFICER, "delivered", "2.0.0"),),
)
for name, text, subject in (
    ("ticket that only its words tell", "Đã ghi nhận #12. Vui lòng không trả lời thư này.", "[#12] Nhắc hạn"),
    ("machine that only its words tell", "Email này được hệ thống gửi tự động.", "Thông báo"),
    ("outlook's recall", 'Le Van B would like to recall the message, "Gửi biểu mẫu".', "Recall: Gửi biểu mẫu"),
    ("outlook's recall in Vietnamese", "Lê Văn B muốn thu hồi thư, “Gửi biểu mẫu”.", "Thu hồi: Gửi biểu mẫu"),
    ("deleted unread", "Thư của bạn đã bị xóa mà không đọc.", "Không đọc: Nhắc hạn"),
):
    case(name, mail(text, subject), Kind.NOTICE)
case("our letter forwarded back by a rule", ours(Delivered_To=INTAKE), Kind.OURS, of_letter=True)

# -- bounces

GONE = (OFFICER, "failed", "5.1.1")
case(
    "postfix",
    report(
        words("This is the mail system at host mx.ductho.test."),
        status(
            {
                "Final-Recipient": f"rfc822; {OFFICER}",
                "Original-Recipient": f"rfc822;{OFFICER}",
                "Action": "failed",
                "Status": "5.1.1",
                "Diagnostic-Code": "smtp; 550 5.1.1 unknown",
            }
        ),
        enclosed(ours()),
        Return_Path="<>",
    ),
    Kind.BOUNCE,
    passed_over=(("message/delivery-status", No.REPORT), ("thu.eml", No.RETURNED)),
    bounced=(GONE,),
    of_letter=True,
)
case(
    "exchange",
    report(
        words("Không gửi được thư của bạn"),
        status(
            {
                "Final-Recipient": f"rfc822;{OFFICER}",
                "Action": "failed",
                "Status": "5.1.1",
                "Diagnostic-Code": "smtp;550 5.1.1 RESOLVER.ADR.RecipNotFound",
            }
        ),
        file("", f"Message-ID: {LETTER}\r\nSubject: x\r\n".encode(), "text/rfc822-headers"),
        sender="postmaster@ductho.test",
        subject="Không thể gửi được: Nhắc hạn",
    ),
    Kind.BOUNCE,
    passed_over=(("message/delivery-status", No.REPORT), ("text/rfc822-headers", No.RETURNED)),
    bounced=(GONE,),
    of_letter=True,
)
case(
    "delayed",
    report(
        words("delayed"),
        status({"Final-Recipient": f"rfc822; {OFFICER}", "Action": "delayed", "Status": "4.4.1"}),
        file("", f"Message-ID: {LETTER}\r\n".encode(), "text/rfc822-headers"),
        subject="Delayed Mail (still being retried)",
    ),
    Kind.BOUNCE,
    passed_over=(("message/delivery-status", No.REPORT), ("text/rfc822-headers", No.RETURNED)),
    bounced=((OFFICER, "delayed", "4.4.1"),),
    of_letter=True,
)
case(
    "qmail",
    mail(
        OF_QMAIL,
        "failure notice",
        SERVER,
        Return_Path="<>",
    ),
    Kind.BOUNCE,
    bounced=(GONE,),
    of_letter=True,
)
case(
    "zimbra in vietnamese words",
    mail(
        f"Không thể gửi thư tới {OFFICER}: hộp thư đã đầy (552 5.2.2).", "Thư không gửi được", "postmaster@ductho.test"
    ),
    Kind.BOUNCE,
    bounced=((OFFICER, "failed", "5.2.2"),),
    of_letter=True,
)
case(
    "sendmail of old",
    mail(
        several(
            "mixed",
            words(OF_SENDMAIL),
            enclosed(ours()),
        ),
        "Returned mail: User unknown",
        SERVER,
    ),
    Kind.BOUNCE,
    passed_over=(("thu.eml", No.RETURNED),),
    bounced=(GONE,),
    of_letter=True,
)
case(
    "a gateway's own form, with our letter in it",
    mail(
        several("mixed", words("<p>Thông báo từ cổng thư.</p>", "html"), enclosed(ours())),
        "Thông báo",
        "post_master@cong.test",
    ),
    Kind.BOUNCE,
    passed_over=(("thu.eml", No.OUR_LETTER),),
    of_letter=True,
)
NO_MAILBOX = ((OFFICER, "failed", "5.1.10"),)
OF_ITS_HOST = "The email account that you tried to reach does not exist."
case(
    "exchange online in vietnamese",
    report(
        words(
            f"Việc gửi tới những người nhận hoặc nhóm này đã không thành công:\n\n{OFFICER}\nKhông tìm thấy địa chỉ."
        ),
        status({"Final-Recipient": f"rfc822;{OFFICER}", "Action": "failed", "Status": "5.1.10"}),
        enclosed(ours()),
        sender="Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@ductho.test>",
        subject="Không gửi được: Nhắc hạn",
    ),
    Kind.BOUNCE,
    passed_over=(("message/delivery-status", No.REPORT), ("thu.eml", No.RETURNED)),
    bounced=NO_MAILBOX,
    of_letter=True,
)
# As their servers word them, without a report: Google's in Vietnamese, MDaemon, Postfix and Exim.
for name, text, subject, sender, found in (
    (
        "gmail in vietnamese",
        f"Không gửi được thư của bạn đến {OFFICER} vì không tìm thấy địa chỉ đó.\n550 5.1.1 {OF_ITS_HOST}",
        "Delivery Status Notification (Failure)",
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "failed 5.1.1",
    ),
    (
        "gmail that tries again",
        f"** Thư chưa được gửi **\n\nĐã xảy ra sự cố khi gửi thư tới {OFFICER}. Gmail sẽ thử lại sau 46 giờ nữa.",
        "Delivery Status Notification (Delay)",
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "delayed ",
    ),
    (
        "mailbox over its quota",
        f"Lỗi: hộp thư {OFFICER} đã vượt quá dung lượng cho phép, thư của quý vị không được chuyển.",
        "Thông báo từ hệ thống thư",
        "MDaemon <postmaster@mx.test>",
        "failed ",
    ),
    (
        "postfix without a domain in From",
        f"I'm sorry to have to inform you that your message could not\nbe delivered.\n\n<{OFFICER}>: 550 5.7.1 policy",
        "Undelivered Mail Returned to Sender",
        "MAILER-DAEMON (Mail Delivery System)",
        "failed 5.7.1",
    ),
    (
        "exim that still tries",
        f"A message that you sent has not yet been delivered after more than 24 hours on the queue.\n\n  {OFFICER}\n",
        "Warning: message 1mnAbc-0001 delayed 24 hours",
        "Mail Delivery System <Mailer-Daemon@mx.test>",
        "delayed ",
    ),
):
    action, _, code = found.partition(" ")
    case(name, mail(text, subject, sender), Kind.BOUNCE, bounced=((OFFICER, action, code),), of_letter=True)
for name, subject in (
    ("absence told in its subject", "Thư báo vắng: Nhắc hạn"),
    ("absence told in brackets", "[Vắng mặt] Nhắc hạn"),
    ("absence of Outlook in Vietnamese", "Tự động trả lời: Nhắc hạn"),
):
    case(name, mail("Tôi đi học đến hết 30/11, việc gấp xin gọi đồng chí Nam.", subject), Kind.ABSENCE)
for name, text in (
    ("absence that only its words tell", "Kính chào.\nĐây là thư trả lời tự động. Tôi đi công tác đến 24/11/2021."),
    ("absence that only its words tell, otherwise", "Thư này được trả lời tự động vì tôi nghỉ thai sản."),
    ("absence in english", "This is an automated reply. I am on leave."),
):
    case(name, mail(text, "Re: Nhắc hạn"), Kind.ABSENCE)
case(
    "form sent with a wish to recall another mail",
    mail(several("mixed", words("Đơn vị thu hồi bản hôm qua, gửi lại bản đúng."), BM), "Recall: Gửi biểu mẫu"),
    Kind.SUBMISSION,
    "BM03.xlsx",
)
case(
    "recall in a person's own words",
    mail("Đơn vị xin thu hồi biểu mẫu đã gửi hôm qua do nhầm số liệu.", "Thu hồi: Gửi biểu mẫu"),
    Kind.REPLY,
)
case(
    "a desk's ticket",
    mail("Yêu cầu đã được ghi nhận. Vui lòng không trả lời email này.", "[#123] Đã tiếp nhận", "hotro@ductho.test"),
    Kind.NOTICE,
)
for name, text, subject, sender in (
    (
        "bounce of vnpt in an administrator's name",
        f"Hệ thống không thể gửi được thư đến: {OFFICER}. Người dùng không tồn tại (5.1.1)",
        "Không gửi được thư",
        "mail@vnpt.test",
    ),
    (
        "bounce of viettel in an administrator's name",
        f"Thư gửi tới địa chỉ {OFFICER} không thành công: tài khoản bị khóa (5.1.1)",
        "Thông báo: Gửi thư thất bại",
        "quantri@mx.test",
    ),
    (
        "refused by a filter",
        f"Your message was rejected as spam and was not delivered to {OFFICER} (5.1.1)",
        "[Blocked] Nhắc hạn",
        "antispam@mx.test",
    ),
):
    case(name, mail(text, subject, sender), Kind.BOUNCE, bounced=(GONE,), of_letter=True)
case(
    "bounce with our form in it",
    report(
        words("failed"),
        status({"Final-Recipient": f"rfc822; {OFFICER}", "Action": "failed", "Status": "5.1.1"}),
        enclosed(mail(several("mixed", words("x"), BM), sender=INTAKE, Message_ID=LETTER, X_Dondoc_Loop="x")),
    ),
    Kind.BOUNCE,
    passed_over=(("message/delivery-status", No.REPORT), ("thu.eml", No.RETURNED)),
    bounced=(GONE,),
    of_letter=True,
)

# -- a person's form beside the words of servers

for name, text, subject in (
    ("form after a bounce", "Hôm qua thư bị trả lại “Your message could not be delivered”, gửi lại ạ.", "Gửi biểu mẫu"),
    ("form under the subject of a bounce", "Đơn vị gửi lại.", "Undeliverable: Gửi biểu mẫu"),
    ("form under the subject of a report", "Đơn vị gửi lại.", "Report domain: ductho.test Submitter: x"),
):
    bounced = (("", "failed", ""),) if "Undeliverable" in subject else ()
    case(name, mail(several("mixed", words(text), BM), subject), Kind.SUBMISSION, "BM03.xlsx", bounced=bounced)
case(
    "a bounce told by a person under the subject of one",
    mail(f"Em gửi tới {INTAKE} thì thư bị trả lại, anh xem giúp em.", "Không gửi được thư"),
    Kind.REPLY,
)
case(
    "a bounce told in a person's own words",
    mail("Em gửi thì máy chủ báo: “Your message could not be delivered”, nhờ Sở xem giúp ạ.", "Hỏi về thư"),
    Kind.REPLY,
)
case(
    "form that Exchange gave a name",
    mail(several("mixed", words("Đơn vị gửi."), file("ATT00001.bin", workbook())), "Gửi biểu mẫu"),
    Kind.SUBMISSION,
    "ATT00001.bin",
)
case(
    "bounce of a server that writes no report, with a letter in it that is not marked as ours",
    mail(
        several(
            "mixed", words("A message that you sent could not be delivered."), enclosed(mail(several("mixed", BM)))
        ),
        "Mail delivery failed: returning message to sender",
        "ndr@ductho.test",
    ),
    Kind.BOUNCE,
    passed_over=(("thu.eml", No.RETURNED),),
    bounced=(("", "failed", ""),),
)


def mailbox() -> list[tuple[Case, bytes]]:
    """Sixty of them as they lie in a mailbox, each with a name of its own."""
    chosen = [one for number, one in enumerate(CASES) if number % 4 != 3 or one.kind == Kind.OURS]
    named = (b"\r\nMessage-ID:" in one.raw.partition(b"\r\n\r\n")[0] for one in chosen)
    return [
        (one, one.raw if known else b"Message-ID: <%d@ductho.test>\r\n%s" % (number, one.raw))
        for number, (one, known) in enumerate(zip(chosen, named, strict=True))
    ]
