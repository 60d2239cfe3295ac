"""cameras list, nights, places, doubles, retry, confirm, lift, credentials, rebuild, rotate-key."""

import sys
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from dondoc.cli.admin import rotate_key
from dondoc.cli.cameras import cameras_app
from dondoc.cli.output import day_or_moment, say, show
from dondoc.vocabulary.numbers import CAM

CAMERA = typer.Argument(metavar="CAM-00012", help="Số hiệu camera.")
BY = typer.Option(help="Người thực hiện.")
LONGEST = 1024


def add(cli: typer.Typer) -> None:
    """Adds to `dondoc cameras`; the application itself is left as it is."""
    for name, command in COMMANDS.items():
        cameras_app.command(name)(command)


def list_cameras(
    as_of: Annotated[str | None, typer.Option(help="Ngày hoặc thời điểm; mặc định: bây giờ.")] = None,
    known_at: Annotated[str | None, typer.Option(help="Chỉ tính những gì đã ghi nhận đến lúc này.")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Từng camera đang thế nào (hoặc đã thế nào), vì sao, có điều gì cần xem lại."""
    from dondoc import clock
    from dondoc.cameras.registry import records
    from dondoc.configuration.context import open_context

    app, when, known = open_context(), as_of and day_or_moment(as_of), known_at and day_or_moment(known_at)
    with app.sessions.reading() as session:
        rows = records.rows(app, session, clock.now(), when or None, known or None)
    told = rows if as_json else [{**row, "reason": _with_remarks(row)} for row in rows]
    show(told, as_json, ["number", "agency", "system", "place", "name", "state", "reason"])


def _with_remarks(row: Mapping[str, Any]) -> str:
    return f"{row['reason']}; cần xem lại: {row['remarks']}" if row["remarks"] else row["reason"]


def list_nights(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Các lượt kiểm tra trong 07 ngày qua: đã xem bao nhiêu, bao nhiêu phải đọc lại hay chưa kết luận được, vì sao."""
    from dondoc import clock
    from dondoc.cameras.nights import rounds
    from dondoc.configuration.context import open_context

    app = open_context()
    with app.sessions.reading() as session:
        found = rounds.latest(session, clock.now())
    rows = [{**one._asdict(), "reason": rounds.why(one)} for one in found]
    show(rows, as_json, ["night", "name", "planned", "looked", "showing", "reason"])


def list_places(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Các điểm có camera của từng đơn vị, theo tên đơn vị đã khai."""
    from dondoc.configuration.context import open_context
    from dondoc.facts import places

    app = open_context()
    with app.sessions.reading() as session:
        by_agency = places.listed(session)
    rows = [{"agency": agency, "place": place} for agency, listed in by_agency.items() for place in listed.values()]
    show(rows, as_json, ["agency", "place"])


def rebuild(by: Annotated[str, BY] = "") -> None:
    """Tính lại từ dữ kiện điều đang giữ sẵn về từng camera: lời khai hiện hành và tình trạng hiện tại."""
    from dondoc import audit, clock
    from dondoc.cameras.state import current
    from dondoc.cli.acting import anybody
    from dondoc.configuration.context import open_context

    app, who = open_context(), anybody(by)
    with app.sessions.begin() as session:
        counts = current.rebuild(app, session, clock.now())
        audit.record(session, app.secrets, who, "rebuild_cameras", "cameras", now=clock.now(), **counts)
    say(
        f"Đã tính lại tình trạng của {counts['states']} camera; {counts['cameras']} camera có lời khai giữ sẵn bị lệch."
    )


def duplicates(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Các camera có thể được khai hai lần: cần người xem."""
    from dondoc.cameras.registry import records
    from dondoc.configuration.context import open_context

    app = open_context()
    with app.sessions.reading() as session:
        rows = records.duplicates(session, app.secrets)
    show(rows, as_json, ["cameras", "agency", "system", "why"])


def retry(
    camera: Annotated[str, CAMERA],
    by: Annotated[str, BY],
    reason: Annotated[str, typer.Option(help="Lý do, ví dụ: đơn vị đã mở khóa tài khoản.")],
    basic: Annotated[
        bool, typer.Option("--basic", help="Gửi cả khi thiết bị từng đòi Digest nay chỉ nhận Basic: mật khẩu gửi rõ.")
    ] = False,
) -> None:
    """Cho phép gửi lại mật khẩu đã bị từ chối, từ đêm sau."""
    from dondoc import clock
    from dondoc.cameras.logins import credentials
    from dondoc.cameras.registry import records
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context

    app, who, now = open_context(), actor(by), clock.now()
    with app.sessions.begin() as session:
        row = records.find(session, camera)
        credentials.retry(session, row, by=who, reason=reason, secrets=app.secrets, now=now, basic=basic)
    say(f"{CAM(row.id)}: mật khẩu được gửi lại từ lần kiểm tra của ngày sau ngày bị từ chối.")


def confirm(camera: Annotated[str, CAMERA], by: Annotated[str, BY]) -> None:
    """Xác nhận camera đã kết nối: từ nay mất kết nối thì tính là sự cố."""
    from dondoc import clock
    from dondoc.cameras.registry import records
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context

    app, who = open_context(), actor(by)
    with app.sessions.begin() as session:
        row = records.find(session, camera)
        records.confirm(session, app.secrets, row, by=who, now=clock.now())
    say(f"{CAM(row.id)}: đã xác nhận kết nối.")


def lift(
    camera: Annotated[str, CAMERA],
    by: Annotated[str, BY],
    reason: Annotated[str, typer.Option(help="Lý do, ví dụ số văn bản của đơn vị.")],
    restricted: Annotated[bool, typer.Option("--restricted", help="Bỏ “hạn chế nêu tên”.")] = False,
    sound: Annotated[bool, typer.Option("--sound", help="Bỏ “có thu âm”.")] = False,
) -> None:
    """Bỏ điều hạn chế đã ghi của một camera; biểu mẫu và tệp CSV chỉ thêm được, không bỏ được."""
    from dondoc import clock
    from dondoc.cameras.registry import records
    from dondoc.cameras.registry.lift import SAID, Word
    from dondoc.cameras.registry.lift import lift as record
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.errors import Problem

    if not (words := [word for word, wanted in ((Word.RESTRICTED, restricted), (Word.SOUND, sound)) if wanted]):
        raise Problem("Cần ghi bỏ điều gì: --restricted, --sound hoặc cả hai.")
    app, who = open_context(), actor(by)
    with app.sessions.begin() as session:
        row = records.find(session, camera)
        for word in words:
            record(session, app.secrets, row, word, reason=reason, by=who, now=clock.now())
    say(f"{CAM(row.id)}: đã bỏ {', '.join(SAID[word] for word in words)}.")


def enter(
    camera: Annotated[str, CAMERA],
    user: Annotated[str, typer.Option(help="Tên đăng nhập.")],
    by: Annotated[str, BY],
) -> None:
    """Nhập tài khoản xem; mật khẩu đọc từ đầu vào chuẩn hoặc gõ khi được hỏi, không bao giờ ở dòng lệnh."""
    from dondoc import clock
    from dondoc.cameras.logins import credentials
    from dondoc.cameras.registry import records
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context

    app, who = open_context(), actor(by)
    with app.sessions.reading() as session:
        records.find(session, camera)  # before anybody types a password
    password = _password()
    with app.sessions.begin() as session:
        row = records.find(session, camera)
        credentials.enter(session, row, user, password, by=who, secrets=app.secrets, now=clock.now())
    say(f"{CAM(row.id)}: đã lưu tài khoản (mã hóa).")


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Mật khẩu", hide_input=True, err=True))
    return sys.stdin.readline(LONGEST).rstrip("\r\n")


COMMANDS: dict[str, Callable[..., None]] = {
    "list": list_cameras,
    "nights": list_nights,
    "places": list_places,
    "doubles": duplicates,
    "retry": retry,
    "confirm": confirm,
    "lift": lift,
    "credentials": enter,
    "rebuild": rebuild,
    "rotate-key": rotate_key,  # the same command: passwords are not all that a key encrypts
}
