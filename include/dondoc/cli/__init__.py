"""The `dondoc` command: one file per room, each registering its commands here."""

import importlib
import logging
import sys
from typing import Annotated

import typer

from dondoc.errors import Problem
from dondoc.vocabulary.fields import FieldProblem

ROOMS = (
    "directive",
    "facts",
    "forms",
    "intake",
    "cameras",
    "camera_records",
    "camera_exports",
    "escalation",
    "official",
    "mail",
    "reporting",
    "audit",
    "admin",
)

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from dondoc.versions import lines  # not at the top: `probe` and `check` start without a database

        for line in lines():
            typer.echo(line)
        raise typer.Exit


@cli.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Phiên bản của dondoc và cơ sở dữ liệu.")
    ] = False,
) -> None:
    """Đôn đốc: theo dõi nhiệm vụ của văn bản chỉ đạo cho đến khi hoàn thành."""


for room in ROOMS:
    importlib.import_module(f"dondoc.cli.{room}").add(cli)


def main() -> None:
    """Exit 0: the command did its work, whatever it found; 2: called wrongly, or something it needs is unusable."""
    # Its sentence tells what has a known cause; a fault of ours goes to standard error, as all that is logged.
    logging.getLogger("dondoc.store.errors").addFilter(lambda record: getattr(record, "cause", None) is None)
    try:
        cli()
    except Problem as problem:
        sentence = problem.on_the_command_line if isinstance(problem, FieldProblem) else problem
        print(sentence, file=sys.stderr)
        raise SystemExit(2) from None
    except Exception as error:
        from dondoc.store.errors import explain  # not at the top: `probe` and `check` start without a database

        if (explained := explain(error)) is None:
            raise
        print(explained, file=sys.stderr)
        raise SystemExit(2) from None
