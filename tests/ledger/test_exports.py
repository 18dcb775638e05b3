"""The books for other programs: whoever reads an export gets the same balances."""

import json
import subprocess
import sys
import tracemalloc
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from beancount.core import data
from beancount.core.account import is_valid
from beancount.core.amount import CURRENCY_RE
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from coop.books import everybody
from ledger.access import NOBODY, pseudonym
from ledger.corrections.services import correct
from ledger.exports import FORMATS, Asked, blocks
from ledger.exports.names import account_name, component, symbol
from ledger.models import Account, Balance, Commodity, Entry, Transaction
from ledger.services import Leg, Posting, ensure_commodity, open_account, post, post_many
from tests.ledger.trade_readers import (
    csv_sums,
    json_sums,
    read_beancount,
    read_csv,
    read_json,
)
from tests.makers import PASSWORD, account, buy, make_member, make_pool, make_steward
from tests.valley import Valley, make_valley

pytestmark = pytest.mark.django_db
PROJECT = Path(__file__).parents[2]


def export(form: str, asked: Asked | None = None) -> str:
    """An export as text."""
    return b"".join(blocks(FORMATS[form].lines(asked or Asked()))).decode()


def busy_valley() -> Valley:
    """A period with usage, overage and its close; money, units and tokens all move."""
    valley = make_valley()
    from tokens.services import record_usage

    for name, used in (("ana", 700_000), ("ben", 100_000), ("chloe", 50_123)):
        record_usage(rows=[valley.use(name, used, f"{name} used")], actor=None)
    valley.close()
    return valley


def kept() -> dict[int, int]:
    """What the accounts hold, by number."""
    return dict(Balance.objects.exclude(amount=0).values_list("account_id", "amount"))


def in_minor(sums: dict[int, dict[str, Decimal]]) -> dict[int, int]:
    """Decimals as integers of the smallest unit; each account has one commodity."""
    accounts = Account.objects.select_related("commodity").in_bulk(list(sums))
    found = {}
    for pk, by_symbol in sums.items():
        (name, number), commodity = *by_symbol.items(), accounts[pk].commodity
        assert name == symbol(commodity)
        scaled = number.scaleb(commodity.exponent)
        assert scaled == int(scaled)
        found[pk] = int(scaled)
    return {pk: amount for pk, amount in found.items() if amount}


# The same trial balance -----------------------------------------------------------------------


def test_beancount_loads_without_an_error_and_has_the_same_balances() -> None:
    busy_valley()
    entries, sums = read_beancount(export("beancount"))
    assert in_minor(sums) == kept()
    assert {e.meta["account"] for e in entries if isinstance(e, data.Open)} == {
        Decimal(pk) for pk in Account.objects.values_list("pk", flat=True)
    }
    asserted = [e for e in entries if isinstance(e, data.Balance)]
    assert len(asserted) == Account.objects.count()
    assert {e.tolerance for e in asserted} == {Decimal(0)}


