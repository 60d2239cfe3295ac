"""What was done, said on the next page: sealed for one login, for a minute, shown once.

It travels in a cookie and not in the address of the page: nobody can make up a sentence for a colleague to read on our
page, and none is kept in a log or a history.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

from dondoc import keys

COOKIE = "dondoc_said"
SECONDS = 60
PURPOSE = "message"
_LONGEST = 2400  # bytes: a browser keeps cookies of up to 4 KB (RFC 6265, 6.1)


def seal(secrets: list[str], login: str, sentence: str, now: datetime) -> str | None:
    """The value of the cookie; None without a key: rather no message than one that anybody could write."""
    if not secrets:
        return None
    whole = sentence.encode(errors="replace")
    if len(whole) > _LONGEST:
        sentence = whole[:_LONGEST].decode(errors="ignore") + "…"
    body = json.dumps([sentence, login, now.timestamp()], ensure_ascii=False).encode(errors="replace")
    return f"{urlsafe_b64encode(body).decode()}.{keys.sign(secrets, PURPOSE, body)}"


def unseal(secrets: list[str], login: str, value: str, now: datetime) -> str:
    """The sentence; empty when it is not for this login, too old, or not sealed by us."""
    body, _, signature = value.partition(".")
    try:
        message = urlsafe_b64decode(body)
    except ValueError:
        return ""
    if not keys.verify(secrets, PURPOSE, message, signature):
        return ""
    sentence, whom, at = json.loads(message)
    return str(sentence) if whom == login and 0 <= now.timestamp() - at <= SECONDS else ""
