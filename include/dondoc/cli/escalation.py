"""preview, escalate."""

from typing import Annotated

import typer

from dondoc.cli.acting import By
from dondoc.cli.output import day, show

COLUMNS = ["agency", "step", "recipients", "obligations", "needs_approval", "answer_by", "reason"]
AsOf = Annotated[str, typer.Option(help="Ngày, ví dụ 2021-11-22.")]
Json = Annotated[bool, typer.Option("--json")]


def add(cli: typer.Typer) -> None:
    cli.command()(preview)
    cli.command()(escalate)


def preview(
    as_of: AsOf,
    as_json: Json = False,
    everyone: Annotated[bool, typer.Option("--all", help="Cả những đơn vị không được gửi thư, và vì sao.")] = False,
) -> None:
    """Ngày ấy ai sẽ được đôn đốc, ở bậc nào và vì sao. Không ghi gì."""
    from dondoc import clock
    from dondoc.configuration.context import open_context
    from dondoc.escalation import escalate as room

    app = open_context()
    rows = room.escalate(app, day(as_of), now=clock.now(), record=False, agencies=None, everyone=everyone)
    show(rows, as_json, COLUMNS)


def escalate(as_of: AsOf, as_json: Json = False, by: By = "") -> None:
    """Quyết định và ghi thư đôn đốc của ngày ấy vào hộp thư đi. Không phải hôm nay thì mọi thư đều được giữ lại."""
    from dondoc import clock
    from dondoc.cli.acting import anybody
    from dondoc.configuration.context import open_context
    from dondoc.escalation import escalate as room
    from dondoc.escalation import sources

    app, wanted, now, who = open_context(), day(as_of), clock.now(), anybody(by)
    with app.sessions.reading() as session:
        blind = sources.blind(session, app.settings, now)
    if blind and wanted == now.date():
        sources.look(app, now)
    rows = room.escalate(app, wanted, now=now, record=True, by=who)
    show(rows, as_json, [*COLUMNS, "outbox_ids"])
