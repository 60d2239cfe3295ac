"""Passwords and letters go to the server that is meant, under TLS, or nowhere. Real TLS servers that lie."""

import base64
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dondoc import tls
from dondoc.bounded import Deadline
from dondoc.errors import Problem
from dondoc.mail.imap import Mailbox
from dondoc.mail.servers import ImapServer, Security, SmtpServer, Trust, Unusable, imap_from_url, smtp_from_url
from dondoc.mail.smtp import SmtpConnection, connect
from tests.mail.authority import Authority, authority
from tests.mail.hostile import PASSWORD, Imap, Server, Smtp, Talk

pytestmark = pytest.mark.slow

BASE64 = [base64.b64encode(words.encode()) for words in (PASSWORD, f"\0ioc\0{PASSWORD}", f"\0khao-sat\0{PASSWORD}")]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority"))


def arrived(server: Server) -> bool:
    return any(secret in server.received for secret in (PASSWORD.encode(), *BASE64))


def visit_imap(server: ImapServer) -> None:
    Mailbox(server, Deadline(10)).close()


def visit_smtp(server: SmtpServer) -> None:
    connect(server, timeout=10, name="test").close()


WAYS: list[Any] = [
    pytest.param(kind, security, id=f"{kind.__name__}-{security}")
    for kind in (Imap, Smtp)
    for security in ("tls", "starttls")
]


def visit(server: Any, security: Security, **given: Any) -> None:
    (visit_imap if isinstance(server, Imap) else visit_smtp)(server.at(security, **given))


def guarded(kind: type[Any], security: str, context: ssl.SSLContext) -> Any:
    return kind(**{security: context})


@pytest.mark.parametrize(("kind", "security"), WAYS)
def test_a_server_with_a_certificate_of_an_authority_that_we_were_told_to_believe_gets_the_password(
    ours: Authority, kind: type[Any], security: Security
) -> None:
    with guarded(kind, security, ours.served()) as server:
        visit(server, security, host="localhost", ca_file=ours.ca)
        assert arrived(server)


@pytest.mark.parametrize(("kind", "security"), WAYS)
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"self_signed": True}, ("tự ký", "DONDOC_CA_FILE")),
        ({"unknown": True}, ("CA lạ", "DONDOC_CA_FILE")),
        ({"days": -1}, ("đã hết hạn", "gia hạn")),
        ({"name": "mail.khac.test"}, ("tên khác", "ghi đúng tên máy chủ")),
    ],
)
def test_a_certificate_that_proves_nothing_gets_no_password_and_a_sentence(
    ours: Authority, kind: type[Any], security: Security, fault: dict[str, Any], words: tuple[str, ...]
) -> None:
    with guarded(kind, security, ours.served(**fault)) as server:
        with pytest.raises(Unusable) as caught:
            visit(server, security, host="localhost", ca_file=ours.ca)
        assert not arrived(server)
        for word in (f"localhost:{server.port}", "chưa gửi mật khẩu", *words):
            assert word in str(caught.value)


@pytest.mark.parametrize(("kind", "security"), WAYS)
def test_without_the_setting_only_the_systems_authorities_are_believed(
    ours: Authority, kind: type[Any], security: Security
) -> None:
    with guarded(kind, security, ours.served()) as server:
        with pytest.raises(Unusable, match="CA lạ"):
            visit(server, security, host="localhost")
        assert not arrived(server)


@pytest.mark.parametrize(("kind", "security"), WAYS)
def test_an_address_in_the_url_has_to_stand_in_the_certificate(
    ours: Authority, kind: type[Any], security: Security
) -> None:
    nameless = guarded(kind, security, ours.served())
    with nameless, pytest.raises(Unusable, match="không cấp cho địa chỉ IP này"):
        visit(nameless, security, host="127.0.0.1", ca_file=ours.ca)
    with guarded(kind, security, ours.served(name="127.0.0.1")) as server:
        visit(server, security, host="127.0.0.1", ca_file=ours.ca)
        assert arrived(server)


def test_nothing_older_than_tls_1_2_is_spoken(ours: Authority) -> None:
    old = ours.served()
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with Imap(tls=old) as server:
        with pytest.raises(Unusable, match=r"TLS 1\.2"):
            visit(server, "tls", host="localhost", ca_file=ours.ca)
        assert not arrived(server)
    assert tls.context().minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("kind", [Imap, Smtp])
def test_a_port_that_speaks_no_tls_gets_nothing(kind: type[Any]) -> None:
    with kind() as server:
        with pytest.raises(Unusable, match="không nói TLS"):
            visit(server, "tls", host="localhost")
        assert not arrived(server)


@pytest.mark.parametrize("kind", [Imap, Smtp])
def test_a_server_whose_starttls_somebody_took_away_gets_no_password(kind: type[Any]) -> None:
    with kind() as server:
        with pytest.raises(Unusable, match="không có STARTTLS"):
            visit(server, "starttls", host="localhost")
        assert not arrived(server)


def test_a_mailbox_that_says_we_are_logged_in_already_cannot_spare_itself_starttls(ours: Authority) -> None:
    with Imap(starttls=ours.served()) as server:
        server.greeting = b"* PREAUTH welcome"
        with pytest.raises(Unusable):
            visit(server, "starttls", host="localhost", ca_file=ours.ca)
        assert not arrived(server)


