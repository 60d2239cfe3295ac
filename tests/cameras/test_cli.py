"""`dondoc probe` and `dondoc cameras import` as a person or a script calls them."""

import getpass
import json
import os
import pty
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from typer import Typer
from typer.testing import CliRunner, Result

from dondoc.cameras.logins import attempts, credentials
from dondoc.cameras.registry.hiding import public
from dondoc.cli.cameras import add
from dondoc.configuration.context import AppContext
from dondoc.demo.fleet import Fleet
from dondoc.errors import Problem
from dondoc.probing.verdicts import ADVICE, SENTENCE, Verdict
from dondoc.store.cameras import Camera, CredentialAttempt, CredentialRelease
from tests.conftest import at

cli = Typer()
add(cli)
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("environment")]


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words))


def lines(result: Result) -> list[dict]:
    assert result.exit_code == 0, result.exception
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_probe_prints_json_lines_with_the_fields_of_the_contract(fleet: Fleet) -> None:
    url = fleet.url("wrong-password", user="u", password="bi-mat")
    result = run("probe", url, fleet.url("healthy"), "--json", "--allow", "127.0.0.0/8")
    rows = {row["camera"]: row for row in lines(result)}
    first, second = (f"{public(url)} (địa chỉ thứ {place})" for place in (1, 2))
    assert set(rows) == {first, second}, "alike but for what is hidden: told apart by where they were given"
    row = rows[first]
    assert set(row) == {"camera", "verdict", "phase", "detail", "elapsed_ms"}
    assert (row["verdict"], row["phase"]) == ("auth_failed", "auth")
    assert "bi-mat" not in result.output


def test_probe_reads_a_csv(fleet: Fleet, tmp_path: Path) -> None:
    file = tmp_path / "cameras.csv"
    file.write_text(f"\ufeffid,url,user,password\nmot,{fleet.url('dark')},,\n,{fleet.url('digest')},u,p\n", "utf-8")
    rows = lines(run("probe", "--from", str(file), "--stage", "2", "--json", "--allow", "127.0.0.1/32"))
    assert {r["camera"]: r["verdict"] for r in rows} == {"mot": "black", public(fleet.url("digest")): "auth_failed"}


def test_a_row_out_of_its_columns_is_called_by_its_line(tmp_path: Path) -> None:
    file = tmp_path / "cameras.csv"
    rows = ",S3CRET,rtsp://10.1.1.1/,admin\nrtsp://u:S3CRET@10.1.1.1/,admin,S3CRET,\n,khong-phai-dia-chi,,\nS3CRET,admin,rtsp://10.1.1.1/,u\n"
    file.write_text(f"id,url,user,password\n{rows}", "utf-8")
    result = run("probe", "--from", str(file), "--json", "--allow", "127.0.0.1/32")
    assert {row["camera"] for row in lines(result)} == {"dòng 2", "rtsp://10.1.1.1/", "dòng 4", "dòng 5"}
    assert "S3CRET" not in result.output


def test_an_address_with_a_line_break_is_told_of_by_its_line_and_spoils_no_other(fleet: Fleet, tmp_path: Path) -> None:
    file = tmp_path / "cameras.csv"
    file.write_text(f'url\n"rtsp://u:S3CRET@10.1.1.1/\r\nX: y"\n{fleet.url("healthy")}\n')
    result = run("probe", "--from", str(file), "--json", "--allow", "127.0.0.1/32")
    found = {row["camera"]: row["verdict"] for row in lines(result)}
    assert found == {"dòng 2": "invalid_address", public(fleet.url("healthy")): "ok"}
    assert "S3CRET" not in result.output


def test_without_an_allow_list_nothing_is_probed_and_it_is_said_aloud(fleet: Fleet) -> None:
    before = fleet.counts["connections"]
    result = run("probe", fleet.url("healthy"), "--json")
    assert [row["verdict"] for row in lines(result)] == ["blocked_target"]
    assert "DONDOC_PROBE_ALLOW" in result.stderr
    assert fleet.counts["connections"] == before


