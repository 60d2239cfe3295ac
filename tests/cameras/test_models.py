"""Names of models: what people write, beside what devices say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.cameras.measured.models import SURE, differ

ONE_DEVICE = [
    ("DS-2CD2043G2", "DS-2CD2043G2-I"),  # without its suffix
    ("DS-2CD2043G2-I(2.8mm)", "DS-2CD2043G2-I"),  # as on the label, with the lens
    ("Hikvision DS-2CD2043G2", "DS-2CD2043G2-I"),
    ("ds 2cd 2043 g2", "DS-2CD2043G2-I"),
    ("DS2CD2043", "DS-2CD2043G2-I"),
    ("2CD2043G2", "DS-2CD2043G2-I"),
    ("2043G2", "DS-2CD2043G2-I"),
    ("DS-2CD204", "DS-2CD2043G2-I"),  # cut off
    ("DS-2CD2043G0-I", "DS-2CD2043G2-I"),  # of two generations, by one letter: nobody is asked for that
    ("DS-2CD2043G2-I, 4MP, H.265+, 1080p", "DS-2CD2043G2-I"),
    ("DS-2CD1023G0E; DS-2CD2043G2", "DS-2CD2043G2-I"),  # several in one cell
    ("IPC-HFW2431S-S-S2", "DH-IPC-HFW2431SP-S-S2"),  # with the maker's prefix, of another market
    ("Dahua IPC-HFW2431S", "IPC-HFW2431S"),
    ("AXIS P1448-LE", "P1448-LE"),
    ("VIGI C340", "C340"),
    ("Tapo C200", "C200"),
]
MAYBE_ONE = [
    ("KX-2001N", "IPC-HFW1230S"),  # KBVision, made by Dahua
    ("KX-C2012AN3", "DH-IPC-HDW2231T"),
    ("IPC-B140H", "DS-2CD1043G0-I"),  # HiLook, made by Hikvision
    ("THC-B120", "DS-2CE16D0T"),
    ("PT-NC143D3", "DS-2CD2343G0-I"),  # Prama, likewise
    ("DS-2CD2043G2", "DS-7608NI-K2"),  # a recorder that nobody named
    ("IPC-HFW2431S", "DHI-NVR2108HS-S2"),
    ("DS-2CD2043G2", "IPC"),
    ("DS-2CD2043G2", "IP Camera"),
    ("DS-2CD2043G2", "HI3516EV300"),  # the name of its chip
    ("DS-2CD2043G2", "1.0"),
    ("không rõ", "DS-2CD2043G2-I"),
    ("Dome 2MP", "DS-2CD2043G2-I"),
    ("2143", "DS-2CD2043G2-I"),  # of which series, nobody says
    ("DS-2CD2T43G2", "DS-2CD2T46G2"),
    ("CS-C6N", "CS-C3N"),
    ("C200", "NC340"),  # a letter at the end of another word is no series
]
TWO_DEVICES = [
    ("DS-2CD2043G2", "DS-2CD1023G0E-I"),
    ("Hikvision DS-2CD2143G2-I", "DS-2CD2043G2-I"),
    ("IPC-HFW2431S", "DH-IPC-HFW1230S1"),
    ("KX-2001N", "KX-2003N2"),
    ("Hikvision DS-7608", "DS-7616NI-Q2"),
    ("Dahua NVR2108HS", "NVR2116HS-S2"),
    ("DS-2CD1023G0E; DS-2CD2143G2", "DS-2CD2043G2-I"),
    ("AXIS P1448-LE", "AXIS P1375"),
]
WORDS = st.text("ABCDEFGHIPSX", min_size=SURE, max_size=8)
NUMBERS = st.integers(1000, 9999).map(str)
NOISE = st.text(max_size=60)


@pytest.mark.parametrize(("declared", "measured"), ONE_DEVICE + MAYBE_ONE)
def test_what_may_be_one_device_is_not_called_two(declared: str, measured: str) -> None:
    assert not differ(declared, measured)


@pytest.mark.parametrize(("declared", "measured"), TWO_DEVICES)
def test_two_numbers_of_one_series_are_two_devices(declared: str, measured: str) -> None:
    assert differ(declared, measured)


@given(NOISE, NOISE, NOISE)
def test_a_name_never_differs_from_itself_with_more_around_it(name: str, before: str, after: str) -> None:
    assert not differ(name, name)
    assert not differ(f"{before} {name} {after}", name)


@given(NOISE, NOISE)
def test_nothing_is_told_of_names_without_numbers(one: str, other: str) -> None:
    plain = "".join(c for c in one if not c.isdigit())
    assert not differ(plain, other)
    assert not differ(other, plain)


@given(WORDS, NUMBERS, NUMBERS, st.sampled_from(["", "-", " ", "/", "_", "."]), st.text("ABCDEFG-", max_size=6))
def test_neither_case_nor_separators_nor_endings_nor_makers_make_a_difference(
    series: str, one: str, other: str, between: str, end: str
) -> None:
    expected, measured = one != other, f"{series}-{other}{end}"
    assert differ(f"{series}{between}{one}", measured) == expected
    assert differ(f"Hãng {series.lower()}-{one}{end}", measured) == expected
    assert differ(f"{one} {series}{one}", measured) == expected
    assert differ(measured, f"Hãng {series.lower()}{between}{one}") == expected
