"""Read the sources: the drop folder and the mailbox. A source is told only after its item is durable here."""

from dondoc.intake.sources.folder import read_folder
from dondoc.intake.sources.mailbox import DONE, read_mailbox
from dondoc.intake.sources.source import TOO_LARGE, SourceResult

__all__ = ["DONE", "TOO_LARGE", "SourceResult", "read_folder", "read_mailbox"]
