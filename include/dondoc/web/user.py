"""Who looks at a page, as far as the pages care."""

from dataclasses import dataclass

from dondoc.audit import Actor, Channel


@dataclass(frozen=True)
class User:
    name: str
    may_act: bool  # operators and administrators; viewers only look
    login: str = ""  # the account that Airflow knows
    address: str | None = None  # of the network
    email: str | None = None  # of the account, where Airflow knows it
    administers: bool = False  # reads the audit trail

    @property
    def actor(self) -> Actor:
        """Who acts on a page, for the audit trail."""
        return Actor(self.name, self.login, Channel.PAGE, self.address)


class NotLoggedIn(Exception):
    """The visitor has no valid login: send them to the login page."""