def test_bean_check_accepts_the_file(tmp_path: Path) -> None:
    busy_valley()
    file = tmp_path / "books.beancount"
    call_command("export_trade", "--format=beancount", "--names", str(file))
    check = Path(sys.executable).with_name("bean-check")
    done = subprocess.run([check, file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_bean_check_finds_a_changed_amount(tmp_path: Path) -> None:
    busy_valley()
    text = export("beancount").replace("  1000.00 EUR", "  1000.01 EUR", 1)
    file = tmp_path / "books.beancount"
    file.write_text(text)
    check = Path(sys.executable).with_name("bean-check")
    assert subprocess.run([check, file], capture_output=True, check=False).returncode != 0


def test_csv_and_json_have_the_same_balances() -> None:
    busy_valley()
    assert csv_sums(export("csv")) == kept()
    assert json_sums(export("json")) == kept()


def test_json_says_what_each_account_holds_in_the_end() -> None:
    busy_valley()
    accounts = read_json(export("json"))["account"]
    assert {row["id"]: row["closing"] for row in accounts if row["closing"]} == kept()


def test_empty_books_are_exported_too() -> None:
    entries, sums = read_beancount(export("beancount"))
    assert (entries, sums) == ([], {})
    assert csv_sums(export("csv")) == {} == json_sums(export("json"))


# Some of the days -----------------------------------------------------------------------------


def at(day: int, hour: int = 12) -> datetime:
    """A moment in March 2026."""
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def make_days() -> tuple[int, int]:
    """Two accounts between which money moved on the 1st, 10th and 20th, all of it booked now."""
    ensure_commodity(code="EUR", kind="money", exponent=2)
    cash, backing = account("cash:operating", "pool/a"), account("backing", "pool/a")
    moves = [(1, 10_000), (10, -2_500), (20, 333)]
    with transaction.atomic():
        for day, amount in moves:
            legs = [Leg(cash, amount), Leg(backing, -amount)]
            post(Posting("test", str(day), "journal entry", legs, effective_at=at(day)))
    return cash, backing


@pytest.mark.parametrize(
    ("first", "last", "opening", "moved", "closing"),
    [
        (date(2026, 3, 5), date(2026, 3, 15), 10_000, 1, 7_500),
        (date(2026, 3, 10), date(2026, 3, 10), 10_000, 1, 7_500),
        (date(2026, 3, 11), date(2026, 3, 19), 7_500, 0, 7_500),
        (date(2026, 3, 11), None, 7_500, 1, 7_833),
        (None, date(2026, 3, 9), 0, 1, 10_000),
    ],
)
def test_some_days_open_with_what_was_there(
    first: date | None, last: date | None, opening: int, moved: int, closing: int
) -> None:
    cash, backing = make_days()
    asked, expected = Asked(first, last), {cash: closing, backing: -closing}
    assert in_minor(read_beancount(export("beancount", asked))[1]) == expected
    assert csv_sums(export("csv", asked)) == expected == json_sums(export("json", asked))
    found = read_json(export("json", asked))
    row = next(row for row in found["account"] if row["id"] == cash)
    assert (row["opening"], row["closing"]) == (opening, closing)
    assert len(found.get("transaction", [])) == moved


def test_days_that_have_not_come_yet_open_with_what_there_is() -> None:
    cash, backing = make_days()
    asked = Asked(date(2999, 1, 1))
    entries, sums = read_beancount(export("beancount", asked))
    assert in_minor(sums) == {cash: 7_833, backing: -7_833}
    assert {e.date for e in entries if isinstance(e, data.Balance)} == {asked.first}


def test_opening_and_days_come_to_the_replayed_balances() -> None:
    valley = busy_valley()
    member = next(iter(valley.members.values()))
    txn = Transaction.objects.filter(kind="cost of the period").get()
    correct(txn_id=txn.pk, actor=member.user, memo="late bill", effective_at=at(7))
    for first, last in ((date(2026, 3, 1), date(2026, 3, 31)), (date(2026, 3, 8), None)):
        asked = Asked(first, last)
        end = asked.window.end or timezone.now() + timedelta(days=1)
        replayed: dict[int, int] = {}
        rows = Entry.objects.filter(txn__effective_at__lt=end)
        for pk, amount in rows.values_list("account_id", "amount"):
            replayed[pk] = replayed.get(pk, 0) + amount
        expected = {pk: amount for pk, amount in replayed.items() if amount}
        assert expected
        assert in_minor(read_beancount(export("beancount", asked))[1]) == expected
        assert csv_sums(export("csv", asked)) == expected == json_sums(export("json", asked))


def test_an_account_at_rest_is_left_out_of_some_days() -> None:
    cash, backing = make_days()
    idle = account("cash:reserve", "pool/a")
    found = read_json(export("json", Asked(date(2026, 3, 5), date(2026, 3, 6))))
    assert {row["id"] for row in found["account"]} == {cash, backing}
    assert idle in {row["id"] for row in read_json(export("json"))["account"]}


def test_an_account_that_was_emptied_again_is_opened_all_the_same() -> None:
    cash, backing = make_days()
    with transaction.atomic():
        legs = [Leg(cash, -7_833), Leg(backing, 7_833)]
        post(Posting("test", "out", "journal entry", legs, effective_at=at(21)))
    entries, sums = read_beancount(export("beancount", Asked(date(2026, 3, 20))))
    assert in_minor(sums) == {}
    assert len([e for e in entries if isinstance(e, data.Open)]) == 2


# What it says of a transaction -------------------------------------------------------------------


def test_a_correction_is_linked_and_keeps_both_times() -> None:
    make_days()
    first = Transaction.objects.get(key="1")
    done = correct(txn_id=first.pk, actor=None, memo="it was the 2nd", effective_at=at(2))
    entries, _sums = read_beancount(export("beancount"))
    by_number = {int(e.meta["transaction"]): e for e in entries if isinstance(e, data.Transaction)}
    original, reversal = by_number[first.pk], by_number[done.reversal]
    assert done.replacement is not None
    new = by_number[done.replacement]
    assert (original.date, reversal.date, new.date) == (
        date(2026, 3, 1), date(2026, 3, 1), date(2026, 3, 2),
    )  # fmt: skip
    link = f"txn-{first.pk}"
    assert link in original.links & reversal.links & new.links
    assert (original.meta["reversed_by"], original.meta["replaced_by"]) == (
        done.reversal, done.replacement,
    )  # fmt: skip
    assert (reversal.meta["reverses"], new.meta["replaces"]) == (first.pk, first.pk)
    recorded = Transaction.objects.get(pk=done.replacement).recorded_at
    assert datetime.fromisoformat(new.meta["recorded_at"]) == recorded
    assert datetime.fromisoformat(new.meta["effective_at"]) == at(2)


@pytest.mark.parametrize("memo", ['a "b" \\ c', "two\nlines\x00".replace("\x00", "\x07"), "=1+1"])
def test_any_text_can_stand_in_a_note(memo: str) -> None:
    cash, backing = make_days()
    with transaction.atomic():
        legs = [Leg(cash, 1), Leg(backing, -1)]
        pk = post(Posting("test", "note", "journal entry", legs, memo=memo))
    entries, _sums = read_beancount(export("beancount"))
    told = next(e.narration for e in entries if e.meta.get("transaction") == pk)
    assert told == "journal entry: " + memo.replace("\n", " ").replace("\x07", " ")
    row = next(row for row in read_csv(export("csv")) if row["transaction"] == str(pk))
    assert row["memo"] == memo
    assert read_json(export("json"))["transaction"][-1]["memo"] == memo


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "'"])
def test_no_cell_is_taken_for_a_formula(start: str) -> None:
    cash, backing = make_days()
    memo = f"{start}HYPERLINK(1)"
    with transaction.atomic():
        post(Posting("t", "n", "journal entry", [Leg(cash, 1), Leg(backing, -1)], memo=memo))
    text = export("csv")
    assert f"'{memo}" in text
    assert [row["memo"] for row in read_csv(text)][-1] == memo


