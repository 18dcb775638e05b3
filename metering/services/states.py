"""A node's state, and who or what put it there (docs/trust.md). The history is append-only.

What a quarantined node measured lies in suspense; releasing it lets the usage out to be rated,
revoking it lets the usage go.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from assets.models import Asset
from members.mandates import require_mandate
from members.models import User
from metering.errors import (
    AfterTheHead,
    DecidedTogether,
    LapsedAlready,
    NotPossibleNow,
    ReasonNeeded,
    SignaturesNeeded,
    VoteNeeded,
)
from metering.models import KeyRevocation, Node, NodeKey, NodeStateChange
from metering.services.signed import lock_chain
from metering.services.suspense import let_go, let_out, suspend
from policies.queries import policy

State, Trigger = Node.State, NodeStateChange.Trigger
RATED = (State.ACTIVE, State.SILENT)
COUNTED = (*RATED, State.RETIRED)
"""What was taken in good order is counted to its end."""
SUSPECTED = (State.ACTIVE, State.SILENT)
HELD_BACK = (State.SUSPECT, State.QUARANTINED)
ENDED = (State.REVOKED, State.RETIRED)
PROOFS = {Trigger.CONFLICT, Trigger.FORK, Trigger.CLONED, Trigger.AFTER_END}
"""Triggers that nobody but two machines with one key can bring about."""
LONGEST = 400


def suspect(
    *,
    node: Node,
    reason: str,
    trigger: str = Trigger.UNRATEABLE,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Hold a node's evidence back from rating until a steward has looked at it.

    `facts` name what speaks for it: chain values of envelopes, readings, links. Evidence goes on
    being taken. Where the policy `quarantine_on` says so, the node is quarantined at once. A node
    that is held back already stays as it is. Call inside a transaction.
    """
    row = locked(node)
    if row.state not in SUSPECTED:
        return
    if is_quarantined_at_once(trigger):
        enter_quarantine(row, trigger=trigger, reason=reason, facts=facts, until=_end())
        return
    note(row, State.SUSPECT, trigger=trigger, reason=reason, facts=facts)


def is_quarantined_at_once(trigger: str) -> bool:
    """Whether the policy has this trigger lead straight to quarantine."""
    which = policy("quarantine_on", timezone.now())
    return bool(which == "all" or (which == "proofs" and trigger in PROOFS))


def _end() -> datetime:
    """When a quarantine that begins now ends by itself."""
    now = timezone.now()
    return now + timedelta(days=policy("quarantine_days", now))


def heard(*, node: Node) -> None:
    """A batch was accepted: a silent node is active again. Call inside a transaction."""
    if Node.objects.filter(pk=node.pk, state=State.SILENT).update(state=State.ACTIVE):
        NodeStateChange.objects.create(
            node=node, state=State.ACTIVE, trigger=Trigger.HEARD, reason="a batch came"
        )


@transaction.atomic
def quarantine_node(
    *,
    actor: User | None,
    node: Node,
    reason: str,
    evidence: str = "",
    until: datetime | None = None,
    source: str = "",
) -> NodeStateChange:
    """Take a node's evidence and keep its usage in suspense, for at most `quarantine_days`.

    `evidence` says in words or chain values what speaks for it. With a `source` and no end, a vote,
    it lasts until it is decided; with a `source` and an end, several stewards stand behind it. A
    second time changes nothing but by a vote, which confirms it. Raises ReasonNeeded,
    NotPossibleNow for an ended node, LapsedAlready where a quarantine lapsed less than
    `quarantine_days` ago and nothing new speaks against the node.
    """
    row = locked_with_reason(node, reason)
    by_vote = bool(source) and until is None
    if row.state in ENDED:
        raise NotPossibleNow(state=row.get_state_display())
    if row.state == State.QUARANTINED and (not by_vote or is_confirmed(row)):
        return newest_change(row)
    if not by_vote and has_lapsed(row):
        raise LapsedAlready
    limit = None if by_vote else min(until or _end(), _end())
    facts = {"evidence": evidence.strip()} if evidence.strip() else None
    trigger = Trigger.VOTED if by_vote else Trigger.DECIDED
    return enter_quarantine(
        row, trigger=trigger, reason=reason, facts=facts, until=limit, actor=actor, source=source
    )


def enter_quarantine(row: Node, **said: Any) -> NodeStateChange:
    """Write the quarantine down and put what waits to be rated into suspense."""
    change = note(row, State.QUARANTINED, **said)
    suspend(node=row)
    return change


