"""Passwords go through every flow, and then every byte that was written anywhere is searched for them.

Only the mailbox and the drop folder in which the received form itself lies, and the one file that was asked to hold
passwords, are left out.
"""

import base64
import email
import email.policy
import html
import io
import json
import logging
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from dondoc import clock
from dondoc.cameras.registry import imports
from dondoc.configuration.context import AppContext
from dondoc.demo.camera import PASSWORD, USER
from dondoc.demo.fleet import Fleet
from dondoc.demo.mailserver import MailServer
from dondoc.demo.submissions import Desk
from dondoc.errors import Problem
from dondoc.facts import contacts
from dondoc.store.cameras import Camera, CameraCheck
from dondoc.store.intake import Verdict
from dondoc.web.app import create_app
from dondoc.web.user import User
from tests.conftest import CLERK, Run
from tests.orchestration.conftest import HOME

pytestmark = pytest.mark.whole_airflow

AGENCY, OFFICER, INTAKE = "ubnd-huyen-can-loc", "dau-moi.can-loc@ioc.test", "tiep-nhan@ioc.test"
IN_FORM, IN_PATH = "Nhap!vao@77Qz", "Duongdan#31Kv"  # people write them into cells nevertheless
WRONG, IN_ROW, TYPED, ON_PAGE = "sai-Zk93!vq/w", "Dong-loi%55Ty", "go-Tay+84:#x", "Trang=29&ok"
SECRETS = {
    "right": PASSWORD,
    "form": IN_FORM,
    "path": IN_PATH,
    "wrong": WRONG,
    "row": IN_ROW,
    "typed": TYPED,
    "page": ON_PAGE,
}
ORIGIN = {"Origin": "http://testserver"}


