"""The ready-made scenarios that come with the site, each with a sentence on what it shows."""

from dataclasses import dataclass
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from coop.simulations.errors import UnknownScenario

FOLDER = Path(__file__).parent / "stories"


@dataclass(frozen=True)
class Story:
    """A file of the library: its name there, what it is called, and what it shows."""

    name: str
    title: Promise
    shows: Promise

    @property
    def text(self) -> str:
        """What stands in the file."""
        return (FOLDER / f"{self.name}.toml").read_text(encoding="utf-8")


STORIES = (
    Story(
        "from-user-to-owner",
        _("From user to owner"),
        _("Somebody who owns nothing pays above cost, month by month, and becomes a co-owner."),
    ),
    Story(
        "second-mast",
        _("A second mast"),
        _("The growth fund buys a mast after half a year: more capacity, and cheaper tokens."),
    ),
    Story(
        "empty-pool",
        _("A pool that nobody has bought yet"),
        _("Most shares lie in the treasury, and what they cost is a deficit of the cooperative."),
    ),
    Story(
        "winter-outage",
        _("An outage in winter"),
        _("Two months with less capacity: the cost of a token stays, what is missing is not sold."),
    ),
    Story(
        "waiting-for-things",
        _("Shares only when something is bought"),
        _("Paid profit waits as credit until an acquisition, the stricter of the two rules."),
    ),
)


def story(name: str) -> Story:
    """The scenario of this name; raises UnknownScenario."""
    for one in STORIES:
        if one.name == name:
            return one
    raise UnknownScenario
