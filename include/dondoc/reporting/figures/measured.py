"""What closer looks found of the cameras of a report, and how that differs from what forms declare."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from dondoc.cameras.measured.findings import FindingCode, findings, keeps
from dondoc.cameras.measured.told import Told
from dondoc.cameras.measured.words import SUBJECTS
from dondoc.cameras.state.state import CameraState
from dondoc.directive.model import Registry
from dondoc.probing.wanted import Subject
from dondoc.reporting.figures.model import FindingRow, Measured
from dondoc.vocabulary.reasons import said


def measured(states: Iterable[CameraState], told: Mapping[int, Told]) -> Measured:
    """Pure. Of cameras that count; one whose recorder told nothing is in no share."""
    its = [told[s.camera.id] for s in states if s.checked and s.camera.id in told]
    codes = Counter(code for one in its for code in {f.code for m in one.measured for f in findings(one.declared, m)})
    kept = [enough for one in its if (enough := _kept(one)) is not None]
    return Measured(
        cameras=len(its),
        recorders=len(kept),
        kept=sum(kept),
        findings={str(code): codes[code] for code in FindingCode if codes[code]},
    )


def _kept(one: Told) -> bool | None:
    """Whether its recorder keeps the days that are declared; None: nobody can tell, or none are."""
    recorder = next((m for m in one.measured if m.subject == Subject.RECORDER), None)
    return keeps(one.declared, recorder) if recorder and one.declared else None


def rows(registry: Registry, states: Sequence[CameraState], told: Mapping[int, Told]) -> tuple[FindingRow, ...]:
    """One row a finding, in the order of the agencies."""
    order = {a.id: a.order for a in registry.agencies}
    names = {system.id: system.name for system in registry.systems}
    made = (
        FindingRow(
            number=state.number,
            agency=state.camera.agency,
            name=registry.agency(state.camera.agency).name,
            system_name=names.get(state.camera.system, state.camera.system),
            place=state.camera.place,
            camera=state.camera.name,
            subject=SUBJECTS[measurement.subject],
            finding=said(finding),
            on=measurement.night,
        )
        for state in states
        if state.checked and (one := told.get(state.camera.id))
        for measurement in one.measured
        for finding in findings(one.declared, measurement)
    )
    return tuple(sorted(made, key=lambda row: (order.get(row.agency, 0), row.agency, row.number)))
