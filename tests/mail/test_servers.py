"""Addresses of mail servers as URLs."""

import pytest

from dondoc.errors import Problem
from dondoc.mail.servers import ImapServer, SmtpServer, imap_from_url, smtp_from_url


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://127.0.0.1:1025?from=a@b.vn", SmtpServer("127.0.0.1", 1025, sender="a@b.vn")),
        ("smtp://localhost", SmtpServer("localhost", 25)),
        ("smtps://u%40b.vn:p%2Fw@mail.vn", SmtpServer("mail.vn", 465, "tls", "u@b.vn", "p/w", "u@b.vn")),
        (
            "smtp+starttls://u:p@mail.vn:2525?from=IOC+H%C3%A0+T%C4%A9nh+%3Cioc@b.vn%3E",
            SmtpServer("mail.vn", 2525, "starttls", "u", "p", "IOC Hà Tĩnh <ioc@b.vn>"),
        ),
        ("smtp://[::1]:25", SmtpServer("::1", 25)),
    ],
)
def test_a_mail_server_is_read_from_its_url(url: str, server: SmtpServer) -> None:
    assert smtp_from_url(url) == server


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("imap://u:p@127.0.0.1:1143/INBOX", ImapServer("127.0.0.1", 1143, "plain", "u", "p", "INBOX")),
        ("imaps://u%40b.vn:p%23@mail.vn", ImapServer("mail.vn", 993, "tls", "u@b.vn", "p#", "INBOX")),
        ("imaps://u:p@mail.vn/Kh%E1%BA%A3o%20s%C3%A1t", ImapServer("mail.vn", 993, "tls", "u", "p", "Khảo sát")),
    ],
)
def test_a_mailbox_is_read_from_its_url(url: str, server: ImapServer) -> None:
    assert imap_from_url(url) == server


@pytest.mark.parametrize("read", [smtp_from_url, imap_from_url])
@pytest.mark.parametrize(
    "rest",
    ["u:bi-mat@host:cong", "u:bi-mat/x@host", "u:12/bi-mat@host", "u:12#bi-mat@host", "u:12?bi-mat@host", "", ":25"],
)
@pytest.mark.parametrize("secure", ["", "s"])
def test_a_broken_url_is_a_sentence_without_its_password(read, rest: str, secure: str) -> None:  # type: ignore[no-untyped-def]
    scheme = ("smtp" if read is smtp_from_url else "imap") + secure
    for url in (f"{scheme}://{rest}", f"http://{rest}"):
        with pytest.raises(Problem) as caught:
            read(url)
        assert "bi-mat" not in str(caught.value)


def test_a_password_is_never_printed() -> None:
    shown = repr(smtp_from_url("smtp://u:bi-mat@h")) + repr(imap_from_url("imap://u:bi-mat@h"))
    assert "bi-mat" not in shown


def test_only_this_machine_is_loopback() -> None:
    hosts = ("localhost", "127.0.0.1", "127.8.8.8", "::1", "127.0.0.1.evil.vn", "10.0.0.1", "mail.vn")
    assert [SmtpServer(h, 25).on_loopback for h in hosts] == [True] * 4 + [False] * 3
