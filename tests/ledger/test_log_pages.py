"""What people see of the log: the head, what to think of a head they kept, each thing's place."""

import hashlib
import html
import json
import re
import subprocess
import sys
import tomllib
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from gunicorn.config import Config as GunicornConfig  # type: ignore[import-untyped]
from pytest_django.live_server_helper import LiveServer

from coop_verify.cli import main as coop_verify
from governance.models import Certificate
from ledger.log import tree
from ledger.models import Account, Checkpoint, Entry, Transaction
from members.models import Member
from signing import keys, notes
from signing.words import fingerprint_words
from tests.governance.votes import decide, make_town, open_motion
from tests.makers import buy, make_member, make_pool, make_steward, stock
from tests.sealing import past_the_triggers, seal_all
from titles.models import Title

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/books/log/"


def client_of(member: Member) -> Client:
    client = Client()
    assert member.user is not None
    client.force_login(member.user)
    return client


def seen(path: str, client: Client | None = None, status: int = 200, **query: str) -> str:
    """A page as text."""
    answer = (client or Client()).get(path, query)
    assert answer.status_code == status, path
    return html.unescape(answer.content.decode())


def sealed_twice() -> tuple[str, str]:
    """Two heads of a log, one after the other."""
    pool = make_pool(treasury=100)
    seal_all()
    first = Client().get("/log/checkpoint").content.decode()
    stock(pool, 50)
    seal_all()
    return first, Client().get("/log/checkpoint").content.decode()


def signed(size: int, root: bytes = bytes(32), origin: str = "") -> str:
    """A head that the cooperative's key signed, whatever the log says."""
    head = notes.Checkpoint(origin or tree.origin(), size, root)
    return notes.sign_checkpoint(head, bytes(keys.cooperative_key()))


# The page of the log --------------------------------------------------------------------------


def test_before_the_first_booking_the_page_says_what_will_be_there() -> None:
    assert "The first checkpoint will stand here" in seen(PAGE)


def test_the_page_has_the_newest_head_the_key_and_the_way_to_check() -> None:
    first, newest = sealed_twice()
    page = seen(PAGE)
    assert newest.strip() in page
    assert tree.verifier_key().text() in page
    assert fingerprint_words(keys.public_key()) in page
    assert "coop-verify" in page
    sizes = Checkpoint.objects.values_list("size", flat=True)
    assert sizes.count() >= 2
    for size in sizes:
        kept = Client().get(f"{PAGE}checkpoints/{size}")
        assert f"{PAGE}checkpoints/{size}" in page
        assert kept.content.decode() == Checkpoint.objects.get(size=size).note
    assert first in [row.note for row in Checkpoint.objects.all()]
    assert Client().get(f"{PAGE}checkpoints/{max(sizes) + 1}").status_code == 404


def test_the_key_stands_there_in_every_form_that_a_reader_may_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sealed_twice()
    card = seen(PAGE).partition("<h2>The key</h2>")[2].partition("</section>")[0]
    published = Client().get("/verify/key").content.decode().strip()
    books = str(tmp_path / "books")
    call_command("export_books", books, stdout=StringIO())
    capsys.readouterr()
    assert coop_verify([books, "--key", published]) == 0
    named = re.search(r"key (ed25519:[0-9a-f]+)", capsys.readouterr().out)
    assert named is not None
    faces = (fingerprint_words(keys.public_key()), tree.verifier_key().text(), published, named[1])
    for face in faces:
        assert f">{face}<" in card


def test_the_page_says_where_the_program_comes_from() -> None:
    page = seen(PAGE)
    program = re.search(r">pip install \./(\w+)<", page)
    assert program is not None
    facts = tomllib.loads((settings.BASE_DIR / program[1] / "pyproject.toml").read_text())
    assert "coop-verify" in facts["project"]["scripts"]


@pytest.mark.parametrize("path", ["/books/", "/verify/"])
def test_who_wants_to_verify_is_led_to_it(path: str) -> None:
    make_pool()
    assert f'href="{PAGE}' in seen(path)


# A head that somebody kept --------------------------------------------------------------------


