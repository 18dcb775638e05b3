"""Reading XML piece by piece, hardened: no DTD, no entities, bounded depth, size and text."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from bank.files.problem import Problem, Why

MOST_BYTES = 50 * 1024 * 1024
MOST_DEPTH = 40
MOST_NODES = 4_000
"""in one piece that is kept whole, such as an entry"""
MOST_TEXT = 20_000
CHUNK = 64 * 1024


@dataclass
class Node:
    """An element: its name without namespace, its attributes, text and children."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def all(self, path: str) -> Iterator["Node"]:
        """Every descendant at a path like "Refs/EndToEndId"."""
        first, _slash, rest = path.partition("/")
        for child in self.children:
            if child.name == first:
                yield from child.all(rest) if rest else (child,)

    def first(self, path: str) -> "Node | None":
        """The first of them, or None."""
        return next(self.all(path), None)

    def says(self, *paths: str) -> str:
        """The text at the first of these paths that is there; "" where none is."""
        for path in paths:
            found = self.first(path)
            if found is not None and found.text.strip():
                return found.text.strip()
        return ""


class Reader:
    """Hands over each element of the wanted names as soon as it ends, and then forgets it.

    `begins` hears of the start of others: what is kept of a large file is one piece at a time.
    """

    def __init__(
        self,
        wanted: frozenset[str],
        begins: Callable[[str, str], None],
        ends: Callable[[Node], None],
        closes: Callable[[str], None],
    ) -> None:
        self.wanted, self.begins, self.ends, self.closes = wanted, begins, ends, closes
        self.depth = self.nodes = self.letters = 0
        self.open: list[Node] = []

    def read(self, data: bytes) -> None:
        """Read a whole file; raises Problem."""
        if len(data) > MOST_BYTES:
            raise Problem(Why.TOO_LARGE)
        parser = self._parser()
        try:
            for at in range(0, len(data), CHUNK):
                parser.Parse(data[at : at + CHUNK], False)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise Problem(Why.NOT_XML, f"line {error.lineno}") from error
        except (LookupError, ValueError) as error:  # an encoding that nobody knows
            raise Problem(Why.ENCODING) from error

    def _parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate(namespace_separator="|")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = _refuse
        parser.EntityDeclHandler = _refuse
        parser.ExternalEntityRefHandler = _refuse
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        return parser

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise Problem(Why.TOO_DEEP)
        space, _bar, name = tag.rpartition("|")
        if not self.open and name not in self.wanted:
            self.begins(space, name)
            return
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise Problem(Why.TOO_MANY)
        self.open.append(Node(name, attributes))

    def _text(self, text: str) -> None:
        if not self.open:
            return
        self.letters += len(text)
        if self.letters > MOST_TEXT * 10 or len(self.open[-1].text) > MOST_TEXT:
            raise Problem(Why.TOO_LARGE)
        self.open[-1].text += text

    def _end(self, tag: str) -> None:
        self.depth -= 1
        if not self.open:
            self.closes(tag.rpartition("|")[2])
            return
        node = self.open.pop()
        if self.open:
            self.open[-1].children.append(node)
        else:
            self.nodes = self.letters = 0
            self.ends(node)


def _refuse(*_args: object) -> int:
    raise Problem(Why.DTD)
