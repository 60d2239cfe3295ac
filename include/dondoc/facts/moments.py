"""When a thing happened, as a person says: it has happened, and not before it could."""

from datetime import date, datetime

from dondoc.clock import HERE
from dondoc.errors import Problem


def happened(moment: datetime, now: datetime, *, since: date | None = None, of: str = "") -> datetime:
    """The moment, in Vietnam's time.

    Args:
        since: the first day on which it can have been; `of`: what that is the day of, for people.

    Raises:
        Problem: it is still to come, or lies before that day.
    """
    here = moment.astimezone(HERE)
    if here > now:
        raise Problem(f"{here:%H:%M %d/%m/%Y} là trong tương lai: chỉ ghi việc đã xảy ra. Kiểm tra lại ngày, giờ.")
    if since and here.date() < since:
        raise Problem(f"{here:%H:%M %d/%m/%Y} là trước ngày của {of} ({since:%d/%m/%Y}). Kiểm tra lại ngày, giờ.")
    return here
