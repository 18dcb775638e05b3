"""The bank desk under /api/v1/: statements in, lines, decisions, the bank against the books."""

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics, serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bank import queries, services
from bank.access import MayUseDesk, line_or_404
from bank.files.xml import MOST_BYTES
from bank.models import BankFile, Decision, Line, TableShape
from bank.services import Wish
from members.access import the_user
from titles.api import IDEMPOTENCY, idempotency_key

DECIDED = [
    kind
    for kind in Decision.Kind.values
    if kind in ("charges", "prepaid", "refund", "not_ours", "fee", "in_books", "return")
]


def own_key(request: Request) -> str:
    """The Idempotency-Key of this user; those of the desk's own steps are spelled otherwise."""
    return f"api:{the_user(request).pk}:{idempotency_key(request)}"


class BankFileSerializer(serializers.ModelSerializer[BankFile]):
    """A file that was imported; the same bytes again are the same file."""

    class Meta:
        model = BankFile
        fields = ("id", "sha256", "name", "format", "size", "imported_at", "entries", "added")
        read_only_fields = fields


class BankUploadSerializer(serializers.Serializer[BankFile]):
    """A file from the bank; `shape` names the description of a table, nothing for camt.053."""

    file = serializers.FileField(max_length=120)
    shape = serializers.SlugRelatedField[TableShape](
        slug_field="name", queryset=TableShape.objects.all(), required=False
    )

    def validate_file(self, value: Any) -> Any:
        """A size that is read at all."""
        if value.size > MOST_BYTES:
            raise serializers.ValidationError("too large")
        return value


class BankDecisionSerializer(serializers.ModelSerializer[Decision]):
    """One step of a line; `parts` say what its money paid, in cents."""

    class Meta:
        model = Decision
        fields = ("id", "kind", "state", "at", "note", "parts", "txn_ids", "undoes")
        read_only_fields = fields


class BankLineSerializer(serializers.ModelSerializer[Line]):
    """A movement on our account; cents, above zero where money came in."""

    class Meta:
        model = Line
        fields = (
            "id", "statement", "place", "booked_on", "value_on", "amount", "state", "references",
            "end_to_end", "bank_ref", "text", "name", "iban", "is_return", "reason", "charge",
            "member", "other", "arrival_txn_id",
        )  # fmt: skip
        read_only_fields = fields


class BankWholeLineSerializer(BankLineSerializer):
    """A line with its history."""

    decisions = BankDecisionSerializer(many=True, read_only=True)

    class Meta:
        model = Line
        fields = (*BankLineSerializer.Meta.fields, "decisions")
        read_only_fields = fields


class BankWishSerializer(serializers.Serializer[Decision]):
    """What to do with a line: which fields count depends on the kind."""

    kind = serializers.ChoiceField(choices=DECIDED)
    charges = serializers.ListField(
        child=serializers.IntegerField(min_value=1), required=False, max_length=100
    )
    member = serializers.IntegerField(min_value=1, required=False)
    other = serializers.IntegerField(min_value=1, required=False)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class BankUndoSerializer(serializers.Serializer[Decision]):
    """Why a decision is taken back."""

    reason = serializers.CharField(max_length=200)


class BankReconciledSerializer(serializers.Serializer[queries.Reconciled]):
    """bank − books = before + gap − elsewhere; cents."""

    as_of = serializers.DateField()
    bank = serializers.IntegerField()
    books = serializers.IntegerField()
    before = serializers.IntegerField()
    gap = serializers.IntegerField()
    elsewhere = serializers.IntegerField()
    unassigned = serializers.IntegerField()
    difference = serializers.IntegerField()


class Latest(CursorPagination):
    """Pages of fifty, the newest line first."""

    page_size = 50
    ordering = ("-booked_on", "-pk")


class FilesView(APIView):
    """Import a file whole; what is certain is booked, the rest waits."""

    permission_classes = (MayUseDesk,)
    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="bank_import",
        tags=["bank"],
        request=BankUploadSerializer,
        responses={201: BankFileSerializer},
    )
    def post(self, request: Request) -> Response:
        """The same file again gives the first import and changes nothing."""
        given = BankUploadSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        file = given.validated_data["file"]
        made = services.import_file(
            data=file.read(),
            name=file.name,
            shape=given.validated_data.get("shape"),
            actor=the_user(request),
        )
        services.match_lines(actor=the_user(request))
        return Response(BankFileSerializer(made).data, status=status.HTTP_201_CREATED)


