"""Whose form it is, who may act, and which version is current: decided without a database."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.clock import at
from dondoc.directive.model import Directive
from dondoc.forms.verdict import FormVerdict, Issue
from dondoc.intake.resolve import Arrived, Resolution, ResolutionReason, Version, Word, fulfilled_by, owner, resolve
from dondoc.vocabulary.reasons import said
from tests.directive import letters

DUC_THO, VU_QUANG = "ubnd-huyen-duc-tho", "ubnd-huyen-vu-quang"
OFFICER, CLERK = "cntt@ductho.test", "vanthu@ductho.test"
NOON = at(date(2021, 11, 18), 12)
GOOD = FormVerdict("accepted", "form_03", DUC_THO, "valid", (), base_version=0, value_hash="a")
WRONG = Issue("missing", "error", "Biểu mẫu", "C12", "Ô C12: thiếu tên camera")
SCAN = FormVerdict("refused", None, None, "missing", (Issue("unreadable", "error", None, None, "Không đọc được"),))


def decide(form: FormVerdict, assigned: str | None = None, **given: Any) -> Resolution:
    """What becomes of a form from Đức Thọ's officer, unless said otherwise."""
    decided, earlier = given.pop("decided", False), given.pop("earlier", [])
    values = {"filename": "bm03.xlsx", "sender": OFFICER, "at": NOON, "agencies": frozenset({DUC_THO})} | given
    arrived, word = Arrived(**values), Word(assigned, decided) if assigned else None
    return resolve(form, owner(form, arrived, word), arrived, word=word, earlier=earlier)


def version(number: int | None, value_hash: str | None, sender: str = OFFICER, **given: Any) -> Version:
    return Version(number, value_hash, number or 0, sender, given.get("mail"), given.get("arrived", NOON))


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
    found = decide(replace(GOOD, agency=token_agency), agencies=frozenset(senders), assigned=assigned)
    assert (found.outcome, found.agency) == (outcome, agency)


def test_what_lies_in_our_own_folder_acts_by_its_token() -> None:
    assert decide(GOOD, sender="", agencies=frozenset()).outcome == "accepted"
    assert decide(replace(GOOD, agency=None), sender="", agencies=frozenset()).outcome == "waiting"


def test_an_unregistered_address_is_named_in_the_reason() -> None:
    assert "la@noi-khac.test" in said(decide(GOOD, sender="la@noi-khac.test", agencies=frozenset()).reason)


@pytest.mark.parametrize("filename", ["van_ban.pdf", "thu.eml", "anh.jpg", "khong-duoi", "bm.docx", "bm.zip"])
def test_what_is_no_workbook_waits_for_a_person(filename: str) -> None:
    found = decide(SCAN, filename=filename)
    assert (found.outcome, found.agency) == ("waiting", DUC_THO)
    assert decide(SCAN, filename=filename, agencies=frozenset()).agency is None


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
    earlier = [version(1, "a")]
    assert decide(GOOD, earlier=earlier).outcome == "duplicate"
    assert decide(replace(GOOD, base_version=1), earlier=earlier).outcome == "duplicate"
    assert decide(GOOD, earlier=[]).outcome == "accepted"


def test_two_forms_whose_values_nobody_could_read_are_not_the_same() -> None:
    unread = replace(GOOD, outcome="returned", value_hash=None, issues=(WRONG,))
    assert decide(unread, earlier=[version(None, None)]).outcome == "returned"


def test_a_correction_of_the_current_version_becomes_the_next_whoever_sent_that() -> None:
    earlier = [version(None, "x"), version(1, "a", CLERK)]
    found = decide(replace(GOOD, value_hash="b", base_version=1), earlier=earlier)
    assert (found.outcome, found.version, found.replaces) == ("accepted", 2, 1)


def test_a_correction_of_a_returned_form_is_no_conflict() -> None:
    assert decide(replace(GOOD, value_hash="b"), earlier=[version(None, "x", CLERK)]).version == 1


