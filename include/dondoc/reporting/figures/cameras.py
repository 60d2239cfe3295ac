"""What a check of the declared cameras showed, in columns that exclude each other and add up."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from dondoc.cameras.state.doubts import Doubt
from dondoc.cameras.state.state import CameraState, counts
from dondoc.directive.model import Directive, Registry
from dondoc.directive.succession import responsible
from dondoc.probing.verdicts import NOT_CHECKED, PHASE, REACHABLE_PHASES, Phase, Verdict
from dondoc.reporting.figures.model import AgencyCameras, CameraRow, Cameras, Doubted, Lost, SystemCameras
from dondoc.vocabulary.cameras import Exemption, Unseen
from dondoc.vocabulary.numbers import CAM
from dondoc.vocabulary.reports import CameraColumn

CAUSE = {  # phase of a verdict → group of causes
    Phase.ADDRESS: "address",
    Phase.DNS: "address",
    Phase.CONNECT: "network",
    Phase.TLS: "network",
    Phase.RTSP: "device",
    Phase.AUTH: "login_refused",
    Phase.DESCRIBE: "stream",
    Phase.FRAME: "stream",
    Phase.PICTURE: "picture",
    Phase.DONE: "not_looked",
}
CAUSES = ("login_missing", "login_refused", "address", "network", "device", "stream", "picture", "not_looked")
UNCHECKED: tuple[Exemption | Unseen | Verdict, ...] = (*Exemption, *Unseen, *sorted(NOT_CHECKED))


def column(state: CameraState) -> CameraColumn:
    """The one column that a camera stands in. Whose picture nobody fetched yet is not checked."""
    if state.showing:
        return CameraColumn.SHOWING
    phase = PHASE[state.verdict] if state.checked and state.verdict else None
    if phase is None or phase is Phase.DONE:
        return CameraColumn.UNCHECKED
    if phase is Phase.AUTH:
        return CameraColumn.AWAITING_ACCOUNT
    return CameraColumn.BAD_PICTURE if phase in REACHABLE_PHASES else CameraColumn.NO_ANSWER


def of_letter(letter: Directive, states: Iterable[CameraState], today: date) -> list[CameraState]:
    """The cameras that a letter is about: of the systems it names and of the agencies it is addressed to, or heirs."""
    systems, agencies = {duty.system for duty in letter.duties}, addressed(letter, today)
    return [s for s in states if s.camera.system in systems and s.camera.agency in agencies]


def addressed(letter: Directive, today: date) -> set[str]:
    """The agencies that a letter is addressed to, and their heirs."""
    named = {duty.agency for duty in letter.duties}
    heirs = (responsible(letter.registry, agency, today)[0] for agency in named)
    return named | {heir for heir in heirs if heir}


def counted(states: Sequence[CameraState]) -> dict[str, int]:
    columns = Counter(map(column, states))
    return {**{str(one): columns[one] for one in CameraColumn}, **counts(states)}


def total(states: Sequence[CameraState]) -> Cameras:
    return Cameras(**counted(states))


def by_agency(registry: Registry, states: Iterable[CameraState]) -> tuple[AgencyCameras, ...]:
    order = {a.id: a.order for a in registry.agencies}
    its: dict[str, list[CameraState]] = defaultdict(list)
    for state in states:
        its[state.camera.agency].append(state)
    return tuple(
        AgencyCameras(agency=agency, name=registry.agency(agency).name, **counted(mine))
        for agency, mine in sorted(its.items(), key=lambda item: (order.get(item[0], 0), item[0]))
    )


def by_system(registry: Registry, states: Iterable[CameraState]) -> tuple[SystemCameras, ...]:
    its: dict[str, list[CameraState]] = defaultdict(list)
    for state in states:
        its[state.camera.system].append(state)
    return tuple(
        SystemCameras(system=system.id, name=system.name, **counted(its[system.id]))
        for system in sorted(registry.systems, key=lambda one: one.section)
        if system.id in its
    )


def without_picture(states: Iterable[CameraState]) -> dict[str, int]:
    """Of the cameras that were checked and show no good picture: how many by group of causes, in a fixed order."""
    count = Counter(_cause(s.verdict) for s in states if s.checked and not s.showing and s.verdict)
    return {cause: count[cause] for cause in CAUSES if count[cause]}


def _cause(verdict: str) -> str:
    return "login_missing" if verdict == "auth_required" else CAUSE[PHASE[verdict]]


def unchecked(states: Iterable[CameraState]) -> dict[str, int]:
    """Of the cameras that nobody could check: how many by reason, as a code, in a fixed order."""
    count = Counter(state.unseen for state in states if not state.checked)
    return {str(code): count[code] for code in UNCHECKED if count[code]}


def lost(registry: Registry, states: Iterable[CameraState], told: Mapping[int, date]) -> tuple[Lost, ...]:
    """The cameras that worked once and are in an outage, oldest first. `told`: outage → when its letter left."""
    made = (
        Lost(
            number=CAM(state.camera.id),
            agency=state.camera.agency,
            name=registry.agency(state.camera.agency).name,
            place=state.camera.place,
            camera=state.camera.name,
            verdict=state.verdict,
            since=state.since,
            letter_on=told.get(state.outage),
        )
        for state in states
        if state.outage is not None and state.since and state.verdict and not state.showing
    )
    return tuple(sorted(made, key=lambda one: (one.since, one.number)))


def rows(registry: Registry, states: Iterable[CameraState]) -> tuple[CameraRow, ...]:
    """What stands behind the numbers, in the order of the agencies."""
    order = {a.id: a.order for a in registry.agencies}
    names = {system.id: system.name for system in registry.systems}
    made = (
        CameraRow(
            number=state.number,
            agency=state.camera.agency,
            name=registry.agency(state.camera.agency).name,
            system=state.camera.system,
            system_name=names.get(state.camera.system, state.camera.system),
            place=state.camera.place,
            site=state.camera.site,
            camera=state.camera.name,
            column=column(state),
            finding=state.reason,
            since=state.since,
        )
        for state in states
    )
    return tuple(sorted(made, key=lambda row: (order.get(row.agency, 0), row.agency, row.number)))


def doubted(registry: Registry, states: Iterable[CameraState], doubts: Iterable[Doubt]) -> tuple[Doubted, ...]:
    """What is doubted of the pictures of these cameras, but for those that count for nobody, in the order of their
    agencies."""
    known = {state.camera.id: state for state in states if state.checked}
    order = {a.id: a.order for a in registry.agencies}
    mine = [(known[one.camera], one) for one in doubts if one.camera in known]
    mine.sort(key=lambda both: (order.get(both[0].camera.agency, 0), both[0].camera.agency, both[0].number))
    return tuple(
        Doubted(
            number=state.number,
            name=registry.agency(state.camera.agency).name,
            place=state.camera.place,
            site=state.camera.site,
            camera=state.camera.name,
            words=one.words,
            advice=one.advice,
            seen_at=one.at,
        )
        for state, one in mine
    )
