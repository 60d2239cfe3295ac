"""Task bodies of `gather_survey_submissions`."""

import logging

from dondoc import clock
from dondoc.errors import Problem
from dondoc.orchestration.connections import open_world

log = logging.getLogger(__name__)


def read_folder() -> list[int]:
    """Ids of the submissions that the drop folder brought. Red when the folder cannot be read."""
    from dondoc.intake import gather

    return _brought(gather.read_folder(open_world(), clock.now()))


def read_mailbox() -> list[int]:
    """Ids of the submissions that the mailbox brought. Red when the mailbox cannot be read."""
    from dondoc.intake import gather
    from dondoc.mail import servers

    world = open_world()
    if (server := servers.intake(world.settings)) is None:
        log.info("no mailbox is set up (Connection dondoc_imap)")
        return []
    return _brought(gather.read_mailbox(world, server, clock.now()))


def _brought(result) -> list[int]:  # type: ignore[no-untyped-def]
    for problem in result.problems:
        log.warning("%s", problem)
    log.info("%s: %d submissions", result.source, len(result.submission_ids))
    if not result.ok:
        raise Problem(result.detail)
    return result.submission_ids


def judge_and_answer() -> dict[str, list[int]]:
    """Judge whatever is not judged yet, from whichever run, and put the answers into the outbox.

    One submission that fails is logged and stays for a person; the others go on.
    """
    from dondoc.intake import backlog

    return backlog.judge_and_answer(open_world(), clock.now())


def probe_declared() -> dict[str, int]:
    """Look at once at the cameras that accepted forms declared, and write their senders what was found.

    Also what a killed run left, and what a person accepted between two runs. Red when our own side is down.
    """
    from dondoc.cameras import letters, night, ourside
    from dondoc.intake import backlog

    world, moment = open_world(), clock.now()
    accepted = backlog.declared(world, moment)
    cameras = backlog.unseen_cameras(world, accepted)
    counts: dict[str, int] = {}
    if cameras:
        if not ourside.references_answer(world.settings):
            raise Problem("Phía Sở mất kết nối (không máy chủ tham chiếu nào trả lời): chưa kiểm tra camera vừa khai.")
        tonight, look = night.night_of(moment), f"declared-{'-'.join(map(str, cameras[:20]))}"
        results = night.check_batch(world, cameras, night=tonight, round=look, now=moment)
        counts = night.store(world, results, night=tonight, round=look, now=clock.now())
    written = letters.reachability(world, accepted, clock.now())
    log.info("%d cameras just declared: %s; letters: %s", len(cameras), counts, written)
    return counts


def deliver() -> dict[str, int]:
    """Deliver what is due and settle what is uncertain. Red when no mail server is set up."""
    from dondoc import truth

    done = truth.deliver(open_world(), clock.now)
    log.info("delivered: %s", done.counts)
    if done.trouble:
        log.warning("%s", done.trouble)
    return done.counts
