"""The figures counted once more by hand: from the letter's file and bare tables, with none of dondoc's own rules."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import yaml
from sqlalchemy import text

from dondoc.configuration.context import AppContext
from dondoc.facts.register import register
from dondoc.facts.rule import rule
from dondoc.reporting.figures.model import share
from dondoc.vocabulary.rulings import RulingKind
from tests.conftest import NOVEMBER, SECRET, acting, at
from tests.directive.letters import SHIPPED

from .conftest import figures, looked_again, submission

HERE = timedelta(hours=7)
ANSWERS = {"auth_required", "auth_failed", "forbidden"}
BAD = {"not_found", "no_video_track", "no_frame", "decode_failed", "black", "overexposed", "covered", "blurred"}
COLUMNS = ("on_time", "done_late", "under_review", "returned", "overdue", "not_due")


@pytest.fixture
def played(busy: AppContext) -> AppContext:
    """The busy week and what came of it: more time, a paper that comes late, a form that is mended."""
    more = {"by": acting("Đậu Tùng Lâm")}
    with busy.sessions.begin() as session:
        letters = busy.letters(session, NOVEMBER)
        about = {"agency": "ubnd-huyen-huong-khe", "deliverable": "form_03", "until": date(2021, 11, 24)}
        said = {"document": "Công văn 1905", "reason": "mưa lũ"}
        rule(busy, session, RulingKind.EXTEND, **about, **said, now=at(19, 10), **more)  # type: ignore[arg-type]
        register(
            session, letters, busy.registry, agency="cuc-hai-quan-tinh", fulfils=["focal_letter"], number="9/HQ",
            document_date=date(2021, 11, 22), arrived=at(23), blob=None, now=at(23, 10), **more, secrets=[SECRET],
        )  # type: ignore[arg-type]  # fmt: skip
    submission(busy, "ubnd-huyen-huong-son", "form_03", "accepted", at(24))
    submission(busy, "ubnd-huyen-loc-ha", "form_03", "returned", at(24))
    looked_again(busy, 5, only="black", verdict="ok", phase="done")
    return busy


@pytest.mark.parametrize("day", [19, 23, 25])
def test_every_number_is_what_the_bare_tables_say(played: AppContext, day: int) -> None:
    as_of = at(day, 17)
    made, owed = figures(played, as_of), [*counted(played, as_of.replace(tzinfo=None) - HERE, as_of.date())]
    headline = Counter(column for *_, column, _ in owed)
    assert {name: made["headline"][name] for name in COLUMNS} == {name: headline[name] for name in COLUMNS}
    assert made["headline"]["waived"] == headline["waived"]
    assert made["headline"]["owed"] == sum(headline[name] for name in COLUMNS) == 30 - headline["waived"]
    for system in made["systems"]:
        its = Counter(column for _, one, _, column, _ in owed if one == system["system"])
        assert {name: system[name] for name in COLUMNS} == {name: its[name] for name in COLUMNS}, system["system"]
    late = {(agency, f"{system}/{what}"): days for agency, system, what, _, days in owed if days}
    told = {
        (duty["agency"], f"{duty['system']}/{duty['deliverable']}"): duty["working_days_late"]
        for agency in made["late_agencies"]
        for duty in agency["duties"]
    }
    assert told == late
    assert made["agencies"]["late"] == len({agency for agency, _ in late}) == len(made["late_agencies"])
    done = {"on_time", "done_late"}
    open_ = {agency for agency, *_, column, _ in owed if column not in {*done, "waived"}}
    asked = {agency for agency, *_, column, _ in owed if column != "waived"}
    assert (made["agencies"]["asked"], made["agencies"]["done"]) == (len(asked), len(asked - open_))
    cameras = Counter(seen(played, as_of.replace(tzinfo=None) - HERE))
    total = made["cameras_total"]
    assert {name: total[name] for name in cameras} == dict(cameras)
    assert total["declared"] == sum(cameras.values())


def rows(app: AppContext, sql: str) -> list[Any]:
    with app.sessions.reading() as session:
        return [*session.execute(text(sql))]


def moment(stored: str | datetime) -> datetime:
    return stored if isinstance(stored, datetime) else datetime.fromisoformat(stored)


def duties() -> Iterator[tuple[str, str, str, date]]:
    for group in yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))["obligations"]:
        for agency in group["agencies"]:
            yield agency, group["system"], group["deliverable"], group["due_before"] - timedelta(days=1)


def counted(app: AppContext, as_of: datetime, today: date) -> Iterator[tuple[str, str, str, str, int]]:
    """Of each duty: agency, system, what, its column, and how many working days late it is and open."""
    papers = rows(app, "SELECT agency, fulfils, happened_at FROM registered_letters")
    rulings = [r for r in rows(app, "SELECT * FROM rulings") if moment(r.happened_at) <= as_of]
    forms = rows(
        app,
        "SELECT v.agency, v.form, v.outcome, s.happened_at "
        "FROM verdicts v JOIN submissions s ON s.id = v.submission_id "
        "WHERE v.id IN (SELECT max(id) FROM verdicts GROUP BY submission_id) ORDER BY s.happened_at",
    )
    for agency, system, what, last in duties():
        mine = [f for f in forms if f.agency == agency and f.form == what and moment(f.happened_at) <= as_of]
        came = [moment(f.happened_at) for f in mine if f.outcome.startswith("accepted")]
        came += [
            moment(p.happened_at)
            for p in papers
            if p.agency == agency and moment(p.happened_at) <= as_of
            if f"stttt-cntt-2021-11:{system}/{what}" in _list(p.fulfils)
        ]
        eased = [r for r in rulings if r.agency == agency and r.deliverable in (None, what)]
        for ruling in (r for r in eased if r.kind == "extend"):
            last = max(last, _day(ruling.until))
        passed = last < today
        if came:
            yield agency, system, what, "on_time" if (min(came) + HERE).date() <= last else "done_late", 0
        elif any(r.kind == "waive" for r in eased):
            yield agency, system, what, "waived", 0
        elif any(f.outcome in ("waiting", "conflict") for f in mine):
            when = next((moment(f.happened_at) + HERE).date() for f in mine if f.outcome in ("waiting", "conflict"))
            yield agency, system, what, "under_review", _working_days(last, today) if passed and when > last else 0
        elif any(f.outcome == "returned" for f in mine):
            yield agency, system, what, "returned", _working_days(last, today) if passed else 0
        else:
            yield agency, system, what, "overdue" if passed else "not_due", _working_days(last, today) if passed else 0


def seen(app: AppContext, as_of: datetime) -> Iterator[str]:
    """The column of each camera that was declared by then, after its newest check."""
    checks = rows(app, "SELECT camera_id, verdict, stage, happened_at FROM camera_checks ORDER BY happened_at")
    for camera in rows(app, "SELECT id, happened_at FROM cameras"):
        if moment(camera.happened_at) > as_of:
            continue
        mine = [c for c in checks if c.camera_id == camera.id and moment(c.happened_at) <= as_of]
        verdict = mine[-1].verdict if mine else "blocked_target"
        if verdict == "ok":
            yield "showing" if mine[-1].stage == 2 else "unchecked"
        elif verdict in ANSWERS:
            yield "awaiting_account"
        elif verdict in BAD:
            yield "bad_picture"
        else:
            yield "unchecked" if verdict == "blocked_target" else "no_answer"


def _list(stored: Any) -> list[str]:
    return json.loads(stored) if isinstance(stored, str) else stored


def _day(stored: Any) -> date:
    return stored if isinstance(stored, date) else date.fromisoformat(stored)


def _working_days(last: date, today: date) -> int:
    """November 2021 had no holiday."""
    return sum((last + timedelta(days=n)).weekday() < 5 for n in range(1, (today - last).days + 1))


SHARES = [(0, 7, 0.0), (1, 16, 6.3), (8, 29, 27.6), (1, 3000, 0.1), (2999, 3000, 99.9), (7, 7, 100.0)]


@pytest.mark.parametrize(("part", "whole", "told"), SHARES)
def test_a_share_is_rounded_as_people_do_and_some_is_neither_nothing_nor_all(
    part: int, whole: int, told: float
) -> None:
    assert share(part, whole) == told
