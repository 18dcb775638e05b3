"""What proves the bank's part of the books right."""

from collections.abc import Callable

INVARIANTS: list[Callable[[], list[str]]] = []
