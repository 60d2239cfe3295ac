"""Values as people write them → clean values. One function per kind of field, pure: text or number in, `Value` out."""

import ipaddress
import re
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import Any
from urllib.parse import unquote_plus, urlsplit

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from dondoc.directive.names import fold
from dondoc.errors import Problem
from dondoc.forms.spec import Field, FormSpec
from dondoc.forms.words import compact, shown
from dondoc.vocabulary.numbers import CAM

NORTH = (17.85, 18.80)  # Hà Tĩnh, degrees WGS84
EAST = (105.05, 106.60)
_COUNTRY = {"latitude": (8.0, 23.5), "longitude": (102.0, 110.0)}
_PROVINCE = {"latitude": NORTH, "longitude": EAST}
_METRES = 100_000  # no degree is so big: VN-2000, or a decimal comma that a foreign Excel swallowed
_EXCEL_DAYS = (36_526, 73_050)  # 2000-01-01 … 2099-12-31 as serial numbers
_EPOCH = date(1899, 12, 30)
_LONGEST = 300  # characters of an answer that is no free text; comparing longer ones would only cost time
_RECENT = 90  # days: a letter sent along is not older than this, unless day and month were swapped

Raw = str | float | bool | date


class Wrong(Exception):
    """The value cannot be used; `code` is of the catalogue, `gaps` fill its sentence."""

    def __init__(self, code: str, **gaps: Any) -> None:
        super().__init__(code)
        self.code = code
        self.gaps = gaps


@dataclass(frozen=True)
class Value:
    """A clean value, and what a person should know about how it was read: (code, gaps)."""

    value: Any
    warnings: tuple[tuple[str, dict[str, Any]], ...] = ()


@dataclass(frozen=True)
class Context:
    """What a parser may look at besides the cell."""

    spec: FormSpec
    day: date


def parse(field: Field, raw: Raw, context: Context) -> Value:
    """The clean value of a cell that is not blank.

    Raises:
        Wrong: it is not what the field asks for.
    """
    if isinstance(raw, str) and len(raw) > _LONGEST and field.kind not in ("text", "agency", "path"):
        raise Wrong("too_long", limit=_LONGEST)
    return _PARSERS[field.kind](field, raw, context)


def text_of(raw: Raw) -> str:
    """A value as a person would have typed it."""
    if isinstance(raw, bool):
        return "Có" if raw else "Không"
    if isinstance(raw, float):
        return str(int(raw)) if raw.is_integer() and abs(raw) < 1e15 else repr(raw)
    return f"{raw:%d/%m/%Y}" if isinstance(raw, date) else raw


def quote(field: Field, raw: Raw) -> str:
    """The value as a message may quote it: what is sensitive is not quoted."""
    return "giá trị trong ô" if field.sensitive else f"“{shown(text_of(raw))}”"


def _example(field: Field) -> str:
    return f", ví dụ {field.example}" if field.example else ""


def _text(field: Field, raw: Raw, context: Context) -> Value:
    text = text_of(raw)
    if field.max and len(text) > field.max:
        raise Wrong("too_long", limit=int(field.max))
    made_a_day = field.required and isinstance(raw, date)  # spreadsheets do so with "1-3" and "12/3"
    return Value(text, (("text_is_date", {"value": quote(field, raw)}),) if made_a_day else ())


def _choice(field: Field, raw: Raw, context: Context) -> Value:
    text = text_of(raw)
    if len(text) == 1 and "\uf020" <= text <= "\uf0ff":  # a sign of a symbol font: Wingdings has its ticks there
        text = chr(ord(text) & 0xFF)
    code = context.spec.code_of(field, text)
    if code is not None:
        if not context.spec.is_unsure(field, text):
            return Value(code)
        gaps = {"value": quote(field, raw), "meant": context.spec.label_of(field, code)}
        return Value(code, (("word_unsure", gaps),))
    labels = context.spec.labels(field)
    near = get_close_matches(compact(text), [compact(label) for label in labels], n=1, cutoff=0.7)
    hint = next((f" (có thể là “{label}”)" for label in labels if near and compact(label) == near[0]), "")
    raise Wrong("not_in_list", value=quote(field, raw), hint=hint, options="; ".join(labels))


