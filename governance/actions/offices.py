"""Elect stewards and auditors, and recall them (R18)."""

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from governance import clock
from governance.actions.base import Action, Effect, ElectsPeople, Payload
from governance.actions.membership import known_member
from governance.errors import BadPayload, NotInOffice, PetitionNeeded
from governance.models import Term
from governance.offices.officers import (
    drawn,
    ended_effect,
    leave_office,
    missing_ends,
    missing_terms,
    take_office,
)
from governance.offices.queries import holds, is_called_for, running_terms
from members.models import User
from policies.queries import policy

Office = Term.Office
MOST_DRAWN = 20


class ElectsOfficers(ElectsPeople):
    """Who is elected takes office when it is carried out, for the term that policy says."""

    office: ClassVar[Office]
    touches_usage_rights = False
    area = "people"

    def check(self, payload: Payload) -> None:
        """Whoever won by then is looked at seat by seat."""

    def dry_run(self, payload: Payload) -> Effect:
        """When the terms end that run now, and how long a term is, in days."""
        in_office = [term.ends_at.isoformat() for term in running_terms(self.office)]
        days = policy("office_days", clock.now())
        return {**payload, "office": self.office, "in_office": in_office, "days": days}

    def elect(
        self, payload: Payload, *, winners: list[int], actor: User | None, source: str
    ) -> list[Effect]:
        """Their terms and roles."""
        return take_office(winners=winners, office=self.office, actor=actor, source=source)

    def inverse(self, before: Effect) -> Payload | None:
        """A term ends by itself, or by a recall, which takes new reasons."""
        return None

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Terms that are not there, and ends that did not come."""
        return missing_terms(effects, source) + missing_ends(effects, source)


class ElectStewards(ElectsOfficers):
    """The users' chamber elects its stewards."""

    key = "elect_stewards"
    title: ClassVar[Promise] = _("Elect stewards")
    about: ClassVar[Promise] = _(
        "The users’ chamber elects who looks after the cooperative. Members stand, or name one "
        "another, while the election is a draft."
    )
    chambers = ("users",)
    office = Office.STEWARD


class ElectAuditors(ElectsOfficers):
    """The owners' chamber elects auditors; the lot draws so many members besides (`drawn`)."""

    key = "elect_auditors"
    title: ClassVar[Promise] = _("Elect auditors")
    about: ClassVar[Promise] = _(
        "The owners’ chamber elects who watches the watchers. The lot draws members besides; both "
        "read everything and can halt a count."
    )
    chambers = ("owners",)
    office = Office.AUDITOR
    schema: ClassVar[dict[str, type]] = {"drawn": int}

    def check(self, payload: Payload) -> None:
        """A number of members that a lot can draw."""
        if not 0 <= payload["drawn"] <= MOST_DRAWN:
            raise BadPayload

    def elect(
        self, payload: Payload, *, winners: list[int], actor: User | None, source: str
    ) -> list[Effect]:
        """Those elected, and those drawn, each named as such."""
        effects = super().elect(payload, winners=winners, actor=actor, source=source)
        by_lot = drawn(source=source, seats=payload["drawn"], besides=winners)
        given = take_office(winners=by_lot, office=self.office, actor=actor, source=source)
        return effects + [effect | {"by_lot": True} for effect in given]


class Recalls(Action):
    """`member` is the id of who shall leave the office; a petition calls this vote."""

    office: ClassVar[Office]
    touches_usage_rights = False
    area = "people"
    kinds: ClassVar[tuple[str, ...]] = ("motion",)
    schema: ClassVar[dict[str, type]] = {"member": int}

    def check(self, payload: Payload) -> None:
        """The member holds the office now, and a petition calls for the recall."""
        member = known_member(payload)
        if not holds(member, self.office):
            raise NotInOffice(name=member.name)
        if not is_called_for(member, self.office):
            raise PetitionNeeded

    def concerns(self, payload: Payload) -> set[int]:
        """Who is to be recalled."""
        return {payload["member"]}

    def governs(self, payload: Payload) -> bool:
        """A recall changes who runs votes, so it waits for the longest time (R16)."""
        return True

    def dry_run(self, payload: Payload) -> Effect:
        """Until when the term would run."""
        term = running_terms(self.office).filter(member=payload["member"]).first()
        ends = None if term is None else term.ends_at.isoformat()
        return {**payload, "office": self.office, "ends_at": ends}

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """The office and its term ended at once."""
        role = leave_office(member=known_member(payload), office=self.office, source=source)
        return [ended_effect(role, payload["member"])]

    def inverse(self, before: Effect) -> Payload | None:
        """Only an election brings somebody into office."""
        return None

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Ends that did not come."""
        return missing_ends(effects, source)


class RecallSteward(Recalls):
    """Whom the users' chamber elected it recalls."""

    key = "recall_steward"
    title: ClassVar[Promise] = _("Recall a steward")
    about: ClassVar[Promise] = _(
        "A steward leaves office before the term is over. A petition of a tenth of the users or "
        "of the owners calls this vote by itself."
    )
    chambers = ("users",)
    office = Office.STEWARD


class RecallAuditor(Recalls):
    """Whom the owners' chamber elected, or the lot drew, the owners' chamber recalls."""

    key = "recall_auditor"
    title: ClassVar[Promise] = _("Recall an auditor")
    about: ClassVar[Promise] = _(
        "An auditor leaves office before the term is over. A petition of a tenth of the users or "
        "of the owners calls this vote by itself."
    )
    chambers = ("owners",)
    office = Office.AUDITOR
