"""Reads message catalogues, and the messages that code and templates ask for, without gettext."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
APPS = (
    "assets", "bank", "coop", "governance", "ledger", "members", "metering", "payments", "policies",
    "titles", "tokens",
)  # fmt: skip
ASKING = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
KEYWORD = re.compile(r'(msgid_plural|msgid|msgctxt|msgstr(?:\[\d\])?) (".*")')
IN_TEMPLATE = re.compile(
    r"(?:\bn?gettext|\b_)\((u?(?P<quote>['\"])(?:\\.|(?!(?P=quote)).)*(?P=quote))", re.S
)


@dataclass
class Message:
    """One entry of a .po file."""

    fuzzy: bool = False
    singular: str = ""
    plural: str = ""
    texts: list[str] = field(default_factory=list)


def messages(path: Path) -> list[Message]:
    """The entries of a .po file, the header left out."""
    blocks = re.split(r"\n\s*\n", path.read_text(encoding="utf-8").strip())
    return [entry for entry in map(entry_from, blocks) if entry.singular]


def entry_from(block: str) -> Message:
    entry, target = Message(), ""
    values: dict[str, str] = {}
    for line in block.splitlines():
        if line.startswith("#"):
            entry.fuzzy = entry.fuzzy or (line.startswith("#,") and "fuzzy" in line)
            continue
        found = KEYWORD.fullmatch(line)
        target = found[1] if found else target
        values[target] = values.get(target, "") + ast.literal_eval(found[2] if found else line)
    entry.singular = values.get("msgid", "")
    entry.plural = values.get("msgid_plural", "")
    entry.texts = [text for name, text in values.items() if name.startswith("msgstr")]
    return entry


def asked_for() -> set[str]:
    """Every message that our code and templates ask to be translated."""
    return {*asked_by_code(), *asked_by_templates()}


def asked_by_code() -> Iterator[str]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and name_of(node.func) in ASKING and node.args:
                    yield from constant(node.args[0])


def name_of(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def constant(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def asked_by_templates() -> Iterator[str]:
    for path in sorted((ROOT / "templates").rglob("*.*")):
        for found in IN_TEMPLATE.finditer(templatize(path.read_text(encoding="utf-8"))):
            yield ast.literal_eval(found[1])
