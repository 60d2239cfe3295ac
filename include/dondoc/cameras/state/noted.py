"""What is to be looked into at a camera beside how it stands: how it differs from its form, and what is suspected of
its picture. Never an outage, and in no figure."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from dondoc.cameras.measured.findings import FindingCode, findings
from dondoc.cameras.measured.told import told
from dondoc.cameras.state.doubts import doubts
from dondoc.configuration.context import AppContext
from dondoc.probing.picture.suspicions import Suspicion
from dondoc.probing.verdicts import Verdict

Notes = tuple[str, ...]  # codes of findings, then of doubts, each once
# Of a list; a verdict is one by daylight alone, for by night it is what the camera is judged by.
SHORT: Mapping[str, str] = {
    **{code: code.short for code in FindingCode},
    **{suspicion: f"nghi vấn: {suspicion.short}" for suspicion in Suspicion},
    **{verdict: f"nghi vấn: ban ngày {verdict.label}" for verdict in Verdict},
}


def noted(
    app: AppContext,
    session: Session,
    as_of: datetime,
    known_at: datetime | None = None,
    *,
    among: Collection[int] | None = None,
) -> dict[int, Notes]:
    """By camera, of those of which anything is noted.

    Args:
        known_at: by what was known then; None: by now.
        among: of these cameras, not too many for one query (`store.parts`); None: of all.
    """
    codes: dict[int, dict[str, None]] = {}
    for camera, its in told(app, session, as_of, known_at, among=among).items():
        for finding in (one for measured in its.measured for one in findings(its.declared, measured)):
            codes.setdefault(camera, {})[str(finding.code)] = None
    for doubt in doubts(session, as_of, known_at, among=among):
        codes.setdefault(doubt.camera, {})[str(doubt.of)] = None
    return {camera: tuple(its) for camera, its in codes.items()}


def stored(notes: Notes) -> str:
    """As it stands in a table."""
    return " ".join(notes)


def read(text: str) -> Notes:
    return tuple(text.split())


def in_words(notes: Notes) -> str:
    """For a list; what another version noted is left out."""
    return "; ".join(SHORT[code] for code in notes if code in SHORT)
