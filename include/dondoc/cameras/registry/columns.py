"""What the columns of a form must be called, and may hold, so that its rows become cameras."""

from collections.abc import Mapping

from dondoc.forms.spec import Kind
from dondoc.vocabulary.cameras import Condition, Link, Power
from dondoc.vocabulary.code import Code
from dondoc.vocabulary.submissions import Change

NEEDED: tuple[tuple[str, ...], ...] = (("name",), ("host",), ("site", "address"))  # one of each
KINDS: Mapping[str, Kind] = {
    "name": "text",
    "site": "text",
    "address": "text",
    "host": "host",
    "rtsp_port": "whole",
    "main_path": "path",
    "sub_path": "path",
    "channel": "whole",
    "status": "choice",
    "sharing": "choice",
    "link": "choice",
    "power": "choice",
}
# Codes by which the program decides something, of the columns that have them.
CODES: Mapping[str, frozenset[str]] = {
    "status": frozenset({Condition.NOT_INSTALLED}),
    "sharing": frozenset({"vms", "cloud", "none"}),
    "link": frozenset(link for link in Link if link.public),
    "change": frozenset(Change),
}
# Of these columns the program knows every code: what a form offers besides could be chosen, and not be kept.
CLOSED: Mapping[str, type[Code]] = {"status": Condition, "link": Link, "power": Power, "change": Change}
