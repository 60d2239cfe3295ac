"""Closer looks: stream, recorder and clock of simulated devices, over real RTSP and HTTP."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc import clock
from dondoc.cameras.measured import playback
from dondoc.demo import clips, recorder, rtp
from dondoc.demo import onvif as device
from dondoc.demo.camera import HOST, PASSWORD, USER
from dondoc.demo.fleet import Fleet
from dondoc.probing import measuring, onvif
from dondoc.probing.onvif import Answer
from dondoc.probing.probe import probe_many
from dondoc.probing.rtsp import sdp, stream_facts
from dondoc.probing.rtsp.readers import Pictures
from dondoc.probing.rtsp.reorder import Duplicates
from dondoc.probing.rtsp.stream_facts import Meter
from dondoc.probing.verdicts import Target
from dondoc.probing.wanted import Playback, Wanted
from tests.probing.zoo import HEALTHY, SEEN_HERE_ALONE, InDescription, packet

LOOPBACK = [ip_network("127.0.0.0/8")]
NOW = datetime(2021, 11, 25, 15, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two seconds the first half tells enough."""
    monkeypatch.setattr(stream_facts, "LEAST", 0.6)


def looked(fleet: Fleet, urls: Mapping[str, str], **of: Wanted) -> dict[str, Mapping[str, Any]]:
    """What closer looks at these measured."""
    now, since = clock.now(), time.monotonic()
    targets = [
        Target(
            name, url, USER, PASSWORD, wanted=of.get(name) or Wanted(now, since, playback=playback.ask(url), days=30)
        )
        for name, url in urls.items()
    ]
    found = list(probe_many(targets, stage=2, timeout=20, allow=LOOPBACK))
    assert {one.camera: str(one.verdict) for one in found} == dict.fromkeys(urls, "ok")
    return {one.camera: one.measured or {} for one in found}


@pytest.mark.slow
def test_recorders_are_asked_in_the_way_of_their_brand_and_believed_only_as_far_as_they_prove_it(fleet: Fleet) -> None:
    root, kinds = f"rtsp://{HOST}:{fleet.ports[0]}", [*recorder.HELD]
    urls = {f"hikvision {kind}": f"{root}/Streaming/Channels/{ch}02" for ch, kind in enumerate(kinds, 1)}
    urls |= {f"dahua {kind}": f"{root}/cam/realmonitor?channel={ch}&subtype=1" for ch, kind in enumerate(kinds, 1)}
    urls |= {f"onvif {kind}": f"{root}/{kind}/1" for kind in kinds}
    found = looked(fleet, urls)
    held = {
        name: {k: found[name]["recorder"][k] for k in ("recording", "newest", "oldest", "missing")} for name in urls
    }
    for brand in ("hikvision", "dahua", "onvif"):
        told = {kind: tuple(held[f"{brand} {kind}"].values()) for kind in kinds}
        assert told == {
            "recorder": (True, 1, 30, 0),
            "recorder-stopped": (False, 9, 30, 0),
            "recorder-short": (True, 1, 12, 13),
            "recorder-silent": (True, 1, 12, 0),
            "recorder-jumping": (None, 0, 0, 0),
            "recorder-refusing": (None, 0, 0, 0),
        }
    assert "127.0.0.1" not in str(found)


@pytest.mark.slow
def test_a_fault_of_ours_in_a_closer_look_changes_no_verdict(fleet: Fleet) -> None:
    broken = Wanted(clock.now(), time.monotonic(), stream="no address")
    assert looked(fleet, {"healthy": fleet.url("healthy")}, healthy=broken) == {"healthy": {}}


@pytest.mark.slow
def test_a_stream_is_measured_from_its_packets_and_the_sub_stream_from_the_picture_that_was_seen(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_facts, "SLOWER", 1000)  # however slow this machine plays
    now, since = clock.now(), time.monotonic()
    for codec in ("h264", "h265", "jpeg"):
        clips.clip("moving", codec)
    urls = {one: fleet.url(one) for one in ("healthy", "h265", "mjpeg", "digest")} | {"sub": fleet.url("healthy", "2")}
    wanted = {name: Wanted(now, since, stream=url) for name, url in urls.items()}
    wanted["sub"] = Wanted(now, since, stream=fleet.url("healthy"), is_sub=True)
    found = {name: one["stream"] for name, one in looked(fleet, urls, **wanted).items()}
    assert {name: one["codec"] for name, one in found.items()} == {
        "healthy": "h264",
        "h265": "h265",
        "mjpeg": "jpeg",
        "digest": "h264",
        "sub": "h264",
    }
    assert all(one["rate"] == clips.RATE for one in found.values())
    assert found["healthy"]["key_interval"] == clips.KEY_EVERY / clips.RATE
    assert found["mjpeg"]["kbps"] > found["h265"]["kbps"] > 0
    assert found["healthy"]["main"] == [clips.WIDTH, clips.HEIGHT]
    assert found["sub"]["sub"] == [clips.WIDTH, clips.HEIGHT]
    assert "sub" not in found["healthy"]