_NUMBER = re.compile(r"[+-]?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}([.,\u00a0 ]\d{3})+")


def number(text: str, *, whole: bool) -> float | None:
    """A number as Vietnamese or English programs write it; None when it is none.

    A single separator before exactly three digits groups thousands in whole numbers, and is decimal elsewhere.
    """
    text = text.strip().lstrip("'’`").rstrip(",;").replace("\u00a0", " ")
    text = text[:-1] if text.endswith(".") else text
    if text.isascii() and text.isdigit():
        return float(text) if len(text) < 16 else None
    if whole and _GROUPED.fullmatch(text):
        return float(re.sub(r"[., ]", "", text))
    if "." in text and "," in text:
        decimal = max(text.rfind("."), text.rfind(","))
        text = f"{re.sub('[.,]', '', text[:decimal])}.{text[decimal + 1 :]}"
    text = text.replace(",", ".")
    return float(text) if _NUMBER.fullmatch(text) else None


_MEASURED = re.compile(r"(\D*?)([+-]?\d[\d.,]*(?:[ \u00a0]\d{3})*)\s*(.*)", re.DOTALL)
_ABOUT = re.compile(r"\s*(?:khoảng|tầm|gần|ước|ước tính|xấp xỉ|[~≈≃≥≤]|[<>]=?)\s*", re.IGNORECASE)
# "một tháng", "nửa năm"; but "năm 2020" is a year.
_COUNTS = {"nửa": "0.5"} | {
    word: str(count)
    for count, word in enumerate(("một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín", "mười"), 1)
}
_COUNTED = re.compile(rf"^({'|'.join(_COUNTS)})\s+(?=[^\W\d])", re.IGNORECASE)
_IN_WORDS = re.compile(r"\s*\([^()\d]*\)\s*")  # 12 (mười hai) camera
_TO_ANOTHER = re.compile(r"\s*(?:-|–|đến|tới|->|/|hoặc|\.\.+)\s*\d", re.IGNORECASE)
Measured = tuple[float, tuple[tuple[str, dict[str, Any]], ...]]


def _measured(field: Field, raw: Raw, *, whole: bool) -> Measured | None:
    """The number of "25 fps", "Năm 2020", "1 tháng" or "khoảng 30", in the field's own unit; None when it is none.

    Raises:
        Wrong: it is a span, or of another quantity.
    """
    if isinstance(raw, float):
        return raw, ()
    text = text_of(raw)
    if isinstance(raw, bool | date) or (value := number(text, whole=whole)) is not None:
        return None if isinstance(raw, bool | date) else (value or 0.0, ())
    text = _IN_WORDS.sub(" ", text).strip()
    text = _COUNTED.sub(lambda m: _COUNTS[m[1].lower()] + " ", text)
    about = _ABOUT.match(text)
    match = _MEASURED.fullmatch(text[about.end() :] if about else text)
    value = number(match[2], whole=whole) if match else None
    if match is None or value is None:
        return None
    if _TO_ANOTHER.match(match[3]):
        raise Wrong("number_range", value=quote(field, raw))
    before, after = fold(match[1]), fold(match[3])
    units = {fold(word): factor for word, factor in field.units.items()}
    if other := _other_unit(field, match[3].strip(), units):
        raise Wrong("other_unit", value=quote(field, raw), what=other)
    times = units.get(after, 0.0) if after else 1.0
    if (
        not times
        or (before and units.get(before) != 1)
        or (not (before or after) and not about and text == text_of(raw))
    ):
        return None
    result = value if times == 1 else round(value * times, 6)
    unsure = about or match[3].strip() in field.unsure_units
    notes = [("number_about", {"value": quote(field, raw), "number": _number(result)})] if unsure else []
    if times != 1:
        notes.append(("unit_converted", {"value": quote(field, raw), "number": _number(result)}))
    return result, tuple(notes)


def _other_unit(field: Field, written: str, units: Collection[str]) -> str | None:
    """What a number is of, if not of this field. Where only capitals tell (MBps, Mbps), they must be these."""
    for word, what in field.other_units.items():
        if word == written or (written and fold(word) == fold(written) and fold(word) not in units):
            return what
    return None


