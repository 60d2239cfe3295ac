"""Keys derived from `DONDOC_SECRET_KEY`: one for passwords, one for originals, one for form tokens."""

import hashlib
import hmac
from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dondoc.errors import Problem


def derive(secret: str, purpose: str) -> bytes:
    """The 32 bytes of a secret for one purpose."""
    return HKDF(SHA256(), 32, salt=None, info=f"dondoc/{purpose}".encode()).derive(secret.encode())


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


def sign(secrets: list[str], purpose: str, message: bytes) -> str:
    """HMAC-SHA256 of a message under the first secret, base64url without padding.

    Raises:
        Problem: no secret is set.
    """
    if not secrets:
        raise Problem("Chưa đặt DONDOC_SECRET_KEY: không ký được. Đặt một chuỗi ngẫu nhiên dài rồi chạy lại.")
    key = derive(secrets[0], purpose)
    return urlsafe_b64encode(hmac.digest(key, message, hashlib.sha256)).decode().rstrip("=")


def verify(secrets: list[str], purpose: str, message: bytes, signature: str) -> bool:
    """True when any of the secrets made this signature."""
    return any(
        hmac.compare_digest(sign([s], purpose, message).encode(), signature.encode(errors="replace")) for s in secrets
    )
