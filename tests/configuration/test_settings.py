"""Settings: every wrong one named and never shown; what is wrong is one sentence and exit 2."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import Settings, load, table
from dondoc.demo.mailserver import MailServer
from dondoc.diagnosis import examine
from dondoc.errors import Problem
from tests.conftest import Run, approver, at, migrate
from tests.escalation.conftest import Office

COMMAND = Path(sys.executable).with_name("dondoc")
SHOULD_NOT_BE_SEEN = "BiMat-2021"


def test_every_wrong_variable_is_named_and_no_value_is_shown(environment: pytest.MonkeyPatch) -> None:
    wrong = {
        "DONDOC_MODE": f"song-{SHOULD_NOT_BE_SEEN}",
        "DONDOC_PROBE_ALLOW": f"10.0.0.0/8, {SHOULD_NOT_BE_SEEN}",
        "DONDOC_LEASE_SECONDS": f"-{SHOULD_NOT_BE_SEEN}",
        "DONDOC_CLOCK": "2021-11-22T07:00",
        "DONDOC_MIN_FREE_MB": "-1",
        "DONDOC_MAILBOX_SECONDS": "601",
    }
    for name, value in wrong.items():
        environment.setenv(name, value)
    with pytest.raises(Problem) as refused:
        load()
    said = str(refused.value)
    assert all(f"{name}: " in said for name in wrong)
    assert "chỉ nhận 'rehearsal' hoặc 'live'" in said
    assert "DONDOC_MAILBOX_SECONDS: số quá lớn" in said
    assert "Input" not in said
    assert SHOULD_NOT_BE_SEEN not in said
    assert said.count("DONDOC_") == len(wrong)


def test_a_variable_left_empty_is_a_variable_not_set(environment: pytest.MonkeyPatch) -> None:
    for name in ("DONDOC_SMTP_URL", "DONDOC_ARCHIVE_IMAP_URL", "DONDOC_CLOCK", "DONDOC_MODE", "DONDOC_PROBE_ALLOW"):
        environment.setenv(name, "")
    found = load()
    assert (found.smtp_url, found.archive_imap_url, found.clock, found.mode) == (None, None, None, "rehearsal")
    assert found.probe_allow == []


def test_networks_are_a_comma_list(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DONDOC_PROBE_ALLOW", " 10.20.0.0/16 ,, 2001:db8::/32 ")
    assert [str(n) for n in load().probe_allow] == ["10.20.0.0/16", "2001:db8::/32"]


def test_secrets_do_not_show_in_a_printed_setting(environment: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "SECRET_KEY", "SMTP_URL", "IMAP_URL", "ARCHIVE_IMAP_URL"):
        environment.setenv(f"DONDOC_{name}", f"x://u:{SHOULD_NOT_BE_SEEN}@may-chu.hatinh.test/x")
    found = load()
    assert SHOULD_NOT_BE_SEEN not in repr(found) + str(found) + found.model_dump_json()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["DATABASE_URL", "SECRET_KEY", "SMTP_URL", "IMAP_URL", "ARCHIVE_IMAP_URL"])
def test_a_secret_comes_from_a_file_that_not_everybody_reads(
    environment: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    secret, file = f"x://u:{SHOULD_NOT_BE_SEEN}@may-chu.hatinh.test/x", tmp_path / "bi-mat"
    file.write_text(f"{secret}\n")
    environment.delenv(f"DONDOC_{name}", raising=False)
    environment.setenv(f"DONDOC_{name}_FILE", str(file))
    for mode in (0o600, 0o640, 0o440):
        file.chmod(mode)
        assert getattr(load(), name.lower()).get_secret_value() == secret
    assert "unknown_setting" not in codes()

    def refused(words: str) -> None:
        with pytest.raises(Problem, match=f"DONDOC_{name}_FILE: .*{words}") as told:
            load()
        assert SHOULD_NOT_BE_SEEN not in str(told.value)

    file.chmod(0o644)
    refused("chmod o=")
    file.chmod(0o600)
    environment.setenv(f"DONDOC_{name}", secret)
    refused("chỉ giữ một trong hai")
    environment.delenv(f"DONDOC_{name}")
    file.write_bytes(b"\xff" + SHOULD_NOT_BE_SEEN.encode())
    refused("UTF-8")
    file.write_bytes(SHOULD_NOT_BE_SEEN.encode() * 10_000)
    refused("lớn hơn")
    file.write_text("\n")
    assert getattr(load(), name.lower()) is None, "empty: not set, as with the variable"
    file.write_text(f"\ufeff{secret}\r\n")
    assert getattr(load(), name.lower()).get_secret_value() == secret, "as Windows saves it"
    file.chmod(0o602)
    refused("chmod o=")
    file.unlink()
    refused("không đọc được tệp")
    file.mkdir()
    refused("không đọc được tệp")
    file.rmdir()
    os.mkfifo(file, 0o600)
    refused("không phải tệp thường")


def test_a_weak_key_in_a_file_is_named_by_its_setting(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.delenv("DONDOC_SECRET_KEY")
    environment.setenv("DONDOC_SECRET_KEY_FILE", str(tmp_path / "khoa"))
    (tmp_path / "khoa").write_text(SHOULD_NOT_BE_SEEN)
    (tmp_path / "khoa").chmod(0o600)
    with pytest.raises(Problem, match="DONDOC_SECRET_KEY: khóa đầu tiên chỉ dài 10 byte") as told:
        load()
    assert SHOULD_NOT_BE_SEEN not in str(told.value)


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
    assert all(f"`DONDOC_{name.upper()}`" in table() for name in Settings.model_fields)


def codes() -> dict[str, str]:
    return {f["code"]: f["message"] for f in examine(lambda: at(22))}


@pytest.mark.slow
def test_a_bare_installation_is_told_everything_that_is_missing(environment: pytest.MonkeyPatch) -> None:
    for name in ("DONDOC_SECRET_KEY", "DONDOC_REHEARSAL_TO"):
        environment.delenv(name)
    environment.setenv("DONDOC_PROB_ALLOW", "10.0.0.0/8")
    found = codes()
    assert set(found) == {"secret_key", "probe_allow", "rehearsal_to", "unknown_setting", "database"}
    assert "DONDOC_PROB_ALLOW" in found["unknown_setting"]
    assert "dondoc db upgrade" in found["database"]


@pytest.mark.slow
def test_a_complete_installation_has_nothing_to_mend(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("DONDOC_PROBE_ALLOW", "10.0.0.0/8")
    with MailServer(tmp_path / "mail") as server:
        environment.setenv("DONDOC_SMTP_URL", server.smtp_url("ioc@hatinh.test"))
        environment.setenv("DONDOC_IMAP_URL", server.imap_url("tiep-nhan@ioc.test"))
        migrate(load().url)
        assert set(codes()) == {"authserv_id", "roles"}, "nobody is known yet to whom the next letters go"
        office = Office(AppContext(load()), now=at(15))
        office.know_everybody()
        approver(office.app)
        assert list(codes()) == ["authserv_id"]  # the mailbox is read, and nobody says who a mail is from
        environment.setenv("DONDOC_AUTHSERV_ID", "mx.ioc.test, mx2.ioc.test")
        assert load().authserv_id == ["mx.ioc.test", "mx2.ioc.test"]
        assert examine(lambda: at(22)) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value", "code", "words"),
    [
        ("DONDOC_MODE", "thu", "settings", "DONDOC_MODE"),
        ("DONDOC_DIRECTIVE", "/khong/co.yaml", "directive", "Không đọc được"),
        ("DONDOC_CALENDAR", "/khong/co.yaml", "calendar", "Không đọc được"),
        ("DONDOC_DATABASE_URL", "khong phai", "database", "DONDOC_DATABASE_URL"),
        ("DONDOC_DATABASE_URL", "postgresql://u:BiMat-2021@127.0.0.1:1/x", "database", "Cơ sở dữ liệu không trả lời"),
        ("DONDOC_SMTP_URL", "http://BiMat-2021", "smtp", "smtp://"),
        ("DONDOC_SMTP_URL", "smtp://u:BiMat-2021@127.0.0.1:{port}", "smtp", "từ chối kết nối"),
        ("DONDOC_IMAP_URL", "imap://u:BiMat-2021@127.0.0.1:{port}/INBOX", "imap", "từ chối kết nối"),
        ("DONDOC_ARCHIVE_IMAP_URL", "imap://u:BiMat-2021@127.0.0.1:{port}/INBOX", "archive_imap", "từ chối kết nối"),
        ("DONDOC_IMAP_URL", "imap://u:BiMat-2021@mail.khong-co.test", "imap", "không mã hóa"),
        ("DONDOC_SMTP_URL", "smtp://u:BiMat-2021@mail.khong-co.test", "smtp", "không mã hóa"),
        ("DONDOC_CA_FILE", "/khong/co.pem", "ca_file", "DONDOC_CA_FILE"),
        ("DONDOC_MIN_FREE_MB", "1000000000", "disk", "Dọn ổ đĩa"),
        ("DONDOC_HOME", "/dev/null/x", "home", "DONDOC_HOME"),
        ("DONDOC_METRICS_FILE", "/khong/co/dondoc.prom", "metrics_file", "/khong/co/dondoc.prom"),
        ("DONDOC_METRICS_FILE", "/dev/null/dondoc.prom", "metrics_file", "Tạo thư mục"),
        ("DONDOC_METRICS_FILE", "/tmp", "metrics_file", "DONDOC_METRICS_FILE"),
    ],
)
def test_each_fault_has_its_finding_without_a_secret(
    environment: pytest.MonkeyPatch, name: str, value: str, code: str, words: str
) -> None:
    with socket.socket() as deaf:  # holds its port and does not listen
        deaf.bind(("127.0.0.1", 0))
        environment.setenv(name, value.format(port=deaf.getsockname()[1]))
        found = codes()
    assert words in found[code]
    assert SHOULD_NOT_BE_SEEN not in str(found)


@pytest.mark.slow
def test_two_mailboxes_of_one_server_that_is_gone_are_one_finding(environment: pytest.MonkeyPatch) -> None:
    with socket.socket() as deaf:  # holds its port and does not listen
        deaf.bind(("127.0.0.1", 0))
        for name, user in (("DONDOC_IMAP_URL", "tiep-nhan"), ("DONDOC_ARCHIVE_IMAP_URL", "luu")):
            environment.setenv(name, f"imap://{user}:x@127.0.0.1:{deaf.getsockname()[1]}/INBOX")
        [said] = [f["message"] for f in examine(lambda: at(22)) if "từ chối kết nối" in f["message"]]
    assert "(Cấu hình: DONDOC_IMAP_URL, DONDOC_ARCHIVE_IMAP_URL.)" in said


@pytest.mark.slow
def test_a_metrics_file_whose_folder_is_there_or_can_be_made_is_no_fault(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for file in (tmp_path / "dondoc.prom", tmp_path / "metrics" / "dondoc.prom"):
        environment.setenv("DONDOC_METRICS_FILE", str(file))
        assert "metrics_file" not in codes()
    assert list(tmp_path.glob("*metrics*")) == [], "looking makes nothing"


@pytest.mark.slow
def test_in_live_mode_the_missing_proof_of_sending_is_said(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DONDOC_MODE", "live")
    assert "DONDOC_ARCHIVE_ADDRESS" in codes()["archive"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sender", "user", "address", "missing"),
    [
        ("ioc@hatinh.test", "tiep-nhan@ioc.test", "", False),
        ("ioc@hatinh.test", "tiep-nhan", "", True),
        ("ioc@hatinh.test", "tiep-nhan", "tiep-nhan@ioc.test", False),
        ("IOC <tiep-nhan@ioc.test>", "tiep-nhan", "", False),
        ("ioc@hatinh.test", "", "", True),
    ],
)
def test_answers_to_letters_that_nobody_would_read_are_warned_of(
    environment: pytest.MonkeyPatch, sender: str, user: str, address: str, *, missing: bool
) -> None:
    with socket.socket() as deaf:  # holds its port and does not listen
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        environment.setenv("DONDOC_SMTP_URL", f"smtp://127.0.0.1:{port}?from={quote(sender)}")
        environment.setenv("DONDOC_IMAP_URL", f"imap://{quote(user, '')}:x@127.0.0.1:{port}/INBOX" if user else "")
        environment.setenv("DONDOC_INTAKE_ADDRESS", address)
        assert ("DONDOC_INTAKE_ADDRESS" in codes().get("reply_to", "")) is missing


@pytest.mark.parametrize("wrong", ["tiep-nhan", "a@b.vn\r\nBcc: x@y.vn", "Tiếp nhận <a@b.vn>"])
def test_an_intake_address_that_is_none_is_refused(environment: pytest.MonkeyPatch, wrong: str) -> None:
    environment.setenv("DONDOC_INTAKE_ADDRESS", wrong)
    with pytest.raises(Problem, match="DONDOC_INTAKE_ADDRESS"):
        load()


@pytest.mark.slow
def test_a_year_without_an_official_calendar_is_said(environment: pytest.MonkeyPatch) -> None:
    assert "năm 2027" in {f["code"]: f["message"] for f in examine(lambda: at(4, month=1, year=2027))}["calendar"]


@pytest.fixture
def shell(environment: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the installed command in a process of its own."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *arguments], cwd=tmp_path, env=dict(os.environ), capture_output=True, text=True, timeout=120
        )

    return run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "arguments", "words"),
    [
        (("DONDOC_MODE", "x"), ("obligations", "--as-of", "2021-11-22", "--json"), "DONDOC_MODE"),
        (("DONDOC_DATABASE_URL", "postgresql://u:BiMat-2021@127.0.0.1:1/x"), ("inbox", "--json"), "Cơ sở dữ liệu"),
        (("DONDOC_DATABASE_URL", "postgresql://u:BiMat-2021@127.0.0.1:1/x"), ("db", "upgrade"), "cơ sở dữ liệu"),
        (("DONDOC_DATABASE_URL", "sqlite:////dev/null/x/y.db"), ("outbox", "--json"), "Không tạo được thư mục"),
        (("DONDOC_HOME", "moi"), ("obligations", "--as-of", "2021-11-22"), "dondoc db upgrade"),
        (("DONDOC_DIRECTIVE", "{broken}"), ("obligations", "--as-of", "2021-11-22"), "van-ban.yaml:1: "),
        (("DONDOC_SECRET_KEY", ""), ("receive", "{file}", "--from", "a@b.test", "--json"), "DONDOC_SECRET_KEY"),
        (("DONDOC_HOME", "/dev/null/x"), ("receive", "{file}", "--from", "a@b.test", "--json"), "DONDOC_HOME"),
        (("DONDOC_SMTP_URL", ""), ("deliver", "--json"), "DONDOC_SMTP_URL"),
        (("DONDOC_MODE", "rehearsal"), ("obligations", "--as-of", "20/11/2021"), "2021-11-22"),
        (("DONDOC_MODE", "rehearsal"), ("contacts", "import", "khong-co.csv"), "khong-co.csv"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_exit_two(
    shell: Callable[..., subprocess.CompletedProcess[str]],
    environment: pytest.MonkeyPatch,
    tmp_path: Path,
    setting: tuple[str, str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    broken, file = tmp_path / "van-ban.yaml", tmp_path / "bm.xlsx"
    broken.write_text("- khong phai\n", encoding="utf-8")
    file.write_bytes(b"x")
    if (setting[0] not in ("DONDOC_DATABASE_URL", "DONDOC_MODE") and setting[1] != "moi") or setting[1] == "rehearsal":
        migrate(load().url)
        environment.setenv("DONDOC_DATABASE_URL", load().url)
    environment.setenv(setting[0], setting[1].format(broken=broken))
    done = shell(*(a.format(file=file) for a in arguments))
    assert done.returncode == 2, done
    assert words in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert SHOULD_NOT_BE_SEEN not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 12


def test_finding_faults_is_work_done_well_and_prints_only_json(
    shell: Callable[..., subprocess.CompletedProcess[str]], environment: pytest.MonkeyPatch
) -> None:
    environment.delenv("DONDOC_SECRET_KEY")
    done = shell("doctor", "--json")
    assert done.returncode == 0
    assert {f["code"] for f in json.loads(done.stdout)} >= {"secret_key", "database"}
    assert shell("doctor").stdout == ""


def test_letters_that_name_the_sample_number_are_a_fault_of_their_own(
    app: AppContext, dondoc: Run, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("DONDOC_MODE", "live")
    environment.setenv("DONDOC_CLOCK", "2021-11-22T08:00+07:00")
    [said] = [f["message"] for f in json.loads(dondoc("doctor", "--json").stdout) if f["code"] == "contact"]
    assert "ghi số điện thoại mẫu: " in said
    assert "0239 0000 000" in said
    assert "chưa ghi ai" not in said


@pytest.mark.parametrize("name", ["DONDOC_CLOCK", "DONDOC_CLOCK_SINCE"])
def test_a_clock_that_cannot_be_read_is_a_finding_too(dondoc: Run, environment: pytest.MonkeyPatch, name: str) -> None:
    environment.setenv("DONDOC_CLOCK", "2021-11-22T08:00+07:00")
    environment.setenv(name, "hôm qua")
    [finding] = json.loads(dondoc("doctor", "--json").stdout)
    assert f"{name}: " in finding["message"]


def test_with_a_played_clock_nothing_starts_that_could_write_to_people(
    dondoc: Run, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("DONDOC_CLOCK", "2021-11-22T08:00+07:00")
    environment.setenv("DONDOC_SMTP_URL", f"smtp://u:{SHOULD_NOT_BE_SEEN}@thu.hatinh.test:25")
    with pytest.raises(Problem, match=r"DONDOC_CLOCK.*127\.0\.0\.1") as refused:
        dondoc("escalate", "--as-of", "2021-11-22", "--json")
    assert SHOULD_NOT_BE_SEEN not in str(refused.value)


def test_a_wrong_call_is_exit_two(shell: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    for arguments in (("khong-co-lenh",), ("obligations",), ("report",), ("rule", "extend")):
        done = shell(*arguments)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_a_wrong_clock_is_a_sentence_for_whoever_asks_for_the_time(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DONDOC_CLOCK", "hôm nay")
    with pytest.raises(Problem, match="DONDOC_CLOCK không phải thời điểm"):
        clock.now()
