"""Resolution at the close: the walk, what is most specific, caps, kinds, moments."""

import pytest
from django.db import transaction

from governance.delegations.in_force import area_of
from governance.delegations.resolve import resolve_at_close
from governance.models import Carried
from tests.governance.delegations.words import (
    end_now,
    fates,
    make_crowd,
    name,
    proxy,
    resolved,
)
from tests.governance.votes import as_owner, move, open_motion, vote
from tests.makers import agree

pytestmark = pytest.mark.django_db


def test_a_word_leads_on_to_the_first_who_votes() -> None:
    town = make_crowd()
    motion = open_motion(town)
    name(town, "m0", "m1")
    name(town, "m1", "m2")
    name(town, "m2", "m3")
    vote(town, motion, m2="for", m3="against")
    assert resolved(town, motion) == {"m0": "m2", "m1": "m2"}


def test_a_way_that_ends_or_loops_counts_as_not_voting() -> None:
    town = make_crowd()
    motion = open_motion(town)
    name(town, "m0", "m1")
    name(town, "m2", "m3")
    name(town, "m3", "m4")
    name(town, "m4", "m2")
    name(town, "m5", "m4")
    assert resolved(town, motion) == {
        "m0": "end",
        "m2": "loop",
        "m3": "loop",
        "m4": "loop",
        "m5": "loop",
    }


def test_who_votes_themselves_is_carried_by_nobody() -> None:
    town = make_crowd()
    motion = open_motion(town)
    name(town, "m0", "m1")
    proxy(town, "m0", "m2", motion)
    vote(town, motion, m0="for", m1="against", m2="against")
    assert resolved(town, motion) == {}


def test_the_most_specific_word_wins() -> None:
    town = make_crowd()
    motion = open_motion(town)
    name(town, "m0", "m1", scope="all")
    name(town, "m0", "m2", scope="area", area=area_of(motion))
    name(town, "m3", "m1", scope="all")
    name(town, "m3", "m2", scope="area", area=area_of(motion))
    proxy(town, "m3", "m4", motion)
    vote(town, motion, m1="for", m2="for", m4="for")
    assert resolved(town, motion) == {"m0": "m2", "m3": "m4"}


def test_a_word_for_another_area_is_of_no_account() -> None:
    town = make_crowd()
    motion = open_motion(town)
    name(town, "m0", "m1", scope="area", area="people")
    vote(town, motion, m1="for")
    assert resolved(town, motion) == {}


def test_a_proxy_ends_with_its_holder() -> None:
    town = make_crowd()
    motion = open_motion(town)
    proxy(town, "m0", "m1", motion)
    name(town, "m1", "m2")
    name(town, "m3", "m0")
    vote(town, motion, m2="for")
    assert resolved(town, motion) == {"m0": "end", "m1": "m2", "m3": "end"}


def test_nobody_is_led_through_a_proxy() -> None:
    town = make_crowd()
    motion = open_motion(town)
    proxy(town, "m0", "m1", motion)
    name(town, "m3", "m0")
    vote(town, motion, m1="for")
    assert resolved(town, motion) == {"m0": "m1", "m3": "end"}


def test_a_proxy_binds_to_its_answer() -> None:
    town = make_crowd()
    motion = open_motion(town)
    proxy(town, "m0", "m1", motion, directed="against")
    vote(town, motion, m1="for")
    resolved(town, motion)
    assert Carried.objects.get(row__member=town.members["m0"]).directed == "against"


def test_an_owner_is_carried_in_both_chambers_by_an_owner_only() -> None:
    town = make_crowd()
    motion = open_motion(town)
    name(town, "ana", "ben")
    name(town, "ben", "m0")
    vote(town, motion, m0="for")
    assert resolved(town, motion) == {"ana": "m0", "ben": "m0"}
    assert fates(motion, "owners") == {"ana": "end", "ben": "barred"}


def test_over_the_cap_the_nearest_are_kept() -> None:
    town = make_crowd(heads=2)
    motion = open_motion(town)
    name(town, "m1", "m0")
    name(town, "m2", "m0")
    name(town, "m3", "m2")
    vote(town, motion, m0="for")
    assert resolved(town, motion) == {"m1": "m0", "m2": "m0", "m3": "cap"}


def test_a_share_of_the_chamber_caps_too() -> None:
    town = make_crowd(6, share=(1, 10))
    motion = open_motion(town)
    name(town, "m1", "m0")
    name(town, "m2", "m1")
    vote(town, motion, m0="for")
    assert resolved(town, motion) == {"m1": "m0", "m2": "cap"}


def test_a_wide_word_does_not_reach_sealed_votes() -> None:
    town = make_crowd()
    motion = open_motion(town)
    name(town, "m0", "m1")
    vote(town, motion, m1="for")
    move(motion, "ballot_kind = 'sealed'")
    assert resolved(town, motion) == {}


def test_delegations_not_in_use_are_not_resolved_but_proxies_are() -> None:
    town = make_crowd()
    name(town, "m0", "m1")
    agree("delegation_enabled", False)
    motion = open_motion(town)
    proxy(town, "m2", "m1", motion)
    vote(town, motion, m1="for")
    assert resolved(town, motion) == {"m2": "m1"}


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ("made_at = closes - interval '1 microsecond'", True),
        ("made_at = closes", False),
        ("revoked_at = closes - interval '1 microsecond'", False),
        ("revoked_at = closes", True),
        ("until = closes - interval '1 microsecond'", False),
        ("until = closes", True),
    ],
)
def test_what_counts_is_what_was_in_force_just_before_the_close(change: str, counts: bool) -> None:
    town = make_crowd(2)
    motion = open_motion(town)
    word = name(town, "m0", "m1")
    vote(town, motion, m1="for")
    end_now(motion)
    assert motion.closes_at is not None
    closes = f"timestamptz '{motion.closes_at.isoformat()}'"
    set_to = change.replace("closes", closes)
    early = f"made_at = {closes} - interval '1 hour'"
    both = set_to if set_to.startswith("made_at") else f"{early}, {set_to}"
    with transaction.atomic():
        as_owner(f"UPDATE governance_delegation SET {both} WHERE id = {word.pk}")
    with transaction.atomic():
        resolve_at_close(motion)
    assert Carried.objects.exists() is counts


def test_it_is_resolved_once_and_for_good() -> None:
    town = make_crowd(3)
    motion = open_motion(town)
    name(town, "m0", "m1")
    vote(town, motion, m1="for", m2="for")
    first = resolved(town, motion)
    name(town, "m0", "m2")
    with transaction.atomic():
        assert resolve_at_close(motion) == 0
    assert fates(motion) == first == {"m0": "m1"}


def test_an_answer_given_to_an_earlier_text_lapses_with_it() -> None:
    town = make_crowd(2)
    motion = open_motion(town)
    proxy(town, "m0", "m1", motion, directed="for")
    vote(town, motion, m1="for")
    move(motion, "notice_at = clock_timestamp(), opens_at = clock_timestamp()")
    assert resolved(town, motion) == {}
