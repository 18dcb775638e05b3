"""The log under /api/v1/log/, open to all: newest head and proofs. Hashes are lower-case hex."""

from typing import Any, ClassVar

from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger.errors import DomainError
from ledger.log import proofs, tree
from signing import merkle

MOST = 2**63 - 1
DIGEST = r"\A[0-9a-f]{64}\Z"


class OneName(DomainError):
    """A proof was asked for without saying of what, or of two things at once."""

    code: ClassVar[str] = "one_name"
    status: ClassVar[int] = 400
    text = _("Name one thing: a transaction, the digest of a document, or an index.")


class LogHeadSerializer(serializers.Serializer[Any]):
    """The newest signed head and the key that signed it."""

    origin = serializers.CharField()
    size = serializers.IntegerField()
    root = serializers.CharField()  # type: ignore[assignment]
    note = serializers.CharField(
        help_text="the checkpoint as it was signed (c2sp.org/tlog-checkpoint)"
    )
    vkey = serializers.CharField(help_text="the verifier key (c2sp.org/signed-note)")
    sealed_at = serializers.DateTimeField()


class InclusionQuery(serializers.Serializer[Any]):
    """Of what: exactly one of the first three; and at which size of the log."""

    transaction = serializers.IntegerField(required=False, min_value=1, max_value=MOST)
    document = serializers.RegexField(
        DIGEST, required=False, help_text="the digest of a signed document: 64 hex digits"
    )
    index = serializers.IntegerField(required=False, min_value=0, max_value=MOST)
    size = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST, help_text="that of the newest head if left out"
    )

    def place(self) -> int:
        """The index of the leaf that is meant; raises OneName, NotSealed, NotInTheLog."""
        asked = {name: value for name, value in self.validated_data.items() if name != "size"}
        if len(asked) != 1:
            raise OneName
        if "transaction" in asked:
            return proofs.place_of_transaction(asked["transaction"])
        if "document" in asked:
            return proofs.place_of_document(bytes.fromhex(asked["document"]))
        return int(asked["index"])


class InclusionProofSerializer(serializers.Serializer[Any]):
    """The proof that a leaf is in the log (RFC 6962, section 2.1.1)."""

    index = serializers.IntegerField()
    size = serializers.IntegerField()
    leaf = serializers.CharField(help_text="the exact text that is hashed")
    leaf_hash = serializers.CharField(help_text="SHA-256 of a zero byte and the leaf")
    hashes = serializers.ListField(child=serializers.CharField(), help_text="lowest first")
    root = serializers.CharField()  # type: ignore[assignment]
    checkpoint = serializers.CharField(
        allow_blank=True, help_text="the signed head of this size; empty where none was signed"
    )


