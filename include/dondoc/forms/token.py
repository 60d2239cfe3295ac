"""The signed token of a form: whose it is, which form, and the version it was filled from."""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Literal

from dondoc import keys
from dondoc.directive.model import Agency, Registry
from dondoc.forms.spec import FormSpec

PURPOSE = "form token"
PROPERTY = "dondoc_token"  # custom document property that carries it
SHEET = "_meta"  # very hidden; LibreOffice makes it merely hidden


@dataclass(frozen=True)
class Token:
    form: str
    form_version: int
    agency: str
    directive: str
    base_version: int  # 0 in a blank form, n in the annotated copy of version n


State = Literal["valid", "invalid", "missing", "unverified"]


@dataclass(frozen=True)
class Proof:
    """What the tokens of a file prove. `token` is believed only when `state` is valid."""

    token: Token | None
    state: State
    why: str = ""


def issue(token: Token, secrets: list[str]) -> str:
    """Canonical JSON, a dot, and its signature under the first secret.

    Strangers hold it, next to what it signs: `slowly` makes guessing the secret from it cost more than it is worth.
    """
    text = json.dumps(asdict(token), sort_keys=True, separators=(",", ":"))
    return f"{text}.{keys.sign(secrets, PURPOSE, text.encode(), slowly=True)}"


def of_form(
    spec: FormSpec, agency: Agency | None, registry: Registry, secrets: list[str], base_version: int = 0
) -> str | None:
    """The token of an agency's form; None without a key or an agency."""
    if not secrets or agency is None:
        return None
    return issue(Token(spec.id, spec.version, agency.id, registry.survey, base_version), secrets)


def read(text: str) -> Token | None:
    """What a token says, not yet believed; None when it is none."""
    body = text.rpartition(".")[0]
    try:
        fields = json.loads(body)
        token = Token(**fields)
    except (ValueError, TypeError, RecursionError):
        return None
    numbers = (token.form_version, token.base_version)
    names = (token.form, token.agency, token.directive)
    fits = all(type(n) is int and n >= 0 for n in numbers) and all(isinstance(n, str) for n in names)
    return token if fits else None


def genuine(text: str, secrets: list[str]) -> bool:
    """True when one of our secrets signed it. Forms handed out by dondoc 0.1.0 carry a signature of the quick kind."""
    body, _, signature = text.rpartition(".")
    return any(keys.verify(secrets, PURPOSE, body.encode(), signature, slowly=slowly) for slowly in (True, False))


def prove(texts: Collection[str], *, registry: Registry, forms: Collection[str], secrets: list[str]) -> Proof:
    """What the different tokens found in a file prove: nothing, unless all that are there are one and genuine."""
    if not texts:
        return Proof(None, "missing")
    if not secrets:
        return Proof(read(min(texts)), "unverified")
    tokens = [read(text) for text in texts if genuine(text, secrets)]
    if len(tokens) != len(texts):
        return Proof(None, "invalid", "chữ ký không khớp")
    if len(texts) > 1 or tokens[0] is None:
        return Proof(None, "invalid", "hai nơi ghi khác nhau")
    if tokens[0].directive != registry.survey:
        return Proof(None, "invalid", "của một đợt khảo sát khác")
    if tokens[0].form not in forms or tokens[0].agency not in {agency.id for agency in registry.agencies}:
        return Proof(None, "invalid", "đơn vị hoặc biểu mẫu không có trong đợt này")
    return Proof(tokens[0], "valid")
