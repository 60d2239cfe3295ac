"""A form names another focal officer: whoever is written to today has to say yes, or a person of ours."""

import json
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import audit, clock, preconditions
from dondoc.audit import Actor, Channel
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.facts import contact_changes, contacts
from dondoc.forms.blank import blank
from dondoc.forms.spec import load_specs
from dondoc.intake import inbox, officers
from dondoc.intake.receive import receive
from dondoc.intake.replies import Answer, answer_of
from dondoc.mail.outbox import message_id
from dondoc.store.facts import Contact
from dondoc.store.intake import Submission
from dondoc.store.mail import OutboxLetter
from dondoc.store.trust import AuditEvent
from tests.conftest import SECRET, Run

from .conftest import DUC_THO, INTAKE, NAMED, OFFICER, VU_QUANG, Desk, Post

NEW = "moi.ductho@hatinh.gov.vn"
CLERK = "vanthu@ductho.hatinh.gov.vn"
PERSON = Actor("Nguyễn Văn A", "nva", Channel.PAGE)
EVIL = "ke.gian@evil.test"


@pytest.fixture(autouse=True)
def _live(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DONDOC_MODE", "live")


def written_to(desk: Desk, system: str = "tourism") -> str:
    """Where a letter about a system goes today."""
    with desk.app.sessions.reading() as session:
        return contacts.find(session, DUC_THO, "focal_officer", desk.now.date(), system)[0].email


def may_act(desk: Desk, address: str) -> bool:
    with desk.app.sessions.reading() as session:
        return DUC_THO in contacts.agency_of_sender(session, address, desk.now.date())


def changes(desk: Desk) -> list[dict[str, Any]]:
    with desk.app.sessions.reading() as session:
        return contact_changes.rows(contact_changes.every(session))


def asked(desk: Desk) -> list[tuple[str, bool]]:
    """Who was written to about changes, and whether with a question."""
    return [(row.recipient, row.context["asks"]) for row in desk.letters() if row.kind == officers.KIND]


def bring(post: Post, *, sender: str = OFFICER, number: int = 1, form: bytes | None = None, **head: Any) -> int:
    """A form that names the new officer arrives, is judged, and every letter it causes is delivered."""
    desk = post.desk
    named = {"officer_email": NEW, "officer_name": "Phan Thị Mới"} | head
    content = form or desk.form(base=number - 1, note=str(number), **named)
    post.send(("bm03.xlsx", content), sender=sender, message_id=f"<{number}@ductho.test>")
    [submission] = post.read().submission_ids
    desk.now += timedelta(minutes=1)
    desk.work()
    deliver(post)
    return submission


def deliver(post: Post) -> None:
    settings = post.desk.app.settings
    urls = {
        "smtp_url": SecretStr(post.server.smtp_url("IOC <ioc@ioc.test>")),
        "imap_url": SecretStr(post.server.imap_url(INTAKE)),
    }
    preconditions.deliver(AppContext(settings.model_copy(update=urls)), lambda: post.desk.now)


def question(post: Post, address: str = NAMED) -> EmailMessage:
    """The letter that asks, as it lies in the old address's mailbox."""
    found = [m for m in post.server.boxes.messages(address) if "xác nhận thay đổi" in m["Subject"]]
    return found[-1]


def words(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    return str(body.get_content()) if body else ""


def reply(
    post: Post,
    letter: EmailMessage,
    text: str = "Đồng ý.",
    *,
    sender: str = NAMED,
    subject: str | None = None,
    thread: str | None = None,
    stamp: str = "",
    **headers: str,
) -> dict[int, str]:
    """Press “reply” and write; what becomes of it."""
    made = EmailMessage()
    made["From"], made["To"], made["Message-ID"] = sender, letter["Reply-To"] or INTAKE, f"<r{post.desk.now}@x>"
    made["Subject"] = f"Re: {letter['Subject']}" if subject is None else subject
    if thread is None or thread:
        made["In-Reply-To"] = thread or letter["Message-ID"]
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    quoted = "\n".join(f"> {line}" for line in words(letter).splitlines())
    made.set_content(f"{text}\n\nVào 18/11/2021, IOC <ioc@ioc.test> đã viết:\n{quoted}\n")
    post.send_raw(stamp.encode() + made.as_bytes(policy=SMTP), sender)
    assert post.read().ok
    post.desk.now += timedelta(minutes=1)
    return post.desk.work()


def state(desk: Desk) -> str:
    return str(changes(desk)[-1]["state"])


def test_until_the_old_address_says_yes_the_letters_go_to_it_and_the_new_one_may_not_act(post: Post) -> None:
    desk = post.desk
    desk.register(DUC_THO, CLERK, "clerk")
    bring(post)
    assert (written_to(desk), may_act(desk, NEW)) == (NAMED, False)
    assert asked(desk) == [(NAMED, True), (CLERK, False)]
    letter = question(post)
    assert f"Phan Thị Mới, {NEW}" in words(letter)
    assert "XN-" not in str(post.server.boxes.messages(CLERK)[-1]["Subject"]) + words(
        post.server.boxes.messages(CLERK)[-1]
    )  # the clerk is told, and cannot answer for it
    reply(post, letter)
    assert (state(desk), changes(desk)[0]["by"]) == ("confirmed", NAMED)
    assert (written_to(desk), may_act(desk, NEW)) == (NEW, True)
    with desk.app.sessions.reading() as session:
        assert inbox.inbox(session) == []  # the reply itself needs nobody
        day_before = contacts.find(session, DUC_THO, "focal_officer", desk.now.date() - timedelta(days=1), "tourism")
        assert day_before[0].email == NAMED
        [event] = session.scalars(select(AuditEvent).where(AuditEvent.act == "contact_confirm"))
        assert (event.login, event.channel) == (NAMED, "mail")
        assert audit.verify(session, [SECRET]).broken is None


def test_the_subject_alone_and_the_thread_alone_are_each_enough(post: Post) -> None:
    bring(post)
    reply(post, question(post), subject="Trả lời")  # a mail program that wrote a new subject
    assert state(post.desk) == "confirmed"
    bring(post, number=2, officer_email="khac.ductho@hatinh.gov.vn")
    reply(post, question(post, NEW), sender=NEW, thread="")
    assert [c["state"] for c in changes(post.desk)] == ["confirmed", "confirmed"]


def test_no_refuses_for_good_and_the_same_form_asks_only_a_person_again(post: Post) -> None:
    desk = post.desk
    bring(post)
    reply(post, question(post), "Không. Đơn vị không đề nghị việc này.")
    assert (state(desk), written_to(desk)) == ("refused", NAMED)
    before = len(asked(desk))
    bring(post, number=2)
    assert (changes(desk)[-1]["asked"], state(desk), len(asked(desk))) == (None, "waiting", before)


def test_an_answer_that_says_neither_waits_for_a_person(post: Post) -> None:
    bring(post)
    outcome = reply(post, question(post), "Tôi sẽ hỏi lại lãnh đạo.")
    assert (state(post.desk), outcome) == ("waiting", {})
    with post.desk.app.sessions.reading() as session:
        [row] = inbox.inbox(session)
    assert "TD-0001 không rõ đồng ý hay không" in row["reason"]


def _guess(post: Post, letter: EmailMessage) -> str:
    """The Message-ID as somebody computes it who knows how it is made, but has not the letter."""
    row = next(row for row in post.desk.letters() if row.kind == officers.KIND)
    without = row.dedup_key.rsplit("|", 1)[0]
    return message_id(f"{without}|-", post.desk.app.settings.installation)


@pytest.mark.slow
@pytest.mark.parametrize(
    "forged",
    [
        {"sender": EVIL},
        {"sender": NEW},
        {"sender": OFFICER},
        {"sender": f'"{NAMED}" <{EVIL}>'},
        {"sender": f"{NAMED}, {EVIL}"},
        {"Sender": EVIL},
        {"subject": "Re: mã XN-0001-AAAAAAAAAAAAAAAAAAAA", "thread": ""},
        {"subject": "Re: mã XN-0001-", "thread": ""},
        {"subject": "Re", "thread": "<khac@ioc.test>"},
        {"subject": "Re", "thread": "guess"},
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"X_Auto_Response_Suppress": "All"},
        {"X_Auto_Response_Suppress": "DR, OOF, AutoReply"},
        {"Return_Path": "<>"},
        {"X_Autoreply": "yes"},
        {"stamp": "Authentication-Results: mx.ioc.test; dmarc=fail header.from=hatinh.gov.vn\r\n"},
    ],
)
def test_nobody_else_can_say_yes(
    environment: pytest.MonkeyPatch, request: pytest.FixtureRequest, forged: dict[str, str]
) -> None:
    environment.setenv("DONDOC_AUTHSERV_ID", "mx.ioc.test")
    post: Post = request.getfixturevalue("post")
    bring(post)
    letter = question(post)
    if forged.get("thread") == "guess":
        forged = forged | {"thread": _guess(post, letter)}
    reply(post, letter, **forged)  # type: ignore[arg-type]
    assert (state(post.desk), written_to(post.desk), may_act(post.desk, NEW)) == ("waiting", NAMED, False)


def test_a_code_answers_only_for_its_own_submission_and_address(desk: Desk) -> None:
    code = contact_changes.code([SECRET], 12, NAMED)
    assert contact_changes.genuine([SECRET], f"Re: ({code})", NAMED) == 12
    assert contact_changes.genuine(["khoa-moi-cua-he-thong-nay-0123456", SECRET], code, NAMED) == 12
    assert contact_changes.genuine([SECRET], code, OFFICER) is None
    assert contact_changes.genuine([SECRET], code.replace("0012", "0013"), NAMED) is None
    assert contact_changes.genuine([SECRET], code[:-1], NAMED) is None
    assert contact_changes.genuine(["khoa-khac-cua-nguoi-khac-0123456789"], code, NAMED) is None


@given(st.text(max_size=120))
def test_any_text_is_no_code(text: str) -> None:
    assert contact_changes.genuine([SECRET], text, NAMED) is None


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Đồng ý", Answer.YES),
        ("Kính gửi Sở,\n\nĐơn vị xác nhận thay đổi trên.\n", Answer.YES),
        ("OK", Answer.YES),
        ("Không", Answer.NO),
        ("KHÔNG ĐỒNG Ý", Answer.NO),
        ("Đơn vị không hề đồng ý", Answer.NO),
        ("Chưa đồng ý", Answer.UNCLEAR),
        ("Không có ý kiến gì, đồng ý", Answer.UNCLEAR),
        ("", Answer.UNCLEAR),
        ("Đã nhận", Answer.UNCLEAR),
        ("Đã nhận\n> viết “Đồng ý” để xác nhận", Answer.UNCLEAR),
        ("Đã nhận\n--- Khi trả lời, xin viết phía trên dòng này ---\nĐồng ý", Answer.UNCLEAR),
        ("Đã nhận\nOn Thu, IOC wrote:\nĐồng ý", Answer.UNCLEAR),
        ("Đã nhận\n-----Original Message-----\nĐồng ý", Answer.UNCLEAR),
        ("Đã nhận\nTừ: IOC\nĐồng ý", Answer.UNCLEAR),
        ("a" * 5000 + " đồng ý", Answer.UNCLEAR),
        ("Dạ em đồng ý ạ.", Answer.YES),
        ("Đồng ý.\nTrân trọng,\nNguyễn Văn A, UBND huyện Đức Thọ", Answer.YES),
        ("Đơn vị xác nhận thông tin trên là đúng", Answer.YES),
        ("Tôi đang nghỉ phép đến 30/11. Hệ thống tự động xác nhận đã nhận thư.", Answer.UNCLEAR),
        ("Tôi xác nhận đã nhận được thư của quý Sở.", Answer.UNCLEAR),
        ("Cảm ơn, tôi sẽ kiểm tra và xác nhận sau.", Answer.UNCLEAR),
        ("Ok để tôi hỏi lại lãnh đạo.", Answer.UNCLEAR),
        ("Ai đồng ý việc này?", Answer.UNCLEAR),
        ("Đừng xác nhận", Answer.UNCLEAR),
        ("Xác nhận: thông tin sai", Answer.UNCLEAR),
        ("Dạ không ạ.", Answer.NO),
        ("Đơn vị từ chối thay đổi này.", Answer.NO),
        ("Không phải cán bộ của đơn vị. Trân trọng", Answer.NO),
        ("Không đồng ý?", Answer.UNCLEAR),
        ("Hiện tôi không có mặt ở cơ quan, sẽ trả lời thư khi trở lại.", Answer.UNCLEAR),
        ("Tôi đang nghỉ phép, không đọc thư đến 30/11. Việc gấp xin gọi số 0912345678.", Answer.UNCLEAR),
        ("Hệ thống từ chối thư này.", Answer.UNCLEAR),
        ("Tôi không biết, để hỏi lại.", Answer.UNCLEAR),
    ],
)
def test_only_own_words_are_an_answer(text: str, answer: Answer) -> None:
    assert answer_of(text) == answer


