"""report, report issue."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dondoc.cli.acting import By
from dondoc.cli.output import day, day_or_moment, say
from dondoc.errors import Problem

if TYPE_CHECKING:
    from dondoc.directive.model import Directive

DIRECTIVE = "Mã văn bản; không cần khi chỉ có một văn bản đang thực hiện."


def add(cli: typer.Typer) -> None:
    report = typer.Typer(help="Báo cáo tuần.", invoke_without_command=True)
    report.callback()(make)
    report.command()(issue)
    cli.add_typer(report, name="report")


def make(
    context: typer.Context,
    as_of: Annotated[str | None, typer.Option(help="Ngày chốt số liệu (17 giờ 00).")] = None,
    known_at: Annotated[str | None, typer.Option(help="Theo những gì đã biết đến thời điểm này.")] = None,
    out: Annotated[Path | None, typer.Option(help="Thư mục ghi báo cáo.")] = None,
    directive: Annotated[str | None, typer.Option(help=DIRECTIVE)] = None,
    by: By = "",
) -> None:
    """Dự thảo báo cáo tuần: report.docx, report.xlsx, report.html, figures.json."""
    if context.invoked_subcommand:
        return
    if as_of is None or out is None:
        raise typer.BadParameter("cần --as-of và --out")
    from dondoc import clock
    from dondoc.cli.acting import anybody
    from dondoc.configuration.context import open_context
    from dondoc.reporting import report as room

    app, cut_off, who = open_context(), clock.at(day(as_of), 17), anybody(by)
    if refusal := clock.to_come(day(as_of), clock.now()):
        raise Problem(refusal)
    known = day_or_moment(known_at) if known_at else None
    with app.sessions.reading() as session:
        letter = _one(room.wanted(app, session, cut_off.date(), directive, known))
    for path in room.make(app, letter, cut_off, known, out).values():
        say(str(path))
    with app.sessions.begin() as session:
        room.record(session, letter.id, cut_off, known, out, clock.now(), by=who, secrets=app.secrets)


def _one(letters: "list[Directive]") -> "Directive":
    if len(letters) > 1:
        named = ", ".join(letter.id for letter in letters)
        raise Problem(f"Có {len(letters)} văn bản đang thực hiện. Ghi rõ --directive: {named}.")
    return letters[0]


def issue(
    as_of: Annotated[str, typer.Option()],
    number: Annotated[str, typer.Option(help="Số, ký hiệu do văn thư cấp.")],
    date: Annotated[str, typer.Option(help="Ngày văn bản.")],
    file: Annotated[Path, typer.Option(help="Văn bản đã ký.")],
    by: Annotated[str, typer.Option()],
    directive: Annotated[str | None, typer.Option(help=DIRECTIVE)] = None,
) -> None:
    """Ghi nhận văn thư đã phát hành báo cáo."""
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.reporting import report as room

    app, who, now = open_context(), actor(by), clock.now()
    with app.sessions.reading() as session:
        letter = _one(room.wanted(app, session, day(as_of), directive))
    room.issue(app, letter.id, day(as_of), number=number, document_date=day(date), file=file, actor=who, now=now)
    say(f"Đã ghi nhận: báo cáo ngày {as_of} phát hành số {number}.")
