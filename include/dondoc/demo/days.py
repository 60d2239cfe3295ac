"""The demo's days, and the addresses of its people."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from dondoc.vocabulary.people import Role

TODAY = "2021-11-25T14:00+07:00"  # a Thursday: the day of the weekly report
DAY = TODAY[:10]
MAIL = "demo.hatinh.gov.vn"
INTAKE = f"tiep-nhan@{MAIL}"
APPROVER = "duyet.demo"  # the login of whoever approves letters
ROLES = {Role.FOCAL_OFFICER: "dau-moi", Role.CLERK: "van-thu", Role.HEAD: "lanh-dao"}


@contextmanager
def at(moment: str) -> Iterator[None]:
    """Within, it is this moment for the whole process, the mail server included; afterwards the clock is set back."""
    kept = {name: os.environ[name] for name in ("DONDOC_CLOCK", "DONDOC_CLOCK_SINCE")}
    os.environ.update(DONDOC_CLOCK=f"{moment}+07:00", DONDOC_CLOCK_SINCE=str(time.time()))
    try:
        yield
    finally:
        os.environ.update(kept)


def address(agency: str, role: Role) -> str:
    """The mailbox of an agency's role: dau-moi.duc-tho@hatinh.test."""
    name = agency.removeprefix("ubnd-").removeprefix("huyen-")
    return f"{ROLES[role]}.{name}@{MAIL}"
