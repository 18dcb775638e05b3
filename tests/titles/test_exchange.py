"""A register moves in whole or not at all, and comes out as it went in."""

import csv
import dataclasses
import io
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.register import register as made_up_register
from coop_verify.checks import Request
from ledger.asof import Moment, balances
from ledger.models import Account, Transaction
from members.models import Member, MemberEvent, NumberVoid
from tests.makers import all_wrong, buy, make_cooperative, make_member, make_steward
from titles.exchange import files as sets
from titles.exchange.export import export_register
from titles.exchange.files import Files, Problem
from titles.exchange.move_in import CannotMoveIn, look_at, move_in
from titles.exchange.ocf import export_ocf
from titles.exchange.shapes import SHAPES
from titles.models import Title
from titles.verify import is_genuine

EXAMPLE = Path(__file__).parents[2] / "docs" / "moving-in"
TITLE = "shares moved in"


@pytest.fixture
def example() -> dict[str, bytes]:
    make_cooperative()
    return dict(sets.from_folder(EXAMPLE))


def rows_of(files: Files, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[name].decode(), newline="")))


def changed(files: Files, name: str, old: str, new: str) -> dict[str, bytes]:
    text = files[name].decode()
    assert text.count(old) >= 1, f"{name} does not say {old}"
    return {**files, name: text.replace(old, new, 1).encode()}


def told(files: Files) -> list[tuple[str, int, str]]:
    return [(p.file, p.line, p.column) for p in look_at(files).problems]


@pytest.mark.django_db
def test_the_example_moves_in_and_comes_out(example: dict[str, bytes]) -> None:
    seen = look_at(example)
    assert seen.is_fit, list(map(str, seen.problems))
    assert not Title.objects.exists() and not Member.objects.exists()
    assert not Transaction.objects.exists(), "looking writes nothing"
    move_in(files=example, actor=None)
    assert all_wrong() == []
    out = export_register()
    for shape in SHAPES:
        came = {tuple(row.items()) for row in rows_of(example, shape.file)}
        went = rows_of(out, shape.file)
        said = {
            tuple((name, row[name]) for name in columns)
            for row in went
            for columns in [list(rows_of(example, shape.file)[0])]
        }
        assert came <= said, shape.file


@pytest.mark.django_db
def test_numbers_and_dates_stay(example: dict[str, bytes]) -> None:
    move_in(files=example, actor=None)
    for row in rows_of(example, "titles.csv"):
        title = Title.objects.get(number=int(row["number"]))
        assert timezone.localdate(title.issued_at).isoformat() == row["issued_on"]
        assert title.member.number == int(row["member"])
        assert is_genuine(bytes(title.envelope), signing_key())
        assert timezone.now() - title.recorded_at < timedelta(minutes=5)
    given_out = {int(row["number"]) for row in rows_of(example, "members.csv")}
    void = set(NumberVoid.objects.filter(kind="member").values_list("number", flat=True))
    assert void == set(range(1, max(given_out) + 1)) - given_out != set()
    joined = make_member("Somebody new")
    assert joined.number == max(given_out) + 1


def signing_key() -> bytes:
    from signing import keys

    return keys.public_key()


@pytest.mark.django_db
def test_the_same_set_again_changes_nothing(example: dict[str, bytes]) -> None:
    move_in(files=example, actor=None)
    before = Transaction.objects.count(), Title.objects.count(), MemberEvent.objects.count()
    assert move_in(files=example, actor=None).is_done
    assert before == (
        Transaction.objects.count(), Title.objects.count(), MemberEvent.objects.count(),
    )  # fmt: skip
    other = changed(example, "members.csv", "Mill lane 4", "Mill lane 5")
    line = 1 + example["members.csv"].decode().split("Mill lane 4")[0].count("\n")
    with pytest.raises(CannotMoveIn) as refused:
        move_in(files=other, actor=None)
    assert [(p.file, p.line) for p in refused.value.problems] == [("members.csv", line)]


