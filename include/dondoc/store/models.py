"""Every table, in one import: for migrations, and for readers who want the list."""

from dondoc.store.base import Base
from dondoc.store.cameras import (
    Camera,
    CameraCheck,
    CameraMonth,
    CredentialAttempt,
    CredentialRelease,
    NightRun,
    Outage,
)
from dondoc.store.facts import Contact, RegisteredLetter, Ruling
from dondoc.store.intake import Assignment, SourceRead, Submission, Verdict
from dondoc.store.mail import OutboxEvent, OutboxLetter
from dondoc.store.reporting import Decision, Report, ReportIssue

__all__ = [
    "Assignment",
    "Base",
    "Camera",
    "CameraCheck",
    "CameraMonth",
    "Contact",
    "CredentialAttempt",
    "CredentialRelease",
    "Decision",
    "NightRun",
    "Outage",
    "OutboxEvent",
    "OutboxLetter",
    "RegisteredLetter",
    "Report",
    "ReportIssue",
    "Ruling",
    "SourceRead",
    "Submission",
    "Verdict",
]
