"""Decide about a node that is held back: confirm its quarantine, release it, or revoke it."""

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from governance.actions.base import Action, Effect, Payload
from governance.actions.rehearsal import postings
from governance.errors import BadPayload
from members.models import User
from metering.errors import NotPossibleNow
from metering.models import KeyRevocation, Node, NodeKey, NodeStateChange
from metering.services import quarantine_node, release_node, revoke_node
from metering.trust.standing import node_with, public_name, standing_of, suspense_of

State = Node.State
TRYING: dict[str, Any] = {"actor": None, "reason": "dry run", "source": "dry run"}


class AboutNode(Action):
    """`node` is the node's id, `reason` what stands in its history for everybody to read."""

    becomes: ClassVar[State]
    possible: ClassVar[tuple[State, ...]]
    touches_usage_rights = True
    area = "nodes"
    schema: ClassVar[dict[str, type]] = {"node": str, "reason": str}

    def concerns(self, payload: Payload) -> set[int]:
        """Who owns the node."""
        owner = known_node(payload).owner_id
        return set() if owner is None else {owner}

    def check(self, payload: Payload) -> None:
        """There is a reason, and the node is in a state from which this is possible."""
        node = known_node(payload)
        if not payload["reason"].strip():
            raise BadPayload
        if node.state not in self.possible:
            raise NotPossibleNow(state=node.get_state_display())

    def dry_run(self, payload: Payload) -> Effect:
        """From which state to which, and the usage that lies in suspense, in millitokens."""
        node = known_node(payload)
        until = standing_of(node).until
        return {
            **payload,
            "label": public_name(node),
            "before": node.state,
            "after": self.becomes,
            "until": None if until is None else until.isoformat(),
            "suspense": suspended(node),
        }

    def inverse(self, before: Effect) -> Payload | None:
        """What a node signed meanwhile is counted by then, or let go: it takes new reasons."""
        return None

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Changes of state that are not there."""
        return [
            f"{source}: change {effect['id']} of node {effect['node']} is not as executed"
            for effect in effects
            if not NodeStateChange.objects.filter(
                pk=effect["id"],
                node__uuid=effect["node"],
                state=effect["state"],
                source=source,
            ).exists()
        ]


class ConfirmQuarantine(AboutNode):
    """The quarantine no longer ends by itself; only another vote ends it."""

    key = "confirm_quarantine"
    title: ClassVar[Promise] = _("Confirm a quarantine")
    about: ClassVar[Promise] = _(
        "What the node signs goes on being taken, and its usage stays in suspense until another "
        "vote releases or revokes it. Without this vote the quarantine ends by itself."
    )
    becomes = State.QUARANTINED
    possible = (State.ACTIVE, State.SILENT, State.SUSPECT, State.QUARANTINED)
    undone_by = "release_node"

    def inverse(self, before: Effect) -> Payload | None:
        """The node released; the reason is its proposer's."""
        return {"node": before["node"], "reason": ""}

    def check(self, payload: Payload) -> None:
        """Not confirmed already."""
        super().check(payload)
        node = known_node(payload)
        newest = standing_of(node)
        if newest.state == State.QUARANTINED and newest.source and newest.until is None:
            raise NotPossibleNow(state=node.get_state_display())

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """The quarantine without an end of its own."""
        change = quarantine_node(actor=actor, source=source, **named(payload))
        return [effect_of(change)]


class ReleaseNode(AboutNode):
    """The usage in suspense is rated as if nothing had been."""

    key = "release_node"
    title: ClassVar[Promise] = _("Release a node")
    about: ClassVar[Promise] = _(
        "The node is active again. Its usage in suspense is counted: in the open period, or as a "
        "late adjustment of a closed one."
    )
    becomes = State.ACTIVE
    possible = (State.SUSPECT, State.QUARANTINED)

    def dry_run(self, payload: Payload) -> Effect:
        """Also what the books give back out of suspense, to be counted then."""
        node = known_node(payload)
        booked = postings(lambda: release_node(node=node, **TRYING))
        return super().dry_run(payload) | {"postings": booked}

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """The node active, its usage on its way into the books."""
        out = suspended(known_node(payload))
        change = release_node(actor=actor, source=source, **named(payload))
        return [effect_of(change) | {"suspense": out}]


class RevokeNode(AboutNode):
    """For good: a node that was revoked enrols anew with new keys."""

    key = "revoke_node"
    title: ClassVar[Promise] = _("Revoke a node")
    about: ClassVar[Promise] = _(
        "The node is trusted no more, for good. Its keys stand on the signed list of revocations, "
        "and its usage in suspense is never counted. What was receipted before stays valid."
    )
    becomes = State.REVOKED
    possible = (State.ACTIVE, State.SILENT, State.SUSPECT, State.QUARANTINED)

    def dry_run(self, payload: Payload) -> Effect:
        """Also how far each of its keys still counts, and what the books let go."""
        keys = NodeKey.objects.filter(node=known_node(payload)).order_by("epoch")
        heads = [{"epoch": key.epoch, "last_seq": key.head_seq} for key in keys]
        node = known_node(payload)
        booked = postings(lambda: revoke_node(node=node, **TRYING))
        return super().dry_run(payload) | {"keys": heads, "postings": booked}

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """The node revoked, its keys on the list, its suspended usage let go."""
        gone = suspended(known_node(payload))
        change = revoke_node(actor=actor, source=source, **named(payload))
        return [effect_of(change) | {"suspense": gone}]

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Also nodes whose keys are not on the list."""
        return super().missing(effects, source) + [
            f"{source}: no key of node {effect['node']} is on the list of revocations"
            for effect in effects
            if not KeyRevocation.objects.filter(node__uuid=effect["node"]).exists()
        ]


def known_node(payload: Payload) -> Node:
    """The node that a payload names by its id; raises BadPayload."""
    found = node_with(payload["node"])
    if found is None:
        raise BadPayload
    return found


def named(payload: Payload) -> dict[str, Any]:
    """What the services are told."""
    return {"node": known_node(payload), "reason": payload["reason"]}


def suspended(node: Node) -> list[dict[str, Any]]:
    """What lies in suspense of a node: millitokens by pool, resource and period."""
    return [
        {"pool": s.pool, "resource": s.resource, "period": s.period, "amount": s.amount}
        for s in suspense_of(node)
    ]


def effect_of(change: NodeStateChange) -> Effect:
    """What is kept of a change of state that a vote made."""
    return {
        "kind": "node",
        "id": change.pk,
        "node": str(change.node.uuid),
        "label": public_name(change.node),
        "state": change.state,
    }
