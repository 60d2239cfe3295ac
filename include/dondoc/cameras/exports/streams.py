"""Streams that were seen working, under names that every tool can bear."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

import yaml


@dataclass(frozen=True)
class Stream:
    """One verified stream.

    `name`: lower-case letters and digits only, so that it can also be a part of an environment variable.
    `url`: without user info. `login`: stands for user and password in variables; None: the camera asks for none.
    """

    name: str
    label: str
    url: str
    login: str | None = None
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Stream({self.name})"

    @property
    def with_password(self) -> str:
        """The address as a video server wants it, user and password percent-encoded."""
        if self.login is None:
            return self.url
        return self.with_login(quote(self.user, safe=""), quote(self.password, safe=""))

    def with_login(self, user: str, password: str) -> str:
        """The address with these two put in as they are."""
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{user}:{password}@{rest}"


def name_of(camera: int) -> str:
    """`cam00017`: what people call CAM-00017."""
    return f"cam{camera:05}"


def commented(entries: Iterable[tuple[Stream, object]]) -> str:
    """YAML of a mapping by stream name, indented, each entry under a comment with the camera's label."""
    lines = []
    for stream, value in entries:
        lines.append(f"  # {plain(stream.label)}")
        text = yaml.safe_dump({stream.name: value}, sort_keys=False, width=10_000)
        lines += [f"  {line}" for line in text.splitlines()]
    return "\n".join(lines) + "\n" if lines else "  {}\n"


def plain(text: str) -> str:
    """Any text, fit for a comment: one line, nothing that a tool would take for a variable."""
    return " ".join(re.sub(r"[^\w .,;:()/+-]", " ", text).split())


def head(lines: Iterable[str]) -> str:
    """Comment lines at the top of a file."""
    return "".join(f"# {line}\n" for line in lines)