@extend_schema_view(
    get=extend_schema(
        operation_id="bank_lines",
        tags=["bank"],
        parameters=[
            OpenApiParameter("state", OpenApiTypes.STR, description='a state, or "waiting"')
        ],
    )
)
class LinesView(generics.ListAPIView[Line]):
    """The lines of all statements, newest first."""

    permission_classes = (MayUseDesk,)
    serializer_class = BankLineSerializer
    pagination_class = Latest
    queryset = Line.objects.none()

    def get_queryset(self) -> QuerySet[Line, Any]:
        """Of one state, of those that wait, or all."""
        return queries.lines(self.request.query_params.get("state", ""))


class LineView(APIView):
    """One line."""

    permission_classes = (MayUseDesk,)

    @extend_schema(
        operation_id="bank_line", tags=["bank"], responses={200: BankWholeLineSerializer}
    )
    def get(self, request: Request, line_id: int) -> Response:
        """What the bank said of it, and what became of it."""
        return Response(BankWholeLineSerializer(line_or_404(line_id)).data)


class DecideView(APIView):
    """A decision about a line that waits."""

    permission_classes = (MayUseDesk,)

    @extend_schema(
        operation_id="bank_decide",
        tags=["bank"],
        parameters=[IDEMPOTENCY],
        request=BankWishSerializer,
        responses={201: BankDecisionSerializer},
    )
    def post(self, request: Request, line_id: int) -> Response:
        """Carried out whole or not at all; the same key gives the first result."""
        key = own_key(request)
        given = BankWishSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = given.validated_data
        wish = Wish(
            kind=values["kind"],
            charge_ids=values.get("charges", ()),
            member_id=values.get("member"),
            other_id=values.get("other"),
            note=values.get("note", ""),
        )
        line_or_404(line_id)
        made = services.decide(line_id=line_id, wish=wish, actor=the_user(request), key=key)
        return Response(BankDecisionSerializer(made).data, status=status.HTTP_201_CREATED)


class UndoView(APIView):
    """Taking a decision back."""

    permission_classes = (MayUseDesk,)

    @extend_schema(
        operation_id="bank_undo",
        tags=["bank"],
        parameters=[IDEMPOTENCY],
        request=BankUndoSerializer,
        responses={201: BankDecisionSerializer},
    )
    def post(self, request: Request, decision_id: int) -> Response:
        """By its booked opposite; the line waits again."""
        key = own_key(request)
        given = BankUndoSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        if not Decision.objects.filter(pk=decision_id).exists():
            raise NotFound
        made = services.undo(
            decision_id=decision_id,
            reason=given.validated_data["reason"],
            actor=the_user(request),
            key=key,
        )
        return Response(BankDecisionSerializer(made).data, status=status.HTTP_201_CREATED)


class ReconciliationView(APIView):
    """The bank against the books."""

    permission_classes = (MayUseDesk,)

    @extend_schema(
        operation_id="bank_reconciliation", tags=["bank"], responses={200: BankReconciledSerializer}
    )
    def get(self, request: Request) -> Response:
        """Both sums and where the difference comes from; 404 before the first statement."""
        found = queries.reconciled()
        if found is None:
            raise NotFound
        return Response(BankReconciledSerializer(found).data)


urlpatterns = [
    path("bank/files", FilesView.as_view(), name="api_bank_files"),
    path("bank/lines", LinesView.as_view(), name="api_bank_lines"),
    path("bank/lines/<int:line_id>", LineView.as_view(), name="api_bank_line"),
    path("bank/lines/<int:line_id>/decisions", DecideView.as_view(), name="api_bank_decide"),
    path("bank/decisions/<int:decision_id>/undo", UndoView.as_view(), name="api_bank_undo"),
    path("bank/reconciliation", ReconciliationView.as_view(), name="api_bank_reconciliation"),
]
