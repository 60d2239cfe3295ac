"""Standard output is JSON and nothing else when --json is given; people's words go to standard error."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import typer

from dondoc import clock
from dondoc.clock import HERE, end_of
from dondoc.errors import Problem

When = TypeVar("When", bound=date)


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def say(text: str) -> None:
    """A sentence for a person, on standard error."""
    typer.echo(text, err=True)


def emit(value: Any) -> None:
    """One JSON value on one line, out at once."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=_plain) + "\n")
    sys.stdout.flush()


def show(rows: Sequence[dict[str, Any]], as_json: bool, columns: Sequence[str] | None = None) -> None:
    """Rows as one JSON array, or for a person: a line a row, its reason indented below."""
    if as_json:
        emit(list(rows))
        return
    shown = list(columns or (rows[0] if rows else []))
    for row in ({name: name for name in shown}, *rows):
        typer.echo("  ".join(_cell(row[name]) for name in shown if name != "reason"))
        if row.get("reason") and "reason" in shown:
            typer.echo(f"    {row['reason']}")


def _cell(value: object) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value)) or "-"
    return "-" if value in (None, "") else str(value)


def contents(files: Iterable[Path], largest_mb: int | None = None) -> Iterator[tuple[Path, bytes]]:
    """Each file that can be read, with its bytes; the others are named at once, and the call fails at the end.

    `largest_mb`: a larger one is not read.

    Raises:
        Problem: after the last one, when some could not be read.
    """
    broken = False
    for path in files:
        try:
            if largest_mb and path.stat().st_size > largest_mb * 2**20:
                say(f"{path}: nặng quá {largest_mb} MB (DONDOC_MAX_FILE_MB), chưa đọc. Giảm dung lượng rồi gửi lại.")
                broken = True
                continue
            content = path.read_bytes()
        except OSError as error:
            say(f"{path}: không đọc được tệp ({error.strerror}). Kiểm tra đường dẫn.")
            broken = True
            continue
        yield path, content
    if broken:
        raise Problem("Có tệp không đọc được; các tệp khác đã được xử lý.")


def day(text: str) -> date:
    """An ISO date from the command line."""
    try:
        value = date.fromisoformat(text)
    except ValueError:
        raise Problem(f"“{text}” không phải ngày. Viết dạng 2021-11-22.") from None
    return _in_range(value, text)


def moment(text: str) -> datetime:
    """An ISO instant from the command line, in Vietnam's time, by which days count; without an offset it is that."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise Problem(f"“{text}” không phải thời điểm. Viết dạng 2021-11-22T07:00+07:00.") from None
    value = _in_range(value, text)
    return value.astimezone(HERE) if value.tzinfo else value.replace(tzinfo=HERE)


def since(text: str) -> datetime:
    """When something came or began to hold: a day without an hour counts from its beginning."""
    return clock.at(day(text), 0) if len(text) == len("2021-11-18") else moment(text)


def _in_range(value: When, text: str) -> When:
    """A slip in the year must not reach the arithmetic of zones and weeks, which ends at the years 1 and 9999."""
    if not 1900 <= value.year <= 2999:
        raise Problem(f"“{text}”: năm phải từ 1900 đến 2999. Kiểm tra lại.")
    return value


def day_or_moment(text: str) -> datetime:
    """`2021-11-18` is the end of that day, anything longer is an instant."""
    return end_of(day(text)) if len(text) == len("2021-11-18") else moment(text)
