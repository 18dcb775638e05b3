"""One throw-away PostgreSQL and Redis for the whole test run, shared by its processes.

With DATABASE_URL and REDIS_URL set, those servers are used instead and left running.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from coop.local import Services
from coop.local.places import find_places
from coop.local.process import is_alive, only_one, read_pid

PREFIX = "coop-test-"
PLAYS = ("test_scenarios_", "test_model_agrees")
NEAR_MIDNIGHT = timedelta(seconds=15)
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

os.environ["DJANGO_SETTINGS_MODULE"] = "coop.settings"
os.environ.setdefault("COOP_NODE_REQUESTS", "1000000")  # a test of the limit sets its own
hypothesis_settings.register_profile("coop", deadline=None)
hypothesis_settings.load_profile("coop")


def throw_away_services() -> Services | None:
    """Services in a fresh folder, named in the environment; None where servers are given."""
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return None
    home = Path(tempfile.mkdtemp(prefix=PREFIX))
    home.chmod(0o755)
    (home / "owner").write_text(str(os.getpid()))
    (home / "static").mkdir()
    services = Services(find_places(home), durable=False)
    os.environ["COOP_DATA_DIR"] = str(home)
    os.environ["DATABASE_URL"] = services.postgres.url
    os.environ["REDIS_URL"] = services.redis.url
    return services


SERVICES = throw_away_services()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the servers before a worker process or a test wants them."""
    if SERVICES and not session.config.option.collectonly:
        remove_leftovers()
        SERVICES.start()


def pytest_unconfigure() -> None:
    """End the servers of this run and remove their folder."""
    if SERVICES:
        remove(SERVICES)


def remove(services: Services) -> None:
    """Stop the services and delete all that they wrote."""
    services.stop()
    for folder in (services.places.sockets, services.places.state, services.places.home):
        shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers() -> None:
    """Remove what test runs that were killed have left behind."""
    for home in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = read_pid(home / "owner") if os.access(home, os.W_OK) else None
        if owner is not None and not is_alive(owner):
            remove(Services(find_places(home)))


def pytest_configure() -> None:
    """Settings that only tests have."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["tests.fast_hasher.FastArgon2"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture(scope="session", autouse=True)
def flush_past_the_triggers() -> Iterator[None]:
    """Empty the tables after a transactional test, although the books refuse TRUNCATE."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    flush = DatabaseOperations.execute_sql_flush

    def flush_as_replica(self: DatabaseOperations, sql_list: list[str]) -> None:
        flush(self, ["SET LOCAL session_replication_role = replica;", *sql_list])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", flush_as_replica)
        yield


def chromium_path() -> str | None:
    """A Chromium on this machine: COOP_CHROMIUM, or the first on the PATH."""
    given = os.environ.get("COOP_CHROMIUM")
    return given or next(filter(None, map(shutil.which, CHROMIUM)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the browser tests, saying so, where there is no browser."""
    if chromium_path():
        return
    no_browser = pytest.mark.skip(reason="no Chromium here: apt-get install chromium")
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(no_browser)


@pytest.fixture(autouse=True)
def each_in_english() -> Iterator[None]:
    """A page that one test reads in German leaves its language to no other test."""
    from django.conf import settings
    from django.utils import translation

    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture(autouse=True)
def today_is_today(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that goes over midnight keeps no TODAY of a module from the day it began on."""
    from django.utils import timezone

    if isinstance(getattr(request.module, "TODAY", None), date):
        now = timezone.localtime()
        if (now + NEAR_MIDNIGHT).date() > now.date():
            time.sleep(NEAR_MIDNIGHT.total_seconds())
        monkeypatch.setattr(request.module, "TODAY", timezone.localdate())


@pytest.fixture(autouse=True)
def one_play_at_a_time(request: pytest.FixtureRequest) -> Iterator[None]:
    """A play counts the databases it leaves behind: no other process of this run plays then."""
    if not request.path.name.startswith(PLAYS):
        yield
        return
    with only_one(Path(os.environ.get("COOP_DATA_DIR") or tempfile.gettempdir()) / "plays.lock"):
        yield


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser to give to Playwright."""
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    return path