def test_the_setting_allows_and_the_option_replaces_it(fleet: Fleet, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DONDOC_PROBE_ALLOW", "127.0.0.0/8")
    assert lines(run("probe", fleet.url("healthy"), "--json"))[0]["verdict"] == "ok"
    assert (
        lines(run("probe", fleet.url("healthy"), "--json", "--allow", "10.0.0.0/8"))[0]["verdict"] == "blocked_target"
    )


@pytest.mark.parametrize("words", [[], ["rtsp://10.1.1.1", "--allow", "x"], ["--from", "khong-co.csv"]])
def test_a_wrong_call_is_a_sentence(words: list[str]) -> None:
    assert isinstance(run("probe", *words).exception, Problem)


def test_a_bar_with_counts_is_drawn_on_a_terminal_and_json_stays_clean(fleet: Fleet) -> None:
    ours, theirs = pty.openpty()
    words = ["probe", *(fleet.url("healthy", str(i)) for i in range(9)), "--json", "--allow", "127.0.0.1/32"]
    command = [sys.executable, "-c", "from dondoc.cli import main; main()", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, text=True, check=True)
    os.close(theirs)
    drawn = os.read(ours, 100_000).decode()
    os.close(ours)
    assert [json.loads(line)["verdict"] for line in done.stdout.splitlines()] == ["ok"] * 9
    assert "9/9" in drawn
    assert drawn.rstrip().endswith("9 camera: ok 9")


def test_without_a_terminal_there_is_one_line_of_counts(fleet: Fleet) -> None:
    result = run("probe", fleet.url("healthy"), fleet.url("missing"), "--json", "--allow", "127.0.0.1/32")
    assert len(lines(result)) == 2
    assert result.stderr.splitlines() == [result.stderr.strip()]
    assert {"2 camera:", "ok 1", "not_found 1"} <= {result.stderr[:9], *result.stderr.strip()[10:].split(" · ")}


def test_people_are_told_once_what_each_verdict_means_and_whom_to_call(fleet: Fleet) -> None:
    urls = [fleet.url("healthy"), fleet.url("missing"), fleet.url("missing", "2")]
    told = run("probe", *urls, "--allow", "127.0.0.1/32").stderr.splitlines()
    assert told[1:] == [f"not_found: {SENTENCE['not_found']}. Hướng xử lý: {ADVICE['not_found']}."]


def test_whoever_probes_is_not_told_to_tell_the_department() -> None:
    told = run("probe", "rtsp://10.9.9.9/live", "--allow", "127.0.0.1/32").stderr.splitlines()
    assert told[1:] == [
        f"blocked_target: {SENTENCE['blocked_target']}. Hướng xử lý: {Verdict.BLOCKED_TARGET.staff_advice}."
    ]


def test_import_takes_over_a_file(app: AppContext, tmp_path: Path) -> None:
    file = tmp_path / "cameras.csv"
    file.write_text("agency,system,name,url\nso-nnptnt,reservoir,Đập,rtsp://10.1.1.1\n", "utf-8")
    result = run("cameras", "import", str(file))
    assert result.exit_code == 0
    assert "1 camera mới" in result.stderr


def test_who_imported_is_kept_with_each_camera_and_lets_no_refused_password_be_tried_again(
    app: AppContext, tmp_path: Path
) -> None:
    file = tmp_path / os.fsdecode(b"camera\xff.csv")
    rows = ("Đập,rtsp://10.1.1.1,ioc,mat-khau-1", "Cống,rtsp://10.1.1.2,,", "Hồ,rtsp://a:b@10.1.1.3,,")
    text = "agency,system,name,url,user,password\n" + "\n".join(f"so-nnptnt,reservoir,{row}" for row in rows)
    file.write_text(text, "utf-8")
    secrets, night, now = app.settings.secret_keys, date(2021, 11, 22), at(22)
    assert "--by" in run("cameras", "import", str(file)).stderr
    with app.sessions.begin() as session:
        assert {r.by for r in session.scalars(select(CredentialRelease))} == {getpass.getuser()}, "nobody was named"
        attempts.begin(session, {1: attempts.fingerprint(secrets, "ioc", "mat-khau-1")}, night, now)
        session.scalars(select(CredentialAttempt)).one().accepted = False
    assert "--by" not in run("cameras", "import", str(file), "--by", " Lê A ").stderr
    with app.sessions.begin() as session:
        noted = [(r.camera_id, r.by, r.reason) for r in session.scalars(select(CredentialRelease)) if r.by == "Lê A"]
        camera = session.get_one(Camera, 1)
        assert credentials.refused_since(session, camera, secrets=secrets, tonight=date(2021, 11, 23))
    plain, login = "nhập từ tệp camera.csv", "nhập từ tệp camera.csv, có tài khoản"
    assert sorted(noted) == [(1, "Lê A", login), (2, "Lê A", plain), (3, "Lê A", login)]


def test_import_works_in_a_process_of_its_own_that_has_loaded_nothing_else(app: AppContext, tmp_path: Path) -> None:
    file = tmp_path / "cameras.csv"
    file.write_text("agency,system,name,url\nso-nnptnt,reservoir,Đập,rtsp://10.1.1.1\n", "utf-8")
    command = [sys.executable, "-c", "from dondoc.cli import main; main()", "cameras", "import", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert "1 camera mới" in done.stderr


def test_the_fleet_runs_as_a_process_and_says_when_it_is_ready() -> None:
    command = [sys.executable, "-m", "dondoc.demo.fleet", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        rows = lines(
            run("probe", f"rtsp://127.0.0.1:{ready['ports'][0]}/healthy/1", "--json", "--allow", "127.0.0.1/32")
        )
        process.terminate()
        assert process.wait(10) == 0
    assert rows[0]["verdict"] == "ok"