def test_what_repeats_the_known_contact_is_no_change(post: Post) -> None:
    desk = post.desk
    bring(post, officer_email=NAMED.upper(), officer_name="nguyễn  thị HÀ", officer_phone="+84 912 345 678")
    assert (changes(desk), asked(desk)) == ([], [])


def test_the_same_wish_twice_is_asked_once_and_another_telephone_is_a_change_too(post: Post) -> None:
    desk = post.desk
    bring(post)
    bring(post, number=2)
    assert len(changes(desk)) == 1
    bring(post, number=3, officer_email=NAMED, officer_name="Nguyễn Thị Hà", officer_phone="0987 654 321")
    assert [c["phone"] for c in changes(desk)] == ["+84912345678", "+84987654321"]
    assert [recipient for recipient, _ in asked(desk)] == [NAMED, NAMED]


def test_an_officer_changes_their_own_telephone_without_asking_themselves(post: Post) -> None:
    desk = post.desk
    head = {"officer_email": NAMED, "officer_name": "Nguyễn Thị Hà", "officer_phone": "0987 654 321"}
    bring(post, sender=NAMED, **head)
    with desk.app.sessions.reading() as session:
        [first, *_] = contacts.find(session, DUC_THO, "focal_officer", desk.now.date(), "tourism")
    assert (first.email, first.phone, changes(desk)) == (NAMED, "+84987654321", [])


