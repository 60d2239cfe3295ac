"""What a report says, as plain values: all that the document, the workbook and the e-mail are made of.

`figures.json` is one `Figures`. Words are made of it at the edge; names stand as they were on that day.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from hashlib import sha256
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError, computed_field

from dondoc.clock import HERE
from dondoc.vocabulary.agencies import AgencyKind
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.reports import Ask, CameraColumn, DutyColumn, Task
from dondoc.vocabulary.rulings import RulingKind

RETENTION = 30  # days of recording that are counted as enough: the month that forms give as their example


def share(part: int, whole: int) -> float:
    """Per cent with one decimal, halves rounded up as people do. Only nothing is 0, only all of it is 100."""
    rounded = (part * 2000 + whole) // (whole * 2) / 10
    return rounded if part in (0, whole) else min(max(rounded, 0.1), 99.9)


class Plain(BaseModel):
    """Frozen; keys of a later version are passed over when a stored report is read."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Progress(Plain):
    """Duties by where they stand: `owed` is the sum of the six columns of `DutyColumn`; what is waived is outside."""

    owed: int = 0
    on_time: int = 0
    done_late: int = 0
    under_review: int = 0  # it is our turn
    returned: int = 0
    overdue: int = 0  # nothing came, and its last day is over
    not_due: int = 0
    waived: int = 0
    reassign: int = 0  # among `under_review`: its agency is gone, a person has to say who answers
    due: int = 0  # of `owed`: those whose last day is over
    due_done: int = 0  # of `due`: those that are done
    late: int = 0  # of `due`: not done, and not for us to look at what came in time

    @computed_field  # type: ignore[prop-decorator]
    @property
    def total(self) -> int:
        return self.owed + self.waived

    @computed_field  # type: ignore[prop-decorator]
    @property
    def fulfilled(self) -> int:
        return self.on_time + self.done_late

    @computed_field  # type: ignore[prop-decorator]
    @property
    def in_progress(self) -> int:
        return self.under_review + self.returned

    @computed_field  # type: ignore[prop-decorator]
    @property
    def percent(self) -> float | None:
        """Of what is owed; None: nothing is owed."""
        return share(self.fulfilled, self.owed) if self.owed else None


class SystemProgress(Progress):
    system: str
    name: str


class Agencies(Plain):
    """The agencies that owe something."""

    asked: int = 0
    done: int = 0  # with all of it
    late: int = 0  # with something that is overdue


class Cameras(Plain):
    """Cameras by what a check showed: `declared` is the sum of the five columns of `CameraColumn`."""

    declared: int = 0
    showing: int = 0
    awaiting_account: int = 0  # it answers and wants a login that works
    bad_picture: int = 0  # it answers, and shows no good picture
    no_answer: int = 0
    unchecked: int = 0  # outside of what was checked, or its picture was not fetched
    sites: int = 0
    checked: int = 0  # these as pages count: `state.counts`
    not_checked: int = 0
    reachable: int = 0
    asking: int = 0
    not_connected: int = 0
    outages: int = 0


class AgencyCameras(Cameras):
    agency: str
    name: str


class SystemCameras(Cameras):
    system: str
    name: str


class Declared(Plain):
    """What accepted forms say of recording and of pictures: of cameras of which they say something."""

    retention: int = 0  # cameras whose form says how many days are kept
    kept: int = 0  # of these: RETENTION days or more
    resolutions: dict[str, int] = {}  # cameras by what their form calls it, the most first


class Measured(Plain):
    """What closer looks of the last weeks found."""

    cameras: int = 0  # that were looked at closely
    recorders: int = 0  # of these: cameras of which it could be told whether they keep what is declared
    kept: int = 0  # of these: that do
    findings: dict[str, int] = {}  # cameras by in what they differ from their form, as codes


class Earlier(Plain):
    """What the report is compared with: the last one that was issued, else a week before."""

    as_of: datetime
    number: str | None = None  # of the report that was issued
    issued_on: date | None = None
    headline: Progress = Progress()
    systems: tuple[SystemProgress, ...] = ()
    agencies: Agencies = Agencies()
    cameras: Cameras = Cameras()


class DutyRow(Plain):
    """A duty: what stands behind the numbers of `Progress`."""

    id: str
    agency: str
    name: str
    system: str
    system_name: str
    deliverable: str
    period: str | None
    what: str
    due_before: date
    last_day: date
    column: DutyColumn | None  # None: waived
    status: Status
    working_days_late: int  # also of what came, and is not done
    received_on: date | None
    reason: str


class CameraRow(Plain):
    """A camera: what stands behind the numbers of `Cameras`. No address."""

    number: str
    agency: str
    name: str
    system: str
    system_name: str
    place: str
    site: str
    camera: str
    column: CameraColumn
    finding: str  # in words
    since: date | None


class FindingRow(Plain):
    """In what a camera differs from its form. No address."""

    number: str
    agency: str
    name: str
    system_name: str
    place: str
    camera: str
    subject: str  # of what, in words
    finding: str  # in words
    on: date  # the night it was measured


class Doubted(Plain):
    """A suspicion about a camera's picture: no figure counts it."""

    number: str
    name: str  # of its agency
    place: str
    site: str
    camera: str
    words: str
    advice: str
    seen_at: datetime


