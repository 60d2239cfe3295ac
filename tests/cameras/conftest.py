"""One fleet of simulated cameras for the whole room."""

from collections.abc import Iterator

import pytest

from dondoc.demo.fleet import Fleet


@pytest.fixture(scope="session")
def fleet() -> Iterator[Fleet]:
    with Fleet() as made:
        yield made
