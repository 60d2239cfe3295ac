"""What our own people are told of the work: sources unread, no address, letters to approve, our own outage."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.cameras.nights import unjudged as streaks
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.facts import approvers
from dondoc.mail import compose, outbox
from dondoc.mail.compose import About
from dondoc.mail.letter import Attachment
from dondoc.mail.render import render, vn_moment
from dondoc.mail.shapes import InternalWords, Section
from dondoc.staff import letters
from dondoc.store.mail import OutboxLetter
from dondoc.store.session import one_at_a_time
from dondoc.vocabulary.cameras import State
from dondoc.vocabulary.letters import LetterKind, OutboxState
from dondoc.vocabulary.notices import Notice
from dondoc.vocabulary.numbers import CAM, CV, TH


def sources_unread(app: AppContext, session: Session, reason: str, held: int, now: datetime) -> None:
    """Tell the administrator, once a day, that chasing letters are held."""
    lines = [
        reason,
        f"Số đơn vị có thư đang giữ: {held:02}",
        "Kiểm tra nguồn tiếp nhận; thư đang giữ cần người duyệt gửi",
    ]
    _tell(app, session, Notice.SOURCES_UNREAD, f"{now.date()}", lines, now)


def no_address(app: AppContext, session: Session, lacks: Mapping[str, str], now: datetime) -> None:
    """Tell the administrator, once for each agency and step, that there is no address to write to.

    `lacks`: what is missing, in words, by "agency/step".
    """
    if new := sorted(set(lacks) - remembered(app, session, "nobody", Notice.NO_ADDRESS)):
        _tell(app, session, Notice.NO_ADDRESS, ",".join(new), [lacks[key] for key in new], now, nobody=new)


def held_letters(app: AppContext, session: Session, now: datetime, *, stopped: bool = False) -> list[OutboxLetter]:
    """The letters that wait for an approver and may still leave; `stopped`: those that need none, but are held all the
    same, for a reason of their own (sources unread, everything stopped, a restored database)."""
    alive = or_(OutboxLetter.not_after.is_(None), OutboxLetter.not_after >= now)
    waits = (
        OutboxLetter.state == OutboxState.HELD,
        OutboxLetter.needs_approval.is_(not stopped),
        OutboxLetter.approved_by.is_(None),
        alive,
    )
    mode = OutboxLetter.rehearsal.is_(app.settings.mode == "rehearsal")
    return list(session.scalars(select(OutboxLetter).where(*waits, mode).order_by(OutboxLetter.id)))


def letters_wait(app: AppContext, session: Session, now: datetime) -> None:
    """Tell the approver (or the administrator) which letters wait for approval, until when and where to approve.

    Nobody is told of the same letters twice: only when one has come since is all that waits told again.
    """
    rows = held_letters(app, session, now)
    ids = [row.id for row in rows]
    if not (new := set(ids) - remembered(app, session, "to_approve", Notice.LETTERS_WAIT, Notice.MORNING)):
        return
    groups: dict[tuple[str, datetime | None], list[OutboxLetter]] = {}
    for row in rows:
        groups.setdefault((title_of(row), row.not_after), []).append(row)
    lines = [
        f"{title}: {len(group):02} thư về {len({row.agency for row in group}):02} đơn vị"
        + (f"; duyệt muộn nhất lúc {vn_moment(until)}" if until else "")
        for (title, until), group in groups.items()
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
    once = f"{max(new)}"
    _tell(app, session, Notice.LETTERS_WAIT, once, lines, now, links=links, count=len(rows), to_approve=ids)


def restored(app: AppContext, session: Session, held: Sequence[int], now: datetime) -> None:
    """Tell whoever approves that the database is an older one, and what waits because of it."""
    lines = [
        f"Thư đang giữ: {', '.join(map(TH, held)) or 'không có'}",
        "Các thư này có thể đã gửi sau lúc sao lưu: đối chiếu hộp thư lưu trữ, rồi duyệt gửi hoặc hủy từng thư",
        "Hồ sơ, văn bản nhận được sau lúc sao lưu cần được ghi lại",
    ]
    links = [("Thư đang giữ", app.settings.page("dondoc/letters?state=held"))]
    _tell(app, session, Notice.RESTORED, now.isoformat(), lines, now, links=links, count=len(held))


def answer_refused(
    app: AppContext, session: Session, run: str, reason: str, held: Sequence[int], before: int, now: datetime
) -> None:
    """Tell the administrators that an answer in Airflow was not accepted, or that somebody tampered with a run.

    `before`: how many such letters the run has had.
    """
    kept = ", ".join(TH(i) for i in held) or "không có"
    lines = [
        reason,
        f"Lượt chạy: {run}",
        f"Thư vẫn giữ lại: {kept}",
        "Người duyệt xem và duyệt từng thư trên trang Thư",
    ]
    page = app.settings.page
    links = [("Thư đang giữ", page("dondoc/letters?state=held")), ("Nhật ký", page("dondoc/audit"))]
    _tell(app, session, Notice.ANSWER_REFUSED, f"{run}|{before}", lines, now, links=links)


def local_outage(app: AppContext, session: Session, night: date, round: str, summary: str, now: datetime) -> list[int]:
    """Tell the administrator, once for each round, that it says nothing of the cameras because we were cut off.

    Returns:
        ids of the outbox rows.
    """
    lines = [summary, "Không mở sự cố, không gửi thư cho đơn vị nào. Kiểm tra đường truyền, tường lửa, VPN của Sở."]
    return _tell_of_night(app, session, Notice.LOCAL_OUTAGE, f"{night}|{round}", lines, now)


def unconcluded(app: AppContext, session: Session, night: date, lines: Sequence[str], now: datetime) -> list[int]:
    """Tell the administrator, once a night, that much of it says nothing of the cameras because of us.

    Returns:
        ids of the outbox rows.
    """
    told = [
        *lines,
        "Xử lý xong thì chạy lại lượt kiểm tra ngay trong đêm",
        "Các camera này không tính cho đơn vị nào, không mở sự cố, không có thư",
    ]
    return _tell_of_night(app, session, Notice.UNCONCLUDED, str(night), told, now)


def unjudged(app: AppContext, session: Session, day: date, until: date, now: datetime) -> list[int]:
    """Tell the administrator of cameras that many nights in a row could not be judged, once for each streak.

    `day`, `until`: as of `nights.unjudged`.

    Returns:
        ids of the outbox rows.
    """
    one_at_a_time(session, "unjudged cameras")
    told = streaks.remembered(remembered(app, session, "unjudged", Notice.UNJUDGED))
    found = streaks.unjudged(app, session, day, until, told, now)
    if not found:
        return []
    lines = ["Các đêm ấy không tính cho đơn vị nào, không thành sự cố, không có thư gửi đơn vị"]
    about = compose.of_notice(app.registry.survey, f"{Notice.UNJUDGED}|{until}|{CAM(found[0].camera)}")
    keys = [streaks.key(one.camera, until) for one in found]
    links = [("Camera chưa kiểm tra được", app.settings.page(f"dondoc/cameras?state={State.NOT_CHECKED}"))]
    more: dict[str, Any] = {"sections": streaks.sections(app, found), "links": links, "unjudged": keys}
    return _tell(app, session, Notice.UNJUDGED, about, lines, now, count=len(found), **more)


def own_clock(app: AppContext, session: Session, night: date, summary: str, now: datetime) -> list[int]:
    """Tell the administrator, once a night, that our own clock seems to be wrong.

    Returns:
        ids of the outbox rows.
    """
    lines = [summary, "Không báo đơn vị nào là đồng hồ camera sai. Đặt lại giờ máy, bật đồng bộ giờ (NTP)."]
    return _tell_of_night(app, session, Notice.OWN_CLOCK, str(night), lines, now)


def _tell_of_night(
    app: AppContext, session: Session, notice: Notice, what: str, lines: Sequence[str], now: datetime
) -> list[int]:
    """Tell of a night of cameras, or of a round of it, once."""
    key = f"{notice}|{what}"  # the key of the first versions
    about = compose.of_cameras(app.registry.survey, app.registry.office, LetterKind.INTERNAL, key)
    return _tell(app, session, notice, about, lines, now)


def official_drafted(
    app: AppContext,
    session: Session,
    letter: int,
    to: str,
    given: str,
    replaces: int | None,
    file: Attachment,
    now: datetime,
) -> None:
    """Give our clerk the draft of an official letter, once.

    Args:
        to: its agencies, by name; `given`: the time that it gives them, in words.
        replaces: the draft that it takes the place of.
    """
    lines = [
        f"Kính gửi: {to}",
        f"Hạn trả lời: {given}",
        "Trình ký, cấp số, ghi ngày, ban hành; rồi vào sổ kèm bản đã ký. Thư điện tử nhắc tới công văn này chỉ gửi "
        "sau khi đã vào sổ",
    ]
    if replaces:
        lines.append(f"Thay dự thảo {CV(replaces)}, nếu chưa ban hành: nội dung còn thiếu của các đơn vị đã khác")
    links = [("Tải dự thảo, vào sổ công văn", app.settings.page("dondoc/official"))]
    named = {"letter": CV(letter)}
    _tell(app, session, Notice.OFFICIAL_DRAFTED, CV(letter), lines, now, links=links, named=named, attachments=(file,))


def title_of(row: OutboxLetter) -> str:
    """What people call a letter: its step, or its kind."""
    kind = f"Thư đôn đốc “{row.kind.label}”" if row.kind.chases else row.kind.label
    return row.context.get("title") or kind


def remembered(app: AppContext, session: Session, what: str, *notices: Notice) -> set[Any]:
    """All that letters of these notices remember under a name."""
    theirs = or_(*(OutboxLetter.dedup_key.contains(compose.part_of_notice(one), autoescape=True) for one in notices))
    internal = (OutboxLetter.kind == LetterKind.INTERNAL, theirs, outbox.counted(app.settings))
    contexts = session.scalars(select(OutboxLetter.context).where(*internal))
    return {key for context in contexts for key in context.get(what, [])}


def _tell(
    app: AppContext,
    session: Session,
    notice: Notice,
    once: str | About,
    lines: Sequence[str],
    now: datetime,
    *,
    sections: Sequence[Section] = (),
    links: Sequence[tuple[str, str]] = (),
    count: int = 0,
    named: Mapping[str, str] | None = None,
    attachments: tuple[Attachment, ...] = (),
    **remember: object,
) -> list[int]:
    """`once`: for what it is told once."""
    title = notice.label.format(count=count, **(named or {}))
    context: InternalWords = {"title": title, "lines": lines, "sections": sections, "links": links}
    words = render(app.settings.data, app.registry, LetterKind.INTERNAL, context, now.astimezone(HERE).date())
    about = compose.of_notice(app.registry.survey, f"{notice}|{once}") if isinstance(once, str) else once
    return letters.write(app, session, notice, words, about, title, now, remember, attachments)
