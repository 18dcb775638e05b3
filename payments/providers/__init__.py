"""Payment services (cards and the like), behind one protocol."""

from payments.providers.base import Fact, NotGenuine, Provider
from payments.providers.registry import open_providers, provider_named

__all__ = ["Fact", "NotGenuine", "Provider", "open_providers", "provider_named"]
