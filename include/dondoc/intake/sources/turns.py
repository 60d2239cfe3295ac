"""Which mails a run takes in, and in which order. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Turns:
    """UIDs in the order in which they are taken, and how many are left for the next runs.

    `known`: how many of those taken, the first ones, are or may be of registered senders.
    """

    take: list[int]
    known: int
    known_left: int
    others_left: int


def turns(
    uids: Sequence[int], senders: Mapping[int, str], known: Collection[str], tried: Collection[int], budget: int
) -> Turns:
    """Registered senders first, then the others; among each, one mail of every sender before a second of any, and what
    failed before comes last.

    So neither 10,000 mails of strangers nor of somebody who uses a registered name keep another's mail waiting long. A
    mail of which nobody knows whom it claims to be from may be a registered sender's: all these together take turns as
    one.

    Args:
        uids: ascending, which is the order of arrival.
        senders: the address that each mail claims, where it is known.
        known: registered addresses.
        tried: UIDs that failed in earlier runs.
        budget: how many mails a run takes in.
    """
    sent: Counter[str | None] = Counter()
    places: list[tuple[bool, bool, int, int]] = []
    for uid in uids:
        sender = senders.get(uid)
        places.append((sender is not None and sender not in known, uid in tried, sent[sender], uid))
        sent[sender] += 1
    places.sort()
    strangers = [stranger for stranger, *_ in places]
    now, left = strangers[:budget], strangers[budget:]
    return Turns([uid for *_, uid in places[:budget]], now.count(False), left.count(False), left.count(True))
