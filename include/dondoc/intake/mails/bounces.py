"""What a mail server says of a letter that it could not deliver, or not yet. By a child: see `sources.parts`.

The standard (RFC 3464) first, then flufl.bounce, which knows many servers that follow none, then words.
"""

import re
from email.message import Message
from typing import NamedTuple

from flufl.bounce import all_failures

MOST = 20  # recipients, and mails that are named
LOOKED_AT = 64_000  # characters of its text
FAILED, DELAYED = "failed", "delayed"
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_ADDRESS = re.compile(r"[\w.+=-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}", re.ASCII)
_MESSAGE_ID = re.compile(r"^[> \t]{0,8}(?:X-)?(?:Original-)?Message-ID:\s{0,4}(<[^<>\s]{3,900}>)", re.I | re.M)
_UNDELIVERED = re.compile(
    r"không (thể )?(gửi|chuyển|phát) (được )?(thư|tới|đến|cho)|gửi thư (thất bại|không thành công)|thư (bị )?trả lại|"
    r"thư[^\n]{0,120} không thành công|thư[^.\n]{0,60} (không|chưa) được (gửi|chuyển|phát)|"
    r"(thư|tin nhắn)[^.\n]{0,60} không (thể )?(gửi|chuyển|đến) (được|tới|đến)|"
    r"(hộp thư|người nhận)[^\n]{0,80} ((đã|bị) (bị )?đầy|vượt quá (dung lượng|hạn mức|hạn ngạch))|"
    r"(địa chỉ|người nhận|hộp thư|tài khoản|nhóm)[^.\n]{0,60} không tồn tại|"
    r"(đã|bị)( được)? cách ly|(was|has been) quarantined|để thư[^\n]{0,120} đến được[^\n]{0,120} xác nhận|"
    r"undeliver(able|ed)|could ?n.t be delivered|"
    r"could not be delivered|not delivered to|(message|mail) (was|has been) (rejected|blocked)|"
    r"delivery (has )?failed|failed delivery|delivery (status notification )?\(?(failure|delay)|"
    r"returned mail|failure notice|no such (user|mailbox)|quota exceeded|"
    r"(user|mailbox|recipient)[^.\n]{0,60} (unknown|not found|unavailable|does not exist|is full|over quota)",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"^\W*(warning\W+)?(undeliver(able|ed)|returned mail|failure notice|(mail|message) could not be delivered|"
    r"(mail|message|permanent)? ?delivery (has )?(failed|failure|status notification))",
    re.IGNORECASE,
)
_WORDS = re.compile(
    r"\b(your|the|a)( following)? (message|e?-?mail) (that you sent )?"
    r"((could not|cannot|was not|has not been|can't) (be )?delivered|(was|has been) (rejected|blocked))|"
    r"created automatically by mail delivery software",
    re.IGNORECASE,
)
# What servers of VNPT and Viettel, and gateways, write in the name of an administrator; people tell of it in the same
# words, and ask.
_SUBJECT_HERE = re.compile(
    r"^\W*(thông báo\W+)?(không (thể )?gửi được thư|gửi thư (thất bại|không thành công)|"
    r"thư (không gửi được|bị trả lại)|(đã |bị )?cách ly|quarantined?\b(?! (summary|digest|report))|"
    r"(vui lòng )?xác nhận thư của (bạn|quý))",
    re.IGNORECASE,
)
PERSONS = re.compile(r"\b(ạ|dạ|em|mình|anh|chị|tôi|nhờ|giúp|đơn vị|phòng|ubnd)\b|\?", re.IGNORECASE)
_VIETNAMESE = re.compile("[ăđơưạ-ỹ]", re.IGNORECASE)
_NOT_YET = re.compile(
    r"delay|chậm|tạm thời chưa|tiếp tục thử|will (continue|keep) (to )?try|not yet been", re.IGNORECASE
)


class Bounced(NamedTuple):
    """`action` as in RFC 3464: failed or delayed; `status`: its code, or ""."""

    recipient: str
    action: str
    status: str


