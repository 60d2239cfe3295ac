"""What reading an original back costs of receiving a form: `python bench/blobs.py`.

The same receiving with and without the proof, interleaved, in one process: bytes and row are durable each time.
"""

import hashlib
import logging
import os
import statistics
import tempfile
import time
from datetime import datetime
from pathlib import Path

from dondoc.audit import Actor, Channel
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import Settings
from dondoc.forms.blank import blank
from dondoc.forms.spec import load_specs
from dondoc.intake.receive import receive
from dondoc.intake.submit import submit
from dondoc.store import blobs
from dondoc.store.session import upgrade

REPEATS = 60
WHO = Actor("Lê A", "le.a", Channel.CLI)
NOW = datetime(2021, 11, 18, 9, tzinfo=HERE)


class Unproven(blobs.Blobs):
    """As it was: what was written is believed, and what lies there too."""

    def put(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._path(sha256)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            blobs._write(path, self._cipher.encrypt(content))
        return sha256


def seconds(app: AppContext, content: bytes, number: int) -> float:
    began = time.perf_counter()
    receive(
        app,
        content,
        channel="mail",
        channel_id=str(number),
        sender="a@b.test",
        filename="bm03.xlsx",
        received_at=NOW,
        now=NOW,
    )
    return time.perf_counter() - began


def main() -> None:
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DONDOC_SECRET_KEY"] = "khoa-do-luong-dai-va-ngau-nhien-0123456789"
        app = AppContext(Settings(home=Path(folder)))  # type: ignore[call-arg]
        upgrade(app.settings.url)
        keys = app.settings.secret_keys
        ways = {"proven": blobs.Blobs, "unproven": Unproven}
        spec, agency = load_specs(app.settings.data)["form_03"], app.registry.agency("ubnd-huyen-duc-tho")
        content = blank(spec, agency, registry=app.registry, secrets=keys)
        for size in (len(content), 2**20, 10 * 2**20):
            took: dict[str, list[float]] = {way: [] for way in ways}
            for number in range(REPEATS if size < 2**22 else 12):
                for way, kind in ways.items():
                    object.__setattr__(app, "blobs", kind(app.settings.home / "originals", keys))
                    one = (content + b"\0" * size)[: size - 32] + os.urandom(32)
                    took[way].append(seconds(app, one, hash((size, way, number))))
            proven, unproven = (statistics.median(took[way]) * 1000 for way in ways)
            print(f"{size:>9} bytes: {unproven:6.1f} ms without, {proven:6.1f} ms with; {proven / unproven - 1:+.1%}")
        took = {way: [] for way in ways}
        for number in range(20):
            for way, kind in ways.items():
                object.__setattr__(app, "blobs", kind(app.settings.home / "originals", keys))
                filled = blank(
                    spec, agency, registry=app.registry, secrets=keys, head={"officer_name": f"{way} {number}"}
                )
                began = time.perf_counter()
                sent = {"sender": "a@b.test", "channel": "cli", "received_at": NOW, "now": NOW}
                submit(app, filled, "bm03.xlsx", by=WHO, **sent)
                took[way].append(time.perf_counter() - began)
        proven, unproven = (statistics.median(took[way]) * 1000 for way in ways)
        print(
            f"received, judged, answered: {unproven:.1f} ms without, {proven:.1f} ms with; {proven / unproven - 1:+.1%}"
        )


if __name__ == "__main__":
    main()
