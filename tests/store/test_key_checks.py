"""A wrong key, a lost key and a new key are told apart before anything is written with them."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, text

from dondoc import audit, keys
from dondoc.audit import Actor, Channel
from dondoc.cameras.nights import thumbnails
from dondoc.cameras.registry import imports
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import Settings, load
from dondoc.diagnosis import examine
from dondoc.errors import Problem
from dondoc.intake.receive import receive
from dondoc.store import key_checks
from dondoc.store.intake import Submission
from dondoc.store.key_checks import Standing
from dondoc.store.trust import KeyCheck
from tests.conftest import CLERK, SECRET, Run, at, migrate

pytestmark = pytest.mark.slow

NEW, OTHER = "khoa-moi-rat-dai-va-that-ngau-nhien", "khoa-khac-rat-dai-va-that-ngau-nhien"
Under = Callable[[str], AppContext]


@pytest.fixture
def under(empty_database: str, environment: pytest.MonkeyPatch) -> Under:
    """A fresh process's world under these keys, on one migrated database."""
    migrate(empty_database)

    def opened(key: str) -> AppContext:
        environment.setenv("DONDOC_SECRET_KEY", key)
        return AppContext(load())

    return opened


def write(app: AppContext) -> list[str]:
    with app.sessions.begin():
        return app.secrets


def known(app: AppContext) -> list[str]:
    """Short names of the keys that the database knows, the newest last."""
    with app.sessions.reading() as session:
        return list(session.scalars(select(KeyCheck.key).order_by(KeyCheck.recorded_at)))


def standing(app: AppContext) -> Standing:
    with app.sessions.reading() as session:
        return key_checks.standing(session, app.settings)


def test_the_first_key_is_noted_by_the_first_that_writes_and_nothing_of_it_is_kept(under: Under) -> None:
    assert standing(under(SECRET)) is Standing.FIRST
    assert known(under(SECRET)) == [], "reading notes nothing"
    assert write(under(SECRET)) == [SECRET]
    app = under(SECRET)
    assert (known(app), standing(app)) == ([keys.short_name(SECRET)], Standing.CURRENT)
    with app.sessions.reading() as session:
        [row] = session.scalars(select(KeyCheck))
        assert SECRET not in f"{row.key} {row.value}"


def test_a_wrong_key_writes_nothing_and_is_named_by_doctor(under: Under) -> None:
    write(under(SECRET))
    wrong = under(OTHER)
    with pytest.raises(Problem, match="TRƯỚC khóa cũ, cách nhau bằng dấu phẩy, rồi chạy dondoc rotate-key"):
        wrong.blobs.put(b"ban goc")
    with pytest.raises(Problem, match="không phải khóa của cơ sở dữ liệu này"):
        receive(wrong, b"x", channel="upload", channel_id="1", sender="", filename="a", received_at=at(22), now=at(22))
    thumbnails.put(wrong, 1, b"JPEG", at(22))
    assert not (wrong.settings.home / "originals").exists()
    assert not list(wrong.settings.home.glob("thumbnails/CAM*"))
    with wrong.sessions.reading() as session:
        assert session.scalars(select(Submission)).all() == []
    assert known(wrong) == [keys.short_name(SECRET)]
    [message] = [f["message"] for f in examine(lambda: at(22)) if f["code"] == "secret_key"]
    assert "không phải khóa của cơ sở dữ liệu này" in message
    assert OTHER not in message


def test_a_lost_key_is_told_as_lost_and_not_as_never_set(under: Under, environment: pytest.MonkeyPatch) -> None:
    write(under(SECRET))
    environment.delenv("DONDOC_SECRET_KEY")
    with pytest.raises(Problem, match="Đặt lại đúng khóa cũ"):
        write(AppContext(load()))
    assert any("Đặt lại đúng khóa cũ" in f["message"] for f in examine(lambda: at(22)))


def test_without_any_key_a_database_that_never_had_one_says_to_set_one(
    under: Under, environment: pytest.MonkeyPatch
) -> None:
    environment.delenv("DONDOC_SECRET_KEY")
    assert write(AppContext(load())) == []
    with pytest.raises(Problem, match="Chưa đặt DONDOC_SECRET_KEY"):
        AppContext(load()).blobs.put(b"x")


