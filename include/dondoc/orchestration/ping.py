"""A heartbeat to whoever watches from outside (a dead-man's switch): its absence is what tells."""

import logging
import threading
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Any
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from pydantic import SecretStr

from dondoc import tls
from dondoc.errors import Problem

log = logging.getLogger(__name__)
PATIENCE = 5.0  # seconds in all, whatever the server does


class _Stay(HTTPRedirectHandler):
    """An administrator gave one address: no answer leads to another."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def ping(address: SecretStr | None, ca_file: Path | None = None) -> bool:
    """Ask for the address, once. A failure is logged, without the address, which is a secret.

    Args:
        ca_file: `DONDOC_CA_FILE`.

    Returns:
        whether the server said yes in time.
    """
    if address is None:
        return False
    answer: list[str] = []
    # The thread may outlast us: no timeout of a socket ends a server that sends a byte now and then.
    thread = threading.Thread(target=_get, args=(address, ca_file, answer), daemon=True)
    thread.start()
    thread.join(PATIENCE)
    status = answer[0] if answer else f"no answer in {PATIENCE:.0f} s"
    if status != "200":
        log.warning("the heartbeat was not taken: %s", status)
    return status == "200"


def _get(address: SecretStr, ca_file: Path | None, answer: list[str]) -> None:
    try:
        opener = build_opener(_Stay, HTTPSHandler(context=tls.context(ca_file)))
        with opener.open(Request(address.get_secret_value()), timeout=PATIENCE) as response:  # noqa: S310 - checked
            answer.append(str(response.status))
    except (OSError, HTTPException, ValueError, Problem) as error:
        code: Any = getattr(error, "code", None)
        answer.append(str(code) if isinstance(code, int) else type(error).__name__)
