"""What the sender of a mail wrote: without what it quotes, its signature and the marks of HTML.

quotequail, email-reply-parser and mail-parser-reply know no Vietnamese mail program, and give Zimbra's and Outlook's
quotation for the sender's own words.
"""

import re
from collections.abc import Iterator

from lxml import html

LONGEST = 200_000  # characters of HTML that are looked at
# The line above what is quoted: Gmail and Apple Mail in both languages, and the line of our own letters.
_INTRO = re.compile(
    r"^\s*((On|Vào|Ngày|Lúc)\b[^\n]{4,400}(wrote|viết)\s*:|[^\n]{0,200}<[^\n<>]{3,120}@[^\n<>]{3,120}>[^\n]{0,40}"
    r"(wrote|viết)\s*:|[^\n]{0,200}viết phía trên dòng này[^\n]{0,60})\s*$",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"^\s*(_{5,}|-{5,}|[-*=_]{2,}\s?.{0,60}(message|gốc|chuyển tiếp|forwarded|original).{0,40}|"
    r"(begin forwarded message|thư được chuyển tiếp|bắt đầu thư được chuyển tiếp)\s*:)",
    re.IGNORECASE,
)
_FROM = re.compile(r"^\W*(From|Từ|Người gửi|Gửi từ)\W{0,3}:", re.IGNORECASE)
_FIELD = re.compile(
    r"^\W*(Sent|Date|To|Subject|Ngày|Đã gửi|Gửi|Gửi lúc|Tới|Đến|Người nhận|Chủ đề|Tiêu đề)\W{0,3}:", re.IGNORECASE
)
_SIGNATURE = re.compile(r"^-- ?$")
_OF_PROGRAM = re.compile(
    r"^\s*((sent|gửi|được gửi) (from|từ|bằng|via) [^\n]{0,40}\b(iphone|ipad|samsung|galaxy|xiaomi|oppo|vivo|android|"
    r"điện thoại|thiết bị|mail|outlook|yahoo|phone|mobile|mobifone|viettel|vinaphone)\b[^\n]{0,40}|"
    r"(get|tải) outlook (for|cho) [^\n]{2,60}|"
    # of filters: where a mail came from, and that it was looked through
    r"\W*(caution|warning|external|cảnh báo|lưu ý|chú ý)\b[^\n]{0,60}"
    r"(outside|external|bên ngoài|ngoài (cơ quan|đơn vị))[^\n]*|"
    r"\W*((virus-free|không có vi-?(rút|rus))\W[^\n]{0,80}|(this e-?mail|e-?mail này|thư này)[^\n]{0,60}"
    r"(checked for viruses|(quét|kiểm tra)[^\n]{0,40} vi-?(rút|rus))[^\n]{0,120}))$",
    re.IGNORECASE,
)
_BLOCKS = ("p", "div", "tr", "li", "br", "h1", "h2", "h3", "table", "hr")
_QUOTED = "|".join(
    f"//{what}"
    for what in (
        "blockquote",
        "*[contains(@class, 'gmail_quote')]",
        "*[contains(@class, 'gmail_signature')]",
        "*[contains(@class, 'moz-cite-prefix')]",
        "*[contains(@class, 'moz-signature')]",
        "*[contains(@class, 'yahoo_quoted')]",
        "*[contains(@class, 'protonmail_quote')]",
        "*[contains(@id, 'AppleMailSignature')]",
        "*[contains(@id, 'ms-outlook-mobile-signature')]",
        "script",
        "style",
        "head",
    )
)
# Outlook's and Zimbra's marks: whatever stands behind one is quoted.
_REST_IS_QUOTED = (
    "//*[contains(@id, 'divRplyFwdMsg') or contains(@id, 'appendonsend') or contains(@id, 'zwchr') or "
    "@data-marker='__DIVIDER__' or contains(@id, 'mail-editor-reference-message-container') or "
    "(self::div and contains(@style, 'border-top:solid #') and contains(@style, 'padding:3.0pt'))]"
)


def own_words(text: str) -> str:
    """What somebody wrote in a plain text, above and between what is quoted."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\u00a0", " ").split("\n")]
    quoting = any(line.lstrip().startswith(">") for line in lines)
    return "\n".join(_own(lines, quoting)).strip()


def _own(lines: list[str], quoting: bool) -> Iterator[str]:
    place = 0
    while place < len(lines):
        line = lines[place]
        wrapped = 2 if place + 1 < len(lines) and _INTRO.match(f"{line} {lines[place + 1].lstrip()}") else 0
        length = 1 if _INTRO.match(line) else wrapped if line.strip() else 0
        if length and not quoting:
            return
        if _SIGNATURE.match(line) or _FORWARD.match(line) or _is_head(lines, place):
            return
        if not length and not line.lstrip().startswith(">") and not _OF_PROGRAM.match(line):
            yield line
        place += length or 1


def _is_head(lines: list[str], place: int) -> bool:
    """Whether the head of another mail begins here: its sender, and right below its day or recipient."""
    return bool(_FROM.match(lines[place])) and any(_FIELD.match(line) for line in lines[place + 1 : place + 5])


def text_of(source: str, *, own: bool) -> str:
    """An HTML text in plain lines; `own`: without what is marked as quoted.

    Raises:
        Exception: whatever the library trips over.
    """
    if not source.strip():
        return ""
    root = html.document_fromstring(source[:LONGEST].replace("\0", ""))
    for element in root.xpath("//script|//style|//head"):
        element.drop_tree()
    if own:
        for mark in root.xpath(_REST_IS_QUOTED):
            _drop_rest(mark)
        for element in root.xpath(_QUOTED):
            if element.getparent() is not None:
                element.drop_tree()
    for element in root.iter(*_BLOCKS):
        element.text = "\n" + (element.text or "")
        element.tail = "\n" + (element.tail or "")
    text = str(root.text_content())
    return re.sub(r"\n[ \t\n]*\n", "\n\n", text.replace("\u00a0", " ")).strip()


def _drop_rest(mark: html.HtmlElement) -> None:
    """An element and all that follows it within its parent, and further out."""
    place = mark
    while (parent := place.getparent()) is not None:
        place.tail = None
        for later in list(place.itersiblings()):
            parent.remove(later)
        if parent.tag == "body":
            break
        place = parent
    if mark.getparent() is not None:
        mark.drop_tree()