@pytest.mark.parametrize(
    ("role", "at_once"), [("clerk", True), ("head", True), (None, False)], ids=["clerk", "head", "nobody registered"]
)
def test_the_first_officer_is_taken_from_clerk_or_head_and_else_a_person_confirms(
    post: Post, role: str | None, at_once: bool
) -> None:
    desk = post.desk
    if role:
        desk.register(VU_QUANG, CLERK, role)
    content = desk.form(VU_QUANG, officer_email=NEW, officer_name="Phan Thị Mới")
    submission = bring(post, sender=CLERK, form=content)
    if role is None:
        inbox.assign(desk.app, submission, VU_QUANG, by=PERSON, now=desk.now)
    with desk.app.sessions.reading() as session:
        found = contacts.find(session, VU_QUANG, "focal_officer", desk.now.date(), "tourism")
    assert ([c.email for c in found], len(changes(desk))) == (([NEW], 0) if at_once else ([], 1))
    if not at_once:
        assert (changes(desk)[0]["asked"], asked(desk)) == (None, [])
        with desk.app.sessions.begin() as session:
            contact_changes.confirm(session, [SECRET], 1, by=PERSON, now=desk.now)
            assert contacts.find(session, VU_QUANG, "focal_officer", desk.now.date(), "tourism")[0].email == NEW