def verdict(note: str) -> str:
    return seen(PAGE, checkpoint=note)


def test_a_head_that_was_kept_is_part_of_the_history(tmp_path: Path) -> None:
    first, newest = sealed_twice()
    assert "Valid: this is the newest checkpoint" in verdict(newest)
    page = verdict(first)
    assert "Valid: it is part of this log’s history" in page
    proof = re.search(rf'href="({PAGE}consistency/\d+)"', page)
    assert proof is not None
    files = {"old": first, "new": newest, "proof": Client().get(proof[1]).content.decode()}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    given = [str(tmp_path / name) for name in files]
    assert coop_verify(["consistency", *given, "--key", tree.verifier_key().text()]) == 0
    given[0], given[1] = given[1], given[0]
    assert coop_verify(["consistency", *given, "--key", tree.verifier_key().text()]) == 1


def test_a_head_survives_forms_and_mails() -> None:
    first, _newest = sealed_twice()
    mangled = "\n\n  " + first.replace("\n", "  \r\n") + "\r\n\r\n"
    assert "it is part of this log’s history" in verdict(mangled)


def test_a_head_over_another_history_is_an_alarm() -> None:
    sealed_twice()
    page = verdict(signed(3))
    assert "NOT part of this log’s history" in page
    assert "What to do now" in page
    assert "Valid" not in page


def test_a_history_that_was_written_anew_does_not_pass() -> None:
    first, newest = sealed_twice()
    past_the_triggers("UPDATE ledger_transaction SET memo = 'other' WHERE id > 0")
    for table in ("checkpoint", "tile", "leaf"):
        past_the_triggers(f"DELETE FROM ledger_{table}")
    seal_all()
    for kept in (first, newest):
        assert "come to another root" in verdict(kept)


def test_a_log_that_was_cut_short_does_not_pass() -> None:
    sealed_twice()
    page = verdict(signed(10**6))
    assert "the log shown here is shorter" in page
    assert "What to do now" in page


def test_what_the_key_did_not_sign_proves_nothing() -> None:
    _first, newest = sealed_twice()
    size = newest.split("\n")[1]
    page = verdict(newest.replace(f"\n{size}\n", f"\n{size}0\n"))
    assert "Not signed by this log’s key" in page
    assert "What to do now" not in page
    elsewhere = notes.Checkpoint("elsewhere.example/log", 3, bytes(32))
    page = verdict(notes.sign_checkpoint(elsewhere, bytes(32)))
    assert "A checkpoint of another log" in page
    assert "elsewhere.example/log" in page


def test_what_the_form_takes_fits_into_an_address() -> None:
    _first, newest = sealed_twice()
    longest = re.search(r'<textarea[^>]* maxlength="(\d+)"', seen(PAGE))
    assert longest is not None
    # Signatures are base64: a character that an address spells with three is the worst of it.
    pasted = newest.strip().replace("\n", "\r\n")
    pasted += "/" * (int(longest[1]) - len(pasted))
    line = f"GET {PAGE}?{urlencode({'checkpoint': pasted})} HTTP/1.1\r\n"
    assert len(line) <= GunicornConfig().limit_request_line


def test_the_checkpoint_in_a_proof_file_stands_where_the_form_says() -> None:
    sealed_twice()
    assert "below the first empty line" in seen(PAGE)
    txn = Transaction.objects.latest("pk")
    proof = Client().get(f"{PAGE}transactions/{txn.pk}/proof").content.decode()
    assert "this is the newest checkpoint" in verdict(proof.partition("\n\n")[2])


@pytest.mark.parametrize("text", ["", "x", "a\n1\nb\n\n— a b\n", "\n\n\n", "\x00", "x" * 20_000])
def test_what_is_no_checkpoint_is_refused_and_kept_in_the_form(text: str) -> None:
    page = seen(PAGE, status=422, checkpoint=text)
    assert "This cannot be taken as it is" in page


def test_what_was_pasted_is_shown_as_text_only() -> None:
    sealed_twice()
    name = '"><script>alert(1)</script>'
    answer = Client().get(PAGE, {"checkpoint": signed(1, origin=name)})
    assert b"<script>alert" not in answer.content


