"""receive, inbox, replies, assign, dismiss, intake list, show, rejudge, undo."""

from pathlib import Path
from typing import Annotated

import typer

from dondoc.cli.acting import By
from dondoc.cli.output import contents, emit, moment, say, show, since
from dondoc.vocabulary.numbers import BN
from dondoc.vocabulary.submissions import Arrival, ToDo, Work


def add(cli: typer.Typer) -> None:
    cli.command()(receive)
    cli.command()(inbox)
    cli.command()(replies)
    cli.command()(assign)
    cli.command()(dismiss)
    stored = typer.Typer(help="Các bản nộp đã nhận.")
    stored.callback()(lambda: None)
    stored.command("list")(listed)
    stored.command("show")(shown)
    stored.command()(rejudge)
    stored.command()(undo)
    cli.add_typer(stored, name="intake")


def receive(
    files: list[Path],
    sender: Annotated[str, typer.Option("--from", help="Địa chỉ thư của người gửi.")],
    received_at: Annotated[str | None, typer.Option(help="Thời điểm nhận, ISO 8601; mặc định: bây giờ.")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    by: By = "",
) -> None:
    """Tiếp nhận tệp như thể gửi qua thư: giữ nguyên bản gốc, kiểm tra, ghi thư trả lời vào hộp thư đi."""
    from dondoc import clock
    from dondoc.cli.acting import anybody
    from dondoc.configuration.context import open_context
    from dondoc.intake.submit import submit

    app, now, who = open_context(), clock.now(), anybody(by)
    when = moment(received_at) if received_at else now
    for path, content in contents(files, app.settings.max_file_mb):
        line = submit(app, content, path.name, sender=sender, channel=Arrival.CLI, by=who, received_at=when, now=now)
        line["file"] = str(path)  # as it was called, as in `check`
        emit(line) if as_json else say(f"{path}: {line['outcome']} ({BN(int(line['submission']))})")


def inbox(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Những gì đang chờ người xử lý, cả tệp không đọc được."""
    from dondoc import clock
    from dondoc.configuration.context import open_context
    from dondoc.intake import inbox as room
    from dondoc.intake.verdicts import only_forms

    app = open_context()
    with app.sessions.reading() as session:
        waiting = room.inbox(session, room.ASIDE, only_forms(app, session, clock.now()))
    show(waiting, as_json, ["number", "file", "sender", "outcome", "agency", "reason"])


def replies(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Thư trả lời không kèm biểu mẫu chưa ai xử lý, chờ lâu nhất trước.

    Xử lý bằng `register --reply`, `rule promise --reply`, hoặc `dismiss` nếu không liên quan; `intake undo` mở lại.
    """
    from dondoc import clock
    from dondoc.configuration.context import open_context
    from dondoc.intake import open_replies

    app = open_context()
    with app.sessions.reading() as session:
        rows = [one.as_row() for one in open_replies.waiting(app, session, clock.now())]
    show(rows, as_json, ["number", "received_at", "age", "agency", "letter", "promised", "document_number", "subject"])


def assign(
    submission: Annotated[str, typer.Argument(metavar="ID")],
    agency: Annotated[str, typer.Option()],
    by: Annotated[str, typer.Option(help="Ai quyết định.")],
    lasting: Annotated[
        bool, typer.Option("--lasting", help="Từ nay địa chỉ gửi này được thay mặt đơn vị, không chỉ lần này.")
    ] = False,
    arrived: Annotated[str | None, typer.Option(help="Ngày hoặc thời điểm tệp đến; mặc định: lúc tiếp nhận.")] = None,
) -> None:
    """Giao một bản nộp đang chờ cho một đơn vị."""
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.intake import inbox as room
    from dondoc.intake.answers.answer import answer

    app, now = open_context(), clock.now()
    number, who = BN.read(submission), actor(by)
    arrival = since(arrived) if arrived else None
    verdict = room.assign(app, number, agency, by=who, now=now, lasting=lasting, arrived=arrival)
    answer(app, [verdict.submission_id], now=now)
    say(f"{BN(verdict.submission_id)}: {verdict.outcome}; {verdict.reason}.")


def dismiss(
    submission: Annotated[str, typer.Argument(metavar="ID")],
    reason: Annotated[str, typer.Option(help="Vì sao không cần xử lý.")],
    by: Annotated[str, typer.Option(help="Ai quyết định.")],
) -> None:
    """Xếp lại một bản nộp đang chờ mà không cần làm gì thêm; bản gốc vẫn được giữ."""
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.intake import inbox as room

    app, number, who = open_context(), BN.read(submission), actor(by)
    with app.sessions.begin() as session:
        room.dismiss(session, app.secrets, number, reason=reason, by=who, now=clock.now())
    say(f"{BN(number)}: đã xếp lại.")


def listed(
    work: Annotated[str, typer.Option(help=f"{', '.join(Work)}; để trống: tất cả trừ {Work.MACHINE}.")] = "",
    channel: Annotated[str, typer.Option(help=f"Đường đến: {', '.join(Arrival)}.")] = "",
    form: Annotated[str, typer.Option(help="Biểu mẫu, ví dụ 03.")] = "",
    agency: Annotated[str, typer.Option(help="Mã đơn vị.")] = "",
    age: Annotated[int, typer.Option(min=0, max=10_000, help="Đã đến ít nhất chừng ấy ngày làm việc.")] = 0,
    search: Annotated[str, typer.Option(help="Số, tên tệp, tiêu đề, người gửi hoặc tên đơn vị.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Nhiều nhất chừng ấy bản nộp.")] = 1000,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Các bản nộp đã nhận, mới nhất trước, và việc cần làm với từng bản."""
    from dondoc import clock
    from dondoc.configuration.context import open_context
    from dondoc.intake.browse import Wanted, found

    app = open_context()
    wanted = Wanted(work, channel, f"form_{form.removeprefix('form_')}" if form else "", agency, age, search)
    with app.sessions.reading() as session:
        page = found(app, session, wanted, clock.now(), size=limit)
        rows = [line.as_row() for line in page.lines]
    show(rows, as_json, ["number", "file", "sender", "received_at", "age", "agency", "work", "todo", "reason"])
    if page.total > len(rows):
        say(f"Còn {page.total - len(rows)} bản nộp cũ hơn; tăng --limit để xem.")


def shown(
    submission: Annotated[str, typer.Argument(metavar="ID")],
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Một bản nộp: kết quả, lỗi từng ô, khác gì bản trước, diễn biến, thư liên quan."""
    from dondoc import clock
    from dondoc.configuration.context import open_context
    from dondoc.intake import record

    app, number = open_context(), BN.read(submission)
    with app.sessions.reading() as session:
        known = record.of(app, session, number, clock.now()).as_json()
    if as_json:
        emit(known)
        return
    for name in ("number", "file", "sender", "received_at", "agency", "form", "outcome", "reason"):
        typer.echo(f"{name}: {known[name] if known[name] is not None else '-'}")
    typer.echo(f"todo: {ToDo.read(known['todo'], 'việc').label}")
    for issue in known["issues"]:
        typer.echo(f"    {issue['message']}")


def rejudge(
    form: Annotated[str | None, typer.Option(help="Chỉ biểu mẫu này, ví dụ 03.")] = None,
    agency: Annotated[str | None, typer.Option(help="Chỉ đơn vị này.")] = None,
    do: Annotated[bool, typer.Option("--apply", help="Ghi kết quả mới và báo cho người gửi; thiếu: chỉ xem.")] = False,
    by: By = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Kiểm tra lại các bản nộp đã nhận theo biểu mẫu, quy tắc, danh bạ hiện tại: xem trước, rồi ghi."""
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.intake import rejudge as room

    app, now = open_context(), clock.now()
    which = f"form_{form.removeprefix('form_')}" if form else None
    found = (
        room.apply(app, now, by=actor(by), form=which, agency=agency)
        if do
        else room.changes(app, now, form=which, agency=agency)
    )
    count = 0
    for one in found:
        if isinstance(one, str):
            say(one)
            continue
        count, row = count + 1, one.as_row()
        emit(row) if as_json else say(
            f"{row['number']} {row['file']}: {row['before']} → {row['after']} ({row['reason']})"
        )
    say(f"{count:02} bản nộp {'đã' if do else 'sẽ'} có kết quả khác.")


def undo(
    submission: Annotated[str, typer.Argument(metavar="ID")],
    reason: Annotated[str, typer.Option(help="Vì sao thu hồi.")],
    by: Annotated[str, typer.Option(help="Ai quyết định.")],
) -> None:
    """Thu hồi việc đã giao hoặc xếp lại một bản nộp: bản nộp chờ xử lý trở lại."""
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.intake import inbox as room

    number = BN.read(submission)
    room.undo(open_context(), number, reason=reason, by=actor(by), now=clock.now())
    say(f"{BN(number)}: chờ xử lý trở lại.")
