"""What an administrator enters in Airflow's Connections becomes the same addresses that the command line takes."""

import json
from typing import Any

import pytest

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
