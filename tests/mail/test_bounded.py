"""Servers that drip, pour, lie about sizes or never end a line are given up in time, in a bounded memory."""

import io
import socket
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.bounded import Connection, Deadline, TooMuch
from dondoc.mail.imap import Broken, Declined, Mailbox
from dondoc.mail.servers import Unusable
from dondoc.mail.smtp import SmtpConnection
from tests.mail.hostile import Imap, Smtp, Talk

pytestmark = pytest.mark.slow

MOST = 2**20  # bytes of a mail in these tests
IN_TIME = 120.0  # generous: none of them would end at all
MEMORY = 40 * 2**20


@contextmanager
def bounded(memory: int = MEMORY) -> Iterator[None]:
    """What happens here ends in time, and takes little memory."""
    tracemalloc.start()
    began = time.monotonic()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.monotonic() - began < IN_TIME
    assert peak < memory


def endless(content: bytes) -> Callable[[Talk, bytes], None]:
    return lambda talk, tag: talk.pour(content)


def literal(announced: int, rest: bytes) -> Callable[[Talk, bytes], None]:
    """Announces a block, and then pours without end."""

    def answer(talk: Talk, tag: bytes) -> None:
        talk.raw(b"* 1 FETCH (UID 1 BODY[]<0> {%d}\r\n" % announced)
        talk.pour(rest)

    return answer


@pytest.mark.parametrize(
    "attack",
    [
        literal(100, b"x" * 65536),  # announces 100 bytes and sends without end
        literal(4 * 2**30, b"x" * 65536),
        literal(2**200, b"x" * 65536),
        endless(b"x" * 65536),  # a line without end
        endless(b"* 1 EXISTS\r\n" * 5000),
        endless(b"* OK still here\r\n" * 5000),
        endless(b"* 1 FETCH (UID 1 X {3}\r\nabc)\r\n" * 3000),
        endless(b"* 1 FETCH (UID 1 BODY[]<0> {65536}\r\n" + b"x" * 65536 + b")\r\n"),
        lambda talk, tag: talk.drip(b"* 1 FETCH (UID 1 "),
    ],
    ids=["100-bytes", "4-gb", "2-to-the-200", "line", "exists", "ok", "small-blocks", "blocks", "drip"],
)
def test_no_answer_about_a_mail_takes_for_ever_or_fills_the_memory(attack: Callable[[Talk, bytes], None]) -> None:
    with Imap({1: b"From: a@b.test\r\n\r\nx"}) as server:
        server.on["UID FETCH 1 (UID INTERNALDATE"] = attack
        with bounded(), Mailbox(server.at(), Deadline(4)) as box, pytest.raises(Broken, match="nguyên trong hộp thư"):
            box.fetch(1, MOST)


@pytest.mark.parametrize("command", ["CAPABILITY", "LOGIN", "SELECT", "UID SEARCH", "LIST", "UID MOVE"])
@pytest.mark.parametrize("attack", [endless(b"* 1 EXISTS\r\n" * 5000), lambda talk, tag: talk.drip()])
def test_no_command_takes_for_ever(command: str, attack: Callable[[Talk, bytes], None]) -> None:
    with Imap({1: b"x"}) as server:
        server.on[command] = attack

        def read() -> None:
            box = Mailbox(server.at(), Deadline(3))
            box.make("Da-tiep-nhan")
            box.present()
            box.move(1, "Da-tiep-nhan")

        with bounded(), pytest.raises(Unusable):
            read()


def test_a_server_that_pours_before_it_greets_is_given_up() -> None:
    class Pouring(Imap):
        def talk(self, talk: Talk) -> None:
            talk.pour(b"y" * 65536)

    with Pouring() as server, bounded(), pytest.raises(Unusable):
        Mailbox(server.at(), Deadline(4))


def test_the_size_that_a_server_claims_decides_nothing() -> None:
    with Imap({1: b"From: a@b.test\r\n\r\n" + b"x" * (2 * MOST), 2: b"From: a@b.test\r\n\r\nx"}) as server:

        def lie(talk: Talk, tag: bytes) -> None:
            sizes = b"* 1 FETCH (UID 1 RFC822.SIZE 5)", b"* 2 FETCH (UID 2 RFC822.SIZE 99999999999)"
            talk.say(*sizes, tag + b" OK done")

        server.on["RFC822.SIZE"] = lie
        with Mailbox(server.at(), Deadline(20)) as box:
            assert not box.larger_than(1, MOST)
            assert len(box.fetch(1, MOST).content) == MOST, "cut at what was asked for"
            assert not box.larger_than(2, MOST), "it has no byte there"


def test_an_answer_about_another_mail_is_no_answer() -> None:
    with Imap({1: b"x", 2: b"y"}) as server:
        server.on["UID FETCH 1 "] = lambda talk, tag: server._answer(talk, tag, "UID FETCH 2 (UID BODY.PEEK[]<0.9>)")
        with Mailbox(server.at(), Deadline(20)) as box, pytest.raises(Declined):
            box.fetch(1, MOST)


