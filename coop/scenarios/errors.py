"""What is wrong with a scenario file, and where."""


class ScenarioError(Exception):
    """A file that is refused: its line (from 1), the key, and what would be right."""

    def __init__(self, line: int, key: str, reason: str) -> None:
        self.line = line
        self.key = key
        self.reason = reason
        super().__init__(f"line {line}: {key}: {reason}" if key else f"line {line}: {reason}")
