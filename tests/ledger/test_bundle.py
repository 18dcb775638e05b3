"""The bundle: what an auditor takes away holds by a program that is not ours."""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from coop_verify.checks import Check, Request
from coop_verify.errors import Unreadable
from coop_verify.report import Report
from ledger import partitions
from ledger.models import Account
from ledger.services import (
    Leg,
    Posting,
    ensure_commodity,
    open_account,
    open_accounts,
    post,
    post_many,
)
from signing import keys
from tests.ledger.test_partitions import MONTH, age, run
from tests.makers import buy, make_member, make_pool
from tests.sealing import seal_all
from titles.models import Title

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[2]
KINDS = ("public", "members")


@pytest.fixture(autouse=True)
def tables_as_they_were() -> Iterator[None]:
    yield
    for table in partitions.away_tables():
        run(f"DROP TABLE {table}")
    partitions.keep_ahead()


def export(folder: Path, *options: str) -> str:
    """Everything that the command said."""
    said = StringIO()
    call_command("export_books", str(folder), *options, stdout=said, stderr=said)
    return said.getvalue()


def verified(folder: Path, *checkpoints: Path, archives: tuple[Path, ...] = ()) -> Report:
    return Check(Request(folder, None, checkpoints, archives)).run()


def lines(folder: Path, name: str) -> list[Any]:
    return [json.loads(line) for line in (folder / f"{name}.ndjson").read_bytes().splitlines()]


def manifest(folder: Path) -> Any:
    return json.loads((folder / "manifest.json").read_text())


def outside(*command: str) -> subprocess.CompletedProcess[str]:
    """A program on the test's own database."""
    url = urlsplit(os.environ["DATABASE_URL"])
    own = url._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    env = {**os.environ, "DATABASE_URL": own, "PYTHONPATH": str(ROOT / "verifier")}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )


