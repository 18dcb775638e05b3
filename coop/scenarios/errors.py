"""What is wrong with a scenario file, and where."""

from dataclasses import dataclass
from typing import NoReturn


class ScenarioError(Exception):
    """A file that is refused: its line (from 1), the key, and what would be right."""

    def __init__(self, line: int, key: str, reason: str) -> None:
        self.line = line
        self.key = key
        self.reason = reason
        super().__init__(f"line {line}: {key}: {reason}" if key else f"line {line}: {reason}")


@dataclass(frozen=True)
class Place:
    """Where an entry stands in the file: its line, and its path in words ("period 1, give 2")."""

    line: int
    words: str

    def refuse(self, key: str, reason: str) -> NoReturn:
        """Refuse the file for one key of this entry, or for all of it where the key is ""."""
        raise ScenarioError(self.line, f"{self.words}, {key}" if key else self.words, reason)
