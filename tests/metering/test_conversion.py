"""Raw quantities into tokens: exact, and without losing a fraction on the way."""

from hypothesis import given
from hypothesis import strategies as st

from coop_agent.drivers import UNITS
from metering.conversion import CHARGED_UNITS, CONVERSIONS, added, conversion, millitokens
from metering.payloads import MeterLine, shaped


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


def test_every_unit_of_the_agent_is_known_and_only_some_are_charged() -> None:
    lines = [{"m": "a", "k": "gauge", "u": unit, "driver": "x"} for unit in UNITS]
    assert [shaped(line, MeterLine).u for line in lines] == list(UNITS)
    assert sorted(CHARGED_UNITS) == ["By", "us"]
    resources = {resource for _, _, resource in CONVERSIONS}
    for unit in set(UNITS) - CHARGED_UNITS:
        for kind in ("counter", "gauge"):
            assert not any(conversion(kind, unit, resource) for resource in resources)


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
