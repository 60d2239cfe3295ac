"""Read the sources: the drop folder and the mailbox. A source is told only after its item is durable here."""

import mimetypes
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parseaddr
from hashlib import sha256
from imaplib import IMAP4, Internaldate2tuple
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from time import mktime
from typing import TypeVar

from imap_tools import BaseMailBox, MailBox, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError
from imap_tools.message import MailMessage

from dondoc.clock import HERE
from dondoc.errors import Problem
from dondoc.intake import authentication, replies
from dondoc.intake.judge import newest_verdict, without_reading
from dondoc.intake.receive import receive, visible
from dondoc.mail.servers import ImapServer
from dondoc.store import files
from dondoc.store.intake import SourceRead
from dondoc.world import World

STABLE = timedelta(seconds=2)
DONE = "Da-tiep-nhan"
TOO_LARGE = "Qua-lon"  # folder for what is kept as it is, unread: in drop/, and in the mailbox
NO_DOCUMENT = (".", "~$")  # how the names of hidden, temporary and lock files begin
# What file systems, Windows and network disks put there themselves; none of it can be moved away for good.
HOUSEKEEPING = frozenset(
    ("lost+found", "thumbs.db", "desktop.ini", "system volume information", "$recycle.bin", "@eadir", "#recycle")
)
SHOWN = 10  # names in one message
HEADERS = 65_536  # bytes of a too large mail that are read
T = TypeVar("T")


@dataclass
class SourceResult:
    """What one reading of a source brought. `ok` False: the source itself could not be read."""

    source: str
    ok: bool = True
    submission_ids: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def detail(self) -> str:
        return "; ".join(self.problems)


def _record(world: World, result: SourceResult, now: datetime) -> SourceResult:
    with world.sessions.begin() as session:
        session.add(
            SourceRead(
                source=result.source,
                ok=result.ok,
                items=len(result.submission_ids),
                detail=result.detail,
                recorded_at=now,
            )
        )
    return result


def read_folder(world: World, now: datetime) -> SourceResult:
    """Take in every file of `drop/` that no longer grows; then remove it: the original is kept whole, encrypted.

    One that is too large to be read is moved as it is to `drop/Qua-lon/`, under the number of its submission. What
    cannot be taken in stays where it is and is named, and the folder counts as unread: it may be what an agency owes.
    """
    result = SourceResult("folder")
    drop = world.settings.home / "drop"
    try:
        files.folder(drop)
        paths = sorted(path for path in drop.iterdir() if _may_be_a_document(path.name))
    except OSError as error:
        result.ok = False
        result.problems.append(f"Không đọc được thư mục {drop}: {error.strerror}. Kiểm tra quyền truy cập.")
        return _record(world, result, now)
    if left := list(_left_of(world, paths, result, now)):
        result.ok = False
        result.problems.append(_advice(left))
    return _record(world, result, now)


def _may_be_a_document(name: str) -> bool:
    return not name.startswith(NO_DOCUMENT) and name.casefold() not in HOUSEKEEPING


def _left_of(world: World, paths: list[Path], result: SourceResult, now: datetime) -> Iterator[str]:
    """Takes in what it can; the others with why they were left."""
    for path in paths:
        try:
            why = _take(world, path, result, now)
        except Problem as problem:  # the disk is full: stop here, the rest stays where it is
            result.ok = False
            result.problems.append(str(problem))
            return
        except OSError as error:
            why = None if _gone(path, error) else error.strerror
        if why:
            yield f"“{visible(path.name, '?')}” ({why})"


def _take(world: World, path: Path, result: SourceResult, now: datetime) -> str | None:
    """Take in what stands in `drop/`, if it is a file of its own: no link is followed, no pipe is opened.

    Returns:
        why it was not, where somebody has to see to it.
    """
    mode = path.lstat().st_mode
    if S_ISREG(mode):
        _take_file(world, path, result, now)
        return None
    if S_ISDIR(mode):
        return None if path.name == TOO_LARGE or not any(path.iterdir()) else "thư mục"
    return "liên kết" if S_ISLNK(mode) else "không phải tệp"


def _gone(path: Path, error: OSError) -> bool:
    """Somebody moved it meanwhile, or another reader took it in."""
    return isinstance(error, FileNotFoundError) and not os.path.lexists(path)


def _advice(names: list[str]) -> str:
    more = f" và {len(names) - SHOWN:02} mục khác" if len(names) > SHOWN else ""
    return (
        f"Không tiếp nhận được {len(names):02} mục trong drop/: {', '.join(names[:SHOWN])}{more}. Tất cả vẫn nằm ở đó. "
        "Cho tài khoản chạy dondoc quyền đọc và xóa, đặt chính tệp (không phải thư mục hay liên kết) vào drop/, hoặc "
        "chuyển đi nơi khác."
    )


