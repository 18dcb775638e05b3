"""Voting as people do it who use no mouse, no script, or large print."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from governance.models import Ballot
from governance.receipts.checking import check
from tests.browser.test_look import Look, orm_beside_playwright, window_of
from tests.governance.ballots.town import WAYS, answer, ended, opened
from tests.governance.votes import Town, make_town, open_motion

__all__ = ["orm_beside_playwright"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AT_200_PERCENT = {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2}
"""what a window of 1280 by 900 has left when its page is shown at twice the size"""
FOCUSED = "(name) => (document.activeElement.innerText || '').trim().startsWith(name)"
MOST_STEPS = 80


@pytest.fixture
def town() -> Town:
    return make_town()


@pytest.fixture
def window(browser: Browser, live_server: LiveServer, town: Town) -> Iterator[Page]:
    """Ana's window at twice the size."""
    page = window_of(browser, live_server, town.members["ana"].user, **AT_200_PERCENT)
    yield page
    page.context.close()


def tab_to(page: Page, *, label: str = "", name: str = "") -> None:
    """Press Tab until a button or link with this text, or the field of this label, has focus."""
    wanted = page.get_by_label(label, exact=True).first if label else None
    for _step in range(MOST_STEPS):
        page.keyboard.press("Tab")
        if wanted is not None and wanted.evaluate("e => e === document.activeElement"):
            return
        if wanted is None and page.evaluate(FOCUSED, name):
            return
    raise AssertionError(f"Tab never came to {label or name}")


def enter(page: Page) -> None:
    """Press Enter on what has the focus, and wait for the page it leads to."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def too_wide(page: Page) -> int:
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    return int(page.evaluate(wider))


def test_vote_revote_and_check_receipt_with_keyboard_only_at_200_percent(
    live_server: LiveServer, window: Page, town: Town
) -> None:
    vote = open_motion(town)
    window.goto(f"{live_server.url}/decisions/{vote.pk}/")
    tab_to(window, label="For")
    window.keyboard.press("Space")
    tab_to(window, name="Cast my vote")
    enter(window)
    assert window.locator("h1").inner_text() == "Your vote is on the board"
    assert too_wide(window) <= 0
    tab_to(window, name="Back to the proposal")
    enter(window)
    assert too_wide(window) <= 0
    tab_to(window, label="For")
    window.keyboard.press("ArrowDown")
    tab_to(window, name="Replace my vote")
    enter(window)
    assert [b.choices["users"] for b in Ballot.objects.order_by("index")] == ["for", "against"]
    assert "everything holds" in window.locator("#check h2").inner_text()
    tab_to(window, name="Download the receipt")
    with window.expect_download() as kept:
        window.keyboard.press("Enter")
    with open(kept.value.path()) as file:
        text = file.read()
    assert {line.state for line in check(json.loads(text))} == {"holds", "absent"}
    window.goto(f"{live_server.url}/decisions/receipts/check/")
    tab_to(window, label="or its text (optional)")
    window.keyboard.insert_text(text)
    tab_to(window, name="Check it")
    enter(window)
    assert window.locator("#check h2").inner_text() == "This receipt holds"


def test_ranked_ballot_without_script(
    live_server: LiveServer, browser: Browser, town: Town
) -> None:
    vote = opened(town, "ranked", *WAYS)
    ana = town.members["ana"].user
    page = window_of(browser, live_server, ana, java_script_enabled=False)
    page.goto(f"{live_server.url}/decisions/{vote.pk}/")
    for option in ("Lay fibre", "Build a second mast", "Build a second mast"):
        page.get_by_role("button", name=f"{option} up").click()
    page.get_by_label("Keep things as they are", exact=True).fill("9")
    page.get_by_role("button", name="Show in the order of my numbers").click()
    rows = [row.strip() for row in page.locator(".options label").all_inner_texts()]
    assert rows == [
        "Build a second mast", "Lay fibre", "Keep things as they are", "Fix the old mast",
    ]  # fmt: skip
    assert not Ballot.objects.exists()
    page.get_by_role("button", name="Cast my vote").click()
    assert page.locator("h1").inner_text() == "Your vote is on the board"
    assert Ballot.objects.get().choices["users"] == [["b"], ["c"], ["keep"]]
    page.context.close()


def test_a_ranking_is_moved_and_cast_with_keyboard_only(
    live_server: LiveServer, window: Page, town: Town
) -> None:
    vote = opened(town, "stv", "Ada", "Bo", "Cy", seats=2)
    window.goto(f"{live_server.url}/decisions/{vote.pk}/vote/")
    window.get_by_role("button", name="Cy up").focus()
    enter(window)
    tab_to(window, label="Ada")
    window.keyboard.type("2")
    enter(window)
    assert not Ballot.objects.exists()
    window.get_by_role("button", name="Ada up").focus()
    enter(window)
    assert window.evaluate("document.activeElement.ariaLabel") == "Ada up, now number 1"
    tab_to(window, name="Cast my vote")
    enter(window)
    assert Ballot.objects.get().choices["users"] == [["a"], ["c"]]
    assert too_wide(window) <= 0


def test_ballots_receipts_and_results_stand_up_to_axe(
    live_server: LiveServer, browser: Browser, town: Town
) -> None:
    votes = {kind: opened(town, kind, *WAYS) for kind in ("ranked", "approval", "score", "stv")}
    votes["consent"] = opened(town, "consent")
    done = {kind: opened(town, kind, *WAYS) for kind in ("ranked", "irv")}
    for vote in done.values():
        answer(town, vote, ana=[["b"], ["a"]], ben=[["a"]], chloe=[["c"], ["b"]])
        ended(vote)
    [cast] = answer(town, votes["ranked"], ana=[["b"]]).values()
    look = Look(window_of(browser, live_server, town.members["ana"].user), live_server.url)
    for vote in (*votes.values(), *done.values()):
        look.at(f"/decisions/{vote.pk}/")
    look.at(f"/decisions/{votes['ranked'].pk}/vote/")
    look.at(f"/decisions/{votes['ranked'].pk}/receipts/{cast.index}/")
    look.at(f"/decisions/{votes['ranked'].pk}/board/{cast.leaf}/")
    look.at("/decisions/receipts/check/")
    look.at("/decisions/new/resolution/")
    look.page.context.close()
    assert look.faults == []
