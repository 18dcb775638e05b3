"""A machine let in by keyboard alone, a file of batches by hand; and how the fleet's pages look."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from coop.demo import build
from members.models import User
from metering import services
from metering.models import Node
from tests.browser.test_look import Look, orm_beside_playwright, window_of
from tests.metering.machine import Machine

__all__ = ["orm_beside_playwright"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MOST_STEPS = 60


def reach(page: Page, name: str) -> None:
    """Go on with the tab key until what has this name has the focus."""
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        if name in page.evaluate(NAME_OF_FOCUS):
            return
    raise AssertionError(f"no way by keyboard to {name}")


NAME_OF_FOCUS = """() => {
  const at = document.activeElement;
  const label = at.labels && at.labels.length ? at.labels[0].textContent : "";
  return [label, at.getAttribute("aria-label") || "", at.textContent].join(" ");
}"""


def enter(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.timeout(600)
def test_a_machine_is_let_in_by_keyboard_and_its_batches_are_brought(
    live_server: LiveServer, browser: Browser, tmp_path: Path
) -> None:
    build.build()
    machine = Machine()
    code = services.start_enrolment(envelope=machine.request()).user_code
    ana = User.objects.get(email="ana@example.org")
    page = window_of(browser, live_server, ana)
    page.goto(f"{live_server.url}/nodes/")
    reach(page, "Let a node in")
    enter(page)
    assert "--server-key" in page.locator("main").inner_text()
    reach(page, "Code of the node")
    page.keyboard.type(f"{code[:4].lower()}-{code[4:].lower()}")
    enter(page)
    reach(page, "Name of the node")
    page.keyboard.press("Control+A")
    page.keyboard.type("garden")
    enter(page)
    assert "The node is in" in page.locator("h1").inner_text()
    machine.node = Node.objects.get(label="garden")
    looked = [page.url.removeprefix(live_server.url), *bring(page, live_server, machine, tmp_path)]
    assert walk_the_map(page, live_server)
    look = Look(page, live_server.url)
    for path in [*looked, *pages()]:
        look.at(path)
    page.context.close()
    assert look.faults == []


def bring(page: Page, server: LiveServer, machine: Machine, folder: Path) -> list[str]:
    """Hand in a file with a batch and a line that is none; the page of the answer."""
    file = folder / "garden.coopbatch"
    file.write_bytes(machine.inventory().as_json() + b"\nnothing\n")
    page.goto(f"{server.url}/nodes/upload/")
    page.get_by_label("File of batches").set_input_files(file)
    with page.expect_navigation():
        page.get_by_role("button", name="Hand it in").click()
    assert "2 envelopes out of garden.coopbatch" in page.locator("main").inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the receipts").click()
    assert download.value.suggested_filename == "garden.coopreceipts"
    return [page.url.removeprefix(server.url)]


def walk_the_map(page: Page, server: LiveServer) -> bool:
    """A node of the picture is reached by keyboard and leads to its page."""
    page.goto(f"{server.url}/nodes/map/")
    reach(page, "mill, suspect")
    enter(page)
    return page.locator("h1").inner_text() == "mill"


def pages() -> list[str]:
    """One page of each kind, in the states that look different."""
    at = {node.label: f"/nodes/{node.uuid}/" for node in Node.objects.all()}
    return [
        "/nodes/?state=eyes",
        "/nodes/?state=retired",
        *at.values(),
        f"{at['ridge']}batches/1/1/?record=3#record-3",
        f"{at['mill']}batches/1/31/",
        f"{at['mill']}decide/revoke/",
        f"{at['store']}decide/release/",
    ]
