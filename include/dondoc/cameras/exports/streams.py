"""Streams of cameras that were seen working, under names that every tool can bear."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import quote

import yaml

from dondoc.cameras.registry.hiding import public


@dataclass(frozen=True)
class Stream:
    """One stream of a camera.

    `name`: lower-case letters and digits only, so that it can also be a part of an environment variable.
    `url`: without user info. `login`: stands for user and password in variables; None: the camera asks for none.
    `role`: main or sub, "" where nobody knows. `checked`: it is the one that was looked at.
    """

    name: str
    label: str
    url: str
    login: str | None = None
    user: str = ""
    password: str = ""
    role: Literal["", "main", "sub"] = ""
    checked: bool = True
    camera: int = 0

    @property
    def said(self) -> str:
        """The label, with which stream it is and whether it was looked at."""
        which = {"main": "luồng chính", "sub": "luồng phụ", "": ""}[self.role]
        seen = "" if self.checked else "CHƯA kiểm tra"
        words = ", ".join(filter(None, (which, seen)))
        return f"{self.label} ({words})" if words else self.label

    def __repr__(self) -> str:
        return f"Stream({self.name})"

    @property
    def secret(self) -> bool:
        """Whether a password goes with it: a login, or one that its address itself may hold."""
        return self.login is not None or public(self.url) != self.url

    @property
    def hidden(self) -> "Stream":
        """Without what is hidden of its address."""
        return replace(self, url=public(self.url))

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


def unasked(url: str) -> str:
    """Cameras sign their certificates themselves: rtspx is go2rtc's word for not asking who signed, as we do not."""
    return f"rtspx://{url.removeprefix('rtsps://')}" if url.startswith("rtsps://") else url


def name_of(camera: int) -> str:
    """`cam00017`: what people call CAM-00017."""
    return f"cam{camera:05}"


def commented(entries: Iterable[tuple[Stream, object]]) -> str:
    """YAML of a mapping by stream name, indented, each entry under a comment with the camera's label."""
    lines = []
    for stream, value in entries:
        lines.append(f"  # {plain(stream.said)}")
        text = yaml.safe_dump({stream.name: value}, sort_keys=False, width=10_000)
        lines += [f"  {line}" for line in text.splitlines()]
    return "\n".join(lines) + "\n" if lines else "  {}\n"


def plain(text: str) -> str:
    """Any text, fit for a comment: one line, nothing that a tool would take for a variable."""
    return " ".join(re.sub(r"[^\w .,;:()/+-]", " ", text).split())


def head(lines: Iterable[str]) -> str:
    """Comment lines at the top of a file."""
    return "".join(f"# {line}\n" for line in lines)
