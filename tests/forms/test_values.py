"""Values as people write them."""

import ipaddress
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.forms import values
from dondoc.forms.catalogue import CATALOGUE
from dondoc.forms.clean import clean
from dondoc.forms.redact import is_password_column, redact
from dondoc.forms.spec import Field
from dondoc.forms.values import Context, Wrong, parse
from tests.forms.conftest import DAY, SPECS

CAMERAS, POLICE = SPECS["form_03"], SPECS["form_02"]
CONTEXT = Context(CAMERAS, DAY)


def field(key: str) -> Field:
    return {f.key: f for f in (*CAMERAS.head, *CAMERAS.columns, *POLICE.columns)}[key]


def value(key: str, raw: Any) -> Any:
    return parse(field(key), raw, CONTEXT).value


def fault(key: str, raw: Any) -> str:
    with pytest.raises(Wrong) as error:
        parse(field(key), raw, CONTEXT)
    return error.value.code


@pytest.mark.parametrize("text", ["Có", "có", "CO", "x", "X", "✓", "1", "yes", "TRUE", "đúng", True])
def test_yes_in_all_its_spellings(text: object) -> None:
    assert value("has_camera", text) is True


@pytest.mark.parametrize("text", ["Không", "khong", "KHÔNG", "k", "0", "chưa có", "No", False, 0.0])
def test_no_in_all_its_spellings(text: object) -> None:
    assert value("has_camera", text) is False


@pytest.mark.parametrize(
    ("key", "text", "code"),
    [
        ("resolution", "1920x1080", "1080p"),
        ("resolution", "1920 × 1080", "1080p"),
        ("resolution", "2.0 Megapixel", "1080p"),
        ("resolution", "Full HD", "1080p"),
        ("resolution", "2mp", "1080p"),
        ("resolution", "4K", "4k"),
        ("codec", "H265", "h265"),
        ("codec", "h.265+", "h265_plus"),
        ("status", "chưa lắp đặt", "not_installed"),
        ("sharing", "Qua VMS", "vms"),
        ("sharing", "chưa chia sẻ được", "none"),
        ("direction", "ĐN", "south_east"),
        ("direction", "Đ", "east"),
        ("restricted", "Hạn chế", True),
        ("restricted", "Bình thường", False),
        ("link", "TSLCD", "tslcd"),
    ],
)
def test_words_of_lists_have_variants(key: str, text: str, code: object) -> None:
    assert value(key, text) == code


def test_a_near_miss_of_a_list_is_named() -> None:
    with pytest.raises(Wrong) as error:
        parse(field("status"), "Hoat dong totz", CONTEXT)
    assert error.value.gaps["hint"] == " (có thể là “Hoạt động tốt”)"


@given(
    st.floats(values.NORTH[0], values.NORTH[1]),
    st.sampled_from([".", ","]),
    st.sampled_from(["", "°", " N", "N ", "° Bắc"[:1]]),
)
def test_decimal_degrees_are_read_with_comma_and_point(number: float, separator: str, side: str) -> None:
    text = f"{number:.6f}".replace(".", separator)
    text = f"{side}{text}" if side == "N " else f"{text}{side}"
    assert value("latitude", text) == pytest.approx(number, abs=1e-6)


@given(
    st.integers(0, 59),
    st.integers(0, 599),
    st.sampled_from(["{d}°{m}'{s}\"N", "{d}° {m}’ {s}”", "{d} {m} {s}", "{d}:{m}:{s}", "{d} độ {m} phút {s} giây"]),
)
def test_degrees_minutes_seconds_are_read(minutes: int, tenths: int, pattern: str) -> None:
    text = pattern.format(d=18, m=minutes, s=f"{tenths / 10:.1f}".replace(".", ","))
    assert value("latitude", text) == pytest.approx(18 + minutes / 60 + tenths / 36000, abs=1e-6)


