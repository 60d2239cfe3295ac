"""From where a mail came to our mail server, and what that keeps from happening."""

from email import message_from_string

import pytest

from dondoc.intake.origins import origin


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ("from mx (mail2.hatinh.gov.vn [203.0.113.9]) by in.ioc.test with ESMTPS; Fri", "hatinh.gov.vn"),
        ("from x (mail-pf1-f1.google.com. [209.85.210.1]) by mx", "google.com"),
        ("from forged.gov.vn (unknown [198.51.100.77])\n by mx", "198.51.100.0/24"),
        ("from forged.gov.vn ([198.51.100.77]) by mx", "198.51.100.0/24"),
        ("from x ([IPv6:2001:db8:1:2::3]) by mx", "2001:db8:1::/48"),
        ("from a.b.co.uk (host [999.1.1.1]) by mx", None),
        ("by mx with LMTP; Fri", None),
        ("from " + "(" * 5000, None),
    ],
)
def test_the_topmost_received_says_from_where(field: str, place: str | None) -> None:
    header = message_from_string(f"Received: {field}\nReceived: from y (gov.vn [192.0.2.1]) by z\nFrom: a@b.vn\n\n")
    assert origin(header) == place


def test_a_mail_without_the_field_comes_from_nowhere_that_we_know() -> None:
    assert origin(message_from_string("From: a@b.vn\n\n")) is None
