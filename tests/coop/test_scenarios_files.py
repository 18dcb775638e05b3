"""Scenario files that are refused: each with its line, its key and what would be right."""

import re
import textwrap

import pytest
from django.conf import settings

from coop.scenarios.errors import ScenarioError
from coop.scenarios.lines import lines_of
from coop.scenarios.parse import parse
from coop.scenarios.play import play
from coop.scenarios.shapes import decimal, month_after

GOOD = """\
[cooperative]
currency = "EUR"
timezone = "Europe/Madrid"

[[pool]]
code = "backbone"
issue_price = 100
vesting = "at_close"
treasury = 200
cap = [1, 2]
capacity = { bandwidth = "1000" }
cost = { bandwidth = 50000, cpu = 700 }
posted_price = { bandwidth = "80" }

[[member]]
name = "ana"
units = { backbone = 500 }

[[member]]
name = "ben"
convert = false

[[period]]
month = "2026-06"
repeat = 1
acquire = []
buy = [ { member = "ben", pool = "backbone", units = 1 } ]
give = [
  # the second entry is the one on line 31
  { from = "ana", to = "ben", pool = "backbone", resource = "bandwidth", tokens = "1.5" },
  { from = "ana", to = "ben", pool = "backbone", resource = "bandwidth", tokens = "2" },
]
auctions = [ { pool = "backbone", resource = "bandwidth", pool_tokens = "5", asks = [ { member = "ana", tokens = "3" } ], bids = [ { member = "ben", price = "90.25", tokens = "4" } ] } ]
usage = [ { member = "ben", pool = "backbone", resource = "bandwidth", amount = "20" }, { member = "ben", pool = "backbone", resource = "bandwidth", amount = "-20" } ]
capacity = { backbone = { bandwidth = "900" } }

[[period]]
month = "2026-07"
"""  # noqa: E501  an inline table stands on one line