def test_who_sends_a_newer_form_needs_no_clerk_unless_somebody_else_wrote_meanwhile() -> None:
    newer = replace(GOOD, value_hash="c")  # in the blank of the first day, as people do
    found = decide(newer, earlier=[version(1, "a"), version(2, "b")])
    assert (found.outcome, found.version, found.replaces) == ("accepted", 3, 2)
    assert said(found.reason).startswith("hợp lệ, thay bản BN-0002")
    assert decide(newer, earlier=[version(1, "a", CLERK), version(2, "b")]).outcome == "conflict"
    assert decide(replace(newer, base_version=1), earlier=[version(1, "a", CLERK), version(2, "b")]).version == 3
    for nobody_knows_who in ("", "la@noi-khac.test"):
        assert decide(newer, earlier=[version(1, "a", nobody_knows_who)]).outcome == "conflict"


def test_an_older_mail_that_is_judged_late_does_not_take_the_place_of_a_newer_one() -> None:
    found = decide(replace(GOOD, value_hash="b"), earlier=[version(1, "a", arrived=NOON + timedelta(hours=1))])
    assert (found.outcome, said(found.reason)) == (
        "conflict",
        "đến trước bản đang dùng (bản 1) mà nội dung khác",
    )


def test_two_different_forms_in_one_mail_are_a_persons_to_choose_from() -> None:
    found = decide(replace(GOOD, value_hash="b"), earlier=[version(1, "a", mail=7)], mail=7)
    assert (found.outcome, found.reason.code) == ("conflict", ResolutionReason.TWO_IN_ONE)


def test_a_form_from_elsewhere_replaces_nothing_until_a_person_says_so() -> None:
    newer, earlier = replace(GOOD, value_hash="b", base_version=1), [version(1, "a")]
    assert decide(GOOD, elsewhere=True).outcome == "accepted"  # it changes nothing that stands
    found = decide(newer, earlier=earlier, elsewhere=True)
    assert (found.outcome, found.version, found.reason.code) == ("waiting", None, ResolutionReason.ELSEWHERE)
    assert decide(newer, earlier=earlier, elsewhere=True, assigned=DUC_THO).version == 2


def test_a_correction_of_an_older_copy_waits_for_a_person_who_decides() -> None:
    earlier = [version(1, "a", CLERK), version(2, "b", CLERK)]
    stale = replace(GOOD, value_hash="c", base_version=1)
    found = decide(stale, earlier=earlier)
    assert (found.outcome, found.version) == ("conflict", None)
    assert said(found.reason) == "điền từ bản 1, trong khi bản đang dùng là bản 2, do người khác gửi"
    blank = decide(replace(stale, base_version=None), earlier=earlier)
    assert (blank.outcome, blank.reason.code) == ("conflict", ResolutionReason.FROM_BLANK)
    taken = decide(stale, DUC_THO, earlier=earlier, decided=True)
    assert (taken.outcome, taken.version) == ("accepted", 3)


def test_going_back_to_what_stood_before_is_a_correction_not_a_repetition() -> None:
    earlier = [version(1, "a"), version(2, "b")]
    assert decide(replace(GOOD, base_version=2), earlier=earlier).version == 3
    assert decide(replace(GOOD, base_version=1), earlier=earlier).outcome == "duplicate"


def test_values_that_were_returned_count_once_nothing_is_wrong_with_them() -> None:
    returned = version(None, "a")
    assert decide(GOOD, earlier=[returned]).outcome == "accepted"
    assert decide(replace(GOOD, base_version=1), earlier=[version(1, "b"), returned]).version == 2
    assert decide(replace(GOOD, outcome="returned", issues=(WRONG,)), earlier=[returned]).outcome == "duplicate"


