"""What the register of assets refuses."""

from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError


class GrowthFundTooSmall(DomainError):
    """An acquisition costs more than the growth fund holds."""

    code = "growth_fund_too_small"
    status = 409
    text = _("The growth fund of %(pool)s holds %(held)s cents; this costs %(cost)s. Nothing done.")


class WrongWeights(DomainError):
    """A cost line's weights name no resource, or not whole numbers."""

    code = "wrong_weights"
    text = _("Weights are whole numbers above zero, one per resource, e.g. bandwidth: 3.")


class CodeTaken(DomainError):
    """A pool or resource with this code exists with other content."""

    code = "code_taken"
    status = 409
    text = _("The code %(code)s is taken.")
