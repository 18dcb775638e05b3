"""The register under /api/v1/: who am I, who was a member when, and what stewards record."""

from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from members import services
from members.access import (
    IsMember,
    IsOnRegister,
    IsSteward,
    ReadsRegister,
    member_or_404,
    the_member,
    the_one_on_the_register,
    the_user,
)
from members.files import record_change
from members.queries import file_of
from members.registers import counts_at, members_at, register_at
from members.serializers import (
    AddressSerializer,
    AsOfSerializer,
    ChangeSerializer,
    ContactSerializer,
    CountsSerializer,
    FileSerializer,
    MeSerializer,
    NomineeSerializer,
    ReasonSerializer,
    RegisterPageSerializer,
)
from members.transitions import MEMBERS

PAGE = 50


class MeView(APIView):
    """The member who asks."""

    permission_classes = (IsMember,)

    @extend_schema(operation_id="me", responses=MeSerializer, tags=["members"])
    def get(self, request: Request) -> Response:
        """Who am I on the register?"""
        return Response(MeSerializer(the_member(request)).data)


class MyFileView(APIView):
    """What the register holds of whom who asks, in whatever state they are."""

    permission_classes = (IsOnRegister,)

    @extend_schema(operation_id="my_file", responses=FileSerializer, tags=["members"])
    def get(self, request: Request) -> Response:
        """My own record."""
        return Response(FileSerializer(file_of(the_one_on_the_register(request))).data)


class MyAddressView(APIView):
    """The address on the register."""

    permission_classes = (IsOnRegister,)

    @extend_schema(
        operation_id="change_my_address",
        request=AddressSerializer,
        responses=FileSerializer,
        tags=["members"],
    )
    def put(self, request: Request) -> Response:
        """I moved; the same address again changes nothing."""
        me, said = the_one_on_the_register(request), valid(AddressSerializer, request.data)
        services.change_particulars(member_id=me.pk, name=me.name, actor=the_user(request), **said)
        return Response(FileSerializer(file_of(me)).data)


class MyContactView(APIView):
    """How to reach whom who asks."""

    permission_classes = (IsOnRegister,)

    @extend_schema(
        operation_id="change_my_contact",
        request=ContactSerializer,
        responses=ContactSerializer,
        tags=["members"],
    )
    def put(self, request: Request) -> Response:
        """How I like to be reached; what is left out is not known any more."""
        me, said = the_one_on_the_register(request), valid(ContactSerializer, request.data)
        row = services.change_contact(member_id=me.pk, actor=the_user(request), **said)
        return Response(ContactSerializer(row).data)


class MyNomineeView(APIView):
    """Whom the shares of whom who asks go to on death."""

    permission_classes = (IsOnRegister,)

    @extend_schema(
        operation_id="name_nominee",
        request=NomineeSerializer,
        responses=NomineeSerializer,
        tags=["members"],
    )
    def put(self, request: Request) -> Response:
        """Name somebody, in place of who was named before."""
        me, said = the_one_on_the_register(request), valid(NomineeSerializer, request.data)
        row = services.name_nominee(member_id=me.pk, actor=the_user(request), **said)
        return Response(NomineeSerializer(row).data)

    @extend_schema(operation_id="revoke_nominee", responses={204: None}, tags=["members"])
    def delete(self, request: Request) -> Response:
        """Nobody any more."""
        me = the_one_on_the_register(request)
        services.revoke_nominee(member_id=me.pk, actor=the_user(request))
        return Response(status=204)


class RegisterView(APIView):
    """The register of any day, for stewards, treasurers and auditors."""

    permission_classes = (ReadsRegister,)

    @extend_schema(
        operation_id="register",
        parameters=[AsOfSerializer],
        responses=RegisterPageSerializer,
        tags=["members"],
    )
    def get(self, request: Request) -> Response:
        """Who was a member on a day, as known at a moment?"""
        asked = valid(AsOfSerializer, request.query_params)
        day, known = asked.get("day") or timezone.localdate(), asked.get("known")
        read = register_at if asked["everybody"] else members_at
        rows = read(day, known, after=asked["after"], limit=PAGE + 1)
        further = rows[PAGE - 1].number if len(rows) > PAGE else None
        page = {"day": day, "known": known, "next_after": further, "results": rows[:PAGE]}
        return Response(RegisterPageSerializer(page).data)


