"""Read the sources: folder, mailbox, survey server. A source is told only after its item is durable here."""

from collections.abc import Callable, Mapping
from datetime import datetime

from dondoc.configuration.context import AppContext
from dondoc.intake.sources.folder import read_folder
from dondoc.intake.sources.mailbox import DONE, read_mailbox
from dondoc.intake.sources.source import SOURCES, TOO_LARGE, SourceName, SourceResult
from dondoc.intake.sources.survey import read_survey

__all__ = ["DONE", "TOO_LARGE", "SourceResult", "read_all", "read_folder", "read_mailbox", "read_survey"]


def _read_own_mailbox(app: AppContext, now: datetime) -> None:
    from dondoc.mail import servers

    if server := servers.intake(app.settings):
        read_mailbox(app, server, now)


def _read_own_survey(app: AppContext, now: datetime) -> None:
    from dondoc.intake.sources import survey_server

    if server := survey_server.server(app.settings):
        read_survey(app, server, now)


READERS: Mapping[SourceName, Callable[[AppContext, datetime], object]] = {
    "folder": read_folder,
    "mailbox": _read_own_mailbox,
    "survey": _read_own_survey,
}


def read_all(app: AppContext, now: datetime) -> None:
    """Read every source that this installation has."""
    for name, source in SOURCES.items():
        if source.wanted(app.settings):
            READERS[name](app, now)
