"""What tests of names share."""

import socket
import threading
from typing import Any

import pytest

from dondoc.probing import resolver


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A name server of ours, for the time of a test: answers, and how it was asked."""
    state: dict[str, Any] = {"answers": {}, "asked": [], "most": 0, "open": threading.Event()}
    state["open"].set()

    def look_up(host: str, *words: object, **more: object) -> list[tuple]:
        state["asked"].append(host)
        state["most"] = max(state["most"], sum(t.name == "resolver" for t in threading.enumerate()))
        state["open"].wait()
        if host not in state["answers"]:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(0, 0, 0, "", (ip, 0)) for ip in state["answers"][host]]

    monkeypatch.setattr(resolver.socket, "getaddrinfo", look_up)
    return state
