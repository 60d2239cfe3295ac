"""Time zones as devices write them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.demo import onvif as device
from dondoc.probing import onvif, zones
from dondoc.probing.onvif import Answer

WINTER, SUMMER = (datetime(2021, month, 15, 15, tzinfo=UTC) for month in (11, 7))


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("<+07>-7", {7}),
        ("<-07>7", {-7}),
        ("<ICT>-07:00", {7}),
        ("ICT-7", {7}),
        ("ICT-07", {7}),
        ("CST-7:00:00", {7}),
        ("CST-8", {8}),
        ("WIB-7\n", {7}),
        ("MST7", {-7}),
        ("MST7MDT,M3.2.0,M11.1.0", {-7}),
        ("CET-1CEST,M3.5.0,M10.5.0/3", {1}),
        ("IST-5:30", {5.5}),
        ("GMT0", {0}),
        ("GMT+07:00", {7, -7}),
        ("UTC+7", {7, -7}),
        ("GMT-7", {7, -7}),
        ("Asia/Ho_Chi_Minh", {7}),
        ("UTC", set()),
        ("EST5EDT", set()),
        ("", set()),
        ("7", set()),
        ("CST-99999999", set()),
        ("CST-24", set()),
        ("CST24:59:59", set()),
        ("../../etc/passwd", set()),
        ("Mui/gio", set()),
        ("Múi-7", set()),
    ],
)
def test_a_zone_is_read_as_posix_has_it_and_as_people_write_it(text: str, hours: set[float]) -> None:
    assert zones.offsets(text, WINTER) == {timedelta(hours=one) for one in hours}


def test_a_zone_with_summer_time_is_that_of_the_day() -> None:
    for text, hours in (("EST5EDT,M3.2.0,M11.1.0", -4), ("CET-1CEST,M3.5.0,M10.5.0/3", 2), ("<+07>-7", 7)):
        assert zones.offsets(text, SUMMER) == {timedelta(hours=hours)}


@given(st.text(max_size=80) | st.text("<>+-07:,./MJCST", max_size=40))
def test_whatever_a_device_calls_its_zone_breaks_nothing(text: str) -> None:
    zones.offsets(text, WINTER)


def told(*, utc: timedelta | None, local: timedelta | None, zone: str = "") -> dict[str, int]:
    """What a device tells whose times are so far ahead."""
    said = device.date_and_time(WINTER)
    whole = {
        name: said[said.index(f"<tt:{name}>") : said.index(f"</tt:{name}>") + len(f"</tt:{name}>")]
        for name in ("UTCDateTime", "LocalDateTime")
    }
    for name, ahead in (("UTCDateTime", utc), ("LocalDateTime", local)):
        later = device.date_and_time(WINTER + (ahead or timedelta(0)))
        cut = later[later.index(f"<tt:{name}>") : later.index(f"</tt:{name}>") + len(f"</tt:{name}>")]
        said = said.replace(whole[name], cut if ahead is not None else "")
    said = said.replace("<tt:DateTimeType>", f"<tt:TimeZone><tt:TZ>{zone}</tt:TZ></tt:TimeZone><tt:DateTimeType>")
    return {**onvif.offsets(Answer(200, (), said.encode()), WINTER)}


HOUR, NONE = timedelta(hours=1), timedelta(0)


@pytest.mark.parametrize(
    ("utc", "local", "zone", "ahead"),
    [
        (NONE, None, "", {"utc": 0}),
        (NONE, None, "CST-8", {"utc": 0}),  # many name it so and show another
        (3 * HOUR, None, "&lt;+07&gt;-7", {"utc": 10800}),
        (None, NONE, "", {"local": 0}),
        (None, NONE, "&lt;+07&gt;-7", {"utc": 0, "local": 0}),
        (None, -3 * HOUR, "ICT-7", {"utc": -10800, "local": -10800}),
        (None, HOUR, "CST-8", {"utc": 0, "local": 3600}),  # its zone is wrong, not its clock
        (None, -7 * HOUR, "ICT-7", {"local": -25200}),  # its universal time, by another name
        (NONE, -7 * HOUR, "&lt;+07&gt;-7", {"utc": 0}),
        (NONE, -7 * HOUR, "&lt;-07&gt;7", {"utc": 0, "local": -25200}),
        (None, HOUR, "CST-24", {"local": 3600}),
        (None, None, "ICT-7", {}),
    ],
)
def test_a_device_that_tells_one_of_its_times_is_understood(
    utc: timedelta | None, local: timedelta | None, zone: str, ahead: dict[str, int]
) -> None:
    assert told(utc=utc, local=local, zone=zone.replace("&lt;", "&#60;").replace("&gt;", "&#62;")) == ahead
