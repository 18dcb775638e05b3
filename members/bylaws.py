"""The bylaws that a new cooperative begins with: a version, and one paragraph after the other.

They become a document (`BylawsVersion`) when the cooperative is founded or the first person
applies; from then on what counts is what stands there.
"""

from django.utils.translation import gettext_noop as _

VERSION = "2026-06"
PARAGRAPHS = [
    _(
        "The members own the network together. There are no dividends: what an owner gets is "
        "what the assets yield, at cost."
    ),
    _(
        "A share comes into being only when an asset is placed in a pool. Each share is over "
        "one pool, brings its part of the pool’s tokens every period, and carries its part "
        "of the pool’s cost, used or not."
    ),
    _(
        "Who uses more than their tokens pays the posted price. What that is above cost is "
        "their own equity: it buys shares for them as soon as it pays for one, if they "
        "consent."
    ),
    _("Nobody may hold more of a pool than its cap allows."),
    _(
        "Use is metered by signed readings that every member can see and dispute. Charges "
        "are due when a period is closed."
    ),
    _("Rules and prices change by proposals that members vote on; a closed period keeps its own."),
    _("The books are never edited. A mistake is corrected by a second entry that reverses it."),
]
TEXT = "\n".join(PARAGRAPHS)
