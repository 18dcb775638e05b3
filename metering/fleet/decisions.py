"""What may be decided about a node now, and what speaks for and against it."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from metering.fleet.sight import Sight
from metering.models import Dispute, KeyRotation, Node
from metering.trust.reputation import Reputation, reputation_of

S = Node.State


@dataclass(frozen=True)
class Action:
    """One decision: into which state and from which, the button, what it will do, how grave.

    `vote` is the typed proposal by which the members decide the same. What stewards decide
    `together` has a page of its own (R17).
    """

    code: str
    state: str
    states: tuple[str, ...]
    verb: Promise
    effect: Promise
    vote: str = ""
    grave: bool = False
    together: bool = False


ACTIONS = (
    Action(
        "suspect", S.SUSPECT, (S.ACTIVE, S.SILENT), _("Hold it back"),
        _("Its evidence goes on being taken and receipted, but nothing of it is counted until"
          " somebody has looked at it and releases it."),
    ),
    Action(
        "quarantine", S.QUARANTINED, (S.ACTIVE, S.SILENT, S.SUSPECT), _("Quarantine it"),
        _("What it measures is worked out but lies in suspense: nobody is charged for it. Its"
          " neighbours get a signed notice. Without a vote that confirms it the quarantine ends by"
          " itself."),
        vote="confirm_quarantine", together=True,
    ),
    Action(
        "release", S.ACTIVE, (S.SUSPECT, S.QUARANTINED), _("Release it"),
        _("It counts again. What lies in suspense is counted: in the period that is open, or as"
          " late use."),
        vote="release_node",
    ),
    Action(
        "revoke", S.REVOKED, (S.ACTIVE, S.SILENT, S.SUSPECT, S.QUARANTINED), _("Revoke its key"),
        _("Its key counts no further: what it signs from now on is held and never counted, and what"
          " lies in suspense is let go. What was counted stays. This cannot be undone: the machine"
          " would have to enrol anew."),
        vote="revoke_node", grave=True,
    ),
    Action(
        "retire", S.RETIRED, (S.ACTIVE, S.SILENT), _("Retire it"),
        _("The machine is gone for good: its evidence is refused from now on. All that it measured"
          " stays. This cannot be undone."),
        grave=True,
    ),
)  # fmt: skip


def possible(node: Node) -> list[Action]:
    """What may be decided in the node's state."""
    return [action for action in ACTIONS if node.state in action.states]


def action_called(node: Node, code: str) -> Action | None:
    """A decision by its code, where the node's state allows it."""
    return next((action for action in possible(node) if action.code == code), None)


def rotations_waiting(node: Node) -> QuerySet[KeyRotation]:
    """Wishes to change the key that only its committed successor signed: a steward decides."""
    return KeyRotation.objects.filter(node=node, state=KeyRotation.State.PENDING)


def disputes_at(node: Node, sight: Sight) -> QuerySet[Dispute]:
    """What is or was doubted of a node: of its links for members, of any reading for stewards."""
    ends = Q(link__a_tx__node=node) | Q(link__b_tx__node=node)
    about = ends | Q(reading__meter__node=node) if sight.steward else ends
    if sight.member is not None and not sight.steward:
        about |= Q(reading__meter__node=node, member=sight.member)
    related = ("member", "pool", "resource", "link", "reading__meter__node", "answered_by")
    rows = Dispute.objects.filter(about).select_related(*related, "correction")
    return rows.order_by("-pk")


def reputation(node: Node) -> Reputation:
    """What the public facts about a node come to."""
    return reputation_of(node)