@pytest.fixture
def owners() -> list[Title]:
    """Two members who bought into a pool; the log is complete."""
    pool = make_pool(treasury=100)
    for name, units in (("Zoë Quint", 30), ("Ben Ortega", 20)):
        buy(make_member(name), pool, units)
    seal_all()
    return list(Title.objects.order_by("number"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_auditor_finds_everything_in_order(
    owners: list[Title], tmp_path: Path, kind: str
) -> None:
    folder = tmp_path / "bundle"
    said = export(folder, "--kind", kind)
    assert re.search(r"bundle: \d+ leaves, \d+ bytes, in [\d.]+ seconds", said)
    report = verified(folder)
    assert report.holds, report.lines()
    assert [p.state for name, p in report.promises.items() if name in ("titles", "shares")] == [
        "ok",
        "ok",
    ]


def test_the_manifest_names_every_file_with_its_lines_and_hash(
    owners: list[Title], tmp_path: Path
) -> None:
    folder = tmp_path / "bundle"
    export(folder, "--kind", "members")
    said = manifest(folder)
    here = {path.name for path in folder.iterdir()} - {"manifest.json", "checkpoint"}
    assert set(said["files"]) == here
    for name, facts in said["files"].items():
        raw = (folder / name).read_bytes()
        assert facts == {"lines": raw.count(b"\n"), "sha256": hashlib.sha256(raw).hexdigest()}
    assert (said["kind"], said["carried"], said["size"]) == (
        "members",
        None,
        len(lines(folder, "leaves")),
    )
    assert said["public_key"] == keys.public_key().hex()
    assert "found" not in said
    assert folder.stat().st_mode & 0o077 == 0


def test_a_public_bundle_names_no_person_and_nothing_that_leads_to_one(
    owners: list[Title], tmp_path: Path
) -> None:
    folder = tmp_path / "bundle"
    said = export(folder)
    assert "holds names" not in said
    text = "".join(path.read_text() for path in folder.iterdir())
    salts = Account.objects.filter(owner__contains="member/")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT salt::text FROM ledger_account WHERE id = ANY (%s)",
            [list(salts.values_list("pk", flat=True))],
        )
        secrets = [row[0] for row in cursor.fetchall()]
    secrets += [bytes(title.salt).hex() for title in owners]
    secrets += [str(title.reference) for title in owners]
    assert len(secrets) > 4
    for secret in (*secrets, "member/", "Zoë", "Quint", "envelope", "details.ndjson", "user/"):
        assert secret not in text
    assert not (folder / "details.ndjson").exists()
    assert all(set(t) == {"number", "pool", "units", "state"} for t in lines(folder, "titles"))


def test_a_pseudonym_holds_within_a_bundle_and_not_beyond_it(
    owners: list[Title], tmp_path: Path
) -> None:
    found = []
    for name in ("one", "two"):
        export(tmp_path / name)
        listed = {line["account"]: line for line in lines(tmp_path / name, "accounts")}
        of_zoe = Account.objects.filter(owner__endswith=f"member/{owners[0].member_id}")
        labels = {
            listed[pk]["holder"].split(" · ")[-1] for pk in of_zoe.values_list("pk", flat=True)
        }
        assert len(of_zoe) > 1 and len(labels) == 1
        found.append(labels.pop())
        own = Account.objects.get(kind="treasury")
        assert (listed[own.pk]["owner"], listed[own.pk]["holder"]) == (
            "pool/backbone",
            "pool backbone",
        )
    assert found[0] != found[1] and re.fullmatch("holder [0-9a-f]{16}", found[0])


def test_a_members_bundle_has_names_details_and_the_signed_titles(
    owners: list[Title], tmp_path: Path
) -> None:
    folder = tmp_path / "bundle"
    assert "holds names" in export(folder, "--kind", "members")
    holders = {line["holder"] for line in lines(folder, "accounts")}
    assert any("Zoë Quint (no. " in holder for holder in holders)
    assert {"about", "actor", "memo", "key"} <= set(lines(folder, "details")[0])
    first = lines(folder, "titles")[0]
    assert base64.b64decode(first["envelope"]) == bytes(owners[0].envelope)


def test_what_is_not_sealed_is_in_it_too(owners: list[Title], tmp_path: Path) -> None:
    buy(make_member("Chloe"), owners[0].pool, 5)
    said = export(tmp_path / "before")
    pending = lines(tmp_path / "before", "pending")
    assert "--seal" in said and {line["leaf"]["type"] for line in pending} == {
        "transaction",
        "document",
    }
    assert verified(tmp_path / "before").holds
    seal_all()
    export(tmp_path / "after", "--seal")
    assert lines(tmp_path / "after", "pending") == []
    report = verified(tmp_path / "after", tmp_path / "before" / "checkpoint")
    assert report.holds, report.lines()


def test_books_of_which_nothing_was_ever_sealed_are_exported_under_an_empty_head(
    tmp_path: Path,
) -> None:
    buy(make_member("Ana"), make_pool(treasury=10), 5)
    export(tmp_path / "bundle")
    assert (manifest(tmp_path / "bundle")["size"], lines(tmp_path / "bundle", "leaves")) == (0, [])
    assert verified(tmp_path / "bundle").holds


@pytest.mark.parametrize("what", ["a file", "a full folder", "a place that cannot be"])
def test_nothing_is_written_over(tmp_path: Path, what: str) -> None:
    place = tmp_path / "bundle"
    if what == "a file":
        place.write_text("mine")
    elif what == "a full folder":
        place.mkdir()
        (place / "mine").write_text("mine")
    else:
        (tmp_path / "file").write_text("mine")
        place = tmp_path / "file" / "bundle"
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(CommandError, match="Nothing was written"):
        export(place)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_folder_is_filled_and_nothing_else_is_left(
    owners: list[Title], tmp_path: Path
) -> None:
    (tmp_path / "bundle").mkdir()
    export(tmp_path / "bundle")
    assert verified(tmp_path / "bundle").holds
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_after_an_error_no_half_bundle_is_left(
    owners: list[Title], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(keys.VARIABLE, "no key")
    with pytest.raises(Exception, match="64 hex digits"):
        export(tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


def test_it_is_one_moment_of_the_books(owners: list[Title], tmp_path: Path) -> None:
    """Postings from another connection during the export are wholly in it or not at all."""
    program = (
        "import django; django.setup()\n"
        "from ledger.models import Account\n"
        "from ledger.services import Leg, Posting, post\n"
        "a, b = Account.objects.filter(commodity__code='EUR', floor=None)[:2]\n"
        "for n in range(10**6):\n"
        "    post(Posting('test', f'while {n}', 'payment', [Leg(a.pk, 1), Leg(b.pk, -1)]))\n"
        "    print(n, flush=True)\n"
    )
    url = urlsplit(os.environ["DATABASE_URL"])
    own = url._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    poster = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": own},
        stdout=subprocess.PIPE,
    )
    try:
        assert poster.stdout is not None and poster.stdout.readline()
        for n in range(5):
            export(tmp_path / str(n))
            assert verified(tmp_path / str(n)).holds
    finally:
        poster.kill()
        poster.wait()
        assert poster.stdout is not None
        poster.stdout.close()
    counts = [len(lines(tmp_path / str(n), "pending")) for n in range(5)]
    assert counts == sorted(counts) and counts[0] > 0


@pytest.fixture
def cut_books(tmp_path: Path) -> Path:
    """A bundle of whole books, and then the first months put away; returns the whole one."""
    ensure_commodity(code="EUR", kind="money", exponent=2)
    ids = [open_account(commodity="EUR", kind=kind) for kind in ("cash", "fees", "idle", "late")]
    for batch, months in ((0, 6), (1, 0)):
        for n in range(5):
            legs = [Leg(ids[0], 10 + n), Leg(ids[1], -10 - n)]
            post(Posting(source="test", key=f"{batch} {n}", kind="fee", legs=legs))
        age(months) if months else None
    post(Posting("test", "late", "fee", [Leg(ids[3], 7), Leg(ids[0], -7)]))
    seal_all()
    export(tmp_path / "whole")
    call_command("detach_entries", "--before", MONTH, stdout=StringIO())
    return tmp_path / "whole"


@pytest.mark.parametrize("kind", KINDS)
def test_books_of_which_a_part_was_put_away(cut_books: Path, tmp_path: Path, kind: str) -> None:
    seal_all()
    export(tmp_path / "rest", "--kind", kind)
    said = manifest(tmp_path / "rest")
    assert said["carried"]["leaf"] == said["size"] - 1
    assert len(lines(tmp_path / "rest", "carried")) == 2
    assert len(lines(tmp_path / "rest", "entries")) == 12
    opened = [line["account"] for line in lines(tmp_path / "rest", "accounts") if "opens" in line]
    assert len(opened) == 3
    report = verified(tmp_path / "rest", cut_books / "checkpoint", archives=(cut_books,))
    assert report.holds, report.lines()
    assert verified(tmp_path / "rest").holds


def test_a_cut_that_is_not_sealed_is_said(cut_books: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="seal first"):
        export(tmp_path / "rest")
    assert verified(tmp_path / "rest").promises["carried"].found


def test_a_transaction_too_large_to_wait_is_said(tmp_path: Path) -> None:
    ensure_commodity(code="EUR", kind="money", exponent=2)
    numbers = "SELECT 'place/' || n FROM generate_series(1, %s) AS n"
    open_accounts(commodity="EUR", kind="deposit", owners=numbers, params=[6_000])
    ids = list(Account.objects.order_by("pk").values_list("pk", flat=True))
    legs = [Leg(pk, 1) for pk in ids[1:]] + [Leg(ids[0], 1 - len(ids))]
    post(Posting("test", "large", "deposits", legs))
    with pytest.raises(CommandError, match=r"too large for pending\.ndjson waits: seal first"):
        export(tmp_path / "waiting")
    with pytest.raises(Unreadable, match="a line of more than"):
        verified(tmp_path / "waiting")
    seal_all()
    export(tmp_path / "sealed")
    assert len(lines(tmp_path / "sealed", "entries")) == 6_000
    assert verified(tmp_path / "sealed").holds


def test_as_programs_of_their_own(owners: list[Title], tmp_path: Path) -> None:
    folder = str(tmp_path / "bundle")
    made = outside("manage.py", "export_books", folder, "--kind", "members")
    assert made.returncode == 0, made.stderr
    held = outside("-m", "coop_verify", folder, "--key", keys.public_key().hex())
    assert held.returncode == 0, held.stdout
    with (tmp_path / "bundle" / "leaves.ndjson").open("ab") as leaves:
        leaves.write(b"{}\n")
    assert outside("-m", "coop_verify", folder).returncode == 1


FEW, MANY = 2_000, 20_000
MORE_KIB = 6_000
"""of memory: far less than the leaves between the two would take"""
MEASURED = """
import re
from pathlib import Path
{prepare}
{work}
# Not getrusage: that remembers what the process was forked from.
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def most_memory(prepare: str, work: str) -> int:
    """The most memory, in KiB, that a program took."""
    done = outside("-c", MEASURED.format(prepare=prepare, work=work))
    assert done.returncode == 0, done.stderr
    return int(done.stdout.splitlines()[-1])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="measured as Linux does")
def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    ensure_commodity(code="EUR", kind="money", exponent=2)
    ids = [open_account(commodity="EUR", kind=f"k{n}") for n in range(50)]
    taken: list[tuple[int, int]] = []
    for first, end in ((0, FEW), (FEW, MANY)):
        for start in range(first, end, 1000):
            post_many([
                Posting("test", str(n), "fee", [Leg(ids[n % 50], 1), Leg(ids[n % 50 - 1], -1)])
                for n in range(start, start + 1000)
            ])  # fmt: skip
        seal_all()
        folder = str(tmp_path / str(end))
        django = "import django; django.setup()\nfrom django.core.management import call_command"
        wrote = most_memory(django, f"call_command('export_books', {folder!r})")
        read = most_memory("from coop_verify.cli import main", f"assert main([{folder!r}]) == 0")
        taken.append((wrote, read))
    (small_write, small_read), (large_write, large_read) = taken
    assert len((tmp_path / str(MANY) / "leaves.ndjson").read_bytes().splitlines()) == MANY
    print(f"KiB for {FEW} and {MANY}: written with {taken[0][0]}, {taken[1][0]};"
          f" read with {taken[0][1]}, {taken[1][1]}")  # fmt: skip
    assert large_write - small_write < MORE_KIB
    assert large_read - small_read < MORE_KIB
