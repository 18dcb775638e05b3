"""Logs that are well made and well signed, over books that are wrong: exactly that is found."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.verifier.conftest import broken, verify
from tests.verifier.writer import Writer, merkle, spelled, valley

Spoil = Callable[[Writer], Any]
CASH, CAPITAL, CREATED, TREASURY, FIRST, SECOND = range(1, 7)
ISSUE, OWN = 8, 10


def unbalanced(books: Writer) -> None:
    books.post("odd", {CASH: 1, CAPITAL: -2})


def balanced_across_commodities_only(books: Writer) -> None:
    books.post("odd", {CASH: 1, OWN: -1})


def without_entries(books: Writer) -> None:
    books.post("odd", {})


def version_skipped(books: Writer) -> None:
    books.accounts[CASH]["version"] += 1
    books.post("odd", {CASH: 1, CAPITAL: -1})


def balance_off(books: Writer) -> None:
    books.accounts[CASH]["amount"] += 1
    books.post("odd", {CASH: 1, CAPITAL: -1})


def moved_by_nothing(books: Writer) -> None:
    books.post("odd", {CASH: 0, CAPITAL: 0})


def time_runs_back(books: Writer) -> None:
    books.tick(days=-1)
    books.post("odd", {CASH: 1, CAPITAL: -1})


def opened_again(books: Writer) -> None:
    books.post("odd", {CASH: 1, CAPITAL: -1})
    record = books.records[-1]
    record.entries[0]["opens"] = books.accounts[CASH]["opens"]
    record.leaf["entries"]["root"] = merkle([spelled(entry) for entry in record.entries]).hex()


def never_opened(books: Writer) -> None:
    extra = books.open("EUR", "capital")
    books.accounts[extra]["version"] = 1
    books.post("odd", {extra: -1, CASH: 1})


def two_exponents(books: Writer) -> None:
    extra = books.open("EUR", "capital")
    books.accounts[extra]["opens"]["exponent"] = 3
    books.post("odd", {extra: -1, CASH: 1})


def below_its_floor(books: Writer) -> None:
    books.post("odd", {CASH: -999_999, CAPITAL: 999_999})


def below_its_floor_for_a_while(books: Writer) -> None:
    books.post("odd", {CASH: -999_999, CAPITAL: 999_999})
    books.post("odd", {CASH: 999_999, CAPITAL: -999_999})


def floor_moved(books: Writer) -> None:
    account = books.accounts[CASH]
    account["opens"] = {**account["opens"], "floor": -1}


def reversed_twice(books: Writer) -> None:
    number = books.post("bought", {CASH: 1, CAPITAL: -1})
    books.reverse(number)
    books.reverse(number)


def reversed_in_part(books: Writer) -> None:
    number = books.post("bought", {CASH: 2, CAPITAL: -2})
    books.post("reversal", {CASH: -1, CAPITAL: 1}, reverses=number)


def reversed_before_it_was(books: Writer) -> None:
    books.post("reversal", {CASH: -1, CAPITAL: 1}, reverses=101 + len(books.records))
    books.post("bought", {CASH: 1, CAPITAL: -1})


def reversed_what_never_was(books: Writer) -> None:
    books.post("reversal", {CASH: -1, CAPITAL: 1}, reverses=9999)


def units_from_elsewhere(books: Writer) -> None:
    extra = books.open("unit:backbone", "pocket", "member/1")
    books.post("odd", {extra: 5, TREASURY: -5})


def units_uncreated(books: Writer) -> None:
    books.post("odd", {CREATED: 200, TREASURY: -200})


def tokens_below_zero(books: Writer) -> None:
    extra = books.open("token:backbone:bandwidth:2026-01", "received", "1")
    books.post("odd", {extra: -5, OWN: 5})


def tokens_of_a_strange_kind(books: Writer) -> None:
    extra = books.open("token:backbone:bandwidth:2026-01", "gift", "1", 0)
    books.post("odd", {ISSUE: -5, extra: 5})


def number_left_out(books: Writer) -> None:
    del books.titles[1]


def number_twice(books: Writer) -> None:
    books.titles[1]["number"] = 1


def title_outside_the_log(books: Writer) -> None:
    books.title("backbone", 1, FIRST)
    books.records.pop()


def title_twice_in_the_log(books: Writer) -> None:
    books.document("title", books.titles[0]["digest"])


def title_off_the_list(books: Writer) -> None:
    books.document("title", "ee" * 32)


def title_over_too_much(books: Writer) -> None:
    books.title("backbone", 1, FIRST)


def title_of_another_pool(books: Writer) -> None:
    books.post("units bought", {TREASURY: -1, FIRST: 1})
    books.title("storage", 1, FIRST)


def id_twice(books: Writer) -> None:
    books.post("one", {CASH: 1, CAPITAL: -1})
    books.post("two", {CASH: 1, CAPITAL: -1})
    books.records[-1].leaf["id"] = books.records[-2].leaf["id"]


def kept_too_high(books: Writer) -> None:
    books.accounts[CASH]["amount"] += 1


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (unbalanced, {"zero"}),
        (balanced_across_commodities_only, {"zero", "floors", "tokens"}),
        (without_entries, {"zero", "entries"}),
        (version_skipped, {"versions"}),
        (balance_off, {"versions"}),
        (moved_by_nothing, {"versions"}),
        (time_runs_back, {"versions"}),
        (opened_again, {"accounts"}),
        (never_opened, {"accounts", "versions", "zero"}),
        (two_exponents, {"accounts"}),
        (below_its_floor, {"floors"}),
        (below_its_floor_for_a_while, {"floors"}),
        (floor_moved, {"floors"}),
        (reversed_twice, {"reversals"}),
        (reversed_in_part, {"reversals"}),
        (reversed_before_it_was, {"reversals"}),
        (reversed_what_never_was, {"reversals"}),
        (units_from_elsewhere, {"units"}),
        (units_uncreated, {"units", "floors"}),
        (tokens_below_zero, {"tokens"}),
        (tokens_of_a_strange_kind, {"tokens"}),
        (number_left_out, {"titles"}),
        (number_twice, {"titles", "certificates"}),
        (title_outside_the_log, {"titles", "shares"}),
        (title_twice_in_the_log, {"titles"}),
        (title_off_the_list, {"titles"}),
        (title_over_too_much, {"shares"}),
        (title_of_another_pool, {"shares"}),
        (id_twice, {"leaves"}),
        (kept_too_high, {"kept"}),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, spoil: Spoil, expected: set[str]) -> None:
    books = valley()
    spoil(books)
    report = verify(books.write(tmp_path / "b", "members"))
    assert broken(report) == expected


def test_at_most_twenty_sentences_and_how_many_more(tmp_path: Path) -> None:
    books = valley()
    for _ in range(33):
        unbalanced(books)
    report = verify(books.write(tmp_path / "b"))
    assert report.promises["zero"].found == 33
    assert len(report.promises["zero"].sentences) == 20
    assert any("and 13 more" in line for line in report.lines())
    assert "leaf 12 does not sum to zero in EUR: -1" in report.promises["zero"].sentences
