"""The books under /api/v1/, open to all: commodities, accounts, entries, transactions.

Amounts are integers of the commodity's smallest unit; members appear by pseudonym where the
reader may not name them.
"""

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from ledger import queries
from ledger.access import Reader, reader_of
from ledger.corrections import queries as corrections
from ledger.models import Account, Entry, Transaction
from ledger.paging import PER_PAGE, page_by


class NewestFirst(CursorPagination):
    """Pages of fifty by a cursor that stays right while rows are added."""

    page_size = 50
    ordering = "-id"


class ById(CursorPagination):
    """Pages of fifty in the order in which the rows were made."""

    page_size = 50
    ordering = "id"


class InTime(CursorPagination):
    """Pages of fifty entries of one account, the newest first: by time, then by version."""

    page_size = PER_PAGE
    ordering = ("-recorded_at", "-version")

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """The entries after the cursor, which is that of the page for readers."""
        self.address = request.build_absolute_uri()
        self.found = page_by(queryset, queries.IN_TIME, request.query_params)
        return list(self.found)

    def get_next_link(self) -> str | None:
        """Where the older ones are."""
        return self._link(self.found.older)

    def get_previous_link(self) -> str | None:
        """Where the newer ones are."""
        return self._link(self.found.newer)

    def _link(self, cursor: str) -> str | None:
        return replace_query_param(self.address, "cursor", cursor) if cursor else None


class AccountSerializer(serializers.ModelSerializer[Account]):
    """An account and its balance."""

    commodity = serializers.CharField(source="commodity.code")
    owner = serializers.SerializerMethodField()
    balance = serializers.IntegerField(source="balance.amount")
    entries = serializers.IntegerField(source="balance.version")

    class Meta:
        model = Account
        fields = ("id", "commodity", "kind", "owner", "floor", "balance", "entries")
        read_only_fields = fields

    def get_owner(self, row: Account) -> str:
        """The owner as the reader may see it."""
        reader: Reader = self.context["reader"]
        return reader.label(row.owner)


class BookEntrySerializer(serializers.ModelSerializer[Entry]):
    """One movement with the balance after it."""

    account = serializers.IntegerField(source="account_id")
    transaction = serializers.IntegerField(source="txn_id")
    commodity = serializers.CharField(source="account.commodity.code")
    kind = serializers.CharField(source="account.kind")

    class Meta:
        model = Entry
        fields = (
            "transaction", "account", "version", "commodity", "kind", "amount", "balance_after",
        )  # fmt: skip
        read_only_fields = fields


class TransactionSerializer(serializers.ModelSerializer[Transaction]):
    """A transaction without names: who did it stands on the page, for those entitled."""

    reverses = serializers.IntegerField(source="reverses_id", allow_null=True)
    reversed_by = serializers.SerializerMethodField(help_text="the transaction that took it back")
    replaces = serializers.SerializerMethodField(
        help_text="the transaction in whose place it was booked"
    )
    replaced_by = serializers.SerializerMethodField(help_text="what was booked in its place")
    about = serializers.SerializerMethodField(help_text="empty where it is one person's business")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._owners: dict[int, set[str]] = {}
        self._replaced: dict[int, int] | None = None

    def get_reversed_by(self, row: Transaction) -> int | None:
        """The transaction that took it back."""
        return corrections.reversed_by(row)

    def get_replaces(self, row: Transaction) -> int | None:
        """The transaction in whose place it was booked."""
        return corrections.replaces(row)

    def get_replaced_by(self, row: Transaction) -> int | None:
        """What was booked in its place; read once for all rows of a page."""
        if self._replaced is None:
            self._replaced = corrections.replacements(r.pk for r in self.listed(row))
        return self._replaced.get(row.pk)

    def listed(self, row: Transaction) -> list[Transaction]:
        """All rows of the page of this one."""
        rows = self.parent.instance if self.parent is not None else None
        return list(rows or [row])

    def get_about(self, row: Transaction) -> str:
        """What it concerns, as far as the reader may know."""
        reader: Reader = self.context["reader"]
        return reader.matter(row.about, self.owners_of(row))

    def owners_of(self, row: Transaction) -> set[str]:
        """The owners of the accounts that moved; read once for all rows of a page."""
        if row.pk not in self._owners:
            self._owners = queries.owners_in(r.pk for r in self.listed(row))
        return self._owners[row.pk]

    class Meta:
        model = Transaction
        fields: tuple[str, ...] = (
            "id", "kind", "about", "effective_at", "recorded_at", "reverses", "reversed_by",
            "replaces", "replaced_by",
        )  # fmt: skip
        read_only_fields = fields


class TransactionDetailSerializer(TransactionSerializer):
    """A transaction with its entries."""

    entries = BookEntrySerializer(many=True)

    class Meta(TransactionSerializer.Meta):
        fields: tuple[str, ...] = (*TransactionSerializer.Meta.fields, "entries")


class WithReader(generics.GenericAPIView[Any]):
    """A view whose serializer is told who reads."""

    def get_serializer_context(self) -> dict[str, Any]:
        """Who reads."""
        return {**super().get_serializer_context(), "reader": reader_of(self.request.user)}


@extend_schema_view(get=extend_schema(operation_id="accounts", tags=["ledger"]))
class AccountsView(WithReader, generics.ListAPIView[Account]):
    """Every account with its balance."""

    permission_classes = (AllowAny,)
    serializer_class = AccountSerializer
    pagination_class = ById
    queryset = queries.accounts()


@extend_schema_view(get=extend_schema(operation_id="entries", tags=["ledger"]))
class EntriesView(generics.ListAPIView[Entry]):
    """The entries of one account, the newest first."""

    permission_classes = (AllowAny,)
    serializer_class = BookEntrySerializer
    pagination_class = InTime
    queryset = Entry.objects.none()

    def get_queryset(self) -> QuerySet[Entry, Any]:
        """Of the account in the address."""
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        account = generics.get_object_or_404(Account, pk=self.kwargs["account"])
        return queries.entries_of(account.pk)


@extend_schema_view(get=extend_schema(operation_id="transactions", tags=["ledger"]))
class TransactionsView(WithReader, generics.ListAPIView[Transaction]):
    """Every transaction, the newest first."""

    permission_classes = (AllowAny,)
    serializer_class = TransactionSerializer
    pagination_class = NewestFirst
    queryset = queries.transactions()


@extend_schema_view(get=extend_schema(operation_id="transaction", tags=["ledger"]))
class TransactionView(WithReader, generics.RetrieveAPIView[Transaction]):
    """One transaction with its entries."""

    permission_classes = (AllowAny,)
    serializer_class = TransactionDetailSerializer
    lookup_url_kwarg = "txn"
    queryset = queries.transactions().prefetch_related("entries__account__commodity")


urlpatterns = [
    path("accounts", AccountsView.as_view(), name="api_accounts"),
    path("accounts/<int:account>/entries", EntriesView.as_view(), name="api_entries"),
    path("transactions", TransactionsView.as_view(), name="api_transactions"),
    path("transactions/<int:txn>", TransactionView.as_view(), name="api_transaction"),
]
