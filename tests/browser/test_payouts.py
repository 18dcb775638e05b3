"""The payouts desk in a browser: two treasurers, one file, and pages that everybody can read."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from members.models import User
from members.services import grant_role
from payments.models import Charge, Payout
from payments.services import give_mandate, remind
from tests.browser.test_look import Look, window_of
from tests.makers import charge_period, make_pool
from tests.payments.paying_out import THEIR_IBAN, approve, make_treasurer, owe, payee

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
RAISED = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def orm_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; the queries here still run one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


def overdue_with_mandate() -> Charge:
    """A charge of somebody with a mandate, with every step of reminding taken."""
    member = payee("Lena Sørensen")
    assert member.user is not None
    give_mandate(
        member=member, holder="Lena Sørensen", iban=THEIR_IBAN, bic="", consent="I agree.",
        language="en", actor=member.user,
    )  # fmt: skip
    with time_machine.travel(RAISED, tick=False):
        charge = charge_period(member, make_pool(), cost=2000, profit=500, code="2026-06")
    for days in (8, 22, 43):
        remind(today=charge.due + timedelta(days=days))
    return charge


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()
    page.wait_for_load_state()


def approve_in(page: Page, server: LiveServer, payout: Payout) -> None:
    page.goto(server.url + "/stewardship/payouts/")
    page.get_by_role("link", name="Look at it").first.click()
    page.wait_for_load_state()
    press(page, "Approve €123.45")
    assert "Your approval is noted." in page.locator("main").inner_text()


def test_two_treasurers_pay_out(
    live_server: LiveServer, browser: Browser, tmp_path: Path, settings: Any
) -> None:
    settings.COOP_CREDITOR_ID = "DE98ZZZ09999999999"
    payout = owe(payee("Paula Ferrer"))
    tomas, tania = make_treasurer("Tomas Weiß"), make_treasurer("Tania Ruiz")
    for user in (tomas, tania):
        page = window_of(browser, live_server, user)
        approve_in(page, live_server, payout)
        if user is tomas:
            assert page.get_by_role("button", name="Approve €123.45").count() == 0
            page.context.close()
    page.goto(live_server.url + "/stewardship/payouts/")
    page.get_by_role("link", name="Make the file").click()
    press(page, "Make the file")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the file").click()
    file = tmp_path / "file.xml"
    download.value.save_as(file)
    assert "<EndToEndId>PO" in file.read_text()
    payout.refresh_from_db()
    assert payout.state == Payout.State.ORDERED
    page.context.close()


def test_the_desks_and_own_pages_are_readable(
    live_server: LiveServer, browser: Browser, tmp_path: Path, settings: Any
) -> None:
    settings.COOP_CREDITOR_ID = "DE98ZZZ09999999999"
    charge = overdue_with_mandate()
    tomas, tania = make_treasurer("Tomas Weiß"), make_treasurer("Tania Ruiz")
    grant_role(user=tomas, name="steward", actor=None, source="founding")
    waiting = approve(owe(payee("Paula Ferrer")), tania)
    approve(owe(payee("Quirin Aydın"), 98_700), tomas, tania)
    member = charge.member.user
    assert member is not None
    desk = [
        "/stewardship/payouts/", f"/stewardship/payouts/{waiting.pk}/", "/stewardship/orders/",
        "/stewardship/orders/payments/", "/stewardship/orders/collections/",
        "/stewardship/reminders/", f"/stewardship/reminders/{charge.pk}/",
    ]  # fmt: skip
    own = [
        "/statement/", "/statement/account/", "/statement/mandate/", "/statement/payouts/",
        f"/statement/{charge.pk}/", f"/statement/{charge.pk}/dispute/",
    ]  # fmt: skip
    faults = look_at(live_server, browser, tomas, desk)
    faults += look_at(live_server, browser, tomas, made_in(live_server, browser, tomas))
    faults += look_at(live_server, browser, member, own)
    assert faults == []


def made_in(server: LiveServer, browser: Browser, user: User) -> list[str]:
    """The pages of a file of payouts and one of debits, made in a browser."""
    page, made = window_of(browser, server, user), []
    for kind in ("payments", "collections"):
        page.goto(f"{server.url}/stewardship/orders/{kind}/")
        press(page, "Make the file")
        assert "The file is made" in page.locator("main").inner_text()
        made.append(page.url.removeprefix(server.url))
    page.context.close()
    return made


def look_at(server: LiveServer, browser: Browser, user: User, paths: list[str]) -> list[str]:
    """What axe, the width and the console say of these pages, in both themes."""
    page = window_of(browser, server, user)
    look = Look(page, server.url)
    for path in paths:
        look.at(path)
    page.context.close()
    return look.faults
