"""Real loss, real delay, real routers that say no: in network namespaces of our own, where the machine allows them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

LINK, OWN_ADDRESSES = (Path(__file__).with_name(name) for name in ("link.py", "own_addresses.py"))
VERDICTS = {
    "nobody listens": "connection_refused",
    "a router says unreachable": "unreachable",
    "a router says prohibited": "unreachable",
    "no road at all": "unreachable",
    "our own road is closed": "unreachable",
    "swallowed": "connect_timeout",
    "the line snaps": "rtsp_timeout",
    "too far away": "rtsp_timeout",
}


def _apart() -> list[str] | None:
    """The command that gives a program a network of its own; None where there is none."""
    if not shutil.which("ip") or not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return None
    for command in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        if shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True).returncode == 0:
            return command
    return None


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return run_apart(LINK)


def run_apart(program: Path) -> dict[str, Any]:
    """What a program prints that has a network of its own."""
    command = _apart()
    if command is None:
        pytest.skip("networks of their own: needs unshare, iproute2, /dev/net/tun and the right to use them")
    done = subprocess.run([*command, sys.executable, str(program)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_cameras_behind_a_bad_line_are_found_well(found: dict[str, Any]) -> None:
    assert {row["verdict"] for row in found["patient"]} == {"ok"}
    assert found["lost"] > 5
    assert min(row["elapsed_ms"] for row in found["patient"]) >= 600  # three times there and back


@pytest.mark.parametrize("kind", VERDICTS)
def test_each_bad_road_has_its_verdict(found: dict[str, Any], kind: str) -> None:
    assert {row["camera"]: row["verdict"] for row in found["quick"] + found["routers"]}[kind] == VERDICTS[kind]


def test_the_deadline_holds_on_every_road(found: dict[str, Any]) -> None:
    assert max(row["elapsed_ms"] for row in found["quick"]) < 10_000


def test_a_machine_without_ipv6_is_not_out_of_ports() -> None:
    assert run_apart(OWN_ADDRESSES) == {
        "both": "ok",
        "both-refusing": "connection_refused",
        "ipv6-alone": "unreachable",
        "no-port-left": "out_of_resources",
    }
