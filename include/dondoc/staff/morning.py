"""What our own people read on the morning of a working day: one mail, and only where there is something in it.

What leaves today and how to stop it, what waits for us and since when, what failed and what to do, whom to call.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from textwrap import shorten
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import clock
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.documents.words import listed
from dondoc.facts import approvers, contacts
from dondoc.facts import words as duty_words
from dondoc.facts.obligations import Standing
from dondoc.intake import inbox, open_replies
from dondoc.intake.open_replies import Reply
from dondoc.intake.verdicts import only_forms
from dondoc.mail import compose, outbox
from dondoc.mail.render import render, vn_moment
from dondoc.mail.shapes import InternalWords, Section
from dondoc.staff import letters, to_approve
from dondoc.staff.notices import held_letters, remembered
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import LetterKind, OutboxState
from dondoc.vocabulary.notices import Notice
from dondoc.vocabulary.numbers import BN, TH
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.submissions import Outcome

SHOWN = 20  # lines of a part; the page has the rest
COUNTED = 70  # characters of the subject that count them


@dataclass(frozen=True)
class Morning:
    """What the mail of a morning is about.

    Args:
        rows: the decisions of the day, as `escalate` returns them.
        called: how these call each duty, by its id.
        lacks: what is missing to write to somebody, in words.
        owed: where every obligation stands.
        unnumbered: the official letters that wait for their number, in words.
        needed: what is missing for the steps of the next days.
    """

    app: AppContext
    session: Session
    day: date
    now: datetime
    rows: Sequence[Mapping[str, Any]]
    called: Mapping[str, str]
    lacks: Sequence[str]
    owed: Sequence[Standing]
    unnumbered: Sequence[str] = ()
    needed: Sequence[str] = ()

    @cached_property
    def names(self) -> dict[str, str]:
        return {agency.id: agency.name for agency in self.app.registry.agencies}

    def tell(self) -> list[int]:
        """Put the mail into the outbox, once a day; nothing where nothing is to be said, or on a day off."""
        told = remembered(self.app, self.session, "morning", Notice.MORNING)
        if self.day.isoformat() in told or not self.app.calendar.is_working_day(self.day):
            return []
        held = held_letters(self.app, self.session, self.now)
        every = (
            ("Gửi hôm nay", "gửi", [*self._leaving()]),
            ("Chờ duyệt", "chờ duyệt", [*self._to_approve(held)]),
            ("Công văn chờ cấp số, ký", "chờ số", [*self.unnumbered]),
            ("Thư trả lời chưa xử lý", "trả lời", [*self._answered()]),
            ("Chờ Sở xử lý", "chờ xử lý", [*self._waiting()]),
            ("Chưa gửi được", "chưa gửi được", [*self._failed()]),
            ("Nên gọi điện", "nên gọi", [*self._calls()]),
            ("Sắp cần mà chưa có", "sắp thiếu", [*self.needed]),
        )
        parts = [part for part in every if part[2]]
        sections: list[Section] = [
            {"title": title, "lines": lines[:SHOWN], "more": max(0, len(lines) - SHOWN)} for title, _, lines in parts
        ]
        if not sections:
            return []
        counted = shorten(", ".join(f"{short} {len(lines):02}" for _, short, lines in parts), COUNTED, placeholder=" …")
        title = Notice.MORNING.label.format(day=self.day, counted=counted)
        page = self.app.settings.page
        links = [("Thư", page("dondoc/letters")), ("Bản nộp chờ xử lý", page("dondoc/inbox"))]
        context: InternalWords = {"title": title, "lines": [], "sections": sections, "links": links}
        words = render(self.app.settings.data, self.app.registry, LetterKind.INTERNAL, context, self.day)
        about = compose.of_notice(self.app.registry.survey, f"{Notice.MORNING}|{self.day}")
        remember = {"morning": [self.day.isoformat()], "to_approve": [row.id for row in held]}
        return letters.write(self.app, self.session, Notice.MORNING, words, about, title, self.now, remember)

    def _leaving(self) -> Iterator[str]:
        pending = self._pending()
        for row in self.rows:
            if pending & {*map(int, row["outbox_ids"])}:
                link = self.app.settings.page(f"dondoc/letters/{row['outbox_ids'][0]}")
                yield f"{self.names[row['agency']]}: {row['reason']} Đọc hoặc dừng: {link}"

    def _pending(self) -> set[int]:
        """Which of the day's letters leave by themselves."""
        ids = [int(number) for row in self.rows for number in row["outbox_ids"]]
        waits = (OutboxLetter.id.in_(ids), OutboxLetter.state == OutboxState.PENDING)
        return set(self.session.scalars(select(OutboxLetter.id).where(*waits)))

    def _to_approve(self, held: Sequence[OutboxLetter]) -> Iterator[str]:
        if held and not approvers.approvers(self.session, self.app.registry.office, self.day):
            yield approvers.NOBODY.format(issuer=self.app.registry.office)
        for one in to_approve.of(self.app, self.session, held, self.now):
            until = f"; duyệt muộn nhất lúc {vn_moment(one.until)}" if one.until else ""
            link = self.app.settings.page(f"dondoc/letters/{one.letters[0]}")
            late = [f"chậm {one.late:02} ngày làm việc"] if one.late else []
            waits = [f"chờ từ ngày {one.since:%d/%m/%Y}"] if one.since < self.day else []
            more = f" ({'; '.join(late + waits)})" if late + waits else ""
            yield f"{one.about}: {one.title}, {len(one.letters):02} thư{until}. Đọc và duyệt: {link}{more}"

    def _waiting(self) -> Iterator[str]:
        forms = only_forms(self.app, self.session, self.now)
        replies = {one.line.submission.id for one in self._replies}
        rows = [one for one in inbox.inbox(self.session, inbox.ASIDE, forms) if int(one["id"]) not in replies]
        if all(row["outcome"] == Outcome.REFUSED for row in rows):
            return
        for row in rows:
            came = datetime.fromisoformat(row["received_at"])
            note = " (tệp chưa mở được, đã trả lời người gửi)" if row["outcome"] == Outcome.REFUSED else ""
            whose = self.names.get(row["agency"] or "", "chưa rõ đơn vị")
            yield f"{row['number']}, {self._since(came)}: {whose}{note}"

    @cached_property
    def _replies(self) -> list[Reply]:
        return open_replies.waiting(self.app, self.session, self.now)

    def _answered(self) -> Iterator[str]:
        """Replies without a form that nobody has closed: with the letter that they answer, and what they say."""
        for one in self._replies:
            mail, sent = one.mail, one.line.submission
            letter = f" trả lời {TH(mail.letter_id)}" if mail.letter_id else ""
            promised = f", hẹn gửi chậm nhất ngày {mail.promised:%d/%m/%Y}" if mail.promised else ""
            number = f", nói đã gửi văn bản số {mail.document_number}" if mail.document_number else ""
            whose = self.names.get(one.agency or "", "chưa rõ đơn vị")
            link = self.app.settings.page(f"dondoc/submissions/{sent.id}")
            said = f"{whose}{letter}{promised}{number}"
            yield f"{BN(sent.id)}, {self._since(sent.happened_at)}: {said}. Đọc và xử lý: {link}"

    def _since(self, moment: datetime) -> str:
        came = moment.astimezone(HERE).date()
        days = self.app.calendar.between(came, self.day)
        return f"nhận ngày {came:%d/%m/%Y}" + (f", đã {days:02} ngày làm việc" if days else "")

    def _failed(self) -> Iterator[str]:
        yield from self.lacks
        uncertain = (OutboxLetter.state == OutboxState.UNCERTAIN, outbox.counted(self.app.settings))
        for row in self.session.scalars(select(OutboxLetter).where(*uncertain).order_by(OutboxLetter.id)):
            about = self.names.get(row.agency or "", "nội bộ")
            yield f"{TH(row.id)} ({about}): chưa rõ đã đến hay chưa; hỏi người nhận rồi ghi dondoc settle {row.id}"
        yield from self._over()
        gone = [s for s in self.owed if s.status == Status.NEEDS_REASSIGNMENT]
        for agency in dict.fromkeys(s.duty.agency for s in gone):
            count = sum(s.duty.agency == agency for s in gone)
            yield f"{self.names.get(agency, agency)}: đơn vị không còn, {count:02} nội dung cần phân công lại"

    def _over(self) -> Iterator[str]:
        """What was approved in time and not sent in time, since the working day before: it is decided anew."""
        since = clock.at(self.app.calendar.add(self.day, -1), 0)
        lapsed = (OutboxLetter.state == OutboxState.CANCELLED, OutboxLetter.not_after >= since)
        approved = (OutboxLetter.approved_by.is_not(None), outbox.counted(self.app.settings))
        for row in self.session.scalars(select(OutboxLetter).where(*lapsed, *approved).order_by(OutboxLetter.id)):
            if row.not_after and row.not_after < self.now:
                about = self.names.get(row.agency or "", "nội bộ")
                yield f"{TH(row.id)} ({about}): {row.reason}; hệ thống xét lại từ đầu"

    def _calls(self) -> Iterator[str]:
        """Before a letter to the head leaves, a call often does; and where mail reaches nobody, nothing else does."""
        for row in self.rows:
            person, asked = contacts.to_call(self.session, row["agency"], self.day), self._asked(row)
            if person is None or not asked or not (row["needs_approval"] or not row["recipients"]):
                continue
            yield (
                f"{self.names[row['agency']]}: {person}. “Sở xin hỏi "
                f"{listed(asked)}: đơn vị dự kiến gửi ngày nào, có vướng mắc gì không?”"
            )

    def _asked(self, row: Mapping[str, Any]) -> list[str]:
        open_ = [s for s in self.owed if s.agency == row["agency"] and s.status.chased]
        mine = (s for s in open_ if self.called[s.duty.id] in row["obligations"])
        return [duty_words.name(self.app.registry, s) for s in mine]