def test_the_form_for_officers_asks_once_for_all_its_systems(post: Post) -> None:
    desk = post.desk
    spec = load_specs(desk.app.settings.data)["form_focal"]
    person = {
        "system": "public_admin_centre",
        "officer_name": "Trần Văn Hải",
        "officer_title": "Chuyên viên CNTT",
        "officer_department": "Văn phòng",
        "officer_phone": "0912345678",
        "officer_email": "hai.tv@ductho.hatinh.gov.vn",
    }
    other = person | {"system": "tourism", "officer_name": "Lê Thị Mai", "officer_email": "mai.lt@ductho.hatinh.gov.vn"}
    content = blank(
        spec,
        desk.app.registry.agency(DUC_THO),
        registry=desk.app.registry,
        secrets=desk.app.settings.secret_keys,
        head={"document_number": "12/UBND-VX", "document_date": "17/11/2021"},
        rows=[person, other],
    )
    bring(post, form=content)
    assert asked(desk) == [(NAMED, True)]
    reply(post, question(post))
    assert written_to(desk, "public_admin_centre") == "hai.tv@ductho.hatinh.gov.vn"
    assert written_to(desk, "tourism") == "mai.lt@ductho.hatinh.gov.vn"
    assert written_to(desk, "reservoir") == NAMED


