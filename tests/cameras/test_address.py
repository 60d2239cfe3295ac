"""Addresses of cameras: made of a form's row, never shown with user info."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.cameras.registry.brands import stream_url
from dondoc.cameras.registry.hiding import public
from tests.probing.test_address import BAD


@pytest.mark.parametrize("url", BAD)
def test_an_address_that_cannot_be_read_is_shown_without_its_user_info(url: str) -> None:
    assert "bi-mat" not in public(url)
    assert "@" not in public(url)


@given(st.text() | st.text("rtsp:/@[]%?#.0123456789aé \r").map("rtsp://".__add__))
def test_any_text_can_be_shown(text: str) -> None:
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