@pytest.mark.parametrize("words", [b'"' + b'\\"' * 400_000, b"BODY[" * 190_000], ids=["quotes", "brackets"])
def test_words_made_to_be_searched_for_hours_are_read_at_once(words: bytes) -> None:
    with Imap({1: b"x"}) as server:
        server.on["UID FETCH 1 "] = lambda talk, tag: talk.say(b"* 1 FETCH (UID 1 X " + words + b")", tag + b" OK done")
        with bounded(), Mailbox(server.at(), Deadline(20)) as box, pytest.raises(Declined):
            box.fetch(1, MOST)


def test_one_bad_mail_does_not_hide_the_senders_of_the_others() -> None:
    with Imap({uid: b"From: so-%d@b.test\r\n\r\nx" % uid for uid in range(1, 41)}) as server:
        answer = server._answer

        def no(talk: Talk, tag: bytes, text: str) -> None:
            asked = text.split()[2].split(",") if "HEADER.FIELDS" in text else []
            talk.say(tag + b" NO cannot read 17") if "17" in asked else answer(talk, tag, text)

        server._answer = no  # type: ignore[method-assign]
        with Mailbox(server.at(), Deadline(20)) as box:
            found = dict(box.headers(box.present(), "FROM"))
        assert sorted(found) == [uid for uid in range(1, 41) if uid != 17]
        assert found[40].startswith(b"From: so-40@b.test")


def smtp_pours(talk: Talk) -> None:
    talk.pour(b"250-x\r\n" * 9000)


@pytest.mark.parametrize("verb", ["GREETING", "EHLO", "AUTH", "MAIL", "RCPT"])
@pytest.mark.parametrize("attack", [smtp_pours, lambda talk: talk.pour(b"2" * 65536), lambda talk: talk.drip()])
def test_no_answer_of_a_mail_server_takes_for_ever(verb: str, attack: Callable[[Talk], None]) -> None:
    with Smtp() as server:
        server.on[verb] = attack
        with bounded(), SmtpConnection(server.at(), timeout=60, name="test", letter_seconds=3) as line:
            with pytest.raises(Unusable, match=f"127.0.0.1:{server.port}"):
                line.begin_message("a@b.test", "c@d.test", None)
            assert line.trouble
        assert server.letters == []


@pytest.mark.parametrize("attack", [smtp_pours, lambda talk: talk.drip()])
def test_a_server_that_takes_the_message_and_never_ends_its_answer_is_given_up_for_this_round(
    attack: Callable[[Talk], None],
) -> None:
    with Smtp() as server:

        def take(talk: Talk) -> None:
            talk.say(b"354 go")
            while talk.line() != b".":
                pass
            attack(talk)

        server.on["DATA"] = take
        with bounded(), SmtpConnection(server.at(), timeout=60, name="test", letter_seconds=3) as line:
            assert line.begin_message("a@b.test", "c@d.test", None)[0].accepted
            with pytest.raises(OSError, match=r".*"):
                line.data(b"Subject: x\r\n\r\nx\r\n")
            assert line.trouble


def test_a_server_that_takes_the_message_byte_by_byte_is_given_up() -> None:
    with Smtp() as server:

        def slow(talk: Talk) -> None:
            talk.say(b"354 go")
            while not server.ending.wait(0.2):
                talk.conn.recv(1)

        server.on["DATA"] = slow
        with (
            bounded(memory=6 * 20 * 2**20),
            SmtpConnection(server.at(), timeout=60, name="test", letter_seconds=3) as line,
        ):
            assert line.begin_message("a@b.test", "c@d.test", None)[0].accepted
            with pytest.raises(OSError, match=r".*"):
                line.data(b"x" * 20 * 2**20)


def test_what_a_server_says_is_short_and_printable_in_a_reason() -> None:
    with Smtp() as server:
        server.on["RCPT"] = lambda talk: talk.say(*[b"550-\x1b[31m" + b"x" * 500 + "\u202e".encode()] * 20, b"550 no")
        with SmtpConnection(server.at(), timeout=20, name="test") as line:
            said, _ = line.begin_message("a@b.test", "c@d.test", None)
        assert said.code == 550
        assert len(said.text) <= 200
        assert said.text.isprintable()


@given(content=st.binary(max_size=3000), sizes=st.lists(st.integers(0, 400), max_size=12), allowed=st.integers(0, 2000))
def test_lines_and_blocks_come_as_they_were_sent_and_never_more_than_allowed(
    content: bytes, sizes: list[int], allowed: int
) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        connection = Connection.__new__(Connection)
        connection.host, connection.deadline, connection.patience = "x", Deadline(30), 30.0
        connection._came, connection._socket = bytearray(), ours
        theirs.sendall(content)
        theirs.shutdown(socket.SHUT_WR)
        connection.allow(allowed, allowed)
        expected, lines, data = io.BytesIO(content), 0, 0
        try:
            for turn, size in enumerate(sizes):
                got: Any = connection.read(size) if turn % 2 else connection.readline()
                assert got == (expected.read(size) if turn % 2 else expected.readline())
                lines, data = lines + (0 if turn % 2 else len(got)), data + (size if turn % 2 else 0)
        except TooMuch:
            pass  # what was counted until then is what counts
        assert max(lines, data) <= allowed
        connection.close()
