"""A machine of one's own and a public site: what each shows, and what the second one demands."""

import logging
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import Client

from coop.local.places import PROJECT
from coop.logs import NoTracebackBelowError
from coop.management.commands.runlocal import Command
from tests.makers import make_cooperative, make_member

OWN = ("COOP_PUBLIC", "COOP_DEBUG", "COOP_SECRET_KEY", "DJANGO_SETTINGS_MODULE")
SECRET = "kU3vX0pQ7sD1fG5hJ9lZ2xC4vB6nM8qW0eR3tY5uI7oP1aS9dF"


def manage(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in OWN}
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=PROJECT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_public_site_leaves_nothing_for_the_deployment_check_to_say() -> None:
    check = ("check", "--deploy", "--fail-level", "WARNING")
    public = manage(*check, COOP_PUBLIC="1", COOP_SECRET_KEY=SECRET, COOP_DEBUG="1")
    assert public.returncode == 0, public.stderr
    assert manage(*check).returncode == 1


def test_a_public_site_is_told_its_secret() -> None:
    refused = manage("check", COOP_PUBLIC="1")
    assert refused.returncode != 0
    assert "COOP_SECRET_KEY" in refused.stderr


def test_tracebacks_are_shown_on_purpose_only() -> None:
    ask = ("shell", "--no-imports", "-c", "from django.conf import settings as s; print(s.DEBUG)")
    assert manage(*ask).stdout.strip() == "False"
    assert manage(*ask, COOP_DEBUG="1").stdout.strip() == "True"


@pytest.mark.django_db
def test_a_page_asked_in_the_wrong_way_says_so() -> None:
    response = Client().get("/preferences/")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert "Nothing was booked or changed" in response.content.decode()


def test_browsers_find_the_icon_where_they_look_first() -> None:
    response = Client().get("/favicon.ico")
    assert (response.status_code, response.headers["Location"]) == (302, "/static/img/favicon.svg")


@pytest.mark.django_db(transaction=True)
def test_a_refused_page_is_one_line_in_the_log() -> None:
    make_cooperative()
    client, lines = Client(), Lines()
    user = make_member().user
    assert user is not None
    client.force_login(user)
    log = logging.getLogger("django.request")
    log.addHandler(lines)
    try:
        response = client.get("/stewardship/")
    finally:
        log.removeHandler(lines)
    assert response.status_code == 403
    assert len(lines.said) == 1
    assert f"[{response.headers['X-Request-Id']}]" in lines.said[0]
    assert "\n" not in lines.said[0]


class Lines(logging.Handler):
    """Keeps what the site's own handler would write."""

    def __init__(self) -> None:
        super().__init__()
        self.addFilter(NoTracebackBelowError())
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record))


def test_the_log_of_the_site_is_filtered_so() -> None:
    assert settings.LOGGING["handlers"]["log"]["filters"] == ["brief"]
    assert settings.LOGGING["loggers"]["django"]["handlers"] == ["log"]


def test_an_empty_port_means_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    parser = Command().create_parser("manage.py", "runlocal")
    assert parser.parse_args([]).port is None
