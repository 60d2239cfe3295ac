"""Keys of letters: from them the Message-IDs are computed by which what has left is known for ever."""

from datetime import date, datetime

import pytest

from dondoc.clock import HERE
from dondoc.mail import compose
from dondoc.mail.compose import About
from dondoc.vocabulary.letters import LetterKind

DAY = date(2021, 11, 22)
LETTERS = ("tu-so-2", "so-tttt-2021-11")

# One of each kind, as the first versions wrote them.
KEYS = [
    (
        compose.of_step(LETTERS, "ubnd-huyen-duc-tho", LetterKind.OVERDUE, "overdue-1", DAY, DAY),
        "ioc.test|so-tttt-2021-11|tu-so-2|ubnd-huyen-duc-tho|overdue|overdue-1|2021-11-22|a@huyen.test",
    ),
    (
        compose.of_step(LETTERS[1:], "ubnd-huyen-duc-tho", LetterKind.REMINDER, "reminder-1", DAY, date(2021, 11, 19)),
        "ioc.test|so-tttt-2021-11|ubnd-huyen-duc-tho|reminder|reminder-1|2021-11-22@2021-11-19|a@huyen.test",
    ),
    (
        compose.of_report("so-tttt-2021-11", "ubnd-tinh", datetime(2021, 11, 25, 17, tzinfo=HERE)),
        "ioc.test|so-tttt-2021-11|ubnd-tinh|report|2021-11-25T17:00|a@huyen.test",
    ),
    (
        compose.of_answer("khao-sat", "ubnd-huyen-duc-tho", "returned", "refused", "form_03/ab12"),
        "ioc.test|khao-sat|ubnd-huyen-duc-tho|returned|refused|form_03/ab12|a@huyen.test",
    ),
    (
        compose.of_answer("khao-sat", None, "neutral", "doubted", "2021-11-22"),
        "ioc.test|khao-sat|-|neutral|doubted|2021-11-22|a@huyen.test",
    ),
    (
        compose.of_change("khao-sat", "ubnd-huyen-duc-tho", 12, "XN-0012-abc"),
        "ioc.test|khao-sat|ubnd-huyen-duc-tho|contact_change|12|a@huyen.test|XN-0012-abc",
    ),
    (
        compose.of_change("khao-sat", "ubnd-huyen-duc-tho", 12, None),
        "ioc.test|khao-sat|ubnd-huyen-duc-tho|contact_change|12|a@huyen.test|-",
    ),
    (
        compose.of_cameras("khao-sat", "ubnd-huyen-duc-tho", LetterKind.REACHABILITY, "BN-0012|waits"),
        "ioc.test|khao-sat|ubnd-huyen-duc-tho|reachability|BN-0012|waits|a@huyen.test",
    ),
    (
        compose.of_cameras("khao-sat", "ubnd-huyen-duc-tho", LetterKind.OUTAGE, "SC-0001,SC-0002|2021-11-22"),
        "ioc.test|khao-sat|ubnd-huyen-duc-tho|outage|SC-0001,SC-0002|2021-11-22|a@huyen.test",
    ),
    (
        compose.of_step(LETTERS, "ubnd-huyen-duc-tho", LetterKind.THANKS, "thanks", DAY, DAY),
        "ioc.test|so-tttt-2021-11|tu-so-2|ubnd-huyen-duc-tho|thanks|thanks|2021-11-22|a@huyen.test",
    ),
    (
        compose.of_step(LETTERS[1:], "ubnd-huyen-duc-tho", LetterKind.HAND_OVER, "hand_over", DAY, DAY),
        "ioc.test|so-tttt-2021-11|ubnd-huyen-duc-tho|hand_over|hand_over|2021-11-22|a@huyen.test",
    ),
    (compose.of_notice("khao-sat", "blind|2021-11-22"), "ioc.test|khao-sat|internal|blind|2021-11-22|a@huyen.test"),
    (compose.of_alert("7|over"), "ioc.test|alert|7|over|a@huyen.test"),
]


@pytest.mark.parametrize(("about", "key"), KEYS)
def test_a_key_is_for_ever(about: About, key: str) -> None:
    assert about.key("ioc.test", "a@huyen.test") == key
