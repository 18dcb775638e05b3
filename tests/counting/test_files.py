"""Ballot files: what the forms allow, how unclear ranks are read, and the line of every mistake."""

import json
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from governance.counting.files import BallotFileError, Cells, read_abif, read_blt, read_csv
from governance.counting.methods import count
from governance.counting.outcome import spelled
from governance.counting.ranked import Equal, Reading, Skipped

BLT = """3 2      # options, seats
-3
2 1=2 - 3 0
(b-17) 1.5 2 0
1 0
0
"Ada" "Bo"
"Cy"
"Who brings the ladder?"
"""


def test_blt_knows_equal_skipped_withdrawn_and_parts_of_votes() -> None:
    made = read_blt(BLT)
    assert made.names == ("Ada", "Bo", "Cy") and made.seats == 2
    assert made.title == "Who brings the ladder?"
    assert made.withdrawn == {2} and made.running == (0, 1)
    assert made.ballots == {((0, 1), (), (2,)): 2, ((1,),): Fraction(3, 2), (): 1}


def test_abif_knows_names_ranks_and_scores() -> None:
    made = read_abif(
        '# minutes of May\n{"title": "Mast", "winners": 1}\n=AL:[Ada Lee]\n'
        "27:AL>[Bo Ek]=Cy\n3*AL/5,Cy/2.5\n1:[Ada Lee]\n"
    )
    assert made.names == ("Ada Lee", "Bo Ek", "Cy") and made.title == "Mast"
    assert made.ballots == {((0,), (1, 2)): 27, ((0,), (2,)): 3, ((0,),): 1}
    assert made.scores == {((0, Fraction(5)), (2, Fraction(5, 2))): 3}


def test_a_table_holds_ranks_scores_or_approvals() -> None:
    ranks = read_csv("count,Ada,Bo\n4,1,2\n2,3,1\n")
    assert ranks.ballots == {((0,), (1,)): 4, ((1,), (), (0,)): 2}
    scores = read_csv("Ada,Bo\n5,2.5\n,1\n", Cells.SCORES)
    assert scores.scores == {((0, Fraction(5)), (1, Fraction(5, 2))): 1, ((1, Fraction(1)),): 1}
    yes = read_csv("Ada,Bo\nx,\n1,1\n", Cells.APPROVALS)
    assert yes.ballots == {((0,),): 1, ((0, 1),): 1}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("3\n", 1),
        ("3 4\n", 1),
        ("2 1\n1 3 0\n0\n", 2),
        ("2 1\n1 1\n0\n", 2),
        ("2 1\n-1 1 0\n0\n", 2),
        ("2 1\n1 1 0\nx 2 0\n0\n", 3),
        ("2 1\n0 2 0\n0\n", 2),
        ("2 1\n1 ² 0\n0\n", 2),
        ("2 1\n1 1 0\n", 2),
        ('2 1\n1 1 0\n0\n"Ada"\n', 4),
        ('2 1\n1 1 0\n0\n"Ada" "Ada"\n', 4),
        ('2 1\n1 1 0\n0\n"Ada"\nBo\n', 5),
    ],
)
def test_a_malformed_blt_gets_its_line(text: str, line: int) -> None:
    with pytest.raises(BallotFileError) as caught:
        read_blt(text)
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("{broken\n", 1),
        ("3:A>B\n=A:[Ada]\n", 2),
        ("3:A>B\nA>B\n", 2),
        ("3:A>>B\n", 1),
        ("3:A>B>\n", 1),
        ("-1:A\n", 1),
        ('{"winners": 9}\n3:A>B\n', 2),
    ],
)
def test_a_malformed_abif_gets_its_line(text: str, line: int) -> None:
    with pytest.raises(BallotFileError) as caught:
        read_abif(text)
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("Ada,Ada\n", 1),
        ("Ada,Bo\n1,2\n1\n", 3),
        ("Ada,Bo\n1,best\n", 2),
        ("count,Ada,Bo\n0,1,2\n", 2),
        ('Ada,Bo\n1,"2\n', 2),
    ],
)
def test_a_malformed_table_gets_its_line(text: str, line: int) -> None:
    with pytest.raises(BallotFileError) as caught:
        read_csv(text)
    assert caught.value.line == line


UNCLEAR = '3 1\n5 1=2 3 0\n4 3 0\n3 2 - 1 0\n0\n"A" "B" "C"\n'


