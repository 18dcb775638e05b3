"""Answers that are broken, too large, too slow, or meant to do harm: a gap, and nothing else."""

import socket
import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop_agent.drivers import MOST, Reading
from coop_agent.drivers.choose import driver
from coop_agent.drivers.common import MAX_METERS, incarnation, sound, whole
from coop_agent.drivers.prometheus import chosen
from coop_agent.errors import DriverFailed
from tests.agent.sources import (
    Script,
    asked,
    http,
    ok,
    read,
    secret,
)
from tests.agent.test_driver_answers import described

METER = 'name = "v"\npath = "/v"\nkind = "counter"'
TOP = "18446744073709551615"


@pytest.mark.parametrize(
    ("text", "scale", "value"),
    [
        ("0", 1, 0),
        (TOP, 1, MOST),
        ("12.999", 1, 12),
        ("12.345678", 10**6, 12_345_678),
        ("1.234567e+09", 1, 1_234_567_000),
        ("5e-3", 1000, 5),
        ("0e999", 1, 0),
        ("+7", 1, 7),
    ],
)
def test_a_number_is_read_digit_by_digit(text: str, scale: int, value: int) -> None:
    assert whole(text, scale) == value


@given(
    digits=st.from_regex(r"[0-9]{1,19}(\.[0-9]{0,12})?(e[+-]?[0-9]{1,2})?", fullmatch=True),
    scale=st.integers(1, 10**6),
)
def test_a_number_is_exactly_what_is_written(digits: str, scale: int) -> None:
    exact = Fraction(Decimal(digits)) * scale
    try:
        assert whole(digits, scale) == exact // 1
    except DriverFailed:
        assert exact >= MOST + 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "NaN",
        "+Inf",
        "1e999",
        "1e20",
        "18446744073709551616",
        "0x10",
        "1_000",
        "٣",
        "9" * 41,
    ],
)
def test_what_cannot_be_counted_is_no_number(text: str) -> None:
    with pytest.raises(DriverFailed):
        whole(text)


INC = incarnation("a")


@pytest.mark.parametrize(
    "reading",
    [
        Reading("", "gauge", "By", 1),
        Reading("a" * 201, "gauge", "By", 1),
        Reading("a\nb", "gauge", "By", 1),
        Reading("a", "histogram", "By", 1),
        Reading("a", "gauge", "furlong", 1),
        Reading("a", "gauge", "By", -1),
        Reading("a", "gauge", "By", MOST + 1),
        Reading("a", "gauge", "By", True),
        Reading("a", "gauge", "By", 1.5),  # type: ignore[arg-type]
        Reading("a", "gauge", "By", 1, cap=-1),
        Reading("a", "gauge", "By", 1, bits=16),
        Reading("a", "counter", "By", 1),
        Reading("a", "counter", "By", 1, "no digest"),
    ],
)
def test_a_reading_that_may_not_be_signed_fails_its_driver(reading: Reading) -> None:
    with pytest.raises(DriverFailed):
        sound([Reading("fine", "counter", "By", 1, INC), reading])


def test_too_many_meters_and_one_read_twice_are_refused() -> None:
    with pytest.raises(DriverFailed, match="twice"):
        sound([Reading("a", "gauge", "By", 1)] * 2)
    with pytest.raises(DriverFailed, match="more than"):
        sound([Reading(f"m{n}", "gauge", "By", 1) for n in range(MAX_METERS + 1)])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[" * 100_000,
        b'{"v": -1}',
        b'{"v": NaN}',
        b'{"v": Infinity}',
        b'{"v": 18446744073709551616}',
        b'{"v": 1e400}',
        b'{"v": ' + b"9" * 100_000 + b"}",
        b'{"v": null}',
        b'{"v": true}',
        b'{"v": {"v": 1}}',
        b'{"w": 1}',
        b"[1, 2]",
        b'"v"',
        b"\xff\xfe",
    ],
)
def test_a_broken_answer_is_a_gap(tmp_path: Path, body: bytes) -> None:
    with http({"/": body}) as url, pytest.raises(DriverFailed):
        read(f"http-json:{described(tmp_path, url, METER)}")


def test_the_largest_counter_there_can_be_is_kept_whole(tmp_path: Path) -> None:
    with http({"/": b'{"v": %s}' % TOP.encode()}) as url:
        assert read(f"http-json:{described(tmp_path, url, METER)}")["http:cloud:v"].value == MOST


