"""receive, inbox, assign, dismiss, intake rejudge, intake undo."""

from pathlib import Path
from typing import Annotated

import typer

from dondoc.cli.acting import By
from dondoc.cli.output import contents, emit, moment, say, show, since
from dondoc.vocabulary.numbers import BN
from dondoc.vocabulary.submissions import Arrival


def add(cli: typer.Typer) -> None:
    cli.command()(receive)
    cli.command()(inbox)
    cli.command()(assign)
    cli.command()(dismiss)
    stored = typer.Typer(help="Các bản nộp đã nhận.")
    stored.callback()(lambda: None)
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
    from dondoc.configuration.context import open_context
    from dondoc.intake import inbox as room

    with open_context().sessions.reading() as session:
        show(room.inbox(session, room.ASIDE), as_json, ["number", "file", "sender", "outcome", "agency", "reason"])


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
    which = {"form": f"form_{form.removeprefix('form_')}" if form else None, "agency": agency}
    found = room.apply(app, now, by=actor(by), **which) if do else room.changes(app, now, **which)
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
