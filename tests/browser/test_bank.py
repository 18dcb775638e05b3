"""The bank desk as a treasurer uses it: a statement in, what waits decided, and taken back."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from bank.models import Line
from coop.demo import build
from members.models import Member, User
from payments.services import prepaid_balance
from tests.bank.camt_file import Page as Told
from tests.bank.camt_file import camt, credit, debit
from tests.browser.test_look import Look, window_of
from tests.makers import reserve
from titles.models import Title

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHOTS = os.environ.get("COOP_SHOTS", "")
SIZES = ((1280, "light"), (1280, "dark"), (320, "light"), (320, "dark"))


@pytest.fixture(scope="module", autouse=True)
def orm_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; the queries here still run one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


def picture(page: Page, name: str) -> None:
    """Keep pictures of a page in the folder COOP_SHOTS, to be looked at."""
    if not SHOTS:
        return
    for width, theme in SIZES:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.screenshot(path=Path(SHOTS) / f"{name}-{width}-{theme}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 900})


def statement(tmp_path: Path) -> Path:
    """A statement with a purchase, money too little, a stranger's money and a fee."""
    today, pool = timezone.localdate(), Title.objects.earliest("number").pool
    dario = Member.objects.get(name="Dario Conti")
    charge = reserve(dario, pool, 3).charge
    chloe = reserve(Member.objects.get(name="Chloe Ferrer"), pool, 4).charge
    data = camt(
        Told(
            [
                credit(charge.amount, today, "T1", reference=charge.reference, name="Dario Conti"),
                credit(
                    chloe.amount - 50,
                    today,
                    "T2",
                    text=f"shares {chloe.reference}",
                    name="C. Ferrer",
                ),
                credit(2000, today, "T3", text="for the winter", name="Ben Fischer"),
                debit(490, today, "T4", text="Account fee", name="Valley Savings Bank"),
            ],
            "2026-11",
            300_000,
            today,
        )
    )
    path = tmp_path / "statement.xml"
    path.write_bytes(data)
    return path


def test_a_treasurer_takes_a_statement_in_and_decides_what_waits(
    live_server: LiveServer, browser: Browser, tmp_path: Path
) -> None:
    build.build()
    page = window_of(browser, live_server, User.objects.get(email="ana@example.org"))
    look, address = Look(page, live_server.url), live_server.url
    page.goto(f"{address}/stewardship/bank/")
    picture(page, "desk")
    page.get_by_role("link", name="Import a statement").click()
    picture(page, "upload")
    page.locator("input[type=file]").set_input_files(statement(tmp_path))
    page.get_by_role("button", name="Import").click()
    expect(page.locator("main")).to_contain_text("What became of the lines")
    picture(page, "file")
    assert Title.objects.latest("pk").member.name == "Dario Conti"
    strange = Line.objects.get(name="Ben Fischer", state=Line.State.UNKNOWN)
    partly = Line.objects.get(state=Line.State.PARTLY)
    page.goto(f"{address}/stewardship/bank/lines/{partly.pk}/")
    picture(page, "line")
    page.goto(f"{address}/stewardship/bank/lines/{strange.pk}/")
    page.get_by_role("link", name="Choose Put on a prepaid balance").click()
    ben = Member.objects.get(name="Ben Fischer")
    page.get_by_role("button", name="Book it").click()
    expect(page.locator("#errors")).to_contain_text("Member")
    page.get_by_label("Member").select_option(str(ben.pk))
    picture(page, "decide")
    page.get_by_role("button", name="Book it").click()
    expect(page.locator(".toasts")).to_contain_text("Decided")
    assert prepaid_balance(ben) == 2000
    page.get_by_role("link", name="Take it back").click()
    page.get_by_label("Reason").fill("It was Eva's")
    picture(page, "undo")
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator(".toasts")).to_contain_text("Taken back")
    assert prepaid_balance(ben) == 0
    for name in ("reconciliation", "statements", "lines", "tables"):
        page.goto(f"{address}/stewardship/bank/{name}/")
        picture(page, name)
    for path in paths(partly, strange):
        look.at(path)
    assert look.faults == []


def paths(partly: Line, strange: Line) -> list[str]:
    """One page of each kind that shows one thing."""
    base = "/stewardship/bank"
    first = f"{base}/lines/{partly.pk}"
    choices = ("charges", "prepaid", "refund", "in_books", "return", "not_ours", "fee")
    return [
        f"{base}/",
        f"{base}/files/{partly.statement.file_id}/",
        f"{base}/lines/?state=all",
        f"{base}/import/",
        f"{base}/reconciliation/",
        f"{base}/tables/",
        f"{first}/",
        f"{base}/lines/{strange.pk}/",
        *(f"{first}/{kind}/" for kind in choices),
    ]


def test_a_member_pays_ahead_and_pays_by_the_demonstration(
    live_server: LiveServer, browser: Browser
) -> None:
    build.build()
    eva = User.objects.get(email="eva@example.org")
    page = window_of(browser, live_server, eva)
    look = Look(page, live_server.url)
    page.goto(f"{live_server.url}/prepaid/")
    picture(page, "prepaid")
    page.get_by_label("Amount").fill("30")
    page.get_by_role("button", name="Show me how to pay").click()
    picture(page, "charge")
    page.get_by_role("link", name="Card (demonstration").click()
    expect(page.locator("main")).to_contain_text("no money moves")
    picture(page, "card")
    look.at(page.url.removeprefix(live_server.url))
    page.get_by_role("button", name="Pretend to pay").click()
    expect(page.locator(".toasts")).to_contain_text("No money moved")
    assert prepaid_balance(eva.member) == 8000
    look.at("/prepaid/")
    look.at("/prepaid/refund/")
    assert look.faults == []
