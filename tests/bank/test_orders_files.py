"""The two messages to the bank: their structure, their letters, and always the same bytes."""

from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from bank.orders.text import OUTSIDE, exact, restricted
from bank.orders.xml import (
    DEBITS,
    TRANSFERS,
    DebitLine,
    Head,
    Party,
    TransferLine,
    debit_file,
    transfer_file,
)
from tests.bank.iso20022 import PAIN_001, PAIN_008, faults
from tests.makers import IBAN
from tests.payments.paying_out import THEIR_IBAN

US = Party("Valley Net Cooperative", IBAN, "CAIXESBBXXX")
HEAD = Head(
    "P20261122-000001", datetime(2026, 11, 22, 9, 30, tzinfo=UTC), date(2026, 11, 24), US
)  # fmt: skip
TO = Party("Jörg Müßig & Söhne", THEIR_IBAN)
LINE = TransferLine("PO000000001", 12_345, TO, "3 shares — backbone €")
DEBIT = DebitLine(
    reference="RF74000000001",
    amount=3_000,
    payer=TO,
    words="RF74000000001 period:2026-10",
    mandate="MD000000001",
    signed_on=date(2026, 1, 2),
    sequence="FRST",
)
names = st.text(min_size=0, max_size=200)
cents = st.integers(1, 99_999_999_999)


@given(st.lists(st.tuples(names, names, cents), min_size=1, max_size=20))
def test_every_transfer_file_has_the_published_structure(rows: list[tuple[str, str, int]]) -> None:
    lines = [
        TransferLine(
            f"PO{n:09}", amount, Party(name, THEIR_IBAN, "COBADEFFXXX" if n % 2 else ""), words
        )
        for n, (name, words, amount) in enumerate(rows)
    ]
    made = transfer_file(replace(HEAD, us=Party(rows[0][0], IBAN)), lines)
    assert faults(made, TRANSFERS, PAIN_001) == []
    assert made == transfer_file(replace(HEAD, us=Party(rows[0][0], IBAN)), lines)


@given(st.lists(st.tuples(names, cents, st.booleans(), st.booleans()), min_size=1, max_size=20))
def test_every_debit_file_has_the_published_structure(
    rows: list[tuple[str, int, bool, bool]],
) -> None:
    lines = [
        replace(
            DEBIT,
            amount=amount,
            payer=Party(name, THEIR_IBAN),
            sequence="FRST" if first else "RCUR",
            old_iban=IBAN if amended else "",
        )
        for name, amount, first, amended in rows
    ]
    made = debit_file(HEAD, "DE98ZZZ09999999999", lines)
    assert faults(made, DEBITS, PAIN_008) == []
    assert made == debit_file(HEAD, "DE98ZZZ09999999999", lines)


def test_the_checker_sees_what_is_wrong() -> None:
    made = transfer_file(HEAD, [LINE]).decode()
    for right, wrong in (
        ("123.45", "123.4"),
        ("<NbOfTxs>1<", "<NbOfTxs>2<"),
        ("<ChrgBr>SLEV</ChrgBr>", ""),
        ("Joerg", "Jörg") if "Joerg" in made else ("Jorg", "Jörg"),
        ("PO000000001</EndToEndId>", "P" * 36 + "</EndToEndId>"),
        ("<CtrlSum>123.45", "<CtrlSum>123.46"),
        ('Ccy="EUR"', 'Ccy="USD"'),
        ("<Dt>2026-11-24</Dt>", "<DtTm>2026-11-24</DtTm>"),
    ):
        assert right in made
        assert faults(made.replace(right, wrong, 1).encode(), TRANSFERS, PAIN_001) != [], wrong


def test_a_file_says_what_it_was_given() -> None:
    made = transfer_file(HEAD, [LINE]).decode()
    for part in (
        "<MsgId>P20261122-000001</MsgId>", "<CreDtTm>2026-11-22T09:30:00Z</CreDtTm>",
        "<BICFI>CAIXESBBXXX</BICFI>", "<EndToEndId>PO000000001</EndToEndId>",
        '<InstdAmt Ccy="EUR">123.45</InstdAmt>', "<Nm>Jorg Mussig + Sohne</Nm>",
        "<Ustrd>3 shares - backbone EUR</Ustrd>",
    ):  # fmt: skip
        assert part in made, part


@given(names, st.integers(1, 140))
def test_restricted_text_is_short_plain_and_never_empty(text: str, length: int) -> None:
    made = restricted(text, length)
    assert 1 <= len(made) <= length
    assert OUTSIDE.search(made) is None
    assert made == made.strip()


@given(st.integers(0, 10**15))
def test_an_amount_is_exact(amount: int) -> None:
    assert int(exact(amount).replace(".", "")) == amount
    assert exact(amount)[-3] == "."
