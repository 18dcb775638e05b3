"""A debt that nobody will pay, written off: a cost of the pools that are owed it."""

from collections.abc import Iterator

from assets.accounts import money_account, resource_account
from assets.models import Pool
from ledger.services import Leg, Posting, actor_name, merge, post
from members.models import User
from payments.accounts import money_accounts
from payments.models import OWED_KINDS, Charge, ChargeLine
from payments.services import lock_charge, prepaid_balance
from payments.services.funding import BANK, prepaid_name
from titles.accounts import profit_due_name
from titles.exit_errors import NotOpen
from titles.models import WriteOff
from titles.services.locks import lock_member, lock_pools

SOURCE = "write-off"


def write_off(*, charge_id: int, actor: User | None, source: str) -> WriteOff:
    """Nobody is asked for this charge any more; what a prepaid balance covers of it is taken.

    The cost part that is left is carried as cost not recovered: the next budgets of the pools
    bear it. The profit part never was anybody's credit and goes. Call inside a transaction; a
    second call gives the first result. Raises NotOpen.
    """
    found = Charge.objects.get(pk=charge_id)
    lines = lines_of(found)
    pools = lock_pools({line.fund for line in lines})
    lock_member(found.member_id)
    charge = lock_charge(charge_id)
    before = WriteOff.objects.filter(charge=charge).first()
    if before is not None:
        return before
    require_owed(charge)
    covered = min(prepaid_balance(charge.member_id), sum(line.cost for line in lines))
    txn_id = post(_posting(charge, lines, pools, covered, actor, source))
    charge.state = Charge.State.CANCELLED
    charge.save(update_fields=["state"])
    return WriteOff.objects.create(
        charge=charge,
        member_id=charge.member_id,
        amount=charge.amount,
        covered=covered,
        source=source,
        txn_id=txn_id,
    )


def lines_of(charge: Charge) -> list[ChargeLine]:
    """A charge's lines in the order in which they are covered.

    What is taken off comes first: then the prepaid balance covers just what is left.
    """
    return sorted(ChargeLine.objects.filter(charge=charge).order_by("pk"), key=_is_owed)


def _is_owed(line: ChargeLine) -> bool:
    return line.cost >= 0


def require_owed(charge: Charge) -> None:
    """Refuse what is not owed; raises NotOpen."""
    if charge.state != Charge.State.OPEN or charge.kind not in OWED_KINDS:
        raise NotOpen(reference=charge.reference)


def _posting(
    charge: Charge,
    lines: list[ChargeLine],
    pools: dict[str, Pool],
    covered: int,
    actor: User | None,
    source: str,
) -> Posting:
    owed = "receivable", f"member/{charge.member_id}"
    names = [owed, prepaid_name(charge.member_id), BANK]
    accounts = money_accounts(names)
    legs = [Leg(accounts[owed], -charge.amount)]
    if covered:
        legs += [Leg(accounts[names[1]], covered), Leg(accounts[BANK], -covered)]
    for line, paid in by_line(lines, covered):
        legs += _line_legs(charge, line, pools[line.fund], paid)
    return Posting(
        source=SOURCE,
        key=str(charge.pk),
        kind="debt written off",
        legs=merge(legs),
        about=source,
        actor=actor_name(actor),
        memo=charge.reference,
    )


def by_line(lines: list[ChargeLine], covered: int) -> Iterator[tuple[ChargeLine, int]]:
    """Each line with what of its cost is covered, in order."""
    for line in lines:
        paid = min(covered, line.cost)
        covered -= paid
        yield line, paid


def _line_legs(charge: Charge, line: ChargeLine, pool: Pool, paid: int) -> list[Leg]:
    legs = [Leg(_cost_account(line, pool), line.cost - paid)]
    if paid:
        legs.append(Leg(money_account("cash:operating", pool), paid))
    if line.profit:
        due = profit_due_name(pool, charge.member_id)
        legs.append(Leg(money_accounts([due])[due], line.profit))
    return legs


def _cost_account(line: ChargeLine, pool: Pool) -> int:
    """Where what is not paid is borne: by the resource's next budgets, or by fees never earned."""
    if line.resource:
        return resource_account("stabilisation", pool, line.resource)
    fees = "fee_income", f"pool/{pool.code}"
    return money_accounts([fees])[fees]