def endless(connection: socket.socket) -> None:
    asked(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(bytes(1 << 16))


def head_without_end(connection: socket.socket) -> None:
    asked(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-More: %s\r\n" % (b"a" * 60_000))


def cut_short(connection: socket.socket) -> None:
    asked(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}")


def nothing(connection: socket.socket) -> None:
    asked(connection)


def nonsense(connection: socket.socket) -> None:
    asked(connection)
    connection.sendall(b"220 mail.example ESMTP\r\n")


@pytest.mark.parametrize("script", [endless, head_without_end, cut_short, nothing, nonsense])
def test_an_answer_that_is_none_is_a_gap(tmp_path: Path, script: Script) -> None:
    with http(script) as url, pytest.raises(DriverFailed):
        read(f"http-json:{described(tmp_path, url, METER)}")


def test_a_drop_at_a_time_is_late_as_a_whole(tmp_path: Path) -> None:
    def drip(connection: socket.socket) -> None:
        asked(connection)
        while True:
            connection.sendall(b"H")
            time.sleep(0.05)

    with http(drip) as url:
        source = driver(f"http-json:{described(tmp_path, url, METER)}")
        with pytest.raises((DriverFailed, TimeoutError)):
            source.read("boot", time.monotonic() + 0.3)


@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"401 No", b"500 Broken"])
def test_a_redirect_and_any_other_status_is_followed_nowhere(tmp_path: Path, status: bytes) -> None:
    followed: list[bytes] = []

    def elsewhere(connection: socket.socket) -> None:
        followed.append(asked(connection))
        connection.sendall(ok(b'{"v": 1}'))

    with http(elsewhere) as other:
        answer = b"HTTP/1.1 %s\r\nLocation: %s/\r\n\r\n" % (status, other.encode())
        with http({"/": answer}) as url, pytest.raises(DriverFailed, match="status"):
            read(f"http-json:{described(tmp_path, url, METER)}")
    assert followed == []


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/",
        "http://example.org/",
        "http://127.0.0.1.example.org/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "http://user:word@127.0.0.1/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nX: y",
        "http://",
        "nothing",
    ],
)
def test_only_this_machine_is_asked_and_only_by_http(tmp_path: Path, url: str) -> None:
    with pytest.raises(DriverFailed, match=r"another machine|not an address|cloud\.toml"):
        read(f"http-json:{described(tmp_path, url, METER)}")


def test_a_secret_does_not_leave_the_machine_in_the_open(tmp_path: Path) -> None:
    options = {"elsewhere": True, "header": "X-Token", "secret": str(secret(tmp_path))}
    path = described(tmp_path, "http://192.0.2.1/", METER, **options)
    with pytest.raises(DriverFailed, match="https only"):
        read(f"http-json:{path}")


@pytest.mark.parametrize("text", ["", "two\nlines", "a" * 5000, "é"])
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, text: str) -> None:
    options = {"header": "X-Token", "secret": str(secret(tmp_path, text))}
    with http({"/": b"{}"}) as url, pytest.raises(DriverFailed, match="one line"):
        read(f"http-json:{described(tmp_path, url, METER, **options)}")


def test_a_secret_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    file = secret(tmp_path)
    file.chmod(0o644)
    with http({"/": b"{}"}) as url, pytest.raises(DriverFailed, match="open to everybody"):
        read(f"syncthing:{url},{file}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "url = 1",
        'url = "http://127.0.0.1/"',
        'url = "http://127.0.0.1/"\nmeter = 5',
        'url = "http://127.0.0.1/"\n[[meter]]\nname = "v"',
        'url = "http://127.0.0.1/"\ncolour = "red"\n[[meter]]\n' + METER,
        'url = "http://127.0.0.1/"\n[[meter]]\n' + METER + "\nscale = 0",
        'url = "http://127.0.0.1/"\n[[meter]]\n' + METER + '\nunit = "furlong"',
        'url = "http://127.0.0.1/"\n[[meter]]\n' + METER + "\nscale = true",
        "[[[",
        "#" * 70_000,
    ],
)
def test_a_description_that_is_wrong_says_so_and_ends_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cloud.toml"
    path.write_text(text)
    with pytest.raises(DriverFailed, match=r"cloud\.toml"):
        read(f"http-json:{path}")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a 1\na 2\n", "a"),
        ('a{b="c"} 1\n', 'a{b="d"}'),
        ("a NaN\n", "a"),
        ("a -5\n", "a"),
        ("a +Inf\n", "a"),
        ("ab 5\n", "a"),
        ("a\n", "a"),
        ("# a 5\n", "a"),
        ("a 5\n", "a b"),
        ("a 5\n", "not a selector {"),
    ],
)
def test_samples_that_are_none_or_several_are_a_gap(tmp_path: Path, text: str, path: str) -> None:
    meter = f'name = "v"\npath = \'{path}\'\nkind = "counter"'
    with http({"/": text.encode()}) as url, pytest.raises(DriverFailed):
        read(f"prometheus:{described(tmp_path, url, meter)}")


@pytest.mark.parametrize(
    "line",
    [
        "a" * 1_000_000,
        "a{" + "b" * 1_000_000 + "} 5",
        "a{" + 'b="c",' * 150_000 + "} x",
        'a{b="' + "\\\\" * 500_000,
        "a " + " " * 1_000_000 + "x",
    ],
)
def test_a_line_made_to_be_looked_through_for_ever_is_read_once(line: str) -> None:
    with pytest.raises(DriverFailed):
        chosen(line, 'a{x="y"}')
