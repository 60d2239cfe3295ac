"""When an agency owes nothing more under a letter: one word of thanks to its officer, and to its official mailbox for
its head."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from dondoc.clock import HERE
from dondoc.escalation.decision import Decision
from dondoc.escalation.ladder import Ladder
from dondoc.escalation.own_steps import THANKS
from dondoc.escalation.past import SentLetter, duty
from dondoc.escalation.reasons import LadderReason
from dondoc.escalation.recipients import AddressBook
from dondoc.facts.obligations import Standing
from dondoc.vocabulary.letters import OutboxState
from dondoc.vocabulary.obligations import DONE, MILESTONES, Status
from dondoc.vocabulary.reasons import because, said

RECENT = 20  # working days after which nobody is thanked any more


def decision(
    ladder: Ladder, agency: str, owed: Sequence[Standing], past: Sequence[SentLetter], day: date, book: AddressBook
) -> Decision | None:
    """The thanks for the letters under which nothing is left, for what nobody was thanked for; None: there is none."""
    if agency == ladder.registry.office:
        return None
    of_letter: dict[str, list[Standing]] = defaultdict(list)
    for standing in owed:
        if _to_be_sent(standing):
            of_letter[standing.duty.directive].append(standing)
    earlier = {d for p in past if p.step == THANKS.id and _was_said(p, day) for d, _ in p.duties}
    ground = tuple(s for letter, mine in of_letter.items() for s in _done(ladder, agency, letter, mine, earlier, day))
    systems = list(dict.fromkeys(s.duty.system for s in ground))
    if not ground or not book.recipients(THANKS, agency, systems):
        return None
    why = because(LadderReason.THANKS, owed=tuple(ladder.name(s) for s in ground))
    return Decision(agency, day, THANKS, (why,), ground, (), {s.duty.directive: THANKS for s in ground})


def _done(
    ladder: Ladder, agency: str, letter: str, mine: Sequence[Standing], earlier: set[str], day: date
) -> list[Standing]:
    """What an agency itself has done lately of a letter, if it owes nothing more under that. What it had sent before
    the letter counts for it, and was no answer to it."""
    if any(map(left, mine)):
        return []
    done = [s for s in mine if s.status in DONE and s.met_by == agency and duty(s)[0] not in earlier]
    since = max(ladder.calendar.add(day, -RECENT), ladder.letters[letter].day or date.min)
    recent = any(s.received_at and s.received_at.astimezone(HERE).date() >= since for s in done)
    return done if recent else []


def gone(ladder: Ladder, mine: SentLetter, owed: Iterable[Standing]) -> Iterator[str]:
    """Why a word of thanks is not true any more."""
    its = (s for s in owed if s.agency == mine.agency and s.duty.directive in mine.steps and _to_be_sent(s))
    yield from (f"{ladder.name(s)}: {said(s.reasons)}" for s in its if left(s))


def _to_be_sent(standing: Standing) -> bool:
    """Whether it is a document, with a date or without: with the last of these nothing is left to be sent."""
    return standing.duty.deliverable not in MILESTONES


def left(standing: Standing) -> bool:
    """Whether something is to be done yet: by the agency, or by us."""
    return standing.status not in (*DONE, Status.WAIVED)


def _was_said(letter: SentLetter, day: date) -> bool:
    """Whether it counts as said: whoever did not get it, or was not to get it, is not written to again."""
    if letter.withdrawn:
        return False
    return letter.stands(day) or letter.bounced or bool(letter.stop) or letter.state == OutboxState.REFUSED