@pytest.mark.parametrize("text", ["18°75'00\"", "18°10'75\"", "mười tám", "18,5,3", "--18", "1e3", "nan", "inf", "١٨"])
def test_what_is_no_coordinate_is_not_made_one(text: str) -> None:
    assert fault("latitude", text) == "bad_coordinate"


@pytest.mark.parametrize("number", [2_049_876.0, 562_123.5, "2049876,12", "562.123,4", "185362"])
def test_metres_are_not_degrees(number: object) -> None:
    assert fault("latitude", number) == "coordinate_metres"


@given(st.floats(8.5, 23), st.floats(102.5, 109.5))
def test_swapped_columns_are_noticed_and_right_ones_are_not(north: float, east: float) -> None:
    assert values.is_swapped(east, north) == (
        values.outside("latitude", north) is None and values.outside("longitude", east) is None
    )
    assert not values.is_swapped(north, east)


@pytest.mark.parametrize(
    "text",
    [
        *("18.5362, 105.5911", "18,5362; 105,5911", "(18.5362 105.5911)", "18,5362 105,5911", "18,5362,105,5911"),
        *("18.5362/105.5911", "18.5362\n105.5911", "N18.5362 E105.5911", "18.5362N105.5911E", "18,5362 - 105,5911"),
        *("https://www.google.com/maps?q=18.5362,105.5911", "www.google.com/maps/@18.5362,105.5911,17z"),
        *("https://www.google.com/maps/search/18.5362,+105.5911?entry=tts", "geo:18.5362,105.5911;u=35"),
        "https://www.google.com/maps/place/Cong/@18.1,105.1,17z/data=!3m1!4b1!8m2!3d18.5362!4d105.5911?entry=ttu",
        "https://www.google.com/maps/place/18%C2%B032'10.32%22N+105%C2%B035'27.96%22E/",
        "https://www.openstreetmap.org/?mlat=18.5362&mlon=105.5911#map=17/18.1/105.1",
        *("https://bing.com/maps?cp=18.5362~105.5911&lvl=16", "18.5362, 105.5911 (https://maps.app.goo.gl/kYt1)"),
    ],
)
def test_both_coordinates_in_one_cell_are_told_apart(text: str) -> None:
    assert values.pair(text) == (18.5362, 105.5911)


def test_one_coordinate_is_no_pair() -> None:
    assert values.pair("18,5362") is None
    assert values.pair("18.5362") is None
    assert values.pair("18,105") is None
    assert values.pair("https://maps.app.goo.gl/18.5362,105.5911") is None


@given(st.integers(0, 99_999_99), st.sampled_from(["0{}", "+84{}", "84 {}", "0084{}", "{}"]))
def test_a_mobile_is_the_same_number_however_it_is_written(rest: int, pattern: str) -> None:
    written = pattern.format(f"91{rest:07}")
    assert value("officer_phone", written) == f"+8491{rest:07}"


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (912345678.0, "+84912345678"),
        ("0912.345.678", "+84912345678"),
        ("(0239) 3855 555", "+842393855555"),
        ("0912345678 / 0987654321", "+84912345678"),
        ("ĐT: 0912-345-678", "+84912345678"),
    ],
)
def test_phones_as_people_write_them(raw: object, number: str) -> None:
    assert value("officer_phone", raw) == number


@pytest.mark.parametrize("text", ["0912345", "abc", "09123456789", "+1 202 555 0100", "113"])
def test_what_cannot_be_dialled_in_vietnam_is_no_phone(text: str) -> None:
    assert fault("officer_phone", text) == "bad_phone"


def test_an_old_mobile_number_is_answered_with_the_new_one() -> None:
    with pytest.raises(Wrong) as error:
        parse(field("officer_phone"), "01682345678", CONTEXT)
    assert (error.value.code, error.value.gaps["hint"]) == ("phone_old", "0382345678")


