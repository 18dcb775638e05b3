"""What the tests of this folder are given."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.workers import Workers


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Workers]:
    """Starts Celery workers on the test's own database; whatever still runs is ended."""
    workers = Workers(tmp_path)
    yield workers
    workers.end()
