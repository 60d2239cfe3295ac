"""Further mails of servers, gateways, calendars, services and people, each told by its words: who wrote it, and as what
it is to be taken. As in `cases`, it is Thursday, 18/11/2021, 14:00."""

from dataclasses import replace

from dondoc.vocabulary.mails import MailKind as Kind
from dondoc.vocabulary.mails import NoDocument as No

from .build import INTAKE, OFFICER, XLSX, file, mail, png, several, words, workbook
from .cases import Case

BM = file("BM03.xlsx", workbook(), XLSX)
ICS = words("BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR\n", "calendar")
SERVER, DAEMON = "postmaster@mx.test", "MAILER-DAEMON@mx.test"
RE = "Re: Nhắc hạn"

# Words, subject, sender; status. Their letter to OFFICER did not arrive.
_BOUNCES = {
    "zimbra": (
        f"Rất tiếc thư của bạn không thể chuyển được tới:\n\n<{OFFICER}>: 552 5.2.2",
        "Thư trả lại",
        DAEMON,
        "5.2.2",
    ),
    "mdaemon": (
        f"The attached message was not delivered to:\n{OFFICER}\nUser not known",
        "Delivery failure",
        SERVER,
        "",
    ),
    "mdaemon of old": (
        f"The following message could not be delivered.\n\n--- Recipient: {OFFICER}\nNo such user here",
        "Warning: Permanent Delivery Failure",
        "MDAEMON@mx.test",
        "",
    ),
    "kerio": (f"Your message to <{OFFICER}> could not be delivered: 550 5.1.1", "Undelivered", SERVER, "5.1.1"),
    "zoho": (
        f"This message was created automatically by mail delivery software.\n{OFFICER}, ERROR CODE :550 - 5.1.1",
        "Undelivered Mail Returned to Sender",
        "mailer-daemon@mail.zoho.test",
        "5.1.1",
    ),
    "google's quota in Vietnamese": (
        f"Người nhận {OFFICER} đã vượt quá hạn mức dung lượng nên không nhận được thư của bạn.",
        "Thông báo trạng thái gửi (Không thành công)",
        "mailer-daemon@googlemail.com",
        "",
    ),
    "domino": (
        f"Your message\n\nwas not delivered to:\n\n  {OFFICER}\n\nbecause: not listed",
        "DELIVERY FAILURE",
        SERVER,
        "",
    ),
    "too large": (
        f"Thư gửi đến {OFFICER} vượt quá giới hạn (552 5.3.4), thư không được chuyển đi.",
        "Thông báo",
        SERVER,
        "5.3.4",
    ),
    "quarantined": (
        f"Thư “Nhắc hạn” gửi tới {OFFICER} đã bị cách ly do nghi ngờ chứa mã độc.",
        "[Cách ly] Nhắc hạn",
        "mailgateway@ductho.test",
        "",
    ),
    "quarantined, in english": (
        f"The following message has been quarantined: From: {INTAKE} To: {OFFICER}",
        "Quarantine notification",
        "fortimail@mx.test",
        "",
    ),
}
# Words, subject, sender: machines speak, and nobody has to do anything.
_NOTICES = {
    "gateway": (
        "Bkav MailGateway phát hiện tệp BM03.xlsx trong thư có virus, tệp đã bị xóa.",
        "[Bkav] Cảnh báo virus",
        "gateway@x.test",
    ),
    "list of a quarantine": ("You have 3 new messages in your Email Quarantine.", "Quarantine Summary", "q@mx.test"),
    "challenge": ("The message you sent requires that you verify it.", "Please confirm your message", "filter@mx.test"),
    "ticket": (
        "Chúng tôi thông báo: yêu cầu của quý vị đã được tạo với mã #482915.",
        "[#482915] Nhắc hạn",
        "hotro@x.test",
    ),
    "registry of letters": (
        "Văn bản đến số 456 đã được chuyển xử lý. Đây là email tự động.",
        "Văn bản đến",
        "qlvb@x.test",
    ),
    "moderated list": (
        "Is being held until the list moderator can review it.",
        "Your message awaits approval",
        "no-reply@x.test",
    ),
    "zimbra's receipt": (f"Thư gửi tới {OFFICER} đã được hiển thị.", "Read-Receipt: Nhắc hạn", OFFICER),
    "thunderbird's receipt": (
        "Đây là Giấy báo nhận thư bạn đã gửi.",
        "Giấy báo nhận (đã hiển thị) - Nhắc hạn",
        OFFICER,
    ),
    "accepted": ("Lê Văn B đã chấp nhận lời mời.", "Đã chấp nhận: Họp triển khai", OFFICER),
    "another hour": ("", "New Time Proposed: Họp", OFFICER),
    "called off": ("Sự kiện này đã bị hủy.", "Sự kiện đã hủy: Họp triển khai", OFFICER),
}
# Subject; words.
_ABSENCES = {
    "domino": ("Le Ha is out of the office (returning 25/11/2021)", "x"),
    "domino, auto": ("AUTO: Hà vắng mặt (trở lại 25/11/2021)", "x"),
    "said behind": ("Re: Nhắc hạn (Trả lời tự động)", "x"),
    "said of somebody": ("Nguyễn Hà hiện đang vắng mặt", "x"),
    "in brackets": ("[Auto-Reply] Re: Nhắc hạn", "x"),
    "french": ("Réponse automatique : Nhắc hạn", "x"),
    "chinese": ("自動回覆: Nhắc hạn", "x"),
    "a mailbox that is closed": (RE, "Địa chỉ này không còn sử dụng.\n(Thư trả lời tự động)"),
}
# Words, subject: a person speaks, however much like a machine.
_REPLIES = {
    "filter's banner": ("[EXTERNAL] Cảnh báo: thư từ bên ngoài. Không mở tệp đính kèm.\n\nDạ vâng ạ.", RE),
    "banner in english": ("CAUTION: This email is from outside. Do not open attachments.\n\nDạ vâng ạ.", RE),
    "scanner's footer": ("Dạ vâng ạ.\nVirus-free. www.avast.com", RE),
    "of a virus": ("Máy em báo tệp của Sở có virus, Sở gửi lại giúp em.", "Re: virus"),
    "of a quarantine": ("Thư của Sở bị cách ly nên hôm nay em mới thấy.", RE),
    "of an invitation": ("Lãnh đạo huyện đã từ chối lời mời, cử cấp phó dự.", "Từ chối: Họp"),
    "of a ticket": ("Yêu cầu của Sở đã được ghi nhận, đơn vị đang làm.", "Re: #12 Nhắc hạn"),
    "of automatic answers": ("Trả lời tự động thì không cần đâu ạ.", RE),
    "wants a mail back": ("UBND huyện yêu cầu thu hồi thư đã gửi ngày 17/11 vì sai số liệu.", "Thu hồi: biểu mẫu"),
    "has shared with others": ("Em đã chia sẻ tệp cho các xã nhập rồi ạ.", RE),
    "asks for what was shared": ("Sở đã chia sẻ mẫu nào với bạn em chưa ạ?", RE),
    "whose mail was refused": ("Tài khoản của em bị khóa nên không gửi được thư ạ.", "Không gửi được thư"),
    "of a colleague's absence": ("Đồng chí Hà vắng mặt, tôi trả lời thay.", "Về việc vắng mặt cán bộ đầu mối"),
    "nothing but a phone's words": ("\n\nGửi từ iPhone", RE),
    "a thumb": ("👍", RE),
}  # fmt: skip
# Words, subject, sender: a file is meant, and none is there.
_FORGOTTEN = {
    "a phone's words under a subject": ("\n\nSent from my iPhone", "Gửi biểu mẫu 03", OFFICER),
    "link to a drive": ("Em gửi link: https://docs.google.com/spreadsheets/d/abc/edit", "Số liệu", OFFICER),
    "shared by google": ("cntt@x.test đã chia sẻ một bảng tính với bạn", "BM03", "drive-shares-noreply@google.test"),
    "shared by onedrive": ("x", 'Lê Văn B đã chia sẻ "BM03.xlsx" với bạn', "no-reply@sharepoint.test"),
}


