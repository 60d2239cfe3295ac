"""The heartbeat: one request, to one address, in bounded time, and never a word about the address."""

import http.server
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.demo.fleet import Fleet
from dondoc.demo.mailserver import MailServer
from dondoc.errors import Problem
from dondoc.orchestration.ping import ping
from tests.mail.authority import authority
from tests.orchestration.test_check import declare

pytestmark = pytest.mark.slow

SECRET = "0a1b2c3d-ma-so-bi-mat"
Play = Callable[..., dict[str, str]]


class Watcher(http.server.ThreadingHTTPServer):
    """A server that notes what it is asked for. `/moved` leads elsewhere, `/drip` never ends its headers."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), Answering)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{path}/{SECRET}"


class Answering(http.server.BaseHTTPRequestHandler):
    server: Watcher

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.path.startswith("/drip"):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            for _ in range(2400):  # twenty minutes
                time.sleep(0.5)
                self.wfile.write(b"y")
            return
        self.send_response(302 if self.path.startswith("/moved") else 200)
        self.send_header("Location", self.server.url("elsewhere"))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def watching() -> Iterator[Watcher]:
    with Watcher() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    with watching() as server:
        yield server


def test_a_private_watcher_is_believed_by_the_one_file_of_authorities(watcher: Watcher, tmp_path: Path) -> None:
    ours = authority(tmp_path)
    watcher.socket = ours.served().wrap_socket(watcher.socket, server_side=True)
    address = SecretStr(watcher.url("good").replace("http://127.0.0.1", "https://localhost"))
    assert not ping(address)
    assert not ping(address, tmp_path / "none.pem")
    assert watcher.asked == []
    assert ping(address, ours.ca)


def test_it_is_asked_for_and_not_led_elsewhere(watcher: Watcher) -> None:
    assert ping(SecretStr(watcher.url("good")))
    assert not ping(SecretStr(watcher.url("moved")))
    assert watcher.asked == [f"/good/{SECRET}", f"/moved/{SECRET}"]
    assert not ping(None)


def test_a_server_that_drips_is_given_up_in_time(watcher: Watcher) -> None:
    began = time.monotonic()
    assert not ping(SecretStr(watcher.url("drip")))
    assert time.monotonic() - began < 120  # the server drips for twenty minutes


@pytest.mark.parametrize("host", ["127.0.0.1", "khong-co.invalid"])
def test_a_failure_is_logged_without_the_address(caplog: pytest.LogCaptureFixture, host: str) -> None:
    with closing(socket.socket()) as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"https://u:{SECRET}@{host}:{closed.getsockname()[1]}/{SECRET}"
        with caplog.at_level(logging.DEBUG):
            assert not ping(SecretStr(address))
    assert "the heartbeat was not taken" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("value", [f"ftp://{SECRET}", f"file:///{SECRET}", SECRET, f"https://a b/{SECRET}"])
def test_what_is_no_web_address_is_refused_without_repeating_it(environment: pytest.MonkeyPatch, value: str) -> None:
    environment.setenv("DONDOC_PING_GATHER_URL", value)
    with pytest.raises(Problem, match="DONDOC_PING_GATHER_URL: ") as caught:
        load()
    assert SECRET not in str(caught.value)


def test_only_runs_in_which_all_went_well_give_it(
    desk: AppContext, fleet: Fleet, mail: MailServer, play: Play, environment: pytest.MonkeyPatch, watcher: Watcher
) -> None:
    environment.setenv("DONDOC_PING_GATHER_URL", watcher.url("gather"))
    environment.setenv("DONDOC_PING_NIGHT_URL", watcher.url("night"))
    declare(desk, fleet, "healthy")
    assert play("gather_survey_submissions")[""] == "success"
    assert watcher.asked == [f"/gather/{SECRET}"]
    assert play("check_camera_reachability", as_of="2021-11-22", look="all", dry_run=True)[""] == "success"
    assert play("check_camera_reachability", as_of="2021-11-16", look="all")[""] == "failed"
    assert watcher.asked == [f"/gather/{SECRET}"]
    assert play("check_camera_reachability", as_of="2021-11-22", look="all")[""] == "success"
    assert watcher.asked == [f"/gather/{SECRET}", f"/night/{SECRET}"]
    environment.delenv("AIRFLOW_CONN_DONDOC_SMTP")
    assert play("gather_survey_submissions")[""] == "failed"
    assert len(watcher.asked) == 2


def test_a_watcher_that_is_gone_does_not_redden_the_run(
    desk: AppContext, play: Play, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("DONDOC_PING_GATHER_URL", f"http://127.0.0.1:9/{SECRET}")
    assert play("gather_survey_submissions")[""] == "success"