REFUSED = [
    # what is changed in the good file, into what; line, key, and what the error must say
    ('currency = "EUR"', 'currency = "euro"', 2, "cooperative, currency", '"EUR"'),
    ('"Europe/Madrid"', '"Europe/Atlantis"', 3, "cooperative, timezone", "Europe/Madrid"),
    ('currency = "EUR"\n', "", 1, "cooperative, currency", "missing"),
    ("[cooperative]", "[co-operative]", 1, "co-operative", 'did you mean "cooperative"?'),
    ("issue_price = 100", "issue_prize = 100", 7, "pool 1, issue_prize", '"issue_price"?'),
    ("issue_price = 100\n", "", 5, "pool 1, issue_price", "missing"),
    ("issue_price = 100", "issue_price = 0", 7, "pool 1, issue_price", "from 1"),
    ("issue_price = 100", "issue_price = 1.5", 7, "pool 1, issue_price", "whole number"),
    ("treasury = 200", 'treasury = "200"', 9, "pool 1, treasury", "without quotes"),
    ("treasury = 200", "treasury = true", 9, "pool 1, treasury", "true is not a whole number"),
    ("treasury = 200", "treasury = -1", 9, "pool 1, treasury", "too small"),
    ("treasury = 200", f"treasury = {10**14}", 9, "pool 1, treasury", "too large"),
    ('"at_close"', '"at_closing"', 8, "pool 1, vesting", 'did you mean "at_close"?'),
    ("cap = [1, 2]", "cap = [3, 2]", 10, "pool 1, cap", "[1, 4]"),
    ("cap = [1, 2]", "cap = [1, 0]", 10, "pool 1, cap 2", "from 1"),
    ("cap = [1, 2]", "cap = 0.5", 10, "pool 1, cap", "[1, 4]"),
    ('"1000"', "1000", 11, "pool 1, capacity, bandwidth", "in quotes"),
    ('"1000"', '"1000.0001"', 11, "pool 1, capacity, bandwidth", "at most 3 decimals"),
    ('"1000"', '"-1000"', 11, "pool 1, capacity, bandwidth", "negative"),
    ('"1000"', '"1e3"', 11, "pool 1, capacity, bandwidth", "not a decimal"),
    ('"1000"', '"1' + "0" * 5000 + '"', 11, "pool 1, capacity, bandwidth", "too large"),
    ("cpu = 700", "cpu = -700", 12, "pool 1, cost, cpu", "too small"),
    ('{ bandwidth = "80" }', '{ storage = "80" }', 13, "posted_price, storage", '"bandwidth"'),
    ('"80"', '"80.0000001"', 13, "pool 1, posted_price, bandwidth", "6 decimals"),
    ('code = "backbone"', 'code = "back bone"', 6, "pool 1, code", "letters"),
    ('name = "ben"', 'name = "ana"', 20, "member 2, name", "twice"),
    ('name = "ben"', "name = 7", 20, "member 2, name", "in quotes"),
    ('name = "ben"', 'name = ""', 20, "member 2, name", "in quotes"),
    ("{ backbone = 500 }", "{ backbon = 500 }", 17, "units, backbon", '"backbone"?'),
    ("convert = false", 'convert = "no"', 21, "member 2, convert", "true nor false"),
    ('month = "2026-06"', 'month = "2026-6"', 24, "period 1, month", '"2026-06"'),
    ('month = "2026-07"', 'month = "2026-08"', 38, "period 2, month", 'write "2026-07"'),
    ("repeat = 1", "repeat = 3", 38, "period 2, month", 'write "2026-09"'),
    ("repeat = 1", "repeat = 0", 25, "period 1, repeat", "from 1"),
    ("acquire = []", "acquires = []", 26, "period 1, acquires", '"acquire"?'),
    ("acquire = []", "acquire = {}", 26, "period 1, acquire", "a list belongs here"),
    ("acquire = []", "acquire = [ 7 ]", 26, "period 1, acquire 1", "table"),
    ("units = 1 }", "units = -1 }", 27, "period 1, buy 1, units", "from 0"),
    ("units = 1 }", "count = 1 }", 27, "period 1, buy 1, count", "units"),
    ('tokens = "2" }', 'tokens = "2.0005" }', 31, "period 1, give 2, tokens", "3 decimals"),
    (
        '"1.5" },\n  { from = "ana", to = "ben"',
        '"1.5" },\n  { from = "ana", to = "ana"',
        31,
        "period 1, give 2, to",
        "oneself",
    ),
    (
        '"1.5" },\n  { from = "ana", to = "ben"',
        '"1.5" },\n  { from = "anna", to = "ben"',
        31,
        "period 1, give 2, from",
        'did you mean "ana"?',
    ),
    (
        'bids = [ { member = "ben"',
        'bids = [ { member = "ana"',
        33,
        "period 1, auctions 1, bids 1, member",
        "both sides",
    ),
    ('price = "90.25"', 'price = "-90.25"', 33, "auctions 1, bids 1, price", "negative"),
    ('amount = "-20"', 'amount = "-20.001"', 34, "usage 2, amount", "sums to -0.001"),
    ('amount = "-20"', "amount = -20", 34, "usage 2, amount", "in quotes"),
    (
        '{ backbone = { bandwidth = "900" } }',
        '{ backbone = { storage = "900" } }',
        35,
        "period 1, capacity, backbone, storage",
        '"bandwidth"',
    ),
    (
        '{ backbone = { bandwidth = "900" } }',
        '{ spine = { bandwidth = "900" } }',
        35,
        "period 1, capacity, spine",
        '"backbone"',
    ),
    ('month = "2026-07"', 'month = "2026-07', 38, "", "TOML"),
    ('code = "backbone"', 'code = "backbone"\ncode = "two"', 7, "", "TOML"),
    *(
        ("acquire = []", wrong, 26, f"period 1, {key}", right)
        for wrong, key, right in (
            ('offers = [ { member = "ana" } ]', "offers 1, pool", "missing"),
            (
                'offers = [ { member = "an", pool = "backbone", resource = "cpu", tokens = "1" } ]',
                "offers 1, member",
                'did you mean "ana"?',
            ),
            (
                'offers = [ { member = "ana", pool = "spine", resource = "cpu", tokens = "1" } ]',
                "offers 1, pool",
                'one of "backbone"',
            ),
            (
                'offers = [ { member = "ana", pool = "backbone", resource = "gpu" } ]',
                "offers 1, resource",
                'did you mean "cpu"?',
            ),
            (
                'offers = [{ tokens = "-1", member = "ana", pool = "backbone", resource = "cpu" }]',
                "offers 1, tokens",
                "negative",
            ),
            (
                'acquire = [ { pool = "backbone", cost = -1 } ]',
                "acquire 1, cost",
                "too small",
            ),
            (
                'acquire = [ { pool = "backbone", cost = 1, capacity = { disk = "1" } } ]',
                "acquire 1, capacity, disk",
                "is not known",
            ),
            (
                'actual_cost = { backbone = { bandwidth = "1" } }',
                "actual_cost, backbone, bandwidth",
                "whole number",
            ),
            (
                "cost = { backbone = { bandwidth = -1 } }",
                "cost, backbone, bandwidth",
                "too small",
            ),
            (
                'posted_price = { backbone = { bandwidth = "1.0000001" } }',
                "posted_price, backbone, bandwidth",
                "6 decimals",
            ),
            ('posted_price = "80"', "posted_price", "a table of keys"),
        )
    ),
    ('tokens = "2" }', 'tokens = "-2" }', 31, "period 1, give 2, tokens", "negative"),
    ('pool_tokens = "5"', 'pool_tokens = "-5"', 33, "auctions 1, pool_tokens", "negative"),
    ('pool_tokens = "5"', 'pool_token = "5"', 33, "auctions 1, pool_token", '"pool_tokens"?'),
    ('tokens = "3" }', 'tokens = "-3" }', 33, "auctions 1, asks 1, tokens", "negative"),
    ('asks = [ { member = "ana"', 'asks = [ { member = "bea"', 33, "asks 1, member", '"ben"?'),
    (
        'usage = [ { member = "ben", pool = "backbone", resource = "bandwidth"',
        'usage = [ { member = "ben", pool = "backbone", resource = "storage"',
        34,
        "usage 1, resource",
        "is not known",
    ),
    ("repeat = 1", "repeat = 1201", 25, "period 1, repeat", "at most 1200"),
    (
        '[[member]]\nname = "ana"',
        '[[pool]]\ncode = "backbone"\nissue_price = 1\n\n[[member]]\nname = "ana"',
        16,
        "pool 2, code",
        "twice",
    ),
    ('month = "2026-07"', 'code = "2026-07"', 38, "period 2, code", "is not known here"),
]