class LateDuty(Plain):
    """Something that an agency is late with. These keys stood in `figures.json` from the first version on."""

    id: str = ""
    agency: str
    name: str
    system: str
    system_name: str
    deliverable: str
    text: str = ""
    period: str | None = None
    what: str
    former: str = ""  # whose it was before agencies were rearranged
    due_before: date
    last_day: date | None = None
    status: Status = Status.OVERDUE
    working_days_late: int
    received_on: date | None = None  # of what was returned, or waits for us
    faults: int = 0  # cells to mend, of what was returned
    paused: bool = False  # nobody is to be chased for it at present
    letters_sent: int = 0
    answer_by: date | None = None


class Chase(Plain):
    """The newest chasing letter that reached an agency."""

    on: date
    title: str  # of its step
    to_head: bool
    answer_by: date | None  # the last day that it gives


class AgencyWord(Plain):
    """What the agency itself said when it was spoken to."""

    on: date
    reason: str
    until: date | None  # by when it promised


class LateAgency(Plain):
    """An agency that is late, the longest first."""

    agency: str
    name: str
    kind: AgencyKind
    duties: tuple[LateDuty, ...]
    letters_sent: int = 0
    chased: Chase | None = None
    answer_by: date | None = None  # the last day that it still has, of letters and promises; None: it is over
    word: AgencyWord | None = None

    @property
    def days(self) -> int:
        return max(duty.working_days_late for duty in self.duties)

    @property
    def its_turn(self) -> bool:
        """Whether something lies with it: not all is for us to look at, or paused."""
        return any(d.status != Status.UNDER_REVIEW and not d.paused for d in self.duties)


class Relief(Plain):
    """A ruling that eases a duty, and that holds."""

    kind: RulingKind
    agencies: tuple[str, ...]  # names; none: all
    what: str  # "" is all of it
    until: date | None
    document: str
    reason: str


class Backlog(Plain):
    """What waits for us."""

    duties: int = 0
    oldest: date | None = None  # since when the first of it waits
    by: date | None = None  # the day by which it will be done
    accounts: int = 0  # cameras whose login we have yet to get


class Lost(Plain):
    """A camera that worked once and is in an outage."""

    number: str
    agency: str
    name: str
    place: str
    camera: str
    verdict: str
    since: date
    letter_on: date | None  # when its agency was written to of it


class TaskLine(Plain):
    """What we do next week."""

    task: Task
    count: int = 0
    by: date | None = None  # of what waits for us: strictly before this day; else a last day


class Proposal(Plain):
    """What the superior is asked for, or told that we do, of some late agencies."""

    ask: Ask
    kind: AgencyKind
    agencies: tuple[str, ...]  # names, in their order
    by: date  # strictly before this day; of KEEP_CHASING: its last day
    week: int  # of the next report


class Texts(Plain):
    """What a person wrote instead of what is drawn: a paragraph a line; None: what is drawn stands."""

    causes: str | None = None
    tasks: str | None = None
    proposals: str | None = None


class Figures(Plain):
    """All figures of the report of a letter for a moment, as known at another."""

    FIRST: ClassVar[int] = 1  # the format of reports whose figures had no such columns yet
    format: int = 2
    version: str = ""
    directive: str
    title: str = ""  # of the letter
    as_of: datetime
    known_at: datetime | None = None
    surveys: bool = True  # it asks for cameras
    headline: Progress
    last_week: Progress = Progress()
    since: Earlier | None = None
    systems: tuple[SystemProgress, ...] = ()
    agencies: Agencies = Agencies()
    duties: tuple[DutyRow, ...] = ()
    late: tuple[LateDuty, ...] = ()  # of which nothing came; all that is late stands in `late_agencies`
    late_agencies: tuple[LateAgency, ...] = ()
    relief: tuple[Relief, ...] = ()
    backlog: Backlog = Backlog()
    cameras: tuple[AgencyCameras, ...] = ()
    cameras_by_system: tuple[SystemCameras, ...] = ()
    cameras_total: Cameras = Cameras()
    declared: Declared = Declared()
    measured: Measured = Measured()
    lost: tuple[Lost, ...] = ()
    without_picture: dict[str, int] = {}
    unchecked: dict[str, int] = {}
    tasks: tuple[TaskLine, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    texts: Texts = Texts()
    unconfirmed_calendar: bool = False

    @property
    def day(self) -> date:
        return self.as_of.astimezone(HERE).date()

    @property
    def week(self) -> int:
        return self.as_of.isocalendar().week

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")

    @classmethod
    def read(cls, stored: dict[str, Any]) -> Self:
        """Of what `as_json` gave, also in an earlier version."""
        return cls.model_validate({"format": cls.FIRST, **stored})

    @classmethod
    def understood(cls, stored: dict[str, Any]) -> Self | None:
        """As `read`; None: they are of the first format, or another version wrote what this one cannot read."""
        try:
            found = cls.read(stored)
        except ValidationError:
            return None
        return found if found.format != cls.FIRST else None

    @property
    def code(self) -> str:
        return code_of(self.as_json())


def code_of(figures: Mapping[str, Any]) -> str:
    """What a draft carries so that whoever holds it finds its figures again: "1A2B-3C4D", a digest of figures.json."""
    plain = json.dumps(figures, sort_keys=True, ensure_ascii=False)
    digest = sha256(plain.encode()).hexdigest()[:8].upper()
    return f"{digest[:4]}-{digest[4:]}"
