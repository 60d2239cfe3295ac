"""What our own people are told in the morning: we are blind, nobody to write to, work that waits for us, letters to
approve."""

import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.facts import approvers, contacts
from dondoc.intake import inbox
from dondoc.mail import compose, outbox
from dondoc.mail.render import render, vn_moment
from dondoc.mail.shapes import InternalWords
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import LetterKind, OutboxState
from dondoc.vocabulary.numbers import TH
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.submissions import Outcome

log = logging.getLogger(__name__)
APPROVERS = (Role.APPROVER, Role.OPS)


def blind(app: AppContext, session: Session, why: str, held: int, now: datetime) -> None:
    """Tell the administrator, once a day, that chasing letters are held."""
    lines = [why, f"Số đơn vị có thư đang giữ: {held:02}", "Kiểm tra nguồn tiếp nhận; thư đang giữ cần người duyệt gửi"]
    _write(app, session, f"blind|{now.date()}", "Chưa gửi thư đôn đốc: không thấy hết nguồn tiếp nhận", lines, now)


def nobody(app: AppContext, session: Session, lacks: Mapping[str, str], now: datetime) -> None:
    """Tell the administrator, once for each agency and step, that there is no address to write to.

    `lacks`: what is missing, in words, by "agency/step".
    """
    if new := sorted(set(lacks) - _told(app, session, "nobody")):
        lines = [lacks[key] for key in new]
        title = "Chưa có địa chỉ để gửi thư đôn đốc: cần bổ sung danh bạ"
        _write(app, session, f"nobody|{','.join(new)}", title, lines, now, nobody=new)


def waiting(app: AppContext, session: Session, day: date, now: datetime) -> None:
    """Tell the approver (or the administrator), every morning, what waits for us and stops the chasing meanwhile.

    The count is that of the inbox's page, so files that could not be opened are in it; alone, as their senders have
    their answer, they are no reason to write.
    """
    rows = inbox.inbox(session, inbox.ASIDE)
    if any(row["outcome"] != Outcome.REFUSED for row in rows):
        names = {a.id: a.name for a in app.registry.agencies}
        title = f"{len(rows):02} bản nộp đang chờ Sở xử lý"
        lines = [_arrived(row, names) for row in rows]
        links = [("Trang bản nộp chờ xử lý", app.settings.page("dondoc/inbox"))]
        _write(app, session, f"waiting|{day}", title, lines, now, links=links, roles=APPROVERS)


def _arrived(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    day = f"{datetime.fromisoformat(row['received_at']).astimezone(HERE):%d/%m/%Y}"
    note = " (tệp chưa mở được, đã trả lời người gửi)" if row["outcome"] == Outcome.REFUSED else ""
    return f"{row['number']}, nhận ngày {day}: {names.get(row['agency'] or '', 'chưa rõ đơn vị')}{note}"


def to_approve(app: AppContext, session: Session, now: datetime) -> None:
    """Tell the approver (or the administrator) which letters wait for approval, until when and where to approve.

    Nobody is told of the same letters twice: only when one has come since is all that waits told again.
    """
    alive = or_(OutboxLetter.not_after.is_(None), OutboxLetter.not_after >= now)
    waits = (
        OutboxLetter.state == OutboxState.HELD,
        OutboxLetter.needs_approval,
        OutboxLetter.approved_by.is_(None),
        alive,
    )
    mode = OutboxLetter.rehearsal.is_(app.settings.mode == "rehearsal")
    rows = session.scalars(select(OutboxLetter).where(*waits, alive, mode).order_by(OutboxLetter.id)).all()
    ids = [row.id for row in rows]
    if not (new := set(ids) - _told(app, session, "to_approve")):
        return
    groups: dict[tuple[str, datetime | None], list[OutboxLetter]] = {}
    for row in rows:
        groups.setdefault((_title(app, row), row.not_after), []).append(row)
    lines = [
        f"{title}: {len(found):02} thư về {len({row.agency for row in found}):02} đơn vị"
        + (f"; duyệt muộn nhất lúc {vn_moment(until)}" if until else "")
        for (title, until), found in groups.items()
    ]
    if not approvers.approvers(session, app.registry.office, now.date()):
        lines.append(approvers.NOBODY.format(issuer=app.registry.office))
    if newest := audit.last(session):  # noted where whoever owns the database cannot change it
        lines.append(f"Nhật ký đến lúc này có {newest.id} dòng, dấu cuối {newest.digest}")
    page = app.settings.page
    links = [
        ("Đọc và duyệt trên trang đôn đốc", page("dondoc/letters?state=held")),
        ("Hoặc duyệt trong Airflow (Required Actions)", page("required_actions?response_received=false")),
    ]
    title = f"{len(rows):02} thư đang chờ duyệt gửi"
    key = f"approve|{max(new)}"
    _write(app, session, key, title, lines, now, links=links, roles=APPROVERS, to_approve=ids)


def refused_answer(
    app: AppContext, session: Session, run: str, why: str, held: Sequence[int], before: int, now: datetime
) -> None:
    """Tell the administrators that an answer in Airflow was not accepted, or that somebody tampered with a run.

    `before`: how many such letters the run has had.
    """
    kept = ", ".join(TH(i) for i in held) or "không có"
    lines = [why, f"Lượt chạy: {run}", f"Thư vẫn giữ lại: {kept}", "Người duyệt xem và duyệt từng thư trên trang Thư"]
    page = app.settings.page
    links = [("Thư đang giữ", page("dondoc/letters?state=held")), ("Nhật ký", page("dondoc/audit"))]
    title = "Không chấp nhận một câu trả lời duyệt thư trong Airflow"
    _write(app, session, f"answer|{run}|{before}", title, lines, now, links=links)


def _title(app: AppContext, row: OutboxLetter) -> str:
    kind = f"Thư đôn đốc “{row.kind.label}”" if row.kind.chases else row.kind.label
    return row.context.get("title") or kind


def _told(app: AppContext, session: Session, what: str) -> set[Any]:
    """All that letters to our own people remember under a name."""
    internal = (OutboxLetter.kind == LetterKind.INTERNAL, outbox.counted(app.settings))
    known = session.scalars(select(OutboxLetter.context).where(*internal))
    return {key for context in known for key in context.get(what, [])}


def _write(
    app: AppContext,
    session: Session,
    key: str,
    title: str,
    lines: Sequence[str],
    now: datetime,
    *,
    links: Sequence[tuple[str, str]] = (),
    roles: Sequence[Role] = (Role.OPS,),
    **remember: object,
) -> None:
    context: InternalWords = {"title": title, "lines": lines, "links": links}
    rendered = render(app.settings.data, app.registry, "internal", context)
    about = compose.of_notice(app.registry.survey, key)
    letters = [
        compose.letter(app.settings, LetterKind.INTERNAL, address, rendered, about, title, context=dict(remember))
        for address in _ours(app, session, roles, now.date())
    ]
    if not letters:
        log.error(
            "nobody of ours to tell (DONDOC_OPS_ADDRESS, or contacts of role ops): %s: %s", title, "; ".join(lines)
        )
    outbox.enqueue(session, letters, settings=app.settings, now=now)


def _ours(app: AppContext, session: Session, roles: Sequence[Role], day: date) -> list[str]:
    """Our people of the first role that anybody holds, else the administrator's address."""
    for role in roles:
        if found := contacts.find(session, app.registry.office, role, day):
            return [c.email for c in found]
    return [app.settings.ops_address] if app.settings.ops_address else []
