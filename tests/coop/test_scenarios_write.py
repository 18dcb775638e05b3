"""A scenario written as a file and read again is the same scenario."""

from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from coop.scenarios.errors import Place
from coop.scenarios.parse import parse
from coop.scenarios.write import text_of
from tests.coop.test_scenarios_files import GOOD

STORIES = sorted((Path(__file__).parent.parent / "stories").glob("*.toml"))
NOWHERE = Place(0, "")


def without_places(value: Any) -> Any:
    """The same values, wherever in a file they stood."""
    if isinstance(value, tuple):
        return tuple(without_places(one) for one in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    kept = {field.name: without_places(getattr(value, field.name)) for field in fields(value)}
    return replace(value, **(kept | {"at": NOWHERE} if "at" in kept else kept))


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_every_story_survives_being_written_and_read(story: Path) -> None:
    scenario = parse(story.read_text())
    assert without_places(parse(text_of(scenario))) == without_places(scenario)


def test_names_with_quotes_and_all_lists_survive_too() -> None:
    text = GOOD.replace('"ben"', "'b\"en\\ ü'").replace(
        "acquire = []", 'acquire = [ { pool = "backbone", cost = 0, capacity = { cpu = "2" } } ]'
    )
    scenario = parse(text)
    again = parse(text_of(scenario))
    assert again.members[1].name == 'b"en\\ ü'
    assert without_places(again) == without_places(scenario)