# A transaction's place ------------------------------------------------------------------------


@pytest.fixture
def bought() -> tuple[Member, Transaction]:
    """Ana's purchase."""
    pool, ana = make_pool(treasury=100), make_member("Ana Serra")
    buy(ana, pool, 20)
    seal_all()
    return ana, Transaction.objects.filter(about__startswith="subscription:").latest("pk")


def test_a_transaction_that_waits_asks_again_until_it_is_sealed() -> None:
    make_pool(treasury=100)
    txn = Transaction.objects.latest("pk")
    alone = f"{PAGE}transactions/{txn.pk}/"
    for path in (f"/books/transactions/{txn.pk}/", alone):
        page = seen(path)
        assert "not sealed yet" in page
        assert f'hx-get="{alone}" hx-trigger="every 3s"' in page
        assert f'href="{alone}"' in page
    assert Client().get(f"{alone}proof").status_code == 409
    seal_all()
    answer = Client().get(alone, headers={"HX-Request": "true"})
    part = answer.content.decode()
    assert "HX-Request" in answer["Vary"]
    assert part.lstrip().startswith("<section")
    assert "hx-get" not in part
    assert f"{alone}proof" in part


def test_the_page_of_a_transaction_has_the_leaf_and_its_proof(
    bought: tuple[Member, Transaction], tmp_path: Path
) -> None:
    _ana, txn = bought
    page = seen(f"/books/transactions/{txn.pk}/")
    answer = Client().get(f"{PAGE}transactions/{txn.pk}/proof")
    assert f"transaction-{txn.pk}.tlog-proof" in answer["Content-Disposition"]
    found = notes.verify_proof(answer.content, tree.verifier_key())
    assert json.loads(found.leaf)["id"] == txn.pk
    assert found.leaf.decode() in page
    assert hashlib.sha256(b"\0" + found.leaf).hexdigest() in page
    (tmp_path / "proof").write_bytes(answer.content)
    key = tree.verifier_key().text()
    assert coop_verify(["proof", str(tmp_path / "proof"), "--key", key]) == 0


def by_hand(name: str) -> str:
    """A program as the page of the log gives it."""
    found = re.search(rf'id="{name}">(.*?)</pre>', seen(PAGE), re.DOTALL)
    assert found is not None
    return found[1]


def run(program: str, *arguments: str, shell: bool = False, folder: Path) -> str:
    command = ["sh", "-c", program] if shell else [sys.executable, "-I", "-c", program, *arguments]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout.strip() + done.stderr.strip()


def test_ten_lines_of_python_check_a_proof(tmp_path: Path) -> None:
    make_pool(treasury=100)
    stock_all = make_pool("second")
    for _n in range(5):
        stock(stock_all, 10)
    seal_all()
    program = by_hand("by-hand")
    for txn in Transaction.objects.all():
        proof = Client().get(f"{PAGE}transactions/{txn.pk}/proof").content
        (tmp_path / "good").write_bytes(proof)
        assert run(program, "good", folder=tmp_path) == "in the log"
        index = re.search(rb"index (\d+)", proof)
        assert index is not None
        other = b"index %d" % (int(index[1]) ^ 1)
        (tmp_path / "bad").write_bytes(proof.replace(index[0], other))
        assert run(program, "bad", folder=tmp_path) == "NOT in the log"


def test_openssl_checks_the_head(tmp_path: Path) -> None:
    _first, newest = sealed_twice()
    program = by_hand("by-openssl")
    (tmp_path / "key").write_bytes(Client().get("/log/key").content)
    (tmp_path / "checkpoint").write_text(newest)
    assert "Signature Verified Successfully" in run(program, shell=True, folder=tmp_path)
    (tmp_path / "checkpoint").write_text(newest.replace("\n", "\n1", 1))
    assert "Verification Failure" in run(program, shell=True, folder=tmp_path)