def has_lapsed(row: Node) -> bool:
    """Whether the node's last quarantine lapsed a short while ago and nothing came since."""
    since = timezone.now() - timedelta(days=policy("quarantine_days", timezone.now()))
    changes = NodeStateChange.objects.filter(node=row)
    lapse = changes.filter(trigger=Trigger.LAPSED, at__gt=since).order_by("-pk").first()
    if lapse is None:
        return False
    newer = changes.filter(pk__gt=lapse.pk, state__in=[*HELD_BACK, *ENDED])
    return not newer.exclude(trigger=Trigger.DECIDED).exists()


def is_confirmed(row: Node) -> bool:
    """Whether a vote stands behind the quarantine that the node is in."""
    newest = newest_change(row)
    return newest.state == State.QUARANTINED and bool(newest.source) and newest.until is None


def is_together(row: Node) -> bool:
    """Whether several stewards stand behind the quarantine that the node is in (R17)."""
    newest = newest_change(row)
    by_several = bool(newest.source) and newest.until is not None
    return newest.state == State.QUARANTINED and by_several


@transaction.atomic
def release_node(
    *, actor: User | None, node: Node, reason: str, source: str = ""
) -> NodeStateChange:
    """A suspect or quarantined node is active again; its usage comes out of suspense.

    The usage is then rated like any: in the open period, or as a late adjustment of a closed one.
    A second time changes nothing. Raises ReasonNeeded, NotPossibleNow, and, where no vote
    (`source`) releases it, VoteNeeded or DecidedTogether where a vote or several stewards stand
    behind the quarantine.
    """
    row = locked_with_reason(node, reason)
    if row.state in RATED:
        return newest_change(row)
    require_decidable(row, source)
    trigger = Trigger.VOTED if source else Trigger.DECIDED
    return leave_quarantine(row, trigger=trigger, reason=reason, actor=actor, source=source)


def leave_quarantine(row: Node, **said: Any) -> NodeStateChange:
    """Write it down and let the usage out."""
    change = note(row, State.ACTIVE, **said)
    let_out(node=row, change=change)
    return change


def require_decidable(row: Node, source: str) -> None:
    """Refuse what has ended, and what one steward may not undo."""
    if row.state in ENDED:
        raise NotPossibleNow(state=row.get_state_display())
    if not source and is_confirmed(row):
        raise VoteNeeded
    if not source and is_together(row):
        raise DecidedTogether


@transaction.atomic
def revoke_node(
    *,
    actor: User | None,
    node: Node,
    reason: str,
    last_seq: int | None = None,
    source: str = "",
) -> NodeStateChange:
    """The node is trusted no more, for good; its keys go on the signed list of revocations.

    Its newest key counts up to `last_seq` (default: all that is linked), older ones as far as they
    are linked. Receipts stay valid; what arrives beyond is held. Usage in suspense is let go. A
    second time changes nothing. Raises what `release_node` raises, and AfterTheHead.
    """
    lock_chain(node.pk)
    row = locked_with_reason(node, reason)
    if row.state == State.REVOKED:
        return newest_change(row)
    require_decidable(row, source)
    keys = list(NodeKey.objects.filter(node=row).order_by("epoch"))
    trigger = Trigger.VOTED if source else Trigger.DECIDED
    change = note(row, State.REVOKED, trigger=trigger, reason=reason, actor=actor, source=source)
    for key in keys:
        last = key.head_seq if last_seq is None or key is not keys[-1] else last_seq
        end_key(key, last=last, reason=reason, actor=actor, source=source)
    let_go(node=row, change=change)
    return change


@transaction.atomic
def revoke_key(*, actor: User | None, node: Node, epoch: int, reason: str) -> KeyRevocation:
    """One old key counts as far as it is linked; the node goes on under its newer one.

    What is missing of its epoch is given up, so that later epochs no longer wait for it. A second
    time changes nothing. Raises ReasonNeeded, NotPossibleNow for the key in force.
    """
    lock_chain(node.pk)
    row = locked_with_reason(node, reason)
    key = NodeKey.objects.get(node=row, epoch=epoch)
    if key.last_seq is None:
        raise NotPossibleNow(state=row.get_state_display())
    return end_key(key, last=key.head_seq, reason=reason, actor=actor)


