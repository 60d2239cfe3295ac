"""The sample TLS proxy, run for real on loopback: what it limits, what it adds, and what it believes of nobody."""

import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.ports import held

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("nginx"), reason="needs the Debian package nginx-light"),
]
CONFIG = Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf"


class Behind(BaseHTTPRequestHandler):
    """Stands for the api-server: answers with the headers that reached it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Referrer-Policy", "same-origin")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Proxy:
    port: int
    plain: int
    certificate: Path

    def ask(
        self, method: str, path: str, *, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[HTTPResponse, bytes]:
        context = ssl.create_default_context(cafile=self.certificate)
        connection = HTTPSConnection("127.0.0.1", self.port, context=context, timeout=30)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()


def listens(port: int) -> bool:
    with socket.socket() as there:
        return there.connect_ex(("127.0.0.1", port)) == 0


def certificate() -> bytes:
    """A key and a certificate for 127.0.0.1, in one PEM file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "dondoc")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + made.sign(key, SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    with ExitStack() as stack:
        made = Proxy(*stack.enter_context(held(2)), tmp_path / "certificate.pem")
        made.certificate.write_bytes(certificate())
        behind = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Behind))
        threading.Thread(target=behind.serve_forever, daemon=True).start()
        stack.callback(behind.shutdown)
        text = CONFIG.read_text()
        for old, new in {
            "server api-server:8080;": f"server 127.0.0.1:{behind.server_port};",
            "listen 8080;": f"listen 127.0.0.1:{made.plain};",
            "listen 8443 ssl;": f"listen 127.0.0.1:{made.port} ssl;",
            " /tmp/": f" {tmp_path}/",
            "/dev/stdout": f"{tmp_path}/access.log",
            "/run/secrets/tls_certificate": str(made.certificate),
            "/run/secrets/tls_key": str(made.certificate),
        }.items():
            assert old in text
            text = text.replace(old, new)
        config = tmp_path / "nginx.conf"
        config.write_text(text)
        tmp_path.chmod(0o755)
        server = stack.enter_context(subprocess.Popen(["nginx", "-c", config, "-g", "daemon off; user root;"]))
        stack.callback(server.terminate)
        ends = time.monotonic() + 30
        while not listens(made.port):
            assert server.poll() is None, "nginx refuses the file"
            assert time.monotonic() < ends
            time.sleep(0.05)
        yield made


@pytest.mark.parametrize("path", ["/auth/login/", "/auth/login/?next=/dondoc/", "/auth/token", "/auth/token/cli"])
def test_guessing_a_password_is_slowed(proxy: Proxy, path: str) -> None:
    told = [proxy.ask("POST", path, body=b"x")[0].status for _ in range(12)]
    assert told[:5] == [200] * 5
    assert 429 in told[6:], told


def test_reading_pages_is_not_slowed_by_that(proxy: Proxy) -> None:
    for _ in range(12):
        proxy.ask("POST", "/auth/token")
    assert {proxy.ask("GET", "/dondoc/")[0].status for _ in range(60)} == {200}


def test_a_body_larger_than_an_upload_may_be_is_refused_before_it_is_read(proxy: Proxy) -> None:
    large = {"Content-Length": str(300 * 2**20)}
    for path, headers in (("/dondoc/inbox", large), ("/api/v2/dags", {"Content-Length": str(2 * 2**20)})):
        assert proxy.ask("POST", path, headers=headers)[0].status == 413
    assert proxy.ask("POST", "/dondoc/inbox", body=b"x" * 20 * 2**20)[0].status == 200


def test_what_a_visitor_says_of_himself_is_replaced(proxy: Proxy) -> None:
    forged = {
        "X-Forwarded-For": "10.0.0.1",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "ke-gian.example",
        "Forwarded": "for=10.0.0.1",
        "X-Real-IP": "10.0.0.1",
    }
    told = json.loads(proxy.ask("GET", "/", headers=forged)[1])
    assert (told["x-forwarded-for"], told["x-forwarded-proto"]) == ("127.0.0.1", "https")
    assert told["x-forwarded-host"] == told["host"] == f"127.0.0.1:{proxy.port}"
    assert not {"forwarded", "x-real-ip"} & set(told)
    assert not any("10.0.0.1" in value or "ke-gian" in value for value in told.values())


@pytest.mark.parametrize("path", ["/", "/auth/token", "/execution/x"])
def test_every_answer_carries_the_headers_of_security_once(proxy: Proxy, path: str) -> None:
    headers = proxy.ask("GET", path)[0].headers
    for name, value in {
        "Strict-Transport-Security": "max-age=31536000",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN",
        "Referrer-Policy": "same-origin",
    }.items():
        assert headers.get_all(name) == [value]
    assert headers["Server"] == "nginx", "no version"


def test_what_is_between_the_services_is_not_reachable_from_outside(proxy: Proxy) -> None:
    for path in ("/execution/task-instances/1/run", "/execution", "//execution/health", "/./execution/health"):
        assert proxy.ask("GET", path)[0].status == 404


def test_without_tls_a_visitor_is_led_to_it(proxy: Proxy) -> None:
    connection = HTTPConnection("127.0.0.1", proxy.plain, timeout=30)
    connection.request("GET", "/dondoc/?q=1")
    response = connection.getresponse()
    assert (response.status, response.headers["Location"]) == (308, "https://127.0.0.1/dondoc/?q=1")
    connection.close()


def test_who_sends_nothing_is_let_go(proxy: Proxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=60) as raw:
        context = ssl.create_default_context(cafile=proxy.certificate)
        with context.wrap_socket(raw, server_hostname="127.0.0.1") as half:
            half.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            assert half.recv(1000) == b""


def test_what_was_asked_for_is_not_in_the_log(proxy: Proxy, tmp_path: Path) -> None:
    proxy.ask("GET", "/dondoc/?q=Nguyen")
    ends = time.monotonic() + 30
    while "/dondoc/" not in (text := (tmp_path / "access.log").read_text()) and time.monotonic() < ends:
        time.sleep(0.05)
    assert "/dondoc/" in text
    assert "Nguyen" not in text
