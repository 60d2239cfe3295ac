"""Three letters over four months: A of November 2021 and its amendment, B that follows it, C without cameras."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from dondoc import clock, lifecycle
from dondoc.directive.load import File
from dondoc.directive.record import State
from dondoc.facts import obligations, register
from dondoc.reporting import report
from tests.conftest import CLERK, acting
from tests.directive.letters import NOVEMBER_2021, file
from tests.escalation.conftest import Office, days

HONG_LINH, DUC_THO = BOTH = ("ubnd-thi-xa-hong-linh", "ubnd-huyen-duc-tho")
FORM, FOCAL = "tourism/form_03", "public_admin_centre/focal_letter"
A = NOVEMBER_2021.id
MORE_TIME = {"system": "tourism", "deliverable": "form_03", "due_before": "2021-12-01", "agencies": [*BOTH]}
LIST = {"system": "general", "deliverable": "file", "text": "Danh sách cán bộ tập huấn", "due_before": "2021-12-10"}
MONTHLY = {"first": "2021-12", "last": "2022-02", "before_day": 25}
REPORTS = {"system": "general", "deliverable": "letter", "text": "Báo cáo tình hình", "periodic": MONTHLY}
B = file(
    {"system": "tourism", "deliverable": "form_03", "due_before": "2021-12-15", "agencies": [*BOTH]},
    {"system": "public_admin_centre", "deliverable": "focal_letter", "due_before": "2021-12-15", "agencies": [DUC_THO]},
    id="b", number="2600/STTTT-CNTT", day="2021-12-06", follows=A, report=False,
)  # fmt: skip
C = file(
    LIST | {"agencies": [*BOTH]}, REPORTS | {"agencies": [*BOTH]}, id="c", number="2550/STTTT-CNTT", day="2021-12-01",
)  # fmt: skip


def amended() -> File:
    """A with more time for two agencies."""
    content = NOVEMBER_2021.content()
    for group in content["obligations"]:
        if group["deliverable"] == "form_03":
            group["agencies"] = [agency for agency in group["agencies"] if agency not in BOTH]
    content["obligations"].append(MORE_TIME)
    return File.model_validate(content)


def enter(office: Office, letter: File, after: int | None = None, **told: Any) -> None:
    """A draft on one day, put into force at once by a named person."""
    said = {"state": State.DRAFT, "valid_from": office.now.date(), "document": "", "reason": ""} | told
    with office.app.sessions.begin() as session:
        number = lifecycle.enter(office.app, session, letter, by=CLERK, now=office.now, after=after, **said)
        lifecycle.activate(office.app, session, letter.id, by=acting(), now=office.now, after=number)


def arrives(office: Office, agency: str, fulfils: str, day: date | None = None) -> None:
    arrived = clock.at(day, 9) if day else office.now
    with office.app.sessions.begin() as session:
        register.register(
            session,
            office.app.letters_since(session, arrived.date()),
            office.app.registry,
            agency=agency,
            fulfils=[fulfils],
            number="12/UBND",
            document_date=arrived.date(),
            arrived=arrived,
            blob=None,
            by=CLERK,
            secrets=office.app.secrets,
            now=office.now,
        )


def close_a(office: Office) -> None:
    told = {"document": "CV 2700", "reason": "chuyển sang văn bản mới"}
    with office.app.sessions.begin() as session:
        lifecycle.close(office.app, session, A, on=office.now.date(), by=CLERK, now=office.now, **told)  # type: ignore[arg-type]


EVENTS = {  # at eleven of a day
    date(2021, 11, 18): lambda office: enter(office, amended(), 1, document="CV 2450", reason="mưa lũ"),
    date(2021, 11, 25): lambda office: arrives(office, HONG_LINH, FORM),
    date(2021, 12, 1): lambda office: enter(office, C),
    date(2021, 12, 6): lambda office: enter(office, B),
    date(2021, 12, 8): lambda office: arrives(office, DUC_THO, "focal_letter"),
    date(2021, 12, 9): lambda office: arrives(office, HONG_LINH, "general/file"),
    date(2021, 12, 17): close_a,
    date(2021, 12, 20): lambda office: arrives(office, HONG_LINH, "general/letter"),
    date(2022, 1, 28): lambda office: arrives(office, DUC_THO, "general/letter"),
}
LOOKED_AT = [date(2021, 11, 17), date(2021, 11, 19), date(2021, 12, 9), date(2021, 12, 16), date(2021, 12, 20)]
THURSDAY = clock.at(date(2021, 12, 16), 17)


def mornings() -> Iterator[date]:
    """Every day until B and C run, then those around the 25th: in between nothing is due."""
    yield from days(date(2021, 11, 15), date(2021, 12, 31))
    for year, month in ((2022, 1), (2022, 2)):
        yield from days(date(year, month, 18), date(year, month, 28))


def owed(office: Office, day: date, known_at: datetime) -> list[dict[str, Any]]:
    with office.app.sessions.reading() as session:
        found = obligations.at(office.app, session, clock.end_of(day), known_at)
    return [obligations.as_row(standing) for standing in found]


def figures(office: Office, directive: str, known_at: datetime | None, out: Path) -> bytes:
    with office.app.sessions.reading() as session:
        [letter] = report.wanted(office.app, session, THURSDAY.date(), directive, known_at)
    return report.make(office.app, letter, THURSDAY, known_at, out)["figures.json"].read_bytes()


@dataclass
class Story:
    """What was told to whom, and what was answered at the time: by day asked about and moment known."""

    office: Office
    told: dict[str, list[tuple[date, str, list[str], list[str]]]]
    answers: dict[tuple[date, datetime], list[dict[str, Any]]]
    figures: dict[str, bytes]


@pytest.fixture
def story(post_office: Office, tmp_path: Path) -> Story:
    """Every morning: decide, deliver, approve what is held; at eleven something happens; at five somebody asks."""
    office = post_office
    played = Story(office, {agency: [] for agency in BOTH}, {}, {})
    for day in filter(office.app.calendar.is_working_day, mornings()):
        office.go(day)
        office.see()
        rows = office.decide(agencies=[*BOTH])
        office.deliver()
        if held := [i for row in rows if row["needs_approval"] for i in row["outbox_ids"]]:
            office.go(day, 9)
            office.approve(*held)
            office.deliver()
        for row in rows:
            played.told[row["agency"]].append((day, row["step"], row["directives"], row["obligations"]))
        if day in EVENTS:
            office.go(day, 11)
            EVENTS[day](office)
        office.go(day, 17)
        if day in LOOKED_AT:
            played.answers[day, office.now] = owed(office, day, office.now)
        if day == THURSDAY.date():
            played.figures = {one: figures(office, one, THURSDAY, tmp_path / one) for one in (A, "c")}
    return played


def test_three_letters_over_four_months(story: Story, tmp_path: Path) -> None:
    each_agency_hears_once_a_day_and_of_what_it_owes(story)
    what_is_right_for_each_letter(story)
    what_was_answered_stays(story, tmp_path)


def each_agency_hears_once_a_day_and_of_what_it_owes(story: Story) -> None:
    boxes = story.office.server.boxes  # type: ignore[union-attr]
    for agency in BOTH:
        days_ = [day for day, *_ in story.told[agency]]
        assert len(days_) == len({*days_})
        for role in ("focal_officer", "clerk", "head"):
            sent = [parsedate_to_datetime(m["Date"]).date() for m in boxes.messages(f"{role}@{agency}.test")]
            assert len(sent) == len({*sent})
    hong_linh = [(f"{day:%d/%m}", *row) for day, *row in story.told[HONG_LINH] if day < date(2022, 1, 25)]
    assert hong_linh == [
        ("16/11", "remind_3", [A], [FORM]),
        ("18/11", "remind_1", [A], [FORM]),
        ("25/11", "remind_3", [A], [FORM]),  # more time: the ladder begins anew; the form comes, and counts for B
        ("26/11", "thanks", [A], [FORM]),  # and not for B, which it had answered before B was written
        ("06/12", "remind_3", ["c"], ["general/file"]),
        ("08/12", "remind_1", ["c"], ["general/file"]),  # it comes the day after, and December's report in time
        ("19/01", "remind_3", ["c"], ["general/letter@2022-01"]),
        ("21/01", "remind_1", ["c"], ["general/letter@2022-01"]),
    ]


def what_is_right_for_each_letter(story: Story) -> None:
    duc_tho = story.told[DUC_THO]
    assert all(directives == [A] for day, _, directives, _ in duc_tho if day < date(2021, 12, 2))
    assert not any(A in directives for day, _, directives, _ in duc_tho if day > date(2021, 12, 17)), "it is closed"
    assert not any(FOCAL in one for day, *_, owed_ in duc_tho for one in owed_ if day > date(2021, 12, 8)), (
        "A's nor B's"
    )
    assert any(len(directives) == 2 for _, _, directives, _ in duc_tho), "one letter for two directives"
    letters = [row for row in story.office.letters(DUC_THO) if row.sent_at and "duties" in row.context]
    ladder = [step.id for step in C.ladder if not step.repeat]
    for directive, duty in ((A, FORM), ("b", FORM), ("c", "general/file"), ("c", "general/letter@2021-12")):
        name = f"{DUC_THO}/{directive}:{duty}"
        about = [row.context for row in letters if name in {one for one, _ in row.context["duties"]}]
        steps = [context["steps"][directive] for context in about if not context["copy"]]
        assert {"overdue_1", "overdue_2"} <= {*steps}, (directive, duty)
        climbed = [ladder.index(step) for step in steps if step in ladder]
        assert climbed[-1] == max(climbed), "and never down again"


def what_was_answered_stays(story: Story, tmp_path: Path) -> None:
    office, today = story.office, story.office.now.date()
    arrives(office, DUC_THO, FORM, date(2021, 12, 10))  # A is closed; it came before that
    for (day, known_at), answer in story.answers.items():
        assert owed(office, day, known_at) == answer, day
    for directive, content in story.figures.items():
        assert figures(office, directive, THURSDAY, tmp_path / f"{directive}-lai") == content
    now = json.loads(figures(office, A, None, tmp_path / "nay"))
    before = json.loads(story.figures[A])
    assert now["headline"]["fulfilled"] == before["headline"]["fulfilled"] + 1, "what is known now is another matter"
    assert [row["period"] for row in owed(office, today, office.now) if row["directive"] == A] == []
    status = {row["id"]: row["status"] for row in owed(office, today, office.now) if row["agency"] == DUC_THO}
    assert (status["b:tourism/form_03"], status["c:general/letter@2021-12"], status["c:general/letter@2022-01"]) == (
        "fulfilled",
        "fulfilled_late",
        "overdue",
    )


def test_letters_that_wait_are_cancelled_when_their_directive_is_closed(office: Office) -> None:
    office.decide(date(2021, 11, 22))  # yesterday's: they are held
    assert {row.state for row in office.letters(DUC_THO)} == {"held"}
    close_a(office)
    rows = [row for row in office.letters() if row.kind in ("reminder", "overdue")]
    assert {row.state for row in rows} == {"cancelled"}
    assert f"văn bản “{A}” đã kết thúc theo CV 2700 (chuyển sang văn bản mới; Lê A)" in rows[0].reason
