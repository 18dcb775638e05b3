"""What every typed action says of itself."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.utils.functional import Promise

from governance.errors import BadPayload
from members.models import User
from signing import strict_json
from signing.errors import SigningError

Payload = dict[str, Any]
Effect = dict[str, Any]


class Action(ABC):
    """A type of decision: its schema, whom it concerns, what it will do, does and undoes.

    `kinds` are the kinds of vote that may decide it, `chambers` the ones that do where that does
    not follow from `touches_usage_rights` (R10). `special` asks for the longer notice and the
    larger majority (R15), `protects_usage_right` lets users carry it alone in a second vote
    (R11). `area` is what a delegation for a field covers (R13).
    """

    key: ClassVar[str]
    title: ClassVar[Promise]
    about: ClassVar[Promise]
    touches_usage_rights: ClassVar[bool]
    schema: ClassVar[dict[str, type]] = {}
    kinds: ClassVar[tuple[str, ...]] = ("motion", "consent", "ranked")
    chambers: ClassVar[tuple[str, ...] | None] = None
    special: ClassVar[bool] = False
    protects_usage_right: ClassVar[bool] = False
    area: ClassVar[str] = "other"
    undone_by: ClassVar[str] = ""
    """key of the action that takes the payload of `inverse`; empty for this one itself"""

    @property
    def is_about_people(self) -> bool:
        """Whether it concerns members by name: then the public reads no words of a refusal."""
        return type(self).concerns is not Action.concerns

    def concerns(self, payload: Payload) -> set[int]:
        """Ids of the members who have an interest of their own in it: whom R18 locks out."""
        return set()

    def governs(self, payload: Payload) -> bool:
        """Whether it changes how votes are held: then the longest timelock is kept (R16)."""
        return False

    def read(self, payload: Payload) -> Payload:
        """The payload, if it has exactly the fields of the schema and can be signed; BadPayload."""
        if set(payload) != set(self.schema):
            raise BadPayload
        for name, kind in self.schema.items():
            if type(payload[name]) is not kind and kind is not object:
                raise BadPayload
        try:
            strict_json.dumps(payload)
        except SigningError as error:
            raise BadPayload from error
        return payload

    @abstractmethod
    def check(self, payload: Payload) -> None:
        """Raise a DomainError where the payload cannot be carried out as things stand."""

    @abstractmethod
    def dry_run(self, payload: Payload) -> Effect:
        """What would change if it were carried out now, from what to what. Writes nothing."""

    @abstractmethod
    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """Carry it out; returns what was written. Call inside a transaction."""

    @abstractmethod
    def inverse(self, before: Effect) -> Payload | None:
        """The payload that would undo it, from the dry run taken before; None where none can."""

    def opposite(self, before: Effect, effects: list[Effect]) -> tuple[str, Payload] | None:
        """What to propose to undo what was carried out: an action's key and its payload.

        From the dry run taken before and what was written; words and names that only a proposer
        can give are empty in it. None where nothing undoes it.
        """
        payload = self.inverse(before)
        return None if payload is None else (self.undone_by or self.key, payload)

    @abstractmethod
    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """One line for each effect that the books do not show."""


class ElectsPeople(Action):
    """An election: the payload says to what, the count says whom."""

    kinds: ClassVar[tuple[str, ...]] = ("irv", "stv")

    @abstractmethod
    def elect(
        self, payload: Payload, *, winners: list[int], actor: User | None, source: str
    ) -> list[Effect]:
        """Put the winners, ids of members in the order of their success, into office.

        Returns what was written. Call inside a transaction.
        """

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """Nobody is elected without a count; raises BadPayload."""
        raise BadPayload
