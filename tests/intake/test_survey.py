"""A survey server that pages, lies, breaks or leads elsewhere: each version of each submission is kept once.

The servers are fakes over real HTTP (`survey_fake`).
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from dondoc import diagnosis
from dondoc.audit import Actor, Channel
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import DATA
from dondoc.escalation import sources
from dondoc.facts import contacts
from dondoc.forms import token
from dondoc.forms.spec import load_specs
from dondoc.intake import gather, inbox
from dondoc.intake.sources import rows, survey, survey_server
from dondoc.intake.sources.source import SourceResult
from dondoc.mail.servers import Trust
from dondoc.vocabulary.people import Role
from tests.mail.authority import authority

from .conftest import DUC_THO, SCAN, Desk
from .survey_answers import filled
from .survey_fake import FORM, PASSWORD, SESSION, TOKEN, Fake, Talk, cut, drip, flood, status

pytestmark = pytest.mark.slow


@pytest.fixture(params=["kobo", "odk"])
def fake(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    monkeypatch.setattr(survey_server, "BACKOFF", 0.0)
    with Fake(request.param) as made:
        yield made


def read(desk: Desk, fake: Fake) -> SourceResult:
    return gather.read_survey(desk.app, survey_server.from_url(fake.url()), desk.now)


def kept(desk: Desk) -> list[dict[str, Any]]:
    """What is here of the answers themselves."""
    files = [one for one in desk.submissions() if one.filename.endswith(".json")]
    return [json.loads(desk.app.blobs.get(one.sha256))["answers"] for one in files]


def numbers(desk: Desk) -> list[int]:
    return sorted(answers["so"] for answers in kept(desk))


def details(desk: Desk, fake: Fake) -> str:
    result = read(desk, fake)
    assert not result.ok
    for secret in (TOKEN, PASSWORD, SESSION):
        assert secret not in result.detail
    return result.detail


def test_all_are_kept_once_as_the_server_gave_them_though_its_pages_are_smaller_than_asked(
    desk: Desk, fake: Fake
) -> None:
    for number in range(5):
        fake.submit({"so": number})
    result = read(desk, fake)
    assert (result.ok, len(result.submission_ids), result.detail) == (True, 5, "")
    assert sorted(kept(desk), key=lambda answers: answers["so"]) == list(fake.rows.values())
    one = desk.submissions()[0]
    assert (one.channel, one.sender, one.subject.split(" ")[0]) == ("survey", "", FORM)
    assert one.happened_at.isoformat().startswith("2021-11-18T13:")
    again = read(desk, fake)
    assert (again.ok, again.submission_ids) == (True, [])
    if fake.kind == "odk":
        assert sum(asked.startswith("DELETE /v1/sessions/current") for asked in fake.asked) == 2


def test_what_is_added_while_pages_are_read_is_kept_by_the_next_run(desk: Desk, fake: Fake) -> None:
    for number in range(5):
        fake.submit({"so": number})

    def add(talk: Talk) -> bool:
        fake.submit({"so": 5})
        return False

    fake.once("data.json" if fake.kind == "kobo" else "$skiptoken", add, after=fake.kind == "kobo")
    assert read(desk, fake).ok
    assert read(desk, fake).ok
    assert numbers(desk) == [0, 1, 2, 3, 4, 5]


def test_an_edit_is_a_new_version_beside_the_old_one(desk: Desk, fake: Fake) -> None:
    keys = [fake.submit({"so": number}) for number in range(3)]
    read(desk, fake)
    fake.edit(keys[0], so=10)
    assert read(desk, fake).ok
    fake.edit(keys[0], so=11)
    assert read(desk, fake).ok
    assert numbers(desk) == [0, 1, 2, 10, 11]
    by_record: dict[str, list[int]] = {}
    for one in desk.submissions():
        by_record.setdefault(rows.record_of(one.channel_id), []).append(one.id)
    assert sorted(map(len, by_record.values())) == [1, 1, 3]
    edited = desk.submissions()[-1].happened_at
    assert edited == desk.now if fake.kind == "kobo" else edited.isoformat().startswith("2021-11-18T13:59")


def test_a_deleted_one_is_told_to_a_person_once_and_nothing_is_deleted_here(desk: Desk, fake: Fake) -> None:
    keys = [fake.submit({"so": number}) for number in range(3)]
    read(desk, fake)
    if fake.kind == "odk":
        fake.rows[keys[0]]["__system"]["deletedAt"] = "2021-11-18T07:00:00.000Z"
    else:
        del fake.rows[keys[0]]
    for _ in range(2):
        assert read(desk, fake).ok
    assert numbers(desk) == [0, 1, 2]
    with desk.app.sessions.reading() as session:
        [entry] = [row for row in inbox.inbox(session) if "không còn" in row["reason"]]
    assert "01 phiếu đã tiếp nhận không còn trên máy chủ khảo sát (BN-" in entry["reason"]
    del fake.rows[keys[1]]
    assert len(read(desk, fake).submission_ids) == 1


DATED = status(503, Retry_After="Thu, 18 Nov 2021 06:00:00 GMT")


def test_a_server_that_breaks_in_the_middle_is_asked_again(desk: Desk, fake: Fake) -> None:
    for number, trouble in enumerate([status(502), status(500), status(429, Retry_After="0"), DATED, cut]):
        for _ in range(3):
            fake.submit({"so": number})
        fake.once(FORM, trouble, times=2, after=1)
        assert read(desk, fake).ok
    assert numbers(desk) == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]


def test_one_that_stays_broken_or_asks_for_more_patience_than_there_is_counts_as_unread(desk: Desk, fake: Fake) -> None:
    desk.app = AppContext(desk.app.settings.model_copy(update={"survey_url": SecretStr(fake.url())}))
    for number in range(4):
        fake.submit({"so": number})
    gather.read_folder(desk.app, desk.now)
    fake.once(FORM, status(502), times=99, after=3)
    assert "đang bận hoặc lỗi (HTTP 502)" in details(desk, fake)
    before = len(kept(desk))
    fake.troubles.clear()
    fake.once("/", status(429, Retry_After="3600"))
    assert "HTTP 429" in details(desk, fake)
    with desk.app.sessions.reading() as session:
        assert "không đọc được máy chủ khảo sát" in str(sources.blind(session, desk.app.settings, desk.now))
    gather.read_all(desk.app, desk.now)
    assert (before < 4, numbers(desk)) == (True, [0, 1, 2, 3])
    with desk.app.sessions.reading() as session:
        assert sources.blind(session, desk.app.settings, desk.now) is None


def test_a_wrong_login_a_form_that_is_not_there_and_what_is_no_such_server_are_named(desk: Desk, fake: Fake) -> None:
    fake.submit({"so": 1})
    wrong = fake.url().replace(TOKEN, "x").replace("mat%20khau", "x")
    result = gather.read_survey(desk.app, survey_server.from_url(wrong), desk.now)
    assert (result.ok, "HTTP 401" in result.detail) == (False, True)
    both = survey_server.from_url(fake.url(form=f"khac,{FORM}"))
    result = gather.read_survey(desk.app, both, desk.now)
    assert (result.ok, numbers(desk)) == (False, [1])
    assert f"Không đọc được biểu mẫu “khac” trên máy chủ khảo sát 127.0.0.1:{fake.port}: không có" in result.detail
    fake.once("/", lambda talk: talk.say(200, b"<html>") or True)
    assert "không phải JSON" in details(desk, fake)
    fake.once(FORM, lambda talk: talk.say(200, b'{"count": 1, "results": 3, "value": [4]}') or True)
    assert "không đúng dạng" in details(desk, fake)


def test_a_listing_that_names_fewer_than_it_counts_is_not_believed(desk: Desk, fake: Fake) -> None:
    fake.submit({"so": 1})
    short = json.dumps({"count": 3, "results": [], "@odata.count": 3, "value": []}).encode()
    fake.once(FORM, lambda talk: talk.say(200, short) or True)
    assert "không khớp với số phiếu" in details(desk, fake)


@pytest.mark.parametrize("name", ["../../x", "a/b?c#d", "", "\ud800", "a" * 5_000])
def test_whatever_a_submission_is_called_one_problem_is_told_and_the_others_are_kept(desk: Desk, name: str) -> None:
    with Fake("odk") as fake:
        fake.submit({"so": 1})
        fake.rows[name] = fake.rows["uuid:1"] | {"__id": name, "so": 2}
        del fake.rows["uuid:1"]
        fake.rows["uuid:1"] = fake.rows[name] | {"__id": "uuid:1", "so": 1}
        assert len(read(desk, fake).problems) <= 1
    assert 1 in numbers(desk)


def test_what_nobody_asked_for_is_neither_kept_nor_waited_for(desk: Desk, fake: Fake) -> None:
    key, others = fake.submit({"so": 1}), count(100)

    def stuff(talk: Talk) -> bool:
        row = fake.rows[key] | {"so": 2} | ({"_id": next(others)} if fake.kind == "kobo" else {"__id": "uuid:khac"})
        return talk.say(200, json.dumps({"count": 10**6, "results": [row], "value": [row]}).encode()) or True

    fake.once("$in" if fake.kind == "kobo" else "Submissions('", stuff, times=50)
    assert "không đưa 01 phiếu mà nó nêu" in details(desk, fake)
    assert kept(desk) == []


def test_a_page_that_leads_to_itself_ends(desk: Desk) -> None:
    with Fake("odk") as fake:
        fake.submit({"so": 1})
        fake.submit({"so": 2})
        again = {"value": [], "@odata.nextLink": f"http://x/v1/projects/3/forms/{FORM}.svc/Submissions?%24skiptoken=01"}
        fake.once(FORM, lambda talk: talk.say(200, json.dumps(again).encode()) or True, times=99)
        assert "cùng một trang" in details(desk, fake)


def test_no_redirect_leads_elsewhere_and_no_login_goes_there(desk: Desk, fake: Fake) -> None:
    fake.submit({"so": 1})
    with Fake(fake.kind) as other:
        for where in (
            f"http://localhost:{other.port}/",
            f"https://127.0.0.1:{fake.port}/",
            "//[",
            "http://127.0.0.1:x",
        ):
            fake.once(FORM, status(302, Location=where))
            assert "chuyển sang một địa chỉ khác" in details(desk, fake)
        assert other.asked == []


def test_a_redirect_within_the_server_is_followed(desk: Desk, fake: Fake) -> None:
    fake.submit({"so": 1})

    def move(talk: Talk) -> bool:
        return status(301, Location=talk.path)(talk)

    fake.once(FORM, move)
    assert read(desk, fake).ok


def test_its_attachments_are_documents_of_their_own_once_for_all_versions(desk: Desk, fake: Fake) -> None:
    key = fake.submit({"so": 1}, **{"Bieu mau.xlsx": desk.form(), "cong van.pdf": SCAN})
    assert len(read(desk, fake).submission_ids) == 3
    fake.edit(key, so=2)
    assert len(read(desk, fake).submission_ids) == 1
    assert [one.filename for one in desk.submissions()][:2] == ["Bieu mau.xlsx", "cong van.pdf"]
    assert desk.app.blobs.get(desk.submissions()[1].sha256) == SCAN


def test_an_attachment_that_is_not_given_or_too_large_is_a_persons_and_holds_nothing(desk: Desk, fake: Fake) -> None:
    desk.app = AppContext(desk.app.settings.model_copy(update={"max_file_mb": 1}))
    fake.submit({"so": 1}, **{"lon.pdf": b"x" * (1 << 20) + b"x", "mat.pdf": b"y"})
    fake.once("att1" if fake.kind == "kobo" else "mat.pdf", status(302, Location="https://s3.invalid/x"))
    result = read(desk, fake)
    assert (result.ok, numbers(desk)) == (True, [1])
    with desk.app.sessions.reading() as session:
        reasons = sorted(row["reason"] for row in inbox.inbox(session) if row["outcome"] == "waiting")
    assert "“lon.pdf” đính kèm phiếu khảo sát (nặng quá 1 MB)" in reasons[0]
    assert "“mat.pdf” đính kèm phiếu khảo sát (máy chủ chuyển sang một địa chỉ khác" in reasons[1]


def test_one_run_takes_in_so_many_and_the_next_ones_the_rest(
    desk: Desk, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "MOST", 3)
    for number in range(5):
        fake.submit({"so": number})
    assert "còn 02 phiếu khảo sát chưa đọc" in details(desk, fake)
    assert len(kept(desk)) == 3
    assert read(desk, fake).ok
    assert numbers(desk) == [0, 1, 2, 3, 4]


def test_an_answer_that_drips_or_never_ends_is_given_up(
    desk: Desk, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey_server, "ONE_ANSWER", 0.3)
    monkeypatch.setattr(survey_server, "TRIES", 1)
    monkeypatch.setattr(survey_server, "PAGE", 100_000)
    fake.submit({"so": 1})

    fake.once(FORM, drip)
    assert "không trả lời trong thời gian cho phép" in details(desk, fake)
    fake.once(FORM, flood)
    assert "gửi về nhiều dữ liệu hơn mức cho phép" in details(desk, fake)
    monkeypatch.setattr(survey_server, "ONE_ANSWER", 60.0)
    assert read(desk, fake).ok


def hollow(talk: Talk) -> bool:
    """Little to send, and much to keep."""
    talk.say(200, b'{"count":1,"results":[' + b"{}," * 2_000 + b"{}]}")
    return True


def test_an_answer_of_more_values_than_there_is_memory_for_is_given_up(
    desk: Desk, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey_server, "VALUES", 3_000)
    fake.submit({"so": 1})
    fake.once(FORM, hollow)
    assert "gửi về nhiều dữ liệu hơn mức cho phép" in details(desk, fake)
    assert read(desk, fake).ok


KILLED = """
from dondoc import clock
from dondoc.configuration.context import open_context
from dondoc.intake import gather

