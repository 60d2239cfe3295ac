"""What the doors (command line, pages, DAGs) open once and hand to the rooms."""

from dataclasses import dataclass
from functools import cached_property, partial

from sqlalchemy import event

from dondoc import clock
from dondoc import settings as settings_module
from dondoc.directive.load import load as load_directive
from dondoc.directive.model import Directive
from dondoc.mail.servers import refuse_to_play, smtp
from dondoc.settings import Settings
from dondoc.store import files, heads, key_checks
from dondoc.store.blobs import Blobs
from dondoc.store.session import Sessions, sessions
from dondoc.workdays import WorkingDays
from dondoc.workdays import load as load_calendar


@dataclass(frozen=True)
class World:
    """Settings, and what they name, opened when first asked for."""

    settings: Settings

    @cached_property
    def sessions(self) -> Sessions:
        files.narrow(self.settings.home)
        made = sessions(self.settings.url)
        made.before_writing = lambda: key_checks.note(made, self.settings, clock.now)
        event.listen(made, "after_commit", partial(heads.note, self.settings.home))
        return made

    @cached_property
    def directive(self) -> Directive:
        return load_directive(self.settings.directive_file)

    @cached_property
    def calendar(self) -> WorkingDays:
        return load_calendar(self.settings.calendar_file)

    @cached_property
    def blobs(self) -> Blobs:
        return Blobs(self.settings.home / "originals", self.secrets)

    @cached_property
    def secrets(self) -> list[str]:
        """The keys, first one current: those with which this database is written. Asked of it once.

        Whoever encrypts, signs or decrypts takes them from here. `Settings.secret_keys` is for what has no database.

        Raises:
            Problem: they are not the keys of this database, or its key is missing.
        """
        return key_checks.proven(lambda: self.sessions, self.settings)


def open_world() -> World:
    """The world that the environment describes.

    Raises:
        Problem: a setting is wrong, or the clock is played while mail could reach people.
    """
    return opened(settings_module.load())


def opened(settings: Settings) -> World:
    """The world of these settings.

    Raises:
        Problem: the clock is played while mail could reach people.
    """
    if settings.clock and (server := smtp(settings)):
        refuse_to_play(server)
    return World(settings)
