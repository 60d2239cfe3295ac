"""Cameras, what each check of them found, credentials already tried, outages, and how the nights went."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, Index, Text, UniqueConstraint, or_
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dondoc.probing.verdicts import Phase, Verdict
from dondoc.probing.wanted import Subject
from dondoc.store.base import Base
from dondoc.vocabulary.cameras import Condition, Exemption, Link, Power, State


class Camera(Base):
    """A declared camera. People quote `CAM-{id:05}`; the number survives a change of device.

    Its own are number, agency, system, key and login. All else is what its declarations come to by now
    (`registry.declarations`): kept here so that the nights need not add them up, made again from them at any time.
    """

    __tablename__ = "cameras"
    __table_args__ = (UniqueConstraint("agency", "system", "key"), UniqueConstraint("agency", "system", "identity"))
    id: Mapped[int] = mapped_column(primary_key=True)
    agency: Mapped[str] = mapped_column(index=True)
    system: Mapped[str]
    key: Mapped[str]  # what makes it the same camera in the next form: folded place and name, or an imported id
    name: Mapped[str]
    place: Mapped[str] = mapped_column(default="")  # where it belongs: the lake, the tourist site; else the position
    site: Mapped[str]  # its position there: the gate, the car park
    # rtsp(s)://host:port/path, never with user info; *** stands for what is not shown
    url: Mapped[str | None] = mapped_column(Text)
    url_secret: Mapped[str | None] = mapped_column(Text)  # what of url and identity is not shown, encrypted
    # The canonical address of its main stream: one camera declared twice is one. None: unknown, or shared by several
    # rows of the same form (a recorder without channels), so that nobody can tell. With something not shown in it, it
    # ends in # and a keyed mark of all of it: see `addresses`.
    identity: Mapped[str | None] = mapped_column(Text)
    username: Mapped[str | None]
    password: Mapped[str | None] = mapped_column(Text)  # encrypted
    exemption: Mapped[Exemption | None]  # why it is not checked
    confirmed: Mapped[bool] = mapped_column(default=False)  # a person confirmed that it is connected
    confirmed_by: Mapped[str | None]
    restricted: Mapped[bool] = mapped_column(default=False)
    status: Mapped[Condition | None]  # as declared, as the next
    power: Mapped[Power | None]
    link: Mapped[Link | None]
    off_after_hours: Mapped[bool | None]  # as declared: its power is switched off after hours
    records_sound: Mapped[bool | None]  # as declared
    worked_at: Mapped[datetime | None]  # first seen working; outlives the nightly results
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submissions.id"))  # its newest form
    happened_at: Mapped[datetime]  # of its first declaration, as the next
    recorded_at: Mapped[datetime]

    @hybrid_property
    def worked(self) -> bool:
        """Whether it was once seen working, or a person confirmed that it is connected: only then can it fall out."""
        return self.confirmed or self.worked_at is not None

    @worked.inplace.expression
    @classmethod
    def _worked(cls) -> ColumnElement[bool]:
        return or_(cls.confirmed, cls.worked_at.is_not(None))


class CameraDeclaration(Base):
    """One thing said of a camera, or that it was first seen working. No row is ever changed but to encrypt it anew.

    `said` holds what was said and nothing else: a key that is absent leaves what is known, null says that it is none.
    """

    __tablename__ = "camera_declarations"
    id: Mapped[int] = mapped_column(primary_key=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("cameras.id"), index=True)
    source: Mapped[str]  # form, import, person, check
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submissions.id"))  # of a form
    by: Mapped[str | None]  # of an import or a person's word
    said: Mapped[dict[str, Any]]
    url: Mapped[str | None] = mapped_column(Text)  # these three as in `Camera`; identity: also where others claim it
    url_secret: Mapped[str | None] = mapped_column(Text)
    identity: Mapped[str | None] = mapped_column(Text)
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class CurrentState(Base):
    """How a camera stands by now. Never truth: made from the facts, and again when one of them changes.

    A row holds from `computed_at` until before `holds_until`, on the data files that `basis` is the digest of. A camera
    without such a row has its state worked out by whoever asks.
    """

    __tablename__ = "camera_states"
    camera_id: Mapped[int] = mapped_column(ForeignKey("cameras.id"), primary_key=True)
    state: Mapped[State]
    reason: Mapped[str] = mapped_column(Text)
    verdict: Mapped[Verdict | None]
    stage: Mapped[int | None]
    since: Mapped[date | None]
    nights: Mapped[int]
    outage: Mapped[int | None]
    unseen: Mapped[str | None]  # of one that is not checked: why, as a code
    remarks: Mapped[str] = mapped_column(Text, server_default="")  # codes, as of `state.remarks`
    basis: Mapped[str]
    computed_at: Mapped[datetime]
    holds_until: Mapped[datetime]


class CameraCheck(Base):
    """What one look at a camera found. `verdict` and `phase` as in the contract. No row is ever changed."""

    __tablename__ = "camera_checks"
    __table_args__ = (UniqueConstraint("camera_id", "night", "round"),)  # serves a camera's history too
    id: Mapped[int] = mapped_column(primary_key=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("cameras.id"))
    night: Mapped[date] = mapped_column(index=True)
    round: Mapped[str]  # the run that looked
    stage: Mapped[int]
    verdict: Mapped[Verdict]
    phase: Mapped[Phase]
    detail: Mapped[str] = mapped_column(Text)
    elapsed_ms: Mapped[int]
    steps: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))  # of a dialogue that failed
    features: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # of the picture
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class CameraMeasurement(Base):
    """What a closer look measured of a camera on a night: `found` as of `probing.measuring`. No row is ever changed.

    How it differs from what is declared is worked out when somebody reads it (`cameras.measured.findings`): a form may
    have been corrected since.
    """

    __tablename__ = "camera_measurements"
    __table_args__ = (UniqueConstraint("camera_id", "night", "subject"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("cameras.id"))
    night: Mapped[date] = mapped_column(index=True)
    subject: Mapped[Subject]
    found: Mapped[dict[str, Any]]
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class CameraMonth(Base):
    """A month of a camera whose nightly results are past their time: nights by what they ended in."""

    __tablename__ = "camera_months"
    __table_args__ = (UniqueConstraint("camera_id", "month"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("cameras.id"))
    month: Mapped[date]  # its first day
    nights: Mapped[int]
    good: Mapped[int]
    reachable: Mapped[int]
    showing: Mapped[int]
    not_checked: Mapped[int]
    verdicts: Mapped[dict[str, Any]]  # how many nights ended in each verdict


class NightRun(Base):
    """One round of looks of a night, and whether it says anything at all.

    The sum of its checks, made again with each batch of them (`nights.night.record`), and its newest conclusion;
    `finished_at`: when that was. The checks and the conclusions are the facts.
    """

    __tablename__ = "night_runs"
    __table_args__ = (UniqueConstraint("night", "round"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    night: Mapped[date]
    round: Mapped[str]
    our_side_down: Mapped[str | None] = mapped_column(Text)  # why its looks count against nobody
    planned: Mapped[int]
    counts: Mapped[dict[str, Any]]  # looks by verdict
    helped: Mapped[dict[str, Any]] = mapped_column(server_default="{}", default=dict)  # of those, by the `Help` it took
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class RoundConclusion(Base):
    """What was concluded of a round at a moment: of one with late batches there are several, and each was true then."""

    __tablename__ = "round_conclusions"
    id: Mapped[int] = mapped_column(primary_key=True)
    night: Mapped[date]
    round: Mapped[str]
    our_side_down: Mapped[str | None] = mapped_column(Text)
    recorded_at: Mapped[datetime]


class CredentialAttempt(Base):
    """Committed before a password is sent: it is not tried again that night if it was refused or has no result.

    `device` is where it was sent, rtsp://host:port: what a wrong login locks. `addresses` are the devices that a name
    stood for then: another camera may be declared under one of those.
    """

    __tablename__ = "credential_attempts"
    __table_args__ = (
        UniqueConstraint("camera_id", "fingerprint", "night"),
        Index("ix_credential_attempts_fingerprint_night", "fingerprint", "night"),
        Index("ix_credential_attempts_night_device", "night", "device"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("cameras.id"))
    fingerprint: Mapped[str]
    device: Mapped[str | None] = mapped_column(Text)
    night: Mapped[date]
    accepted: Mapped[bool | None]
    recorded_at: Mapped[datetime]
    addresses: Mapped[list["AttemptAddress"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, lazy="selectin"
    )


class AttemptAddress(Base):
    """Where a password was to be sent, besides the device that is declared: see `CredentialAttempt.addresses`."""

    __tablename__ = "attempt_addresses"
    __table_args__ = (UniqueConstraint("attempt_id", "device"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("credential_attempts.id", ondelete="CASCADE"))
    device: Mapped[str] = mapped_column(Text, index=True)


class DigestDevice(Base):
    """A device that has asked for Digest: none of those gets a password in clear later on, unless a person says so."""

    __tablename__ = "digest_devices"
    device: Mapped[str] = mapped_column(Text, primary_key=True)  # rtsp://host:port, by name and by address
    seen_at: Mapped[datetime]  # first, since a person last allowed Basic


class CredentialRelease(Base):
    """What a person did with a camera's login: entered it, or says that a refused one may be tried again next night.

    Without a fingerprint it is only noted who brought the camera in a file, or was given something of it: nothing
    follows for the looks.
    """

    __tablename__ = "credential_releases"
    id: Mapped[int] = mapped_column(primary_key=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("cameras.id"))
    fingerprint: Mapped[str] = mapped_column(index=True)
    device: Mapped[str] = mapped_column(Text)
    by: Mapped[str]
    reason: Mapped[str] = mapped_column(Text)
    basic: Mapped[bool | None]  # its device may be sent the password in clear, though it once asked for Digest
    recorded_at: Mapped[datetime]


class Outage(Base):
    """A camera once seen working that stopped answering or showing. People quote `SC-{id:04}`.

    What is concluded night by night from checks and pauses (`state.outages`), and no fact by itself. When it was opened
    and closed never changes. `first_night` moves when a pause that was entered afterwards covers it: worked out on
    reading it would come back once that night is no longer looked back upon.
    """

    __tablename__ = "outages"
    id: Mapped[int] = mapped_column(primary_key=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("cameras.id"), index=True)
    first_night: Mapped[date]
    verdict: Mapped[Verdict]
    flapping: Mapped[bool] = mapped_column(default=False)  # one of many in a short time: one letter for all
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_because: Mapped[str | None] = mapped_column(Text)  # None: it works again
