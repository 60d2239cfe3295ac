"""Letters as dated records: versions, and which letter holds at a moment as it was known at another."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

import yaml
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, defer

from dondoc import clock
from dondoc.clock import HERE
from dondoc.directive.following import followed
from dondoc.directive.load import File
from dondoc.directive.model import Directive, Registry
from dondoc.errors import Problem
from dondoc.store.directives import DirectiveVersion
from dondoc.vocabulary.fields import Field, FieldProblem, may

ALWAYS = date(2000, 1, 1)  # from when a letter without a day holds
MOST_PARSED = 2048  # versions that a process keeps
_PARSED: dict[tuple[str, Registry], tuple[File, Directive]] = {}  # by the digest of their content


class State(StrEnum):
    DRAFT = "draft"  # nobody is chased for it yet
    ACTIVE = "active"
    CLOSED = "closed"  # nobody is chased for it any more


@dataclass(frozen=True)
class Version:
    """A letter as it holds from a day on. `file`: as it was written."""

    directive: Directive
    file: File
    number: int
    state: State
    valid_from: date
    document: str
    reason: str
    by: str
    recorded_at: datetime


Row = TypeVar("Row", Version, DirectiveVersion)


def versions(
    session: Session, registry: Registry, files: Sequence[File], now: datetime, known_at: datetime | None = None
) -> list[Version]:
    """Every version of every letter that was known at a moment, those of one letter in their order.

    `files`: what the installation holds; what of it is not recorded yet counts as if it were.
    """
    query = select(DirectiveVersion).options(defer(DirectiveVersion.content))
    recorded = session.scalars(query.order_by(DirectiveVersion.directive, DirectiveVersion.number))
    rows = [*recorded, *_untaken(session, files, now)]
    return [_version(row, registry) for row in rows if known_at is None or row.recorded_at <= known_at]


def holding(known: Iterable[Version], day: date) -> dict[str, Version]:
    """The version of each letter that holds on a day, by the letter's id; a draft only where nothing else does."""
    begun = sorted((v for v in known if v.valid_from <= day), key=lambda v: (v.state is not State.DRAFT, v.number))
    return {version.directive.id: version for version in begun}


def active(known: Iterable[Version], day: date) -> tuple[Directive, ...]:
    """The letters for which agencies may be chased on a day, oldest first."""
    held = holding(known, day)
    found = [linked(v.directive, held) for v in held.values() if v.state is State.ACTIVE]
    return tuple(sorted(found, key=lambda letter: (letter.day or ALWAYS, letter.id)))


def linked(letter: Directive, held: Mapping[str, Version]) -> Directive:
    """A letter with those that it repeats: what they were sent counts for it also when they are closed."""
    signed = {name: version.directive for name, version in held.items() if version.state is not State.DRAFT}
    repeats = tuple(signed[name] for name in followed(letter, signed) if name in signed)
    return letter.model_copy(update={"repeats": repeats}) if repeats else letter


def active_between(known: Sequence[Version], first: date, last: date) -> tuple[Directive, ...]:
    """The letters that were active on any day of these, oldest first, each as it last was then."""
    days = sorted({first, last, *(v.valid_from for v in known if first < v.valid_from < last)})
    found = {letter.id: letter for day in days for letter in active(known, day)}
    return tuple(sorted(found.values(), key=lambda letter: (letter.day or ALWAYS, letter.id)))


def take_in(session: Session, files: Sequence[File], now: datetime) -> list[str]:
    """Record what the files of the installation hold and no version of their letter ever held.

    Returns:
        the ids of the letters that got a version.
    """
    rows = _untaken(session, files, now)
    session.add_all(rows)
    session.flush()
    return [row.directive for row in rows]


def _untaken(session: Session, files: Sequence[File], now: datetime) -> list[DirectiveVersion]:
    """A letter's first version holds, and counts as known, since its day: whoever asks for an answer of an earlier
    moment than the installation's gets the letter that was signed by then. Later ones hold from today.
    """
    found, recorded = [], defaultdict[str, list[str]](list)
    for directive, known_digest in session.execute(select(DirectiveVersion.directive, DirectiveVersion.digest)):
        recorded[directive].append(known_digest)
    for file in files:
        if file.digest not in (versions := recorded[file.id]):
            since = file.day or ALWAYS
            begins, known = (now.date(), now) if versions else (since, min(now, clock.at(since, 0)))
            found.append(_row(file, len(versions) + 1, State.ACTIVE, begins, known))
    return found