def end_key(
    key: NodeKey, *, last: int, reason: str, actor: User | None, source: str = ""
) -> KeyRevocation:
    """Put a key on the list, once. Call under the lock of the chain."""
    if not 0 <= last <= key.head_seq:
        raise AfterTheHead(last=key.head_seq)
    row, _ = KeyRevocation.objects.get_or_create(
        node=key.node,
        epoch=key.epoch,
        defaults={
            "keyid": key.keyid,
            "last_seq": last,
            "reason": reason.strip()[:LONGEST],
            "actor": actor,
            "source": source,
        },
    )
    return row


@transaction.atomic
def retire_node(*, actor: User | None, node: Node, reason: str) -> NodeStateChange:
    """The node is taken out of use in good order; nothing more is taken from it.

    A second time changes nothing. Raises ReasonNeeded, and NotPossibleNow while it is held back:
    that is decided first.
    """
    row = locked_with_reason(node, reason)
    if row.state == State.RETIRED:
        return newest_change(row)
    if row.state not in RATED:
        raise NotPossibleNow(state=row.get_state_display())
    return note(row, State.RETIRED, reason=reason, actor=actor)


def set_node_asset(*, actor: User | None, node: Node, asset: Asset | None) -> None:
    """Say which asset a node stands for; it honours the vouchers bound to that asset.

    The node learns it with its next configuration. The same asset again changes nothing, and its
    state rests on what it rested on before.
    """
    with transaction.atomic(durable=True):
        row = locked(node)
        if row.asset_id == (None if asset is None else asset.pk):
            return
        Node.objects.filter(pk=row.pk).update(asset=asset)
        reason = "stands for no asset" if asset is None else f"stands for {asset.code}"
        newest = newest_change(row)
        NodeStateChange.objects.create(
            node=row, state=row.state, reason=reason, actor=actor, source=newest.source,
            until=newest.until, facts={"asset": None if asset is None else asset.code},
        )  # fmt: skip


def set_node_state(*, actor: User | None, node: Node, state: str, reason: str) -> None:
    """A steward's decision about a node, by the name of the state; the same again changes nothing.

    Raises what the decision of that name raises, NotPossibleNow for a state that nobody decides,
    SignaturesNeeded for a quarantine, which no steward decides alone (R17), and DecidedByVote for
    revoking where the rules leave that to the members.
    """
    if state == State.QUARANTINED and actor is not None:
        raise SignaturesNeeded
    if state == State.REVOKED and actor is not None:
        require_mandate("revocation_by_vote")
    decisions = {
        State.ACTIVE: release_node,
        State.SUSPECT: suspect_by_hand,
        State.QUARANTINED: quarantine_node,
        State.REVOKED: revoke_node,
        State.RETIRED: retire_node,
    }
    if state not in decisions:
        raise NotPossibleNow(state=State(state).label)
    decisions[State(state)](actor=actor, node=node, reason=reason)


@transaction.atomic
def suspect_by_hand(*, actor: User | None, node: Node, reason: str) -> NodeStateChange:
    """A steward holds an active node back until somebody has looked; a second time is nothing.

    Raises ReasonNeeded, NotPossibleNow, LapsedAlready.
    """
    row = locked_with_reason(node, reason)
    if row.state == State.SUSPECT:
        return newest_change(row)
    if row.state not in SUSPECTED:
        raise NotPossibleNow(state=row.get_state_display())
    if has_lapsed(row):
        raise LapsedAlready
    return note(row, State.SUSPECT, reason=reason, actor=actor)


def locked_with_reason(node: Node, reason: str) -> Node:
    """The node, locked, for a decision that has a reason; raises ReasonNeeded."""
    if not reason.strip():
        raise ReasonNeeded
    return locked(node)


def locked(node: Node) -> Node:
    """The node as it stands, locked against rating and other decisions."""
    return Node.objects.select_for_update(no_key=True).get(pk=node.pk)


def newest_change(row: Node) -> NodeStateChange:
    """What last brought the node into a state."""
    return NodeStateChange.entered().filter(node=row).latest("pk")


def note(
    row: Node,
    state: str,
    *,
    reason: str,
    trigger: str = Trigger.DECIDED,
    facts: Mapping[str, Any] | None = None,
    actor: User | None = None,
    source: str = "",
    until: datetime | None = None,
) -> NodeStateChange:
    """Bring a locked node into a state and write down why."""
    Node.objects.filter(pk=row.pk).update(state=state)
    row.state = state
    return NodeStateChange.objects.create(
        node=row,
        state=state,
        trigger=trigger,
        reason=reason.strip()[:LONGEST],
        facts=dict(facts or {}),
        actor=actor,
        source=source,
        until=until,
    )
