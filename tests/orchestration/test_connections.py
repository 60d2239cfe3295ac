"""What an administrator enters in Airflow's Connections becomes the same addresses that the command line takes."""

import json
from typing import Any

import pytest

from dondoc.intake.sources import survey_server
from dondoc.mail import servers
from dondoc.mail.servers import Security
from dondoc.orchestration.connections import open_context

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("extra", "security", "port"),
    [
        ({}, "tls", 993),
        ({"use_ssl": True}, "tls", 993),
        ({"starttls": True}, "starttls", 143),
        ({"use_ssl": False, "starttls": True}, "starttls", 143),
        ({"use_ssl": False}, "plain", 143),
    ],
)
def test_a_mailbox_is_read_as_its_connection_says(
    environment: pytest.MonkeyPatch, extra: dict[str, Any], security: Security, port: int
) -> None:
    found = {"conn_type": "imap", "host": "mail.test", "login": "a@b.vn", "password": "p%/@", "extra": extra}
    environment.setenv("AIRFLOW_CONN_DONDOC_IMAP", json.dumps(found))
    environment.setenv("DONDOC_CA_FILE", "/etc/ca.pem")
    server = servers.intake(open_context().settings)
    assert server is not None
    assert (server.security, server.port, server.user, server.password) == (security, port, "a@b.vn", "p%/@")
    assert str(server.trust.ca_file) == "/etc/ca.pem"


@pytest.mark.parametrize(
    ("found", "origin", "forms"),
    [
        (
            {"host": "kf.test", "password": "t%/@", "extra": {"kind": "kobo", "forms": "aX1,aX2"}},
            "https://kf.test:443",
            ("aX1", "aX2"),
        ),
        (
            {
                "host": "odk.test",
                "port": 8443,
                "schema": "https",
                "login": "a@b.vn",
                "password": "t%/@",
                "extra": {"kind": "odk", "project": 3, "forms": "form_03"},
            },
            "https://odk.test:8443",
            ("form_03",),
        ),
    ],
)
def test_a_survey_server_is_read_as_its_connection_says(
    environment: pytest.MonkeyPatch, found: dict[str, Any], origin: str, forms: tuple[str, ...]
) -> None:
    environment.setenv("AIRFLOW_CONN_DONDOC_SURVEY", json.dumps({"conn_type": "http", **found}))
    server = survey_server.server(open_context().settings)
    assert server is not None
    assert (server.kind, server.origin, server.forms) == (found["extra"]["kind"], origin, forms)
    assert (server.user, server.password) == (found.get("login", ""), "t%/@")