def _largest(world: World) -> int:
    return world.settings.max_file_mb * 2**20


def _mb(size: int) -> str:
    return f"{size / 2**20:.1f} MB".replace(".", ",")


def _read(path: Path, largest: int) -> tuple[os.stat_result, bytes]:
    """What a file is, and its bytes; none of a larger one, nor of what was put in its place and is no file."""
    with open(path, "rb", opener=lambda p, flags: os.open(p, flags | os.O_NOFOLLOW | os.O_NONBLOCK)) as file:
        found = os.fstat(file.fileno())
        return found, file.read(found.st_size) if S_ISREG(found.st_mode) and found.st_size <= largest else b""


def _take_file(world: World, path: Path, result: SourceResult, now: datetime) -> None:
    stat, content = _read(path, _largest(world))
    if not S_ISREG(stat.st_mode) or abs(datetime.now(HERE).timestamp() - stat.st_mtime) < STABLE.total_seconds():
        return
    too_large = stat.st_size > _largest(world)
    note = f"{path.name}: {_mb(stat.st_size)}, nằm nguyên trong drop/{TOO_LARGE}/\n".encode(errors="replace")
    submission, new = receive(
        world,
        note if too_large else content,
        channel="folder",
        channel_id=f"{path.name}/{stat.st_size}/{stat.st_mtime_ns}",
        sender="",
        filename=f"{path.name}.txt" if too_large else path.name,
        received_at=datetime.fromtimestamp(max(0, min(stat.st_mtime, now.timestamp())), HERE),  # else no date at all
        now=now,
    )
    if too_large:
        where = f"{TOO_LARGE}/BN-{submission:04}"
        why = f"{_too_large(world, 'tệp', stat.st_size)}; tệp nằm nguyên ở drop/{where}/: cần người xem"
        _unread(world, submission, "waiting", why, result, now)
    if new:
        result.submission_ids.append(submission)
    if path.stat().st_mtime_ns == stat.st_mtime_ns:  # else it was laid anew meanwhile: the next run takes it
        _put_aside(path, path.parent / where) if too_large else path.unlink()


def _put_aside(path: Path, folder: Path) -> None:
    files.folder(folder)
    files.narrow(path)
    path.rename(folder / path.name)


def _too_large(world: World, what: str, size: int) -> str:
    return f"{what} nặng {_mb(size)}, quá {world.settings.max_file_mb} MB nên chưa đọc"


def _unread(world: World, submission: int, outcome: str, why: str, result: SourceResult, now: datetime) -> None:
    """What becomes of an arrival that is kept but not read, unless a killed run has said so already."""
    result.problems.append(f"BN-{submission:04}: {why}")
    with world.sessions.begin() as session:
        if newest_verdict(session, submission) is None:
            session.add(without_reading(submission, outcome, why, now))


def read_mailbox(world: World, server: ImapServer, now: datetime) -> SourceResult:
    """Take in every attachment of every mail in the folder; then move the mail to `Da-tiep-nhan`.

    A mail without attachments is kept itself: a person reads it. One that is too large to be fetched is moved whole to
    `Qua-lon`, its headers are the submission, and its sender is told.
    """
    result = SourceResult("mailbox")
    kind = MailBox if server.ssl else MailBoxUnencrypted
    try:
        with kind(server.host, server.port, timeout=30).login(
            server.user, server.password, initial_folder=server.folder
        ) as box:
            for folder in (DONE, TOO_LARGE):
                if not box.folder.exists(folder):
                    box.folder.create(folder)
            for uid in box.uids():
                try:
                    box.move([uid], _take_mail(world, box, uid, result, now))
                except Problem as problem:
                    result.ok = False
                    result.problems.append(str(problem))
                    break
    except (OSError, IMAP4.error, ImapToolsError) as error:
        result.ok = False
        result.problems.append(
            f"Không đọc được hộp thư {server.host}:{server.port}/{server.folder} ({type(error).__name__}). "
            "Kiểm tra kết nối dondoc_imap; thư vẫn còn nguyên trong hộp thư."
        )
    return _record(world, result, now)


def is_automatic(mail: MailMessage) -> bool:
    """A machine wrote it (RFC 3834): a bounce, an absence note, or our own letter coming back."""
    headers = {name.lower(): " ".join(map(str, values)).lower() for name, values in mail.headers.items()}
    sender = parseaddr(headers.get("from", ""))[1]
    return (
        headers.get("auto-submitted", "no") != "no"
        or headers.get("precedence", "") in ("bulk", "junk", "auto_reply")
        or "x-dondoc-loop" in headers
        or "x-autoreply" in headers
        or headers.get("return-path", "").strip() == "<>"
        or "multipart/report" in headers.get("content-type", "")
        or sender.startswith(("mailer-daemon", "postmaster", "no-reply", "noreply"))
    )