CASES = [
    ("pools.csv", "1000,", "1001,", [("pools.csv", 2, "units")]),
    ("titles.csv", ",founding,", ",foundling,", [("titles.csv", 2, "origin")]),
    ("titles.csv", "1,1,backbone,400", "1,1,backbone,4.5", [("titles.csv", 2, "units")]),
    ("titles.csv", "1,1,backbone", "1,99,backbone", [("titles.csv", 2, "member")]),
    ("titles.csv", "1,1,backbone", "1,1,backbown", [("titles.csv", 2, "pool")]),
    ("titles.csv", "1998-04-01", "01.04.1998", [("titles.csv", 2, "issued_on")]),
    ("titles.csv", "1998-04-01", "2998-04-01", [("titles.csv", 2, "issued_on")]),
    ("members.csv", "\n4,", "\n2,", [("members.csv", 5, "number")]),
    ("members.csv", ",active,", ",left,", [("members.csv", 2, "state")]),
    ("events.csv", "resignation", "death", [("events.csv", 3, "reason")]),
    ("transfers.csv", "4,8,60", "4,8,61", [("titles.csv", 5, "units"), ("titles.csv", 8, "units")]),
    ("transfers.csv", "4,8,60", "8,4,60", [("transfers.csv", 4, "to")]),
    ("transfers.csv", "2016-11-03", "2016-11-04", [("transfers.csv", 4, "on")]),
    ("titles.csv", "70,700.00", "70,701.00", [("titles.csv", 6, "paid_in")]),
    ("titles.csv", ",gift,", ",purchase,", [("titles.csv", 7, "origin")]),
    ("voids.csv", "title,7", "title,8", [("voids.csv", 2, "number")]),
    ("assets.csv", "1998-03-01", "1999-03-01", [("titles.csv", 2, "units")]),
    ("assets.csv", "10000.00", "-1", [("assets.csv", 2, "cost")]),
    ("redemptions.csv", ",30,", ",31,", [("titles.csv", 4, "units")]),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "old", "new", "where"), CASES)
def test_each_mistake_is_told_with_its_line(
    example: dict[str, bytes], name: str, old: str, new: str, where: list[Any]
) -> None:
    wrong = changed(example, name, old, new)
    found = told(wrong)
    assert set(where) <= set(found), found
    with pytest.raises(CannotMoveIn):
        move_in(files=wrong, actor=None)
    assert not Title.objects.exists() and not Member.objects.exists()


@pytest.mark.django_db
def test_files_that_cannot_be_read_at_all(example: dict[str, bytes]) -> None:
    assert told({}) == [(shape.file, 0, "") for shape in SHAPES if shape.needed]
    assert told({**example, "titles.csv": b"number;member\n"})[0][:2] == ("titles.csv", 1)
    broken = example["members.csv"].replace("María".encode(), "María".encode("latin-1"))
    assert told({**example, "members.csv": broken})[0][:2] == ("members.csv", 3)
    short = changed(example, "transfers.csv", ",60\n", "\n")
    assert any(file == "transfers.csv" for file, _line, _column in told(short))


@pytest.mark.django_db
def test_a_site_that_numbers_already_refuses(example: dict[str, bytes]) -> None:
    make_member("Ana Serra")
    assert look_at(example).is_fit, "the founder stands in the file under the same number and name"
    somebody = make_member("Somebody else")
    assert ("members.csv", 3, "name") in told(example)
    from tests.makers import make_pool

    buy(somebody, make_pool("other", treasury=10), 1)
    assert ("titles.csv", 0, "") in told(example)


@pytest.mark.django_db
def test_the_founder_keeps_the_account(example: dict[str, bytes]) -> None:
    ana = make_member("Ana Serra")
    move_in(files=example, actor=ana.user)
    assert Member.objects.get(number=1).pk == ana.pk
    assert Title.objects.get(number=1).member_id == ana.pk
    assert all_wrong() == []


@pytest.mark.django_db
def test_any_day_shows_what_was_and_no_knowledge_shows_nothing() -> None:
    make_cooperative()
    register = made_up_register(12, 60, 5)
    before = timezone.now()
    move_in(files=sets.write(register), actor=None)
    ends = {row.earlier: row.at for row in register.transfers}
    ends |= {row.title: row.at for row in register.redemptions}
    holding = Account.objects.filter(kind="holding").values_list("pk", "owner", "commodity__code")
    names = {pk: (owner, code) for pk, owner, code in holding}
    numbers = dict(Member.objects.values_list("number", "pk"))
    for day in (date(1996, 6, 1), date(1998, 1, 1), date(1999, 7, 7), date(2000, 12, 31)):
        at = timezone.make_aware(datetime(day.year, day.month, day.day))
        expected: Counter[tuple[str, str]] = Counter()
        for row in register.titles:
            if row.issued_at <= at and ends.get(row.number, at + timedelta(1)) > at:
                expected[f"member/{numbers[row.member]}", f"unit:{row.pool}"] += row.units
        held = balances(list(names), Moment(effective=at))
        assert {names[pk]: n for pk, n in held.items() if n} == dict(expected)
        known = balances(list(names), Moment(effective=at, known=before))
        assert not any(known.values())


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20
)


