"""What each letter's templates are given. A name that is in none of these stops the check of the data, not a morning.

The one that writes a letter builds its shape, the check of the data renders a sample of it: a key that either of them
forgets is found by the type checker.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NotRequired, TypedDict


class ItemWords(TypedDict):
    """An obligation."""

    name: str
    due: str
    due_left: str
    late: int  # working days
    left: int
    last_today: bool
    returned: str | None


class GroupWords(TypedDict):
    letter: str | None  # None: the one that all is about
    items: list[ItemWords]


class EarlierWords(TypedDict):
    """A letter that reached the agency before."""

    title: str
    day: date | None
    number: str
    warned: bool


class ChasingWords(TypedDict):
    """Of a step of the ladder."""

    agency: str
    head: bool  # it goes to the head, not to the agency
    head_title: str
    superior: str
    basis: str
    reference: str
    grounds: str
    day: date
    items: list[ItemWords]
    groups: list[GroupWords]
    others: list[GroupWords]
    answer_by: date | None  # the last day that it gives; a reminder gives none
    answer_before: date | None
    also: list[str]
    attached: list[str]
    earlier: list[EarlierWords]
    desk: str | None


class AnswerWords(TypedDict):
    """Of the answer to a submission."""

    number: str
    filename: str | None
    received_at: datetime
    form: str | None
    agency: str | None
    outcome: str
    reason: str
    rows: int
    fulfils: bool
    errors: Sequence[Mapping[str, Any]]
    warnings: Sequence[Mapping[str, Any]]
    shown: Sequence[Mapping[str, Any]]
    more: int
    attached: bool
    fresh: list[str]


class PersonWords(TypedDict):
    name: str
    email: str
    phone: str
    system: str | None


class ContactChangeWords(TypedDict):
    agency: str
    number: str
    received_at: datetime
    origin: str
    people: list[PersonWords]
    more: int
    code: str | None


class CameraWords(TypedDict):
    number: str
    name: str
    why: str


class OutWords(CameraWords):
    outage: str
    since: date
    often: bool


class PlaceWords(TypedDict):
    """What is down as a whole."""

    name: str
    count: int
    numbers: str
    why: str
    since: date
    outages: str


class ReachabilityWords(TypedDict):
    agency: str
    number: str
    declared: int
    checked: int
    reachable: int
    showing: int
    locked: int
    faults: list[CameraWords]
    more: int
    advice: list[tuple[str, str]]
    unchecked: list[CameraWords]
    more_unchecked: int


class OutageWords(TypedDict):
    agency: str
    places: list[PlaceWords]
    faults: list[OutWords]
    total: int
    more: int
    advice: list[tuple[str, str]]


class InternalWords(TypedDict):
    """To our own people."""

    title: str
    lines: Sequence[str]
    links: NotRequired[Sequence[tuple[str, str]]]


class LateWords(TypedDict):
    """An agency that is late."""

    agency: str
    missing: str
    days: str
    chased: str


class ReportWords(TypedDict):
    """A week's figures."""

    matter: str  # in two or three words
    week: int
    owed: int
    done: int
    late: int  # of `owed`
    asked: int  # agencies of which the superior is asked for a word
    superior: str
    issuer: str
    moment: datetime
    sentences: Sequence[str]
    rows: Sequence[LateWords]
    more: int  # late agencies that are in no row
    attached: str
    about: str  # the letter that it reports on
    desk: str | None
