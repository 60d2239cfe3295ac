"""Remarks on a camera, beside its state: how it differs from its form, and what is suspected of its picture.

For people to look into; never an outage, and in no figure.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from dondoc.cameras.measured.findings import FindingCode, findings
from dondoc.cameras.measured.told import told
from dondoc.cameras.state.doubts import doubts
from dondoc.configuration.context import AppContext
from dondoc.probing.picture.suspicions import Suspicion
from dondoc.probing.verdicts import Verdict

Remarks = tuple[str, ...]  # codes of findings, then of doubts, each once
# Words for a list. A verdict is a remark only by daylight: by night the camera is judged by it.
SHORT: Mapping[str, str] = {
    **{code: code.short for code in FindingCode},
    **{suspicion: f"nghi vấn: {suspicion.short}" for suspicion in Suspicion},
    **{verdict: f"nghi vấn: ban ngày {verdict.label}" for verdict in Verdict},
}


def remarks(
    app: AppContext,
    session: Session,
    as_of: datetime,
    known_at: datetime | None = None,
    *,
    among: Collection[int] | None = None,
) -> dict[int, Remarks]:
    """By camera; cameras without any are left out.

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


def stored(remarks: Remarks) -> str:
    """As it stands in a table."""
    return " ".join(remarks)


def read(text: str) -> Remarks:
    return tuple(text.split())


def in_words(remarks: Remarks) -> str:
    """For a list; codes that this version does not know are left out."""
    return "; ".join(SHORT[code] for code in remarks if code in SHORT)