def _whole(field: Field, raw: Raw, context: Context) -> Value:
    found = _measured(field, raw, whole=True)
    if found is None or not found[0].is_integer():
        raise Wrong("not_whole", value=quote(field, raw), example=_example(field))
    return Value(int(_in_range(field, raw, found[0])), found[1])


def _decimal(field: Field, raw: Raw, context: Context) -> Value:
    found = _measured(field, raw, whole=False)
    if found is None:
        raise Wrong("not_number", value=quote(field, raw), example=_example(field))
    return Value(_in_range(field, raw, found[0]), found[1])


def _in_range(field: Field, raw: Raw, value: float, high: float | None = None) -> float:
    low, high = field.min, high if high is not None else field.max
    if (low is not None and value < low) or (high is not None and value > high):
        raise Wrong("out_of_range", value=quote(field, raw), low=_number(low), high=_number(high))
    return value


def _number(value: float | None) -> str:
    return "…" if value is None else f"{value:g}".replace(".", ",") if value < 1e6 else f"{value:.0f}"


_MONTH = re.compile(  # or quarter: "tháng 5 năm 2020", "Quý IV/2019"
    r"(?:(?:(?:tháng|thang|t)\s*)?\d{1,2}|(?:quý|quy|q)\.?\s*(?:[1-4]|i{1,3}|iv))\s*(?:[/.,-]|năm|nam)\s*((?:19|20)\d{2})",
    re.IGNORECASE,
)


def _year(field: Field, raw: Raw, context: Context) -> Value:
    if isinstance(raw, str) and (match := _MONTH.fullmatch(raw.strip())):
        raw = float(match[1])
    day = raw if isinstance(raw, date) else written_date(raw) if isinstance(raw, str) else None
    found = (float(day.year), ()) if day else _measured(field, raw, whole=False)
    if found is None or not found[0].is_integer():
        raise Wrong("not_whole", value=quote(field, raw), example=_example(field))
    return Value(int(_in_range(field, raw, found[0], high=context.day.year)), found[1])


def _days(field: Field, raw: Raw, context: Context) -> Value:
    found = _measured(field, raw, whole=False) if isinstance(raw, str) else None
    if found is None or "unit_converted" not in [code for code, _ in found[1]]:
        return _whole(field, raw, context)
    days = int(_in_range(field, raw, round(found[0])))
    about = tuple(note for note in found[1] if note[0] != "unit_converted")
    return Value(days, (*about, ("duration_converted", {"value": quote(field, raw), "days": days})))


_DATE = re.compile(r"(?:ngay )?(\d{1,2})\s*(?:[/.-]|,? ?thang)\s*(\d{1,2})\s*(?:[/.-]|,? ?nam|,)\s*(\d{4}|\d{2})")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")  # 17-Nov-21
_MONTHS = re.compile(rf"[ ./-]*\b({'|'.join(_ENGLISH)})[a-z]{{0,6}}[ ,./-]*")
_MONTH_FIRST = re.compile(rf"^({'|'.join(_ENGLISH)})[a-z]{{0,6}}\.? (\d{{1,2}}),? (\d{{4}})$")  # Nov 17, 2021
_AROUND = re.compile(
    r"^(?:thứ \w+|chủ nhật),? |^[^\d]*?,? ?(?=ngay )|^[^\d]{0,40}(?:,|ngay ?:) ?(?=\d)|"
    r"[t ,]*(?:luc )?\d{1,2}\s*(?:[:h]|gio)\s*(?:\d{2})?(?::\d{2}(?:\.\d+)?)?z?\s*(?:am|pm)?$"
)


