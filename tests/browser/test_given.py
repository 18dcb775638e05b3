"""Lending, returning and taking out, as a member does it in a browser; and how the pages look."""

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from coop.demo import build
from members.models import User
from tests.browser.test_look import Look, orm_beside_playwright, window_of
from tokens.models import Loan, Voucher

__all__ = ["orm_beside_playwright"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def window(browser: Browser, server: LiveServer, name: str) -> Page:
    return window_of(browser, server, User.objects.get(email=f"{name}@example.org"))


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name=name).first.click()


@pytest.mark.timeout(600)
def test_a_loan_goes_and_returns_and_a_voucher_is_taken_out(
    live_server: LiveServer, browser: Browser
) -> None:
    build.build()
    ana, dario = window(browser, live_server, "ana"), window(browser, live_server, "dario")
    ana.goto(f"{live_server.url}/tokens/lend/")
    ana.get_by_label("How much").fill("12.5")
    ana.get_by_label("To member number").fill("4")
    press(ana, "Offer the loan")
    dario.goto(f"{live_server.url}/tokens/")
    assert "lends you 12.5 GB" in dario.locator("main").inner_text()
    press(dario, "Accept the loan")
    press(dario, "Give back")
    loan = Loan.objects.latest("pk")
    assert (loan.state, loan.returned) == ("back", 12_500)
    ana.goto(f"{live_server.url}/tokens/vouchers/new/")
    ana.get_by_label("How much").fill("3")
    press(ana, "Take it out")
    voucher = Voucher.objects.latest("pk")
    assert ana.url == f"{live_server.url}/tokens/vouchers/{voucher.uuid}/"
    with ana.expect_download() as download:
        ana.get_by_role("link", name="Download the voucher").click()
    assert download.value.suggested_filename.startswith("voucher-")
    assert look_at(ana, live_server, voucher) == []
    press(ana, "Give it back")
    voucher.refresh_from_db()
    assert voucher.state == "back"


def look_at(page: Page, server: LiveServer, voucher: Voucher) -> list[str]:
    """What is wrong with my pages, wide and narrow, in both themes."""
    look = Look(page, server.url)
    here = page.url
    for path in (
        "/tokens/",
        "/tokens/lend/",
        "/tokens/history/",
        "/tokens/vouchers/new/",
        f"/tokens/vouchers/{voucher.uuid}/",
        "/stewardship/gifts/",
        "/nodes/vouchers/",
    ):
        look.at(path)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(here)
    return look.faults
