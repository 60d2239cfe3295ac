"""The sender of a mail is not its From: attacks on who is taken for a registered officer."""

from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import SMTP

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select

from dondoc.audit import Actor, Channel
from dondoc.errors import Problem
from dondoc.facts import contacts, read
from dondoc.intake import inbox
from dondoc.intake.authentication import (
    LONGEST,
    Result,
    authentication,
    authserv_id,
    mailbox,
    sender,
    statements,
)
from dondoc.store.cameras import Camera
from dondoc.store.intake import Submission

from .conftest import DUC_THO, INTAKE, NAMED, OFFICER, SCAN, Desk, Post

OURS = "mx.ioc.test"
DOMAIN = OFFICER.partition("@")[2]
PASS = f"Authentication-Results: {OURS}; dmarc=pass header.from={DOMAIN}"
FAIL = f"Authentication-Results: {OURS}; dmarc=fail header.from={DOMAIN}"
SPF_ONLY = f"Authentication-Results: {OURS}; spf=pass smtp.mailfrom=ke.gian@evil.test"
FROM = f"From: {OFFICER}"
PERSON = Actor("Nguyễn Văn A", "nva", Channel.PAGE)


def mail(*headers: bytes | str) -> Message:
    lines = [h if isinstance(h, bytes) else h.encode() for h in headers]
    return message_from_bytes(b"\r\n".join(lines) + b"\r\n\r\nThan thu.\r\n")


# --- the one address of From ---


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("cntt@ductho.test", OFFICER),
        ("Phòng VH&TT <CNTT@DucTho.TEST>", OFFICER),
        ('"Lê Văn B" <cntt@ductho.test>', OFFICER),
        ("=?utf-8?q?L=C3=AA_V=C4=83n_B?= <cntt@ductho.test>", OFFICER),
        ("cntt@ductho.test (Lê Văn B)", OFFICER),
        ("L. V. B <cntt@ductho.test>", OFFICER),
        ("B <cntt@đứcthọ.test>", "cntt@xn--cth-uqa7719ayea.test"),
        ("B <CNTT@XN--CTH-UQA7719AYEA.test>", "cntt@xn--cth-uqa7719ayea.test"),
        # A display name, a comment or an encoded word may say what it likes: the address is another.
        ('"cntt@ductho.test" <ke.gian@evil.test>', "ke.gian@evil.test"),
        ("=?utf-8?q?cntt=40ductho=2Etest_=3C?= <ke.gian@evil.test>", "ke.gian@evil.test"),
        ("(cntt@ductho.test) ke.gian@evil.test", "ke.gian@evil.test"),
        ("ke.gian@evil.test (cntt@ductho.test)", "ke.gian@evil.test"),
        ("cntt@ductho.teѕt", "cntt@ductho.xn--tet-ghd"),  # with a Cyrillic ѕ: another domain
    ],
)
def test_the_address_is_the_one_that_the_standard_names(value: str, address: str) -> None:
    assert mailbox(mail(f"From: {value}")) == address


@pytest.mark.parametrize(
    "headers",
    [
        [],
        ["From:"],
        ["From:    "],
        ["From: cntt@ductho.test", "From: ke.gian@evil.test"],
        ["From: ke.gian@evil.test", "from: cntt@ductho.test"],
        ["From: cntt@ductho.test", "From: cntt@ductho.test"],
        ["From: cntt@ductho.test, ke.gian@evil.test"],
        ['From: "cntt@ductho.test" <ke.gian@evil.test>, cntt@ductho.test'],
        ["From: cntt@ductho.test, "],
        ["From: ke.gian@evil.test cntt@ductho.test"],
        ["From: <ke.gian@evil.test> <cntt@ductho.test>"],
        ["From: cntt@ductho.test <ke.gian@evil.test>"],
        ["From: cntt@ductho.test@evil.test"],
        ["From: <cntt@ductho.test>@evil.test"],
        ["From: <@evil.test:cntt@ductho.test>@x"],
        ["From: <<cntt@ductho.test>>"],
        ["From: <cntt@ductho.test"],
        ["From: cntt@ductho.test;"],
        ["From: Nhom: cntt@ductho.test;"],
        ["From: :cntt@ductho.test;"],
        ["From: =?utf-8?q?cntt=40ductho=2Etest?="],
        ["From: =?utf-8?b?PGNudHRAZHVjdGhvLnRlc3Q+?="],
        ["From: =?utf-8?q?=22?= cntt@ductho.test, <ke.gian@evil.test>"],
        ['From: "cntt"@ductho.test'],
        ['From: "cntt@ductho.test"'],
        ["From: cntt@ductho.test\\@evil.test"],
        ["From: cntt@[127.0.0.1]"],
        ["From: cntt@ductho.test\x00@evil.test"],
        ["From: cntt@ductho.test\x00"],
        ["From: \u202ecntt@ductho.test"],
        ["From: cntt@ductho\u200b.test"],
        ["From: cntt@ｄｕｃｔｈｏ.test"],
        ["From: cntt@ductho。test"],
        ["From: cntt@ductho．test"],
        [b"From: cntt@ductho.test\rFrom: ke.gian@evil.test"],
        [b"From: cntt@duct\xe1ho.test"],
        ["Subject: x", "From : ke.gian@evil.test", "From: cntt@ductho.test"],
        [" tiep", "From: cntt@ductho.test"],
        ["From: " + "(" * 3000],
        ["From: " + "a@" * 2000 + "ductho.test"],
        ["From: " + "x" * LONGEST["from"] + " <cntt@ductho.test>"],
    ],
)
def test_a_from_that_does_not_name_exactly_one_address_names_nobody(headers: list[bytes | str]) -> None:
    with pytest.raises(ValueError, match="dòng"):
        mailbox(mail(*headers))
    assert sender(mail(*headers), [], lambda _: False).address == ""
    assert sender(mail(*headers), [OURS], lambda _: False).doubt


