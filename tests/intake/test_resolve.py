"""Whose form it is, who may act, and which version is current: decided without a database."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.directive.model import Directive
from dondoc.forms.verdict import FormVerdict, Issue
from dondoc.intake.resolve import Resolution, Version, fulfilled_by, resolve
from dondoc.vocabulary.reasons import said
from tests.directive import letters

DUC_THO, VU_QUANG = "ubnd-huyen-duc-tho", "ubnd-huyen-vu-quang"
GOOD = FormVerdict("accepted", "form_03", DUC_THO, "valid", (), base_version=0, value_hash="a")
WRONG = Issue("missing", "error", "Biểu mẫu", "C12", "Ô C12: thiếu tên camera")
SCAN = FormVerdict("refused", None, None, "missing", (Issue("unreadable", "error", None, None, "Không đọc được"),))


def decide(form: FormVerdict, **given: object) -> Resolution:
    values = {
        "filename": "bm03.xlsx",
        "assigned": None,
        "sender": "cntt@ductho.test",
        "sender_agencies": {DUC_THO},
        "earlier": {},
    } | given
    return resolve(form, **values)  # type: ignore[arg-type]


def test_a_good_form_of_a_registered_sender_becomes_the_first_version() -> None:
    found = decide(GOOD)
    assert (found.outcome, found.agency, found.version) == ("accepted", DUC_THO, 1)
    assert decide(replace(GOOD, outcome="accepted_with_warnings")).outcome == "accepted_with_warnings"


@pytest.mark.parametrize(
    ("token_agency", "senders", "assigned", "outcome", "agency"),
    [
        (DUC_THO, {DUC_THO}, None, "accepted", DUC_THO),
        (DUC_THO, set(), None, "waiting", DUC_THO),  # the token says whose, but not that this sender may act
        (DUC_THO, {VU_QUANG}, None, "waiting", DUC_THO),
        (DUC_THO, set(), DUC_THO, "accepted", DUC_THO),  # a person's word
        (DUC_THO, {VU_QUANG}, VU_QUANG, "accepted", VU_QUANG),
        (None, {DUC_THO}, None, "accepted", DUC_THO),
        (None, {DUC_THO, VU_QUANG}, None, "waiting", None),  # one address, two agencies: nobody guesses
        (None, set(), None, "waiting", None),
    ],
)
def test_the_token_says_whose_and_the_sender_says_who_may_act(
    token_agency: str | None, senders: set[str], assigned: str | None, outcome: str, agency: str | None
) -> None:
    found = decide(replace(GOOD, agency=token_agency), sender_agencies=senders, assigned=assigned)
    assert (found.outcome, found.agency) == (outcome, agency)


def test_what_lies_in_our_own_folder_acts_by_its_token() -> None:
    assert decide(GOOD, sender="", sender_agencies=set()).outcome == "accepted"
    assert decide(replace(GOOD, agency=None), sender="", sender_agencies=set()).outcome == "waiting"


def test_an_unregistered_address_is_named_in_the_reason() -> None:
    assert "la@noi-khac.test" in said(decide(GOOD, sender="la@noi-khac.test", sender_agencies=set()).reason)


@pytest.mark.parametrize("filename", ["van_ban.pdf", "thu.eml", "anh.jpg", "khong-duoi", "bm.docx", "bm.zip"])
def test_what_is_no_workbook_waits_for_a_person(filename: str) -> None:
    found = decide(SCAN, filename=filename)
    assert (found.outcome, found.agency) == ("waiting", DUC_THO)
    assert decide(SCAN, filename=filename, sender_agencies=set()).agency is None


def test_an_automatic_mail_is_nobodys_until_a_person_says_whose() -> None:
    assert decide(SCAN, filename="thu.eml", automatic=True).agency is None
    assert decide(SCAN, filename="thu.eml", automatic=True, assigned=DUC_THO).agency == DUC_THO


@pytest.mark.parametrize("filename", ["bm.xlsx", "BM.XLS", "bm.ods", "bm.xlsm", "bm.xlsb"])
def test_a_workbook_that_cannot_be_opened_is_refused_with_the_reason(filename: str) -> None:
    found = decide(SCAN, filename=filename)
    assert (found.outcome, said(found.reason)) == ("refused", "Không đọc được")


def test_wrong_cells_send_it_back_and_make_no_version() -> None:
    found = decide(replace(GOOD, outcome="returned", issues=(WRONG, replace(WRONG, severity="warning"))))
    assert (found.outcome, found.version, said(found.reason)) == ("returned", None, "1 chỗ cần bổ sung, chỉnh sửa")


def test_the_same_values_again_are_a_duplicate() -> None:
    earlier = {DUC_THO: [Version(1, "a", "accepted")]}
    assert decide(GOOD, earlier=earlier).outcome == "duplicate"
    assert decide(replace(GOOD, base_version=1), earlier=earlier).outcome == "duplicate"
    assert decide(GOOD, earlier={VU_QUANG: [Version(1, "a", "accepted")]}).outcome == "accepted"


def test_two_forms_whose_values_nobody_could_read_are_not_the_same() -> None:
    unread = replace(GOOD, outcome="returned", value_hash=None, issues=(WRONG,))
    assert decide(unread, earlier={DUC_THO: [Version(None, None, "returned")]}).outcome == "returned"


def test_a_correction_of_the_current_version_becomes_the_next() -> None:
    earlier = {DUC_THO: [Version(None, "x", "returned"), Version(1, "a", "accepted")]}
    found = decide(replace(GOOD, value_hash="b", base_version=1), earlier=earlier)
    assert (found.outcome, found.version) == ("accepted", 2)


def test_a_correction_of_a_returned_form_is_no_conflict() -> None:
    earlier = {DUC_THO: [Version(None, "x", "returned")]}
    assert decide(replace(GOOD, value_hash="b"), earlier=earlier).version == 1


def test_a_correction_of_an_older_copy_waits_for_a_person_who_decides() -> None:
    earlier = {DUC_THO: [Version(1, "a", "accepted"), Version(2, "b", "accepted")]}
    stale = replace(GOOD, value_hash="c", base_version=1)
    found = decide(stale, earlier=earlier)
    assert (found.outcome, found.version) == ("conflict", None)
    assert said(found.reason) == "điền từ bản 1, trong khi bản đang dùng là bản 2"
    assert decide(replace(stale, base_version=None), earlier=earlier).outcome == "conflict"
    taken = decide(stale, earlier=earlier, assigned=DUC_THO, decided=True)
    assert (taken.outcome, taken.version) == ("accepted", 3)


def test_going_back_to_what_stood_before_is_a_correction_not_a_repetition() -> None:
    earlier = {DUC_THO: [Version(1, "a", "accepted"), Version(2, "b", "accepted")]}
    assert decide(replace(GOOD, base_version=2), earlier=earlier).version == 3
    assert decide(replace(GOOD, base_version=1), earlier=earlier).outcome == "duplicate"


forms = st.builds(
    FormVerdict,
    outcome=st.sampled_from(["accepted", "accepted_with_warnings", "returned"]),
    form=st.just("form_03"),
    agency=st.just(DUC_THO),
    token=st.just("valid"),
    issues=st.just(()),
    base_version=st.integers(0, 3),
    value_hash=st.sampled_from("abcd"),
)


def run(order: tuple[FormVerdict, ...]) -> list[tuple[Resolution, FormVerdict]]:
    earlier: list[Version] = []
    settled = []
    for form in order:
        found = decide(form, earlier={DUC_THO: list(earlier)})
        if found.outcome in ("accepted", "accepted_with_warnings", "returned"):
            earlier.append(Version(found.version, form.value_hash, found.outcome))
        settled.append((found, form))
    return settled


@given(st.lists(forms, max_size=8))
def test_versions_are_numbered_without_a_gap_and_only_from_the_current_copy(order: list[FormVerdict]) -> None:
    current = 0
    for found, form in run(tuple(order)):
        if found.version is None:
            assert found.outcome in ("returned", "duplicate", "conflict")
            continue
        assert found.version == current + 1
        assert form.base_version is not None
        assert form.base_version >= current
        current = found.version


def test_two_corrections_of_one_copy_end_in_one_version_and_one_conflict_in_either_order() -> None:
    first, left, right = (replace(GOOD, value_hash=h, base_version=b) for h, b in (("a", 0), ("b", 1), ("c", 1)))
    for pair in permutations((left, right)):
        outcomes = [found.outcome for found, _ in run((first, *pair))]
        assert outcomes == ["accepted", "accepted", "conflict"]


def test_a_form_meets_what_its_agency_owes_and_nothing_else(directive: Directive) -> None:
    duc_tho = directive.registry.agency(DUC_THO)
    monthly = {"periodic": {"first": "2021-12", "last": "2022-02", "before_day": 25}}
    both = (directive, letters.directive(letters.group("tourism/form_03", DUC_THO, **monthly), id="b"))
    assert fulfilled_by(both, duc_tho, "form_03") == [f"{directive.id}:tourism/form_03", "b:tourism/form_03"]
    assert fulfilled_by(both, duc_tho, "form_01") == []
    assert fulfilled_by(both, duc_tho, None) == []
    assert fulfilled_by(both, None, "form_03") == []
