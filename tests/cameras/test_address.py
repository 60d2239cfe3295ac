"""Addresses: read strictly, never shown with user info."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.cameras.registry.brands import stream_url
from dondoc.cameras.registry.hiding import public
from dondoc.probing.address import parse
from dondoc.probing.network import AllowList


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("rtsp://10.1.2.3", "rtsp://10.1.2.3:554/"),
        ("RTSP://10.1.2.3:8554/a?b=c&d", "rtsp://10.1.2.3:8554/a?b=c&d"),
        ("rtsps://cam.example.vn/1", "rtsps://cam.example.vn:322/1"),
        ("rtsp://[2001:DB8::1]:554/x", "rtsp://[2001:db8::1]:554/x"),
        ("rtsp://hồ-kẻ-gỗ.vn/1", "rtsp://xn--h-k-g-46s7602bca.vn:554/1"),
        ("rtsp://u:p%40ss@10.1.2.3/1", "rtsp://10.1.2.3:554/1"),
        ("rtsp://u:p@ss@10.1.2.3/1", "rtsp://10.1.2.3:554/1"),
        ("rtsp://10.1.2.3?channel=1", "rtsp://10.1.2.3:554/?channel=1"),
        ("rtsp://10.1.515/1", "rtsp://10.1.2.3:554/1"),
        ("rtsp://0xA010203/1", "rtsp://10.1.2.3:554/1"),
        ("rtsp://10.1.2.3./1", "rtsp://10.1.2.3:554/1"),
        ("rtsp://[::ffff:10.1.2.3]/1", "rtsp://10.1.2.3:554/1"),
        ("rtsp://10.1.2.3.nip.io/1", "rtsp://10.1.2.3.nip.io:554/1"),
    ],
)
def test_good_addresses(url: str, plain: str) -> None:
    if "xn--" in plain:
        assert parse(url).host.startswith("xn--")
    else:
        assert parse(url).url == plain


@pytest.mark.parametrize(
    "url",
    [
        "",
        "10.1.2.3",
        "http://10.1.2.3/",
        "rtsp://",
        "rtsp://:554/",
        "rtsp://10.1.2.3:0/",
        "rtsp://10.1.2.3:65536/",
        "rtsp://10.1.2.3:٥٥٤/",
        "rtsp://10.1.2.3:5x/",
        "rtsp://[::1/",
        "rtsp://[::1]x/",
        "rtsp://[fe80::1%25eth0]/",
        "rtsp://a b/",
        "rtsp://a/\r\nX: y",
        "rtsp://u:bi%0d%0amat@10.1.2.3/",
        "rtsp://u:bi-mat%ff@10.1.2.3/",
        "rtsp://u:bi/mat@10.1.2.3/",
        "rtsp://u:bi#mat@10.1.2.3/",
        "rtsp://u:bi@mat/x@10.1.2.3/",
        "rtsp://-x/",
        "rtsp://a..b/",
        "rtsp://010.001.002.003/",
        "rtsp://10.1.2.08/",
        "rtsp://10.1.2.256/",
        "rtsp://cam.1/",
        "rtsp://" + "a" * 64 + ".vn/",
    ],
)
def test_bad_addresses_are_refused_without_quoting_them(url: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - what it must not say is what matters
        parse(url)
    assert "mat" not in str(caught.value)
    assert "bi-mat" not in public(url)
    assert "@" not in public(url)


def test_user_info_is_decoded_and_not_in_repr() -> None:
    address = parse("rtsp://ad%20min:b%C3%AD%20m%E1%BA%ADt@10.1.2.3/1?password=abc&channel=1")
    assert (address.user, address.password) == ("ad min", "bí mật")
    assert "mật" not in repr(address)
    assert "abc" not in repr(address)


@given(st.text() | st.text("rtsp:/@[]%?#.0123456789aé \r").map("rtsp://".__add__))
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    try:
        address = parse(text)
    except ValueError:
        pass
    else:
        assert parse(address.url).url == address.url
        assert address.url.isascii()
        assert not any(c.isspace() for c in address.url)
    public(text)


@given(st.text(min_size=4).map(lambda s: f"Q9{s}9Q"))
def test_a_password_is_never_shown(secret: str) -> None:
    assert secret not in public(f"rtsp://admin:{secret}@10.1.2.3/1")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://10.1.2.3/user=a_password=bi_mat_channel=1", "rtsp://10.1.2.3/user=***_password=***_channel=1"),
        ("rtsp://10.1.2.3/x?pwd=bi_mat", "rtsp://10.1.2.3/x?pwd=***"),
        ("rtsp://10.1.2.3/x?password=&channel=1", "rtsp://10.1.2.3/x?password=***&channel=1"),
    ],
)
def test_a_password_in_the_path_is_hidden_to_its_end(url: str, shown: str) -> None:
    assert public(url) == shown


@pytest.mark.parametrize(
    ("ip", "network", "may"),
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "0.0.0.0/0", True),
        ("127.0.0.1", "0.0.0.0/0", False),
        ("127.0.0.1", "127.0.0.0/8", True),
        ("127.9.9.9", "127.9.9.9/32", True),
        ("169.254.169.254", "0.0.0.0/0", False),
        ("169.254.169.254", "169.254.0.0/16", True),
        ("::1", "::/0", False),
        ("::1", "::1/128", True),
        ("::ffff:127.0.0.1", "::/0", False),
        ("::ffff:10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "::/0", False),
        ("0.0.0.0", "0.0.0.0/0", False),
    ],
)
def test_special_addresses_need_to_be_listed_as_such(ip: str, network: str, may: bool) -> None:
    assert (ip_address(ip) in AllowList([ip_network(network)])) is may


@pytest.mark.parametrize(
    ("row", "url"),
    [
        ({"host": "10.1.1.1", "brand": "HIKVISION", "channel": 3}, "rtsp://10.1.1.1:554/Streaming/Channels/301"),
        ({"host": "10.1.1.1", "brand": "KBVision", "rtsp_port": "8554"},
         "rtsp://10.1.1.1:8554/cam/realmonitor?channel=1&subtype=0"),
        ({"host": "10.1.1.1", "main_path": "live/1", "rtsp_port": 554.0}, "rtsp://10.1.1.1:554/live/1"),
        ({"host": "10.1.1.1", "sub_path": "/live/2"}, "rtsp://10.1.1.1:554/live/2"),
        ({"host": "10.1.1.1:8554", "brand": "?"}, "rtsp://10.1.1.1:8554/"),
        ({"host": "2001:db8::1", "brand": "Axis"},
         "rtsp://[2001:db8::1]:554/axis-media/media.amp?videocodec=h264"),
        ({"host": "x", "main_path": "rtsp://a:b@10.2.2.2/9"}, "rtsp://10.2.2.2:554/9"),
        ({"host": "không có"}, None),
        ({"brand": "Dahua"}, None),
    ],
)  # fmt: skip
def test_a_row_of_a_form_becomes_an_address(row: dict, url: str | None) -> None:
    assert stream_url(row) == url