def reported(mail: Message) -> list[Bounced]:
    """What the machine-readable part says of each recipient (RFC 3464), also of those that it reached."""
    found = []
    for part in mail.walk():
        if part.get_content_type() not in ("message/delivery-status", "message/global-delivery-status"):
            continue
        blocks = part.get_payload()
        for block in blocks[: MOST + 1] if isinstance(blocks, list) else ():
            if not isinstance(block, Message):
                continue
            recipient = _address(block, "Original-Recipient") or _address(block, "Final-Recipient")
            action = str(block.get("Action", "")).strip().lower().partition(" ")[0]
            if recipient or action:
                status = _STATUS.search(str(block.get("Status", "")) or str(block.get("Diagnostic-Code", "")))
                found.append(Bounced(recipient, action or FAILED, status[1] if status else ""))
        break  # those of a bounce that came back within it are another's
    return found[:MOST]


def _address(block: Message, field: str) -> str:
    address = _ADDRESS.search(str(block.get(field, ""))[:1_000])
    return address[0].lower() if address else ""


def known(mail: Message, text: str = "") -> list[Bounced]:
    """What flufl.bounce makes of a mail that a machine wrote. It would find something in many a person's too."""
    delayed, failed = all_failures(_texts_of(mail))
    of = ((DELAYED, delayed - failed), (FAILED, failed))
    found = [(one, action) for action, several in of for one in sorted(map(_decoded, several))]
    found = [(one, action) for one, action in found if _ADDRESS.fullmatch(one)]
    status = _STATUS.search(text[:LOOKED_AT]) if len(found) == 1 else None
    return [Bounced(one, action, status[1] if status else "") for one, action in found][:MOST]


def _texts_of(part: Message) -> Message:
    """A mail whose texts are decoded and whose files are empty: flufl.bounce takes base64 for text, and finds addresses
    in it."""
    copy, inner = Message(), part.get_payload()
    for name, value in part.raw_items():
        if name.lower() != "content-transfer-encoding":
            copy.set_raw(name, value)
    if isinstance(inner, list):
        copy.set_payload([_texts_of(one) for one in inner if isinstance(one, Message)])
    elif part.get_content_maintype() in ("text", "message"):
        content = part.get_payload(decode=True)
        copy.set_payload(content.decode("utf-8", "replace")[:LOOKED_AT] if isinstance(content, bytes) else "")
    else:
        copy.set_payload("")
    return copy


def _decoded(address: bytes | str) -> str:
    return address.decode("ascii", "replace").lower() if isinstance(address, bytes) else address.lower()


def is_plain(subject: str, own: str) -> bool:
    """Whether these are a mail server's own words, whoever it says to be: people do not write so, but they quote it
    below words of their own."""
    said = _WORDS.search(own[:LOOKED_AT])
    here = _SUBJECT_HERE.search(subject) and _ADDRESS.search(own[:LOOKED_AT]) and not PERSONS.search(own[:LOOKED_AT])
    return bool(_SUBJECT.search(subject) or here or (said and not _VIETNAMESE.search(own[: said.start()])))


def by_words(mail: Message, subject: str, text: str) -> list[Bounced]:
    """What a machine's own sentences say: that something was not delivered, and the first address that they name."""
    said = f"{subject}\n{text[:LOOKED_AT]}"
    if not _UNDELIVERED.search(said):
        return []
    mine = {one.lower() for name in ("From", "To", "Delivered-To") for one in _ADDRESS.findall(str(mail.get(name, "")))}
    action = DELAYED if _NOT_YET.search(subject) else FAILED
    status = _STATUS.search(text[:LOOKED_AT])
    named = [one for one in map(str.lower, _ADDRESS.findall(text[:LOOKED_AT])) if one not in mine]
    if not named and not _UNDELIVERED.search(subject):
        return []
    return [Bounced(named[0] if named else "", action, status[1] if status else "")]


def originals(mail: Message, text: str) -> list[str]:
    """The Message-IDs of what is given back as headers or as text."""
    kinds = ("text/rfc822-headers", "message/disposition-notification")
    texts = [part.as_string() for part in mail.walk() if part.get_content_type() in kinds]
    return [found for one in (*texts, text) for found in _MESSAGE_ID.findall(one[:LOOKED_AT])]
