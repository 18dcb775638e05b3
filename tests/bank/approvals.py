"""Two treasurers who approve a payout."""

from members.models import Role
from members.services import grant_role
from payments.models import Payout
from payments.services import approve_payout, set_bank_account
from payments.services.payouts import current_account, digest_of
from tests.makers import make_user


def approve(payout: Payout) -> None:
    """Approve a payout by two, on an account that is named first."""
    set_bank_account(
        member=payout.member,
        holder="Ana",
        iban="DE89370400440532013000",
        bic="",
        actor=payout.member.user,
    )
    account = current_account(payout.member_id)
    assert account is not None
    for _n in range(2):
        user = make_user()
        grant_role(user=user, name=Role.Name.TREASURER, actor=None, source="founding")
        payout.refresh_from_db()
        approve_payout(payout_id=payout.pk, digest=digest_of(payout, account), actor=user)
