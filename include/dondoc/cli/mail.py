"""outbox, approve, cancel, resume, withdraw, settle, deliver."""

from typing import Annotated

import typer

from dondoc.cli.acting import By
from dondoc.cli.output import emit, say, show
from dondoc.vocabulary.letters import OutboxState
from dondoc.vocabulary.numbers import TH

COLUMNS = ["id", "kind", "recipient", "state", "attempts", "reason"]
Decider = Annotated[str, typer.Option(help="Ai quyết định.")]
Approver = Annotated[str, typer.Option(help="Người duyệt: tên, địa chỉ thư hoặc tên đăng nhập ghi trong danh bạ.")]
Json = Annotated[bool, typer.Option("--json")]


def add(cli: typer.Typer) -> None:
    for command in (outbox, approve, cancel, resume, withdraw, settle, deliver):
        cli.command()(command)


def outbox(as_json: Json = False) -> None:
    """Hộp thư đi: mỗi thư một dòng, đang ở trạng thái nào và vì sao."""
    from sqlalchemy import select

    from dondoc.configuration.context import open_context
    from dondoc.mail import outbox as room
    from dondoc.store.mail import OutboxLetter

    with open_context().sessions.reading() as session:
        rows = [room.as_row(row) for row in session.scalars(select(OutboxLetter).order_by(OutboxLetter.id))]
    show(rows, as_json, COLUMNS)


def approve(ids: Annotated[list[str], typer.Argument(metavar="ID…")], by: Approver, as_json: Json = False) -> None:
    """Duyệt gửi những thư đang chờ, mỗi thư cùng mọi thư của quyết định ấy; không còn đúng thì hủy cả."""
    from dondoc import approval, clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.mail import outbox as room

    app, numbers, who = open_context(), [TH.read(i) for i in ids], actor(by)
    with app.sessions.begin() as session:
        rows = [room.as_row(row) for row in approval.approve(app, session, numbers, who, now=clock.now())]
    show(rows, as_json, COLUMNS)


def cancel(
    letter: Annotated[str, typer.Argument(metavar="ID")],
    reason: Annotated[str, typer.Option(help="Vì sao hủy.")],
    by: Decider,
    until: Annotated[
        str | None, typer.Option(help="Trước ngày này không đề xuất lại bậc ấy; mặc định: ngày của bậc kế tiếp.")
    ] = None,
) -> None:
    """Dừng một quyết định: hủy mọi thư chưa gửi của nó, và chưa đề xuất lại bậc ấy trước một ngày.

    Quyết định đang dừng thì ghi --until để đổi sang ngày khác.
    """
    from dondoc import approval, clock
    from dondoc.cli.acting import actor
    from dondoc.cli.output import day
    from dondoc.configuration.context import open_context

    app, who, last = open_context(), actor(by), day(until) if until else None
    with app.sessions.begin() as session:
        rows = approval.stop(app, session, TH.read(letter), reason, who, until=last, now=clock.now())
        stopped = approval.stop_of(session, rows[0], clock.now())
    say(approval.outcome(rows, stopped))


def resume(
    letter: Annotated[str, typer.Argument(metavar="ID")],
    reason: Annotated[str, typer.Option(help="Vì sao không dừng nữa.")],
    by: Decider,
) -> None:
    """Thôi dừng một quyết định: bậc ấy được đề xuất lại từ lần lập thư kế tiếp."""
    from dondoc import approval, clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context

    app, who = open_context(), actor(by)
    with app.sessions.begin() as session:
        approval.resume(app, session, TH.read(letter), reason, who, now=clock.now())
    say("Bậc này được đề xuất lại từ lần lập thư kế tiếp.")


def withdraw(
    letter: Annotated[str, typer.Argument(metavar="ID")],
    reason: Annotated[str, typer.Option(help="Vì sao rút lại; câu này đứng trong thư xin rút lại.")],
    by: Decider,
    undo: Annotated[bool, typer.Option("--undo", help="Thôi rút lại, khi thư xin rút lại chưa gửi.")] = False,
) -> None:
    """Rút lại một thư đã gửi sai, cùng mọi thư của quyết định ấy, và lập thư xin rút lại chờ duyệt.

    Thư xin rút lại gửi đến đúng những người đã nhận, trong cùng luồng thư. Bậc đôn đốc trở về trước thư ấy.
    """
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.escalation import withdrawal

    app, who, number = open_context(), actor(by), TH.read(letter)
    with app.sessions.begin() as session:
        if undo:
            withdrawal.take_back(app, session, number, reason, who, now=clock.now())
            said = f"{TH(number)}: thôi rút lại."
        else:
            said = withdrawal.outcome(withdrawal.withdraw(app, session, number, reason, who, now=clock.now()))
    say(said)


def settle(
    letter: Annotated[str, typer.Argument(metavar="ID")],
    word: Annotated[str, typer.Argument(metavar="sent|resend", help="sent: đã đến; resend: chưa đến, gửi lại.")],
    by: Decider,
) -> None:
    """Xác nhận một thư chưa rõ đã đến hay chưa (uncertain)."""
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.mail import outbox as room

    app, who = open_context(), actor(by)
    with app.sessions.begin() as session:
        row = room.settle(session, TH.read(letter), word, who, secrets=app.secrets, now=clock.now())
    say(f"{TH(row.id)}: {'đã gửi' if row.state == OutboxState.SENT else 'sẽ gửi lại'}.")


def deliver(as_json: Json = False, by: By = "") -> None:
    """Gửi những thư đến lượt, và kết luận những thư có bằng chứng đã gửi."""
    from dondoc import clock, preconditions
    from dondoc.cli.acting import anybody, noted
    from dondoc.configuration.context import open_context

    app, who = open_context(), anybody(by)
    noted(app, who, "deliver", "outbox", now=clock.now())  # what became of each letter stands in its own history
    done = preconditions.deliver(app, clock.now)
    for trouble in filter(None, (done.trouble, *done.unknown)):
        say(trouble)
    if as_json:
        emit(done.counts)
    else:
        say(", ".join(f"{state}: {count}" for state, count in done.counts.items()) or "Không có thư nào đến lượt.")
