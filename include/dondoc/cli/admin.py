"""db upgrade, doctor."""

from typing import Annotated

import typer

from dondoc.cli.output import emit, say


def add(app: typer.Typer) -> None:
    database = typer.Typer(no_args_is_help=True, help="Cơ sở dữ liệu của dondoc.")
    database.command()(upgrade)
    app.add_typer(database, name="db")
    app.command()(doctor)


def upgrade() -> None:
    """Nâng cơ sở dữ liệu lên phiên bản mới nhất."""
    from dondoc import settings
    from dondoc.store import session

    session.upgrade(settings.load().url)
    say("Cơ sở dữ liệu đã ở phiên bản mới nhất.")


def doctor(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Điều gì chưa ổn và phải làm gì."""
    from dondoc import clock
    from dondoc.diagnosis import examine

    findings = examine(clock.now)
    if as_json:
        emit(findings)
        return
    for finding in findings:
        say(f"{'Lỗi' if finding['severity'] == 'error' else 'Lưu ý'}: {finding['message']}")
    if not findings:
        say("Không thấy điều gì chưa ổn.")
