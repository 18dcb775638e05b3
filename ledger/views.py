"""The books, open to all: commodities, accounts, entries, transactions. Nothing here writes."""

from collections.abc import Iterable
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from ledger import queries
from ledger.access import reader_of
from ledger.corrections import queries as corrections
from ledger.corrections.rules import rule_of
from ledger.labels import METERED, kinds_to_choose
from ledger.log import showing
from ledger.models import Transaction
from ledger.paging import page_by

PER_PAGE = 50


@require_GET
def books(request: HttpRequest) -> HttpResponse:
    """Everything that is counted, with its sum, and the latest transactions."""
    commodities = page_of(queries.commodity_totals(), request)
    latest = with_matters(queries.transactions(f"-{METERED}")[:8], request)
    context = {"page": commodities, "latest": latest}
    return render(request, "ledger/books.html", context)


@require_GET
def commodity(request: HttpRequest, commodity: int) -> HttpResponse:
    """The accounts of one commodity."""
    row = get_object_or_404(queries.commodity_totals(), pk=commodity)
    page = page_of(queries.accounts_in(commodity), request)
    context = {"commodity": row, "page": page, "reader": reader_of(request.user)}
    return render(request, "ledger/commodity.html", context)


@require_GET
def account(request: HttpRequest, account: int) -> HttpResponse:
    """One account: its entries with the balance after each."""
    row = get_object_or_404(queries.accounts(), pk=account)
    page = page_by(queries.entries_of(account), queries.IN_TIME, request.GET)
    carried = queries.carried_forward(account)
    reader = reader_of(request.user)
    context = {"account": row, "page": page, "reader": reader, "carried": carried}
    return render(request, "ledger/account.html", context)


@require_GET
def transactions(request: HttpRequest) -> HttpResponse:
    """Every transaction, newest first, or those of one kind."""
    kinds, kind = kinds_to_choose(), request.GET.get("kind", "")
    if kind not in dict(kinds):
        raise Http404
    page = page_by(queries.transactions(kind), ["id"], request.GET)
    rows = with_matters(page, request)
    context = {"page": page, "rows": rows, "kinds": kinds, "kind": kind}
    return render(request, "ledger/transactions.html", context)


@require_GET
def transaction(request: HttpRequest, txn: int) -> HttpResponse:
    """One transaction: its entries, summing to zero in each commodity."""
    row = get_object_or_404(Transaction.objects.select_related("reversed_by"), pk=txn)
    entries = queries.entries_in(txn)
    reader = reader_of(request.user)
    owners = {entry.account.owner for entry in entries}
    context = {
        "txn": row,
        "entries": entries,
        "reader": reader,
        "named": reader.may_name_all(owners),
        "matter": reader.matter(row.about, owners),
        "proof": showing.of_transaction(txn, reader),
        **links_of(row),
    }
    return render(request, "ledger/transaction.html", context)


def links_of(row: Transaction) -> dict[str, Any]:
    """What a transaction takes back or replaces, and what took back or replaced it."""
    rule, reversed_by = rule_of(row), corrections.reversed_by(row)
    return {
        "reversed_by": reversed_by,
        "replaced_by": corrections.replaced_by(row),
        "replaces": corrections.replaces(row),
        "replaced": corrections.replacements([row.reverses_id]).get(row.reverses_id)
        if row.reverses_id
        else None,
        "correctable": (rule.moment or rule.amounts) and not reversed_by,
    }


def with_matters(
    rows: Iterable[Transaction], request: HttpRequest
) -> list[tuple[Transaction, str]]:
    """Transactions, each with what it is about as far as the reader may know."""
    listed, reader = list(rows), reader_of(request.user)
    owners = queries.owners_in(row.pk for row in listed)
    return [(row, reader.matter(row.about, owners[row.pk])) for row in listed]


def page_of(rows: QuerySet[Any], request: HttpRequest) -> Page[Any]:
    """The page the reader asked for; the nearest one where that does not exist."""
    return Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
