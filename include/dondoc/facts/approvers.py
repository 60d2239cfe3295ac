"""Who may release letters: people of the issuing agency who are registered as approvers and are so on that day."""

from datetime import date

from sqlalchemy.orm import Session

from dondoc.audit import Actor, Channel, person
from dondoc.directive.names import fold
from dondoc.errors import Problem
from dondoc.facts import contacts
from dondoc.store.facts import Contact
from dondoc.vocabulary.people import Role

NOBODY = (
    "Chưa đăng ký người duyệt nào, nên không thư nào được duyệt. Nhập bằng `dondoc contacts import` một dòng của "
    "{issuer} có vai trò approver, cột login ghi tên đăng nhập của người đó."
)


class NotAnApprover(Problem):
    """Whoever wants to release letters is not registered for it, or not for that day."""


def approvers(session: Session, issuer: str, day: date) -> list[Contact]:
    """The approvers of a day, one entry per address."""
    return contacts.find(session, issuer, Role.APPROVER, day)


def approver(session: Session, issuer: str, actor: Actor, day: date, *, email: str | None = None) -> Contact:
    """The approver that an actor is.

    A login is matched by itself or by the e-mail address of its account, never by what it is called. On the command
    line, where the account is that of the machine, the name, the address or the login that was typed is matched.

    Args:
        issuer: the agency whose people approve.
        email: of the actor's account, where the door knows it for certain.

    Raises:
        NotAnApprover: nobody is registered, or not this one, or the name fits several people.
        Problem: the name is empty or that of a program.
    """
    registered = approvers(session, issuer, day)
    if actor.channel is Channel.CLI:
        found = _named(registered, person(actor.name))
    else:
        found = [c for c in registered if actor.login and c.login == actor.login]
        found = found or [c for c in registered if email and c.email == email.strip().lower()]
    if not registered:
        raise NotAnApprover(NOBODY.format(issuer=issuer))
    if not found:
        who = actor.name if actor.channel is Channel.CLI else f"Tài khoản {actor.login}"
        raise NotAnApprover(f"{who} không phải người duyệt của ngày {day:%d/%m/%Y}. {said(registered)}")
    if len({contact.email for contact in found}) > 1 and actor.channel is Channel.CLI:
        raise NotAnApprover(f"Có nhiều người duyệt tên “{actor.name}”: ghi địa chỉ thư của người duyệt thay cho tên.")
    return found[0]


def _named(registered: list[Contact], who: str) -> list[Contact]:
    exact = [c for c in registered if who == c.login or who.lower() == c.email]
    return exact or [c for c in registered if fold(c.name) == fold(who)]


def said(registered: list[Contact]) -> str:
    """Who may approve, as a sentence; no addresses."""
    return f"Người duyệt: {'; '.join(dict.fromkeys(contact.name for contact in registered))}."
