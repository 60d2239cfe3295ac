"""Every table, in one import: for migrations, and for readers who want the list."""

from dondoc.store.base import Base
from dondoc.store.cameras import (
    AttemptAddress,
    Camera,
    CameraCheck,
    CameraDeclaration,
    CameraMeasurement,
    CameraMonth,
    CredentialAttempt,
    CredentialRelease,
    CurrentState,
    DigestDevice,
    NightRun,
    Outage,
    RoundConclusion,
)
from dondoc.store.directives import CalendarVersion, DirectiveVersion
from dondoc.store.facts import Contact, ContactChange, RegisteredLetter, Retraction, Ruling
from dondoc.store.intake import Assignment, JudgingAttempt, Mail, MailboxItem, SourceRead, Submission, Verdict
from dondoc.store.mail import Approval, OutboxEpoch, OutboxEvent, OutboxLetter, Withdrawal
from dondoc.store.official import OfficialIssue, OfficialLetter
from dondoc.store.reporting import Decision, Report, ReportIssue
from dondoc.store.trust import Alert, AuditEvent, KeyCheck

__all__ = [
    "Alert",
    "Approval",
    "Assignment",
    "AttemptAddress",
    "AuditEvent",
    "Base",
    "CalendarVersion",
    "Camera",
    "CameraCheck",
    "CameraDeclaration",
    "CameraMeasurement",
    "CameraMonth",
    "Contact",
    "ContactChange",
    "CredentialAttempt",
    "CredentialRelease",
    "CurrentState",
    "Decision",
    "DigestDevice",
    "DirectiveVersion",
    "JudgingAttempt",
    "KeyCheck",
    "Mail",
    "MailboxItem",
    "NightRun",
    "OfficialIssue",
    "OfficialLetter",
    "Outage",
    "OutboxEpoch",
    "OutboxEvent",
    "OutboxLetter",
    "RegisteredLetter",
    "Report",
    "ReportIssue",
    "Retraction",
    "RoundConclusion",
    "Ruling",
    "SourceRead",
    "Submission",
    "Verdict",
    "Withdrawal",
]
