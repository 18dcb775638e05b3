"""Answers and options in the reader's words."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from governance.models import Proposal

KEEP = "keep"
WORDS = {
    "for": gettext_lazy("For"),
    "against": gettext_lazy("Against"),
    "abstain": gettext_lazy("Abstain"),
    "consent": gettext_lazy("Consent"),
    "object": gettext_lazy("Objection"),
}


def option_names(proposal: Proposal) -> dict[str, str]:
    """Option id → its name; the standing option in the reader's language."""
    return {option["id"]: option_name(option) for option in proposal.options}


def option_name(option: Mapping[str, Any]) -> str:
    """One option as people call it."""
    return _("Keep things as they are") if option["id"] == KEEP else str(option["name"])


def answer_text(answer: Any, names: Mapping[str, str]) -> str:
    """An answer of any kind in one line: "For", "1. Mast, 2. Keep things as they are"."""
    if isinstance(answer, str):
        return str(WORDS.get(answer, answer))
    if not answer:
        return str(WORDS["abstain"])
    if isinstance(answer, Mapping):
        return ", ".join(points_text(names.get(o, o), n) for o, n in answer.items())
    if all(isinstance(option, str) for option in answer):
        return ", ".join(names.get(option, option) for option in answer)
    return ranking_text(answer, names)


def points_text(name: str, points: int) -> str:
    """An option with its points."""
    return ngettext("%(name)s: %(n)s point", "%(name)s: %(n)s points", points) % {
        "name": name,
        "n": points,
    }


def ranking_text(ranks: Sequence[Sequence[str]], names: Mapping[str, str]) -> str:
    """Ranks with their numbers; options of one rank stand side by side."""
    shared = [" = ".join(names.get(option, option) for option in rank) for rank in ranks]
    return ", ".join(f"{place}. {text}" for place, text in enumerate(shared, 1))