@pytest.mark.django_db
@settings(max_examples=8)
@given(data=st.data(), seed=st.integers(0, 10**6), events=st.integers(1, 40))
def test_out_and_in_again_gives_the_same_bytes(data: Any, seed: int, events: int) -> None:
    made = made_up_register(data.draw(st.integers(1, 8)), events, 5, seed)
    members = [
        dataclasses.replace(row, name=data.draw(WORDS), address=data.draw(WORDS) + '\r\nx, "y"')
        for row in made.members
    ]
    kept = [row for row in members if data.draw(st.booleans()) or row.number in holders(made)]
    events_kept = [row for row in made.events if row.member in {m.number for m in kept}]
    register = dataclasses.replace(made, members=kept, events=events_kept)
    mark = transaction.savepoint()
    make_cooperative()
    move_in(files=sets.write(register), actor=None)
    out = export_register()
    for shape in SHAPES[:-1]:
        assert out[shape.file] == sets.write(register)[shape.file]
    transaction.savepoint_rollback(mark)
    make_cooperative()
    move_in(files=out, actor=None)
    assert dict(export_register()) == dict(out)
    assert all_wrong() == []
    transaction.savepoint_rollback(mark)


def holders(register: Any) -> set[int]:
    return {row.member for row in register.titles}


@pytest.mark.django_db(transaction=True)
def test_the_auditor_accepts_numbers_that_are_void(
    example: dict[str, bytes], tmp_path: Path
) -> None:
    from coop_verify.checks import Check
    from coop_verify.report import Report

    move_in(files=example, actor=None)
    call_command("export_books", str(tmp_path / "books"), "--seal", "--kind", "members")
    listed = (tmp_path / "books" / "titles.ndjson").read_text()
    assert '{"number":7,"void":"Spoiled form"}' in listed
    report: Report = Check(Request(tmp_path / "books", None, (), ())).run()
    assert report.holds


@pytest.mark.django_db
def test_pages_ask_as_often_however_much_there_is(client: Client) -> None:
    user = make_steward()
    client.force_login(user)
    counts: dict[int, Mapping[str, int]] = {}
    mark = transaction.savepoint()
    for n in (1, 4):
        steward = Member.objects.get(number=1)
        made = made_up_register(30 * n, 120 * n)
        first = dataclasses.replace(made.members[0], name=steward.name)
        whole = dataclasses.replace(made, members=[first, *made.members[1:]])
        move_in(files=sets.write(whole), actor=user)
        counts[n] = asked(client, Title.objects.filter(state="live").latest("number").number)
        transaction.savepoint_rollback(mark)
    assert counts[1] == counts[4]
    assert max(counts[1].values()) < 40


def asked(client: Client, number: int) -> Mapping[str, int]:
    paths = [
        "/stewardship/register/", "/titles/", f"/titles/{number}/", f"/verify/{number}/",
        f"/verify/{number}/credential", "/stewardship/register/export.zip",
        "/stewardship/register/ocf.zip", f"/titles/{number}/certificate.pdf",
        "/stewardship/register/moving/",
    ]  # fmt: skip
    found = {}
    for path in paths:
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200, path
        found[path.replace(str(number), "n")] = len(queries)
    return found


# The fields that Open Cap Table Format 1.2.0 requires of each object, and those that it knows.
REQUIRED = {
    "ISSUER": {"object_type", "id", "legal_name", "formation_date", "country_of_formation"},
    "STAKEHOLDER": {"object_type", "id", "name", "stakeholder_type"},
    "STOCK_CLASS": {
        "object_type", "id", "name", "class_type", "default_id_prefix",
        "initial_shares_authorized", "votes_per_share", "seniority",
    },
    "TX_STOCK_ISSUANCE": {
        "object_type", "id", "date", "security_id", "custom_id", "stakeholder_id",
        "stock_class_id", "share_price", "quantity", "security_law_exemptions",
        "stock_legend_ids",
    },
    "TX_STOCK_TRANSFER": {"object_type", "id", "date", "security_id", "resulting_security_ids"},
    "TX_STOCK_REPURCHASE": {"object_type", "id", "date", "security_id", "price", "quantity"},
}  # fmt: skip
KNOWN = {
    "ISSUER": {"dba"},
    "STAKEHOLDER": {"issuer_assigned_id"},
    "STOCK_CLASS": set(),
    "TX_STOCK_ISSUANCE": {"cost_basis", "consideration_text"},
    "TX_STOCK_TRANSFER": {"balance_security_id", "consideration_text"},
    "TX_STOCK_REPURCHASE": {"balance_security_id", "consideration_text"},
}
MANIFEST = {
    "ocf_version", "file_type", "issuer", "as_of", "generated_at", "stock_plans_files",
    "stock_legend_templates_files", "stock_classes_files", "vesting_terms_files",
    "valuations_files", "transactions_files", "stakeholders_files",
}  # fmt: skip


