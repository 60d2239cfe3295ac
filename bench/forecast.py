"""The look ahead of a letter of many duties: what it costs an operator who asks for it.

    .venv/bin/python bench/forecast.py [duties of an agency …]        # default 1 20 60 200

Processor time, a letter of so many duties of each of 19 agencies, in a temporary folder.
"""

import os
import sys
import tempfile
import time
from datetime import date

from dondoc.clock import at
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.directive.load import File
from dondoc.directive.model import Directive
from dondoc.escalation.forecast import forecast
from dondoc.store.session import upgrade

SIGNED = date(2021, 11, 16)


def letter(app: AppContext, shipped: File, each: int) -> Directive:
    office = app.registry.office
    agencies = [one.id for one in app.registry.agencies if one.alive(SIGNED) and one.id != office][:19]
    duties = [
        {"system": "general", "deliverable": f"file_{n + 2}", "text": f"Tệp {n}",
         "due_before": f"2021-12-{1 + n % 20:02}", "agencies": agencies}
        for n in range(each)
    ]  # fmt: skip
    said = {"id": "bench", "day": SIGNED, "milestones": [], "obligations": duties}
    return File.model_validate(shipped.model_dump() | said).directive(app.registry)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DONDOC_HOME": folder}
        app = AppContext(load())
        upgrade(app.settings.url)
        for each in map(int, sys.argv[1:] or ("1", "20", "60", "200")):
            with app.sessions.reading() as session:
                asked, begun = letter(app, app.versions(session)[0].file, each), time.process_time()
                found = forecast(app, session, asked, SIGNED, at(date(2021, 11, 22), 9))
            took = time.process_time() - begun
            print(f"{len(asked.obligations)} duties: {took:.2f} s, {found.agencies} of {found.of} agencies, "
                  f"{len(found.expected)} letters")  # fmt: skip


if __name__ == "__main__":
    main()
