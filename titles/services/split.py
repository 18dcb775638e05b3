"""One's own title divided into several, over the same units in all."""

from collections.abc import Sequence

from django.db import transaction

from ledger.errors import KeyConflict
from ledger.models import Transaction
from ledger.services import Leg, Posting, actor_name, post
from members.models import Member, User
from titles.accounts import holding_accounts
from titles.errors import NothingToSplit, TooFewUnits
from titles.limits import require_unbound
from titles.models import Title, Transfer
from titles.services.chain import choose, replace
from titles.services.issue import Cause, Grant
from titles.services.locks import lock_member, lock_pool

SOURCE = "split"


@transaction.atomic(durable=True)
def split_title(
    *, holder: Member, title: Title, parts: Sequence[int], actor: User | None, key: str
) -> list[Title]:
    """Titles over the parts, in that order, in place of one; what was paid in goes along.

    The books keep a transaction that moves the units from the holder to the holder, so that the
    new titles have one to cite. The same key gives the first titles. Raises NothingToSplit,
    TooFewUnits, UnitsBound, KeyConflict.
    """
    pool, holder = lock_pool(title.pool), lock_member(holder.pk)
    before = Transaction.objects.filter(source=SOURCE, key=key).exists()
    if not before:
        _require_divisible(title, holder, parts)
    txn_id = post(_posting(title, holder, actor, key))
    if before:
        found = list(Title.objects.filter(txn_id=txn_id).order_by("number"))
        if [title.units for title in found] != list(parts):
            raise KeyConflict
        return found
    chosen = choose(pool=pool, holder=holder, units=title.units, numbers=[title.number])
    return replace(
        pool=pool,
        chosen=chosen,
        takers=[Grant(holder, units) for units in parts],
        cause=Cause(Title.Origin.SPLIT, txn_id),
        state=Title.State.TRANSFERRED,
    )


def _require_divisible(title: Title, holder: Member, parts: Sequence[int]) -> None:
    if len(parts) < 2 or min(parts) < 1 or sum(parts) != title.units:
        raise NothingToSplit(units=title.units)
    now = Title.objects.get(pk=title.pk)
    if now.state != Title.State.LIVE or now.member_id != holder.pk:
        raise TooFewUnits(asked=title.units, held=0, pool="")
    _require_not_named(title, holder)


def _require_not_named(title: Title, holder: Member) -> None:
    """An offer that names the title would lead nowhere once it is divided."""
    waiting = Transfer.objects.filter(giver=holder, pool=title.pool, state=Transfer.State.OFFERED)
    if any(title.number in transfer.numbers for transfer in waiting):
        require_unbound(title.pool, holder, title.units)


def _posting(title: Title, holder: Member, actor: User | None, key: str) -> Posting:
    account = holding_accounts(title.pool, [holder.pk])[holder.pk]
    return Posting(
        source=SOURCE,
        key=key,
        kind="title split",
        legs=[Leg(account, title.units), Leg(account, -title.units)],
        about=f"title:{title.number}",
        actor=actor_name(actor),
    )