@given(
    st.dates(date(2000, 1, 1), DAY),
    st.sampled_from(["%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "ngày %d tháng %m năm %Y", "%Y-%m-%d"]),
)
def test_dates_are_read_day_first(day: date, pattern: str) -> None:
    assert values.written_date(day.strftime(pattern)) == day
    assert value("document_date", day) == day.isoformat()


def test_dates_in_odd_dress() -> None:
    assert value("document_date", "5/11/21") == "2021-11-05"
    assert value("document_date", float((date(2021, 11, 5) - date(1899, 12, 30)).days)) == "2021-11-05"
    assert fault("document_date", "31/02/2021") == "bad_date"
    assert fault("document_date", "2021") == "bad_date"
    assert fault("document_date", 3.0) == "bad_date"
    assert fault("document_date", DAY + timedelta(days=1)) == "date_future"


@pytest.mark.parametrize(
    ("raw", "days"),
    [("1 tháng", 30), ("2 tuần", 14), ("30 ngày", 30), ("30", 30), (30.0, 30), ("1 năm", 365), ("1 thang", 30)],
)
def test_durations_become_days(raw: object, days: int) -> None:
    found = parse(field("retention_days"), raw, CONTEXT)
    assert found.value == days
    converted = isinstance(raw, str) and not raw.startswith("30")
    assert [code for code, _ in found.warnings] == (["duration_converted"] if converted else [])


@given(st.integers(0, 10**8), st.sampled_from([",", ".", " ", ""]))
def test_grouped_thousands_are_one_number(number: int, separator: str) -> None:
    assert values.number(f"{number:,}".replace(",", separator), whole=True) == number


@given(st.floats(0, 10**6))
def test_vietnamese_decimals_are_read(number: float) -> None:
    english = f"{number:,.2f}"
    vietnamese = english.replace(",", "§").replace(".", ",").replace("§", ".")
    assert (
        values.number(vietnamese, whole=False)
        == values.number(english, whole=False)
        == round(float(f"{number:.2f}"), 2)
    )


@pytest.mark.parametrize("raw", ["0", "65536", "554.5", "554/udp", True, date(2021, 1, 1), "5e2", ""])
def test_what_is_no_port_is_wrong(raw: object) -> None:
    assert fault("rtsp_port", raw) in ("out_of_range", "not_whole")


@given(st.ip_addresses())
def test_any_address_of_a_device_is_kept_as_it_is(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if address.is_multicast or address.is_unspecified or str(address) == "255.255.255.255":
        assert fault("host", str(address)) == "host_unusable"
    else:
        assert value("host", str(address)) == str(address)


@pytest.mark.parametrize(
    "host", ["192.168.1", "192.168.1.256", "camera", "-a.vn", "a b.vn", "10,1,1,1", "113.160.1.2."]
)
def test_what_is_no_host_is_wrong(host: str) -> None:
    assert fault("host", host) == "bad_host"


# What stands where an address should: each is told what it is.
NO_HOSTS = {
    "host_network": (
        "192.168.1.x",
        "192.168.1.*",
        "192.168.1.0/24",
        "10.0.0.0/255.255.255.0",
        "10.0.0.1-10.0.0.9",
        "10.0.0.1 – 9",
    ),
    "host_several": ("10.0.0.1; 10.0.0.2", "10.0.0.1\n10.0.0.2", "192.168.1.10, 11", "10.0.0.1 và 10.0.0.2"),
    "host_zeros": ("192.168.001.010", "192.168.01.10", "010.0.0.1"),
    "host_has_port": (
        "113.160.1.2:554",
        "113.160.1.2 cổng 554",
        "camera.vn:8554",
        "[2001:db8::1]:554",
        "113.160.1.2:554:80",
    ),
    "host_has_scheme": ("http://113.160.1.2", "https://camera.vn:8443/a", "113.160.1.2/ch1"),
    "host_is_phone": ("0912345678", "0912 345 678", "0239.3855.555", "+84912345678"),
    "host_is_email": ("ha.dt@hatinh.gov.vn",),
    "host_serial": ("ABCD1234567EF", "F12345678", "ezviz cloud", "P2P"),
    "host_dynamic": ("DHCP", "DDNS", "động", "IP động", "Dynamic IP"),
    "host_none": ("chưa có", "Không có IP", "không rõ", "chưa"),
    "bad_host": ("192.168.1", "192.168.1.256", "camera", "10,1,1,1"),
}


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in NO_HOSTS.items() for text in texts])
def test_what_is_no_address_is_called_what_it_is(code: str, text: str) -> None:
    assert fault("host", text) == code


# Field, as people write it, its value, codes of what they should know. Sources: forms of provinces and their practice.
WRITTEN: tuple[tuple[str, Any, Any, tuple[str, ...]], ...] = (
    ("fps", "25 fps", 25, ()),
    ("fps", "25 hình/giây", 25, ()),
    ("fps", "khoảng 25", 25, ("number_about",)),
    ("bandwidth", "20 Mbps", 20, ()),
    ("bandwidth", "20,5Mb/s", 20.5, ()),
    ("bandwidth", "512 Kbps", 0.512, ("unit_converted",)),
    ("bandwidth", "1 Gbps", 1000, ("unit_converted",)),
    ("bandwidth", "20MB", 20, ("number_about",)),
    ("bandwidth", "20 MBPS", 20, ("number_about",)),
    ("year", "Năm 2020", 2020, ()),
    ("year", "tháng 5 năm 2020", 2020, ()),
    ("year", "12/2020", 2020, ()),
    ("year", "15/05/2020", 2020, ()),
    ("rtsp_port", "Cổng 554", 554, ()),
    ("rtsp_port", "port: 8554", 8554, ()),
    ("channel", "Kênh 3", 3, ()),
    ("channel", "CH03", 3, ()),
    ("total_cameras", "12 camera", 12, ()),
    ("total_cameras", "12 (mười hai)", 12, ()),
    ("total_cameras", "1.234 cái", 1234, ()),
    ("visitors", "1,2 triệu lượt", 1_200_000, ("unit_converted",)),
    ("visitors", "120.000 lượt khách/năm", 120_000, ()),
    ("retention_days", "72 giờ", 3, ("duration_converted",)),
    ("retention_days", "khoảng 30 ngày", 30, ("number_about",)),
    ("resolution", "Full HD 1080p", "1080p", ()),
    ("resolution", "2MP (1920x1080)", "1080p", ()),
    ("resolution", "1080p/2MP", "1080p", ()),
    ("resolution", "4K UHD (8MP)", "4k", ()),
    ("has_camera", "√", True, ()),
    ("has_camera", "ü", True, ()),
    ("has_camera", "þ", True, ()),
    ("has_camera", "\uf0fc", True, ()),
    ("has_camera", "ý", True, ("word_unsure",)),
    ("has_camera", "☐", False, ("word_unsure",)),
    ("document_date", "17/11/2021 08:30", "2021-11-17", ()),
    ("document_date", "2021/11/17", "2021-11-17", ()),
    ("document_date", "2021-11-17T08:30:00", "2021-11-17", ()),
    ("document_date", "17/11/2021 8h30", "2021-11-17", ()),
    ("document_date", "ngày 05 tháng 11 năm 2021", "2021-11-05", ()),
    ("document_date", "Hà Tĩnh, ngày 05 tháng 11 năm 2021", "2021-11-05", ()),
    ("document_date", "17-Nov-21", "2021-11-17", ()),
    ("document_date", "17 November 2021", "2021-11-17", ()),
    ("document_date", "thứ Tư, 17/11/2021", "2021-11-17", ()),
    ("fps", "25 khung hình trên giây", 25, ()),
    ("fps", "25fps (PAL)", 25, ()),
    ("bandwidth", "4096 kbit/s", 4.096, ("unit_converted",)),
    ("year", "Quý IV/2019", 2019, ()),
    ("year", "Quý 4 năm 2019", 2019, ()),
    ("year", "cuối 2019", 2019, ()),
    ("year", "từ năm 2018", 2018, ()),
    ("rtsp_port", "TCP 554", 554, ()),
    ("rtsp_port", "554/tcp", 554, ()),
    ("channel", "D3", 3, ()),
    ("channel", "cam 4", 4, ()),
    ("total_cameras", "05 (năm) camera", 5, ()),
    ("total_cameras", "12 mắt cam", 12, ()),
    ("retention_days", "tối thiểu 30 ngày", 30, ()),
    ("resolution", "1920X1080P", "1080p", ()),
    ("resolution", "2 Mpx", "1080p", ()),
    ("officer_email", "Email: ha@hatinh.gov.vn", "ha@hatinh.gov.vn", ()),
    ("officer_email", "<ha @hatinh.gov.vn>", "ha@hatinh.gov.vn", ()),
    ("officer_email", "ha@hatinh.gov.vn.", "ha@hatinh.gov.vn", ()),
    ("fps", "≥25", 25, ("number_about",)),
    ("fps", "tối đa 25 hình/s", 25, ()),
    ("bandwidth", "20 Mega bit", 20, ()),
    ("bandwidth", "tối thiểu 20Mbps", 20, ()),
    ("bandwidth", "FTTH 50M", 50, ()),
    ("bandwidth", "50mbps.", 50, ()),
    ("year", "'2019", 2019, ()),
    ("channel", "IPC 3", 3, ()),
    ("retention_days", "24h", 1, ("duration_converted",)),
    ("retention_days", "1 tuần lễ", 7, ("duration_converted",)),
    ("retention_days", "một tháng", 30, ("duration_converted",)),
    ("retention_days", "nửa tháng", 15, ("duration_converted",)),
    ("total_cameras", "12 cái camera", 12, ()),
    ("total_cameras", "tổng số 12", 12, ()),
    ("visitors", "50k", 50_000, ("unit_converted",)),
    ("visitors", "1,5tr lượt", 1_500_000, ("unit_converted",)),
    ("visitors", "trên 10.000", 10_000, ()),
    ("resolution", "1920x1080 pixel", "1080p", ()),
    ("resolution", "720", "720p", ()),
    ("codec", "Smart H.265+", "h265_plus", ()),
    ("codec", "H.264H", "h264", ()),
    ("status", "Bị hỏng", "broken", ()),
    ("status", "Mất tín hiệu", "broken", ()),
    ("status", "Online", "working", ()),
    ("has_camera", "Đã có", True, ()),
    ("has_camera", "R", True, ("word_unsure",)),
    ("has_camera", "Chưa lắp", False, ()),
    ("document_date", "Ngày: 05/11/2021", "2021-11-05", ()),
    ("document_date", "5 thg 11, 2021", "2021-11-05", ()),
    ("document_date", "Nov 5, 2021", "2021-11-05", ()),
    ("document_date", "Đức Thọ, 05/11/2021", "2021-11-05", ()),
    ("officer_phone", "+84(0)912345678", "+84912345678", ()),
    ("officer_phone", "0912.345.678 (Zalo)", "+84912345678", ()),
    ("officer_email", "Hà <ha@hatinh.gov.vn>;", "ha@hatinh.gov.vn", ()),
    ("officer_email", "ha@hatinh.gov.vn (công vụ)", "ha@hatinh.gov.vn", ()),
    ("host", "WAN: 113.160.10.5", "113.160.10.5", ()),
    ("host", "113.160.10.5 - VNPT", "113.160.10.5", ()),
    ("host", "113.160.10.5/", "113.160.10.5", ()),
    ("main_path", "\\Streaming\\Channels\\101", "/Streaming/Channels/101", ("path_slash_added",)),
    ("latitude", "18,342.", 18.342, ()),
    ("latitude", "~18.342", 18.342, ()),
    ("latitude", "18*30'", 18.5, ()),
)


@pytest.mark.parametrize(("key", "text", "meant", "codes"), WRITTEN)
def test_values_are_read_as_people_write_them(key: str, text: str, meant: object, codes: tuple[str, ...]) -> None:
    found = parse(field(key), text, CONTEXT)
    assert (found.value, tuple(code for code, _ in found.warnings)) == (meant, codes)


@pytest.mark.parametrize(
    ("key", "text", "code"),
    [
        ("fps", "20-25", "number_range"),
        ("bandwidth", "100/20 Mbps", "number_range"),
        ("retention_days", "15 đến 30 ngày", "number_range"),
        ("retention_days", "2 TB", "other_unit"),
        ("bandwidth", "35 MBps", "other_unit"),  # eight times as many Mbps
        ("bandwidth", "35MB/s", "other_unit"),
        ("bandwidth", "512 kB/s", "other_unit"),
        ("latitude", "https://maps.app.goo.gl/kYt1", "coordinate_link"),
        ("longitude", "https://www.google.com/maps?q=Ch%C3%B9a+H%C6%B0%C6%A1ng", "coordinate_link"),
        ("year", "2019-2020", "number_range"),
        ("year", "2020 (nâng cấp 2021)", "not_whole"),
        ("rtsp_port", "554/8554", "number_range"),
        ("total_cameras", "12/15", "number_range"),
        ("document_date", "11/17/2021", "bad_date"),
        ("officer_email", "ha@gmail,com", "bad_email"),
        ("resolution", "HD 1080p", "not_in_list"),
        ("has_camera", "û", "not_in_list"),
        ("has_camera", "u", "not_in_list"),
        ("fps", "25 Mbps", "not_whole"),
        ("officer_email", "a@hatinh.gov.vn; b@hatinh.gov.vn", "email_several"),
        ("latitude", "X=2049876 Y=562123", "coordinate_metres"),
        ("year", "2019 - nay", "not_whole"),
        ("codec", "H.265/H.264", "not_in_list"),
        ("officer_email", "hà@hatinh.gov.vn", "bad_email"),  # typed with Vietnamese keys
        ("document_date", "ngày 5/11", "bad_date"),
        ("has_camera", "❌", "not_in_list"),
    ],
)
def test_what_may_mean_two_things_is_asked_about(key: str, text: str, code: str) -> None:
    assert fault(key, text) == code


@pytest.mark.parametrize(
    "text",
    [
        *(
            "18.342N",
            "N 18.342",
            "18,342°N",
            "18.342° Bắc",
            "vĩ độ: 18,342",
            "Lat 18.342",
            "18.342 độ",
            "18,342° Bắc",
            "18.342 degrees",
            "18 degrees 20 minutes 31.2 seconds",
            "18.342° vĩ Bắc",
        ),
        *("18°20'31.2\"", "N18°20'31.2\"", "18º20’31,2”B", "18°20′31.2″ N", "18°20'31.2''N", "18o20'31.2\""),
        *("18 20 31.2", "18:20:31.2", "18-20-31.2", "18d20m31.2s", "18 độ 20 phút 31,2 giây"),
        *("18°20.52'", "N18°20,52'", "18 20.52", "18° 20.52′ N"),
    ],
)
def test_a_latitude_is_the_same_in_all_notations(text: str) -> None:
    assert value("latitude", text) == pytest.approx(18.342, abs=1e-6)


def test_names_of_hosts_are_lower_case_ascii() -> None:
    assert value("host", "Camera1.DucTho.gov.VN") == "camera1.ductho.gov.vn"
    assert value("host", "[2001:DB8::1]") == "2001:db8::1"


@pytest.mark.parametrize(
    "text", ["113.160.10. 5", "IP: 113.160.10.5", "113.160.10.5 (IP tĩnh)", "113.160.10.5\n(qua VPN)"]
)
def test_an_address_is_read_without_what_people_add_to_it(text: str) -> None:
    assert value("host", text) == "113.160.10.5"


@pytest.mark.parametrize(
    ("text", "post"), [("Km 12+300", "Km 12+300"), ("km12+5", "Km 12+005"), ("12 + 300", "Km 12+300")]
)
def test_kilometre_posts_have_one_spelling(text: str, post: str) -> None:
    assert value("km_post", text) == post


@given(st.text(max_size=60))
def test_no_text_makes_a_parser_raise_anything_but_wrong(text: str) -> None:
    for one in {f.kind: f for f in (*CAMERAS.head, *CAMERAS.columns, *POLICE.columns)}.values():
        try:
            parse(one, clean(text), Context(POLICE if one.key == "km_post" else CAMERAS, DAY))
        except Wrong as wrong:
            CATALOGUE[wrong.code].text.format(**wrong.gaps)


@given(st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.dates()))
def test_no_number_or_date_makes_a_parser_raise_anything_but_wrong(raw: float | bool | date) -> None:
    for one in {f.kind: f for f in (*CAMERAS.head, *CAMERAS.columns)}.values():
        try:
            parse(one, raw, CONTEXT)
        except Wrong as wrong:
            CATALOGUE[wrong.code].text.format(**wrong.gaps)


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://admin:Bimat999@113.1.2.3:554/ch1",
        "rtsp://admin:Bimat999@x/y@113.1.2.3/ch1",
        "http://Bimat999@113.1.2.3",
        "mật khẩu: Bimat999",
        "Mật khẩu là Bimat999",
        "user: admin, pass: Bimat999",
        "admin/Bimat999",
        "admin:Bimat999",
        "/user=admin_password=Bimat999_channel=1",
        "/cam?pwd=Bimat999&x=1",
        "Bimat999@",
        "tài khoản admin, mk: Bimat999; kênh 1",
        "PASSWORD=Bimat999",
        "mật khẩu Bimat999",
        "tk admin mk Bimat999",
        "MK  Bimat999; kênh 1",
        "TK: admin/Bimat999",
        "đăng nhập admin Bimat999",
    ],
)
def test_a_password_is_found_and_taken_out(text: str) -> None:
    redacted, found = redact(text)
    assert found
    assert "Bimat999" not in redacted


