"""Named reads of who asks to be let in, and what to paste on a machine so that it asks."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from metering.fleet.sight import Sight
from metering.models import EnrolmentRequest
from metering.queries import waiting_requests
from metering.services.claims import may_agree
from metering.services.enrol import plain_code
from metering.trust.standing import claimed_requests
from signing import keys
from signing.words import fingerprint_words

HOME = "/opt/coop-agent"
SHOWN = ("pending", "claimed", "approved")


def pending() -> QuerySet[EnrolmentRequest]:
    """Nodes that nobody has claimed yet, newest first."""
    return waiting_requests()


def claimed_for(user: Any, sight: Sight) -> list[EnrolmentRequest]:
    """What waits for a second person: all for a steward, for others what they may agree to."""
    rows = list(claimed_requests())
    return rows if sight.steward else [row for row in rows if may_agree(user, row)]


def with_code(code: str) -> EnrolmentRequest | None:
    """The newest request with this code that is good and not turned away."""
    rows = EnrolmentRequest.objects.select_related("node", "asset__pool", "claimed_by__member")
    rows = rows.filter(user_code=plain_code(code), expires_at__gt=timezone.now(), state__in=SHOWN)
    return rows.order_by("-pk").first()


def commands(request: HttpRequest) -> dict[str, str]:
    """Lines to paste: this site's address, its key, where the agent's code lies."""
    site, key = request.build_absolute_uri("/").rstrip("/"), keys.public_key()
    agent, lite = (site + reverse(f"metering:{name}") for name in ("agent_zip", "lite_tar"))
    known = f"SERVER={site}\\nSERVER_KEY={key.hex()}\\n"
    return {
        "install": f"python3 -m venv {HOME} && {HOME}/bin/pip install {agent}",
        "ask": f"{HOME}/bin/coop-agent enrol --server {site} --server-key {key.hex()}",
        "lite": f"wget -qO- {lite} | tar -xz -C / && mkdir -p /etc/coop-lite &&"
        f" printf '{known}' > /etc/coop-lite/coop-lite.conf && coop-lite enrol",
        "server_key": key.hex(),
        "server_words": fingerprint_words(key),
    }
