"""Why a file cannot be taken."""

from enum import Enum


class Why(Enum):
    """What is wrong; the site puts it into words."""

    TOO_LARGE = "too_large"
    NOT_XML = "not_xml"
    DTD = "dtd"
    TOO_DEEP = "too_deep"
    TOO_MANY = "too_many"
    NOT_CAMT = "not_camt"
    MISSING = "missing"
    BAD_AMOUNT = "bad_amount"
    BAD_DATE = "bad_date"
    CURRENCY = "currency"
    NO_BALANCE = "no_balance"
    SUM = "sum"
    EMPTY = "empty"
    ENCODING = "encoding"
    COLUMN = "column"


class Problem(Exception):
    """A file that is refused whole: `place` says where, `values` what was found there."""

    def __init__(self, why: Why, place: str = "", **values: object) -> None:
        super().__init__(f"{why.value} {place} {values}")
        self.why, self.place, self.values = why, place[:80], values
