"""Remarks on cameras are codes of three kinds, which a table keeps and a list words."""

from dondoc.cameras.measured.findings import FindingCode
from dondoc.cameras.state import remarks
from dondoc.probing.picture.suspicions import Suspicion
from dondoc.probing.verdicts import Verdict


def test_no_code_means_two_things() -> None:
    assert len(remarks.SHORT) == len(FindingCode) + len(Suspicion) + len(Verdict)


def test_what_a_table_keeps_is_read_again_as_it_was() -> None:
    every = tuple(map(str, remarks.SHORT))
    assert remarks.read(remarks.stored(every)) == every
    assert remarks.read(remarks.stored(())) == ()


def test_a_code_that_another_version_wrote_is_left_out() -> None:
    assert remarks.in_words(("of_another_version", "hazy")) == f"nghi vấn: {Suspicion.HAZY.short}"
