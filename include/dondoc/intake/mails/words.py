"""What a sender's own words promise, say was sent, or say is attached. Only what is sure: a person sees the rest.

Each looks at single sentences, in time proportional to the text.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from dondoc.clock import HERE
from dondoc.directive.names import fold

LONGEST = 4_000  # characters of a text
_SENTENCE = re.compile(r"(?:[^\n.!?;]|(?<=\d)\.(?=\d)|(?<=\d)\.(?=[A-ZĐ]))+[.!?;]*")


def sentences(text: str) -> Iterator[str]:
    """With their marks at the end; a point within a date or number ends none."""
    for one in _SENTENCE.findall(unicodedata.normalize("NFC", text[:LONGEST])):
        if one.strip():
            yield " ".join(one.split())


# -- that something is attached

_FILE = r"(bieu mau|bm ?\d+|file|tep|phieu|so lieu|danh sach|bao cao|ban scan|thong tin khao sat|du lieu)"
_CLAIM = re.compile(
    rf"\b(dinh kem|gui kem|kem theo|kem {_FILE}|attached|attachments?|enclosed|pfa|{_FILE} (em|minh|toi|don vi) gui|"
    rf"(xin|kinh|em|minh|toi|don vi|co quan|phong|ubnd|huyen|xa|cong an)( \w+){{0,5}}? (gui|nop)( lai| bo sung)?"
    rf"( \w+){{0,4}}? {_FILE})\b|^(da )?gui(?!( cho)? (em|minh|toi|don vi|phong)\b)( \w+){{0,4}}? {_FILE}\b"
)
# Not a word about what this mail holds: a question, a wish, our own letter, another day or way, a lawyer's footer.
_NO_CLAIM = re.compile(
    r"\b(khong (co|thay|mo|tai|xem|nhan|doc|the|biet|hieu)|chua|o dau|(nhu|the|dien) (the )?nao|lam sao|bi loi|kho|"
    r"vuong|thac mac|hoi|huong dan|cho (em|toi|minh|don vi|chung toi|phong) (xin|file|bieu mau)|xin (lai|cap|gia han|"
    r"phep)|se|mai|chieu|toi nay|tuan sau|hom qua|hom truoc|hom kia|"
    r"(da|duoc) (gui|nop|doc|xem|nhan) (?!kem|anh|chi|so)|da tai|theo (bieu )?mau|qua (truc|zalo|buu dien|duong)|"
    r"(cho|giup|ho) (em|toi|minh|don vi|chung toi|phong)|giup|(em|toi|minh) voi|"
    r"cua (quy )?so|(quy )?so( da)? gui|anh chi gui|nhan duoc|de nghi|nho|confidential|bao mat|virus|intended|"
    r"unauthori[sz]ed|will|tomorrow|cannot|can t|could not|no attachment)\b"
)


def claims(text: str) -> str | None:
    """The sentence that says a file comes with this mail; None: none says so."""
    for sentence in sentences(text):
        folded = fold(sentence)
        if _CLAIM.search(folded) and not _NO_CLAIM.search(folded) and "?" not in sentence:
            return sentence[:200]
    return None


# A file that is shared, not sent: Google Drive, OneDrive, SharePoint and their like, in the words of the services.
_SHARES = re.compile(
    r"[^\n?]{0,120}\b(đã chia sẻ|has shared|shared)\b[^\n?]{0,60}(\b(với (bạn|quý vị)|with you)\b|[“\"])[^\n]{0,120}|"
    r"[^\n?]{0,120}\b(được chia sẻ với bạn|shared with you)\b[^\n]{0,120}",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"https?://[^\s<>]{0,80}(drive\.google|docs\.google|1drv\.ms|sharepoint\.|onedrive\.|dropbox\.|fshare\.|mediafire\.|"
    r"we\.?transfer\.)[^\s<>]*",
    re.IGNORECASE,
)


def shares(subject: str, own: str) -> str | None:
    """The words, or the link, by which a mail shares a file instead of bringing it."""
    said = (_SHARES.match(text.strip()) for text in (own, subject))
    found = next((one for one in said if one and "?" not in one[0]), None) or _LINK.search(own)
    return " ".join(found[0].split())[:200] if found else None


# -- until when something will come

_SENDS = re.compile(
    r"\b(gửi|gởi|nộp|chuyển|hoàn (thành|thiện|tất)|bổ sung|cung cấp|báo cáo|trả lời|xong|send|submit|finish)\b"
)
# Said of what was, of others, of what is asked for or hangs on something: no promise.
_NO_PROMISE = re.compile(
    r"\b(đã (gửi|gởi|nộp|chuyển|hoàn|báo|cung|có)|(gửi|gởi|nộp|chuyển|báo cáo|xong)( \w+){0,2} rồi|"
    r"(không|chưa)( \w+)? (gửi|gởi|nộp|chuyển|xong|hoàn)|tính đến|công tác|trở lại|khi (về|có|nhận|được)|"
    r"nộp (phạt|thuế|tiền|phí|lệ phí)|(đường truyền|camera|máy chủ|trụ sở)( \w+){0,3} chuyển|"
    r"chuyển (trụ sở|địa điểm|công tác|khoản|tiền|đường truyền|máy chủ|sang (phòng|bộ phận|cơ quan|đơn vị|vị trí))|"
    r"(ubnd|hđnd) tỉnh( sẽ)? (gửi|chuyển|báo|trả)|"
    r"(chờ|đợi)( \w+){1,3} (gửi|chuyển|cung cấp|hoàn)|(viettel|vnpt|fpt|mobifone|nhà (mạng|thầu|cung cấp))|"
    r"không( (ạ|nhỉ|vậy|anh|chị))*\s*[.!;]*$|hôm qua|hôm kia|hôm trước|vừa gửi|không (thể|kịp)|chưa (thể|chắc)|"
    r"gia hạn|cho phép|được không|có thể|đề nghị|yêu cầu|mong(?! \w+( \w+){0,2} thông cảm)|nhờ|nếu|"
    r"khi nào|bao giờ|giúp|của sở|quý (sở|cơ quan|đơn vị)|sở (gửi|sẽ|cho|báo)|(anh|chị) (gửi|cho)|"
    r"thời hạn|hạn (gửi|nộp|cuối|là)|"
    r"theo (công văn|văn bản|quy định|yêu cầu)|thực hiện (công văn|văn bản)|sent|could|may|if|"
    r"cố gắng|(cố|ráng|gắng)( \w+)? (gửi|nộp)|((một|hai|ba) (hai|ba|bốn)|vài|đôi ba|dăm|mấy) (ngày|hôm|bữa)|"
    r"dự kiến(?! (sẽ )?(gửi|gởi|nộp)\b| ngày \d))\b"  # our letters ask by when somebody expects to send
)
# Of cameras, leaders, quarters: these things are done or said by themselves, and no file is sent.
_OTHER_WORK = re.compile(
    r"\b(lắp|sửa|thi công|nghiệm thu|họp|báo cáo:|lãnh đạo|quý (i{1,3}|iv|[1-4])|"
    r"(báo cáo|trả lời):?( \w+)? (không )?có|(trả lời|phúc đáp|nhận)( \w+)? (thư|văn bản|công văn))\b"
)
_SENDS_A_FILE = re.compile(r"\b(gửi|gởi|nộp|chuyển|bổ sung|cung cấp|send|submit)\b")
_CLAUSES = re.compile(r",|\b(?:nên|nhưng|vì)\b")
# Why it takes so long, after the day: "… do cán bộ đi công tác". It takes nothing back.
_BECAUSE = re.compile(
    r"(?<=\d)[,;]?\s+(?:lý do:?|do|vì|bởi)\b(?! (?:vậy|thế))"
    r"(?:(?!\b(?:nếu|nên|nhưng|gửi|nộp|gia hạn|đề nghị|xin)\b).)*$"
)
_GREETING = re.compile(r"^kính (gửi|thưa)[^,:]{0,80}[,:]?")
_DAY_OF_A_LETTER = re.compile(
    r"\b(phúc đáp|trả lời|theo|nhận|về)( [\w/.-]+){1,6}? ngày \d{1,2}\s?[/.-]\s?\d{1,2}([/.-]\d{2,4})?"
)
_NAMED = re.compile(r"(?<=\S )(?<!ngày )(?<!sáng )(?<!chiều )Mai\b|\b(?i:(chị|anh|cô|bà) mai)\b")  # a person
_WEEKDAYS = {
    "hai": 0, "2": 0, "ba": 1, "3": 1, "tư": 2, "tu": 2, "4": 2, "năm": 3, "nam": 3, "5": 3, "sáu": 4, "sau": 4, "6": 4,
    "bảy": 5, "bẩy": 5, "bay": 5, "7": 5,
    "monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5,
}  # fmt: skip
_SHORT_WEEKDAY = re.compile(
    r"(?:(?<=sáng )|(?<=chiều )|(?<=tối )|(?<=trước )|(?<=vào )|(?<=đến )|(?<=^))t([2-7])\b|"
    r"\bt([2-7])(?= (?:tuần|này|tới|sau))"
)
_BEFORE = r"(?P<before>(?:trước|sau|từ) (?:ngày |hết )?)?"
_DATE = re.compile(
    rf"{_BEFORE}(?<![\d/.-])(?P<day>\d{{1,2}})\s?(?:[/.-]|\s?tháng )\s?(?P<month>\d{{1,2}})"
    r"(?:\s?(?:[/.-]|\s?năm )\s?(?P<year>\d{4}|\d{2}))?(?![\d/.-]*\d)"
    r"(?! (?:camera|cam|mắt|điểm|cái|thiết bị|file|tệp|biểu|phiếu|mục)\b)"  # "10/12 camera" is a share
)
_DAY_OF_MONTH = re.compile(
    rf"{_BEFORE}\b(?:ngày|hôm) (?:mùng |mồng )?(?P<day>\d{{1,2}})"
    r"(?!\s?[/.-]?\d|\s?tháng(?! này| \d)| ngày| giờ)(?P<this> tháng này)?\b"
)
_WEEKDAY = re.compile(
    rf"{_BEFORE}\bthứ (?P<name>hai|ba|tư|năm|sáu|bảy|bẩy|[2-7])\b"
    r"(?: (?P<which>tuần này|tuần sau|tuần tới|này|tới|sau))?|"
    r"\b(?P<english>monday|tuesday|wednesday|thursday|friday|saturday)\b"
)
_WEEK = re.compile(r"\b(?P<part>đầu|giữa|cuối|trong)? ?tuần (?P<which>này|sau|tới)\b|\b(?P<end>cuối tuần)\b")
_NEXT_WEEK = re.compile(r"\bsang tuần(?: sau| tới)?(?P<weekday> thứ \w+)?")
_END_OF_MONTH = re.compile(
    r"(?<!khoảng )\b(?:cuối|hết|trong) tháng(?: (?P<which>này|sau|tới)| (?P<month>\d{1,2})(?!\s?[/.-]?\d)|(?! \d))"
)
_NEAR = re.compile(
    r"\b(?P<days>(?:ngày |sáng |chiều |trưa |tối )?mai(?! mốt)|tomorrow|ngày kia|ngày mốt|hôm nay|today|"
    r"trong ngày(?! (?:mai|kia|mốt|\d))|(?:sáng|trưa|chiều|tối|đêm|ngày) nay|this (?:afternoon|evening)|"
    r"(?:chiều|tối)(?= (?:em|mình|tôi|bên|đơn|phòng|anh|chị)))\b"
)
_COUNTS = {
    word: number for number, word in enumerate(("một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"), 1)
}
_COUNT = rf"\d{{1,2}}|{'|'.join(_COUNTS)}"
_IN_DAYS = re.compile(
    rf"\btrong (?:vòng )?(?P<count>{_COUNT}) (?P<unit>ngày|hôm|tuần)(?! làm)|"
    rf"\b(?P<later>{_COUNT}) (?P<units>ngày|hôm|tuần) nữa\b"
)
_NEXT = ("tuần sau", "tuần tới")
_OVER = {"sáng nay": 12, "trưa nay": 14, "chiều nay": 18}  # from this hour on
_PLAIN = str.maketrans({"ð": "đ"})


def promised(text: str, arrived: datetime) -> date | None:
    """The last day by which somebody says to send something: "chiều nay", "thứ Sáu này", "trước 25/11" (so the 24th).

    None: they promise nothing, name several days, or one that may be two.
    """
    here = arrived.astimezone(HERE)
    said = (_NAMED.sub(" ", sentence).lower().translate(_PLAIN) for sentence in sentences(text))
    days = {day for sentence in said for day in _promised(sentence, here)}
    return days.pop() if len(days) == 1 and None not in days else None


def _promised(sentence: str, here: datetime) -> set[date | None]:
    """The days of a sentence; where it names several, those of its clauses that say that something is sent."""
    sentence = _SHORT_WEEKDAY.sub(lambda m: f"thứ {m[1] or m[2]}", sentence)
    sentence = _NEXT_WEEK.sub(lambda m: f"{m['weekday'] or ''} tuần sau", sentence)
    sentence = _BECAUSE.sub("", _DAY_OF_A_LETTER.sub(" ", _GREETING.sub("", _accented(sentence))))
    if "?" in sentence or not _SENDS.search(sentence) or _NO_PROMISE.search(sentence):
        return set()
    if _OTHER_WORK.search(sentence) and not _SENDS_A_FILE.search(sentence):
        return set()
    clauses = [one for one in _CLAUSES.split(sentence) if _SENDS_A_FILE.search(one) or not _OTHER_WORK.search(one)]
    days = set(_days(",".join(clauses), here))
    if len(days) > 1:
        days = {day for clause in clauses if _SENDS.search(clause) for day in _days(clause, here)}
    return days


def _days(sentence: str, here: datetime) -> Iterator[date | None]:
    today = here.date()
    for match in _DATE.finditer(sentence):
        yield _less(_date(match, today), match["before"])
    sentence = _DATE.sub(" ", sentence)
    for match in _DAY_OF_MONTH.finditer(sentence):
        yield _less(_day_of_month(int(match["day"]), today), match["before"])
    for match in _WEEKDAY.finditer(sentence):
        yield _less(_weekday(match["name"] or match["english"], match["which"], today), match["before"])
    for match in _WEEK.finditer(_WEEKDAY.sub(" ", sentence)):
        yield _week(match, today)
    for match in _END_OF_MONTH.finditer(sentence):
        yield _end_of_month(match, today)
    for match in _NEAR.finditer(sentence):
        yield _near(match["days"], here)
    for match in _IN_DAYS.finditer(sentence):
        said = match["count"] or match["later"]
        count = _COUNTS.get(said) or int(said)
        yield today + timedelta(days=count * (7 if "tuần" in (match["unit"], match["units"]) else 1))


# What people write without accents, and what is meant: only words that mean nothing else.
_UNACCENTED = {
    fold(word): word
    for word in (
        "tuần sau", "tuần tới", "tuần này", "chiều nay", "chiều mai", "sáng mai", "ngày mai", "tối nay", "hôm nay",
        "hôm qua", "trước", "tháng", "ngày", "đã gửi", "đã nộp", "gửi", "nộp", "nếu", "được không", "gia hạn",
        "đề nghị", "không kịp", "chiều",
    )
}  # fmt: skip
_UNACCENTED_WEEKDAY = re.compile(r"\bthu (hai|ba|tu|nam|sau|bay|[2-7])(?= (?:nay|toi|tuan))")
_PARTS = {"dau": "đầu", "giua": "giữa", "cuoi": "cuối"}
_SAID = {"tu": "tư", "nam": "năm", "sau": "sáu", "bay": "bảy"}


def _accented(sentence: str) -> str:
    if not sentence.isascii():
        return sentence
    sentence = _UNACCENTED_WEEKDAY.sub(lambda m: f"thứ {_SAID.get(m[1], m[1])}", sentence)
    for plain, word in _UNACCENTED.items():
        sentence = re.sub(rf"\b{plain}\b", word, sentence)
    sentence = re.sub(r"\b(cuoi|dau|giua) (?=tuần)", lambda m: f"{_PARTS[m[1]]} ", sentence)
    return re.sub(r"(thứ \w+) nay\b", r"\1 này", re.sub(r"(thứ \w+) toi\b", r"\1 tới", sentence))


def _less(day: date | None, before: str | None) -> date | None:
    """ "Trước ngày 25" ends with the day before; "sau ngày 25" has no last day."""
    if day is None or not before:
        return day
    return day - timedelta(days=1) if before.startswith("trước") else None


def _date(match: re.Match[str], today: date) -> date | None:
    year = int(match["year"]) if match["year"] else today.year
    try:
        day = date(year + 2000 if year < 100 else year, int(match["month"]), int(match["day"]))
        if not match["year"] and (today - day).days > 180:
            day = day.replace(year=today.year + 1)
    except ValueError:
        return None
    return day if 0 <= (day - today).days <= 180 else None


def _day_of_month(number: int, today: date) -> date | None:
    for first in (today.replace(day=1), (today.replace(day=1) + timedelta(days=32)).replace(day=1)):
        try:
            day = first.replace(day=number)
        except ValueError:
            return None
        if day >= today:
            return day
    return None


def _weekday(name: str, which: str | None, today: date) -> date | None:
    """ "Thứ Sáu này" said on a Saturday, and "thứ Sáu tới" said before a Friday, may be two days."""
    monday, weekday = today - timedelta(days=today.weekday()), _WEEKDAYS[name]
    this = monday + timedelta(days=weekday)
    if which in _NEXT:
        return this + timedelta(days=7)
    if which in ("tuần này", "này"):
        return this if this >= today else None
    if which in ("tới", "sau"):
        return this + timedelta(days=7) if this <= today else None
    return None if this == today else this if this > today else this + timedelta(days=7)


def _week(match: re.Match[str], today: date) -> date | None:
    monday = today - timedelta(days=today.weekday())
    if match["which"] in ("sau", "tới"):
        monday += timedelta(days=7)
    day = monday + timedelta(days={"đầu": 0, "giữa": 2}.get(match["part"] or "", 4))
    return day if day >= today else None


def _end_of_month(match: re.Match[str], today: date) -> date | None:
    """ "Cuối tháng" said on the last days of one may be the next."""
    ahead = int(match["month"] or today.month) - today.month + (match["which"] in ("sau", "tới"))
    month = today.year * 12 + today.month + ahead % 12  # that follows it
    day = date(month // 12, month % 12 + 1, 1) - timedelta(days=1) if int(match["month"] or 1) in range(1, 13) else None
    return day if day and (day - today).days in range(0 if match["which"] else 3, 181) else None


def _near(words: str, here: datetime) -> date | None:
    today = here.date()
    if "mai" in words.split() or words == "tomorrow":
        return today + timedelta(days=1)
    if words in ("ngày kia", "ngày mốt"):
        return today + timedelta(days=2)
    if here.hour >= _OVER.get(words, 24):  # what was sent in the morning, told in the afternoon
        return None
    if words in ("chiều", "tối"):  # without "nay": of this day as long as it lies ahead
        return today if here.hour < (16 if words == "chiều" else 20) else None
    return today


# -- the number of a letter that was sent

_NO_SYMBOL = r"(?!(?:IP|NVR|DVR|MP|FPS|HD|ONVIF|RTSP)\b)"
_OF_PARTY = r"\d{1,5}-[A-ZĐ]{2,8}/[A-ZĐ]{2,10}"  # 12-CV/HU
_OF_STATE = rf"\d{{1,5}}[a-zA-Z]?\s?/\s?(?:\d{{4}}/)?{_NO_SYMBOL}[A-ZĐ]{{2}}[\wĐđ]*(?:\s?[-–.&/]\s?[A-ZĐ][\wĐđ]*)*"
_SYMBOL = rf"(?:{_OF_STATE}|{_OF_PARTY})"
_NUMBER = re.compile(
    rf"(?P<symbol>(?<![\w/]){_SYMBOL})|\b(?i:công văn|cv|văn bản|vb|báo cáo|cong van|van ban)\s?(?i:số|so)?\s?:?\s?"
    r"(?P<bare>(?!20\d\d\b)\d{1,5})\b(?!\s?[/.,-]?\d|\s?/|-[A-ZĐ]|,? và \d|"
    r" (?:camera|cam|trang|bản|điểm|file|tệp|mục|tháng|ngày(?! \d))\b)"
)
_CITED = re.compile(
    rf"\b(?:thực hiện|căn cứ|theo|phúc đáp|trả lời|tại|thuc hien|theo)\s"
    r"(?:nội dung |tinh thần |yêu cầu |đề nghị |chỉ đạo |hướng dẫn )?(?:tại |của )?"
    rf"(?:công văn|văn bản|cv|vb|giấy mời|kế hoạch|chỉ thị|quyết định)?\s?(?:số)?\s?:?\s?(?:{_SYMBOL}|\d{{1,5}}\b)",
    re.IGNORECASE,
)
# Through the e-office a letter is known by its number there: "qua trục, số 123".
_BY_OFFICE = re.compile(r"\b(truc|i ?office|tdoffice|quan ly van ban|qlvb|van ban dien tu)\b")
_OF_OFFICE = re.compile(r"\b(?i:số|so)(?i: đi| di| văn bản)?\s?:?\s?(\d{1,5})\b(?!\s?[/.,-]?\d|\s?/)")
_SENT = re.compile(
    r"\b(gui|nop|ban hanh|phat hanh|chuyen|bao cao|da co (cong van|van ban)|tra loi|sent|truc lien thong|qua truc)\b"
)
_NOT_SENT = re.compile(r"\b(se|chua|de nghi so|(quy )?so (da )?(gui|ban hanh)|cua (quy )?so|nhan duoc)\b")


def document_number(text: str) -> str | None:
    """The number of the letter that somebody says was sent: "123/UBND-VX", or "45" where no more is said.

    None: none, several, or one that is only cited.
    """
    numbers = set[str]()
    for sentence in sentences(text):
        folded = fold(sentence)
        if _SENT.search(folded) and not _NOT_SENT.search(folded):
            found = [m["symbol"] or m["bare"] for m in _NUMBER.finditer(_CITED.sub(" ", sentence))]
            if not found and _BY_OFFICE.search(folded):
                found = _OF_OFFICE.findall(sentence)
            numbers.update("".join(one.split()) for one in found)
    theirs = {number for number in numbers if "STTTT" not in number.upper()}
    return theirs.pop() if len(theirs) == 1 else None
