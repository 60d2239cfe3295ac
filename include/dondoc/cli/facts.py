"""obligations, register, rule, rulings, contacts."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from dondoc.cli.acting import By
from dondoc.cli.output import day, day_or_moment, emit, say, show, since
from dondoc.errors import Problem
from dondoc.vocabulary.mails import Closing
from dondoc.vocabulary.numbers import BN, TD, VB
from dondoc.vocabulary.rulings import CallResult, Cause, RulingKind


class _Register(TyperCommand):
    """`dondoc register undo ID …` is `dondoc register-undo ID …`."""

    def make_context(self, info_name: Any, args: list[str], parent: Any = None, **extra: Any) -> Any:
        if parent is not None and args[:1] == ["undo"]:
            return parent.command.commands["register-undo"].make_context("register-undo", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


contacts_app = typer.Typer(no_args_is_help=True, help="Danh bạ liên hệ của các đơn vị.")


def add(cli: typer.Typer) -> None:
    cli.command()(obligations)
    cli.command(cls=_Register)(register)
    cli.command("register-undo")(undo_register)
    cli.command()(rule)
    cli.command()(rulings)
    for name, command in CONTACTS.items():
        contacts_app.command(name)(command)
    cli.add_typer(contacts_app, name="contacts")


def obligations(
    as_of: Annotated[str, typer.Option(help="Ngày, ví dụ 2021-11-22.")],
    known_at: Annotated[str | None, typer.Option(help="Chỉ tính những gì đã ghi nhận đến lúc này.")] = None,
    directive: Annotated[str | None, typer.Option(help="Chỉ văn bản này.")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Từng nhiệm vụ đang thế nào, và vì sao."""
    from dondoc.configuration.context import open_context
    from dondoc.facts import obligations as room

    app, when = open_context(), day_or_moment(as_of)
    with app.sessions.reading() as session:
        standings = room.at(app, session, when, day_or_moment(known_at) if known_at else None)
    rows = [room.as_row(s) for s in standings if directive in (None, s.duty.directive)]
    show(rows, as_json, ["agency", "system", "deliverable", "last_day", "status", "working_days_late", "reason"])


def register(
    agency: Annotated[str, typer.Option()],
    fulfils: Annotated[
        list[str], typer.Option(help="Nội dung hoàn thành: focal_letter, form_03 hoặc hệ_thống/nội_dung.")
    ],
    number: Annotated[str, typer.Option(help="Số, ký hiệu văn bản.")],
    date: Annotated[str, typer.Option(help="Ngày ghi trên văn bản.")],
    arrived: Annotated[str, typer.Option(help="Ngày hoặc thời điểm văn bản đến Sở.")],
    by: Annotated[str, typer.Option(help="Người vào sổ.")],
    more: Annotated[list[str] | None, typer.Argument(metavar="FORM_OR_LETTER", hidden=True)] = None,
    file: Annotated[Path | None, typer.Option(help="Bản scan.")] = None,
    submission: Annotated[str | None, typer.Option(help="Bản scan là bản nộp này, ví dụ BN-0012.")] = None,
    reply: Annotated[str | None, typer.Option(help="Thư trả lời nói về văn bản này: coi như đã xử lý.")] = None,
) -> None:
    """Vào sổ văn bản đến bằng giấy, qua trục liên thông hoặc kênh riêng; bản scan đang chờ thì coi như đã xử lý."""
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.facts.register import register as record
    from dondoc.intake import inbox, open_replies

    app, now, who = open_context(), clock.now(), actor(by)
    arrival = since(arrived)
    if file and submission:
        raise Problem("Chỉ dùng một trong hai: --file hoặc --submission.")
    blob = app.blobs.put(_content(file)) if file else None
    with app.sessions.begin() as session:
        if submission:
            blob = inbox.original_of(session, BN.read(submission))
        number_ = record(
            session,
            app.letters_since(session, arrival.date()),
            app.registry,
            agency=agency,
            fulfils=[*fulfils, *(more or [])],
            number=number,
            document_date=day(date),
            arrived=arrival,
            blob=blob,
            by=who,
            secrets=app.secrets,
            now=now,
        )
        settled = inbox.mark_registered(session, blob, agency=agency, number=number, now=now) if blob else []
        if reply:
            settled.append(BN.read(reply))
            open_replies.close(session, app.secrets, settled[-1], Closing.REGISTERED, number_, by=who, now=now)
    say(f"Đã vào sổ văn bản {number} của {app.registry.agency(agency).name} (số sổ {VB(number_)}).")
    for one in settled:
        say(f"{BN(one)} không còn chờ xử lý.")


