"""Value hardware or labour that a member gives: it becomes shares of theirs."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from assets.models import Pool
from governance.actions.base import Action, Effect, Payload
from governance.actions.rehearsal import postings
from governance.errors import BadPayload
from members.models import Member, User
from policies.registry import MOST_CENTS
from titles.errors import NotAMember
from titles.models import Contribution
from titles.services.contribution import Gift, contribute, worth_of

LENGTHS = {"what": 120, "asset_kind": 40, "serial": 80, "place": 120}


class ValueContribution(Action):
    """`member` is the giver's number, `value` cents; `kind` is hardware or labour."""

    key = "value_contribution"
    title = _("Value a contribution")
    about = _(
        "Hardware or work that a member gives to a pool, at a value that the vote agrees on. "
        "It becomes shares of theirs at the issue price."
    )
    touches_usage_rights = True
    area = "assets"
    schema: ClassVar[dict[str, type]] = {
        "member": int,
        "pool": str,
        "kind": str,
        "what": str,
        "value": int,
        "asset_kind": str,
        "serial": str,
        "place": str,
    }

    def concerns(self, payload: Payload) -> set[int]:
        """Who gives it, and gets its shares."""
        return {_concerned(payload)[0].pk}

    def check(self, payload: Payload) -> None:
        """The giver is a member, the pool exists, and the value is a sum of money."""
        too_long = any(len(payload[name]) > most for name, most in LENGTHS.items())
        if too_long or not payload["what"].strip() or not 0 < payload["value"] <= MOST_CENTS:
            raise BadPayload
        if payload["kind"] not in Contribution.Kind.values:
            raise BadPayload
        giver, _pool = _concerned(payload)
        if giver.state != Member.State.ACTIVE:
            raise NotAMember(name=giver.name)

    def dry_run(self, payload: Payload) -> Effect:
        """What it would become today: shares within the cap, credit for the rest; the postings."""
        giver, pool = _concerned(payload)
        worth = worth_of(pool=pool, giver=giver, value=payload["value"], placed=False)
        return {
            **payload,
            "units": worth.units,
            "price": worth.price,
            "credit": worth.credit,
            "postings": postings(
                lambda: contribute(
                    giver_id=giver.pk,
                    pool=pool,
                    gift=_gift(payload),
                    actor=None,
                    source="dry run",
                )
            ),
        }

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """The asset or the work on the register, the shares and the title."""
        giver, pool = _concerned(payload)
        row = contribute(
            giver_id=giver.pk, pool=pool, gift=_gift(payload), actor=actor, source=source
        )
        return [
            {
                "kind": "contribution",
                "id": row.pk,
                "pool": pool.code,
                "units": row.units,
                "price": row.price,
                "credit": row.credit,
                "value": row.value,
            }
        ]

    def inverse(self, before: Effect) -> Payload | None:
        """A gift is not undone: the shares are given back like others."""
        return None

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Contributions that are not there."""
        return [
            f"{source}: contribution {effect['id']} is not as executed"
            for effect in effects
            if not Contribution.objects.filter(
                pk=effect["id"],
                units=effect["units"],
                credit=effect["credit"],
                value=effect["value"],
                source=source,
            ).exists()
        ]


def _concerned(payload: Payload) -> tuple[Member, Pool]:
    giver = Member.objects.filter(number=payload["member"]).first()
    pool = Pool.objects.filter(code=payload["pool"]).first()
    if giver is None or pool is None:
        raise BadPayload
    return giver, pool


def _gift(payload: Payload) -> Gift:
    names = ("kind", "what", "value", "asset_kind", "serial", "place")
    return Gift(**{name: payload[name] for name in names})
