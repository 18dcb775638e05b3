"""What proves the register right."""

from collections.abc import Callable

from ledger.invariants import broken

NUMBERS = """
SELECT format('member numbers have a gap or a repeat: place %s holds number %s', place, number)
FROM (SELECT number, row_number() OVER (ORDER BY number) AS place
      FROM members_member WHERE number IS NOT NULL) AS n
WHERE number <> place ORDER BY place"""
COUNTER = """
SELECT format('the next member number is %s, but the highest given is %s',
              c.next_member_number, m.highest)
FROM members_cooperative c,
     (SELECT coalesce(max(number), 0) AS highest FROM members_member) AS m
WHERE c.next_member_number <> m.highest + 1"""


def member_numbers_have_no_gap() -> list[str]:
    """Member numbers run 1 … n, and the counter names n + 1."""
    return broken(NUMBERS) + broken(COUNTER)


INVARIANTS: list[Callable[[], list[str]]] = [member_numbers_have_no_gap]