def test_our_own_blank_coming_back_is_no_form_that_was_sent() -> None:
    asked = tuple(replace(WRONG, code=code) for code in ("required_missing", "no_rows"))
    blank = replace(GOOD, outcome="returned", issues=asked, head={"agency_name": "UBND huyện Đức Thọ"})
    assert decide(blank).outcome == "refused"
    assert decide(replace(blank, head={**blank.head, "officer_name": "Lê Văn B"})).outcome == "returned"
    assert decide(replace(blank, rows=({"name": "Cổng"},))).outcome == "returned"
    assert decide(replace(blank, issues=(*asked, replace(WRONG, code="not_in_list")))).outcome == "returned"


@pytest.mark.parametrize(
    ("filename", "kind"),
    [
        ("cv.pdf", "letter"),
        ("IMG_0012.HEIC", "letter"),
        ("bm.docx", "either"),
        ("x.rar", "either"),
        ("a.txt", "neither"),
        ("cai-dat.exe", "neither"),
    ],
)
def test_what_waits_says_what_it_may_be(filename: str, kind: str) -> None:
    assert decide(SCAN, filename=filename).may_be == kind


forms = st.builds(
    FormVerdict,
    outcome=st.sampled_from(["accepted", "accepted_with_warnings", "returned"]),
    form=st.just("form_03"),
    agency=st.just(DUC_THO),
    token=st.just("valid"),
    issues=st.just((WRONG,)),
    base_version=st.integers(0, 3),
    value_hash=st.sampled_from("abcd"),
)
Sent = tuple[FormVerdict, str]


def run(order: Iterable[Sent]) -> list[tuple[Resolution, Sent]]:
    earlier: list[Version] = []
    settled = []
    for place, (form, sender) in enumerate(order):
        moment = NOON + timedelta(minutes=place)
        found = decide(form, earlier=list(earlier), sender=sender, at=moment)
        if found.outcome in ("accepted", "accepted_with_warnings", "returned"):
            earlier.append(Version(found.version, form.value_hash, place, sender, None, moment))
        settled.append((found, (form, sender)))
    return settled


@given(st.lists(st.tuples(forms, st.sampled_from([OFFICER, CLERK])), max_size=8))
def test_versions_are_numbered_without_a_gap_and_nobody_overwrites_what_they_have_not_seen(order: list[Sent]) -> None:
    senders = [""]
    for found, (form, sender) in run(order):
        if found.version is None:
            assert found.outcome in ("returned", "duplicate", "conflict")
            continue
        assert found.version == len(senders)
        assert {*senders[1 + (form.base_version or 0) :]} <= {sender}
        senders.append(sender)


def test_corrections_of_one_copy_by_two_people_end_in_one_version_and_one_conflict_in_either_order() -> None:
    first, left, right = (replace(GOOD, value_hash=h, base_version=b) for h, b in (("a", 0), ("b", 1), ("c", 1)))
    for pair in permutations(((left, OFFICER), (right, CLERK))):
        outcomes = [found.outcome for found, _ in run(((first, OFFICER), *pair))]
        assert outcomes == ["accepted", "accepted", "conflict"]


def test_a_form_meets_what_its_agency_owes_and_nothing_else(directive: Directive) -> None:
    duc_tho = directive.registry.agency(DUC_THO)
    monthly = {"periodic": {"first": "2021-12", "last": "2022-02", "before_day": 25}}
    both = (directive, letters.directive(letters.group("tourism/form_03", DUC_THO, **monthly), id="b"))
    assert fulfilled_by(both, duc_tho, "form_03") == [f"{directive.id}:tourism/form_03", "b:tourism/form_03"]
    assert fulfilled_by(both, duc_tho, "form_01") == []
    assert fulfilled_by(both, duc_tho, None) == []
    assert fulfilled_by(both, None, "form_03") == []


def test_of_two_forms_with_the_same_values_the_one_that_came_first_counts_whichever_was_judged_first() -> None:
    later = version(5, "a", arrived=NOON + timedelta(days=1))
    found = decide(GOOD, earlier=[later])
    assert (found.outcome, found.replaces) == ("duplicate", 5)
    assert said(found.reason).startswith("nội dung giống hệt BN-0005, nhưng đến trước")
    assert decide(GOOD, earlier=[later, version(6, "a")]).replaces is None