def undo_register(
    entry: Annotated[str, typer.Argument(metavar="ID", help="Số sổ, ví dụ VB-0012.")],
    reason: Annotated[str, typer.Option(help="Vì sao ghi nhầm.")],
    by: Annotated[str, typer.Option(help="Ai quyết định.")],
) -> None:
    """Rút khỏi sổ một văn bản ghi nhầm (sai đơn vị, sai số); ghi lại cho đúng bằng `register`."""
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.facts.register import undo
    from dondoc.intake import inbox, open_replies

    app, number, who, now = open_context(), VB.read(entry), actor(by), clock.now()
    with app.sessions.begin() as session:
        row = undo(session, number, reason=reason, by=who, secrets=app.secrets, now=now)
        was = row.document_number
        waiting = inbox.unmark_registered(session, row.blob, number=was, now=now) if row.blob else []
        waiting += open_replies.reopen(session, Closing.REGISTERED, number, now)
        say(f"Đã rút {VB(number)} (văn bản {was}) khỏi sổ: {len(row.fulfils):02} nhiệm vụ tính lại.")
    for one in waiting:
        say(f"{BN(one)} lại chờ xử lý.")


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Problem(f"{file}: không đọc được tệp ({error.strerror}). Kiểm tra đường dẫn.") from None


