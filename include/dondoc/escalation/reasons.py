"""Why the ladder decides as it does: codes with parameters. `words.said` makes sentences of them, for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any


class ReasonCode(StrEnum):
    """Why an agency is written to at a step on a day, or is not."""

    # why an agency is not written to
    DAY_OFF = "day_off"
    CALLED = "called"
    ONE_LETTER_A_DAY = "one_letter_a_day"
    LETTER_WAITS = "letter_waits"
    NOTHING_DATED = "nothing_dated"
    NO_STEP = "no_step"
    NOT_CHASED = "not_chased"
    STEP_TAKEN = "step_taken"
    ALL_STEPS_TAKEN = "all_steps_taken"
    NEXT_STEP = "next_step"
    # why it is
    STEP = "step"
    OWED = "owed"
    RETURNED = "returned"
    RETURNED_LATE = "returned_late"
    LETTERS_BEFORE = "letters_before"
    LETTER_BEFORE = "letter_before"
    LETTERS_REFUSED = "letters_refused"
    NOT_YET = "not_yet"
    STILL_TO_COME = "still_to_come"
    NO_ADDRESS = "no_address"
    # what became of a letter
    ARRIVED = "arrived"
    HELD = "held"
    UNCERTAIN = "uncertain"
    ON_ITS_WAY = "on_its_way"
    # why a step may not be taken
    UNDATED = "undated"
    PAST_DUE = "past_due"
    TOO_EARLY = "too_early"
    STEP_BEFORE_MISSING = "step_before_missing"
    STEP_BEFORE_RECENT = "step_before_recent"
    TIME_TO_ANSWER = "time_to_answer"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Reason:
    """`params`: text, numbers, days, further reasons, and tuples of these."""

    code: ReasonCode
    params: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> list[Any]:
        """[code, {parameter: value}], days in ISO."""
        return [str(self.code), {name: _json(value) for name, value in self.params.items()}]


def because(code: ReasonCode, **params: Any) -> Reason:
    return Reason(code, params)


def _json(value: Any) -> Any:
    if isinstance(value, Reason):
        return value.as_json()
    if isinstance(value, tuple):
        return [_json(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value
