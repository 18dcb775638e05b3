"""The main job in a browser: from buying a share to a signed reading to a new co-owner.

The site runs as `make run` starts it: web server, worker, beat, PostgreSQL, Redis and a node
agent that reads this machine's counters. The traffic is real and stays on the loopback.
"""

import re
import socket
import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from coop.demo.cast import PASSWORD
from tests.browser.conftest import Person, Site, Windows

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]
GRETA = "greta@example.org"
GRETAS_PASSWORD = "mast on the ridge"
BYTES = 3_600_000_000


def wait_for(what: str, ready: Callable[[], bool], seconds: int = 120) -> None:
    """Look again and again until it is so."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, f"waited {seconds} s for: {what}"
        time.sleep(1)


def send_through_loopback(amount: int) -> None:
    """Send so many bytes from this process to itself over TCP on 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drain() -> None:
            connection, _ = server.accept()
            with connection:
                while connection.recv(1 << 20):
                    pass

        reader = threading.Thread(target=drain)
        reader.start()
        with socket.create_connection(server.getsockname()) as sender:
            chunk, left = bytes(1 << 20), amount
            while left > 0:
                sender.sendall(chunk[:left])
                left -= len(chunk)
        reader.join()


def join(greta: Person, ana: Person) -> None:
    """1. A visitor registers and applies; a steward admits them."""
    page = greta.go("/account/signup/")
    page.locator("#id_email").fill(GRETA)
    page.locator("#id_password1").fill(GRETAS_PASSWORD)
    greta.press("Open my account")
    page = greta.go("/join/")
    page.get_by_label("Name").fill("Greta Holm")
    page.get_by_label("Postal address").fill("Ridge road 4")
    page.get_by_label("I have read the bylaws").check()
    page.get_by_label("What I pay above cost").check()
    greta.press("Apply for membership")
    ana.go("/stewardship/applications/")
    ana.press("Admit Greta Holm")
    ana.press("Admit as member 6")
    assert "Greta Holm" in ana.go("/stewardship/register/").content()


def buy_in(greta: Person, ana: Person, site: Site, folder: Path) -> int:
    """2. Buys 40 shares; the steward marks the payment as received; the title is checked."""
    page = greta.go("/buy-in/backbone/")
    page.get_by_label("Number of shares").fill("999999")
    greta.press("Review the purchase")
    assert page.locator("[aria-invalid=true], .errors, .error").count() > 0
    page.get_by_label("Number of shares").fill("40")
    greta.press("Review the purchase")
    greta.press("Reserve and pay €40.00")
    reference = re.search(r"RF\d\d[ \d]+", page.locator("main").inner_text())
    assert reference is not None
    assert page.locator("main svg path").count() > 0
    assert greta.reads("ES91 2100 0418 4502 0005 1332")
    receive(ana, reference.group().strip(), "40.00", wrong="39.00")
    greta.go("/titles/")
    number = int(page.locator("main a[href^='/titles/']").first.get_attribute("href").split("/")[2])
    greta.go(f"/titles/{number}/")
    assert greta.reads("40")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the signed file").click()
    file = folder / "title.json"
    download.value.save_as(file)
    checked = site.manage("verify_title", str(file))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    return number


def receive(ana: Person, reference: str, amount: str, wrong: str = "") -> None:
    """The steward finds a charge by its reference and marks it as received."""
    page = ana.go("/stewardship/payments/")
    row = page.get_by_role("row").filter(has_text=reference.replace(" ", ""))
    ana.follow(row.get_by_role("link", name="Mark as received"))
    page.get_by_label("Day of arrival").fill(f"{date.today():%Y-%m-%d}")
    if wrong:
        page.get_by_label("Amount received").fill(wrong)
        ana.press("Mark as received")
        assert page.get_by_label("Amount received").input_value() == wrong
        assert ana.reads("Nothing was booked")
    page.get_by_label("Amount received").fill(amount)
    ana.press("Mark as received")
    assert page.url.endswith("/stewardship/payments/")


def see_tokens(people: Windows) -> None:
    """3. Capacity was issued as tokens; a holder sees the book with what is left."""
    dario = people.somebody().log_in("dario@example.org", PASSWORD)
    dario.go("/tokens/")
    assert re.search(r"GB left", dario.page.locator("main").inner_text())


def give_meter(ana: Person) -> None:
    """4. The agent has enrolled; the steward says that the loopback is Greta's use."""
    page = ana.page

    def assigned() -> bool:
        ana.go("/nodes/")
        links = page.locator("main tbody a[href^='/nodes/']").all()
        for address in [str(link.get_attribute("href")) for link in links]:
            ana.go(address)
            if page.get_by_role("button", name="End if:lo:tx").count() == 1:
                return True
        return False

    wait_for("the node's meters", assigned)
    ana.follow(page.get_by_role("button", name="End if:lo:tx"))
    form = page.locator("form", has=page.get_by_role("button", name="Assign"))
    choose(form.get_by_label("Meter"), "if:lo:tx")
    choose(form.get_by_label("Measures the use of"), "Greta Holm")
    choose(form.get_by_label("Pool"), "Valley backbone")
    choose(form.get_by_label("Counted as"), "Bandwidth")
    ana.follow(form.get_by_role("button", name="Assign"))
    assert "Greta Holm" in page.locator("main table").first.inner_text()


def choose(select: Locator, text: str) -> None:
    """Choose the option of a select box that contains a text."""
    option = select.locator("option", has_text=text).first
    select.select_option(value=str(option.get_attribute("value")))


