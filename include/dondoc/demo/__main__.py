"""`make demo`: the whole follow-up in a real Airflow, over a played November 2021. `--once` ends by itself."""

import argparse
import json
import os
import secrets
import shlex
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import NoReturn

from dondoc import clock
from dondoc.configuration import settings
from dondoc.configuration.context import AppContext
from dondoc.demo import airflow, mailserver, place, summary, world
from dondoc.demo.airflow import Airflow
from dondoc.demo.days import APPROVER, INTAKE, MAIL, TODAY
from dondoc.demo.fleet import Fleet
from dondoc.demo.mailserver import MailServer
from dondoc.demo.runs import DAGS, Runs
from dondoc.errors import Problem
from dondoc.store.session import upgrade

HOME = Path(".demo")
SENDER = f"IOC Hà Tĩnh <ioc@{MAIL}>"
ARCHIVE = f"luu@{MAIL}"


class Demo:
    """One demo in a folder of its own. What is opened on `stack` is closed with it, whatever happens."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self.home, self.logs, self._stack = home, home / "logs", stack
        self.logs.mkdir()
        self.began = time.monotonic()
        self.passwords = {user: secrets.token_hex(4) for user in airflow.USERS}
        self.port = place.port(8080)
        self.fleet = stack.enter_context(Fleet([place.port(8554)]))
        server = MailServer(home / "mail", smtp_port=place.port(2525), imap_port=place.port(2143))
        self.mail = stack.enter_context(server)
        self.page = stack.enter_context(mailserver.page(self.mail.boxes, place.port(8025)))

    def say(self, words: str) -> None:
        print(f"[{time.monotonic() - self.began:4.0f} s] {words}", flush=True)

    def run(self, *, once: bool) -> bool:
        """Everything, up to the summary and, unless `once`, until interrupted. Returns whether every run went well."""
        self._surroundings()
        migrating = self._stack.enter_context(airflow.migrating(self.logs / "migrate.log"))
        self.say("Dựng những ngày tháng 11/2021 trước hôm nay: danh bạ, văn bản đến, thư nhắc, phiếu khảo sát")
        upgrade(settings.load().url)
        played = AppContext(settings.load())
        world.play(played, self.mail, self.fleet, self.home)
        self.say("Khởi động Airflow")
        if migrating.wait():
            raise Problem(f"Không tạo được cơ sở dữ liệu của Airflow. Xem {self.logs / 'migrate.log'}.")
        started = self._stack.enter_context(Airflow(self.logs, self.port))
        runs = Runs(started, self._login(started), self.say, approve=once)
        self.say(f"Airflow đã chạy: {started.url}. Chạy bốn DAG, mỗi DAG một lần")
        runs.all()
        print("\n".join(["", *summary.lines(played, clock.now()), ""]), flush=True)
        if once:
            self.say("Chạy một lần (ONCE=1): dừng mọi thứ. Chạy `make demo` để xem trên trang.")
        else:
            print("\n".join(self._where(started.url)), flush=True)
            self._stay(started, runs, played)
        return not runs.failed

    def _surroundings(self) -> None:
        """The environment of every process, also as a file for the `dondoc` command."""
        own = {
            "DONDOC_ARCHIVE_ADDRESS": ARCHIVE,
            "DONDOC_ARCHIVE_IMAP_URL": self.mail.imap_url(ARCHIVE),
            "DONDOC_CLOCK": TODAY,
            "DONDOC_CLOCK_SINCE": str(time.time()),
            "DONDOC_DEVICE_INFO_AGENCIES": world.AGREED,
            "DONDOC_HOME": str(self.home / "dondoc"),
            "DONDOC_IMAP_URL": self.mail.imap_url(INTAKE),
            "DONDOC_INSTALLATION": MAIL,
            "DONDOC_MODE": "live",  # every letter leaves, to the mail server on this machine
            "DONDOC_OPS_ADDRESS": f"van-hanh@{MAIL}",
            "DONDOC_ONVIF_PORT": str(self.fleet.ports[0]),
            "DONDOC_PROBE_ALLOW": "127.0.0.0/8",
            "DONDOC_PUBLIC_URL": f"http://{place.HOST}:{self.port}",
            "DONDOC_SCHEDULES": "off",
            "DONDOC_SECRET_KEY": secrets.token_urlsafe(32),
            "DONDOC_SMTP_URL": self.mail.smtp_url(SENDER),
        }
        for name in [n for n in os.environ if n.startswith(("AIRFLOW_", "DONDOC_"))]:
            del os.environ[name]
        os.environ.update(own | airflow.environment(self.home, self.port, self.passwords))
        file = self.home / "env"
        file.touch(0o600)
        file.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in own.items()))

    def _login(self, started: Airflow) -> Callable[[str], None]:
        """Waits until Airflow is up, with its two Connections; what it returns changes the user who speaks to it."""

        def login(user: str) -> None:
            started.log_in(user, self.passwords[user])

        started.healthy()
        login("admin")
        started.reads(DAGS)
        smtp = {"disable_ssl": True, "disable_tls": True, "from_email": SENDER}
        box = {"login": mailserver.folder_of(INTAKE), "password": mailserver.PASSWORD}
        for kind, port, extra, more in (
            ("smtp", self.mail.smtp_port, smtp, {}),
            ("imap", self.mail.imap_port, {"use_ssl": False}, box),
        ):
            started.connect(f"dondoc_{kind}", kind, port, json.dumps(extra, ensure_ascii=False), **more)
        return login

    def _where(self, url: str) -> list[str]:
        logins = ", ".join(f"{user} / {self.passwords[user]} ({role})" for user, role in airflow.USERS.items())
        return [
            f"Airflow:          {url}",
            f"Trang đôn đốc:    {url}/plugin/dondoc",
            f"Đăng nhập:        {logins}",
            f"Hộp thư thử:      {self.page}",
            f"Lệnh dondoc:      . {self.home}/env; {Path(sys.prefix) / 'bin' / 'dondoc'} outbox",
            f"Thả tệp vào:      {self.home}/dondoc/drop, rồi chạy gather_survey_submissions",
        ]

    def _stay(self, started: Airflow, runs: Runs, played: AppContext) -> None:
        self.say(f"Đang chạy tiếp; duyệt thư với tài khoản {APPROVER}. Ctrl-C để dừng.")
        while True:
            time.sleep(3)
            started.check()
            runs.deliver_what_was_approved(played)


def _interrupted(number: int, frame: FrameType | None) -> NoReturn:
    _listen(signal.SIG_IGN)  # once is enough: stopping takes some seconds
    raise KeyboardInterrupt


def _listen(handler: Callable[[int, FrameType | None], NoReturn] | signal.Handlers) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


def main() -> int:
    """0: all went well, or the staying demo was interrupted; 1: a run failed; 2: it could not start or stay up."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after one round; approvals are answered")
    once: bool = parser.parse_args().once
    _listen(_interrupted)
    os.umask(0o077)  # Airflow's files, logs and mailboxes too
    home = HOME.absolute()
    try:
        with place.claim(home), ExitStack() as stack:
            went_well = Demo(home, stack).run(once=once)
            _listen(signal.SIG_IGN)
        return 0 if went_well else 1
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nĐã dừng, không còn tiến trình nào chạy. Dữ liệu của lần thử này còn trong .demo/.", flush=True)
        return 130 if once else 0


if __name__ == "__main__":
    sys.exit(main())
