"""Elections that were held, counted again: the winners and the figures that were published."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from governance.counting.files import read_blt
from governance.counting.methods import count

DATA = Path(__file__).parent / "data"


def counted(name: str, method: str, **options: Any) -> dict[str, Any]:
    """What `manage.py count --json` prints."""
    out = StringIO()
    call_command("count", DATA / name, method=method, json=True, stdout=out, **options)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def test_debian_2006_elects_towns_by_190_to_184() -> None:
    found = counted("debian_dpl_2006.blt", "schulze", seats=1)
    assert found["winners"] == ["Anthony Towns"]
    pairs = found["pairwise"]
    assert pairs["Anthony Towns"]["Steve McIntyre"] == 190
    assert pairs["Steve McIntyre"]["Anthony Towns"] == 184
    assert (found["valid"], found["invalid"]) == (421, 0)


def test_debian_2007_elects_hocevar_by_211_to_203() -> None:
    found = counted("debian_dpl_2007.blt", "schulze")
    assert found["winners"] == ["Sam Hocevar"]
    pairs = found["pairwise"]
    assert pairs["Sam Hocevar"]["Steve McIntyre"] == 211
    assert pairs["Steve McIntyre"]["Sam Hocevar"] == 203
    row = pairs["Sam Hocevar"]
    assert min(abs(row[o] - pairs[o]["Sam Hocevar"]) for o in row) == 8


BURLINGTON_2009 = """6 1
1332 1 2 3 0
767 1 3 2 0
455 1 0
2043 2 1 3 0
371 2 3 1 0
568 2 0
1513 3 1 2 0
495 3 2 1 0
1289 3 0
0
"Montroll" "Kiss" "Wright" "Smith" "Simpson" "Write-in"
"""
"""Burlington's mayor 2009 with the three strongest: how often each order was cast."""


def test_burlington_2009_elects_kiss_by_irv_and_montroll_by_pairs() -> None:
    made = read_blt(BURLINGTON_2009)
    runoff = count("irv", made, seats=1)
    assert made.names[runoff.winners[0]] == "Kiss"
    assert [r.tallies.get(2) for r in runoff.rounds][-1] == 4064
    assert [r.tallies.get(1) for r in runoff.rounds][-1] == 4314
    pairs = count("schulze", made, seats=1)
    assert made.names[pairs.winners[0]] == "Montroll"
    assert (pairs.pairwise[0, 1], pairs.pairwise[1, 0]) == (4067, 3477)
    assert (pairs.pairwise[0, 2], pairs.pairwise[2, 0]) == (4597, 3668)
    assert made.names[count("plurality", made, seats=1).winners[0]] == "Wright"


TENNESSEE = """4 1
42 1 2 3 4 0
26 2 3 4 1 0
15 3 4 2 1 0
17 4 3 2 1 0
0
"Memphis" "Nashville" "Chattanooga" "Knoxville"
"""


@pytest.mark.parametrize(
    ("method", "winner"), [("plurality", "Memphis"), ("irv", "Knoxville"), ("schulze", "Nashville")]
)
def test_each_method_elects_its_own_capital_of_tennessee(method: str, winner: str) -> None:
    made = read_blt(TENNESSEE)
    assert made.names[count(method, made).winners[0]] == winner


SCHULZE_45 = """5 1
5 1 3 2 5 4 0
5 1 4 5 3 2 0
8 2 5 4 1 3 0
3 3 1 2 5 4 0
7 3 1 5 2 4 0
2 3 2 1 4 5 0
7 4 3 5 2 1 0
8 5 2 1 4 3 0
0
"A" "B" "C" "D" "E"
"""


def test_the_example_of_schulzes_paper_orders_e_a_c_b_d() -> None:
    made = read_blt(SCHULZE_45)
    winners = count("schulze", made, seats=5).winners
    assert "".join(made.names[n] for n in winners) == "EACBD"


STRAWBERRIES = """5 3
4 1 0
2 2 1 0
8 3 4 0
4 3 5 0
1 4 0
1 5 0
0
"Orange" "Pear" "Chocolate" "Strawberry" "Sweets"
"""


def test_stv_transfers_surpluses_and_exclusions() -> None:
    made = read_blt(STRAWBERRIES)
    found = count("scottish-stv", made)
    assert [made.names[n] for n in found.winners] == ["Chocolate", "Orange", "Strawberry"]
    assert found.quota == 6
    assert found.rounds[0].elected == (2,)
    second = {made.names[n]: votes for n, votes in found.rounds[1].tallies.items()}
    assert second == {"Orange": 4, "Pear": 2, "Chocolate": 6, "Strawberry": 5, "Sweets": 3}


def test_every_method_counts_a_real_file() -> None:
    for method in ("plurality", "approval", "irv", "schulze", "scottish-stv"):
        found = counted("debian_dpl_2007.blt", method, seats=1)
        assert len(found["winners"]) == 1 and found["method"] == method
        assert found["valid"] + found["invalid"] == 482
