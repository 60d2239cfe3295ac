"""The figures of a report: a function of facts for a moment, and of what was known by another."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras.state.state import NEW, NO_ADDRESS, NOT_LOOKED_AT, CameraState, counts
from dondoc.cameras.state.state import states as camera_states
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.escalation.words import name as duty_name
from dondoc.facts import obligations
from dondoc.facts.obligations import Standing
from dondoc.probing.verdicts import NOT_CHECKED, PHASE, SENTENCE
from dondoc.reporting import words
from dondoc.store.mail import OutboxLetter
from dondoc.store.reporting import Decision
from dondoc.vocabulary.cameras import Exemption
from dondoc.vocabulary.letters import CHASING, OutboxState
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.people import Role

WEEK = timedelta(days=7)
CAUSE = {  # phase of a verdict → group of causes
    "address": "address",
    "dns": "address",
    "connect": "network",
    "tls": "network",
    "rtsp": "device",
    "auth": "login_refused",
    "describe": "stream",
    "frame": "stream",
    "picture": "picture",
    "done": "not_looked",
}
UNCHECKED = (
    *(one.label for one in Exemption),
    NO_ADDRESS,
    NEW,
    NOT_LOOKED_AT,
    *(SENTENCE[v] for v in sorted(NOT_CHECKED)),
)
OTHER = "tạm dừng theo quyết định hoặc lý do khác"
DONE = (Status.FULFILLED, Status.FULFILLED_LATE)
OURS = (Status.UNDER_REVIEW, Status.RETURNED, Status.NEEDS_REASSIGNMENT)  # received, or not the agency's turn


def figures(app: AppContext, directive: str, as_of: datetime, known_at: datetime | None = None) -> dict[str, Any]:
    """All figures of the report of a letter as plain data, fit for JSON.

    Percentages are of the obligations that were not waived; cameras that nobody could check are outside every
    denominator and counted apart (design: "not checked").
    """
    with app.sessions.reading() as session:
        now = _standings(app, session, directive, as_of, known_at)
        before = _standings(app, session, directive, as_of - WEEK, known_at)
        cameras = camera_states(app, session, as_of, known_at)
        late = _late(app, session, directive, now, as_of, known_at)
    return {
        "directive": directive,
        "as_of": as_of.isoformat(),
        "known_at": known_at.isoformat() if known_at else None,
        "headline": _totals(now),
        "last_week": _totals(before),
        "systems": _by_system(app, now),
        "cameras": _cameras(app, cameras),
        "cameras_total": counts(cameras),
        "without_picture": _without_picture(cameras),
        "unchecked": _unchecked(cameras),
        "late": late,
        "unconfirmed_calendar": not app.calendar_known(session, known_at).confirmed(as_of.year),
    }


def _standings(
    app: AppContext, session: Session, directive: str, as_of: datetime, known_at: datetime | None
) -> list[Standing]:
    standings = obligations.at(app, session, as_of, known_at)
    return [s for s in standings if s.duty.directive == directive and s.duty.due_before]


def _totals(standings: list[Standing]) -> dict[str, Any]:
    count = Counter(s.status for s in standings)
    owed = len(standings) - count[Status.WAIVED]
    done = sum(count[s] for s in DONE)
    return {
        "total": len(standings),
        "waived": count[Status.WAIVED],
        "fulfilled": done,
        "in_progress": sum(count[s] for s in OURS),
        "not_due": count[Status.NOT_DUE],
        "overdue": count[Status.OVERDUE],
        "percent": round(100 * done / owed, 1) if owed else None,
    }


def _by_system(app: AppContext, standings: list[Standing]) -> list[dict[str, Any]]:
    rows = []
    for system in sorted(app.registry.systems, key=lambda s: s.section):
        mine = [s for s in standings if s.duty.system == system.id]
        if mine:
            rows.append({"system": system.id, "name": system.name, **_totals(mine)})
    return rows


def _cameras(app: AppContext, states: list[CameraState]) -> list[dict[str, Any]]:
    """Per agency: declared, checked, reachable, showing, not checked, never connected yet, and open outages."""
    by_agency: dict[str, list[CameraState]] = defaultdict(list)
    for state in states:
        by_agency[state.camera.agency].append(state)
    rows = []
    order = {a.id: a.order for a in app.registry.agencies}
    for agency, mine in sorted(by_agency.items(), key=lambda item: (order.get(item[0], 0), item[0])):
        rows.append({"agency": agency, "name": app.registry.agency(agency).name, **counts(mine)})
    return rows


def _without_picture(states: list[CameraState]) -> dict[str, int]:
    """Of the cameras that were checked and show no good picture: how many by group of causes, in a fixed order."""
    seen = (state for state in states if state.checked and not state.showing)
    found = Counter(_cause(state.verdict) for state in seen if state.verdict)
    return {cause: found[cause] for cause in words.CAUSES if found[cause]}


def _cause(verdict: str) -> str:
    return "login_missing" if verdict == "auth_required" else CAUSE[PHASE[verdict]]


def _unchecked(states: list[CameraState]) -> dict[str, int]:
    """Of the cameras that nobody could check: how many by reason; what stands in no list is counted together."""
    reasons = (state.reason for state in states if not state.checked)
    found = Counter(reason if reason in UNCHECKED else OTHER for reason in reasons)
    return {reason: found[reason] for reason in (*UNCHECKED, OTHER) if found[reason]}


def _late(
    app: AppContext,
    session: Session,
    directive: str,
    standings: list[Standing],
    as_of: datetime,
    known_at: datetime | None,
) -> list[dict[str, Any]]:
    """What is overdue, the longest first, with how many chasing letters had truly reached the agency by then, and
    until when the last of them gives it time to answer (`answer_by`; None: that is over)."""
    letters = session.execute(
        select(OutboxLetter, Decision.answer_by)
        .outerjoin(Decision, Decision.id == OutboxLetter.decision_id)
        .where(OutboxLetter.kind.in_(CHASING), OutboxLetter.state == OutboxState.SENT)
        .where(OutboxLetter.rehearsal.is_(False), OutboxLetter.sent_at <= min(as_of, known_at or as_of))
    )
    known = {letter.id: letter for letter in app.letters(session, as_of.astimezone(HERE).date(), known_at)}
    to_us = (
        {step.id for step in known[directive].ladder if set(step.to) == {Role.BOARD}} if directive in known else set()
    )
    today = as_of.astimezone(HERE).date()
    about = [(x, by) for x, by in letters if directive in x.context["steps"] and not x.context["copy"]]
    sent = Counter(x.agency for x, _ in about if x.context["steps"][directive] not in to_us)
    given: dict[str | None, date] = {}
    for letter, answer_by in about:
        if answer_by and answer_by >= today:
            given[letter.agency] = max(answer_by, given.get(letter.agency, today))
    rows = []
    for standing in standings:
        if standing.status == Status.OVERDUE and standing.duty.due_before:
            rows.append(
                {
                    "agency": standing.agency,
                    "name": app.registry.agency(standing.agency).name,
                    "system": standing.duty.system,
                    "system_name": app.registry.system(standing.duty.system).name,
                    "deliverable": standing.duty.deliverable,
                    "text": standing.duty.text,
                    "period": standing.duty.period,
                    "what": duty_name(app.registry, standing),
                    "due_before": standing.duty.due_before.isoformat(),
                    "working_days_late": standing.working_days_late,
                    "letters_sent": sent[standing.agency],
                    "answer_by": given[standing.agency].isoformat() if standing.agency in given else None,
                }
            )
    return sorted(rows, key=lambda r: (-r["working_days_late"], app.registry.agency(r["agency"]).order))
