"""The survey server. What it holds is compared with what is kept here, so that nothing has to remember where a run
stopped: an edit is a new arrival, what a killed run left is taken in by the next one, and what is gone is told.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote

from sqlalchemy import select

from dondoc.bounded import Deadline, TooMuch
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.forms import answers
from dondoc.intake.receive import receive
from dondoc.intake.sources.kobo import Kobo
from dondoc.intake.sources.odk import Odk
from dondoc.intake.sources.rows import File, Reader, Row
from dondoc.intake.sources.source import SourceResult, begin, largest, record, unread
from dondoc.intake.sources.survey_server import Line, Refused, SurveyKind, SurveyServer
from dondoc.mail.servers import Unusable
from dondoc.store.intake import Submission
from dondoc.vocabulary.numbers import BN
from dondoc.vocabulary.submissions import Arrival, Outcome

SECONDS = 150.0  # of one reading: less than its task has
MOST = 500  # submissions that one run takes in
TOLD = 20  # deleted submissions in one note
GONE, FILES = "!", "/tep/"  # in channel ids: what is told of the deleted (ids are quoted), and attachments
READERS: Mapping[SurveyKind, Callable[[Line], Reader]] = {"kobo": Kobo, "odk": Odk}


def read_survey(app: AppContext, server: SurveyServer, now: datetime) -> SourceResult:
    """Take in every submission of the server's forms that is not kept yet in the version that it has there.

    Its answers are one submission of ours, each attachment another; who filled it in proves nothing, so there is no
    sender. The source counts as read when every form was listed and all that was new was taken in.
    """
    result = begin(app, "survey", now)
    try:
        reader = opened(server, Deadline(SECONDS))
        try:
            for form in server.forms:
                _Reading(app, server, reader, form, now, result).run()
        finally:
            reader.close()
    except (Unusable, Problem) as error:
        _fault(result, str(error))
    return record(app, result)


def opened(server: SurveyServer, deadline: Deadline) -> Reader:
    """Logged in, where the server has a login.

    Raises:
        Unusable: it cannot be used.
        Problem: our certificates cannot.
    """
    return READERS[server.kind](Line(server, deadline))


def look(server: SurveyServer, deadline: Deadline) -> None:
    """Whether every form of it may be read.

    Raises:
        Unusable: one may not.
        Problem: our certificates cannot be used.
    """
    reader = opened(server, deadline)
    try:
        for form in server.forms:
            try:
                reader.look(form)
            except Refused as error:
                raise Unusable(unreadable(server, form, error)) from None
    finally:
        reader.close()


def unreadable(server: SurveyServer, form: str, error: Refused) -> str:
    return f"Không đọc được biểu mẫu “{form}” trên máy chủ khảo sát {server.name}: {error}."


def _fault(result: SourceResult, problem: str) -> None:
    result.ok = False
    result.problems.append(problem)


@dataclass
class _Reading:
    """One reading of one form."""

    app: AppContext
    server: SurveyServer
    reader: Reader
    form: str
    now: datetime
    result: SourceResult

    @property
    def prefix(self) -> str:
        """What the channel ids of all that came from this form begin with."""
        return "/".join((self.server.kind, self.server.name, self.server.project, self.form, ""))

    def run(self) -> None:
        """Take in what is new.

        Raises:
            Unusable: the server cannot be used, or not any more.
            Problem: our disk is full.
        """
        try:
            listed = {_key(id): (id, version) for id, version in self.reader.listing(self.form).items()}
        except Refused as error:
            _fault(self.result, unreadable(self.server, self.form, error))
            return
        kept = self._kept()
        due = [id for key, (id, version) in listed.items() if f"{key}/{_key(version)}" not in kept]
        known = {place.partition("/")[0] for place in kept if FILES not in place}
        now, came = due[:MOST], set[str]()
        for row in self.reader.rows(self.form, now):
            self._take(row, known)
            came.add(row.id)
        if missing := {*now} - came:
            _fault(self.result, f"máy chủ khảo sát không đưa {len(missing):02} phiếu mà nó nêu; lượt sau thử lại")
        if left := len(due) - len(now):
            _fault(self.result, f"còn {left:02} phiếu khảo sát chưa đọc; lượt sau đọc tiếp")
        self._tell_gone(known - {*listed} - {GONE}, kept)

    def _kept(self) -> dict[str, int]:
        """What of this form is here: channel id without the prefix → submission."""
        query = select(Submission.channel_id, Submission.id).where(
            Submission.channel == Arrival.SURVEY, Submission.channel_id.startswith(self.prefix, autoescape=True)
        )
        with self.app.sessions.reading() as session:
            return {channel.removeprefix(self.prefix): number for channel, number in session.execute(query)}

    def _take(self, row: Row, known: set[str]) -> None:
        """Keep a version: its attachments first, so that what is kept is kept whole."""
        key = _key(row.id)
        again = self.server.kind == "kobo" and key in known  # an edit, of which Kobo gives no time
        arrived = self.now if again or row.at is None else row.at
        for file in row.files:
            self._take_file(file, key, row, arrived)
        content = answers.pack(row.answers, kind=self.server.kind, server=self.server.name, form=self.form)
        self._receive(content, f"{key}/{_key(row.version)}", f"{self.form}-{row.id[-12:]}.json", row, arrived)

    def _take_file(self, file: File, key: str, row: Row, arrived: datetime) -> None:
        """An attachment, once for all versions that have it. Of one that the server does not give, that it does not."""
        most, name = largest(self.app), file.name.replace("\\", "/").rsplit("/", 1)[-1]
        try:
            content = self.reader.file(file, most)
        except (Refused, TooMuch) as error:
            why = f"nặng quá {most >> 20} MB" if isinstance(error, TooMuch) else str(error)
            note = f"Tệp {name} của phiếu {row.id} ({self.form}): {why}. Tệp vẫn nằm trên máy chủ khảo sát.\n"
            number = self._receive(
                note.encode(errors="replace"), f"{key}{FILES}{_key(name)}", f"{name}.txt", row, arrived
            )
            reason = f"chưa lấy được tệp “{name}” đính kèm phiếu khảo sát ({why}): cần người xem trên máy chủ khảo sát"
            unread(self.app, number, Outcome.WAITING, reason, self.result, self.now)
            return
        digest = sha256(content).hexdigest()[:16]
        self._receive(content, f"{key}{FILES}{digest}/{_key(name)}", name, row, arrived)

    def _receive(self, content: bytes, place: str, filename: str, row: Row, arrived: datetime) -> int:
        submission, new = receive(
            self.app,
            content,
            channel=Arrival.SURVEY,
            channel_id=self.prefix + place,
            sender="",
            filename=filename,
            received_at=arrived,
            now=self.now,
            subject=f"{self.form} · {row.submitter}" if row.submitter else self.form,
        )
        if new:
            self.result.submission_ids.append(submission)
        return submission

    def _tell_gone(self, gone: set[str], kept: Mapping[str, int]) -> None:
        """What was deleted there stays here; a person is told, once."""
        told = {key for place in kept if place.startswith(GONE) for key in place.partition("/")[2].split(",")}
        fresh = sorted(gone - told)
        for start in range(0, len(fresh), TOLD):
            some = fresh[start : start + TOLD]
            numbers = sorted(number for place, number in kept.items() if place.partition("/")[0] in some)
            listed = ", ".join(map(BN, numbers))
            note = f"Máy chủ khảo sát {self.server.name} không còn phiếu của biểu mẫu {self.form}: {listed}.\n"
            row = Row(GONE, "", {}, None)
            number = self._receive(note.encode(), f"{GONE}/{','.join(some)}", "phieu-da-xoa.txt", row, self.now)
            reason = (
                f"{len(some):02} phiếu đã tiếp nhận không còn trên máy chủ khảo sát ({listed}): các bản đã nhận vẫn "
                "giữ nguyên; cần người xem có phải rút lại không"
            )
            unread(self.app, number, Outcome.WAITING, reason, self.result, self.now)


def _key(text: str) -> str:
    """A name as a part of a channel id: without a slash or a comma, and not long."""
    quoted = quote(text, safe=":", errors="replace")
    return quoted if len(quoted) <= 100 else sha256(text.encode(errors="replace")).hexdigest()
