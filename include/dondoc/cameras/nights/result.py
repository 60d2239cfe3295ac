"""What a look found of a camera: made by a batch, carried by a file between tasks, recorded by its night."""

from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

from dondoc.probing.verdicts import GOOD, Finding, Help, Phase, Verdict


class Result(BaseModel):
    """As `Finding`, of a camera by its number, and at its instant; without pictures or secrets: it travels."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    camera: int
    verdict: Verdict
    phase: Phase
    detail: str
    elapsed_ms: int
    stage: int
    at: AwareDatetime
    steps: tuple[str, ...] = ()
    features: dict[str, Any] | None = None
    help: Help | None = None
    measured: dict[str, Any] | None = None

    @classmethod
    def of(cls, finding: Finding, at: AwareDatetime) -> Self:
        return cls(
            camera=int(finding.camera),
            verdict=finding.verdict,
            phase=finding.phase,
            detail=finding.detail,
            elapsed_ms=finding.elapsed_ms,
            stage=finding.stage,
            at=at,
            steps=finding.steps if finding.verdict not in GOOD else (),
            features={**finding.features} if finding.features else None,
            help=finding.help,
            measured={**finding.measured} if finding.measured else None,
        )
