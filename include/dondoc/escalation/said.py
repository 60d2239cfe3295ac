"""What an agency says itself of what it is late with: why, and until when it will send it."""

from collections.abc import Iterable, Sequence
from datetime import date

from dondoc.clock import HERE
from dondoc.documents.words import sentence_part, short
from dondoc.escalation.past import SentLetter
from dondoc.facts.obligations import Standing
from dondoc.facts.promises import Promise
from dondoc.store.facts import Ruling
from dondoc.vocabulary.rulings import SPOKEN, CallResult, Cause


def its_word(
    rulings: Iterable[Ruling], agency: str, ground: Sequence[Standing], past: Iterable[SentLetter], today: date
) -> str | None:
    """In words, for our own people; None where it said nothing.

    Args:
        rulings: those that stand; of the calls among them the newest counts.
        past: the agency's letters, with the days that were named in replies which nobody has closed yet.
    """
    words = [r for r in rulings if r.kind in SPOKEN and r.result != CallResult.NO_ANSWER and _about(r, agency, ground)]
    told = [_reason(max(words, key=lambda r: r.happened_at))] if words else []
    days = [_day(p, today) for standing in ground for p in standing.promises[-1:]]
    replied = [_day(p, today, unconfirmed=True) for p in _replies(past, ground)]
    told += [told_day for _, told_day in sorted(days + replied)[-1:]]
    return "; ".join(told) or None


def _about(ruling: Ruling, agency: str, ground: Sequence[Standing]) -> bool:
    its = (ruling.directive, ruling.system, ruling.deliverable, ruling.period)
    duties = ((s.duty.directive, s.duty.system, s.duty.deliverable, s.duty.period) for s in ground)
    return ruling.agency == agency and any(
        all(one in (None, other) for one, other in zip(its, duty, strict=True)) for duty in duties
    )


def _reason(ruling: Ruling) -> str:
    cause = ruling.cause.label if ruling.cause and ruling.cause is not Cause.OTHER else ""
    why = ": ".join(dict.fromkeys(part for part in (cause, sentence_part(ruling.reason)) if part))
    who = f" với {ruling.spoken_to}" if ruling.spoken_to else ""
    return f"{why} (trao đổi ngày {short(ruling.happened_at.astimezone(HERE).date())}{who})"


def _replies(past: Iterable[SentLetter], ground: Sequence[Standing]) -> Iterable[Promise]:
    for letter in past:
        if letter.promise and any(letter.lists(standing) for standing in ground):
            yield Promise(letter.promise.by, letter.promise.said, "", "")


def _day(promise: Promise, today: date, *, unconfirmed: bool = False) -> tuple[date, str]:
    """When a day was named, and which. Nobody has broken what no person has read."""
    over = ", đã qua ngày hẹn" if promise.until < today else ""
    if over and unconfirmed:
        over = " (theo thư trả lời, chưa có người xác nhận)"
    return promise.given, f"ngày {short(promise.given)} hẹn gửi đến hết ngày {short(promise.until)}{over}"