def test_a_new_key_before_the_old_one_takes_over_and_the_old_one_alone_is_wrong_then(under: Under) -> None:
    write(under(SECRET))
    assert standing(under(f"{NEW},{SECRET}")) is Standing.NEW
    assert write(under(f"{NEW},{SECRET}")) == [NEW, SECRET]
    assert known(under(NEW)) == [keys.short_name(SECRET), keys.short_name(NEW)]
    assert write(under(NEW)) == [NEW]
    with pytest.raises(Problem, match="không phải khóa"):
        write(under(SECRET))
    assert write(under(f"{SECRET},{NEW}")) == [SECRET, NEW], "a person goes back, with both at hand"
    assert known(under(SECRET))[-1] == keys.short_name(SECRET)


def test_a_new_key_that_could_not_be_noted_is_noted_by_the_next_that_writes(
    under: Under, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left unnoted, each act failed until the program was started again: its own key passed for the old one."""
    write(under(SECRET))
    app = under(f"{NEW},{SECRET}")

    def busy(*_: object) -> None:
        raise OSError("busy")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(key_checks, "note", busy)
        with pytest.raises(OSError, match="busy"):
            write(app)
    assert write(app) == [NEW, SECRET]
    assert known(app)[-1] == keys.short_name(NEW)


def test_nobody_writes_while_another_thread_notes_the_key(under: Under, monkeypatch: pytest.MonkeyPatch) -> None:
    write(under(SECRET))
    app, note = under(f"{NEW},{SECRET}"), key_checks.note
    _ = app.sessions
    begun, go_on = threading.Event(), threading.Event()

    def slowly(*arguments: Any) -> None:
        begun.set()
        assert go_on.wait(30)
        note(*arguments)

    def act() -> None:
        with app.sessions.begin() as session:
            audit.record(session, [NEW, SECRET], Actor("Lê A", "le.a", Channel.CLI), "thử", "x", now=at(22))

    monkeypatch.setattr(key_checks, "note", slowly)
    with ThreadPoolExecutor(2) as both:
        first = both.submit(act)
        assert begun.wait(30)
        second = both.submit(act)
        with pytest.raises(TimeoutError):
            second.result(0.3)
        go_on.set()
        first.result(30), second.result(30)
    with app.sessions.reading() as session:
        assert len(audit.events(session, act="thử")) == 2


def test_an_unknown_key_proves_nothing_for_another(under: Under) -> None:
    write(under(SECRET))
    with pytest.raises(Problem, match="không phải khóa"):
        write(under(f"{NEW},{OTHER}"))


def test_a_row_that_was_put_there_without_the_key_proves_nothing(under: Under) -> None:
    write(under(SECRET))
    with under(SECRET).sessions.begin() as session:
        session.add(KeyCheck(key=keys.short_name(OTHER), value="x" * 43, recorded_at=at(1, year=2099)))
    with pytest.raises(Problem, match="không phải khóa"):
        write(under(OTHER))


def test_a_clock_that_went_back_does_not_make_the_old_key_the_newer(
    under: Under, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(under(SECRET))

    def before() -> datetime:
        return at(1, year=2001)

    monkeypatch.setattr("dondoc.clock.now", before)
    write(under(f"{NEW},{SECRET}"))
    assert known(under(NEW))[-1] == keys.short_name(NEW)


def test_a_database_from_before_is_taken_over_only_by_a_key_that_opens_something(under: Under) -> None:
    app = under(SECRET)
    rows = "agency,system,name,url,user,password\nso-nnptnt,reservoir,Cam 1,rtsp://127.0.0.1/1,xem,mat-khau\n"
    with app.sessions.begin() as session:
        imports.import_csv(session, app.registry, rows, "c.csv", by=CLERK, secrets=[SECRET], now=at(1))
        session.execute(delete(KeyCheck))
    with pytest.raises(Problem, match="không phải khóa"):
        write(under(OTHER))
    assert known(under(SECRET)) == []
    assert write(under(f"{NEW},{SECRET}")) == [NEW, SECRET]


def test_originals_alone_tell_a_wrong_key_too(under: Under) -> None:
    app = under(SECRET)
    app.blobs.put(b"ban goc")
    with app.sessions.begin() as session:
        session.execute(delete(KeyCheck))
    assert standing(under(OTHER)) is Standing.WRONG
    assert standing(under(SECRET)) is Standing.FIRST


def test_what_an_address_hides_tells_a_wrong_key_as_well(under: Under) -> None:
    app = under(SECRET)
    rows = "agency,system,name,url\nso-nnptnt,reservoir,Cam 1,rtsp://127.0.0.1/live?token=a8F3kQz9pL2mNx7w\n"
    with app.sessions.begin() as session:
        imports.import_csv(session, app.registry, rows, "c.csv", by=CLERK, secrets=[SECRET], now=at(1))
        session.execute(delete(KeyCheck))
    with pytest.raises(Problem, match="không phải khóa"):
        write(under(OTHER))
    assert standing(under(SECRET)) is Standing.FIRST


def test_a_picture_alone_tells_a_wrong_key_as_well(under: Under) -> None:
    app = under(SECRET)
    thumbnails.put(app, 1, b"JPEG", at(22))
    with app.sessions.begin() as session:
        session.execute(delete(KeyCheck))
    assert standing(under(OTHER)) is Standing.WRONG


def test_a_database_that_is_not_migrated_is_asked_for_no_column_it_lacks(under: Under) -> None:
    app = under(SECRET)
    with app.sessions.begin() as session:
        session.execute(delete(KeyCheck))
        session.execute(text("ALTER TABLE cameras DROP COLUMN url_secret"))
    assert standing(under(SECRET)) is Standing.FIRST


def test_the_upgrade_of_the_database_notes_the_key_or_says_that_it_is_wrong(
    environment: pytest.MonkeyPatch, dondoc: Run
) -> None:
    dondoc("db", "upgrade")
    assert known(AppContext(load())) == [keys.short_name(SECRET)]
    environment.setenv("DONDOC_SECRET_KEY", OTHER)
    with pytest.raises(Problem, match="không phải khóa của cơ sở dữ liệu này"):
        dondoc("db", "upgrade")


def test_a_form_is_not_signed_with_a_wrong_key_and_needs_no_database_otherwise(
    environment: pytest.MonkeyPatch, dondoc: Run, tmp_path: Path
) -> None:
    blank = ("blank", "--form", "03", "--agency", "so-nnptnt", "--out", tmp_path / "bm.xlsx")
    dondoc(*blank)
    assert not load().home.exists(), "nothing is made for the asking"
    dondoc("db", "upgrade")
    environment.setenv("DONDOC_SECRET_KEY", OTHER)
    with pytest.raises(Problem, match="không phải khóa"):
        dondoc(*blank)


def test_the_keys_are_proven_once_and_also_while_something_is_written(under: Under) -> None:
    from sqlalchemy import event

    app, asked = under(SECRET), []
    with app.sessions.begin() as session:
        audit.record(session, app.secrets, Actor("An", "an", Channel.CLI), "approve", "TH-1", now=at(22))
    event.listen(app.sessions.kw["bind"], "before_cursor_execute", lambda *a: asked.append(a[2]))
    for _ in range(100):
        assert app.secrets == [SECRET]
    assert asked == []
    assert known(app) == [keys.short_name(SECRET)]


def test_keys_that_are_too_weak_to_write_with(environment: pytest.MonkeyPatch) -> None:
    for weak in ("k" * 64, "abcdefg" * 10, "dài" * 7, "x" * 31, "0123456789abcdef0123456789abcde"):
        environment.setenv("DONDOC_SECRET_KEY", f"{weak},{SECRET}")
        with pytest.raises(Problem, match="DONDOC_SECRET_KEY: khóa đầu tiên") as refused:
            load()
        assert weak not in str(refused.value)
    environment.setenv("DONDOC_SECRET_KEY", "0123456789abcdef0123456789abcdef")
    assert len(load().secret_keys) == 1


def test_a_short_old_key_still_opens_what_it_closed_and_doctor_says_to_leave_it(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("DONDOC_SECRET_KEY", f"{SECRET},ngan")
    settings: Settings = load()
    assert (
        keys.cipher(settings.secret_keys, "password").decrypt(keys.cipher(["ngan"], "password").encrypt(b"p")) == b"p"
    )
    [message] = [f["message"] for f in examine(lambda: at(22)) if f["code"] == "secret_key"]
    assert "Khóa cũ thứ 2 trong DONDOC_SECRET_KEY chỉ dài 4 byte" in message
