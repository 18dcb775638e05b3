"""The links that end at a node."""

from django.db.models import Q

from metering.fleet.linkmap import LinkOf, links_of
from metering.fleet.sight import Sight
from metering.models import Node


def links_at(node: Node, sight: Sight) -> list[LinkOf]:
    """The running links one end of which is this node."""
    return links_of(sight, Q(a_tx__node=node) | Q(b_tx__node=node))
