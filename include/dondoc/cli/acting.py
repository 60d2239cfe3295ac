"""Who types a command."""

import getpass
import os
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:  # every command imports this, also `probe` and `check`, which start without a database
    from datetime import datetime

    from dondoc.audit import Actor
    from dondoc.configuration.context import AppContext

By = Annotated[str, typer.Option(help="Người thực hiện, ghi vào nhật ký; mặc định: tài khoản đang dùng máy.")]


def actor(by: str) -> "Actor":
    """The person that `--by` names, with the account and the machine at which the command was typed.

    Raises:
        Problem: no name, or the name of a program.
    """
    from dondoc.audit import person

    return replace(account(), name=person(by))


def account() -> "Actor":
    """The account in which a command was typed, where nobody has to be named."""
    from dondoc.audit import Actor, Channel

    try:
        login = getpass.getuser()
    except (OSError, KeyError):  # a container's user need not have a name
        login = f"uid {os.getuid()}"
    return Actor(login, login, Channel.CLI, socket.gethostname())


def anybody(by: str) -> "Actor":
    """The person that `--by` names, else the account.

    Raises:
        Problem: the name of a program.
    """
    return actor(by) if by.strip() else account()


def noted(app: "AppContext", who: "Actor", act: str, subject: str, *, now: "datetime", **details: Any) -> None:
    """Write down an act that is not one transaction: before it begins."""
    from dondoc.audit import record

    with app.sessions.begin() as session:
        record(session, app.secrets, who, act, subject, now=now, **details)
