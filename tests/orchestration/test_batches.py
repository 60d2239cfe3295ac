"""What the tasks of a night hand on: whose it is, all or nothing, once however often and by how many it is stored."""

import os
import shutil
import signal
from collections.abc import Callable
from datetime import timedelta
from itertools import starmap
from typing import Any

import pytest
from sqlalchemy import select, text

from dondoc import clock
from dondoc.cameras.nights import handed_on, night
from dondoc.cameras.nights.handed_on import Found
from dondoc.cameras.nights.result import Result
from dondoc.cameras.state import current
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.errors import Problem
from dondoc.orchestration import checking
from dondoc.probing.verdicts import Help
from dondoc.store import blobs
from dondoc.store.cameras import CameraCheck, NightRun
from tests.cameras.nights import at_site, result
from tests.conftest import migrate
from tests.orchestration import rounds

pytestmark = pytest.mark.slow
RUN = rounds.context()


@pytest.fixture
def now(environment: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets what time it is: first 22:00 on 22/11/2021."""
    moment = clock.at(rounds.TONIGHT, 22)
    environment.setattr(clock, "now", lambda: moment)

    def later(**by: float) -> None:
        nonlocal moment
        moment += timedelta(**by)

    return later


def results(*verdicts: tuple[int, str], **more: Any) -> list[Result]:
    return [result(camera, verdict, clock.now(), **more) for camera, verdict in verdicts]


def kept(app: AppContext) -> tuple[list[Any], list[Any]]:
    """Looks and rounds as the database has them."""
    with app.sessions.reading() as session:
        looks = session.execute(
            text("SELECT camera_id, night, round, verdict, happened_at FROM camera_checks ORDER BY 1")
        )
        runs = session.scalars(select(NightRun).order_by(NightRun.id))
        return [tuple(row) for row in looks], [(r.round, r.planned, r.counts, r.helped, r.our_side_down) for r in runs]


def in_child(*bodies: Callable[[], Any]) -> list[int]:
    """What processes that do these things at the same time end with: 0, or minus the signal that ended them."""
    children = []
    for body in bodies:
        child = os.fork()
        if child == 0:
            with_status = 1
            try:
                body()
                with_status = 0
            finally:
                os._exit(with_status)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


class TestWhoseItIs:
    @pytest.fixture
    def two(self, app: AppContext, now: Any) -> dict[str, str]:
        """Two batches of this run with what was found of each."""
        at_site(app, 4)
        one, other = rounds.batch(app, [1, 2], planned=4), rounds.batch(app, [3, 4], planned=4)
        return {
            "batch": one,
            "found": rounds.found(app, one, results((1, "ok"), (2, "no_frame"))),
            "other batch": other,
            "other found": rounds.found(app, other, results((3, "ok"))),
        }

    def test_what_is_named_must_be_of_this_batch_and_this_run(self, app: AppContext, two: dict[str, str]) -> None:
        """Whoever may write XComs could else say of any camera what they like."""
        batch, mine = two["batch"], handed_on.batch(app, two["batch"], "r")
        strange = rounds.batch(app, [1, 2], run="other", planned=4)
        strange_found = rounds.found(app, strange, results((1, "ok")), run="other")
        about_another = handed_on.put(app, Found.of(batch, mine, results((1, "ok"), (3, "ok"))))
        twice = handed_on.put(app, Found.of(batch, mine, results((1, "ok"), (1, "no_frame"))))
        another_night = mine.model_copy(update={"night": mine.night - timedelta(days=1)})
        of_yesterday = handed_on.put(app, Found.of(batch, another_night, results((1, "ok"))))
        for name, found in (
            (batch, two["other found"]),
            (batch, batch),
            (batch, strange_found),
            (batch, about_another),
            (batch, twice),
            (batch, of_yesterday),
            (strange, strange_found),
        ):
            with pytest.raises(Problem, match="không thuộc lượt này"):
                checking.store(name, found, RUN)
        receipt = checking.store(strange, strange_found, rounds.context("other"))
        for batches, stored in (([batch], receipt), ([strange], []), ([batch, strange], [receipt])):
            with pytest.raises(Problem, match="không thuộc lượt này"):
                checking.conclude(batches, stored, RUN)
        with pytest.raises(Problem, match="không thuộc lượt này"):
            checking.check(strange, RUN)
        assert len(kept(app)[0]) == 1, "what the other run has found, stored by itself"

    def test_what_is_gone_damaged_or_put_there_is_nothing(self, app: AppContext, two: dict[str, str]) -> None:
        folder = app.settings.home / "nights"
        batch, found = two["batch"], two["found"]
        original = app.blobs.put(b"{}")  # as somebody may send one
        (folder / original[:2]).mkdir(exist_ok=True)
        shutil.copy(app.settings.home / "originals" / original[:2] / original, folder / original[:2])
        for name, says in (
            ("a" * 64, "Không thấy kết quả kiểm tra"),
            (original, "Không khóa nào"),
            ("../../dondoc.db", "không đúng dạng"),
            (None, "không đúng dạng"),
            ({"results": []}, "không đúng dạng"),
        ):
            with pytest.raises(Problem, match=says):
                checking.store(batch, name, RUN)  # type: ignore[arg-type]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(handed_on, "MOST", 10)
            with pytest.raises(Problem, match="quá lớn"):
                checking.store(batch, found, RUN)
        place = folder / found[:2] / found
        place.write_bytes((folder / two["other found"][:2] / two["other found"]).read_bytes())
        with pytest.raises(Problem, match="là tệp khác"):
            checking.store(batch, found, RUN)
        place.write_bytes(place.read_bytes()[:-9])
        with pytest.raises(Problem, match=r"Không khóa nào .* chạy lại từ đầu"):
            checking.store(batch, found, RUN)
        assert kept(app) == ([], [])

    def test_what_is_no_list_of_names_concludes_nothing(self, app: AppContext, two: dict[str, str]) -> None:
        receipt = checking.store(two["batch"], two["found"], RUN)
        for batches, stored in (
            (5, [receipt]),
            (True, []),
            ([two["batch"]], {"a": 1}),
            ([], [receipt]),
            (None, receipt),
        ):
            with pytest.raises(Problem):
                checking.conclude(batches, stored, RUN)  # type: ignore[arg-type]
        with app.sessions.reading() as session:
            assert session.scalars(select(NightRun.finished_at)).all() == [None]

    def test_without_the_key_no_file_is_said_to_be_gone(
        self, app: AppContext, two: dict[str, str], environment: pytest.MonkeyPatch
    ) -> None:
        environment.delenv("DONDOC_SECRET_KEY")
        for step in (
            lambda: checking.check(two["batch"], RUN),
            lambda: checking.store(two["batch"], two["found"], RUN),
        ):
            with pytest.raises(Problem, match=r"Đặt lại đúng khóa cũ rồi chạy lại\.$"):
                step()
        environment.setenv("DONDOC_SECRET_KEY", ",".join(app.settings.secret_keys))
        checking.store(two["batch"], two["found"], RUN)
        assert len(kept(app)[0]) == 2

    @pytest.mark.parametrize("lost", ["found", "batch"])
    def test_what_could_not_be_stored_counts_as_not_looked_at(
        self, app: AppContext, two: dict[str, str], lost: str
    ) -> None:
        (app.settings.home / "nights" / two[lost][:2] / two[lost]).unlink()
        with pytest.raises(handed_on.Gone):
            checking.store(two["batch"], two["found"], RUN)
        receipt = checking.store(two["other batch"], two["other found"], RUN)
        told = checking.conclude([two["batch"], two["other batch"]], receipt, RUN)
        assert told["summary"] == (
            "Ngày 22/11/2021, lượt toàn bộ: đã xem 01/04 camera; 01 đạt, 00 chưa đạt. "
            "Lô chưa kiểm tra hoặc chưa lưu được: 02 camera, xem tác vụ đỏ."
        )
        with pytest.raises(Problem, match="Không còn tệp nào"):
            checking.conclude(["a" * 64], [], RUN)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_batch_is_stored_once_whoever_is_killed_in_it_and_however_many_store_at_the_same_time(
    kind: str, environment: pytest.MonkeyPatch, now: Any, request: pytest.FixtureRequest
) -> None:
    if kind == "postgresql":
        environment.setenv("DONDOC_DATABASE_URL", request.getfixturevalue("empty_postgres"))
    app = AppContext(load())
    migrate(app.settings.url)
    at_site(app, 4)
    names = [rounds.batch(app, [first, first + 1], planned=4) for first in (1, 3)]
    told = [results((n, "ok"), (n + 1, "no_frame"), help=Help.SLOW) for n in (1, 3)]
    found = [rounds.found(app, name, of) for name, of in zip(names, told, strict=True)]
    app.sessions.kw["bind"].dispose()  # no connection is shared with a child

    def killed() -> None:
        night.facts.record = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
        checking.store(names[0], found[0], RUN)

    assert in_child(killed) == [-signal.SIGKILL]
    assert kept(app) == ([], [])
    app.sessions.kw["bind"].dispose()
    each_twice = [lambda n=n: checking.store(names[n], found[n], RUN) for n in (0, 0, 1, 1)]
    assert in_child(*each_twice) == [0] * 4
    looks, [(_, planned, counts, helped, _)] = kept(app)
    assert [camera for camera, *_ in looks] == [1, 2, 3, 4]
    assert (planned, counts, helped) == (4, {"ok": 2, "no_frame": 2}, {"slow": 4})
    receipts = list(starmap(lambda name, of: checking.store(name, of, RUN), zip(names, found, strict=True)))
    now(minutes=1)
    assert checking.conclude(names, receipts, RUN)["left_out"] == 4
    after = kept(app)
    assert after[0] == looks
    now(minutes=1)
    checking.conclude(names, receipts, RUN)
    assert kept(app) == after
    app.sessions.kw["bind"].dispose()


def test_a_batch_that_was_checked_twice_has_one_result(app: AppContext, now: Any) -> None:
    """A worker that dies after the check and before Airflow knows of it: the batch is looked at again."""
    [camera] = at_site(app, 1)
    batch = rounds.batch(app, [camera])
    first, second = (rounds.found(app, batch, results((camera, verdict))) for verdict in ("ok", "no_frame"))
    checking.store(batch, first, RUN)
    receipt = checking.store(batch, second, RUN)
    assert checking.conclude([batch], receipt, RUN) == {
        "left_out": 1,
        "summary": "Ngày 22/11/2021, lượt toàn bộ: đã xem 01/01 camera; 01 đạt, 00 chưa đạt.",
    }
    with app.sessions.reading() as session:
        assert session.scalars(select(CameraCheck.verdict)).all() == ["ok"]


def test_until_a_round_is_concluded_its_looks_say_nothing_of_anybody(app: AppContext, now: Any) -> None:
    """Our side may have been down: that is known when all batches are there."""
    ids = at_site(app, 2)
    night.store(app, results(*((one, "ok") for one in ids)), night=rounds.TONIGHT, round="night", now=clock.now())
    now(days=1)

    def states() -> list[tuple[str, str]]:
        with app.sessions.reading() as session:
            return [(str(one.state), one.reason) for one in current.read(app, session, clock.now())]

    well = states()
    names = [rounds.batch(app, [one], planned=2) for one in ids]
    found = [rounds.found(app, name, results((one, "no_frame"))) for name, one in zip(names, ids, strict=True)]
    receipts = [checking.store(names[0], found[0], RUN)]
    now(minutes=1)
    assert states() == well
    assert "ok" in well[0]
    with app.sessions.begin() as session:  # what is stored meanwhile holds until the round is concluded
        current.refresh(app, session, clock.now())
    receipts.append(checking.store(names[1], found[1], RUN))
    checking.conclude(names, receipts, RUN)
    with app.sessions.begin() as session:
        assert current.refresh(app, session, clock.now()) == 0, "settled with the night"
    assert {state for state, _ in states()} == {"failing"}


def test_files_leave_after_a_week(app: AppContext, now: Any) -> None:
    at_site(app, 2)
    old, new = (rounds.batch(app, [camera], planned=2) for camera in (1, 2))
    folder = app.settings.home / "nights"
    (folder / old[:2] / "tmp123").write_bytes(b"what a killed writer left")
    before = (clock.now() - handed_on.KEPT - timedelta(minutes=1)).timestamp()
    for file in (folder / old[:2]).iterdir():
        os.utime(file, (before, before))
    checking.conclude([new], [], RUN)
    assert [file.name for file in folder.glob("??/*")] == [new]
    with pytest.raises(Problem, match="chỉ giữ 07 ngày"):
        checking.check(old, RUN)


def test_files_are_encrypted_anew_with_the_others(app: AppContext, now: Any, environment: pytest.MonkeyPatch) -> None:
    name = rounds.batch(app, [1])
    newest = "khoa-moi-dai-va-ngau-nhien-0123456789ab"
    environment.setenv("DONDOC_SECRET_KEY", f"{newest},{app.settings.secret_keys[0]}")
    assert handed_on.rotate(AppContext(load()))["rotated"] == 1
    with pytest.raises(Problem, match="Không khóa nào"):
        blobs.Blobs(app.settings.home / "nights", app.secrets, "night results", "kết quả kiểm tra").get(name)
