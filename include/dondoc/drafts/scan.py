"""The door to the text layer of a signed letter: which codes of ours it bears. In a confined child, within limits.

Only codes come back, none of them believed yet (`codes.verify`): what else a letter says is for people to read. A scan
without a text layer has none.
"""

import json
import logging

from dondoc.drafts.codes import MOST, find_codes
from dondoc.isolation import workers
from dondoc.isolation.workers import Fault, Limits

WORK = "dondoc.drafts.scanning"
MAGIC = b"%PDF-"
HEADER = 1024  # bytes within which it stands
LARGEST = 20 << 20  # bytes of a file
LIMITS = Limits(memory=1 << 30, cpu=20, wall=60, output=4096)
log = logging.getLogger(__name__)


def codes_in(content: bytes) -> tuple[str, ...]:
    """The first few codes in the text of a PDF; none of what is no PDF, too large, or could not be looked at."""
    if MAGIC not in content[:HEADER] or len(content) > LARGEST:
        return ()
    try:
        answer = json.loads(workers.run(WORK, b"", content, LIMITS))
    except (Fault, ValueError) as fault:
        log.warning("The text of a PDF could not be looked at: %s", fault)
        return ()
    texts = [one for one in answer[:MOST] if isinstance(one, str)] if isinstance(answer, list) else []
    return find_codes("\n".join(texts))
