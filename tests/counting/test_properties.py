"""What must hold of every count, whatever the ballots."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.counting.files import (
    read_abif,
    read_blt,
    read_csv,
    write_abif,
    write_blt,
    write_csv,
)
from governance.counting.methods import METHODS, count
from governance.counting.outcome import Outcome
from governance.counting.ranked import Election, Equal, Ranking, Reading, Skipped

RANKED = sorted(set(METHODS) - {"score"})
Cast = dict[Ranking, int]
NAMES = ("Ada", "Bo", "Cy", "Dee", "Ed")


@st.composite
def rankings(draw: st.DrawFn) -> Ranking:
    """Some of five options in ranks, some equal, some ranks left out."""
    options = draw(st.permutations(range(len(NAMES))))
    options = options[: draw(st.integers(0, len(NAMES)))]
    ranks: list[tuple[int, ...]] = []
    for option in options:
        if ranks and ranks[-1] and draw(st.integers(0, 3)) == 0:
            ranks[-1] = tuple(sorted((*ranks[-1], option)))
        else:
            ranks += [()] * draw(st.sampled_from([0, 0, 0, 1])) + [(option,)]
    return tuple(ranks)


ballots = st.dictionaries(rankings(), st.integers(1, 40), min_size=1, max_size=12)
readings = st.builds(Reading, st.sampled_from(Equal), st.sampled_from(Skipped))
methods = st.sampled_from(RANKED)
seats = st.integers(1, 3)


def told(method: str, cast: Mapping[Ranking, int], seats: int, reading: Reading) -> Outcome:
    wanted = 1 if method == "irv" else seats
    return count(method, Election(NAMES, cast), seats=wanted, reading=reading, seed="s")


@given(methods, ballots, seats, readings, st.randoms())
def test_the_order_of_ballots_never_matters(
    method: str, cast: Cast, seats: int, reading: Reading, dice: Random
) -> None:
    items = list(cast.items())
    dice.shuffle(items)
    assert told(method, dict(items), seats, reading) == told(method, cast, seats, reading)


@given(methods, ballots, seats, readings, st.permutations(range(len(NAMES))))
def test_the_order_of_options_never_matters(
    method: str, cast: Cast, seats: int, reading: Reading, order: list[int]
) -> None:
    """Whoever stands first on the paper has no better chance; the lot goes by names."""
    moved = {
        tuple(tuple(sorted(order[n] for n in rank)) for rank in said): n for said, n in cast.items()
    }
    names = tuple(name for _, name in sorted(zip(order, NAMES, strict=True)))
    wanted = 1 if method == "irv" else seats
    other = count(method, Election(names, moved), seats=wanted, reading=reading, seed="s")
    first = told(method, cast, seats, reading)
    assert {names[n] for n in other.winners} == {NAMES[n] for n in first.winners}


@given(methods, ballots, seats, readings)
def test_every_vote_is_somewhere_in_every_round(
    method: str, cast: Cast, seats: int, reading: Reading
) -> None:
    found = told(method, cast, seats, reading)
    assert found.valid + found.invalid == sum(cast.values())
    if method in ("irv", "scottish-stv", "plurality"):
        last = sum(found.rounds[-1].tallies.values())
        lost = found.valid - last - found.exhausted
        assert lost == 0 if method != "scottish-stv" else 0 <= lost < Fraction(1, 100)
    assert len(found.winners) == (1 if method == "irv" else seats)
    assert len(set(found.winners)) == len(found.winners)


@given(methods, ballots, seats, readings, st.integers(2, 5))
def test_more_voters_who_vote_alike_change_nothing_in_what_is_a_share(
    method: str, cast: Cast, seats: int, reading: Reading, times: int
) -> None:
    """All counts times the same: the same winners, but for Droop's whole votes."""
    if method != "scottish-stv":
        more = {said: n * times for said, n in cast.items()}
        assert told(method, more, seats, reading).winners == (
            told(method, cast, seats, reading).winners
        )


@given(ballots, readings)
def test_an_option_that_beats_every_other_one_wins_by_schulze(cast: Cast, reading: Reading) -> None:
    found = told("schulze", cast, 1, reading)
    pairs = found.pairwise
    options = range(len(NAMES))
    best = [a for a in options if all(pairs[a, b] > pairs[b, a] for b in options if b != a)]
    assert not best or list(found.winners) == best


@given(ballots)
def test_files_give_back_what_was_written(cast: Cast) -> None:
    made = Election(NAMES, cast, seats=2, title="A vote")
    assert read_blt(write_blt(made)) == made
    again = read_csv(write_csv(made), seats=2)
    assert dict(again.ballots) == added(cast)
    if all(said and all(said) for said in cast):
        assert read_abif(write_abif(made)) == made


def trimmed(said: Ranking) -> Ranking:
    """Without empty ranks at the end: a table cannot say them."""
    kept = list(said)
    while kept and not kept[-1]:
        kept.pop()
    return tuple(kept)


def added(cast: Mapping[Ranking, int]) -> dict[Ranking, int]:
    """The same ballots once each."""
    found: dict[Ranking, int] = {}
    for said, n in cast.items():
        found[trimmed(said)] = found.get(trimmed(said), 0) + n
    return found


def refused_at(reader: Callable[[str], Election], text: str) -> Election | str:
    """What a reader makes of a text: an election, or the words of its refusal."""
    try:
        return reader(text)
    except ValueError as error:
        return str(error)


@given(st.text(max_size=300) | st.text(alphabet='0123456789=-> "\n,:/[]{}#ab', max_size=200))
def test_any_text_is_read_or_refused_with_its_line(text: str) -> None:
    for reader in (read_blt, read_abif, read_csv):
        made = refused_at(reader, text)
        if isinstance(made, str):
            assert made.startswith("line ")
        else:
            for method in RANKED:
                count(method, made, seats=1, reading=Reading())


@pytest.mark.parametrize("method", RANKED)
def test_nobody_voting_elects_by_lot(method: str) -> None:
    found = count(method, Election(NAMES, {}), seats=1, seed="rain")
    assert found.valid == 0 and len(found.winners) == 1
    assert any(tie.by == "lot" for tie in found.ties)
    assert {count(method, Election(NAMES, {}), seats=1, seed=str(n)).winners for n in range(40)} > {
        found.winners
    }
