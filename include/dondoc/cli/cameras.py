"""probe, cameras import."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dondoc.cli.output import emit, say
from dondoc.errors import Problem

if TYPE_CHECKING:
    from dondoc.configuration.settings import Network
    from dondoc.probing.verdicts import Finding, Target

# Waiting for dead cameras costs nothing at stage 1; at stage 2 each camera sends a stream.
AT_ONCE = {1: 200, 2: 64}
cameras_app = typer.Typer(no_args_is_help=True, help="Camera đã khai.")


@cameras_app.callback()
def _cameras() -> None:
    """Camera đã khai."""


def add(cli: typer.Typer) -> None:
    cli.command()(probe)
    cameras_app.command("import")(import_cameras)
    cli.add_typer(cameras_app, name="cameras")


def probe(
    urls: Annotated[list[str] | None, typer.Argument(metavar="URL…")] = None,
    source: Annotated[Path | None, typer.Option("--from", help="CSV có cột id,url và nếu cần user,password.")] = None,
    stage: Annotated[int, typer.Option(min=1, max=2, help="1: hỏi RTSP; 2: lấy một hình.")] = 1,
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="Số camera hỏi cùng lúc (mặc định 200; 64 với --stage 2).")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.1, max=600, help="Giây cho mỗi camera.")] = 8.0,
    allow: Annotated[list[str] | None, typer.Option(metavar="CIDR", help="Thay DONDOC_PROBE_ALLOW.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Mỗi dòng một kết quả JSON.")] = False,
) -> None:
    """Hỏi từng camera xem có trả lời không (và có hình không với --stage 2)."""
    from dondoc.probing.probe import probe_many
    from dondoc.probing.processes import probe_shares

    targets, networks = _targets(urls or [], source), _networks(allow)
    counts: Counter[str] = Counter()
    probing = probe_shares if stage == 1 else partial(probe_many, stage=2)  # which has processes of its own
    findings = probing(targets, concurrency=concurrency or AT_ONCE[stage], timeout=timeout, allow=networks)
    with _bar(len(targets), as_json) as advance:
        for finding in findings:
            counts[finding.verdict] += 1
            advance(counts)
            _put(finding, as_json)
    say(f"{len(targets)} camera: {_shown(counts) or 'không có'}")
    for line in () if as_json else _advice(counts):
        say(line)


def _put(finding: "Finding", as_json: bool) -> None:
    if not as_json:
        typer.echo(f"{finding.verdict:<18} {finding.elapsed_ms:>6} ms  {finding.camera}  {finding.detail}")
        return
    emit(
        {
            "camera": finding.camera,
            "verdict": finding.verdict,
            "phase": finding.phase,
            "detail": finding.detail,
            "elapsed_ms": finding.elapsed_ms,
        }
    )


def _advice(counts: Counter[str]) -> Iterator[str]:
    """What each verdict that was given means, and what can be done about it."""
    from dondoc.probing.verdicts import OUR_ADVICE, SENTENCE

    for verdict, _ in counts.most_common():
        if verdict in OUR_ADVICE:
            yield f"{verdict}: {SENTENCE[verdict]}. Hướng xử lý: {OUR_ADVICE[verdict]}."


def _shown(counts: Counter[str]) -> str:
    return " · ".join(f"{verdict} {number}" for verdict, number in counts.most_common())


@contextmanager
def _bar(total: int, as_json: bool) -> Iterator[Callable[[Counter[str]], None]]:
    """How far it is, on standard error if that is a terminal. Never among JSON on a terminal."""
    on_terminal = sys.stdout.isatty()
    if not sys.stderr.isatty() or (as_json and on_terminal):
        yield lambda counts: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, redirect_stdout=on_terminal) as progress:
        task = progress.add_task("", total=total)
        yield lambda counts: progress.update(task, advance=1, description=_shown(counts))


def _targets(urls: list[str], source: Path | None) -> "list[Target]":
    from dondoc.cameras.registry.hiding import public
    from dondoc.probing.table import read
    from dondoc.probing.verdicts import Target

    if not urls and source is None:
        raise Problem("Chưa cho biết hỏi camera nào. Ghi địa chỉ rtsp://… hoặc --from cameras.csv.")
    names = [public(url) for url in urls]
    alike, targets = Counter(names), []
    for place, (name, url) in enumerate(zip(names, urls, strict=True), 1):  # answers come in any order
        targets.append(Target(name if alike[name] == 1 else f"{name} (địa chỉ thứ {place})", url))
    for line, row in read(_text(source), source.name, ("url",)) if source else ():
        user = row.get("user") or None
        targets.append(Target(_called(row, line), row["url"], user, row.get("password") or None))
    return targets


def _called(row: dict[str, str], line: int) -> str:
    """What a row's camera is called. Where its cells are out of their columns, any may be a password: by its line; so
    where nothing of what should be its address may be shown."""
    from dondoc.cameras.registry.hiding import MARK, public

    url, others = row["url"], "".join(cell for column, cell in row.items() if column != "url")
    slipped = not url.isprintable() or ("://" not in url and "://" in others)
    if (called := row.get("id", "")) and ("://" in called or "@" in called):
        return public(called)
    if called and not slipped:
        return called
    return f"dòng {line}" if slipped or public(url) == MARK else public(url)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise Problem(f"Không đọc được {path}: không có tệp, hoặc không phải CSV mã UTF-8.") from None


def _networks(allow: list[str] | None) -> "list[Network]":
    if allow:
        try:
            return [ip_network(part.strip(), strict=False) for text in allow for part in text.split(",")]
        except ValueError:
            raise Problem("--allow phải là dải mạng, ví dụ --allow 10.20.0.0/16.") from None
    from dondoc.configuration import settings

    networks = settings.load().probe_allow
    if not networks:
        say(
            "CHÚ Ý: chưa đặt DONDOC_PROBE_ALLOW nên KHÔNG camera nào được hỏi (tất cả là blocked_target). "
            "Ghi các dải mạng được phép kiểm tra, ví dụ DONDOC_PROBE_ALLOW=10.20.0.0/16, hoặc dùng --allow."
        )
    return networks


def import_cameras(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv")],
    by: Annotated[str, typer.Option(help="Người nhập: được ghi lại với từng camera trong tệp.")] = "",
) -> None:
    """Nhập camera từ CSV. Sai một dòng thì không nhập dòng nào.

    Cột phải có: agency, system, name, url. Nếu cần: user, password, id (CAM-00012 để sửa camera đã có; hoặc mã riêng),
    place (điểm), site (vị trí ở điểm đó), status (working, unstable, broken, maintenance, not_installed), power (grid,
    solar, backup), sound (có thu âm: Có, Không), restricted (hạn chế nêu tên: Có, Không). Ô để trống giữ nguyên điều
    đã biết. Không giữ hình của camera có thu âm hoặc hạn chế.
    """
    from dondoc import clock
    from dondoc.cameras.registry import imports
    from dondoc.cli.acting import anybody
    from dondoc.configuration.context import open_context
    from dondoc.intake.receive import safe_filename

    app, text, name = open_context(), _text(file), safe_filename(file.name)
    who, now = anybody(by), clock.now()
    with app.sessions.begin() as session:
        counts = imports.import_csv(session, app.registry, text, name, by=who, secrets=app.secrets, now=now)
    unnamed = "" if by.strip() else " Chưa ghi ai nhập: lần sau thêm --by “Họ tên”."
    say(
        f"Đã nhập {counts['added']} camera mới, cập nhật {counts['updated']} camera, "
        f"{counts['unchanged']} camera không có gì mới.{unnamed}"
    )