def written_date(text: str) -> date | None:
    """A date as people type it, always day before month; None when it is none."""
    plain = _MONTH_FIRST.sub(r"\2 \1 \3", text.strip().lower())
    for word, short in (("ngày", "ngay"), ("tháng", "thang"), ("thg", "thang"), ("năm", "nam")):
        plain = plain.replace(word, short)
    plain = _MONTHS.sub(lambda m: f"/{_ENGLISH.index(m[1]) + 1}/", " ".join(plain.split()))
    plain = _AROUND.sub("", plain).strip(" .,")
    day = month = year = 0
    if match := _ISO.fullmatch(plain):
        year, month, day = map(int, match.groups())
    elif match := _DATE.fullmatch(plain):
        day, month, year = map(int, match.groups())
        year += 2000 if len(match[3]) == 2 else 0
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _date(field: Field, raw: Raw, context: Context) -> Value:
    if isinstance(raw, datetime):
        raw = raw.date()
    value = raw if isinstance(raw, date) else written_date(text_of(raw))
    if isinstance(raw, float) and raw.is_integer() and _EXCEL_DAYS[0] <= raw <= _EXCEL_DAYS[1]:
        value = _EPOCH + timedelta(days=int(raw))
    if isinstance(raw, bool) or value is None or value.year < 2000:
        raise Wrong("bad_date", value=quote(field, raw))
    if value > context.day:
        raise Wrong("date_future", value=f"{value:%d/%m/%Y}")
    warnings = (("date_swapped", {"value": f"{value:%d/%m/%Y}"}),) if _swapped(value, raw, context.day) else ()
    return Value(value.isoformat(), warnings)


def _swapped(value: date, raw: Raw, day: date) -> bool:
    """A real date cell that is long past, and recent when day and month change places."""
    if not isinstance(raw, date) or value.day > 12 or (day - value).days <= _RECENT:
        return False
    other = date(value.year, value.day, value.month)
    return 0 <= (day - other).days <= _RECENT


_OLD_PREFIXES = {f"016{n}": f"03{n}" for n in range(2, 10)} | {
    "0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078",
    "0123": "083", "0124": "084", "0125": "085", "0127": "081", "0129": "082",
    "0186": "056", "0188": "058", "0199": "059",
}  # fmt: skip
_LANDLINE = re.compile(r"\(?039\)?[ .\-–]\s*\d[\d .]{5,9}")


def _phone(field: Field, raw: Raw, context: Context) -> Value:
    text = text_of(raw)
    parts = [part for part in re.split(r"[;/,\n]| - | hoặc | và ", text) if any(c.isdigit() for c in part)]
    if not parts or isinstance(raw, bool | date):
        raise Wrong("bad_phone", value=quote(field, raw))
    warnings: list[tuple[str, dict[str, Any]]] = [("phone_several", {})] if len(parts) > 1 else []
    if _LANDLINE.fullmatch(parts[0].strip()):
        warnings.append(("phone_landline", {"value": quote(field, parts[0].strip())}))
    return Value(_e164(field, parts[0]), tuple(warnings))


def _e164(field: Field, text: str) -> str:
    digits = re.sub(r"\D", "", text, flags=re.ASCII)
    local = (
        "0" + digits.removeprefix("0084").removeprefix("84").removeprefix("0")
        if digits.startswith(("84", "0084"))
        else digits
    )
    if len(local) == 11 and local[:4] in _OLD_PREFIXES:
        hint = _OLD_PREFIXES[local[:4]] + local[4:]
        raise Wrong("phone_old", value=quote(field, text.strip()), hint=hint)
    if len(local) == 9 and not local.startswith("0"):
        local = f"0{local}"  # typed as a number, Excel drops the leading zero
    try:
        number_ = phonenumbers.parse(local, "VN")
    except phonenumbers.NumberParseException:
        raise Wrong("bad_phone", value=quote(field, text.strip())) from None
    if not phonenumbers.is_valid_number_for_region(number_, "VN"):
        raise Wrong("bad_phone", value=quote(field, text.strip()))
    return phonenumbers.format_number(number_, phonenumbers.PhoneNumberFormat.E164)


_AROUND_EMAIL = re.compile(
    r"\s*\([^()@]*\)$|^[^<>@]{0,80}<(?=[^<>]+>\W*$)|>\W*$|^(?:e-?mail|mailto|thư điện tử)\s*:\s*|[\s.,;]+$|"
    r"\s+(?=@)|(?<=@)\s+",
    re.IGNORECASE,
)