@pytest.mark.slow
def test_a_recorder_that_keeps_us_waiting_costs_a_closer_look_no_more_than_its_time(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found until then is kept; of a recorder that was not asked to the end nobody can tell."""
    monkeypatch.setattr(measuring, "LONGEST", 6.0)  # one question alone would take 8 s
    slow = Playback(fleet.url("hanging") + "?{start}", "%Y")
    wanted = Wanted(clock.now(), time.monotonic(), stream=fleet.url("healthy"), playback=slow, days=30)
    found = looked(fleet, {"one": fleet.url("healthy")}, one=wanted)["one"]
    assert {*found} == {"stream", "recorder"}
    assert found["recorder"]["recording"] is None


@pytest.mark.slow
def test_a_device_is_asked_for_its_time_where_its_picture_came_from(fleet: Fleet) -> None:
    now, since = clock.now(), time.monotonic()
    urls = {one: fleet.url(one) for one in ("healthy", "wrong-clock")}
    found = looked(fleet, urls, **{name: Wanted(now, since, clock=fleet.ports[0]) for name in urls})
    assert abs(found["healthy"]["clock"]["local"]) < 60
    assert abs(found["wrong-clock"]["clock"]["utc"] + 3 * 3600) < 60
    assert looked(fleet, {"healthy": urls["healthy"]}, healthy=Wanted(now, since, clock=fleet.refusing_port)) == {
        "healthy": {}
    }


@pytest.mark.slow
def test_no_closer_look_is_taken_where_the_picture_was_not_good_and_no_login_is_refused_twice(fleet: Fleet) -> None:
    now, since, before = clock.now(), time.monotonic(), fleet.counts["refused logins"]
    names = ("dark", "wrong-password", "silent", "missing")
    targets = [
        Target(n, fleet.url(n), USER, PASSWORD, wanted=Wanted(now, since, stream=fleet.url(n), clock=fleet.ports[0]))
        for n in names
    ]
    clocks = fleet.counts["clocks"]
    found = list(probe_many(targets, stage=2, timeout=2, allow=LOOPBACK))
    assert {one.measured for one in found} == {None}
    assert fleet.counts["clocks"] == clocks
    assert fleet.counts["refused logins"] == before + 1


@pytest.mark.slow
def test_a_login_that_is_refused_now_is_sent_no_more(fleet: Fleet) -> None:
    before, url = fleet.counts["refused logins"], fleet.url("changed-password")
    asked = {"stream": url, "playback": playback.ask(url), "days": 30, "clock": fleet.ports[0]}
    found = looked(fleet, {"camera": url}, camera=Wanted(clock.now(), time.monotonic(), **asked))
    assert found["camera"].keys() == {"clock"}
    assert fleet.counts["refused logins"] == before + 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno",
        b"RTSP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"<a>" * 30_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * 100_000,
        b"X-Header: " * 10_000,
        b"",
    ],
)
def test_what_is_no_answer_tells_no_time(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    async def asked() -> dict[str, Any]:
        server = await asyncio.start_server(serve, HOST, 0)
        async with server:
            address = ip_network(HOST).network_address
            return await measuring._clock(address, server.sockets[0].getsockname()[1], lambda: NOW)

    monkeypatch.setattr(measuring, "ONVIF", 2.0)
    assert asyncio.run(asked()) == {}


@pytest.mark.parametrize(("behind", "told"), [(0, 0), (-3 * 3600, -3 * 3600), (86_400 * 400, 86_400 * 400)])
def test_a_clock_is_held_against_ours(behind: int, told: int) -> None:
    said = device.date_and_time(NOW + timedelta(seconds=behind)).encode()
    assert onvif.offsets(Answer(200, (), said), NOW) == {"utc": told, "local": told}
    assert onvif.offsets(Answer(500, (), said), NOW) == {}


def test_a_device_that_keeps_universal_time_as_its_own_is_off_by_its_zone() -> None:
    said = device.date_and_time(NOW).replace("<tt:Hour>22</tt:Hour>", "<tt:Hour>15</tt:Hour>").encode()
    assert onvif.offsets(Answer(200, (), said), NOW) == {"utc": 0, "local": -7 * 3600}
    for zone in ("CST-7:00:00", "GMT+07:00", "ICT-07"):  # it copies the one into the other, and shows our time
        copied = said.replace(
            b"<tt:UTCDateTime>", f"<tt:TimeZone><tt:TZ>{zone}</tt:TZ></tt:TimeZone><tt:UTCDateTime>".encode()
        )
        assert onvif.offsets(Answer(200, (), copied), NOW) == {"utc": 0}
        later = NOW + timedelta(hours=3)
        assert onvif.offsets(Answer(200, (), copied), later) == {"utc": -3 * 3600}
    foreign = said.replace(b"<tt:UTCDateTime>", b"<tt:TimeZone><tt:TZ>GMT0</tt:TZ></tt:TimeZone><tt:UTCDateTime>")
    assert onvif.offsets(Answer(200, (), foreign), NOW) == {"utc": 0, "local": -7 * 3600}


@pytest.mark.parametrize(
    ("utc", "clock", "off"),
    [
        (True, {"utc": -7200, "local": 5}, -7200),
        (False, {"utc": -7200, "local": 5}, 5),
        (False, {"utc": 9}, 9),
        (True, {}, 0),
    ],
)
def test_a_recorder_is_asked_by_its_own_clock(utc: bool, clock: dict[str, int], off: int) -> None:
    """One that is two days behind has nothing under yesterday's name, and records well."""
    assert measuring._off(clock, Playback("", "", utc)) == timedelta(seconds=off)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_answer_of_a_device_breaks_anything(noise: bytes) -> None:
    whole = device.date_and_time(NOW).encode()
    assert onvif.offsets(Answer(200, (), noise), NOW) == {}
    onvif.offsets(Answer(200, (), whole.replace(b"2021", noise[:20])), NOW)


@pytest.mark.parametrize(
    "bad",
    [
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        '<?xml version="1.0" encoding="utf-99"?><a/>',
        device.date_and_time(NOW).replace("<tt:Month>11", "<tt:Month>13"),
        device.date_and_time(NOW).replace("<tt:Year>2021", "<tt:Year>" + "9" * 5000),
    ],
)
def test_hostile_answers_tell_no_time(bad: str) -> None:
    assert onvif.offsets(Answer(200, (), bad.encode()), NOW) == {}


@pytest.mark.parametrize(("codec", "every"), [("h264", clips.KEY_EVERY), ("h265", clips.KEY_EVERY), ("jpeg", 1)])
def test_pictures_bits_and_key_pictures_are_counted_over_the_wrap_of_the_cameras_clock(codec: str, every: int) -> None:
    meter, wrap = Meter(codec), 2**32 - 90_000
    for number in range(30):
        for one in rtp.played("moving", codec, number):
            stamp = (int.from_bytes(one[8:12]) + wrap) & 0xFFFFFFFF
            meter.feed(one[4:8] + stamp.to_bytes(4) + one[12:], number / clips.RATE)
    facts = meter.facts()
    assert facts["rate"] == clips.RATE
    assert facts["key_interval"] == every / clips.RATE
    sent = sum(len(p) - 16 for number in range(30) for p in rtp.played("moving", codec, number))
    assert facts["kbps"] == round(sent * 8 / 3 / 1000)


@given(st.lists(st.binary(max_size=60), max_size=40), st.sampled_from(["h264", "h265", "jpeg", "vp8"]))
def test_no_packet_breaks_the_meter(packets: list[bytes], codec: str) -> None:
    meter = Meter(codec)
    for one in packets:
        meter.feed(b"\x80\x60" + one, 0.0)
    assert all(value >= 0 for value in meter.facts().values())


def test_a_clock_that_stands_or_runs_wild_tells_no_rate() -> None:
    for step in (0, 1, 2**31):
        meter, numbers = Meter("h264"), count()
        for number in range(20):
            stamp = (next(numbers) * step & 0xFFFFFFFF).to_bytes(4)
            meter.feed(b"\x80\x60\0\0" + stamp + bytes(4) + b"\x65\x88bcdef", number / 10)
        assert meter.facts() == {}


@pytest.mark.parametrize(("ticks", "told"), [(90_000, True), (80_000, True), (48_000, False), (45_000, False)])
def test_a_clock_that_runs_slower_than_ours_tells_no_rate(ticks: int, told: bool) -> None:
    meter = Meter("h264")
    for number in range(40):
        meter.feed(packet(b"\x65\x88abcdef", number, number * ticks // 10, marker=True), number / 10)
    assert ("rate" in meter.facts()) is told


def test_what_is_no_picture_is_not_counted() -> None:
    """Parameter sets and messages with times of their own, sound and another track's words under other numbers."""
    meter = Meter("h264", described=96)
    for number in range(40):
        time, at = number * 9000, number / 10
        for early, nal in enumerate((b"\x09\xf0", b"\x67\x42\0\x1e", b"\x68\xce\x38\x80", b"\x06\5\4abcd\x80")):
            meter.feed(packet(nal, 0, time - 40 + early, marker=True), at)
        meter.feed(packet(b"\x65\x88" + bytes(50), 0, time // 11, marker=True, sort=8), at)
        meter.feed(packet(b"<?xml", 0, time + 77, marker=True, sort=107), at)
        meter.feed(packet(b"\x65\x88abcdef", 0, time, marker=True), at)
    assert meter.facts()["rate"] == 10.0


def test_what_was_heard_before_the_described_track_is_forgotten() -> None:
    meter = Meter("h264", described=96)
    for number in range(10):
        meter.feed(packet(b"\x65\x88abcdef", number, number * 100, sort=97), 0.0)
    for number in range(40):
        meter.feed(packet(b"\x65\x88abcdef", number, number * 9000), number / 10)
    assert meter.facts()["rate"] == 10.0


def test_packets_that_were_lost_leave_no_rate() -> None:
    for reliable in (True, False):
        meter = Meter("h264", reliable=reliable)
        for number in range(40):
            if number % 3:
                meter.feed(packet(b"\x65\x88abcdef", number, number * 9000), number / 10)
        assert ("rate" in meter.facts()) is reliable


KINDS = {name: kind for name, (kind, _) in HEALTHY.items()} | SEEN_HERE_ALONE


@pytest.mark.parametrize("name", KINDS)
def test_the_rate_of_a_healthy_camera_of_any_kind_is_right_or_not_told(name: str) -> None:
    kind, sequence = KINDS[name], 100
    clips.clip("moving")
    media = InDescription.media.fget(None) if kind is InDescription else kind.media  # type: ignore[attr-defined]
    track = sdp.video((media or "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n").encode())
    assert track
    pictures, duplicates = Pictures(track, reliable=True), Duplicates()
    meter: Meter | None = None
    for number, unit in zip(range(60), kind.stream(), strict=False):
        sent = kind.pack(unit, sequence, number * 9000)
        sequence += len(sent)
        for one in sent:
            if duplicates.has(one):
                continue
            pictures.feed(one)
            if meter is None or pictures.track is not track:
                track = pictures.track
                meter = Meter(track.codec or "", track.payload_type, track.parameter_sets, track.numbered)
            meter.feed(one, number / 10)
    assert meter
    assert meter.facts().get("rate", 10.0) == (5.0 if name == "a time for each field" else 10.0)
    untold = {
        "one time for all",
        "joined in the middle",
        "a time for each slice",
        "a time for each packet",
        "dead session",
        "swapped",
    }
    assert "rate" in meter.facts() or any(words in name for words in untold), name


def test_how_a_recorder_is_asked_is_of_its_brand_and_its_channel() -> None:
    start = clock.at(clock.now().date(), 20).replace(year=2021, month=11, day=24)

    def asked(path: str) -> tuple[str, dict[str, str]]:
        way = playback.ask(f"rtsp://u:p@10.1.1.1:554{path}")
        assert way
        return way.of(start, start + timedelta(seconds=30))

    root = "rtsp://10.1.1.1:554"
    hikvision = f"{root}/Streaming/tracks/201?starttime=20211124T200000Z&endtime=20211124T200030Z"
    assert asked("/Streaming/Channels/202") == (hikvision, {})
    dahua = f"{root}/cam/playback?channel=3&starttime=2021_11_24_20_00_00&endtime=2021_11_24_20_00_30"
    assert asked("/cam/realmonitor?channel=3&subtype=0") == (dahua, {})
    url, headers = asked("/a/b?c=d")
    assert url == f"{root}/a/b?c=d"
    assert headers == {"Require": "onvif-replay", "Range": "clock=20211124T130000Z-20211124T130030Z"}


def test_every_way_names_its_source_and_none_is_called_verified_without_a_day() -> None:
    ways = playback.load()
    assert all(way.source for way in ways)
    assert [way.id for way in ways if not way.streams] == ["onvif"]
    assert {way.verified for way in ways} == {None}
    assert replace(Wanted(NOW, 0.0), days=1).clock_time() > NOW
