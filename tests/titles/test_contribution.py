"""Contributions in kind: an asset or work, units within the cap, credit for the rest."""

import pytest
from django.db import transaction

from assets.models import Asset
from governance.services import execute, propose, publish
from governance.services import open_ballot as open_vote
from ledger.errors import KeyConflict
from ledger.queries import balance
from members.models import Member
from tests.governance.votes import broken, decide, make_town
from tests.makers import agree, all_wrong, make_member, make_pool
from titles.errors import NotAMember
from titles.models import Contribution, Title
from titles.queries import equity_credit, units_of
from titles.services import contribute
from titles.services.contribution import Gift, worth_of

pytestmark = pytest.mark.django_db(transaction=True)
ROUTER = Gift(kind="hardware", what="Router for the hill", value=2450, asset_kind="router")


def give(member: Member, gift: Gift = ROUTER, source: str = "proposal:1") -> Contribution:
    with transaction.atomic():
        return contribute(
            giver_id=member.pk, pool=make_pool(), gift=gift, actor=None, source=source
        )


def test_hardware_becomes_an_asset_shares_and_credit_for_the_rest() -> None:
    ana, pool = make_member("Ana"), make_pool(treasury=100)
    row = give(ana)
    assert (row.units, row.price, row.credit) == (24, 100, 50)
    asset = Asset.objects.get(pk=row.asset_id)
    assert (asset.name, asset.kind, asset.cost) == ("Router for the hill", "router", 2450)
    assert (units_of(ana, pool), equity_credit(ana, pool)) == (24, 50)
    assert balance("unit:backbone", "treasury", "pool/backbone") == 100
    title = Title.objects.get()
    assert (title.origin, title.units, title.capital) == ("contribution", 24, 2400)
    assert all_wrong() == []


def test_work_stands_on_the_register_as_what_backs_the_shares() -> None:
    ana = make_member("Ana")
    make_pool(treasury=100)
    row = give(ana, Gift(kind="labour", what="Three days on the mast", value=60_000))
    assert Asset.objects.get(pk=row.asset_id).kind == "labour"
    assert row.units == 600
    assert all_wrong() == []


def test_the_cap_counts_the_new_units_and_what_is_beyond_it_is_credit() -> None:
    ana, pool = make_member("Ana"), make_pool(treasury=100)
    agree("holding_cap", [1, 10], scope="backbone")
    before = worth_of(pool=pool, giver=ana, value=2450, placed=False)
    row = give(ana)
    assert (row.units, row.credit) == (12, 1250) == (before.units, before.credit)
    assert balance("unit:backbone", "treasury", "pool/backbone") == 112
    assert all_wrong() == []


def test_less_than_a_share_is_all_credit() -> None:
    ana, pool = make_member("Ana"), make_pool(treasury=100)
    row = give(ana, Gift(kind="labour", what="An hour", value=99))
    assert (row.units, row.title, equity_credit(ana, pool)) == (0, None, 99)
    assert all_wrong() == []


def test_one_decision_values_once() -> None:
    ana = make_member("Ana")
    make_pool(treasury=100)
    assert give(ana) == give(ana)
    with pytest.raises(KeyConflict):
        give(ana, Gift(kind="hardware", what="Another", value=1))
    assert Title.objects.count() == 1


def test_who_left_contributes_nothing() -> None:
    ana = make_member("Ana")
    make_pool(treasury=100)
    Member.objects.filter(pk=ana.pk).update(state=Member.State.LEFT)
    with pytest.raises(NotAMember):
        give(ana)


def test_a_vote_that_passes_values_a_contribution() -> None:
    town = make_town()
    chloe = town.members["chloe"]
    payload = {
        "member": chloe.number,
        "pool": town.pool.code,
        "kind": "hardware",
        "what": "Battery",
        "value": 5000,
        "asset_kind": "battery",
        "serial": "B-7",
        "place": "hill",
    }
    draft = propose(
        title="Value the battery",
        text="It is new.",
        action="value_contribution",
        payload=payload,
        member=chloe,
        actor=chloe.user,
    )
    publish(proposal_id=draft.pk, actor=town.steward)
    open_vote(proposal_id=draft.pk, actor=town.steward)
    decide(town, draft, ana="for", ben="for", chloe="for")
    execute(proposal_id=draft.pk, actor=town.steward)
    row = Contribution.objects.get()
    assert (row.giver, row.units, row.source) == (chloe, 50, f"proposal:{draft.pk}")
    assert [*broken(), *all_wrong()] == []
