"""Task bodies of `gather_survey_submissions`."""

import logging
import time
from collections import Counter
from functools import partial

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.orchestration import limits
from dondoc.orchestration.connections import open_context
from dondoc.orchestration.limits import held_to

log = logging.getLogger(__name__)
LETTERS = 200  # in one run: what is due then leaves with the next, and no run is ended in the middle of a letter
JUDGING = 360.0  # seconds after which no further submission is judged: one more may take all its limits
LOOKING = 240.0  # seconds after which no more just declared cameras are begun with
LETTING_IN = 20.0  # seconds for a mail server that is asked only whether it lets us in
FEW = 40  # of them at a time: ten rounds of a site, some two minutes when none of them answers


@held_to(limits.READ)
def read_folder() -> list[int]:
    """Ids of the submissions that the drop folder brought. Red when the folder cannot be read."""
    from dondoc.intake import gather

    return _brought(gather.read_folder(open_context(), clock.now()))


@held_to(limits.MAILBOX)
def read_mailbox() -> list[int]:
    """Ids of the submissions that the mailbox brought. Red when the mailbox cannot be read."""
    from dondoc.intake import gather
    from dondoc.mail import servers

    app = open_context()
    if (server := servers.intake(app.settings)) is None:
        log.info("no mailbox is set up (Connection dondoc_imap)")
        return []
    return _brought(gather.read_mailbox(app, server, clock.now()))


@held_to(limits.READ)
def read_survey() -> list[int]:
    """Ids of the submissions that the survey server brought. Red when it cannot be read."""
    from dondoc.intake import gather
    from dondoc.intake.sources import survey_server

    app = open_context()
    if (server := survey_server.server(app.settings)) is None:
        log.info("no survey server is set up (Connection dondoc_survey)")
        return []
    return _brought(gather.read_survey(app, server, clock.now()))


def _brought(result) -> list[int]:  # type: ignore[no-untyped-def]
    for problem in result.problems:
        log.warning("%s", problem)
    log.info("%s: %d submissions", result.source, len(result.submission_ids))
    if not result.ok:
        raise Problem(result.detail)
    return result.submission_ids


@held_to(limits.JUDGE)
def judge_and_answer() -> dict[str, list[int]]:
    """Judge what is not judged yet, from whichever run, as far as there is time, and put the answers into the outbox.

    One submission that fails is logged and stays for a person; the others go on.
    """
    from dondoc.bounded import Deadline
    from dondoc.intake import backlog

    return backlog.judge_and_answer(open_context(), clock.now(), Deadline(JUDGING))


@held_to(limits.PROBE)
def probe_declared() -> dict[str, int]:
    """Check at once the cameras that accepted forms declared, and write their senders what was found.

    Also what a killed run left, and what a person accepted between two runs. Red when our own side is down. In the end
    all cameras' current states are stored.
    """
    from dondoc.cameras import letters
    from dondoc.cameras.state import current
    from dondoc.intake import backlog
    from dondoc.intake.answers import files

    app, moment = open_context(), clock.now()
    accepted = backlog.declared(app, moment)
    cameras = backlog.unseen_cameras(app, accepted)
    counts: dict[str, int] = {}
    if cameras:
        counts = _check_declared(app, cameras)
        accepted = [one for one in accepted if not backlog.unseen_cameras(app, [one])]  # the next run tells the rest
    copy = partial(files.current, app, now=moment)
    written = letters.reachability(app, accepted, clock.now(), copy)
    with app.sessions.begin() as session:  # what was declared, ruled or has run out since the last run
        stale = current.refresh(app, session, clock.now())
    log.info("%d cameras just declared: %s; letters: %s; states: %d", len(cameras), counts, written, stale)
    return counts


def _check_declared(app: AppContext, cameras: list[int]) -> dict[str, int]:
    """Check cameras a few at a time, storing each time, as long as there is time to check more.

    Returns:
        counts by verdict.

    Raises:
        Problem: our own side is down: the rest is left for the next run.
    """
    from dondoc.cameras.nights import night
    from dondoc.cameras.nights.check import check

    counts, ends = Counter[str](), time.monotonic() + LOOKING
    for start in range(0, len(cameras), FEW):
        if start and time.monotonic() > ends:
            log.warning("%d cameras are left for the next run", len(cameras) - start)
            break
        now, few = clock.now(), cameras[start : start + FEW]
        tonight, round = night.night_of(now), f"declared-{now:%H%M%S}-{'-'.join(map(str, few[:20]))}"
        checked = check(app, few, tonight=tonight, round=round, now=now)
        if checked.blind:
            raise Problem("Phía Sở mất kết nối (không máy chủ tham chiếu nào trả lời): chưa kiểm tra camera vừa khai.")
        counts.update(night.store(app, checked.results, night=tonight, round=round, now=clock.now()))
    return dict(counts)


@held_to(limits.DELIVER)
def deliver() -> dict[str, int]:
    """Deliver what is due and settle what is uncertain.

    Raises:
        Problem: a letter is of a kind that nobody can check: it stays, the others have left. No mail server is set up,
            or it cannot be used: also when no letter is due, for then nobody would know
            until one is, and a letter that waits an hour for its next attempt would make the runs between look good.
    """
    from dondoc import preconditions
    from dondoc.mail import servers
    from dondoc.mail import smtp as line

    app = open_context()
    done = preconditions.deliver(app, clock.now, limit=LETTERS)
    log.info("delivered: %s", done.counts)
    server, trouble = servers.smtp(app.settings), done.trouble
    assert server is not None
    if not (trouble or done.answered):
        try:
            line.connect(server, timeout=LETTING_IN, name=app.settings.installation).close()
        except servers.Unusable as error:
            trouble = str(error)
    if trouble:
        raise Problem(
            f"Không gửi được thư: {trouble} Thư chờ trong hộp thư đi, lượt sau gửi tiếp. Kiểm tra máy chủ thư và "
            "kết nối dondoc_smtp trong Airflow (Admin → Connections): địa chỉ, cổng, tài khoản, chứng thư."
        )
    if done.unknown:
        raise Problem(" ".join(done.unknown) + " Các thư khác vẫn gửi. Cập nhật dondoc, hoặc hủy các thư này.")
    return done.counts
