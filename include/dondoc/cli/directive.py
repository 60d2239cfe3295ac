"""directive: letters as dated records."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dondoc.cli.output import day, day_or_moment, emit, say, show
from dondoc.errors import Problem

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from dondoc.configuration.context import AppContext
    from dondoc.directive.record import Version

By = Annotated[str, typer.Option(help="Người thực hiện.")]
Replaces = Annotated[bool, typer.Option(help="Thay cả phiên bản đang chờ hiệu lực từ ngày muộn hơn.")]
Json = Annotated[bool, typer.Option("--json")]
cli = typer.Typer(no_args_is_help=True, help="Văn bản chỉ đạo: ai phải gửi gì, trước ngày nào.")


def add(parent: typer.Typer) -> None:
    parent.add_typer(cli, name="directive")


@cli.command()
def check(file: Path, as_json: Json = False) -> None:
    """Kiểm tra tệp văn bản mà không ghi gì; không cần cơ sở dữ liệu."""
    from dondoc.configuration.check import check_letter
    from dondoc.configuration.context import open_context
    from dondoc.directive.load import own_registry
    from dondoc.directive.located_yaml import read

    app, marked = open_context(), read(file)
    written = check_letter(marked, app.registry, app.settings.data)
    marked.raise_faults()
    assert written is not None
    letter = written.directive(own_registry(written) or app.registry)
    owing = len({duty.agency for duty in letter.obligations})
    summary = {"file": str(file), "directive": letter.id, "obligations": len(letter.obligations), "agencies": owing}
    nobody = (
        "Chưa ghi contact (tên, điện thoại người của Sở mà đơn vị gọi được): thư chỉ ghi được khi danh bạ có cán bộ "
        "đầu mối của Sở."
    )
    warnings = [] if letter.contact else [nobody]
    for warning in warnings:
        say(f"{file}: {warning}")
    if as_json:
        emit(summary | {"warnings": warnings})
    else:
        say(f"{file}: dùng được. “{letter.id}”: {len(letter.obligations)} nhiệm vụ của {owing} đơn vị.")


@cli.command("add")
def add_version(
    file: Path,
    by: By,
    document: Annotated[str, typer.Option(help="Văn bản làm căn cứ; bỏ trống: chính văn bản này.")] = "",
    reason: Annotated[str, typer.Option(help="Lý do, khi sửa văn bản đã có.")] = "",
    valid_from: Annotated[str | None, typer.Option("--from", help="Có hiệu lực từ ngày; mặc định: hôm nay.")] = None,
    draft: Annotated[bool, typer.Option(help="Chỉ lưu bản nháp: chưa đôn đốc ai.")] = False,
    replaces: Replaces = False,
) -> None:
    """Ghi một văn bản, hoặc phiên bản mới của văn bản đã có."""
    from dondoc import clock, lifecycle
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.directive.load import load_file, own_registry
    from dondoc.directive.record import State

    app, who, now = open_context(), actor(by), clock.now()
    letter = load_file(file, app.registry)
    if own_registry(letter) not in (None, app.registry):
        raise Problem(f"{file}: đơn vị, hệ thống ghi trong tệp khác danh sách chung (agencies.yaml, systems.yaml).")
    with app.sessions.begin() as session:
        before = next((v for v in reversed(app.versions(session)) if v.directive.id == letter.id), None)
        if before and not (document.strip() and reason.strip()):
            raise Problem(f"Đã có văn bản “{letter.id}”. Sửa thì ghi thêm --document và --reason.")
        begins = day(valid_from) if valid_from else (letter.day or now.date()) if before is None else now.date()
        number = lifecycle.enter(
            app,
            session,
            letter,
            state=State.DRAFT if draft else State.ACTIVE,
            valid_from=begins,
            document=document,
            reason=reason,
            by=who,
            now=now,
            after=before.number if before else None,
            replaces=replaces,
        )
    say(f"Đã ghi “{letter.id}”, phiên bản {number}, có hiệu lực từ {begins:%d/%m/%Y}.")


@cli.command("list")
def list_letters(
    as_of: Annotated[str | None, typer.Option(help="Tại ngày; mặc định: hôm nay.")] = None,
    known_at: Annotated[str | None, typer.Option(help="Chỉ tính những gì đã ghi nhận đến lúc này.")] = None,
    as_json: Json = False,
) -> None:
    """Các văn bản và trạng thái của từng văn bản."""
    from dondoc import clock
    from dondoc.configuration.context import open_context
    from dondoc.directive import record

    app = open_context()
    when = day(as_of) if as_of else clock.now().date()
    with app.sessions.reading() as session:
        known = app.versions(session, day_or_moment(known_at) if known_at else None)
    rows = [_row(version) for _, version in sorted(record.holding(known, when).items())]
    show(rows, as_json, ["id", "state", "version", "valid_from", "number", "title"])


@cli.command("show")
def show_letter(letter: str, as_json: Json = False) -> None:
    """Mọi phiên bản của một văn bản."""
    from dondoc.configuration.context import open_context

    app = open_context()
    with app.sessions.reading() as session:
        rows = [_row(version) for version in _versions(app, session, letter)]
    show(rows, as_json, ["version", "state", "valid_from", "document", "by", "recorded_at", "reason"])


@cli.command()
def activate(letter: str, by: By, replaces: Replaces = False) -> None:
    """Bắt đầu thực hiện một văn bản đang là bản nháp."""
    from dondoc import clock, lifecycle
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context

    app, who, now = open_context(), actor(by), clock.now()
    with app.sessions.begin() as session:
        number = lifecycle.activate(app, session, letter, by=who, now=now, replaces=replaces)
    say(f"“{letter}” bắt đầu thực hiện (phiên bản {number}).")


@cli.command()
def close(
    letter: str,
    document: Annotated[str, typer.Option(help="Văn bản làm căn cứ.")],
    reason: Annotated[str, typer.Option(help="Lý do.")],
    by: By,
    on: Annotated[str | None, typer.Option(help="Từ ngày; mặc định: hôm nay.")] = None,
) -> None:
    """Kết thúc một văn bản: từ ngày đó không đôn đốc ai vì văn bản này nữa."""
    from dondoc import clock, lifecycle
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context

    app, who, now = open_context(), actor(by), clock.now()
    last = day(on) if on else now.date()
    with app.sessions.begin() as session:
        number = lifecycle.close(app, session, letter, on=last, document=document, reason=reason, by=who, now=now)
    say(f"“{letter}” kết thúc từ {last:%d/%m/%Y} (phiên bản {number}).")


@cli.command()
def export(
    letter: str, out: Annotated[Path | None, typer.Option(help="Tệp ghi ra; mặc định: màn hình.")] = None
) -> None:
    """Phiên bản mới nhất của một văn bản, dạng YAML."""
    from dondoc.configuration.context import open_context
    from dondoc.directive.record import exported
    from dondoc.store.files import replace

    app = open_context()
    with app.sessions.reading() as session:
        text = exported(_versions(app, session, letter)[-1])
    if out:
        replace(out, text.encode())
        say(f"Đã ghi {out}.")
    else:
        typer.echo(text, nl=False)


def _versions(app: "AppContext", session: "Session", letter: str) -> "list[Version]":
    versions = [version for version in app.versions(session) if version.directive.id == letter]
    if not versions:
        raise Problem(f"Không có văn bản “{letter}”. Xem: dondoc directive list.")
    return versions


def _row(version: "Version") -> dict[str, Any]:
    letter = version.directive
    return {
        "id": letter.id,
        "version": version.number,
        "state": str(version.state),
        "valid_from": version.valid_from,
        "number": letter.number,
        "day": letter.day,
        "title": letter.title,
        "follows": letter.follows,
        "obligations": len(letter.obligations),
        "document": version.document,
        "by": version.by,
        "recorded_at": version.recorded_at,
        "reason": version.reason,
    }
