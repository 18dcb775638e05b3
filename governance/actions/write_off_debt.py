"""Write off a debt that nobody will pay: it becomes a cost of the pools that are owed it."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from governance.actions.base import Action, Effect, Payload
from governance.actions.rehearsal import postings
from governance.errors import BadPayload
from members.models import User
from payments.models import Charge
from payments.queries import charge_by_reference
from titles.models import WriteOff
from titles.services.write_off import require_owed
from tokens.services.unpaid import back_to_sellers, write_off_debt


class WriteOffDebt(Action):
    """`reference` is that of the charge: who owes it is not said in public."""

    key = "write_off_debt"
    title = _("Write off a debt")
    about = _(
        "A charge that nobody will pay. The cost of what was bought goes back to those who sold "
        "it; the rest is a cost of the pools it was for: the next budgets bear it."
    )
    touches_usage_rights = True
    area = "members"
    schema: ClassVar[dict[str, type]] = {"reference": str}

    def concerns(self, payload: Payload) -> set[int]:
        """Who owes it."""
        return {_charge(payload).member_id}

    def check(self, payload: Payload) -> None:
        """The charge is owed."""
        require_owed(_charge(payload))

    def dry_run(self, payload: Payload) -> Effect:
        """The sum, what each pool is owed of it, what goes back to those who sold, the postings."""
        charge = _charge(payload)
        costs: dict[str, int] = {}
        for line in charge.lines.order_by("pk"):
            costs[line.fund] = costs.get(line.fund, 0) + line.cost
        effect = {
            **payload,
            "amount": charge.amount,
            "profit": charge.profit,
            "costs": costs,
            "postings": postings(
                lambda: write_off_debt(charge_id=charge.pk, actor=None, source="dry run")
            ),
        }
        sellers = back_to_sellers(charge)
        return {**effect, "sellers": sellers} if sellers else effect

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """The charge closed, its cost back with its sellers or carried on."""
        row = write_off_debt(charge_id=_charge(payload).pk, actor=actor, source=source)
        return [
            {
                "kind": "write_off",
                "id": row.pk,
                "amount": row.amount,
                "covered": row.covered,
                **payload,
            }
        ]

    def inverse(self, before: Effect) -> Payload | None:
        """Whoever pays after all pays a new charge."""
        return None

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Debts that were not written off."""
        return [
            f"{source}: write-off {effect['id']} is not as executed"
            for effect in effects
            if not WriteOff.objects.filter(
                pk=effect["id"], amount=effect["amount"], source=source
            ).exists()
        ]


def _charge(payload: Payload) -> Charge:
    charge = charge_by_reference(payload["reference"])
    if charge is None:
        raise BadPayload
    return charge