def question_about(session: Session, desk: Desk, **about: Any) -> OutboxLetter:
    """The letter that asks, of a form that names the new officer."""
    given = {"channel": "mail", "sender": OFFICER, "filename": "a.xlsx", "sha256": "0"} | about
    row = Submission(channel_id="1", happened_at=desk.now, recorded_at=desk.now, **given)
    session.add(row)
    session.flush()
    head = {"officer_email": NEW, "officer_name": "Phan Thị Mới", "system": "tourism"}
    officers.take_over(session, desk.app, row, DUC_THO, [head], now=desk.now)
    return session.scalars(select(OutboxLetter).where(OutboxLetter.kind == officers.KIND)).one()


@pytest.mark.parametrize(
    ("about", "origin"),
    [
        ({}, f" từ địa chỉ {OFFICER} lúc "),
        (
            {"sender_doubt": "không có kết quả xác thực"},
            f" từ thư ghi người gửi là {OFFICER} (chưa xác minh được) lúc ",
        ),
        ({"sender": "", "channel": "upload"}, " không qua thư điện tử lúc "),
    ],
)
def test_the_question_says_from_where_the_form_came(desk: Desk, about: dict[str, str], origin: str) -> None:
    with desk.app.sessions.begin() as session:
        letter = question_about(session, desk, **about)
        assert origin in letter.text
        assert origin in letter.html


def test_a_yes_counts_only_for_whom_the_question_names(desk: Desk) -> None:
    named = {"system": "tourism", "officer_name": "Phan Thị Mới"}
    many = [named | {"officer_email": f"moi{n}@ductho.test"} for n in range(10, 22)]
    common = {"channel": "mail", "sender": OFFICER, "filename": "a.xlsx", "now": desk.now, "received_at": desk.now}
    submission, _ = receive(desk.app, b"x", channel_id="1", **common)
    with desk.app.sessions.begin() as session:
        row = session.get_one(Submission, submission)
        officers.take_over(session, desk.app, row, DUC_THO, many, now=desk.now)
        [letter] = session.scalars(select(OutboxLetter).where(OutboxLetter.kind == officers.KIND))
        told = [c for c in contact_changes.every(session) if c.email in letter.text]
        answered = contact_changes.asked_of(session, submission, letter.recipient)
        assert (answered, len(told), len(contact_changes.waiting(session))) == (told, officers.SHOWN, 12)


