"""Assets of a register that moves in: rows, their life, and the postings that place them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from django.utils import timezone

from assets.accounts import created_account, money_account, treasury_account
from assets.models import Asset, AssetEvent, AssetMove, Disposal, Pool
from ledger.services import Leg, Posting
from members.models import User
from titles.exchange.check import placed
from titles.exchange.shapes import AssetRow

SOURCE = "register"
PLACED, ENDED = "asset placed", "asset gone before"
BATCH = 1000
State = Asset.State
OVER = (State.RETIRED, State.SOLD, State.LOST)


def postings(rows: Sequence[AssetRow], pools: Mapping[str, Pool]) -> list[Posting]:
    """What places each asset that cost something, and takes out those that are gone."""
    places = {code: _Place(pool) for code, pool in pools.items()}
    return [p for row in rows if row.cost for p in places[row.pool].postings(row)]


def enter_assets(
    rows: Sequence[AssetRow],
    *,
    pools: Mapping[str, Pool],
    txns: Mapping[str, int],
    now: datetime,
    actor: User | None,
) -> None:
    """The rows of the assets; `txns` are the transactions by the keys of their postings."""
    assets = [_asset(row, pools[row.pool], txns.get(_key(row)), now) for row in rows]
    Asset.objects.bulk_create(assets, batch_size=BATCH)
    pairs = list(zip(assets, rows, strict=True))
    AssetEvent.objects.bulk_create([e for p in pairs for e in _life(*p, now, actor)], BATCH)
    AssetMove.objects.bulk_create(
        [_stands(*p, now, actor) for p in pairs if p[1].place or p[1].location], BATCH
    )
    Disposal.objects.bulk_create(
        [_gone(*p, txns[_key(p[1], gone=True)]) for p in pairs if _is_gone(p[1])], BATCH
    )


class _Place:
    """The accounts of a pool that its assets stand in."""

    def __init__(self, pool: Pool) -> None:
        self.about = f"pool:{pool.code}"
        self.assets, self.backing = money_account("assets", pool), money_account("backing", pool)
        self.treasury, self.created = treasury_account(pool), created_account(pool)

    def postings(self, row: AssetRow) -> Iterator[Posting]:
        units = [Leg(self.treasury, row.units), Leg(self.created, -row.units)] if row.units else []
        money = [Leg(self.assets, row.cost), Leg(self.backing, -row.cost)]
        yield self._posting(row, [*money, *units], placed(row))
        if _is_gone(row):
            back = [Leg(leg.account_id, -leg.amount) for leg in money]
            yield self._posting(row, back, max(placed(row), _begin_of(_last_day(row))), gone=True)

    def _posting(
        self, row: AssetRow, legs: Sequence[Leg], at: datetime, *, gone: bool = False
    ) -> Posting:
        return Posting(
            source=SOURCE,
            key=_key(row, gone=gone),
            kind=ENDED if gone else PLACED,
            legs=legs,
            about=self.about,
            memo=row.name,
            effective_at=at,
        )


def _key(row: AssetRow, *, gone: bool = False) -> str:
    return f"{'gone' if gone else 'asset'}:{row.code}"


def _is_gone(row: AssetRow) -> bool:
    return row.state in OVER and row.cost > 0


def _last_day(row: AssetRow) -> date:
    assert row.ended_on is not None
    return row.ended_on


def _begin_of(day: date) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day))


def _asset(row: AssetRow, pool: Pool, txn_id: int | None, now: datetime) -> Asset:
    return Asset(
        code=row.code,
        pool=pool,
        name=row.name,
        kind=row.kind,
        manufacturer=row.manufacturer,
        model_name=row.model,
        serial=row.serial,
        place=row.place,
        location=row.location,
        purchased_on=row.purchased_on,
        supplier=row.supplier,
        bill=row.bill,
        warranty_until=row.warranty_until,
        cost=row.cost,
        salvage=row.salvage,
        useful_months=row.useful_months,
        units_created=row.units,
        in_service=row.in_service,
        ended_on=row.ended_on,
        state=row.state,
        paid_from=row.paid_from,
        txn_id=txn_id,
        registered_at=now,
    )


def _steps(row: AssetRow) -> Iterator[tuple[str, date]]:
    """Its states, each with its day: ordered, in service, the end, as far as they are known."""
    begun = row.purchased_on or row.in_service or timezone.localdate(placed(row))
    if row.in_service is None or row.state == State.ORDERED:
        yield State.ORDERED, begun
    if row.in_service is not None and row.state != State.ORDERED:
        yield State.IN_SERVICE, row.in_service
    if row.state == State.FAULTY:
        yield State.FAULTY, row.in_service or begun
    if row.state in OVER:
        if row.in_service is None and row.state == State.SOLD:
            yield State.RETIRED, max(begun, _last_day(row))
        yield row.state, max(row.in_service or begun, _last_day(row))


def _life(asset: Asset, row: AssetRow, now: datetime, actor: User | None) -> Iterator[AssetEvent]:
    before = ""
    for state, on in _steps(row):
        yield AssetEvent(
            asset=asset, from_state=before, to_state=state, on=on, actor=actor, recorded_at=now
        )
        before = state


def _stands(asset: Asset, row: AssetRow, now: datetime, actor: User | None) -> AssetMove:
    on = row.in_service or row.purchased_on or timezone.localdate(placed(row))
    return AssetMove(
        asset=asset, on=on, place=row.place, location=row.location, actor=actor, recorded_at=now
    )


def _gone(asset: Asset, row: AssetRow, txn_id: int) -> Disposal:
    return Disposal(
        asset=asset, on=_last_day(row), cost=row.cost, written_off=row.cost, txn_id=txn_id
    )