PIECES = st.sampled_from(
    [OFFICER, "ke.gian@evil.test", "<", ">", '"', "(", ")", ",", ";", ":", "@", "\\", " ", "=?utf-8?q?", "?=", "a", "."]
)


@given(st.lists(PIECES, max_size=12).map("".join))
@example('"cntt@ductho.test" <ke.gian@evil.test>')
def test_no_mixture_of_two_addresses_gives_the_officer_where_the_other_is_the_last_in_brackets(text: str) -> None:
    """Whatever stands before it: `<ke.gian@evil.test>` at the end is the author, or nobody is."""
    value = f"{text} <ke.gian@evil.test>"
    try:
        found = mailbox(mail(f"From: {value}"))
    except ValueError:
        return
    assert found == "ke.gian@evil.test"


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_a_reason(text: str) -> None:
    made = Message()
    made["From"] = text.replace("\n", " ").replace("\r", " ")
    found = sender(made, [OURS], lambda _: True)
    assert found.doubt or found.address
    assert "@" in found.address or found.address == ""


@pytest.mark.parametrize(
    ("headers", "doubted"),
    [
        ([], False),
        (["Sender: Lê Văn B <CNTT@ductho.test>"], False),
        (["Sender: van.thu@ductho.test"], True),
        (["Sender: "], True),
        (["Sender: cntt@ductho.test", "Sender: ke.gian@evil.test"], True),
    ],
)
def test_whoever_sends_for_another_is_doubted(headers: list[str], doubted: bool) -> None:
    found = sender(mail(f"From: {OFFICER}", *headers), [], lambda _: False)
    assert (found.address, bool(found.doubt)) == (OFFICER, doubted)


# --- what our own server says ---


