"""Titles of a register that moves in: booked, signed, linked; set by set, never one by one."""

import secrets
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from assets.accounts import money_account, treasury_account
from assets.models import Asset, Pool
from ledger.services import Leg, Posting, post_many, record_documents
from members.models import Member
from members.queries import cooperative
from payments.accounts import Name, money_accounts
from signing import keys
from titles import certificate
from titles.accounts import capital_name, holding_accounts
from titles.exchange.check import placed
from titles.exchange.events import Happening, ends_of
from titles.exchange.shapes import AssetRow, Register, TitleRow
from titles.models import EarlierRedemption, Title
from titles.services.issue import DOCUMENT, SALT_BYTES

SOURCE = "register"
KIND = "shares moved in"
BATCH = 2000
COLUMNS = (
    "number", "member_id", "pool_id", "units", "capital", "origin", "state", "issued_at",
    "recorded_at", "ended_at", "end_recorded_at", "end_txn_id", "envelope", "salt", "reference",
    "txn_id",
)  # fmt: skip
INSERT = f"COPY titles_title ({', '.join(COLUMNS)}) FROM STDIN"
LINK = """
INSERT INTO titles_titlelink (earlier_id, later_id, units)
SELECT e.id, l.id, r.units
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS r(earlier, later, units)
JOIN titles_title e ON e.number = r.earlier JOIN titles_title l ON l.number = r.later
ORDER BY r.later, r.earlier"""


class Booking:
    """Posts what happened, in order, and knows which transaction began and ended each title."""

    def __init__(self, pools: Mapping[str, Pool], members: Mapping[int, Member]) -> None:
        self.pools = pools
        self.members = members
        self.treasury = {code: treasury_account(pool) for code, pool in pools.items()}
        self.backing = {code: money_account("backing", pool) for code, pool in pools.items()}
        self.holding: dict[tuple[str, int], int] = {}
        self.capital: dict[Name, int] = {}
        self.began: dict[int, int] = {}
        self.ended: dict[int, int] = {}

    def open_accounts(self, titles: Sequence[TitleRow]) -> None:
        """Open the accounts of everybody who ever held something: a few statements for all."""
        holders: dict[str, set[int]] = defaultdict(set)
        for title in titles:
            holders[title.pool].add(self.members[title.member].pk)
        for code, ids in holders.items():
            found = holding_accounts(self.pools[code], ids)
            self.holding |= {(code, pk): account for pk, account in found.items()}
        names = [capital_name(self.pools[code], pk) for code, ids in holders.items() for pk in ids]
        self.capital = money_accounts(names)

    def book(self, found: Sequence[Happening]) -> None:
        """Every event in its order, with the moment at which it counts."""
        for start in range(0, len(found), BATCH):
            some = found[start : start + BATCH]
            postings = [self._posting(n, one) for n, one in enumerate(some, start)]
            for one, txn_id in zip(some, post_many(postings), strict=True):
                self.began.update((title.number, txn_id) for title in one.begun)
                self.ended.update((title.number, txn_id) for title in one.ended)

    def _posting(self, place: int, one: Happening) -> Posting:
        return Posting(
            source=SOURCE,
            key=f"event:{place}",
            kind=KIND,
            # Not merged: what somebody split for themselves is a movement too.
            legs=[leg for leg in self._legs(one) if leg.amount],
            about=f"pool:{one.pool}",
            effective_at=one.at,
        )

    def _legs(self, one: Happening) -> Iterator[Leg]:
        for titles, sign in ((one.ended, -1), (one.begun, 1)):
            for title in titles:
                holder = self.members[title.member].pk
                yield Leg(self.holding[one.pool, holder], sign * title.units)
                capital = self.capital[capital_name(self.pools[one.pool], holder)]
                yield Leg(capital, -sign * title.paid_in)
        yield Leg(self.treasury[one.pool], one.returned)
        yield Leg(self.backing[one.pool], -one.released)


