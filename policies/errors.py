"""What policy refuses."""

from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError


class UnknownParameter(DomainError):
    """No parameter has this name."""

    code = "unknown_parameter"
    text = _("No policy parameter is called %(key)s.")


class WrongValue(DomainError):
    """The value has not the shape that the parameter needs."""

    code = "wrong_value"
    text = _("%(title)s needs %(shape)s.")
