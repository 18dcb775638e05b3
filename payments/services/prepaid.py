"""Prepaid balances: topping up, crediting, the standing wish, paying what is left back."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ledger.errors import KeyConflict
from ledger.queries import balance
from ledger.services import Leg, Posting, actor_name, post, post_many
from members.models import Member, User
from payments.accounts import Name, money_accounts
from payments.errors import EmptyCharge, PrepaidTooLow
from payments.models import Charge, ChargeLine, Payment, Payout, PrepaidWish
from payments.services.charges import Line, mark_paid, raise_charge
from payments.services.funding import BANK, funding_legs, funding_names, prepaid_name
from payments.services.payouts import request_payout
from payments.services.receipts import Receipt

SOURCE = "prepaid"
ABOUT = "prepaid:"
DAYS = 30
"""until the charge of a top-up is due; nothing is owed for it"""


def prepaid_balance(member: Member | int) -> int:
    """Cents that a member has paid ahead and not used."""
    member_id = member if isinstance(member, int) else member.pk
    kind, owner = prepaid_name(member_id)
    return -balance(settings.COOP_CURRENCY, kind, owner)


@transaction.atomic(durable=True)
def ask_for_prepaid(*, member: Member, amount: int, actor: User | None, key: str) -> Charge:
    """A charge to pay so many cents ahead; the same key gives the first.

    Nothing is owed for it: whoever does not pay it simply has no balance. Raises EmptyCharge, and
    KeyConflict for the same key with another amount.
    """
    # Two clicks of one member wait for each other here.
    member = Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    about = f"{ABOUT}{key}"
    before = Charge.objects.filter(member=member, kind=Charge.Kind.PREPAID, about=about).first()
    if before is not None:
        return _same(before, amount)
    if amount <= 0:
        raise EmptyCharge
    line = Line(kind=ChargeLine.Kind.PREPAID, fund="", quantity=1, rate=amount, cost=amount)
    due = timezone.localdate() + timedelta(days=DAYS)
    return raise_charge(member=member, kind=Charge.Kind.PREPAID, about=about, lines=[line], due=due)


def credit_prepaid(
    *,
    member: Member,
    amount: int,
    from_account_id: int,
    key: str,
    about: str,
    actor: User | None,
    effective_at: datetime | None = None,
) -> int:
    """Book so many cents onto a member's balance from another account; the transaction's id.

    Call inside a transaction.
    """
    name = prepaid_name(member.pk)
    return post(
        Posting(
            source=SOURCE,
            key=key,
            kind="prepaid",
            legs=[Leg(from_account_id, amount), Leg(money_accounts([name])[name], -amount)],
            about=about,
            actor=actor_name(actor),
            effective_at=effective_at,
        )
    )


def record_top_ups(*, receipts: Sequence[Receipt], actor: User | None) -> list[Payment]:
    """Money for locked, payable charges of the kind prepaid; call inside a transaction.

    The cash stays at the bank, not assigned to a pool, until a charge is settled from it.
    """
    accounts = money_accounts(
        {BANK}
        | funding_names(receipts)
        | {prepaid_name(receipt.charge.member_id) for receipt in receipts}
    )
    txn_ids = post_many([_top_up(receipt, accounts, actor) for receipt in receipts])
    return mark_paid(receipts=list(zip(receipts, txn_ids, strict=True)), actor=actor)


def require_prepaid(*, member_id: int, amount: int) -> None:
    """Refuse to take more from a balance than there is; the member is locked."""
    there = prepaid_balance(member_id)
    if there < amount:
        raise PrepaidTooLow(there=there, needed=amount)


@transaction.atomic(durable=True)
def refund_prepaid(*, member: Member, amount: int, actor: User | None, key: str) -> Payout:
    """Ask for so many cents of a balance to be paid out; they leave the balance at once.

    The payout waits for its approvals. The same key gives the first. Raises PrepaidTooLow.
    """
    member = Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    payout_key = f"prepaid:{key}"
    if not Payout.objects.filter(key=payout_key).exists():
        require_prepaid(member_id=member.pk, amount=amount)
    owed: Name = ("payable", f"member/{member.pk}")
    prepaid = prepaid_name(member.pk)
    accounts = money_accounts([prepaid, owed, BANK])
    if amount > 0:
        legs = [Leg(accounts[prepaid], amount), Leg(accounts[owed], -amount)]
        post(_refund(legs, member, actor, key))
    return request_payout(
        member=member,
        amount=amount,
        kind=Payout.Kind.PREPAID,
        about="prepaid balance",
        purse_account_id=accounts[BANK],
        source_account_id=accounts[prepaid],
        key=payout_key,
        actor=actor,
    )


@transaction.atomic
def wish_to_settle(*, member: Member, settles: bool, actor: User | None) -> PrepaidWish:
    """Whether charges shall be settled from the balance as soon as it covers them."""
    wish, _made = PrepaidWish.objects.update_or_create(member=member, defaults={"settles": settles})
    return wish


def _same(before: Charge, amount: int) -> Charge:
    if before.amount != amount:
        raise KeyConflict
    return before


def _top_up(receipt: Receipt, accounts: dict[Name, int], actor: User | None) -> Posting:
    charge = receipt.charge
    prepaid = Leg(accounts[prepaid_name(charge.member_id)], -charge.amount)
    cash = [] if receipt.source == Payment.Source.BANK else [Leg(accounts[BANK], charge.amount)]
    arrived = [leg for leg in funding_legs(receipt, accounts) if leg.account_id != accounts[BANK]]
    return Posting(
        source="payments",
        key=f"charge:{charge.pk}",
        kind="prepaid",
        legs=[prepaid, *cash, *arrived],
        about=f"charge:{charge.pk}",
        actor=actor_name(actor),
        memo=charge.reference,
    )


def _refund(legs: Sequence[Leg], member: Member, actor: User | None, key: str) -> Posting:
    return Posting(
        source=SOURCE,
        key=f"refund:{key}",
        kind="refund",
        legs=legs,
        about=f"member:{member.pk}",
        actor=actor_name(actor),
    )