@pytest.mark.parametrize(
    ("reading", "tallies", "invalid"),
    [
        (Reading(), [0, 3, 4], 5),
        (Reading(Equal.SPLIT), [Fraction(5, 2), Fraction(11, 2), 4], 0),
        (Reading(Equal.INVALID), [0, 3, 4], 5),
    ],
)
def test_equal_ranks_are_read_as_one_says(
    reading: Reading, tallies: list[Any], invalid: int
) -> None:
    found = count("plurality", read_blt(UNCLEAR), reading=reading)
    assert [found.rounds[0].tallies[n] for n in range(3)] == tallies
    assert found.invalid == invalid


def test_a_skipped_rank_is_read_over_or_ends_the_ballot() -> None:
    text = '3 1\n3 1 0\n2 2 - 1 0\n4 3 0\n0\n"A" "B" "C"\n'
    over = count("irv", read_blt(text))
    assert [dict(one.tallies) for one in over.rounds][-1] == {0: 5, 2: 4}
    ended = count("irv", read_blt(text), reading=Reading(skipped=Skipped.STOP))
    assert ended.winners == (2,) and ended.exhausted == 2


def test_an_option_ranked_twice_makes_the_ballot_invalid() -> None:
    found = count("irv", read_blt('2 1\n3 1 2 0\n5 2 1 2 0\n0\n"A" "B"\n'))
    assert (found.winners, found.valid, found.invalid) == ((0,), 3, 5)


def test_ties_go_by_an_earlier_round_and_then_by_the_lot() -> None:
    text = '4 1\n5 1 0\n3 2 0\n2 3 0\n1 4 3 0\n0\n"A" "B" "C" "D"\n'
    found = count("irv", read_blt(text))
    assert [(tie.options, tie.taken, tie.by) for tie in found.ties] == [((1, 2), 2, "round 1")]
    drawn = {count("irv", read_blt('2 1\n0.5 1 0\n0.5 2 0\n0\n"A" "B"\n'), seed=s).winners
             for s in "abcdefgh"}  # fmt: skip
    assert drawn == {(0,), (1,)}


def test_numbers_are_whole_or_exact() -> None:
    assert spelled(3) == 3 and spelled(Fraction(6, 2)) == 3
    assert spelled(Fraction(-5, 4)) == "-1.25" and spelled(Fraction(1, 3)) == "1/3"
    assert spelled(Fraction(1234567, 100000)) == "12.34567"


def run(*args: Any, **options: Any) -> str:
    out = StringIO()
    call_command("count", *args, stdout=out, **options)
    return out.getvalue()


def test_the_command_prints_json_and_text(tmp_path: Path) -> None:
    path = tmp_path / "vote.blt"
    path.write_text(UNCLEAR)
    found = json.loads(run(path, method="plurality", equal="split", json=True))
    assert list(found) == ["method", "winners", "rounds", "exhausted", "valid", "invalid"]
    assert found["winners"] == ["B"]
    assert found["rounds"] == [
        {"tallies": {"A": "2.5", "B": "5.5", "C": 4}, "elected": ["B"], "eliminated": []}
    ]
    assert "plurality: B" in run(path, method="plurality", equal="split")
    assert "C over B" in run(path, method="schulze")


def test_the_command_says_what_is_wrong_and_where(tmp_path: Path) -> None:
    path = tmp_path / "vote.blt"
    path.write_text("2 1\n1 7 0\n0\n")
    with pytest.raises(CommandError, match=r"vote\.blt, line 2: '7' is none of the options 1 to 2"):
        run(path, method="irv")
    path.write_bytes(b"2 1\n\xff\n")
    with pytest.raises(CommandError, match="line 2: not UTF-8"):
        run(path, method="irv")
    path.write_text(UNCLEAR)
    for method, seats, words in (
        ("irv", 2, "elects one"), ("schulze", 4, "cannot be filled"), ("score", 1, "no scores"),
    ):  # fmt: skip
        with pytest.raises(CommandError, match=words):
            run(path, method=method, seats=seats)
    with pytest.raises(CommandError, match="--format"):
        run(tmp_path / "vote.txt", method="irv")
    with pytest.raises(CommandError, match="No such file"):
        run(tmp_path / "none.blt", method="irv")


def test_scores_and_approvals_are_counted_from_a_table(tmp_path: Path) -> None:
    path = tmp_path / "vote.csv"
    path.write_text("count,Ada,Bo\n2,5,1.5\n1,0,4\n")
    found = json.loads(run(path, method="score", json=True))
    assert found["rounds"][0]["tallies"] == {"Ada": 10, "Bo": 7}
    path.write_text("Ada,Bo\n1,0\n1,1\n")
    found = json.loads(run(path, method="approval", json=True, seats=1))
    assert found["rounds"][0]["tallies"] == {"Ada": 2, "Bo": 1} and found["winners"] == ["Ada"]
