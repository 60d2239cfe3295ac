"""Which days a recorder is asked for, and what its answers come to."""

from collections.abc import Container
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.clock import HERE
from dondoc.probing.recorder import (
    CONTROL,
    FUTURE,
    MOST,
    Answer,
    Recording,
    beside,
    conclude,
    is_of,
    moment,
    next_day,
    span,
)

NOW = datetime(2021, 11, 25, 22, tzinfo=HERE)
P, A, S, E, U = Answer.PLAYED, Answer.ABSENT, Answer.SILENT, Answer.ELSEWHERE, Answer.UNCLEAR


def asked(kept: Container[int], declared: int, gone: Answer = A) -> dict[int, Answer]:
    """All that a recorder which holds these days is asked, with its answers."""
    answers: dict[int, Answer] = {}
    while (day := next_day(answers, declared)) is not None:
        assert day not in answers
        answers[day] = P if day in kept else gone
    return answers


@pytest.mark.parametrize(
    ("kept", "declared", "known"),
    [
        (range(1, 61), 30, Recording(True, 1, 30, 0)),
        (range(1, 31), 30, Recording(True, 1, 30, 0)),
        (range(1, 12), 30, Recording(True, 1, 11, 12)),  # short
        (range(1, 2), 30, Recording(True, 1, 1, 2)),
        (range(9, 40), 30, Recording(False, 9, 30, 0)),  # it stopped nine days ago
        (range(9, 20), 30, Recording(False, 9, 15, 0)),  # and holds less than it should
        (range(9, 16), 7, Recording(False, 9, 15, 0)),  # longer ago than it is to keep
        (range(41, 70), 30, Recording(False, 41, 47, 0)),
        (range(1, 2), 1, Recording(True, 1, 1, 0)),
        (range(0), 30, Recording()),  # nothing at all: it may be our way of asking
    ],
)
@pytest.mark.parametrize("gone", [A, S, E])
def test_the_days_a_recorder_holds_are_found_in_a_few_steps(
    kept: range, declared: int, known: Recording, gone: Answer
) -> None:
    answers = asked(kept, declared, gone)
    assert conclude(answers) == (known if gone == A else replace(known, recording=known.recording or None, missing=0))
    if not known.newest:
        assert beside(known) == ()


@pytest.mark.parametrize("gone", [S, E, U])
def test_who_plays_nothing_or_another_time_has_not_said_that_there_is_none(gone: Answer) -> None:
    stopped, short = asked(range(9, 40), 30), asked(range(1, 12), 30)
    assert conclude(stopped).stopped
    assert conclude(short).keeps(30) is False
    for answers in (stopped, short):
        missing = {day: gone for day, one in answers.items() if one == A and day not in (CONTROL, FUTURE)}
        assert conclude(answers | missing).keeps(30) is None
        but_two = dict([*missing.items()][2:])
        assert conclude(answers | but_two).keeps(30) is None  # two days are not enough


def test_what_is_missing_is_believed_when_the_day_beside_it_was_played_once_more() -> None:
    for kept, days in ((range(9, 40), (9,)), (range(1, 12), (11,)), (range(1, 61), ()), (range(9, 20), (9,))):
        answers = asked(kept, 30)
        assert beside(conclude(answers)) == days
        unsure = conclude(answers, sure=False)
        assert (unsure.missing, unsure.stopped) == (0, False)
        assert unsure.keeps(30) is (True if 30 in kept and 1 in kept else None)


@pytest.mark.parametrize(("newest", "stopped"), [(2, False), (3, False), (4, True), (9, True)])
def test_a_recorder_has_stopped_by_one_rule_however_old_the_record(newest: int, stopped: bool) -> None:
    """Of an older version, which was content with two days."""
    assert Recording.read({"recording": False, "newest": newest, "oldest": 30, "missing": 0}).stopped is stopped
    assert conclude(asked(range(newest, 61), 30)).stopped is stopped


@given(st.integers(1, 365), st.integers(0, 30), st.integers(0, 400))
def test_what_is_said_of_a_recorder_is_true_and_costs_few_questions(declared: int, stopped: int, length: int) -> None:
    kept = range(1 + stopped, 1 + stopped + length)
    answers = asked(kept, declared)
    known = conclude(answers)
    assert len(answers) <= MOST
    if not known.newest:
        assert not any(day in kept for day in answers)
    else:
        assert known.recording == (1 in kept or (False if stopped >= 3 and length > 6 else None))
        assert known.oldest in kept
        assert known.newest in kept
        assert known.missing not in kept
        assert bool(known.keeps(declared)) == (1 in kept and declared in kept)


