"""What proves that a letter left: our own proof in the archive, not what a stranger lays there."""

from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest

from dondoc.mail.archive import PROOF, proof
from dondoc.mail.servers import ImapServer
from tests.mail.authority import authority
from tests.mail.conftest import ARCHIVE, Desk, hang_up
from tests.mail.hostile import PASSWORD, Imap, Smtp, Talk

pytestmark = pytest.mark.slow


@pytest.fixture
def lost(desk: Desk) -> int:
    """A letter whose connection was lost before the server stored it."""
    row_id = desk.write()
    desk.post.data = [hang_up]
    assert desk.deliver() == {"uncertain": 1}
    return row_id


def lay(desk: Desk, row_id: int, **headers: str) -> None:
    """A stranger's mail in the archive that looks like the letter."""
    row, forged = desk.row(row_id), EmailMessage()
    values = {"From": "ioc@hatinh.test", "To": row.recipient, "Subject": row.subject, "Message-ID": row.message_id}
    for name, value in {**values, **headers}.items():
        forged[name] = value
    forged.set_content(row.text)
    desk.server.boxes.put(ARCHIVE, forged.as_bytes(policy=SMTP))


def ours(desk: Desk, row_id: int, **other: str) -> str:
    row = desk.row(row_id)
    given = {"message_id": row.message_id, "recipient": row.recipient, "subject": row.subject} | other
    return proof(desk.app.settings.secret_keys, **given)


def test_a_forged_mail_in_the_archive_settles_nothing(desk: Desk, lost: int) -> None:
    desk.server.boxes.open(ARCHIVE)
    lay(desk, lost)
    lay(desk, lost, **{PROOF: "A" * 43})
    lay(desk, lost, **{PROOF: proof(["khoa-cua-ke-gian"], desk.row(lost).message_id, "a", "b")})
    lay(desk, lost, **{PROOF: ours(desk, lost, message_id="<khac@dondoc.hatinh.test>")})
    lay(desk, lost, **{PROOF: ours(desk, lost, recipient="khac@huyen.test")})
    assert desk.deliver(archive=True) == {}
    assert desk.row(lost).state == "uncertain"


def test_the_proof_of_a_letter_under_a_longer_message_id_is_none(desk: Desk, lost: int) -> None:
    row = desk.row(lost)
    lay(desk, lost, **{"Message-ID": row.message_id.replace("<", "<x"), PROOF: ours(desk, lost)})
    assert desk.deliver(archive=True) == {}


def test_our_own_copy_settles_it_also_after_the_key_was_changed(desk: Desk, lost: int) -> None:
    lay(desk, lost, **{PROOF: ours(desk, lost)})
    old = desk.app.settings.secret_keys[0]
    both = desk.app.settings.model_copy(update={"secret_key": type(desk.app.settings.secret_key)(f"moi,{old}")})
    assert desk.deliver(archive=True, settings=both) == {"sent": 1}


def test_every_letter_bears_its_proof(desk: Desk) -> None:
    row_id = desk.write(subject="Đề nghị  bổ sung " + "rất dài " * 30)
    assert desk.deliver() == {"sent": 1}
    [message] = desk.received()
    assert message[PROOF] == proof(
        desk.app.settings.secret_keys, message["message-id"], message["to"], message["subject"]
    )
    assert desk.row(row_id).state == "sent"


def test_an_archive_that_cannot_be_read_is_told_with_what_to_do(desk: Desk, lost: int, tmp_path: Any) -> None:
    with Imap(tls=authority(tmp_path).served(self_signed=True)) as server:
        done = desk.work(archive=server.at("tls", "localhost"))
        assert PASSWORD.encode() not in server.received
    assert done.counts == {}
    for word in (f"localhost:{server.port}", "tự ký", "01 thư chưa rõ"):
        assert word in (done.trouble or "")
    closed = ImapServer("127.0.0.1", 9, "plain", "a", "b")
    assert "từ chối kết nối" in (desk.work(archive=closed).trouble or "")
    assert desk.row(lost).state == "uncertain"


def test_an_archive_that_says_no_to_one_search_proves_nothing(desk: Desk, lost: int) -> None:
    with Imap({1: b"x"}) as server:

        def no(talk: Talk, tag: bytes) -> None:
            talk.say(tag + b" NO not now")

        server.on["UID SEARCH"] = no
        assert desk.deliver(archive=server.at()) == {}
    assert desk.row(lost).state == "uncertain"


def test_what_keeps_letters_from_leaving_is_told_with_server_and_remedy(desk: Desk, tmp_path: Any) -> None:
    row_id = desk.write()
    assert desk.work(limit=0).trouble is None
    with Smtp(starttls=authority(tmp_path).served(unknown=True)) as server:
        done = desk.work(smtp=server.at("starttls", "localhost"))
        assert PASSWORD.encode() not in server.received
    assert done.counts == {"deferred": 1}
    for word in (f"localhost:{server.port}", "CA lạ", "chưa gửi mật khẩu"):
        assert word in (done.trouble or "")
    assert "chưa gửi gì" in desk.row(row_id).reason
