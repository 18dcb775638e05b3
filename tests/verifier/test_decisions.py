"""Decisions exported and counted again by the auditor's program, whole and tampered with."""

import json
import zipfile
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from coop_verify import cli
from coop_verify.decisions import DecisionCheck
from coop_verify.note import Key
from governance.bundle.export import MEMBERS, PUBLIC, export_decisions
from governance.models import Proposal
from governance.services import close_and_count, execute, open_ballot, propose, publish
from signing import keys
from tests.governance.test_acquiring import payload as mast
from tests.governance.votes import Town, decide, end_voting, make_town, open_motion, vote
from tests.makers import agree
from tests.sealing import seal_all
from tests.titles.test_campaigns import paid, planned, promise

pytestmark = pytest.mark.django_db(transaction=True)
Lines = list[dict[str, Any]]


def found(folder: Path, books: Path | None = None) -> dict[str, list[str]]:
    """The broken promises of a folder, with what speaks against them."""
    report = DecisionCheck(folder, Key(keys.public_key()), books).run()
    return {name: p.sentences for name, p in report.promises.items() if p.found}


def exported(place: Path, kind: str = PUBLIC) -> Path:
    export_decisions(place, kind=kind)
    return place


def change(folder: Path, name: str, edit: Callable[[Lines], None]) -> None:
    """Rewrite a file as somebody would who also mends the manifest."""
    path, manifest = folder / f"{name}.ndjson", folder / "manifest.json"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    edit(lines)
    spelled = (
        json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        for line in lines
    )
    raw = "".join(f"{line}\n" for line in spelled).encode()
    path.write_bytes(raw)
    facts = json.loads(manifest.read_text())
    facts["files"][f"{name}.ndjson"] = {"lines": len(lines), "sha256": sha256(raw).hexdigest()}
    manifest.write_text(json.dumps(facts))


def bought(town: Town) -> Proposal:
    """A passed vote that bought a mast from the growth fund."""
    agree("timelock_seconds", 0)
    campaign = planned(town.pool, 40_000)
    paid(promise(town.members["chloe"], campaign, 40_000))
    ana = town.members["ana"]
    draft = propose(
        title="Second mast", text="For the far side.", action="acquire_asset",
        payload=mast(town, campaign), member=ana, actor=ana.user,
    )  # fmt: skip
    publish(proposal_id=draft.pk, actor=town.steward)
    opened = open_ballot(proposal_id=draft.pk, actor=None)
    passed = decide(town, opened, ana="for", ben="for")
    return execute(proposal_id=passed.pk, actor=None)


@pytest.fixture
def town() -> Town:
    """Two closed decisions: a price that was refused, a mast that was bought."""
    town = make_town()
    motion = open_motion(town)
    vote(town, motion, ana="for", ben="against", chloe="abstain")
    vote(town, motion, ana="against")
    end_voting(motion)
    close_and_count(proposal_id=motion.pk, actor=town.steward)
    bought(town)
    return town


