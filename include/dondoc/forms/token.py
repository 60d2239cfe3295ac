"""The signed token of a form: whose it is, which form, and the version it was filled from."""

import json
from dataclasses import asdict, dataclass

from dondoc import keys
from dondoc.forms.reader import PROPERTY

__all__ = ["PROPERTY", "SHEET", "Token", "genuine", "issue", "read"]
PURPOSE = "form token"
SHEET = "_meta"  # very hidden; LibreOffice makes it merely hidden


@dataclass(frozen=True)
class Token:
    form: str
    form_version: int
    agency: str
    directive: str
    base_version: int  # 0 in a blank form, n in the annotated copy of version n


def issue(token: Token, secrets: list[str]) -> str:
    """Canonical JSON, a dot, and its signature under the first secret.

    Strangers hold it, next to what it signs: `slowly` makes guessing the secret from it cost more than it is worth.
    """
    text = json.dumps(asdict(token), sort_keys=True, separators=(",", ":"))
    return f"{text}.{keys.sign(secrets, PURPOSE, text.encode(), slowly=True)}"


def read(text: str) -> Token | None:
    """What a token says, not yet believed; None when it is none."""
    body = text.rpartition(".")[0]
    try:
        said = json.loads(body)
        token = Token(**said)
    except (ValueError, TypeError):
        return None
    numbers = (token.form_version, token.base_version)
    names = (token.form, token.agency, token.directive)
    fits = all(type(n) is int and n >= 0 for n in numbers) and all(isinstance(n, str) for n in names)
    return token if fits else None


def genuine(text: str, secrets: list[str]) -> bool:
    """True when one of our secrets signed it. Forms handed out by dondoc 0.1.0 carry a signature of the quick kind."""
    body, _, signature = text.rpartition(".")
    return any(keys.verify(secrets, PURPOSE, body.encode(), signature, slowly=slowly) for slowly in (True, False))