def needles(secret: str) -> set[bytes]:
    """A password as it could be written: plain, in URLs, in markup, in JSON, in the base64 of a Basic login."""
    words = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), html.escape(secret)}
    words |= {json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    found = {word.encode() for word in words} | {secret.encode("utf-16-le")}
    for before in ("", *(f"{user}:" for user in (USER, "u", "admin"))):
        whole = base64.b64encode((before + secret).encode())
        found |= {whole.rstrip(b"=")[:-1], whole.translate(bytes.maketrans(b"+/", b"-_")).rstrip(b"=")[:-1]}
    return found


def layers(content: bytes) -> Iterator[bytes]:
    """The bytes, and whatever is packed in them: archives and mails, one inside the other."""
    yield content
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield from layers(archive.read(name))
    elif b"\nMIME-Version:" in content[:20_000]:
        for part in email.message_from_bytes(content, policy=email.policy.default).walk():
            if not part.is_multipart():
                yield from layers(part.get_payload(decode=True) or b"")


def leaks(folder: Path, left_out: list[Path]) -> list[str]:
    """Which secret is found in which file under a folder."""
    wanted = {name: needles(secret) for name, secret in SECRETS.items()}
    found = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or any(path.is_relative_to(one) for one in left_out):
            continue
        for layer in layers(path.read_bytes()):
            found += [f"{name} in {path}" for name, words in wanted.items() if any(word in layer for word in words)]
    return found


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("dress", ["plain", "url", "basic", "json", "zip", "mail"])
def test_the_search_would_find_it(tmp_path: Path, name: str, dress: str) -> None:
    secret = SECRETS[name]
    if dress == "zip":
        with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("sheet.xml", f"<t>{html.escape(secret)}</t>")
    elif dress == "mail":
        mail = email.message.EmailMessage()
        mail["Subject"] = "x"
        mail.set_content(f"đây: {secret}", cte="base64")
        (tmp_path / "mail").write_bytes(b"Return-Path: a\n" + bytes(mail))
    else:
        basic = base64.b64encode(f"{USER}:{secret}".encode()).decode()
        words = {"plain": secret, "url": f"rtsp://u:{quote(secret, safe='')}@h", "basic": basic}
        (tmp_path / "a.log").write_text(f"x {words.get(dress, json.dumps({'a': secret}))} y")
    assert [line.split(" in ")[0] for line in leaks(tmp_path, [])] == [name]
    assert leaks(tmp_path, [tmp_path]) == []


@pytest.fixture
def written(tmp_path: Path, desk: AppContext, capfd: pytest.CaptureFixture[str]) -> Iterator[Path]:
    """The folder in which everything lies, logs at DEBUG among it."""
    handler = logging.FileHandler(tmp_path / "debug.log")
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield tmp_path
    root.removeHandler(handler)
    root.setLevel(level)
    handler.close()


def a_form(desk: AppContext, mail: MailServer, fleet: Fleet) -> None:
    """Passwords in a cell of their own, in a path, and in the reason of a fault: the form goes back to its sender."""
    text = f"agency,role,name,email,phone\n{AGENCY},focal_officer,Trần Thị Lan,{OFFICER},0912345678\n"
    with desk.sessions.begin() as session:
        contacts.import_csv(
            session, desk.registry, text, "c.csv", by=CLERK, secrets=desk.secrets, now=clock.at(clock.now().date(), 0)
        )
    officer = Desk(desk, mail, fleet)
    rows = officer.rows(AGENCY, "healthy", "digest", "healthy")
    rows[0]["note"] = f"mật khẩu: {IN_FORM}"
    rows[1]["main_path"] = f"rtsp://admin:{IN_PATH}@127.0.0.1/digest/1"
    good = officer.fill("form_03", AGENCY, rows)
    rows[2]["latitude"], rows[2]["brand"] = f"admin:{IN_FORM}", f"pass={IN_PATH}"
    for name, form in (("tốt.xlsx", good), ("sai.xlsx", officer.fill("form_03", AGENCY, rows))):
        officer.send(OFFICER, name, form, to=INTAKE)
    officer.drop("tha.xlsx", officer.fill("form_03", AGENCY, rows))


def logins(desk: AppContext, fleet: Fleet, dondoc: Run, outside: Path) -> None:
    """Cameras with right and wrong passwords; a file with a row at fault; the key lost and found."""
    rows = [
        f"{AGENCY},tourism,{b} {n},{fleet.url(b, str(n))},{USER},{PASSWORD if n else WRONG}"
        for b in ("digest", "basic", "digest-sha256", "wrong-password", "junk", "closing", "hanging-later")
        for n in (0, 1)
    ]
    head = "agency,system,name,url,user,password"
    (outside / "tot.csv").write_text("\n".join([head, *rows]))
    dondoc("cameras", "import", outside / "tot.csv")
    bad = f"khong-co,tourism,x,rtsp://u:{quote(IN_ROW, safe='')}@10.1.1.1/x,u,{IN_ROW}"
    with pytest.raises(Problem), desk.sessions.begin() as session:
        imports.import_csv(
            session,
            desk.registry,
            f"{head}\n{bad}",
            "sai.csv",
            by=CLERK,
            secrets=desk.settings.secret_keys,
            now=clock.now(),
        )


def probes(fleet: Fleet, written: Path, outside: Path) -> None:
    """`dondoc probe` as a process of its own, its output kept."""
    typed = quote(TYPED, safe="")
    lines = ["id,url,user,password", f"a,{fleet.url('digest')},{USER},{TYPED}", f"b,rtsp://u:{typed}@,,"]
    (outside / "probe.csv").write_text("\n".join(lines))
    urls = [fleet.url(b, "1", USER, typed) for b in ("wrong-password", "basic", "redirect", "http")]
    for number, arguments in enumerate((["--stage", "1"], ["--stage", "2", "--json"])):
        command = ["probe", *urls, "--from", outside / "probe.csv", "--timeout", "3", *arguments]
        code = "from dondoc.cli import main; import logging; logging.basicConfig(level=0); main()"
        with (written / f"probe-{number}.txt").open("wb") as out:
            ran = subprocess.run([sys.executable, "-c", code, *map(str, command)], check=False, stdout=out, stderr=out)
        assert ran.returncode == 0


def exports(desk: AppContext, dondoc: Run, written: Path) -> Path:
    """Every form; the one file that was asked to hold passwords is returned."""
    for form in ("csv", "xlsx", "openmetrics", "go2rtc", "mediamtx", "frigate"):
        dondoc("cameras", "export", "--as", form, "--out", written / f"xuat.{form}")
    asked = written / "co-mat-khau.yaml"
    dondoc("cameras", "export", "--as", "go2rtc", "--out", asked, "--with-passwords", "--by", "Lê A")
    dondoc("report", "--as-of", "2021-11-22", "--out", written / "bao-cao")
    return asked


def pages(desk: AppContext, written: Path) -> None:
    """Every page, and what an operator types into one."""
    cli = create_app(current_user=lambda _: User("ops", may_act=True), app=lambda: desk)
    browser = TestClient(cli, raise_server_exceptions=False)
    with desk.sessions.begin() as session:
        cameras = session.scalars(select(Camera.id)).all()
        verdicts = len(session.scalars(select(Verdict.id)).all())
    kept = []
    for user in (USER, "u:v"):
        sent = {"username": user, "password": ON_PAGE}
        kept.append(browser.post(f"/cameras/{cameras[-1]}/credentials", headers=ORIGIN, data=sent))
    kept += [browser.post(f"/cameras/{camera}/probe", headers=ORIGIN) for camera in cameras[-3:]]
    shown = ["/", "/inbox", "/letters", "/reports", "/cameras", "/cameras.csv", "/cameras.xlsx", "/metrics", "/pauses"]
    shown += [f"/cameras/{camera}" for camera in cameras] + [f"/letters/{n}" for n in range(1, 9)]
    kept += [browser.get(path) for path in (*shown, f"/agency/{AGENCY}")]
    assert verdicts >= 2
    for number, answer in enumerate(kept):
        assert answer.status_code < 500
        content = f"{answer.url} {answer.headers}\n".encode() + answer.content
        (written / f"page-{number}").write_bytes(answer.content if answer.content[:2] == b"PK" else content)


def test_no_password_is_written_anywhere(
    desk: AppContext,
    mail: MailServer,
    fleet: Fleet,
    play: Callable[..., dict[str, str]],
    dondoc: Run,
    written: Path,
    tmp_path_factory: pytest.TempPathFactory,
    capfd: pytest.CaptureFixture[str],
) -> None:
    outside = tmp_path_factory.mktemp("what-people-gave-us")
    a_form(desk, mail, fleet)
    logins(desk, fleet, dondoc, outside)
    probes(fleet, written, outside)
    assert play("gather_survey_submissions")["deliver"] == "success"
    for look in ("all", "second"):
        assert play("check_camera_reachability", as_of="2021-11-22", look=look)[""] == "success"
    with desk.sessions.begin() as session:
        assert {"ok", "auth_failed"} <= set(session.scalars(select(CameraCheck.verdict)))
        assert {"returned", "accepted_with_warnings"} <= set(session.scalars(select(Verdict.outcome)))
    asked = exports(desk, dondoc, written)
    pages(desk, written)
    out, err = capfd.readouterr()
    (written / "stdout.txt").write_text(out)
    (written / "stderr.txt").write_text(err)
    shutil.copytree(HOME, written / "airflow")
    received = [path for path in (written / "mail").iterdir() if path.name.startswith("tiep-nhan")]
    assert received
    left_out = [*received, desk.settings.home / "drop", asked]
    assert leaks(written, left_out) == []
    assert leaks(written, []) != []  # they did go through
