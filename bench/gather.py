"""A gather run over many forms: from the drop folder to verdicts, cameras and answers, at growing sizes.

.venv/bin/python bench/gather.py [500 1000 2000]

Each form is of another agency, names ten cameras, and its officer is registered. Processor time, with the children's.
"""

import os
import shutil
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import yaml

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import DATA, load
from dondoc.forms.blank import blank
from dondoc.forms.spec import load_specs
from dondoc.intake import backlog
from dondoc.intake.receive import receive
from dondoc.isolation import workers
from dondoc.store.facts import Contact
from dondoc.store.session import upgrade
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.submissions import Arrival

NOW = clock.at(date(2021, 11, 18), 9)
LETTER = "directives/stttt-cntt-2021-11.yaml"


def data(folder: Path, agencies: int) -> list[str]:
    """The shipped data, and many more agencies that owe Biểu mẫu 03."""
    shutil.copytree(DATA, folder, ignore=shutil.ignore_patterns("dondoc"))
    ids = [f"don-vi-{number:04}" for number in range(agencies)]
    known = yaml.safe_load((folder / "agencies.yaml").read_text())
    known["agencies"] += [{"id": i, "name": f"Đơn vị {i[7:]}", "short": f"ĐV {i[7:]}", "kind": "district"} for i in ids]
    (folder / "agencies.yaml").write_text(yaml.safe_dump(known, allow_unicode=True))
    letter = yaml.safe_load((folder / LETTER).read_text())
    group = next(one for one in letter["obligations"] if one["deliverable"] == "form_03")
    group["agencies"] += ids
    (folder / LETTER).write_text(yaml.safe_dump(letter, allow_unicode=True))
    return ids


def bring(app: AppContext, agency: str) -> None:
    spec = load_specs(app.settings.data)["form_03"]
    head = {f.key: f.example for f in spec.head if f.example and f.key != "agency_name"} | {"no_camera": "Không"}
    head |= {"total_cameras": "10", "officer_email": f"{agency}@hatinh.gov.vn"}
    rows = [
        {f.key: f.example for f in spec.columns if f.example}
        | {"name": f"Cổng {n}", "host": f"10.1.{n}.1", "link": "TSLCD"}
        for n in range(10)
    ]
    owner = app.registry.agency(agency)
    content = blank(spec, owner, registry=app.registry, secrets=app.secrets, head=head, rows=rows)
    with app.sessions.begin() as session:
        session.add(
            Contact(
                agency=agency,
                role=Role.FOCAL_OFFICER,
                name="Nguyễn Thị Hà",
                email=f"{agency}@hatinh.gov.vn",
                phone="0912345678",
                valid_from=date(2021, 11, 1),
                recorded_at=NOW,
            )
        )
    receive(
        app,
        content,
        channel=Arrival.MAIL,
        channel_id=agency,
        sender=f"{agency}@hatinh.gov.vn",
        filename="BM03.xlsx",
        received_at=NOW,
        now=NOW,
    )


def spent() -> float:
    """Processor time of this process, and of the server of children with those that it has waited for."""
    ticks = [Path(f"/proc/{one.process.pid}/stat").read_text().rpartition(")")[2].split() for one in workers._idle]
    return time.process_time() + sum(int(t) for each in ticks for t in each[11:15]) / os.sysconf("SC_CLK_TCK")


def run(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        ids = data(home / "include", count)
        os.environ |= {"DONDOC_HOME": str(home / "home"), "DONDOC_DATA": str(home / "include")}
        settings = load()
        upgrade(settings.url)
        app = AppContext(settings)
        for agency in ids:
            bring(app, agency)
        began, before = time.perf_counter(), spent()
        outcomes = backlog.judge_and_answer(app, NOW)
        took, used = time.perf_counter() - began, spent() - before
        counts = {outcome: len(found) for outcome, found in outcomes.items()}
        print(f"{count} forms: {took:.1f} s, {used:.1f} s of processor, {used / count * 1000:.0f} ms each; {counts}")


if __name__ == "__main__":
    os.environ |= {
        "DONDOC_SECRET_KEY": "0123456789abcdef" * 4,
        "DONDOC_CLOCK": NOW.isoformat(),
        "DONDOC_REHEARSAL_TO": "a@b.test",
    }
    for size in map(int, sys.argv[1:] or ("125", "250", "500")):
        run(size)
