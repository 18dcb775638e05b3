"""Three members and two stewards bring a mast from an idea to a title, and elect in secret."""

import json
import re
import subprocess
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from coop.demo.cast import PASSWORD
from coop.local.places import PROJECT
from tests.browser.conftest import Person, Site, Windows
from tests.browser.test_walk import choose, wait_for

pytestmark = pytest.mark.browser
NAMES = ("ana", "ben", "chloe", "dario", "eva")
TRUSTEES = ("ana", "chloe", "eva")
PASSPHRASE = "correct horse battery staple"
PREPARE = """
from django.utils import timezone
from members.models import User
from members.services import grant_role
from policies.services import set_policy
ben = User.objects.get(email="ben@example.org")
ben.language = "en"
ben.save()
grant_role(user=ben, name="steward", actor=None, source="founding")
for action in ("acquire_asset", "elect_stewards"):
    set_policy(actor=None, key="voting_seconds", scope=f"action:{action}", value=150,
               valid_from=timezone.now(), source="founding")
"""
NUMBERS = {"ana": 1, "ben": 2, "chloe": 3, "dario": 4, "eva": 5}
CHOICES = {
    "ana": ("dario", "chloe"), "ben": ("dario",), "chloe": ("chloe", "dario"),
    "dario": ("dario", "ben"), "eva": ("chloe",),
}  # fmt: skip
"""whom each ranks first, second"""


