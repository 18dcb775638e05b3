"""Approving budgets beyond the band of policy."""

from datetime import date

from assets.models import Pool, Resource
from members.models import User
from tokens.models import BudgetApproval


def approve_budget(
    *, pool: Pool, resource: Resource, amount: int, since: date, source: str, actor: User | None
) -> BudgetApproval:
    """Let periods that begin on or after a day budget so many cents a month for a pool's resource.

    `source` names the vote; the same vote again gives the first row. Call inside a transaction.
    """
    row, _new = BudgetApproval.objects.get_or_create(
        pool=pool,
        resource=resource,
        since=since,
        source=source,
        amount=amount,
        defaults={"actor": actor},
    )
    return row