def test_every_closed_decision_is_counted_to_the_same_result(
    town: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seal_all()
    said = StringIO()
    call_command("export_decisions", tmp_path / "votes", stdout=said)
    assert "2 decisions" in said.getvalue()
    call_command("export_books", tmp_path / "books", stdout=StringIO(), stderr=StringIO())
    arguments = [
        "decisions", str(tmp_path / "votes"), "--key", keys.public_key().hex(),
        "--books", str(tmp_path / "books"),
    ]  # fmt: skip
    status = cli.main(arguments)
    told = capsys.readouterr().out
    assert status == 0, told
    assert "2 decisions" in told
    assert told.count("\nok ") == 11


def test_a_members_folder_tells_the_effects_and_a_public_one_does_not(
    town: Town, tmp_path: Path
) -> None:
    public = exported(tmp_path / "public")
    inside = exported(tmp_path / "inside", MEMBERS)
    assert found(public) == found(inside) == {}
    assert '"effects"' not in (public / "decisions.ndjson").read_text()
    assert '"effects"' in (inside / "decisions.ndjson").read_text()


def test_anybody_downloads_one_decision_or_all(town: Town, tmp_path: Path) -> None:
    for address, number in (
        ("/decisions/decisions.zip", 2),
        (f"/decisions/{first()}/decision.zip", 1),
    ):
        answer = Client().get(address)
        assert answer["Content-Type"] == "application/zip"
        whole = BytesIO(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
        with zipfile.ZipFile(whole) as packed:
            packed.extractall(tmp_path / str(number))
        folder = tmp_path / str(number) / "decisions"
        assert len((folder / "decisions.ndjson").read_text().splitlines()) == number
        assert found(folder) == {}
    assert Client().get("/decisions/999999/decision.zip").status_code == 404


def first() -> int:
    return Proposal.objects.order_by("pk")[0].pk


def shorten(lines: Lines) -> None:
    """The last entry of the first board is gone, as if it had never been cast."""
    board = [line for line in lines if line["proposal"] == lines[0]["proposal"]]
    lines.remove(board[-1])


def exchange(lines: Lines) -> None:
    """Two entries change places."""
    lines[0]["envelope"], lines[1]["envelope"] = lines[1]["envelope"], lines[0]["envelope"]


def alter(lines: Lines) -> None:
    """A ballot says "for" where it said "against"."""
    envelope = json.loads(b64decode(lines[1]["envelope"]))
    says = b64decode(envelope["payload"]).replace(b'"against"', b'"for"')
    envelope["payload"] = b64encode(says).decode()
    lines[1]["envelope"] = b64encode(json.dumps(envelope).encode()).decode()


def add_voter(lines: Lines) -> None:
    """A roll has one head more."""
    lines.insert(1, lines[0] | {"position": 2, "voter": "00" * 16})


def weigh(lines: Lines) -> None:
    """A voter weighs ten."""
    lines[0]["weight"] = 10


def say_passed(lines: Lines) -> None:
    """A refused motion is called carried out."""
    lines[0]["state"] = "executed"
    lines[0]["execution"] = {"at": "", "refused": False}


def other_action(lines: Lines) -> None:
    """The mast costs another sum than was voted on."""
    lines[1]["notice"]["payload"]["cost"] += 1


def other_notice(lines: Lines) -> None:
    """The thresholds are others than were announced."""
    lines[0]["notice"]["terms"]["support"] = [1, 100, False]


def steal_posting(lines: Lines) -> None:
    """A decision claims a transaction that it did not make."""
    lines[1]["transactions"].append({"id": 1, "kind": "x"})


ATTACKS: tuple[tuple[str, Callable[[Lines], None], str], ...] = (
    ("ballots", shorten, "boards"),
    ("ballots", exchange, "boards"),
    ("ballots", alter, "signatures"),
    ("rolls", add_voter, "rolls"),
    ("rolls", weigh, "rolls"),
    ("decisions", say_passed, "executed"),
    ("decisions", other_action, "notices"),
    ("decisions", other_notice, "notices"),
    ("decisions", steal_posting, "postings"),
)


def test_attack_truncated_board_and_whatever_else_is_changed_is_found(
    town: Town, tmp_path: Path
) -> None:
    seal_all()
    call_command("export_books", tmp_path / "books", stdout=StringIO(), stderr=StringIO())
    for name, attack, promise_broken in ATTACKS:
        folder = exported(tmp_path / attack.__name__)
        change(folder, name, attack)
        assert promise_broken in found(folder, tmp_path / "books"), attack.__name__


def test_attack_forged_tree_head_shows_between_two_auditors(town: Town, tmp_path: Path) -> None:
    """The holder of the key signs a second board; whoever kept the first result sees two."""
    seal_all()
    call_command("export_books", tmp_path / "books", stdout=StringIO(), stderr=StringIO())
    folder = exported(tmp_path / "forged")

    def resign(lines: Lines) -> None:
        from governance.board import CERTIFICATE
        from signing import strict_json
        from signing.keys import sign_document

        envelope = json.loads(b64decode(lines[0]["certificate"]))
        says = json.loads(b64decode(envelope["payload"]))
        says["board"]["root"] = "00" * 32
        signed = sign_document(CERTIFICATE, strict_json.dumps(says)).as_json()
        lines[0]["certificate"] = b64encode(signed).decode()

    change(folder, "decisions", resign)
    wrong = found(folder, tmp_path / "books")
    assert "boards" in wrong
    assert "0 times" in wrong["logged"][0]


def test_what_nobody_signed_is_no_decision(town: Town, tmp_path: Path) -> None:
    folder = exported(tmp_path / "votes")
    assert cli.main(["decisions", str(folder), "--key", "11" * 32]) == cli.BROKEN
    assert cli.main(["decisions", str(tmp_path / "nothing")]) == cli.UNREADABLE