def enter_titles(register: Register, booking: Booking, *, now: datetime) -> None:
    """The titles with their signed documents, the chain, and what was paid for those redeemed.

    `now` is when we knew. Numbers are given by the register; the books have moved already.
    """
    entering = _Entering(register, booking, now)
    rows = sorted(register.titles, key=lambda row: row.number)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('titles.moving_in', 'on', true)")
        for start in range(0, len(rows), BATCH):
            entering.copy(cursor, rows[start : start + BATCH])
        cursor.execute("SELECT set_config('titles.moving_in', '', true)")
        cursor.execute(LINK, [
            [row.earlier for row in register.transfers], [row.later for row in register.transfers],
            [row.units for row in register.transfers],
        ])  # fmt: skip
    numbers = [row.title for row in register.redemptions]
    ids = dict(Title.objects.filter(number__in=numbers).values_list("number", "pk"))
    EarlierRedemption.objects.bulk_create(
        (EarlierRedemption(title_id=ids[row.title], units=row.units, paid=row.paid)
         for row in register.redemptions), BATCH,
    )  # fmt: skip


class _Entering:
    """Signs each title as it was issued, and writes it as it stands."""

    def __init__(self, register: Register, booking: Booking, now: datetime) -> None:
        self.booking = booking
        self.now = now
        self.seed = bytes(keys.cooperative_key())
        self.cooperative = cooperative().legal_name
        self.ends = ends_of(register)
        self.redeemed = {row.title for row in register.redemptions}
        self.backing = _Backing(register.assets)
        self.earlier: dict[int, list[int]] = defaultdict(list)
        for row in register.transfers:
            self.earlier[row.later].append(row.earlier)

    def copy(self, cursor: Any, rows: Sequence[TitleRow]) -> None:
        """Write some titles, and have the log cover their documents."""
        documents = []
        with cursor.copy(INSERT) as into:
            for row in rows:
                salt, reference = secrets.token_bytes(SALT_BYTES), uuid.uuid4()
                envelope = certificate.sign(self.seed, self._statement(row, salt, reference))
                into.write_row(self._values(row, envelope, salt, reference))
                documents.append((DOCUMENT, certificate.document_digest(envelope, salt)))
        record_documents(documents)

    def _statement(self, row: TitleRow, salt: bytes, reference: uuid.UUID) -> certificate.Statement:
        return certificate.Statement(
            number=row.number,
            cooperative=self.cooperative,
            member_number=row.member,
            name_hash=certificate.name_hash(self.booking.members[row.member].name, salt),
            pool_code=row.pool,
            pool_name=self.booking.pools[row.pool].name,
            units=row.units,
            origin=row.origin,
            issued_on=timezone.localdate(row.issued_at),
            reference=reference,
            backing=self.backing.at(row.pool, row.issued_at),
            earlier=sorted(self.earlier[row.number]) if row.number in self.earlier else (),
        )

    def _values(
        self, row: TitleRow, envelope: bytes, salt: bytes, reference: uuid.UUID
    ) -> Sequence[object]:
        ended = self.ends.get(row.number)
        return (
            row.number,
            self.booking.members[row.member].pk,
            self.booking.pools[row.pool].pk,
            row.units,
            row.paid_in,
            row.origin,
            self._state(row.number),
            row.issued_at,
            self.now,
            ended,
            self.now if ended else None,
            self.booking.ended.get(row.number),
            envelope,
            salt,
            reference,
            self.booking.began[row.number],
        )

    def _state(self, number: int) -> str:
        if number in self.redeemed:
            return Title.State.CANCELLED.value
        return (Title.State.TRANSFERRED if number in self.ends else Title.State.LIVE).value


class _Backing:
    """Which assets backed a pool's units at a moment, as (name, kind) in the order they came."""

    def __init__(self, assets: Sequence[AssetRow]) -> None:
        self.by_pool: dict[str, list[AssetRow]] = defaultdict(list)
        for asset in assets:
            if asset.state != Asset.State.ORDERED:
                self.by_pool[asset.pool].append(asset)

    def at(self, pool: str, moment: datetime) -> list[tuple[str, str]]:
        """What had been placed by then and was not gone."""
        day = timezone.localdate(moment)
        return [
            (asset.name, asset.kind)
            for asset in self.by_pool[pool]
            if placed(asset) <= moment and (asset.ended_on is None or asset.ended_on > day)
        ]
