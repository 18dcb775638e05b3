"""Receipts: made, checked on the page, by the site's command, and by the auditor's program."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client

from coop_verify.cli import main
from governance.clock import now
from governance.models import Ballot, Proposal
from governance.receipts.checking import check
from governance.receipts.making import receipt_file, signed_head
from payments.models import Mail
from signing.keys import public_key
from signing.merkle import verify_consistency
from tests.governance.ballots.town import answer, as_member, ended
from tests.governance.votes import Town, as_owner, make_town, open_motion

pytestmark = pytest.mark.django_db(transaction=True)
ALWAYS = ("ballot", "receipt", "head", "inclusion", "site")


@pytest.fixture
def town() -> Town:
    return make_town()


@pytest.fixture
def vote(town: Town) -> Proposal:
    """An open motion with four ballots on its board."""
    vote = open_motion(town)
    answer(town, vote, ana="for", ben="against", chloe="for", stella="abstain")
    return vote


def states(file: dict[str, Any]) -> dict[str, str]:
    return {line.name: line.state for line in check(file)}


def written(file: object, folder: Path) -> Path:
    place = folder / "receipt.json"
    place.write_text(json.dumps(file))
    return place


def outside(place: Path) -> int:
    return main(["receipt", str(place), "--key", public_key().hex()])


def test_a_receipt_holds_here_and_outside_before_and_after_the_count(
    vote: Proposal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ballot = Ballot.objects.get(index=3)
    early = receipt_file(ballot)
    assert {name: states(early)[name] for name in ALWAYS} == dict.fromkeys(ALWAYS, "holds")
    assert states(early)["certificate"] == "absent"
    ended(vote)
    late = receipt_file(Ballot.objects.get(index=3))
    assert states(late)["certificate"] == "holds"
    assert states(early)["site"] == "holds"
    for file in (early, late):
        place = written(file, tmp_path)
        call_command("check_receipt", str(place))
        assert outside(place) == 0
    assert "the vote was counted from that very board" in capsys.readouterr().out


def test_every_change_of_a_receipt_is_found_here_and_outside(
    vote: Proposal, tmp_path: Path
) -> None:
    ended(vote)
    good = receipt_file(Ballot.objects.get(index=2))
    other = receipt_file(Ballot.objects.get(index=3))
    changes: list[dict[str, Any]] = [
        {"ballot": other["ballot"]},
        {"receipt": other["receipt"]},
        {"inclusion": other["inclusion"]},
        {"inclusion": good["inclusion"][:-1]},
        {"index": 3},
        {"proposal": vote.pk + 1},
        {"head": good["certificate"]},
        {"certificate": good["head"]},
        {"inclusion": "none"},
        {"own": good["ballot"]},
        {"sealed": "AAAA"},
        {"log": "nothing"},
    ]
    for change in changes:
        spoiled = good | change
        assert "broken" in states(spoiled).values(), change
        assert outside(written(spoiled, tmp_path)) == 1, change
        with pytest.raises(CommandError, match="does not hold"):
            call_command("check_receipt", str(tmp_path / "receipt.json"))


def test_a_board_that_was_cut_or_rewritten_no_longer_fits(vote: Proposal) -> None:
    kept = receipt_file(Ballot.objects.get(index=2))
    with transaction.atomic():
        as_owner(f"DELETE FROM governance_ballot WHERE proposal_id = {vote.pk} AND index = 4")
    assert states(kept)["site"] == "broken"
    assert states(kept)["inclusion"] == "holds"


def test_two_heads_of_one_board_are_consistent_and_two_boards_are_not(
    town: Town, vote: Proposal
) -> None:
    address = f"/api/v1/decisions/{vote.pk}/board"
    first = head_of(Client().get(f"{address}/head/").json())
    answer(town, vote, ana="against")
    second = head_of(Client().get(f"{address}/head/").json())
    proof = Client().get(f"{address}/consistency/", {"old": 4, "new": 5}).json()["hashes"]
    hashes = [bytes.fromhex(step) for step in proof]
    old, new = bytes.fromhex(first["root"]), bytes.fromhex(second["root"])
    verify_consistency(first["size"], old, second["size"], new, hashes)
    assert Client().get(f"{address}/consistency/", {"old": 5, "new": 6}).status_code == 400
    forged = signed_head(vote, ["00" * 32] * 4, now())
    assert head_of(forged.as_dict())["root"] != first["root"]


def head_of(envelope: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(base64.b64decode(envelope["payload"]))
    return said


def test_what_is_no_receipt_is_refused(tmp_path: Path) -> None:
    for text in ("", "[]", '{"format":"other"}', "\x00"):
        place = tmp_path / "receipt.json"
        place.write_text(text)
        with pytest.raises(CommandError, match="no receipt"):
            call_command("check_receipt", str(place))
        assert outside(place) == 2
        answered = Client().post("/decisions/receipts/check/", {"text": text})
        assert answered.status_code == 422


def test_anybody_checks_a_receipt_on_the_page_and_by_the_api(vote: Proposal) -> None:
    file = receipt_file(Ballot.objects.get(index=1))
    page = Client().post("/decisions/receipts/check/", {"text": json.dumps(file)})
    assert "This receipt holds" in page.content.decode()
    spoiled = json.dumps(file | {"index": 2})
    page = Client().post("/decisions/receipts/check/", {"text": spoiled})
    assert "This receipt does not hold" in page.content.decode()
    lines = Client().post(
        "/api/v1/decisions/receipts/check/", file, content_type="application/json"
    )
    assert {line["state"] for line in lines.json()} == {"holds", "absent"}


def test_the_file_is_its_voters_alone(town: Town, vote: Proposal) -> None:
    place = f"/decisions/{vote.pk}/receipts/1/file/"
    given = as_member(town, "ana").get(place)
    assert json.loads(given.content)["index"] == 1
    assert as_member(town, "ben").get(place).status_code == 404
    assert Client().get(place).status_code == 302
    api = f"/api/v1/decisions/{vote.pk}/receipts/1/"
    assert as_member(town, "ana").get(api).json()["format"] == "coop-receipt/1"
    assert as_member(town, "ben").get(api).status_code == 404


def test_the_receipt_comes_by_mail_once_with_a_link_that_needs_no_login(
    town: Town, vote: Proposal
) -> None:
    ana = as_member(town, "ana")
    for _twice in range(2):
        assert ana.post(f"/decisions/{vote.pk}/receipts/1/mail/").status_code == 303
    letter = Mail.objects.get(key__contains=f"receipt:{vote.pk}:1")
    leaf = Ballot.objects.get(index=1).leaf
    link = f"/decisions/{vote.pk}/board/{leaf}/"
    assert letter.body.count("://") == 1
    assert link in letter.body
    page = Client().get(link)
    assert "This ballot is on the board" in page.content.decode()
    assert ">ana<" not in page.content.decode()
    assert Client().get(f"/decisions/{vote.pk}/board/{'0' * 64}/").status_code == 404
