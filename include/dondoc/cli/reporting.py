"""report, report issue."""

from pathlib import Path
from typing import Annotated

import typer

from dondoc.cli.acting import By
from dondoc.cli.output import day, day_or_moment, say


def add(app: typer.Typer) -> None:
    report = typer.Typer(help="Báo cáo tuần.", invoke_without_command=True)
    report.callback()(make)
    report.command()(issue)
    app.add_typer(report, name="report")


def make(
    context: typer.Context,
    as_of: Annotated[str | None, typer.Option(help="Ngày chốt số liệu (17 giờ 00).")] = None,
    known_at: Annotated[str | None, typer.Option(help="Theo những gì đã biết đến thời điểm này.")] = None,
    out: Annotated[Path | None, typer.Option(help="Thư mục ghi báo cáo.")] = None,
    by: By = "",
) -> None:
    """Dự thảo báo cáo tuần: report.docx, report.xlsx, report.html, figures.json."""
    if context.invoked_subcommand:
        return
    if as_of is None or out is None:
        raise typer.BadParameter("cần --as-of và --out")
    from dondoc import clock
    from dondoc.cli.acting import anybody
    from dondoc.errors import Problem
    from dondoc.reporting import report as room
    from dondoc.world import open_world

    world, cut_off, who = open_world(), clock.at(day(as_of), 17), anybody(by)
    if why := clock.to_come(day(as_of), clock.now()):
        raise Problem(why)
    known = day_or_moment(known_at) if known_at else None
    for path in room.make(world, cut_off, known, out).values():
        say(str(path))
    with world.sessions.begin() as session:
        room.record(session, cut_off, known, out, clock.now(), by=who, secrets=world.secrets)


def issue(
    as_of: Annotated[str, typer.Option()],
    number: Annotated[str, typer.Option(help="Số, ký hiệu do văn thư cấp.")],
    date: Annotated[str, typer.Option(help="Ngày văn bản.")],
    file: Annotated[Path, typer.Option(help="Văn bản đã ký.")],
    by: Annotated[str, typer.Option()],
) -> None:
    """Ghi nhận văn thư đã phát hành báo cáo."""
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.reporting import report as room
    from dondoc.world import open_world

    world, who, now = open_world(), actor(by), clock.now()
    room.issue(world, day(as_of), number=number, document_date=day(date), file=file, actor=who, now=now)
    say(f"Đã ghi nhận: báo cáo ngày {as_of} phát hành số {number}.")
