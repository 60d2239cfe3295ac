"""Whether names of models are of two devices. Pure.

Makers lengthen and shorten a name (DS-2CD2043G2, DS-2CD2043G2-I) and sell one device under the names of several. So
only names of one series (DS-2CD) tell devices apart, by their numbers (2043, 1023).
"""

import re
from collections.abc import Iterator

from dondoc.directive.names import fold

_NUMBER = re.compile(r"[0-9]{3,}")
SURE = 3  # characters after which a series is known at the end of another word, too: IPC-HFW, DHIPC-HFW


def differ(declared: str, measured: str) -> bool:
    """Whether these are clearly two devices. `declared`: what a person wrote, who may name several."""
    known = [*_numbered(declared)]
    for series, number in _numbered(measured):
        if any(number.startswith(other) or other.startswith(number) for _, other in known):
            return False
        return any(_one_series(series, other) for other, _ in known)
    return False


def _numbered(text: str) -> Iterator[tuple[str, str]]:
    """Series and numbers: the words before each number, and that."""
    plain, begin = fold(text), 0
    for found in _NUMBER.finditer(plain):
        yield plain[begin : found.start()].strip(), found[0]
        begin = found.end()


def _one_series(one: str, other: str) -> bool:
    """Before a series a maker's name may stand."""
    short, long = sorted((one, other), key=len)
    bare, whole = short.replace(" ", ""), long.replace(" ", "")
    ends = long.endswith(f" {short}") or (len(bare) >= SURE and whole.endswith(bare))
    return bool(bare) and (bare == whole or ends)
