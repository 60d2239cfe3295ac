"""What a directive is made of. All frozen; ids are those of the contract; names are as people write them."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from dondoc.vocabulary.agencies import AgencyKind
from dondoc.vocabulary.letters import LetterKind
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.reports import Ask


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic's, but what was worked out of the old fields stays behind."""
        made = super().model_copy(update=update, deep=deep)
        for name in made.__dict__.keys() - type(made).model_fields.keys():
            del made.__dict__[name]
        return made


class Successor(Strict):
    agency: str | None = None  # None, in a split: several agencies that are not listed
    kind: Literal["rename", "merge", "split"]  # a split is never followed by itself: a person reassigns


class Agency(Strict):
    """An agency with the dates it exists (`valid_to` is its last day)."""

    id: str
    name: str
    short: str
    kind: AgencyKind
    aliases: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    successors: tuple[Successor, ...] = ()
    order: int = 0  # administrative order: as officials list agencies
    head_title: str = "Thủ trưởng đơn vị"
    symbol: str | None = None  # in the number of its documents: "STTTT"
    superior: str | None = None  # the agency above it, as its documents name it; None: what its kind says

    def alive(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class System(Strict):
    id: str
    section: int  # of the letter
    name: str
    form: str | None = None  # form_01 … ; None: the letter asks for no form
    internal_form: str | None = None  # filled in by ourselves; meets no obligation
    cameras: bool = True  # false: a matter without cameras
    check_window: Literal["night", "day"] = "night"
    thumbnails: bool = True  # false: no picture of its cameras is ever kept
    outage_nights: int | None = None  # bad nights before an outage; None: the setting


class Duty(Strict):
    """One obligation: an agency owes a deliverable of a system, strictly before a date ("trước ngày")."""

    directive: str
    agency: str
    system: str
    deliverable: str
    due_before: date | None  # None: a milestone, never overdue
    text: str = ""  # what the letter says, of a milestone and of what is no form
    period: str | None = None  # of a duty that comes back: "2022-03"

    @cached_property
    def series(self) -> str:
        """What it asks for, whichever the period."""
        return f"{self.system}/{self.deliverable}"

    @cached_property
    def short(self) -> str:
        """How people name it while one letter alone asks for it."""
        return f"{self.series}@{self.period}" if self.period else self.series

    @cached_property
    def id(self) -> str:
        return f"{self.directive}:{self.short}"


class Step(Strict):
    """A step of the ladder. `after` counts working days from `last_day` (negative: before it)."""

    id: str
    title: str = ""  # what people call it, in reasons
    after: int
    to: tuple[Role, ...]  # roles in order of preference: the first that has a contact gets the letter
    also: tuple[Role, ...] = ()  # roles that get a letter of their own as well
    letter: str  # folder under include/letters/
    kind: Literal[LetterKind.REMINDER, LetterKind.OVERDUE]
    approval: bool = False
    wait: int = 1  # working days since the step before was delivered
    needs: str | None = None  # the step that must have been delivered before
    repeat: int | None = Field(None, ge=1)  # taken again and again, so many working days after what was written last
    answer_days: int | None = None  # working days that its letter gives; None: one, more where it is approved first
    official: bool = False  # it rests on an official letter, and waits until the clerk has issued that
    own_address: bool = False  # a head is written to at his own address, not at the mailbox of his agency

    @cached_property
    def rank(self) -> tuple[bool, int]:
        """How high it is, whichever letter's: a notice is above a reminder, and who stands higher is written later."""
        return self.kind == LetterKind.OVERDUE, max(role.rank or 0 for role in self.to)


class KindLadder(Strict):
    """The ladder of agencies of some kinds, in place of the letter's own."""

    kinds: tuple[AgencyKind, ...] = Field(min_length=1)
    steps: tuple[Step, ...] = Field(min_length=1)


class Desk(Strict):
    """Whom the reader of a letter can call, while no contact of ours is registered."""

    name: str = Field(min_length=1)
    phone: str = Field(min_length=1)
    email: str = ""


class Letterhead(Strict):
    """What every e-mail carries: the tag before its subject, and the lines of its signature."""

    tag: str
    lines: tuple[str, ...]


class Registry(Strict):
    """The agencies and systems that all letters share, and which of them we are."""

    office: str  # our agency: it writes, and its people approve; an heir carries on
    superior: str  # the agency above us
    survey: str  # signed into the forms that are handed out: one of another survey is refused
    place: str  # địa danh, for documents
    letterhead: Letterhead | None = None  # None: our agency's name serves
    agencies: tuple[Agency, ...]
    systems: tuple[System, ...]

    def agency(self, agency_id: str) -> Agency:
        """Raises KeyError for an id that is not in the registry."""
        return self._agencies[agency_id]

    def system(self, system_id: str) -> System:
        return self._systems[system_id]

    @cached_property
    def _agencies(self) -> dict[str, Agency]:
        return {a.id: a for a in self.agencies}

    @cached_property
    def _systems(self) -> dict[str, System]:
        return {s.id: s for s in self.systems}

    @cached_property
    def _hash(self) -> int:
        return hash((self.office, self.agencies, self.systems))

    def __hash__(self) -> int:
        """Worked out once: caches ask for it at every letter."""
        return self._hash


class ProposalRule(Strict):
    """What the report asks of the superior when agencies of these kinds are late.

    `ask`: a reminder is asked for only when the date that our letter gave them has passed; a letter of the superior
    (to whom only it may write) as soon as they are late. `days`: working days that they then get.
    """

    kinds: tuple[AgencyKind, ...] = Field(min_length=1)
    ask: Literal[Ask.SUPERIOR_LETTER, Ask.REMINDER]
    days: int = Field(default=5, ge=1, le=60)


PROPOSALS = (
    ProposalRule(kinds=(AgencyKind.CENTRAL, AgencyKind.ENTERPRISE), ask=Ask.SUPERIOR_LETTER, days=6),
    ProposalRule(kinds=(AgencyKind.DEPARTMENT, AgencyKind.DISTRICT), ask=Ask.REMINDER, days=5),
)


class WeeklyReport(Strict):
    """What the report of a letter says beside its figures."""

    title: str | None = None  # trích yếu; None: that it is about carrying out the letter
    short: str | None = None  # the matter in two or three words, before the week in subjects of e-mails
    citation: str | None = None  # after the superior's document where it is cited first: "về …", abbreviations in it
    signer: str | None = None  # who signs, without academic titles
    proposals: tuple[ProposalRule, ...] = PROPOSALS


class Directive(Strict):
    """An official letter: who owes what, before when, and who is told when it is late."""

    id: str
    number: str | None = None
    day: date | None = None
    title: str  # trích yếu
    issuer: str
    superior: str
    superior_document: str  # e.g. "Công văn số 7418/UBND-NC2 ngày 05/11/2021"
    signer_title: tuple[str, ...] = ()
    report_symbol: str = "BC"  # after the number of a report: "Số: 05/BC-STTTT"
    archive: str = "VT"
    follows: str | None = None  # the letter whose requests it repeats: what that one was sent counts for it
    again: bool = False  # it asks for everything anew, though it follows another
    repeats: tuple["Directive", ...] = ()  # the letters that it follows, nearest first, closed ones too: see `record`
    report: bool = True  # a weekly report of it is wanted
    weekly_report: WeeklyReport = WeeklyReport()
    obligations: tuple[Duty, ...]  # the dated ones
    milestones: tuple[Duty, ...]  # the undated ones
    ladder: tuple[Step, ...]  # of agencies of no kind that has its own
    ladders: tuple[KindLadder, ...] = ()
    contact: Desk | None = None
    registry: Registry

    def ladder_of(self, agency: str) -> tuple[Step, ...]:
        """The steps that an agency is chased by."""
        kind = self.registry.agency(agency).kind
        return next((own.steps for own in self.ladders if kind in own.kinds), self.ladder)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Of all its ladders; one id may stand in several."""
        return (*self.ladder, *(step for own in self.ladders for step in own.steps))

    @property
    def duties(self) -> tuple[Duty, ...]:
        return (*self.obligations, *self.milestones)

    @property
    def surveys(self) -> bool:
        """Whether it asks for forms, in which cameras are declared."""
        return any(duty.deliverable.startswith("form_") for duty in self.duties)

    @property
    def first_day(self) -> date:
        """The first day that anybody is shown: a year before the letter, or its first due date where it has no day."""
        due = [duty.due_before for duty in self.obligations if duty.due_before]
        return (self.day or min(due, default=date(2000, 1, 1))) - timedelta(days=366)
