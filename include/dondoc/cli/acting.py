"""Who types a command."""

import getpass
import os
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dondoc.audit import Actor, Channel, person, record

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from dondoc.world import World


def actor(by: str) -> Actor:
    """The person that `--by` names, with the account and the machine at which the command was typed.

    Raises:
        Problem: no name, or the name of a program.
    """
    return replace(account(), name=person(by))


def account() -> Actor:
    """The account in which a command was typed, where nobody has to be named."""
    try:
        login = getpass.getuser()
    except (OSError, KeyError):  # a container's user need not have a name
        login = f"uid {os.getuid()}"
    return Actor(login, login, Channel.CLI, socket.gethostname())


def noted(
    world: "World", session: "Session", who: Actor, act: str, subject: str, *, now: "datetime", **details: Any
) -> None:
    """Write an act down in the audit trail, in the transaction of the act itself."""
    record(session, world.secrets, who, act, subject, now=now, **details)
