"""A running stand-in for the site, and a node in a folder of its own."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from coop_agent.enrolment import Claim, Enrolment
from coop_agent.files import private_folder
from coop_agent.store import Store
from coop_agent.wire import Site
from tests.agent.site import RunningSite


@pytest.fixture
def running() -> Iterator[RunningSite]:
    server = RunningSite()
    yield server
    server.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return private_folder(tmp_path / "state")


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    opened = Store.opened(folder)
    yield opened
    opened.close()


@pytest.fixture
def enrolled(running: RunningSite, folder: Path, store: Store) -> Store:
    claims: list[Claim] = []
    Enrolment(folder, store, Site(running.url), threading.Event(), claims.append).run()
    assert [claim.user_code for claim in claims] == ["BCDF-GHJK"]
    return store