def test_a_question_that_was_answered_meanwhile_does_not_leave(desk: Desk) -> None:
    with desk.app.sessions.begin() as session:
        letter = question_about(session, desk)
        assert officers.precondition(session, letter, desk.now) is None
        contact_changes.refuse(session, [SECRET], 1, reason="gọi điện hỏi", by=PERSON, now=desk.now)
        assert "đã được xác nhận hoặc từ chối" in (officers.precondition(session, letter, desk.now) or "")
        with pytest.raises(Problem, match="TD-0001 đã được từ chối"):
            contact_changes.confirm(session, [SECRET], 1, by=PERSON, now=desk.now)


def test_a_person_confirms_and_refuses_at_the_command_line_under_their_own_name(post: Post, dondoc: Run) -> None:
    desk = post.desk
    bring(post)
    bring(post, number=2, officer_email="khac.ductho@hatinh.gov.vn")
    rows = json.loads(dondoc("contacts", "changes", "--json").stdout)
    said = [tuple(r[key] for key in ("id", "number", "agency", "email", "asked", "state")) for r in rows]
    assert said[0] == ("1", "TD-0001", DUC_THO, NEW, NAMED, "waiting")
    with pytest.raises(Problem, match="tên của máy"):
        dondoc("contacts", "confirm", "1", "--by", "dondoc")
    with pytest.raises(Problem, match="tên của máy"):
        dondoc("contacts", "refuse", "2", "--by", "hệ thống", "--reason", "x")
    with pytest.raises(Problem, match="Không có thay đổi"):
        dondoc("contacts", "confirm", "TD-0099", "--by", "Lê A")
    dondoc("contacts", "confirm", "TD-0001", "--by", "Lê A")
    with pytest.raises(Problem, match="đã được xác nhận"):
        dondoc("contacts", "refuse", "1", "--by", "Lê A", "--reason", "muộn")
    dondoc("contacts", "refuse", "2", "--by", "Lê A", "--reason", "không có thật")
    assert json.loads(dondoc("contacts", "changes", "--json").stdout) == []
    assert [r["state"] for r in json.loads(dondoc("contacts", "changes", "--all", "--json").stdout)] == [
        "confirmed",
        "refused",
    ]
    desk.now = clock.now()
    assert written_to(desk) == NEW
    with desk.app.sessions.reading() as session:
        acts = session.execute(select(AuditEvent.act, AuditEvent.name, AuditEvent.channel).order_by(AuditEvent.id))
        assert [tuple(row) for row in acts] == [
            ("contact_confirm", "Lê A", "cli"),
            ("contact_refuse", "Lê A", "cli"),
        ]


def test_a_former_officer_s_forms_wait_and_their_assignments_count_no_more(post: Post, dondoc: Run) -> None:
    desk = post.desk
    head = {"officer_email": NAMED, "officer_name": "Nguyễn Thị Hà"}
    first = bring(post, **head)
    assert desk.verdicts()[-1].outcome == "accepted"
    with desk.app.sessions.begin() as session:  # once, a person also gave them something by hand
        session.add(inbox.Assignment(submission_id=first, agency=DUC_THO, by="A", lasting=True, recorded_at=desk.now))
    with pytest.raises(Problem, match="tên của máy"):
        dondoc("contacts", "end", OFFICER, "--agency", DUC_THO, "--on", "2021-11-17", "--by", "airflow")
    with pytest.raises(Problem, match="không phải liên hệ"):
        dondoc("contacts", "end", EVIL, "--agency", DUC_THO, "--on", "2021-11-17", "--by", "Lê A")
    dondoc("contacts", "end", OFFICER, "--agency", DUC_THO, "--on", "2021-11-17", "--by", "Lê A", "--reason", "nghỉ")
    second = bring(post, number=2, **head)
    assert [v for v in desk.verdicts() if v.submission_id == second][-1].outcome == "waiting"
    with desk.app.sessions.reading() as session:
        [event] = session.scalars(select(AuditEvent).where(AuditEvent.act == "contacts_end"))
        assert (event.subject, event.details["reason"], event.name) == (OFFICER, "nghỉ", "Lê A")
        assert session.scalars(select(Contact.valid_to).where(Contact.email == OFFICER)).all()[-1].day == 17
