"""cameras export."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dondoc.cli.output import day_or_moment, say
from dondoc.errors import Problem

if TYPE_CHECKING:
    from datetime import datetime

    from dondoc.audit import Actor
    from dondoc.configuration.context import AppContext


class Format(StrEnum):
    csv = "csv"
    xlsx = "xlsx"
    openmetrics = "openmetrics"
    go2rtc = "go2rtc"
    mediamtx = "mediamtx"
    frigate = "frigate"


SERVERS = (Format.go2rtc, Format.mediamtx, Format.frigate)


def add(cli: typer.Typer) -> None:
    from dondoc.cli.cameras import cameras_app

    cameras_app.command("export")(export)


def export(
    format_: Annotated[Format, typer.Option("--as", help="Dạng tệp.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Tệp để ghi; có rồi thì bị thay.")],
    with_passwords: Annotated[bool, typer.Option(help="Ghi cả mật khẩu vào tệp (chỉ chủ tệp đọc được).")] = False,
    restricted: Annotated[bool, typer.Option(help="Gồm cả camera hạn chế nêu tên.")] = False,
    by: Annotated[
        str,
        typer.Option(help="Người yêu cầu: bắt buộc với hai lựa chọn trên; được ghi lại với từng camera đó."),
    ] = "",
    checked_only: Annotated[
        bool, typer.Option(help="go2rtc, mediamtx, frigate: chỉ luồng đã kiểm tra, không kèm luồng chính hoặc phụ kia.")
    ] = False,
    as_of: Annotated[str | None, typer.Option(help="csv, xlsx: tình trạng lúc này; mặc định: bây giờ.")] = None,
    known_at: Annotated[str | None, typer.Option(help="csv, xlsx: chỉ tính những gì đã ghi nhận đến lúc này.")] = None,
) -> None:
    """Xuất tình trạng camera (csv, xlsx, openmetrics) hoặc cấu hình máy chủ video của các camera đang có hình."""
    from dondoc import clock
    from dondoc.cameras.exports import fleet
    from dondoc.cli.acting import anybody
    from dondoc.configuration.context import open_context
    from dondoc.store.files import replace

    if (with_passwords or restricted) and not by.strip():
        raise Problem("Xuất mật khẩu hoặc camera hạn chế nêu tên thì phải ghi ai yêu cầu: --by “Họ tên”.")
    if with_passwords and format_ not in SERVERS:
        raise Problem("--with-passwords chỉ dùng với go2rtc, mediamtx, frigate.")
    if (as_of or known_at) and format_ not in (Format.csv, Format.xlsx):
        raise Problem("--as-of, --known-at chỉ dùng với csv, xlsx.")
    now, app, who = clock.now(), open_context(), anybody(by)
    if format_ in SERVERS:
        content = fleet.configuration(
            app,
            format_.value,
            passwords=with_passwords,
            restricted=restricted,
            by=who,
            now=now,
            checked_only=checked_only,
        )
    else:
        past = {"as_of": as_of and day_or_moment(as_of), "known_at": known_at and day_or_moment(known_at)}
        content = _for_people(app, format_, restricted, who, now, **{k: v or None for k, v in past.items()})
    # Server configurations hold addresses even without passwords; tables and metrics are for other programs to read.
    replace(out, content)
    held = content.decode().partition("\n")[0].removeprefix("# dondoc: ") if format_ in SERVERS else ""
    say(f"Đã ghi {out}. {held}".rstrip())


def _for_people(
    app: "AppContext", format_: Format, restricted: bool, by: "Actor", now: "datetime", **past: "datetime | None"
) -> bytes:
    from dondoc.cameras.exports import fleet, tables

    if format_ is Format.openmetrics:
        return fleet.metrics(app, now)
    table = fleet.table(app, format_.value, by=by, now=now, restricted=restricted, **past)
    return tables.as_csv(table) if format_ is Format.csv else tables.as_xlsx(table)
