"""A week with something of everything, whose figures the tests know by heart."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dondoc.configuration.context import AppContext
from dondoc.facts.register import register
from dondoc.facts.rule import rule
from dondoc.intake.verdicts import without_reading
from dondoc.reporting import report
from dondoc.reporting.figures.compute import figures as compute
from dondoc.store.cameras import CameraCheck, Outage
from dondoc.store.intake import Submission
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.rulings import RulingKind
from tests.cameras.nights import stored
from tests.conftest import NOVEMBER, SECRET, acting, at, letter_of

LETTER = "stttt-cntt-2021-11"
THURSDAY = at(25, 17)
LOOKS = {  # agency → what each of its cameras showed; None: not looked at
    "ubnd-huyen-duc-tho": ["ok", "ok", "black", "connect_timeout"],
    "ubnd-huyen-vu-quang": ["auth_required", "blocked_target", None],
    "so-nnptnt": ["ok"] * 12,
}
FORMS = {"ubnd-huyen-duc-tho": "form_03", "ubnd-huyen-vu-quang": "form_03", "so-nnptnt": "form_01"}
PHASE = {
    "ok": "done",
    "black": "picture",
    "connect_timeout": "connect",
    "auth_required": "auth",
    "blocked_target": "address",
}


def submission(
    app: AppContext, agency: str, form: str, outcome: str, when: datetime, known: datetime | None = None
) -> int:
    with app.sessions.begin() as session:
        row = Submission(
            channel="cli",
            channel_id=f"{agency}/{form}/{when}",
            sender="",
            filename="bm.xlsx",
            sha256="0" * 64,
            happened_at=when,
            recorded_at=known or when,
        )
        session.add(row)
        session.flush()
        session.add(
            without_reading(row.id, outcome, "thử", known or when, agency=agency, form=form),
        )
        return row.id


def cameras(app: AppContext, agency: str, verdicts: list[str | None], source: int) -> None:
    with app.sessions.begin() as session:
        for number, verdict in enumerate(verdicts):
            place = {"place": f"Điểm {number // 3}", "site": "Cổng"}
            named = {"agency": agency, "system": "tourism", "key": str(number), "name": f"Camera {number}"}
            camera = stored(session, **named, **place, submission=source, happened_at=at(18))
            if verdict:
                session.add(
                    CameraCheck(
                        camera_id=camera,
                        night=date(2021, 11, 24),
                        round="dem",
                        stage=2,
                        verdict=verdict,
                        phase=PHASE[verdict],
                        detail="",
                        elapsed_ms=5,
                        happened_at=at(24, 22),
                        recorded_at=at(24, 22),
                    )
                )
            if verdict == "connect_timeout":
                opened = Outage(camera_id=camera, first_night=date(2021, 11, 23), verdict=verdict, opened_at=at(24, 23))
                session.add(opened)


def looked_again(app: AppContext, minutes: int, *, only: str | None = None, **found: Any) -> None:
    """One more look that night at each camera that was looked at, so long after the first: another verdict, or stage.

    `only`: those of this verdict.
    """
    with app.sessions.begin() as session:
        first = session.scalars(select(CameraCheck).where(CameraCheck.round == "dem")).all()
        for check in first:
            if only in (None, check.verdict):
                told = {"verdict": check.verdict, "phase": check.phase, "stage": check.stage, **found}
                more = {"detail": "", "elapsed_ms": 5, "recorded_at": at(24, 23)}
                when = at(24, 22) + timedelta(minutes=minutes)
                name = f"sau {minutes}"
                again = CameraCheck(camera_id=check.camera_id, night=check.night, round=name, happened_at=when, **more)
                for key, value in told.items():
                    setattr(again, key, value)
                session.add(again)


def chased(app: AppContext, agency: str, when: datetime, *, rehearsal: bool = False) -> None:
    key = f"{agency}/{when}/{rehearsal}"
    with app.sessions.begin() as session:
        session.add(
            OutboxLetter(
                message_id=f"<{key}@x>",
                dedup_key=key,
                kind="overdue",
                agency=agency,
                recipient="a@b.test",
                subject="",
                text="",
                html="",
                attachments=[],
                context={"steps": {LETTER: "overdue_1"}, "copy": False},
                state="sent",
                reason="",
                rehearsal=rehearsal,
                decided_at=when,
                sent_at=when,
            )
        )


@pytest.fixture
def busy(app: AppContext) -> AppContext:
    return furnished(app)


def furnished(app: AppContext) -> AppContext:
    """Of 30: 8 fulfilled (1 late), 2 in progress, 1 waived, 19 overdue; 19 cameras declared."""
    sent = {a: submission(app, a, form, "accepted", at(18)) for a, form in FORMS.items()}
    submission(app, "ubnd-huyen-can-loc", "form_03", "accepted_with_warnings", at(22))
    submission(app, "ubnd-huyen-huong-son", "form_03", "returned", at(19))
    submission(app, "ubnd-huyen-nghi-xuan", "form_03", "waiting", at(19))
    for agency, verdicts in LOOKS.items():
        cameras(app, agency, verdicts, sent[agency])
    chased(app, "ubnd-huyen-ky-anh", at(22))
    chased(app, "ubnd-huyen-ky-anh", at(24))
    chased(app, "ubnd-huyen-ky-anh", at(24), rehearsal=True)
    with app.sessions.begin() as session:
        for agency in ("cong-an-tinh", "so-nnptnt", "ubnd-huyen-duc-tho", "ubnd-huyen-vu-quang"):
            register(
                session,
                app.letters(session, NOVEMBER),
                app.registry,
                agency=agency,
                fulfils=["focal_letter"],
                number="15/VB",
                document_date=date(2021, 11, 17),
                arrived=at(18),
                blob=None,
                by=acting("Trần Thị Văn"),
                secrets=[SECRET],
                now=at(18, 10),
            )
        rule(
            app,
            session,
            RulingKind.WAIVE,
            agency="ubnd-thi-xa-hong-linh",
            document="Văn bản số 9",
            reason="không có điểm du lịch",
            by=acting("Đậu Tùng Lâm"),
            now=at(18),
        )
    return app


def figures(app: AppContext, as_of: datetime, known_at: datetime | None = None) -> dict[str, Any]:
    """The figures of the letter's report, as figures.json holds them."""
    return compute(app, letter_of(app), as_of, known_at).as_json()


@dataclass(frozen=True)
class Made:
    """A report's four files."""

    folder: Path

    def __truediv__(self, name: str) -> Path:
        return self.folder / name


@pytest.fixture(scope="module")
def made(lasting: AppContext, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Drawn up once: no test writes into it."""
    folder = tmp_path_factory.mktemp("made") / "bao-cao"
    report.make(furnished(lasting), letter_of(lasting), THURSDAY, None, folder)
    return Made(folder)
