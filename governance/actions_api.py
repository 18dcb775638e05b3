"""What votes can do, under /api/v1/actions/: the registry, a dry run of a payload, an opposite."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.access import public_proposal
from governance.actions import ACTIONS, Action
from governance.proposing import opposite_of
from governance.terms import OWNERS, USERS
from members.access import IsMember

JSON_TYPES = {str: "string", int: "integer", bool: "boolean", dict: "object", list: "array"}


class ActionSerializer(serializers.Serializer[Action]):
    """One thing that a vote can do: whom it concerns, what its payload holds, what undoes it."""

    key = serializers.CharField()
    title = serializers.CharField()
    about = serializers.CharField()
    area = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())
    chambers = serializers.SerializerMethodField()
    touches_usage_rights = serializers.BooleanField()
    protects_usage_right = serializers.BooleanField()
    special = serializers.BooleanField()
    undone_by = serializers.SerializerMethodField()
    payload_schema = serializers.SerializerMethodField(help_text="a JSON Schema of the payload")

    def get_chambers(self, action: Action) -> list[str]:
        """The chambers that decide, each by itself."""
        return list(chambers_of(action))

    def get_undone_by(self, action: Action) -> str:
        """The key of the action that undoes it where one does."""
        return action.undone_by or action.key

    def get_payload_schema(self, action: Action) -> dict[str, Any]:
        """The shape of a payload."""
        return schema_of(action)


class PayloadInput(serializers.Serializer[Any]):
    """A payload to try."""

    payload = serializers.DictField()


class DryRunSerializer(serializers.Serializer[Any]):
    """What would change now: facts of the action, `postings` where it books something."""

    effect = serializers.DictField()
    opposite = serializers.SerializerMethodField()

    def get_opposite(self, found: dict[str, Any]) -> dict[str, Any] | None:
        """The action and payload that would undo it; null where none does."""
        opposite: dict[str, Any] | None = found["opposite"]
        return opposite


class OppositeSerializer(serializers.Serializer[Any]):
    """What to propose to undo a vote; what only a proposer can say is empty in the payload."""

    action = serializers.CharField()
    payload = serializers.DictField()


class Actions(APIView):
    """Everything that a vote can do, and nothing else can."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="actions", responses=ActionSerializer(many=True), tags=["decisions"]
    )
    def get(self, request: Request) -> Response:
        """The registry."""
        return Response([ActionSerializer(action).data for action in ACTIONS.values()])


class DryRun(APIView):
    """What a payload would do if it were carried out now."""

    permission_classes = [IsMember]

    @extend_schema(
        operation_id="dry_run_action",
        request=PayloadInput,
        responses=DryRunSerializer,
        tags=["decisions"],
    )
    def post(self, request: Request, key: str) -> Response:
        """The dry run: nothing is written; what stands in the way is the answer's error."""
        if key not in ACTIONS:
            raise Http404
        sent = PayloadInput(data=request.data)
        sent.is_valid(raise_exception=True)
        action, payload = ACTIONS[key], sent.validated_data["payload"]
        action.check(action.read(payload))
        effect = action.dry_run(payload)
        found = {"effect": effect, "opposite": as_words(action.opposite(effect, []))}
        return Response(DryRunSerializer(found).data)


class Opposite(APIView):
    """What would undo a vote that was carried out."""

    permission_classes = [IsMember]

    @extend_schema(
        operation_id="opposite_of_decision", responses=OppositeSerializer, tags=["decisions"]
    )
    def get(self, request: Request, proposal_id: int) -> Response:
        """The action and the payload to propose; 404 where nothing undoes it."""
        found = as_words(opposite_of(public_proposal(proposal_id)))
        if found is None:
            raise Http404
        return Response(OppositeSerializer(found).data)


def as_words(opposite: tuple[str, dict[str, Any]] | None) -> dict[str, Any] | None:
    """An opposite by the names of its parts."""
    return None if opposite is None else {"action": opposite[0], "payload": opposite[1]}


def chambers_of(action: Action) -> tuple[str, ...]:
    """The chambers that decide on an action (R10)."""
    if action.chambers is not None:
        return action.chambers
    return (USERS, OWNERS) if action.touches_usage_rights else (OWNERS,)


def schema_of(action: Action) -> dict[str, Any]:
    """An action's schema as JSON Schema; a field without a type takes any value."""
    fields = {
        name: {"type": JSON_TYPES[kind]} if kind in JSON_TYPES else {}
        for name, kind in action.schema.items()
    }
    return {
        "type": "object",
        "properties": fields,
        "required": sorted(fields),
        "additionalProperties": action.key == "set_policy",
    }
