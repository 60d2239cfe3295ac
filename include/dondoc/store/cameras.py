"""Cameras, what each check of them found, credentials already tried, and outages."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dondoc.store.base import Base


class Camera(Base):
    """A declared camera. People quote `CAM-{id:05}`; the number survives a change of device."""

    __tablename__ = "cameras"
    __table_args__ = (UniqueConstraint("agency", "system", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    agency: Mapped[str] = mapped_column(index=True)
    system: Mapped[str]
    key: Mapped[str]  # what makes it the same camera in the next form: the folded name, or an imported id
    name: Mapped[str]
    site: Mapped[str]
    url: Mapped[str | None] = mapped_column(Text)  # rtsp(s)://host:port/path, never with user info
    username: Mapped[str | None]
    password: Mapped[str | None] = mapped_column(Text)  # encrypted
    exemption: Mapped[str | None]  # why it is not checked: not_installed, vms_only, no_route
    confirmed: Mapped[bool] = mapped_column(default=False)  # a person confirmed that it is connected
    restricted: Mapped[bool] = mapped_column(default=False)
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submissions.id"))
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class CameraCheck(Base):
    """What one look at a camera found. `verdict` and `phase` as in the contract."""

    __tablename__ = "camera_checks"
    __table_args__ = (UniqueConstraint("camera_id", "night", "round"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("cameras.id"), index=True)
    night: Mapped[date] = mapped_column(index=True)
    round: Mapped[str]  # the run that looked; a retried task writes the same row again
    stage: Mapped[int]
    verdict: Mapped[str]
    phase: Mapped[str]
    detail: Mapped[str] = mapped_column(Text)
    elapsed_ms: Mapped[int]
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class CredentialAttempt(Base):
    """Committed before a password is sent: it is not tried again that night if it was refused or has no result."""

    __tablename__ = "credential_attempts"
    __table_args__ = (UniqueConstraint("camera_id", "fingerprint", "night"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("cameras.id"))
    fingerprint: Mapped[str]
    night: Mapped[date]
    accepted: Mapped[bool | None]
    recorded_at: Mapped[datetime]


class Outage(Base):
    """A camera once seen working that stopped answering or showing. People quote `SC-{id:04}`."""

    __tablename__ = "outages"
    id: Mapped[int] = mapped_column(primary_key=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("cameras.id"), index=True)
    first_night: Mapped[date]
    verdict: Mapped[str]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