@pytest.mark.parametrize(
    ("kept", "known"),
    [
        ({*range(1, 29)} - {15}, Recording(True, 1, 28, 29)),
        ({*range(1, 61)} - {15, 30}, Recording(True, 1, 31, 0)),
        ({*range(1, 61)} - {*range(26, 35)}, Recording(True, 1, 37, 0)),  # a holiday
        ({day for day in range(1, 61) if day % 7 not in (2, 3)}, Recording(True, 1, 32, 0)),  # by working days alone
        ({*range(3, 61)}, Recording(None, 3, 30, 0)),  # the weekend just over
        ({*range(4, 61)} - {15, 30}, Recording(False, 4, 10, 0)),
        # Of what moves alone, and nothing has since a long weekend: it left out others before.
        ({day for day in range(5, 61) if day % 7 not in (1, 2)}, Recording(None, 5, 11, 0)),
        ({day for day in range(9, 61) if day % 7 not in (5, 6)}, Recording(None, 9, 30, 0)),
        ({1, 3, 4, *range(9, 15), *range(16, 30)}, Recording(True, 1, 4, 0)),  # and nothing on some days of last week
    ],
)
def test_a_day_or_two_without_a_recording_are_no_edge(kept: set[int], known: Recording) -> None:
    found = conclude(asked(kept, 30))
    assert found == known
    assert (found.keeps(30) is False) == (known.missing > 0 or known.recording is False)


@pytest.mark.parametrize(
    "answers",
    [
        {1: P, CONTROL: P},  # plays whatever it has, or the live picture: a day ten years ago as well
        {1: U},  # no right to play back, or no such service
        {1: A, CONTROL: A, 30: S, 15: A, 7: A, 22: A, 45: A, 60: A},
        {1: P},  # cut off before the control
        {1: P, CONTROL: A, FUTURE: P, 30: P},  # plays the newest that it has
        {1: E, CONTROL: E, 30: E, 15: E, 7: E, 22: E, 45: E, 60: E},  # its own times are wrong, for all that we know
    ],
)
def test_a_recorder_whose_answers_prove_nothing_is_not_judged(answers: dict[int, Answer]) -> None:
    known = conclude(answers)
    assert known.recording is None
    assert known.keeps(30) is None
    assert answers == {1: P} or next_day(answers, 30) is None


def test_who_is_unclear_about_days_to_come_is_asked_on() -> None:
    assert next_day({1: P, CONTROL: A, FUTURE: U}, 30) == 30
    assert conclude({1: P, CONTROL: A, FUTURE: U, 30: P}).keeps(30) is True


def test_of_a_recorder_that_breaks_off_only_what_was_seen_is_said() -> None:
    known = conclude({1: P, CONTROL: A, 30: U})
    assert (known.recording, known.oldest, known.keeps(30)) == (True, 1, None)
    assert next_day({1: P, CONTROL: A, 30: U}, 30) is None
    assert next_day({1: A, CONTROL: A}, 30) == 30  # who has nothing of yesterday plays not the newest


def test_what_is_asked_for_is_most_of_a_day_and_not_yet_being_overwritten() -> None:
    """Of half a minute who records only what moves has nothing, and has done no wrong."""
    start, end = moment(30, NOW)
    assert NOW - timedelta(days=30) < start < end <= NOW - timedelta(days=29)
    assert end - start > timedelta(hours=20)
    assert moment(FUTURE, NOW)[0] > NOW + timedelta(days=1)


UTC_NOW = NOW.astimezone(UTC)


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("clock=20211125T150000Z-", (UTC_NOW, None)),
        ("clock=20211125T150000.250Z-20211125T150030.5Z", (UTC_NOW, UTC_NOW + timedelta(seconds=30))),
        (" clock = 20211125T150000-20211125T150000;time=19970123T143720Z", (UTC_NOW, UTC_NOW)),
        ("npt=now-", None),
        ("npt=0.000-", None),
        ("smpte=10:07:00-10:07:33:05.01", None),
        ("clock=20211331T000000Z-", None),
        ("clock=٢٠٢١١١٢٥T150000Z-", None),
        ("clock=-", None),
        ("", None),
    ],
)
def test_the_time_that_a_recorder_says_it_plays_is_read(told: str, read: object) -> None:
    assert span(told) == read


@given(st.text(max_size=60) | st.text("clock=0123456789TZ.-", max_size=60).map("clock=".__add__))
def test_whatever_a_recorder_says_is_a_time_or_none(told: str) -> None:
    span(told)


@pytest.mark.parametrize(
    ("hours", "until", "right"),
    [(0, None, True), (7, None, True), (-7, None, True), (30, None, True), (40, None, False), (-13, None, False),
     (-24 * 60, 24 * 60, True), (-24 * 60, -24 * 30, False)],
)  # fmt: skip
def test_what_is_played_is_what_was_asked_for_within_half_a_day(hours: int, until: int | None, right: bool) -> None:
    asked = moment(9, NOW)
    begins, ends = (None if h is None else asked[0] + timedelta(hours=h) for h in (hours, until))
    assert begins
    assert is_of((begins, ends), asked) is right


def test_what_was_found_is_read_as_it_was_stored() -> None:
    known = Recording(False, 9, 30, 0)
    assert Recording.read(known.as_json()) == known
    assert Recording.read({"recording": None, "a later key": 1}) == Recording()
