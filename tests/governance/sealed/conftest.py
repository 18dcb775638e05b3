from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.governance.sealed.ceremony import Ceremony


@pytest.fixture
def ceremony(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ceremony:
    """A town whose trustees have offered their keys."""
    # Models cannot be imported before Django is set up, and this file is read before.
    from tests.governance.sealed.ceremony import Ceremony, people
    from tests.governance.votes import make_town

    town = make_town(owners=())
    people(town)
    ceremony = Ceremony(town, tmp_path, monkeypatch)
    ceremony.offer_keys()
    return ceremony
