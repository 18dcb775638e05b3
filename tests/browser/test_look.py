"""Every page as people meet it: both themes, wide and narrow, with and without script.

axe finds nothing, nothing is wider than the window, the browser has nothing to complain about.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
from pytest_django.live_server_helper import LiveServer

from coop.demo import build
from governance.models import Proposal
from governance.services import propose
from ledger.models import Account, Transaction
from members.models import Member, User
from metering.models import Dispute, LinkPair, Node
from payments.models import Charge
from tests.makers import reserve
from titles.models import Title
from tokens.models import Auction, Period, Voucher

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ELSEWHERE = ("admin/", "api/", "books/exports/download", "favicon.ico", "health/")
LOOKS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((1280, "light"), (320, "dark"))
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
AXE = Axe()


@pytest.fixture(scope="module", autouse=True)
def orm_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; the queries here still run one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture
def demo() -> None:
    """The demo cooperative, with a purchase that waits and a draft."""
    build.build()
    chloe = Member.objects.get(name="Chloe Ferrer")
    pool = Title.objects.earliest("number").pool
    reserve(chloe, pool, 3)
    propose(
        title="Buy a second mast?",
        text="The ridge is in the shade of the hill.",
        action="resolution",
        payload={},
        member=chloe,
        actor=chloe.user,
    )


def pages_for(user: User | None) -> list[str]:
    """The paths at which this reader gets a page; downloads and forms' targets left out."""
    client = signed_in(user)
    found = [f"/{path}" for path in sorted(set(paths_in(get_resolver().url_patterns, "")))]
    paths = [path for path in found if not path[1:].startswith(ELSEWHERE)]
    return [path for path in paths if is_page(client, path)]


