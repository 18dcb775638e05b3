"""Giving and taking back: who can, for what, until when, how often (R12, R13)."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from governance.delegations import services
from governance.delegations.invariants import carried_is_what_a_resolution_gives
from governance.delegations.queries import given_by, held_by, readable_ballot, ways_of
from governance.delegations.services import Meant
from governance.delegations.warnings import warn_in, warn_of_lost_ways
from governance.errors import (
    BindsOnlyAProxy,
    DelegationsOff,
    EndNeeded,
    HolderIsFull,
    NoProxyWhenSealed,
    NotYourWord,
    OneVoteHasItsEnd,
    SpeaksForNobody,
    UnknownChoice,
    UnknownScope,
    VotingClosed,
    WrongState,
)
from governance.models import Delegation, DelegationWarning, Proposal
from governance.services import close_and_count
from ledger.errors import KeyConflict
from members.models import Member
from payments.models import Mail
from tests.governance.delegations.words import (
    before_all,
    end_now,
    fates,
    in_a_month,
    make_crowd,
    name,
    proxy,
)
from tests.governance.votes import Town, move, open_motion, price_motion, vote
from tests.makers import agree

pytestmark = pytest.mark.django_db


def now() -> Any:
    """A moment for queries of open votes."""
    return timezone.now() + timedelta(seconds=1)


def test_who_is_named_for_the_same_again_takes_the_place() -> None:
    town = make_crowd(3)
    first = name(town, "m0", "m1")
    second = name(town, "m0", "m2")
    first.refresh_from_db()
    assert first.revoked_at == second.made_at
    assert [row.pk for row in given_by(town.members["m0"])] == [second.pk]
    assert [row.pk for row in held_by(town.members["m2"])] == [second.pk]


def test_the_same_key_names_once() -> None:
    town = make_crowd(3)
    one, two, three = (town.members[f"m{n}"] for n in range(3))
    meant = Meant(kind="proxy", scope="all", until=in_a_month())
    said = {"giver": one, "meant": meant, "actor": one.user, "key": "k"}
    assert services.give(holder=two, **said) == services.give(holder=two, **said)
    with pytest.raises(KeyConflict):
        services.give(holder=three, **said)


def test_what_cannot_be_meant_is_refused() -> None:
    town = make_crowd(2)
    motion = open_motion(town)
    refused: list[tuple[type[Exception], dict[str, Any]]] = [
        (UnknownScope, {"scope": "area", "area": "weather"}),
        (UnknownScope, {"scope": "all", "area": "nodes"}),
        (UnknownScope, {"scope": "proposal"}),
        (UnknownScope, {"kind": "friendship"}),
        (EndNeeded, {"until": None}),
        (EndNeeded, {"until": timezone.now() + timedelta(days=366)}),
        (EndNeeded, {"until": timezone.now() - timedelta(days=1)}),
        (OneVoteHasItsEnd, {"scope": "proposal", "proposal_id": motion.pk, "until": in_a_month()}),
        (BindsOnlyAProxy, {"kind": "proxy", "directed": "for"}),
        (
            BindsOnlyAProxy,
            {"scope": "proposal", "proposal_id": motion.pk, "directed": "for"},
        ),
        (
            UnknownChoice,
            {"kind": "proxy", "scope": "proposal", "proposal_id": motion.pk, "directed": "maybe"},
        ),
    ]
    for error, meant in refused:
        with pytest.raises(error):
            name(town, "m0", "m1", **meant)
    with pytest.raises(SpeaksForNobody):
        name(town, "m0", "m0")
    assert not Delegation.objects.exists()


def test_only_active_members_name_and_are_named() -> None:
    town = make_crowd(2)
    Member.objects.filter(pk=town.members["m1"].pk).update(state=Member.State.SUSPENDED)
    town.members["m1"].refresh_from_db()
    for giver, holder in (("m0", "m1"), ("m1", "m0")):
        with pytest.raises(SpeaksForNobody):
            name(town, giver, holder)


def test_delegations_must_be_in_use_proxies_need_not() -> None:
    town = make_crowd(2)
    agree("delegation_enabled", False)
    with pytest.raises(DelegationsOff):
        name(town, "m0", "m1")
    assert name(town, "m0", "m1", kind="proxy").kind == "proxy"


def test_a_proxy_is_for_announced_and_open_votes_that_are_not_secret() -> None:
    town = make_crowd(2)
    draft = price_motion(town)
    with pytest.raises(WrongState):
        proxy(town, "m0", "m1", draft)
    motion = open_motion(town, key="second")
    move(motion, "ballot_kind = 'sealed'")
    with pytest.raises(NoProxyWhenSealed):
        proxy(town, "m0", "m1", motion)
    end_now(motion)
    with pytest.raises(VotingClosed):
        proxy(town, "m0", "m1", motion)


def test_nobody_holds_more_proxies_than_one_may() -> None:
    town = make_crowd(5, heads=2)
    motion = open_motion(town)
    proxy(town, "m1", "m0", motion)
    name(town, "m2", "m0", kind="proxy")
    for again in range(2):
        with pytest.raises(HolderIsFull):
            proxy(town, "m3", "m0", motion)
        assert again < 2
    proxy(town, "m1", "m0", motion, directed="for")
    name(town, "m4", "m0")


def test_giver_and_holder_end_it_and_nobody_else() -> None:
    town = make_crowd(3)
    for who in ("m0", "m1"):
        row = name(town, "m0", "m1")
        with pytest.raises(NotYourWord):
            services.revoke(delegation_id=row.pk, member=town.members["m2"], actor=None)
        ended = services.revoke(delegation_id=row.pk, member=town.members[who], actor=None)
        again = services.revoke(delegation_id=row.pk, member=town.members[who], actor=None)
        assert ended.revoked_at == again.revoked_at is not None


def closed(town: Town, motion: Proposal) -> Proposal:
    """Closed as the site closes it."""
    was = "notice_at = now() - interval '2 hours', opens_at = now() - interval '1 hour'"
    move(motion, f"{was}, closes_at = now()")
    return close_and_count(proposal_id=motion.pk, actor=town.steward)


def test_the_close_itself_resolves_and_counts_what_is_carried() -> None:
    town = make_crowd(3)
    name(town, "m0", "m1")
    before_all()
    motion = open_motion(town)
    vote(town, motion, m1="for", ana="for", ben="for")
    done = closed(town, motion)
    assert fates(done) == {"m0": "m1"}
    assert carried_is_what_a_resolution_gives() == []
    users = done.certificate.result["chambers"][0]
    assert (users["for"], users["ballots"]) in {(4, 3), (4, 4)}


def test_a_word_smuggled_in_after_the_close_is_found() -> None:
    town = make_crowd(3)
    motion = open_motion(town)
    vote(town, motion, m1="for")
    done = closed(town, motion)
    assert carried_is_what_a_resolution_gives() == []
    name(town, "m0", "m1")
    assert carried_is_what_a_resolution_gives() == []
    before_all()
    assert [line.split(":")[0] for line in carried_is_what_a_resolution_gives()] == [
        f"vote {done.pk}"
    ]


def test_a_delegates_ballot_is_open_to_who_delegated_before_it_was_cast() -> None:
    town = make_crowd(3)
    name(town, "m0", "m1")
    before_all()
    motion = open_motion(town)
    vote(town, motion, m1="for")
    name(town, "m2", "m1")
    early, late, delegate = (town.members[m] for m in ("m0", "m2", "m1"))
    ballot = readable_ballot(motion, early, delegate)
    assert ballot is not None and ballot.choices == {"users": "for"}
    assert readable_ballot(motion, late, delegate) is None
    assert readable_ballot(motion, town.members["ana"], delegate) is None
    assert readable_ballot(closed(town, motion), late, delegate) == ballot


def test_nothing_is_read_from_a_sealed_vote() -> None:
    town = make_crowd(2)
    name(town, "m0", "m1")
    before_all()
    motion = open_motion(town)
    vote(town, motion, m1="for")
    move(motion, "ballot_kind = 'sealed'")
    assert readable_ballot(motion, town.members["m0"], town.members["m1"]) is None


def test_a_member_sees_where_their_word_leads() -> None:
    town = make_crowd(5)
    motion = open_motion(town)
    name(town, "m0", "m1")
    name(town, "m1", "m2")
    name(town, "m3", "m4")
    name(town, "m4", "m3")
    vote(town, motion, m2="for")
    (way,) = ways_of(motion, town.members["m0"], now())
    assert ([p.name for p in way.people], way.reaches) == (["m0", "m1", "m2"], town.members["m2"])
    (way,) = ways_of(motion, town.members["m3"], now())
    assert (way.reaches, way.why) == (None, "loop")


def test_all_on_a_lost_way_are_warned_once_and_told_by_mail() -> None:
    town = make_crowd(6)
    motion = open_motion(town)
    name(town, "m0", "m1")
    name(town, "m2", "m3")
    name(town, "m3", "m2")
    name(town, "m4", "m5")
    before_all()
    vote(town, motion, m5="for")
    assert warn_of_lost_ways() == 0
    was = "notice_at = now() - interval '3 days', opens_at = now() - interval '2 days'"
    move(motion, f"{was}, closes_at = now() + interval '1 day'")
    assert (warn_of_lost_ways(), warn_of_lost_ways(), warn_in(motion.pk)) == (4, 0, 0)
    rows = DelegationWarning.objects.filter(proposal=motion)
    found = {row.member.name: row.why for row in rows.select_related("member")}
    assert found == {"m0": "end", "m1": "silent", "m2": "loop", "m3": "loop"}
    assert Mail.objects.filter(key__startswith=f"vote:ways {motion.pk}:").count() == 4