def test_csv_rows_end_as_the_standard_says() -> None:
    make_days()
    text = export("csv")
    assert text.endswith("\r\n")
    assert len(text.split("\r\n")) == 1 + 6 + 1


def test_json_is_as_its_schema_says() -> None:
    from jsonschema import Draft202012Validator

    busy_valley()
    schema = json.loads((PROJECT / "docs/trade-export.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for asked in (Asked(), Asked(reader=everybody()), Asked(date(2026, 3, 1), date(2026, 3, 2))):
        for line in export("json", asked).splitlines():
            assert [error.message for error in validator.iter_errors(json.loads(line))] == []
    assert not validator.is_valid({"type": "account"})


# Names ------------------------------------------------------------------------------------------


def component_read(text: str) -> str:
    """What a component of a name stands for: the rules of its docstring, backwards."""
    if text == "Q":
        return ""
    out, place = "", 0
    while place < len(text):
        sign = text[place]
        if sign == "Q":
            out, place = out + chr(int(text[place + 1 : place + 7], 16)), place + 7
        elif place == 0:
            out, place = sign.lower(), 1
        elif sign == "-" and text[place + 1].isupper():
            out, place = f"{out}:{text[place + 1].lower()}", place + 2
        elif sign.isupper():
            out, place = f"{out}_{sign.lower()}", place + 1
        else:
            out, place = out + sign, place + 1
    return out


@given(st.text(st.characters(codec="utf-8")) | st.text(":_-abqABQ019/"))
def test_a_component_can_be_read_back_and_is_in_the_grammar(text: str) -> None:
    made = component(text)
    assert component_read(made) == text
    assert is_valid(f"Assets:{made}")
    assert "--" not in made


def test_every_account_and_commodity_has_a_name_of_its_own() -> None:
    busy_valley()
    ensure_commodity(code="USD", kind="money", exponent=2)
    ensure_commodity(code="very long and strange, indeed!", kind="unit", exponent=3)
    ensure_commodity(code="token:a:b", kind="unit", exponent=3)
    for owner in ("pool/backbone", "pool/back-bone", "pool/back_bone", "", "a//b", "Ünïcode/1"):
        for code in ("EUR", "USD", "token:a:b", "very long and strange, indeed!"):
            for kind in ("cash:operating", "cash_operating", "cash-operating", "own", "odd kind"):
                open_account(commodity=code, kind=kind, owner=owner)
    rows = list(Account.objects.select_related("commodity"))
    for reader in (NOBODY, everybody()):
        names = [account_name(row, reader) for row in rows]
        assert len(set(names)) == len(names)
        assert all(is_valid(name) for name in names)
    symbols = [symbol(row) for row in Commodity.objects.all()]
    assert len(set(symbols)) == len(symbols)
    assert max(len(name) for name in symbols) <= 24


@given(code=st.text(min_size=1, max_size=120), pk=st.integers(1, 2**31 - 1), kind=st.sampled_from(
    ["money", "unit", "token"]))  # fmt: skip
def test_any_commodity_has_a_symbol_in_the_grammar(code: str, pk: int, kind: str) -> None:
    import regex

    made = symbol(Commodity(pk=pk, code=code, kind=kind, exponent=2))
    assert regex.fullmatch(CURRENCY_RE, made)
    assert len(made) <= 24
    assert made == code or made.endswith(f"_{pk}")


def test_two_members_with_one_pseudonym_keep_their_accounts_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    busy_valley()
    monkeypatch.setattr("ledger.exports.names.pseudonym", lambda owner: "00000000")
    rows = Account.objects.select_related("commodity")
    assert len({account_name(row, NOBODY) for row in rows}) == rows.count()
    assert in_minor(read_beancount(export("beancount"))[1]) == kept()


# Who may read names -------------------------------------------------------------------------


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_the_public_export_has_pseudonyms_only(form: str) -> None:
    member, pool = make_member(), make_pool(treasury=10)
    buy(member, pool, 3)
    owner, text = f"member/{member.pk}", export(form)
    assert pseudonym(owner) in text
    assert member.name not in text
    assert owner not in text and f"Member:{member.number}" not in text
    assert f"subscription:{member.pk}" not in text
    txn = Transaction.objects.get(kind="units bought")
    assert txn.memo and txn.memo not in text and txn.about not in text


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_those_entitled_read_numbers(form: str) -> None:
    member, pool = make_member(), make_pool(treasury=10)
    buy(member, pool, 3)
    text = export(form, Asked(reader=everybody()))
    assert f"member/{member.number}" in text
    assert pseudonym(f"member/{member.pk}") not in text
    assert Transaction.objects.get(kind="units bought").memo in text


def download(client: Client, **query: str) -> Any:
    """The answer to a download, its text in `text`."""
    answer = client.get("/books/exports/download", query)
    answer.text_of = b"".join(answer.streaming_content).decode() if answer.streaming else ""
    return answer


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_everybody_can_download_the_books(form: str) -> None:
    make_days()
    answer = download(Client(), format=form, first="2026-03-05", last="2026-03-15")
    assert answer.status_code == 200
    ending = FORMATS[form].ending
    name = f'filename="books-2026-03-05-2026-03-15.{ending}"'
    assert answer["Content-Disposition"] == f"attachment; {name}"
    expected = export(form, Asked(date(2026, 3, 5), date(2026, 3, 15)))
    if form == "json":
        answer.text_of, expected = answer.text_of[200:], expected[200:]
    assert answer.text_of == expected


def test_numbers_are_for_those_who_may_read_them() -> None:
    member, other = make_member("Ana"), make_member("Ben")
    pool = make_pool(treasury=10)
    buy(member, pool, 3), buy(other, pool, 2)
    steward, mine, public = Client(), Client(), Client()
    assert steward.login(username=make_steward().email, password=PASSWORD)
    mine.force_login(member.user)
    query = {"format": "csv", "names": "on"}
    of = {name: download(c, **query).text_of for name, c in
          {"steward": steward, "mine": mine, "public": public}.items()}  # fmt: skip
    first, second = f"member/{member.number}", f"member/{other.number}"
    assert first in of["steward"] and second in of["steward"]
    assert first in of["mine"] and second not in of["mine"]
    assert first not in of["public"] and second not in of["public"]
    assert first not in download(steward, format="csv").text_of


@pytest.mark.parametrize(
    "query", [{"format": "xlsx"}, {}, {"format": "csv", "first": "2026-02-30"},
              {"format": "csv", "first": "2026-02-02", "last": "2026-02-01"}],
)  # fmt: skip
def test_a_wrong_question_is_explained(query: dict[str, str]) -> None:
    answer = Client().get("/books/exports/download", query)
    assert answer.status_code == 422
    assert 'id="errors"' in answer.content.decode()


def test_the_page_offers_the_formats() -> None:
    page = Client().get("/books/exports/").content.decode()
    assert all(f'value="{form}"' in page for form in FORMATS)
    assert "/books/exports/" in Client().get("/books/").content.decode()


# The command --------------------------------------------------------------------------------


def test_the_command_writes_to_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    make_days()

    class Out:
        buffer = BytesIO()

    monkeypatch.setattr(sys, "stdout", Out)
    call_command("export_trade", "--format=csv", "-")
    assert Out.buffer.getvalue().decode() == export("csv")


def test_a_refused_command_leaves_no_file(tmp_path: Path) -> None:
    make_days()
    file = tmp_path / "books.csv"
    days = ["--from=2026-03-02", "--to=2026-03-01"]
    with pytest.raises(CommandError):
        call_command("export_trade", "--format=csv", *days, str(file))
    with pytest.raises(CommandError):
        call_command("export_trade", "--format=csv", str(tmp_path / "no" / "books.csv"))
    assert list(tmp_path.iterdir()) == []


# Memory -------------------------------------------------------------------------------------------


def peak_of(form: str) -> int:
    """The most bytes that Python held while an export was read and thrown away."""
    tracemalloc.start()
    try:
        for _block in blocks(FORMATS[form].lines(Asked())):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_memory_does_not_grow_with_the_books(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TRANSACTIONS", "ACCOUNTS", "ENTRIES"):
        monkeypatch.setattr(f"ledger.exports.rows.{name}", 50)
    cash, backing = make_days()
    fill(cash, backing, 0, 400)
    peak_of(form)
    before = peak_of(form)
    fill(cash, backing, 400, 1_600)
    assert peak_of(form) < 2 * before


def fill(cash: int, backing: int, start: int, end: int) -> None:
    """So many small transactions."""
    for first in range(start, end, 400):
        numbers = range(first, first + 400)
        with transaction.atomic():
            post_many(
                [Posting("fill", str(n), "journal entry", [Leg(cash, 1), Leg(backing, -1)])
                 for n in numbers]
            )  # fmt: skip
