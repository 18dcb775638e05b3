"""Raw quantities into tokens: exact, and without losing a fraction on the way."""

from hypothesis import given
from hypothesis import strategies as st

from metering.conversion import added, conversion, millitokens


def test_what_a_token_is_made_of() -> None:
    byte, byte_second, core = (
        conversion("counter", "By", "GB"),
        conversion("gauge", "By", "GB·day"),
        conversion("counter", "us", "core·hour"),
    )
    assert byte is not None and byte * 10**9 == 1000
    assert byte_second is not None and byte_second * 10**9 * 86_400 == 1000
    assert core is not None and core * 3_600 * 10**6 == 1000


def test_there_is_no_way_from_seconds_to_gigabytes() -> None:
    assert conversion("counter", "us", "GB") is None
    assert conversion("gauge", "By", "GB") is None
    assert conversion("counter", "By", "GB·day") is None


@given(
    parts=st.lists(st.integers(0, 10**15), max_size=30),
    num=st.integers(1, 10**6),
    den=st.integers(1, 10**12),
)
def test_the_parts_add_up_to_the_whole_however_it_is_cut(
    parts: list[int], num: int, den: int
) -> None:
    total, booked = 0, 0
    for part in parts:
        booked += added(total, part, num, den)
        total += part
    assert booked == millitokens(sum(parts), num, den) == sum(parts) * num // den
