"""Paths of vouches against a search that a reader can check with a pencil."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import permutations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from members.identity.queries import LONGEST_PATH, paths
from members.models import Member, MemberKey, Vouch
from tests.makers import make_member

Edge = tuple[int, int]
PEOPLE = 6
MANY = 100


def plain_paths(edges: set[Edge], source: int, target: int, longest: int) -> list[list[int]]:
    """Every shortest path, found by trying all orders of all people between the two."""
    if source == target:
        return [[source]]
    between = [person for person in range(PEOPLE) if person not in (source, target)]
    for length in range(longest):
        found = [
            [source, *middle, target]
            for middle in permutations(between, length)
            if all(step in edges for step in zip([source, *middle], [*middle, target], strict=True))
        ]
        if found:
            return sorted(found)
    return []


@pytest.fixture
def people(db: None) -> list[Member]:
    """Members with keys, ready to vouch; in the order of their ids."""
    members = [make_member(f"M{n}") for n in range(PEOPLE)]
    now = timezone.now() - timedelta(days=2)
    MemberKey.objects.bulk_create(
        MemberKey(
            member=member,
            public_key=f"{place:064x}",
            keyid="",
            registered_at=now,
            proof=b"",
            salt=b"",
        )
        for place, member in enumerate(members)
    )
    return members


@contextmanager
def vouched(people: list[Member], edges: set[Edge]) -> Iterator[None]:
    """These vouches, taken back at the end."""
    keys = {key.member_id: key for key in MemberKey.objects.all()}
    now = timezone.now()
    with transaction.atomic():
        Vouch.objects.bulk_create(
            Vouch(
                voucher=people[a],
                voucher_key=keys[people[a].pk],
                vouched=people[b],
                key=keys[people[b].pk],
                said_at=now - timedelta(days=1),
                expires_at=now + timedelta(days=1),
                envelope=b"",
                digest=f"{a} {b}",
            )
            for a, b in edges
        )
        yield
        transaction.set_rollback(True)


EDGES = st.sets(
    st.tuples(st.integers(0, PEOPLE - 1), st.integers(0, PEOPLE - 1)).filter(
        lambda edge: edge[0] != edge[1]
    ),
    max_size=14,
)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edges=EDGES, target=st.integers(0, PEOPLE - 1), longest=st.integers(1, PEOPLE))
def test_paths_are_those_that_trying_everything_finds(
    people: list[Member], edges: set[Edge], target: int, longest: int
) -> None:
    place = {member.pk: n for n, member in enumerate(people)}
    with vouched(people, edges):
        found = paths(people[0], people[target], longest=longest, few=MANY)
    assert [[place[pk] for pk in path] for path in found] == plain_paths(edges, 0, target, longest)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edges=EDGES, target=st.integers(1, PEOPLE - 1), few=st.integers(1, 2))
def test_a_bounded_search_finds_some_of_them_and_never_none(
    people: list[Member], edges: set[Edge], target: int, few: int
) -> None:
    place = {member.pk: n for n, member in enumerate(people)}
    with vouched(people, edges):
        found = paths(people[0], people[target], few=few)
    said = [[place[pk] for pk in path] for path in found]
    every = plain_paths(edges, 0, target, LONGEST_PATH)
    assert bool(said) == bool(every)
    assert all(path in every for path in said)
    assert len(said) <= few ** (LONGEST_PATH - 1)


def test_a_search_is_one_query(people: list[Member]) -> None:
    with vouched(people, {(0, 1), (1, 2), (0, 3), (3, 2)}), CaptureQueriesContext(connection) as q:
        assert len(paths(people[0], people[2])) == 2
    assert len([x for x in q if "members_vouch" in x["sql"]]) == 1