class ConsistencyQuery(serializers.Serializer[Any]):
    """From which size to which."""

    to = serializers.IntegerField(
        required=False, min_value=0, max_value=MOST, help_text="that of the newest head if left out"
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`from` is a word of Python, so it cannot be written above."""
        old = serializers.IntegerField(min_value=0, max_value=MOST)
        return {"from": old, **super().get_fields()}


class ConsistencyProofSerializer(serializers.Serializer[Any]):
    """The proof that the log only grew (RFC 6962, section 2.1.2)."""

    to = serializers.IntegerField()
    from_root = serializers.CharField()
    to_root = serializers.CharField()
    hashes = serializers.ListField(child=serializers.CharField())
    checkpoint = serializers.CharField(
        allow_blank=True, help_text="the signed head of the newer size; empty where none was signed"
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`from` is a word of Python, so it cannot be written above."""
        return {"from": serializers.IntegerField(), **super().get_fields()}


class EntryQuery(serializers.Serializer[Any]):
    """Which entry."""

    account = serializers.IntegerField(min_value=1, max_value=MOST)
    version = serializers.IntegerField(min_value=1, max_value=MOST)


class EntryProofSerializer(serializers.Serializer[Any]):
    """The proof that an entry belongs to its transaction, by the root that its leaf names."""

    transaction = serializers.IntegerField()
    index = serializers.IntegerField(help_text="of the transaction's leaf in the log")
    entry = serializers.CharField(help_text="the exact text that is hashed")
    entry_hash = serializers.CharField()
    position = serializers.IntegerField(help_text="among the entries, counted from 0")
    count = serializers.IntegerField()
    root = serializers.CharField(help_text="entries.root in the leaf")  # type: ignore[assignment]
    hashes = serializers.ListField(child=serializers.CharField())


class LogView(APIView):
    """What anybody may ask of the log."""

    permission_classes = (AllowAny,)


class HeadView(LogView):
    """The newest signed head."""

    @extend_schema(operation_id="log_checkpoint", tags=["log"], responses=LogHeadSerializer)
    def get(self, request: Request) -> Response:
        """The newest signed head; 404 before the first."""
        head = tree.newest()
        if head is None:
            raise proofs.NotInTheLog
        facts = {
            "origin": tree.origin(),
            "size": head.size,
            "root": bytes(head.root).hex(),
            "note": head.note,
            "vkey": tree.verifier_key().text(),
            "sealed_at": head.sealed_at,
        }
        return Response(LogHeadSerializer(facts).data)


class InclusionView(LogView):
    """That something is in the log."""

    @extend_schema(
        operation_id="log_inclusion",
        tags=["log"],
        parameters=[InclusionQuery],
        responses=InclusionProofSerializer,
    )
    def get(self, request: Request) -> Response:
        """409 `not_sealed` where it waits for its place: ask again in a few seconds."""
        asked = InclusionQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = proofs.inclusion(asked.place(), asked.validated_data.get("size"))
        return Response(inclusion_facts(found))


class ConsistencyView(LogView):
    """That the log only grew."""

    @extend_schema(
        operation_id="log_consistency",
        tags=["log"],
        parameters=[ConsistencyQuery],
        responses=ConsistencyProofSerializer,
    )
    def get(self, request: Request) -> Response:
        """422 `beyond_the_log` for a size that the log has not reached."""
        asked = ConsistencyQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        sizes = asked.validated_data
        return Response(consistency_facts(proofs.consistency(sizes["from"], sizes.get("to"))))


class EntryView(LogView):
    """That an entry belongs to its transaction."""

    @extend_schema(
        operation_id="log_entry",
        tags=["log"],
        parameters=[EntryQuery],
        responses=EntryProofSerializer,
    )
    def get(self, request: Request) -> Response:
        """410 `put_away` for an entry that is no longer in the database."""
        asked = EntryQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return Response(entry_facts(proofs.entry(**asked.validated_data)))


def inclusion_facts(found: proofs.Inclusion) -> dict[str, Any]:
    """A proof as JSON."""
    return {
        "index": found.index,
        "size": found.size,
        "leaf": found.text,
        "leaf_hash": found.leaf_hash.hex(),
        "hashes": [hashed.hex() for hashed in found.hashes],
        "root": found.root.hex(),
        "checkpoint": found.note,
    }


def consistency_facts(found: proofs.Consistency) -> dict[str, Any]:
    """A proof as JSON, as `coop-verify consistency` reads it too."""
    return {
        "from": found.old,
        "to": found.new,
        "from_root": found.old_root.hex(),
        "to_root": found.new_root.hex(),
        "hashes": [hashed.hex() for hashed in found.hashes],
        "checkpoint": found.note,
    }


def entry_facts(found: proofs.EntryProof) -> dict[str, Any]:
    """A proof as JSON."""
    return {
        "transaction": found.txn_id,
        "index": found.index,
        "entry": found.content.decode(),
        "entry_hash": merkle.leaf_hash(found.content).hex(),
        "position": found.position,
        "count": found.count,
        "root": found.root.hex(),
        "hashes": [hashed.hex() for hashed in found.hashes],
    }


urlpatterns = [
    path("log/checkpoint", HeadView.as_view(), name="api_log_checkpoint"),
    path("log/proofs/inclusion", InclusionView.as_view(), name="api_log_inclusion"),
    path("log/proofs/consistency", ConsistencyView.as_view(), name="api_log_consistency"),
    path("log/proofs/entry", EntryView.as_view(), name="api_log_entry"),
]
