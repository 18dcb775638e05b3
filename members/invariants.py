"""What proves the register right."""

from collections.abc import Callable

from ledger.invariants import broken

GIVEN = """
WITH given AS (
    SELECT number FROM members_member WHERE number IS NOT NULL
    UNION ALL SELECT number FROM members_numbervoid WHERE kind = 'member')"""
NUMBERS = (
    GIVEN
    + """
SELECT format('member numbers have a gap or a repeat: place %s holds number %s', place, number)
FROM (SELECT number, row_number() OVER (ORDER BY number) AS place FROM given) AS n
WHERE number <> place ORDER BY place"""
)
COUNTER = (
    GIVEN
    + """
SELECT format('the next member number is %s, but the highest given is %s',
              c.next_member_number, m.highest)
FROM members_cooperative c,
     (SELECT coalesce(max(number), 0) AS highest FROM given) AS m
WHERE c.next_member_number <> m.highest + 1"""
)
LATEST = """
SELECT format('member %s is %s, but the last event says %s', m.id, m.state,
              coalesce(e.to_state, 'nothing'))
FROM members_member m
LEFT JOIN LATERAL (SELECT to_state FROM members_memberevent e WHERE e.member_id = m.id
                   ORDER BY e.id DESC LIMIT 1) AS e ON true
WHERE m.state IS DISTINCT FROM e.to_state ORDER BY m.id"""
BROKEN_CHAIN = """
SELECT format('event %s does not follow the one before it', id)
FROM (SELECT id, from_state, to_state,
             lag(to_state, 1, '') OVER (PARTITION BY member_id ORDER BY id) AS before
      FROM members_memberevent) AS e
WHERE from_state <> before OR NOT members_may_change(from_state, to_state) ORDER BY id"""
PARTICULARS = """
SELECT format('member %s stands under another name or address than the register has', m.id)
FROM members_member m
LEFT JOIN LATERAL (SELECT name, address, forgotten_at FROM members_particulars p
                   WHERE p.member_id = m.id ORDER BY p.id DESC LIMIT 1) AS p ON true
WHERE (m.name, m.address) IS DISTINCT FROM (p.name, p.address)
  AND p.forgotten_at IS NULL ORDER BY m.id"""
DOCUMENTS = """
SELECT format('the text of bylaws %s is not the one that was published', version)
FROM members_bylawsversion
WHERE sha256 <> encode(sha256(convert_to(text, 'UTF8')), 'hex') ORDER BY id"""


def member_numbers_have_no_gap() -> list[str]:
    """Member numbers run 1 … n, given or explained as void, and the counter names n + 1."""
    return broken(NUMBERS) + broken(COUNTER)


def states_follow_from_events() -> list[str]:
    """Every member is what their last event made them, and no event skips another."""
    return broken(LATEST) + broken(BROKEN_CHAIN)


def names_follow_from_particulars() -> list[str]:
    """Every member stands under the name and address recorded last."""
    return broken(PARTICULARS)


def bylaws_are_as_published() -> list[str]:
    """No text of bylaws was changed after it was published."""
    return broken(DOCUMENTS)


INVARIANTS: list[Callable[[], list[str]]] = [
    member_numbers_have_no_gap,
    states_follow_from_events,
    names_follow_from_particulars,
    bylaws_are_as_published,
]
