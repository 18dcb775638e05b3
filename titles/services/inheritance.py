"""What a deceased member held goes to heirs who are members."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from assets.models import Pool
from ledger.arithmetic import largest_remainder
from ledger.errors import KeyConflict
from ledger.services import Leg, Posting, actor_name, merge, post
from members.models import Member, User
from payments.accounts import money_accounts
from payments.services.funding import prepaid_name
from payments.services.prepaid import prepaid_balance
from titles.chain import deal
from titles.errors import CannotReceive, NoEvidence, NoHeirs, NotDeceased, NothingToInherit
from titles.limits import linked_ids, require_room
from titles.models import CreditLot, Inheritance, InheritanceShare, Title, Transfer
from titles.queries import amounts_of, units_of
from titles.services.chain import Chosen, choose, replace
from titles.services.issue import Cause, Grant
from titles.services.locks import lock_members, lock_pools
from titles.services.lots import open_lots
from titles.services.transfer import pass_on_legs

SOURCE = "inheritance"


@transaction.atomic(durable=True)
def pass_on_estate(
    *,
    deceased: Member,
    heirs: Mapping[Member, int],
    evidence: str,
    actor: User | None,
    key: str,
) -> Inheritance:
    """Units, equity credit and prepaid money of a deceased member go to heirs, by their weights.

    Units of each pool, each lot of credit and the prepaid money are dealt out exactly by largest
    remainder, ties to the heir with the lower number; what was paid in goes with the units. The
    cap binds heirs too: where it leaves one too little room, nothing is done. The same key gives
    the first result. Raises NotDeceased, NoHeirs, NoEvidence, CannotReceive, NothingToInherit,
    BeyondCap, KeyConflict.
    """
    pools = lock_pools(_pool_codes(deceased))
    members = _lock_people(deceased, heirs)
    before = Inheritance.objects.filter(key=key).first()
    if before is not None:
        return _same(before, deceased, heirs)
    weights = {m: heirs[m] for m in members if m in heirs}
    _require_heirs(members, deceased, weights, evidence)
    inheritance = _record(deceased, weights, evidence, actor, key)
    estate = _Estate(inheritance, weights, actor)
    if not sum([estate.pass_on(pool) for _code, pool in sorted(pools.items())]) + estate.prepaid():
        raise NothingToInherit
    return inheritance


class _Estate:
    """One estate on its way to its heirs."""

    def __init__(
        self, inheritance: Inheritance, weights: Mapping[Member, int], actor: User | None
    ) -> None:
        self.inheritance = inheritance
        self.deceased = inheritance.deceased
        self.heirs = list(weights)
        self.weights = list(weights.values())
        self.actor = actor

    def pass_on(self, pool: Pool) -> int:
        """What stands in one pool, in one transaction; how many transactions that took."""
        units = units_of(self.deceased, pool)
        legs = self._credit_legs(pool)
        chosen = choose(pool=pool, holder=self.deceased, units=units) if units else None
        grants = self._grants(pool, units)
        if chosen is not None:
            legs += self._unit_legs(pool, chosen, grants)
        if not legs:
            return 0
        txn_id = post(self._posting(f"{self.inheritance.pk}:{pool.code}", legs))
        if chosen is not None:
            cause = Cause(Title.Origin.INHERITANCE, txn_id)
            state = Title.State.TRANSFERRED
            replace(pool=pool, chosen=chosen, takers=grants, cause=cause, state=state)
        return 1

    def prepaid(self) -> int:
        """What was paid ahead; how many transactions that took."""
        left = prepaid_balance(self.deceased)
        if left <= 0:
            return 0
        names = [prepaid_name(member.pk) for member in (self.deceased, *self.heirs)]
        accounts = money_accounts(names)
        parts = largest_remainder(left, self.weights)
        legs = [Leg(accounts[names[0]], left)]
        legs += [Leg(accounts[n], -part) for n, part in zip(names[1:], parts, strict=True)]
        post(self._posting(f"{self.inheritance.pk}:prepaid", merge(legs)))
        return 1

    def _grants(self, pool: Pool, units: int) -> list[Grant]:
        parts = largest_remainder(units, self.weights) if units else []
        grants = [Grant(h, n) for h, n in zip(self.heirs, parts, strict=False) if n]
        for grant in grants:
            if self.deceased.pk not in linked_ids(grant.member):
                require_room(pool, grant.member, grant.units)
        return grants

    def _unit_legs(self, pool: Pool, chosen: Chosen, grants: Sequence[Grant]) -> list[Leg]:
        dealt = deal(chosen.parts, [grant.units for grant in grants])
        takers = [
            (grant.member.pk, grant.units, sum(part.capital for part in parts))
            for grant, parts in zip(grants, dealt, strict=True)
        ]
        return list(pass_on_legs(pool, chosen, takers))

    def _credit_legs(self, pool: Pool) -> list[Leg]:
        lots = list(CreditLot.objects.filter(member=self.deceased, pool=pool).order_by("period"))
        left = amounts_of([lot.account_id for lot in lots])
        legs: list[Leg] = []
        for lot in (lot for lot in lots if left[lot.account_id] < 0):
            cents = -left[lot.account_id]
            ids = [heir.pk for heir in self.heirs]
            accounts = open_lots(pool=pool, member_ids=ids, period=lot.period)
            parts = zip(ids, largest_remainder(cents, self.weights), strict=True)
            legs.append(Leg(lot.account_id, cents))
            legs += [Leg(accounts[heir], -part) for heir, part in parts if part]
        return legs

    def _posting(self, key: str, legs: Sequence[Leg]) -> Posting:
        return Posting(
            source=SOURCE,
            key=key,
            kind="shares inherited",
            legs=list(legs),
            about=f"inheritance:{self.inheritance.pk}",
            actor=actor_name(self.actor),
        )


def _pool_codes(deceased: Member) -> set[str]:
    held = Title.objects.filter(member=deceased, state=Title.State.LIVE)
    credited = CreditLot.objects.filter(member=deceased)
    return {code for rows in (held, credited) for code in rows.values_list("pool__code", flat=True)}


def _lock_people(deceased: Member, heirs: Mapping[Member, int]) -> list[Member]:
    ids = [deceased.pk, *(heir.pk for heir in heirs)]
    return sorted(lock_members(Member.objects.filter(pk__in=ids)), key=lambda m: m.number or 0)


def _require_heirs(
    members: Sequence[Member], deceased: Member, weights: Mapping[Member, int], evidence: str
) -> None:
    now = next(member for member in members if member.pk == deceased.pk)
    if now.state != Member.State.DECEASED:
        raise NotDeceased(name=now.name)
    if not weights or min(weights.values()) < 1 or deceased in weights:
        raise NoHeirs
    if any(heir.state != Member.State.ACTIVE for heir in weights):
        raise CannotReceive
    if not evidence.strip():
        raise NoEvidence


def _record(
    deceased: Member, weights: Mapping[Member, int], evidence: str, actor: User | None, key: str
) -> Inheritance:
    inheritance = Inheritance.objects.create(
        deceased=deceased, evidence=evidence.strip(), recorded_by=actor, key=key
    )
    InheritanceShare.objects.bulk_create(
        InheritanceShare(inheritance=inheritance, heir=heir, weight=weight)
        for heir, weight in weights.items()
    )
    # What they had offered to others is no longer theirs to give.
    Transfer.objects.filter(giver=deceased, state=Transfer.State.OFFERED).update(
        state=Transfer.State.WITHDRAWN, decided_at=inheritance.recorded_at
    )
    return inheritance


def _same(before: Inheritance, deceased: Member, heirs: Mapping[Member, int]) -> Inheritance:
    shares = dict(before.shares.values_list("heir_id", "weight"))
    if before.deceased_id != deceased.pk or shares != {h.pk: w for h, w in heirs.items()}:
        raise KeyConflict
    return before