def _email(field: Field, raw: Raw, context: Context) -> Value:
    text = text_of(raw)
    if text.count("@") > 1 and len([part for part in re.split(r"[;,/\s]+", text) if "@" in part]) > 1:
        raise Wrong("email_several")
    try:
        email = validate_email(_AROUND_EMAIL.sub("", text), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise Wrong("bad_email", value=quote(field, raw)) from None
    address = email.normalized.lower()
    official = not field.domains or any(f".{email.ascii_domain}".endswith(f".{d}") for d in field.domains)
    return Value(address, () if official else (("email_unofficial", {"value": quote(field, raw)}),))


_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def _is_stream(text: str) -> bool:
    """A whole rtsp address, in one cell."""
    try:
        parts = urlsplit(text)
        return parts.scheme.lower() in ("rtsp", "rtsps") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _host(field: Field, raw: Raw, context: Context) -> Value:
    text = _bare(text_of(raw))
    if _is_stream(text):
        return Value(text, (("whole_address", {}),))
    with suppress(ValueError):
        return _address(ipaddress.ip_address(text.strip("[]")))
    if isinstance(raw, str) and (code := next((code for code, shape in _NO_HOSTS if shape.search(text)), None)):
        raise Wrong(code)
    return Value(_domain(text))


_IP = r"\d{1,3}(?:\.\d{1,3}){3}"
_SPACED = re.compile(r"\d{1,3}(?:\s*\.\s*\d{1,3}){3}", re.ASCII)  # 113.160.10. 21
_AROUND_HOST = re.compile(  # IP: … (qua VPN), WAN: …, … - VNPT
    r"^(?:(?:địa chỉ\s*)?(?:ip|wan|lan|public|tĩnh)\s*(?:tĩnh|wan|lan|public)?(?:\s*[:=]\s*|\s+))(?=\d)|"
    r"\s*\([^()\d]*\)$|(?<=\d)\s+[-–]\s+[^\d:/]{1,30}$|(?<=\d)/$",
    re.IGNORECASE,
)


def _bare(text: str) -> str:
    """An address without what people add to it, and without blanks in it."""
    bare = _AROUND_HOST.sub("", text)
    return re.sub(r"\s", "", bare) if _SPACED.fullmatch(bare) else text if "\n" in bare else bare


_NO_HOSTS = (  # what stands there instead, each with advice of its own; the first that fits
    (
        "host_network",
        re.compile(
            rf"^(?:\d{{1,3}}\.){{2,3}}[x*](?:\.[x*])?$|^{_IP}\s*/\s*(?:\d{{1,2}}|{_IP})$|^{_IP}\s*(?:-|–|đến|->)\s*\d"
        ),
    ),
    ("host_several", re.compile(rf"{_IP}(?::\d+)?\s*(?:[;,/&+\n\s]|và|hoặc)+\s*(?:{_IP}|\.?\d{{1,3}}$)")),
    ("host_has_scheme", re.compile("/")),
    ("host_has_port", re.compile(r"^[^:\s]+(?:\s*:\s*\d+){1,2}$|^\[.+\]:\d+$|cổng|port", re.IGNORECASE)),
    ("host_zeros", re.compile(r"^(?=.*(?:^|\.)0\d)\d{1,3}(?:\.\d{1,3}){3}$")),
    ("host_dynamic", re.compile(r"^(?:ip\s*)?(?:dhcp|ddns|động|dynamic|tự động)(?:\s*ip)?$", re.IGNORECASE)),
    ("host_none", re.compile(r"^(?:chưa|không)\s*(?:có|rõ|biết|cấp)?(?:\s*(?:ip|địa chỉ))?$", re.IGNORECASE)),
    ("host_is_phone", re.compile(r"^(?:\+84|0)[\d .]{8,13}$(?<!\.)(?<!\d\.\d)")),
    ("host_is_email", re.compile(r"^\S+@\S+$")),
    ("host_serial", re.compile(r"^(?=.*\d)(?=.*[A-Z])[A-Z0-9]{9,20}$|^(?i:[\w ]{0,20}\b(?:p2p|cloud|đám mây))\b")),
)


def _address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Value:
    if address.is_unspecified or address.is_multicast or address == ipaddress.ip_address("255.255.255.255"):
        raise Wrong("host_unusable")
    return Value(str(address))


def is_private(host: str) -> bool:
    """An address that only a private line reaches (also 100.64/10, and this very machine)."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or any(address in net for net in _PRIVATE if net.version == address.version)


_PRIVATE = [
    ipaddress.ip_network(net)
    for net in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/10",
    )
]


def _domain(text: str) -> str:
    try:
        name = text.lower().rstrip(".").encode("idna").decode()
    except UnicodeError:
        raise Wrong("bad_host") from None
    if not _NAME.fullmatch(name):
        raise Wrong("bad_host")
    return name


def _path(field: Field, raw: Raw, context: Context) -> Value:
    text = text_of(raw)
    if field.max and len(text) > field.max:
        raise Wrong("too_long", limit=int(field.max))
    if _is_stream(text):
        return Value(text, (("whole_address", {}),))
    if "://" in text or any(c.isspace() for c in text) or isinstance(raw, bool | date):
        raise Wrong("bad_path")
    if "\\" in text and "/" not in text:
        return Value(f"/{text.replace(chr(92), '/').lstrip('/')}", (("path_slash_added", {}),))
    if not text.startswith("/"):
        return Value(f"/{text}", (("path_slash_added", {}),))
    return Value(text)


_SIGNS = (  # how people write degrees, minutes, seconds, and which coordinate it is
    (
        re.compile(
            r"tọa độ|toạ độ|vĩ độ|kinh độ|vi do|kinh do|lat(?:itude)?|lon(?:g|gitude)?|lng|wgs[- ]?84|gps", re.I
        ),
        " ",
    ),
    (re.compile(r"(?:vĩ độ|vĩ|kinh độ|kinh|độ)?\s*(?:bắc|đông|north|east)\b", re.I), " "),
    (re.compile(r"[º˚∘*]|độ|deg(?:rees?)?|(?<=\d)o(?=\s*\d)", re.I), "°"),
    (re.compile(r"''|’’|‘‘|′′|´´|[”“„″]|giây|sec(?:onds?)?", re.I), '"'),
    (re.compile(r"[’‘′´`]|phút|min(?:utes?)?", re.I), "'"),
    (re.compile(r"^\s*[NBEĐ](?=[\s\d:])|(?<=[\s\d°'\"])[NBEĐ]\s*$", re.I), " "),
)
_DMS = re.compile(
    r"(\d{1,3})\s*[°:d\s-]\s*(\d{1,2})(?:[.,](\d{1,6}))?\s*(?:['m:\s-]\s*(?:(\d{1,2}(?:[.,]\d{1,6})?)\s*(?:[\"s]|'')?)?)?",
    re.I,
)
_VN_2000 = re.compile(r"(?<!\d)\d{6,7}(?:[.,]\d+)?(?!\d)")
_LONGEST_DEGREES = 60


def degrees(text: str) -> float | None:
    """Decimal degrees of "18,5362", "18.5362° N" or "18°32'10,3\"N", "N18°32.17'"; None when it is none of these."""
    if (value := number(text, whole=False)) is not None:
        return value
    if len(text) > _LONGEST_DEGREES:
        return None
    plain = text
    for shape, sign in _SIGNS:
        plain = shape.sub(sign, plain)
    plain = plain.strip(" :=,;.()~≈")
    if (value := number(plain.removesuffix("°").strip(), whole=False)) is not None:
        return value
    match = _DMS.fullmatch(plain)
    if not match or (match[3] and match[4]):
        return None
    minutes = float(f"{match[2]}.{match[3] or 0}")
    seconds = float((match[4] or "0").replace(",", "."))
    return round(int(match[1]) + minutes / 60 + seconds / 3600, 7) if minutes < 60 and seconds < 60 else None


_BETWEEN = re.compile(r"\s*[;/|\n]\s*|\s*,\s+|,|\s+-\s+|\s+|(?<=[NBnb])(?=\d)")
_PRECISE = re.compile(r"\d[.,]\d|\d\s*[°º˚:'’′\s]\s*\d")


# Where links to maps have the place: Google's (its pin before the middle of what is shown), OpenStreetMap's, Bing's,
# Apple's; RFC 5870 (geo:). https://developers.google.com/maps/documentation/urls/get-started
_LINK = re.compile(r"(?:https?://|geo:|(?:www|maps?|goo)\.)\S+", re.IGNORECASE)
_LONGEST_LINK = 2_000
_IN_LINK = (
    re.compile(r"!3d(?P<one>[\d.]+)!4d(?P<other>[\d.]+)"),
    re.compile(r"mlat=(?P<one>[\d.]+)&mlon=(?P<other>[\d.]+)"),
    re.compile(r"[?&](?:q|query|ll|sll|daddr|destination|center|cp)=(?:loc:)?(?P<both>[^&#]+)"),
    re.compile(r"/(?:place|search|dir)/+(?P<both>[^/@?]+)"),
    re.compile(r"@(?P<both>[\d.]+,[\d.]+)"),
    re.compile(r"#map=\d+/(?P<one>[\d.]+)/(?P<other>[\d.]+)"),
    re.compile(r"^geo:(?P<both>[^?;]+)", re.IGNORECASE),
)


def pair(text: str) -> tuple[float, float] | None:
    """Both coordinates of one cell, as a map on a phone gives them: one is a latitude and one a longitude of here."""
    beside = _LINK.sub(" ", text[:_LONGEST_LINK])
    links = _LINK.findall(text[:_LONGEST_LINK])
    return _written_pair(beside) or next((found for link in links if (found := _linked_pair(link))), None)


def _linked_pair(link: str) -> tuple[float, float] | None:
    for shape in _IN_LINK:
        if match := shape.search(link):
            groups = match.groupdict()
            both = groups.get("both") or f"{groups['one']} {groups['other']}"
            if found := _written_pair(unquote_plus(both).replace("~", " ")):
                return found
    return None


def _written_pair(text: str) -> tuple[float, float] | None:
    if len(text) > 2 * _LONGEST_DEGREES:
        return None
    for cut in _BETWEEN.finditer(text):
        parts = text[: cut.start()].strip(" ()"), text[cut.end() :].strip(" ()")
        if not all(map(_PRECISE.search, parts)):
            continue
        first, second = map(degrees, parts)
        if first is not None and second is not None and (_fit(first, second) or _fit(second, first)):
            return first, second
    return None


def _fit(latitude: float, longitude: float) -> bool:
    return outside("latitude", latitude) != "outside_country" and outside("longitude", longitude) != "outside_country"


def _coordinate(field: Field, raw: Raw, context: Context) -> Value:
    value = raw if isinstance(raw, float) else degrees(text_of(raw))
    if value is None and isinstance(raw, str) and _LINK.search(raw):
        raise Wrong("coordinate_link", example=field.example)
    if value is None and isinstance(raw, str) and _VN_2000.search(raw):
        raise Wrong("coordinate_metres", example=field.example)
    if isinstance(raw, bool | date) or value is None:
        raise Wrong("bad_coordinate", example=field.example)
    if abs(value) >= _METRES:
        raise Wrong("coordinate_metres", example=field.example)
    return Value(round(value, 7))


def is_swapped(latitude: float | None, longitude: float | None) -> bool:
    """The columns changed places, beyond doubt."""
    if latitude is None or longitude is None:
        return False
    return outside("latitude", longitude) is None and outside("longitude", latitude) is None


def outside(key: str, degrees_: float) -> str | None:
    """The code of what is wrong with a coordinate that is read."""
    for code, boxes in (("outside_country", _COUNTRY), ("outside_province", _PROVINCE)):
        low, high = boxes[key]
        if not low <= degrees_ <= high:
            return code
    return None


_KM = re.compile(r"(?:km)?\s*(\d{1,4})\s*\+\s*(\d{1,4})\s*m?", re.IGNORECASE)


def _km_post(field: Field, raw: Raw, context: Context) -> Value:
    match = _KM.fullmatch(text_of(raw))
    if not match:
        raise Wrong("bad_km_post", value=quote(field, raw))
    return Value(f"Km {int(match[1])}+{match[2]:0>3}")


def _camera_number(field: Field, raw: Raw, context: Context) -> Value:
    """Whether the agency has such a camera is not known here."""
    try:
        return Value(CAM(CAM.read(text_of(raw))))
    except Problem:
        raise Wrong("bad_camera_number", value=quote(field, raw)) from None


_PARSERS: dict[str, Callable[[Field, Raw, Context], Value]] = {
    "agency": _text,
    "text": _text,
    "whole": _whole,
    "decimal": _decimal,
    "year": _year,
    "days": _days,
    "choice": _choice,
    "date": _date,
    "phone": _phone,
    "email": _email,
    "host": _host,
    "path": _path,
    "latitude": _coordinate,
    "longitude": _coordinate,
    "km_post": _km_post,
    "camera_number": _camera_number,
}
