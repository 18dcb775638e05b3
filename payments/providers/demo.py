"""The demonstration of a payment service: it says what it is, and works in a demo only.

Its notifications are signed like those of a real one, with a key that comes from the site's
secret, and go the same way through the same checks.
"""

import hmac
import json
from collections.abc import Mapping
from hashlib import sha256

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from members.models import Cooperative
from payments.models import Charge
from payments.providers.base import Fact, NotGenuine

HEADER = "X-Demo-Signature"
MOST = 10_000


class Demo:
    """A card service that moves no money."""

    name = "demo"
    label = _("Card (demonstration, no money moves)")

    def is_open(self) -> bool:
        """Only in a demonstration cooperative."""
        return Cooperative.objects.filter(is_demo=True).exists()

    def start(self, charge: Charge) -> str:
        """The page that stands for the card service."""
        return reverse("titles:demo_card", args=[charge.pk])

    def read(self, body: bytes, headers: Mapping[str, str]) -> Fact:
        """The fact, where the signature fits the bytes."""
        given = headers.get(HEADER, "")
        if len(body) > MOST or not hmac.compare_digest(given, signature(body)):
            raise NotGenuine
        told = json.loads(body)
        return Fact(
            notice=told["notice"],
            reference=told["reference"],
            amount=int(told["amount"]),
            received_on=timezone.localdate(),
        )


def notification(charge: Charge) -> tuple[bytes, dict[str, str]]:
    """What the service would send once the card is charged: the body and its headers."""
    told = {
        "notice": f"demo-{charge.pk}", "reference": charge.reference, "amount": charge.amount,
    }  # fmt: skip
    body = json.dumps(told).encode()
    return body, {HEADER: signature(body)}


def signature(body: bytes) -> str:
    """HMAC-SHA-256 over the body, hex."""
    key = sha256(b"demo payment service:" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, body, sha256).hexdigest()
