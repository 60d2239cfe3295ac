"""audit list, audit verify."""

from dataclasses import asdict
from typing import Annotated

import typer

from dondoc.cli.output import emit, moment, say, show

COLUMNS = ["id", "recorded_at", "act", "subject", "name", "login", "channel", "address", "details"]
Json = Annotated[bool, typer.Option("--json")]


def add(cli: typer.Typer) -> None:
    audit = typer.Typer(no_args_is_help=True, help="Nhật ký: ai đã làm gì, không ai sửa được.")
    audit.command("list")(listed)
    audit.command()(verify)
    cli.add_typer(audit, name="audit")


def listed(
    act: Annotated[str | None, typer.Option(help="Chỉ một loại việc, ví dụ approve.")] = None,
    since: Annotated[str | None, typer.Option(help="Từ ngày hoặc thời điểm này.")] = None,
    as_json: Json = False,
) -> None:
    """Ai đã làm gì, qua cửa nào, từ địa chỉ nào; việc mới nhất trước."""
    from dondoc import audit
    from dondoc.configuration.context import open_context

    begin = moment(since) if since else None
    with open_context().sessions.reading() as session:
        rows = [audit.as_row(event) for event in audit.events(session, act=act, since=begin)]
    show(rows, as_json, COLUMNS)


def verify(
    expect: Annotated[str | None, typer.Option(metavar="DẤU", help="Dấu cuối đã ghi lại lần trước.")] = None,
    as_json: Json = False,
) -> None:
    """Nhật ký có bị sửa, xóa, chèn không. Ghi lại dấu cuối ở nơi khác: nhờ nó biết các dòng cuối có bị xóa không."""
    from dondoc import audit
    from dondoc.configuration.context import open_context

    app = open_context()
    trail = audit.examine(app.sessions, app.settings, expect)
    if trail.broken:
        say(f"NHẬT KÝ ĐÃ BỊ CAN THIỆP: {trail.broken}. Giữ nguyên cơ sở dữ liệu, báo lãnh đạo và bộ phận an toàn.")
    if trail.unknown:
        say(f"{trail.unknown} dòng ghi bằng khóa không còn trong DONDOC_SECRET_KEY: chưa kiểm tra được. Thêm khóa cũ.")
    if trail.unsealed:
        say(f"{trail.unsealed} dòng không có khóa: ai ghi được cơ sở dữ liệu đều có thể đã tự viết những dòng ấy.")
    if as_json:
        emit(asdict(trail))
    elif not trail.broken:
        whole = f"{trail.events} dòng" if trail.unknown else f"nguyên vẹn: {trail.events} dòng"
        say(f"Nhật ký {whole}. Dấu cuối: {trail.last}")