gather.read_all(open_context(), clock.now())
"""


def test_what_a_killed_run_left_is_kept_once_by_the_next_one(desk: Desk, fake: Fake) -> None:
    for number in range(5):
        fake.submit({"so": number}, **{"a.pdf": SCAN + str(number).encode()})
    child = subprocess.Popen([sys.executable, "-c", KILLED], env={**os.environ, "DONDOC_SURVEY_URL": fake.url()})

    def kill(talk: Talk) -> bool:
        child.kill()
        child.wait()
        return True

    fake.once("attachments/", kill, after=2)  # two are kept, and the attachment of a third is asked for
    assert child.wait() == -signal.SIGKILL
    assert 0 < len(kept(desk)) < 5
    assert read(desk, fake).ok
    assert numbers(desk) == [0, 1, 2, 3, 4]
    assert len(desk.submissions()) == 10


def test_two_runs_at_once_keep_each_once(desk: Desk, fake: Fake) -> None:
    for number in range(6):
        fake.submit({"so": number}, **{"a.pdf": SCAN + str(number).encode()})
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(read, desk, fake) for _ in range(2)]
    assert [one.result().detail for one in both] == ["", ""]
    assert (numbers(desk), len(desk.submissions())) == ([0, 1, 2, 3, 4, 5], 12)


def test_a_survey_is_judged_as_a_form_and_waits_until_a_person_says_who_may_act(desk: Desk, fake: Fake) -> None:
    fake.submit(filled(cameras=2))
    read(desk, fake)
    [number] = desk.work()
    [verdict] = desk.verdicts()
    assert (verdict.form, verdict.agency, verdict.outcome, len(verdict.rows)) == (FORM, DUC_THO, "waiting", 2)
    given = inbox.assign(desk.app, number, DUC_THO, by=Actor("Lê A", "le.a", Channel.CLI), now=desk.now)
    assert (given.outcome, given.version) == ("accepted_with_warnings", 1), given.issues


def test_only_a_certificate_that_we_believe_gets_the_login(desk: Desk, tmp_path: Path) -> None:
    ours = authority(tmp_path)
    with Fake("kobo", ours.served()) as fake:
        fake.submit({"so": 1})
        server = survey_server.from_url(fake.url("localhost"))
        result = gather.read_survey(desk.app, server, desk.now)
        assert "chứng thư do một CA lạ" in result.detail
        assert fake.asked == []
        server = survey_server.from_url(fake.url("localhost"), Trust(ours.ca))
        assert gather.read_survey(desk.app, server, desk.now).ok


def test_doctor_says_what_keeps_the_server_from_being_read(
    desk: Desk, fake: Fake, environment: pytest.MonkeyPatch
) -> None:
    def said() -> list[str]:
        return [f["message"] for f in diagnosis.examine(lambda: desk.now) if f["code"] == "survey"]

    for url, part in {
        fake.url(): None,
        fake.url().replace(TOKEN, "x").replace("mat%20khau", "x"): "từ chối khóa API hoặc mật khẩu",
        fake.url(form="khac"): "“khac”",
        fake.url("192.0.2.1"): "mật khẩu sẽ bị lộ",
        f"{fake.kind}+https://khao-sat.test/1/a": "thiếu",
    }.items():
        environment.setenv("DONDOC_SURVEY_URL", url)
        assert ([] if part is None else [True]) == [part in one for one in said() if part or one]


def test_a_signed_one_may_act_and_an_edit_of_it_is_the_next_version(desk: Desk, fake: Fake) -> None:
    key = fake.submit(filled(cameras=2, token=signed(desk)))
    assert come(desk, fake) == ("accepted", 1)
    fake.edit(key, officer_title="Phó Trưởng phòng")
    assert come(desk, fake) == ("accepted", 2)
    fake.submit(filled(cameras=2, token=signed(desk), officer_title="Trưởng phòng"))
    assert come(desk, fake)[0] == "conflict", "of somebody else, and filled in from no version"


def test_its_answer_goes_to_the_officer_whom_it_names_if_we_know_him_else_to_the_agencys_own(desk: Desk) -> None:
    desk.register(DUC_THO, other := "binhlv.dt@hatinh.gov.vn")
    with Fake("odk") as fake:
        key = fake.submit(filled(token=signed(desk), officer_email=other))
        assert come(desk, fake)[0].startswith("accepted")
        fake.edit(key, **filled(token=signed(desk), officer_email="nguoi.la@hatinh.gov.vn", total_sites="x"))
        assert come(desk, fake)[0] == "returned"
    first, second = [one for one in desk.letters() if one.kind in ("receipt", "returned")]
    assert (first.recipient, second.recipient) == (other, focal_officer(desk))
    assert second.attachments[0]["filename"].endswith("_can_sua.xlsx")


def focal_officer(desk: Desk) -> str:
    with desk.app.sessions.reading() as session:
        return contacts.find(session, DUC_THO, Role.FOCAL_OFFICER, desk.now.date())[0].email


def test_an_unsigned_one_says_why_it_waits_and_nobody_is_answered_for_what_anybody_could_send(
    desk: Desk, fake: Fake
) -> None:
    fake.submit(filled(cameras=2))
    assert come(desk, fake)[0] == "waiting"
    assert "không mang mã xác nhận" in desk.verdicts()[0].reason
    assert desk.letters() == []


def signed(desk: Desk) -> str | None:
    registry = desk.app.registry
    return token.of_form(load_specs(DATA)[FORM], registry.agency(DUC_THO), registry, desk.app.secrets)


def come(desk: Desk, fake: Fake) -> tuple[str, int | None]:
    """What becomes of what is new there."""
    desk.now += timedelta(minutes=5)
    read(desk, fake)
    desk.work()
    verdict = desk.verdicts()[-1]
    return verdict.outcome, verdict.version
