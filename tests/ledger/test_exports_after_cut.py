"""Exports of books whose old entries were put away."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from ledger.asof import BeforeTheCut
from ledger.corrections.services import correct
from ledger.exports import FORMATS, Asked, blocks
from ledger.models import Balance, Entry, Transaction
from tests.ledger.test_partitions import (  # noqa: F401
    age,
    detach,
    euros,
    pay,
    rewrite,
    tables_as_they_were,
)
from tests.ledger.trade_readers import csv_sums, json_sums, read_beancount, read_json
from tests.sealing import seal_all

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cut(euros: dict[str, int]) -> date:  # noqa: F811
    """Payments of long ago, put away, and of today; the first whole day that is kept."""
    for key, of, months in (("old", "capital", 8), ("new", "expense", 0)):
        for n in range(3):
            pay(euros, f"{key} {n}", 500 + n, of=of)
        if months:
            age(months)
            rewrite("UPDATE ledger_transaction SET effective_at = recorded_at")
    seal_all()
    detach()
    assert Entry.objects.count() == 6
    return timezone.localdate(Transaction.objects.filter(key="new 0").get().recorded_at)


def export(form: str, asked: Asked) -> str:
    return b"".join(blocks(FORMATS[form].lines(asked))).decode()


def test_the_whole_books_open_with_what_was_carried(cut: date) -> None:
    kept = dict(Balance.objects.exclude(amount=0).values_list("account_id", "amount"))
    assert len(kept) == 3
    for asked in (Asked(), Asked(first=cut)):
        assert csv_sums(export("csv", asked)) == kept == json_sums(export("json", asked))
        _entries, sums = read_beancount(export("beancount", asked))
        found = {pk: by["EUR"] * 100 for pk, by in sums.items() if by["EUR"]}
        assert found == {pk: Decimal(amount) for pk, amount in kept.items()}
    head = read_json(export("json", Asked()))["books"][0]
    assert head["first"] is not None and date.fromisoformat(head["first"]) <= cut


def test_days_before_the_cut_are_refused_with_the_reason(cut: date) -> None:
    early = cut - timedelta(days=200)
    with pytest.raises(BeforeTheCut):
        export("csv", Asked(first=early))
    answer = Client().get("/books/exports/download", {"format": "csv", "first": early.isoformat()})
    assert answer.status_code == 422
    assert "The archive has them." in answer.content.decode()


def test_what_was_put_away_is_not_corrected(cut: date) -> None:
    old = Transaction.objects.get(key="old 0")
    with pytest.raises(BeforeTheCut):
        correct(txn_id=old.pk, actor=None, memo="", effective_at=timezone.now())
    assert Transaction.objects.count() == 6
