"""Names of files and subjects, as programs encode them and as they should not."""

import email
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.intake.mails import headers

NAME, ESCAPED, BASE64 = "Biểu 3.xlsx", "Bi%E1%BB%83u%203.xlsx", "Qmnhu4N1IDMueGxzeA=="
# The parameter of Content-Disposition, and the name that is meant.
NAMES = {
    "base64": f'filename="=?utf-8?B?{BASE64}?="',
    "base64 without padding": f'filename="=?UTF-8?b?{BASE64.rstrip("=")}?="',
    "base64 with a blank in it": f'filename="=?utf-8?B?{BASE64[:8]} {BASE64[8:]}?="',
    "q, an underscore for a blank": 'filename="=?utf-8?Q?Bi=E1=BB=83u_3.xlsx?="',
    "no quotation marks": f"filename==?utf-8?B?{BASE64}?=",
    "within the name, as Outlook does": 'filename="Bi=?utf-8?Q?=E1=BB=83?=u 3.xlsx"',
    "a character cut between two": 'filename="=?UTF-8?B?Qmnhuw==?=\r\n =?UTF-8?B?g3UgMy54bHN4?="',
    "cut, in q": 'filename="=?UTF-8?Q?Bi=E1=BB?= =?UTF-8?Q?=83u?=\r\n\t=?UTF-8?Q?_3?=.xlsx"',
    "two without a blank between": 'filename="=?utf-8?B?Qmnhu4N1?==?utf-8?B?IDMueGxzeA==?="',
    "with its language": f'filename="=?utf-8*vi?B?{BASE64}?="',
    "utf8": f'filename="=?utf8?B?{BASE64}?="',
    "windows-1258": 'filename="=?windows-1258?Q?Bi=EA=D2u_3.xlsx?="',
    "raw UTF-8": f'filename="{NAME}"',
    "raw UTF-8 beside an encoded word": 'filename="Biểu =?utf-8?B?My54bHN4?="',
    "raw, decomposed, as macOS does": f'filename="{unicodedata.normalize("NFD", NAME)}"',
    "rfc 2231": f"filename*=UTF-8''{ESCAPED}",
    "rfc 2231 in quotation marks": f"filename*=\"UTF-8''{ESCAPED}\"",
    "rfc 2231 with its language": f"filename*=utf-8'vi'{ESCAPED}",
    "rfc 2231 without its charset": f"filename*=''{ESCAPED}",
    "rfc 2231 that calls it ASCII": f"filename*=us-ascii''{ESCAPED}",
    "rfc 2231 in windows-1258": "filename*=windows-1258''Bi%EA%D2u%203.xlsx",
    "continued": "filename*0*=UTF-8''Bi%E1%BB%83u;\r\n filename*1*=%203;\r\n filename*2=.xlsx",
    "continued within a character": "filename*0*=UTF-8''Bi%E1%BB;\r\n filename*1*=%83u%203.xlsx",
    "continued, out of order": "filename*1*=%203.xlsx; filename*0*=UTF-8''Bi%E1%BB%83u",
    "continued encoded words": 'filename*0="=?UTF-8?B?Qmnhu4N1?=";\r\n filename*1=" =?UTF-8?B?IDMueGxzeA==?="',
    "continued within an encoded word": f'filename*0="=?UTF-8?B?{BASE64[:6]}"; filename*1="{BASE64[6:]}?="',
    "a plain name before it": f"filename=\"Bieu 3.pdf\"; filename*=UTF-8''{ESCAPED}",
    "a plain name behind it": f"filename*=UTF-8''{ESCAPED}; filename=\"Bi?u 3.xlsx\"",
    "escaped like a link": f'filename="{ESCAPED}"',
}


def name(parameter: str, *, of_type: bool = False) -> str:
    fields = ["Content-Type: application/octet-stream", "Content-Disposition: attachment"]
    fields[not of_type] += "; " + (parameter.replace("filename", "name") if of_type else parameter)
    return headers.filename(
        email.message_from_bytes("\r\n".join([*fields, "", "x"]).encode("utf-8", "surrogateescape"))
    )


@pytest.mark.parametrize("parameter", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("of_type", [False, True])
def test_the_name_of_a_file_is_read_however_it_is_encoded(parameter: str, of_type: bool) -> None:
    assert name(parameter, of_type=of_type) == NAME


@pytest.mark.parametrize(
    ("parameter", "meant"),
    [
        ('filename="=?GB2312?B?se3I/S54bHN4?="', "表三.xlsx"),
        ('filename="=?gb2312?B?6UbI/S54bHN4?="', "镕三.xlsx"),  # GBK that calls itself GB2312
        ('filename="=?x-khong-co?B?TWF1Lnhsc3g=?="', "Mau.xlsx"),
        ('filename="giam 100%25.xlsx"', "giam 100%25.xlsx"),
        ('filename="=?utf-8?B?!!!!?=.xlsx"', ".xlsx"),
        ('filename=""', ""),
    ],
)
def test_a_name_is_not_made_another(parameter: str, meant: str) -> None:
    assert name(parameter) == meant


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        (b"=?utf-8?B?TmjhuqFj?= =?utf-8?Q?_h=E1=BA=A1n?= (BM 03)", "Nhạc hạn (BM 03)"),
        (b"Re:=?utf-8?Q?Nh=E1=BA=AFc?=", "Re:Nhắc"),
        (b"=?utf-8?B?Tmg=?= =?iso-8859-1?Q?=E0?=", "Nhà"),
        ("Nhắc hạn".encode(), "Nhắc hạn"),
        ("Đư\u0301c".encode("cp1258"), "Đức"),
    ],
)
def test_a_subject_is_read_however_it_is_encoded(raw: bytes, meant: str) -> None:
    mail = email.message_from_bytes(b"Subject: " + raw + b"\r\n\r\nx")
    assert headers.decoded(headers.raw(mail, "subject")) == meant


@given(st.text(max_size=80), st.sampled_from(["", "utf-8", "gb2312", "utf-7", "zlib", "idna", "windows-1258"]))
def test_no_header_makes_the_reader_raise(text: str, charset: str) -> None:
    for parameter in (f'filename="=?{charset}?q?{text}?="', f"filename*={charset}''{text}", f"filename*0*={text}"):
        name(parameter.encode("utf-8", "replace").decode())
    assert isinstance(headers.text_of(text.encode("utf-8", "replace"), charset), str)