@pytest.mark.parametrize(
    "text",
    [
        "Cổng chính 01",
        "hant.dt@hatinh.gov.vn",
        "/Streaming/Channels/101",
        "/cam/realmonitor?channel=1&subtype=0",
        "rtsp://113.160.1.2:554/ch1",
        "DS-2CD2043G2-I(2.8mm)",
        "Mật khẩu: chưa cấp",
        "07:30-11:30; 13:30-17:00",
        "Compass: hướng bắc",
        "Bãi xe là bãi chung",
        "1234/UBND-VHTT",
        "Đã cấp",
        "mật khẩu 02 camera chưa cấp",
        "http://113.160.1.2/admin/stream1",
        "Quản trị viên admin phòng VH",
        "mk riêng từng camera",
        "1080P@25fps",
        "1920x1080@30",
    ],
)
def test_what_is_no_password_stays(text: str) -> None:
    assert redact(text) == (text, False)


def test_password_columns_are_told_from_ours() -> None:
    for label in ("Mật khẩu", "MẬT KHẨU camera", "Password", "User/Pass", "mat khau", "Tên đăng nhập, mk"):
        assert is_password_column(label), label
    for one in (*CAMERAS.columns, *POLICE.columns):
        assert not is_password_column(one.label), one.label


@given(st.text())
def test_cleaned_text_is_what_a_person_sees(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned == cleaned.strip()
    assert not set(cleaned) & set("\x00\x07\u200b\u202e\ufeff\u00a0\r")
