"""Which dondoc this is, and which revision of the database it works with."""

from collections.abc import Iterator

from dondoc import __version__
from dondoc.configuration import settings as settings_module
from dondoc.errors import Problem
from dondoc.store.errors import SENTENCES, explain
from dondoc.store.session import head, standing


def lines() -> Iterator[str]:
    """For people: the program, then its database and what is to do where the two do not fit."""
    yield f"dondoc {__version__}"
    try:
        revision, cause = standing(settings_module.load().url)
    except Exception as error:
        if (why := explain(error) or (error if isinstance(error, Problem) else None)) is None:
            raise
        yield str(why)
        return
    yield f"Cơ sở dữ liệu: phiên bản {revision or 'chưa có'}; dondoc này dùng phiên bản {head()}."
    if cause:
        yield SENTENCES[cause]
