"""db upgrade, doctor, check-config, rotate-key."""

from typing import Annotated

import typer

from dondoc.cli.acting import By
from dondoc.cli.output import emit, say


def add(cli: typer.Typer) -> None:
    database = typer.Typer(no_args_is_help=True, help="Cơ sở dữ liệu của dondoc.")
    database.command()(upgrade)
    cli.add_typer(database, name="db")
    cli.command()(doctor)
    cli.command()(check_config)
    cli.command()(rotate_key)


def upgrade(by: By = "") -> None:
    """Nâng cơ sở dữ liệu lên phiên bản mới nhất, và nhận ra camera theo các cách viết địa chỉ biết được hiện nay."""
    from dondoc import audit, clock
    from dondoc.cameras.registry.declare import identify_again
    from dondoc.cli.acting import anybody
    from dondoc.configuration import settings
    from dondoc.configuration.context import AppContext
    from dondoc.store import files, session

    app, who = AppContext(settings.load()), anybody(by)
    before, after = session.upgrade(app.settings.url)
    for path in [*files.wide(app.settings.home, leave=app.settings.shared_folders)]:
        files.narrow(path)
    secrets = app.secrets  # a wrong key is said here already
    with app.sessions.begin() as open_session:
        counts = identify_again(open_session, secrets)
        if before != after or any(counts[what] for what in ("changed", "hidden")):  # else it is asked at every start
            details = {"before": before, **{what: counts[what] for what in ("changed", "hidden")}}
            audit.record(open_session, secrets, who, "db_upgrade", after, now=clock.now(), **details)
    say("Cơ sở dữ liệu đã ở phiên bản mới nhất.")
    if counts["changed"]:
        say(f"Đã tính lại địa chỉ nhận dạng của {counts['changed']} camera.")
    if counts["hidden"]:
        say(f"Đã mã hóa phần có thể là mật khẩu trong địa chỉ của {counts['hidden']} camera.")
    if counts["clear"]:
        say(
            f"CHÚ Ý: địa chỉ của {counts['clear']} camera có phần có thể là mật khẩu, còn lưu rõ vì chưa đặt "
            "DONDOC_SECRET_KEY. Đặt khóa rồi chạy lại lệnh này."
        )
    if counts["doubles"]:
        say(f"CHÚ Ý: {counts['doubles']} camera có thể được khai hai lần. Xem: dondoc cameras doubles.")


def doctor(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Điều gì chưa ổn và phải làm gì."""
    from dondoc import clock, versions
    from dondoc.diagnosis import examine

    findings = examine(clock.now)
    if as_json:
        emit(findings)
        return
    for line in versions.lines():
        say(line)
    for finding in findings:
        say(f"{'Lỗi' if finding['severity'] == 'error' else 'Lưu ý'}: {finding['message']}")
    if not findings:
        say("Không thấy điều gì chưa ổn.")


def check_config(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Mọi chỗ sai trong các tệp dữ liệu: đơn vị, hệ thống, văn bản, biểu mẫu, mẫu thư, quy tắc camera, lịch.

    Không cần cơ sở dữ liệu. Có chỗ sai thì kết thúc với mã 2.
    """
    from dataclasses import asdict

    from dondoc.configuration import check, settings

    faults = check.check_config(settings.load())
    if as_json:
        emit([asdict(fault) for fault in faults])
    for fault in faults if not as_json else ():
        say(str(fault))
    if faults:
        raise typer.Exit(2)
    if not as_json:
        say("Các tệp dữ liệu dùng được.")


def rotate_key(by: By = "") -> None:
    """Mã hóa lại mật khẩu, bản gốc và hình bằng khóa đầu tiên của DONDOC_SECRET_KEY; dừng giữa chừng thì chạy lại."""
    from dondoc import clock
    from dondoc.cameras.logins import credentials
    from dondoc.cameras.nights import handed_on, thumbnails
    from dondoc.cameras.registry import addresses
    from dondoc.cli.acting import anybody, noted
    from dondoc.configuration.context import open_context

    app, who = open_context(), anybody(by)
    # Seen if it is cut short. It notes the new key, too, before an original lies under it: who is killed later and goes
    # back to the old key alone would be told that it is good, though it opens only some of them.
    noted(app, who, "rotate_key_begin", "DONDOC_SECRET_KEY", now=clock.now())
    originals = app.blobs.rotate()
    with app.sessions.begin() as session:
        passwords = credentials.rotate(session, app.secrets)
        encrypted = addresses.rotate(session, app.secrets)
    pictures = thumbnails.rotate(app)
    handed_on.rotate(app)  # of tonight, and of a week at most
    done = {"passwords": passwords, "addresses": encrypted, "originals": originals, "pictures": pictures}
    details = {what: counts["rotated"] for what, counts in done.items()}
    noted(app, who, "rotate_key", "DONDOC_SECRET_KEY", now=clock.now(), **details)
    say(f"Đã mã hóa lại {passwords['rotated']} mật khẩu, {passwords['unreadable']} không giải mã được (cần nhập lại).")
    say(
        f"Đã mã hóa lại {originals['rotated']} bản gốc, {originals['current']} đã dùng khóa mới từ trước, "
        f"{originals['unreadable']} không mở được."
    )
    again = f"{encrypted['unreadable']} không giải mã được (cần nhập lại)"
    say(f"Đã mã hóa lại {encrypted['rotated']} địa chỉ camera, {again}.")
    say(f"Đã mã hóa lại {pictures['rotated']} hình, {pictures['unreadable']} không mở được.")
    if originals["unreadable"]:
        say("CHÚ Ý: còn bản gốc không khóa nào mở được. Thêm khóa còn thiếu vào DONDOC_SECRET_KEY rồi chạy lại.")
    say("Bỏ khóa cũ thì biểu mẫu đã phát theo khóa ấy không còn nhận ra mã xác nhận: chờ các biểu mẫu ấy về hết.")
