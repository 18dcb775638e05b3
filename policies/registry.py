"""The parameters that exist: their meaning, the shape of a value, the default."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


def _whole(value: Any, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _fraction(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(_whole(v) for v in value)
        and value[1] > 0
        and value[0] <= value[1]
    )


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


@dataclass(frozen=True)
class Parameter:
    """One policy parameter: `accepts` says whether a JSON value has the right shape."""

    key: str
    title: Promise | str
    default: Any
    accepts: Callable[[Any], bool]
    shape: Promise | str


def _one_of(*choices: str) -> Callable[[Any], bool]:
    return lambda value: value in choices


def _threshold(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and _fraction(value[:2]) and _flag(value[2])


DAY = 86_400

_CENTS = _("a whole number of cents")
_SHARES = _("a whole number of shares")
_MICRO = _("a whole number of micro-cents per token")
_FRACTION = _("an exact fraction [numerator, denominator]")
_SECONDS = _("a whole number of seconds")
_THRESHOLD = _("[numerator, denominator, strict]")

PARAMETERS: dict[str, Parameter] = {
    p.key: p
    for p in (
        Parameter("issue_price", _("issue price of a share"), 100, lambda v: _whole(v, 1), _CENTS),
        Parameter("holding_cap", _("holding cap per member"), [1, 1], _fraction, _FRACTION),
        Parameter("purchase_minimum", _("smallest purchase"), 1, lambda v: _whole(v, 1), _SHARES),
        Parameter("subscriptions_open", _("open for purchases"), True, _flag, "true or false"),
        Parameter(
            "vesting",
            _("when paid profit becomes shares"),
            "at_close",
            _one_of("at_close", "on_acquisition"),
            "at_close or on_acquisition",
        ),
        Parameter("posted_price", _("posted price"), 0, _whole, _MICRO),
        Parameter("bid_minimum", _("smallest bid"), 1, lambda v: _whole(v, 1), "millitokens"),
        Parameter("payment_days", _("days to pay"), 14, _whole, "a whole number of days"),
        Parameter("notice_seconds", _("notice of a proposal"), 7 * DAY, _whole, _SECONDS),
        Parameter("voting_seconds", _("voting time"), 7 * DAY, lambda v: _whole(v, 1), _SECONDS),
        Parameter(
            "timelock_seconds", _("time between passing and execution"), 3 * DAY, _whole, _SECONDS
        ),
        Parameter(
            "timelock_rights_seconds",
            _("timelock where usage rights are touched"),
            7 * DAY,
            _whole,
            _SECONDS,
        ),
        Parameter(
            "expiry_seconds", _("time to execute"), 14 * DAY, lambda v: _whole(v, 1), _SECONDS
        ),
        Parameter("support", _("support needed"), [1, 2, True], _threshold, _THRESHOLD),
        Parameter("approval_quorum", _("approval quorum"), [1, 5, False], _threshold, _THRESHOLD),
    )
}
