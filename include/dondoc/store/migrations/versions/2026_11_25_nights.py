"""Cameras for years: steps and features, months, how a night went, refused passwords, identity of a camera"""

from collections import Counter

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_nights"
down_revision = "2026_11_24_begin"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True)
ADDED = (  # table, column, type
    ("cameras", "identity", sa.Text()),
    ("cameras", "status", sa.String()),
    ("cameras", "power", sa.String()),
    ("cameras", "link", sa.String()),
    ("cameras", "off_after_hours", sa.Boolean()),
    ("cameras", "worked_at", sa.DateTime()),
    ("cameras", "confirmed_by", sa.String()),
    ("camera_checks", "steps", JSON),
    ("camera_checks", "features", JSON),
    ("credential_attempts", "device", sa.Text()),
    ("outages", "flapping", sa.Boolean()),
    ("outages", "closed_because", sa.Text()),
    ("rulings", "site", sa.String()),
)
UNIQUE = "uq_cameras_agency_system_identity"
ATTEMPTS = "ix_credential_attempts_fingerprint_night"
DEVICE = "ix_camera_checks_camera_id"


def upgrade() -> None:
    for table, name, kind in ADDED:
        sure = name == "flapping"
        op.add_column(table, sa.Column(name, kind, nullable=not sure, server_default=sa.false() if sure else None))
    with op.batch_alter_table("outages") as batch:
        batch.alter_column("flapping", server_default=None)
    _fill()
    with op.batch_alter_table("cameras") as batch:
        batch.create_unique_constraint(UNIQUE, ["agency", "system", "identity"])
    op.create_index(ATTEMPTS, "credential_attempts", ["fingerprint", "night"])
    op.drop_index(DEVICE, "camera_checks")  # the unique constraint begins with the same column
    _tables()


def _fill() -> None:
    """When a camera was first seen working; and its identity, where it is nobody else's."""
    bind = op.get_bind()
    bind.execute(
        sa.text(
            "UPDATE cameras SET worked_at = (SELECT MIN(happened_at) FROM camera_checks "
            "WHERE camera_checks.camera_id = cameras.id AND camera_checks.verdict = 'ok')"
        )
    )
    rows = bind.execute(sa.text("SELECT id, agency, system, url FROM cameras WHERE url IS NOT NULL")).all()
    count = Counter(row[1:] for row in rows)
    single = [{"id": row.id, "url": row.url} for row in rows if count[row[1:]] == 1]
    if single:
        bind.execute(sa.text("UPDATE cameras SET identity = :url WHERE id = :id"), single)


def _tables() -> None:
    op.create_table(
        "camera_months",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("camera_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("nights", "good", "reachable", "showing", "not_checked")
        ),
        sa.Column("verdicts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.id"], name="fk_camera_months_camera_id_cameras"),
        sa.PrimaryKeyConstraint("id", name="pk_camera_months"),
        sa.UniqueConstraint("camera_id", "month", name="uq_camera_months_camera_id_month"),
    )
    op.create_table(
        "night_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("round", sa.String(), nullable=False),
        sa.Column("our_side_down", sa.Text(), nullable=True),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_night_runs"),
        sa.UniqueConstraint("night", "round", name="uq_night_runs_night_round"),
    )
    op.create_table(
        "credential_releases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("camera_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.id"], name="fk_credential_releases_camera_id_cameras"),
        sa.PrimaryKeyConstraint("id", name="pk_credential_releases"),
    )
    op.create_index("ix_credential_releases_fingerprint", "credential_releases", ["fingerprint"])


def downgrade() -> None:
    for table in ("credential_releases", "night_runs", "camera_months"):
        op.drop_table(table)
    op.create_index(DEVICE, "camera_checks", ["camera_id"])
    op.drop_index(ATTEMPTS, "credential_attempts")
    with op.batch_alter_table("cameras") as batch:
        batch.drop_constraint(UNIQUE, type_="unique")
    for table, name, _ in reversed(ADDED):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(name)
