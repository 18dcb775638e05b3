"""What every typed action says of itself."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.utils.functional import Promise

from governance.errors import BadPayload
from members.models import User

Payload = dict[str, Any]
Effect = dict[str, Any]


class Action(ABC):
    """A type of decision: its schema, whom it concerns, what it will do, does and undoes."""

    key: ClassVar[str]
    title: ClassVar[Promise]
    about: ClassVar[Promise]
    touches_usage_rights: ClassVar[bool]
    schema: ClassVar[dict[str, type]] = {}

    def read(self, payload: Payload) -> Payload:
        """The payload, if it has exactly the fields of the schema; raises BadPayload."""
        if set(payload) != set(self.schema):
            raise BadPayload
        for name, kind in self.schema.items():
            if type(payload[name]) is not kind and kind is not object:
                raise BadPayload
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

    @abstractmethod
    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """One line for each effect that the books do not show."""
