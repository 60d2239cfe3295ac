"""Staff is told once of a camera that night after night cannot be judged, and again only after one that could be."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from sqlalchemy import select

from dondoc.cameras.nights import unjudged
from dondoc.cameras.nights.unjudged import Streak
from dondoc.cameras.state.checks import Excuse, Look, Night
from dondoc.cameras.state.rules import Rules
from dondoc.clock import at
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import DATA, load
from dondoc.probing.verdicts import NOT_CHECKED, Verdict
from dondoc.staff import notices
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.cameras import Unseen
from dondoc.vocabulary.notices import Notice
from tests.cameras.nights import AGENCY, NOW, at_site, contact, on, paused, result, said


def nights(*verdicts: str | None) -> list[Night]:
    """So many nights in a row; None: our own side was down."""
    return [_night(number, verdict) for number, verdict in enumerate(verdicts)]


def _night(number: int, verdict: str | None) -> Night:
    seen = Verdict(verdict or "no_frame")
    look = Look(1, on(number), "night", seen, 2, at(on(number), 22))
    if verdict is None:
        return Night(look, Excuse(Unseen.OUR_SIDE, "x"))
    return Night(look, Excuse(seen, seen.label) if seen in NOT_CHECKED else None)


@pytest.mark.parametrize(
    ("seen", "until", "expected"),
    [
        (["ok", "unconfirmed", "not_decodable"], 2, Streak(on(0), 2, Verdict.NOT_DECODABLE)),
        (["no_frame", "unconfirmed", None, "unconfirmed"], 3, Streak(on(0), 2, Verdict.UNCONFIRMED)),
        (["unconfirmed", "unconfirmed"], 0, Streak(None, 1, Verdict.UNCONFIRMED)),  # of tonight another look may tell
        (["unconfirmed", "ok"], 1, None),
        (["unconfirmed", "ok"], 0, None),
        ([None], 0, None),
        ([], 0, None),
    ],
)
def test_a_streak_is_of_nights_that_nobody_could_judge_and_ends_with_one_that_could(
    seen: Sequence[str | None], until: int, expected: Streak | None
) -> None:
    assert unjudged.streak(nights(*seen), on(until)) == expected


def test_who_was_told_is_told_again_only_of_a_streak_that_began_later() -> None:
    streak = Streak(on(3), 7, Verdict.UNCONFIRMED)
    assert [streak.is_new(told) for told in (None, on(2), on(3), on(9))] == [True, True, False, False]
    assert not Streak(None, 29, Verdict.UNCONFIRMED).is_new(on(9)), "the end of the nights that are looked back upon"
    assert unjudged.remembered(["1|2021-11-22", "1|2021-11-24", "2|2021-11-20"])[1] == on(2)


class Nights:
    """Nights as Airflow plays them: a round, and a second one in the morning."""

    def __init__(self, app: AppContext, environment: pytest.MonkeyPatch) -> None:
        from dondoc.orchestration import checking

        environment.setenv("DONDOC_OPS_ADDRESS", "van.hanh@so.test")
        self.app, self.checking, self.environment = AppContext(load()), checking, environment
        environment.setattr(checking, "open_context", lambda: self.app)

    def play(self, number: int, verdicts: dict[int, str], look: str = "night") -> list[OutboxLetter]:
        """The letters that there are after a round."""
        from tests.orchestration import rounds

        second = look == "second"
        now = at(on(number) + timedelta(days=second), 4 if second else 22)
        self.environment.setattr(self.checking.clock, "now", lambda: now)
        batch = rounds.batch(self.app, [*verdicts], look=look)
        found = rounds.found(self.app, batch, [result(camera, verdict, now) for camera, verdict in verdicts.items()])
        of: dict[str, Any] = rounds.context()
        self.checking.conclude([batch], [self.checking.store(batch, found, of)], of)
        with self.app.sessions.begin() as session:
            return list(session.scalars(select(OutboxLetter).where(OutboxLetter.context["unjudged"].is_not(None))))

    def told(self, number: int, verdicts: dict[int, str], look: str = "night") -> list[list[str]]:
        kept = self.play(number, verdicts, look)
        return [letter.context["unjudged"] for letter in kept if letter.context.get("unjudged")]


@pytest.fixture
def played(app: AppContext, environment: pytest.MonkeyPatch) -> Nights:
    return Nights(app, environment)


@pytest.mark.slow
def test_staff_gets_one_letter_with_what_was_seen_and_what_to_do_and_none_again_until_it_came_back(
    played: Nights,
) -> None:
    ids = at_site(played.app, 4)
    verdicts = dict(zip(ids, ("unconfirmed", "not_decodable", "not_decodable", "ok"), strict=True))
    said(played.app, ids[2], restricted=True)
    contact(played.app, "thuyloi@so.test")
    for number in range(7):
        assert played.told(number, verdicts) == []
    [letter] = [one for one in played.play(6, {ids[0]: "unconfirmed"}, "second") if one.context.get("unjudged")]
    assert (letter.recipient, letter.agency) == ("van.hanh@so.test", None)
    assert "03 camera nhiều đêm liền chưa kết luận được: cần người xem" in letter.subject
    for words in (
        f"{Verdict.NOT_DECODABLE.heading} (02 camera):",
        f"Cần làm: {Verdict.NOT_DECODABLE.staff_advice}",
        "- Gọi Sở NN&PTNT: Lê A, điện thoại 1",
        "- CAM-00001 Cổng 1 (Sở NN&PTNT): 07 đêm liền",
        "- CAM-00003 (Sở NN&PTNT): 07 đêm liền",
        "/dondoc/cameras?state=not_checked",
    ):
        assert words in letter.text
    for number in range(7, 45):
        assert len(played.told(number, verdicts)) == 1, "it is the same streak, however far back it began"
    played.play(45, dict.fromkeys(ids, "ok"))
    for number in range(46, 53):
        assert len(played.told(number, verdicts)) == 1
    assert len(played.told(53, verdicts)) == 2


@pytest.mark.slow
def test_staff_is_told_of_a_streak_after_many_nights_that_do_not_count(played: Nights) -> None:
    [camera] = at_site(played.app, 1)
    for number in range(8):
        kept = played.play(number, {camera: "unconfirmed"})
    assert "Gọi Sở NN&PTNT: danh bạ chưa có số điện thoại, cần bổ sung" in kept[-1].text
    played.play(8, {camera: "ok"})
    paused(played.app, 9, 44, agency=AGENCY)
    for number in range(45, 52):
        assert len(played.told(number, {camera: "unconfirmed"})) == 1
    assert len(played.told(52, {camera: "unconfirmed"})) == 2


@pytest.mark.slow
def test_a_notice_remembers_what_it_said_and_not_what_another_did(played: Nights) -> None:
    app = played.app
    with app.sessions.begin() as session:
        notices.no_address(app, session, {"so-nnptnt/overdue_1": "x"}, NOW)
        [other] = notices.local_outage(app, session, on(0), "night", "x", NOW)
        letter = session.get_one(OutboxLetter, other)
        letter.context = {**letter.context, "nobody": ["so-nnptnt/overdue_2"]}
        session.flush()
        told = notices.remembered(app, session, "nobody", Notice.NO_ADDRESS)
    assert told == {"so-nnptnt/overdue_1"}


@pytest.mark.slow
def test_a_night_of_which_a_second_look_tells_and_a_pause_tell_staff_nothing(played: Nights) -> None:
    [stopped], [helped] = at_site(played.app, 1), at_site(played.app, 1, "Bến")
    paused(played.app, 5, None, agency=AGENCY, place="Cổng")
    for number in range(9):
        played.play(number, dict.fromkeys((helped, stopped), "unconfirmed"))
        assert played.told(number, {helped: "ok"}, "second") == []


def test_the_number_of_nights_is_a_rule_and_seven_where_a_file_of_before_has_none() -> None:
    given: dict[str, Any] = yaml.safe_load((DATA / "cameras" / "rules.yaml").read_text("utf-8"))
    assert given.pop("unjudged") == {"nights": 7}
    assert Rules.model_validate(given).unjudged.nights == 7
    for wrong in (1, 29):
        with pytest.raises(ValidationError):
            Rules.model_validate({**given, "unjudged": {"nights": wrong}})