def use(greta: Person) -> None:
    """5. Real traffic; within a minute she sees charges with their derivation and evidence."""
    time.sleep(10)
    send_through_loopback(BYTES)
    page = greta.page

    def seen() -> bool:
        greta.go("/tokens/")
        over = re.search(r"([\d.]+)\s*GB over", page.locator("main").inner_text())
        return over is not None and float(over.group(1)) >= BYTES / 1e9

    wait_for("the traffic in the token book", seen, seconds=60)
    greta.go("/usage/")
    greta.follow(page.locator("main a[href^='/usage/evidence/']").first)
    evidence = page.content()
    assert "ed25519:" in evidence
    assert "signature holds" in evidence


def decide(greta: Person, ana: Person, people: Windows) -> None:
    """7. A motion sets the price; both chambers vote; it executes by itself."""
    page = ana.go("/decisions/new/set_posted_price/")
    page.get_by_label("What shall be decided?").fill("Raise the price of bandwidth")
    page.get_by_label("Why?").fill("The second mast has to be paid.")
    choose(page.get_by_label("Price of what?"), "Bandwidth")
    page.get_by_label("New price per token").fill("0.90")
    ana.press("Save the draft")
    path = re.search(r"/decisions/\d+/", page.url)
    assert path is not None
    ana.press("Give notice")
    if page.url.endswith("/publish/"):
        ana.press("Give notice")
    voters = [ana, greta, people.somebody().log_in("dario@example.org", PASSWORD)]

    def can_vote(person: Person) -> bool:
        person.go(path.group())
        return person.page.get_by_role("button", name="Cast my vote").count() == 1

    for voter in voters:
        wait_for("the ballot", lambda voter=voter: can_vote(voter))
        voter.page.get_by_label("For", exact=True).check()
        voter.press("Cast my vote")

    def executed() -> bool:
        ana.go(path.group())
        return ana.reads("Carried out on")

    wait_for("the decision to take effect", executed, seconds=180)


def close(greta: Person, ana: Person, number: int) -> None:
    """6. The guided close: each step shows what it books; paid profit becomes a title."""
    page = ana.go("/stewardship/periods/")
    ana.follow(page.get_by_role("link", name="Close it").first)
    path = re.sub(r"^https?://[^/]+", "", page.url)
    for step in ("settle", "match", "charge", "pay", "expire", "convert", "open"):
        if step == "pay":
            pay_own_charge(greta, ana)
            continue
        ana.go(path)
        ana.press("See what it will book")
        if step == "settle":
            page.get_by_label("End it now").check()
            ana.press("Show what it will book")
        promised = moves_on(page)
        ana.press("Book it")
        ana.go(f"{path.rstrip('/')}/{step}/")
        if step != "settle":  # its cost grows with every second until it is booked
            assert moves_on(page) == promised
        assert moves_on(page) or step in ("expire", "convert")
    greta.go("/titles/")
    links = [str(link.get_attribute("href")) for link in greta.page.locator("main a").all()]
    found = [re.match(r"/titles/(\d+)/", link) for link in links]
    assert max(int(match.group(1)) for match in found if match) > number


def moves_on(page: Page) -> list[str]:
    """The rows of the table that says what a step books."""
    card = page.locator("main section", has=page.get_by_role("heading", name="book")).first
    return card.locator("tbody tr").all_inner_texts()


def pay_own_charge(greta: Person, ana: Person) -> None:
    """She sees the charge with its derivation, pays, and the steward marks it."""
    page = greta.go("/statement/")
    pay = page.locator("main a[href^='/statement/']").filter(has_text=re.compile(r"^\s*Pay\s"))
    assert re.fullmatch(r"/statement/\d+/", str(pay.first.get_attribute("href")))
    greta.follow(pay.first)
    text = page.locator("main").inner_text()
    reference = re.search(r"RF\d\d[ \d]+", text)
    amount = re.search(r"€([\d.]+)", text)
    assert reference is not None
    assert amount is not None
    charge = page.request.get(f"{greta.site.address}/api/v1/charges").json()["results"][0]
    assert charge["reference"] == reference.group().replace(" ", "")
    for line in charge["lines"]:
        exact = line["quantity"] * line["rate"]
        assert 2 * abs((line["cost"] + line["profit"]) * 10**9 - exact) <= 2 * 10**9
        assert line["profit"] * 2 >= line["cost"]
    assert f"{sum(line['cost'] + line['profit'] for line in charge['lines']) / 100:.2f}" in text
    receive(ana, reference.group().strip(), amount.group(1))


def test_from_a_share_to_a_signed_reading_to_a_new_co_owner(
    site: Site, people: Windows, tmp_path: Path
) -> None:
    ana = people.somebody().log_in("ana@example.org", PASSWORD)
    greta = people.somebody()
    join(greta, ana)
    number = buy_in(greta, ana, site, tmp_path)
    see_tokens(people)
    give_meter(ana)
    use(greta)
    decide(greta, ana, people)
    close(greta, ana, number)
    visitor = people.somebody()
    visitor.go(f"/verify/{number}/")
    assert "valid" in visitor.page.locator("main").inner_text().lower()
    newest = visitor.page.request.get(f"{site.address}/api/v1/periods").json()[0]
    backbone = next(row for row in newest["yields"] if row["pool"] == "backbone")
    assert (newest["state"], backbone["price"]) == ("open", 90_000_000)
    assert backbone["price_source"].startswith("proposal:")
    verified = site.manage("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
