"""A damaged picture is not taken for whole, nor a whole one for damaged; `bench/cameras/damage.py` tries more."""

from collections.abc import Callable

import pytest

from dondoc.demo import clips, rtp
from dondoc.probing.picture import decode, h264, units
from dondoc.probing.rtsp.codecs import Frames

Damage = Callable[[bytes], bytes]
DAMAGES: dict[str, Damage] = {
    "bytes replaced": lambda unit: unit[: len(unit) // 2] + bytes(range(7, 47)) + unit[len(unit) // 2 + 40 :],
    "a piece missing": lambda unit: unit[: len(unit) // 2] + unit[len(unit) // 2 + 300 :],
    "the tail missing": lambda unit: unit[: -len(unit) // 4],
    "a little of the tail missing": lambda unit: unit[:-40],
    "nothing left": lambda unit: b"",
}


@pytest.mark.parametrize("scene", ["moving", "dark", "covered"])
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_whole_picture_is_taken_and_each_damage_of_each_slice_seen(codec: str, scene: str) -> None:
    unit = clips.clip(scene, codec).units[0]
    assert decode.decode(codec, units.joined(unit)) is not None
    slices = [n for n, nal in enumerate(unit) if units.is_slice(codec, nal) and len(nal) > 400]
    taken = [
        (number, name)
        for number in slices
        for name, damage in DAMAGES.items()
        if decode.decode(codec, units.joined(filter(None, (*unit[:number], damage(unit[number]), *unit[number + 1 :]))))
    ]
    assert taken == []
    assert slices or scene != "moving"


def test_a_jpeg_that_lacks_bytes_is_damaged() -> None:
    collected = Frames("jpeg")
    sent = [packet[4:] for number in range(3) for packet in rtp.played("moving", "jpeg", number)]
    jpeg = next(picture for packet in sent if (picture := collected.feed(packet)))
    assert decode.decode("jpeg", jpeg) is not None
    for cut in (jpeg[:-300] + jpeg[-2:], jpeg[:4000] + jpeg[4700:], jpeg[:4000] + bytes(500) + jpeg[4500:]):
        assert decode.decode("jpeg", cut) is None


def test_what_is_no_parameter_set_is_not_made_taller() -> None:
    assert [h264.taller(sps) for sps in (b"", b"\x67", b"\x67\x00", b"\x67" + bytes(9))] == [None] * 4
    sps = next(nal for nal in clips.clip("moving").units[0] if nal[0] & 31 == 7)
    made = h264.taller(sps)
    assert made
    assert (made.rows, made.sps != sps) == (16, True)
