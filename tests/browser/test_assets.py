"""The register of assets in a browser: what a visitor finds, and a thing's life by a steward."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from assets.models import Asset, AssetFile
from coop.demo import build
from members.models import User
from tests.assets.things import picture
from tests.browser.test_look import Look, window_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module", autouse=True)
def orm_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; the queries here still run one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture
def demo() -> None:
    """The demo cooperative."""
    build.build()


def press(page: Page, name: str) -> None:
    """Press the first button or link of this name, and wait for the page behind it."""
    main = page.locator("main")
    found = main.get_by_role("button", name=name).or_(main.get_by_role("link", name=name))
    with page.expect_navigation():
        found.first.click()


def said(page: Page) -> str:
    return page.locator("main").inner_text()


@pytest.mark.usefixtures("demo")
def test_the_register_as_a_visitor_and_as_a_steward(
    live_server: LiveServer, browser: Browser, tmp_path: Path
) -> None:
    visitor = window_of(browser, live_server, None)
    visitor.goto(f"{live_server.url}/assets/")
    visitor.get_by_label("Type").select_option("router")
    press(visitor, "Show")
    assert "Core router" in said(visitor) and "Ridge mast" not in said(visitor)
    press(visitor, "Core router")
    assert "a member" in said(visitor)
    assert "Eva" not in said(visitor) and "RB5009-77" not in said(visitor)
    lived_through(live_server, browser, tmp_path)
    looked_at(live_server, browser)


def lived_through(live_server: LiveServer, browser: Browser, tmp_path: Path) -> None:
    """A steward registers a thing, lets it serve, photographs it, sees it fail and ends it."""
    page = window_of(browser, live_server, User.objects.get(email="ana@example.org"))
    page.goto(f"{live_server.url}/assets/")
    press(page, "Register an asset")
    page.get_by_label("Pool").select_option(label="Valley backbone")
    for label, value in (
        ("Name", "Hill repeater"),
        ("Type", "radio"),
        ("Cost", "120.00"),
        ("Place", "Hill"),
        ("Ordered on", timezone.localdate().isoformat()),
    ):
        page.get_by_label(label, exact=False).first.fill(value)
    press(page, "Register it")
    assert "ordered" in said(page)
    press(page, "Take it into its pool")
    page.get_by_label("a grant or what members gave").check()
    press(page, "Take it into the pool")
    press(page, "Put it in service")
    page.get_by_label("Bandwidth").fill("50")
    press(page, "Put it in service")
    assert "50" in said(page)
    photo = tmp_path / "front.jpg"
    photo.write_bytes(picture())
    press(page, "Add a photo or paper")
    page.get_by_label("File").set_input_files(str(photo))
    press(page, "Add the file")
    press(page, "Report a fault")
    page.get_by_label("Reason").fill("Lightning")
    page.get_by_label("Bandwidth").fill("50")
    press(page, "Report the fault")
    assert "It stands as faulty" in said(page)
    press(page, "End it")
    page.get_by_label("lost: stolen").check()
    page.get_by_label("Reason").fill("Burnt")
    press(page, "End it")
    assert "lost" in said(page) and "Burnt" in said(page)
    thing = Asset.objects.get(name="Hill repeater")
    assert (thing.state, AssetFile.objects.filter(asset=thing).count()) == ("lost", 1)
    page.context.close()


def looked_at(live_server: LiveServer, browser: Browser) -> None:
    """axe finds nothing on any page of the room, wide and narrow, light and dark."""
    mast = Asset.objects.get(serial="RM-2024-01")
    router = Asset.objects.get(serial="RB5009-77")
    own = [f"/assets/{mast.pk}/{name}/" for name in ("upkeep", "keep", "attach", "end", "label")]
    pages = {
        "ana@example.org": [
            "/assets/",
            "/assets/new/",
            "/assets/labels/",
            "/assets/import/",
            "/assets/on/",
            f"/assets/{mast.pk}/",
            f"/assets/files/{mast.files.earliest('pk').pk}/remove/",
            *own,
        ],
        "ben@example.org": ["/assets/mine/"],
        "": ["/assets/", f"/assets/{router.pk}/", "/assets/?state=lost"],
    }
    faults = []
    for email, paths in pages.items():
        page = window_of(browser, live_server, User.objects.filter(email=email).first())
        look = Look(page, live_server.url)
        for path in paths:
            look.at(path)
        faults += [f"{email} {fault}" for fault in look.faults]
        page.context.close()
    assert faults == []
