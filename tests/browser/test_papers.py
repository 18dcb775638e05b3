"""Titles, their checking, and moving a register, as people meet them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from members.models import Role, User
from members.services import grant_role
from tests.browser.test_look import LOOKS, Look, window_of
from tests.makers import make_cooperative, make_member
from titles.exchange import files as sets

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
EXAMPLE = Path(__file__).parents[2] / "docs" / "moving-in"


@pytest.fixture(scope="module", autouse=True)
def orm_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; the queries here still run one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


def steward() -> User:
    make_cooperative()
    ana = make_member("Ana Serra")
    assert ana.user is not None
    grant_role(user=ana.user, name=Role.Name.STEWARD, actor=None, source="founding")
    return ana.user


def kept(page: Page, name: str) -> None:
    """A picture for whoever looks: COOP_LOOK names the folder."""
    folder = os.environ.get("COOP_LOOK")
    for width, theme in LOOKS if folder else ():
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)


def test_a_register_moves_in_and_its_titles_can_be_checked(
    live_server: LiveServer, browser: Browser, tmp_path: Path
) -> None:
    user, files = steward(), sets.from_folder(EXAMPLE)
    page = window_of(browser, live_server, user)
    look = Look(page, live_server.url)
    look.at("/stewardship/register/moving/")
    kept(page, "moving")
    wrong = {**files, "titles.csv": files["titles.csv"].replace(b"70,700.00", b"70,701.00")}
    (tmp_path / "wrong.zip").write_bytes(sets.to_zip(wrong))
    (tmp_path / "right.zip").write_bytes(sets.to_zip(files))
    choose(page, tmp_path / "wrong.zip", "Look at the files")
    assert "titles.csv:6" in page.locator("main").inner_text()
    seen(look, "mistakes")
    page.goto(f"{live_server.url}/stewardship/register/moving/")
    choose(page, tmp_path / "right.zip", "Look at the files")
    seen(look, "whole")
    choose(page, tmp_path / "right.zip", "Move the register in")
    assert "The register has moved in." in page.locator("main").inner_text()
    for path in ("/titles/6/", "/verify/2/", "/verify/6/", "/verify/7/", "/titles/"):
        look.at(path)
        kept(page, path.strip("/").replace("/", "-"))
    assert look.faults == []
    page.goto(f"{live_server.url}/verify/2/")
    page.get_by_role("link", name="No. 0006").click()
    assert page.url.endswith("/verify/6/")
    page.context.close()


def choose(page: Page, file: Path, button: str) -> None:
    page.locator("input[type=file]").set_input_files(file)
    with page.expect_navigation():
        page.get_by_role("button", name=button).click()


def seen(look: Look, name: str) -> None:
    """Look at the answer to a form, which has no address of its own."""
    for width, theme in LOOKS:
        look.page.set_viewport_size({"width": width, "height": 900})
        look.page.emulate_media(color_scheme=theme)
        look.faults += [f"{name} {width}: {fault}" for fault in look.faults_now()]
    kept(look.page, name)


def test_moving_needs_no_script(live_server: LiveServer, browser: Browser, tmp_path: Path) -> None:
    user = steward()
    (tmp_path / "right.zip").write_bytes(sets.to_zip(sets.from_folder(EXAMPLE)))
    page = window_of(browser, live_server, user, java_script_enabled=False)
    page.goto(f"{live_server.url}/stewardship/register/moving/")
    choose(page, tmp_path / "right.zip", "Look at the files")
    choose(page, tmp_path / "right.zip", "Move the register in")
    assert "moved in on" in page.locator("main").inner_text()
    page.context.close()
