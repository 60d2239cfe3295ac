"""Closed sets of the program: who adds a member is told what else belongs to it."""

from collections.abc import Iterator
from typing import get_args

from dondoc.configuration.check.faults import in_program
from dondoc.configuration.check.samples import LETTERS
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import Settings
from dondoc.errors import FileFault
from dondoc.intake.gather import READERS
from dondoc.intake.sources.source import SOURCES, SourceName
from dondoc.preconditions import registry
from dondoc.probing import verdicts
from dondoc.vocabulary.letters import LetterKind


def faults(settings: Settings) -> Iterator[FileFault]:
    yield from kinds(settings)
    yield from sources()
    yield from of_verdicts()


def kinds(settings: Settings) -> Iterator[FileFault]:
    """A kind of letter knows whether it is still true, and its words."""
    preconditions = registry(AppContext(settings))
    for kind in LetterKind:
        if kind not in preconditions:
            said = f"thư loại “{kind}” chưa có cách kiểm tra còn đúng không (preconditions.py, registry)"
            yield in_program("mail/letter.py", kind, said)
        if kind not in LETTERS:
            said = f"thư loại “{kind}” chưa có mẫu thư để kiểm tra (configuration/check/samples.py, LETTERS)"
            yield in_program("mail/letter.py", kind, said)


def sources() -> Iterator[FileFault]:
    """A source is known to those who must not chase before it was read, and is read where no DAG reads it."""
    for name in get_args(SourceName):
        for known, where in ((SOURCES, "intake/sources/source.py, SOURCES"), (READERS, "intake/gather.py, READERS")):
            if name not in known:
                yield in_program("intake/sources/source.py", name, f"nguồn “{name}” chưa có trong {where}")


def of_verdicts() -> Iterator[FileFault]:
    """A verdict has words, and what an agency can do about it, unless nothing is wrong."""
    for verdict in verdicts.PHASE:
        if verdict not in verdicts.SENTENCE:
            said = f"kết luận “{verdict}” chưa có lời cho đơn vị (SENTENCE)"
            yield in_program("probing/verdicts.py", verdict, said)
        if verdict not in verdicts.ADVICE and verdict != verdicts.Verdict.OK:
            said = f"kết luận “{verdict}” chưa có việc đề nghị đơn vị làm (ADVICE)"
            yield in_program("probing/verdicts.py", verdict, said)