@pytest.mark.parametrize(
    ("said", "result"),
    [
        (f"dmarc=pass header.from={DOMAIN}", Result.PASS),
        (f"dmarc=pass (p=reject dis=none) header.from={DOMAIN.upper()};", Result.PASS),
        (f"DMARC=Pass header.From={DOMAIN}", Result.PASS),
        (f"iprev=pass policy.iprev=2001:db8::1; dmarc=pass header.from={DOMAIN}", Result.PASS),
        (f"spf=none smtp.mailfrom=<>; dmarc=pass header.from={DOMAIN}", Result.PASS),
        (f"dmarc=fail (p=none) header.from={DOMAIN}; dkim=pass header.d={DOMAIN}", Result.FAIL),
        ("dmarc=pass header.from=evil.test", Result.FAIL),
        ("dmarc=pass", Result.NONE),
        (f"dmarc=pass header.from={DOMAIN}; dmarc=fail header.from={DOMAIN}", Result.FAIL),
        (f"dmarc=fail header.from={DOMAIN}; dmarc=pass header.from={DOMAIN}", Result.FAIL),
        (f"dmarc=none header.from={DOMAIN}; dkim=pass header.d={DOMAIN}", Result.PASS),
        (f"dkim=pass header.d={DOMAIN}; spf=fail smtp.mailfrom=x@forwarder.test", Result.PASS),
        (f"dkim=pass header.i=@{DOMAIN}", Result.PASS),
        (f"dkim=pass header.d=evil.test header.i=@{DOMAIN}", Result.NONE),
        ("dkim=pass header.d=test", Result.NONE),
        (f"dkim=pass header.d=sub.{DOMAIN}", Result.NONE),
        (f"dkim=pass header.d=x{DOMAIN}", Result.NONE),
        (f"dkim=fail header.d={DOMAIN}", Result.FAIL),
        ("dkim=fail header.d=forwarder.test", Result.NONE),
        (f"spf=pass smtp.mailfrom=cntt@{DOMAIN}", Result.PASS),
        ("spf=pass smtp.mailfrom=ke.gian@evil.test", Result.NONE),
        (f"spf=pass smtp.helo={DOMAIN}", Result.NONE),
        ("spf=softfail smtp.mailfrom=ke.gian@evil.test", Result.FAIL),
        ("none", Result.NONE),
        ("", Result.NONE),
        # What a sender can put into the values of our own server's field ends no result and begins none.
        (f'spf=pass smtp.mailfrom="x; dmarc=pass header.from={DOMAIN} "@evil.test', Result.NONE),
        (f"spf=pass (x; dmarc=pass header.from={DOMAIN}) smtp.mailfrom=evil.test", Result.NONE),
        (f"spf=pass (a (b; c) \\) ; dmarc=pass header.from={DOMAIN}) smtp.mailfrom=evil.test", Result.NONE),
        (f"spf=pass (open; dmarc=pass header.from={DOMAIN}", Result.FAIL),
        (f'spf=pass smtp.mailfrom="open; dmarc=pass header.from={DOMAIN}', Result.FAIL),
        (f'spf=pass (mx: domain of "x); dmarc=pass header.from={DOMAIN} ("@evil.test)', Result.FAIL),
        (f"x=({'(' * 9000}; dmarc=pass header.from={DOMAIN}", Result.FAIL),
        (f"dmarc=pass header.from={DOMAIN}; x=" + "y" * LONGEST["authentication-results"], Result.FAIL),
    ],
)
def test_a_result_counts_only_for_the_domain_of_from(said: str, result: Result) -> None:
    assert authentication([f"{OURS}; {said}"], DOMAIN, [OURS]).result == result


@pytest.mark.parametrize(
    ("fields", "result"),
    [
        ([f"{OURS}; dmarc=fail header.from={DOMAIN}", f"{OURS}; dmarc=pass header.from={DOMAIN}"], Result.FAIL),
        ([f"{OURS}; none", f"{OURS}; dmarc=pass header.from={DOMAIN}"], Result.NONE),
        ([f"{OURS}; spf=pass (", f"{OURS}; dmarc=pass header.from={DOMAIN}"], Result.FAIL),
        (["mx.evil.test; dmarc=fail header.from=x", f"{OURS}; dmarc=pass header.from={DOMAIN}"], Result.PASS),
        ([f"mx.evil.test; dmarc=pass header.from={DOMAIN}"], Result.NONE),
        ([f"{OURS}.evil.test; dmarc=pass header.from={DOMAIN}"], Result.NONE),
        ([f"x.{OURS}; dmarc=pass header.from={DOMAIN}"], Result.NONE),
        ([f"{OURS} 2; dmarc=pass header.from={DOMAIN}"], Result.NONE),
        ([f"evil.test ({OURS}); dmarc=pass header.from={DOMAIN}"], Result.NONE),
        ([f"dmarc=pass header.from={DOMAIN}"], Result.NONE),
        ([f" {OURS.upper()} 1 (x); dmarc=pass header.from={DOMAIN}"], Result.PASS),
        ([f'"{OURS}"; dmarc=pass header.from={DOMAIN}'], Result.PASS),
    ],
)
def test_only_the_topmost_field_of_our_own_server_counts(fields: list[str], result: Result) -> None:
    assert authentication(fields, DOMAIN, [OURS]).result == result


WORDS = st.text(st.sampled_from(f'ab =;.\\"()@{DOMAIN}'), max_size=40)