def _injecting(answer: bytes, context: ssl.SSLContext) -> Callable[..., None]:
    def inject(talk: Talk, tag: bytes = b"") -> None:
        talk.raw((tag + b" " if tag else b"") + answer)
        talk.secure(context)

    return inject


def test_what_somebody_puts_before_the_encryption_is_not_believed(ours: Authority) -> None:
    context = ours.served()
    with Imap(starttls=context) as mailbox, Smtp(starttls=context) as server:
        mailbox.on["STARTTLS"] = _injecting(b"OK go\r\n* CAPABILITY IMAP4rev1 INJECTED\r\n", context)
        server.on["STARTTLS"] = _injecting(b"220 go\r\n250-AUTH PLAIN\r\n250 SIZE\r\n", context)
        for attacked in (mailbox, server):
            with pytest.raises(Unusable, match="chen"):
                visit(attacked, "starttls", host="localhost", ca_file=ours.ca)
            assert not arrived(attacked)


@pytest.mark.parametrize("url", ["imap://a:b@mail.tinh.test/INBOX", "imap://a:b@10.0.0.1"])
def test_a_mailbox_password_leaves_this_machine_only_under_tls(url: str) -> None:
    with pytest.raises(Unusable, match=r"không mã hóa.*imaps://.*DONDOC_ALLOW_PLAIN_LOGIN"):
        Mailbox(imap_from_url(url), Deadline(1))
    assert imap_from_url(url).bares_password
    assert not imap_from_url(url, Trust(plain_login=True)).bares_password
    assert not imap_from_url(url.replace("imap:", "imaps:")).bares_password


def test_a_smtp_password_leaves_this_machine_only_under_tls() -> None:
    url = "smtp://a:b@mail.tinh.test:25?from=a@b.vn"
    with pytest.raises(Unusable, match=r"không mã hóa.*smtps://.*DONDOC_ALLOW_PLAIN_LOGIN"):
        connect(smtp_from_url(url), timeout=1, name="test")
    assert not smtp_from_url(url, Trust(plain_login=True)).bares_password
    for without in ("smtp://mail.tinh.test:25?from=a@b.vn", "smtp://a:b@127.0.0.1:25", "smtp+starttls://a:b@mail.vn"):
        assert not smtp_from_url(without).bares_password


def test_a_server_that_repeats_the_password_does_not_bring_it_into_a_log() -> None:
    with Imap() as mailbox, Smtp() as server:
        mailbox.on["LOGIN"] = lambda talk, tag: talk.say(tag + b" NO bad password " + PASSWORD.encode())
        server.on["AUTH"] = lambda talk: talk.say(b"454 not now: " + PASSWORD.encode())
        for attacked in (mailbox, server):
            with pytest.raises(Unusable) as caught:
                visit(attacked, "plain")
            assert arrived(attacked)
            assert PASSWORD not in str(caught.value)


def test_nor_into_the_reason_of_a_letter() -> None:
    with Smtp() as server:
        for verb in ("RCPT", "DATA"):
            server.on = {verb: lambda talk: talk.say(b"550 I know your password: " + PASSWORD.encode())}
            with SmtpConnection(server.at(), timeout=20, name="test") as line:
                said, _ = line.begin_message("a@b.test", "c@d.test", None)
                said = line.data(b"x") if said.accepted else said
            assert (said.code, PASSWORD in str(said)) == (550, False)


def test_letters_too_go_only_to_the_server_that_is_meant(ours: Authority) -> None:
    with Smtp(starttls=ours.served(self_signed=True)) as server:
        line = SmtpConnection(server.at("starttls", "localhost", login=False), timeout=10, name="test")
        with pytest.raises(Unusable, match="tự ký"):
            line.begin_message("a@b.test", "c@d.test", None)
        assert "tự ký" in (line.trouble or "")
        assert b"c@d.test" not in server.received
    with Smtp(starttls=ours.served()) as server:
        with SmtpConnection(
            server.at("starttls", "localhost", login=False, ca_file=ours.ca), timeout=10, name="test"
        ) as line:
            assert line.begin_message("a@b.test", "c@d.test", None)[0].accepted
            assert line.data(b"Subject: x\r\n\r\nx\r\n").accepted
        assert server.letters == [b"Subject: x\r\n\r\nx"]


@pytest.mark.parametrize("content", [None, b"khong phai chung thu"])
def test_a_file_of_authorities_that_cannot_be_used_is_a_sentence(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Problem, match=r"DONDOC_CA_FILE \(.*ca\.pem\)"):
        tls.context(file)


def test_the_systems_authorities_are_believed_beside_our_own(ours: Authority) -> None:
    alone, more = tls.context().cert_store_stats(), tls.context(ours.ca).cert_store_stats()
    assert more["x509_ca"] == alone["x509_ca"] + 1


def test_a_bad_login_is_told_apart_from_a_bad_certificate(ours: Authority) -> None:
    with Imap(tls=ours.served()) as server:
        server.on["LOGIN"] = lambda talk, tag: talk.say(tag + b" NO no")
        with pytest.raises(Unusable, match="không nhận mật khẩu"):
            visit(server, "tls", host="localhost", ca_file=ours.ca)
    with Smtp(tls=ours.served()) as server:
        server.on["AUTH"] = lambda talk: talk.say(b"535 no")
        with pytest.raises(Unusable, match=r"không nhận mật khẩu \(535\)"):
            visit(server, "tls", host="localhost", ca_file=ours.ca)
