"""What the doors (command line, pages, DAGs) open once and hand to the rooms."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, partial

from sqlalchemy import event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dondoc import clock, workdays
from dondoc.configuration import settings as settings_module
from dondoc.configuration.settings import Settings
from dondoc.directive import calendar as calendars
from dondoc.directive import files as letter_files
from dondoc.directive import record
from dondoc.directive.load import File
from dondoc.directive.model import Directive, Registry
from dondoc.directive.record import Version
from dondoc.errors import Problem
from dondoc.mail.servers import refuse_to_play, smtp
from dondoc.store import files, heads, key_checks
from dondoc.store.blobs import Blobs
from dondoc.store.session import Sessions, sessions
from dondoc.workdays import WorkingDays


@dataclass(frozen=True)
class AppContext:
    """Settings, and what they name, opened when first asked for."""

    settings: Settings

    @cached_property
    def sessions(self) -> Sessions:
        files.narrow(self.settings.home)
        made = sessions(self.settings.url)
        made.before_writing = lambda: self._before_writing(made)
        event.listen(made, "after_commit", partial(heads.note, self.settings.home))
        return made

    def _before_writing(self, made: Sessions) -> None:
        key_checks.note(made, self.settings, clock.now)
        self._take_in(made)

    @property
    def registry(self) -> Registry:
        """The agencies and systems that all letters share."""
        return self._on_disk()[0]

    def _on_disk(self) -> tuple[Registry, list[File]]:
        return letter_files.letters(self.settings.directive_files, self.settings.data)

    def versions(self, session: Session, known_at: datetime | None = None) -> list[Version]:
        """Every version of every letter that was known at a moment: read again, others add some."""
        registry, files = self._on_disk()
        return record.versions(session, registry, files, clock.now(), known_at)

    def letters(self, session: Session, day: date, known_at: datetime | None = None) -> tuple[Directive, ...]:
        """The letters for which agencies may be chased on a day, as known at a moment, oldest first."""
        return record.active(self.versions(session, known_at), day)

    def letters_since(self, session: Session, day: date) -> tuple[Directive, ...]:
        """The letters that were active on any day from one until today: what happened since may be about each."""
        today = clock.now().date()
        return record.active_between(self.versions(session), min(day, today), today)

    @property
    def first_day(self) -> date:
        """The first day that anybody is shown."""
        with self.sessions.reading() as session:
            return min((v.directive.first_day for v in self.versions(session)), default=record.ALWAYS)

    @property
    def first_asked(self) -> date:
        """The day of the oldest letter; of one without a day, the first that anybody is shown."""
        with self.sessions.reading() as session:
            letters = [v.directive for v in self.versions(session)]
        return min((letter.day or letter.first_day for letter in letters), default=record.ALWAYS)

    def _take_in(self, made: Sessions) -> None:
        """Record what the files hold, before anything rests on it. What somebody else records meanwhile is theirs, and
        a file that cannot be used stops only who asks for the letters: what arrives is kept."""
        with suppress(IntegrityError, Problem), made.begin() as session:
            record.take_in(session, self._on_disk()[1], clock.now())
            calendars.take_in(session, workdays.load_file(self.settings.calendar_file), clock.now())

    @property
    def calendar(self) -> WorkingDays:
        """The working days as the file has them now."""
        return workdays.load(self.settings.calendar_file)

    def calendar_known(self, session: Session, known_at: datetime | None) -> WorkingDays:
        """The working days as they were known at a moment."""
        return calendars.known(session, workdays.load_file(self.settings.calendar_file), known_at)

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


def open_context() -> AppContext:
    """The world that the environment describes.

    Raises:
        Problem: a setting is wrong, or the clock is played while mail could reach people.
    """
    return opened(settings_module.load())


def opened(settings: Settings) -> AppContext:
    """The world of these settings.

    Raises:
        Problem: the clock is played while mail could reach people.
    """
    if settings.clock and (server := smtp(settings)):
        refuse_to_play(server)
    return AppContext(settings)
