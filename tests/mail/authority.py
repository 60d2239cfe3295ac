"""A certificate authority of our own, and the certificates that attackers and tired administrators show."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

DAY = timedelta(days=1)
Pair = tuple[ec.EllipticCurvePrivateKey, x509.Certificate]


@dataclass(frozen=True)
class Authority:
    """`ca`: the PEM to believe."""

    folder: Path
    ca: Path
    pair: Pair

    def served(
        self, *, name: str = "localhost", days: int = 1, self_signed: bool = False, unknown: bool = False
    ) -> ssl.SSLContext:
        """The context of a server whose certificate is for a name and ends in so many days."""
        signer = _make("Somebody Else", None, 1, True) if unknown else self.pair
        key, certificate = _make(name, None if self_signed else signer, days, False)
        pem = self.folder / f"{name}-{days}-{self_signed}-{unknown}.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        pem.write_bytes(private + certificate.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context


def authority(folder: Path) -> Authority:
    pair = _make("Test Authority", None, 1, True)
    ca = folder / "ca.pem"
    ca.write_bytes(pair[1].public_bytes(Encoding.PEM))
    return Authority(folder, ca, pair)


def _make(name: str, signer: Pair | None, days: int, is_authority: bool) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    sign, issuer = signer or (key, None)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
    )
    builder = (
        x509.CertificateBuilder(issuer.subject if issuer else subject, subject, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - 9 * DAY)
        .not_valid_after(datetime.now(UTC) + days * DAY)
        .add_extension(x509.BasicConstraints(is_authority, None), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(sign.public_key()), False)
        .add_extension(
            x509.KeyUsage(True, key_cert_sign=is_authority, crl_sign=is_authority, decipher_only=False, **usage),
            True,
        )
    )
    if not is_authority:
        alternative: x509.GeneralName = x509.DNSName(name)
        if name[0].isdigit():
            alternative = x509.IPAddress(ip_address(name))
        builder = builder.add_extension(x509.SubjectAlternativeName([alternative]), False)
    return key, builder.sign(sign, SHA256())
