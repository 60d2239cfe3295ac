"""What each letter's templates are given. A name that is in none of these stops the check of the data, not a morning.

The one that writes a letter builds its shape, the check of the data renders a sample of it: a key that either of them
forgets is found by the type checker.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NotRequired, TypedDict

from dondoc.vocabulary.mails import MailKind
from dondoc.vocabulary.reasons import ReasonCode
from dondoc.vocabulary.submissions import Outcome


class ItemWords(TypedDict):
    """An obligation."""

    name: str
    due: str
    late: int  # working days
    left: int
    last_today: bool
    returned: str | None


class GroupWords(TypedDict):
    letter: str | None  # None: the one that all is about
    items: list[ItemWords]


class ToldWords(TypedDict):
    """Who had letters about this before, and when."""

    who: str
    days: str


class UnreadWords(TypedDict):
    """A file that came but could not be opened."""

    filename: str
    day: date


class LateAgencyWords(TypedDict):
    """An agency that our board is told of."""

    agency: str
    orders: bool  # its superior is ours; another is asked for coordination, and is late with nothing
    items: list[ItemWords]
    letters: list[str]  # that reached it about this, as "25/11/2021 (TH-00012)"
    said: str | None  # why it is late, until when it promised
    head: str | None  # whom to call, with the number


class ChasingWords(TypedDict):
    """Of a step of the ladder."""

    agency: str
    agency_short: str
    head: bool  # it goes to the head, not to the agency
    head_title: str
    superior: str
    grounds: str
    day: date
    what: str  # all that is asked, in a subject: "Biểu mẫu 03", "02 nội dung"
    items: list[ItemWords]  # all that is asked
    groups: list[GroupWords]  # the same, letter by letter
    others: list[GroupWords]  # what is due later
    by: date  # the last day that is given for all of it
    before: date  # the day after
    answer_by: date | None  # the same; a reminder gives none of its own
    answer_before: date | None
    also: list[str]
    attached: list[str]  # forms
    draft: str | None  # of the agency's own letter; to our board: of our official one
    forms: bool  # a form is asked for, or goes with it
    coordination: bool  # the agency is asked to help, not chased
    told: list[ToldWords]
    received: list[str]
    thanked: date | None  # when it was thanked for what is asked after all
    promised: list[str]  # what it said it would send by a day that is over, a sentence for each time
    unread: list[UnreadWords]
    rows: list[LateAgencyWords]
    newcomers: str | None  # new officers, whose first letter it is
    sent: list[str]  # before them, a line for each letter
    desk: str | None


class NeutralWords(TypedDict):
    """Of the answer to somebody for whom nobody vouches: no word of theirs is in it."""

    number: str
    received_at: datetime


class PartWords(TypedDict):
    """One of the things that a mail brought, and what became of it."""

    number: str
    filename: str | None
    unread: ReasonCode | None  # it is the mail itself, of which nothing could be read: the code of why
    outcome: Outcome
    again: bool  # it was judged before, and now again by what is known now
    registered: bool  # a letter that was entered in the register
    form: str | None  # what people call it
    agency: str | None  # where the answer is about several
    reason: str
    fulfils: bool  # what was owed is met by it
    blank: bool  # it is our own blank form
    cameras: int  # or rows, of a form that is not of cameras
    of_cameras: bool
    places: list[str]
    nil: bool
    replaced: str | None  # the number of the version whose place it takes
    current: str | None  # the number of another version that stands
    changes: list[str]
    more_changes: int
    numbered: list[tuple[int, str, str]]  # row, number, name
    errors: int
    shown: Sequence[Mapping[str, Any]]
    more: int
    marked: str | None  # the copy to correct that goes with it
    later: str | None  # the submission with the same content that came later and was taken in first
    prefilled: str | None  # the version in force that goes with it
    letter: str | None  # the draft of the agency's own letter that goes with it
    names_officers: bool  # that letter does, and goes with no form


class AnswerWords(TypedDict):
    """Of the answer to what arrived."""

    kind: MailKind
    empty: str | None  # the name of its only file, in which there is nothing
    stripped: bool  # a filter took the file out on its way
    linked: bool  # the file is somewhere else, behind a link
    received_at: datetime
    agency: str | None
    agency_short: str | None
    parts: list[PartWords]
    counted: list[PartWords]  # of these, what is taken in
    faulty: int  # places to be corrected in all
    checked: int  # cameras that will be checked
    owed: list[tuple[str, str]]  # name and time limit
    reviewed: list[str]  # what waits for us
    done: int  # duties met, where none is left
    answer_by: date | None  # until when corrections are asked for
    promised: date | None  # by when it is to come, as the sender says: until then nobody is chased for it
    fresh: list[str]
    desk: str | None


class PersonWords(TypedDict):
    name: str
    email: str
    phone: str
    system: str | None


class ContactChangeWords(TypedDict):
    desk: str | None
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
    """`times`: checks in a row in which it failed, the last ones; `lately`: its outages in the `window`."""

    where: str  # under which it is listed: its place, or its system where no place is declared
    outage: str
    since: date
    times: int
    lately: int


class PlaceWords(TypedDict):
    """What is down as a whole. `silent`: nothing of it is on the network; `times`: of the one that failed least."""

    name: str
    silent: bool
    count: int
    numbers: str
    why: str
    since: date
    times: int
    outages: str


class ReachabilityWords(TypedDict):
    agency: str
    number: str
    looked: str | None  # when the newest look was that counts
    declared: int
    checked: int
    reachable: int
    showing: int
    locked: int
    locked_numbers: str
    faults: list[CameraWords]
    more: int
    advice: list[tuple[str, str]]
    unchecked: list[CameraWords]
    more_unchecked: int
    unchecked_advice: list[tuple[str, str]]
    attached: str | None  # the form with the cameras marked that are to be seen to
    answer_before: date
    desk: str | None


class OutageWords(TypedDict):
    agency: str
    what: str  # the one camera, or how many: for the subject
    places: list[PlaceWords]
    faults: list[OutWords]
    total: int
    more: int
    window: int  # days
    advice: list[tuple[str, str]]  # what is wrong, and what to do
    answer_before: date
    desk: str | None


class RecoveryWords(TypedDict):
    """Of the cameras that one letter told of: `cameras` work again, `total` of them; of `others` a person's word ended
    the outage."""

    agency: str
    day: date  # on which that letter left
    total: int
    cameras: list[CameraWords]
    more: int
    others: list[CameraWords]
    more_others: int
    desk: str | None


class WithdrawalWords(TypedDict):
    """Of a letter that withdraws another."""

    agency: str
    subject: str  # of the other, and the number that people quote
    number: str
    day: date  # when it was sent
    reason: str
    desk: str | None


class Section(TypedDict):
    title: str
    lines: Sequence[str]
    more: int


class InternalWords(TypedDict):
    """To our own people."""

    title: str
    lines: Sequence[str]
    sections: NotRequired[Sequence[Section]]
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
