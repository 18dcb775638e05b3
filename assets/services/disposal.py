"""The end of an asset in the books, and suppliers' bills."""

from datetime import date

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Sum

from assets.accounts import money_account
from assets.errors import AlreadyDisposed, BillEntered
from assets.models import Asset, AssetFile, Bill, Depreciation, Disposal, Pool
from ledger.services import Leg, Posting, actor_name, merge, post

SOURCE = "assets.disposal"


@transaction.atomic
def dispose(
    *, asset: Asset, on: date, proceeds: int = 0, actor: AbstractBaseUser | None
) -> Disposal:
    """Take an asset out of the books: what is left of its cost, less what it fetched, is a loss.

    The proceeds, in cents, join the pool's replacement reserve in cash. Units stay: what backs
    them is less, and that is shown. Writing off ends with the last period that was settled. The
    same disposal again is the first one. Raises AlreadyDisposed where it was another.
    """
    pool = Pool.objects.select_for_update(no_key=True).get(pk=asset.pool_id)
    before = Disposal.objects.filter(asset=asset).first()
    if before is not None:
        if (before.on, before.proceeds) != (on, proceeds):
            raise AlreadyDisposed(name=asset.name)
        return before
    in_books = asset.cost if asset.txn_id is not None else 0
    gone = Depreciation.objects.filter(plan__asset=asset).aggregate(n=Sum("amount", default=0))["n"]
    return Disposal.objects.create(
        asset=asset,
        on=on,
        cost=in_books,
        written_off=gone,
        proceeds=proceeds,
        txn_id=_book(pool, asset, (in_books, gone, proceeds), actor),
    )


def _book(
    pool: Pool, asset: Asset, sums: tuple[int, int, int], actor: AbstractBaseUser | None
) -> int | None:
    cost, gone, proceeds = sums
    legs = merge(
        [
            Leg(money_account("assets", pool), -cost),
            Leg(money_account("depreciation", pool), gone),
            Leg(money_account("cash:reserve", pool), proceeds),
            Leg(money_account("asset_losses", pool), cost - gone - proceeds),
        ]
    )
    if not legs:
        return None
    return post(
        Posting(
            source=SOURCE,
            key=str(asset.pk),
            kind="asset disposed of",
            legs=legs,
            about=f"pool:{pool.code}",
            actor=actor_name(actor),
            memo=asset.name,
        )
    )


@transaction.atomic
def enter_bill(
    *,
    pool: Pool,
    supplier: str,
    number: str,
    issued_on: date,
    amount: int,
    actor: AbstractBaseUser | None,
    purpose: str = Bill.For.RUNNING,
    note: str = "",
    asset: Asset | None = None,
    file: AssetFile | None = None,
) -> Bill:
    """A supplier's bill over so many cents; the same bill again is the first one.

    A supplier's number is entered once. Raises BillEntered where it stands for something else.
    """
    values = {"pool": pool, "issued_on": issued_on, "amount": amount, "purpose": purpose}
    names = {"supplier": supplier.strip(), "number": number.strip()}
    rest = {"note": note, "asset": asset, "file": file}
    try:
        with transaction.atomic():
            return Bill.objects.create(**names, **values, **rest, recorded_by_id=_id(actor))
    except IntegrityError as error:
        before = Bill.objects.filter(**names).first()
        if before is None:
            raise
        if any(getattr(before, name) != value for name, value in values.items()):
            raise BillEntered(**names) from error
        return before


def _id(actor: AbstractBaseUser | None) -> int | None:
    return None if actor is None else actor.pk