def test_openssl_checks_the_head_as_the_documentation_says(
    live_server: LiveServer, tmp_path: Path
) -> None:
    _first, newest = sealed_twice()
    text = (settings.BASE_DIR / "docs/ledger.md").read_text()
    recipe = next(part for part in text.split("```") if "openssl pkeyutl" in part)
    program = recipe.removeprefix("sh\n").replace("https://SITE", live_server.url)
    (tmp_path / "checkpoint").write_text(newest)
    assert "Signature Verified Successfully" in run(program, shell=True, folder=tmp_path)
    (tmp_path / "checkpoint").write_text(newest.replace("\n", "\n1", 1))
    assert "Verification Failure" in run(program, shell=True, folder=tmp_path)


def test_a_transaction_that_was_changed_says_so(bought: tuple[Member, Transaction]) -> None:
    _ana, txn = bought
    past_the_triggers("UPDATE ledger_entry SET amount = amount * 2 WHERE txn_id = %s", [txn.pk])
    assert "This is no longer what was sealed" in seen(f"/books/transactions/{txn.pk}/")
    assert Client().get(f"{PAGE}transactions/{txn.pk}/proof").status_code == 500


def test_transactions_that_never_were_have_no_place() -> None:
    for path in ("transactions/99/", f"transactions/{10**30}/", f"documents/{'0' * 64}/"):
        assert Client().get(f"{PAGE}{path}").status_code == 404
        assert Client().get(f"{PAGE}{path}proof").status_code == 404
    others = (f"documents/{'G' * 64}/", f"checkpoints/{10**30}", f"consistency/{10**30}")
    for path in (*others, f"transactions/{10**30}/openings"):
        assert Client().get(f"{PAGE}{path}").status_code == 404
    steward = Client()
    steward.force_login(make_steward())
    assert steward.get(f"{PAGE}transactions/{10**30}/openings").status_code == 404
    assert steward.get(f"{PAGE}transactions/{10**30}/").status_code == 404


# Whose business it is -------------------------------------------------------------------------


def openings(txn: Transaction, client: Client, status: int = 200) -> Any:
    answer = client.get(f"{PAGE}transactions/{txn.pk}/openings")
    assert answer.status_code == status
    return answer.json() if status == 200 else None


def commitment_of(account: int) -> str:
    """What the log says of an account's owner, by its first entry."""
    query = {"account": account, "version": 1}
    proof = Client().get("/api/v1/log/proofs/entry", query).json()
    owner: str = json.loads(proof["entry"])["opens"]["owner"]
    return owner


def test_a_member_can_open_what_hides_their_own_account(
    bought: tuple[Member, Transaction],
) -> None:
    ana, txn = bought
    opened = openings(txn, client_of(ana))
    assert "details" not in opened
    owners = {row["owner"] for row in opened["owners"]}
    assert owners == {f"member/{ana.pk}", f"backbone/member/{ana.pk}"}
    for row in opened["owners"]:
        preimage = json.dumps(
            {"owner": row["owner"], "salt": row["salt"]}, separators=(",", ":"), sort_keys=True
        )
        commitment = hashlib.sha256(preimage.encode()).hexdigest()
        assert commitment == row["commitment"] == commitment_of(row["account"])
    assert "Download what opens its seals" in seen(f"/books/transactions/{txn.pk}/", client_of(ana))


def test_an_office_can_open_all_of_it(bought: tuple[Member, Transaction]) -> None:
    _ana, txn = bought
    steward = Client()
    steward.force_login(make_steward())
    opened = openings(txn, steward)
    moved = set(Entry.objects.filter(txn=txn).values_list("account_id", flat=True))
    assert {row["account"] for row in opened["owners"]} == moved
    proof = Client().get("/api/v1/log/proofs/inclusion", {"transaction": txn.pk}).json()
    committed = json.loads(proof["leaf"])["details"]
    assert hashlib.sha256(opened["details"].encode()).hexdigest() == committed


def test_nobody_else_can(bought: tuple[Member, Transaction]) -> None:
    _ana, txn = bought
    others = (Client(), client_of(make_member("Ben")))
    for other in others:
        openings(txn, other, status=404)
        assert "opens its seals" not in seen(f"/books/transactions/{txn.pk}/", other)


