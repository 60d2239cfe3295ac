"""Whether a letter of a morning is still true at the moment of its approval or of leaving."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.escalation import hand_over, history, renamed, sources, thanks, withdrawal, words
from dondoc.escalation.called import called_on
from dondoc.escalation.ladder import Ladder, chased, ladder_on
from dondoc.escalation.own_steps import OWN
from dondoc.escalation.past import SentLetter, duty
from dondoc.escalation.recipients import AddressBook
from dondoc.escalation.undelivered import undelivered
from dondoc.facts import rulings
from dondoc.facts.obligations import Standing, about, standings
from dondoc.facts.reasons import cited
from dondoc.mail.letter import OnHold, Precondition
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import LetterKind, OutboxState
from dondoc.vocabulary.numbers import TH
from dondoc.vocabulary.reasons import Reason, said


def precondition(app: AppContext) -> Precondition:
    """A chasing letter holds while everything it lists is still owed by that agency until that day, its step is due,
    its reader is still the one to write to, and nobody spoke to the agency. One that lists something done meanwhile is
    cancelled, as one to an officer who was replaced: the next morning decides anew. A word of thanks holds while
    nothing is owed.

    Raises:
        OnHold: by the check, while a person has stopped every chasing letter, the agency has had its letter of the
            day, it is about to leave while we do not see what came in, or a copy would be before its letter.
    """

    def check(session: Session, letter: OutboxLetter, now: datetime) -> str | None:
        sent, day = history.of(session, letter), now.astimezone(HERE).date()
        ladder = ladder_on(app, session, day)
        letters = tuple(ladder.letters.values())
        facts, asked = about(session, letters, {owner for mine in sent for owner in (mine.agency, *_owners(mine))}, now)
        now_owed = {duty(s)[0]: s for s in standings(letters, app.calendar, facts, now, asked)}
        for mine in sent:
            before = renamed.read(app, session, ladder, facts.rulings, mine.agency)
            past, book = _with_readers(session, ladder, before, mine, now)
            called = called_on(facts, mine.agency, day)
            if letter.kind == LetterKind.THANKS:
                untrue = thanks.gone(ladder, mine, now_owed.values())
            else:
                untrue = _gone(ladder, mine, now_owed, past, day, called)
            if gone := next(untrue, None) or _replaced(session, ladder, letter.recipient, mine, book, now):
                return gone
            if not mine.to_us and (today := next((p for p in past if _had_today(p, mine, day)), None)):
                raise OnHold(f"hôm nay đơn vị đã nhận một thư đôn đốc khác: {said(today.fate())}")
            if not mine.to_us and (correction := withdrawal.awaited(session, mine.agency)):
                raise OnHold(f"chờ thư xin rút lại {TH(correction.id)} đi trước")
        if stopped := rulings.hold_all(session, now):
            raise OnHold(f"mọi thư đôn đốc đang tạm dừng {said(cited(stopped))}")
        # While it is held a person is reading it, who may know better.
        leaving = letter.state != OutboxState.HELD or letter.approved_by
        if leaving and (why := sources.unclear(session, app.settings, now)):
            raise OnHold(f"không thấy hết nguồn tiếp nhận: {why}")
        return _before_the_letter(mine, past) if leaving and letter.needs_approval and mine.copy else None

    return check


def _with_readers(
    session: Session, ladder: Ladder, past: list[SentLetter], mine: SentLetter, now: datetime
) -> tuple[list[SentLetter], AddressBook]:
    """The letters so far with what of them an officer of today has not, and who is written to today."""
    book = AddressBook(session, ladder.registry, now.astimezone(HERE).date(), only=mine.agency)
    marked = hand_over.mark(past, book.officer)
    if all(p.left_behind == frozenset() for p in marked):
        return marked, book
    book = replace(book, undelivered=undelivered(session, now))
    return hand_over.mark(past, book.officer), book


def _replaced(
    session: Session, ladder: Ladder, recipient: str, mine: SentLetter, book: AddressBook, now: datetime
) -> str | None:
    """Why a letter does not go to its reader any more: somebody else has the role, for which it is written anew."""
    steps = [s for d in mine.steps for s in (*OWN.values(), *ladder.letters[d].ladder_of(mine.agency))]
    steps = [s for s in steps if s.id in mine.steps.values()]
    systems = sorted({hand_over.system_of(d) for d in mine.duties})

    def written_to(today: AddressBook) -> bool:
        return any(p.email == recipient for s in steps for p in today.recipients(s, mine.agency, systems))

    if written_to(book) or written_to(replace(book, undelivered=undelivered(session, now))):
        return None
    return f"người nhận không còn là {mine.role.label if mine.role else 'liên hệ'} của đơn vị"


def _owners(letter: SentLetter) -> set[str]:
    """Of whom that was asked what a letter lists: another may answer for it by now."""
    return {name.split("/", 1)[0] for name, _ in (*letter.duties, *letter.others)}


def _had_today(other: SentLetter, mine: SentLetter, day: date) -> bool:
    """Whether the agency had another letter on this day, or may have had."""
    perhaps = other.state == OutboxState.UNCERTAIN and other.day == day
    return (perhaps or other.read_on(day)) and not other.to_us and not other.same_decision(mine)


def _before_the_letter(copy: SentLetter, past: list[SentLetter]) -> str | None:
    """A copy says that somebody else was written to: it does not leave before that is so.

    Returns:
        why it never will be so, if the mail server refused all of those letters.

    Raises:
        OnHold: it is not so yet.
    """
    meant = [p for p in past if p.same_decision(copy) and not p.copy]
    if any(p.state == OutboxState.SENT for p in meant):
        return None
    numbers = ", ".join(p.number for p in meant)
    if all(p.state == OutboxState.REFUSED for p in meant):
        return f"máy chủ thư đã từ chối {numbers}, mà thư này là bản đồng gửi"
    raise OnHold(f"đây là bản đồng gửi, chờ {numbers} đi trước")


def _gone(
    ladder: Ladder,
    mine: SentLetter,
    owed: dict[str, Standing],
    past: list[SentLetter],
    day: date,
    called: Reason | None,
) -> Iterator[str]:
    """Everything by which a letter is not true any more."""
    if called:
        yield said(called)
    for directive, taken_step in mine.steps.items():
        if directive not in ladder.letters:
            yield f"văn bản “{directive}” đã kết thúc"
            return
        if taken_step not in OWN and taken_step not in {s.id for s in ladder.letters[directive].ladder_of(mine.agency)}:
            yield f"văn bản chỉ đạo không còn bậc “{taken_step}”"
            return
    if mine.rests_on - {document.id for document in ladder.official or ()}:
        yield "công văn mà thư nêu đã rút khỏi sổ"
    others = [p for p in past if not p.same_decision(mine)]
    listed = sorted(mine.duties) + sorted(mine.others)
    yield from (why for name, last_day in listed if (why := _settled(ladder, mine, owed.get(name), last_day)))
    for name, _ in sorted(mine.duties) if mine.step not in OWN else ():
        step = next(s for s in ladder.steps(owed[name]) if s.id == mine.steps[owed[name].duty.directive])
        if blocked := ladder.blocked_reason(step, owed[name], others, day):
            yield f"{ladder.name(owed[name])}: bậc “{words.title(step)}” {said(blocked)}"
        elif other := ladder.taken(step, owed[name], others, day):
            yield f"{ladder.name(owed[name])}: bậc này đã có thư {said(other.fate())}"


def _settled(ladder: Ladder, mine: SentLetter, standing: Standing | None, last_day: date) -> str | None:
    """Why what a letter lists is not owed any more, or not so."""
    if standing is None:
        return "văn bản chỉ đạo không còn nội dung mà thư nêu"
    name = ladder.name(standing)
    if not chased(standing):
        return f"{name}: {said(standing.paused or standing.reasons)}"
    if standing.agency != mine.agency:
        return f"{name}: đã chuyển sang {ladder.registry.agency(standing.agency).name}"
    if standing.last_day != last_day:
        return f"{name}: {standing.reason}"
    return None
