"""A file of a thousand lines as the published schema has it: the books right to the cent."""

import random
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from xml.etree.ElementTree import fromstring

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bank.models import Line
from bank.queries import reconciled
from bank.services import import_file, match_all, match_lines
from ledger.models import Entry as LedgerEntry
from members.models import Member
from members.services import enrol_member
from payments.models import Charge, Payment
from tests.bank.books import all_wrong, balance_of, own_charge
from tests.bank.camt_file import Entry, Page, Tx, camt, credit, debit
from tests.bank.structure import SPACE, faults
from tests.makers import make_cooperative, make_pool, reserve
from titles.models import Title

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = timezone.localdate()
LINES = 1000


def people(number: int) -> list[Member]:
    make_cooperative()
    return [enrol_member(name=f"Member {n}", actor=None) for n in range(number)]


def charges_of(members: list[Member]) -> list[Charge]:
    """Five charges each, and for some of them a purchase."""
    pool = make_pool(treasury=10_000)
    owed = [
        own_charge(member, pool, cost=1000 + n * 7 + m, profit=(n % 2) * 250, code=f"2026-0{m}")
        for n, member in enumerate(members)
        for m in range(1, 6)
    ]
    return owed + [reserve(member, pool, 2).charge for member in members[:20]]


def a_file(charges: list[Charge], number: int) -> tuple[Page, Counter[str]]:  # noqa: C901
    """So many lines: most exact, with every trouble among them; and what must become of them."""
    chance, entries, expected = random.Random(4), list[Entry](), Counter[str]()
    left = list(charges)

    def ref() -> str:
        return f"B{len(entries):05}"

    def said(charge: Charge) -> dict[str, str]:
        text = f"Payment {charge.reference[:4]} {charge.reference[4:]} thank you"
        return chance.choice([{"reference": charge.reference}, {"text": text}])

    def exact() -> None:
        charge = left.pop()
        entries.append(credit(charge.amount, TODAY, ref(), **said(charge)))
        expected["matched"] += 1

    def batch() -> None:
        chosen = [left.pop() for _n in range(3)]
        parts = [Tx(c.amount, **said(c)) for c in chosen]
        entries.append(Entry(sum(c.amount for c in chosen), TODAY, ref(), parts))
        expected["matched"] += 3

    def partly() -> None:
        charge = left.pop()
        entries.append(credit(charge.amount - 1, TODAY, ref(), **said(charge)))
        expected["partly"] += 1

    def over() -> None:
        charge = left.pop()
        entries.append(credit(charge.amount + 1, TODAY, ref(), **said(charge)))
        expected["over"] += 1

    def twice() -> None:
        charge = left.pop()
        for _n in range(2):
            entries.append(credit(charge.amount, TODAY, ref(), **said(charge)))
        expected["matched"] += 1
        expected["duplicate"] += 1

    def returned() -> None:
        charge, name = left.pop(), f"E{len(entries)}"
        entries.append(credit(charge.amount, TODAY, ref(), end_to_end=name, **said(charge)))
        entries.append(debit(charge.amount, TODAY, ref(), end_to_end=name, returned="AC04"))
        expected["returned"] += 2

    def unknown() -> None:
        entries.append(credit(chance.randrange(1, 90_000), TODAY, ref(), text="a gift"))
        expected["unknown"] += 1

    def left_us() -> None:
        entries.append(debit(chance.randrange(1, 900), TODAY, ref(), text="a bill"))
        expected["by_hand"] += 1

    ways: list[Callable[[], None]] = [exact] * 8 + [batch, partly, over, twice, returned]
    while expected.total() < number:
        few = len(left) < 4 or expected.total() > number - 4
        chance.choice([unknown, left_us] if few else [*ways, unknown, left_us])()
    return Page(entries, "BIG", 123_456, TODAY), expected


def sum_over(data: bytes) -> int:
    """Cents by which a file changes the account, added up by other means than ours."""
    total = Decimal(0)
    for entry in fromstring(data).iter(f"{SPACE}Ntry"):
        way = entry.findtext(f"{SPACE}CdtDbtInd")
        amount = Decimal(entry.findtext(f"{SPACE}Amt") or "")
        total += amount if way == "CRDT" else -amount
    return int(total * 100)


def test_a_thousand_lines_twice_and_the_books_are_right() -> None:
    page, expected = a_file(charges_of(people(120)), LINES)
    data = camt(page)
    assert faults(data) == []
    began = time.perf_counter()
    file = import_file(data=data, name="big.xml", actor=None)
    imported = time.perf_counter()
    match_all()
    print(
        f"imported in {imported - began:.1f} s, matched in {time.perf_counter() - imported:.1f} s"
    )
    assert file.entries == Line.objects.count() == expected.total() >= LINES
    assert Counter(Line.objects.values_list("state", flat=True)) == expected
    independent = sum_over(data)
    found = reconciled()
    assert found is not None
    assert (found.books, found.before, found.gap) == (independent, 123_456, 0)
    assert found.bank == 123_456 + independent
    paid = sum(Payment.objects.filter(taken_back=None).values_list("amount", flat=True))
    assert paid - balance_of("unassigned") == independent
    assert Title.objects.filter(state="live").count() == balance_of("capital") // -200
    assert all_wrong() == []
    booked = LedgerEntry.objects.count()
    again = camt(page, version="02")
    for repeat in (data, again):
        import_file(data=repeat, name="again.xml", actor=None)
        match_all()
    assert (Line.objects.count(), LedgerEntry.objects.count()) == (expected.total(), booked)


@pytest.mark.parametrize("what", ["import", "match"])
def test_more_lines_ask_the_database_no_more(what: str) -> None:
    pool = make_pool()
    counted = []
    for number in (5, 60):
        members = people(number)
        charges = [own_charge(member, pool, cost=900, code=f"n{number}") for member in members]
        entries = [credit(900, TODAY, f"{number}-{c.pk}", reference=c.reference) for c in charges]
        data = camt(Page(entries, f"S{number}", 0, TODAY))
        with CaptureQueriesContext(
            connection,
        ) as asked_to_import:
            import_file(data=data, name="f", actor=None)
        with CaptureQueriesContext(connection) as asked_to_match:
            match_lines()
        counted.append(len(asked_to_import if what == "import" else asked_to_match))
        assert Line.objects.filter(state=Line.State.MATCHED).count() >= number
    assert counted[0] == counted[1] or abs(counted[0] - counted[1]) <= 1


def test_the_checker_of_structure_finds_what_is_wrong() -> None:
    page = Page([credit(5, TODAY, "A1", reference="RF18539007547034")], day=TODAY)
    good = camt(page)
    assert faults(good) == []
    assert faults(good.replace(b"<CdtDbtInd>CRDT</CdtDbtInd><Sts>", b"<Sts>")) != []
    assert faults(good.replace(b'Ccy="EUR"', b'Ccy="eur"')) != []
    assert faults(good.replace(b"<Id>2026-001</Id>", b"<Id></Id>")) != []
