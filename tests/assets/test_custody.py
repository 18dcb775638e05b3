"""Who keeps a thing: offered, accepted, declined, given back; never by two at once."""

import pytest
from django.db import IntegrityError, transaction

from assets import register
from assets.errors import CannotKeep, CustodyOffered, NoCustodian, NotAsked
from assets.models import AssetCustody
from assets.privacy import data_on, forget, open_matters
from assets.services import (
    answer_custody,
    end_asset,
    give_back,
    log_upkeep,
    offer_custody,
    withdraw_offer,
)
from members.models import Member, User
from tests.assets.things import days_ago, serving
from tests.makers import make_member
from tests.races import at_once

pytestmark = pytest.mark.django_db


def user_of(member: Member) -> User:
    assert member.user is not None
    return member.user


def test_keeping_counts_from_the_members_yes_and_passes_on_with_the_next_yes() -> None:
    asset, ana, ben = serving(), make_member("Ana"), make_member("Ben")
    first = offer_custody(asset_id=asset.pk, member_id=ana.pk, actor=None)
    assert register.custodian_of(asset) is None
    answer_custody(custody_id=first.pk, accepts=True, actor=user_of(ana))
    second = offer_custody(asset_id=asset.pk, member_id=ben.pk, actor=None)
    kept = register.custodian_of(asset)
    assert kept is not None
    assert kept.member == ana
    answer_custody(custody_id=second.pk, accepts=True, actor=user_of(ben))
    first.refresh_from_db()
    assert (first.until, first.ended_at is not None) == (days_ago(0), True)
    kept = register.custodian_of(asset)
    assert kept is not None
    assert kept.member == ben


def test_asking_or_answering_twice_changes_nothing_more() -> None:
    asset, ana = serving(), make_member("Ana")
    offers = [offer_custody(asset_id=asset.pk, member_id=ana.pk, actor=None) for _ in range(2)]
    assert offers[0] == offers[1]
    for _ in range(2):
        answer_custody(custody_id=offers[0].pk, accepts=True, actor=user_of(ana))
    assert offer_custody(asset_id=asset.pk, member_id=ana.pk, actor=None) == offers[0]
    with pytest.raises(NotAsked), transaction.atomic():
        answer_custody(custody_id=offers[0].pk, accepts=False, actor=user_of(ana))
    assert AssetCustody.objects.count() == 1


def test_nobody_answers_for_somebody_else_and_nobody_is_asked_behind_anothers_back() -> None:
    asset, ana, ben = serving(), make_member("Ana"), make_member("Ben")
    offer = offer_custody(asset_id=asset.pk, member_id=ana.pk, actor=None)
    with pytest.raises(NotAsked), transaction.atomic():
        answer_custody(custody_id=offer.pk, accepts=True, actor=user_of(ben))
    with pytest.raises(CustodyOffered, match="Core router"), transaction.atomic():
        offer_custody(asset_id=asset.pk, member_id=ben.pk, actor=None)
    withdraw_offer(custody_id=offer.pk, actor=None)
    with pytest.raises(NotAsked), transaction.atomic():
        answer_custody(custody_id=offer.pk, accepts=True, actor=user_of(ana))
    offer_custody(asset_id=asset.pk, member_id=ben.pk, actor=None)


def test_what_ended_is_kept_by_nobody() -> None:
    asset, ana = serving(), make_member("Ana")
    offer = offer_custody(asset_id=asset.pk, member_id=ana.pk, actor=None)
    answer_custody(custody_id=offer.pk, accepts=True, actor=user_of(ana))
    waiting = offer_custody(asset_id=asset.pk, member_id=make_member("Ben").pk, actor=None)
    end_asset(asset_id=asset.pk, to=asset.State.LOST, on=days_ago(0), reason="fire", actor=None)
    assert register.custodian_of(asset) is None
    waiting.refresh_from_db()
    assert (waiting.answered_at is not None, waiting.since) == (True, None)
    with pytest.raises(CannotKeep), transaction.atomic():
        offer_custody(asset_id=asset.pk, member_id=ana.pk, actor=None)


def test_giving_back_needs_somebody_who_keeps() -> None:
    asset, ana = serving(), make_member("Ana")
    with pytest.raises(NoCustodian), transaction.atomic():
        give_back(asset_id=asset.pk, actor=None)
    offer = offer_custody(asset_id=asset.pk, member_id=ana.pk, actor=None)
    answer_custody(custody_id=offer.pk, accepts=True, actor=user_of(ana))
    give_back(asset_id=asset.pk, actor=None)
    assert register.custodian_of(asset) is None
    with pytest.raises(IntegrityError), transaction.atomic():
        AssetCustody.objects.filter(pk=offer.pk).update(until=None)


def test_applicants_keep_nothing() -> None:
    asset, ana = serving(), make_member("Ana")
    Member.objects.filter(pk=ana.pk).update(state=Member.State.LEAVING)
    with pytest.raises(CannotKeep), transaction.atomic():
        offer_custody(asset_id=asset.pk, member_id=ana.pk, actor=None)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_are_asked_at_once_one_is_asked() -> None:
    asset = serving()
    members = [make_member(f"Member {n}") for n in range(6)]

    def ask(member: Member) -> object:
        try:
            return offer_custody(asset_id=asset.pk, member_id=member.pk, actor=None)
        except CustodyOffered as error:
            return error

    found = at_once(*(lambda member=member: ask(member) for member in members))
    assert sum(isinstance(row, AssetCustody) for row in found) == 1
    assert AssetCustody.objects.count() == 1


def test_a_member_reads_what_is_held_on_them_and_their_name_goes_when_they_ask() -> None:
    asset, ana = serving(), make_member("Ana")
    offer = offer_custody(asset_id=asset.pk, member_id=ana.pk, note="Attic", actor=None)
    answer_custody(custody_id=offer.pk, accepts=True, actor=user_of(ana))
    for who, member in (("Ana", ana), ("Wire & Co", None)):
        log_upkeep(
            asset_id=asset.pk,
            actor=None,
            key=who,
            on=days_ago(1),
            what="New fuse",
            who=who,
            member=member,
            minutes=30,
        )
    assert [asset.code in words for words in open_matters(ana)] == [True]
    held = data_on(ana)
    assert [row["asset"] for row in held["kept"]] == [asset.code]
    assert [row["what"] for row in held["upkeep"]] == ["New fuse"]
    forget(member=ana, actor=None)
    assert sorted(asset.upkeep.values_list("who", flat=True)) == ["", "Wire & Co"]
    assert data_on(ana)["kept"] == held["kept"]
    give_back(asset_id=asset.pk, actor=None)
    assert open_matters(ana) == []