def _answer(box: BaseMailBox, uid: str, what: str) -> tuple[bytes, bytes | None]:
    """What the server says of a mail: all in one line, and what it sends besides, None without any."""
    parts = [part for part in box.client.uid("fetch", uid, f"({what})")[1] if part]
    sent = next((part[1] for part in parts if isinstance(part, tuple)), None)
    return b" ".join(part[0] if isinstance(part, tuple) else part for part in parts), sent


def _size(box: BaseMailBox, uid: str) -> int:
    """Bytes of a mail; 0 when it is no longer there."""
    found = re.search(rb"RFC822\.SIZE (\d+)", _answer(box, uid, "RFC822.SIZE")[0])
    return int(found[1]) if found else 0


def _fetched(box: BaseMailBox, uid: str, part: str, now: datetime) -> tuple[bytes, datetime] | None:
    """A part of the mail byte for byte, and the server's own time of receipt (INTERNALDATE), never the sender's Date
    header.

    None: it is no longer there.
    """
    said, raw = _answer(box, uid, f"INTERNALDATE {part}")
    when = Internaldate2tuple(said)
    return (raw, datetime.fromtimestamp(mktime(when), HERE) if when else now) if raw is not None else None


def _documents(mail: MailMessage) -> list[tuple[str, bytes]]:
    """What a mail brings, by name: not the pictures of its own text, and a forwarded mail by what is in it."""
    found = []
    for part in mail.attachments:
        shown = part.content_type.startswith("image/") and part.content_id and f"cid:{part.content_id}" in mail.html
        body = not part.filename and part.content_type.startswith(("text/", "message/"))
        if part.payload and not shown and not body:
            ending = mimetypes.guess_extension(part.content_type) or ""
            found.append((part.filename or f"tep-dinh-kem{ending}", part.payload))
    return found


def _message_id(mail: MailMessage) -> str | None:
    return " ".join(str(v) for v in mail.headers.get("message-id", ())).strip() or None


@dataclass
class _Reader:
    """Reads a mail part by part. Headers and parts may be hostile or broken, and the libraries raise whatever they
    trip over: such a part counts as missing, and the others are read all the same."""

    faults: list[str] = field(default_factory=list)

    def read(self, part: Callable[[], T], instead: T) -> T:
        try:
            return part()
        except Exception as error:
            self.faults.append(type(error).__name__)
            return instead


def _take_mail(world: World, box: BaseMailBox, uid: str, result: SourceResult, now: datetime) -> str:
    """Take in a mail; returns the folder where it belongs now."""
    too_large = (size := _size(box, uid)) > _largest(world)
    part = f"BODY.PEEK[HEADER]<0.{HEADERS}>" if too_large else "BODY.PEEK[]"
    if (fetched := _fetched(box, uid, part, now)) is None:
        return DONE
    (raw, arrived), reader = fetched, _Reader()
    mail = reader.read(lambda: MailMessage.from_bytes(raw), MailMessage.from_bytes(b""))
    message_id = reader.read(lambda: _message_id(mail), None)
    sender = authentication.of_mail(world, mail.obj)
    subject = reader.read(lambda: mail.subject, None)
    documents: list[tuple[str, bytes]] = reader.read(lambda: _documents(mail), [])
    automatic = reader.read(lambda: is_automatic(mail), True)  # who cannot be told from a machine gets no answer
    if reader.faults:
        kinds = ", ".join(dict.fromkeys(reader.faults))
        result.problems.append(f"Thư UID {uid} có phần không đọc được ({kinds}): vẫn giữ, cần người xem")
    taken: list[int] = []
    for index, (filename, content) in enumerate(documents or [("thu-qua-lon.eml" if too_large else "thu.eml", raw)]):
        submission, new = receive(
            world,
            content,
            channel="mail",
            channel_id=f"{message_id or uid}/{index}/{sha256(content).hexdigest()[:16]}",
            sender=sender.address,
            filename=filename,
            received_at=arrived,
            now=now,
            message_id=message_id,
            subject=subject,
            automatic=automatic,
            sender_doubt=sender.doubt,
            authentication=sender.authentication.result if sender.authentication else None,
        )
        taken.append(submission)
        if too_large:
            why = f"{_too_large(world, 'thư', size)}, vẫn được giữ nguyên"
            advice = "Đề nghị gửi mỗi tệp trong một thư riêng, hoặc giảm dung lượng bản scan."
            _unread(world, submission, "refused", f"{why}. {advice}", result, now)
        if new:
            result.submission_ids.append(submission)
    if not automatic and not too_large:
        text = reader.read(lambda: mail.text, "")
        replies.take(world, mail.obj, sender, subject or "", text, [] if documents else taken, now)
    return TOO_LARGE if too_large else DONE
