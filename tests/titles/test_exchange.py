"""A register moves in whole or not at all, and comes out as it went in."""

import pytest

from benchmarks.register import files as made_up
from members.models import Member
from tests.makers import all_wrong, make_cooperative
from titles.exchange.export import export_register
from titles.exchange.move_in import look_at, move_in
from titles.models import Title

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_goes_in_comes_out() -> None:
    make_cooperative()
    files = made_up(40, 300)
    seen = look_at(files)
    assert seen.is_fit, [str(p) for p in seen.problems][:5]
    assert not Member.objects.exists()
    move_in(files=files, actor=None)
    assert Title.objects.count() > 200
    out = export_register()
    for name, raw in files.items():
        assert out[name].decode() == raw.decode(), name
    assert all_wrong() == []
