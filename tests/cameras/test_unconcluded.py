"""When a night tells too little because of us."""

import pytest

from dondoc.cameras.nights.unconcluded import unconcluded
from dondoc.probing.verdicts import Verdict


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        (["out_of_resources"] * 3, "03/03"),
        (["out_of_resources"] * 2 + ["ok"] * 8, "02/10"),
        (["out_of_resources", "check_failed"] + ["ok"] * 8, "02/10"),
        (["out_of_resources"] + ["ok"] * 9, None),  # one alone: the second look will tell
        (["unconfirmed"] * 4 + ["login_withheld"] * 2 + ["ok"] * 5, "06/11"),
        (["login_withheld"] * 5 + ["ok"] * 5, None),
        (["login_withheld"] * 2, None),  # refused accounts of a small fleet
        (["blocked_target"] * 9 + ["connect_timeout"] * 9, None),  # by our settings, and told elsewhere
        ([], None),
    ],
)
def test_the_line_is_drawn_by_share_and_number(verdicts: list[str], told: str | None) -> None:
    found = unconcluded(verdicts)
    assert (told is None) == (found is None)
    assert found is None or f"Chưa kết luận được {told} camera" in str(found)


def test_our_own_people_are_told_what_to_do_about_each_cause() -> None:
    found = unconcluded(["out_of_resources"] * 2 + ["check_failed"])
    assert found
    assert found.advice == [
        f"{one.heading}: {one.staff_advice}" for one in (Verdict.OUT_OF_RESOURCES, Verdict.CHECK_FAILED)
    ]
