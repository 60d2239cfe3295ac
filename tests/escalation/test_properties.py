"""The fair ladder, whatever happens."""

from tests.escalation.histories import play


def test_no_rule_is_broken_in_random_histories_of_sixty_days() -> None:
    assert play(range(60)) > 800
