"""Every one of the sixteen has a test under its number."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent


def shown() -> dict[int, list[str]]:
    """The test functions by number, wherever in this folder they stand."""
    found: dict[int, list[str]] = {}
    for path in sorted(HERE.glob("test_[0-9][0-9]_*.py")):
        number = int(path.name[5:7])
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                named = re.match(r"test_(\d\d)_", node.name)
                assert named is None or int(named[1]) == number, (path.name, node.name)
                found.setdefault(number, []).append(node.name)
    return found


def test_all_sixteen_are_there() -> None:
    assert sorted(shown()) == list(range(1, 17))
    assert all(shown().values())


def test_the_table_names_each_file() -> None:
    table = (HERE / "README.md").read_text()
    for path in HERE.glob("test_[0-9][0-9]_*.py"):
        assert path.name in table, path.name
