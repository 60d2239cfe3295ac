"""The one way in which letters are released, for every door: by an approver, written down with how they were known."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from dondoc import preconditions
from dondoc.audit import Actor
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.facts import approvers
from dondoc.mail import outbox
from dondoc.store.mail import OutboxLetter


def approve(
    app: AppContext, session: Session, ids: Iterable[int], actor: Actor, *, email: str | None = None, now: datetime
) -> list[OutboxLetter]:
    """Release held letters in an approver's name; as `outbox.approve`.

    Args:
        email: of the actor's account, where the door knows it for certain.

    Raises:
        NotAnApprover: the actor is not registered as an approver, or not for today.
        Problem: no such letter, or the name of a program.
    """
    day = now.astimezone(HERE).date()
    contact = approvers.approver(session, app.registry.office, actor, day, email=email)
    checks = preconditions.registry(app)
    two = app.settings.two_approvers
    return outbox.approve(
        session, ids, contact, actor, secrets=app.secrets, two_approvers=two, now=now, precondition=checks
    )
