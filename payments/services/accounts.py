"""The accounts that members want to be paid on."""

from django.db import transaction
from django.utils import timezone
from stdnum import bic as bics
from stdnum import iban as ibans
from stdnum.exceptions import ValidationError

from members.models import Member, User
from members.queries import acts_as
from payments.errors import NotAnIban, ReasonNeeded
from payments.letters import account_letter
from payments.models import BankAccount
from payments.services.mails import put_down
from payments.services.payouts import current_account, withdraw_approvals

HOLDER_LENGTH = 70


@transaction.atomic(durable=True)
def set_bank_account(
    *, member: Member, holder: str, iban: str, bic: str, actor: User | None, reason: str = ""
) -> BankAccount:
    """The account that a member is paid on from now on; the same one again changes nothing.

    Anybody but the member needs a reason, and the member is told, as of every change. What was
    approved for the account before waits for approval again. Raises NotAnIban, ReasonNeeded.
    """
    if not acts_as(actor, member) and not reason.strip():
        raise ReasonNeeded
    values = checked_account(holder, iban, bic)
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    before = current_account(member.pk)
    if before is not None and (before.holder, before.iban, before.bic) == values:
        return before
    withdraw_approvals(member_id=member.pk, actor=actor, reason="account changed")
    account = BankAccount.objects.create(
        member=member, holder=values[0], iban=values[1], bic=values[2],
        since=timezone.now(), set_by=actor, reason=reason.strip()[:200],
    )  # fmt: skip
    if before is not None or not acts_as(actor, member):
        put_down([account_letter(account)])
    return account


def checked_account(holder: str, iban: str, bic: str) -> tuple[str, str, str]:
    """Holder, IBAN and BIC as they are stored; raises NotAnIban."""
    try:
        number = str(ibans.validate(iban, check_country=False))
        code = str(bics.validate(bic)) if bic.strip() else ""
    except ValidationError as error:
        raise NotAnIban from error
    name = " ".join(holder.split())
    if not name or len(name) > HOLDER_LENGTH:
        raise NotAnIban
    return name, number, code
