"""A made-up cooperative of any size, written set-based: members, shares, standing offers, usage.

Everything is the same for the same number of members. Members and offers have no bulk service, so
that SQL writes them; shares move through the ledger's own bulk statements. No titles are signed:
neither issue nor close reads them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from assets.accounts import created_account, treasury_account, unit_code
from assets.models import Pool
from assets.services import add_cost_line, create_pool, create_resource, place_asset
from ledger.reading import rows
from ledger.services import Posting, open_accounts, post_set
from members.services import found_cooperative
from policies.services import set_policy
from tokens.models import Period
from tokens.services import UsageRow

RESOURCES = ("bandwidth", "compute", "storage")
START, END = datetime(2026, 5, 31, 22, tzinfo=UTC), datetime(2026, 6, 30, 22, tzinfo=UTC)
TOKENS, CENTS = 100_000, 500
"""millitokens and cents of cost per member and resource, on average"""
PRICE = 100_000_000
"""micro-cents per token: twice what a token costs"""

MEMBERS = """
WITH made AS (
    INSERT INTO members_member (number, kind, name, address, state, consents_to_conversion,
                                bylaws_version, applied_at, admitted_at, decision_reason)
    SELECT n, 'person', 'Member ' || n, '', 'active', true, '', now(), now(), ''
    FROM generate_series(1, %(count)s) AS n RETURNING id, name
), admitted AS (
    INSERT INTO members_memberevent (member_id, from_state, to_state, reason, text, appeal,
                                     effective_on, recorded_at, source)
    SELECT id, state[1], state[2], reason, '', '', current_date, now(), 'benchmark'
    FROM made, (VALUES (ARRAY['', 'applicant'], 'application'),
                       (ARRAY['applicant', 'active'], 'admission')) AS v(state, reason)
), named AS (
    INSERT INTO members_particulars (member_id, name, address, valid_from, recorded_at, source)
    SELECT id, name, '', current_date, now(), 'benchmark' FROM made
)
UPDATE members_cooperative SET next_member_number = %(count)s + 1"""
SHARES = """
SELECT 1 AS n, a.id AS account, 1 + m.number %% 5 AS amount
FROM members_member m JOIN ledger_account a ON a.owner = 'member/' || m.id AND a.kind = 'holding'
UNION ALL SELECT 1, %(treasury)s, -sum(1 + number %% 5) FROM members_member"""
OFFERS = """
INSERT INTO tokens_offer (member_id, pool_id, resource_id, created_at)
SELECT m.id, %s, r.id, now() FROM members_member m, assets_resource r WHERE m.number %% 2 = 0"""
USAGE = """
SELECT b.id, b.member_id, y.resource_id, y.pool_id,
       b.issued * (40 + (m.number * 31 + ascii(r.code) * 17) %% 100) / 100
FROM tokens_book b JOIN tokens_yield y ON y.id = b.yields_id
JOIN assets_resource r ON r.id = y.resource_id
JOIN members_member m ON m.id = b.member_id
WHERE y.period_id = %s AND b.id > %s ORDER BY b.id LIMIT %s"""
"""From 40 to 139 of a hundred of what each was issued: two in five go over, always the same."""


def found(members: int) -> Pool:
    """One pool with three resources, everybody a holder, a quarter left to the treasury."""
    found_cooperative(
        name="Large", legal_name="Large Network Coop", currency="EUR", timezone="Europe/Madrid"
    )
    for code in RESOURCES:
        create_resource(code=code, name=code.capitalize(), unit="GB")
    pool = create_pool(code="backbone", name="Backbone", actor=None)
    _furnish(pool, members)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(MEMBERS, {"count": members})
        _give_shares(pool)
        cursor.execute(OFFERS, [pool.pk])
    return pool


def _furnish(pool: Pool, members: int) -> None:
    place_asset(
        pool=pool, name="Masts", kind="mast", cost=members * 400, in_service=START.date(),
        paid_from="grant", actor=None, key="masts",
        capacity=dict.fromkeys(RESOURCES, members * TOKENS),
    )  # fmt: skip
    add_cost_line(
        pool=pool, name="Transit", amount=members * CENTS * len(RESOURCES),
        weights=dict.fromkeys(RESOURCES, 1), since=START.date(), source="bill", actor=None,
    )  # fmt: skip
    for code in RESOURCES:
        set_policy(
            actor=None, key="posted_price", scope=f"backbone:{code}", value=PRICE,
            valid_from=START, source="founding",
        )  # fmt: skip


def _give_shares(pool: Pool) -> None:
    owners = "SELECT 'member/' || id FROM members_member"
    open_accounts(commodity=unit_code(pool), kind="holding", owners=owners, params=[], floor=0)
    posting = Posting(source="benchmark", key="shares", kind="founding shares")
    post_set([posting], legs=SHARES, params={"treasury": treasury_account(pool)})
    created_account(pool)


def usage(period: Period, at_once: int, records: int) -> Iterator[list[UsageRow]]:
    """Everybody's usage, so many records for each book, in batches of at most so many rows."""
    last, size = 0, max(1, at_once // records)
    while found := rows(USAGE, [period.pk, last, size]):
        last = found[-1][0]
        yield [
            UsageRow(
                member_id=member, pool_id=pool, resource_id=resource, amount=part,
                used_at=period.start + timedelta(hours=n), key=f"reading:{book}:{n}",
            )
            for book, member, resource, pool, amount in found
            for n, part in enumerate(parts(amount, records))
        ]  # fmt: skip


def parts(amount: int, count: int) -> list[int]:
    """An amount in so many nearly equal parts."""
    base, rest = divmod(amount, count)
    return [base + (n < rest) for n in range(count)]
