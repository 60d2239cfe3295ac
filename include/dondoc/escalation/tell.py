"""What our own people are told in the morning: we are blind, nobody to write to, work that waits for us."""

import logging
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.escalation import words
from dondoc.escalation.ladder import Decision
from dondoc.facts import contacts
from dondoc.facts.obligations import OUR_TURN
from dondoc.facts.read import Facts
from dondoc.mail import outbox
from dondoc.mail.letter import Letter
from dondoc.mail.render import render
from dondoc.store.mail import OutboxLetter
from dondoc.world import World

log = logging.getLogger(__name__)


def blind(world: World, session: Session, why: str, held: int, now: datetime) -> None:
    """Tell the administrator, once a day, that chasing letters are held."""
    lines = [why, f"Số đơn vị có thư đang giữ: {held:02}", "Kiểm tra nguồn tiếp nhận; thư đang giữ cần người duyệt gửi"]
    _write(world, session, f"blind|{now.date()}", "Chưa gửi thư đôn đốc: không thấy hết nguồn tiếp nhận", lines, now)


def nobody(world: World, session: Session, decisions: Sequence[Decision], now: datetime) -> None:
    """Tell the administrator, once for each agency and step, that there is no address to write to."""
    missing = {f"{d.agency}/{d.step.id}": d for d in decisions if d.step}
    internal = (OutboxLetter.kind == "internal", outbox.counted(world.settings))
    known = session.scalars(select(OutboxLetter.context).where(*internal))
    told = {key for context in known for key in context.get("nobody", [])}
    if new := sorted(set(missing) - told):
        lines = [_lacks(world, missing[key]) for key in new]
        title = "Chưa có địa chỉ để gửi thư đôn đốc: cần bổ sung danh bạ"
        _write(world, session, f"nobody|{','.join(new)}", title, lines, now, nobody=new)


def _lacks(world: World, decision: Decision) -> str:
    step = decision.step
    assert step is not None
    roles = " hoặc ".join(words.ROLE[role] for role in step.to)
    return f"{world.directive.agency(decision.agency).name}: chưa có địa chỉ của {roles} (bậc “{words.title(step)}”)"


def waiting(world: World, session: Session, facts: Facts, day: date, now: datetime) -> None:
    """Tell the approver (or the administrator), every morning, what waits for us and stops the chasing meanwhile."""
    names = {a.id: a.name for a in world.directive.agencies}
    lines = [
        f"BN-{s.id:04}, nhận ngày {words.short(s.received_at.date())}: {names.get(s.agency or '', 'chưa rõ đơn vị')}"
        for s in facts.submissions
        if s.outcome in OUR_TURN
    ]
    if lines:
        title = f"{len(lines):02} bản nộp đang chờ Sở xử lý"
        _write(world, session, f"waiting|{day}", title, lines, now, roles=("approver", "ops"))


def _write(
    world: World,
    session: Session,
    key: str,
    title: str,
    lines: Sequence[str],
    now: datetime,
    *,
    roles: Sequence[str] = ("ops",),
    **remember: object,
) -> None:
    rendered = render(world.settings.data, world.directive, "internal", {"title": title, "lines": lines})
    letters = [
        Letter(
            kind="internal",
            recipient=address,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            dedup="|".join((world.settings.installation, world.directive.id, "internal", key, address)),
            reason=title,
            context=dict(remember),
        )
        for address in _ours(world, session, roles, now.date())
    ]
    if not letters:
        log.error(
            "nobody of ours to tell (DONDOC_OPS_ADDRESS, or contacts of role ops): %s: %s", title, "; ".join(lines)
        )
    outbox.enqueue(session, letters, settings=world.settings, now=now)


def _ours(world: World, session: Session, roles: Sequence[str], day: date) -> list[str]:
    """Our people of the first role that anybody holds, else the administrator's address."""
    for role in roles:
        if found := contacts.find(session, world.directive.issuer, role, day):
            return [c.email for c in found]
    return [world.settings.ops_address] if world.settings.ops_address else []