def signed_in(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def is_page(client: Client, path: str) -> bool:
    answer = client.get(path)
    if answer.streaming:
        answer.getvalue()  # a file is closed once it was read
    kind = answer.headers.get("Content-Type", "")
    return answer.status_code != 405 and kind.startswith("text/html")


def paths_in(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from paths_in(pattern.url_patterns, path)
        elif not set(path) & set("<^"):
            yield path


def paths_with_something() -> list[str]:
    """One page of each kind that shows one thing."""
    title, period = Title.objects.earliest("number"), Period.objects.latest("start")
    subscription = Charge.objects.get(kind=Charge.Kind.SUBSCRIPTION).subscription
    return [
        f"/books/accounts/{Account.objects.earliest('pk').pk}/",
        f"/books/commodities/{Account.objects.earliest('pk').commodity_id}/",
        f"/books/transactions/{Transaction.objects.earliest('pk').pk}/",
        f"/books/log/transactions/{Transaction.objects.earliest('pk').pk}/",
        f"/verify/{title.number}/",
        f"/buy-in/{title.pool.code}/",
        f"/purchases/{subscription.pk}/",
        f"/statement/{subscription.charge_id}/",
        *(f"/decisions/{vote.pk}/" for vote in Proposal.objects.all()),
        *(f"/decisions/{vote.pk}/vote/" for vote in Proposal.objects.filter(state="open")),
        f"/decisions/{Proposal.objects.latest('pk').pk}/publish/",
        f"/decisions/{Proposal.objects.latest('pk').pk}/versions/",
        f"/decisions/{Proposal.objects.earliest('pk').pk}/discussion/",
        f"/decisions/{Proposal.objects.earliest('pk').pk}/discussion/trace/",
        "/decisions/new/set_posted_price/",
        "/decisions/new/approve_budget/",
        "/decisions/new/value_contribution/",
        "/decisions/new/write_off_debt/",
        "/redemptions/pool/backbone/",
        "/leave/review/?plan_backbone=redeem&plan_storage=pass_on",
        "/stewardship/exits/pool/backbone/",
        "/decisions/new/admit_member/",
        "/decisions/new/expel_member/",
        "/decisions/new/confirm_quarantine/",
        "/decisions/new/set_price_rule/",
        "/decisions/new/change_bylaws/",
        "/decisions/new/retire_asset/",
        "/decisions/new/grant_office/",
        "/decisions/new/elect_auditors/",
        "/offices/steward/petitions/1/new/",
        "/offices/steward/step-down/",
        "/bylaws/versions/2026-06/",
        *files_of_members(),
        f"/stewardship/payments/{subscription.charge_id}/",
        f"/stewardship/periods/{period.code}/",
        f"/stewardship/periods/{period.code}/settle/",
        f"/stewardship/periods/{period.code}/whole/",
        f"/statement/{Charge.objects.filter(kind='period').earliest('pk').pk}/derivation/",
        *(f"/market/auctions/{auction.pk}/" for auction in Auction.objects.all()),
        f"/market/auctions/{Auction.objects.get(key='demo:standing').pk}/bid/?amount=9&price=0.9",
        f"/market/auctions/{Auction.objects.get(key='demo:standing').pk}/ask/?amount=9",
        f"/stewardship/market/{Auction.objects.get(key='demo:standing').pk}/",
        f"/tokens/vouchers/{Voucher.objects.get().uuid}/",
        "/me/vouching/3/",
        "/me/vouching/3/vouch/?days=30",
        f"/me/keys/new/?public_key={'ab' * 32}",
        f"/stewardship/register/{Member.objects.get(number=3).pk}/key/",
        "/usage/?period=" + Period.objects.filter(state="closed").latest("start").code,
        "/usage/dispute/?pool=backbone&resource=bandwidth&day=2026-06-01",
        "/stewardship/usage/3/",
        f"/stewardship/disputes/{Dispute.objects.filter(answered_at=None).earliest('pk').pk}/",
        *(f"/nodes/links/{pair.pk}/" for pair in LinkPair.objects.all()),
        *(f"/usage/disputes/{row.pk}/" for row in Dispute.objects.exclude(link=None)),
        *(f"/nodes/{node.uuid}/" for node in Node.objects.all()),
        f"/nodes/{Node.objects.get(label='ridge').uuid}/batches/1/2/",
        f"/nodes/{Node.objects.get(label='ridge').uuid}/decide/retire/",
        "/nowhere/",
    ]


def files_of_members() -> list[str]:
    """A member's file with every form on it, and an application."""
    ben, waiting = Member.objects.get(number=2), Member.objects.get(number=None)
    forms = ("", "state/", "particulars/", "contact/", "office/", "link/", "representative/")
    return [
        *(f"/stewardship/register/{ben.pk}/{form}" for form in forms),
        f"/stewardship/register/{waiting.pk}/",
        f"/stewardship/applications/{waiting.pk}/admit/",
        f"/stewardship/applications/{waiting.pk}/refuse/",
    ]


@dataclass
class Look:
    """One window on the site, and what was wrong with what it showed."""

    page: Page
    address: str
    faults: list[str] = field(default_factory=list)

    def at(self, path: str) -> None:
        """Open a page, and look at it wide in light and narrow in dark."""
        heard: list[str] = []
        # A page that is told in its address what to show refuses to be asked without.
        quiet = ("status of 40",) if "?" in path else ("status of 40", "status of 422")

        def listen(message: ConsoleMessage) -> None:
            expected = any(words in message.text for words in quiet)
            if message.type in ("error", "warning") and not expected:
                heard.append(message.text)

        self.page.on("console", listen)
        self.page.goto(self.address + path)
        for width, theme in LOOKS:
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.emulate_media(color_scheme=theme)
            seen = f"{path} {width} {theme}"
            self.faults += [f"{seen}: {fault}" for fault in self.faults_now()]
        self.faults += [f"{path}: {text}" for text in heard]
        self.page.remove_listener("console", listen)

    def faults_now(self) -> Iterator[str]:
        wider = self.page.evaluate(WIDER)
        if wider > 0:
            yield f"{wider} pixels too wide"
        for violation in AXE.run(self.page).response["violations"]:
            yield f"{violation['id']}: {violation['nodes'][0]['html'][:200]}"


def window_of(browser: Browser, server: LiveServer, user: User | None, **how: object) -> Page:
    """A window in which this user is signed in."""
    context: BrowserContext = browser.new_context(**how)  # type: ignore[arg-type]
    context.set_default_timeout(60_000)
    if user is not None:
        cookie = signed_in(user).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": server.url}])
    return context.new_page()


@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("email", ["ana@example.org", "farid@example.org", ""])
@pytest.mark.usefixtures("demo")
def test_every_page_stands_up_to_axe_and_fits_its_window(
    live_server: LiveServer, browser: Browser, email: str, half: int
) -> None:
    """Every second page in each of two tests: all of them in one would take ten minutes."""
    user = User.objects.filter(email=email).first()
    page = window_of(browser, live_server, user)
    look = Look(page, live_server.url)
    more = paths_with_something() if email.startswith("ana") else []
    for path in [*pages_for(user), *more][half::2]:
        look.at(path)
    page.context.close()
    assert look.faults == []


@pytest.mark.usefixtures("demo")
def test_pages_are_whole_without_script(live_server: LiveServer, browser: Browser) -> None:
    steward = User.objects.get(email="ana@example.org")
    page = window_of(browser, live_server, steward, java_script_enabled=False)
    for path in [*pages_for(steward), *paths_with_something()]:
        page.goto(live_server.url + path)
        assert page.locator("main h1").count() == 1, path
        assert page.locator("[hx-post]:not(form)").count() == 0, path
    page.context.close()


@pytest.mark.usefixtures("demo")
def test_theme_and_language_are_chosen_without_script(
    live_server: LiveServer, browser: Browser
) -> None:
    page = window_of(browser, live_server, None, java_script_enabled=False, locale="en-GB")
    page.goto(live_server.url + "/books/")
    page.locator("summary").first.click()
    page.get_by_role("button", name="Dark").click()
    page.locator("summary").first.click()
    page.get_by_role("button", name="Deutsch").click()
    assert page.url == live_server.url + "/books/"
    assert page.locator("html[lang=de][data-theme=dark]").count() == 1
    assert page.locator("h1").inner_text() == "Die Bücher"
    page.context.close()
