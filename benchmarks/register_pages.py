"""What people do with a large register, timed: moving in, verification, the export, every page."""

import re
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.register import files as made_up

SLOW = 1.0
PASSWORD = "a long enough pass phrase"


def measure(members: int, events: int) -> str:
    """A table of everything, with the seconds and queries of each."""
    settings.ALLOWED_HOSTS = ["*"]
    settings.SECURE_SSL_REDIRECT = False
    call_command("migrate", verbosity=0)
    told, steward = _moved_in(members, events)
    told += [("", "", "")]
    told += pages(steward)
    wide = max(len(line[0]) for line in told)
    return "\n".join(
        f"{what:<{wide}}  {seconds:>9}  {queries:>7}" for what, seconds, queries in told
    )


Line = tuple[str, str, str]


def _moved_in(members: int, events: int) -> tuple[list[Line], Any]:
    from members.models import Role
    from members.services import found_cooperative, grant_role, register_user
    from titles.exchange.export import export_register
    from titles.exchange.move_in import look_at, move_in

    found_cooperative(
        name="Valley Net", legal_name="Valley Net Cooperative", currency=settings.COOP_CURRENCY,
        timezone=settings.TIME_ZONE, iban="ES9121000418450200051332",
    )  # fmt: skip
    user = register_user(email="steward@example.org", password=PASSWORD)
    grant_role(user=user, name=Role.Name.STEWARD, actor=None, source="founding")
    told: list[Line] = [("what", "seconds", "queries")]
    files = _timed(told, "make it up", lambda: made_up(members, events))
    size = sum(map(len, files.values()))
    told.append((f"  {size:,} bytes of CSV", "", ""))
    seen = _timed(told, "look at it (dry run)", lambda: look_at(files))
    assert seen.is_fit, seen.problems[:3]
    told += [(f"  {name}: {count:,}", "", "") for name, count in seen.counts.items()]
    _timed(told, "move it in", lambda: move_in(files=files, actor=user))
    _timed(told, "move it in again (nothing)", lambda: move_in(files=files, actor=user))
    out = _timed(told, "take it out", export_register)
    assert dict(out) == dict(files), "what comes out is what went in"
    connection.cursor().execute("ANALYZE")
    _timed(told, "seal the log", _seal)
    _timed(told, "verify all invariants", _verify)
    return told, user


def _seal() -> None:
    from ledger.log.seal import seal

    seal()


def _verify() -> None:
    from coop.invariants import all_broken

    wrong = all_broken()
    assert not wrong, wrong


def _timed(told: list[Line], what: str, do: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    value = do()
    told.append((what, f"{time.perf_counter() - started:.1f}", ""))
    print(*told[-1], flush=True)
    return value


def pages(user: Any) -> list[Line]:
    """Every page of titles and of the register, as a steward and as the largest holder."""
    told = []
    for who, client, address in _addresses(user):
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            started = time.perf_counter()
            answer = client.get(address)
            answer.getvalue() if answer.streaming else answer.content
            seconds = time.perf_counter() - started
        mark = " (slow)" if seconds > SLOW else ""
        note = "" if answer.status_code == 200 else f" → {answer.status_code}"
        line = f"{who} {address}{note}{mark}", f"{seconds:.3f}", str(len(queries))
        told.append(line)
        print(*line, flush=True)
    return told


def _addresses(user: Any) -> list[tuple[str, Client, str]]:
    """The addresses that take no more than what a register holds."""
    from members.models import User
    from titles.models import Title

    steward, holder, nobody = (Client(raise_request_exception=False) for _n in range(3))
    steward.force_login(user)
    number = Title.objects.filter(state="live").latest("number").number
    passed = Title.objects.filter(state="transferred").earliest("number").number
    member = _largest_holder()
    member.user = User.objects.create_user("holder@example.org", PASSWORD)
    member.save(update_fields=["user"])
    holder.force_login(member.user)
    values = {
        "number": [number, passed], "member_id": [member.pk], "code": ["backbone"],
        "member_number": [member.number],
    }  # fmt: skip
    found = []
    for path in _paths():
        for filled in _filled(path, values):
            whom = [("public", nobody)] if filled.startswith("/verify") else []
            whom += [("steward", steward), ("holder", holder)]
            for who, client in whom:
                if client.get(filled).status_code == 200:
                    found.append((who, client, filled))
    dated = [
        ("steward", steward, f"{path}?on=2010-05-01&known=2026-12-01")
        for path in {p for w, _c, p in found if w == "steward" and "register" in p}
    ]
    return found + [one for one in sorted(dated, key=lambda d: d[2]) if "moving" not in one[2]]


def _largest_holder() -> Any:
    from django.db.models import Count

    from members.models import Member

    found = Member.objects.filter(user=None, state="active").annotate(n=Count("titles"))
    return found.order_by("-n", "number").first()


def _paths() -> list[str]:
    from members import urls as of_members
    from titles import urls as of_titles

    patterns = [*of_titles.urlpatterns, *of_members.urlpatterns]
    return sorted({f"/{pattern.pattern}" for pattern in patterns})


def _filled(path: str, values: dict[str, list[Any]]) -> list[str]:
    names = re.findall(r"<(?:\w+:)?(\w+)>", path)
    if any(name not in values for name in names) or len(names) > 1:
        return []
    if not names:
        return [path]
    return [re.sub(r"<[^>]+>", str(value), path) for value in values[names[0]]]
