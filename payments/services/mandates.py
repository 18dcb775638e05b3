"""Every write of direct debit mandates."""

from datetime import date

from django.db import connection, transaction
from django.utils import timezone

from members.models import Member, User
from members.queries import acts_as
from payments.errors import MandateEnded, NotTheirs, ReasonNeeded
from payments.models import Mandate, MandateAmendment
from payments.services.accounts import checked_account

ENDING = {"AC01", "AC04", "AC06", "AG01", "MD01", "MD02", "MD07", "RC01"}
"""reasons of a return after which nothing may be collected under the mandate again (ISO 20022)"""


@transaction.atomic(durable=True)
def give_mandate(
    *, member: Member, holder: str, iban: str, bic: str, consent: str, language: str, actor: User
) -> Mandate:
    """The member's own mandate, signed today with these words; one that is there is the answer.

    Raises NotTheirs for anybody else, NotAnIban.
    """
    _require_own(member, actor)
    name, number, code = checked_account(holder, iban, bic)
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    there = Mandate.objects.filter(member=member, ended_at=None).first()
    if there is not None:
        return there
    row = _next_number()
    return Mandate.objects.create(
        pk=row, member=member, reference=f"MD{row:09}", holder=name, iban=number, bic=code,
        signed_on=timezone.localdate(), consent=consent, language=language, given_by=actor,
    )  # fmt: skip


@transaction.atomic(durable=True)
def amend_mandate(*, mandate_id: int, holder: str, iban: str, bic: str, actor: User) -> Mandate:
    """The mandate collecting from another account from now on; the bank is told in the next file.

    The same account changes nothing. Raises NotTheirs, NotAnIban, MandateEnded.
    """
    mandate = _locked(mandate_id)
    _require_own(mandate.member, actor)
    values = checked_account(holder, iban, bic)
    if (mandate.holder, mandate.iban, mandate.bic) == values:
        return mandate
    if mandate.iban != values[1] and mandate.collected_on:
        MandateAmendment.objects.create(mandate=mandate, old_iban=mandate.iban, made_by=actor)
    mandate.holder, mandate.iban, mandate.bic = values
    mandate.save(update_fields=["holder", "iban", "bic"])
    return mandate


@transaction.atomic(durable=True)
def revoke_mandate(*, mandate_id: int, reason: str, actor: User | None) -> Mandate:
    """The mandate ended; a second call changes nothing. Anybody but the member gives a reason."""
    mandate = Mandate.objects.select_related("member").get(pk=mandate_id)
    if not acts_as(actor, mandate.member) and not reason.strip():
        raise ReasonNeeded
    return end_mandate(mandate_id=mandate_id, reason=reason.strip(), actor=actor)


@transaction.atomic
def end_mandate(*, mandate_id: int, reason: str, actor: User | None) -> Mandate:
    """The mandate ended because of this; one that has ended stays as it is."""
    mandate = Mandate.objects.select_for_update(no_key=True).get(pk=mandate_id)
    if mandate.ended_at is None:
        mandate.ended_at, mandate.ended_by = timezone.now(), actor
        mandate.ended_because = reason[:200]
        mandate.save(update_fields=["ended_at", "ended_by", "ended_because"])
    return mandate


@transaction.atomic
def mark_mandate(*, mandate_id: int, reason_code: str, first: bool, actor: User | None) -> None:
    """What a returned collection means for its mandate.

    Reasons in ENDING end it. Where the first collection came back, the next is a first one again.
    """
    if reason_code in ENDING:
        end_mandate(mandate_id=mandate_id, reason=reason_code, actor=actor)
    if first:
        Mandate.objects.filter(pk=mandate_id).update(collected_on=None)


def note_collection(mandate: Mandate, *, day: date, told_in: str) -> None:
    """A locked mandate after a file that collects under it was made: used, and the bank told."""
    if mandate.collected_on is None:
        mandate.collected_on = day
        mandate.save(update_fields=["collected_on"])
    MandateAmendment.objects.filter(mandate=mandate, told_in="").update(told_in=told_in)


def _require_own(member: Member, actor: User) -> None:
    if not acts_as(actor, member):
        raise NotTheirs


def _locked(mandate_id: int) -> Mandate:
    rows = Mandate.objects.select_related("member")
    mandate = rows.select_for_update(no_key=True, of=("self",)).get(pk=mandate_id)
    if mandate.ended_at is not None:
        raise MandateEnded(reference=mandate.reference)
    return mandate


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('payments_mandate', 'id'))")
        return int(cursor.fetchone()[0])
