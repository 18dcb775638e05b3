"""The stories of tests/stories: computed by hand, by the model, and played by the services."""

import json
import tomllib
from pathlib import Path

import pytest

from coop.scenarios.parse import parse
from coop.scenarios.play import play
from tests.model import economy
from tests.model.agree import both_ways, differences

STORIES = sorted((Path(__file__).parent.parent / "stories").glob("*.toml"))
story = pytest.mark.parametrize("file", STORIES, ids=lambda file: file.stem)


def expected(file: Path) -> object:
    return json.loads(file.with_suffix(".expected.json").read_text())


def test_there_are_stories() -> None:
    assert len(STORIES) >= 39


@story
def test_the_model_tells_the_story(file: Path) -> None:
    assert not list(differences(expected(file), economy.play(tomllib.loads(file.read_text()))))


@story
@pytest.mark.django_db
def test_the_services_tell_the_story(file: Path) -> None:
    played = play(parse(file.read_text()))
    assert not list(differences(expected(file), played))
    assert not both_ways(economy.play(tomllib.loads(file.read_text())), played)
