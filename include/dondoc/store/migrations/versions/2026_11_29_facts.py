"""Facts that never change; and what databases lack that an early edition of 2026_11_27_trust has made"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from dondoc.errors import Problem

revision = "2026_11_29_facts"
down_revision = "2026_11_28_letters"
branch_labels = None
depends_on = None


PLACE = {"form_02": "site"}  # the column that names the place, where it is not `place`
CONFIRMED, MEANS = "confirm", {"form": "form", "import": "import"}
AS_DECLARED = ("status", "power", "link", "off_after_hours", "exemption", "restricted", "records_sound")
TRUTHS = ("off_after_hours", "restricted", "records_sound")


def upgrade() -> None:
    _early_trust()
    _calendar()
    _decisions(op.get_bind())
    _declarations_of_cameras(op.get_bind())
    _states_of_cameras()
    _arrivals()


def downgrade() -> None:
    """Neither what people stopped nor what was declared when has a place in the database of before."""
    raise Problem(
        "Không hạ cơ sở dữ liệu xuống phiên bản trước: sẽ mất các quyết định mà người có thẩm quyền đã dừng "
        "và các lời khai trước của camera. "
        "Khôi phục bản sao lưu trước khi nâng cấp."
    )


def _calendar() -> None:
    op.create_table(
        "calendar_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_versions"),
    )


def _arrivals() -> None:
    """When a file came that a person gives to its agency, as that person says."""
    op.add_column("assignments", sa.Column("arrived_at", sa.DateTime(), nullable=True))


# 2026_11_27_trust was edited four times after the first databases were made with it.
LACKED = (  # table, column, type
    ("submissions", "authentication", sa.String()),
    ("alerts", "told_at", sa.DateTime()),
    ("credential_releases", "basic", sa.Boolean()),
    ("audit_events", "chain", sa.String()),  # a row without it was sealed in another way: see `audit`
)


def _early_trust() -> None:
    """Give them what the last edition made."""
    found = sa.inspect(op.get_bind())
    for table, name, kind in LACKED:
        if name not in {column["name"] for column in found.get_columns(table)}:
            sure = name == "chain"
            op.add_column(table, sa.Column(name, kind, nullable=not sure, server_default="" if sure else None))
    there = set(found.get_table_names())
    if "attempt_addresses" not in there:
        key = sa.ForeignKey(
            "credential_attempts.id", name="fk_attempt_addresses_attempt_id_credential_attempts", ondelete="CASCADE"
        )
        op.create_table(
            "attempt_addresses",
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column("attempt_id", sa.Integer(), key, nullable=False),
            sa.Column("device", sa.Text(), nullable=False),
            sa.PrimaryKeyConstraint("id", name="pk_attempt_addresses"),
            sa.UniqueConstraint("attempt_id", "device", name="uq_attempt_addresses_attempt_id_device"),
        )
        op.create_index("ix_attempt_addresses_device", "attempt_addresses", ["device"])
    if "digest_devices" not in there:
        op.create_table(
            "digest_devices",
            sa.Column("device", sa.Text(), nullable=False),
            sa.Column("seen_at", sa.DateTime(), nullable=False),
            sa.PrimaryKeyConstraint("device", name="pk_digest_devices"),
        )
    for statement in _append_only(op.get_bind().dialect.name):
        op.execute(statement)


def _append_only(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            "CREATE TRIGGER IF NOT EXISTS camera_checks_no_update BEFORE UPDATE ON camera_checks "
            "BEGIN SELECT RAISE(ABORT, 'camera_checks is append-only'); END",
            "CREATE TRIGGER IF NOT EXISTS audit_events_no_replace BEFORE INSERT ON audit_events "
            "WHEN EXISTS (SELECT 1 FROM audit_events WHERE id = NEW.id) "
            "BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END",
        ]
    return [
        "CREATE OR REPLACE FUNCTION camera_checks_no_update() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'camera_checks is append-only'; END $$",
        "CREATE OR REPLACE TRIGGER camera_checks_no_update BEFORE UPDATE ON camera_checks "
        "FOR EACH STATEMENT EXECUTE FUNCTION camera_checks_no_update()",
    ]


CHASING = ("reminder", "overdue")
GRANTED = re.compile(r"trong ngày (\d\d/\d\d/\d{4}); nếu|hoàn thành trước ngày (\d\d/\d\d/\d{4}) để")
OUTBOX = sa.table(
    "outbox",
    *(sa.column(name) for name in ("id", "kind", "agency", "text", "reason", "rehearsal", "decision_id")),
    sa.column("context", sa.JSON),
    sa.column("directives", sa.JSON),
    sa.column("decided_at", sa.DateTime),
)
DECISIONS = sa.table(
    "decisions",
    *(sa.column(name) for name in ("id", "agency", "step", "reason", "rehearsal")),
    sa.column("as_of", sa.Date),
    sa.column("directives", sa.JSON),
    sa.column("obligations", sa.JSON),
    sa.column("answer_by", sa.Date),
    sa.column("recorded_at", sa.DateTime),
)


def _decisions(bind: sa.Connection) -> None:
    """Each chasing letter gets the decision by which it was written, a rehearsal's one of its own."""
    for column in (
        sa.Column("reasons", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("answer_by", sa.Date(), nullable=True),
        sa.Column("rehearsal", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("decisions", column)
    for table in ("outbox", "rulings"):  # in SQL: alembic adds no foreign key to a table of SQLite that has rows
        key = f"CONSTRAINT fk_{table}_decision_id_decisions REFERENCES decisions (id)"
        op.execute(f"ALTER TABLE {table} ADD COLUMN decision_id INTEGER {key}")
    op.create_index("ix_outbox_decision_id", "outbox", ["decision_id"])
    taken: set[int] = set()
    for letters in _decided_together(bind):
        decision = _decision(bind, letters, taken)
        taken.add(decision)
        ids = [letter.id for letter in letters]
        bind.execute(sa.update(OUTBOX).where(OUTBOX.c.id.in_(ids)).values(decision_id=decision))


def _decided_together(bind: sa.Connection) -> Iterator[list[Any]]:
    def key(letter: Any) -> tuple[Any, ...]:
        said = letter.context
        return letter.agency or "", said["day"], _day(letter.decided_at), said["step"], bool(letter.rehearsal)

    rows = bind.execute(sa.select(OUTBOX).where(OUTBOX.c.kind.in_(CHASING)).order_by(OUTBOX.c.id)).all()
    for _, letters in groupby(sorted(rows, key=lambda row: (key(row), row.id)), key):
        yield list(letters)


def _decision(bind: sa.Connection, letters: list[Any], taken: set[int]) -> int:
    """The decision that was written down with these letters; made from them where there is none."""
    first = letters[0]
    day, step = date.fromisoformat(first.context["day"]), first.context["step"]
    same = (DECISIONS.c.agency == first.agency, DECISIONS.c.as_of == day, DECISIONS.c.step == step)
    found = bind.execute(sa.select(DECISIONS).where(*same).order_by(DECISIONS.c.id.desc())).all()
    own = [d for d in found if _day(d.recorded_at) == _day(first.decided_at) and d.recorded_at <= first.decided_at]
    values: dict[str, Any] = {"answer_by": _granted(first.text), "rehearsal": bool(first.rehearsal)}
    if own and own[0].id not in taken:
        bind.execute(sa.update(DECISIONS).where(DECISIONS.c.id == own[0].id).values(values))
        return int(own[0].id)
    reason = own[0].reason if own else first.reason
    owed = sorted({name.split("/", 1)[1] for name, _ in first.context["duties"]})
    values |= {"as_of": day, "agency": first.agency or "", "step": step, "directives": first.directives}
    values |= {"obligations": owed, "reason": reason, "recorded_at": first.decided_at}
    insert = sa.insert(DECISIONS).values(values).returning(DECISIONS.c.id)
    return int(bind.execute(insert).scalar_one())


def _day(moment: datetime) -> date:
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo("Asia/Ho_Chi_Minh")).date()


def _granted(text: str) -> date | None:
    """The last day that a letter gave the agency, as it said so."""
    if (found := GRANTED.search(text)) is None:
        return None
    within, before = found.groups()
    day = date(*(int(part) for part in reversed((within or before).split("/"))))
    return day if within else day - timedelta(days=1)


# -- cameras


def _declarations_of_cameras(bind: sa.Connection) -> None:
    op.add_column("cameras", sa.Column("place", sa.String(), nullable=False, server_default=""))
    op.add_column("rulings", sa.Column("place", sa.String(), nullable=True))
    op.create_table(
        "camera_declarations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("camera_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=True),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("url_secret", sa.Text(), nullable=True),
        sa.Column("identity", sa.Text(), nullable=True),
        sa.Column("happened_at", sa.DateTime(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.id"], name="fk_camera_declarations_camera_id_cameras"),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name="fk_camera_declarations_submission_id_submissions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_camera_declarations"),
    )
    op.create_index("ix_camera_declarations_camera_id", "camera_declarations", ["camera_id"])
    tables = sa.MetaData()
    tables.reflect(bind, only=["cameras", "camera_declarations", "camera_checks", "verdicts", "audit_events"])
    places, seen, confirmed = _places(bind, tables), _first_seen(bind, tables), _confirmations(bind, tables)
    cameras, facts = tables.tables["cameras"], tables.tables["camera_declarations"]
    for camera in bind.execute(sa.select(cameras).order_by(cameras.c.id)).mappings().all():
        place = places(camera)
        bind.execute(sa.update(cameras).where(cameras.c.id == camera["id"]).values(place=place or camera["site"]))
        for fact in _facts(dict(camera), place, seen.get(camera["id"]), confirmed.get(f"CAM-{camera['id']:05}")):
            bind.execute(sa.insert(facts).values(camera_id=camera["id"], **fact))


def _facts(camera: Mapping[str, Any], place: str | None, seen: Any, confirmed: Any) -> Iterable[dict[str, Any]]:
    """What a row of then tells: one declaration, for what was declared before it was not kept; and what came later."""
    said = {"name": camera["name"], "site": camera["site"]} | ({"place": place} if place else {})
    said |= {name: camera[name] for name in AS_DECLARED}
    said |= {name: bool(camera[name]) for name in TRUTHS if camera[name] is not None}
    yield {
        "source": "form" if camera["submission_id"] else "import",
        "submission_id": camera["submission_id"],
        "said": said,
        "happened_at": camera["happened_at"],
        "recorded_at": camera["recorded_at"],
        **{name: camera[name] for name in ("url", "url_secret", "identity")},
    }
    if camera["worked_at"]:
        known = max(seen or camera["worked_at"], camera["worked_at"])
        yield {"source": "check", "said": {"worked": True}, "happened_at": camera["worked_at"], "recorded_at": known}
    if camera["confirmed"]:
        when = confirmed or camera["recorded_at"]
        by = camera["confirmed_by"]
        yield {"source": "person", "by": by, "said": {"confirmed": True}, "happened_at": when, "recorded_at": when}


def _first_seen(bind: sa.Connection, tables: sa.MetaData) -> dict[int, Any]:
    """When it was recorded of each camera that it works, as far as that check is kept."""
    checks = tables.tables["camera_checks"]
    first = sa.select(checks.c.camera_id, sa.func.min(checks.c.recorded_at)).where(checks.c.verdict == "ok")
    return dict(bind.execute(first.group_by(checks.c.camera_id)).all())


def _confirmations(bind: sa.Connection, tables: sa.MetaData) -> dict[str, Any]:
    acts = tables.tables["audit_events"]
    first = sa.select(acts.c.subject, sa.func.min(acts.c.recorded_at)).where(acts.c.act == CONFIRMED)
    return dict(bind.execute(first.group_by(acts.c.subject)).all())


def _places(bind: sa.Connection, tables: sa.MetaData) -> Any:
    """Tells the place of a camera from the rows of its form; None where no form named it."""
    verdicts = tables.tables["verdicts"]
    wanted = sa.select(verdicts.c.submission_id, verdicts.c.form, verdicts.c.agency, verdicts.c.rows)
    accepted = verdicts.c.outcome.in_(("accepted", "accepted_with_warnings"))
    by_form: dict[int, list[Mapping[str, Any]]] = {}
    by_agency: dict[str, list[Mapping[str, Any]]] = {}
    for submission, form, agency, rows in bind.execute(wanted.where(accepted).order_by(verdicts.c.id)):
        listed: list[Mapping[str, Any]] = [
            {**row, "place": row.get(PLACE.get(form, "place"))} for row in _json(rows) if row.get("name")
        ]
        by_form[submission] = listed
        by_agency.setdefault(agency or "", [])[:0] = listed  # the newest first

    def place(camera: Mapping[str, Any]) -> str | None:
        if camera["submission_id"] is None:
            return None
        for rows in (by_form.get(camera["submission_id"], []), by_agency.get(camera["agency"], [])):
            if found := _place_of(camera, rows):
                return found
        return None

    return place


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value or []


def _place_of(camera: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> str | None:
    """By name and position; by name alone, or by the name that it first had, where that leaves one place."""
    name, key, site = _fold(camera["name"]), camera["key"], _fold(camera["site"])
    called = [row for row in rows if _fold(str(row["name"])) in (name, key)]
    there = [row for row in called if _fold(str(row.get("site") or "")) == site] or called
    named = {_fold(str(row["place"])): str(row["place"]).strip() for row in there if row.get("place")}
    return next(iter(named.values())) if len(named) == 1 else None


def _states_of_cameras() -> None:
    op.create_table(
        "camera_states",
        sa.Column("camera_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("stage", sa.Integer(), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("nights", sa.Integer(), nullable=False),
        sa.Column("outage", sa.Integer(), nullable=True),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("computed_at", sa.DateTime(), nullable=False),
        sa.Column("holds_until", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.id"], name="fk_camera_states_camera_id_cameras"),
        sa.PrimaryKeyConstraint("camera_id", name="pk_camera_states"),
    )


def _fold(text: str) -> str:
    """Names as they were compared when this was written: lower case without accents, punctuation as blanks."""
    plain = unicodedata.normalize("NFD", text.translate(str.maketrans("ðɖÐƉ", "đđĐĐ")).lower().replace("đ", "d"))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(re.sub(r"[\W_]+", " ", plain).split())
