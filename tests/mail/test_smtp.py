"""The way to the mail server: encryption and login as the address says, never less."""

import datetime as dt
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from dondoc.demo.mailserver import MailServer, Smtp, listening
from dondoc.mail.servers import Security, SmtpServer, Unusable
from dondoc.mail.smtp import SmtpConnection, connect

pytestmark = pytest.mark.slow


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of localhost that signs itself, and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string("CN=localhost")
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .sign(key, hashes.SHA256())
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    paths = tmp_path / "cert.pem", tmp_path / "key.pem"
    paths[0].write_bytes(made.public_bytes(pem))
    paths[1].write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))
    return paths


class Sink:
    async def handle_DATA(self, *_: object) -> str:
        return "250 OK"


@pytest.fixture
def guarded(certificate: tuple[Path, Path]) -> Iterator[int]:
    """A server that takes letters only after STARTTLS and the right password."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)

    def login(server: object, session: object, envelope: object, mechanism: str, data: object) -> AuthResult:
        return AuthResult(success=getattr(data, "password", b"") == b"mat-khau", handled=False)

    options = {"tls_context": context, "require_starttls": True, "authenticator": login, "auth_required": True}
    started = Smtp(Sink(), listening(), **options)
    started.start()
    yield started.port
    started.stop()


def test_starttls_and_login_reach_a_guarded_server(
    guarded: int, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = SmtpServer("localhost", guarded, "starttls", "nguoi", "mat-khau")
    with pytest.raises(Unusable, match="chứng thư"):
        connect(server, timeout=5, name="test")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with SmtpConnection(server, timeout=5, name="test") as line:
        said, _ = line.begin_message("a@b.test", "c@d.test", None)
        assert said.accepted
        assert line.data(b"Subject: x\r\n\r\nx\r\n").code == 250
    wrong = SmtpServer("localhost", guarded, "starttls", "nguoi", "sai")
    with pytest.raises(Unusable, match="mật khẩu") as caught:
        connect(wrong, timeout=5, name="test")
    assert "sai" not in str(caught.value).split()


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_without_encryption_is_not_used_when_the_address_asks_for_it(
    mail: MailServer, security: Security
) -> None:
    with pytest.raises(Unusable):
        connect(SmtpServer("127.0.0.1", mail.smtp_port, security), timeout=1, name="test")


def test_a_login_that_the_server_does_not_offer_is_no_login(mail: MailServer) -> None:
    with pytest.raises(Unusable, match="đăng nhập"):
        connect(SmtpServer("127.0.0.1", mail.smtp_port, "plain", "a", "b"), timeout=5, name="test")
