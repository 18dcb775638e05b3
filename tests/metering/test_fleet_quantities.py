"""What meters count, in units that people know; no codes, no floats."""

import pytest

from coop.quantities import exact_text, given_text, quantity_text, size_text, time_text, value_text

SPACE = "\u00a0"
HOUR = 3_600 * 10**6


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1 kB"),
        (12_345_678_901, "12.3 GB"),
        (99_960_000, "100 MB"),
        (999_600, "1 MB"),
        (340 * 10**9, "340 GB"),
        (7 * 10**21, "7\u202f000 EB"),
    ],
)
def test_bytes_in_steps_of_a_thousand(number: int, text: str) -> None:
    assert size_text(number) == text.replace(" ", SPACE)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 ms"),
        (1_500, "1.5 ms"),
        (12 * 10**6, "12 s"),
        (12 * 60 * 10**6, "12 min"),
        (4 * HOUR, "4 h"),
        (1_234 * HOUR, "1\u202f234 h"),
    ],
)
def test_lengths_of_time(number: int, text: str) -> None:
    assert time_text(number) == text.replace(" ", SPACE)


def test_each_unit_in_words() -> None:
    assert value_text("us", 4 * HOUR) == f"4{SPACE}h of processor time"
    assert value_text("{packet}", 1) == "1 packet"
    assert value_text("{packet}", 1_200) == "1\u202f200 packets"
    assert value_text("furlong", 12) == "12"
    assert quantity_text("gauge", "By", 2 * 10**9 * 86_400) == f"2{SPACE}GB·day"
    assert given_text("By.s", 86_400_000) == f"1{SPACE}kB·day"
    assert given_text("By", 10**9) == f"1{SPACE}GB"
    assert exact_text("us", 12) == "12 core-microseconds"
