"""Approve a budget for one resource of one pool, from a day on, beyond the band of policy."""

from datetime import date
from fractions import Fraction
from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assets.models import Pool, Resource
from assets.queries import cost_at
from governance.actions.base import Action, Effect, Payload
from governance.errors import BadPayload
from members.models import User
from policies.registry import MOST_CENTS
from tokens.models import BudgetApproval
from tokens.plan import approval_at, last_actual
from tokens.services import approve_budget


class ApproveBudget(Action):
    """So many cents per month may be budgeted for a resource of a pool, from a day on."""

    key = "approve_budget"
    title = _("Approve a budget")
    about = _("A budget below the last actual cost, or further above it than the rules allow.")
    touches_usage_rights = True
    area = "prices"
    schema: ClassVar[dict[str, type]] = {"pool": str, "resource": str, "amount": int, "from": str}

    def check(self, payload: Payload) -> None:
        """Pool, resource and day exist, and the amount is one."""
        known = (
            Pool.objects.filter(code=payload["pool"]).exists()
            and Resource.objects.filter(code=payload["resource"]).exists()
        )
        if not known or not 0 <= payload["amount"] <= MOST_CENTS:
            raise BadPayload
        day_of(payload)

    def dry_run(self, payload: Payload) -> Effect:
        """What was approved before, what the cost lines state for the day, the last actual cost."""
        pool, resource = places(payload)
        day = day_of(payload)
        before = approval_at(pool, resource, day)
        return {
            **payload,
            "before": None if before is None else before.amount,
            "stated": cost_at(pool, day).get(resource.code, 0),
            "last": last_actual(pool, resource, timezone.now(), Fraction(1)),
        }

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """One row that the openings of the periods from that day on read."""
        pool, resource = places(payload)
        row = approve_budget(
            pool=pool,
            resource=resource,
            amount=payload["amount"],
            since=day_of(payload),
            source=source,
            actor=actor,
        )
        return [{**payload, "kind": "budget approval", "id": row.pk}]

    def inverse(self, before: Effect) -> Payload | None:
        """The amount approved before; None where there was none."""
        if before["before"] is None:
            return None
        return {name: before[name] for name in self.schema} | {"amount": before["before"]}

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Approvals that are not there as they were carried out."""
        return [
            f"{source}: the approval of a budget for {effect['pool']}:{effect['resource']} is "
            "not as executed"
            for effect in effects
            if not BudgetApproval.objects.filter(
                pk=effect["id"],
                pool__code=effect["pool"],
                resource__code=effect["resource"],
                amount=effect["amount"],
                since=day_of(effect),
                source=source,
            ).exists()
        ]


def day_of(payload: Payload) -> date:
    """The first day of the approval. Raises BadPayload."""
    try:
        return date.fromisoformat(payload["from"])
    except ValueError as error:
        raise BadPayload from error


def places(payload: Payload) -> tuple[Pool, Resource]:
    """The pool and the resource that a payload names."""
    pool = Pool.objects.get(code=payload["pool"])
    return pool, Resource.objects.get(code=payload["resource"])