def rule(
    kind: Annotated[str, typer.Argument(help=", ".join(RulingKind))],
    by: Annotated[str, typer.Option(help="Người quyết định.")],
    document: Annotated[str, typer.Option(help="Văn bản làm căn cứ; called, promise: có thể để trống.")] = "",
    reason: Annotated[str, typer.Option(help="Lý do; called, promise: có thể để trống.")] = "",
    agency: Annotated[str | None, typer.Option(help="Để trống: mọi đơn vị.")] = None,
    system: Annotated[str | None, typer.Option(help="Để trống: mọi hệ thống.")] = None,
    deliverable: Annotated[str | None, typer.Option(help="Để trống: mọi nội dung.")] = None,
    directive: Annotated[str | None, typer.Option(help="Mã văn bản chỉ đạo; để trống: mọi văn bản.")] = None,
    period: Annotated[str | None, typer.Option(help="Kỳ, ví dụ 2022-01; để trống: mọi kỳ (accept: phải ghi).")] = None,
    place: Annotated[
        str | None,
        typer.Option("--place", "--site", help="pause: chỉ các camera ở điểm này; xem dondoc cameras places."),
    ] = None,
    until: Annotated[str | None, typer.Option(help="extend, pause: ngày cuối cùng; called, promise: ngày hẹn.")] = None,
    to: Annotated[str | None, typer.Option(help="reassign: đơn vị nhận.")] = None,
    undoes: Annotated[
        int | None,
        typer.Option(min=1, max=999_999_999, help="undo: số của quyết định bị hủy bỏ, cả của một lần hủy bỏ."),
    ] = None,
    spoken_to: Annotated[str | None, typer.Option(help="called, promise: người của đơn vị.")] = None,
    result: Annotated[str | None, typer.Option(help=f"called: {', '.join(CallResult)}.")] = None,
    cause: Annotated[str | None, typer.Option(help=f"called, promise: vì sao chậm: {', '.join(Cause)}.")] = None,
    document_date: Annotated[
        str | None,
        typer.Option(help="Ngày của văn bản; mặc định: ngày ghi trong --document. Văn bản mới hơn có hiệu lực."),
    ] = None,
    from_: Annotated[str | None, typer.Option("--from", help="Có hiệu lực từ; mặc định: bây giờ.")] = None,
    reply: Annotated[
        str | None, typer.Option(help="promise: thư trả lời hẹn ngày này, ví dụ BN-0012: coi như đã xử lý.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Ghi quyết định của người có thẩm quyền; được nêu trong mọi lý do dựa vào nó."""
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.facts.rule import rule as record
    from dondoc.intake import open_replies

    app, now, who = open_context(), clock.now(), actor(by)
    wanted = RulingKind.read(kind, "loại quyết định")
    if reply and wanted != RulingKind.PROMISE:
        raise Problem("--reply chỉ dùng với promise: ghi ngày hẹn trong thư trả lời.")
    with app.sessions.begin() as session:
        done = record(
            app,
            session,
            wanted,
            directive=directive,
            agency=agency,
            system=system,
            deliverable=deliverable,
            period=period,
            place=place,
            until=day(until) if until else None,
            to_agency=to,
            undoes=undoes,
            spoken_to=spoken_to,
            result=CallResult.read(result, "kết quả cuộc gọi") if result else None,
            cause=Cause.read(cause, "nguyên nhân") if cause else None,
            document=document,
            document_date=day(document_date) if document_date else None,
            reason=reason,
            by=who,
            from_=since(from_) if from_ else None,
            now=now,
        )
        if reply:
            made_of = BN.read(reply)
            open_replies.close(session, app.secrets, made_of, Closing.PROMISED, done.number, by=who, now=now)
        if undoes:
            open_replies.reopen(session, Closing.PROMISED, undoes, now)
    say(f"Đã ghi quyết định số {done.number} ({kind}){f': {done.covers}' if done.covers else ''}.")
    if as_json:
        emit({"id": str(done.number), "kind": kind, "covers": done.coverage.ids, "cameras": done.coverage.cameras})


def rulings(
    as_of: Annotated[str | None, typer.Option(help="Ngày, ví dụ 2021-11-22; mặc định: bây giờ.")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Các quyết định đang có hiệu lực và số của chúng (để hủy bỏ: `rule undo --undoes SỐ`)."""
    from dondoc import clock
    from dondoc.configuration.context import open_context
    from dondoc.facts import rulings as room

    app, when = open_context(), day_or_moment(as_of) if as_of else clock.now()
    with app.sessions.reading() as session:
        rows = [room.as_row(r) for r in room.standing_rulings(session, when)]
    show(
        rows,
        as_json,
        ["id", "kind", "directive", "agency", "system", "deliverable", "period", "place", "until", "to", "reason"],
    )


def import_contacts(
    file: Path,
    by: By = "",
    ends_missing: Annotated[
        bool, typer.Option("--ends-missing", help="Kết thúc liên hệ của các đơn vị trong tệp mà tệp không còn ghi.")
    ] = False,
    every_agency: Annotated[
        bool, typer.Option("--every-agency", help="Cùng --ends-missing: của mọi đơn vị, cả đơn vị không có trong tệp.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Chỉ xem sẽ thêm, kết thúc những gì.")] = False,
) -> None:
    """Nhập danh bạ từ CSV; một dòng sai thì không nhập dòng nào. Danh sách mới nhất được dùng trước mọi danh sách cũ.

    Cột phải có: agency, role, name, email, phone. Nếu cần: system, valid_from, valid_to (ngày cuối cùng), login (tài
    khoản Airflow của người duyệt). Bỏ trống valid_to và login thì giữ điều đã biết.
    """
    from dondoc import clock
    from dondoc.cli.acting import anybody
    from dondoc.configuration.context import open_context
    from dondoc.facts import contacts as room

    if every_agency and not ends_missing:
        raise Problem("--every-agency chỉ dùng cùng --ends-missing.")
    missing = room.Missing.ALL if every_agency else room.Missing.LISTED if ends_missing else room.Missing.NOBODY
    app, now, who = open_context(), clock.now(), anybody(by)
    try:
        text = _content(file).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Problem(f"{file}: không phải văn bản UTF-8. Lưu lại dạng CSV UTF-8.") from None
    with app.sessions.begin() as session:
        more: dict[str, Any] = {"by": who, "secrets": app.secrets, "now": now, "missing": missing}
        done = room.import_csv(session, app.registry, text, file.name, **more)
        ended = [f"{c.name} ({c.role.of} {app.registry.agency(c.agency).name})" for c in done.ended]
        if dry_run:
            session.rollback()
    will = "Chưa ghi gì; nếu nhập thì " if dry_run else ""
    say(f"{will}{file.name}: thêm {done.added} dòng, {done.unchanged} dòng đã có, kết thúc {len(ended)} liên hệ.")
    for one in ended:
        say(f"  kết thúc: {one}")


def mask(by: By = "") -> None:
    """Ẩn họ tên, điện thoại, địa chỉ của người thôi làm liên hệ đã lâu (DONDOC_CONTACT_MONTHS)."""
    from dondoc import clock
    from dondoc.cli.acting import anybody
    from dondoc.configuration.context import open_context
    from dondoc.facts import former_contacts

    app, who = open_context(), anybody(by)
    with app.sessions.begin() as session:
        months = app.settings.contact_months
        count = former_contacts.mask(session, months, by=who, secrets=app.secrets, now=clock.now())
    say(f"Đã ẩn thông tin của {count} người thôi làm liên hệ quá {months} tháng.")


def end(
    email: Annotated[str, typer.Argument(metavar="EMAIL")],
    agency: Annotated[str, typer.Option()],
    on: Annotated[str, typer.Option(help="Ngày cuối cùng còn là liên hệ, ví dụ 2021-11-22.")],
    by: Annotated[str, typer.Option(help="Ai quyết định.")],
    role: Annotated[str | None, typer.Option(help="Để trống: mọi vai trò.")] = None,
    system: Annotated[str | None, typer.Option(help="Để trống: mọi hệ thống.")] = None,
    reason: Annotated[str, typer.Option(help="Lý do, ví dụ số văn bản.")] = "",
) -> None:
    """Kết thúc một liên hệ: sau ngày đó không nhận thư và không được thay mặt đơn vị nữa."""
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.facts import contacts as room

    app, now, who, last = open_context(), clock.now(), actor(by), day(on)
    with app.sessions.begin() as session:
        ended = room.end(
            session,
            email,
            agency=agency,
            on=last,
            role=role,
            system=system,
            reason=reason,
            by=who,
            secrets=app.secrets,
            now=now,
        )
    say(f"{email}: hết là liên hệ của {agency} sau ngày {last:%d/%m/%Y} ({len(ended)} vai trò).")


def changes(
    every: Annotated[bool, typer.Option("--all", help="Cả những thay đổi đã được xác nhận hoặc từ chối.")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Liên hệ mới do biểu mẫu ghi, còn chờ địa chỉ cũ hoặc cán bộ của Sở xác nhận."""
    from dondoc.configuration.context import open_context
    from dondoc.facts import contact_changes as room

    with open_context().sessions.reading() as session:
        rows = room.rows(room.every(session) if every else room.waiting(session))
    show(rows, as_json, ["number", "agency", "system", "name", "email", "asked", "state"])


def confirm(
    change: Annotated[str, typer.Argument(metavar="ID", help="Ví dụ TD-0012.")],
    by: Annotated[str, typer.Option(help="Ai quyết định.")],
    on: Annotated[str | None, typer.Option(help="Từ ngày; mặc định: hôm nay.")] = None,
) -> None:
    """Xác nhận một liên hệ mới: từ ngày đó thư gửi đến địa chỉ đó."""
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.facts import contact_changes as room

    app, number, who, now = open_context(), TD.read(change), actor(by), clock.now()
    begins = day(on) if on else now.date()
    with app.sessions.begin() as session:
        done = room.confirm(session, app.secrets, number, by=who, now=now, on=begins)
    say(f"{TD(number)}: từ ngày {begins:%d/%m/%Y} {done.name} ({done.email}) là cán bộ đầu mối.")


def refuse(
    change: Annotated[str, typer.Argument(metavar="ID", help="Ví dụ TD-0012.")],
    reason: Annotated[str, typer.Option(help="Vì sao từ chối.")],
    by: Annotated[str, typer.Option(help="Ai quyết định.")],
) -> None:
    """Từ chối một liên hệ mới: thư vẫn gửi đến địa chỉ cũ."""
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.facts import contact_changes as room

    app, number, who = open_context(), TD.read(change), actor(by)
    with app.sessions.begin() as session:
        room.refuse(session, app.secrets, number, reason=reason, by=who, now=clock.now())
    say(f"{TD(number)}: đã từ chối.")


CONTACTS: dict[str, Callable[..., None]] = {
    "import": import_contacts,
    "end": end,
    "mask": mask,
    "changes": changes,
    "confirm": confirm,
    "refuse": refuse,
}