@pytest.mark.django_db
def test_the_open_cap_table_has_what_its_format_wants(example: dict[str, bytes]) -> None:
    move_in(files=example, actor=None)
    package = {name: json.loads(raw) for name, raw in export_ocf().items()}
    manifest = package.pop("Manifest.ocf.json")
    assert set(manifest) == MANIFEST
    named = {f["filepath"] for key in MANIFEST if key.endswith("_files") for f in manifest[key]}
    assert named == set(package)
    things = [manifest["issuer"], *(item for file in package.values() for item in file["items"])]
    for thing in things:
        kind = thing["object_type"]
        assert REQUIRED[kind] <= set(thing) <= REQUIRED[kind] | KNOWN[kind]
    assert len({thing["id"] for thing in things}) == len(things)
    balance(things)


def balance(things: list[dict[str, Any]]) -> None:
    """Who follows the transactions arrives at the live titles."""
    issued = {t["security_id"]: t for t in things if t["object_type"] == "TX_STOCK_ISSUANCE"}
    ended = {t["security_id"] for t in things if t["object_type"] in
             ("TX_STOCK_TRANSFER", "TX_STOCK_REPURCHASE")}  # fmt: skip
    held: Counter[str] = Counter()
    for security, issue in issued.items():
        if security not in ended:
            held[issue["stakeholder_id"]] += int(issue["quantity"])
    live: dict[str, int] = defaultdict(int)
    for title in Title.objects.filter(state="live").select_related("member"):
        live[f"member-{title.member.number}"] += title.units
    assert held == live
    assert issued["title-0001"]["share_price"] == {"amount": "10.00", "currency": "EUR"}


@pytest.mark.django_db(transaction=True)
def test_the_steward_looks_and_confirms(client: Client, example: dict[str, bytes]) -> None:
    client.force_login(make_user_steward())
    page = "/stewardship/register/moving/"
    wrong = changed(example, "titles.csv", "1,1,backbone,400", "1,1,backbone,4")
    answer = upload(client, page, wrong)
    assert answer.status_code == 422 and "pools.csv:2" in answer.text
    answer = upload(client, page, example)
    assert answer.status_code == 200 and "The files are whole" in answer.text
    digest = answer.context["form"]["digest"].value()
    assert not Title.objects.exists()
    other = changed(example, "members.csv", "Mill lane 4", "Mill lane 5")
    assert upload(client, f"{page}confirm/", other, digest).status_code == 422
    assert not Title.objects.exists()
    answer = upload(client, f"{page}confirm/", example, digest)
    assert (answer.status_code, answer["Location"]) == (303, page)
    assert Title.objects.exists() and "moved in on" in client.get(page).text
    assert "already" in upload(client, page, example).text
    out = sets.from_zip(client.get("/stewardship/register/export.zip").content)
    assert dict(out) == dict(export_register())
    assert client.get("/stewardship/register/ocf.zip").status_code == 200


def make_user_steward() -> Any:
    from members.models import Role
    from members.services import grant_role
    from tests.makers import make_user

    user = make_user()
    grant_role(user=user, name=Role.Name.STEWARD, actor=None, source="founding")
    return user


def upload(client: Client, page: str, files: Files, digest: str = "") -> Any:
    file = SimpleUploadedFile("register.zip", sets.to_zip(files), "application/zip")
    return client.post(page, {"file": file, "digest": digest})


@pytest.mark.django_db
def test_others_have_no_business_there(client: Client) -> None:
    user = make_member("Ana").user
    assert user is not None
    client.force_login(user)
    for path in ("moving/", "export.zip", "ocf.zip"):
        assert client.get(f"/stewardship/register/{path}").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_the_commands(
    example: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("import_register", str(EXAMPLE), "--dry-run")
    assert "would be moved in" in capsys.readouterr().out and not Title.objects.exists()
    (tmp_path / "bad").mkdir()
    with pytest.raises(CommandError, match=r"pools\.csv"):
        call_command("import_register", str(tmp_path / "bad"))
    call_command("import_register", str(EXAMPLE))
    call_command("export_register", str(tmp_path / "out"))
    assert dict(sets.from_folder(tmp_path / "out")) == dict(export_register())
    call_command("export_register", str(tmp_path / "ocf"), "--ocf", "--country", "ES")
    manifest = json.loads((tmp_path / "ocf" / "Manifest.ocf.json").read_text())
    assert manifest["issuer"]["country_of_formation"] == "ES"
    with pytest.raises(CommandError, match="empty folder"):
        call_command("export_register", str(tmp_path / "out"))


def test_a_zip_is_made_the_same_each_time() -> None:
    files = {"b.csv": b"1", "a.csv": b"2"}
    assert sets.to_zip(files) == sets.to_zip(dict(reversed(files.items())))
    with pytest.raises(sets.NotAnArchive):
        sets.from_zip(b"not a zip")


def test_a_problem_says_where() -> None:
    assert str(Problem("titles.csv", 12, "units", "Write a number.")) == (
        "titles.csv:12 [units]: Write a number."
    )