def trustee(folder: Path, *words: str, typed: str = "") -> None:
    """The trustees' program, in a folder away from the site."""
    done = subprocess.run(
        [str(PROJECT / "bin" / "coop-trustee"), *words],
        cwd=folder, input=typed, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def take(person: Person, link: str, folder: Path) -> Path:
    """Download what a link leads to."""
    with person.page.expect_download() as download:
        person.page.locator("main").get_by_role("link", name=link).first.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def path_of(person: Person) -> str:
    found = re.search(r"/decisions/\d+/", person.page.url)
    assert found is not None, person.page.url
    return found.group()


def draft_a_mast(chloe: Person) -> str:
    """A member, not a steward, proposes to buy what others have paid ahead for."""
    page = chloe.go("/decisions/new/acquire_asset/")
    choose(page.get_by_label("For which pool?"), "Valley backbone")
    choose(page.get_by_label("Campaign that paid for it"), "Barn mast")
    page.get_by_label("What is it?").fill("Barn mast, second hand")
    page.get_by_label("Kind of thing").fill("mast")
    page.get_by_label("What it costs").fill("800")
    page.get_by_label("In service from").fill(f"{date.today():%Y-%m-%d}")
    page.locator("main input[name*=bandwidth]").first.fill("600")
    page.get_by_label("What shall be decided?").fill("Buy the barn mast")
    page.get_by_label("Why?").fill("Eleven houses see no mast. It is paid ahead.")
    chloe.press("Save the draft")
    return path_of(chloe)


def discuss(dario: Person, chloe: Person, path: str) -> None:
    """Somebody asks, the proposer answers below it."""
    dario.go(path)
    dario.page.get_by_label("What do you want to say?").fill("Who climbs it? @3")
    dario.press("Post it")
    chloe.go(path)
    assert chloe.reads("Who climbs it?")


def draft_an_election(ben: Person, standing: list[Person]) -> str:
    """A steward drafts it, secret and for two seats; members stand on its page."""
    page = ben.go("/decisions/new/elect_stewards/")
    page.get_by_label("What shall be decided?").fill("Stewards for two years")
    page.get_by_label("Why?").fill("The founders' time is over.")
    page.locator("main details.way").evaluate("element => { element.open = true }")
    page.locator("input[name=kind][value=stv]").check()
    page.locator("input[name=seats]").fill("2")
    page.locator("input[name=secret]").check()
    ben.press("Save the draft")
    path = path_of(ben)
    for person in standing:
        person.go(path)
        person.press("Stand in this election")
        assert (
            person.reads("Change what I say")
            or person.page.get_by_role("button", name="Change what I say").count()
        )
    return path


def make_the_key(people: dict[str, Person], path: str, folder: Path) -> None:
    """Three trustees offer keys, a machine deals, a steward brings the deal."""
    for name in TRUSTEES:
        typed = f"{PASSPHRASE}\n{PASSPHRASE}\n"
        trustee(folder, "keygen", f"{name}.key", "--label", "laptop", typed=typed)
        page = people[name].go("/decisions/trustees/")
        page.get_by_label("What the key is called").fill("laptop")
        key = json.loads((folder / f"{name}.key").read_text())["public_key"]
        page.get_by_label("Public key").fill(key)
        people[name].press("Offer this key")
    ben = people["ben"]
    page = ben.go(f"{path}sealed/")
    for box in page.locator("input[name=keys]").all():
        box.check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the file for the dealer").click()
    download.value.save_as(folder / "ceremony.json")
    trustee(folder, "deal", "ceremony.json", "--out", "deal.json")
    ben.go(f"{path}sealed/")
    page.get_by_label("The deal").set_input_files(folder / "deal.json")
    ben.press("Keep this deal")


def announce(steward: Person, path: str) -> None:
    steward.go(path)
    steward.press("Give notice")
    if steward.page.url.endswith("/publish/"):
        steward.press("Give notice")


def can_vote(person: Person, path: str) -> Callable[[], bool]:
    def open_now() -> bool:
        person.go(path)
        return person.page.locator("#ballot").count() == 1

    return open_now


def vote_for_the_mast(voters: list[Person], path: str) -> None:
    """The owners decide: it touches no right to use."""
    for voter in voters:
        wait_for("the ballot on the mast", can_vote(voter, path))
        voter.page.get_by_label("For", exact=True).check()
        voter.press("Cast my vote")


def vote_in_secret(people: dict[str, Person], path: str) -> dict[str, str]:
    """Everybody ranks by numbers and keeps a tracker."""
    trackers = {}
    for name, wishes in CHOICES.items():
        person = people[name]
        wait_for("the sealed ballot", can_vote(person, path))
        page = person.go(f"{path}sealed/vote/")
        for place, wish in enumerate(wishes, 1):
            page.locator(f"input[name=option_m{NUMBERS[wish]}]").fill(str(place))
        trackers[name] = page.locator("input[name=tracker]").input_value()
        person.press("Seal it here and cast it")
        assert "/receipts/" in page.url
    return trackers


def becomes(person: Person, path: str, text: str, seconds: int = 300) -> None:
    def there() -> bool:
        person.go(path)
        return person.reads(text)

    wait_for(f"“{text}” on {path}", there, seconds=seconds)


def see_the_title(dario: Person) -> None:
    """The mast is on the register, and who paid ahead holds a title that it backs."""
    dario.go("/assets/")
    assert dario.reads("Barn mast, second hand")
    dario.go("/titles/")
    links = dario.page.locator("main a[href^='/titles/']").all()
    numbers = [re.fullmatch(r"/titles/(\d+)/", str(link.get_attribute("href"))) for link in links]
    newest = max(int(found.group(1)) for found in numbers if found)
    dario.go(f"/titles/{newest}/")
    assert dario.reads("Valley backbone")
    assert dario.reads("Barn mast, second hand")


def count_in_secret(people: dict[str, Person], path: str, folder: Path, key: str) -> None:
    """Two of the three trustees count away from the site, and bring their tally."""
    ana = people["ana"]
    becomes(ana, f"{path}sealed/", "The ballot is closed; the trustees count")
    closed = take(ana, "Closed set", folder)
    shares: list[str] = []
    for name in ("chloe", "eva"):
        words = ("open", "deal.json", "--key", f"{name}.key", "--out", f"{name}.share")
        trustee(folder, *words, typed=f"{PASSPHRASE}\n")
        shares += ["--share", f"{name}.share"]
    trustee(folder, "tally", closed.name, "--key", key, *shares, "--out", "tally.json")
    ana.go(f"{path}sealed/")
    ana.page.get_by_label("The tally").set_input_files(folder / "tally.json")
    ana.press("Publish this tally")


def find_my_ballot(eva: Person, path: str, tracker: str) -> None:
    """A voter looks for her tracker: beside it stands what she answered."""
    page = eva.go(f"{path}sealed/")
    row = page.get_by_role("row").filter(has_text=tracker)
    assert "Chloe Ferrer" in row.inner_text()


def audit(site: Site, visitor: Person, folder: Path, key: str) -> None:
    """Anybody takes the decisions and the books and counts again."""
    visitor.go("/decisions/")
    with visitor.page.expect_download() as download:
        visitor.page.evaluate("location.href = '/decisions/decisions.zip'")
    download.value.save_as(folder / "decisions.zip")
    with zipfile.ZipFile(folder / "decisions.zip") as packed:
        packed.extractall(folder)
    written = site.manage("export_books", str(folder / "books"), "--seal")
    assert written.returncode == 0, written.stdout + written.stderr
    checked = subprocess.run(
        [
            str(PROJECT / "bin" / "coop-verify"), "decisions", str(folder / "decisions"),
            "--key", key, "--books", str(folder / "books"),
        ],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr
    verified = site.manage("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_mast_is_bought_and_stewards_are_elected_in_secret(
    site: Site, people: Windows, tmp_path: Path
) -> None:
    prepared = site.manage("shell", "-c", PREPARE)
    assert prepared.returncode == 0, prepared.stderr
    windows = {n: people.somebody().log_in(f"{n}@example.org", PASSWORD) for n in NAMES}
    ana, ben, chloe, dario, eva = (windows[name] for name in NAMES)
    mast = draft_a_mast(chloe)
    discuss(dario, chloe, mast)
    election = draft_an_election(ben, [ben, chloe, dario])
    make_the_key(windows, election, tmp_path)
    announce(ana, mast)
    announce(ana, election)
    vote_for_the_mast([ana, ben, dario, eva], mast)
    trackers = vote_in_secret(windows, election)
    becomes(dario, mast, "Carried out on")
    see_the_title(dario)
    key = public_key(site)
    count_in_secret(windows, election, tmp_path, key)
    find_my_ballot(eva, election, trackers["eva"])
    becomes(dario, election, "Carried out on")
    assert elected(site) == {"Chloe Ferrer", "Dario Conti"}
    audit(site, people.somebody(), tmp_path, key)


def public_key(site: Site) -> str:
    """The cooperative's key, as an auditor has it from elsewhere."""
    said = site.manage(
        "shell", "-v", "0", "-c", "from signing import keys; print(keys.public_key().hex())"
    )
    return said.stdout.strip().splitlines()[-1]


def elected(site: Site) -> set[str]:
    """Who serves a term as a steward."""
    code = (
        "from governance.models import Term\n"
        "print('|'.join(t.member.name for t in Term.objects.filter(ended_at=None)))"
    )
    said = site.manage("shell", "-v", "0", "-c", code)
    return set(said.stdout.strip().splitlines()[-1].split("|"))
