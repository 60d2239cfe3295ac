"""Tokens: bound to all that they say, good under old keys and of the old kind, and no way to guess the secret."""

import json
from dataclasses import asdict, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc import keys
from dondoc.forms import token
from dondoc.forms.token import Token

OLD, NEW = "khoa-cu-rat-dai-va-that-ngau-nhien-1", "khoa-moi-rat-dai-va-that-ngau-nhien-2"
SAID = Token("form_03", 1, "ubnd-huyen-duc-tho", "stttt-cntt-2021-11", 2)


def of_the_old_kind(said: Token, secret: str) -> str:
    text = json.dumps(asdict(said), sort_keys=True, separators=(",", ":"))
    return f"{text}.{keys.sign([secret], token.PURPOSE, text.encode())}"


def test_a_form_handed_out_before_this_kind_of_token_or_under_an_old_key_is_still_ours() -> None:
    for made in (token.issue(SAID, [OLD]), of_the_old_kind(SAID, OLD)):
        assert token.genuine(made, [NEW, OLD])
        assert token.read(made) == SAID
        assert not token.genuine(made, [NEW])


@pytest.mark.parametrize("field", [f.name for f in fields(Token)])
def test_nothing_that_a_token_says_can_be_changed(field: str) -> None:
    body, _, signature = token.issue(SAID, [OLD]).rpartition(".")
    said = json.loads(body)
    said[field] = said[field] + 1 if isinstance(said[field], int) else f"{said[field]}x"
    forged = f"{json.dumps(said, sort_keys=True, separators=(',', ':'))}.{signature}"
    assert token.read(forged)
    assert not token.genuine(forged, [OLD])


@given(st.text())
def test_no_text_of_a_stranger_is_genuine(text: str) -> None:
    assert not token.genuine(text, [OLD])
    assert token.read(text) is None or "." in text


def test_the_quick_key_does_not_make_the_token_that_strangers_hold() -> None:
    """Else a try at the secret would cost a microsecond: HKDF and HMAC are made to be quick."""
    body, _, signature = token.issue(SAID, [OLD]).rpartition(".")
    assert not keys.verify([OLD], token.PURPOSE, body.encode(), signature)
    assert keys.verify([OLD], token.PURPOSE, body.encode(), signature, slowly=True)


def test_the_key_of_tokens_is_no_other_key_of_ours() -> None:
    made = {keys.derive_slowly(OLD, p) for p in (token.PURPOSE, "key check")}
    made |= {keys.derive(OLD, p) for p in ("password", "originals", "thumbnails", "name", token.PURPOSE)}
    assert len(made) == 7
