"""The mailbox. A mail is moved only after all it brings is durable here; what cannot be taken in stays and is named."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from email.utils import parseaddr

from dondoc.bounded import Deadline
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.intake import aside, authentication, replies
from dondoc.intake.mails.take import take_in
from dondoc.intake.sources.mail import HEADERS, read_mail
from dondoc.intake.sources.source import TOO_LARGE, SourceResult, begin, known_senders, largest, record, too_large
from dondoc.intake.sources.turns import Turns, turns
from dondoc.mail.imap import Broken, Declined, Mailbox
from dondoc.mail.servers import ImapServer, Unusable
from dondoc.vocabulary.mails import MailKind
from dondoc.vocabulary.numbers import BN

DONE = "Da-tiep-nhan"
RECONNECTS = 5  # in one run
SHOWN = 10  # mails in one message
CLAIMS = "FROM SENDER AUTHENTICATION-RESULTS"  # header fields that tell whose turn a mail is


def read_mailbox(app: AppContext, server: ImapServer, now: datetime) -> SourceResult:
    """Take in every document of every mail in the folder; then move the mail to `Da-tiep-nhan`.

    A mail without a document is kept itself, and what it is decides who sees it. One that is too large to be fetched is
    moved whole to `Qua-lon`, its headers are the submission, and its sender is told. Time, amount and number of mails
    are bounded; the next run goes on. The source counts as read when every mail of a registered sender was, but for
    those set aside.
    """
    result = begin(app, "mailbox", now)
    reading = _Reading(app, server, now, result, Deadline(app.settings.mailbox_seconds))
    try:
        reading.run()
    except Declined as error:
        reading.fault(
            f"Hộp thư {reading.name} không cho đọc danh sách thư hoặc tạo thư mục {DONE}, {TOO_LARGE} ({error}). "
            "Kiểm tra quyền của tài khoản; thư vẫn còn nguyên trong hộp thư."
        )
    except (Unusable, Problem) as error:
        reading.fault(str(error))
    reading.conclude()
    return record(app, result)


@dataclass
class _Reading:
    """One reading of a mailbox: over one connection, or a few where the server breaks it."""

    app: AppContext
    server: ImapServer
    now: datetime
    result: SourceResult
    deadline: Deadline
    taken: list[int] = field(default_factory=list)
    failing: dict[int, str] = field(default_factory=dict)
    senders: dict[int, str] = field(default_factory=dict)
    reconnects: int = 0
    where: aside.Box | None = None

    @property
    def name(self) -> str:
        return f"{self.server.user} tại {self.server.host}:{self.server.port}/{self.server.folder}"

    def fault(self, problem: str) -> None:
        self.result.ok = False
        self.result.problems.append(problem)

    def run(self) -> None:
        """Take in what has its turn.

        Raises:
            Declined or Unusable: the mailbox is of no use, or not any more.
            Problem: our own disk or certificates are.
        """
        self.box = Mailbox(self.server, self.deadline)
        try:
            self._run()
        finally:
            self.box.close()

    def _run(self) -> None:
        self.where = aside.Box(self.name, self.box.uid_validity)
        for folder in (DONE, TOO_LARGE):
            self.box.make(folder)
        with self.app.sessions.reading() as session:
            tried, resting = aside.tried(session, self.where, self.now)
            known = known_senders(session)
        present = self.box.present()
        uids = [uid for uid in present if uid not in resting]
        if lie := len(present) - len(uids):
            self.result.problems.append(f"{lie:02} thư để riêng chờ người xem (trang bản nộp chờ xử lý)")
        self._learn_senders(uids, known)
        due = turns(uids, self.senders, known, tried, self.app.settings.mails_per_run)
        for place, uid in enumerate(due.take):
            if self.deadline.over or not self._one(uid):
                self._out_of_time(len(due.take) - place, max(0, due.known - place))
                break
        self._believe_no_move()
        self._tell_left(due)

    def _learn_senders(self, uids: list[int], known: set[str]) -> None:
        """Whom the mails claim to be from, by one cheap request for many; nothing depends on it but the order.

        One that our own mail server found out to be forged is nobody's: else 10,000 of them would keep its alleged
        sender's own mail waiting for hours, and with it, as unread, all chasing letters.
        """
        self.box.until(Deadline(self.app.settings.mailbox_seconds / 3, self.deadline))
        try:
            for uid, raw in self.box.headers(uids, CLAIMS):
                claimed = _address(raw)
                doubted = claimed in known and authentication.of_mail(self.app, _parsed(raw)).doubt
                self.senders[uid] = "" if doubted else claimed
        except Broken as error:
            self._reconnect(error)

    def _one(self, uid: int) -> bool:
        """Take in a mail and move it; False: the time of all ran out meanwhile, which is not this mail's doing."""
        self.box.until(Deadline(self.app.settings.mail_seconds, self.deadline))
        try:
            if folder := self._take(uid):
                self.box.move(uid, folder)
        except Declined as error:
            self.failing[uid] = str(error)
        except Broken as error:
            if self.deadline.over:
                return False
            self.failing[uid] = str(error)
            self._reconnect(error)
        else:
            self.taken.append(uid)
        return True

    def _believe_no_move(self) -> None:
        """A mail that is still there was not moved, whatever the server said: it would come at every run, unnoticed."""
        if not self.taken or self.deadline.over:
            return
        self.box.until(self.deadline)
        for uid in {*self.taken} & {*self.box.left()}:
            self.taken.remove(uid)
            self.failing[uid] = "máy chủ nói đã chuyển thư đi mà thư vẫn còn"

    def _reconnect(self, after: Broken) -> None:
        """A connection that broke over one mail says nothing about the others.

        Raises:
            Unusable: it broke too often, cannot be made again, or UIDs mean something else now.
        """
        self.reconnects += 1
        if self.reconnects > RECONNECTS:
            raise after
        self.box.close()
        self.box = Mailbox(self.server, self.deadline)
        if self.where and self.box.uid_validity != self.where.uid_validity:
            raise after

    def _take(self, uid: int) -> str | None:
        """Take in a mail; returns the folder where it belongs now, None when it is in ours no more.

        Raises:
            Declined: the server does not give it, though it has it.
            Broken.
            Problem: our disk is full.
        """
        most = largest(self.app)
        try:
            large = self.box.larger_than(uid, most)
            fetched = self.box.fetch(uid, HEADERS, "HEADER") if large else self.box.fetch(uid, most + 1)
        except Declined:
            if self.box.lists(uid):
                raise
            return None  # somebody moved it meanwhile
        if not fetched.content:
            raise Declined("máy chủ trả về thư rỗng")
        large = large or len(fetched.content) > most
        raw = fetched.content[:HEADERS] if large else fetched.content
        self._receive(uid, raw, fetched.received_at or self.now, most if large else None)
        return TOO_LARGE if large else DONE

    def _receive(self, uid: int, raw: bytes, arrived: datetime, larger_than: int | None) -> None:
        """Keep what a mail brings, and let an answer to a question of ours count."""
        mail = read_mail(raw)
        faults, sender = mail.parts.faults, authentication.of_mail(self.app, mail.header)
        if faults and larger_than is None:
            self.result.problems.append(
                f"Thư UID {uid} có phần không đọc được ({', '.join(faults)}): vẫn giữ, cần người xem"
            )
        if not mail.complete:  # what of it was not read may name another sender
            sender = replace(sender, doubt=sender.doubt or "phần đầu thư quá dài, không đọc hết")
        refused = None
        if larger_than is not None:
            problem = f"{too_large(self.app, 'thư', larger_than)}, vẫn được giữ nguyên"
            refused = f"{problem}. Đề nghị gửi mỗi tệp trong một thư riêng, hoặc giảm dung lượng bản scan."
        taken = take_in(self.app, raw, mail, sender, arrived, self.now, refused=refused)
        if taken.new:
            self.result.submission_ids += taken.submissions
        if refused:
            self.result.problems.append(f"{BN(taken.submissions[0])}: {refused}")
        elif not taken.decision.automatic:
            settled = [] if taken.decision.kind == MailKind.SUBMISSION else taken.submissions
            subject = mail.parts.subject or ""
            replies.take(self.app, mail.header, sender, subject, mail.parts.text, settled, self.now)

    def _out_of_time(self, left: int, known: int) -> None:
        """What is left is no fault where it is strangers' alone: whoever sends heavy mails would hold all letters."""
        seconds = self.app.settings.mailbox_seconds
        problem = (
            f"Hết {seconds:.0f} giây dành cho hộp thư {self.name}, còn {left:02} thư chưa đọc; lượt sau đọc tiếp. "
            "Nếu lặp lại, kiểm tra đường truyền tới máy chủ thư (DONDOC_MAILBOX_SECONDS: nhiều nhất 600 giây)."
        )
        self.fault(problem) if known else self.result.problems.append(problem)

    def _tell_left(self, due: Turns) -> None:
        if due.known_left:
            self.fault(f"còn {due.known_left:02} thư của địa chỉ đã đăng ký chưa đọc; lượt sau đọc tiếp")
        if due.others_left:
            self.result.problems.append(
                f"đã đọc thư của mọi địa chỉ đã đăng ký trước; còn {due.others_left:02} thư của người gửi chưa đăng "
                "ký, lượt sau đọc tiếp"
            )

    def conclude(self) -> None:
        """Write down what failed, what is set aside by now, and what came at last."""
        if self.where is None:
            return
        if self.taken:
            aside.went_well(self.app, self.where, self.taken, self.now)
        if not self.failing:
            return
        try:
            trying, put = aside.failed(
                self.app, self.where, self.failing, self.senders, some_came=bool(self.taken), now=self.now
            )
        except Problem as problem:  # no room for the note: it is written the next time
            self.fault(str(problem))
            return
        if trying:
            self.fault(
                f"Chưa lấy được {len(trying):02} thư trong hộp thư {self.name}: {self._named(trying)}. Thư vẫn còn "
                f"nguyên ở đó; lượt sau thử lại, sau {aside.AFTER} lượt thì để riêng cho người xem."
            )
        if put:
            self.result.problems.append(f"để riêng {len(put):02} thư cho người xem: {self._named(put)}")

    def _named(self, uids: list[int]) -> str:
        more = f" và {len(uids) - SHOWN:02} thư khác" if len(uids) > SHOWN else ""
        return "; ".join(f"UID {uid} ({self.failing[uid]})" for uid in uids[:SHOWN]) + more


def _parsed(header: bytes) -> Message:
    return message_from_bytes(header, policy=compat32)


def _address(header: bytes) -> str:
    """The address in a From field, as the reading of the whole mail finds it; empty when there is none."""
    try:
        value = _parsed(header).get("From", "")
        return parseaddr(str(make_header(decode_header(str(value)))))[1].lower()
    except Exception:  # the library raises whatever it trips over
        return ""