def test_the_file_that_the_others_are_made_from_is_good() -> None:
    assert [month for month, _period in parse(GOOD).months()] == ["2026-06", "2026-07"]


@pytest.mark.parametrize(("old", "new", "line", "key", "right"), REFUSED)
def test_a_bad_file_is_refused_at_its_line_and_key(
    old: str, new: str, line: int, key: str, right: str
) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(ScenarioError) as caught:
        parse(GOOD.replace(old, new))
    assert caught.value.line == line
    assert caught.value.key.endswith(key)
    assert right in caught.value.reason


@pytest.mark.parametrize("text", ["", "[cooperative]", "x = " + "[" * 10_000])
def test_a_text_that_is_hardly_a_file_is_refused_too(text: str) -> None:
    with pytest.raises(ScenarioError):
        parse(text)


IMPOSSIBLE = [
    ("acquire = []", 'acquire = [ { pool = "backbone", cost = 1 } ]', 26, "acquire 1, cost"),
    ("units = 1 }", "units = 201 }", 27, "buy 1, units"),
    ("cap = [1, 2]", "cap = [1, 800]", 27, "buy 1, units"),
    ('tokens = "2" }', 'tokens = "641.358" }', 31, "give 2, tokens"),
    ('pool_tokens = "5"', 'pool_tokens = "500"', 33, "auctions 1, pool_tokens"),
    ('tokens = "3" }', 'tokens = "700" }', 33, "auctions 1, asks 1, tokens"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("old", "new", "line", "key"), IMPOSSIBLE)
def test_what_turns_out_impossible_is_refused_at_its_entry(
    old: str, new: str, line: int, key: str
) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(ScenarioError) as caught:
        play(parse(GOOD.replace(old, new).replace("units = 1 }", "units = 2 }")))
    assert (caught.value.line, caught.value.key) == (line, f"period 1, {key}")


@pytest.mark.django_db
def test_numbers_beyond_the_books_are_refused_with_the_period() -> None:
    text = GOOD.replace('"1000"', '"0.001"').replace("50000", "9999999999999")
    with pytest.raises(ScenarioError, match="too large for the books") as caught:
        play(parse(text.replace('{ backbone = { bandwidth = "900" } }', "{}")))
    assert caught.value.line == 23


@pytest.mark.parametrize("deep", ["a." * 300_000 + "b = 1", "[" + '"a" . ' * 50_000 + "b]"])
def test_a_key_of_endless_parts_is_refused_before_it_is_read(deep: str) -> None:
    with pytest.raises(ScenarioError, match="too many parts") as caught:
        parse(GOOD + "\n" + deep)
    assert caught.value.line == GOOD.count("\n") + 2


def test_lines_are_found_wherever_toml_lets_things_stand() -> None:
    text = '''\
# [not.a.table]
"a b" = """two # lines [
and one"""  # comment with "quotes" and = signs
c.d = [ 1, [ 2, { e = 'x # y', "f" = { g = true } } ],
  # between
  3,
]
[t.u]
v = 2026-06-01
[[list]]
w = {}
[[list]]
[list.sub]
x = 1.5
[[list.deep]]
y = []
'''
    lines = lines_of(text)
    places = {
        ("a b",): 2,
        ("c", "d"): 4,
        ("c", "d", 1, 1, "e"): 4,
        ("c", "d", 1, 1, "f", "g"): 4,
        ("c", "d", 2): 6,
        ("t", "u"): 8,
        ("t", "u", "v"): 9,
        ("list", 0, "w"): 11,
        ("list", 1): 12,
        ("list", 1, "sub", "x"): 14,
        ("list", 1, "deep", 0): 15,
        ("list", 1, "deep", 0, "y"): 16,
    }
    assert {path: lines.get(path) for path in places} == places


def test_decimals_and_months_are_written_as_people_do() -> None:
    assert [decimal(n) for n in (0, 5, -1500, 12000)] == ["0", "0.005", "-1.5", "12"]
    assert month_after("2026-11", 14) == "2028-01"


def test_the_example_of_the_manual_is_good_and_its_mistake_is_refused_as_it_says() -> None:
    manual = (settings.BASE_DIR / "docs" / "scenarios.md").read_text()
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", manual, re.MULTILINE)
    example = textwrap.dedent(next(block for block in blocks if "[cooperative]" in block))
    assert len(list(parse(example.strip()).months())) == 3
    with pytest.raises(ScenarioError) as caught:
        parse(example.strip().replace('member = "ben"', 'member = "bem"'))
    assert f"my.toml, {caught.value}" in manual
