"""Where in a TOML text each key and list entry stands.

`tomllib` gives values without positions. `lines_of` walks a text that `tomllib` has already
accepted, so it may trust the grammar and only has to know where things begin and end.
"""

import re
import tomllib
from bisect import bisect_right

Path = tuple[str | int, ...]

BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL
)
PLAIN = re.compile(r"[^,\]}#\n]+")


def lines_of(text: str) -> dict[Path, int]:
    """The line (from 1) of every key and list entry of a valid TOML text, by its path.

    ("period", 0, "usage", 2, "amount") is the key `amount` of the third entry of `usage`
    in the first `[[period]]`; () is line 1.
    """
    return Walk(text).document()


class Walk:
    """One pass over the text: `at` is the next character, `found` what was passed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.found: dict[Path, int] = {(): 1}
        self.tables: dict[Path, int] = {}

    def document(self) -> dict[Path, int]:
        table: Path = ()
        while self.skip_blank() < len(self.text):
            table = self.header() if self.sees("[") else self.pair(table)
        return self.found

    def header(self) -> Path:
        listed = self.text.startswith("[[", self.at)
        line = self.line()
        self.at += 2 if listed else 1
        *above, last = self.key()
        self.at += 2 if listed else 1
        path = self.inside((*self.current(above), last), new=listed)
        self.found.setdefault(path, line)
        return path

    def current(self, keys: list[str]) -> Path:
        """The path of a table whose lists of tables are at their last entry."""
        path: Path = ()
        for key in keys:
            path = self.inside((*path, key), new=False)
        return path

    def inside(self, path: Path, *, new: bool) -> Path:
        if new:
            self.found.setdefault(path, self.line())
            self.tables[path] = self.tables.get(path, -1) + 1
        return (*path, self.tables[path]) if path in self.tables else path

    def pair(self, table: Path) -> Path:
        """Read `key = value`; return the table that it stands in."""
        line = self.line()
        path = table
        for key in self.key():
            path = (*path, key)
            self.found.setdefault(path, line)
        self.skip("=")
        self.value(path)
        return table

    def key(self) -> list[str]:
        keys = []
        while True:
            self.skip_blank()
            keys.append(unquoted(self.take(STRING, BARE_KEY)))
            self.skip_blank()
            if not self.sees("."):
                return keys
            self.at += 1

    def value(self, path: Path) -> None:
        self.skip_blank()
        if self.sees("["):
            self.array(path)
        elif self.sees("{"):
            self.inline_table(path)
        else:
            self.take(STRING, PLAIN)

    def array(self, path: Path) -> None:
        self.skip("[")
        index = 0
        while self.skip_blank() and not self.sees("]"):
            self.found[(*path, index)] = self.line()
            self.value((*path, index))
            self.skip(",")
            index += 1
        self.skip("]")

    def inline_table(self, path: Path) -> None:
        self.skip("{")
        while self.skip_blank() and not self.sees("}"):
            self.pair(path)
            self.skip(",")
        self.skip("}")

    def take(self, *patterns: re.Pattern[str]) -> str:
        for pattern in patterns:
            if match := pattern.match(self.text, self.at):
                self.at = match.end()
                return match.group()
        raise ValueError(f"line {self.line()}: not the TOML that tomllib knows")

    def sees(self, character: str) -> bool:
        return self.text.startswith(character, self.at)

    def skip(self, character: str) -> None:
        """Pass blanks and, where it follows, the character."""
        self.skip_blank()
        if self.sees(character):
            self.at += 1

    def skip_blank(self) -> int:
        match = BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at

    def line(self) -> int:
        return bisect_right(self.starts, self.at)


def unquoted(key: str) -> str:
    if key[0] in "\"'":
        return str(tomllib.loads(f"key = {key}")["key"])
    return key
