"""What was done is said once, to whoever did it, and to nobody in words that somebody else chose."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.configuration.context import AppContext
from dondoc.web import message
from tests.conftest import at
from tests.web.conftest import ORIGIN, Visit, browsers, words_of

KEYS = ["khoa-thu-nghiem-dai-va-ngau-nhien-01", "khoa-thu-nghiem-dai-va-ngau-nhien-02"]
PAUSE = {"agency": "cong-an-tinh", "begins": "2021-11-20", "document": "Công điện 1", "reason": "lũ"}
NOW = at(22)


@given(st.text(), st.text())
def test_a_sealed_sentence_comes_back_to_its_login_for_a_minute(sentence: str, login: str) -> None:
    sealed = message.seal(KEYS, login, sentence, NOW)
    assert sealed is not None
    assert len(sealed) < 4000
    found = message.unseal(KEYS, login.encode(errors="replace").decode(), sealed, NOW + timedelta(seconds=59))
    assert sentence.encode(errors="replace").decode().startswith(found.removesuffix("…"))
    assert len(found) >= min(len(sentence), 600)
    assert message.unseal(KEYS[::-1], login, sealed, NOW) == message.unseal(KEYS, login, sealed, NOW)
    assert message.unseal(KEYS, f"{login}x", sealed, NOW) == ""
    assert message.unseal(KEYS[1:], login, sealed, NOW) == ""
    assert message.unseal(KEYS, login, sealed, NOW + timedelta(seconds=61)) == ""
    assert message.unseal(KEYS, login, sealed, NOW - timedelta(seconds=1)) == ""


@given(st.text(st.characters(max_codepoint=255)))
def test_nothing_else_is_a_sentence(value: str) -> None:
    assert message.unseal(KEYS, "ops", value, NOW) == ""


def test_without_a_key_nothing_is_said() -> None:
    assert message.seal([], "ops", "x", NOW) is None
    assert message.unseal([], "ops", "W10=.", NOW) == ""


def test_it_is_shown_once(visit: Visit) -> None:
    ops = visit("ops")
    answer = ops.post("/pauses", headers=ORIGIN, data=PAUSE)
    assert answer.headers["location"] == "/pauses"
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/", "Max-Age=60"} <= {part.strip() for part in cookie.split(";")}
    assert "Đã ghi quyết định số 1" in words_of(ops.get("/pauses").text)
    assert "Đã ghi quyết định số 1" not in words_of(ops.get("/pauses").text)


def test_nobody_makes_one_up(visit: Visit) -> None:
    words = "Tài khoản đã hết hạn, gọi 0912345678"
    assert words not in visit("ops").get(f"/?said={quote(words)}").text
    forged = message.seal(["another-key-another-key-another-key"], "ops.dangnhap", words, at(22))
    for value in (words.encode("ascii", "ignore").decode(), str(forged), "." * 3000):
        visit("ops").cookies.set(message.COOKIE, value.replace(";", ""))
        assert words not in visit("ops").get("/").text


def test_it_is_for_whoever_acted(visit: Visit) -> None:
    visit("ops").post("/pauses", headers=ORIGIN, data=PAUSE)
    visit("viewer").cookies.set(message.COOKIE, visit("ops").cookies[message.COOKIE])
    assert "quyết định số 1" not in words_of(visit("viewer").get("/pauses").text)


def test_over_https_it_never_travels_in_clear(environment: pytest.MonkeyPatch, app: AppContext) -> None:
    ops = browsers(app)("ops")
    ops.base_url = "https://testserver"  # type: ignore[assignment]
    answer = ops.post("/pauses", headers={"Origin": "https://testserver"}, data=PAUSE)
    assert "Secure" in answer.headers["set-cookie"]
