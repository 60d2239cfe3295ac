"""What a mail brings. Its headers and parts may be hostile or broken: what cannot be read is missing, and said.

Only its own header is parsed here, within bounds. Python's parsers need hours for a few hundred kilobytes made for it
(`;` in a parameter, encoded words in a file name, pictures named thousands of times): the rest is read by a child.
"""

from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from pydantic import ValidationError

from dondoc.errors import Problem
from dondoc.intake.mails.content import UNPACKED
from dondoc.intake.sources.parts import PARTS, Parts
from dondoc.isolation import workers
from dondoc.isolation.workers import Fault, Limits

HEADERS = 65_536  # bytes of the beginning of a mail that are read where the rest is not
LARGEST_HEADER = 262_144
LONGEST_ID = 900  # characters of a Message-ID that a reply can name: a line of a mail has 998 (RFC 5322, 2.1.1)
MOST_LINES = 1_000_000  # 50 MB in base64 have 700,000
MOST_PARTS = 5_000
WORK = "dondoc.intake.sources.parts"
CPU, WALL = 10, 40.0  # seconds for one mail; an ordinary one of 50 MB takes one
UNKNOWN = "tiến trình đọc thư bị dừng"
WHY = {"memory": "đọc thư tốn quá nhiều bộ nhớ", "time": "đọc thư tốn quá nhiều thời gian", "output": "thư quá lớn"}


@dataclass(frozen=True)
class ReadMail:
    """What was read. `parts` hold what could not be, too; `documents`: name and bytes of each."""

    header: Message
    complete: bool  # False: its header goes on beyond what was read
    message_id: str | None
    parts: Parts
    documents: list[tuple[str, bytes]]


def read_mail(raw: bytes) -> ReadMail:
    """A mail, or its beginning, read as far as it can be.

    Raises:
        Problem: no child could be started. That is no fault of the mail's.
    """
    fault = unreasonable(raw)
    raw = raw[:HEADERS] if fault else raw
    header = BytesParser(policy=compat32).parsebytes(raw[:LARGEST_HEADER], headersonly=True)
    parts, documents = (fault, list[tuple[str, bytes]]()) if fault else _taken_apart(raw)
    return ReadMail(header, _header_ends(raw), _message_id(header), parts, documents)


def unreasonable(raw: bytes) -> Parts | None:
    """Why a mail is kept whole and not taken apart: it would take too much time or memory. None: it is as mails are."""
    if len(raw) > LARGEST_HEADER and not _header_ends(raw[:LARGEST_HEADER]):
        return Parts(faults=["phần đầu thư quá dài"])
    if raw.count(b"\n") > MOST_LINES:
        return Parts(faults=["quá nhiều dòng"])
    if (parts := raw.count(b"\n--")) > MOST_PARTS:
        return Parts(faults=["quá nhiều phần"], too_many=parts)
    return None


def _header_ends(raw: bytes) -> bool:
    return b"\r\n\r\n" in raw or b"\n\n" in raw


def _taken_apart(raw: bytes) -> tuple[Parts, list[tuple[str, bytes]]]:
    """Its text and documents, by a child; of what is too much for it only why.

    Raises:
        Problem: no child could be started.
    """
    limits = Limits(memory=(768 << 20) + 12 * len(raw), cpu=CPU, wall=WALL, output=len(raw) + UNPACKED + (1 << 20))
    try:
        line, _, rest = workers.run(WORK, b"", raw, limits).partition(b"\n")
        parts = PARTS.validate_json(line)
    except Fault as fault:
        if fault.is_ours:
            raise Problem(
                "Không khởi động được tiến trình đọc thư: tạm ngừng đọc hộp thư, thư vẫn còn nguyên ở đó. Kiểm tra bộ "
                "nhớ và số tiến trình của máy chủ."
            ) from None
        return Parts(faults=[WHY.get(fault.kind, UNKNOWN)]), []
    except ValidationError:
        return Parts(faults=[UNKNOWN]), []
    documents, start = [], 0
    for name, size in parts.documents:
        documents.append((name, rest[start : start + size]))
        start += size
    return parts, documents


def _message_id(header: Message) -> str | None:
    message_id = " ".join(str(value) for name, value in header.raw_items() if name.lower() == "message-id").strip()
    return message_id if 0 < len(message_id) <= LONGEST_ID else None
