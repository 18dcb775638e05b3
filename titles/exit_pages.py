"""The contexts of the pages of the ways out."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from assets.models import Pool
from assets.queries import pools
from members.models import Member
from payments.models import Charge
from payments.queries import owed_by
from payments.services import prepaid_balance
from policies.models import PolicyValue
from policies.queries import policy
from titles import exit_queries as queries
from titles.limits import bound_units
from titles.models import Leaving, Redemption, RedemptionRequest, SellDown
from titles.queries import free_credit, units_of
from titles.services.leaving import notice_end, served_from

PROPOSAL = "proposal:"
SHOWN = 20


def price_context(pool: Pool) -> dict[str, Any]:
    """The price of a share today, with what it follows from, and the rules of the queue."""
    now = timezone.now()
    return {
        "pool": pool,
        "quote": queries.quote(pool, now),
        "limit": queries.limit(pool, now),
        "notice_days": policy("redemption_notice_days", now, pool.code),
        "order": policy("redemption_order", now, pool.code),
        "suspension": suspended(pool),
        "ahead": queries.queue(pool, now).count(),
    }


def suspended(pool: Pool) -> dict[str, Any] | None:
    """Since when nothing is taken back, and the decision that says why."""
    row = queries.suspension(pool, timezone.now())
    return None if row is None else {"since": row.valid_from, "url": decision_of(row)}


def decision_of(row: PolicyValue) -> str:
    """The page of the vote that a value came from; "" where it was no vote."""
    if not row.source.startswith(PROPOSAL):
        return ""
    return reverse("governance:decision", args=[int(row.source.removeprefix(PROPOSAL))])


def redeem_context(member: Member, pool: Pool) -> dict[str, Any]:
    """What one member can give back of a pool."""
    held, now = units_of(member, pool), timezone.now()
    return price_context(pool) | {
        "held": held,
        "free": max(0, held - bound_units(pool, member)),
        "ripe": queries.ripe_credit(member, pool, now),
        "credit": free_credit(member, pool),
        "credit_days": policy("credit_payout_days", now, pool.code),
    }


def mine_context(member: Member) -> dict[str, Any]:
    """A member's requests with places, what became of them, and steps against them."""
    now = timezone.now()
    rows = [
        {
            "request": row,
            "place": queries.place_of(row, now) if row.state == row.State.WAITING else None,
            "brought": sum(part.payable for part in row.redemptions.all()),
        }
        for row in queries.requests_of(member)[:SHOWN]
    ]
    held = [(pool, units_of(member, pool), free_credit(member, pool)) for pool in pools()]
    return {
        "rows": rows,
        "held": [(pool, units, credit) for pool, units, credit in held if units or credit],
        "payable": queries.payable_of(member),
        "selldowns": queries.selldowns_of(member)[:SHOWN],
        "leaving": queries.leaving_of(member),
    }


def leave_context(member: Member, plan: dict[str, str] | None = None) -> dict[str, Any]:
    """What a member holds, owes and is owed, and the days of a leaving that began today."""
    now = timezone.now()
    return {
        "member": member,
        "pools": [pool_facts(member, pool, (plan or {}).get(pool.code, "")) for pool in pools()],
        "owed": owed_by(member),
        "open_charges": open_charges_of(member),
        "prepaid": prepaid_balance(member.pk),
        "payable": queries.payable_of(member),
        "notice_until": notice_end(Leaving.Reason.RESIGNATION, now),
        "leaving": queries.leaving_of(member),
        "unsettled": queries.unsettled(member),
        "today": timezone.localdate(),
    }


def pool_facts(member: Member, pool: Pool, wish: str) -> dict[str, Any]:
    """A leaver's shares and credit of one pool: what they would bring today, and from which day."""
    price, units = queries.quote(pool).price, units_of(member, pool)
    credit = free_credit(member, pool)
    return {
        "pool": pool,
        "units": units,
        "price": price.per_unit,
        "brings": units * price.per_unit,
        "credit": credit,
        "credit_brings": price.for_credit(credit),
        "from": served_from(Leaving.Reason.RESIGNATION, pool, timezone.now()),
        "wish": wish,
        "suspension": suspended(pool),
    }


def open_charges_of(member: Member) -> QuerySet[Charge]:
    """What a member is asked to pay, the longest due first."""
    return Charge.objects.filter(
        member=member, state=Charge.State.OPEN, kind=Charge.Kind.PERIOD
    ).order_by("due", "pk")


def held_pools(member: Member) -> list[Pool]:
    """The pools in which a member holds shares."""
    return [pool for pool in pools() if units_of(member, pool)]


def desk_context() -> dict[str, Any]:
    """The stewards' view: each pool with its queue, who leaves, who is in default."""
    now = timezone.now()
    rows = [
        {
            "pool": pool,
            "waiting": queries.queue(pool, now).count(),
            "ready": queries.ready(pool, now).count(),
            "served": len(queries.would_serve(pool, now)),
            "suspension": suspended(pool),
            "quote": queries.quote(pool, now),
        }
        for pool in pools()
    ]
    leavings = Leaving.objects.filter(state=Leaving.State.UNDER_WAY).select_related("member")
    return {
        "rows": rows,
        "leavings": [(row, queries.unsettled(row.member)) for row in leavings.order_by("pk")],
        "selldowns": SellDown.objects.filter(state=SellDown.State.NOTICED)
        .select_related("member")
        .prefetch_related("steps")
        .order_by("pk"),
        "to_begin": to_begin(),
    }


def to_begin() -> QuerySet[Member]:
    """Expelled and deceased members whose way out has not begun."""
    begun = Leaving.objects.exclude(state=Leaving.State.WITHDRAWN).values("member_id")
    gone = (Member.State.EXPELLED, Member.State.DECEASED)
    return Member.objects.filter(state__in=gone).exclude(pk__in=begun).order_by("number")


def queue_context(pool: Pool) -> dict[str, Any]:
    """A pool's queue in order, with the last runs."""
    now = timezone.now()
    waiting = [(row, row.due_on <= timezone.localdate()) for row in queries.queue(pool, now)]
    runs = pool.redemption_runs.select_related("actor").order_by("-pk")[:SHOWN]
    return price_context(pool) | {
        "waiting": waiting,
        "runs": [(run, list(run.redemptions.all())) for run in runs],
        "Class": RedemptionRequest.Class,
    }


def totals(rows: list[Redemption]) -> dict[str, int]:
    """Sums of what is served."""
    return {
        "gross": sum(row.gross for row in rows),
        "settled": sum(row.settled for row in rows),
        "set_off": sum(row.set_off for row in rows),
        "due": sum(row.due for row in rows),
    }
