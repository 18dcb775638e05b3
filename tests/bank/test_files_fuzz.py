"""Whatever a file holds: it is read, or refused with a reason; nothing else ever happens."""

import contextlib
from datetime import date

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bank.files import camt, table
from bank.files.problem import Problem, Why
from bank.files.shapes import Told
from bank.files.table import Columns
from bank.files.values import references_in
from payments.references import compact
from tests.bank.camt_file import Entry, Page, Tx, credit, debit
from tests.bank.camt_file import camt as written

DAY = date(2026, 6, 1)
GOOD = written(
    Page(
        [
            credit(1050, DAY, "A1", reference="RF18539007547034", end_to_end="E1"),
            Entry(300, DAY, "B1", [Tx(100, text="a & b"), Tx(200)]),
            debit(77, DAY, "A3", returned="AC04"),
        ]
    )
)
TABLE = (
    "Datum;Betrag;Zweck;Saldo\n01.06.2026;10,50;RF18 5390 0754 7034;10,50\n"
    "02.06.2026;-1,00;x;9,50\n"
)
COLUMNS = Columns("Datum", "Betrag", text="Zweck", balance="Saldo")
BOMB = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">&b;</Document>"""
OUTSIDE = b"""<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">&x;</Document>"""
PARAMETER = b"""<!DOCTYPE d SYSTEM "http://127.0.0.1:9/x.dtd"><Document/>"""


def is_sound(told: list[Told]) -> bool:
    return all(
        one.opening is None or one.closing is None or one.opening + one.total == one.closing
        for one in told
    )


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """The good file with a few of its bytes cut out, doubled, or replaced."""
    data = bytearray(GOOD)
    for _n in range(draw(st.integers(1, 4))):
        at, length = draw(st.integers(0, len(data))), draw(st.integers(0, 40))
        kind = draw(st.sampled_from(["cut", "double", "replace", "swap"]))
        piece = bytes(data[at : at + length])
        if kind == "cut":
            del data[at : at + length]
        elif kind == "double":
            data[at:at] = piece
        elif kind == "replace":
            data[at : at + length] = draw(st.binary(max_size=30))
        else:
            words = [b"CRDT", b"DBIT", b"-", b"1e9", b"999999999999999999", b"<Id>", b"\xff"]
            data[at : at + length] = draw(st.sampled_from(words))
    return bytes(data)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
@example(BOMB)
@example(OUTSIDE)
@example(b"")
@example(b"\xff\xfe<\x00a\x00")
def test_a_damaged_statement_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(Problem):
        assert is_sound(camt.read(data))


@settings(max_examples=300)
@given(st.integers(0, len(TABLE)), st.integers(0, 12), st.text(max_size=12))
def test_a_damaged_table_is_read_or_refused(at: int, length: int, text: str) -> None:
    data = (TABLE[:at] + text + TABLE[at + length :]).encode("utf-8", "surrogatepass")
    with contextlib.suppress(Problem):
        assert is_sound(table.read(data, COLUMNS, iban="ES1", currency="EUR"))


@pytest.mark.parametrize("data", [BOMB, OUTSIDE, PARAMETER])
def test_definitions_are_refused_before_they_are_read(data: bytes) -> None:
    with pytest.raises(Problem) as caught:
        camt.read(data)
    assert caught.value.why == Why.DTD


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"<Document xmlns='urn:x'/>", Why.NOT_CAMT),
        (GOOD.replace(b"camt.053.001.08", b"camt.052.001.08"), Why.NOT_CAMT),
        (GOOD.replace(b"OPBD", b"XXXX"), Why.NO_BALANCE),
        (GOOD.replace(b"10.50", b"10.505"), Why.BAD_AMOUNT),
        (GOOD.replace(b"10.50", b"-10.50"), Why.BAD_AMOUNT),
        (GOOD.replace(b"<Dt>2026-06-01</Dt>", b"<Dt>2026-06-31</Dt>"), Why.BAD_DATE),
        (GOOD.replace(b"<Sts>", b"<Sts>" * 60), Why.NOT_XML),
        (b"<a>" * 100, Why.NOT_CAMT),
        (GOOD.replace(b"UTF-8", b"UTF-7x"), Why.ENCODING),
        (GOOD[:-40], Why.NOT_XML),
    ],
)
def test_each_fault_has_its_name(data: bytes, why: Why) -> None:
    with pytest.raises(Problem) as caught:
        camt.read(data)
    assert caught.value.why in (why, Why.TOO_DEEP)


@pytest.mark.parametrize(
    ("amount", "cents"),
    [("1.234,50", 123450), ("-1.234,5", -123450), ("12", 1200), ("+0,01", 1), ("−3,00", -300)],
)
def test_amounts_of_tables_are_exact(amount: str, cents: int) -> None:
    assert table.amount_of(amount, ",", "") == cents


@pytest.mark.parametrize("amount", ["1,234", "1.23", "1,2,3", "", "abc", "1e5", "--1", "12.34,5.6"])
def test_what_could_be_two_amounts_is_none(amount: str) -> None:
    with pytest.raises(Problem):
        table.amount_of(amount, ",", "")


@given(st.integers(10**8, 10**12), st.text(max_size=20), st.text(max_size=20), st.booleans())
def test_our_reference_is_found_in_any_text(
    number: int, before: str, after: str, spaced: bool
) -> None:
    check = 98 - int(f"{number}271500") % 97
    reference = compact(f"RF{check:02}{number}")
    assert reference
    shown = (
        " ".join(reference[i : i + 4] for i in range(0, len(reference), 4)) if spaced else reference
    )
    assert reference in references_in(f"{before} {shown} {after}")