def add(
    session: Session,
    file: File,
    *,
    state: State,
    valid_from: date,
    document: str,
    reason: str,
    by: str,
    now: datetime,
    after: int | None = None,
    replaces: bool = False,
) -> int:
    """Record a version of a letter; its number.

    Args:
        after: the number of the version that the person saw; None: there was none.
        replaces: the person knows that a version which is to come never will.

    Raises:
        Problem: somebody else recorded a version meanwhile, it is dated before the one before it, nothing changed,
            it follows a letter that is unknown or follows itself, or it replaces a version unknown to the person.
    """
    _followed_is_known(session, file)
    rows = _rows(session, file.id)
    last = rows[-1] if rows else None
    if (last.number if last else None) != after:
        raise _overtaken(file.id, last)
    if (held := _held(rows, now)) and valid_from < held.valid_from:
        raise Problem(
            f"Phiên bản trước của “{file.id}” có hiệu lực từ {held.valid_from:%d/%m/%Y}: "
            "phiên bản mới không thể có hiệu lực trước ngày đó."
        )
    same = last and (last.digest, last.state) == (file.digest, state)
    if last and same and not (state == State.CLOSED and valid_from < last.valid_from):
        raise Problem(f"“{file.id}” không có gì thay đổi so với phiên bản {last.number}.")
    if not replaces and state != State.CLOSED and (gone := to_come(rows, now, valid_from)):
        raise _replaced(file.id, gone[-1], valid_from)
    row = _row(file, (last.number if last else 0) + 1, state, valid_from, now)
    row.document, row.reason, row.by = may(Field.DOCUMENT, document), may(Field.REASON, reason), by
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        raise _overtaken(file.id, None) from None
    return row.number


def to_come(rows: Sequence[Row], now: datetime, since: date = date.min) -> list[Row]:
    """The versions of a letter that are no draft and will hold from a day later than today, and not before another.

    A version that is recorded after them and begins by then takes their place before they ever hold.
    """
    first, found = max(since, now.astimezone(HERE).date() + timedelta(days=1)), list[Row]()
    for row in reversed([row for row in rows if row.state != State.DRAFT]):
        if row.valid_from < first:
            break
        if not found or row.valid_from < found[-1].valid_from:
            found.append(row)
    return found[::-1]


def _replaced(directive: str, row: DirectiveVersion, valid_from: date) -> FieldProblem:
    told = f"“{directive}” có phiên bản {row.number} ({row.by or 'tệp cài đặt'} ghi) chờ hiệu lực từ ngày "
    told += f"{row.valid_from:%d/%m/%Y}. Phiên bản có hiệu lực từ {valid_from:%d/%m/%Y} sẽ thay phiên bản đó, nội dung "
    return FieldProblem(f"{told}chờ hiệu lực sẽ không được thực hiện. Nếu đúng vậy, chọn {{}}.", Field.REPLACES)


def _followed_is_known(session: Session, file: File) -> None:
    seen, followed = [file.id], file.follows
    while followed:
        if followed in seen:
            raise Problem(f"“{file.id}” nhắc lại vòng tròn: {' → '.join((*seen, followed))}. Chọn văn bản khác.")
        if not (rows := _rows(session, followed)):
            raise Problem(f"“{seen[-1]}” nhắc lại văn bản “{followed}” chưa được ghi. Ghi văn bản đó trước.")
        seen.append(followed)
        followed = rows[-1].content.get("follows")


def close(
    session: Session,
    directive: str,
    *,
    on: date,
    document: str,
    reason: str,
    by: str,
    now: datetime,
    after: int | None = None,
) -> int:
    """Record that nobody is to be chased for a letter from a day on; the number of the version that says so.

    Args:
        after: the number of the version that the person saw; None: whichever is the newest.

    Raises:
        Problem: there is no such letter, it is closed already, a document or a reason is missing, or somebody else
            recorded a version meanwhile.
    """
    rows = _seen(session, directive, after)
    row = _held(rows, now) or rows[-1]
    last = next((one for one in reversed(rows) if one.state != State.DRAFT), row)
    if last.state == State.CLOSED and last.valid_from <= max(on, row.valid_from):
        raise Problem(f"“{directive}” đã kết thúc từ ngày {last.valid_from:%d/%m/%Y}.")
    if not document.strip() or not reason.strip():
        raise Problem("Kết thúc một văn bản phải ghi văn bản làm căn cứ và lý do.")
    told = {"document": document, "reason": reason, "by": by}
    return _moved(session, row, rows[-1].number, State.CLOSED, max(on, row.valid_from), now, told=told)


