"""Who looks at a page, as far as the pages care."""

from dataclasses import dataclass


@dataclass(frozen=True)
class User:
    name: str
    may_act: bool  # operators and administrators; viewers only look


class NotLoggedIn(Exception):
    """The visitor has no valid login: send them to the login page."""