def _case(name: str, raw: bytes, kind: Kind, **more: object) -> Case:
    return replace(Case(name, raw, kind, automatic=kind.by_machine), **more)  # type: ignore[arg-type]


def _tabled() -> list[Case]:
    made = [
        _case(
            f"bounce: {name}",
            mail(text, subject, sender),
            Kind.BOUNCE,
            bounced=((OFFICER, "failed", status),),
        )
        for name, (text, subject, sender, status) in _BOUNCES.items()
    ]
    made += [_case(f"machine: {name}", mail(*one), Kind.NOTICE) for name, one in _NOTICES.items()]
    made += [_case(f"absence: {name}", mail(t, s), Kind.ABSENCE) for name, (s, t) in _ABSENCES.items()]
    made += [_case(f"person: {name}", mail(*one), Kind.REPLY) for name, one in _REPLIES.items()]
    made += [
        _case(f"no file: {name}", mail(*one), Kind.FORGOTTEN, automatic="reply@" in one[2])
        for name, one in _FORGOTTEN.items()
    ]
    return made


MORE = [
    *_tabled(),
    _case("absence of mdaemon", mail("Tôi đi vắng", RE, X_MDaemon_Autoresponse="yes"), Kind.ABSENCE),
    _case(
        "invitation with a form",
        mail(several("mixed", several("alternative", words("Họp"), ICS), BM), "Lời mời: Họp"),
        Kind.SUBMISSION,
        documents=("BM03.xlsx",),
        passed_over=(("text/calendar", No.INVITATION),),
    ),
    _case(
        "form marked as spam",
        mail(several("mixed", words("Đơn vị gửi."), BM), "[SPAM] Cảnh báo virus: Gửi biểu mẫu"),
        Kind.SUBMISSION,
        documents=("BM03.xlsx",),
    ),
    _case(
        "file that a filter took out",
        mail(several("mixed", words("Em gửi."), file("BM03.xlsx.DELETED.txt", b"virus", "text/plain")), "Biểu mẫu"),
        Kind.FORGOTTEN,
        passed_over=(("BM03.xlsx.DELETED.txt", No.STRIPPED),),
    ),
    _case(
        "gmail's thumb",
        mail(
            several(
                "alternative",
                words("👍"),
                file("", b'{"emoji":"x"}', "text/vnd.google.email-reaction+json"),
                words("<p>👍</p>", "html"),
            ),
            RE,
        ),
        Kind.REPLY,
        passed_over=(("text/vnd.google.email-reaction+json", No.FOOTER),),
    ),
    _case(
        "photo of zalo",
        mail(several("mixed", words(""), file("z29571234_abc.png", png(1080, 1920), "image/png")), "Văn bản"),
        Kind.SUBMISSION,
        documents=("z29571234_abc.png",),
    ),
    _case(
        "phone's photo in a format of its own",
        mail(several("mixed", words("em gửi ạ"), file("IMG_1.HEIC", b"\0\0\0\x18ftypheic", "image/heic")), "Văn bản"),
        Kind.SUBMISSION,
        documents=("IMG_1.HEIC",),
    ),
]
