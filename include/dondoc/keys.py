"""Keys derived from `DONDOC_SECRET_KEY`, one for each purpose: passwords, originals, form tokens and so on."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dondoc.errors import Problem

SHORTEST = 32  # bytes of a secret
FEWEST = 8  # different bytes among them: a random secret of 32 hexadecimal digits has 12 or more nearly always
MAKE = "openssl rand -hex 32"


def weakness(secret: str) -> str | None:
    """Why a secret must not be used to write; None when it may be. What it says shows nothing of the secret.

    Raises nothing: a secret that was used before may still open what it closed.
    """
    raw = secret.encode()
    if len(raw) < SHORTEST:
        return f"chỉ dài {len(raw)} byte, cần ít nhất {SHORTEST}"
    return f"chỉ có {len(set(raw))} ký tự khác nhau, quá dễ đoán" if len(set(raw)) < FEWEST else None


@lru_cache(maxsize=64)
def derive(secret: str, purpose: str) -> bytes:
    """The 32 bytes of a secret for one purpose."""
    return HKDF(SHA256(), 32, salt=None, info=f"dondoc/{purpose}".encode()).derive(secret.encode())


@lru_cache(maxsize=16)
def derive_slowly(secret: str, purpose: str) -> bytes:
    """The 32 bytes of a secret for a purpose whose results strangers hold, such as the tokens of forms.

    Who has a token of his own can try secrets against it at home. scrypt (RFC 7914) makes each try cost 16 MB and some
    50 ms of a core, instead of a microsecond; a process pays that once.
    """
    slow = hashlib.scrypt(secret.encode(), salt=f"dondoc/{purpose}".encode(), n=2**14, r=8, p=1, dklen=32)
    return HKDF(SHA256(), 32, salt=None, info=f"dondoc/{purpose}/slow".encode()).derive(slow)


def short_name(secret: str) -> str:
    """What a key is called where it must not be shown: nothing of it can be told from this."""
    return derive(secret, "name").hex()[:12]


def cipher(secrets: list[str], purpose: str) -> MultiFernet:
    """Encrypts with the first secret, decrypts with any.

    Raises:
        Problem: no secret is set.
    """
    if not secrets:
        raise Problem("Chưa đặt DONDOC_SECRET_KEY: không mã hóa được. Đặt một chuỗi ngẫu nhiên dài rồi chạy lại.")
    return MultiFernet([Fernet(urlsafe_b64encode(derive(s, purpose))) for s in secrets])


def sign(secrets: list[str], purpose: str, message: bytes, *, slowly: bool = False) -> str:
    """HMAC-SHA256 of a message under the first secret, base64url without padding.

    Args:
        slowly: with the key of `derive_slowly`, for what strangers hold.

    Raises:
        Problem: no secret is set.
    """
    if not secrets:
        raise Problem("Chưa đặt DONDOC_SECRET_KEY: không ký được. Đặt một chuỗi ngẫu nhiên dài rồi chạy lại.")
    key = (derive_slowly if slowly else derive)(secrets[0], purpose)
    return urlsafe_b64encode(hmac.digest(key, message, hashlib.sha256)).decode().rstrip("=")


def verify(secrets: list[str], purpose: str, message: bytes, signature: str, *, slowly: bool = False) -> bool:
    """True when any of the secrets made this signature."""
    return any(
        hmac.compare_digest(sign([s], purpose, message, slowly=slowly).encode(), signature.encode(errors="replace"))
        for s in secrets
    )
