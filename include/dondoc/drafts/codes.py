"""The short code on an agency's letter, by which the signed scan is matched to the workbook: BN-0042-7K3Q.

The number of the submission, and four characters that only our key makes of it: who knows one knows no other. A code
proposes, a person decides: four characters are a million possibilities, and a document may show a few codes only.
"""

import hmac
import re
from base64 import urlsafe_b64decode

from dondoc import keys
from dondoc.vocabulary.numbers import BN

PURPOSE = "letter code"
LENGTH, MOST = 4, 8  # characters; codes that are taken from one text
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: none is read as another
_ALIKE = str.maketrans("OIL", "011")
_SEEN = re.compile(
    rf"(?<![0-9A-Z]){BN.prefix}\s?[-–—‐−]\s?(\d{{{BN.digits},9}})\s?[-–—‐−]\s?([0-9A-Z]{{{LENGTH}}})(?![0-9A-Z])",
    re.IGNORECASE | re.ASCII,
)


def make(secrets: list[str], submission: int) -> str:
    """The code of a submission.

    Raises:
        Problem: no secret is set.
    """
    signed = keys.sign(secrets, PURPOSE, str(submission).encode(), slowly=True)
    number = int.from_bytes(urlsafe_b64decode(f"{signed}=")[:8])
    return f"{BN(submission)}-{''.join(ALPHABET[number >> 5 * place & 31] for place in range(LENGTH))}"


def verify(secrets: list[str], code: str) -> int | None:
    """The submission whose code this is, under any of the secrets; None: it is nobody's."""
    found = find_codes(code)
    if len(found) != 1:
        return None
    submission = int(found[0].split("-")[1])
    made = (make([secret], submission) for secret in secrets)
    return submission if any(hmac.compare_digest(one, found[0]) for one in made) else None


def find_codes(text: str) -> tuple[str, ...]:
    """What looks like a code in a text, as we write it: the first few different ones, none of them believed yet."""
    found: dict[str, None] = {}
    for match in _SEEN.finditer(text):
        found.setdefault(f"{BN(int(match[1]))}-{match[2].upper().translate(_ALIKE)}")
        if len(found) == MOST:
            break
    return tuple(found)