class CountsView(APIView):
    """How many members, for everybody."""

    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="member_counts",
        parameters=[AsOfSerializer],
        responses=CountsSerializer,
        tags=["members"],
    )
    def get(self, request: Request) -> Response:
        """How many members were there on a day?"""
        asked = valid(AsOfSerializer, request.query_params)
        day = asked.get("day") or timezone.localdate()
        numbers = counts_at(day, asked.get("known"))
        total = sum(numbers.get(state, 0) for state in MEMBERS)
        return Response(CountsSerializer({"day": day, "members": total, "by_state": numbers}).data)


class MemberFileView(APIView):
    """A member's file, for stewards, treasurers and auditors."""

    permission_classes = (ReadsRegister,)

    @extend_schema(operation_id="member_file", responses=FileSerializer, tags=["members"])
    def get(self, request: Request, member_id: int) -> Response:
        """All that the register holds of a member."""
        return Response(FileSerializer(file_of(member_or_404(member_id))).data)


class AdmitView(APIView):
    """Admission by a steward."""

    permission_classes = (IsSteward,)

    @extend_schema(operation_id="admit", request=None, responses=MeSerializer, tags=["members"])
    def post(self, request: Request, member_id: int) -> Response:
        """Admit an applicant; again changes nothing."""
        row = member_or_404(member_id)
        done = services.admit(member_id=row.pk, actor=the_user(request))
        return Response(MeSerializer(done).data)


class RefuseView(APIView):
    """Refusal by a steward."""

    permission_classes = (IsSteward,)

    @extend_schema(
        operation_id="refuse",
        request=ReasonSerializer,
        responses=MeSerializer,
        tags=["members"],
    )
    def post(self, request: Request, member_id: int) -> Response:
        """Refuse an application, with the reason that the applicant reads."""
        row, said = member_or_404(member_id), valid(ReasonSerializer, request.data)
        done = services.refuse(member_id=row.pk, reason=said["reason"], actor=the_user(request))
        return Response(MeSerializer(done).data)


class ChangeView(APIView):
    """What becomes of a member, recorded by a steward."""

    permission_classes = (IsSteward,)

    @extend_schema(
        operation_id="change_member_state",
        request=ChangeSerializer,
        responses=FileSerializer,
        tags=["members"],
    )
    def post(self, request: Request, member_id: int) -> Response:
        """Record a change of state; the same once more changes nothing."""
        row, said = member_or_404(member_id), valid(ChangeSerializer, request.data)
        done = record_change(the_user(request), row, **said)
        return Response(FileSerializer(file_of(done)).data)


def valid(serializer: type[Any], data: Any) -> dict[str, Any]:
    """What was sent, once it has the right shape; raises ValidationError."""
    read = serializer(data=data)
    read.is_valid(raise_exception=True)
    found: dict[str, Any] = dict(read.validated_data)
    return found


urlpatterns = [
    path("me", MeView.as_view(), name="api_me"),
    path("me/file", MyFileView.as_view(), name="api_my_file"),
    path("me/address", MyAddressView.as_view(), name="api_my_address"),
    path("me/contact", MyContactView.as_view(), name="api_my_contact"),
    path("me/nominee", MyNomineeView.as_view(), name="api_my_nominee"),
    path("members", RegisterView.as_view(), name="api_register"),
    path("members/counts", CountsView.as_view(), name="api_member_counts"),
    path("members/<int:member_id>", MemberFileView.as_view(), name="api_member_file"),
    path("members/<int:member_id>/admit", AdmitView.as_view(), name="api_admit"),
    path("members/<int:member_id>/refuse", RefuseView.as_view(), name="api_refuse"),
    path("members/<int:member_id>/state", ChangeView.as_view(), name="api_change"),
]
