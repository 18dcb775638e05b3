"""The whole site as `make run` starts it, and browsers that walk through it."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from coop.local import Services
from coop.local.places import PROJECT, find_places
from tests.conftest import remove

READY = "Ctrl-C ends it."
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Site:
    """A running site: its address, the data folder, and the means to run a command beside it."""

    address: str
    services: Services
    environment: dict[str, str] = field(default_factory=dict)

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`manage.py` with the data of the running site."""
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


def environment_of(services: Services) -> dict[str, str]:
    own = ("DATABASE_URL", "REDIS_URL", "PORT", "COOP_TEST_DB")
    kept = {name: value for name, value in os.environ.items() if name not in own}
    quick = {"COOP_AGENT_SECONDS": "2,4,8"}
    return {**kept, **quick, "COOP_DATA_DIR": str(services.places.home)}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """`manage.py runlocal` with the demo cooperative, in a fresh folder; ended at the end."""
    home = Path(tempfile.mkdtemp(prefix="coop-walk-"))
    home.chmod(0o755)
    services = Services(find_places(home))
    environment = environment_of(services)
    running = subprocess.Popen(
        [sys.executable, "-u", "manage.py", "runlocal"],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Site(address_of(running), services, environment)
    finally:
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=120)
        remove(services)


def address_of(running: subprocess.Popen[str]) -> str:
    """Where the site says it runs, once it is ready."""
    assert running.stdout is not None
    heard = ""
    for line in running.stdout:
        heard += line
        if READY in line:
            return heard.split("The site runs at ", 1)[1].split()[0]
    raise AssertionError(f"never ready:\n{heard}")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield launched
        launched.close()


@dataclass
class Person:
    """Somebody with a browser window of their own, logged in on this site."""

    page: Page
    site: Site

    def go(self, path: str) -> Page:
        """Open a page of the site; it must not be an error page."""
        answer = self.page.goto(f"{self.site.address}{path}")
        assert answer is not None
        assert answer.status < 400, f"{path}: {answer.status}"
        return self.page

    def press(self, name: str) -> None:
        """Press the one button or link with this name."""
        main = self.page.locator("main")
        found = main.get_by_role("button", name=name).or_(main.get_by_role("link", name=name))
        self.follow(found.first)

    def follow(self, found: Locator) -> None:
        """Click on what leads to another page, and wait for that page."""
        with self.page.expect_navigation():
            found.click()

    def reads(self, text: str) -> bool:
        """Whether the page says this."""
        return text in self.page.locator("main").inner_text()

    def log_in(self, email: str, password: str) -> "Person":
        """Sign in through the form."""
        self.go("/account/login/")
        self.page.locator("#id_login").fill(email)
        self.page.locator("#id_password").fill(password)
        self.press("Sign in")
        self.page.wait_for_url("**/overview/")
        return self


@pytest.fixture
def people(site: Site, browser: Browser) -> Iterator["Windows"]:
    """Opens windows for as many people as the story needs."""
    windows = Windows(site, browser)
    yield windows
    windows.close()


class Windows:
    """Browser windows with nothing in common."""

    def __init__(self, site: Site, browser: Browser) -> None:
        self.site, self.browser = site, browser
        self.open: list[Person] = []

    def somebody(self) -> Person:
        """A new window, not logged in, reading English."""
        context = self.browser.new_context(locale="en-GB", accept_downloads=True)
        context.set_default_timeout(30_000)
        self.open.append(Person(context.new_page(), self.site))
        return self.open[-1]

    def close(self) -> None:
        """Close them all."""
        for person in self.open:
            person.page.context.close()
