"""The lists of packages are taken by the pip that a new venv of any supported Python brings along."""

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LISTS = ("requirements", "requirements-dev")
Spelling = tuple[str, frozenset[str]]  # a package, and the extras that somebody asks for it with


def pins(name: str) -> dict[Spelling, str]:
    """Of each package as it is spelled, what is pinned of it, with its hashes."""
    blocks = (ROOT / f"{name}.txt").read_text().replace("\\\n", " ").splitlines()
    return {spelling(Requirement(block.partition(" --hash")[0])): block for block in blocks}


def spelling(requirement: Requirement) -> Spelling:
    return canonicalize_name(requirement.name), frozenset(requirement.extras)


def asked_for(name: str) -> Iterator[Spelling]:
    """What pip meets on its way from a list: each package as another one spells it, in this environment."""
    lines = [line.partition("#")[0].strip() for line in (ROOT / f"{name}.in").read_text().splitlines()]
    todo = [Requirement(line) for line in lines if line and not line.startswith("-c")]
    seen: set[Spelling] = set()
    while todo:
        if (found := spelling(todo.pop())) in seen:
            continue
        seen.add(found)
        yield found
        try:
            below = [Requirement(line) for line in requires(found[0]) or []]
        except PackageNotFoundError:  # of another Python or system
            continue
        extras = [{"extra": extra} for extra in ("", *found[1])]
        todo += [r for r in below if not r.marker or any(r.marker.evaluate(extra) for extra in extras)]


@pytest.mark.parametrize("name", LISTS)
def test_everything_is_pinned_with_hashes(name: str) -> None:
    for block in pins(name).values():
        assert re.fullmatch(r"\S+==\S+( ; [^#]*?)?( +--hash=sha256:[0-9a-f]{64})+", block), block


@pytest.mark.parametrize("name", LISTS)
def test_what_one_package_asks_of_another_is_pinned_as_it_spells_it(name: str) -> None:
    """`fastapi` and `fastapi[standard]` are two packages to the pip of Python 3.11: it takes no unpinned one."""
    asked = set(asked_for(name))
    assert len(asked) > 10
    assert asked - set(pins(name)) == set(), "run: make lock"


def test_both_lists_pin_the_same_versions() -> None:
    both = [{name: block.split("==")[1].split()[0] for (name, _), block in pins(each).items()} for each in LISTS]
    assert {name for name in both[0].keys() & both[1].keys() if both[0][name] != both[1][name]} == set()
