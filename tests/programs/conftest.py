"""Real programs, each in its own place; skipped, with the reason, where one cannot run."""

from collections.abc import Iterator

import pytest

from tests.programs.places import Place, namespace


@pytest.fixture
def place() -> Iterator[Place]:
    """A network namespace without a way out."""
    with namespace() as made:
        yield made


@pytest.fixture
def here() -> Iterator[Place]:
    """This machine's own network: for programs that are told to use its loopback only."""
    made = Place()
    yield made
    made.end()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """No program is waited for longer than a minute, where a test does not say otherwise."""
    for item in items:
        mine = "tests/programs/" in item.path.as_posix()
        if mine and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(60))
