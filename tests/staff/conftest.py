"""The Department on a morning of the ladder: it is what the notices are about."""

from tests.escalation.conftest import _each_blank_is_drawn_once, drawn, live, office, post_office

__all__ = ["_each_blank_is_drawn_once", "drawn", "live", "office", "post_office"]
