"""Receiving: whole, once, durable; or not at all, and then the source keeps it."""

import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import select

from dondoc.configuration.context import AppContext
from dondoc.errors import Cause, Problem, Unavailable
from dondoc.intake import backlog
from dondoc.intake.receive import receive, safe_filename
from dondoc.store.errors import unavailable
from dondoc.store.intake import Submission
from tests.conftest import at

HOSTILE = st.one_of(
    st.text(max_size=300),
    st.builds(
        "{}{}.xlsx".format, st.sampled_from(["../../etc/", "C:\\a\\", "/", "..", "a\u202e"]), st.text(max_size=200)
    ),
)


@given(HOSTILE)
def test_no_name_carries_a_folder_or_what_nobody_sees(name: str) -> None:
    safe = safe_filename(name)
    assert 1 <= len(safe) <= 120
    assert not {"/", "\\"} & {*safe}
    assert not {unicodedata.category(c) for c in safe} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert safe not in (".", "..")
    assert unicodedata.is_normalized("NFC", safe)
    safe.encode()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("BM03 Đức Thọ.xlsx", "BM03 Đức Thọ.xlsx"),
        (unicodedata.normalize("NFD", "Đức Thọ.xlsx"), "Đức Thọ.xlsx"),
        ("../../etc/passwd.xlsx", "passwd.xlsx"),
        ("C:\\Users\\a\\bm.xlsx", "bm.xlsx"),
        ("a\r\nBcc: x@y.test\u202exslx.exe", "aBcc: x@y.testxslx.exe"),
        ("x" * 300 + ".xlsx", "x" * 115 + ".xlsx"),
        ("\ud800bm.xlsx", "bm.xlsx"),
        ("", "khong-ten"),
        ("..", "khong-ten"),
        ("\u200b", "khong-ten"),
    ],
)
def test_a_name_keeps_what_people_need_of_it(name: str, safe: str) -> None:
    assert safe_filename(name) == safe


@pytest.fixture
def both(empty_database: str, app: AppContext) -> AppContext:
    return app


def take(app: AppContext, content: bytes = b"noi dung", **given: Any) -> tuple[int, bool]:
    values = {
        "channel": "mail",
        "channel_id": "<1@x>/0",
        "sender": " CNTT@DucTho.test ",
        "filename": "bm.xlsx",
        "received_at": at(18),
        "now": at(19),
    } | given
    return receive(app, content, **values)


def rows(app: AppContext) -> list[Submission]:
    with app.sessions.begin() as session:
        return list(session.scalars(select(Submission).order_by(Submission.id)))


def test_receiving_the_same_arrival_again_is_a_no_op(both: AppContext) -> None:
    first, new = take(both)
    assert new
    assert take(both, now=at(20)) == (first, False)
    [row] = rows(both)
    assert (row.sender, row.filename, row.happened_at, row.recorded_at) == (
        "cntt@ductho.test",
        "bm.xlsx",
        at(18),
        at(19),
    )
    assert both.blobs.get(row.sha256) == b"noi dung"


def test_the_same_bytes_from_elsewhere_are_another_arrival(both: AppContext) -> None:
    take(both)
    assert take(both, channel="folder")[1]
    assert take(both, channel_id="<2@x>/0")[1]
    assert len({row.sha256 for row in rows(both)}) == 1
    assert len(rows(both)) == 3


def test_nothing_arrives_in_the_future(app: AppContext) -> None:
    take(app, received_at=at(25))
    assert rows(app)[0].happened_at == at(19)


def test_a_nearly_full_disk_refuses_and_says_that_the_source_keeps_it(
    environment: pytest.MonkeyPatch, app: AppContext
) -> None:
    full = AppContext(app.settings.model_copy(update={"min_free_mb": 10**9}))
    with pytest.raises(Problem, match=r"chỉ còn \d+ MB .* vẫn còn nguyên ở nơi gửi"):
        take(full)
    assert rows(app) == []


def test_a_home_that_cannot_be_made_refuses_and_says_that_the_source_keeps_it(app: AppContext) -> None:
    with pytest.raises(Problem, match=r"DONDOC_HOME .* vẫn còn nguyên ở nơi gửi"):
        take(AppContext(app.settings.model_copy(update={"home": Path("/dev/null/x")})))


def test_a_broken_directive_is_no_fault_of_what_arrived(app: AppContext) -> None:
    broken = AppContext(app.settings.model_copy(update={"directive": [Path("/khong/co.yaml")]}))
    submission, _ = take(broken)
    with pytest.raises(Problem, match="Không đọc được"):
        backlog.judge_and_answer(broken, at(19))
    assert backlog.unfinished(app) == [submission]


def test_neither_is_a_wrong_key_or_a_busy_database(app: AppContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each was set aside for a person, with an answer that said nothing, and never judged by itself again."""
    submission, _ = take(app)
    with app.sessions.begin():
        pass  # the key is noted
    other = SecretStr("khoa-khac-rat-dai-va-that-ngau-nhien")
    with pytest.raises(Unavailable):
        backlog.judge_and_answer(AppContext(app.settings.model_copy(update={"secret_key": other})), at(19))

    def busy(*_: object, **__: object) -> None:
        raise unavailable(Cause.BUSY)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(backlog, "judge_submission", busy)
        with pytest.raises(Unavailable):
            backlog.judge_and_answer(app, at(19))
    assert backlog.unfinished(app) == [submission]
    assert backlog.judge_and_answer(app, at(19)) == {"refused": [submission]}


def test_a_subject_cannot_smuggle_a_header_or_grow_without_end(app: AppContext) -> None:
    take(app, subject="Gửi BM03\r\nBcc: x@y.test" + "x" * 900)
    with app.sessions.begin() as session:
        [subject] = session.scalars(select(Submission.subject))
    assert subject is not None
    assert subject.startswith("Gửi BM03  Bcc")
    assert len(subject) == 500
