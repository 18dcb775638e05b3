"""The feed of public decisions (Atom, RFC 4287): what was announced and what came of it.

An entry is one vote; its `updated` is the last thing that happened to it. It says what the public
page says, and names nobody.
"""

from datetime import datetime

from django.contrib.syndication.views import Feed
from django.db.models import F
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from governance.models import Proposal
from governance.presenting import chamber_name
from governance.queries import published
from governance.templatetags.talk import plain_moment
from members.queries import cooperative

MOST = 50


class DecisionFeed(Feed):  # type: ignore[type-arg]
    """The newest fifty votes by what happened to them last."""

    feed_type = Atom1Feed
    subtitle: str | Promise = gettext_lazy("What was announced, and what came of it.")

    def title(self) -> str:
        """Whose decisions these are."""
        return _("Decisions of %(name)s") % {"name": cooperative().name}

    def link(self) -> str:
        """The page of decisions."""
        return reverse("governance:decisions")

    def items(self) -> list[Proposal]:
        """Everything that notice was given of, the newest event first."""
        last = Coalesce("execution__at", "decided_at", "notice_at")
        rows = published().select_related("certificate", "execution").annotate(last=last)
        return list(rows.order_by(F("last").desc(), "-pk")[:MOST])

    def item_title(self, item: Proposal) -> str:
        """What is decided, and where it stands."""
        return f"{_plain(item.title)}: {item.get_state_display()}"

    def item_description(self, item: Proposal) -> str:
        """Where it stands in a sentence, with the count once there is one."""
        certificate = getattr(item, "certificate", None)
        if certificate is not None:
            counts = [_count(chamber) for chamber in certificate.result["chambers"]]
            return "\n".join([_outcome(item), *(line for line in counts if line)])
        words = {"opens": plain_moment(item.opens_at), "closes": plain_moment(item.closes_at)}
        return _("The ballot opens on %(opens)s and closes on %(closes)s.") % words

    def item_link(self, item: Proposal) -> str:
        """Its page."""
        return reverse("governance:decision", args=[item.pk])

    def item_pubdate(self, item: Proposal) -> datetime | None:
        """When notice was given."""
        return item.notice_at

    def item_updateddate(self, item: Proposal) -> datetime | None:
        """When the last thing happened to it."""
        execution = getattr(item, "execution", None)
        return execution.at if execution else item.decided_at or item.notice_at


def _plain(text: str) -> str:
    """A text without the control characters that no XML can hold."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _outcome(item: Proposal) -> str:
    decided = plain_moment(item.decided_at)
    if item.certificate.passed:
        return _("Carried, counted on %(at)s.") % {"at": decided}
    return _("Not carried, counted on %(at)s.") % {"at": decided}


def _count(chamber: dict[str, int | str]) -> str:
    """The sums of one chamber of a motion; nothing for other kinds."""
    if "for" not in chamber:
        return ""
    words = {
        "chamber": chamber_name(str(chamber["chamber"])),
        "for": chamber["for"],
        "against": chamber["against"],
        "abstain": chamber["abstain"],
    }
    return _("%(chamber)s: %(for)s for, %(against)s against, %(abstain)s abstaining.") % words
