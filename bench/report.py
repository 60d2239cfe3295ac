"""A weekly report of 10,000 cameras, 1,000 agencies and 400 nights on SQLite: all four files.

    .venv/bin/python bench/report.py [cameras] [agencies] [nights]

Processor time and the highest memory of a process that draws one up, beside one that only opens the application. Rows
are made in the database, in a temporary folder; a third of the agencies have sent their form.
"""

import os
import resource
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import yaml
from sqlalchemy import text

from bench.cameras.current import COUNT, LAST, SECRET, fill
from dondoc.clock import at
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import DATA, load
from dondoc.reporting import report
from dondoc.store.session import upgrade

PAPERS = """INSERT INTO registered_letters (agency, fulfils, document_number, document_date, "by", happened_at,
                                recorded_at)
{count}
SELECT 'don-vi-' || printf('%04d', n), json_array('bench:tourism/form_03'), n || '/CV', :day, 'A', :when, :when
FROM n WHERE n % 3 = 0"""
MOVED = "UPDATE cameras SET system = 'tourism', agency = 'don-vi-' || printf('%04d', id % {} + 1)"


def letter(agencies: int) -> dict[str, object]:
    """A letter that brings its own agencies: each owes a form, a quarter of them belong to central bodies."""
    shipped = {one: yaml.safe_load((DATA / f"{one}.yaml").read_text("utf-8")) for one in ("agencies", "systems")}
    ours = [one for one in shipped["agencies"]["agencies"] if one["id"] in ("so-tttt", "so-khcn", "ubnd-tinh")]
    more = [
        {
            "id": f"don-vi-{n:04}",
            "name": f"Ủy ban nhân dân xã Đơn Vị Số {n:04}",
            "short": f"Xã {n:04}",
            "kind": "central" if n % 4 == 0 else "district",
            "order": 10 + n,
        }
        for n in range(1, agencies + 1)
    ]
    november = yaml.safe_load((DATA / "directives" / "stttt-cntt-2021-11.yaml").read_text("utf-8"))
    due = LAST - timedelta(days=10)
    owed = {"system": "tourism", "deliverable": "form_03", "due_before": due, "agencies": [one["id"] for one in more]}
    plain = {name: november[name] for name in ("title", "superior_document", "signer_title", "weekly_report", "ladder")}
    plain |= {"id": "bench", "issuer": "so-tttt", "superior": "ubnd-tinh", "place": "Hà Tĩnh"}
    systems = shipped["systems"]["systems"]
    return plain | {"obligations": [owed], "agencies": [*ours, *more], "systems": systems}


def once(folder: str, draws: bool) -> None:
    app = AppContext(load())
    with app.sessions.reading() as session:
        [one] = report.wanted(app, session, LAST)
    if draws:
        report.make(app, one, at(LAST, 17), None, Path(folder) / "report")


def cost(folder: str, draws: bool) -> tuple[float, float]:
    """Seconds of processor, and megabytes, of a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    program = [sys.executable, "-m", "bench.report", "--once", folder, str(int(draws))]
    made = subprocess.run(program, check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took, float(made.stdout) / 1024


def main(cameras: int, agencies: int, nights: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "letter.yaml"
        file.write_text(yaml.safe_dump(letter(agencies), allow_unicode=True), "utf-8")
        os.environ |= {"DONDOC_HOME": folder, "DONDOC_SECRET_KEY": SECRET, "DONDOC_DIRECTIVE": str(file)}
        upgrade(load().url)
        app = AppContext(load())
        fill(app, cameras, nights)
        with app.sessions.begin() as session:
            session.execute(text(MOVED.format(agencies)))
            when = f"{LAST - timedelta(days=20)} 03:00:00.000000"
            session.execute(text(PAPERS.format(count=COUNT.format(agencies))), {"day": str(LAST), "when": when})
        for draws, what in ((False, "opens the application"), (True, "draws up the report")):
            took, most = cost(folder, draws)
            print(f"{what}: {took:.2f} s of processor, {most:.0f} MB")
        for made in sorted((Path(folder) / "report").iterdir()):
            print(f"  {made.name}: {made.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--once"]:
        once(sys.argv[2], sys.argv[3] == "1")
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    else:
        main(*(int(one) for one in sys.argv[1:4] or ("10000", "1000", "400")))
