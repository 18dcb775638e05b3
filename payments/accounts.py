"""Money accounts by name, many at once."""

from collections.abc import Iterable

from django.conf import settings

from ledger.models import Account
from ledger.services import open_accounts

Name = tuple[str, str]
"""(kind, owner)"""


def money_accounts(names: Iterable[Name]) -> dict[Name, int]:
    """The ids of money accounts by name; those that do not exist are opened, without a floor.

    A few statements however many accounts there are. Call inside a transaction.
    """
    wanted = set(names)
    kinds = sorted({kind for kind, _owner in wanted})
    for kind in kinds:
        owners = sorted(owner for one, owner in wanted if one == kind)
        open_accounts(
            commodity=settings.COOP_CURRENCY,
            kind=kind,
            owners="SELECT unnest(%s::text[])",
            params=[owners],
        )
    found = Account.objects.filter(
        commodity__code=settings.COOP_CURRENCY,
        kind__in=kinds,
        owner__in={owner for _kind, owner in wanted},
    ).values_list("kind", "owner", "pk")
    return {(kind, owner): pk for kind, owner, pk in found if (kind, owner) in wanted}