def activate(
    session: Session, directive: str, *, by: str, now: datetime, after: int | None = None, replaces: bool = False
) -> int:
    """Record that a draft is in force from its day on; the number of the version that says so.

    Args:
        after: the number of the version that the person saw; None: whichever is the newest.
        replaces: as in `add`.

    Raises:
        Problem: there is no such letter, it is no draft, somebody else recorded a version meanwhile, or as `add`.
    """
    rows = _seen(session, directive, after)
    if rows[-1].state != State.DRAFT:
        raise Problem(f"“{directive}” không phải bản nháp: chỉ bản nháp mới cần cho bắt đầu thực hiện.")
    row = rows[-1]
    told = {"document": row.document, "reason": row.reason, "by": by}
    return _moved(session, row, row.number, State.ACTIVE, row.valid_from, now, told=told, replaces=replaces)


def _moved(
    session: Session,
    row: DirectiveVersion,
    after: int,
    state: State,
    valid_from: date,
    now: datetime,
    *,
    told: Mapping[str, str],
    replaces: bool = False,
) -> int:
    file = File.model_validate(row.content)
    return add(session, file, state=state, valid_from=valid_from, now=now, after=after, replaces=replaces, **told)


def _held(rows: Sequence[DirectiveVersion], now: datetime) -> DirectiveVersion | None:
    """The newest version that is no draft and has begun: what is still to come binds nobody, its day may be a slip."""
    today = now.astimezone(HERE).date()
    return next((row for row in reversed(rows) if row.state != State.DRAFT and row.valid_from <= today), None)


class _Yaml(yaml.SafeDumper):
    """Writes the member of a closed set as its string."""


_Yaml.add_multi_representer(StrEnum, lambda dumper, code: dumper.represent_str(code.value))


def exported(version: Version) -> str:
    """The letter as a YAML file of its own, without what it does not say."""
    content = version.file.model_dump(exclude_defaults=True)
    return str(yaml.dump(content, Dumper=_Yaml, allow_unicode=True, sort_keys=False, width=120))


def _seen(session: Session, directive: str, after: int | None) -> Sequence[DirectiveVersion]:
    """The versions of a letter that somebody named, and of which they saw the last.

    Raises:
        Problem: there are none, or there is a later one.
    """
    if not (rows := _rows(session, directive)):
        raise Problem(f"Không có văn bản “{directive}”. Xem: dondoc directive list.")
    if after not in (None, rows[-1].number):
        raise _overtaken(directive, rows[-1])
    return rows


def _rows(session: Session, directive: str) -> Sequence[DirectiveVersion]:
    query = select(DirectiveVersion).where(DirectiveVersion.directive == directive)
    return session.scalars(query.order_by(DirectiveVersion.number).options(defer(DirectiveVersion.content))).all()


def _row(file: File, number: int, state: State, valid_from: date, now: datetime) -> DirectiveVersion:
    return DirectiveVersion(
        directive=file.id,
        number=number,
        state=state,
        content=file.content(),
        digest=file.digest,
        valid_from=valid_from,
        document="",
        reason="",
        by="",
        recorded_at=now,
    )


def _version(row: DirectiveVersion, registry: Registry) -> Version:
    file, directive = _parsed(row, registry)
    return Version(
        directive=directive,
        file=file,
        number=row.number,
        state=State(row.state),
        valid_from=row.valid_from,
        document=row.document,
        reason=row.reason,
        by=row.by,
        recorded_at=row.recorded_at,
    )


def _parsed(row: DirectiveVersion, registry: Registry) -> tuple[File, Directive]:
    """What a version holds; its content is read once in a process, as nobody changes it."""
    if (known := _PARSED.get((row.digest, registry))) is not None:
        return known
    if len(_PARSED) >= MOST_PARSED:
        _PARSED.clear()
    file = File.model_validate_json(json.dumps(row.content))
    return _PARSED.setdefault((row.digest, registry), (file, file.directive(registry)))


def _overtaken(directive: str, last: DirectiveVersion | None) -> Problem:
    newest = f" (phiên bản {last.number})" if last else ""
    return Problem(f"“{directive}” vừa có phiên bản khác{newest}. Xem phiên bản đó rồi làm lại.")
