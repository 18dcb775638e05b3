"""The reference of a charge by a library, to hold the database's own function against."""

from stdnum.iso7064 import mod_97_10


def reference_for(number: int) -> str:
    """The ISO 11649 creditor reference: RF, two check digits, nine digits or more."""
    body = f"{number:09}"
    return f"RF{mod_97_10.calc_check_digits(body + 'RF')}{body}"