@given(WORDS)
def test_nothing_quoted_or_in_a_comment_is_ever_a_result(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    comment = quoted.replace("(", "\\(").replace(")", "\\)")
    for value in (f'smtp.mailfrom="{quoted}"@evil.test', f"({comment}) smtp.mailfrom=evil.test"):
        found = statements(f"{OURS}; spf=pass {value}")
        assert found is not None
        assert [(s.method, s.result) for s in found] == [("spf", "pass")]
        assert set(found[0].properties) == {"smtp.mailfrom"}


@given(st.text(max_size=200))
def test_any_field_is_read_without_a_fault(text: str) -> None:
    authserv_id(text)
    statements(text)
    assert authentication([f"{OURS}; {text}"], DOMAIN, [OURS]).result in Result


def test_a_mail_without_a_result_is_doubted_only_where_the_domain_usually_has_one() -> None:
    plain = mail(f"From: {OFFICER}")
    assert sender(plain, [OURS], lambda _: False).doubt is None
    assert "thường được xác thực" in (sender(plain, [OURS], lambda domain: domain == DOMAIN).doubt or "")
    assert sender(plain, [], lambda _: True).doubt is None  # nobody named our server: the field says nothing


# --- from the mailbox to what becomes of it, over real SMTP and IMAP ---


@pytest.fixture
def guarded(environment: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Post:
    """The mailbox of a server that signs what it found out."""
    environment.setenv("DONDOC_AUTHSERV_ID", OURS)
    post: Post = request.getfixturevalue("post")
    return post


def submit(post: Post, content: bytes, *stamps: str, headers: tuple[str, ...] = (FROM,), number: int) -> int:
    """A mail with a form, as it lies in the mailbox: our server's fields above what came. Judged and answered."""
    made = EmailMessage()
    made["To"], made["Message-ID"], made["Subject"] = INTAKE, f"<{number}@ductho.test>", "Biểu mẫu"
    made.set_content("Gửi kèm.\n")
    made.add_attachment(content, maintype="application", subtype="octet-stream", filename="BM03.xlsx")
    top = "".join(f"{line}\r\n" for line in (*stamps, *headers)).encode()
    post.send_raw(top + made.as_bytes(policy=SMTP))
    result = post.read()
    assert (result.ok, len(result.submission_ids)) == (True, 1)
    post.desk.now += timedelta(minutes=1)
    post.desk.work()
    return result.submission_ids[0]


def outcome(desk: Desk, submission: int) -> str:
    return [v for v in desk.verdicts() if v.submission_id == submission][-1].outcome


def cameras(desk: Desk) -> int:
    with desk.app.sessions.reading() as session:
        return len(session.scalars(select(Camera.id)).all())


@pytest.mark.slow
def test_a_mail_that_our_server_vouches_for_is_its_agency_s(guarded: Post) -> None:
    assert outcome(guarded.desk, submit(guarded, guarded.desk.form(), PASS, number=1)) == "accepted"
    [row] = guarded.desk.submissions()
    assert (row.sender, row.sender_doubt, row.authentication) == (OFFICER, None, "pass")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stamps", "headers"),
    [
        ((FAIL,), (f"From: {OFFICER}",)),
        ((FAIL,), (PASS, f"From: {OFFICER}")),  # the sender's own field below our server's
        ((SPF_ONLY,), (PASS, f"From: {OFFICER}")),
        ((), (f"From: {OFFICER}", "From: ke.gian@evil.test")),
        ((PASS,), (f"From: {OFFICER}", "Sender: ke.gian@evil.test")),
        ((PASS.replace(DOMAIN, "evil.test"),), (f"From: {OFFICER}",)),
    ],
)
def test_a_forged_officer_changes_nothing_and_is_told_nothing(
    guarded: Post, stamps: tuple[str, ...], headers: tuple[str, ...]
) -> None:
    desk = guarded.desk
    submit(guarded, desk.form(), PASS, number=1)  # the domain's mail usually passes
    before = [(row.kind, row.recipient) for row in desk.letters()]
    forged = submit(
        guarded, desk.form(cameras=4, base=1, note="x", officer_email="ke.gian@hatinh.gov.vn"), *stamps,
        headers=headers, number=2,
    )  # fmt: skip
    assert outcome(desk, forged) == "waiting"
    assert cameras(desk) == 2
    row = desk.submissions()[-1]
    assert row.sender_doubt
    [waits] = _inbox(desk)
    assert (waits["number"], waits["sender_doubt"]) == ("BN-0002", row.sender_doubt)
    with desk.app.sessions.reading() as session:
        assert contacts.find(session, DUC_THO, "focal_officer", desk.now.date(), "tourism")[0].email == NAMED
    new = desk.letters()[len(before) :]
    assert [letter.kind for letter in new] == (["receipt"] if row.sender else [])
    assert not any(words in letter.text for letter in new for words in ("Đức Thọ", "camera", "Biểu mẫu 03"))
    assert not any(letter.attachments for letter in new)


def _inbox(desk: Desk) -> list[dict[str, object]]:
    with desk.app.sessions.reading() as session:
        return inbox.inbox(session)


@pytest.mark.slow
def test_without_a_result_a_domain_that_usually_passes_is_a_stranger_and_another_is_not(guarded: Post) -> None:
    desk = guarded.desk
    for number in range(3):
        stamp = (PASS,) if number else ()  # nothing is known of the domain at first
        sent = submit(guarded, desk.form(base=number, note=str(number)), *stamp, number=number)
        assert outcome(desk, sent) == "accepted"
    assert outcome(desk, submit(guarded, desk.form(base=3, note="3"), PASS, number=3)) == "accepted"
    # Its server has really changed: each form that a person takes makes the habit weaker.
    for number in (4, 5):
        sent = submit(guarded, desk.form(base=number, note=str(number)), number=number)
        assert outcome(desk, sent) == "waiting"
        assert "thường được xác thực" in str(desk.submissions()[-1].sender_doubt)
        inbox.assign(desk.app, sent, DUC_THO, by=PERSON, now=desk.now)
    sent = submit(guarded, desk.form(base=6, note="6"), number=6)
    assert outcome(desk, sent) == "waiting"
    inbox.assign(desk.app, sent, DUC_THO, by=PERSON, now=desk.now)
    assert outcome(desk, submit(guarded, desk.form(base=7, note="7"), number=7)) == "accepted"


@pytest.mark.slow
def test_a_forger_gets_one_neutral_receipt_a_day_however_much_comes(guarded: Post) -> None:
    desk = guarded.desk
    for number in range(1, 5):
        submit(guarded, desk.form(note=str(number)), FAIL, number=number)
    assert [letter.recipient for letter in desk.letters()] == [OFFICER]
    broken = submit(guarded, b"khong phai so tinh", FAIL, number=9)
    assert outcome(desk, broken) == "refused"
    assert len(desk.letters()) == 1
    desk.now += timedelta(days=1)
    submit(guarded, SCAN, FAIL, number=10)
    assert [letter.kind for letter in desk.letters()] == ["receipt", "receipt"]


@pytest.mark.slow
def test_a_person_gives_a_doubtful_form_to_its_agency_and_the_officer_is_answered(guarded: Post) -> None:
    desk = guarded.desk
    submission = submit(guarded, desk.form(wrong=1), FAIL, number=1)
    with pytest.raises(Problem, match="lâu dài"):
        inbox.assign(desk.app, submission, DUC_THO, by=PERSON, now=desk.now, lasting=True)
    assert inbox.assign(desk.app, submission, DUC_THO, by=PERSON, now=desk.now).outcome == "returned"
    desk.work()
    letter = desk.letters()[-1]
    assert (letter.kind, letter.recipient, len(letter.attachments)) == ("returned", NAMED, 1)


@pytest.mark.slow
def test_a_lasting_assignment_does_not_help_whoever_forges_its_address(guarded: Post) -> None:
    desk = guarded.desk
    stranger = ("From: nguoi.la@noi-khac.test",)
    first = submit(guarded, desk.form(), headers=stranger, number=1)
    inbox.assign(desk.app, first, DUC_THO, by=PERSON, now=desk.now, lasting=True)
    assert outcome(desk, submit(guarded, desk.form(base=1, note="a"), headers=stranger, number=2)) == "accepted"
    fail = FAIL.replace(DOMAIN, "noi-khac.test")
    assert outcome(desk, submit(guarded, desk.form(base=2, note="b"), fail, headers=stranger, number=3)) == "waiting"


@pytest.mark.slow
def test_an_unjudged_forgery_pauses_no_duty_of_the_agency(guarded: Post) -> None:
    desk = guarded.desk
    for number, stamp in ((1, FAIL), (2, PASS)):
        guarded.send_raw(f"{stamp}\r\nFrom: {OFFICER}\r\nMessage-ID: <{number}@x>\r\n\r\nVăn bản {number}\r\n".encode())
    guarded.read()
    with desk.app.sessions.reading() as session:
        facts = read.read(session, desk.now)
    waits = {one.id: one.agency for one in facts.submissions}
    assert [waits[row.id] for row in desk.submissions()] == [
        None if r.sender_doubt else DUC_THO for r in desk.submissions()
    ]
    assert len({*waits.values()}) == 2


def test_without_the_setting_the_field_says_nothing(post: Post) -> None:
    assert outcome(post.desk, submit(post, post.desk.form(), FAIL, number=1)) == "accepted"
    with post.desk.app.sessions.reading() as session:
        assert session.scalars(select(Submission.authentication)).all() == [None]
