"""Integers as text: money, shares, tokens, rates and percentages, exact to the last digit.

Everything here is integer arithmetic; a float never appears, so what a page shows is what
the books hold. Numbers are grouped by a narrow no-break space in every language; the
decimal mark and the place of the currency sign follow the language.
"""

from django.conf import settings
from django.utils.formats import get_format
from django.utils.translation import get_language

from ledger.arithmetic import rhe

MINUS = "\u2212"
NARROW = "\u202f"
NBSP = "\u00a0"
SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
CENT_DIGITS = 2
TOKEN_DIGITS = 3
RATE_DIGITS = 8  # micro-cents per token: 10^8 of them make one euro


DAY_FORMATS = {"de": "j. F Y"}


def day_format() -> str:
    """How the reader's language writes a date, in Django's letters."""
    return DAY_FORMATS.get((get_language() or settings.LANGUAGE_CODE)[:2], "j F Y")


def decimal_text(value: int, digits: int, least: int) -> str:
    """`value / 10^digits`, at least `least` decimals, trailing zeros beyond them dropped."""
    whole, rest = divmod(abs(value), 10**digits)
    decimals = str(rest).zfill(digits) if digits else ""
    kept = decimals[:least] + decimals[least:].rstrip("0")
    mark = get_format("DECIMAL_SEPARATOR", get_language() or settings.LANGUAGE_CODE)
    number = f"{whole:,}".replace(",", NARROW)
    return f"{MINUS if value < 0 else ''}{number}{mark + kept if kept else ''}"


def whole_text(number: int) -> str:
    """A count, grouped."""
    return decimal_text(number, 0, 0)


def currency_text(value: int, digits: int, least: int) -> str:
    """An amount with its currency sign, placed as the language places it."""
    number = decimal_text(abs(value), digits, least)
    sign = SIGNS.get(settings.COOP_CURRENCY, settings.COOP_CURRENCY)
    minus = MINUS if value < 0 else ""
    if (get_language() or settings.LANGUAGE_CODE).startswith("en"):
        gap = "" if len(sign) == 1 else NBSP
        return f"{minus}{sign}{gap}{number}"
    return f"{minus}{number}{NBSP}{sign}"


def money_text(cents: int) -> str:
    """Cents as money of the cooperative's currency."""
    return currency_text(cents, CENT_DIGITS, CENT_DIGITS)


def rate_text(microcents: int) -> str:
    """Micro-cents per token as money per token, with as many digits as the rate has."""
    return currency_text(microcents, RATE_DIGITS, 2)


def tokens_text(millitokens: int) -> str:
    """Millitokens as tokens, at most three decimals."""
    return decimal_text(millitokens, TOKEN_DIGITS, 0)


def tokens_roughly(millitokens: int) -> str:
    """Millitokens for reading at a glance: one decimal from ten tokens on, else all three."""
    if abs(millitokens) < 10_000:
        return tokens_text(millitokens)
    return decimal_text(rhe(millitokens, 100), 1, 0)


def rounded_ratio(part: int, whole: int, scale: int) -> int:
    """`part * scale / whole`, half to even; 0 where there is no whole."""
    return rhe(part * scale, whole) if whole else 0


def percent_text(part: int, whole: int) -> str:
    """A share in per cent, one decimal; plain 0 and 100 only where they are exact."""
    if part == 0 or part == whole:
        return f"{0 if part == 0 else 100}{NBSP}%"
    return f"{decimal_text(rounded_ratio(part, whole, 1000), 1, 1)}{NBSP}%"