def secrets_of(member: Member) -> list[str]:
    """What must not be read by the public: the name, every salt, the owner as the books name it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT salt::text FROM ledger_account")
        salts = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT salt::text FROM ledger_transaction")
        salts += [row[0] for row in cursor.fetchall()]
    title = Title.objects.get()
    about = Transaction.objects.filter(about__startswith="subscription:").latest("pk").about
    named = [member.name, about, bytes(title.salt).hex(), f'"member/{member.pk}"']
    return [*salts, *named, *Account.objects.exclude(owner="").values_list("owner", flat=True)]


def test_the_public_log_names_nobody_and_opens_nothing(bought: tuple[Member, Transaction]) -> None:
    ana, txn = bought
    size = tree.newest().size  # type: ignore[union-attr]
    paths = [f"/log/tile/entries/000.p/{size}", PAGE, f"{PAGE}transactions/{txn.pk}/proof"]
    paths += [f"/api/v1/log/proofs/inclusion?index={index}" for index in range(size)]
    for account, version in Entry.objects.values_list("account_id", "version"):
        paths.append(f"/api/v1/log/proofs/entry?account={account}&version={version}")
    told = "".join(Client().get(path).content.decode(errors="replace") for path in paths)
    told += seen(f"/books/transactions/{txn.pk}/").partition('id="proof"')[2]
    assert "entries" in told
    for secret in secrets_of(ana):
        assert secret not in told


# Titles and votes -----------------------------------------------------------------------------


def test_a_title_s_place_is_for_its_holder_and_the_offices(
    bought: tuple[Member, Transaction],
) -> None:
    ana, _txn = bought
    steward = Client()
    steward.force_login(make_steward())
    for reader in (client_of(ana), steward):
        page = seen("/titles/1/", reader)
        assert "Sealed as leaf" in page
        assert ".tlog-proof" in page
    assert Client().get("/titles/1/").status_code == 302
    assert client_of(make_member("Ben")).get("/titles/1/").status_code == 404
    public = seen("/verify/1/")
    assert "leaf" not in public
    assert f"{PAGE}documents" not in public


def test_a_title_and_its_place_are_checked_offline(
    bought: tuple[Member, Transaction], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ana, txn = bought
    page = seen("/titles/1/", client_of(ana))
    place = re.search(rf'href="({PAGE}documents/[0-9a-f]+/proof)"', page)
    assert place is not None
    files = {"title": "/verify/1/file", "proof": place[1]}
    files["other"] = f"{PAGE}transactions/{txn.pk}/proof"
    for name, path in files.items():
        (tmp_path / name).write_bytes(Client().get(path).content)
    salt, key = bytes(Title.objects.get().salt).hex(), tree.verifier_key().text()

    def check(proof: str = "proof", **options: str) -> None:
        given = {"salt": salt, "log_key": key, "proof": tmp_path / proof} | options
        call_command("verify_title", tmp_path / "title", **given)

    check()
    assert f"leaf {tree.newest().size - 1} of the log" in capsys.readouterr().out  # type: ignore[union-attr]
    stranger = notes.VerifierKey.of_seed(tree.origin(), bytes(32)).text()
    for wrong in (
        {"salt": "00" * 16}, {"salt": "x"}, {"proof": "other"}, {"proof": "title"},
        {"log_key": stranger}, {"log_key": "x"},
    ):  # fmt: skip
        with pytest.raises(CommandError):
            check(**wrong)


def test_a_certified_vote_s_place_is_public() -> None:
    town = make_town()
    proposal = decide(town, open_motion(town), ana="for", ben="for", chloe="against")
    assert "not sealed yet" in seen(f"/decisions/{proposal.pk}/")
    seal_all()
    page = seen(f"/decisions/{proposal.pk}/")
    certificate = Client().get(f"/api/v1/decisions/{proposal.pk}/certificate/").content
    assert certificate == bytes(Certificate.objects.get().envelope)
    digest = hashlib.sha256(certificate).hexdigest()
    file = f"{PAGE}documents/{digest}/proof"
    assert f'href="{file}"' in page
    found = notes.verify_proof(Client().get(file).content, tree.verifier_key())
    assert json.loads(found.leaf)["digest"] == digest
    assert "A document in the log" in seen(f"{PAGE}documents/{digest}/")
