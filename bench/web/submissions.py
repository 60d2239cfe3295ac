"""Processor time of the pages of submissions, with 10,000 of them in a real SQLite.

.venv/bin/python bench/web/submissions.py
"""

import os
import statistics
import tempfile
from datetime import date, datetime, timedelta
from typing import Any

from pages import HERE, cost, serving

SUBMISSIONS, ROWS, REPEATS = 10_000, 40, 3
START = datetime.fromisoformat("2021-11-01T08:00+07:00")
PAGES = {
    "/submissions": "the list, newest first",
    "/submissions?page=150": "its 150th page",
    "/submissions?work=correction": "what agencies have to correct",
    "/submissions?q=duc+tho+khu+vuc": "searched by words",
    "/submissions?agency=ubnd-huyen-duc-tho&form=form_03&age=5": "filtered three ways",
    "/submissions?work=machine": "the mails of machines",
    "/inbox": "the inbox",
    "/submissions/5000": "one submission (its table is read by a child, not counted)",
    "/agency/ubnd-huyen-duc-tho": "an agency with its replies",
}


def fill(app: Any) -> None:
    from dondoc.store.intake import Mail, Submission, Verdict

    agencies = [a.id for a in app.registry.agencies if a.alive(date(2021, 11, 1))]
    outcomes = ["accepted", "returned", "accepted_with_warnings", "duplicate", "accepted", "refused", "waiting"]
    cells = {f"field_{n}": f"giá trị {n} của camera" for n in range(25)}
    rows = [{"_row": n, "name": f"Cổng {n}", **cells} for n in range(ROWS)]
    original = app.blobs.put(b"%PDF-1.4")
    with app.sessions.begin() as session:
        for n in range(SUBMISSIONS):
            at = START + timedelta(minutes=3 * n)
            agency, outcome = agencies[n % len(agencies)], outcomes[n % len(outcomes)]
            kind = "bounce" if n % 50 == 7 else "reply" if n % 50 == 8 else "submission"
            empty: dict[str, Any] = {"reason": [], "bounced": [], "passed_over": [], "recorded_at": at}
            session.add(Mail(id=n + 1, digest=str(n), kind=kind, text="Kính gửi Sở, đơn vị gửi. " * 20, **empty))
            named = {"filename": f"BM03 Đức Thọ khu vực {n % 97}.pdf", "subject": f"V/v gửi thông tin khảo sát {n}"}
            ours = {
                "channel": "mail",
                "channel_id": str(n),
                "sender": f"canbo{n % 300}@hatinh.test",
                "sha256": original,
            }
            when = {"happened_at": at, "recorded_at": at}
            session.add(Submission(id=n + 1, mail_id=n + 1, automatic=kind == "bounce", **named, **ours, **when))
            judged: dict[str, Any] = {"fulfils": [], "rows": rows, "head": {}, "issues": [], "recorded_at": at}
            judged |= {"form": f"form_0{1 + n % 4}", "agency": agency, "version": n // 120 + 1}
            for _ in range(1 + n % 2):
                session.add(Verdict(submission_id=n + 1, outcome=outcome, reason="để đo", answered=True, **judged))
            if n % 500 == 499:
                session.flush()
                session.expunge_all()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="dondoc-bench-") as home:
        os.environ |= {"DONDOC_HOME": home, "DONDOC_SECRET_KEY": "a-key-for-this-measurement-only-0123456789"}
        os.environ["DONDOC_CLOCK"] = "2021-11-25T09:00+07:00"
        from dondoc.configuration.context import AppContext
        from dondoc.configuration.settings import load
        from dondoc.store.session import upgrade

        app = AppContext(load())
        upgrade(app.settings.url)
        fill(app)
        with serving(HERE.parents[2], dict(os.environ)) as (port, process):
            for path, words in PAGES.items():
                times = [cost(port, process, path) for _ in range(REPEATS)]
                print(f"{statistics.median(times):6.1f} ms  {words} ({path})")


if __name__ == "__main__":
    main()
